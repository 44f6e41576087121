"""Dates and times as they are written -> moments, and moments -> numbers.

A moment is a `Datetime` of microseconds without a zone, in UTC where the text or the column has a zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from gdsolve.spec.choices import Dates

_DAY = 86_400
_MONTHS = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
# A time of day, and how far it is from UTC.
_CLOCK = r"(\d{1,2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
_ZONE = r"(?:\s*(z|utc|gmt|[+-]\d{2}(?::?\d{2})?))?"
_TAIL = rf"(?:(?:\s*t|[\s,]+){_CLOCK}{_ZONE})?\s*$"
_ISO = rf"^\s*(\d{{4}})[-/.](\d{{1,2}})(?:[-/.](\d{{1,2}}))?{_TAIL}"
_DAY_MONTH_NAME = rf"^\s*(?:[a-z]{{3,9}},?\s+)?(\d{{1,2}})[-\s.]+({_MONTHS})[-,\s]+(\d{{4}}){_TAIL}"
_MONTH_NAME_DAY = rf"^\s*(?:[a-z]{{3,9}},?\s+)?({_MONTHS})\s+(\d{{1,2}})(?:,\s*|\s+)(\d{{4}}){_TAIL}"
# The day or the month first: which of them is not to be guessed.
UNCLEAR = r"^\s*(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d{2})([tT\s]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?\s*$"
TIME_OF_DAY = r"^\s*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*$"
_DURATION = r"^\s*([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?)?\s*$"


@dataclass(frozen=True, slots=True)
class _Shape:
    """A way to write a date: its pattern, without regard to case, and which groups are year, month and day."""

    pattern: str
    order: tuple[int, int, int]


_SHAPES = (_Shape(_ISO, (0, 1, 2)), _Shape(_DAY_MONTH_NAME, (2, 1, 0)), _Shape(_MONTH_NAME_DAY, (2, 0, 1)))


def moments(texts: pl.Series, form: str | None = None) -> pl.Series:
    """Give the moments that texts, (m,), are; null where one is missing, or is no date beyond doubt.

    ISO 8601 with a blank or a T before the time, Z or an offset after it, and the month by its English name; with a
    `form` of strptime that alone.
    """
    if form is not None:
        return _by_form(texts, form)
    # Most columns are plain dates: that costs a fifth.
    if texts.str.contains(r"^\d{4}-\d{2}-\d{2}$").all():
        found = texts.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
        return found.alias(texts.name)
    rest, parsed = texts, pl.Series(texts.name, [None] * len(texts), dtype=pl.Datetime("us"))
    for shape in _SHAPES:
        parsed = parsed.zip_with(parsed.is_not_null(), _by_shape(rest, shape))
        if parsed.null_count() == texts.null_count():
            break
        rest = texts.zip_with(parsed.is_null(), pl.Series([None], dtype=pl.String).new_from_index(0, len(texts)))
    return parsed


def moment_of(text: str) -> str:
    """Give one text that is a date in the form of SQL, in UTC."""
    found = moments(pl.Series([text]))[0]
    return str(text if found is None else found)


def _by_form(texts: pl.Series, form: str) -> pl.Series:
    try:
        found = texts.str.strip_chars().str.to_datetime(form, strict=False, time_unit="us")
    except pl.exceptions.PolarsError:
        # A form of a date alone.
        found = texts.str.strip_chars().str.to_date(form, strict=False).cast(pl.Datetime("us"))
    return naive(found)


def naive(times: pl.Series) -> pl.Series:
    """Give dates and times of any unit and zone as moments."""
    found = times.cast(pl.Datetime("us")) if times.dtype == pl.Date else times
    zone = getattr(found.dtype, "time_zone", None)
    if zone is not None:
        found = found.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return found.cast(pl.Datetime("us"))


def _by_shape(texts: pl.Series, shape: _Shape) -> pl.Series:
    """Texts of one shape as moments, null for the others."""
    parts = texts.str.extract_groups(f"(?i){shape.pattern}").struct.unnest()
    year, month, day = (parts[:, place] for place in shape.order)
    clock, second, fraction, zone = (parts[:, place] for place in range(3, 7))
    name = month.str.to_lowercase().str.slice(0, 3)
    names = {short: f"{number:02}" for number, short in enumerate(_SHORT, start=1)}
    month = name.replace(names).str.zfill(2)
    frame = pl.DataFrame(
        {
            "year": year,
            "month": month,
            "day": day.fill_null("01").str.zfill(2),
            "clock": clock.fill_null("00:00").str.zfill(5),
            "second": second.fill_null("00"),
            "fraction": fraction.fill_null("0"),
            "zone": zone.str.to_lowercase(),
        }
    )
    hours = pl.col("zone").str.extract(r"[+-](\d{2})", 1).cast(pl.Int64).fill_null(0)
    minutes = pl.col("zone").str.extract(r"[+-]\d{2}:?(\d{2})", 1).cast(pl.Int64).fill_null(0)
    sign = pl.when(pl.col("zone").str.starts_with("-")).then(-1).otherwise(1)
    text = pl.format("{}-{}-{} {}:{}.{}", "year", "month", "day", "clock", "second", "fraction")
    moment = text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")
    away = pl.duration(minutes=sign * (60 * hours + minutes), time_unit="us")
    return frame.select((moment - away).alias(texts.name)).to_series()


_SHORT = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def as_numbers(found: pl.Series, unit: Dates) -> pl.Series:
    """Give moments as float64: days or seconds since 1970-01-01 00:00 UTC, or the year with its part that has passed.

    With N days in the year y, day d of it, from 0, and t the part of the day: y + (d + t)/N.
    """
    micros = found.dt.epoch("us")
    if unit is not Dates.YEAR:
        # A division of whole numbers is rounded once.
        return (micros / (1_000_000 * (_DAY if unit is Dates.DAYS else 1))).cast(pl.Float64).alias(found.name)
    first = found.dt.truncate("1y")
    length = first.dt.offset_by("1y").dt.epoch("us") - first.dt.epoch("us")
    part = (micros - first.dt.epoch("us")) / length
    return (found.dt.year().cast(pl.Float64) + part).alias(found.name)


def seconds_of(texts: pl.Series) -> pl.Series:
    """Give times of day, and durations as ISO 8601 writes them, as seconds, (m,); null where a text is neither."""
    clock = texts.str.extract_groups(r"^\s*(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?\s*$").struct.unnest()
    span = texts.str.extract_groups(_DURATION).struct.unnest()
    hour, minute, second = (_number(clock[:, place]) for place in range(3))
    of_day = 3600.0 * hour + 60.0 * minute + second.fill_null(0.0)
    of_day = of_day.zip_with((hour < 24) & (minute < 60) & (second.fill_null(0.0) < 60.0), _nothing(len(texts)))
    sizes = (604_800.0, 86_400.0, 3600.0, 60.0, 1.0)
    whole = sum(
        (_number(span[:, place]).fill_null(0.0) * size for place, size in enumerate(sizes, start=1)),
        start=pl.Series([0.0] * len(texts), dtype=pl.Float64),
    )
    signed = whole * (span[:, 0] == "-").replace_strict({True: -1.0, False: 1.0}, return_dtype=pl.Float64)
    return of_day.zip_with(of_day.is_not_null(), signed).alias(texts.name)


def _number(texts: pl.Series) -> pl.Series:
    return texts.str.replace(",", ".", literal=True).cast(pl.Float64)


def _nothing(rows: int) -> pl.Series:
    return pl.Series([None], dtype=pl.Float64).new_from_index(0, rows)


def forms_of(cell: str) -> tuple[str, str] | None:
    """Give the form of strptime of a date whose day or month comes first, and what else it may be, in words.

    None of any other text.

    >>> forms_of("31.01.2024"), forms_of("2024-01-31")
    (('%d.%m.%Y', ''), None)
    >>> forms_of("03/04/24")
    ('%d/%m/%y', " where the day comes first, or '%m/%d/%y' where the month does")
    """
    found = re.match(UNCLEAR, cell, re.IGNORECASE)
    if found is None:
        return None
    first, mark, second, year, clock = found.groups()
    last = f"{mark}{'%Y' if len(year) == 4 else '%y'}"
    if clock:
        last += f"{clock[0]}%H:%M{':%S' if clock.count(':') > 1 else ''}{'%.f' if '.' in clock else ''}"
    days, months = f"%d{mark}%m{last}", f"%m{mark}%d{last}"
    if int(first) > 12:
        return days, ""
    if int(second) > 12:
        return months, ""
    return days, f" where the day comes first, or '{months}' where the month does"
