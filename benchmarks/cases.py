"""What is compared with what, by subject, and the bound that each ratio must keep."""

from __future__ import annotations

from benchmarks import cores, cuda, rivals
from benchmarks.data import (
    FIVE_MILLION,
    FIVE_MILLION_PARTS,
    GROUPS,
    MILLION,
    MILLION_PARQUET,
    SMALL,
    THOUSAND_FILES,
    WIDE,
    WIDER,
    Shape,
    Table,
)
from benchmarks.kinds import Agree, Bound, Case, ProcessCase, StepCase, Tells, Work
from benchmarks.predictions import PREDICTIONS

AT_MAX_ITER = (3,)
PANDAS = ("pandas", "scikit-learn")


def _python(code: str, table: Table | None = None, tells: Tells = Tells.NOTHING) -> Work:
    return Work(("-c", code), table, tells=tells)


def _gdsolve(verb: str, table: Table, *options: str, tells: Tells = Tells.NOTHING) -> Work:
    return Work(("-m", "gdsolve", verb, *options), table, tells=tells)


def _fit_exactly(table: Table, iterations: int, *options: str) -> Work:
    """A fit that takes every iteration, as no rule may stop it before."""
    words = ("-m", "gdsolve", "fit", "--max-iter", str(iterations), "--tol", "0", *options)
    return Work(words, table, AT_MAX_ITER, iterations, Tells.SAVED)


def _peer(
    name: str,
    b: str,
    bound: Bound | None,
    code: str,
    *,
    agree: Agree = Agree.SAME,
    most_runs: int | None = None,
    needs: tuple[str, ...] = (),
) -> ProcessCase:
    """What else fits the million rows, from the file to the weights."""
    rival = _python(code, MILLION, Tells.LIST)
    return ProcessCase(
        name, FIT_MILLION_TEXT, b, bound, FIT_MILLION, rival, agree=agree, most_runs=most_runs, needs=needs
    )


def _groups(name: str, b: str, bound: Bound | None, code: str, needs: tuple[str, ...] = ()) -> ProcessCase:
    fit = _gdsolve("fit", GROUPS, "--group-by", "g", "--format", "json", "--quiet", tells=Tells.GROUPS)
    a = "gdsolve fit --group-by, 1,000,000 × 5 in 10,000 groups"
    rival = _python(code, GROUPS, Tells.LIST)
    return ProcessCase(name, a, b, bound, fit, rival, agree=Agree.SAME, most_runs=3, needs=needs)


def _parts(*words: str) -> Work:
    """A fit of all parts, whose ranks, if there are several, must print one result together."""
    options = ("fit", "--format", "json", "--quiet")
    return Work((*words, "-m", "gdsolve", *options), FIVE_MILLION_PARTS, tells=Tells.DOCUMENT)


FIT_MILLION = _fit_exactly(MILLION, 1000)
FIT_MILLION_TEXT = "gdsolve fit, 1,000,000 × 10 (0.2 GB CSV), 1000 iterations"
THIRTY_TWO = Table(Shape(32, 10))
TEN_THOUSAND = Table(Shape(10_000, 10))
HUNDRED = Table(Shape(20_000, 100))
SLOW = ("--lr", "1e-9")
TWO_RANKS = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")

FLOOR: tuple[Case, ...] = (
    ProcessCase("torch", "import torch", "Python alone", None, _python(rivals.TORCH), _python(rivals.PYTHON)),
    ProcessCase(
        "scan",
        "polars' streaming scan of the 0.2 GB CSV, nothing done with it",
        "the same, 1 GB",
        None,
        _python(rivals.SCAN, MILLION),
        _python(rivals.SCAN, FIVE_MILLION),
    ),
)

START: tuple[Case, ...] = (
    ProcessCase(
        "help",
        "gdsolve --help",
        "import typer, rich.table",
        Bound(1.5),
        Work(("-m", "gdsolve", "--help")),
        _python(rivals.TYPER),
    ),
    ProcessCase(
        "small",
        "gdsolve fit, 100 × 3",
        "import torch",
        Bound(1.15),
        _gdsolve("fit", SMALL),
        _python(rivals.TORCH),
    ),
)

FILES: tuple[Case, ...] = (
    ProcessCase(
        "million",
        FIT_MILLION_TEXT,
        "import torch, then polars' streaming scan of the file",
        Bound(1.0),
        FIT_MILLION,
        _python(rivals.TORCH_THEN_SCAN, MILLION),
    ),
    ProcessCase(
        "gigabyte",
        "gdsolve fit, 5,000,000 × 10 (1 GB CSV)",
        "pandas.read_csv, then scikit-learn's LinearRegression",
        None,
        _gdsolve("fit", FIVE_MILLION, tells=Tells.SAVED),
        _python(rivals.SCIKIT_LEARN, FIVE_MILLION, Tells.LIST),
        agree=Agree.SAME,
        most_runs=3,
        needs=PANDAS,
    ),
    ProcessCase(
        "memory",
        "peak memory of gdsolve fit, 5,000,000 × 10",
        "the same, 1,000,000 × 10",
        Bound(1.2),
        _gdsolve("fit", FIVE_MILLION),
        _gdsolve("fit", MILLION),
        by_memory=True,
    ),
    ProcessCase(
        "parquet",
        "gdsolve fit, 1,000,000 × 10 (Parquet)",
        "polars.read_parquet, then scikit-learn's LinearRegression",
        None,
        _gdsolve("fit", MILLION_PARQUET, tells=Tells.SAVED),
        _python(rivals.PARQUET_SCIKIT_LEARN, MILLION_PARQUET, Tells.LIST),
        agree=Agree.SAME,
        needs=("scikit-learn",),
    ),
    ProcessCase(
        "wide",
        "gdsolve fit, 20,000 × 1000 (0.4 GB CSV)",
        "pandas.read_csv, then scikit-learn's LinearRegression",
        None,
        _gdsolve("fit", WIDE, tells=Tells.SAVED),
        _python(rivals.SCIKIT_LEARN, WIDE, Tells.LIST),
        agree=Agree.SAME,
        most_runs=3,
        needs=PANDAS,
    ),
)

