"""The course of a descent, decided before its first step, and taken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gdsolve.plan import Plan, choose
from gdsolve.solve.fingerprint import Identity, columns_of, fingerprint
from gdsolve.solve.observer import is_told, telling
from gdsolve.solve.squares.problem import rows_of
from gdsolve.solve.squares.run import Run
from gdsolve.spec import DType, Engine, Spec

if TYPE_CHECKING:
    import torch

    from gdsolve.descent.iterate import Observer
    from gdsolve.descent.schedule import Schedule
    from gdsolve.descent.solution import Solution
    from gdsolve.descent.stop import StopRule
    from gdsolve.objective.base import Objective
    from gdsolve.progress import Outlook
    from gdsolve.solve.checkpointer import Checkpointer


SMALL = {"tol": "updates", "loss_tol": "changes of the loss", "grad_tol": "gradients"}


@dataclass(frozen=True, slots=True)
class Course:
    """The descent that was decided on: rate, rules, limit, reported iterations and way; `predicted` is where it stops.

    `loop_stops` are the rules for the ways that take every step: where rounding hides from them when a rule is met, the
    closed form tells.
    """

    learning_rate: float
    tol: float
    stops: tuple[StopRule, ...]
    loop_stops: tuple[StopRule, ...]
    max_iter: int | None
    predicted: int
    schedule: Schedule
    plan: Plan

    def is_foreseen(self, rule: str | None) -> bool:
        """True for the name of a rule that the closed form judged in place of a loop."""
        from gdsolve.descent.foreseen import Foreseen

        return any(isinstance(one, Foreseen) and one.name == rule for one in self.loop_stops)


def chart(run: Run, way: Engine | None = None) -> Course:
    """Decide on a course: the rate that was asked for or the best one, and the way of least predicted cost.

    An earlier run that took `way` is gone on with on the same.
    """
    from gdsolve.descent.foreseen import judge
    from gdsolve.descent.leap import DEFAULT_MAX_ITER
    from gdsolve.descent.schedule import Schedule

    spec, rows, p = run.spec, run.problem.triangle.rows, run.coordinates.p
    rate = run.learning_rate
    tol = run.tolerance(rate)
    stops = run.stops(tol)
    schedule = Schedule(spec.every)
    predicted = run.predict(rate, stops, spec.max_iter).iterations
    schedule.require_room(predicted, p)
    reported = len(schedule.up_to(predicted))
    plan = choose(spec.engine, rows=rows, p=p, iterations=predicted, reported=reported)
    if way not in (None, plan.engine) and spec.engine is Engine.AUTO:
        plan = Plan(way, "as in the run that is resumed")
    leaps = plan.engine is Engine.LEAP
    looped = stops if leaps else judge(stops, run.modes, run.closed_form([rate]), run.dtype)
    plan = replace(plan, reason=plan.reason + _arithmetic(spec, leaps, looped))
    unlimited = spec.max_iter is None and not leaps
    limit = DEFAULT_MAX_ITER if unlimited else spec.max_iter
    return Course(rate, tol, stops, looped, limit, predicted, schedule, plan)


def _arithmetic(spec: Spec, leaps: bool, rules: tuple[StopRule, ...]) -> str:
    """What the precision asked for means to the way that is taken, to follow the reason for it; else nothing."""
    from gdsolve.descent.foreseen import Foreseen

    if leaps:
        return "; evaluated in float64, on cells rounded to float32" if spec.dtype is DType.FLOAT32 else ""
    return "".join(
        f"; in {spec.dtype.value} rounding alone may cause {SMALL[rule.name]} of {rule.floor:.1g}, "
        f"so that the closed form decides when {rule.name} is met"
        for rule in rules
        if isinstance(rule, Foreseen)
    )


def descend(
    run: Run,
    course: Course,
    device: torch.device,
    observe: Observer | None = None,
    keeper: Checkpointer | None = None,
) -> Solution:
    """Take the course, in descent's coordinates; a loop tells `observe` how far it is, and `keeper` where it stands."""
    from gdsolve.descent.leap import leap, limit_status

    rate, stops, schedule = course.learning_rate, course.stops, course.schedule
    if keeper is not None:
        keeper.identify(_identity(run, course, device))
    if course.plan.engine is Engine.LEAP or course.max_iter is None:
        found = leap(run.modes, run.start, rate, stops, max_iter=course.max_iter, schedule=schedule)
        if keeper is not None:
            keeper.keep_leap(found.iterations, found.value)
        return found
    from gdsolve.descent.iterate import iterate
    from gdsolve.descent.methods.gradient import GradientDescent
    from gdsolve.descent.rates import Constant

    (at_limit,) = limit_status(run.closed_form([rate]))
    objective: Objective
    # Rows are kept where their way is asked for; a rank of several may have none of them.
    if run.spec.engine in (Engine.ROWS, Engine.AUTOGRAD):
        autograd = course.plan.engine is Engine.AUTOGRAD
        objective = rows_of(run.problem, run.modes, device, autograd=autograd)
    else:
        objective = run.modes.quadratic.to(run.dtype, device)
    start = run.start.to(device, run.dtype)
    method = GradientDescent(Constant(rate))
    last, unit = min(course.predicted, course.max_iter), run.coordinates.target_scale**2
    with telling("descending", last, unit, observe, _outlook(run, rate, last)) as told:
        return iterate(
            objective,
            start,
            method,
            course.loop_stops,
            max_iter=course.max_iter,
            schedule=schedule,
            at_limit=at_limit,
            observe=told,
            keeper=keeper,
        )


def _outlook(run: Run, rate: float, last: int) -> Outlook | None:
    """What is known of the loss, where somebody watches it."""
    if not (run.spec.watch and is_told()):
        return None
    from gdsolve.pictures.live import outlook_of
    from gdsolve.pictures.scene import scene_of_run

    return outlook_of(scene_of_run(run), run.closed_form([rate]), last)


def _identity(run: Run, course: Course, device: torch.device) -> Identity:
    spec, data = run.spec, run.problem.data
    return Identity(
        way=course.plan.engine,
        device=device.type,
        length=None,
        tolerances={"tol": course.tol, "loss_tol": spec.loss_tol or 0.0, "grad_tol": spec.grad_tol or 0.0},
        columns=columns_of(data.roles.design, data),
        start=fingerprint(run.start),
        bounds=fingerprint(None),
        data=fingerprint(run.problem.triangle, run.coordinates),
    )
