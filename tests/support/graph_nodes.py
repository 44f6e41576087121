"""Graphs of text as records, and their nodes by name."""

from __future__ import annotations

from typing import Any

from gdsolve.graph import trace
from gdsolve.report.graph_record import graph_record
from gdsolve.spec.graph import build_trace_spec


def traced(text: str, **options: Any) -> dict[str, Any]:
    return graph_record(trace(build_trace_spec([text], options)))


def node(record: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in record["nodes"] if one["name"] == name)
