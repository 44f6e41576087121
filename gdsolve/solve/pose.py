"""From a spec to its problem, whatever kind that is: decided here, and nowhere again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.problem import Problem
from gdsolve.solve.squares import pose_squares
from gdsolve.spec import Spec

if TYPE_CHECKING:
    from gdsolve.data import Table


def pose(spec: Spec, table: Table | None = None, ranks: Ranks = ALONE) -> Problem:
    """The problem of a spec, read from `table` where one is given; formulas and curves are for one process alone.

    Raises:
        GdsolveError: what was asked for contradicts itself or the table, or is not shared by ranks.
        DataError: data that cannot be used.
    """
    if spec.is_least_squares:
        return pose_squares(spec, table, ranks)
    if spec.minimize is None and spec.model is None:
        from gdsolve.solve.pointwise import pose_pointwise

        return pose_pointwise(spec, table, ranks)
    from gdsolve.solve.formula import pose_formula

    return pose_formula(spec, table)
