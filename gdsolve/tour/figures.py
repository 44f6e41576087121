"""Figures of a run, put into sentences: the tour has none of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gdsolve.report.numbers import figure, rate, whole

PLACE = re.compile(r"\{([^{}]+)\}")
RATES = ("learning_rate", "largest_stable_lr", "best_lr")
COUNTS = ("iterations", "predicted_iterations", "rank", "parameters")


def with_figures(text: str, record: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    """The text with every `{path.to.figure}` replaced by what the record has there, or the one of that number.

    Raises:
        LookupError: the record has nothing there.
    """
    return PLACE.sub(lambda found: _shown(found[1], look_up(record, found[1])), text)


def look_up(record: Mapping[str, Any] | Sequence[Mapping[str, Any]], path: str) -> Any:
    """What stands at a path of keys: in a list a number counts (-1 is the last), and a word is the `name` of an item.

    Raises:
        LookupError: nothing does.
    """
    found: Any = record
    for key in path.split("."):
        if isinstance(found, Mapping):
            found = found[key]
        elif isinstance(found, Sequence) and not isinstance(found, str):
            found = found[int(key)] if key.removeprefix("-").isdecimal() else _named(found, key)
        else:
            raise LookupError(f"{path}: nothing is below {found!r}")
    return found


def _named(items: Sequence[Any], name: str) -> Any:
    for item in items:
        if item["name"] == name:
            return item
    raise LookupError(f"no item is named {name}")


def _shown(path: str, value: Any) -> str:
    if value is None or isinstance(value, str | bool):
        return "none" if value is None else str(value)
    name = path.rpartition(".")[2]
    if name in RATES:
        return rate(value)
    return whole(value) if name in COUNTS else figure(value, 8 if "gap" not in path else 3)
