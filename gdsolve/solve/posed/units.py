"""From the coordinates in which a posed objective is descended on to the user's units."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gdsolve.solve.outcome import Optimum
from gdsolve.solve.posed.polish import Minimum
from gdsolve.solve.posed.problem import Posed, loss_unit

if TYPE_CHECKING:
    import torch

    from gdsolve.descent.solution import Solution, Trace


def weights_of(posed: Posed, w: torch.Tensor) -> tuple[dict[str, float], float | None]:
    """Weights by name and intercept, in the user's units, of `w`, (p, 1) in descent's."""
    user = posed.units.to_user(w)
    named = dict(zip(posed.labels, user[: len(posed.labels), 0].tolist(), strict=True))
    return named, float(user[-1, 0]) if posed.intercept else None


def gap_above(posed: Posed, solution: Solution, minimum: Minimum | None) -> float | None:
    """How far the loss is above its minimum, in the user's units."""
    if posed.modes is not None:
        return float(posed.modes.gap(solution.w.to(posed.modes.minimiser))) * loss_unit(posed)
    return None if minimum is None else minimum.gap(solution.w, solution.value) * loss_unit(posed)


def own_figures(posed: Posed, solution: Solution) -> Solution:
    """A leap's solution with the loss and SSE of the objective itself, of which the quadratic knows the shape alone."""
    weights = solution.trace.weights.to(posed.start)
    values = tuple(float(posed.objective.evaluate(w[:, None]).value) for w in weights.mT)
    errors = posed.objective.sse(weights)
    sse = (None,) * len(values) if errors is None else tuple(errors.tolist())
    value = float(posed.objective.evaluate(solution.w.to(posed.start)).value)
    return replace(solution, value=value, trace=replace(solution.trace, values=values, sse=sse))


def optimum_at(posed: Posed, minimum: Minimum) -> Optimum:
    """A minimum in the user's units."""
    weights, intercept = weights_of(posed, minimum.w.to(posed.start.dtype))
    sse = posed.objective.sse(minimum.w.to(posed.start.dtype))
    return Optimum(
        weights=weights,
        intercept=intercept,
        sse=None if sse is None else float(sse) * loss_unit(posed),
        loss=minimum.value * loss_unit(posed),
        unique=minimum.unique,
        is_global=minimum.is_global,
    )


def in_units(posed: Posed, trace: Trace) -> Trace:
    """The trace with weights, SSE and loss in the user's units."""
    unit = loss_unit(posed)
    return replace(
        trace,
        weights=posed.units.to_user(trace.weights),
        sse=tuple(None if sse is None else sse * unit for sse in trace.sse),
        values=tuple(value * unit for value in trace.values),
    )
