"""The course of a descent, decided before its first step, and taken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gdsolve.plan import Plan, choose
from gdsolve.spec import Device, DType, Engine, Spec
from gdsolve.verbs.squares.problem import rows_of
from gdsolve.verbs.squares.run import Run

if TYPE_CHECKING:
    import torch

    from gdsolve.descent.schedule import Schedule
    from gdsolve.descent.solution import Solution
    from gdsolve.descent.stop import StopRule
    from gdsolve.objective.base import Objective


SMALL = {"tol": "updates", "loss_tol": "changes of the loss", "grad_tol": "gradients"}


@dataclass(frozen=True, slots=True)
class Course:
    """The descent that was decided on: rate, rules, limit, reported iterations and way.

    `loop_stops` are the rules for the ways that take every step: where rounding hides from them when a rule is met, the
    closed form tells.
    """

    learning_rate: float
    tol: float
    stops: tuple[StopRule, ...]
    loop_stops: tuple[StopRule, ...]
    max_iter: int | None
    schedule: Schedule
    plan: Plan

    def is_foreseen(self, rule: str | None) -> bool:
        """True for the name of a rule that the closed form judged in place of a loop."""
        from gdsolve.descent.foreseen import Foreseen

        return any(isinstance(one, Foreseen) and one.name == rule for one in self.loop_stops)


def chart(run: Run) -> Course:
    """Decide on a course: the rate that was asked for or the best one, and the way of least predicted cost."""
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
    leaps = plan.engine is Engine.LEAP
    looped = stops if leaps else judge(stops, run.modes, run.closed_form([rate]), run.dtype)
    plan = replace(plan, reason=plan.reason + _arithmetic(spec, leaps, looped))
    unlimited = spec.max_iter is None and not leaps
    return Course(rate, tol, stops, looped, DEFAULT_MAX_ITER if unlimited else spec.max_iter, schedule, plan)


def _arithmetic(spec: Spec, leaps: bool, rules: tuple[StopRule, ...]) -> str:
    """What the precision asked for means to the way that is taken, to follow the reason for it; else nothing."""
    from gdsolve.descent.foreseen import Foreseen

    if leaps:
        return "; evaluated in float64, on cells rounded to float32" if spec.dtype is DType.FLOAT32 else ""
    return "".join(
        f"; in {spec.dtype.value} rounding alone may make {SMALL[rule.name]} of {rule.floor:.1g}, "
        f"so that the closed form tells when {rule.name} is met"
        for rule in rules
        if isinstance(rule, Foreseen)
    )


def descend(run: Run, course: Course, device: torch.device) -> Solution:
    """Take the course, in descent's coordinates."""
    from gdsolve.descent.iterate import iterate
    from gdsolve.descent.leap import leap, limit_status
    from gdsolve.descent.methods.gradient import GradientDescent
    from gdsolve.descent.rates import Constant

    rate, stops, schedule = course.learning_rate, course.stops, course.schedule
    if course.plan.engine is Engine.LEAP or course.max_iter is None:
        return leap(run.modes, run.start, rate, stops, max_iter=course.max_iter, schedule=schedule)
    (at_limit,) = limit_status(run.closed_form([rate]))
    objective: Objective
    # Rows are kept where their way is asked for; a rank of several may have none of them.
    if run.spec.engine in (Engine.ROWS, Engine.AUTOGRAD):
        autograd = course.plan.engine is Engine.AUTOGRAD
        objective = rows_of(run.problem, run.modes, run.dtype, device, autograd=autograd)
    else:
        objective = run.modes.quadratic.to(run.dtype, device)
    start = run.start.to(device, run.dtype)
    method = GradientDescent(Constant(rate))
    rules = course.loop_stops
    return iterate(objective, start, method, rules, max_iter=course.max_iter, schedule=schedule, at_limit=at_limit)


def device_for(asked: Device, engine: Engine) -> torch.device:
    """Where to descend: CUDA where it is asked for, or where it is there and every row is read at every step."""
    import torch

    spare = asked is Device.AUTO and engine in (Engine.ROWS, Engine.AUTOGRAD) and torch.cuda.is_available()
    return torch.device("cuda" if asked is Device.CUDA or spare else "cpu")
