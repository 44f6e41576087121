"""The verbs: what each is for, what it takes and what it gives, in one table.

The commands and their help, the options that go with a verb, its formats and pictures, and the launcher's limits are
all derived from it. How a verb is run stands in the module of `gdsolve.cli` that has its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, Flag, auto

from gdsolve.spec.choices import Format, PlotKind


class Does(Flag):
    """What a verb does, which decides the options that mean something to it."""

    READS = auto()
    """Opens tables."""
    MODELS = auto()
    """Has a target, features and a loss."""
    DESCENDS = auto()
    """Takes steps."""
    FITS = auto()
    """Descends once, by one method at one rate."""
    CHOOSES = auto()
    """Chooses columns, and what becomes of missing cells and of text, without a model."""
    TABULATES = auto()
    """Prints a result, in several formats, with a picture."""


NOTHING = Does(0)


class Names(Enum):
    """Whether names of what comes with gdsolve stand for an operand: beside files, before them, or alone."""

    NONE = auto()
    BESIDE = auto()
    BEFORE = auto()
    ALONE = auto()


@dataclass(frozen=True, slots=True)
class Operand:
    """What stands on the command line without a flag: the name in code, the one in the help, and what it is.

    In `help` {endings} and {packed} stand for the endings of file names that the formats of tables declare.
    """

    name: str
    metavar: str
    help: str
    several: bool
    names: Names = Names.NONE


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb; `shared` where several ranks can run it, `prints_rows` where its output grows as the input is read.

    The first of its `pictures` is what `auto` means. No `formats` or `pictures`: what a spec says of them is let be.
    """

    name: str
    help: str
    examples: tuple[str, ...]
    operands: tuple[Operand, ...] = ()
    does: Does = NOTHING
    formats: tuple[Format, ...] = ()
    pictures: tuple[PlotKind, ...] = ()
    shared: bool = False
    prints_rows: bool = False

    @property
    def module(self) -> str:
        """The module that runs it."""
        return f"gdsolve.cli.{self.name.replace('-', '_')}"


SOURCES = Operand(
    "sources",
    "SOURCE",
    "Tables ({endings}, also {packed}), a glob, - for standard input, one YAML spec, or a name (gdsolve configs).",
    several=True,
    names=Names.BESIDE,
)
SCANNED = Operand(
    "sources",
    "SOURCE",
    "Tables ({endings}, also {packed}), scans (.tri), a glob, - for standard input, one YAML spec, or a name (gdsolve "
    "configs).",
    several=True,
    names=Names.BESIDE,
)
MODEL = Operand("saved", "MODEL", "What `gdsolve fit --save` or `--format json` wrote.", several=False)
CONFIG_NAMES = Operand(
    "sources", "NAME", "The name of one, which is printed; all are listed without.", several=True, names=Names.ALONE
)
CURVE_NAMES = Operand("sources", "NAME", "Names of curves, or sums of them; all of them without one.", several=True)
GRAPH = Operand(
    "sources",
    "SPEC",
    "Text such as 't = 1; y = t**2; z = y + 2', a YAML file with leaves: and nodes:, - for standard input, or a name "
    "(gdsolve configs).",
    several=True,
    names=Names.BEFORE,
)

