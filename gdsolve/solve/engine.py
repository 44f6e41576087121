"""Which engine takes the steps: on the rows, on the triangle, or in closed form; and what they are taken on."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gdsolve.objective.autograd_rows import AutogradRows
from gdsolve.objective.base import Objective
from gdsolve.objective.quadratic import Quadratic
from gdsolve.objective.rows import collect_rows
from gdsolve.objective.shared import own_penalty, share
from gdsolve.solve.device import dtype_of
from gdsolve.solve.machine import REFERENCE
from gdsolve.solve.prediction import ENGINES, Prediction, Work, predicted_seconds
from gdsolve.solve.problem import Kind, Problem
from gdsolve.spec import Engine
from gdsolve.status import GdsolveError

# The closed form is taken unless steps are so many times cheaper: it rounds least.
CLEARLY = 2.0


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The engine chosen, in words why, and what it is predicted to take; no words where there is nothing to say."""

    engine: Engine
    reason: str = ""
    prediction: Prediction | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What an engine descends on: the objective in the precision and the place of the iterates, and their start."""

    objective: Objective
    start: torch.Tensor


def choose(work: Work, engines: tuple[Engine, ...] = ENGINES) -> EngineChoice:
    """The engine of least squares at the least cost, the closed form where there is little in it; told are `engines`.

    By a machine that is assumed and not by this one: a run that is repeated takes the same engine, whoever else uses
    the machine meanwhile, and so has the same bits.
    """
    leap, triangle = (predicted_seconds(engine, work, REFERENCE) for engine in (Engine.LEAP, Engine.TRIANGLE))
    best = Engine.TRIANGLE if CLEARLY * triangle < leap else Engine.LEAP
    return EngineChoice(best, prediction=Prediction(best, engines, work))


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


def ground_of(problem: Problem, engine: Engine, device: torch.device) -> Ground:
    """What a loop of this engine descends on; of least squares the rows are handed over, and kept no longer."""
    squares, spec = problem.squares, problem.spec
    if squares is None:
        return Ground(problem.objective, problem.start)
    dtype = dtype_of(spec)
    start = problem.start.to(device, dtype)
    # Rows are kept where their engine is asked for; a rank of several may have none of them.
    if spec.engine in (Engine.ROWS, Engine.AUTOGRAD):
        return Ground(_rows_of(problem, device, autograd=engine is Engine.AUTOGRAD), start)
    assert isinstance(problem.objective, Quadratic)
    return Ground(problem.objective.to(dtype, device), start)


def _rows_of(problem: Problem, device: torch.device, *, autograd: bool) -> Objective:
    """All rows in memory; of several ranks each has its own."""

    squares, quadratic = problem.squares, problem.objective
    assert squares is not None and isinstance(quadratic, Quadratic)
    penalty = own_penalty(quadratic.penalty, squares.ranks)
    rows = collect_rows(squares.kept, squares.coordinates, penalty, squares.curvature_scale, device)
    if autograd:
        rows = AutogradRows(rows.design, rows.target, rows.penalty, rows.curvature_scale)
    return share(rows, squares.ranks) if squares.ranks.several else rows
