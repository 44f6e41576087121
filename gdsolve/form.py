"""The form of JSON that somebody may have edited: kinds of values, and where one is not of its kind."""

from __future__ import annotations

import reprlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that is not of its kind: where it stands, and what is `wanted` there, in words."""

    place: str
    value: object
    wanted: str

    def __str__(self) -> str:
        return f"{self.place} is {reprlib.repr(self.value)}, not {self.wanted}"


Kind = Callable[[str, Any], Misfit | None]
"""What looks at the value at a place, and tells the first one in it that is not of its kind, if there is any."""


def is_finite_number(value: object) -> bool:
    """True for a number of JSON that float64 has: no truth, no NaN, no infinity, no integer beyond them."""
    largest = sys.float_info.max
    return not isinstance(value, bool) and isinstance(value, int | float) and -largest <= value <= largest


def plain(wanted: str, fits: Callable[[object], bool]) -> Kind:
    """A value that `fits`, called as it is `wanted`."""
    return lambda place, value: None if fits(value) else Misfit(place, value, wanted)


text = plain("a text", lambda value: isinstance(value, str))
truth = plain("true or false", lambda value: isinstance(value, bool))
number = plain("a finite number", is_finite_number)
count = plain("a whole number", lambda value: is_finite_number(value) and value == int(value) >= 0)  # type: ignore[call-overload]
level = plain("a text or a number", lambda value: isinstance(value, str | bool) or is_finite_number(value))
anything = plain("anything", lambda value: True)


def one_of(words: Iterable[str]) -> Kind:
    """One of some words."""
    known = tuple(words)
    return plain(f"one of {', '.join(known)}", lambda value: value in known)


def list_of(kind: Kind) -> Kind:
    """A list of values of one kind."""

    def found(place: str, value: Any) -> Misfit | None:
        if not isinstance(value, list):
            return Misfit(place, value, "a list")
        return next((bad for index, one in enumerate(value) if (bad := kind(f"{place}[{index}]", one))), None)

    return found


def mapping_of(kind: Kind) -> Kind:
    """A mapping to values of one kind."""

    def found(place: str, value: Any) -> Misfit | None:
        if not isinstance(value, dict):
            return Misfit(place, value, "a mapping")
        return next((bad for key, one in value.items() if (bad := kind(f"{place}.{key}", one))), None)

    return found


def record_of(kinds: Mapping[str, Kind], needed: Sequence[str] = ()) -> Kind:
    """A mapping in which these keys have their kinds; but for the `needed` ones they may be null, or not there."""

    def found(place: str, value: Any) -> Misfit | None:
        if not isinstance(value, dict):
            return Misfit(place, value, "a mapping")
        if lacking := [key for key in needed if value.get(key) is None]:
            return Misfit(place, value, f"a mapping with the key {lacking[0]}")
        held = ((key, value[key], kind) for key, kind in kinds.items() if value.get(key) is not None)
        inner = f"{place}." if place else ""
        return next((bad for key, one, kind in held if (bad := kind(f"{inner}{key}", one))), None)

    return found
