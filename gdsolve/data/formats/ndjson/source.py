"""An NDJSON file with its columns, which are the keys of all objects of the table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from gdsolve.data.cells import Cells
from gdsolve.data.encodings import encoding_hint
from gdsolve.data.file import File, watched
from gdsolve.data.formats.ndjson.key_arrays import keys_of
from gdsolve.data.formats.ndjson.keys import Key, ObjectKeys, Value, pairs_of
from gdsolve.data.formats.ndjson.objects import Objects
from gdsolve.data.formats.text import BLANK, TextLines, TextSource, lines_of, text_of
from gdsolve.data.literal import column
from gdsolve.data.names import unique_names
from gdsolve.data.parallel import in_order
from gdsolve.data.pieces import Piece, first_piece, lines_before, pieces_of
from gdsolve.data.scan import FAULTS, rows_of
from gdsolve.data.source import Part, Source, Through, no_columns
from gdsolve.spec import Spec
from gdsolve.status import DataError

# A piece of a file, and the keys of its objects.
_Found = tuple[Piece, ObjectKeys]


@dataclass(frozen=True, slots=True)
class NdjsonSource(TextSource):
    """An NDJSON file: `keys` by the names of columns, where they differ, and what is known of the `objects`."""

    keys: Mapping[str, str] = field(default_factory=dict)
    objects: Objects | None = None

    @property
    def lasts(self) -> tuple[str, ...] | None:
        """Where objects differ in their keys, the one that is the last of all of them, if any is."""
        if self.objects is None or self.objects.keys.same:
            return None
        return tuple(self.schema)[-1:] if self.objects.last is not None else ()

    @property
    def survey(self) -> str | None:
        """The keys of all objects have to be found."""
        return "finding keys"

    @property
    def known(self) -> Objects | None:
        """All files have the keys of all objects."""
        return self.objects

    def surveyed(self, through: Through[Any], *, glance: bool) -> Source:
        """Find the keys of all objects (one pass), or of those at the beginning of the file.

        Raises:
            DataError: a line that is no JSON object, or a file that is damaged.
        """
        if not glance:
            return replace(self, objects=self._all_objects(through))
        piece = first_piece(self.file)
        return replace(self, objects=Objects(self._checked(0, piece, keys_of(piece.text))))

    def agreed(self, known: Objects) -> Source:
        """Make columns of the keys of all files.

        Raises:
            DataError: no object has a key.
        """
        written = known.names
        if not written:
            raise no_columns(self.file)
        names = unique_names([key.strip() for key in written])
        typed = {name: known.column(key) for name, key in zip(names, written, strict=True)}
        return replace(
            self,
            headers=tuple(key.strip() for key in written),
            schema={name: dtype for name, (dtype, _) in typed.items()},
            faults={name: fault for name, (_, fault) in typed.items() if fault},
            keys={name: key for name, key in zip(names, written, strict=True) if name != key},
            objects=known,
        )

    def holds_values(self, column: str) -> bool:
        """True where a number, true or false stands at a key."""
        return self.objects is not None and self.objects.has_plain_values(self.keys.get(column, column))

    def line_runs(self) -> Iterator[TextLines]:
        """Walk the lines: blank ones are no records, for polars either."""
        done = 0
        for piece in pieces_of(self.file):
            (blank,) = lines_of(piece.text, BLANK)
            record = np.where(blank, -1, done + np.cumsum(~blank) - 1)
            yield TextLines(record, np.zeros_like(blank), open=False)
            done = int(record.max(initial=done - 1)) + 1

    def scan(self, part: Part, columns: Collection[str]) -> pl.LazyFrame:
        """Scan columns as texts."""
        return self._scan(text_of(part), dict.fromkeys(columns, pl.String))

    def plain_cells_of(
        self, part: Part, numbers: Sequence[str], texts: Sequence[str], raw: Sequence[str] = ()
    ) -> pl.LazyFrame | None:
        """Have polars parse numbers while it looks for values."""
        wanted = self.cells.parsed(numbers, pl.Float64)
        wanted += [*(self.cells.text(name, pl.String()) for name in texts), *map(column, raw)]
        types = dict.fromkeys([*texts, *raw], pl.String) | dict.fromkeys(numbers, pl.Float64)
        return self._scan(text_of(part), types, lenient=True).select(wanted)

    def fault_within(self, done: int, part: Part | None) -> DataError | None:
        """The first line that is no object, or no UTF-8; of one part alone, before which are `done` records."""
        piece = part if isinstance(part, Piece) else None
        row, before = (done, lines_before(self.file, piece)) if piece else (0, 0)
        for each in [piece] if piece else pieces_of(self.file):
            for number, written in enumerate(each.text.split(b"\n"), before + 1):
                line = written.decode(errors="replace").strip()
                row += bool(line)
                at = f"{self.name}: row {row} (line {number})"
                if "\ufffd" in line and "\ufffd".encode() not in written:
                    file = self.file
                    return DataError(f"{at} is not UTF-8", encoding_hint(file.name, file.path, file.packing))
                if line and pairs_of(line) is None:
                    remedy = "NDJSON is one JSON object a line; NaN and Infinity are not JSON, null is"
                    return DataError(f"{at} is not a JSON object: {line[:40]}", remedy)
            before += each.text.count(b"\n")
        return None

    def _scan(self, text: bytes, types: Mapping[str, type[pl.DataType]], *, lenient: bool = False) -> pl.LazyFrame:
        written = {self.keys.get(name, name): dtype for name, dtype in types.items()}
        scanned = pl.scan_ndjson(text, schema=written, ignore_errors=lenient)
        return scanned.select(column(self.keys.get(name, name)).alias(name) for name in types) if self.keys else scanned

    def _all_objects(self, through: Through[_Found]) -> Objects:
        keys = ObjectKeys({}, 0, same=True)
        for _, found in through(self._keys_found()):
            keys += found
        if any("\ufffd" in name for name in keys.named) and (fault := self.fault_within(0, None)):
            raise fault
        twice = {name: key.twice for name, key in keys.named.items() if key.twice is not None}
        nested = {name: key.nested for name, key in keys.named.items() if key.nested is not None}
        at = self.places({*twice.values(), *nested.values()}) if twice or nested else {}
        objects = Objects(
            keys,
            {name: f"{self.name}: {at[record]}: key {name!r} is there twice" for name, record in twice.items()},
            {name: _nested(self.name, name, keys.named[name], at[record]) for name, record in nested.items()},
        )
        return replace(objects, missing=self._missing_texts(objects.undecided))

    def _keys_found(self) -> Iterator[_Found]:
        done = 0
        with watched(self.file):
            try:
                pieces = in_order(pieces_of(self.file), lambda piece: keys_of(piece.text), alone=self.file.complete)
                for piece, keys in pieces:
                    yield piece, self._checked(done, piece, keys)
                    done += 0 if keys is None else len(keys)
            except OSError as error:
                raise self.unreadable(done, error) from None

    def _checked(self, done: int, piece: Piece, keys: ObjectKeys | None) -> ObjectKeys:
        if keys is None:
            raise self.unreadable(done, ValueError("a line is no JSON object"), piece)
        return keys

    def _missing_texts(self, names: Sequence[str]) -> dict[str, int]:
        """How many texts mean a missing value, by key (one more pass where there are any names)."""
        counts = dict.fromkeys(names, 0)
        texts, done = dict.fromkeys(names, pl.String), 0
        for piece in pieces_of(self.file) if names else ():
            words = [
                (column(name).is_not_null() & self.cells.text(name, pl.String()).is_null()).sum() for name in names
            ]
            try:
                *found, rows = rows_of(
                    pl.scan_ndjson(piece.text, schema=texts).select(*words, pl.len().alias("\x00rows"))
                ).row(0)
            except FAULTS as error:
                raise self.unreadable(done, error, piece) from None
            counts = {name: counts[name] + more for name, more in zip(names, found, strict=True)}
            done += rows
        return counts


def open_ndjson(file: File, spec: Spec) -> Source:
    """A file whose columns are found by `Source.surveyed` and `Source.agreed`."""
    return NdjsonSource(file, (), {}, Cells.of(".", spec.missing_texts))


def _nested(table: str, name: str, key: Key, at: str) -> str:
    objects, lists = key.count(Value.OBJECT), key.count(Value.LIST)
    if objects + lists < key.count() - key.count(Value.NULL):
        return f"{table}: {at}, column {name!r}: {'an object' if objects else 'a list'} stands among plain values"
    words = [word for word, count in (("objects", objects), ("lists", lists)) if count]
    return f"{table}: column {name!r} holds {' and '.join(words)}, not numbers"
