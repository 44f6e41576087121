"""When a descent on a posed objective stops."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gdsolve.solve.posed.problem import Posed
from gdsolve.solve.posed.recipe import SELF_ENDING
from gdsolve.spec import Method, RateSchedule

if TYPE_CHECKING:
    from gdsolve.descent.stop import StopRule


def stops_of(posed: Posed, tol: float) -> tuple[StopRule, ...]:
    """The rules in force; a tolerance of 0 is off, and a loss that explodes, ends or sinks for ever always is one."""
    from gdsolve.descent.stop import (
        BadStart,
        Divergence,
        LeftDomain,
        SmallGradient,
        SmallLossChange,
        SmallUpdate,
        Unbounded,
    )

    spec, now = posed.spec, posed.objective.evaluate(posed.start)
    # A size of the loss near the start: what it is, or what a step as long as the start would change.
    slope = float(now.gradient.norm()) * (1.0 + float(posed.start.norm()))
    reference = max(size for size in (abs(float(now.value)), slope, 0.0) if not math.isnan(size))
    rules: list[StopRule] = [BadStart(), LeftDomain(), Divergence(reference), Unbounded(reference)]
    wanted = ((SmallUpdate, tol), (SmallLossChange, spec.loss_tol), (SmallGradient, spec.grad_tol))
    return (*rules, *(rule(threshold) for rule, threshold in wanted if threshold))


def tolerance_of(posed: Posed, method: Method, schedule: RateSchedule = RateSchedule.CONSTANT) -> float:
    """The tolerance on updates: as asked for, else none for a method that ends by itself or a rate that fades away."""
    from gdsolve.descent.learning_rate import TOLERANCE

    if posed.spec.tol is not None:
        return posed.spec.tol
    return 0.0 if method in SELF_ENDING or schedule is RateSchedule.COSINE else TOLERANCE[posed.start.dtype]
