"""From descent's coordinates to the user's units."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gdsolve.solve.outcome import Figures, Optimum, adjusted

if TYPE_CHECKING:
    import torch

    from gdsolve.descent.solution import Trace
    from gdsolve.solve.squares.run import Run


def figures_of(run: Run, w: torch.Tensor) -> Figures:
    """The figures at `w`, (p, 1).

    R² = 1 − SSE/Σω(y − ȳ)²; without intercept 1 − SSE/Σωy², as is usual there. What a penalty leaves of the degrees of
    freedom is no whole number: it has no adjusted R².
    """
    quadratic, unit = run.modes.quadratic, run.coordinates.target_scale**2
    now = quadratic.evaluate(w)
    sse = float(quadratic.sse(w)) * unit
    rows, intercept = run.problem.triangle.total_weight, run.coordinates.intercept
    total = run.problem.triangle.total_sum_of_squares(intercept=intercept)
    r2 = 1.0 - sse / total if total > 0.0 else None
    return Figures(
        sse=sse,
        loss=float(now.value) * unit,
        rmse=(sse / rows) ** 0.5,
        r2=r2,
        gradient_norm=float(now.gradient.norm()),
        adjusted_r2=None if run.spec.ridge else adjusted(r2, rows, run.modes.spectrum.rank, intercept=intercept),
    )


def optimum_of(run: Run) -> Optimum:
    """The optimum that the run is measured against."""
    modes, unit = run.modes, run.coordinates.target_scale**2
    minimisers, design = run.problem.minimisers, run.problem.data.roles.design
    # A unique minimiser is the same in all coordinates: the user's own have the fewest roundings.
    user = minimisers.point if modes.unique else run.coordinates.to_user(modes.minimiser)
    return Optimum(
        dict(zip(design, user[: len(design), 0].tolist(), strict=True)),
        float(user[-1, 0]) if run.coordinates.intercept else None,
        float(modes.quadratic.sse(modes.minimiser)) * unit,
        float(modes.quadratic.value(modes.minimiser)) * unit,
        modes.unique,
    )


def trace_in_units(run: Run, trace: Trace) -> Trace:
    """The trace with weights, SSE and loss in the user's units."""
    unit = run.coordinates.target_scale**2
    weights = run.coordinates.to_user(trace.weights.to(run.start.device, run.start.dtype))
    return replace(
        trace,
        weights=weights,
        sse=tuple(None if sse is None else sse * unit for sse in trace.sse),
        values=tuple(value * unit for value in trace.values),
    )
