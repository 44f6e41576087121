"""`gdsolve trace`: the autograd graph of formulas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gdsolve.bundled import tell_hidden
from gdsolve.cli.messages import listen
from gdsolve.cli.output import present
from gdsolve.cli.request import Request
from gdsolve.outputs import check_outputs, write_picture_file
from gdsolve.ranks import Ranks
from gdsolve.spec import Spec
from gdsolve.spec.graph import build_trace_spec
from gdsolve.status import ExitCode


def run(request: Request, _ranks: Ranks) -> int:
    """Trace the graph of a spec; what PyTorch refuses is a result. Returns the exit code."""
    listen(quiet=False, verbose=False)
    tell_hidden(request.sources)
    spec = build_trace_spec(request.sources, request.given)
    check_outputs(spec.options)
    from gdsolve.graph import trace
    from gdsolve.report.graph_record import graph_record

    record = graph_record(trace(spec))
    try:
        present(spec.options, record)
    finally:
        _draw(spec.options, record)
    return int(ExitCode.OK)


def _draw(spec: Spec, record: Mapping[str, Any]) -> None:
    if spec.plots:
        from gdsolve.report.graph_picture import graph_diagram

        write_picture_file(spec, graph_diagram(record))
