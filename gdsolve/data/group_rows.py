"""The rows of a table in memory, group by group: each group a table of its own, as if it had been read alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from gdsolve.data.batch import Batch, Tally
from gdsolve.data.columns import Roles
from gdsolve.data.extent import RowCount
from gdsolve.data.folds import Dealing
from gdsolve.data.group_keys import Key, text_of
from gdsolve.data.groups import Groups
from gdsolve.data.table import Table
from gdsolve.data.targets import require_classes, two_levels
from gdsolve.spec import Spec
from gdsolve.spec.losses import Target


@dataclass(frozen=True, slots=True)
class GroupRows:
    """All rows that are used, those of a group side by side: group g has `starts[g]` to `starts[g + 1]`.

    `rows` has what a batch has of them; their folds are numbers yet to be dealt.
    """

    table: Table
    groups: Groups
    rows: Batch
    starts: np.ndarray

    @classmethod
    def read(cls, table: Table, grow: Callable[[int, int], None]) -> GroupRows:
        """Read a table; `grow` is told of so many rows before more are kept.

        Raises:
            DataError: a table that cannot be read, or has no rows; what `grow` raises.
        """
        batches: list[Batch] = []
        held = 0
        for batch in table.batches():
            grow(held, held + len(batch.values))
            batches.append(batch)
            held += len(batch.values)
        codes = _joined([batch.group for batch in batches])
        if codes is None:
            codes = np.zeros(0, dtype=np.int64)
        order = np.argsort(codes, kind="stable")
        counts = np.bincount(codes, minlength=len(table.groups.values))
        starts = np.concatenate([[0], np.cumsum(counts)])
        return cls(table, table.groups, _sorted(batches, order, len(table.roles.design) + 1), starts)

    def height(self, code: int) -> int:
        """How many rows a group has."""
        return int(self.starts[code + 1] - self.starts[code])

    def table_of(self, code: int, key: Key, spec: Spec) -> Table:
        """The rows of one group as a table.

        Raises:
            DataError: a target of text of which the group has too few classes.
        """
        rows = self._rows_of(code, spec)
        whole, groups = self.table, self.groups
        name = f"{whole.name}, group {text_of(key)}"
        roles, rows = _with_own_classes(replace(whole.roles, group=()), rows, spec, name)
        clusters = 0 if rows.cluster is None else int(rows.cluster.max(initial=-1)) + 1

        def read(tally: Tally) -> Iterator[Batch]:
            tally.dropped, tally.filled = groups.dropped.get(code, 0), groups.filled.get(code, 0)
            tally.clusters.stand_for(clusters)
            tally.take(rows)
            yield rows

        count = RowCount(len(rows.values), exact=True)
        marks = whole.marks
        return Table(
            whole.source, roles, read, None, whole.has_header, lambda: count, marks=marks, name=name, small=True
        )

    def _rows_of(self, code: int, spec: Spec) -> Batch:
        part, rows = slice(self.starts[code], self.starts[code + 1]), self.rows
        # In the order in which a table gives its numbers: sums are then the same to the last bit.
        values = np.asfortranarray(rows.values[part])
        weight, fold, cluster, offset = (
            None if one is None else one[part] for one in (rows.weight, rows.fold, rows.cluster, rows.offset)
        )
        if spec.is_dealt and fold is not None:
            fold = Dealing.of_spec(spec).of(_renumbered(fold) if spec.cv_by is not None else fold)
        if cluster is not None:
            cluster = _clusters(cluster, weight)
        return Batch(values, weight, None, fold, cluster, offset)


def _sorted(batches: list[Batch], order: np.ndarray, width: int) -> Batch:
    """The rows of all batches in this order; the batches are gone then."""
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    values = np.empty((len(order), width))
    beside = (
        _joined([one.weight for one in batches]),
        _joined([one.fold for one in batches]),
        _joined([one.cluster for one in batches]),
        _joined([one.offset for one in batches]),
    )
    done = 0
    while batches:
        batch = batches.pop(0)
        values[place[done : done + len(batch.values)]] = batch.values
        done += len(batch.values)
    weight, fold, cluster, offset = (None if one is None else one[order] for one in beside)
    return Batch(values, weight, None, fold, cluster, offset)


def _joined(arrays: Iterable[np.ndarray | None]) -> np.ndarray | None:
    there = [array for array in arrays if array is not None]
    return np.concatenate(there) if there else None


def _renumbered(codes: np.ndarray) -> np.ndarray:
    """The same numbers, counted from 0 in the order in which they are met."""
    _, first, found = np.unique(codes, return_index=True, return_inverse=True)
    numbers: np.ndarray = np.argsort(np.argsort(first))[found.reshape(-1)]
    return numbers


def _clusters(codes: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """The clusters of rows by number; a row of weight 0 makes none."""
    found = np.zeros_like(codes)
    there = np.ones(len(codes), dtype=bool) if weight is None else weight > 0.0
    found[there] = _renumbered(codes[there])
    return found


def _with_own_classes(roles: Roles, rows: Batch, spec: Spec, name: str) -> tuple[Roles, Batch]:
    """The rows of a group with a target of text, whose classes are those that it has.

    Raises:
        DataError: too few.
    """
    if roles.target_levels is None:
        return roles, rows
    there = np.unique(rows.values[:, -1])
    levels = tuple(roles.target_levels[int(place)] for place in there)
    if spec.loss.info.target is Target.TWO_CLASSES:
        two_levels(name, roles, levels, spec)
        return roles, rows
    require_classes(f"{name}: column {roles.target!r}, the target ({roles.target_reason}),", levels, spec.loss)
    values = rows.values.copy(order="F")
    values[:, -1] = np.searchsorted(there, values[:, -1])
    return replace(roles, target_levels=levels), replace(rows, values=values)
