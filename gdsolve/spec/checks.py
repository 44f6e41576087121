"""What a spec must fulfil whatever the data: ranges, and options that contradict each other."""

from __future__ import annotations

import dataclasses
import math
import sys

from gdsolve.advice import Advice
from gdsolve.spec.batch import check_batch
from gdsolve.spec.choices import (
    PLOT_ENDINGS,
    DType,
    Engine,
    Format,
    Header,
    LearningRate,
    PlotKind,
    RateSchedule,
    StopAt,
)
from gdsolve.spec.class_weights import read_class_weights
from gdsolve.spec.each import check_each
from gdsolve.spec.errors import read_errors
from gdsolve.spec.groups import check_groups
from gdsolve.spec.l1 import check_l1
from gdsolve.spec.losses import LOSS_PARAMETERS, Link, Loss, Target
from gdsolve.spec.marks import check_marks
from gdsolve.spec.missing import check_missing
from gdsolve.spec.option import OptionInfo, flag
from gdsolve.spec.options import Options
from gdsolve.spec.plain_text import refuse_no_text
from gdsolve.spec.program import check_code
from gdsolve.spec.weight_bounds import check_bounds
from gdsolve.status import GdsolveError

LARGEST_32 = 3.4e38


def check(spec: Options) -> None:
    """See that a spec can be meant.

    Raises:
        GdsolveError: a value outside its range, or options that contradict each other.
    """
    for field in dataclasses.fields(spec):
        value = getattr(spec, field.name)
        _check_range(field.name, value, field.metadata["option"])
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                refuse_no_text(text, option=field.name)
    for name in ("tol", "loss_tol", "grad_tol"):
        value = getattr(spec, name)
        if value and value < sys.float_info.min:
            raise GdsolveError(
                f"{value} is too small for float64 to tell what is below it",
                f"give {flag(name)} 1e-300, or {flag(name)} 0 to turn the rule off",
                option=name,
            )
    _check_rates(spec.lr, spec.dtype)
    _check_every(spec)
    _check_loss(spec)
    if not 0.0 < spec.confidence < 1.0:
        raise GdsolveError(
            f"{spec.confidence:g} is not strictly between 0 and 1",
            "for intervals of 95 % give --confidence 0.95",
            option="confidence",
        )
    _check_errors(spec)
    if spec.interval is not None and not 0.0 < spec.interval < 1.0:
        raise GdsolveError(
            f"{spec.interval:g} is not strictly between 0 and 1",
            "for intervals of 95 % give --interval 0.95",
            option="interval",
        )
    check_marks(spec)
    _check_header(spec)
    _check_problem(spec)
    _check_method(spec)
    check_l1(spec)
    check_bounds(spec)
    check_batch(spec)
    _check_validation(spec)
    check_groups(spec)
    check_each(spec)
    check_missing(spec.na_values)
    _check_plot(spec)
    check_code(spec)
    if spec.watch and spec.quiet:
        raise GdsolveError(
            "draws on standard error, which --quiet keeps free", "leave --watch or --quiet out", option="watch"
        )


def _check_every(spec: Options) -> None:
    if isinstance(spec.every, int) and spec.every < 1:
        raise GdsolveError(
            f"{spec.every} is not a positive whole number",
            "give --every 1 or more, --every log or --every none",
            option="every",
        )
    if spec.every == "none" and spec.history is not None:
        raise GdsolveError("none leaves no iterations for --history to write", "leave --every out", option="every")


