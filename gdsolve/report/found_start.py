"""The line that says where a curve starts whose start was found from the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gdsolve.report.numbers import counted

Record = Mapping[str, Any]


def found_start_line(record: Record) -> str:
    """The start as it is typed, and how it was found; empty where it was given."""
    found = record.get("found_start")
    if found is None or record.get("starts") is not None:
        return ""
    given = len(found["start"].split(",")) > len(found["found"])
    which = f"{', '.join(found['found'])} found" if given else "found"
    return f"--start {found['start']} ({which} from the data: {_how(found)})"


def _how(found: Mapping[str, Any]) -> str:
    if len(found["solved"]) == len(found["found"]):
        return "least squares, as the curve is linear in all of them"
    by = "variable projection" if found["solved"] else "search"
    return f"{by}, {counted(found['points'], 'point')}, seed {found['seed']}"
