"""The keys of NDJSON, and what stands at each: counted, since no first thousand objects tell of the rest.

A parser infers the types of a piece at a fifth of this speed, keeps one of two equal keys without a word, and does not
count what it mixes.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NoReturn


class Value(IntEnum):
    """What can stand at a key."""

    NUMBER = 0
    TEXT = 1
    BOOLEAN = 2
    NULL = 3
    OBJECT = 4
    LIST = 5


@dataclass(frozen=True, slots=True)
class Key:
    """One key: how many values of each kind it has, in the order of `Value`, and in how many objects it is the last.

    Records count from 0: `nested` is the first that has an object or a list at the key, `twice` the first that has the
    key more than once; None where there is none.
    """

    counts: tuple[int, ...]
    last: int
    nested: int | None = None
    twice: int | None = None

    def after(self, records: int) -> Key:
        """The same key where so many records come before."""
        nested, twice = (None if record is None else record + records for record in (self.nested, self.twice))
        return Key(self.counts, self.last, nested, twice)

    def __add__(self, later: Key) -> Key:
        """The key in two pieces, one after the other."""
        return Key(
            tuple(one + other for one, other in zip(self.counts, later.counts, strict=True)),
            self.last + later.last,
            later.nested if self.nested is None else self.nested,
            later.twice if self.twice is None else self.twice,
        )

    def count(self, *values: Value) -> int:
        """How many values of some kinds there are."""
        return sum(self.counts[value] for value in values or Value)


@dataclass(frozen=True, slots=True)
class ObjectKeys:
    """The keys of some objects in the order in which they come up, and the number of objects.

    `same` where all objects have the same keys in the same order.
    """

    named: Mapping[str, Key]
    records: int
    same: bool

    def __add__(self, later: ObjectKeys) -> ObjectKeys:
        """The keys of two pieces, one after the other."""
        if not (self.records and later.records):
            return self if self.records else later
        named = dict(self.named)
        for name, key in later.named.items():
            moved = key.after(self.records)
            named[name] = named[name] + moved if name in named else moved
        same = self.same and later.same and list(self.named) == list(later.named)
        return ObjectKeys(named, self.records + later.records, same)

    def __len__(self) -> int:
        """The number of objects."""
        return self.records


def pairs_of(line: str) -> list[tuple[str, Any]] | None:
    """Give keys and values of an object as they stand; None where a line is no JSON object, or no number is finite."""

    def refuse(name: str) -> NoReturn:
        raise ValueError(name)

    def finite(text: str) -> float:
        return float(text) if math.isfinite(float(text)) else refuse(text)

    try:
        found = json.loads(line, parse_constant=refuse, parse_float=finite, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, _Pairs) else None


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON."""


def keys_by_line(text: bytes) -> ObjectKeys | None:
    """Count what stands at the keys of the objects of a text, one by one; None where it is no NDJSON."""
    joined = ObjectKeys({}, 0, same=True)
    for line in text.decode(errors="replace").split("\n"):
        if not line.strip():
            continue
        pairs = pairs_of(line)
        if pairs is None:
            return None
        times = Counter(name for name, _ in pairs)
        named: dict[str, Key] = {}
        for place, (name, value) in enumerate(pairs, 1):
            kind = _kind_of(value)
            nested = 0 if kind >= Value.OBJECT else None
            key = Key(tuple(int(kind == each) for each in Value), int(place == len(pairs)), nested)
            named[name] = named[name] + key if name in named else key
            if times[name] > 1:
                named[name] = Key(named[name].counts, named[name].last, named[name].nested, 0)
        joined += ObjectKeys(named, 1, same=len(named) == len(pairs))
    return joined


def _kind_of(value: Any) -> Value:
    kinds = ((bool, Value.BOOLEAN), ((int, float), Value.NUMBER), (str, Value.TEXT), (_Pairs, Value.OBJECT))
    found = (kind for types, kind in kinds if isinstance(value, types))
    return Value.NULL if value is None else next(found, Value.LIST)
