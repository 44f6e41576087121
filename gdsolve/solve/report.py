"""`report`: a fit, with what a page needs to show it and to try other learning rates."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gdsolve.solve.illustrator import Illustrate
from gdsolve.solve.pose import pose
from gdsolve.spec import Spec
from gdsolve.spec.command import Command

if TYPE_CHECKING:
    from gdsolve.solve.report_problem import Report


def report(spec: Spec, command: Command, *, illustrate: Illustrate | None = None) -> Report:
    """Fit `spec` as `fit` does, and keep what a page shows of it.

    Raises:
        GdsolveError, DataError: as `fit`.
    """
    began = time.perf_counter()
    problem = pose(spec)
    from gdsolve.solve.report_problem import report_problem

    return report_problem(problem, command, began, illustrate and illustrate())
