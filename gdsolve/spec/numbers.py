"""Text to numbers: rates, counts and ranges, as flags and YAML scalars alike write them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from gdsolve.nearest import nearest_names
from gdsolve.spec.choices import LearningRate
from gdsolve.spec.option import flag
from gdsolve.status import GdsolveError

MOST_RATES = 100_000
RATES_IN_A_RANGE = 10
# Rates of a range so much apart are told apart by eight digits.
APART = 1e-6
LARGEST_DENOMINATOR = 1000
SHORT = 8
UNTOLD = 1e-14
SHOWN = 40


def shown(text: object) -> str:
    """A value as an error shows it: quoted when it is text, and never longer than a line can bear."""
    quoted = repr(text) if isinstance(text, str) else " ".join(str(text).split())
    return quoted if len(quoted) <= SHOWN else f"{quoted[:SHOWN]}…"


def rate_text(rate: float, digits: int = 6) -> str:
    """A learning rate as it is shown, to be typed again: rounded towards 0, since rounded up it might diverge.

    Within 5·10⁻¹³ of a shorter number it is that number.
    """
    if not math.isfinite(rate) or rate == 0.0:
        return f"{rate:g}"
    exact = Decimal(f"{rate:.12e}")
    return f"{float(exact.quantize(Decimal(1).scaleb(exact.adjusted() - digits + 1), ROUND_DOWN)):.{digits}g}"


def rate_texts(rate: float, limit: float) -> tuple[str, str]:
    """A rate and a limit as they are shown, with as many digits as tell them apart."""
    for digits in range(6, 13):
        pair = rate_text(rate, digits), rate_text(limit, digits)
        if pair[0] != pair[1]:
            return pair
    return pair


def rate_exactly(rate: float, digits: int = 8) -> str:
    """A learning rate as text that means no other: in so many digits, as a quotient, or in all its digits.

    The rounding of a product or two does not count.

    >>> rate_exactly(0.01), rate_exactly(1 / 28), rate_exactly(2**0.5)
    ('0.01', '1/28', '1.4142135623730951')
    """
    short = rate_text(rate, digits)
    if math.isclose(float(short), rate, rel_tol=UNTOLD):
        return short
    ratio = Fraction(rate).limit_denominator(LARGEST_DENOMINATOR)
    return str(ratio) if math.isclose(ratio, rate, rel_tol=UNTOLD) else repr(rate)


def typable(rate: float, digits: int = 6) -> float:
    """The rate itself where few digits or a quotient say it, else the next one below that so many digits say."""
    short = rate_exactly(rate)
    if len(short) > SHORT:
        return float(rate_text(rate, digits))
    return rate if "/" in short else float(short)


def nearest(name: str, names: Sequence[str]) -> str | None:
    """The one of `names` that is most like `name`, if any is."""
    return next(iter(nearest_names(name, names)), None)


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
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        number = math.nan
    if isinstance(text, bool) or not math.isfinite(number):
        raise GdsolveError(
            f"{shown(text)} is not a finite number", f"write it as in {flag(name)} 0.01, 1e-10 or 1/28", option=name
        )
    return number


def parse_count(text: str | float, name: str = "max_iter") -> int:
    """A whole number, exactly: 1000000, 1e12 and 1e32 all are one.

    Raises:
        GdsolveError: the text is no whole number, or is beyond 1e300.
    """
    hint = f"write it as in {flag(name)} 1000, or 1e12"
    if isinstance(text, bool):
        raise GdsolveError(f"{shown(text)} is not a whole number", hint, option=name)
    try:
        number = Decimal(text.strip() if isinstance(text, str) else text)
    except InvalidOperation:
        raise GdsolveError(f"{shown(text)} is not a whole number", hint, option=name) from None
    # The size is looked at first: to write 1e999999999 out as an integer takes all memory there is.
    if number.is_finite() and number.adjusted() > 300:
        raise GdsolveError(f"{shown(text)} is beyond 1e300", hint, option=name)
    if not number.is_finite() or (number.adjusted() < 0 and number) or number != number.to_integral_value():
        raise GdsolveError(f"{shown(text)} is not a whole number", hint, option=name)
    return int(number)


def parse_learning_rate(given: str | float | Sequence[str | float]) -> LearningRate:
    """`auto`, one rate (0.01 or 1/28), or several: 0.5,0.1 or a range 1e-4..1:20, both ends included.

    A range has 10 rates unless it says otherwise, evenly spaced on a log scale; commas join rates and ranges.

    Raises:
        GdsolveError: a part that is no rate, `auto` among others, or more than 100000 rates.
    """
    several: Sequence[Any] = given if isinstance(given, list | tuple) else [given]
    parts = [part for item in several for part in (item.split(",") if isinstance(item, str) else [item])]
    if [part.strip() for part in parts if isinstance(part, str)] == ["auto"] and len(parts) == 1:
        return "auto"
    rates: list[float] = []
    for part in parts:
        rates += _range(part) if isinstance(part, str) and ".." in part else [_rate(part)]
        if len(rates) > MOST_RATES:
            raise GdsolveError(f"more than {MOST_RATES} rates", "give fewer, as in --lr 1e-4..1:20", option="lr")
    if not rates:
        raise GdsolveError("no rate is given", "give --lr 0.01, --lr 1/28 or --lr auto", option="lr")
    return rates[0] if len(rates) == 1 else tuple(rates)


def _rate(part: str | float) -> float:
    if isinstance(part, str) and part.strip() == "auto":
        raise GdsolveError("auto stands alone, not among other rates", "give --lr auto, or numbers only", option="lr")
    rate = parse_number(part, "lr")
    if rate <= 0:
        raise GdsolveError(
            f"{shown(part)} is not a positive number", "give --lr 0.01, --lr 1/28 or --lr auto", option="lr"
        )
    return rate


def _range(part: str) -> list[float]:
    first_text, _, rest = part.partition("..")
    last_text, colon, count_text = rest.partition(":")
    first, last = _rate(first_text), _rate(last_text)
    try:
        count = parse_count(count_text, "lr") if colon else RATES_IN_A_RANGE
    except GdsolveError as fault:
        raise fault.but(hint="write a range as in --lr 1e-4..1:20") from None
    if not 2 <= count <= MOST_RATES:
        raise GdsolveError(
            f"a range of {count} rates; it takes 2 to {MOST_RATES}", "write a range as in --lr 1e-4..1:20", option="lr"
        )
    digits = 8 if abs(math.log(last) - math.log(first)) > APART * count else 15
    inner = (_between(first, last, place / (count - 1), digits) for place in range(1, count - 1))
    return [first, *inner, last]


def _between(first: float, last: float, share: float, digits: int) -> float:
    # So that 1e-4..1:5 holds 0.001 itself and every rate can be typed again as it is printed.
    return float(f"{first ** (1 - share) * last**share:.{digits}g}")