_PLAIN = (Format.TABLE, Format.JSON, Format.CSV)
_ALL = (
    Verb(
        "fit",
        "Fit a linear model, a curve or a formula by gradient descent, and say how far the result is from the optimum.",
        (
            "gdsolve fit data.csv",
            "gdsolve fit data.csv --target price --lr 0.01 --max-iter 1000 --format json",
            "gdsolve fit data.csv --formula 'log(price) ~ area*rooms + C(zone)'",
            "gdsolve fit data.csv --save model.json",
            "gdsolve fit data.csv --model 'b1*(1 - exp(-b2*x))' --start b1=500,b2=0.0001",
            "gdsolve fit --minimize '(2 - a - b)**2 + (4 - 3*a - b)**2' --start a=0,b=0 --lr 0.01",
            "gdsolve fit --minimize 'cos(a) + a**2/50' --start a=-20..20 --starts 200",
        ),
        (SCANNED,),
        Does.READS | Does.MODELS | Does.DESCENDS | Does.FITS | Does.TABULATES,
        formats=(*_PLAIN, Format.MARKDOWN, Format.LATEX),
        pictures=(
            PlotKind.LOSS,
            PlotKind.PATH,
            PlotKind.DIRECTION,
            PlotKind.FIT,
            PlotKind.SPECTRUM,
            PlotKind.VALIDATION,
        ),
        shared=True,
    ),
    Verb(
        "compare-lr",
        "Compare learning rates, below and above the largest stable one.",
        ("gdsolve compare-lr data.csv", "gdsolve compare-lr data.csv --lr 1e-4..1:20 --iterates 3"),
        (SCANNED,),
        Does.READS | Does.MODELS | Does.DESCENDS | Does.TABULATES,
        formats=_PLAIN,
        pictures=(PlotKind.RATES, PlotKind.SPECTRUM),
        shared=True,
    ),
    Verb(
        "compare",
        "Compare methods: iterations, evaluations, time, and how far each ends from the minimum.",
        (
            "gdsolve compare data.csv --methods gd,momentum,nesterov",
            "gdsolve compare curve.yaml --methods gd,nesterov,lbfgs,lm",
        ),
        (SCANNED,),
        Does.READS | Does.MODELS | Does.DESCENDS | Does.TABULATES,
        formats=_PLAIN,
        pictures=(PlotKind.LOSS, PlotKind.PATH, PlotKind.SPECTRUM),
        shared=True,
    ),
    Verb(
        "path",
        "Fit a linear model with every strength λ of an l1 or ridge penalty, from the one that leaves no weight; with "
        "--cv say which λ predicts best, and make it a model.",
        (
            "gdsolve path data.csv --cv 10",
            "gdsolve path data.csv --cv 10 --select 1se --save model.json",
            "gdsolve path data.csv --l1-ratio 0 --plot",
        ),
        (SOURCES,),
        Does.READS | Does.MODELS | Does.TABULATES,
        formats=_PLAIN,
        pictures=(PlotKind.COEFFICIENTS, PlotKind.VALIDATION),
    ),
    Verb(
        "check",
        "Look at the data before a fit: columns, rank, condition number, learning rates, iterations needed.",
        ("gdsolve check data.csv",),
        (SCANNED,),
        Does.READS | Does.MODELS | Does.TABULATES,
        formats=_PLAIN,
        pictures=(PlotKind.SPECTRUM,),
    ),
    Verb(
        "certify",
        "Say how far any weights, from any tool, are from the optimum: SSE, gap, gradient norm, digits.",
        (
            "gdsolve certify data.csv --weights model.json",
            "gdsolve certify data.csv --target price --ridge 1 --weights other-tool.json --format json",
        ),
        (SOURCES,),
        Does.READS | Does.MODELS | Does.TABULATES,
        formats=_PLAIN,
    ),
    Verb(
        "scan",
        "Read a table once and keep what least squares needs of it: sums and products, and no row. The file is a "
        "SOURCE for fit, path, compare-lr, compare, check and report, with any column as the target; scans are merged "
        "by naming several.",
        (
            "gdsolve scan data.csv -o data.tri",
            "gdsolve scan 'days/*.csv' --categorical onehot -o week.tri",
            "gdsolve scan mon.tri tue.tri -o week.tri",
        ),
        (SCANNED,),
        Does.READS | Does.CHOOSES,
        formats=(Format.TABLE, Format.JSON),
    ),
    Verb(
        "predict",
        "Write the rows of a table with the predictions of a saved model appended; also intervals and a diagnosis.",
        (
            "gdsolve predict model.json new.csv > predicted.csv",
            "gdsolve predict model.json new.csv --interval 0.95",
            "gdsolve predict model.json - --only < new.csv",
        ),
        (MODEL, SOURCES),
        Does.READS,
        prints_rows=True,
    ),
    Verb(
        "score",
        "Score a saved model on a table with its target in it: R² and errors, or how well it tells classes and counts.",
        ("gdsolve score model.json new.csv", "gdsolve score model.json new.csv --na drop --format json"),
        (MODEL, SOURCES),
        Does.READS,
        formats=_PLAIN,
    ),
    Verb(
        "report",
        "Write a run as one HTML page: what was asked, what was reached, pictures, and a learning rate to play with.",
        ("gdsolve report data.csv -o run.html", "gdsolve report B4 -o run.html"),
        (SCANNED,),
        Does.READS | Does.MODELS | Does.DESCENDS | Does.FITS,
    ),
    Verb(
        "trace",
        "Show the autograd graph of formulas: nodes, tree, gradients, and what PyTorch refuses.",
        (
            "gdsolve trace 't = 1; y = t**2; z = y + 2'",
            "gdsolve trace 't=1; y=t**2; y.retain_grad(); z=y**2; z.backward()'",
            "gdsolve trace A1",
            "gdsolve trace A5 --repeat 2 --retain-graph",
        ),
        (GRAPH,),
        formats=(Format.TABLE, Format.JSON, Format.DOT),
        pictures=(PlotKind.GRAPH,),
    ),
    Verb(
        "tour",
        "Walk through the textbook: every step is a real command, which is shown, run and explained.",
        ("gdsolve tour", "gdsolve tour --case B4", "gdsolve tour --list"),
    ),
    Verb(
        "configs",
        "List the specs and tables that come with gdsolve, each by a name that stands for its file, or print one.",
        ("gdsolve configs", "gdsolve configs B4 > b4.yaml", "gdsolve configs --format json"),
        (CONFIG_NAMES,),
        formats=(Format.TABLE, Format.JSON),
    ),
    Verb(
        "curves",
        "Show the curves that --model knows by name, with their formulas.",
        ("gdsolve curves", "gdsolve curves gaussian voigt", "gdsolve curves 'gaussian + line'"),
        (CURVE_NAMES,),
    ),
    Verb(
        "schema",
        "Print the JSON Schema of a YAML spec, for editors.",
        ("gdsolve schema > gdsolve.schema.json",),
    ),
)

