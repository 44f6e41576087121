"""`gdsolve trace`: the autograd graph of formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gdsolve.cli.output import present
from gdsolve.spec.graph import build_trace_spec
from gdsolve.status import ExitCode


def run(sources: Sequence[str], given: Mapping[str, Any]) -> int:
    """Trace the graph of a spec; what PyTorch refuses is a result. Returns the exit code."""
    spec = build_trace_spec(sources, given)
    from gdsolve.graph import trace
    from gdsolve.report.graph_record import graph_record

    present(spec.options, graph_record(trace(spec)))
    return int(ExitCode.OK)