def _check_plot(spec: Options) -> None:
    if spec.plots and spec.plot_kind is PlotKind.FIT and spec.minimize is not None:
        raise GdsolveError(
            "fit draws data and what was fitted to them, and a formula has neither",
            "give --plot-kind loss|path",
            option="plot_kind",
        )
    if spec.plots and spec.plot_kind is PlotKind.SPECTRUM and not spec.loss.info.smooth and spec.minimize is None:
        raise GdsolveError(
            f"the loss {spec.loss} has no curvature, and so no spectrum", "give --plot-kind loss", option="plot_kind"
        )
    if spec.plot_file is not None and not spec.plot_file.lower().endswith(PLOT_ENDINGS):
        endings = ", ".join(PLOT_ENDINGS)
        raise GdsolveError(
            f"{spec.plot_file} ends in none of {endings}", "give --plot picture.svg, or --plot alone", option="plot"
        )
    if spec.plot is True and spec.format is not Format.TABLE:
        raise GdsolveError(
            f"in the terminal a picture goes with a table, and --format is {spec.format}",
            "give the picture a file, as in --plot picture.svg",
            option="plot",
        )


def _check_loss(spec: Options) -> None:
    links = spec.loss.info.links
    read_class_weights(spec.class_weight)
    if spec.model is not None and not spec.loss.info.is_for_curves:
        raise GdsolveError(
            f"{spec.loss} is for a table: a row has one value a class, and a curve gives one alone",
            f"for two classes give --loss {Loss.usual_for(Target.TWO_CLASSES)}, or leave --model out",
            option="loss",
        )
    if spec.model is not None and links and spec.link not in (Link.AUTO, *links):
        raise GdsolveError(
            f"{spec.link} is no link of --loss {spec.loss}", f"give --link {'|'.join(links)}", option="link"
        )
    if spec.exposure is not None and spec.model is not None and spec.link not in (Link.LOG, Link.LOGIT):
        raise GdsolveError(
            "the logarithm of an exposure is added to that of the mean, and the curve is the mean itself",
            "give --link log for a curve of its logarithm, or multiply the curve by the column",
            option="exposure",
        )
    for own in LOSS_PARAMETERS:
        value = getattr(spec, own.name)
        if value is not None and not own.above < value < (math.inf if own.below is None else own.below):
            allowed = "a positive number" if own.below is None else f"between {own.above} and {own.below}"
            raise GdsolveError(f"{value} is not {allowed}", own.remedy, option=own.name)


def _check_errors(spec: Options) -> None:
    asked = read_errors(spec.se)
    if asked.kind.of_squares_alone and spec.loss.info.likelihood:
        raise GdsolveError(
            f"{asked.kind} corrects residuals of least squares by their leverage, and this is --loss {spec.loss}",
            "give --se hc0|hc1",
            option="se",
        )


def _check_header(spec: Options) -> None:
    if spec.no_header is not None and spec.header is (Header.YES if spec.no_header else Header.NO):
        meant = "is data" if spec.no_header else "is the header"
        raise GdsolveError(
            f"{spec.header}, and by no_header the first line {meant}",
            "leave --no-header or --header out",
            option="header",
        )


def _check_problem(spec: Options) -> None:
    if (spec.X is None) != (spec.y is None):
        raise GdsolveError("X and y must be given together", "add the missing one to the spec", about=("X", "y"))
    if spec.X is not None and spec.data:
        raise GdsolveError("data and inline X, y exclude each other", "keep one of them", about=("data", "X", "y"))
    if spec.weight is not None and spec.sigma is not None:
        raise GdsolveError(
            "weight and sigma exclude each other: rows weigh 1/σ²",
            "leave --weight or --sigma out",
            about=("weight", "sigma"),
        )
    if spec.minimize is not None and spec.model is not None:
        raise GdsolveError(
            "minimize and model exclude each other",
            "keep --model for a curve that is fitted to a target, or --minimize for a formula that is the loss itself",
            about=("minimize", "model"),
        )
    if spec.minimize is None and spec.model is None:
        for name in ("parameters", "constants", "start", "fix"):
            if getattr(spec, name):
                raise no_parameters(name, grouped=bool(spec.group_by))
        return
    unstarted = next((one.name for one in spec.parameters if one.sought), None)
    if spec.minimize is not None and unstarted is not None:
        raise GdsolveError(
            f"{unstarted}: no start, and a formula has no target to find one from",
            f"give it one, as in {unstarted}: 1.0",
            option="parameters",
        )
    formula = "minimize" if spec.minimize is not None else "model"
    if spec.engine not in (Engine.AUTO, Engine.AUTOGRAD):
        raise GdsolveError(
            f"{spec.engine.value} is for linear models, and this is a {formula}", "leave --engine out", option="engine"
        )


