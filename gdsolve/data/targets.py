"""What a loss takes as its target: two classes, counts, or any number."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from gdsolve.data.cells import ColumnKind
from gdsolve.data.columns import Parts, Roles
from gdsolve.data.literal import column
from gdsolve.spec import Loss, Spec
from gdsolve.spec.losses import Target
from gdsolve.spec.missing import missing_flag
from gdsolve.status import DataError

_SHOWN = 8
LARGEST_LABEL = 2**24
"""Whole numbers below it are themselves in float32 too."""
MOST_CLASSES = 1000


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that a target of some kind may be: which are `outside`, and in words what is wrong with one.

    `taken` is all that there is to take, `in_short` the numbers alone.
    """

    outside: Callable[[np.ndarray], np.ndarray]
    wrong: str
    taken: str
    in_short: str


# A kind that is not here takes any number.
LIMITED: Mapping[Target, Numbers] = {
    Target.TWO_CLASSES: Numbers(
        lambda target: (target != 0.0) & (target != 1.0),
        "is neither 0 nor 1",
        "0 and 1, true and false, or two texts",
        "0 and 1",
    ),
    Target.COUNTS: Numbers(lambda target: target < 0.0, "is negative", "counts, 0 or more", "0 or more"),
    Target.POSITIVE: Numbers(lambda target: target <= 0.0, "is not above 0", "numbers above 0", "above 0"),
    Target.NOT_NEGATIVE: Numbers(lambda target: target < 0.0, "is negative", "numbers of 0 or more", "0 or more"),
    Target.CLASSES: Numbers(
        lambda target: (target != np.floor(target)) | (np.abs(target) >= LARGEST_LABEL),
        f"is no whole number below {LARGEST_LABEL:,}",
        "texts, or whole numbers as labels",
        "whole numbers",
    ),
}


def holds_classes(parts: Parts, kinds: Mapping[str, ColumnKind], spec: Spec) -> bool:
    """Tell whether the target is text that stands for classes."""
    return spec.loss.info.target.is_classes and kinds[parts.target] is ColumnKind.TEXT


def class_levels(table: str, parts: Parts, levels: Collection[str], spec: Spec) -> tuple[str, ...]:
    """Give the levels of a text target, sorted: two for a loss of two classes, or as many as there are.

    Raises:
        DataError: there are fewer or more than the loss takes.
    """
    if spec.loss.info.target is Target.TWO_CLASSES:
        return two_levels(table, parts, levels, spec)
    found = tuple(sorted(levels))
    require_classes(f"{table}: column {parts.target!r}, the target ({parts.target_reason}),", found, spec.loss)
    return found


def require_classes(what: str, labels: Sequence[str], loss: Loss) -> None:
    """See that there are classes to tell apart, and not too many.

    Raises:
        DataError: there are not.
    """
    if len(labels) > MOST_CLASSES:
        raise DataError(
            f"{what} has more than {MOST_CLASSES:,} different values; --loss {loss} takes so many classes at most",
            "--target COLUMN, one of fewer classes",
            about=("target", "loss"),
        )
    if len(labels) < 2:
        found = f"the class {labels[0]} alone" if labels else "no class"
        raise DataError(
            f"{what} has {found}; --loss {loss} takes two classes or more",
            "--target COLUMN, one of several classes",
            about=("target", "loss"),
        )


def two_levels(table: str, parts: Parts | Roles, levels: Collection[str], spec: Spec) -> tuple[str, str]:
    """Give the two levels of a text target, sorted: the second one is 1.

    Raises:
        DataError: there are fewer or more, naming the column and the levels.
    """
    found = sorted(levels)
    if len(found) == 2:
        return found[0], found[1]
    listed = ", ".join(repr(level) for level in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
    what = f"the levels {listed}" if len(found) > 2 else f"the level {listed} only" if found else "no level"
    remedy = f"{another_target(spec)}, one of two levels"
    if len(found) > 2:
        # A curve has one value a row, and so two classes.
        more = f"--loss {Loss.usual_for(Target.CLASSES)} takes all of them"
        remedy = f"{more}; or {remedy}" if spec.model is None else f"{_leaving_out(found, spec)}{remedy}"
    raise DataError(
        f"{table}: column {parts.target!r}, the target ({parts.target_reason}), has {what}; {two_classes(spec.loss)}",
        remedy,
        about=("target", "loss"),
    )


def _leaving_out(levels: Sequence[str], spec: Spec) -> str:
    """How rows of a level are left out, where it can be said: at a comma the flag would split it."""
    sayable = [level for level in levels if "," not in level]
    if not sayable:
        return ""
    return f"{missing_flag(spec.na_values, sayable[-1])} --na drop leaves the rows of a level out; or "


def two_classes(loss: Loss) -> str:
    """What a loss of classes takes, where there are more or fewer."""
    return f"--loss {loss.value} takes two" + ("" if loss.info.target is Target.TWO_CLASSES else " or more")


def target_column(roles: Roles) -> str | pl.Expr:
    """Give the column of the target: the numbers themselves, or the place of a text among the levels, from 0."""
    if roles.target_levels is None:
        return roles.target
    if len(roles.target_levels) > 2:
        places = [float(place) for place in range(len(roles.target_levels))]
        # That of a row that is left out may be no level.
        found = column(roles.target).replace_strict(
            list(roles.target_levels), places, default=math.nan, return_dtype=pl.Float64
        )
        return found.alias(roles.target)
    return (column(roles.target) == roles.target_levels[1]).cast(pl.Float64).alias(roles.target)


def outside(loss: Loss, target: np.ndarray) -> np.ndarray:
    """Tell which targets, (rows,), are numbers that the loss does not take."""
    limited = LIMITED.get(loss.info.target)
    return np.zeros(target.shape, dtype=bool) if limited is None else np.isfinite(target) & limited.outside(target)


def target_error(at: str, shown: str, spec: Spec) -> DataError:
    """Explain a target that is a number, and not one that the loss takes."""
    limited, loss = LIMITED[spec.loss.info.target], spec.loss
    more = ""
    if loss.info.target is Target.TWO_CLASSES:
        more = f"; --loss {Loss.usual_for(Target.CLASSES)} takes whole numbers as labels"
    return DataError(
        f"{at}: the target {shown} {limited.wrong}",
        f"--loss {loss.value} takes {limited.taken}{more}; or {another_target(spec)}",
    )


def another_target(spec: Spec) -> str:
    """How another target is asked for."""
    return "--target COLUMN" if spec.formula is None else "another target before the ~ of --formula"
