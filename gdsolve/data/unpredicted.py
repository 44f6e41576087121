"""Rows of which nothing is predicted: how many, and why, each reason in words of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import polars as pl

from gdsolve.data.diagnose import show
from gdsolve.data.group_keys import Key, text_of
from gdsolve.data.group_models import UNKNOWN, GroupModels
from gdsolve.data.literal import column, literals

Place = Callable[[int, str | None], str]
"""Says where a row of a batch stands, and a column in it."""

_NAMED = 5


class Reason(Enum):
    """Why a row has no prediction, in the order in which reasons are told."""

    NO_GROUP = "no group"
    UNKNOWN = "unknown group"
    FAILED = "failed group"
    MISSING = "missing cell"
    NO_VALUE = "no value"


@dataclass(slots=True)
class Unpredicted:
    """What a pass has met of rows without a prediction; the first place of each reason is told at the end."""

    groups: GroupModels | None
    counts: dict[Reason, int] = field(default_factory=dict)
    values: dict[Reason, dict[str, int]] = field(default_factory=dict)
    _first: dict[Reason, Callable[[], str]] = field(default_factory=dict)

    def note(self, cells: pl.DataFrame, names: list[str], gone: np.ndarray, place: Place) -> None:
        """Note the rows that are `gone`, (rows,), of `cells`; `names` are the columns that a prediction is made of."""
        gone = gone.copy()
        if self.groups is not None:
            keys = self.groups.keys_of(cells)
            unknown = gone & (self.groups.rows_of(cells) == UNKNOWN)
            failed = np.array([key in self.groups.failed for key in keys], dtype=bool)
            empty = np.array([key is None for key in keys], dtype=bool)
            self._note(Reason.NO_GROUP, unknown & empty, place)
            self._note(Reason.FAILED, unknown & failed, place, keys)
            self._note(Reason.UNKNOWN, unknown & ~failed & ~empty, place, keys)
            gone &= ~unknown
        missing = cells.select(pl.any_horizontal(column(name).is_null() for name in names)) if names else None
        lacking = np.zeros_like(gone) if missing is None else missing.to_series().to_numpy() & gone
        self._note(Reason.MISSING, lacking, place, cells=cells.select(literals(names)))
        self._note(Reason.NO_VALUE, gone & ~lacking, place)

    def _note(
        self,
        reason: Reason,
        rows: np.ndarray,
        place: Place,
        keys: Sequence[Key] | None = None,
        cells: pl.DataFrame | None = None,
    ) -> None:
        if not rows.any():
            return
        self.counts[reason] = self.counts.get(reason, 0) + int(rows.sum())
        row = int(rows.argmax())
        column = None if cells is None else next(name for name in cells.columns if cells[name][row] is None)
        self._first.setdefault(reason, lambda: place(row, column))
        if keys is not None:
            tally = self.values.setdefault(reason, {})
            for value in map(text_of, itertools.compress(keys, rows)):
                tally[value] = tally.get(value, 0) + 1

    def lines(self, rows: int, *, groups_alone: bool = False) -> tuple[str, ...]:
        """Say for every reason how many of so many `rows` have no prediction, and where the first of them stands."""
        of_groups = (Reason.NO_GROUP, Reason.UNKNOWN, Reason.FAILED)
        told = [reason for reason in Reason if reason in self.counts and (reason in of_groups or not groups_alone)]
        total = f"{rows:,} row{'' if rows == 1 else 's'}"
        counted = [(reason, f"no prediction for {self.counts[reason]:,} of {total}") for reason in told]
        return tuple(f"{count}: {self._why(reason)} (first: {self._first[reason]()})" for reason, count in counted)

    def _why(self, reason: Reason) -> str:
        columns = () if self.groups is None else self.groups.columns
        named = _listed([*self.values.get(reason, {})])
        several = len(self.values.get(reason, {})) > 1
        match reason:
            case Reason.NO_GROUP:
                what = f"column {columns[0]!r}" if len(columns) == 1 else f"one of the columns {', '.join(columns)}"
                return f"no group: {what} has no value"
            case Reason.UNKNOWN:
                return f"no group{'s' if several else ''} {named} in the model, which has {self._known()}"
            case Reason.FAILED:
                why = "" if several else self._failure()
                return f"group{'s' if several else ''} {named} could not be fitted{why}"
            case Reason.MISSING:
                return "a cell that the model needs is missing"
            case Reason.NO_VALUE:
                return "the model has no value there"

    def _failure(self) -> str:
        (value,) = self.values[Reason.FAILED]
        reasons = {text_of(key): reason for key, reason in self.groups.failed.items()} if self.groups else {}
        reason = reasons.get(value, "")
        return f": {reason}" if reason else ""

    def _known(self) -> str:
        known = [*map(text_of, self.groups.rows)] if self.groups else []
        return _listed(known) if known else "none"


def _listed(values: list[str]) -> str:
    more = f" and {len(values) - _NAMED:,} more" if len(values) > _NAMED else ""
    return ", ".join(map(show, values[:_NAMED])) + more
