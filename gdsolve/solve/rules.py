"""When a descent stops: what ends every run, and the tolerances that were asked for or are usual."""

from __future__ import annotations

import math

from gdsolve.descent.foreseen import converges
from gdsolve.descent.learning_rate import TOLERANCE, default_tolerance
from gdsolve.descent.methods.build import Recipe
from gdsolve.descent.methods.extent import norm
from gdsolve.descent.stop import (
    BadStart,
    Divergence,
    LeftDomain,
    SettledUpdate,
    SmallGradient,
    SmallLossChange,
    SmallUpdate,
    StopRule,
    Unbounded,
)
from gdsolve.objective.quadratic import Quadratic
from gdsolve.objective.rank import EPSILON
from gdsolve.solve.convergence import convergence_rules
from gdsolve.solve.device import dtype_of
from gdsolve.solve.forecast import form_of, has_closed_form
from gdsolve.solve.problem import Problem
from gdsolve.spec import DType, RateSchedule, Spec
from gdsolve.status import GdsolveError

SHARES = (0.0, 0.5, 2.0)
STEPS = (-1.0, -0.5, 0.5, 1.0)


def rules_of(problem: Problem, tol: float, *, settling: bool = False) -> tuple[StopRule, ...]:
    """The rules in force; a tolerance of 0 is off, and a loss that explodes, ends or sinks for ever always is one.

    `settling` is for a rate of gdsolve's own: rates that are compared end as they do when they are typed back.
    """
    ruled = convergence_rules(problem.spec, tol)
    if settling and _to_settle(problem):
        # The rate is found from what is known at one place: a small update need not mean a small error elsewhere.
        size = abs(float(problem.bounded.evaluate(problem.start).value))
        ruled = tuple(SettledUpdate(one.tolerance, size) if isinstance(one, SmallUpdate) else one for one in ruled)
    return (*_endings(problem), *ruled)


def _to_settle(problem: Problem) -> bool:
    """True where the default tolerance promises ten digits, and no spectrum says what an update means."""
    spec = problem.spec
    by_default = spec.tol is None and spec.auto_rate and spec.dtype is DType.FLOAT64
    return by_default and problem.smooth and problem.modes is None


def tolerances_of(rules: tuple[StopRule, ...]) -> dict[str, float]:
    """The thresholds of the rules of convergence by name, 0 where one is off."""

    kinds = SmallUpdate | SmallLossChange | SmallGradient
    found = {rule.name: rule.tolerance for rule in rules if isinstance(rule, kinds)}
    return {"tol": 0.0, "loss_tol": 0.0, "grad_tol": 0.0} | found


def require_end(problem: Problem, recipe: Recipe, stops: tuple[StopRule, ...]) -> None:
    """See that something stops a run whose iterations cost nothing.

    Raises:
        GdsolveError: nothing ever would.
    """
    endless = (
        problem.squares is not None and problem.limits is None and has_closed_form(recipe) and recipe.length is None
    )
    if endless and not any(map(converges, stops)):
        raise GdsolveError(
            "with tol 0 and no other rule nothing stops the run", "give --max-iter 1000, say", option="tol"
        )


def tolerance_of(problem: Problem, recipe: Recipe) -> float:
    """The tolerance on updates: as asked for, else the default, the same for every engine.

    None (0) for a method that ends by itself, or a rate that fades away. Where gdsolve finds the rate and the objective
    is a quadratic, a small update must also mean a small error (`gdsolve.descent.learning_rate.default_tolerance`).
    """
    spec, dtype = problem.spec, dtype_of(problem.spec)
    if spec.tol is not None:
        return spec.tol
    if recipe.method.info.self_ending or recipe.schedule is RateSchedule.COSINE:
        return 0.0
    if problem.modes is None or not spec.auto_rate or recipe.schedule is not RateSchedule.CONSTANT:
        return TOLERANCE[dtype]
    size = float(problem.start.abs().amax())
    return default_tolerance(problem.modes, recipe.rate, dtype, form_of(problem, recipe), size=size)


def usual_tolerance(spec: Spec) -> float:
    """The tolerance on updates that was asked for, or the one that is usual in a precision, whatever the rate."""

    return TOLERANCE[dtype_of(spec)] if spec.tol is None else spec.tol


def _endings(problem: Problem) -> tuple[StopRule, ...]:
    if problem.squares is not None:
        return (Divergence(_size_of_squares(problem)),)
    now = problem.objective.evaluate(problem.start)
    # A size of the loss near the start: what it is, or what a step as long as the start would change.
    slope = float(norm(now.gradient)) * (1.0 + float(problem.start.norm()))
    reference = max(size for size in (abs(float(now.value)), slope, 0.0) if not math.isnan(size))
    return BadStart(), LeftDomain(), Divergence(reference), Unbounded(max(reference, _depth_around(problem)))


def _depth_around(problem: Problem) -> float:
    """The largest |L| at some points around the start and 0, as far as it is finite.

    Where a loss is all but flat at the start, it may fall by many powers of ten to a minimum near by.
    """
    start, found = problem.start, 0.0
    ones = start.new_ones(start.shape)
    points = [share * start for share in SHARES] + [start + step * ones for step in STEPS]
    for point in points:
        size = abs(float(problem.bounded.evaluate(point).value))
        found = max(found, size) if math.isfinite(size) else found
    return found


def _size_of_squares(problem: Problem) -> float:
    quadratic = problem.objective
    assert isinstance(quadratic, Quadratic)
    # The loss of doing nothing keeps rounding at a perfect start from looking like an explosion.
    floor = 0.5 * EPSILON * quadratic.curvature_scale * float(quadratic.target.square().sum())
    value = quadratic.value(problem.start)
    if problem.shrinkage is not None:
        value = value + problem.shrinkage.penalty(problem.start)
    return max(float(value), floor)
