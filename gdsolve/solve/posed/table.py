"""Least squares on a table, posed for a method other than plain descent; the triangle certifies it all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.solve.device import device_of
from gdsolve.solve.posed.known import has_closed_form
from gdsolve.solve.posed.problem import Kind, Posed
from gdsolve.solve.squares.problem import rows_of
from gdsolve.solve.squares.run import Run
from gdsolve.spec import Engine
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from gdsolve.objective.base import Objective


def pose_run(run: Run, *, may_leap: bool = True) -> Posed:
    """The objective of a run, on the triangle or, where asked for, on all rows; in closed form where there is one.

    Raises:
        GdsolveError: the closed form is asked for and there is none.
    """
    spec, device = run.spec, device_of(run.spec)
    leaps = has_closed_form(spec.method, spec.schedule, spec.momentum)
    engine = spec.engine
    if engine is Engine.AUTO:
        engine = Engine.LEAP if leaps and may_leap else Engine.TRIANGLE
    if engine is Engine.LEAP and not leaps:
        raise GdsolveError(
            "engine: leap has a closed form for constant rates of gd, momentum and nesterov alone",
            "leave --engine out",
        )
    objective: Objective
    if engine in (Engine.TRIANGLE, Engine.LEAP):
        objective = run.modes.quadratic.to(run.dtype, device)
    else:
        objective = rows_of(run.problem, run.modes, device, autograd=engine is Engine.AUTOGRAD)
    triangle = run.problem.triangle
    return Posed(
        spec=spec,
        kind=Kind.LINEAR,
        engine=engine,
        objective=objective,
        start=run.start.to(device, run.dtype),
        labels=run.problem.data.roles.design,
        intercept=run.coordinates.intercept,
        units=run.coordinates.to(device),
        box=None,
        data=run.problem.data,
        rows=triangle.total_weight,
        total_sum_of_squares=triangle.total_sum_of_squares(intercept=run.coordinates.intercept),
        modes=run.modes,
        bound=run.modes.spectrum.largest or None,
        convex=True,
        smooth=True,
        seconds=run.problem.seconds,
        sample=run.problem.sample,
    )
