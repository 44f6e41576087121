"""Commands that get past what `check` found in a table that cannot be fitted as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gdsolve.data import MOST_LEVELS, ColumnSummary
from gdsolve.spec import Categorical, Loss, Missing, Spec
from gdsolve.spec.command import Command

MOST_TARGETS = 3
Columns = Sequence[ColumnSummary]
Changes = dict[str, Any]


def remedies(command: Command, spec: Spec, columns: Columns) -> tuple[str, ...]:
    """Fits of the same table without what stands in their way; none where no option is known to help."""
    found: list[Changes] = []
    weights = [column for column in columns if column.role == "weight"]
    if all(map(_has_numbers, weights)):
        for retarget, target, beside in _targets(spec, columns):
            left_out, features = _usable(spec, beside)
            for encode, encoded in _texts(spec, features):
                change = retarget | left_out | encode
                if encoded:
                    gaps = _gaps(spec, [target, *weights], encoded, changed=bool(change))
                    found += [change | gap for gap in gaps]
    return tuple(command.but("fit", **change) for change in found if change)


def _is_text(column: ColumnSummary) -> bool:
    return column.type in ("text", "date")


def _is_broken(column: ColumnSummary) -> bool:
    """True where no option makes anything of the column, or it cannot be meant."""
    return column.empty or column.unusable > 0 or column.type == "nested" or column.unclear


def _has_numbers(column: ColumnSummary) -> bool:
    return not _is_text(column) and not _is_broken(column)


def _targets(spec: Spec, columns: Columns) -> Iterator[tuple[Changes, ColumnSummary, Columns]]:
    """The target where it can be one, else others: what changes, the target, and the columns that may explain it."""
    target = next(column for column in columns if column.role == "target")
    features = [column for column in columns if column.role == "feature"]
    classes = spec.loss is Loss.LOGISTIC and _is_text(target) and target.levels == 2
    if classes or _has_numbers(target):
        yield {}, target, features
        return
    # Features that were asked for by name stay features, and what was to be ignored stays so.
    free = features if not spec.features else [column for column in columns if column.role == "ignored"]
    others = [] if spec.features and spec.ignore else [column for column in free if _has_numbers(column)]
    for other in others[:MOST_TARGETS]:
        beside = features if spec.features else [column for column in (*features, target) if column is not other]
        yield {"target": other.name}, other, beside


def _usable(spec: Spec, features: Columns) -> tuple[Changes, Columns]:
    """How features that cannot be used are left out, and those that are left."""
    left = [column for column in features if not _is_broken(column) and column.role != "target"]
    names = [column.name for column in features if column not in left]
    if not names:
        return {}, left
    if spec.features:
        return {"features": tuple(column.name for column in left)}, left
    return {"ignore": (*spec.ignore, *names)}, left


def _texts(spec: Spec, features: Columns) -> Iterator[tuple[Changes, Columns]]:
    """What can be done about columns of text, and the features that are used then."""
    texts = [column for column in features if _is_text(column)]
    if not texts or spec.categorical is not Categorical.ERROR:
        yield {}, features
        return
    if all((column.levels or 0) <= MOST_LEVELS for column in texts):
        yield {"categorical": Categorical.ONEHOT}, features
    yield {"categorical": Categorical.IGNORE}, [column for column in features if not _is_text(column)]


def _gaps(spec: Spec, others: Columns, features: Columns, *, changed: bool) -> Iterator[Changes]:
    """What can be done about missing cells that has not been asked for already; `others` are target and weight."""
    ways: tuple[Missing, ...] = (Missing.DROP, Missing.MEAN)
    if any(column.missing for column in others) or any(column.missing for column in features if _is_text(column)):
        # A target, a weight and a text have no mean to fill in.
        ways = (Missing.DROP,)
    elif not any(column.missing for column in features):
        ways = ()
    if not ways or (changed and spec.na in ways):
        yield {}
        return
    yield from ({"na": way} for way in ways if way is not spec.na)
