"""What goes with `group_by`: many small fits by the closed form, and nothing that looks at a single one."""

from __future__ import annotations

from gdsolve.spec.choices import DType, Engine, Format, PenaltyScale, RateSchedule
from gdsolve.spec.losses import SQUARED
from gdsolve.spec.option import flag
from gdsolve.spec.options import Options
from gdsolve.status import GdsolveError

ONE_FIT = {
    "every": "log",
    "se": "classic",
    "history": None,
    "show": "nothing",
    "check_gradient": False,
    "checkpoint": None,
    "resume": None,
    "plot": False,
    "watch": False,
    "cv": None,
    "holdout": None,
}
"""Options that show more of one fit, and their defaults."""


def check_groups(spec: Options) -> None:
    """See that a spec with `group_by` asks for nothing else than least squares by the closed form.

    Raises:
        GdsolveError: an option that does not go with groups.
    """
    if spec.group_by is None:
        return
    if not spec.is_least_squares:
        name = "minimize" if spec.minimize is not None else "model" if spec.model is not None else "loss"
        remedy = f"give --loss {'|'.join(SQUARED)}" if name == "loss" else f"leave {flag(name)} out"
        raise _refusal(name, "groups are fitted by least squares", remedy)
    if isinstance(spec.lr, tuple):
        raise _refusal("lr", "groups take one rate, or auto", "give --lr auto, which takes the best rate of each group")
    if not spec.method.may_be_plain or spec.momentum is not None:
        name = "momentum" if spec.method.may_be_plain else "method"
        raise _refusal(name, "groups are fitted by plain descent", f"leave {flag(name)} out")
    _check_penalties(spec)
    if spec.schedule is not RateSchedule.CONSTANT:
        raise _refusal("schedule", "groups are fitted at a constant rate", "leave --schedule out")
    if spec.engine not in (Engine.AUTO, Engine.LEAP):
        raise _refusal("engine", "groups are fitted in closed form", "leave --engine out")
    if spec.dtype is not DType.FLOAT64:
        raise _refusal("dtype", "groups are fitted in float64", "leave --dtype out")
    if spec.init not in ("zeros", "random"):
        raise _refusal("init", "one model is no start for many groups", "leave --init out, or give --init random")
    if spec.format in (Format.MARKDOWN, Format.LATEX):
        raise _refusal("format", f"no {spec.format} is written", "give --format table|json|csv")
    for name, usual in ONE_FIT.items():
        if getattr(spec, name) != usual:
            raise _refusal(name, "goes with a single fit", f"leave {flag(name)} out, or fit one group alone")


def _check_penalties(spec: Options) -> None:
    if spec.l1:
        raise _refusal("l1", "groups are fitted in closed form, and an l1 penalty has none", "leave --l1 out")
    if spec.penalty_scale is not PenaltyScale.USER:
        raise _refusal("penalty_scale", "a penalty is on the user's weights", "leave --penalty-scale out")


def _refusal(name: str, reason: str, remedy: str) -> GdsolveError:
    return GdsolveError(f"with --group-by {reason}", remedy, option=name)
