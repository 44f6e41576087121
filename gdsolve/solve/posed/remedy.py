"""The command to run instead, for a descent on anything but least squares by plain descent: one that goes further."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gdsolve.plan import choose_method, refusal
from gdsolve.solve.posed.known import has_closed_form, predict
from gdsolve.solve.posed.problem import Kind, Posed
from gdsolve.solve.posed.recipe import JUMPY_LENGTH, RATED, decide, own_rate, traits_of
from gdsolve.solve.posed.rules import stops_of, tolerance_of
from gdsolve.solve.posed.table import pose_run
from gdsolve.solve.squares.remedy import find_remedy
from gdsolve.solve.squares.run import Run, prepare
from gdsolve.solve.words import coordinates_of, updates_in_words
from gdsolve.spec import Engine, Method, RateSchedule, Scale, Spec
from gdsolve.spec.command import Advice, Command
from gdsolve.spec.numbers import rate_text

if TYPE_CHECKING:
    from gdsolve.descent.methods.build import Recipe

# Where every step is taken.
MOST_STEPS = 100_000
PLAIN = {"method": None, "schedule": None, "momentum": None}
WITH_MOMENTUM = (Method.MOMENTUM, Method.NESTEROV)


def elsewhere(posed: Posed, command: Command) -> Advice:
    """Another start, where no rate helps."""
    if posed.kind is Kind.LINEAR:
        return Advice("Start elsewhere", command.but(init="random", max_iter=_limit(posed, command)))
    return Advice("Start elsewhere, with --start, or bound the parameters with --lower and --upper.")


def steadier(posed: Posed, recipe: Recipe, command: Command, run: Run | None, words: str) -> list[Advice]:
    """The command with a rate that is found by itself, then one that is stable where the run was; else another start.

    `run` is the one that least squares were posed from.
    """
    instead = _of_squares(posed, recipe, command, run) if run is not None else _own(posed, recipe, command)
    if instead == command.but(checkpoint=None):
        return [elsewhere(posed, command)]
    found = [Advice(words, instead)]
    if run is not None and recipe.method is Method.ADAM:
        found.append(Advice("Or by adam at its usual rate", command.but(**_freed(posed, command))))
    return found + (_stable(posed, recipe, command) if run is not None else [])


def further(posed: Posed, recipe: Recipe, command: Command, run: Run | None) -> list[Advice]:
    """The command by a method that ends by itself; where it was run by that, without its limit."""
    if recipe.schedule is RateSchedule.COSINE and posed.spec.auto_rate and not posed.smooth and recipe.length:
        return [Advice("Run instead", command.but(max_iter=10 * recipe.length))]
    traits = traits_of(posed)
    if posed.kind is Kind.LINEAR and run is None:
        method: Method | None = None
        chosen = choose_method(Method.AUTO, traits, rate_given=False)[0]
    else:
        ending = (Method.LM, Method.NEWTON, Method.LBFGS, Method.BB)
        method = chosen = next(one for one in ending if refusal(one, traits) is None)
    if chosen is recipe.method and not (chosen in RATED and not posed.spec.auto_rate):
        limited = posed.spec.max_iter is not None
        return [Advice("Run instead", command.but(max_iter=_limit(posed, command)))] if limited else []
    if "momentum" in command.fixed:
        return steadier(posed, recipe, command, run, "Run instead")
    changes = {**_freed(posed, command), "method": method, "momentum": None, "lr": None}
    return [Advice("Run instead", command.but(**changes))]


def _freed(posed: Posed, command: Command) -> dict[str, Any]:
    """What must change of a command for gdsolve to find the rate, and to have time for it."""
    from gdsolve.descent.leap import DEFAULT_MAX_ITER
    from gdsolve.descent.schedule import Schedule

    spec, set_before = posed.spec, "lr" in command.given or "lr" in command.fixed
    changes: dict[str, Any] = {"lr": "auto" if set_before else None, "schedule": None}
    changes["max_iter"] = _limit(posed, command)
    if spec.scale is Scale.NONE:
        changes["scale"] = None
    if spec.tol == 0.0 and not (spec.loss_tol or spec.grad_tol):
        changes["tol"] = f"{tolerance_of(replace(posed, spec=replace(spec, tol=None)), Method.GD):g}"
        changes["tol"] = changes["tol"] if "tol" in command.fixed else None
    if not Schedule(spec.every).has_room(DEFAULT_MAX_ITER, len(posed.start)):
        changes["every"] = None
    if spec.engine is Engine.LEAP:
        changes["engine"] = None
    return changes


def _limit(posed: Posed, command: Command) -> int | None:
    """No limit but the usual one, which a YAML spec with one of its own must be told."""
    from gdsolve.descent.leap import DEFAULT_MAX_ITER

    if "max_iter" not in command.fixed:
        return None
    return DEFAULT_MAX_ITER if posed.smooth else JUMPY_LENGTH


def _own(posed: Posed, recipe: Recipe, command: Command) -> str:
    """A formula, a curve or another loss at the rate of gdsolve; by the method of before where that is sure to work."""
    changes = _freed(posed, command)
    if recipe.method not in RATED:
        return command.but(**changes)
    if "momentum" in command.fixed:
        return command.but(method=Method.NESTEROV, **changes)
    if posed.modes is not None:
        spec = replace(posed.spec, lr="auto", schedule=RateSchedule.CONSTANT, max_iter=None)
        if recipe.method is Method.ADAM or not _converges(replace(posed, spec=spec), MOST_STEPS):
            changes |= {"method": Method.NEWTON, "momentum": None}
    elif posed.kind is not Kind.FORMULA or recipe.method not in (Method.GD, Method.NESTEROV):
        changes |= {"method": None, "momentum": None}
    return command.but(**changes)


def _converges(posed: Posed, most: int | None) -> bool:
    """True where as many updates as that are known to be enough; a sequence of momentum is trusted."""
    recipe, _ = decide(posed)
    if not has_closed_form(recipe.method, recipe.schedule, recipe.momentum):
        return True
    needed = predict(posed, recipe, stops_of(posed, tolerance_of(posed, recipe.method)))
    return needed is not None and (most is None or needed <= most)


def _of_squares(posed: Posed, recipe: Recipe, command: Command, run: Run) -> str:
    """Least squares with momentum on standardised columns, or by plain descent where that is not sure to work."""
    changes = _freed(posed, command)
    if recipe.method in WITH_MOMENTUM:
        method, tol = recipe.method, None if "tol" in changes else run.spec.tol
        spec = replace(
            run.spec, lr="auto", method=method, schedule=RateSchedule.CONSTANT, max_iter=None, scale=Scale.AUTO, tol=tol
        )
        if _converges(_on_triangle(spec, run), None):
            return command.but(**changes)
    plain = replace(run.spec, method=Method.AUTO, schedule=RateSchedule.CONSTANT, momentum=None)
    found = find_remedy(replace(run, spec=plain), command, "auto", **PLAIN)
    return command.but(**changes) if found is None or "momentum" in command.fixed else found.command


def _on_triangle(spec: Spec, run: Run) -> Posed:
    return pose_run(prepare(replace(spec, engine=Engine.TRIANGLE), run.problem, run.problem.standard))


def _stable(posed: Posed, recipe: Recipe, command: Command) -> list[Advice]:
    """The method's own rate in the coordinates of the run, with the updates that it takes if they are known."""
    from gdsolve.descent.leap import DEFAULT_MAX_ITER
    from gdsolve.descent.methods.build import USUAL_MOMENTUM

    if recipe.method not in (Method.GD, *WITH_MOMENTUM) or not recipe.rate or posed.modes is None:
        return []
    beta = USUAL_MOMENTUM if recipe.method is Method.MOMENTUM and recipe.momentum is None else recipe.momentum
    text = rate_text(own_rate(posed, recipe.method, beta)[0])
    other = replace(recipe, rate=float(text), schedule=RateSchedule.CONSTANT)
    needed = predict(posed, other, stops_of(posed, tolerance_of(posed, recipe.method)))
    if needed is None:
        return []
    where = coordinates_of(posed.spec)
    if needed > DEFAULT_MAX_ITER:
        return [Advice(f"A stable rate{where}, {text}, takes {updates_in_words(needed)}.")]
    changes: dict[str, Any] = {"lr": text, "schedule": None, "max_iter": _limit(posed, command)}
    return [Advice(f"Or at a stable rate{where} ({updates_in_words(needed)})", command.but(**changes))]
