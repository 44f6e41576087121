"""Bounds on the weights of a linear model, by the names of its columns: `--lower x=0 --upper x=1`, `--nonnegative`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gdsolve.spec.choices import Engine, StopAt
from gdsolve.spec.losses import Loss
from gdsolve.spec.numbers import nearest, parse_number, shown
from gdsolve.spec.option import flag
from gdsolve.spec.options import Options
from gdsolve.status import GdsolveError

INTERCEPT = "intercept"
# The name of a column may have = and commas in it: it ends where a = and a number follow.
_GIVEN = re.compile(r"\s*(.+?)\s*=\s*([+-]?[\d.][^=,]*?)\s*(?:,|$)")
SIDES = ("lower", "upper")


@dataclass(frozen=True, slots=True)
class WeightBounds:
    """The bounds of every weight, in the user's units, the intercept last; infinite where there is none."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]


def is_bounded(spec: Options) -> bool:
    """True where bounds of weights are asked for, by name or for all of them."""
    return bool(spec.lower or spec.upper or spec.nonnegative)


def holds_intercept(spec: Options) -> bool:
    """True where the intercept is held to a bound."""
    given = (name for side in SIDES for name, _ in _pairs(side, getattr(spec, side)))
    return not spec.no_intercept and spec.minimize is None and spec.model is None and INTERCEPT in given


def bounds_of(spec: Options, names: Sequence[str]) -> WeightBounds | None:
    """The bounds of the weights of the columns `names`, in their order; None where none are asked for.

    Raises:
        GdsolveError: a bound of a column that has no weight.
    """
    if not is_bounded(spec):
        return None
    # A column of that name leaves the intercept without one.
    known = list(names) if spec.no_intercept or INTERCEPT in names else [*names, INTERCEPT]
    given = {side: dict(_pairs(side, getattr(spec, side))) for side in SIDES}
    for side, pairs in given.items():
        for name in pairs:
            if name not in known:
                raise _unknown(side, name, known)
    least = 0.0 if spec.nonnegative else -math.inf
    # The intercept says where the target is, not which way it goes: it is held by its name alone.
    lower = [given["lower"].get(name, -math.inf if name not in names else least) for name in known]
    upper = [given["upper"].get(name, math.inf) for name in known]
    for name, low, high in zip(known, lower, upper, strict=True):
        _require_room(name, low, high)
    if len(known) < len(names) + (not spec.no_intercept):
        lower, upper = [*lower, -math.inf], [*upper, math.inf]
    return WeightBounds(tuple(lower), tuple(upper))


def check_bounds(spec: Options) -> None:
    """See that bounds of the weights of a table can be read, and go with what else is asked for.

    Raises:
        GdsolveError: they do not.
    """
    if not is_bounded(spec) or spec.minimize is not None or spec.model is not None:
        return
    name = next(name for name in (*SIDES, "nonnegative") if getattr(spec, name))
    given = {side: dict(_pairs(side, getattr(spec, side))) for side in SIDES}
    for both in given["lower"].keys() & given["upper"].keys():
        _require_room(both, given["lower"][both], given["upper"][both])
    if not spec.loss.info.smooth:
        smooth = "|".join(loss for loss in Loss if loss.info.smooth and loss.info.target is spec.loss.info.target)
        raise GdsolveError(
            f"bounds need a loss with curvature, and {spec.loss} has corners",
            f"give --loss {smooth}, or leave {flag(name)} out",
            option=name,
        )
    for other, asked, reason in (
        ("loss", spec.loss is Loss.SOFTMAX, "softmax has a weight a class, which no bound names"),
        ("l1", spec.l1 != 0.0, "an l1 penalty and bounds are not taken together"),
        ("engine", spec.engine is Engine.LEAP, "the closed form does not hold within bounds"),
        ("se", spec.errors.robust, "robust errors are those of weights without bounds"),
        ("stop", spec.stop is StopAt.BEST, "--stop best is found in closed form, which does not hold within bounds"),
        ("ridge", spec.sought is not None, "a path of penalties does not keep to bounds"),
    ):
        if asked:
            raise GdsolveError(reason, f"leave {flag(other)} or {flag(name)} out", option=name)


def _require_room(name: str, lower: float, upper: float) -> None:
    if not lower < upper:
        raise GdsolveError(
            f"{name}: its lower bound {lower:g} is not below its upper bound {upper:g}",
            f"leave one of them out; --ignore {name} leaves out a column whose weight is to be 0",
            option="lower",
        )


def _unknown(side: str, name: str, known: Sequence[str]) -> GdsolveError:
    near = nearest(name, known)
    listed = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
    return GdsolveError(
        f"{shown(name)} is no weight of this model",
        f"did you mean {near}?" if near else f"known here: {listed}",
        option=side,
    )


def _pairs(side: str, texts: Sequence[str]) -> Iterator[tuple[str, float]]:
    for text in texts:
        place = 0
        while place < len(text):
            match = _GIVEN.match(text, place)
            if match is None:
                raise GdsolveError(
                    f"{shown(text[place:])} is not NAME=NUMBER", f"write it as in --{side} x=0,z=0", option=side
                )
            try:
                number = parse_number(match[2], side)
            except GdsolveError as fault:
                raise fault.but(hint=f"write it as in --{side} x=1") from None
            yield match[1], number
            place = match.end()
