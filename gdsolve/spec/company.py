"""The conditions of the options: what has to be asked for beside one of them, for it to change anything."""

from __future__ import annotations

from gdsolve.spec.choices import Dates, Format, Select, Shuffle
from gdsolve.spec.condition import Asked, Company
from gdsolve.spec.curve_names import is_named, may_be_named
from gdsolve.spec.losses import LOSS_PARAMETERS, OF_CLASSES, Loss, LossParameter, Mean, Target
from gdsolve.spec.methods import WITH_MOMENTUM
from gdsolve.spec.option import enumerated


def _losses_with(parameter: LossParameter) -> Company:
    losses = [loss for loss in Loss if loss.info.parameter == parameter]
    return Company(
        lambda asked: asked.spec.loss in losses,
        f"{{flag}} is for --loss {' or '.join(losses)}, and this is --loss {{spec.loss}}",
        f"leave {{flag}} out, or give --loss {'|'.join(losses)}",
    )


def _momentum_is_used(asked: Asked) -> bool:
    if asked.verb == "compare":
        names = {name.strip() for text in asked.spec.methods for name in text.split(",")}
        return not names or not names.isdisjoint(WITH_MOMENTUM)
    return asked.spec.method in WITH_MOMENTUM


def _iterations_are_shown(asked: Asked) -> bool:
    spec = asked.spec
    return spec.format in (Format.TABLE, Format.JSON) or asked.verb == "report" or spec.history is not None


FILES = Company(lambda asked: bool(asked.spec.data), "{flag} is for files, and there is none")
CSV = Company(lambda asked: True, "{flag} is for CSV files")
"""Held against the files once they are open: see `gdsolve.data.formats`."""
HEADER = Company(lambda asked: True, "{flag} is for CSV files and sheets of Excel")
"""As `CSV`."""
TEXT = Company(lambda asked: True, "{flag} is for files of text")
"""As `CSV`."""
TABLE = Company(lambda asked: asked.has_table, "{flag} is for tables, and there is none")
DATED = Company(
    lambda asked: (
        asked.spec.dates is not Dates.ERROR or asked.spec.where is not None or asked.verb in ("predict", "score")
    ),
    "{flag} says how dates are written, and no option reads any",
    "give --dates days, say, or leave {flag} out",
)
LINEAR = Company(
    lambda asked: asked.spec.minimize is None and asked.spec.model is None,
    "goes with linear models, and this is a {kind}",
)
FEATURES = Company(
    lambda asked: asked.spec.minimize is None and (asked.spec.model is None or may_be_named(asked.spec.model)),
    "goes with linear models and curves by name, and this is a {kind}",
)


def _not_in_words(words: str, remedy: str) -> Company:
    """Options that a formula of `--formula` says in its own way."""
    return Company(lambda asked: asked.spec.formula is None, f"--formula {words}", f"leave {{flag}} out, as {remedy}")


