"""Text to values: the same conversion for a flag and for a YAML scalar, chosen by the type of the field of `Spec`.

YAML scalars come here as they are written, not as YAML 1.1 reads them: to PyYAML `1e12` and `1e-10` are strings, `no`
is false and `1:30` is ninety.
"""

from __future__ import annotations

import difflib
import functools
import math
import typing
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from gdsolve.spec.choices import Every, LearningRate
from gdsolve.spec.options import Spec, flag
from gdsolve.status import GdsolveError

MOST_RATES = 100_000
RATES_IN_A_RANGE = 10
SHOWN = 40

TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def shown(text: object) -> str:
    """A value as an error shows it: quoted when it is text, and never longer than a line can bear."""
    quoted = repr(text) if isinstance(text, str) else str(text)
    return quoted if len(quoted) <= SHOWN else f"{quoted[:SHOWN]}…"


def parse_number(text: str | float, name: str = "number") -> float:
    """A finite number: 0.01, 1e-10, or a quotient such as 1/28.

    Raises:
        GdsolveError: the text is no finite number.
    """
    try:
        if isinstance(text, str):
            over, slash, under = text.partition("/")
            number = float(over) / float(under) if slash else float(over)
        else:
            number = float(text)
    except (ValueError, ZeroDivisionError, OverflowError):
        number = math.nan
    if isinstance(text, bool) or not math.isfinite(number):
        raise GdsolveError(
            f"{name}: {shown(text)} is not a finite number", f"write it as in {flag(name)} 0.01, 1e-10 or 1/28"
        )
    return number


def parse_count(text: str | float, name: str = "max_iter") -> int:
    """A whole number, exactly: 1000000, 1e12 and 1e32 all are one.

    Raises:
        GdsolveError: the text is no whole number, or is beyond 1e300.
    """
    hint = f"write it as in {flag(name)} 1000, or 1e12"
    if isinstance(text, bool):
        raise GdsolveError(f"{name}: {shown(text)} is not a whole number", hint)
    try:
        number = Decimal(text.strip() if isinstance(text, str) else text)
    except InvalidOperation:
        raise GdsolveError(f"{name}: {shown(text)} is not a whole number", hint) from None
    # The size is looked at first: to write 1e999999999 out as an integer takes all memory there is.
    if number.is_finite() and number.adjusted() > 300:
        raise GdsolveError(f"{name}: {shown(text)} is beyond 1e300", hint)
    if not number.is_finite() or (number.adjusted() < 0 and number) or number != number.to_integral_value():
        raise GdsolveError(f"{name}: {shown(text)} is not a whole number", hint)
    return int(number)


def parse_learning_rate(given: str | float | Sequence[str | float]) -> LearningRate:
    """`auto`, one rate (0.01 or 1/28), or several: 0.5,0.1 or a range 1e-4..1:20, both ends included.

    A range has 10 rates unless it says otherwise, evenly spaced on a log scale; commas join rates and ranges.

    Raises:
        GdsolveError: a part that is no rate, `auto` among others, or more than 100000 rates.
    """
    given = [given] if isinstance(given, str | float | int) else given
    parts = [part for item in given for part in (item.split(",") if isinstance(item, str) else [item])]
    if [part.strip() for part in parts if isinstance(part, str)] == ["auto"] and len(parts) == 1:
        return "auto"
    rates: list[float] = []
    for part in parts:
        rates += _range(part) if isinstance(part, str) and ".." in part else [_rate(part)]
        if len(rates) > MOST_RATES:
            raise GdsolveError(f"lr: more than {MOST_RATES} rates", "give fewer, as in --lr 1e-4..1:20")
    if not rates:
        raise GdsolveError("lr: no rate is given", "give --lr 0.01, --lr 1/28 or --lr auto")
    return rates[0] if len(rates) == 1 else tuple(rates)


def _rate(part: str | float) -> float:
    if isinstance(part, str) and part.strip() == "auto":
        raise GdsolveError("lr: auto stands alone, not among other rates", "give --lr auto, or numbers only")
    rate = parse_number(part, "lr")
    if rate <= 0:
        raise GdsolveError(f"lr: {shown(part)} is not a positive number", "give --lr 0.01, --lr 1/28 or --lr auto")
    return rate


def _range(part: str) -> list[float]:
    first_text, _, rest = part.partition("..")
    last_text, colon, count_text = rest.partition(":")
    first, last = _rate(first_text), _rate(last_text)
    count = parse_count(count_text, "lr") if colon else RATES_IN_A_RANGE
    if not 2 <= count <= MOST_RATES:
        raise GdsolveError(
            f"lr: a range of {count} rates; it takes 2 to {MOST_RATES}", "write a range as in --lr 1e-4..1:20"
        )
    inner = (_between(first, last, place / (count - 1)) for place in range(1, count - 1))
    return [first, *inner, last]


def _between(first: float, last: float, share: float) -> float:
    # 15 digits, so that 1e-4..1:5 holds 0.001 itself and every rate can be typed again as it is printed.
    return float(f"{first ** (1 - share) * last**share:.15g}")


def _every(text: str, name: str) -> Every:
    return "log" if text.strip() == "log" else parse_count(text, name)


def _text(text: str, _name: str) -> str:
    return text


def _truth(text: str, name: str) -> bool:
    truth = TRUTHS.get(text.strip().lower())
    if truth is None:
        raise GdsolveError(f"{name}: {shown(text)} is neither true nor false", f"write {name}: true, or leave it out")
    return truth


def _choice(kind: type[StrEnum], text: str, name: str) -> StrEnum:
    try:
        return kind(text)
    except ValueError:
        near = difflib.get_close_matches(text.lower(), list(kind), n=1) or list(kind)[:1]
        raise GdsolveError(
            f"{name}: {shown(text)} is not one of {', '.join(kind)}", f"give one of them, as in {flag(name)} {near[0]}"
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


def convert(name: str, given: str | Sequence[str]) -> Any:
    """The value of the field `name` from text, or from several texts where the field holds a list.

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
        return _choice(kind, given, name)
    return CONVERTERS[kind](given, name)
