"""What the user should know of a run that has ended, and what to do next: a sentence each, some with a command."""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import torch

from gdsolve.descent.foreseen import converges
from gdsolve.descent.methods.build import Recipe
from gdsolve.descent.solution import Solution
from gdsolve.objective.curve import Curve, PointwiseCurve
from gdsolve.objective.rank import EPSILON
from gdsolve.solve.ambiguity import ambiguity
from gdsolve.solve.forecast import has_closed_form
from gdsolve.solve.l1 import largest_l1
from gdsolve.solve.method import own_rate
from gdsolve.solve.minimum import Certificate, Minimum
from gdsolve.solve.plan import Plan
from gdsolve.solve.problem import Kind, Problem
from gdsolve.solve.reclassify import far_above
from gdsolve.solve.remedy import (
    another,
    best_rate,
    elsewhere,
    finite_weights,
    further,
    needed_updates,
    own_command,
    patient,
    steadier,
)
from gdsolve.solve.squares import repose, standard_coordinates
from gdsolve.solve.words import coordinates_of
from gdsolve.spec import DType, Method, Scale
from gdsolve.spec.command import Advice, Command
from gdsolve.spec.methods import PLAIN, Recurrence
from gdsolve.spec.numbers import rate_text
from gdsolve.status import Status

FAR = 1e-4
FURTHER = 1e-4
ELSEWHERE = ("flat", "start", "saddle", "maximum", "inflection", "runaway", "edge")
"""The ends after which another start is worth more than another method."""
# What the default tolerance promises of every weight, but for those that are so much smaller than the largest.
DIGITS = 1e-9
COUNTED = 1e-9
NOISE = 64.0
LEVEL = 1e-9


def advise(
    problem: Problem, plan: Plan, solution: Solution, certificate: Certificate, command: Command
) -> tuple[Advice, ...]:
    """What the user should know or do, a sentence each, some with a command that is ready to paste."""
    lines: list[Advice] = []
    status, minimum = solution.status, certificate.minimum
    if minimum is None and certificate.reason and status in (Status.CONVERGED, Status.MAX_ITER):
        lines.append(Advice(f"How far it is from a minimum is not known: {certificate.reason}."))
    if status is Status.CONVERGED:
        lines += _distance(problem, plan, solution, certificate)
    if status in (Status.MAX_ITER, Status.EDGE_OF_STABILITY):
        lines += _needs(problem, plan)
    began = status is not Status.DIVERGED and solution.stopped_by != "start"
    if problem.kind is Kind.CURVE and began and _is_level(problem, solution):
        lines.append(Advice("The curve is constant on all rows: it explains nothing of the target (R² is 0)."))
    lines += _commands(problem, plan, solution, certificate, command)
    if minimum is not None and problem.shrinkage is not None and status is Status.CONVERGED:
        lines += _nothing_left(problem, minimum, command)
    if minimum is not None and not minimum.unique and minimum.spectrum is not None:
        lines.append(_ambiguity(problem, minimum.spectrum.rank, command))
    return (*lines, *ambiguity(problem, minimum))


def _commands(
    problem: Problem, plan: Plan, solution: Solution, certificate: Certificate, command: Command
) -> list[Advice]:
    """What to run instead."""
    unstable = solution.status in (Status.DIVERGED, Status.EDGE_OF_STABILITY)
    if solution.status is Status.FAILED:
        return _after_failure(problem, plan, solution, command)
    if not unstable and solution.status is not Status.MAX_ITER:
        return []
    if certificate.separation is not None or solution.stopped_by == "unbounded":
        return [_held(problem, command, certificate)]
    if (
        problem.modes is not None
        and problem.squares is not None
        and plan.recipe.method is PLAIN
        and has_closed_form(plan.recipe)
    ):
        return [*own_command(problem, command), *(best_rate(problem, command) if unstable else [])]
    if unstable:
        return steadier(problem, plan.recipe, command, "Run instead")
    return further(problem, plan.recipe, command)


def _after_failure(problem: Problem, plan: Plan, solution: Solution, command: Command) -> list[Advice]:
    if solution.stopped_by == "domain":
        return steadier(problem, plan.recipe, command, "Run instead, with steps that stay where it is defined")
    if solution.stopped_by in ELSEWHERE:
        return [elsewhere(problem, command)]
    if solution.stopped_by == "short":
        found = patient(problem, command) or further(problem, plan.recipe, command)
        return found or another(problem, plan.recipe, command) or [elsewhere(problem, command)]
    others = [one.value for one in (Method.GD, Method.BB, Method.NEWTON) if one is not plan.recipe.method]
    return [Advice(f"Start elsewhere, or try another method: {', '.join(others)}.")]


def _held(problem: Problem, command: Command, certificate: Certificate) -> Advice:
    """What keeps weights from running away where the loss has no minimum."""
    if certificate.separation is not None:
        return finite_weights(problem, command, certificate.separation)
    if problem.kind is Kind.LINEAR:
        return Advice("A ridge penalty keeps the weights finite", command.but(ridge=1, max_iter=None))
    return Advice("Check the formula, or bound its parameters with --lower and --upper.")


def _nothing_left(problem: Problem, minimum: Minimum, command: Command) -> list[Advice]:
    """The penalty from which on every weight is zero, where that is so."""
    largest = largest_l1(problem, minimum)
    if not largest:
        return []
    half = float(f"{0.5 * largest:.2g}")
    said = f"An l1 penalty of {largest:.6g} and more sets every weight to zero; a smaller one leaves some"
    return [Advice(said, command.but(l1=int(half) if half.is_integer() else half))]


