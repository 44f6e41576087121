"""The models of the groups of a saved fit, found by the value of a group as it is written in another table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from gdsolve.data.group_keys import Key, cells_of
from gdsolve.model import SCHEMA
from gdsolve.spec import Loss

UNKNOWN = -1
# Without zeros in front, which tell the code 01 from the number 1, and as far as float64 holds every digit.
_PLAIN = re.compile(r"-?(0|[1-9]\d*)(\.\d*)?(e[+-]?\d+)?")
_DIGITS = 15
_Alike = tuple[str | float | None, ...]


@dataclass(frozen=True, slots=True)
class GroupModels:
    """Weights by group: `rows` finds a group by its value, `weights` is (G + 1, terms + 1), the intercept last.

    The last row, of NaN, is that of all values that the fit knows no weights of. `failed` says of groups without
    weights why they could not be fitted. `alike` finds a group by the numbers that its cells are, where one alone has
    them: 1 is also 1.0, and true.
    """

    columns: tuple[str, ...]
    rows: Mapping[Key, int]
    weights: np.ndarray
    failed: Mapping[Key, str]
    alike: Mapping[_Alike, int]

    @classmethod
    def of(cls, model: Mapping[str, Any]) -> GroupModels:
        """The groups of `gdsolve.groups/1`."""
        columns, names = key_columns(model), model["data"]["features"]
        groups = [one for one in model["groups"] if None not in _cells(one, columns)]
        known = [one for one in groups if one["weights"] is not None]
        # The groups of curves, and of several classes, predict each for themselves.
        names = names if is_linear(model) else []
        weights = [[*(one["weights"][name] for name in names), one["intercept"] or 0.0] for one in known]
        rows = {_key(one, columns): row for row, one in enumerate(known)}
        failed = {_key(one, columns): str(one.get("message") or "") for one in groups if one["weights"] is None}
        numbers = {value: number for value in (*rows, *failed) if (number := _numbers(value)) is not None}
        shared = Counter(numbers.values())
        alike = {number: rows[value] for value, number in numbers.items() if value in rows and shared[number] == 1}
        table = np.array([*weights, [np.nan] * (len(names) + 1)], dtype=np.float64)
        return cls(columns, rows, table, failed, alike)

    def keys_of(self, frame: pl.DataFrame) -> list[Key]:
        """The groups that rows are of, (rows,), by the trimmed texts of their cells; None where one is missing."""
        cells = [frame[name].to_list() for name in self.columns]
        return cells[0] if len(cells) == 1 else [None if None in key else key for key in zip(*cells, strict=True)]

    def rows_of(self, frame: pl.DataFrame) -> np.ndarray:
        """Find the groups of rows, (rows,): their rows in `weights`, or `UNKNOWN`."""
        keys = self.keys_of(frame)
        found = {key: self._row(key) for key in set(keys)}
        return np.fromiter(map(found.__getitem__, keys), np.int64, len(keys))

    def _row(self, key: Key) -> int:
        if key is None or key in self.failed:
            return UNKNOWN
        row = self.rows.get(key)
        if row is None and (numbers := _numbers(key)) is not None:
            row = self.alike.get(numbers)
        return UNKNOWN if row is None else row


def is_linear(model: Mapping[str, Any]) -> bool:
    """True where all groups have one weight a column: what they predict is summed up for all rows together."""
    kind = (model.get("objective") or {}).get("kind", "linear")
    return bool(kind == "linear" and model.get("descent", {}).get("loss") != Loss.SOFTMAX)


def key_columns(model: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns by which a model has its groups; those from before there were several have one."""
    return tuple(model.get("group_keys") or (model["group_by"],))


def models_by_group(model: Mapping[str, Any]) -> dict[Key, int]:
    """The places of the groups of a model that have weights, by their values."""
    columns = key_columns(model)
    return {_key(one, columns): place for place, one in enumerate(model["groups"]) if one["weights"] is not None}


def with_classes(model: Mapping[str, Any]) -> Mapping[str, Any]:
    """The model of groups of several classes with all classes that there are; any other as it is."""
    if "groups" not in model or model.get("descent", {}).get("loss") != Loss.SOFTMAX:
        return model
    met: dict[str, Any] = {}
    for one in model["groups"]:
        met |= one.get("weights_by_class") or {}
    names = model["data"].get("target_levels") or sorted(met, key=float)
    return {**model, "weights_by_class": {name: met.get(name) for name in names}}


def model_of_group(model: Mapping[str, Any], place: int) -> dict[str, Any]:
    """The model of one group as a fit of its rows alone would have it."""
    one = model["groups"][place]
    shared = {name: model[name] for name in ("version", "data", "descent") if name in model}
    own = {**shared, **one, "schema": SCHEMA, "data": {**model["data"], **(one.get("data") or {})}}
    return {**own, "descent": {**model["descent"], **(one.get("descent") or {})}}


def _cells(one: Mapping[str, Any], columns: Sequence[str]) -> tuple[Any, ...]:
    return tuple(one["group"][name] for name in columns)


def _key(one: Mapping[str, Any], columns: Sequence[str]) -> Key:
    cells = _cells(one, columns)
    return cells if len(cells) > 1 else cells[0]


def _numbers(key: Key) -> _Alike | None:
    """The cells of a group, each as the number that it is, if it is one; None where none is."""
    cells = cells_of(key, 1)
    numbers = tuple(None if cell is None else _number(cell) for cell in cells)
    if all(number is None for number in numbers):
        return None
    return tuple(cell if number is None else number for cell, number in zip(cells, numbers, strict=True))


def _number(value: str) -> float | None:
    """The number that a value is, true and false being 1 and 0; None where it is none, or has zeros in front."""
    text = value.lower()
    if text in ("true", "false"):
        return float(text == "true")
    if _PLAIN.fullmatch(text) is None or sum(letter.isdigit() for letter in text.partition("e")[0]) > _DIGITS:
        return None
    return float(text)
