"""What was asked: one frozen, validated spec, the same whether it comes from flags, from YAML or from Python.

Every option of the project is one field of `Spec`. Its help text, the panel it is shown in and the verbs that take it
stand beside it; the flags, the YAML keys, the JSON Schema and the reference in the README are made from these fields.
"""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.spec.checks import check
from gdsolve.spec.choices import (
    DESCENDING,
    FITTED,
    READING,
    SQUARED_LOSSES,
    TABULATED,
    Categorical,
    Device,
    DType,
    Engine,
    Every,
    Format,
    Header,
    Init,
    LearningRate,
    Loss,
    Method,
    Missing,
    Plot,
    PlotKind,
    RateSchedule,
    Scale,
)
from gdsolve.spec.missing import missing_texts
from gdsolve.spec.option import option
from gdsolve.spec.parameters import Constant, Parameter

USUAL_TOL = "1e-10, in float32 1e-6"
NO_TOL = "0 for lm, newton and lbfgs, which end where no step lowers the loss by more than rounding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A problem and how to solve it (DESIGN.md, section 4).

    Raises:
        GdsolveError: a value outside its range, or options that contradict each other.
    """

    data: tuple[str, ...] = option(
        (), "Tables to read; a path in a YAML spec is relative to the spec.", "Data", verbs=()
    )
    X: tuple[tuple[float, ...], ...] | None = option(None, "Inline design matrix, one list per row.", "Data", verbs=())
    y: tuple[float, ...] | None = option(None, "Inline target, one number per row.", "Data", verbs=())

    target: str | None = option(
        None, "Column to explain.", "Columns", metavar="COLUMN", default_text="the column y, else the last one"
    )
    features: tuple[str, ...] = option(
        (), "Columns to explain it with.", "Columns", metavar="COLUMNS", default_text="all others"
    )
    ignore: tuple[str, ...] = option((), "Columns to leave out.", "Columns", metavar="COLUMNS")
    weight: str | None = option(
        None, "Column of row weights; weight 2 counts as the row twice.", "Columns", metavar="COLUMN"
    )
    group_by: str | None = option(
        None,
        "Fit every group of rows with one value in this column, by least squares; one result a group. The exit code is "
        "the most serious of the groups': 5, then 4, then 3.",
        "Columns",
        verbs=("fit",),
        metavar="COLUMN",
        default_text="all rows together",
    )
    no_intercept: bool = option(False, "Fit through the origin.", "Columns")
    delimiter: str | None = option(
        None, "Field delimiter.", "Columns", verbs=READING, metavar="CHAR", default_text="sniffed"
    )
    decimal: str | None = option(
        None, "Decimal mark, . or ,", "Columns", verbs=READING, metavar="CHAR", default_text="sniffed"
    )
    encoding: str | None = option(
        None,
        "Encoding of text files.",
        "Columns",
        verbs=READING,
        metavar="NAME",
        default_text="UTF-8, or as the BOM says",
    )
    header: Header = option(
        Header.AUTO,
        "Whether the first line names the columns (yes) or is data (no; columns are then x1…xn, y).",
        "Columns",
        verbs=READING,
        default_text="detected",
    )
    no_header: bool | None = option(None, "Short for --header no.", "Columns", verbs=READING)
    na: Missing = option(
        Missing.ERROR, "Missing cells in the columns used: stop, drop the row, or fill in the mean.", "Columns"
    )
    na_values: tuple[str, ...] = option(
        (),
        "More cells that count as missing, beside the empty one, NA, N/A, NaN, null and None; in any case, a number "
        "means its value. A list that begins with = replaces these: '=bad,-9'; for the text =bad write ==bad.",
        "Columns",
        verbs=READING,
        metavar="VALUES",
    )
    categorical: Categorical = option(
        Categorical.ERROR, "Columns of text: stop, one 0/1 column per level, or leave out.", "Columns"
    )

    minimize: str | None = option(
        None,
        "Formula to minimise, such as (2 - a - b)**2 + (4 - 3*a - b)**2; with a table also of its columns.",
        "Formula",
        verbs=DESCENDING,
        metavar="FORMULA",
    )
    model: str | None = option(
        None,
        "Curve to fit to the target by least squares, such as b1*(1 - exp(-b2*x)).",
        "Formula",
        verbs=DESCENDING,
        metavar="FORMULA",
    )
    parameters: tuple[Parameter, ...] = option(
        (), "Parameters of the formula: name: start, or name: {start, lower, upper, fixed}.", "Formula", verbs=()
    )
    constants: tuple[Constant, ...] = option(
        (), "Numbers, vectors and matrices that the formula uses by name.", "Formula", verbs=()
    )
    start: tuple[str, ...] = option((), "Where parameters start.", "Formula", verbs=DESCENDING, metavar="NAME=NUMBER,…")
    lower: tuple[str, ...] = option(
        (), "Least values that parameters may take.", "Formula", verbs=DESCENDING, metavar="NAME=NUMBER,…"
    )
    upper: tuple[str, ...] = option(
        (), "Largest values that parameters may take.", "Formula", verbs=DESCENDING, metavar="NAME=NUMBER,…"
    )
    fix: tuple[str, ...] = option(
        (), "Parameters that stay where they start.", "Formula", verbs=DESCENDING, metavar="NAMES"
    )

    loss: Loss = option(Loss.HALF_MSE, "Loss to minimise.", "Descent")
    delta: float = option(
        1.0,
        "Residual, in units of the target, beyond which --loss huber counts it linearly.",
        "Descent",
        metavar="NUMBER",
    )
    quantile: float = option(0.5, "Quantile to fit with --loss quantile, between 0 and 1.", "Descent", metavar="LEVEL")
    ridge: float = option(0.0, "Ridge penalty λ, on the SSE scale.", "Descent", metavar="LAMBDA", minimum=0.0)
    penalize_intercept: bool = option(False, "Let the ridge penalty act on the intercept too.", "Descent")
    method: Method = option(
        Method.AUTO,
        "How the next iterate is found.",
        "Descent",
        verbs=("fit", "compare-lr", "report"),
        default_text="gd; for a curve or another loss auto, unless --lr is given",
    )
    methods: tuple[str, ...] = option(
        (),
        "Methods to compare.",
        "Descent",
        verbs=("compare",),
        metavar="METHODS",
        default_text="all that can be used",
    )
    momentum: float | None = option(
        None,
        "Share β of the last step that is kept by momentum (0.9) and nesterov (its own sequence).",
        "Descent",
        verbs=DESCENDING,
        metavar="NUMBER",
        default_text="0.9; nesterov: β_k of FISTA with restart",
        minimum=0.0,
    )
    lr: LearningRate = option(
        "auto",
        "Learning rate α, as 0.01 or 1/28; auto takes the best stable one on standardised columns, or backtracks.",
        "Descent",
        metavar="NUMBER|auto",
        verbs=DESCENDING,
        by_verb={
            "compare-lr": {
                "help": "Learning rates α: a list such as 0.5,0.1,1/28 and ranges such as 1e-4..1:20, that is 20 rates "
                "(10 without :20) evenly spaced on a log scale.",
                "metavar": "RATES|auto",
                "default_text": "a grid around the largest stable rate",
            }
        },
    )
    schedule: RateSchedule = option(
        RateSchedule.CONSTANT,
        "How the learning rate goes on: α, α/√(k+1), half a cosine to 0 at max_iter, or backtracking from α.",
        "Descent",
        verbs=("fit", "compare", "report"),
    )
    max_iter: int | None = option(
        None,
        "Most updates to take; 1e12 is fine on the leap.",
        "Descent",
        metavar="K",
        default_text="no limit on the leap, else 1000000",
        minimum=0,
        verbs=DESCENDING,
    )
    tol: float | None = option(
        None,
        "Stop when no weight changes by this much (but for rounding); 0 turns the rule off.",
        "Descent",
        metavar="NUMBER",
        default_text=f"{USUAL_TOL}; with --lr auto less where ten digits of every weight need it; {NO_TOL}",
        minimum=0.0,
        by_verb={
            "compare-lr": {"default_text": f"{USUAL_TOL}, the same for every rate"},
            "compare": {"default_text": f"{USUAL_TOL}; {NO_TOL}"},
            "check": {"default_text": f"{USUAL_TOL}; for solutions by descent that of fit --lr auto"},
        },
    )
    loss_tol: float | None = option(
        None,
        "Stop when the loss changes by less.",
        "Descent",
        metavar="NUMBER",
        default_text="off",
        minimum=0.0,
        verbs=DESCENDING,
    )
    grad_tol: float | None = option(
        None,
        "Stop when the gradient norm is less.",
        "Descent",
        metavar="NUMBER",
        default_text="off",
        minimum=0.0,
        verbs=DESCENDING,
    )
    init: Init = option(
        "zeros",
        "Where to start: zeros, random, or a saved model.",
        "Descent",
        metavar="zeros|random|MODEL",
        verbs=DESCENDING,
    )
    seed: int = option(
        0, "Seed of --init random.", "Descent", metavar="N", minimum=0, maximum=2**63 - 1, verbs=DESCENDING
    )
    scale: Scale = option(
        Scale.AUTO,
        "Coordinates of descent; auto standardises when the learning rate is auto.",
        "Descent",
        verbs=DESCENDING,
    )
    engine: Engine = option(
        Engine.AUTO, "How the steps are taken; all ways give the same iterates.", "Descent", verbs=FITTED
    )
    device: Device = option(
        Device.AUTO,
        "Where to compute; auto takes CUDA, where it is there, for the way rows.",
        "Descent",
        verbs=FITTED,
    )
    dtype: DType = option(
        DType.FLOAT64, "Precision of data and iterates; the leap computes in float64 on data so rounded.", "Descent"
    )

    backward_from: str | None = option(
        None,
        "Node to go backward from.",
        "Graph",
        verbs=("trace",),
        metavar="NAME",
        default_text="the last node",
    )
    repeat: int = option(
        1,
        "How often to go backward; 0 leaves the gradients alone.",
        "Graph",
        verbs=("trace",),
        metavar="N",
        minimum=0,
        maximum=1000,
    )
    retain_graph: bool = option(
        False, "Keep the graph after a backward, so that another can follow.", "Graph", verbs=("trace",)
    )
    zero_grad: bool = option(
        False, "Clear the gradients before each backward; else they add up.", "Graph", verbs=("trace",)
    )
    retain_grad: tuple[str, ...] = option(
        (), "Nodes that keep their gradient though they are no leaves.", "Graph", verbs=("trace",), metavar="NAMES"
    )
    steps: bool = option(False, "Show the graph after each statement.", "Graph", verbs=("trace",))

    format: Format = option(
        Format.TABLE, "Form of the result on standard output.", "Output", verbs=(*TABULATED, "trace")
    )
    every: Every = option(
        "log",
        "Iterations to report: every Nth, log (0 to 10, then 20, 50, 100, …; a table shows at most 12), or none.",
        "Output",
        verbs=FITTED,
        metavar="N|log|none",
    )
    report: bool = option(
        False,
        "Standard errors, t, confidence intervals and correlations of the parameters.",
        "Output",
        verbs=FITTED,
    )
    confidence: float = option(
        0.95, "Confidence of the intervals of --report.", "Output", verbs=FITTED, metavar="NUMBER"
    )
    history: str | None = option(
        None, "Write every reported iteration to a .csv or .ndjson file.", "Output", verbs=("fit",), metavar="FILE"
    )
    save: str | None = option(
        None, "Write the result and model as JSON.", "Output", verbs=("fit",), metavar="MODEL.json"
    )
    checkpoint: str | None = option(
        None,
        "Write where the descent stands to a file, now and then, on Ctrl-C and on SIGTERM, for --resume to go on from.",
        "Output",
        verbs=("fit",),
        metavar="FILE",
    )
    checkpoint_every: float = option(
        60.0,
        "Most seconds between two checkpoints; the first ones come sooner.",
        "Output",
        verbs=("fit",),
        metavar="SECONDS",
        minimum=0.0,
    )
    resume: str | None = option(
        None,
        "Go on from a checkpoint of the same problem, to the bit as if never stopped.",
        "Output",
        verbs=("fit",),
        metavar="FILE",
    )
    output: str | None = option(
        None, "Page to write.", "Output", verbs=("report",), metavar="FILE.html", default_text="needed"
    )
    iterates: int = option(
        0,
        "Show the first K iterates of every rate side by side; in CSV one row per rate and iteration, instead of one "
        "per rate.",
        "Output",
        verbs=("compare-lr",),
        metavar="K",
        minimum=0,
        maximum=1000,
    )
    check_gradient: bool = option(
        False, "Hold the gradient against central differences, at the start and at the end.", "Output", verbs=FITTED
    )
    list: bool = option(False, "List the cases and leave.", "Tour", verbs=("tour",))
    case: tuple[str, ...] = option(
        (),
        "Cases to show, as B4, or all of a part, as B.",
        "Tour",
        verbs=("tour",),
        metavar="CASES",
        default_text="all",
    )
    plot: Plot = option(
        False,
        "Draw a picture: in the terminal, or in a .svg, .png or .pdf file.",
        "Output",
        verbs=(*TABULATED, "trace"),
        metavar="[FILE]",
        by_verb={"trace": {"help": "Draw the graph in a .svg, .png or .pdf file.", "metavar": "FILE"}},
    )
    plot_kind: PlotKind = option(
        PlotKind.AUTO,
        "What the picture shows: the loss step by step, the path over its contours, the direction of steepest descent, "
        "data and fit, or the spectrum.",
        "Output",
        verbs=(*TABULATED, "trace"),
        default_text="loss",
        by_verb={
            "compare-lr": {"help": "What the picture shows: all rates, or the spectrum.", "default_text": "rates"},
            "compare": {"help": "What the picture shows: loss or path of every method, or the spectrum."},
            "check": {"help": "What the picture shows: the spectrum.", "default_text": "spectrum"},
            "trace": {"help": "What the picture shows: the graph.", "default_text": "graph"},
        },
    )
    watch: bool = option(
        False,
        "Draw the loss curve in the terminal while descent takes its steps, on standard error, gone when it is done.",
        "Output",
        verbs=("fit",),
    )
    only: bool = option(False, "Write the prediction column alone.", "Output", verbs=("predict",))
    quiet: bool = option(False, "Nothing on standard error but errors.", "Output", verbs=READING)
    verbose: bool = option(False, "Say more on standard error: timings, plan, columns.", "Output", verbs=READING)
    exit_zero: bool = option(False, "Exit with 0 when max_iter is reached.", "Output", verbs=FITTED)

    def __post_init__(self) -> None:
        check(self)

    @property
    def missing_texts(self) -> tuple[str, ...]:
        """All texts of a cell that mean that it is missing."""
        return missing_texts(self.na_values)

    @property
    def first_line(self) -> Header:
        """What was said of the first line, by either name."""
        if self.no_header is None or self.header is not Header.AUTO:
            return self.header
        return Header.NO if self.no_header else Header.YES

    @property
    def is_least_squares(self) -> bool:
        """True for a linear model with a squared loss, of which everything is known beforehand."""
        return self.minimize is None and self.model is None and self.loss in SQUARED_LOSSES

    @property
    def plots(self) -> bool:
        """True where a picture is asked for, or a page of them."""
        return self.plot is not False or self.output is not None

    @property
    def plot_file(self) -> str | None:
        """The file that a picture goes to; None for the terminal, or where there is none."""
        return self.plot if isinstance(self.plot, str) else None

    @property
    def drives(self) -> bool:
        """True when gdsolve drives, that is when it chooses the learning rate itself."""
        return self.lr == "auto"

    @property
    def standardise(self) -> bool:
        """True when descent runs in standardised coordinates."""
        return self.scale is Scale.STANDARD or (self.scale is Scale.AUTO and self.drives)
