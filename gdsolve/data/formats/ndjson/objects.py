"""The objects of NDJSON files as one table: columns that do not depend on the order in which the objects stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from gdsolve.data.formats.ndjson.keys import ObjectKeys, Value


@dataclass(frozen=True, slots=True)
class Objects:
    """The keys of files, and messages that name the first object with a key twice, or with an object or list at it.

    `missing` counts texts that mean a missing value, of keys where that decides what the column is.
    """

    keys: ObjectKeys
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
