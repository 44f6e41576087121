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
from gdsolve.spec.trace_spec import TraceSpec
from gdsolve.status import ExitCode


def run(request: Request, _ranks: Ranks) -> int:
    """Trace the graph of a spec; what PyTorch refuses is a result. Returns the exit code."""
    listen(quiet=False, verbose=False)
    tell_hidden(request.sources)
    spec = build_trace_spec(request.sources, request.given)
    check_outputs(spec.options)
    if spec.options.code is not False and _program(spec):
        return int(ExitCode.OK)
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


def _program(spec: TraceSpec) -> bool:
    """Write the program of a graph; True where there is nothing else to print."""
    from gdsolve.cli.code import print_program
    from gdsolve.outputs import write_program
    from gdsolve.programs.graph import graph_program
    from gdsolve.spec.program import read_code

    asked = read_code(spec.options.code)
    assert asked is not None
    text = graph_program(spec, asked.kind)
    if asked.file is None:
        print_program(text)
        return True
    write_program(spec.options, text)
    return False


def _show_sweeps(record: Mapping[str, Any]) -> None:
    from gdsolve.report.graph_sweep import write_graph_sweeps

    with writing("standard output"):
        write_graph_sweeps(record, sys.stdout)
        sys.stdout.flush()


def _draw(spec: Spec, record: Mapping[str, Any]) -> None:
    if spec.plot_file is not None:
        from gdsolve.report.graph_picture import graph_diagram

        write_picture_file(spec, graph_diagram(record))
