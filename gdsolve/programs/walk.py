"""The steps of a run, as a program has to take them: method, rate, and where they end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from gdsolve.descent.foreseen import Foreseen, judge
from gdsolve.descent.methods.build import USUAL_MOMENTUM, Recipe
from gdsolve.descent.stop import Divergence, SettledUpdate, SmallGradient, SmallLossChange, SmallUpdate, StopRule
from gdsolve.programs.text import no_program
from gdsolve.solve.plan import Plan, plan_descent
from gdsolve.solve.problem import Kind, Problem
from gdsolve.spec import Loss, Method
from gdsolve.status import Status

WRITTEN = (Method.GD, Method.MOMENTUM, Method.NESTEROV, Method.ADAM, Method.RMSPROP, Method.NEWTON)
SLOW = 20e-6
"""Seconds that one step of a program takes, about."""
LONG = 60.0


@dataclass(frozen=True, slots=True)
class ProgramSteps:
    """Steps of `recipe` until a tolerance that is not None holds, or after `limit` updates, None for no limit.

    `why` says what set a limit that nobody asked for. Beyond a loss of `explosion` a run has diverged: None where that
    is known not to happen. `diverges` where it is known that it does: then the best iterate is what is shown. `updates`
    is how many there will be, where that is known. Where it `compares`, the program takes these steps at several rates,
    and tells the status of each.
    """

    recipe: Recipe
    limit: int | None
    tol: float | None = None
    loss_tol: float | None = None
    grad_tol: float | None = None
    why: str = ""
    explosion: float | None = None
    diverges: bool = False
    updates: int | None = None
    compares: bool = False

    @property
    def beta(self) -> float | None:
        """The momentum; None for the sequence of FISTA."""
        usual = USUAL_MOMENTUM if self.recipe.method is Method.MOMENTUM else None
        return usual if self.recipe.momentum is None else self.recipe.momentum

    @property
    def seconds(self) -> float | None:
        """How long the program takes, about; None where nobody knows how many updates there are."""
        return None if self.updates is None else SLOW * self.updates


def walk_of(problem: Problem) -> ProgramSteps:
    """The steps that `fit` takes on a problem; where no rule of a line tells where they end, they are taken to see.

    Raises:
        GdsolveError: a method whose steps take more lines than a program has.
    """
    plan = plan_descent(problem)
    _require_steps(problem, plan.recipe)
    rules, is_foreseen = plan.stops, problem.modes is not None and plan.form is not None
    if problem.modes is not None and plan.form is not None:
        rules = judge(rules, problem.modes, plan.form, problem.start.dtype)
    diverges = plan.fate is Status.DIVERGED
    walk = ProgramSteps(plan.recipe, plan.max_iter, diverges=diverges, updates=plan.predicted)
    if plan.stop is not None and plan.last is not None and walk.updates is None:
        walk = replace(walk, updates=plan.last)
    for rule in rules:
        if isinstance(rule, Divergence):
            may_run_away = walk.diverges or not (is_foreseen or _is_tame(problem, walk.recipe))
            walk = replace(walk, explosion=rule.threshold) if may_run_away else walk
        else:
            walk = _ruled(walk, rule, problem)
    if plan.recipe.method is Method.NEWTON or any(isinstance(rule, SettledUpdate) for rule in rules):
        return _taken(problem, plan, walk)
    return walk


def _ruled(walk: ProgramSteps, rule: StopRule, problem: Problem) -> ProgramSteps:
    """The steps with one rule more that ends them."""
    changes: dict[str, Any] = {}
    match rule:
        case Foreseen(k=k) if k is not None and (walk.limit is None or k < walk.limit):
            why = f"in exact arithmetic {rule.name} holds here, and rounding hides so small a change"
            changes = {"limit": k, "why": why}
        case SettledUpdate():
            pass
        case SmallUpdate():
            changes = {"tol": rule.tolerance}
        case SmallLossChange():
            changes = {"loss_tol": rule.tolerance}
        case SmallGradient():
            if problem.limits is not None or walk.recipe.method in (Method.NESTEROV, Method.NEWTON):
                raise no_program("--grad-tol here", "leave --grad-tol out", "grad_tol")
            changes = {"grad_tol": rule.tolerance}
    return replace(walk, **changes)


def _is_tame(problem: Problem, recipe: Recipe) -> bool:
    """True where steps are known not to run away: they are short, or slopes have no more than a known curvature."""
    if not problem.convex or (problem.smooth and problem.bound is None):
        return False
    short = problem.bound is None or recipe.rate * problem.bound <= 1.0
    return short or (recipe.method in (Method.ADAM, Method.RMSPROP) and recipe.rate <= 1.0)


def _remedy(problem: Problem) -> str:
    known = problem.kind is Kind.LINEAR and problem.bound is not None and problem.spec.auto_rate
    return "give --method gd" if known else "give --method gd --lr 0.01, say"


def _require_steps(problem: Problem, recipe: Recipe) -> None:
    method, spec = recipe.method, problem.spec
    if method not in WRITTEN:
        raise no_program(f"--method {method}, whose steps take a search of many lines", _remedy(problem), "method")
    if recipe.backtracks:
        if spec.schedule is recipe.schedule:
            raise no_program("--schedule backtracking", "leave --schedule out", "schedule")
        raise no_program("a rate that is found step by step", _remedy(problem), "lr")
    if method is Method.NEWTON and spec.loss is Loss.SOFTMAX:
        raise no_program("--method newton with --loss softmax", _remedy(problem), "method")
    if method is Method.NEWTON and problem.limits is not None:
        raise no_program("--method newton within bounds", _remedy(problem), "method")


def _taken(problem: Problem, plan: Plan, walk: ProgramSteps) -> ProgramSteps:
    """The same with the number of updates that the run took."""
    from gdsolve.solve.descend import descend

    solution = descend(problem, plan)
    if plan.recipe.method is Method.NEWTON and solution.evaluations > 2 * solution.iterations + 1:
        raise no_program("steps of Newton's method that had to be shortened", _remedy(problem), "method")
    if solution.status not in (Status.CONVERGED, Status.MAX_ITER):
        raise no_program(f"a run that ends as {solution.status}", "run it without --code: it says what to do", "code")
    why = "" if solution.stopped_by == "max_iter" else "here a step can no longer make the weights any better"
    return replace(
        walk, limit=solution.iterations, tol=None, loss_tol=None, explosion=None, why=why, updates=solution.iterations
    )
