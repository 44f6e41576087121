"""The objects of NDJSON files as one table: columns that do not depend on the order in which the objects stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from gdsolve.data.cells import Cells
from gdsolve.data.file import File, watched
from gdsolve.data.key_arrays import keys_of
from gdsolve.data.keys import Key, Keys, Value
from gdsolve.data.parallel import in_order
from gdsolve.data.pieces import Piece, first_piece, pieces_of
from gdsolve.data.records import fault_of_objects, places, unreadable
from gdsolve.data.scan import rows_of

# A piece of a file, and the keys of its objects.
Found = tuple[Piece, Keys]


@dataclass(frozen=True, slots=True)
class Objects:
    """The keys of files, and messages that name the first object with a key twice, or with an object or list at it.

    `missing` counts texts that mean a missing value, of keys where that decides what the column is.
    """

    keys: Keys
    twice: Mapping[str, str] = field(default_factory=dict)
    nested: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, later: Objects) -> Objects:
        """The objects of files, one after the other."""
        both = {*self.missing, *later.missing}
        return Objects(
            self.keys + later.keys,
            {**later.twice, **self.twice},
            {**later.nested, **self.nested},
            {name: self.missing.get(name, 0) + later.missing.get(name, 0) for name in both},
        )

    @property
    def undecided(self) -> list[str]:
        """Keys with numbers, and with more texts than those."""
        return [
            name
            for name, key in self.keys.named.items()
            if 0 < key.count(Value.NUMBER, Value.BOOLEAN) < key.count(Value.TEXT)
        ]

    def has_plain_values(self, name: str) -> bool:
        """Tell whether a number, true or false stands at a key anywhere."""
        return self.keys.named[name].count(Value.NUMBER, Value.BOOLEAN) > 0

    @property
    def last(self) -> str | None:
        """The key that is the last of every object; None where there is none."""
        found = (name for name, key in self.keys.named.items() if key.last == self.keys.records)
        return next(found, None)

    @property
    def names(self) -> list[str]:
        """The keys in the order in which they come up, but the one that is always the last at the end."""
        return sorted(self.keys.named, key=(self.last or "").__eq__)

    def column(self, name: str) -> tuple[pl.DataType, str | None]:
        """Give the type of the column of a key, and why it cannot be used where it cannot.

        It is one of numbers where at least half of what is there are numbers, true or false: an odd text is to be told.
        """
        key = self.keys.named[name]
        there = key.count() - key.count(Value.NULL) - self.missing.get(name, 0)
        numbers, deep = key.count(Value.NUMBER, Value.BOOLEAN), key.count(Value.OBJECT, Value.LIST)
        if name in self.twice:
            return pl.Object(), self.twice[name]
        if deep and (2 * deep >= there or 2 * numbers < there):
            return pl.Object(), self.nested[name]
        if not key.count(*set(Value) - {Value.NULL}):
            return pl.Null(), None
        if numbers == there == key.count(Value.BOOLEAN):
            return pl.Boolean(), None
        return (pl.Float64() if 2 * numbers >= there else pl.String()), None


def first_objects(file: File) -> Objects:
    """Find the keys of the objects at the beginning of a file.

    Raises:
        DataError: a line that is no JSON object.
    """
    piece = first_piece(file)
    return Objects(_checked(file, 0, piece, keys_of(piece.text)))


def all_objects(file: File, cells: Cells, through: Callable[[Iterator[Found]], Iterator[Found]]) -> Objects:
    """Find the keys of all objects of a file (one pass; what it finds piece by piece goes `through` a function).

    Raises:
        DataError: a line that is no JSON object, or a file that is damaged.
    """
    keys = Keys({}, 0, same=True)
    for _, found in through(_found(file)):
        keys += found
    if any("\ufffd" in name for name in keys.named) and (fault := fault_of_objects(file)):
        raise fault
    twice = {name: key.twice for name, key in keys.named.items() if key.twice is not None}
    nested = {name: key.nested for name, key in keys.named.items() if key.nested is not None}
    at = places(file, 0, {*twice.values(), *nested.values()}) if twice or nested else {}
    objects = Objects(
        keys,
        {name: f"{file.name}: {at[record]}: key {name!r} is there twice" for name, record in twice.items()},
        {name: _nested(file, name, keys.named[name], at[record]) for name, record in nested.items()},
    )
    return replace(objects, missing=_missing_texts(file, objects.undecided, cells))


def _found(file: File) -> Iterator[Found]:
    done = 0
    with watched(file):
        try:
            for piece, keys in in_order(pieces_of(file), lambda piece: keys_of(piece.text), alone=file.complete):
                yield piece, _checked(file, done, piece, keys)
                done += 0 if keys is None else len(keys)
        except OSError as error:
            raise unreadable(file, done, error) from None


def _checked(file: File, done: int, piece: Piece, keys: Keys | None) -> Keys:
    if keys is None:
        raise unreadable(file, done, ValueError("a line is no JSON object"), part=piece)
    return keys


def _nested(file: File, name: str, key: Key, at: str) -> str:
    objects, lists = key.count(Value.OBJECT), key.count(Value.LIST)
    if objects + lists < key.count() - key.count(Value.NULL):
        return f"{file.name}: {at}, column {name!r}: {'an object' if objects else 'a list'} stands among plain values"
    words = [word for word, count in (("objects", objects), ("lists", lists)) if count]
    return f"{file.name}: column {name!r} holds {' and '.join(words)}, not numbers"


def _missing_texts(file: File, names: Sequence[str], cells: Cells) -> dict[str, int]:
    """How many texts mean a missing value, by key (one more pass where there are any names)."""
    counts = dict.fromkeys(names, 0)
    texts = dict.fromkeys(names, pl.String)
    for piece in pieces_of(file) if names else ():
        words = [(pl.col(name).is_not_null() & cells.text(name, pl.String()).is_null()).sum() for name in names]
        found = rows_of(pl.scan_ndjson(piece.text, schema=texts).select(words)).row(0)
        counts = {name: counts[name] + more for name, more in zip(names, found, strict=True)}
    return counts
