"""The command line that a user gave, to be shown again with something changed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from gdsolve.spec.option import flag


@dataclass(frozen=True, slots=True)
class Command:
    """A verb, its sources and the options that were given."""

    verb: str
    sources: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)

    def but(self, verb: str | None = None, **changes: Any) -> str:
        """The command with some options changed; None takes one out."""
        options = {name: value for name, value in {**self.given, **changes}.items() if value is not None}
        words = ["gdsolve", verb or self.verb, *self.sources]
        for name, value in options.items():
            words += _words(flag(name), value)
        return shlex.join(words)


def _words(name: str, value: Any) -> list[str]:
    if value is True:
        return [name]
    if value is False:
        return []
    if isinstance(value, tuple | list):
        return list_words(name, [_text(item) for item in value])
    return [name, _text(value)]


def list_words(name: str, items: Sequence[str]) -> list[str]:
    """A list flag as words: `--ignore name,city`; where an item holds a comma, every one gets a flag of its own."""
    if any("," in item for item in items):
        return [word for item in items for word in (name, item)]
    return [name, ",".join(items)]


def _text(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
