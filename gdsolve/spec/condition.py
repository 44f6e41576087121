"""A condition that options depend on, and what it is held against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """A spec, the verb that it is for, and whether Python gives a table that is in memory beside it."""

    # A `Spec`, whose class is made of the options that have these conditions.
    spec: Any
    verb: str
    in_memory: bool = False

    @property
    def has_table(self) -> bool:
        """True where there are rows to read."""
        return bool(self.spec.data) or self.spec.X is not None or self.in_memory


@dataclass(frozen=True, slots=True)
class Company:
    """A condition that options depend on: where it `holds`, why they change nothing elsewhere, and what to do then.

    In both texts {flag}, {value} and {spec} stand for the option's flag, its value and the spec, {kind} and
    {methods} for what names the formula and methods, {history} for a file of iterations where there are any, {shown}
    for what shows standard errors.
    """

    holds: Callable[[Asked], bool]
    reason: str
    remedy: str = "leave {flag} out"
