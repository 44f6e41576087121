"""Rows that are copied to a temporary file in batches, and read from there: those of a query, or of a sheet.

A pass over the copy costs no query, and all passes see the same rows, whatever becomes of the database meanwhile. Each
batch is a stream of Arrow, one after the other; where they begin is kept in memory, 24 bytes for some thousand rows.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import polars as pl

from gdsolve.data.copying import copying
from gdsolve.data.file import File, Stamp
from gdsolve.data.formats.typed import StoredColumn, TypedSource, batch_height, open_typed
from gdsolve.data.literal import chosen
from gdsolve.data.literal import column as literal_column
from gdsolve.data.source import CUT_SHORT
from gdsolve.data.spool import shortage_told, temporary
from gdsolve.signals import let_interrupts_through
from gdsolve.spec import Spec


class _Batch(NamedTuple):
    """A batch in the copy: its first byte, its bytes, and its rows."""

    start: int
    size: int
    rows: int


@dataclass(frozen=True, slots=True)
class CopiedRows:
    """Reads the rows of a copy: see `gdsolve.data.formats.typed.TypedReader`."""

    columns: tuple[StoredColumn, ...]
    batches: tuple[_Batch, ...]

    @property
    def remedy(self) -> str:
        """What to do about a copy that breaks off."""
        return CUT_SHORT

    def columns_of(self, path: str) -> list[StoredColumn]:
        """Give the columns of the query, in its order; several may have one name."""
        return list(self.columns)

    def batches_of(
        self,
        path: str,
        columns: Sequence[str],
        rows: tuple[int, int] | None = None,
        *,
        names: Sequence[str] = (),
        height: int | None = None,
    ) -> Iterator[pl.DataFrame]:
        """Give columns in batches; batches of the copy without any of the `rows` are left unread."""
        there = list(names or [one.key for one in self.columns])
        places = [there.index(name) for name in columns]
        named = [literal_column(str(place)).alias(name) for place, name in zip(places, columns, strict=True)]
        read = [str(place) for place in sorted(set(places)) or [0]]
        size = height or batch_height(len(columns))
        skip, left = rows or (0, self.rows_in(path))
        with Path(path).open("rb") as file:
            for batch in self.batches:
                if skip >= batch.rows:
                    skip -= batch.rows
                    continue
                file.seek(batch.start)
                frame = pl.read_ipc_stream(file.read(batch.size), columns=read).slice(skip, left)
                skip, left = 0, left - frame.height
                yield from frame.select(chosen(named)).iter_slices(size)
                if not left:
                    return

    def rows_in(self, path: str) -> int:
        """Give the number of rows of the copy."""
        return sum(batch.rows for batch in self.batches)


class RowsCopy:
    """A temporary file for rows, which lives until a stack is closed; how far it has come is told under a `title`.

    Raises:
        DataError: there is no room for it.
    """

    def __init__(self, file: File, stack: ExitStack, title: str = "querying") -> None:
        self._file = file
        self._title = title
        let_interrupts_through()
        self._stream, self._path = temporary(file.name, stack)

    def fill(
        self, columns: Sequence[StoredColumn], frames: Iterable[pl.DataFrame], spec: Spec, *, loose: bool = False
    ) -> TypedSource:
        """Write rows in place of what was written before, and open them; each frame calls the columns by
        their places, from 0.

        Raises:
            DataError: there is no room for them, or there are no columns.
        """
        batches = list[_Batch]()
        start = 0
        with shortage_told(self._file.name):
            self._stream.seek(0)
            self._stream.truncate()
        with copying(self._title, None) as reach:
            for frame in frames:
                written = io.BytesIO()
                frame.write_ipc_stream(written)
                with shortage_told(self._file.name):
                    rest = written.getbuffer()
                    while rest:
                        rest = rest[self._stream.write(rest) :]
                batches.append(_Batch(start, written.tell(), frame.height))
                start += written.tell()
                reach(start)
        copy = replace(self._file, path=self._path, stamp=Stamp.of(self._path))
        return open_typed(CopiedRows(tuple(columns), tuple(batches)), copy, spec, loose=loose)
