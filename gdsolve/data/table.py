"""A table ready to be read: its columns have roles, its rows come in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self

import polars as pl

from gdsolve.data.cells import Kind, kinds_of, plain_columns
from gdsolve.data.columns import Choice, Parts, Roles, assign, build_roles, refuse_unclear, without_texts
from gdsolve.data.diagnose import nested_error, text_error
from gdsolve.data.extent import RowCount, count_rows
from gdsolve.data.groups import Groups
from gdsolve.data.reading import Batch, Reader, Tally, find_levels
from gdsolve.data.records import unreadable
from gdsolve.data.scan import FAULTS
from gdsolve.data.source import Source, open_sources
from gdsolve.data.targets import holds_classes, two_levels
from gdsolve.spec import Categorical, Spec
from gdsolve.status import DataError


class Table:
    """Named columns in their roles, and batches of rows; a context manager that removes temporaries.

    `rows`, `rows_dropped` and `cells_filled` are the counts of the last complete pass, `groups` those that it met;
    `has_header` is False where the first line is data.
    """

    def __init__(
        self,
        source: tuple[str, ...],
        roles: Roles,
        read: Callable[[Tally], Iterator[Batch]],
        temporaries: ExitStack | None = None,
        has_header: bool = True,
        count: Callable[[], RowCount | None] = lambda: None,
    ) -> None:
        self.source = source
        self.roles = roles
        self.has_header = has_header
        self.rows = 0
        self.rows_dropped = 0
        self.cells_filled = 0
        self.groups = Groups()
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
        self.rows, self.rows_dropped, self.cells_filled = tally.rows, tally.dropped, tally.filled
        self.groups = tally.groups

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


def open_table(sources: Sequence[str], spec: Spec) -> Table:
    """Open files as one table and settle the roles of the columns; reads the heads only, unless levels are needed.

    Raises:
        GdsolveError: a flag that names no column.
        DataError: a source or a column that cannot be used.
    """
    stack = ExitStack()
    try:
        return _settle(sources, spec, stack)
    except BaseException:
        stack.close()
        raise


def _settle(sources: Sequence[str], spec: Spec, stack: ExitStack) -> Table:
    opened = open_sources(sources, spec, stack)
    first, names = opened[0], list(opened[0].schema)
    parts = assign(names, spec, first.name, first.has_header)
    refuse_unclear(first.headers, names, parts, spec, first.name)
    sampled, sample = sample_of(opened)
    kinds = kinds_of(sample, sampled.schema, sampled.cells, typed=sampled.dialect is None)
    features = _usable(sampled, sample, kinds, parts, spec)
    texts = [name for name in features if kinds[name] in (Kind.TEXT, Kind.DATE)]
    classes = holds_classes(parts, kinds, spec)
    texts += [parts.target] if classes else []
    numbers = [name for name in (*features, parts.target, parts.weight) if name and name not in texts]
    fast = is_plain(sampled, sample, kinds, numbers)
    levels = find_levels(opened, texts, numbers, parts, spec, fast) if texts else {}
    pair = two_levels(first.name, parts, levels.pop(parts.target)) if classes else None
    roles = replace(build_roles(names, parts, features, levels, not spec.no_intercept, first.name), target_levels=pair)
    return Table(
        tuple(sources),
        roles,
        Reader(opened, roles, spec, fast).batches,
        stack,
        first.has_header,
        partial(count_rows, opened),
    )


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
        choice = choose(names)
        parts = Parts(choice.target, choice.reason, choice.features, spec.weight, frozenset(names))
        sampled, sample = sample_of(opened)
        kinds = kinds_of(sample, sampled.schema, sampled.cells, typed=sampled.dialect is None)
        try:
            _usable(sampled, sample, kinds, parts, spec)
        except DataError as fault:
            raise DataError(fault.message, "a formula takes columns of numbers alone: leave it out") from None
        numbers = [name for name in (*choice.features, choice.target, spec.weight) if name]
        roles = choice.roles(names, spec)
        reader = Reader(opened, roles, spec, is_plain(sampled, sample, kinds, numbers))
        return Table(tuple(sources), roles, reader.batches, stack, opened[0].has_header, partial(count_rows, opened))
    except BaseException:
        stack.close()
        raise


def column_names(sources: Sequence[str], spec: Spec) -> tuple[str, ...]:
    """Give the names of the columns, as flags take them.

    Raises:
        DataError: a source that cannot be read.
    """
    with ExitStack() as stack:
        schema = open_sources(sources, spec, stack)[0].schema
    return tuple(schema)


def sample_of(sources: Sequence[Source]) -> tuple[Source, pl.DataFrame]:
    """Give the first rows, as they are written, of the first source that has any.

    Raises:
        DataError: no source has a row.
    """
    for source in sources:
        try:
            sample = source.sample()
        except FAULTS as error:
            raise unreadable(source.file, 0, error, source.skip) from None
        if sample.height:
            return source, sample
    raise DataError(f"{sources[0].name}: has a header but no rows", "a table needs at least one row of data")


def _usable(
    source: Source, sample: pl.DataFrame, kinds: Mapping[str, Kind], parts: Parts, spec: Spec
) -> tuple[str, ...]:
    features = without_texts(parts, kinds, spec)
    single = [name for name in (parts.target, parts.weight) if name]
    for name in (*features, *single, *([parts.group] if parts.group else [])):
        if kinds[name] is Kind.NESTED:
            raise nested_error(source, name, source.schema[name])
    texts = [name for name in features if kinds[name] in (Kind.TEXT, Kind.DATE)]
    odd = [name for name in single if kinds[name] in (Kind.TEXT, Kind.DATE)]
    if holds_classes(parts, kinds, spec):
        odd.remove(parts.target)
    if odd or (texts and spec.categorical is Categorical.ERROR):
        raise text_error(source, sample, kinds, (odd or texts)[0], texts, parts)
    return features


def is_plain(source: Source, sample: pl.DataFrame, kinds: Mapping[str, Kind], numbers: Sequence[str]) -> bool:
    """Tell whether the sampled cells are such as polars parses by itself: no booleans, blanks or words for missing."""
    if any(kinds[name] is not Kind.NUMBER for name in numbers):
        return False
    if source.dialect is None:
        return all(source.schema[name].is_numeric() for name in numbers)
    return len(plain_columns(sample, numbers, source.cells)) == len(numbers)