def _ambiguity(problem: Problem, rank: int, command: Command) -> Advice:
    if problem.shrinkage is not None:
        said = "The minimiser is not unique: columns depend on each other, and can share out their weights otherwise"
        return Advice(f"{said}; with a ridge penalty beside there is one", command.but(ridge=1))
    if problem.squares is not None and problem.box is not None:
        said = "The minimiser is not unique: columns depend on each other, and can share out their weights otherwise"
        return Advice(f"{said} within the bounds; with a ridge penalty there is one", command.but(ridge=1))
    if problem.squares is None:
        return Advice(
            f"The minimum is not unique: rank {rank} < {problem.p} weights; "
            "some of them can change while the loss stays the same."
        )
    return Advice(
        f"The minimiser is not unique: rank {rank} < {problem.p} weights. "
        "The optimum shown has minimum norm in the coordinates of descent; gdsolve check names the columns."
    )


def _distance(problem: Problem, plan: Plan, solution: Solution, certificate: Certificate) -> list[Advice]:
    """A small update is not a small error: say so where the weights, or the loss, are still off."""
    minimum = certificate.minimum
    if minimum is None or solution.stopped_by is None:
        return []
    modes = problem.modes
    by_weights = modes is not None and (modes.unique or plan.recipe.method.info.recurrence is not None)
    away = float((solution.w.to(minimum.w) - minimum.w).abs().amax())
    size = float(minimum.w.abs().amax())
    asked = min(plan.tol, solution.trace.updates[-1] or 0.0) * FURTHER
    slow = f"; --tol {asked:.0e} would go on" if solution.stopped_by == "tol" and asked >= sys.float_info.min else ""
    # Beside a minimum at 0 what rounding leaves of weights that were larger is no error.
    rounded = NOISE * torch.finfo(solution.w.dtype).eps * float(problem.start.abs().amax())
    if by_weights and away > max(FAR * size, rounded):
        share = f" ({100 * away / size:.2g} % of the largest)" if size > 0.0 else ""
        said = f"a weight is still {away:.3g} from its optimum{share}"
        return [Advice(f"A small step is not a small error: {said}{slow}.")]
    if not by_weights and far_above(solution, minimum):
        return [Advice(f"A small step is not a small error: the loss is still well above its minimum{slow}.")]
    return _digits(problem, solution, minimum, slow)


def _is_level(problem: Problem, solution: Solution) -> bool:
    """True where a curve that could vary from row to row does not, beside what the target varies."""
    objective = problem.objective
    if not isinstance(objective, Curve | PointwiseCurve) or not objective.model.columns:
        return False
    with torch.no_grad():
        values, target = objective.model.at(solution.w.to(problem.start)), objective.target
    return bool((values.amax() - values.amin()) <= LEVEL * (target.amax() - target.amin())) and len(target) > 1


def _digits(problem: Problem, solution: Solution, minimum: Minimum, slow: str) -> list[Advice]:
    """How many digits are right, where there are fewer than the default tolerance promises."""
    spec, spectrum = problem.spec, minimum.spectrum
    by_default = spec.auto_rate and spec.tol is None and solution.stopped_by in ("tol", "rounding")
    if not by_default or spec.dtype is DType.FLOAT32 or spectrum is None or not minimum.unique:
        return []
    # What the conditioning alone leaves open no descent can settle.
    noise = NOISE * EPSILON * (spectrum.condition or 1.0) ** 0.5
    away = _away(solution.w.to(minimum.w), minimum.w, noise)
    if not DIGITS < away < 1.0:
        return []
    whose = "the optimum" if minimum.is_global else "the local minimum"
    count = int(-math.log10(away))
    return [Advice(f"The weights have {count} digit{'' if count == 1 else 's'} of those at {whose}{slow}.")]


def _away(reached: torch.Tensor, best: torch.Tensor, noise: float) -> float:
    """The largest relative difference of weights, (p, 1) each, beyond `noise` of the largest and of those counted."""
    largest, difference = best.abs().amax(), (reached - best).abs()
    counted = (best.abs() > COUNTED * largest) & (difference > noise * largest)
    return float((difference / best.abs())[counted].amax()) if bool(counted.any()) else 0.0


def _needs(problem: Problem, plan: Plan) -> list[Advice]:
    """How many updates convergence takes at this rate, at the best one, and with scaling, where that is known."""

    if not any(map(converges, plan.stops)):
        return []
    told = []
    for words, one, recipe in _prospects(problem, plan.recipe):
        if not has_closed_form(recipe) or one.modes is None or one.box is not None:
            return []
        needed = needed_updates(one, recipe, plan.tol)
        told.append(f"{needed:,} {words}" if needed is not None else f"no number is enough {words}")
    return [Advice(f"Updates needed to converge{coordinates_of(problem.spec)}: {'; '.join(told)}.")]


def _prospects(problem: Problem, recipe: Recipe) -> list[tuple[str, Problem, Recipe]]:
    """Rates that may be compared, as they are shown, so that what is said holds for them when they are typed."""
    found = [(f"at this rate ({rate_text(recipe.rate)})", problem, recipe)]
    if recipe.method.info.recurrence is not Recurrence.PLAIN and problem.spec.momentum is None:
        return found
    best = rate_text(own_rate(problem, recipe.method, problem.spec.momentum)[0])
    if best != rate_text(recipe.rate):
        found.append((f"at the best rate ({best})", problem, replace(recipe, rate=float(best))))
    if problem.squares is not None and not problem.spec.standardise and problem.spec.scale is not Scale.STANDARD:
        scaled = repose(problem, problem.spec, standard_coordinates(problem.spec, problem.squares))
        best = rate_text(own_rate(scaled, recipe.method, problem.spec.momentum)[0])
        words = f"on standardised columns (--scale standard --lr {best})"
        found.append((words, scaled, replace(recipe, rate=float(best))))
    return found
