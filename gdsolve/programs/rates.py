"""Learning rates side by side as a program: a loop over rates around the loop over updates."""

from __future__ import annotations

import dataclasses
from typing import Any

from gdsolve.descent.ends import DEFAULT_MAX_ITER
from gdsolve.descent.methods.build import Recipe
from gdsolve.descent.stop import Divergence, SmallGradient, SmallLossChange, SmallUpdate
from gdsolve.programs.steps import loop_lines, loss_number
from gdsolve.programs.text import called, no_program, number
from gdsolve.programs.walk import SLOW, ProgramSteps
from gdsolve.solve.compare_rates import MOST_UPDATES, compare_rates, rates_of
from gdsolve.solve.forecast import stable_below
from gdsolve.solve.problem import Problem
from gdsolve.solve.rules import rules_of, usual_tolerance
from gdsolve.spec.methods import PLAIN
from gdsolve.status import Status


def rates_lines(problem: Problem, parts: Any, *, autograd: bool) -> tuple[list[str], float | None]:
    """The body of the program, and how many seconds it takes, about, where that is known."""
    rates, tol = rates_of(problem), usual_tolerance(problem.spec)
    limit, updates = _limit(problem, rates, tol)
    walk = _walk(problem, tol, limit)
    objective = parts.objective_of(problem)
    begun = parts.beginning(problem)
    defined = list(objective.defined)
    loop = loop_lines(walk, parts.held_of(problem), objective, autograd=autograd, start=parts.start_of(problem))
    stable = stable_below(problem, Recipe(PLAIN, 1.0)) if problem.modes is not None else None
    lines = [*begun, *(defined or [""])]
    if stable is not None:
        lines.append(f"largest_stable_rate = {number(stable)}")
    lines += called("for learning_rate in [", [number(rate) for rate in rates], "]:")
    lines += [f"    {line}" if line else "" for line in (*loop, *_named(stable))]
    lines += [
        f"    loss = {loss_number(objective, 'w')}{parts.loss_unit(problem)}",
        '    print(f"{learning_rate:<12.6g}  {status:<17}  k = {k:<8}  loss = {loss:.8g}")',
    ]
    found = [*lines]
    if hasattr(parts, "require_names"):
        parts.require_names(problem, found)
    return found, None if updates is None else SLOW * updates


def _named(stable: float | None) -> list[str]:
    """The status of a rate that the limit ends, where the largest stable rate is known."""
    if stable is None:
        return []
    return [
        'if status == "max_iter" and math.isclose(learning_rate, largest_stable_rate, rel_tol=1e-12):',
        '    status = "edge_of_stability"',
        'elif status == "max_iter" and learning_rate > largest_stable_rate:',
        '    status = "diverged"',
    ]


def _walk(problem: Problem, tol: float, limit: int) -> ProgramSteps:
    walk = ProgramSteps(Recipe(PLAIN, 1.0), limit, compares=True)
    for rule in rules_of(problem, tol):
        match rule:
            case SmallUpdate():
                walk = dataclasses.replace(walk, tol=rule.tolerance)
            case SmallLossChange():
                walk = dataclasses.replace(walk, loss_tol=rule.tolerance)
            case SmallGradient():
                if problem.limits is not None:
                    raise no_program("--grad-tol here", "leave --grad-tol out", "grad_tol")
                walk = dataclasses.replace(walk, grad_tol=rule.tolerance)
            case Divergence():
                walk = dataclasses.replace(walk, explosion=rule.threshold)
    return walk


def _limit(problem: Problem, rates: tuple[float, ...], tol: float) -> tuple[int, int | None]:
    """The largest number of updates of any rate, and their sum where the closed form has it."""
    asked = problem.spec.max_iter
    if problem.modes is None:
        return (MOST_UPDATES if asked is None else asked), None
    results, _, _ = compare_rates(
        problem, rates, tol, asked if problem.squares is not None else asked or DEFAULT_MAX_ITER
    )
    counts = [one.iterations for one in results]
    ended = [one.iterations for one in results if one.status is Status.MAX_ITER]
    return (max(counts) if asked is None and not ended else asked or max(counts)), sum(counts)