def no_parameters(name: str, command: str | None = None, *, grouped: bool = False) -> GdsolveError:
    """An option about parameters for a table, which has a weight for every column and no parameter with a name."""
    if name in ("parameters", "constants"):
        return GdsolveError(
            "these are for a formula, and there is none",
            f"leave {name}: out, or add one, as in model: a*x + b",
            option=name,
        )
    example = " --fix b" if name == "fix" else ""
    for_tables = {"start": "a table starts where --init says", "fix": "--ignore leaves columns out"}
    instead = f"leave {flag(name)} out ({for_tables[name]})"
    as_curve = f"{instead}, or write the line as a curve"
    flags = f"{as_curve}: --model 'a*x + b' --start a=0,b=0{example}"
    return GdsolveError(
        f"{flag(name)} is for the parameters of --model and --minimize; a table alone has none",
        instead if grouped else flags if command is None else Advice(as_curve, command),
        option=name,
    )


def _check_validation(spec: Options) -> None:
    if spec.holdout is not None and not 0.0 < spec.holdout < 1.0:
        raise GdsolveError(
            f"{spec.holdout:g} is not strictly between 0 and 1",
            "for a fifth of the rows give --holdout 0.2",
            option="holdout",
        )

    if spec.stop is not StopAt.BEST:
        return
    for name in ("tol", "loss_tol", "grad_tol"):
        if getattr(spec, name) is not None:
            raise GdsolveError(
                "is a rule that stops a run, and --stop best finds where it stops",
                f"leave {flag(name)} out",
                option=name,
            )
    if not spec.method.may_be_plain or spec.momentum is not None:
        name = "momentum" if spec.method.may_be_plain else "method"
        raise GdsolveError("--stop best is found for plain descent", f"leave {flag(name)} out", option=name)
    if spec.schedule is not RateSchedule.CONSTANT:
        raise GdsolveError("--stop best is found at a constant rate", "leave --schedule out", option="schedule")


def _check_method(spec: Options) -> None:
    if spec.momentum is not None and spec.momentum >= 1.0:
        raise GdsolveError(f"{spec.momentum:g} is not below 1", "give --momentum 0.9, say", option="momentum")
    if spec.schedule is RateSchedule.COSINE and spec.max_iter is None and spec.batch is None:
        raise GdsolveError("cosine needs to know the length of the run", "give --max-iter 1000, say", option="schedule")
    if spec.schedule is not RateSchedule.CONSTANT and spec.engine is Engine.LEAP:
        raise GdsolveError(f"{spec.schedule.value} has no closed form", "leave --engine out", option="schedule")


def _check_range(name: str, value: object, info: OptionInfo) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return
    if not math.isfinite(value) or (info.minimum is not None and value < info.minimum):
        limit = "finite" if info.minimum is None else f"a finite number of at least {info.minimum:g}"
        least = "0.1, say" if info.minimum is None else f"{info.minimum:g} or more"
        raise GdsolveError(f"{value} is not {limit}", f"give {flag(name)} {least}", option=name)
    if info.maximum is not None and value > info.maximum:
        raise GdsolveError(
            f"{value} is more than {info.maximum}", f"give {flag(name)} {info.maximum} or less", option=name
        )


def _check_rates(rates: LearningRate, dtype: DType) -> None:
    for rate in () if rates == "auto" else rates if isinstance(rates, tuple) else (rates,):
        if not (isinstance(rate, float) and math.isfinite(rate) and rate > 0):
            raise GdsolveError(
                f"{rate} is not a positive number", "give --lr 0.01, --lr 1/28 or --lr auto", option="lr"
            )
        if dtype is DType.FLOAT32 and rate > LARGEST_32:
            raise GdsolveError(
                f"{rate:g} is beyond float32", "give --lr auto or a smaller rate, or --dtype float64", option="lr"
            )
