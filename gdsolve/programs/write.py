"""From a spec to its program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.solve.pose import pose
from gdsolve.spec import Spec

if TYPE_CHECKING:
    from gdsolve.data import Table


def program_of_fit(spec: Spec, kind: str | None, table: Table | None = None) -> tuple[str, float | None]:
    """The program of `fit`, and how many seconds it takes, about, where that is known.

    Raises:
        GdsolveError, DataError: as `fit`, and for what a dozen lines cannot do.
    """
    from gdsolve.programs.unwritten import require_written

    require_written(spec)
    problem = pose(spec, table)
    from gdsolve.programs.program import program_of
    from gdsolve.solve.threads import threads_for_formula

    with threads_for_formula(problem):
        text, walk = program_of(problem, kind)
    return text, walk.seconds


def program_of_rates(spec: Spec, kind: str | None, table: Table | None = None) -> tuple[str, float | None]:
    """The program of `compare-lr`, and how many seconds it takes, about, where that is known.

    Raises:
        GdsolveError, DataError: as `compare-lr`, and for what a dozen lines cannot do.
    """
    from gdsolve.programs.unwritten import require_written

    require_written(spec)
    problem = pose(spec, table)
    from gdsolve.programs.program import rates_program

    return rates_program(problem, kind)
