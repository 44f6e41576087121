"""`gdsolve trace`: the autograd graph of formulas."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from gdsolve.bundled import tell_hidden
from gdsolve.cli.messages import listen
from gdsolve.cli.output import present, writing
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
        if spec.options.plot is True:
            _show_sweeps(record)
    finally:
        _draw(spec.options, record)
    return int(ExitCode.OK)


def _show_sweeps(record: Mapping[str, Any]) -> None:
    from gdsolve.report.graph_sweep import write_graph_sweeps

    with writing("standard output"):
        write_graph_sweeps(record, sys.stdout)
        sys.stdout.flush()


def _draw(spec: Spec, record: Mapping[str, Any]) -> None:
    if spec.plot_file is not None:
        from gdsolve.report.graph_picture import graph_diagram

        write_picture_file(spec, graph_diagram(record))
