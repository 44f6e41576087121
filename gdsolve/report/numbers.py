"""How numbers are written in tables: significant digits, thousands separators, one format for a whole column."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from gdsolve.spec.numbers import rate_exactly, rate_text

ABSENT = "–"
"""What stands in a table where a figure does not exist."""

Number = int | float | None


def figure(value: Number | str, digits: int = 8) -> str:
    """One number with this many significant digits; text stays as it is.

    >>> figure(1 / 3, 4), figure(2.0), figure(None)
    ('0.3333', '2', '–')
    """
    if value is None:
        return ABSENT
    if isinstance(value, str):
        return value
    return f"{value + 0.0:.{digits}g}"


def rate(value: Number, digits: int = 8) -> str:
    """A learning rate, rounded towards 0: what is read off a table and typed again must be stable if the rate is.

    >>> rate(2 / 3, 4), rate(0.1), rate(None)
    ('0.6666', '0.1', '–')
    """
    return ABSENT if value is None else rate_text(value, digits)


def exact_rate(value: Number) -> str:
    """A learning rate that was run, as text which typed again means no other.

    >>> exact_rate(0.1), exact_rate(1 / 28), exact_rate(None)
    ('0.1', '1/28', '–')
    """
    return ABSENT if value is None else rate_exactly(value)


def whole(value: Number) -> str:
    """A count, with thousands separators above 99,999, and from 10¹⁸ on in six significant digits.

    >>> whole(99999), whole(100000), whole(10**32), whole(None)
    ('99999', '100,000', '1e+32', '–')
    """
    if value is None:
        return ABSENT
    if not math.isfinite(value) or abs(value) >= 10**18:
        return f"{value:.6g}"
    return f"{round(value):,}" if abs(value) > 99_999 else f"{round(value)}"


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """A count and its noun.

    >>> counted(1, "row"), counted(251, "row")
    ('1 row', '251 rows')
    """
    return f"{whole(count)} {singular if count == 1 else plural or singular + 's'}"


def column(values: Sequence[Number], digits: int = 8, *, relative: bool = True) -> list[str]:
    """A column in one format, fixed or scientific, without the zeros that no value needs.

    With `relative`, every value keeps nearly all its digits (a sum of squares that falls by orders of magnitude);
    without, all share the precision of the largest (a weight on its way).

    >>> column([20, 11.8016, 0])
    ['20.0000', '11.8016', '0.0000']
    >>> column([20, 2e-9, None])
    ['2e+01', '2e-09', '–']
    """
    sizes = _sizes(values)
    high, low = (_exponent(pick(sizes, default=1.0), digits) for pick in (max, min))
    fixed = -5 <= high <= 8 and (not relative or (low >= -5 and high - low <= 3))
    if fixed:
        return _trim([_fixed(value, max(0, digits - 1 - high)) for value in values])
    return _trim([_scientific(value, digits) for value in values])


def rows(values: Sequence[Sequence[Number]], digits: int = 10) -> list[list[str]]:
    """Rows of figures of different sizes: one precision within a row, decimal points aligned down every column.

    Where aligning them would take too much room, everything is written in scientific form.
    """
    texts = [_row(row, digits) for row in values]
    aligned = [align_points(texts_down) for texts_down in zip(*texts, strict=True)]
    if any(len(text) > digits + 10 for texts_down in aligned for text in texts_down):
        flat = _trim([_scientific(value, digits) for row in values for value in row])
        size = len(values[0])
        return [flat[start : start + size] for start in range(0, len(flat), size)]
    return [list(row) for row in zip(*aligned, strict=True)]


def align_points(texts: Sequence[str]) -> list[str]:
    """A column with its decimal points, or what stands for them, below each other.

    >>> align_points(["1.25", "10", "–"])
    ['1.25', '10   ', '–   ']
    """
    tails = [len(text) - len(re.split("[.e]", text, maxsplit=1)[0]) for text in texts]
    return [text + " " * (max(tails) - tail) for text, tail in zip(texts, tails, strict=True)]


def ratios(values: Sequence[Number]) -> list[str]:
    """Statistics with three decimals, in scientific form where they are huge.

    >>> ratios([2.5, -13, 2e7])
    ['2.500    ', '-13.000    ', '2.000e+07']
    """
    return align_points(
        [ABSENT if value is None else f"{value:z.3f}" if abs(value) < 1e6 else f"{value:.3e}" for value in values]
    )


def _row(row: Sequence[Number], digits: int) -> list[str]:
    high = _exponent(max(_sizes(row), default=1.0), digits)
    if -5 <= high <= 9:
        return _trim([_fixed(value, max(0, digits - 1 - high)) for value in row])
    return _trim([_scientific(value, digits) for value in row])


def _sizes(values: Iterable[Number]) -> list[float]:
    return [abs(value) for value in values if value is not None and math.isfinite(value) and value != 0]


def _exponent(size: float, digits: int) -> int:
    # Read off the rounded number, since 9.9999999999 is written as 10.
    return int(f"{size:.{digits - 1}e}".partition("e")[2])


def _fixed(value: Number, decimals: int) -> str:
    return ABSENT if value is None else f"{value:z.{decimals}f}"


def _scientific(value: Number, digits: int) -> str:
    if value is None or value == 0:
        return ABSENT if value is None else "0"
    return f"{value:.{digits - 1}e}"


def _trim(texts: list[str]) -> list[str]:
    """Take away the trailing zeros (of the mantissa) that all of these have in common."""
    pointed = [text.partition("e")[0] for text in texts if "." in text]
    spare = min((len(mantissa) - len(mantissa.rstrip("0")) for mantissa in pointed), default=0)
    return [_shorten(text, spare) for text in texts]


def _shorten(text: str, spare: int) -> str:
    mantissa, e, exponent = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa[: len(mantissa) - spare].rstrip(".")
    return mantissa + e + exponent
