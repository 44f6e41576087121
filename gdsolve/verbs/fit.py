"""`fit`: descend, and say what was reached and how far that is from the optimum."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdsolve.plan import Plan
from gdsolve.spec import DType, Engine, Spec
from gdsolve.spec.command import Command
from gdsolve.status import ExitCode, GdsolveError, Status
from gdsolve.verbs.advice import advise, announce, explain
from gdsolve.verbs.course import chart, descend, device_for
from gdsolve.verbs.problem import DataInfo, load
from gdsolve.verbs.result import Figures, Optimum, figures_of, optimum_of, trace_in_units
from gdsolve.verbs.run import prepare

if TYPE_CHECKING:
    import torch

    from gdsolve.data import Table
    from gdsolve.descent.solution import Trace
    from gdsolve.objective.modes import Spectrum

logger = logging.getLogger("gdsolve")


@dataclass(frozen=True, slots=True)
class Fit:
    """What was reached, in the user's units, with its certificate (DESIGN.md, section 4).

    `w` is (p, 1), the intercept last; losses, SSE and gap are in the units of the file, gradient norms, updates and
    tolerances in the coordinates in which descent ran. `predicted_iterations` was known before the run.
    """

    spec: Spec
    w: torch.Tensor
    status: Status
    stopped_by: str | None
    iterations: int
    best_iteration: int
    trace: Trace
    weights: dict[str, float]
    intercept: float | None
    figures: Figures
    learning_rate: float
    max_iter: int | None
    tol: float
    optimum: Optimum
    gap: float
    spectrum: Spectrum
    predicted_iterations: int | None
    plan: Plan
    device: str
    data: DataInfo
    message: str
    advice: tuple[str, ...]
    seconds: dict[str, float]

    @property
    def sse(self) -> float:
        """‖Xw − y‖²."""
        return self.figures.sse

    @property
    def loss(self) -> float:
        """The loss, penalty included."""
        return self.figures.loss

    @property
    def value(self) -> float:
        """The same as `loss`: the objective at `w`."""
        return self.figures.loss

    @property
    def computed_in(self) -> DType:
        """The precision of the iterates: the leap has only one, whatever that of the data."""
        return DType.FLOAT64 if self.plan.engine is Engine.LEAP else self.spec.dtype

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that the command line gives for this result."""
        return self.status.exit_code


def fit(spec: Spec, table: Table | None = None, command: Command | None = None) -> Fit:
    """Fit `spec`, on `table` where one is given; `command` is how the user asked, for the advice.

    Raises:
        GdsolveError: what was asked for contradicts itself or the table.
        DataError: data that cannot be used.
    """
    if isinstance(spec.lr, tuple):
        raise GdsolveError(f"lr: {len(spec.lr)} rates, and fit takes one", "gdsolve compare-lr takes several")
    began = time.perf_counter()
    problem = load(spec, table)
    descending = time.perf_counter()
    run = prepare(spec, problem)
    course = chart(run)
    announce(logger, run, course.learning_rate)
    logger.info("way %s: %s", course.plan.engine.value, course.plan.reason)
    device = device_for(spec.device, course.plan.engine)
    solution = descend(run, course, device)
    needed = run.predict(course.learning_rate, course.stops, None) if len(course.stops) > 1 else None
    w = solution.w.to(run.start.device, run.start.dtype)
    user, design = run.coordinates.to_user(w), problem.data.roles.design
    gap = float(run.modes.gap(w)) * run.coordinates.target_scale**2
    command = command or Command("fit", spec.data)
    finished = time.perf_counter()
    logger.info("%s updates in %.3f s", f"{solution.iterations:,}", finished - descending)
    return Fit(
        spec=spec,
        w=user,
        status=solution.status,
        stopped_by=solution.stopped_by,
        iterations=solution.iterations,
        best_iteration=solution.best_iteration,
        trace=trace_in_units(run, solution.trace),
        weights=dict(zip(design, user[: len(design), 0].tolist(), strict=True)),
        intercept=float(user[-1, 0]) if run.coordinates.intercept else None,
        figures=figures_of(run, w),
        learning_rate=course.learning_rate,
        max_iter=course.max_iter,
        tol=course.tol,
        optimum=optimum_of(run),
        gap=gap,
        spectrum=run.modes.spectrum,
        predicted_iterations=needed.iterations if needed is not None and needed.status is Status.CONVERGED else None,
        plan=course.plan,
        device=device.type,
        data=problem.data,
        message=explain(run, solution, course, gap),
        advice=advise(run, solution, course.learning_rate, course.tol, command),
        seconds={"read": problem.seconds, "descend": finished - descending, "total": finished - began},
    )
