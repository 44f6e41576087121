"""Many sources for scripts: one JSON object a line, or one row of CSV, each written as soon as it is there."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Protocol, TextIO

from gdsolve.csv_rows import row_writer
from gdsolve.harmless import in_json
from gdsolve.report.group_lines import BEFORE, FIGURES, OPTIMUM, SPECTRUM
from gdsolve.report.plain import Encodable, Record, csv_cell, finite, weight_names
from gdsolve.report.text import encoding_of, is_unicode

FIXED = (*BEFORE, *FIGURES, *(f"optimum_{name}" for name in OPTIMUM), *SPECTRUM)
LAST = ("message", "hint")

Weights = Mapping[str | None, float | None]


class Lines(Protocol):
    """Who writes the records of sources one by one."""

    def write(self, record: Record) -> list[str]:
        """Write the next source; returns the names of weights that there is no place for."""
        ...

    def close(self) -> None:
        """Write what was held back."""
        ...


class JsonLines:
    """One `gdsolve.fit/1` a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._escaped = not is_unicode(encoding_of(stream))

    def write(self, record: Record) -> list[str]:
        """Write the next source."""
        try:
            text = json.dumps(record, ensure_ascii=self._escaped, allow_nan=False)
        except ValueError:
            # NaN and Infinity are not JSON; to look for them in every record takes longer than to write it.
            text = json.dumps(finite(record), ensure_ascii=self._escaped, allow_nan=False)
        self._stream.write(in_json(text) + "\n")
        return []

    def close(self) -> None:
        """Nothing is held back."""


class CsvLines:
    """One row a source. The first one that has weights names their columns; until then nothing can be written."""

    def __init__(self, stream: TextIO) -> None:
        self._writer = row_writer(Encodable(stream))
        self._held: list[Record] = []
        self._weights: list[str | None] | None = None
        self._errors = False

    def write(self, record: Record) -> list[str]:
        """Write the next source, and with the first weights all before it."""
        if self._weights is None and record["weights"] is None:
            self._held.append(record)
            return []
        if self._weights is None:
            self._begin(record)
        self._writer.writerow(self._row(record))
        named = _weights_of(record)
        return [name or "intercept" for name in named if name not in (self._weights or ())]

    def close(self) -> None:
        """Write the rows of sources none of which has weights."""
        if self._weights is None and self._held:
            self._begin(None)

    def _begin(self, record: Record | None) -> None:
        self._weights = [] if record is None else list(_weights_of(record))
        self._errors = record is not None and bool(record["report"])
        header = ["source", *FIXED, *LAST, *(["intercept"] if None in self._weights else [])]
        names: list[str] = []
        for name in self._weights:
            names.append("intercept" if name is None else _apart("weight_", name, [*header, *names]))
        errors = [*(f"standard_error_{name or 'intercept'}" for name in self._weights), "degrees_of_freedom"]
        errors = [_apart("_", name, [*header, *names]) for name in errors if self._errors]
        self._writer.writerow(["source", *FIXED, *names, *errors, *LAST])
        for one in self._held:
            self._writer.writerow(self._row(one))
        self._held = []

    def _row(self, record: Record) -> list[Any]:
        optimum, spectrum, weights = record["optimum"] or {}, record["spectrum"] or {}, _weights_of(record)
        flat = {**record, **record["data"]}
        cells = [
            record["source"],
            *(flat[name] for name in (*BEFORE, *FIGURES)),
            *(optimum.get(name) for name in OPTIMUM),
            *(spectrum.get(name) for name in SPECTRUM),
            *(weights.get(name) for name in self._weights or ()),
            *self._errors_of(record),
            record["message"],
            record["hint"] or "; ".join(record["advice"] if record["exit_code"] else ()),
        ]
        return [csv_cell(value) for value in cells]

    def _errors_of(self, record: Record) -> list[Any]:
        if not self._errors:
            return []
        report = record["report"] or {}
        found = {name: one["standard_error"] for name, one in (report.get("parameters") or {}).items()}
        return [*(found.get(name or "intercept") for name in self._weights or ()), report.get("degrees_of_freedom")]


def _apart(prefix: str, name: str, taken: Collection[str]) -> str:
    while name in taken:
        name = prefix + name
    return name


def _weights_of(record: Record) -> Weights:
    """The weights by name, the intercept, whose name is None, last; none of a source that cannot be fitted."""
    if record["weights"] is None:
        return {}
    named: dict[str | None, float | None] = {name: record["weights"].get(name) for name in weight_names(record)}
    return named if record["intercept"] is None else {**named, None: record["intercept"]}
