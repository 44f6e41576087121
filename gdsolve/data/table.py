"""A table ready to be read: its columns have roles, its rows come in batches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

import polars as pl

from gdsolve.data.ahead import prefetch
from gdsolve.data.batch import Batch, Tally
from gdsolve.data.cells import ColumnKind, kinds_of
from gdsolve.data.columns import (
    Choice,
    Parts,
    Roles,
    assign,
    build_roles,
    cluster_column,
    columns_in,
    columns_used,
    known_column,
    offsets_of,
    without_texts,
)
from gdsolve.data.diagnose import has_overflow, nested_error, overflow_error, text_error
from gdsolve.data.extent import RowCount
from gdsolve.data.first_rows import first_rows, is_plain, kinds_in, nothing_read, sample_of, whole_of
from gdsolve.data.groups import Groups
from gdsolve.data.levels import find_levels, join_levels, join_met, values_met
from gdsolve.data.offsets import offset_columns
from gdsolve.data.opening import open_sources
from gdsolve.data.passes import count_rows
from gdsolve.data.reading import Reader, refuse_nothing
from gdsolve.data.shares import Head, open_share
from gdsolve.data.source import UNMARKED, Marks, Source
from gdsolve.data.targets import class_levels, holds_classes
from gdsolve.data.unclear import refuse_unclear
from gdsolve.data.width import require_width
from gdsolve.ranks import ALONE, Ranks
from gdsolve.spec import Categorical, Missing, Spec
from gdsolve.status import DataError

if TYPE_CHECKING:
    from gdsolve.data.dated_columns import DatedColumns


class Table:
    """Named columns in their roles, and batches of rows; a context manager that removes temporaries.

    `rows`, those of weight 0 among them, `rows_dropped` and `cells_filled` are the counts of the last complete pass,
    `rows_weightless` those of weight 0, and `groups` and `clusters` those that it met; of `rows_read` rows a condition
    has left `rows_filtered` ones out, both 0 without one;
    `dates` are the columns of dates that are used as numbers; `has_header` is False where the first line is data;
    `marks` are those of the first file; `small` is a table that is read at once. Of several ranks each has the batches
    of its share alone, and counts them before they are read; all else is the same on all of them.
    """

    def __init__(
        self,
        source: tuple[str, ...],
        roles: Roles,
        read: Callable[[Tally], Iterator[Batch]],
        temporaries: ExitStack | None = None,
        has_header: bool = True,
        count: Callable[[], RowCount | None] = lambda: None,
        *,
        marks: Marks = UNMARKED,
        ranks: Ranks = ALONE,
        name: str = "inline",
        small: bool = False,
        dates: DatedColumns | None = None,
    ) -> None:
        self.source = source
        self.roles = roles
        self.has_header = has_header
        self.marks = marks
        self.ranks = ranks
        self.name = name
        self.small = small
        self.dates = dates and dates.among(columns_used(roles))
        self.rows = 0
        self.rows_dropped = 0
        self.cells_filled = 0
        self.rows_weightless = 0
        self.rows_read = 0
        self.rows_filtered = 0
        self.comments = 0
        self.clusters = 0
        self.groups = Groups()
        self._tally = Tally()
        self._read = read
        self._count = count
        self._temporaries = temporaries or ExitStack()

    def batches(self) -> Iterator[Batch]:
        """Give the rows in order, batch by batch; every call is a new pass.

        Raises:
            DataError: a cell that cannot be used (file, row, column), or no rows at all.
        """
        tally = Tally()
        yield from self._read(tally)
        # Groups are there as well where no row of theirs could be used.
        if not self.ranks.several and not tally.groups.values:
            refuse_nothing(self.name, self.roles, tally)
        self._tally = tally
        self._tell(tally)
        self.groups = tally.groups

    def ahead(self) -> Iterator[Batch]:
        """Give the same, read ahead in a thread from now on; for a small table a thread costs more than it saves.

        Unless torch is still to be imported, which takes longer than to read it.

        Raises:
            DataError: as `batches`.
        """
        return self.batches() if self.small and "torch" in sys.modules else prefetch(self.batches())

    def complete(self) -> None:
        """Make the counts those of all ranks, each of which has read its share.

        Raises:
            DataError: no rank has found a row.
        """
        if not self.ranks.several:
            return
        tally = sum(self.ranks.gather(self._tally), Tally())
        refuse_nothing(self.name, self.roles, tally)
        self._tell(tally)

    def _tell(self, tally: Tally) -> None:
        self.rows, self.rows_dropped, self.cells_filled = tally.rows, tally.dropped, tally.filled
        self.rows_weightless, self.comments = tally.weightless, tally.comments
        self.rows_read, self.rows_filtered = tally.read, tally.filtered
        self.clusters = len(tally.clusters)

    def where(self, row: int) -> str:
        """Say where a row stands that the last pass gave, counted from 0: `data.csv: row 3 (line 4)`.

        The table is open, and has no groups.
        """
        return self._tally.where(row) if self._tally.stretches else f"{self.name}: row {row + 1}"

    def count(self) -> RowCount | None:
        """Tell how many rows there are without reading them, those with missing cells included; None where unknown."""
        return self._count()

    def close(self) -> None:
        """Remove temporaries."""
        self._temporaries.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_table(
    sources: Sequence[str] | Sequence[Source],
    spec: Spec,
    ranks: Ranks = ALONE,
    parts: Parts | None = None,
    *,
    every_level: bool = False,
) -> Table:
    """Open files as one table and settle the roles of the columns; reads the heads only, unless levels are needed.

    Files that are open already, of one process, are left so when the table is closed. The columns play the `parts`
    that are given, else those that the flags give them; with `every_level` text has a column for each of its levels.

    Raises:
        GdsolveError: a flag that names no column.
        DataError: a source or a column that cannot be used.
    """
    stack = ExitStack()
    try:
        return _settle(sources, spec, stack, ranks, parts, every_level=every_level)
    except BaseException:
        stack.close()
        raise


def _settle(
    sources: Sequence[str] | Sequence[Source],
    spec: Spec,
    stack: ExitStack,
    ranks: Ranks,
    parts: Parts | None,
    *,
    every_level: bool,
) -> Table:
    opened, first = open_share(sources, spec, stack, ranks)
    if spec.formula is not None:
        from gdsolve.data.formula.table import read_for_formula

        reader = read_for_formula(opened, first, spec, ranks)
    else:
        reader = _read_plainly(opened, first, spec, ranks, parts, every_level=every_level)
    return Table(
        tuple(source for source in sources if not isinstance(source, Source)) or tuple(spec.data) or (first.name,),
        reader.roles,
        reader.batches,
        stack,
        first.has_header,
        partial(count_rows, opened),
        marks=first.marks,
        ranks=ranks,
        name=first.name,
        small=all(source.file.small for source in opened),
        dates=first.dates,
    )


def _read_plainly(
    opened: tuple[Source, ...], first: Head, spec: Spec, ranks: Ranks, parts: Parts | None, *, every_level: bool
) -> Reader:
    """What reads files in the roles that the flags give their columns."""
    names = list(first.names)
    parts = parts or assign(names, spec, first.name, first.has_header, first.row_names)
    refuse_unclear(first.headers, names, parts, spec, first.name)
    refuse_unsettled_target(first, parts.target, spec)
    require_width(first.name, opened, len(names), len(parts.features))
    looked = first_rows(opened)
    # The first rows of the table say what its columns hold, whichever rank has them.
    judged = ranks.gather(looked and kinds_in(*looked))
    judge = next((rank for rank, found in enumerate(judged) if found), None)
    kinds = None if judge is None else judged[judge]
    if kinds is None:
        raise nothing_read(opened, ranks)
    features = without_texts(parts, kinds, spec)
    if looked and judge == ranks.rank:
        features = _usable(*looked, kinds, parts, spec)
    texts = [name for name in features if kinds[name] in (ColumnKind.TEXT, ColumnKind.DATE)]
    classes = holds_classes(parts, kinds, spec)
    texts += [parts.target] if classes else []
    single = (parts.target, parts.weight, *offset_columns(parts))
    numbers = [name for name in dict.fromkeys((*features, *single)) if name and name not in texts]
    fast = looked is not None and is_plain(*looked, kinds, numbers)
    levels: dict[str, tuple[str, ...]] = {}
    if texts:
        found = ranks.gather(find_levels(opened, texts, numbers, parts, spec, fast))
        levels = join_levels(found, first.name, parts)
    pair = class_levels(first.name, parts, levels.pop(parts.target), spec) if classes else None
    roles = build_roles(names, parts, features, levels, not spec.no_intercept, first.name, every_level=every_level)
    roles = replace(roles, target_levels=pair)
    met = join_met(ranks.gather(values_met(opened, parts.together))) if ranks.several and parts.together else ()
    reader = Reader(opened, roles, spec, fast, first.name, whole_of(opened, looked), met)
    if ranks.several and spec.na is Missing.MEAN:
        reader.fill_with(ranks.gather(reader.sums()))
    return reader


def open_columns(sources: Sequence[str], spec: Spec, choose: Callable[[Sequence[str]], Choice]) -> Table:
    """Open files as one table of numbers, of the columns that `choose` picks from their names.

    Raises:
        GdsolveError: whatever `choose` raises.
        DataError: a source or a column that cannot be used.
    """
    stack = ExitStack()
    try:
        opened = open_sources(sources, spec, stack)
        names = list(opened[0].schema)
        group = columns_in("group_by", spec.group_by, names, opened[0].name)
        choice = choose([name for name in names if name != opened[0].row_names and name not in group])
        cluster = cluster_column(names, spec, opened[0].name)
        offset, exposure = offsets_of(names, spec, opened[0].name)
        refuse_unsettled_target(Head.of(opened[0]), choice.target, spec)
        parts = Parts(
            choice.target,
            choice.reason,
            choice.features,
            spec.weight_column,
            frozenset(names),
            group,
            known_column("cv_by", spec.cv_by.strip(), names, opened[0].name) if group and spec.cv_by else None,
            cluster,
            offset=offset,
            exposure=exposure,
        )
        sampled, sample = sample_of(opened)
        kinds = kinds_of(sample, sampled.schema, sampled.cells, typed=sampled.typed)
        try:
            _usable(sampled, sample, kinds, parts, spec)
        except DataError as fault:
            raise fault.but(hint="a formula takes columns of numbers alone: leave it out") from None
        # A formula may use the column of its weights.
        single = (choice.target, spec.weight_column, *offset_columns(parts))
        numbers = [name for name in dict.fromkeys((*choice.features, *single)) if name]
        left = [name for name in names if name not in (*parts.group, parts.together)]
        roles = replace(choice.roles(left, spec), group=parts.group, together=parts.together)
        first = opened[0]
        reader = Reader(opened, roles, spec, is_plain(sampled, sample, kinds, numbers), first.name)
        count = partial(count_rows, opened)
        small = all(source.file.small for source in opened)
        return Table(
            tuple(sources),
            roles,
            reader.batches,
            stack,
            first.has_header,
            count,
            marks=first.marks,
            name=first.name,
            small=small,
            dates=first.dates,
        )
    except BaseException:
        stack.close()
        raise


def columns_and_numbers(sources: Sequence[str], spec: Spec) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the names of all columns, and those of numbers among them as far as the first rows show.

    Raises:
        DataError: a source that cannot be read, or has no rows.
    """
    with ExitStack() as stack:
        source, sample = sample_of(open_sources(sources, spec, stack))
        kinds = kinds_in(source, sample)
        numbers = tuple(name for name, kind in kinds.items() if kind in (ColumnKind.NUMBER, ColumnKind.BOOLEAN))
        return tuple(kinds), numbers


