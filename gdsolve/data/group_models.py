"""The models of the groups of a saved fit, found by the value of a group as it is written in another table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

UNKNOWN = -1
# Without zeros in front, which tell the code 01 from the number 1, and as far as float64 holds every digit.
_PLAIN = re.compile(r"-?(0|[1-9]\d*)(\.\d*)?(e[+-]?\d+)?")
_DIGITS = 15


@dataclass(frozen=True, slots=True)
class GroupModels:
    """Weights by group: `rows` finds a group by its value, `weights` is (G + 1, terms + 1), the intercept last.

    The last row, of NaN, is that of all values that the fit knows no weights of. `failed` says of groups without
    weights why they could not be fitted. `alike` finds a group by the number that its value is, where one alone has it:
    1 is also 1.0, and true.
    """

    column: str
    rows: Mapping[str, int]
    weights: np.ndarray
    failed: Mapping[str, str]
    alike: Mapping[float, int]

    @classmethod
    def of(cls, model: Mapping[str, Any]) -> GroupModels:
        """The groups of `gdsolve.groups/1`."""
        column, names = model["group_by"], model["data"]["features"]
        groups = [one for one in model["groups"] if one["group"][column] is not None]
        known = [one for one in groups if one["weights"] is not None]
        weights = [[*(one["weights"][name] for name in names), one["intercept"] or 0.0] for one in known]
        rows = {one["group"][column]: row for row, one in enumerate(known)}
        failed = {one["group"][column]: str(one.get("message") or "") for one in groups if one["weights"] is None}
        numbers = {value: number for value in (*rows, *failed) if (number := _number(value)) is not None}
        shared = Counter(numbers.values())
        alike = {number: rows[value] for value, number in numbers.items() if value in rows and shared[number] == 1}
        table = np.array([*weights, [np.nan] * (len(names) + 1)], dtype=np.float64)
        return cls(column, rows, table, failed, alike)

    def rows_of(self, cells: pl.Series) -> np.ndarray:
        """Find the groups of rows, (rows,): their rows in `weights`, or `UNKNOWN`."""
        found = {cell: self._row(cell) for cell in cells.unique().to_list()}
        return np.fromiter(map(found.__getitem__, cells.to_list()), np.int64, len(cells))

    def _row(self, cell: str | None) -> int:
        if cell is None or cell in self.failed:
            return UNKNOWN
        row = self.rows.get(cell)
        if row is None and (number := _number(cell)) is not None:
            row = self.alike.get(number)
        return UNKNOWN if row is None else row


def _number(value: str) -> float | None:
    """The number that a value is, true and false being 1 and 0; None where it is none, or has zeros in front."""
    text = value.lower()
    if text in ("true", "false"):
        return float(text == "true")
    if _PLAIN.fullmatch(text) is None or sum(letter.isdigit() for letter in text.partition("e")[0]) > _DIGITS:
        return None
    return float(text)
