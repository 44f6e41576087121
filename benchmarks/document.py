"""A run as a plain document: what is written as JSON, and what every table is made from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.kinds import Case
from benchmarks.measure import Comparison

SCHEMA = "gdsolve.benchmarks/1"

Status = Literal["measured", "skipped", "failed", "not run"]


class NotADocumentError(ValueError):
    """A file that is no document of a run."""


@dataclass(frozen=True, slots=True)
class Row:
    """One case and what came of it; `note` says why nothing did."""

    subject: str
    case: Case
    comparison: Comparison | None
    status: Status = "measured"
    note: str = ""


def document(
    machine: dict[str, str],
    tables: list[dict[str, str | float | int]],
    rows: list[Row],
    complete: Sequence[str] = (),
) -> dict[str, Any]:
    """Everything known of a run: machine, tables made, and every case with all of its figures (s, bytes).

    `complete` are the sections of which every case was asked for.
    """
    cases = [_as_dict(row) for row in rows]
    return {"schema": SCHEMA, "machine": machine, "tables": tables, "complete": list(complete), "cases": cases}


def write(path: Path, made: dict[str, Any]) -> None:
    """Write a document; a file that was there is replaced whole."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps(made, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    partial.replace(path)


def read(path: Path) -> dict[str, Any]:
    """Read what `write` wrote.

    Raises:
        NotADocumentError: it is none, or cannot be read.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotADocumentError(f"{path}: {error}") from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise NotADocumentError(f"{path}: is no document of the schema {SCHEMA}")
    return found


def problems(made: dict[str, Any]) -> list[str]:
    """One line for every bound missed and every case that could not be measured."""
    cases = made["cases"]
    failed = [f"{case['name']}: failed: {case['note']}" for case in cases if case["status"] == "failed"]
    missed = [
        f"{case['name']}: bound missed: {case['ratio']:.3f} is not {case['bound']}"
        for case in cases
        if case["met"] is False
    ]
    return failed + missed


def _as_dict(row: Row) -> dict[str, Any]:
    case, taken = row.case, row.comparison
    bounded = case.bound is not None and taken is not None
    return {
        "subject": row.subject,
        "name": case.name,
        "a": case.a,
        "b": case.b,
        "bound": str(case.bound) if case.bound else None,
        "status": row.status,
        "met": case.bound.met_by(taken.ratio) if bounded else None,  # type: ignore[union-attr]
        "note": row.note or None,
    } | ({} if taken is None else _figures(taken))


def _figures(taken: Comparison) -> dict[str, Any]:
    return {
        "unit": taken.unit,
        "median": {"a": taken.median_a, "b": taken.median_b},
        "ratio": taken.ratio,
        "spread": taken.spread(),
        "peak": {"a": taken.peak("a"), "b": taken.peak("b")},
        "agreement": None if taken.agreement is None else dataclasses.asdict(taken.agreement),
        "runs": {"a": taken.a, "b": taken.b},
        "processes": {
            side: [_without_output(dataclasses.asdict(process)) for process in processes]
            for side, processes in taken.processes.items()
        },
    }


def _without_output(process: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in process.items() if name != "output"}