VERBS: Mapping[str, Verb] = {verb.name: verb for verb in _ALL}
FORMATS = {verb.name: verb.formats for verb in _ALL if verb.formats}
PLOT_KINDS = {verb.name: verb.pictures for verb in _ALL if verb.pictures}


def verbs_that(do: Does) -> tuple[str, ...]:
    """The names of the verbs that do all of this."""
    return tuple(verb.name for verb in _ALL if do in verb.does)


READING = verbs_that(Does.READS)
FITTING = verbs_that(Does.MODELS)
CHOOSING = tuple(verb.name for verb in _ALL if verb.does & (Does.MODELS | Does.CHOOSES))
DESCENDING = verbs_that(Does.DESCENDS)
FITTED = verbs_that(Does.FITS)
TABULATED = verbs_that(Does.TABULATES)
DRAWN = tuple(verb.name for verb in _ALL if verb.pictures)
VALIDATED = ("fit", "path")
"""Those that score what they fit on rows that it has not seen."""
ONE_PROBLEM = tuple(name for name in FITTING if name != "path")
"""Those that take the strengths of penalties as they are given."""
SCORING = ("score",)
"""Verbs that look at what a saved model predicts, row by row."""
CODED = ("fit", "compare-lr", "trace")
"""Those that can be taken home as a program."""
STOCHASTIC = ("fit", "compare-lr")
"""Those that can look at a few rows at a time."""
POSED = (*DESCENDING, "certify")
"""Those that pose a problem of a formula or a curve."""
SOLVED = (*DESCENDING, "check")
"""Those that take steps, by one rule or another."""
