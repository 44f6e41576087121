"""`gdsolve trace`: the autograd graph of formulas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gdsolve.cli.output import present
from gdsolve.cli.request import Request
from gdsolve.outputs import check_outputs, write_picture_file
from gdsolve.ranks import Ranks
from gdsolve.spec import Spec
from gdsolve.spec.graph import TraceSpec, build_trace_spec
from gdsolve.status import ExitCode


def run(request: Request, _ranks: Ranks) -> int:
    """Trace the graph of a spec; what PyTorch refuses is a result. Returns the exit code."""
    spec = build_trace_spec(request.sources, request.given)
    check_outputs(spec.options)
    if spec.options.code is not False and _program(spec):
        return int(ExitCode.OK)
    from gdsolve.graph import trace
    from gdsolve.report.graph_record import graph_record

    record = graph_record(trace(spec))
    try:
        present(spec.options, record)
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


def _draw(spec: Spec, record: Mapping[str, Any]) -> None:
    if spec.plots:
        from gdsolve.report.graph_picture import graph_diagram

        write_picture_file(spec, graph_diagram(record))
