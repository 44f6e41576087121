"""The command to run instead: one that ends well, or goes further."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from gdsolve.descent.ends import DEFAULT_MAX_ITER
from gdsolve.descent.learning_rate import TOLERANCE
from gdsolve.descent.methods.build import Recipe
from gdsolve.descent.schedule import Schedule
from gdsolve.objective.separated import Separation
from gdsolve.solve.device import dtype_of
from gdsolve.solve.forecast import form_of, has_closed_form, momentum_of, updates_to_converge
from gdsolve.solve.method import FADING_LENGTH, Traits, choose_method, own_rate, recipe_of, refusal, traits_of
from gdsolve.solve.problem import Kind, Problem
from gdsolve.solve.rules import rules_of, tolerance_of
from gdsolve.solve.squares import repose
from gdsolve.solve.words import coordinates_of, updates_in_words
from gdsolve.spec import Engine, Method, RateSchedule, Scale
from gdsolve.spec.command import Advice, Command
from gdsolve.spec.methods import PLAIN, Need, Recurrence
from gdsolve.spec.numbers import rate_text

SHORTEST_LIMIT = 1000
# Nobody wants to wait for more, though the closed form need not.
MOST_ADVISED = 1_000_000
# Where every step is taken.
MOST_STEPS = 100_000
TO_PLAIN = {"method": None, "schedule": None, "momentum": None}


@dataclass(frozen=True, slots=True)
class Remedy:
    """A command that converges, and the updates that it takes."""

    command: str
    updates: int


def needed_updates(problem: Problem, recipe: Recipe, tol: float | None = None) -> int | None:
    """The updates that a recipe needs to converge, to `tol` or its own tolerance; None where none are known to do."""
    tol = tolerance_of(problem, recipe) if tol is None else tol
    return updates_to_converge(form_of(problem, recipe), rules_of(problem, tol))


def find_remedy(
    problem: Problem, command: Command, lr: float | Literal["auto"], verb: str | None = None, **also: object
) -> Remedy | None:
    """`command` for least squares by plain descent at another rate, without the limits that keep it from converging.

    A rate is meant in the coordinates of `problem`; "auto" takes standardised ones. `also` are other changes that lead
    to plain descent. None where no run would converge.
    """
    squares = problem.squares
    assert squares is not None
    rate: float | Literal["auto"] = "auto" if lr == "auto" else float(rate_text(lr))
    changes: dict[str, object] = {"max_iter": None}
    if rate != "auto" or "lr" in command.given or "lr" in command.fixed:
        changes["lr"] = rate
    standard = not squares.coordinates.is_raw
    scale = Scale.AUTO if rate == "auto" else Scale.STANDARD if standard else Scale.NONE
    if "scale" in command.given or "scale" in command.fixed:
        changes["scale"] = None if rate == "auto" else scale
    spec = replace(problem.spec, lr=rate, max_iter=None, scale=scale)
    posed = repose(problem, spec)
    needed = needed_updates(posed, _plain(posed))
    if needed is None:
        posed = replace(posed, spec=replace(spec, tol=None))
        needed = needed_updates(posed, _plain(posed))
        changes["tol"] = f"{tolerance_of(posed, _plain(posed)):.3g}" if "tol" in command.fixed else None
    if needed is None:
        return None
    return Remedy(command.but(verb, **also | changes | _room_for(needed, posed, command)), needed)


def own_command(problem: Problem, command: Command) -> list[Advice]:
    """Plain descent at the rate that gdsolve finds, where that is another than the one that was run."""
    found = find_remedy(problem, command, "auto")
    if found is None or found.command == command.but():
        return []
    return [Advice("Run instead", found.command)]


def best_rate(problem: Problem, command: Command) -> list[Advice]:
    """The best rate in the coordinates of the run, with the updates that it takes, if anybody would wait for them."""
    assert problem.modes is not None
    found = find_remedy(problem, command, best := problem.modes.spectrum.best)
    if found is None:
        return []
    where = coordinates_of(problem.spec)
    if found.updates > MOST_ADVISED:
        return [Advice(f"The best rate{where}, {rate_text(best)}, takes {updates_in_words(found.updates)}.")]
    return [Advice(f"Or at the best rate{where} ({updates_in_words(found.updates)})", found.command)]


def elsewhere(problem: Problem, command: Command) -> Advice:
    """Another start, where no rate helps."""
    if problem.kind is Kind.LINEAR:
        return Advice("Start elsewhere", command.but(init="random", max_iter=_limit(problem, command)))
    if problem.fault_of_start is not None:
        return Advice("Start elsewhere, with --start.")
    return Advice("Start elsewhere, with --start, or bound the parameters with --lower and --upper.")


def steadier(problem: Problem, recipe: Recipe, command: Command, words: str) -> list[Advice]:
    """The command with a rate that is found by itself, then one that is stable where the run was; or another start."""
    squared = problem.squares is not None and problem.limits is None
    instead = _of_squares(problem, recipe, command) if squared else _own(problem, recipe, command)
    if instead == command.but(checkpoint=None):
        return [elsewhere(problem, command)]
    found = [Advice(words, instead)]
    if squared and recipe.method.info.step_rate is not None:
        said = f"Or by {recipe.method.value} at its usual rate"
        found.append(Advice(said, command.but(**_freed(problem, command))))
    return found + (_stable(problem, recipe, command) if squared else [])


def patient(problem: Problem, command: Command) -> list[Advice]:
    """The command with its usual tolerance, where one that was asked for has ended it far from the minimum."""
    spec = problem.spec
    changes: dict[str, Any] = {"loss_tol": None, "grad_tol": None}
    changes["tol"] = f"{TOLERANCE[dtype_of(spec)]:g}" if "tol" in command.fixed else None
    given = spec.tol or spec.loss_tol or spec.grad_tol
    instead = command.but(**changes)
    return [Advice("Run instead", instead)] if given and instead != command.but() else []


def further(problem: Problem, recipe: Recipe, command: Command) -> list[Advice]:
    """The command by a method that ends by itself; where it was run by that, without its limit."""
    fades = recipe.schedule is RateSchedule.COSINE and problem.spec.auto_rate
    if fades and recipe.length and not (problem.smooth and recipe.method.info.settles):
        return [Advice("Run instead", command.but(max_iter=10 * recipe.length))]
    traits = traits_of(problem)
    of_rows = problem.kind is Kind.LINEAR and (problem.squares is None or problem.limits is not None)
    if of_rows or not problem.smooth:
        method: Method | None = None
        chosen = choose_method(Method.AUTO, traits, rate_given=False)[0]
    else:
        method = chosen = _ending_methods(traits)[0]
    if chosen is recipe.method and not (chosen.info.rated and not problem.spec.auto_rate):
        limited = problem.spec.max_iter is not None
        return [Advice("Run instead", command.but(max_iter=_limit(problem, command)))] if limited else []
    if "momentum" in command.fixed:
        return steadier(problem, recipe, command, "Run instead")
    changes = {**_freed(problem, command), "method": method, "momentum": None, "lr": None}
    return [Advice("Run instead", command.but(**changes))]


def finite_weights(problem: Problem, command: Command, separation: Separation) -> Advice:
    """The command with a penalty under which the loss has a minimum, by a method that comes to it."""
    changes = {**_freed(problem, command), "method": None, "momentum": None}
    if not problem.spec.l1:
        changes["ridge"] = problem.spec.ridge or 1
    if separation.one_class:
        # No penalty on the other weights holds the intercept.
        changes["penalize_intercept"] = True
    said = "A penalty on the intercept" if problem.spec.l1 else "A ridge penalty"
    return Advice(f"{said} keeps the weights finite", command.but(**changes))


def another(problem: Problem, recipe: Recipe, command: Command) -> list[Advice]:
    """The command by another method that ends by itself, where a smooth loss has one."""
    others = [one for one in _ending_methods(traits_of(problem)) if one is not recipe.method]
    if not others or not problem.smooth:
        return []
    changes = {**_freed(problem, command), "method": others[0], "momentum": None, "lr": None}
    return [Advice("Run instead", command.but(**changes))]


def _ending_methods(traits: Traits) -> list[Method]:
    """Those that end by themselves: what needs most of an objective gets there fastest, and comes first."""
    order = {Need.SQUARES: 0, Need.HESSIAN: 1, None: 2}
    ending = [one for one in Method.all() if one.info.self_ending and refusal(one, traits) is None]
    return sorted(ending, key=lambda one: (order[one.info.needs], one.info.bounds))


def _plain(problem: Problem) -> Recipe:
    """Plain descent at the rate of the spec, or at the best one."""

    assert problem.modes is not None
    rate = problem.spec.lr
    return Recipe(PLAIN, rate if isinstance(rate, float) else problem.modes.spectrum.best)


def _room_for(needed: int, problem: Problem, command: Command) -> dict[str, object]:
    """What else must change for a run of `needed` updates."""

    changes: dict[str, object] = {}
    if "max_iter" in command.fixed:
        # A limit well above, as one would type it.
        changes["max_iter"] = f"1e{len(str(max(SHORTEST_LIMIT, 2 * needed) - 1))}"
    if problem.spec.engine not in (Engine.AUTO, Engine.LEAP) and needed > DEFAULT_MAX_ITER:
        changes["engine"] = None
    if not Schedule(problem.spec.every).has_room(needed, problem.p):
        changes["every"] = None
    return changes


def _freed(problem: Problem, command: Command) -> dict[str, Any]:
    """What must change of a command for gdsolve to find the rate, and to have time for it."""

    spec, set_before = problem.spec, "lr" in command.given or "lr" in command.fixed
    changes: dict[str, Any] = {"lr": "auto" if set_before else None, "schedule": None}
    changes["max_iter"] = _limit(problem, command)
    if spec.scale is Scale.NONE:
        changes["scale"] = None
    if spec.tol == 0.0 and not (spec.loss_tol or spec.grad_tol):
        changes["tol"] = f"{TOLERANCE[dtype_of(spec)]:g}" if "tol" in command.fixed else None
    if not Schedule(spec.every).has_room(DEFAULT_MAX_ITER, problem.p):
        changes["every"] = None
    if spec.engine is Engine.LEAP:
        changes["engine"] = None
    return changes


def _limit(problem: Problem, command: Command) -> int | None:
    """No limit but the usual one, which a YAML spec with one of its own must be told."""

    if "max_iter" not in command.fixed:
        return None
    return DEFAULT_MAX_ITER if problem.smooth else FADING_LENGTH


def _own(problem: Problem, recipe: Recipe, command: Command) -> str:
    """A formula, a curve or another loss at the rate of gdsolve; by the method of before where that is sure to work."""
    changes = _freed(problem, command)
    info = recipe.method.info
    if not info.rated:
        return command.but(**changes)
    if "momentum" in command.fixed:
        return command.but(method=Method.NESTEROV, **changes)
    if problem.modes is not None:
        spec = replace(problem.spec, lr="auto", schedule=RateSchedule.CONSTANT, max_iter=None)
        if info.step_rate is not None or not _converges(replace(problem, spec=spec), MOST_STEPS):
            changes |= {"method": Method.NEWTON, "momentum": None}
    elif problem.kind is not Kind.FORMULA or not info.backtracks:
        changes |= {"method": None, "momentum": None}
    return command.but(**changes)


def _converges(problem: Problem, most: int | None) -> bool:
    """True where as many updates as that are known to be enough; a sequence of momentum is trusted."""
    recipe, _ = recipe_of(problem)
    if not has_closed_form(recipe):
        return True
    needed = needed_updates(problem, recipe)
    return needed is not None and (most is None or needed <= most)


def _of_squares(problem: Problem, recipe: Recipe, command: Command) -> str:
    """Least squares with momentum on standardised columns, or by plain descent where that is not sure to work."""
    squares, changes = problem.squares, _freed(problem, command)
    assert squares is not None
    if recipe.method.info.momentum:
        tol = None if "tol" in changes else problem.spec.tol
        usual = {"lr": "auto", "schedule": RateSchedule.CONSTANT, "max_iter": None, "scale": Scale.AUTO, "tol": tol}
        spec = replace(problem.spec, method=recipe.method, engine=Engine.TRIANGLE, **usual)  # type: ignore[arg-type]
        if _converges(repose(problem, spec), None):
            return command.but(**changes)
    plain = replace(problem.spec, method=Method.AUTO, schedule=RateSchedule.CONSTANT, momentum=None)
    found = find_remedy(replace(problem, spec=plain), command, "auto", **TO_PLAIN)
    return command.but(**changes) if found is None or "momentum" in command.fixed else found.command


def _stable(problem: Problem, recipe: Recipe, command: Command) -> list[Advice]:
    """The method's own rate in the coordinates of the run, with the updates that it takes if they are known."""

    info = recipe.method.info
    if info.recurrence is None or not recipe.rate or problem.modes is None:
        return []
    momentum = momentum_of(recipe)
    beta = momentum.beta if momentum is not None and info.recurrence is Recurrence.HEAVY_BALL else recipe.momentum
    text = rate_text(own_rate(problem, recipe.method, beta)[0])
    other = replace(recipe, rate=float(text), schedule=RateSchedule.CONSTANT)
    needed = needed_updates(problem, other)
    if needed is None:
        return []
    where = coordinates_of(problem.spec)
    if needed > DEFAULT_MAX_ITER:
        return [Advice(f"A stable rate{where}, {text}, takes {updates_in_words(needed)}.")]
    changes: dict[str, Any] = {"lr": text, "schedule": None, "max_iter": _limit(problem, command)}
    return [Advice(f"Or at a stable rate{where} ({updates_in_words(needed)})", command.but(**changes))]
