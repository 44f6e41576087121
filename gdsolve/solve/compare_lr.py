"""`compare-lr`: what learning rates do, side by side."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.comparison import Comparison
from gdsolve.solve.illustrator import Illustrate
from gdsolve.solve.pose import pose
from gdsolve.spec import Spec
from gdsolve.spec.command import Command

if TYPE_CHECKING:
    from gdsolve.data import Table
    from gdsolve.solve.scanned import Scan


def compare_lr(
    spec: Spec,
    table: Table | Scan | None = None,
    command: Command | None = None,
    ranks: Ranks = ALONE,
    *,
    illustrate: Illustrate | None = None,
) -> Comparison:
    """Descend plainly at every rate of `spec`, or on a grid around the largest stable one.

    Raises:
        GdsolveError: what was asked for contradicts itself or the table.
        DataError: data that cannot be used.
    """
    began = time.perf_counter()
    problem = pose(spec, table, ranks)
    from gdsolve.solve.compare_rates import compare_all_rates

    return compare_all_rates(problem, command or Command("compare-lr", spec.data), began, illustrate and illustrate())
