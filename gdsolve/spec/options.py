"""What was asked: one frozen, validated spec, the same whether it comes from flags, from YAML or from Python.

Every option of the project is one field of `Spec`. Its help text, the panel it is shown in and the verbs that take it
stand beside it; the flags, the YAML keys, the JSON Schema and the reference in the README are made from these fields.
"""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.spec import company
from gdsolve.spec.choices import (
    Categorical,
    Device,
    DType,
    Engine,
    Every,
    Format,
    Header,
    Init,
    IntervalOf,
    LearningRate,
    Missing,
    PenaltyScale,
    Plot,
    PlotKind,
    RateSchedule,
    Scale,
    Select,
    Sought,
    StopAt,
    Strength,
    WeightKind,
)
from gdsolve.spec.errors import AskedErrors, read_errors
from gdsolve.spec.losses import USUAL_LOSS, Link, Loss
from gdsolve.spec.methods import WITH_MOMENTUM, Method
from gdsolve.spec.missing import missing_texts
from gdsolve.spec.option import enumerated, option
from gdsolve.spec.parameter import Constant, Parameter
from gdsolve.spec.verbs import (
    CHOOSING,
    DESCENDING,
    DRAWN,
    FITTED,
    ONE_PROBLEM,
    READING,
    SCORING,
    TABULATED,
    VALIDATED,
)

