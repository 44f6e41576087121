"""A source that is read through another one: what it does not say of itself, the one within says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from gdsolve.advice import Advice
from gdsolve.data.extent import Extent
from gdsolve.data.shell import FIT
from gdsolve.data.source import Marks, Part, Source
from gdsolve.status import DataError


@dataclass(frozen=True, slots=True)
class WrappedSource(Source):
    """A source with another one `inside` it, the parts of which it gives as they are, or changed."""

    inside: Source = field(kw_only=True)

    @property
    def inner(self) -> Source:
        """The source within, with the cells that count as missing here, and the rows that are read here."""
        return replace(self.inside, cells=self.cells, rows=self.rows, number=self.number)

    def parts(self, columns: Collection[str]) -> Iterator[Part]:
        """Give those of the source within."""
        return self.inner.parts(columns)

    def scan(self, part: Part, columns: Collection[str]) -> pl.LazyFrame:
        """Scan as the source within does."""
        return self.inner.scan(part, columns)

    def sample(self) -> pl.DataFrame:
        """Read the first rows of the source within."""
        return self.inner.sample()

    def positions(self, records: Iterable[int]) -> dict[int, tuple[int, int | None]]:
        """Give rows and lines of the source within."""
        return self.inner.positions(records)

    def told(self, row: int, line: int | None, column: str | None = None) -> str:
        """As the source within."""
        return self.inside.told(row, line, column)

    def extent(self) -> Extent | None:
        """How large the file is."""
        return self.inner.extent()

    @property
    def typed(self) -> bool:
        """As the source within."""
        return self.inside.typed

    @property
    def marks(self) -> Marks:
        """As the source within."""
        return self.inside.marks

    @property
    def row_names(self) -> str | None:
        """As the source within."""
        return self.inside.row_names

    @property
    def has_header(self) -> bool:
        """As the source within."""
        return self.inside.has_header

    @property
    def lasts(self) -> tuple[str, ...] | None:
        """As the source within."""
        return self.inside.lasts

    @property
    def doubts(self) -> Mapping[str, str | None]:
        """As the source within."""
        return self.inside.doubts

    @property
    def remedy(self) -> str:
        """As the source within."""
        return self.inside.remedy

    @property
    def counts(self) -> tuple[int, int] | None:
        """As the source within."""
        return self.inside.counts

    def holds_values(self, column: str) -> bool:
        """As the source within."""
        return self.inside.holds_values(column)

    def raw_type(self, column: str) -> pl.DataType:
        """As the source within."""
        return self.inside.raw_type(column)

    def quick_numbers(self, raw: pl.DataFrame, numbers: Sequence[str]) -> dict[str, pl.Series]:
        """As the source within."""
        return self.inner.quick_numbers(raw, numbers)

    def plain_cells_of(
        self, part: Part, numbers: Sequence[str], texts: Sequence[str], raw: Sequence[str] = ()
    ) -> pl.LazyFrame | None:
        """As the source within."""
        return self.inner.plain_cells_of(part, numbers, texts, raw)

    def rows_lost(self, part: Part, numbers: Sequence[str], frame: pl.DataFrame) -> DataError | None:
        """As the source within."""
        return self.inner.rows_lost(part, numbers, frame)

    def blank_lines(self, part: Part, empty: np.ndarray) -> np.ndarray:
        """As the source within."""
        return self.inner.blank_lines(part, empty)

    def short_records(self, part: Part) -> np.ndarray:
        """As the source within."""
        return self.inner.short_records(part)

    def undecoded(self, raw: pl.DataFrame, columns: Sequence[str]) -> DataError | None:
        """As the source within."""
        return self.inner.undecoded(raw, columns)

    def not_utf8(self, column: str) -> DataError | None:
        """As the source within."""
        return self.inner.not_utf8(column)

    def number_hint(self, cell: str, run: str = FIT) -> Advice | None:
        """As the source within."""
        return self.inner.number_hint(cell, run)

    def overflow_hint(self, run: str = FIT) -> str | Advice:
        """As the source within."""
        return self.inner.overflow_hint(run)

    def fault_within(self, done: int, part: Part | None) -> DataError | None:
        """As the source within."""
        return self.inner.fault_within(done, part)

    def damage(self, where: str, error: Exception) -> DataError:
        """As the source within."""
        return self.inner.damage(where, error)
