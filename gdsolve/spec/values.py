"""Text to values: the same conversion for a flag and for a YAML scalar, chosen by the type of the field of `Spec`.

YAML scalars come here as they are written, not as YAML 1.1 reads them: to PyYAML `1e12` and `1e-10` are strings, `no`
is false and `1:30` is ninety.
"""

from __future__ import annotations

import difflib
import functools
import typing
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from gdsolve.spec.choices import Every, LearningRate, Plot
from gdsolve.spec.numbers import parse_count, parse_learning_rate, parse_number, shown
from gdsolve.spec.offers import choices
from gdsolve.spec.option import flag
from gdsolve.spec.options import Spec
from gdsolve.status import GdsolveError

TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _every(text: str, name: str) -> Every:
    return "log" if text.strip() == "log" else parse_count(text, name)


def _text(text: str, _name: str) -> str:
    return text


def _truth(text: str, name: str) -> bool:
    truth = TRUTHS.get(text.strip().lower())
    if truth is None:
        raise GdsolveError(f"{name}: {shown(text)} is neither true nor false", f"write {name}: true, or leave it out")
    return truth


def _plot(text: str, _name: str) -> Plot:
    return TRUTHS.get(text.strip().lower(), text)


def _choice(kind: type[StrEnum], text: str, name: str, verb: str | None) -> StrEnum:
    try:
        return kind(text)
    except ValueError:
        words = (choices(name, verb) if verb else None) or tuple(kind)
        near = difflib.get_close_matches(text.lower(), words, n=1) or words
        raise GdsolveError(
            f"{name}: {shown(text)} is not one of {', '.join(words)}", f"give one of them, as in {flag(name)} {near[0]}"
        ) from None


CONVERTERS: dict[object, Callable[[str, str], Any]] = {
    str: _text,
    str | None: _text,
    bool: _truth,
    float: parse_number,
    float | None: parse_number,
    int: parse_count,
    int | None: parse_count,
    Every: _every,
    Plot: _plot,
}


@functools.cache
def kinds() -> dict[str, Any]:
    """The type of every field of `Spec`, by name."""
    return typing.get_type_hints(Spec)


def is_list(name: str) -> bool:
    """True when the field holds several values."""
    return kinds()[name] in (tuple[str, ...], LearningRate)


def is_optional(name: str) -> bool:
    """True when the field may be left empty."""
    return type(None) in typing.get_args(kinds()[name])


def convert(name: str, given: str | Sequence[str], verb: str | None = None) -> Any:
    """The value of the field `name` from text, or from several texts where the field holds a list.

    With a `verb` an error names the words that this verb takes.

    Raises:
        GdsolveError: the text cannot be read as a value of this field.
    """
    kind = kinds()[name]
    if kind == LearningRate:
        return parse_learning_rate(given)
    if kind == tuple[str, ...]:
        return (given,) if isinstance(given, str) else tuple(given)
    if not isinstance(given, str):
        raise GdsolveError(f"{name}: a list where one value is expected", f"write {name}: and a single value")
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _choice(kind, given, name, verb)
    return CONVERTERS[kind](given, name)
