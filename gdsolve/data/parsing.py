"""One pass over a source: parts -> cells as numbers and texts, by the way that works."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from gdsolve.data.file import watched
from gdsolve.data.literal import nameless
from gdsolve.data.parallel import in_order
from gdsolve.data.scan import FAULTS, rows_of
from gdsolve.data.source import OVERFLOW, Part, Source


def read_cells(
    source: Source,
    numbers: Sequence[str],
    texts: Sequence[str],
    fast: bool,
    raw: Sequence[str] = (),
    whole: pl.DataFrame | None = None,
) -> Iterator[tuple[Part, int, pl.DataFrame]]:
    """Give (part, index of its first record, its columns as numbers and texts) in order, by the way that works.

    Those that are `raw` are texts as they are written, or trimmed as the others are: either way the same, trimmed.
    `whole` are all rows of a small file, where they have been scanned before.

    Raises:
        DataError: a file that is damaged.
    """
    done = source.before
    parse = _Parser(source, numbers, texts, raw, not (fast and numbers), whole)
    parts = source.parts([*numbers, *texts, *raw])
    with watched(source.file):
        try:
            for part, frame in in_order(parts, parse, alone=source.file.complete):
                if isinstance(frame, Exception):
                    raise source.unreadable(done, frame, part)
                if frame.height:
                    if lost := source.rows_lost(part, numbers, frame):
                        raise lost
                    yield part, done, frame
                done += frame.height
        except FAULTS as error:
            raise source.unreadable(done, error) from None


@dataclass(slots=True)
class _Parser:
    """Parses parts the fast way, until one has a cell that is missing or no plain number; from there on carefully."""

    source: Source
    numbers: Sequence[str]
    texts: Sequence[str]
    raw: Sequence[str]
    slow: bool
    whole: pl.DataFrame | None

    def __call__(self, part: Part) -> pl.DataFrame | Exception:
        try:
            plain = None if self.slow else self.source.plain_cells_of(part, self.numbers, self.texts, self.raw)
            if plain is not None:
                frame = rows_of(plain) if self.whole is None or self.texts or self.raw else self._at_hand(self.whole)
                hides_missing = self.source.cells.hides_missing
                columns = [frame[name] for name in self.numbers]
                if not any(map(hides_missing, columns)) and self._lacks_blank_lines_alone(part, columns):
                    return frame
            self.slow = True
            texts = [*self.texts, *self.raw]
            raw = rows_of(self.source.scan(part, [*self.numbers, *texts]))
            return self.source.parse(raw, self.numbers, texts)
        except FAULTS as error:
            return error

    def _lacks_blank_lines_alone(self, part: Part, columns: Sequence[pl.Series]) -> bool:
        """True where every cell is a number, but for those of blank lines: of all columns the same."""
        lacking = columns[0].null_count()
        if any(column.null_count() != lacking for column in columns):
            return False
        if not lacking:
            return True
        empty = np.logical_and.reduce([nameless(column).is_null().to_numpy() for column in columns])
        return int(self.source.blank_lines(part, empty).sum()) == lacking

    def _at_hand(self, whole: pl.DataFrame) -> pl.DataFrame:
        """What parsing the text once more would give, without a query of polars."""
        numbers = [whole[name].cast(pl.Float64, strict=False) for name in self.numbers]
        return pl.DataFrame([*numbers, whole[OVERFLOW]])