def refuse_unsettled_target(first: Head, target: str, spec: Spec) -> None:
    """Refuse the last column as the target where that depends on which object of NDJSON comes first.

    Raises:
        DataError: naming the flag that settles it.
    """
    if spec.target is None and target != "y" and first.lasts is not None and target not in first.lasts:
        listed = ", ".join(first.names[:8]) + (", …" if len(first.names) > 8 else "")
        raise DataError(
            f"{first.name}: its objects differ in their last key, so that none is the target by itself",
            f"--target COLUMN; columns: {listed}",
        )


def _usable(
    source: Source, sample: pl.DataFrame, kinds: Mapping[str, ColumnKind], parts: Parts, spec: Spec
) -> tuple[str, ...]:
    features = without_texts(parts, kinds, spec)
    single = [name for name in (parts.target, parts.weight, *offset_columns(parts)) if name]
    for name in (*features, *single, *(name for name in (*parts.group, parts.together, parts.cluster) if name)):
        if kinds[name] is ColumnKind.NESTED:
            raise nested_error(source, kinds, name, parts, spec)
    texts = [name for name in features if kinds[name] in (ColumnKind.TEXT, ColumnKind.DATE)]
    odd = [name for name in single if kinds[name] in (ColumnKind.TEXT, ColumnKind.DATE)]
    if holds_classes(parts, kinds, spec):
        odd.remove(parts.target)
    if odd or (texts and spec.categorical is Categorical.ERROR):
        if has_overflow(sample.head(1)):
            # Whatever stands in it is in the wrong column.
            raise overflow_error(source, source.before)
        raise text_error(source, sample, kinds, (odd or texts)[0], texts, parts, spec=spec)
    return features
