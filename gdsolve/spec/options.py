"""What was asked: one frozen, validated spec, the same whether it comes from flags, from YAML or from Python.

Every option of the project is one field of `Spec`. Its help text, the panel it is shown in and the verbs that take it
stand beside it; the flags, the YAML keys, the JSON Schema and the reference in the README are made from these fields.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gdsolve.spec.choices import (
    DESCENDING,
    FITTING,
    FORMATS,
    NA_VALUES,
    READING,
    Categorical,
    Device,
    DType,
    Engine,
    Every,
    Format,
    LearningRate,
    Loss,
    Missing,
    Scale,
)
from gdsolve.status import GdsolveError


@dataclass(frozen=True, slots=True)
class OptionInfo:
    """What the command line and the reference say of one option."""

    help: str
    panel: str
    verbs: tuple[str, ...]
    metavar: str | None
    default_text: str | None
    minimum: float | None
    maximum: float | None


def _option(
    default: Any,
    help: str,
    panel: str,
    *,
    verbs: tuple[str, ...] = FITTING,
    metavar: str | None = None,
    default_text: str | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    info = OptionInfo(help, panel, verbs, metavar, default_text, minimum, maximum)
    return dataclasses.field(default=default, metadata={"option": info, "description": help})


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A problem and how to solve it (DESIGN.md, section 4).

    Raises:
        GdsolveError: a value outside its range, or options that contradict each other.
    """

    data: tuple[str, ...] = _option(
        (), "Tables to read; a path in a YAML spec is relative to the spec.", "Data", verbs=()
    )
    X: tuple[tuple[float, ...], ...] | None = _option(None, "Inline design matrix, one list per row.", "Data", verbs=())
    y: tuple[float, ...] | None = _option(None, "Inline target, one number per row.", "Data", verbs=())

    target: str | None = _option(
        None, "Column to explain.", "Columns", metavar="COLUMN", default_text="the column y, else the last one"
    )
    features: tuple[str, ...] = _option(
        (), "Columns to explain it with.", "Columns", metavar="COLUMNS", default_text="all others"
    )
    ignore: tuple[str, ...] = _option((), "Columns to leave out.", "Columns", metavar="COLUMNS")
    weight: str | None = _option(
        None, "Column of row weights; weight 2 counts as the row twice.", "Columns", metavar="COLUMN"
    )
    no_intercept: bool = _option(False, "Fit through the origin.", "Columns")
    delimiter: str | None = _option(
        None, "Field delimiter.", "Columns", verbs=READING, metavar="CHAR", default_text="sniffed"
    )
    decimal: str | None = _option(
        None, "Decimal mark, . or ,", "Columns", verbs=READING, metavar="CHAR", default_text="sniffed"
    )
    encoding: str | None = _option(
        None,
        "Encoding of text files.",
        "Columns",
        verbs=READING,
        metavar="NAME",
        default_text="UTF-8, or as the BOM says",
    )
    no_header: bool = _option(
        False, "The first line is data; columns are x1…xn, y.", "Columns", verbs=READING, default_text="detected"
    )
    na: Missing = _option(
        Missing.ERROR, "Missing cells in the columns used: stop, drop the row, or fill in the mean.", "Columns"
    )
    na_values: tuple[str, ...] = _option(
        NA_VALUES,
        "Cells that count as missing, in any case; the empty cell always does.",
        "Columns",
        verbs=READING,
        metavar="VALUES",
        default_text="NA, N/A, NaN, null, None",
    )
    categorical: Categorical = _option(
        Categorical.ERROR, "Columns of text: stop, one 0/1 column per level, or leave out.", "Columns"
    )

    loss: Loss = _option(Loss.HALF_MSE, "Loss to minimise.", "Descent")
    ridge: float = _option(0.0, "Ridge penalty λ, on the SSE scale.", "Descent", metavar="LAMBDA", minimum=0.0)
    penalize_intercept: bool = _option(False, "Let the ridge penalty act on the intercept too.", "Descent")
    lr: LearningRate = _option(
        "auto",
        "Learning rate α, as 0.01 or 1/28; auto takes the best stable one on standardised columns.",
        "Descent",
        metavar="NUMBER|auto",
        verbs=DESCENDING,
    )
    max_iter: int | None = _option(
        None,
        "Most updates to take; 1e12 is fine on the leap.",
        "Descent",
        metavar="K",
        default_text="no limit on the leap, else 1000000",
        minimum=0,
        verbs=DESCENDING,
    )
    tol: float | None = _option(
        None,
        "Stop when no weight changes by this much; 0 turns the rule off.",
        "Descent",
        metavar="NUMBER",
        default_text="1e-10, in float32 1e-6; with --lr auto less where ten digits of every weight need it",
        minimum=0.0,
    )
    loss_tol: float | None = _option(
        None,
        "Stop when the loss changes by less.",
        "Descent",
        metavar="NUMBER",
        default_text="off",
        minimum=0.0,
        verbs=DESCENDING,
    )
    grad_tol: float | None = _option(
        None,
        "Stop when the gradient norm is less.",
        "Descent",
        metavar="NUMBER",
        default_text="off",
        minimum=0.0,
        verbs=DESCENDING,
    )
    init: str = _option(
        "zeros",
        "Where to start: zeros, random, or a saved model.",
        "Descent",
        metavar="zeros|random|MODEL",
        verbs=DESCENDING,
    )
    seed: int = _option(
        0, "Seed of --init random.", "Descent", metavar="N", minimum=0, maximum=2**63 - 1, verbs=DESCENDING
    )
    scale: Scale = _option(
        Scale.AUTO,
        "Coordinates of descent; auto standardises when the learning rate is auto.",
        "Descent",
        verbs=DESCENDING,
    )
    engine: Engine = _option(
        Engine.AUTO, "How the steps are taken; all ways give the same iterates.", "Descent", verbs=("fit",)
    )
    device: Device = _option(
        Device.AUTO,
        "Where to compute; auto takes CUDA, where it is there, for the way rows.",
        "Descent",
        verbs=("fit",),
    )
    dtype: DType = _option(DType.FLOAT64, "Precision of data and iterates.", "Descent")

    backward_from: str | None = _option(
        None,
        "Node to go backward from.",
        "Graph",
        verbs=("trace",),
        metavar="NAME",
        default_text="the last node",
    )
    repeat: int = _option(
        1,
        "How often to go backward; 0 leaves the gradients alone.",
        "Graph",
        verbs=("trace",),
        metavar="N",
        minimum=0,
        maximum=1000,
    )
    retain_graph: bool = _option(
        False, "Keep the graph after a backward, so that another can follow.", "Graph", verbs=("trace",)
    )
    zero_grad: bool = _option(
        False, "Clear the gradients before each backward; else they add up.", "Graph", verbs=("trace",)
    )
    retain_grad: tuple[str, ...] = _option(
        (), "Nodes that keep their gradient though they are no leaves.", "Graph", verbs=("trace",), metavar="NAMES"
    )
    steps: bool = _option(False, "Show the graph after each statement.", "Graph", verbs=("trace",))

    format: Format = _option(
        Format.TABLE, "Form of the result on standard output.", "Output", verbs=(*FITTING, "trace")
    )
    every: Every = _option(
        "log",
        "Iterations to report: every Nth, or log (0 to 10, then 20, 50, 100, …).",
        "Output",
        verbs=("fit",),
        metavar="N|log",
    )
    report: bool = _option(
        False,
        "Standard errors, t, confidence intervals and correlations of the parameters.",
        "Output",
        verbs=("fit",),
    )
    confidence: float = _option(
        0.95, "Confidence of the intervals of --report.", "Output", verbs=("fit",), metavar="NUMBER"
    )
    history: str | None = _option(
        None, "Write every reported iteration to a .csv or .ndjson file.", "Output", verbs=("fit",), metavar="FILE"
    )
    save: str | None = _option(
        None, "Write the result and model as JSON.", "Output", verbs=("fit",), metavar="MODEL.json"
    )
    iterates: int = _option(
        0,
        "Show the first K iterates of every rate side by side.",
        "Output",
        verbs=("compare-lr",),
        metavar="K",
        minimum=0,
        maximum=1000,
    )
    only: bool = _option(False, "Write the prediction column alone.", "Output", verbs=("predict",))
    quiet: bool = _option(False, "Nothing on standard error but errors.", "Output", verbs=READING)
    verbose: bool = _option(False, "Say more on standard error: timings, plan, columns.", "Output", verbs=READING)
    exit_zero: bool = _option(False, "Exit with 0 when max_iter is reached.", "Output", verbs=("fit",))

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            _check_range(field.name, getattr(self, field.name), field.metadata["option"])
        _check_rates(self.lr)
        if not 0.0 < self.confidence < 1.0:
            raise GdsolveError(
                f"confidence: {self.confidence:g} is not strictly between 0 and 1",
                "for intervals of 95 % give --confidence 0.95",
            )
        if self.every != "log" and self.every < 1:
            raise GdsolveError(
                f"every: {self.every} is not a positive whole number", "give --every 1 or more, or --every log"
            )
        if self.decimal is not None and self.decimal not in (".", ","):
            raise GdsolveError(f"decimal: {self.decimal!r} is neither . nor ,", "give --decimal . or --decimal ,")
        if self.delimiter is not None and (len(self.delimiter) != 1 or not self.delimiter.isascii()):
            raise GdsolveError(
                f"delimiter: {self.delimiter!r} is not a single ASCII character", r"for a tab give --delimiter $'\t'"
            )
        if self.decimal is not None and self.decimal == self.delimiter:
            raise GdsolveError(
                f"delimiter and decimal are both {self.decimal!r}", "European files: --delimiter ';' --decimal ,"
            )
        if (self.X is None) != (self.y is None):
            raise GdsolveError("X and y must be given together", "add the missing one to the spec")
        if self.X is not None and self.data:
            raise GdsolveError("data and inline X, y exclude each other", "keep one of them")

    @property
    def drives(self) -> bool:
        """True when gdsolve drives, that is when it chooses the learning rate itself."""
        return self.lr == "auto"

    @property
    def standardise(self) -> bool:
        """True when descent runs in standardised coordinates."""
        return self.scale is Scale.STANDARD or (self.scale is Scale.AUTO and self.drives)


