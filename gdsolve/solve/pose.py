"""From a spec to its problem, whatever kind that is: decided here, and nowhere again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from gdsolve.imports import collector_at_rest
from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.problem import Problem
from gdsolve.solve.read import TableRead, read_table
from gdsolve.spec import Spec

if TYPE_CHECKING:
    from gdsolve.data import Table
    from gdsolve.solve.scanned import Scan


def pose(spec: Spec, table: Table | Scan | None = None, ranks: Ranks = ALONE) -> Problem:
    """The problem of a spec, read from a table or scan where one is given; formulas and curves are for one process.

    Raises:
        GdsolveError: what was asked for contradicts itself or the table, or is not shared by ranks.
        DataError: data that cannot be used.
    """
    if spec.minimize is not None or spec.model is not None:
        with collector_at_rest():
            from gdsolve.solve.formula import pose_formula
        # Of a scan a formula is refused with the spec.
        return pose_formula(spec, cast("Table | None", table))
    read = read_table(spec, table, ranks)
    if spec.online is not None:
        from gdsolve.solve.online import merged

        read = merged(read)
    from gdsolve.solve.pointwise import pose_pointwise
    from gdsolve.solve.squares import pose_squares

    if read.spec.loss.info.squared:
        problem = pose_squares(read)
    elif read.kept.stream is None:
        problem = pose_pointwise(read)
    else:
        problem = _streamed(read)
    if read.dealt is not None:
        problem = replace(problem, dealt=read.dealt)
    # What every rank reads for itself, a start say, is there on all of them.
    ranks.gather(None)
    return problem


def _streamed(read: TableRead) -> Problem:
    from gdsolve.objective.streamed import Stream
    from gdsolve.solve.pose_streamed import pose_streamed

    assert isinstance(read.kept.stream, Stream)
    return pose_streamed(read, read.kept.stream)
