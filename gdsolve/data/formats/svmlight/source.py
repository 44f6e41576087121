"""A svmlight file with its columns: the label y, and a feature for every index up to the largest one, x1…xn."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from gdsolve.data.cells import Cells
from gdsolve.data.file import File, watched
from gdsolve.data.formats.svmlight.features import IS_BLANK, Features, features_of
from gdsolve.data.formats.svmlight.rows import LABEL, QUERY, OddLineError, index_of, rows_of_lines
from gdsolve.data.formats.text import TextLines, TextSource, lines_of, text_of
from gdsolve.data.formats.typed import sample_height
from gdsolve.data.pieces import Piece, first_piece, pieces_of
from gdsolve.data.scan import FAULTS
from gdsolve.data.source import Part, Source, Through
from gdsolve.room import host_room, in_bytes
from gdsolve.spec import Loss, Spec
from gdsolve.spec.losses import Target
from gdsolve.status import DataError

logger = logging.getLogger("gdsolve")

# Bytes of rows that are made dense at once.
_DENSE = 1 << 25
# Bytes that a column takes by itself, whatever is in it, in all places that know it.
_COLUMN = 1 << 13
_FORM = "a row is LABEL INDEX:VALUE INDEX:VALUE …, its indices whole numbers that increase"


@dataclass(frozen=True, slots=True)
class SvmlightSource(TextSource):
    """A svmlight file: its `features`, once they are found, beside those that a model has at `least`.

    With `two_classes` labels of -1 and +1 are 0 and 1.
    """

    features: Features | None = None
    least: Features = field(default_factory=Features)
    two_classes: bool = False

    @property
    def remedy(self) -> str:
        """What to do about a file that breaks off."""
        return _FORM

    @property
    def survey(self) -> str | None:
        """The largest index has to be found."""
        return "finding features"

    @property
    def known(self) -> Features | None:
        """All files have the features of all rows."""
        return self.features

    @property
    def row_names(self) -> str | None:
        """The queries of ranked rows have a part only where a flag names them."""
        return QUERY if QUERY in self.schema else None

    def surveyed(self, through: Through[Any], *, glance: bool) -> Source:
        """Find the largest index (one pass), or that of the beginning of the file.

        Raises:
            DataError: a file that is damaged.
        """
        found = Features()
        if glance:
            return replace(self, features=self._features(0, first_piece(self.file))[0])
        with watched(self.file):
            try:
                for features, _ in through(self._found()):
                    found += features
            except OSError as error:
                raise self.unreadable(0, error) from None
        return replace(self, features=found)

    def agreed(self, known: Features) -> Source:
        """Make columns of the indices of all files.

        Raises:
            DataError: there are none, or more than memory holds.
        """
        first = 0 if known.zero or self.least.zero else 1
        last = max(known.largest, self.least.largest)
        if last < first:
            raise DataError(f"{self.name}: no row has a feature", _FORM)
        needed, room = (last + 1) * _COLUMN, host_room().resident
        if room is not None and needed > room:
            raise DataError(
                f"{self.name}: has {last:,} features, which take {in_bytes(needed)} as columns, and {in_bytes(room)} "
                "of memory are free",
                "number the features from 1 without gaps, or hash them to fewer",
            )
        if first == 0:
            logger.info("%s: indices count from 0: the features are x0 to x%s", self.name, last)
        names = [LABEL, *([QUERY] if known.queries else []), *(f"x{index}" for index in range(first, last + 1))]
        return replace(self, headers=tuple(names), schema=dict.fromkeys(names, pl.Float64()), features=known)

    def for_loss(self, loss: Loss) -> Source:
        """Labels of -1 and +1 are the classes 0 and 1 of a loss of two classes."""
        return replace(self, two_classes=loss.info.target is Target.TWO_CLASSES)

    def parts(self, columns: Collection[str]) -> Iterator[Part]:
        """Give the text in pieces of as many rows as may be dense at once."""
        height = max(16, _DENSE // (8 * max(1, len(columns))))
        for piece in pieces_of(self.file):
            yield from _cut(piece, height)

    def scan(self, part: Part, columns: Collection[str]) -> pl.LazyFrame:
        """Give columns as numbers.

        Raises:
            polars.exceptions.PolarsError: a line that is no row.
        """
        signs = self.two_classes and self.features is not None and self.features.are_signs
        return rows_of_lines(text_of(part), tuple(columns), signs=signs).lazy()

    def plain_cells_of(
        self, part: Part, numbers: Sequence[str], texts: Sequence[str], raw: Sequence[str] = ()
    ) -> pl.LazyFrame | None:
        """All cells are plain numbers."""
        return None if texts or raw or self.cells.missing_numbers else self.scan(part, numbers)

    def raw_type(self, column: str) -> pl.DataType:
        """All cells are numbers."""
        return self.schema[column]

    def quick_numbers(self, raw: pl.DataFrame, numbers: Sequence[str]) -> dict[str, pl.Series]:
        """Cells need no parsing."""
        return {}

    def sample(self) -> pl.DataFrame:
        """Give the first rows."""
        part = next(_cut(first_piece(self.file), sample_height(len(self.schema))), Piece(b"", 0))
        return self.scan(part, tuple(self.schema)).collect()

    def line_runs(self) -> Iterator[TextLines]:
        """Walk the lines: blank ones and comments are no rows."""
        done = 0
        for piece in pieces_of(self.file):
            (blank,) = lines_of(piece.text, IS_BLANK)
            record = np.where(blank, -1, done + np.cumsum(~blank) - 1)
            yield TextLines(record, np.zeros_like(blank), open=False)
            done = int(record.max(initial=done - 1)) + 1

    def fault_within(self, done: int, part: Part | None) -> DataError | None:
        """The first line that is no row; of one part alone, before which are `done` rows."""
        for each in [part] if isinstance(part, Piece) else pieces_of(self.file):
            for line in each.text.split(b"\n"):
                bare = line.partition(b"#")[0].strip()
                if not bare:
                    continue
                try:
                    rows_of_lines(line, (LABEL,), signs=False)
                except FAULTS as error:
                    return self._odd(done, bare.decode(errors="replace"), error)
                done += 1
        return None

    def _odd(self, record: int, line: str, error: Exception) -> DataError:
        where, label = self.where(record), line.split(maxsplit=1)[0]
        if "," in label:
            return DataError(f"{where}: has several labels, {label}", "a row has one label, which is the target")
        reason = str(error) if isinstance(error, OddLineError) else "a label or a value is no number"
        return DataError(f"{where}: {reason}: {line[:40]}", _FORM)

    def _found(self) -> Iterator[tuple[Features, range]]:
        done = 0
        for piece in pieces_of(self.file):
            features, rows = self._features(done, piece)
            yield features, range(rows)
            done += rows

    def _features(self, done: int, piece: Piece) -> tuple[Features, int]:
        try:
            return features_of(piece.text)
        except FAULTS as error:
            raise self.unreadable(done, error, piece) from None


def open_svmlight(file: File, spec: Spec, named: Collection[str]) -> Source:
    """A file whose columns are found by `Source.surveyed` and `Source.agreed`.

    Columns `named` are those of a model, or of other files: rows that do not name one have a 0 in it.
    """
    indices = [index for name in named if (index := index_of(name)) is not None]
    least = Features(max(indices, default=-1), 0 in indices)
    source = SvmlightSource(file, (), {}, Cells.of(".", spec.missing_texts), least=least)
    return source.for_loss(spec.loss)


def _cut(piece: Piece, height: int) -> Iterator[Piece]:
    """Pieces of a number of lines at most."""
    lines = piece.text.count(b"\n")
    if lines <= height:
        if piece.text:
            yield piece
        return
    start = 0
    ends = np.flatnonzero(np.frombuffer(piece.text, np.uint8) == ord("\n")) + 1
    for end in (*ends[height - 1 :: height].tolist(), len(piece.text)):
        if end > start:
            yield Piece(piece.text[start:end], piece.number)
        start = end
