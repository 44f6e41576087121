"""Dates and times that are beyond those that polars can show: it would not refuse them, but end the thread."""

from __future__ import annotations

import polars as pl

# Years that the calendar of polars has: chrono::NaiveDate goes from -262143 to 262142.
_LAST = 262_000
_DAYS = 365.2425 * _LAST
_UNITS = {"ms": 1e3, "us": 1e6, "ns": 1e9}


def beyond_calendar(frame: pl.DataFrame) -> str | None:
    """Say which column has a date that no calendar has, or a time that no clock shows; None where none has."""
    for column in frame.get_columns():
        if column.dtype == pl.Date:
            limits = -_DAYS, _DAYS
        elif isinstance(column.dtype, pl.Datetime):
            reach = _DAYS * 86400.0 * _UNITS[column.dtype.time_unit]
            limits = -reach, reach
        elif column.dtype == pl.Time:
            limits = 0.0, 86400e9
        else:
            continue
        cells = column.to_physical()
        least, largest = cells.min(), cells.max()
        if isinstance(least, int) and isinstance(largest, int) and (least < limits[0] or largest > limits[1]):
            what = (
                "times beyond the 24 hours of a day" if column.dtype == pl.Time else f"dates beyond the year {_LAST:,}"
            )
            return f"column {column.name!r} holds {what}"
    return None