def _check_range(name: str, value: object, info: OptionInfo) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return
    if not math.isfinite(value) or (info.minimum is not None and value < info.minimum):
        limit = "finite" if info.minimum is None else f"a finite number of at least {info.minimum:g}"
        raise GdsolveError(f"{name}: {value} is not {limit}", f"give {flag(name)} such a number")
    if info.maximum is not None and value > info.maximum:
        raise GdsolveError(f"{name}: {value} is more than {info.maximum}", f"give {flag(name)} a smaller number")


def _check_rates(rates: LearningRate) -> None:
    for rate in () if rates == "auto" else rates if isinstance(rates, tuple) else (rates,):
        if not (isinstance(rate, float) and math.isfinite(rate) and rate > 0):
            raise GdsolveError(f"lr: {rate} is not a positive number", "give --lr 0.01, --lr 1/28 or --lr auto")


def flag(name: str) -> str:
    """The flag that goes with a field: `max_iter` gives `--max-iter`."""
    return "--" + name.replace("_", "-")


def options_of(verb: str) -> dict[str, OptionInfo]:
    """The options that a verb takes, by field name, in the order of `Spec`."""
    infos: Iterable[tuple[str, OptionInfo]] = (
        (field.name, field.metadata["option"]) for field in dataclasses.fields(Spec)
    )
    return {name: info for name, info in infos if verb in info.verbs}


def choices(name: str, verb: str) -> tuple[str, ...] | None:
    """The words that an option of a verb takes, None where it takes other values."""
    kind = type(Spec.__dataclass_fields__[name].default)
    if name == "format":
        return FORMATS[verb]
    return tuple(kind) if issubclass(kind, StrEnum) else None


def only_traced(name: str) -> bool:
    """True for the options that mean something to `trace` alone."""
    info: OptionInfo = Spec.__dataclass_fields__[name].metadata["option"]
    return info.verbs == ("trace",)


def check_format(format: Format, verb: str) -> None:
    """See that a verb can write this form.

    Raises:
        GdsolveError: it cannot.
    """
    forms = FORMATS.get(verb, tuple(Format))
    if format not in forms:
        raise GdsolveError(f"format: {verb} does not write {format}", f"give --format {'|'.join(forms)}")
