"""Which columns of a table are dates that are read as numbers, and the numbers that their cells are."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import polars as pl

from gdsolve.data.cells import Cells
from gdsolve.data.dates import as_numbers, moments, naive, seconds_of
from gdsolve.data.literal import nameless
from gdsolve.spec.choices import Dates

_DAY = 86_400.0


class Held(StrEnum):
    """What the cells of a column are: moments, or times of day and durations."""

    DATE = "date"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class DatedColumns:
    """Columns that are numbers of a `unit`, by name, and what they hold; `form` is how they are written, if told."""

    unit: Dates
    columns: Mapping[str, Held]
    form: str | None = None

    @classmethod
    def of_record(cls, record: Mapping[str, Any] | None) -> DatedColumns | None:
        """What a model has kept of them; None where there are none."""
        if record is None:
            return None
        held = {str(name): Held(kind) for name, kind in record["columns"].items()}
        return cls(Dates(record["unit"]), held, record.get("format"))

    def record(self) -> dict[str, Any]:
        """What a model keeps."""
        return {
            "unit": self.unit.value,
            "columns": {name: held.value for name, held in self.columns.items()},
            "format": self.form,
        }

    def among(self, names: Collection[str]) -> DatedColumns | None:
        """The same, of these columns alone; None where none of them is there."""
        left = {name: held for name, held in self.columns.items() if name in names}
        return replace(self, columns=left) if left else None

    def read(self, raw: pl.Series, cells: Cells) -> pl.Series:
        """Give a column as it is written as float64: null where missing, +∞ where a cell is not what it holds.

        A column of numbers has no dates: all of its cells are +∞.
        """
        written = nameless(raw)
        if not raw.dtype.is_temporal():
            written = raw.to_frame().select(cells.text(raw.name, raw.dtype)).to_series().alias("")
        if self.columns[raw.name] is Held.DURATION:
            found = seconds_of(written.cast(pl.String)) / (_DAY if self.unit is Dates.DAYS else 1.0)
        elif written.dtype == pl.String:
            found = as_numbers(moments(written, self.form), self.unit)
        else:
            found = as_numbers(naive(written), self.unit)
        bad = found.is_null() & written.is_not_null()
        return found.zip_with(~bad, pl.Series([math.inf]).new_from_index(0, len(found))).alias(raw.name)