WIDTHS: tuple[Case, ...] = tuple(
    ProcessCase(
        f"width-{table.shape.features}",
        f"gdsolve fit --ridge 1, {table.shape.rows} × {table.shape.features}",
        "import torch, then polars.read_csv and scikit-learn's Ridge",
        Bound(3.0),
        _gdsolve("fit", table, "--ridge", "1", tells=Tells.SAVED),
        _python(rivals.TORCH_THEN_RIDGE, table, Tells.LIST),
        agree=Agree.SAME,
        needs=("scikit-learn",),
    )
    for table in WIDER
)

COUNTS: tuple[Case, ...] = (
    ProcessCase(
        "billion",
        "gdsolve fit, 100 × 3, 1,000,000,000 iterations",
        "the same, 1000 iterations",
        Bound(1.1),
        _fit_exactly(SMALL, 1_000_000_000, *SLOW),
        _fit_exactly(SMALL, 1000, *SLOW),
    ),
    ProcessCase(
        "thousand",
        "gdsolve compare-lr, 100 × 3, 1000 rates",
        "the same, one rate",
        Bound(1.3),
        # Most of them slow: those are the ones that are searched for long.
        _gdsolve("compare-lr", SMALL, "--lr", "1e-9..1:1000"),
        _gdsolve("compare-lr", SMALL, "--lr", "1e-6"),
    ),
    ProcessCase(
        "path",
        "gdsolve path --cv 10, 20,000 × 100, 100 strengths of the penalty, each without every fold",
        "gdsolve fit, the same file",
        Bound(3.0),
        _gdsolve("path", HUNDRED, "--cv", "10"),
        _gdsolve("fit", HUNDRED),
    ),
)

MANY: tuple[Case, ...] = (
    _groups(
        "groups",
        "pandas.read_csv, then groupby.apply with numpy.linalg.lstsq",
        None,
        rivals.GROUPS_PANDAS,
        ("pandas",),
    ),
    _groups(
        "groups-numpy",
        "polars.read_csv, sorted by group, then a handwritten loop with numpy.linalg.lstsq",
        Bound(1.0),
        rivals.GROUPS_POLARS,
    ),
    ProcessCase(
        "each",
        "gdsolve fit --each, 1000 files of 100 × 3",
        "gdsolve fit, 100 × 3",
        Bound(5.0),
        _gdsolve("fit", THOUSAND_FILES, "--each", "--format", "json", "--quiet"),
        _gdsolve("fit", SMALL),
    ),
    ProcessCase(
        "ranks",
        "gdsolve fit, 5,000,000 × 10 (four Parquet files), two ranks (peak memory: the larger one)",
        "the same, one process",
        None,
        _parts(*TWO_RANKS),
        _parts(),
        agree=Agree.SAME,
    ),
)

PEERS: tuple[Case, ...] = (
    _peer(
        "pandas",
        "pandas.read_csv, then scikit-learn's LinearRegression",
        Bound(1.0, strict=True),
        rivals.SCIKIT_LEARN,
        needs=PANDAS,
    ),
    _peer(
        "sgd-regressor",
        "pandas.read_csv, then scikit-learn's SGDRegressor (no penalty, averaged, else its defaults)",
        None,
        rivals.SGD_REGRESSOR,
        agree=Agree.SHOWN,
        most_runs=3,
        needs=PANDAS,
    ),
    _peer(
        "vowpal-wabbit",
        "Vowpal Wabbit from Python, one pass over the same CSV file, its defaults",
        None,
        rivals.VOWPAL_WABBIT,
        agree=Agree.SHOWN,
        most_runs=3,
        needs=("vowpalwabbit",),
    ),
    _peer(
        "rows",
        "polars.read_csv, then the textbook's handwritten PyTorch loop over all rows, 1000 iterations",
        Bound(0.1),
        rivals.HANDWRITTEN_LOOP,
    ),
    _peer(
        "updates",
        "the same loop without SSE and stopping rules, 1000 iterations",
        None,
        rivals.UPDATES_ALONE,
        most_runs=3,
    ),
    _peer(
        "torch-sgd",
        "polars.read_csv, then torch.optim.SGD with autograd, 1000 iterations",
        None,
        rivals.TORCH_SGD,
        most_runs=3,
    ),
)

STEPS: tuple[Case, ...] = (
    StepCase("samples-matrix", "matrix form", "loop over samples", TEN_THOUSAND),
    StepCase("samples-triangle", "triangle", "loop over samples", TEN_THOUSAND),
    StepCase("step-rows", "rows", "torch.optim.SGD", MILLION),
    StepCase("step-matrix", "rows", "matrix form", MILLION, Bound(0.6)),
    StepCase("step-minibatch", "minibatch", "matrix form", THIRTY_TWO, Bound(2.0)),
    StepCase("step-triangle", "triangle", "torch.optim.SGD", MILLION),
)

SUBJECTS: dict[str, tuple[Case, ...]] = {
    "Floor": FLOOR,
    "Start-up": START,
    "Files": FILES,
    "Wider than long": WIDTHS,
    "Large numbers": COUNTS,
    "Groups and ranks": MANY,
    "Peers": PEERS,
    "Cores": cores.cases(),
    "CUDA": cuda.cases(),
    "One update": STEPS,
    "Predictions": PREDICTIONS,
}
