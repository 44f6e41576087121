"""Options of the result: what is certified, validated, shown and written, graphs and the tour included."""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.spec import company
from gdsolve.spec.choices import (
    Code,
    Every,
    Exercises,
    Format,
    Init,
    IntervalOf,
    Plot,
    PlotKind,
    Select,
    Show,
    Tongue,
)
from gdsolve.spec.option import option
from gdsolve.spec.options_descent import DescentOptions
from gdsolve.spec.verbs import (
    CODED,
    DRAWN,
    FITTED,
    READING,
    SCORING,
    TABULATED,
    VALIDATED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultOptions(DescentOptions):
    """What is told of it."""

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
    symbols: bool = option(
        False,
        "Show derivatives in symbols beside the numbers, by SymPy.",
        "Graph",
        verbs=("trace",),
        goes_with=company.SHOWN_SYMBOLS,
    )
    steps: bool = option(
        False, "Show the graph after each statement.", "Graph", verbs=("trace",), goes_with=company.SHOWN_STEPS
    )

    format: Format = option(
        Format.TABLE,
        "Format of the result on standard output.",
        "Output",
        verbs=(*TABULATED, "trace", "scan", "configs", *SCORING),
    )
    every: Every = option(
        "log",
        "Iterations to report: every Nth, log (0 to 10, then 20, 50, 100, …; a table shows at most 12), or none.",
        "Output",
        verbs=FITTED,
        metavar="N|log|none",
        goes_with=company.SHOWN_ITERATIONS,
    )
    show: Show = option(
        Show.NOTHING,
        "What to add to every iteration that is reported: gradient, the partial derivatives ∂L/∂w of the loss, per "
        "unit of each weight.",
        "Output",
        verbs=("fit",),
        goes_with=(company.SHOWN_ITERATIONS, company.REPORTED),
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
    reference: str | None = option(
        None,
        "Class that --report compares the other classes of --loss softmax with.",
        "Output",
        verbs=FITTED,
        metavar="CLASS",
        default_text="the first class",
        goes_with=(company.SOFTMAX, company.REPORT),
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
    lang: Tongue = option(
        Tongue.AUTO,
        "Language of the lesson; commands, figures and what PyTorch says stay as they are.",
        "Tour",
        verbs=("tour",),
        default_text="that of LC_ALL, LC_MESSAGES or LANG, else en",
    )
    exercises: Exercises = option(
        Exercises.ASK,
        "Exercises after each part: asked on a terminal and checked at once, shown with their answers, or none.",
        "Tour",
        verbs=("tour",),
        default_text="ask; off a terminal answers",
    )
    plot: Plot = option(
        False,
        "Draw a picture: in the terminal, or in a .svg, .png or .pdf file; in a .gif file the path is walked.",
        "Output",
        verbs=DRAWN,
        metavar="[FILE]",
        by_verb={
            "trace": {
                "help": "Draw the graph, values forward and gradients backward: in the terminal, or in a .svg, .png or "
                ".pdf file."
            }
        },
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
    code: Code = option(
        False,
        "Print a program of PyTorch that takes the same steps by itself, in place of the result: by hand in matrix "
        "form, or with backward() and torch.optim (autograd); with a file write it there, beside the result.",
        "Output",
        verbs=CODED,
        metavar="[matrix|autograd|FILE.py|KIND=FILE.py]",
        by_verb={
            "trace": {
                "help": "Print a program of PyTorch that makes this graph and goes backward, in place of the result; "
                "with a file write it there, beside the result.",
                "metavar": "[autograd|FILE.py]",
            }
        },
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
