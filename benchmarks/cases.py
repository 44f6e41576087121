"""What is compared with what, and the bound that each ratio must keep."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks import rivals
from benchmarks.data import FIVE_MILLION, MILLION, SMALL, Folder, Shape
from benchmarks.machine import version
from benchmarks.measure import Command, Comparison, MeasurementError, Process, alternate, run_process

CONVERGED = (0,)
AT_MAX_ITER = (3,)
SAME_WEIGHTS = 1e-8


class Case(Protocol):
    """One row of the table: A is gdsolve, B the rival; `bound` is the most that A/B may be, None where none is set."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def a(self) -> str: ...  # noqa: D102
    @property
    def b(self) -> str: ...  # noqa: D102
    @property
    def bound(self) -> Bound | None: ...  # noqa: D102
    @property
    def needs(self) -> tuple[str, ...]: ...  # noqa: D102

    def compare(self, folder: Folder, runs: int) -> Comparison:
        """Measure A and B by turns."""
        ...


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit for A/B, itself allowed unless `strict`."""

    limit: float
    strict: bool = False

    def met_by(self, ratio: float) -> bool:
        """Whether a ratio keeps the bound."""
        return ratio < self.limit if self.strict else ratio <= self.limit

    def __str__(self) -> str:
        return f"{'<' if self.strict else '≤'} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Work:
    """A program to be timed, its table, and what shows that it did its work."""

    arguments: tuple[str, ...]
    table: Shape | None = None
    exit_codes: tuple[int, ...] = CONVERGED
    iterations: int | None = None
    prints_weights: bool = False

    def run(self, folder: Folder) -> tuple[Process, list[float] | None]:
        """Run it once; returns what it took and the weights that it found, where it tells them.

        Raises:
            MeasurementError: it failed, or took another number of iterations than it was asked for.
        """
        arguments = self.arguments
        if self.table is not None:
            arguments = (*arguments, str(folder.table(self.table)))
        if self.iterations is None:
            process = run_process(Command(arguments, self.exit_codes))
            return process, json.loads(process.output) if self.prints_weights else None
        with tempfile.TemporaryDirectory() as saved:
            model = Path(saved) / "model.json"
            process = run_process(Command((*arguments, "--save", str(model)), self.exit_codes))
            return process, self._read(json.loads(model.read_text()))

    def _read(self, model: dict[str, object]) -> list[float]:
        if model["iterations"] != self.iterations:
            raise MeasurementError(f"gdsolve took {model['iterations']} iterations, not {self.iterations}")
        weights = model["weights"]
        assert isinstance(weights, dict)
        return [*weights.values(), model["intercept"]]


@dataclass(frozen=True, slots=True)
class ProcessCase:
    """Two whole processes, by wall seconds or by peak memory.

    `same_weights`: both must find the same weights. `most_runs` spares a rival that takes minutes.
    """

    name: str
    a: str
    b: str
    bound: Bound | None
    work_a: Work
    work_b: Work
    by_memory: bool = False
    same_weights: bool = False
    most_runs: int | None = None
    needs: tuple[str, ...] = ()

    def compare(self, folder: Folder, runs: int) -> Comparison:
        """Measure A and B by turns.

        Raises:
            MeasurementError: one of them did not do its work.
        """
        runs = min(runs, self.most_runs or runs)
        a, b = alternate(lambda: self.work_a.run(folder), lambda: self.work_b.run(folder), runs)
        if self.same_weights:
            check_same(a[0][1], b[0][1])
        processes_a, processes_b = [process for process, _ in a], [process for process, _ in b]
        quantity: Callable[[Process], float] = _peak if self.by_memory else _seconds
        return Comparison(
            tuple(map(quantity, processes_a)),
            tuple(map(quantity, processes_b)),
            "B" if self.by_memory else "s",
            {"a": processes_a, "b": processes_b},
        )


@dataclass(frozen=True, slots=True)
class StepCase:
    """One update computed in two ways, in a process that holds the rows in memory (`benchmarks.steps`)."""

    name: str
    way_a: str
    way_b: str
    shape: Shape
    bound: Bound | None = None
    needs: tuple[str, ...] = ()

    @property
    def a(self) -> str:
        """What A is."""
        return f"one update, {self.way_a}, {self.shape.rows:,} × {self.shape.features}"

    @property
    def b(self) -> str:
        """What B is."""
        return f"one update, {self.way_b}"

    def compare(self, folder: Folder, runs: int) -> Comparison:
        """Measure A and B by turns; the rows are made in memory, not in `folder`.

        Raises:
            MeasurementError: the two do not take the same step.
        """
        sizes = (str(self.shape.rows), str(self.shape.features))
        process = run_process(Command(("-m", "benchmarks.steps", *sizes, self.way_a, self.way_b, str(runs))))
        taken = json.loads(process.output)
        return Comparison(tuple(taken["a"]), tuple(taken["b"]), "s", {})


def check_same(a: list[float] | None, b: list[float] | None) -> None:
    """Hold the weights of two programs against each other.

    Raises:
        MeasurementError: they differ, or one is missing.
    """
    if a is None or b is None or len(a) != len(b):
        raise MeasurementError(f"weights cannot be compared: {a} and {b}")
    difference = max(abs(one - other) for one, other in zip(a, b, strict=True))
    if not difference < SAME_WEIGHTS:
        raise MeasurementError(f"A and B differ by {difference:g} in a weight")


def missing(case: Case) -> list[str]:
    """The packages that a case needs and that are not installed."""
    return [package for package in case.needs if version(package) is None]


def _seconds(process: Process) -> float:
    return process.seconds


def _peak(process: Process) -> float:
    return float(process.peak_bytes)


def _python(code: str, table: Shape | None = None, *, prints_weights: bool = False) -> Work:
    return Work(("-c", code), table, prints_weights=prints_weights)


def _gdsolve(verb: str, table: Shape, *options: str) -> Work:
    return Work(("-m", "gdsolve", verb, *options), table)


def _fit_exactly(table: Shape, iterations: int, *options: str) -> Work:
    """A fit that takes every iteration, as no rule may stop it before."""
    words = ("-m", "gdsolve", "fit", "--max-iter", str(iterations), "--tol", "0", *options)
    return Work(words, table, AT_MAX_ITER, iterations)


FIT_MILLION = _fit_exactly(MILLION, 1000)
FIT_MILLION_TEXT = "gdsolve fit, 1,000,000 × 10, 1000 iterations"
TEN_THOUSAND = Shape(10_000, 10)
SLOW = ("--lr", "1e-9")

CASES: tuple[Case, ...] = (
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
    ProcessCase(
        "million",
        FIT_MILLION_TEXT,
        "import torch, then polars' streaming scan of the file",
        Bound(1.0),
        FIT_MILLION,
        _python(rivals.TORCH_THEN_SCAN, MILLION),
    ),
    ProcessCase(
        "pandas",
        FIT_MILLION_TEXT,
        "pandas.read_csv, then scikit-learn's LinearRegression",
        Bound(1.0, strict=True),
        FIT_MILLION,
        _python(rivals.SCIKIT_LEARN, MILLION, prints_weights=True),
        same_weights=True,
        needs=("pandas", "scikit-learn"),
    ),
    ProcessCase(
        "rows",
        FIT_MILLION_TEXT,
        "polars.read_csv, then the textbook's handwritten loop over all rows, 1000 iterations",
        Bound(0.1),
        FIT_MILLION,
        _python(rivals.HANDWRITTEN_LOOP, MILLION, prints_weights=True),
        same_weights=True,
        most_runs=3,
    ),
    ProcessCase(
        "updates",
        FIT_MILLION_TEXT,
        "the same loop without SSE and stopping rules, 1000 iterations",
        None,
        FIT_MILLION,
        _python(rivals.UPDATES_ALONE, MILLION, prints_weights=True),
        same_weights=True,
        most_runs=3,
    ),
    ProcessCase(
        "billion",
        "gdsolve fit, 100 × 3, 1,000,000,000 iterations",
        "the same, 1000 iterations",
        Bound(1.1),
        _fit_exactly(SMALL, 1_000_000_000, *SLOW),
        _fit_exactly(SMALL, 1000, *SLOW),
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
        "thousand",
        "gdsolve compare-lr, 100 × 3, 1000 rates",
        "the same, one rate",
        Bound(1.3),
        # Most of them slow: those are the ones that are searched for long.
        _gdsolve("compare-lr", SMALL, "--lr", "1e-9..1:1000"),
        _gdsolve("compare-lr", SMALL, "--lr", "1e-6"),
    ),
    StepCase("samples-matrix", "matrix form", "loop over samples", TEN_THOUSAND),
    StepCase("samples-triangle", "triangle", "loop over samples", TEN_THOUSAND),
    StepCase("step-rows", "rows", "torch.optim.SGD", MILLION),
    StepCase("step-matrix", "rows", "matrix form", MILLION, Bound(0.6)),
    StepCase("step-triangle", "triangle", "torch.optim.SGD", MILLION),
)
