"""From the coordinates in which a problem is descended on to the user's units."""

from __future__ import annotations

from dataclasses import replace

import torch

from gdsolve.descent.solution import Solution, Trace
from gdsolve.objective.base import SumOfSquares
from gdsolve.objective.pointwise_rows import Scored
from gdsolve.solve.class_figures import class_figures
from gdsolve.solve.minimum import Minimum
from gdsolve.solve.outcome import Figures, Optimum, adjusted, parameter_names
from gdsolve.solve.partial_derivatives import gradients_of
from gdsolve.solve.problem import Kind, Problem
from gdsolve.spec.choices import Show


def optimum_of(problem: Problem, minimum: Minimum) -> Optimum:
    """A minimum in the user's units."""
    squares, w = problem.squares, minimum.w.to(problem.start.dtype)
    user = problem.units.to_user(w)
    if squares is not None and minimum.unique and problem.limits is None:
        # A unique minimiser is the same in all coordinates: the user's own have the fewest roundings.
        user = squares.minimisers.point
    weights, intercept = problem.of_user(user)
    return Optimum(
        weights=weights,
        intercept=intercept,
        sse=sse_of(problem, w),
        loss=minimum.value * problem.loss_unit,
        unique=minimum.unique,
        is_global=minimum.is_global,
        ranges=None if minimum.ranges is None else _named_ranges(problem, minimum.ranges),
    )


def _named_ranges(problem: Problem, ranges: torch.Tensor) -> dict[str, tuple[float, float]]:
    names = parameter_names(problem.labels, intercept=problem.intercept)
    return {name: (low, high) for name, (low, high) in zip(names, ranges.tolist(), strict=True)}


def sse_of(problem: Problem, w: torch.Tensor) -> float | None:
    """The SSE at `w`, (p, 1), in the user's units; None for an objective without residuals."""
    found = problem.objective.sse(w)
    return None if found is None else float(found) * problem.loss_unit


def trace_in_units(problem: Problem, trace: Trace) -> Trace:
    """The trace with weights, SSE and loss in the user's units, and the gradients where they are to be shown."""
    unit = problem.loss_unit
    return replace(
        trace,
        weights=problem.units.to_user(trace.weights.to(problem.start)),
        sse=tuple(None if sse is None else sse * unit for sse in trace.sse),
        values=tuple(value * unit for value in trace.values),
        gradients=gradients_of(problem, trace) if problem.spec.show is Show.GRADIENT else None,
    )


def figures_of(problem: Problem, solution: Solution) -> Figures:
    """The figures where a run ended; those of least squares on a table come from its triangle, in float64.

    R² = 1 − SSE/Σω(y − ȳ)²; without intercept 1 − SSE/Σωy², as is usual there. Adjusted R² has the degrees of freedom
    of the error bars; what a penalty leaves of them is no whole number: it has no adjusted R².
    """
    w, objective, unit = solution.w.to(problem.start), problem.objective, problem.loss_unit
    sse, now = sse_of(problem, w), problem.bounded.evaluate(w)
    total = problem.total_sum_of_squares
    r2 = None if sse is None or not total else 1.0 - sse / total
    free = (isinstance(objective, SumOfSquares) or problem.modes is not None) and not problem.spec.is_penalised
    rank = problem.p if problem.modes is None else problem.modes.spectrum.rank
    intercept = problem.intercept or problem.kind is Kind.CURVE
    return Figures(
        sse=sse,
        loss=(solution.value if problem.squares is None else float(now.value)) * unit,
        rmse=None if sse is None else (sse / problem.rows) ** 0.5,
        r2=r2,
        gradient_norm=float(now.gradient.norm()),
        adjusted_r2=adjusted(r2, problem.observations, rank, intercept=intercept) if free else None,
        **(class_figures(problem, w) or (objective.scores(w) if isinstance(objective, Scored) else {})),
    )
