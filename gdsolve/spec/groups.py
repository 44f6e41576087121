"""What goes with `group_by`: the closed form of many groups at once, or their fits one after the other."""

from __future__ import annotations

from gdsolve.spec.choices import DType, Engine, Format, PenaltyScale, RateSchedule, StopAt
from gdsolve.spec.option import flag
from gdsolve.spec.options import Options
from gdsolve.status import GdsolveError

ONE_FIT = {
    "every": "log",
    "history": None,
    "show": "nothing",
    "check_gradient": False,
    "checkpoint": None,
    "resume": None,
    "online": None,
    "plot": False,
    "code": False,
    "watch": False,
}
"""Options that show or keep more of one fit, and their defaults."""


def check_groups(spec: Options) -> None:
    """See that a spec with `group_by` asks for nothing that shows, keeps or goes on from a single fit.

    Raises:
        GdsolveError: an option that does not go with groups.
    """
    if not spec.group_by:
        return
    if not any(name.strip(", ") for name in spec.group_by):
        raise _refusal("group_by", "names no column", "leave --group-by out, or give the column of the groups")
    if isinstance(spec.lr, tuple):
        raise _refusal("lr", "groups take one rate, or auto", "give --lr auto, which takes the best rate of each group")
    if spec.format in (Format.MARKDOWN, Format.LATEX):
        raise _refusal("format", f"no {spec.format} is written", "give --format table|json|csv")
    if spec.minimize is not None:
        raise _refusal("minimize", "groups are of rows with a target", "leave --minimize out, or give a curve: --model")
    for name, usual in ONE_FIT.items():
        if getattr(spec, name) != usual:
            raise _refusal(name, "goes with a single fit", f"leave {flag(name)} out, or fit one group alone")


def why_one_by_one(spec: Options) -> str | None:
    """Why groups are fitted one after the other; None where the closed form takes many of them at once."""
    if not spec.is_least_squares:
        return "a curve has no closed form" if spec.model is not None else f"--loss {spec.loss} has no closed form"
    return _asked_of_one(spec) or _needs_rows(spec)


def _asked_of_one(spec: Options) -> str | None:
    """What is asked of the descent that many groups at once do not take."""
    for name, asked in (
        ("method", not spec.method.may_be_plain),
        ("momentum", spec.momentum is not None),
        ("schedule", spec.schedule is not RateSchedule.CONSTANT),
        ("l1", spec.l1 != 0.0),
        ("lower", bool(spec.lower)),
        ("upper", bool(spec.upper)),
        ("nonnegative", bool(spec.nonnegative)),
        ("batch", spec.batch is not None),
        ("stop", spec.stop is StopAt.BEST),
        ("penalty_scale", spec.penalty_scale is not PenaltyScale.USER),
    ):
        if asked:
            return f"{flag(name)} is taken by single fits"
    if spec.engine not in (Engine.AUTO, Engine.LEAP):
        return f"--engine {spec.engine} takes its steps one by one"
    if spec.dtype is not DType.FLOAT64:
        return f"--dtype {spec.dtype} is taken by single fits"
    return None if spec.init in ("zeros", "random") else "--init MODEL is taken by single fits"


def _needs_rows(spec: Options) -> str | None:
    """What looks at the rows of each group more than once."""
    for name in ("cv", "holdout"):
        if getattr(spec, name) is not None:
            return f"{flag(name)} fits each group several times"
    return f"--se {spec.se} needs the rows of each group once more" if spec.errors.robust else None


def _refusal(name: str, reason: str, remedy: str) -> GdsolveError:
    return GdsolveError(f"with --group-by {reason}", remedy, option=name)
