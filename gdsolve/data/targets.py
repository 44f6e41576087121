"""What a loss takes as its target: two classes, counts, or any number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np
import polars as pl

from gdsolve.data.cells import ColumnKind
from gdsolve.data.columns import Parts, Roles
from gdsolve.spec import Loss, Spec
from gdsolve.spec.missing import missing_flag
from gdsolve.status import DataError

_SHOWN = 8
_OUTSIDE: Mapping[Loss, Callable[[np.ndarray], np.ndarray]] = {
    Loss.LOGISTIC: lambda target: (target != 0.0) & (target != 1.0),
    Loss.POISSON: lambda target: target < 0.0,
}
_REFUSED = {
    Loss.LOGISTIC: ("is neither 0 nor 1", "--loss logistic takes 0 and 1, true and false, or two texts"),
    Loss.POISSON: ("is negative", "--loss poisson takes counts, 0 or more"),
}


def holds_classes(parts: Parts, kinds: Mapping[str, ColumnKind], spec: Spec) -> bool:
    """Tell whether the target is text that stands for two classes."""
    return spec.loss is Loss.LOGISTIC and kinds[parts.target] is ColumnKind.TEXT


def two_levels(table: str, parts: Parts, levels: Collection[str], spec: Spec) -> tuple[str, str]:
    """Give the two levels of a text target, sorted: the second one is 1.

    Raises:
        DataError: there are fewer or more, naming the column and the levels.
    """
    found = sorted(levels)
    if len(found) == 2:
        return found[0], found[1]
    listed = ", ".join(repr(level) for level in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
    what = f"the levels {listed}" if len(found) > 2 else f"the level {listed} only" if found else "no level"
    remedy = "--target COLUMN, one of two levels"
    # At a comma the flag would split it.
    sayable = [level for level in found if "," not in level]
    if len(found) > 2 and sayable:
        left_out = missing_flag(spec.na_values, sayable[-1])
        remedy = f"{left_out} --na drop leaves the rows of a level out; or {remedy}"
    raise DataError(
        f"{table}: column {parts.target!r}, the target ({parts.target_reason}), has {what}; --loss logistic takes two",
        remedy,
    )


def target_column(roles: Roles) -> str | pl.Expr:
    """Give the column of the target: the numbers themselves, or 1 where a text is the second level and else 0."""
    if roles.target_levels is None:
        return roles.target
    return (pl.col(roles.target) == roles.target_levels[1]).cast(pl.Float64).alias(roles.target)


def outside(loss: Loss, target: np.ndarray) -> np.ndarray:
    """Tell which targets, (rows,), are numbers that the loss does not take."""
    rule = _OUTSIDE.get(loss)
    return np.zeros(target.shape, dtype=bool) if rule is None else np.isfinite(target) & rule(target)


def target_error(at: str, shown: str, loss: Loss) -> DataError:
    """Explain a target that is a number, and not one that the loss takes."""
    reason, remedy = _REFUSED[loss]
    return DataError(f"{at}: the target {shown} {reason}", f"{remedy}; or --target COLUMN")
