"""Which engine takes the steps: on the rows, on the triangle, or in closed form; and what they are taken on."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gdsolve.objective.autograd_rows import AutogradRows
from gdsolve.objective.base import Objective
from gdsolve.objective.rows import collect_rows
from gdsolve.objective.shared import own_penalty, share
from gdsolve.solve.device import device_for, dtype_of
from gdsolve.solve.problem import Kind, Problem
from gdsolve.spec import Engine
from gdsolve.status import GdsolveError

# Seconds on one core of 2024: what an update costs beside its arithmetic, a multiplication in and out of cache, and
# the search of the closed form. Only their ratios matter, and only within an order of magnitude.
PER_UPDATE = 3e-5
PER_ELEMENT = 5e-10
PER_LEAP = 5e-3


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The engine chosen, and the sentence that says why; an empty one where there is no other."""

    engine: Engine
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What an engine descends on: the objective in the precision and the place of the iterates, and their start."""

    objective: Objective
    start: torch.Tensor


def predicted_seconds(engine: Engine, *, rows: int, p: int, iterations: int, reported: int) -> float:
    """Predicted cost of descending; the pass over the table and its decomposition, which every engine needs, left out.

    The certificate is made of them: so the closed form costs its search and the reported rows, p×p each, and a step
    costs its arithmetic, on min(m, p + 1) rows for the triangle and on all m for `rows`.
    """
    height = min(rows, p + 1)
    if engine is Engine.LEAP:
        return PER_LEAP + 2 * reported * height * p * PER_ELEMENT
    height = rows if engine is Engine.ROWS else height
    return iterations * (PER_UPDATE + 2 * height * p * PER_ELEMENT)


def choose(*, rows: int, p: int, iterations: int, reported: int) -> EngineChoice:
    """The engine that takes `iterations` updates of least squares at the least predicted cost."""
    engines = (Engine.LEAP, Engine.TRIANGLE, Engine.ROWS)
    costs = {
        engine: predicted_seconds(engine, rows=rows, p=p, iterations=iterations, reported=reported)
        for engine in engines
    }
    best = min(engines, key=lambda engine: costs[engine])
    others = " and ".join(
        f"{_duration(costs[engine])} with --engine {engine.value}" for engine in engines if engine is not best
    )
    return EngineChoice(
        best,
        f"{iterations:,} update{'' if iterations == 1 else 's'} predicted: {_duration(costs[best])} against {others}",
    )


def only_engine(problem: Problem) -> Engine:
    """The engine of a problem whose spectrum is not that of a table: all rows of a loss, or autograd of a formula."""
    return Engine.ROWS if problem.kind is Kind.LINEAR else Engine.AUTOGRAD


def require_closed_form(asked: Engine, *, known: bool) -> None:
    """See that the closed form is asked for where there is one.

    Raises:
        GdsolveError: there is none.
    """
    if asked is Engine.LEAP and not known:
        raise GdsolveError(
            "leap has a closed form for constant rates of gd, momentum and nesterov alone",
            "leave --engine out",
            option="engine",
        )


def ground_of(problem: Problem, engine: Engine) -> Ground:
    """What a loop of this engine descends on; of least squares the rows are handed over, and kept no longer."""
    squares, spec = problem.squares, problem.spec
    if squares is None or problem.modes is None:
        return Ground(problem.objective, problem.start)
    device, dtype = device_for(spec.device, engine), dtype_of(spec)
    start = problem.start.to(device, dtype)
    # Rows are kept where their engine is asked for; a rank of several may have none of them.
    if spec.engine in (Engine.ROWS, Engine.AUTOGRAD):
        return Ground(_rows_of(problem, device, autograd=engine is Engine.AUTOGRAD), start)
    return Ground(problem.modes.quadratic.to(dtype, device), start)


def _rows_of(problem: Problem, device: torch.device, *, autograd: bool) -> Objective:
    """All rows in memory; of several ranks each has its own."""

    squares, modes = problem.squares, problem.modes
    assert squares is not None and modes is not None
    penalty = own_penalty(modes.quadratic.penalty, squares.ranks)
    rows = collect_rows(squares.kept, squares.coordinates, penalty, squares.curvature_scale, device)
    if autograd:
        rows = AutogradRows(rows.design, rows.target, rows.penalty, rows.curvature_scale)
    return share(rows, squares.ranks) if squares.ranks.several else rows


def _duration(seconds: float) -> str:
    for unit, size in (("years", 3.156e7), ("days", 86_400.0), ("hours", 3_600.0), ("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.2g} {unit}" if seconds < 100 * size else f"{seconds / size:,.0f} {unit}"
    return f"{seconds / 1e-6:.0f} µs"