BEFORE_TILDE = _not_in_words("names the target", "the target stands before the ~")
BEHIND_TILDE = _not_in_words("names the features", "they stand behind the ~, with + between them")
TAKEN_OUT = _not_in_words("names the columns that it uses", "in 'y ~ . - id' the column id is not used")
MINUS_ONE = _not_in_words("says whether there is an intercept", "'y ~ x - 1' has none")
LEVELS = _not_in_words("takes text as levels", "a column that the formula does not name is not used")
NO_FORMULA = Company(lambda asked: asked.spec.minimize is None, "a formula names the columns that it uses")
LOSS_LEFT = Company(
    lambda asked: asked.spec.minimize is None,
    "the formula of minimize is the loss itself",
    "leave {flag} out, or give --model",
)
COLUMNS_LEFT = Company(
    lambda asked: (
        asked.spec.target is None
        or not (asked.spec.features or (asked.spec.model is not None and not is_named(asked.spec.model)))
    ),
    "all columns that are used are named by other options",
)
CELLS = Company(
    lambda asked: asked.spec.X is None or bool(asked.spec.na_values),
    "X and y of a spec have no missing cells",
    "leave {flag} out, or say with --na-values which numbers mean missing",
)
TEXTS = Company(lambda asked: asked.spec.X is None, "X and y of a spec hold numbers, and no text")
LOSSES = {own.name: _losses_with(own) for own in LOSS_PARAMETERS}
"""For every option that some losses alone look at."""
WEIGHT = Company(
    lambda asked: asked.spec.weight is not None,
    "{flag} says what --weight means, and there is no --weight",
    "leave {flag} out, or give --weight COLUMN",
)
SIGMA = Company(
    lambda asked: asked.spec.sigma is not None,
    "{flag} takes the standard deviations of --sigma as known, and there is no --sigma",
    "leave {flag} out, or give --sigma COLUMN",
)
NUMBERS = Company(
    lambda asked: asked.spec.loss.info.target is Target.NUMBERS,
    "{flag} is for a target of numbers, and this is --loss {spec.loss}",
)
OF_LOGARITHMS = tuple(loss for loss in Loss if loss.info.mean is Mean.EXP)
LOG_LINK = Company(
    lambda asked: asked.spec.loss in OF_LOGARITHMS,
    f"{{flag}} is for losses whose mean is eᶻ, {enumerated(OF_LOGARITHMS)}, and this is --loss {{spec.loss}}",
    "give --offset COLUMN, one of logarithms, or leave {flag} out",
)
ONE_A_ROW = Company(
    lambda asked: asked.spec.loss is not Loss.SOFTMAX,
    "{flag} is added to the one prediction of a row, and --loss softmax has one for every class",
    "leave {flag} out",
)
CLASSES = Company(
    lambda asked: asked.spec.loss in OF_CLASSES,
    f"{{flag}} is for --loss {enumerated(OF_CLASSES)}, and this is --loss {{spec.loss}}",
    f"leave {{flag}} out, or give --loss {'|'.join(OF_CLASSES)}",
)
SOFTMAX = Company(
    lambda asked: asked.spec.loss is Loss.SOFTMAX,
    "{flag} is for --loss softmax, and this is --loss {spec.loss}",
    "leave {flag} out, or give --loss softmax",
)
SQUARES = Company(
    lambda asked: asked.spec.loss.info.squared,
    "{flag} is for the standard errors of squared losses, and this is --loss {spec.loss}",
)
WITH_LINKS = tuple(loss for loss in Loss if loss.info.links)
CURVE = Company(
    lambda asked: asked.spec.model is not None,
    "{flag} says what a curve is of the mean of the target, and there is no --model",
    "leave {flag} out, or give --model",
)
LINKED = Company(
    lambda asked: asked.spec.loss in WITH_LINKS,
    f"{{flag}} is for --loss {' or '.join(WITH_LINKS)}, and this is --loss {{spec.loss}}",
    f"leave {{flag}} out, or give --loss {'|'.join(WITH_LINKS)}",
)
PENALTY = Company(
    lambda asked: asked.spec.is_penalised or asked.verb == "path",
    "{flag} is for --ridge and --l1, and there is no penalty",
    "give --ridge 1, say, or leave {flag} out",
)
INTERCEPT = Company(lambda asked: not asked.spec.no_intercept, "with --no-intercept there is no intercept")
MOMENTUM = Company(
    _momentum_is_used, f"goes with --method {' or '.join(WITH_MOMENTUM)}", "give {methods}, or leave {flag} out"
)
PARAMETERS = Company(
    lambda asked: asked.spec.minimize is not None or asked.spec.model is not None,
    "{flag} is for the parameters of --model and --minimize: a linear model has one minimum, wherever it starts",
)
ROWS = Company(
    lambda asked: asked.spec.minimize is None,
    "{flag} takes some rows of a table at a time, and a formula has none",
)
BATCHES = Company(
    lambda asked: asked.spec.batch is not None,
    "{flag} is for stochastic descent, and every update looks at all rows",
    "give --batch 32, say, or leave {flag} out",
)
RANDOM = Company(
    lambda asked: (
        asked.spec.init == "random"
        or asked.spec.is_dealt
        or asked.spec.is_spread
        or asked.spec.finds_starts
        or (asked.spec.batch is not None and asked.spec.shuffle is not Shuffle.NONE)
    ),
    "{flag} is for --init random, ranges of --start, --starts, curves without a start, --cv, --holdout and --batch; "
    "nothing else is drawn at random",
    "leave {flag} out",
)
DEALT = Company(
    lambda asked: asked.spec.is_dealt,
    "{flag} keeps rows together that are dealt, and none are",
    "give --cv 5, say, or leave {flag} out",
)
SHOWN_ITERATIONS = Company(
    _iterations_are_shown,
    "--format {spec.format} writes the coefficients here, and no iterations",
    "leave {flag} out{history}",
)
REPORTED = Company(
    lambda asked: asked.spec.every != "none",
    "adds to the iterations, and --every none reports none",
    "leave {flag} out, or give --every log",
)
SHOWN_CHECKS = Company(
    lambda asked: (
        asked.verb == "report" or asked.spec.format in (Format.TABLE, Format.JSON) or asked.spec.save is not None
    ),
    "--format {spec.format} has no room for what {flag} finds",
    "give --format table|json, or --save MODEL.json",
)
SQUARED = Company(
    lambda asked: asked.spec.is_least_squares,
    "{flag} {value} is found in closed form, which linear models with a squared loss have",
)
FOLDED = Company(
    lambda asked: asked.spec.cv is not None,
    "{flag} {value} is found on folds, and there are none",
    "give --cv 5, say, or leave {flag} out",
)
SELECTED = Company(
    lambda asked: asked.verb != "path" or asked.spec.select is not Select.NONE,
    "{flag} saves the model that is selected, and none is",
    "give --cv 10 --select min, say, or leave {flag} out",
)
SHOWN_SCORES = Company(
    lambda asked: (
        asked.verb != "fit"
        or asked.spec.format in (Format.TABLE, Format.JSON)
        or asked.spec.save is not None
        # A line for each group has room for it.
        or bool(asked.spec.group_by)
    ),
    "--format {spec.format} has no room for what {flag} finds",
    "give --format table|json, or --save MODEL.json",
)
REPORT = Company(
    lambda asked: asked.spec.report, "{flag} is for the intervals of --report", "give --report, or leave {flag} out"
)
RESIDUALS = Company(
    lambda asked: asked.spec.minimize is None,
    "{flag} is for fits of tables and curves: a formula has no residuals to find errors from",
)
ERRORS_KNOWN = Company(
    lambda asked: asked.spec.loss.info.squared or asked.spec.loss.info.likelihood,
    f"{{flag}} is for squared losses, {enumerated([loss for loss in Loss if loss.info.likelihood])}, and this is "
    "--loss {spec.loss}",
)
UNBIASED = Company(
    lambda asked: asked.spec.ridge == 0.0,
    "the ridge penalty biases the weights, and {flag} is for weights without bias",
    "leave {flag} out, or give --ridge 0",
)
UNSHRUNK = Company(
    lambda asked: asked.spec.l1 == 0.0,
    "the l1 penalty sets weights to zero, and {flag} is for weights without bias",
    "leave {flag} out, or give --l1 0",
)
VARIANCES_SOUGHT = Company(
    lambda asked: not asked.spec.absolute_sigma,
    "--absolute-sigma takes the variances of the rows as known, and {flag} finds them from the residuals",
)
SHOWN_ERRORS = Company(
    lambda asked: (
        asked.spec.report
        or asked.verb == "report"
        or asked.spec.save is not None
        or asked.spec.format is Format.JSON
        or (asked.spec.format is Format.TABLE and not asked.spec.each)
    ),
    "{flag} is about standard errors, and none are shown here",
    "give {shown} as well",
)
INTERVAL = Company(
    lambda asked: asked.spec.interval is not None,
    "{flag} is for the intervals of --interval",
    "give --interval 0.95, or leave {flag} out",
)
CHECKPOINT = Company(
    lambda asked: asked.spec.checkpoint is not None,
    "there is no checkpoint to write",
    "give --checkpoint FILE, or leave {flag} out",
)
PICTURE = Company(lambda asked: asked.spec.plots, "{value} is drawn only with --plot", "give --plot as well")
SECOND_PASS = Company(
    lambda asked: asked.spec.repeat > 1,
    "{flag} is for a second backward pass, and there is none",
    "leave {flag} out, or give --repeat 2",
)
SHOWN_STEPS = Company(
    lambda asked: asked.spec.format is not Format.DOT,
    "{flag} is for the table and JSON; --format dot draws the whole graph",
    "give --format table|json",
)
SHOWN_SYMBOLS = Company(
    lambda asked: asked.spec.format is not Format.DOT,
    "{flag} is for the table and JSON; --format dot draws the graph with its operations",
    "give --format table|json",
)
