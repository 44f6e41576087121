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
from numbers import Integral, Real
from typing import Any

from gdsolve.model import Model
from gdsolve.spec.choices import SOUGHT, Every, Header, Init, LearningRate, Plot, Strength
from gdsolve.spec.numbers import parse_count, parse_learning_rate, parse_number, shown
from gdsolve.spec.offers import choices
from gdsolve.spec.option import flag
from gdsolve.spec.parameter import Constant, Parameter
from gdsolve.spec.spec import Spec
from gdsolve.status import GdsolveError

TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _every(text: str, name: str) -> Every:
    match text.strip():
        case "log":
            return "log"
        case "none":
            return "none"
    return parse_count(text, name)


def _text(text: str, _name: str) -> str:
    return text


def _truth(text: str, name: str) -> bool:
    truth = TRUTHS.get(text.strip().lower())
    if truth is None:
        raise GdsolveError(
            f"{shown(text)} is neither true nor false", f"write {name}: true, or leave it out", option=name
        )
    return truth


def _header(text: str, name: str, verb: str | None) -> StrEnum:
    truth = TRUTHS.get(text.strip().lower())
    return _choice(Header, text if truth is None else ("no", "yes")[truth], name, verb)


def _strength(text: str, name: str) -> float:
    return SOUGHT if text.strip() == str(SOUGHT) else parse_number(text, name)


def _plot(text: str, _name: str) -> Plot:
    return TRUTHS.get(text.strip().lower(), text)


def _choice(kind: type[StrEnum], text: str, name: str, verb: str | None) -> StrEnum:
    try:
        return kind(text)
    except ValueError:
        words = (choices(name, verb) if verb else None) or tuple(kind)
        near = difflib.get_close_matches(text.lower(), words, n=1) or words
        raise GdsolveError(
            f"{shown(text)} is not one of {', '.join(words)}",
            f"give one of them, as in {flag(name)} {near[0]}",
            option=name,
        ) from None


CONVERTERS: dict[object, Callable[[str, str], Any]] = {
    str: _text,
    str | None: _text,
    bool: _truth,
    bool | None: _truth,
    float: parse_number,
    float | None: parse_number,
    int: parse_count,
    int | None: parse_count,
    Init: _text,
    Init | None: _text,
    Every: _every,
    Plot: _plot,
    Strength: _strength,
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


_COLUMN = "the name of a column"
_NAME = ((), _COLUMN, 'as in {name}="x2"')
_PAIRS = ((), "NAME=NUMBER", 'as in {name}="a=0,b=0", or parameters={{"a": {{"start": 0.0, "lower": -1.0}}}}')
_NUMBER = ((Real,), "a number", "as in {name}=0.1")
_COUNT = ((Integral,), "a whole number", "as in {name}=10")
_GIVEN: dict[object, tuple[tuple[type, ...], str, str]] = {
    "X": ((tuple,), "rows of numbers", "as in {name}=((1.0,), (3.0,))"),
    "y": ((tuple,), "numbers", "as in {name}=(2.0, 4.0)"),
    "target": _NAME,
    "weight": ((), _COLUMN, 'put the weights into X as a column, and give its name, as in weight="x2"'),
    "sigma": ((), _COLUMN, 'put the standard deviations into X as a column, and give its name, as in sigma="x2"'),
    "cv_by": _NAME,
    "se": ((), "a word", 'as in {name}="hc3" or {name}="cluster:COLUMN"'),
    "start": _PAIRS,
    "lower": _PAIRS,
    "upper": _PAIRS,
    str | None: ((), "a text", 'as in {name}="…"'),
    tuple[str, ...]: ((), "a name or a list of names", 'as in {name}=["a", "b"]'),
    bool: ((bool,), "true or false", "{name}=True"),
    bool | None: ((bool,), "true or false", "{name}=True"),
    Header: ((bool,), "yes, no or auto", 'as in {name}="yes"'),
    Plot: ((bool,), "true or a file", 'as in {name}="loss.svg"'),
    "code": ((bool,), "true, a kind of program or a file", 'as in {name}="autograd"'),
    float: _NUMBER,
    float | None: _NUMBER,
    "holdout": ((Real,), "a number", "as in {name}=0.2"),
    Strength: ((Real,), "a number, or auto", "as in {name}=0.1"),
    int: _COUNT,
    int | None: _COUNT,
    Every: _COUNT,
    Init: ((Model,), "zeros, random, a file or a fit", "as in {name}=fit, what gdsolve.fit returned"),
    Init | None: ((Model,), "a file or weights", "as in {name}=fit, what gdsolve.fit returned"),
    tuple[Parameter, ...]: ((), "names and starts", 'as in {name}={{"a": 1.0}}'),
    tuple[Constant, ...]: ((), "names and numbers", 'as in {name}={{"a": 1.0}}'),
}
"""What a value that is no text may be, by name or by kind of field, how it is told, and how it is given."""


def require_kind(name: str, value: Any, verb: str) -> None:
    """See that a value that Python gives, and that is no text, can be one of the field `name`.

    Raises:
        GdsolveError: it cannot.
    """
    if value is None and is_optional(name):
        return
    kind = kinds()[name]
    word: tuple[tuple[type, ...], str, str] = ((), "a word", "one of " + ", ".join(choices(name, verb) or ()))
    accepted, words, example = _GIVEN.get(name) or _GIVEN.get(kind) or word
    # To Python True is a number.
    if not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted):
        raise GdsolveError(f"{shown(value)} is not {words}", example.format(name=name), option=name)


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
        raise GdsolveError("a list where one value is expected", f"write {name}: and a single value", option=name)
    if kind is Header:
        return _header(given, name, verb)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _choice(kind, given, name, verb)
    return CONVERTERS[kind](given, name)
