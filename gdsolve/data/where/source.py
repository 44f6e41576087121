"""A source of which a condition leaves rows out: whoever reads it sees the rows that satisfy it, and no others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from gdsolve.data.extent import Extent
from gdsolve.data.literal import literals
from gdsolve.data.scan import first_line, rows_of
from gdsolve.data.source import OVERFLOW, InnerPart, Part, Source
from gdsolve.data.where.cells import SeenColumn, what_stands
from gdsolve.data.where.sql import Condition, fault
from gdsolve.data.wrapped import WrappedSource
from gdsolve.spec.missing import missing_flag
from gdsolve.spec.option import shell_word
from gdsolve.status import DataError

# Rows that columns are judged by; where fewer satisfy the condition at the beginning, more of the file is read.
_LEAST = 20


@dataclass(slots=True, eq=False)
class SiftedPart(InnerPart):
    """A part of the source within, and which of its rows, (rows,), satisfy the condition, once they were looked at.

    `counts` are those of the pass that the part belongs to: rows, and rows that satisfy, part by part.
    """

    counts: list[tuple[int, int]]
    kept: np.ndarray | None = None


@dataclass(slots=True, eq=False)
class LastPass:
    """What the last pass over a whole source has counted; None before one."""

    counts: list[tuple[int, int]] | None = None


@dataclass(frozen=True, slots=True)
class SiftedSource(WrappedSource):
    """The rows of the source within that satisfy a `condition`, an `expression` of the `seen` columns.

    Records count the rows that satisfy; rows and lines in messages are those of the file. `given` are the values of
    `--na-values`, for hints.
    """

    condition: Condition = field(kw_only=True)
    expression: pl.Expr = field(kw_only=True, compare=False)
    seen: tuple[SeenColumn, ...] = field(kw_only=True)
    given: tuple[str, ...] = ()
    last: LastPass = field(default_factory=LastPass, compare=False)

    @property
    def before(self) -> int:
        """Rows that satisfy the condition, of those of the file that come before those that are read."""
        first = self.inner.before
        if not first:
            return 0
        ahead = replace(self, rows=(0, first), last=LastPass())
        return sum(frame.height for frame in ahead.raw(self.condition.columns))

    @property
    def counts(self) -> tuple[int, int] | None:
        """Rows of the file, and those that satisfy, as the last pass has met them."""
        found = self.last.counts
        return None if found is None else (sum(rows for rows, _ in found), sum(kept for _, kept in found))

    def parts(self, columns: Collection[str]) -> Iterator[Part]:
        """Give the parts of the source within, with the columns that the condition reads."""
        counts: list[tuple[int, int]] = []
        for part in self.inner.parts(self._with_own(columns)):
            yield SiftedPart(part, counts)
        self.last.counts = counts

    def scan(self, part: Part, columns: Collection[str]) -> pl.LazyFrame:
        """Scan the rows that satisfy the condition."""
        sifted = _sifted(part)
        wanted = [*columns] if sifted.kept is not None else self._with_own(columns)
        frame = rows_of(self.inner.scan(sifted.part, wanted))
        kept = self._kept(sifted, frame)
        shown = [*columns, *([OVERFLOW] if OVERFLOW in frame.columns else [])]
        return frame.select(literals(shown)).filter(kept).lazy()

    def plain_cells_of(
        self, part: Part, numbers: Sequence[str], texts: Sequence[str], raw: Sequence[str] = ()
    ) -> pl.LazyFrame | None:
        """Have the source within parse plain numbers, those of the condition among them, and leave rows out."""
        sifted, inner = _sifted(part), self.inner
        of_number = [one.name for one in self.seen if one.dtype == pl.Float64]
        others = [one.name for one in self.seen if one.name not in of_number]
        # Of one scan a column is either a number or a text.
        apart = not set(of_number).isdisjoint({*texts, *raw}) or not set(others).isdisjoint(numbers)
        read = list(dict.fromkeys([*numbers, *([] if apart else of_number)]))
        written = list(dict.fromkeys([*raw, *(() if apart else (name for name in others if name not in texts))]))
        plain = inner.plain_cells_of(sifted.part, read, texts, written)
        if plain is None:
            return None
        frame = rows_of(plain)
        if frame.height and (lost := inner.rows_lost(sifted.part, numbers, frame)):
            raise lost
        if apart or not all(_is_whole(inner, frame[name]) for name in of_number):
            kept = self.kept_of(sifted)
        else:
            kept = self._kept(sifted, frame)
        shown = [*numbers, *texts, *raw, *([OVERFLOW] if OVERFLOW in frame.columns else [])]
        return frame.select(literals(shown)).filter(kept).lazy()

    def rows_lost(self, part: Part, numbers: Sequence[str], frame: pl.DataFrame) -> DataError | None:
        """Found before rows are left out."""
        return None

    def blank_lines(self, part: Part, empty: np.ndarray) -> np.ndarray:
        """Blank lines are left out already."""
        return np.zeros_like(empty)

    def short_records(self, part: Part) -> np.ndarray:
        """The indices of such records among those that satisfy the condition."""
        sifted = _sifted(part)
        short = self.inner.short_records(sifted.part)
        kept = self.kept_of(sifted)
        return np.asarray(np.cumsum(kept)[short[kept[short]]] - 1)

    def sample(self) -> pl.DataFrame:
        """Read the first rows that satisfy the condition, some thousand cells where they stand at the beginning."""
        inner = self.inner
        first = inner.sample()
        names = [*self.schema, *([OVERFLOW] if OVERFLOW in first.columns else [])]
        readable = [name for name in names if name in first.columns]
        found = first.select(literals(readable)).filter(self._satisfied(first)[0])
        if inner.file.complete or found.height >= _LEAST or not first.height:
            return found
        heads, height = [], 0
        wanted = [name for name in readable if name != OVERFLOW]
        for frame in replace(self, last=LastPass()).raw(wanted):
            heads.append(frame.head(max(100, first.height)))
            height += frame.height
            if height >= _LEAST:
                break
        return pl.concat(heads, how="vertical_relaxed") if heads else found

    def positions(self, records: Iterable[int]) -> dict[int, tuple[int, int | None]]:
        """Find out, in one more pass, which records of the file those are."""
        wanted = np.unique(np.fromiter((int(record) for record in records), np.int64))
        # Records count from the first row of the file that satisfies, whichever rows are read here.
        inner, columns = replace(self.inner, rows=None), list(self.condition.columns)
        if not wanted.size:
            return {}
        done = passed = 0
        at: dict[int, int] = {}
        for part in inner.parts(columns):
            frame = rows_of(inner.scan(part, columns))
            kept = np.flatnonzero(self._kept(SiftedPart(part, []), frame))
            here = wanted[(wanted >= done) & (wanted < done + kept.size)]
            at |= dict(zip(here.tolist(), (passed + kept[here - done]).tolist(), strict=True))
            done, passed = done + kept.size, passed + frame.height
            if done > wanted[-1]:
                break
        found = inner.positions(at.values())
        return {record: found[there] for record, there in at.items()}

    def extent(self) -> Extent | None:
        """The rows that satisfy the condition are judged by the first ones of the file."""
        whole = self.inner.extent()
        if whole is None:
            return None
        first = self.inner.sample()
        share = float(self._satisfied(first)[0].mean()) if first.height else 1.0
        return Extent(whole.bytes, max(1.0, whole.rows * share), exact=False)

    def unreadable(self, done: int, error: Exception, part: Part | None = None) -> DataError:
        """Say of the source within that it breaks off; how many rows of it were read is not known here."""
        return self.inner.unreadable(0, error)

    def without_rows(self) -> DataError:
        """Say that no row satisfies the condition, and what there is in its columns instead."""
        met = [what_stands(one) for one in self.seen]
        inner, columns = replace(self.inner, rows=None), list(self.condition.columns)
        for frame in inner.raw(columns):
            for one in met:
                one.add(one.column.of(frame[one.column.name], inner.cells, typed=inner.typed)[0])
        told = [one.told() for one in met]
        return DataError(
            f"{self.name}: no row satisfies --where {shell_word(self.condition.text)}",
            f"change the condition: {'; '.join(told)}",
        )

    def _with_own(self, columns: Collection[str]) -> list[str]:
        return list(dict.fromkeys([*columns, *self.condition.columns]))

    def kept_of(self, part: Part) -> np.ndarray:
        """Which rows of a part satisfy the condition, (rows,)."""
        sifted = _sifted(part)
        if sifted.kept is not None:
            return sifted.kept
        inner = self.inner
        return self._kept(sifted, rows_of(inner.scan(sifted.part, list(self.condition.columns))))

    def _kept(self, sifted: SiftedPart, frame: pl.DataFrame) -> np.ndarray:
        """The same, told by cells as the source within gives them; the rows of a part are counted once."""
        if sifted.kept is None:
            kept, empty = self._satisfied(frame)
            blank = self.inner.blank_lines(sifted.part, empty) if empty.any() else empty
            sifted.kept = kept & ~blank
            sifted.counts.append((frame.height - int(blank.sum()), int(sifted.kept.sum())))
        return sifted.kept

    def _satisfied(self, frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Which rows satisfy the condition, and in which all of its cells are missing: both (rows,).

        Raises:
            DataError: a cell that is not what its column holds, or that the condition has no value for.
        """
        inner, cells = self.inner, []
        for one in self.seen:
            found, bad = one.of(frame[one.name], inner.cells, typed=inner.typed)
            if bad is not None:
                raise self._bad_cell(one)
            cells.append(found.alias(one.name))
        table = pl.DataFrame(cells)
        try:
            true = table.lazy().select(self.expression).collect().to_series().alias("").fill_null(value=False)
        except pl.exceptions.PolarsError as error:
            raise fault(
                f"cannot be told of all rows of {self.name} ({first_line(error)})",
                "try_cast(x as double) is null where cast(x as double) fails",
            ) from None
        empty = np.asarray(table.select(pl.all_horizontal(pl.all().is_null())).to_series().to_numpy())
        return np.asarray(true.to_numpy()), empty

    def _bad_cell(self, column: SeenColumn) -> DataError:
        """Name the first cell of a column that is not what the others are."""
        inner = replace(self.inner, rows=None)
        done = 0
        for frame in inner.raw([column.name]):
            _, bad = column.of(frame[column.name], inner.cells, typed=inner.typed)
            if bad is not None:
                row = int(bad.argmax())
                cell = str(frame[column.name].cast(pl.String)[row] or "").strip()
                return _not_of_kind(inner.where(done + row, column.name), cell, column, self.given)
            done += frame.height
        return DataError(f"{self.name}: was changed while it was read", "read a copy of it")


def _not_of_kind(at: str, cell: str, column: SeenColumn, given: Sequence[str]) -> DataError:
    words = {"number": "a number", "boolean": "true or false", "date": "a date"}[column.kind.value]
    shown = repr(cell if len(cell) <= 40 else cell[:40] + "…")
    remedy = "write the cell anew, or leave it empty"
    if "," not in cell and len(cell) <= 40:
        remedy = f"{missing_flag(given, cell)} if it means missing"
    return DataError(f"{at}: {shown} is not {words}, and --where reads this column", remedy)


def _is_whole(inner: Source, column: pl.Series) -> bool:
    """True where all cells of a column that was parsed the fast way are there."""
    return not column.null_count() and not inner.cells.hides_missing(column)


def _sifted(part: Part) -> SiftedPart:
    if not isinstance(part, SiftedPart):
        raise TypeError(type(part))
    return part