POSED = (*DESCENDING, "certify")
SOLVED = (*DESCENDING, "check")
USUAL_TOL = "1e-10, in float32 1e-6"
_SELF_ENDING = enumerated([method.value for method in Method if method.info.self_ending])
NO_TOL = f"0 for {_SELF_ENDING}, which end when no step lowers the loss by more than rounding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All options, each with what is said of it; what they are together, once they are checked, is a `Spec`."""

    data: tuple[str, ...] = option(
        (), "Tables to read; a path in a YAML spec is relative to the spec.", "Data", verbs=()
    )
    X: tuple[tuple[float, ...], ...] | None = option(None, "Inline design matrix, one list per row.", "Data", verbs=())
    y: tuple[float, ...] | None = option(None, "Inline target, one number per row.", "Data", verbs=())

    target: str | None = option(
        None,
        "Target column.",
        "Columns",
        verbs=CHOOSING,
        metavar="COLUMN",
        default_text="the column y, else the last one",
        goes_with=company.NO_FORMULA,
        by_verb={"scan": {"help": "Target of a fit that names none; any other column may be the target all the same."}},
    )
    features: tuple[str, ...] = option(
        (),
        "Feature columns.",
        "Columns",
        verbs=CHOOSING,
        metavar="COLUMNS",
        default_text="all others",
        goes_with=company.LINEAR,
        by_verb={"scan": {"help": "Columns to keep, beside the target."}},
    )
    ignore: tuple[str, ...] = option(
        (),
        "Columns that are not used.",
        "Columns",
        verbs=CHOOSING,
        metavar="COLUMNS",
        goes_with=(company.NO_FORMULA, company.COLUMNS_LEFT),
    )
    weight: str | None = option(
        None,
        "Column of row weights: 1/variance up to a factor, as in R; see --weight-kind. A row of weight 0 is left out.",
        "Columns",
        verbs=(*CHOOSING, *SCORING),
        metavar="COLUMN",
        by_verb={
            "score": {
                "help": "Column of row weights. A row of weight 0 is left out.",
                "default_text": "the model's, if the table has it",
            }
        },
        goes_with=company.NO_FORMULA,
    )
    weight_kind: WeightKind = option(
        WeightKind.PRECISION,
        "What --weight means to standard errors: precision (rows - p degrees of freedom), or frequency, by which a "
        "weight of 2 is the row written twice (sum of the weights - p).",
        "Columns",
        verbs=tuple(verb for verb in CHOOSING if verb != "path"),
        goes_with=company.WEIGHT,
    )
    sigma: str | None = option(
        None,
        "Column of the standard deviations of the target: every row weighs 1/σ².",
        "Columns",
        verbs=CHOOSING,
        metavar="COLUMN",
        goes_with=(company.NO_FORMULA, company.NUMBERS),
    )
    absolute_sigma: bool = option(
        False,
        "Take --sigma as known, in units of the target: standard errors are not scaled by the residuals.",
        "Columns",
        verbs=(*SOLVED, "scan"),
        goes_with=(company.SIGMA, company.SQUARES),
    )
    group_by: str | None = option(
        None,
        "Fit each group of rows, those with the same value in this column, by least squares: one result for each. "
        "The exit code is that of the worst group: 5 before 4 before 3.",
        "Columns",
        verbs=("fit",),
        metavar="COLUMN",
        default_text="all rows together",
    )
    each: bool = option(
        False,
        "Fit each SOURCE by itself: one line for each, in the order given, or with --format json one JSON object a "
        "line. One that fails leaves the others alone. The exit code is the most serious one: 1 before 2, 5, 4 and 3.",
        "Columns",
        verbs=("fit",),
    )
    no_intercept: bool = option(
        False, "Fit without an intercept, through the origin.", "Columns", goes_with=company.LINEAR
    )
    delimiter: str | None = option(
        None,
        "Character between the cells of a row.",
        "Columns",
        verbs=READING,
        metavar="CHAR",
        default_text="sniffed",
        goes_with=(company.FILES, company.CSV),
    )
    decimal: str | None = option(
        None,
        "Decimal mark: . or ,",
        "Columns",
        verbs=READING,
        metavar="CHAR",
        default_text="sniffed",
        goes_with=(company.FILES, company.CSV),
    )
    encoding: str | None = option(
        None,
        "Encoding of text files.",
        "Columns",
        verbs=READING,
        metavar="NAME",
        default_text="UTF-8, or as the BOM says",
        goes_with=(company.FILES, company.TEXT),
    )
    header: Header = option(
        Header.AUTO,
        "Whether the first line names the columns (yes) or is data (no; columns are then x1…xn, y).",
        "Columns",
        verbs=READING,
        default_text="detected",
        goes_with=(company.FILES, company.CSV),
    )
    no_header: bool | None = option(
        None, "Short for --header no.", "Columns", verbs=READING, goes_with=(company.FILES, company.CSV)
    )
    na: Missing = option(
        Missing.ERROR,
        "Missing cells in the columns used: stop with an error, drop the row, or fill in the column's mean.",
        "Columns",
        verbs=(*CHOOSING, *SCORING),
        by_verb={"score": {"help": "Missing cells in the columns used: stop with an error, or drop the row."}},
        goes_with=(company.TABLE, company.CELLS),
    )
    na_values: tuple[str, ...] = option(
        (),
        "More cells that count as missing, beside the empty one, NA, N/A, NaN, null and None; in any case, a number "
        "means its value. A list that begins with = replaces these: '=bad,-9'; for the text =bad write ==bad.",
        "Columns",
        verbs=READING,
        metavar="VALUES",
        goes_with=company.TABLE,
    )
    categorical: Categorical = option(
        Categorical.ERROR,
        "Text columns: stop with an error, make 0/1 columns of their levels, or ignore them.",
        "Columns",
        verbs=CHOOSING,
        goes_with=(company.LINEAR, company.TEXTS),
    )

    minimize: str | None = option(
        None,
        "Formula to minimise, such as (2 - a - b)**2 + (4 - 3*a - b)**2. With a table, it may use the columns by name.",
        "Formula",
        verbs=POSED,
        metavar="FORMULA",
    )
    model: str | None = option(
        None,
        "Curve to fit to the target, such as b1*(1 - exp(-b2*x)), by least squares or another --loss.",
        "Formula",
        verbs=POSED,
        metavar="FORMULA",
    )
    parameters: tuple[Parameter, ...] = option(
        (),
        "Parameters of the formula, each as name: start, or name: {start, lower, upper, fixed}.",
        "Formula",
        verbs=(),
    )
    constants: tuple[Constant, ...] = option(
        (), "Numbers, vectors and matrices that the formula uses by their names.", "Formula", verbs=()
    )
    start: tuple[str, ...] = option(
        (), "Start values of the parameters.", "Formula", verbs=DESCENDING, metavar="NAME=NUMBER,…"
    )
    lower: tuple[str, ...] = option((), "Lower bounds of parameters.", "Formula", verbs=POSED, metavar="NAME=NUMBER,…")
    upper: tuple[str, ...] = option((), "Upper bounds of parameters.", "Formula", verbs=POSED, metavar="NAME=NUMBER,…")
    fix: tuple[str, ...] = option(
        (), "Parameters to keep at their start values.", "Formula", verbs=POSED, metavar="NAMES"
    )

    loss: Loss = option(USUAL_LOSS, "Loss to minimise.", "Descent", goes_with=company.LOSS_LEFT)
    link: Link = option(
        Link.AUTO,
        "What the curve of --model is with --loss poisson or logistic: the mean of the target (identity), the log of "
        "the mean (log, of poisson) or its logit (of logistic).",
        "Descent",
        verbs=POSED,
        default_text="identity: the curve is the mean",
        goes_with=(company.CURVE, company.LINKED),
    )
    delta: float | None = option(
        None,
        "Residual, in units of the target, from which on --loss huber grows linearly.",
        "Descent",
        metavar="NUMBER",
        default_text="1.345 × the scale of the residuals, median|r|/0.6745",
        by_verb={"path": {"default_text": "required with huber"}},
        goes_with=company.LOSSES["delta"],
    )
    quantile: float = option(
        0.5,
        "Quantile to fit with --loss quantile: a number between 0 and 1.",
        "Descent",
        verbs=ONE_PROBLEM,
        metavar="LEVEL",
        goes_with=company.LOSSES["quantile"],
    )
    ridge: Strength = option(
        0.0,
        "Ridge penalty: adds λ·‖w‖² to the SSE, in proportion for other losses.",
        "Descent",
        verbs=ONE_PROBLEM,
        metavar="LAMBDA",
        minimum=0.0,
        goes_with=company.LINEAR,
        by_verb={
            "fit": {
                "help": "Ridge penalty: adds λ·‖w‖² to the SSE, in proportion for other losses; auto takes the λ of "
                "least error over the folds of --cv.",
                "metavar": "LAMBDA|auto",
            }
        },
    )
    l1: Strength = option(
        0.0,
        "Lasso penalty: adds λ·Σ|w| to half of the SSE, in proportion for other losses; with --ridge the elastic "
        "net. For m rows λ is m·alpha of scikit-learn's Lasso.",
        "Descent",
        verbs=ONE_PROBLEM,
        metavar="LAMBDA",
        minimum=0.0,
        goes_with=company.LINEAR,
        by_verb={
            "fit": {
                "help": "Lasso penalty: adds λ·Σ|w| to half of the SSE, in proportion for other losses; with --ridge "
                "the elastic net. For m rows λ is m·alpha of scikit-learn's Lasso; auto takes that of least error over "
                "the folds of --cv.",
                "metavar": "LAMBDA|auto",
            }
        },
    )
    penalty_scale: PenaltyScale = option(
        PenaltyScale.USER,
        "Whose weights --ridge and --l1 penalise: the user's, or, as R's glmnet does, those of columns brought to "
        "standard deviation 1.",
        "Descent",
        goes_with=(company.LINEAR, company.PENALTY),
    )
    penalize_intercept: bool = option(
        False,
        "Apply the penalties to the intercept too.",
        "Descent",
        goes_with=(company.LINEAR, company.PENALTY, company.INTERCEPT),
    )
    l1_ratio: float = option(
        1.0,
        "Share of λ that is --l1, the rest being --ridge: 1 for the lasso, 0 for ridge alone.",
        "Descent",
        verbs=("path",),
        metavar="RATIO",
        minimum=0,
        maximum=1,
    )
    points: int = option(
        100,
        "Number of strengths λ, evenly on a log scale from λ_max down to λ_max/10⁴, or λ_max/100 with no more rows "
        "than columns.",
        "Descent",
        verbs=("path",),
        metavar="N",
        minimum=2,
        maximum=10_000,
    )
    method: Method = option(
        Method.AUTO,
        "Method of descent.",
        "Descent",
        verbs=FITTED,
        default_text="gd; for a curve or a loss that is not squared: auto, unless --lr is given",
    )
    methods: tuple[str, ...] = option(
        (),
        "Methods to compare.",
        "Descent",
        verbs=("compare",),
        metavar="METHODS",
        default_text="all that the problem allows",
    )
    momentum: float | None = option(
        None,
        f"Momentum coefficient β of --method {' or '.join(WITH_MOMENTUM)}.",
        "Descent",
        verbs=("fit", "compare", "report"),
        metavar="NUMBER",
        default_text="0.9; for nesterov the sequence of FISTA with restart",
        minimum=0.0,
        goes_with=company.MOMENTUM,
    )
    lr: LearningRate = option(
        "auto",
        "Learning rate α, such as 0.01 or 1/28; auto computes the best stable rate on standardised columns, or "
        "searches for a rate by backtracking.",
        "Descent",
        metavar="NUMBER|auto",
        verbs=DESCENDING,
        by_verb={
            "compare-lr": {
                "help": "Learning rates α: a list such as 0.5,0.1,1/28, or a range such as 1e-4..1:20, which means 20 "
                "rates (10 without :20) evenly spaced on a log scale.",
                "metavar": "RATES|auto",
                "default_text": "a grid around the largest stable rate",
            }
        },
    )
    schedule: RateSchedule = option(
        RateSchedule.CONSTANT,
        "How the learning rate changes: not at all, α/√(k+1), down to 0 at --max-iter along half a cosine, or "
        "backtracking from α.",
        "Descent",
        verbs=("fit", "compare", "report"),
    )
    max_iter: int | None = option(
        None,
        "Maximum number of updates; 1e12 costs nothing with --engine leap.",
        "Descent",
        metavar="K",
        default_text="no limit with --engine leap, else 1000000",
        minimum=0,
        verbs=DESCENDING,
    )
    tol: float | None = option(
        None,
        "Stop when no weight changes by this much or more (beyond rounding); 0 turns the rule off.",
        "Descent",
        verbs=SOLVED,
        metavar="NUMBER",
        default_text=f"{USUAL_TOL}; with --lr auto smaller if ten digits of every weight need it; {NO_TOL}",
        minimum=0.0,
        by_verb={
            "compare-lr": {"default_text": f"{USUAL_TOL}, the same for every rate"},
            "check": {"default_text": f"{USUAL_TOL}; for solutions by descent that of fit --lr auto"},
        },
    )
    loss_tol: float | None = option(
        None,
        "Stop when the loss changes by less than this.",
        "Descent",
        metavar="NUMBER",
        default_text="off",
        minimum=0.0,
        verbs=DESCENDING,
    )
    grad_tol: float | None = option(
        None,
        "Stop when the norm of the gradient is less than this.",
        "Descent",
        metavar="NUMBER",
        default_text="off",
        minimum=0.0,
        verbs=DESCENDING,
    )
    stop: StopAt = option(
        StopAt.RULES,
        "What ends the descent: its tolerances and --max-iter (rules), or the error over the folds of --cv: best runs "
        "to the update at which it is least, which the closed form finds.",
        "Descent",
        verbs=("fit",),
        goes_with=(company.SQUARED, company.FOLDED),
    )
    init: Init = option(
        "zeros",
        "Start of the descent: zeros, random, or a saved model.",
        "Descent",
        metavar="zeros|random|MODEL",
        verbs=DESCENDING,
    )
    seed: int = option(
        0,
        "Seed of --init random, and of --cv and --holdout.",
        "Descent",
        metavar="N",
        minimum=0,
        maximum=2**63 - 1,
        verbs=(*DESCENDING, "path", "scan"),
        goes_with=company.RANDOM,
        by_verb={"path": {"help": "Seed of --cv."}, "scan": {"help": "Seed of --cv."}},
    )
    scale: Scale = option(
        Scale.AUTO,
        "Coordinates of the descent: as given (none) or standardised columns; auto standardises with --lr auto.",
        "Descent",
        verbs=DESCENDING,
    )
    engine: Engine = option(
        Engine.AUTO,
        "How the iterates are computed: on all rows, on the triangle of a QR factorisation, in closed form (leap, or "
        "closed-form), or by autograd; all give the same.",
        "Descent",
        verbs=FITTED,
    )
    device: Device = option(
        Device.AUTO,
        "Where to compute; auto takes CUDA where there is one and it is predicted to take less time.",
        "Descent",
        verbs=FITTED,
    )
    dtype: DType = option(
        DType.FLOAT64,
        "Precision of data and iterates; --engine leap rounds the data to it and computes in float64.",
        "Descent",
        verbs=SOLVED,
    )

    weights: Init | None = option(
        None,
        "Weights to certify: a saved model, whose columns and loss are taken as well, or JSON such as "
        '{"weights": {"x": 2.5}, "intercept": 1} or {"coef_": [2.5], "intercept_": 1}, in the order of the columns.',
        "Certificate",
        verbs=("certify",),
        metavar="FILE",
        default_text="required",
    )

    cv: int | None = option(
        None,
        "Cross-validate: deal the rows into K folds, fit the others of each, and score it. One pass reads them all.",
        "Validation",
        verbs=(*VALIDATED, "scan"),
        metavar="K",
        default_text="off",
        minimum=2,
        maximum=10_000,
        goes_with=(company.LINEAR, company.SHOWN_SCORES),
        by_verb={
            "path": {"help": "Deal the rows into K folds, and score for every λ the fits without one of them on it."},
            "scan": {"help": "Deal the rows into K folds, so that fits of the scan can be cross-validated."},
        },
    )
    cv_by: str | None = option(
        None,
        "Column whose values keep rows together: those with the same one are in one fold, or held out together.",
        "Validation",
        verbs=(*VALIDATED, "scan"),
        metavar="COLUMN",
        default_text="every row by itself",
        goes_with=company.DEALT,
    )
    select: Select = option(
        Select.NONE,
        "Make a model of the λ of least error over the folds (min), or of the largest λ whose error is within one "
        "standard error of that (1se).",
        "Validation",
        verbs=("path",),
        goes_with=company.FOLDED,
    )
    holdout: float | None = option(
        None,
        "Share of the rows to set aside, such as 0.2: the rest is fitted, and they score what was fitted.",
        "Validation",
        verbs=("fit",),
        metavar="SHARE",
        default_text="off",
        goes_with=(company.LINEAR, company.SHOWN_SCORES),
    )

    backward_from: str | None = option(
        None,
        "Node at which backward starts.",
        "Graph",
        verbs=("trace",),
        metavar="NAME",
        default_text="the last node",
    )
    repeat: int = option(
        1,
        "Number of backward passes; 0 computes no gradient.",
        "Graph",
        verbs=("trace",),
        metavar="N",
        minimum=0,
        maximum=1000,
    )
    retain_graph: bool = option(
        False,
        "Keep the graph after a backward pass, so that another pass can follow.",
        "Graph",
        verbs=("trace",),
        goes_with=company.SECOND_PASS,
    )
    zero_grad: bool = option(
        False,
        "Clear the gradients before each backward pass; without it they add up.",
        "Graph",
        verbs=("trace",),
        goes_with=company.SECOND_PASS,
    )
    retain_grad: tuple[str, ...] = option(
        (), "Nodes that keep their gradient although they are not leaves.", "Graph", verbs=("trace",), metavar="NAMES"
    )
    steps: bool = option(
        False, "Show the graph after each statement.", "Graph", verbs=("trace",), goes_with=company.SHOWN_STEPS
    )

    format: Format = option(
        Format.TABLE,
        "Format of the result on standard output.",
        "Output",
        verbs=(*TABULATED, "trace", "scan", *SCORING),
    )
    every: Every = option(
        "log",
        "Iterations to report: every Nth, log (0 to 10, then 20, 50, 100, …; a table shows at most 12), or none.",
        "Output",
        verbs=FITTED,
        metavar="N|log|none",
        goes_with=company.SHOWN_ITERATIONS,
    )
    report: bool = option(
        False,
        "Add standard errors, t values, confidence intervals and correlations of the parameters, and of the fit F, "
        "AIC, BIC, deviance and the inflation of its columns (VIF).",
        "Output",
        verbs=FITTED,
    )
    confidence: float = option(
        0.95,
        "Confidence level of the intervals of --report.",
        "Output",
        verbs=FITTED,
        metavar="NUMBER",
        goes_with=company.REPORT,
    )
    se: str = option(
        "classic",
        "Standard errors: classic; hc0 to hc3, robust to rows of unequal variance; or cluster:COLUMN, robust to rows "
        "of one cluster that depend on each other. Least squares reads the table once more for them; logistic and "
        "poisson take hc0, hc1 and cluster.",
        "Output",
        verbs=FITTED,
        metavar="classic|hc0|hc1|hc2|hc3|cluster:COLUMN",
        goes_with=(
            company.RESIDUALS,
            company.ERRORS_KNOWN,
            company.UNBIASED,
            company.UNSHRUNK,
            company.VARIANCES_SOUGHT,
            company.SHOWN_ERRORS,
        ),
    )
    history: str | None = option(
        None, "Write every reported iteration to a .csv or .ndjson file.", "Output", verbs=("fit",), metavar="FILE"
    )
    save: str | None = option(
        None,
        "Save the result, which is the model as well, as JSON.",
        "Output",
        verbs=("fit", "path"),
        metavar="MODEL.json",
        by_verb={"path": {"help": "Save the model that --select makes, as JSON: what fit saves at that λ."}},
        goes_with=company.SELECTED,
    )
    checkpoint: str | None = option(
        None,
        "Save the state of the descent to this file at intervals, on Ctrl-C and on SIGTERM, for --resume.",
        "Output",
        verbs=("fit",),
        metavar="FILE",
    )
    checkpoint_every: float = option(
        60.0,
        "Maximum time between two checkpoints, in seconds; the first ones come sooner.",
        "Output",
        verbs=("fit",),
        metavar="SECONDS",
        minimum=0.0,
        goes_with=company.CHECKPOINT,
    )
    resume: str | None = option(
        None,
        "Continue from a checkpoint of the same problem; the result is the same to the last bit.",
        "Output",
        verbs=("fit",),
        metavar="FILE",
    )
    output: str | None = option(
        None,
        "File of the page, or - for standard output.",
        "Output",
        verbs=("scan", "report"),
        metavar="FILE.html",
        default_text="required",
        by_verb={"scan": {"help": "File of the scan.", "metavar": "FILE.tri"}},
    )
    iterates: int = option(
        0,
        "Show the first K iterates of every rate side by side; in CSV, one row for each rate and iteration instead of "
        "one for each rate.",
        "Output",
        verbs=("compare-lr",),
        metavar="K",
        minimum=0,
        maximum=1000,
    )
    check_gradient: bool = option(
        False,
        "Check the gradient with differences of the loss, and name its kinks, at the start and at the end.",
        "Output",
        verbs=FITTED,
        goes_with=company.SHOWN_CHECKS,
    )
    list: bool = option(False, "List the cases and exit.", "Tour", verbs=("tour",))
    case: tuple[str, ...] = option(
        (),
        "Cases to show: one such as B4, or all of a part such as B.",
        "Tour",
        verbs=("tour",),
        metavar="CASES",
        default_text="all",
    )
    plot: Plot = option(
        False,
        "Draw a picture: in the terminal, or in a .svg, .png or .pdf file.",
        "Output",
        verbs=DRAWN,
        metavar="[FILE]",
        by_verb={"trace": {"help": "Draw the graph in a .svg, .png or .pdf file.", "metavar": "FILE"}},
    )
    plot_kind: PlotKind = option(
        PlotKind.AUTO,
        "What the picture shows: the loss by iteration, the path over the contours of the loss, the direction of "
        "steepest descent, data and fit, the spectrum, or the error over the folds (validation).",
        "Output",
        verbs=DRAWN,
        default_text="loss",
        by_verb={
            "compare-lr": {"help": "What the picture shows: all rates, or the spectrum.", "default_text": "rates"},
            "compare": {"help": "What the picture shows: the loss or the path of every method, or the spectrum."},
            "path": {
                "help": "What the picture shows: the weights against λ, or the error over the folds (validation).",
                "default_text": "coefficients",
            },
            "check": {"help": "What the picture shows: the spectrum.", "default_text": "spectrum"},
            "trace": {"help": "What the picture shows: the graph.", "default_text": "graph"},
        },
        goes_with=company.PICTURE,
    )
    watch: bool = option(
        False,
        "Draw the loss curve on standard error during the descent; it is cleared at the end.",
        "Output",
        verbs=("fit",),
    )
    interval: float | None = option(
        None,
        "Append the columns lower and upper: an interval of this level, such as 0.95.",
        "Output",
        verbs=("predict",),
        metavar="LEVEL",
        default_text="none",
    )
    interval_of: IntervalOf = option(
        IntervalOf.AUTO,
        "What --interval is to hold: a new observation of the target, or its mean.",
        "Output",
        verbs=("predict",),
        default_text="observation; the mean of classes and counts",
        goes_with=company.INTERVAL,
    )
    diagnose: bool = option(
        False,
        "Append residual, standardised_residual, leverage and cooks_distance, where the target is in the table. They "
        "are those of a fit for the rows that were fitted; of other rows leverage is how far they lie from these.",
        "Output",
        verbs=("predict",),
    )
    class_: bool = option(
        False, "Append the column class: the class of larger probability.", "Output", verbs=("predict",)
    )
    only: bool = option(False, "Write what is appended only.", "Output", verbs=("predict",))
    quiet: bool = option(False, "Write nothing but errors to standard error.", "Output", verbs=READING)
    verbose: bool = option(False, "Write more to standard error: times, plan, columns.", "Output", verbs=READING)
    exit_zero: bool = option(False, "Exit with 0, not 3, when --max-iter is reached.", "Output", verbs=FITTED)

    @property
    def missing_texts(self) -> tuple[str, ...]:
        """All texts of a cell that mean that it is missing."""
        return missing_texts(self.na_values)

    @property
    def weight_option(self) -> str:
        """The option that names the column by which rows are weighed, where one does."""
        return "weight" if self.sigma is None else "sigma"

    @property
    def weight_column(self) -> str | None:
        """The column by which rows are weighed: of weights, or of standard deviations."""
        return self.weight if self.sigma is None else self.sigma

    @property
    def errors(self) -> AskedErrors:
        """Which errors of the weights are asked for."""
        return read_errors(self.se)

    @property
    def first_line(self) -> Header:
        """What was said of the first line, by either name."""
        if self.no_header is None or self.header is not Header.AUTO:
            return self.header
        return Header.NO if self.no_header else Header.YES

    @property
    def is_dealt(self) -> bool:
        """True where rows are dealt into folds, or some are held out."""
        return self.cv is not None or self.holdout is not None

    @property
    def is_least_squares(self) -> bool:
        """True for a linear model with a squared loss, of which everything is known beforehand."""
        return self.minimize is None and self.model is None and self.loss.info.squared

    @property
    def is_penalised(self) -> bool:
        """True where large weights cost something."""
        return self.ridge > 0.0 or self.l1 > 0.0

    @property
    def sought(self) -> str | None:
        """The penalty whose strength is to be found, by the name of its option."""
        return next((name for name in ("l1", "ridge") if isinstance(getattr(self, name), Sought)), None)

    @property
    def plots(self) -> bool:
        """True where a picture is asked for, or a page of them."""
        return self.plot is not False or self.output is not None

    @property
    def plot_file(self) -> str | None:
        """The file that a picture goes to; None for the terminal, or where there is none."""
        return self.plot if isinstance(self.plot, str) else None

    @property
    def auto_rate(self) -> bool:
        """True where gdsolve chooses the learning rate itself."""
        return self.lr == "auto"

    @property
    def standardise(self) -> bool:
        """True when descent runs in standardised coordinates."""
        # A formula is descended on as it is, unless it is asked for otherwise.
        return self.scale is Scale.STANDARD or (self.scale is Scale.AUTO and self.auto_rate and self.minimize is None)
