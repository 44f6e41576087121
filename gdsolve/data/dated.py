"""`--dates`: a source whose columns of dates and times are read as numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from gdsolve.data.cells import ColumnKind
from gdsolve.data.columns import columns_in
from gdsolve.data.dated_columns import DatedColumns, Held
from gdsolve.data.dates import TIME_OF_DAY, moments
from gdsolve.data.first_rows import first_rows, kinds_in
from gdsolve.data.literal import literals
from gdsolve.data.scan import rows_of
from gdsolve.data.source import OVERFLOW, Part, Source
from gdsolve.data.wrapped import WrappedSource
from gdsolve.ranks import ALONE, Ranks
from gdsolve.spec import Spec
from gdsolve.spec.choices import Dates
from gdsolve.status import DataError


@dataclass(frozen=True, slots=True)
class DatedSource(WrappedSource):
    """The source within, its columns of dates as numbers; a cell that is no date is +∞ there."""

    dated: DatedColumns = field(kw_only=True)

    @property
    def dates(self) -> DatedColumns:
        """The columns that are read as numbers."""
        return self.dated

    @property
    def written(self) -> Source:
        """The source within."""
        return replace(self.inner, near=self.near)

    def as_read(self, raw: pl.DataFrame) -> pl.DataFrame:
        """Make numbers of the cells as they are written."""
        return raw.with_columns(self.dated.read(raw[name], self.cells) for name in self._here(raw.columns))

    def _here(self, columns: Collection[str]) -> list[str]:
        return [name for name in columns if name in self.dated.columns]

    def scan(self, part: Part, columns: Collection[str]) -> pl.LazyFrame:
        """Scan the source within, and make numbers of dates."""
        scanned = self.inner.scan(part, columns)
        if not self._here(columns):
            return scanned
        return self.as_read(rows_of(scanned)).lazy()

    def sample(self) -> pl.DataFrame:
        """The first rows of the source within."""
        return self.as_read(self.inner.sample())

    def raw_type(self, column: str) -> pl.DataType:
        """Dates are numbers."""
        return pl.Float64() if column in self.dated.columns else self.inside.raw_type(column)

    def quick_numbers(self, raw: pl.DataFrame, numbers: Sequence[str]) -> dict[str, pl.Series]:
        """Dates are numbers already, whichever numbers mean that a cell is missing."""
        mine = {name: raw[name] for name in numbers if name in self.dated.columns}
        return mine | self.inner.quick_numbers(raw, [name for name in numbers if name not in mine])

    def plain_cells_of(
        self, part: Part, numbers: Sequence[str], texts: Sequence[str], raw: Sequence[str] = ()
    ) -> pl.LazyFrame | None:
        """Read dates as they are written beside plain numbers."""
        mine = self._here(numbers)
        others = [name for name in numbers if name not in mine]
        written = list(dict.fromkeys([*raw, *mine]))
        plain = self.inner.plain_cells_of(part, others, texts, written) if mine else None
        if plain is None:
            return None if mine else self.inner.plain_cells_of(part, numbers, texts, raw)
        frame = rows_of(plain)
        if frame.height and (lost := self.inner.rows_lost(part, others, frame)):
            raise lost
        shown = [*numbers, *texts, *raw, *([OVERFLOW] if OVERFLOW in frame.columns else [])]
        return self.as_read(frame).select(literals(shown)).lazy()

    def rows_lost(self, part: Part, numbers: Sequence[str], frame: pl.DataFrame) -> DataError | None:
        """Found before dates become numbers."""
        return None if self._here(numbers) else self.inner.rows_lost(part, numbers, frame)


def with_dates(
    opened: Sequence[Source], spec: Spec, ranks: Ranks = ALONE, known: DatedColumns | None = None
) -> tuple[Source, ...]:
    """Give open files, those of this rank, with the columns of dates as numbers that the spec asks for, if it does.

    `known` are those of a model.

    Raises:
        DataError: a file that cannot be read.
    """
    if known is None and spec.dates is not Dates.ERROR:
        looked = first_rows(opened) if opened else None
        told = [found for found in ranks.gather(None if looked is None else _held(*looked, spec)) if found is not None]
        known = DatedColumns(spec.dates, told[0], spec.date_format) if told and told[0] else None
    if known is None:
        return tuple(opened)
    return tuple(_dated(source, known) for source in opened)


def _dated(source: Source, dated: DatedColumns) -> DatedSource:
    numbers = {name: pl.Float64() for name in dated.columns if name in source.schema}
    return DatedSource(
        source.file,
        source.headers,
        {**source.schema, **numbers},
        source.cells,
        source.rows,
        None,
        source.faults,
        source.number,
        inside=source,
        dated=dated,
    )


def _held(source: Source, sample: pl.DataFrame, spec: Spec) -> dict[str, Held]:
    """The columns of dates, by the first rows; those that tell groups, folds and clusters apart stay as they are."""
    groups = columns_in("group_by", spec.group_by, list(source.schema), source.name)
    apart = {*groups, spec.cv_by, spec.errors.cluster}
    found: dict[str, Held] = {}
    for name, kind in kinds_in(source, sample).items():
        if name in apart or name in source.faults:
            continue
        held = _held_by(source, sample[name], kind, spec)
        if held is not None and not (held is Held.DURATION and spec.dates is Dates.YEAR):
            found[name] = held
    return found


def _held_by(source: Source, cells: pl.Series, kind: ColumnKind, spec: Spec) -> Held | None:
    dtype = source.schema[cells.name]
    if dtype in (pl.Duration, pl.Time):
        return Held.DURATION
    if dtype.is_temporal():
        return Held.DATE
    if kind not in (ColumnKind.DATE, ColumnKind.TEXT) and (spec.date_format is None or cells.dtype != pl.String):
        return None
    texts = cells.to_frame().select(source.cells.text(cells.name, cells.dtype)).to_series().alias("").drop_nulls()
    parsed = moments(texts, spec.date_format).drop_nulls().len()
    if kind is ColumnKind.DATE:
        return Held.DURATION if texts.str.contains(TIME_OF_DAY).all() and texts.len() else Held.DATE
    # Numbers are dates where a form was told in which every one of them is written.
    enough = 2 * parsed >= texts.len() if kind is ColumnKind.TEXT else parsed == texts.len()
    return Held.DATE if parsed and enough else None
