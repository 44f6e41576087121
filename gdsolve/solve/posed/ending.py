"""How a descent on a formula, a curve or another loss ended, in words, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.solve.posed.known import stable_below
from gdsolve.solve.posed.problem import Kind, Posed, loss_unit
from gdsolve.solve.posed.recipe import RATED
from gdsolve.solve.posed.remedy import elsewhere, further, steadier
from gdsolve.solve.words import (
    RULES,
    above_minimum,
    coordinates_of,
    diverged_at,
    updates_in_words,
    weights_shown,
)
from gdsolve.spec import Method, RateSchedule
from gdsolve.spec.command import Advice, Command
from gdsolve.status import Status

if TYPE_CHECKING:
    from gdsolve.descent.methods.build import Recipe
    from gdsolve.descent.solution import Solution
    from gdsolve.solve.posed.polish import Place
    from gdsolve.solve.squares.run import Run

FAR = 1e-4
FAILURES = {
    "domain": "the loss is not a number at the next point, such as the logarithm or square root of a negative number",
    "no_step": "no step along the direction of descent lowers the loss",
    "flat": "the gradient and the curvature are zero: the loss is flat here",
    "saddle": "the gradient is zero at a saddle point, which is not a minimum",
    "edge": "the steps have become small but the gradient has not, as at the edge of where the loss is defined",
}


def explain_ending(
    posed: Posed, solution: Solution, place: Place, recipe: Recipe, gap: float | None, tol: float
) -> str:
    """One or two sentences on how the run ended."""
    taken, spec = updates_in_words(solution.iterations), posed.spec
    distance = _distance(posed, solution, place, gap)
    match solution.status:
        case Status.CONVERGED:
            rule = RULES[solution.stopped_by or "tol"]
            held = rule.format(tol=tol, loss_tol=spec.loss_tol or 0.0, grad_tol=spec.grad_tol or 0.0)
            return f"Converged after {taken}: {held}.{distance}"
        case Status.MAX_ITER:
            limit = "max_iter" if spec.max_iter is not None else "the default max_iter"
            return f"Stopped at {limit} after {taken}, before convergence.{distance}"
        case Status.EDGE_OF_STABILITY:
            return f"At the stability limit after {taken}: at this learning rate the error keeps oscillating."
        case Status.INTERRUPTED:
            return f"Interrupted after {taken}.{distance}"
        case Status.DIVERGED:
            return f"{_divergence(posed, solution, recipe)} {weights_shown(solution)}"
        case Status.FAILED:
            return _failure(solution)


def _failure(solution: Solution) -> str:
    if solution.stopped_by == "start":
        return "Failed at the start: the loss or its gradient is not finite there."
    why = FAILURES[solution.stopped_by or "no_step"]
    return f"Failed after {updates_in_words(solution.iterations)}: {why}. {weights_shown(solution)}"


def _divergence(posed: Posed, solution: Solution, recipe: Recipe) -> str:
    taken = updates_in_words(solution.iterations)
    if solution.stopped_by == "unbounded":
        return f"Diverged: after {taken} the loss keeps decreasing, and has no minimum."
    if recipe.method not in RATED or recipe.backtracks:
        return f"Diverged: after {taken} the loss grows without bound."
    return diverged_at(recipe.rate, _stable_limit(posed, recipe), coordinates_of(posed.spec))


def _stable_limit(posed: Posed, recipe: Recipe) -> float | None:
    """The rate below which descent is stable: known of a quadratic, sure where the curvature is bounded."""
    sure = posed.bound and recipe.method is Method.GD and recipe.schedule is RateSchedule.CONSTANT
    return stable_below(posed, recipe) or (2.0 / posed.bound if posed.bound and sure else None)


def _distance(posed: Posed, solution: Solution, place: Place, gap: float | None) -> str:
    if place.minimum is None or gap is None:
        return ""
    loss, first = (value * loss_unit(posed) for value in (solution.value, solution.trace.values[0]))
    return f" {above_minimum(gap, loss, first, local=not place.minimum.is_global)}"


def advise_ending(
    posed: Posed, solution: Solution, place: Place, recipe: Recipe, command: Command, run: Run | None
) -> tuple[Advice, ...]:
    """What the user should know or do, a sentence each, some with a command that is ready to paste."""
    lines: list[Advice] = []
    if place.minimum is None and place.reason and solution.status in (Status.CONVERGED, Status.MAX_ITER):
        lines.append(Advice(f"How far it is from a minimum is not known: {place.reason}."))
    match solution.status:
        case Status.CONVERGED if _is_far(solution, place):
            lines.append(Advice("A small step is not a small error: the loss is still well above its minimum."))
        case Status.DIVERGED if solution.stopped_by == "unbounded":
            lines.append(_held(posed, command))
        case Status.DIVERGED | Status.EDGE_OF_STABILITY:
            lines += steadier(posed, recipe, command, run, "Run instead")
        case Status.FAILED if solution.stopped_by == "domain":
            lines += steadier(posed, recipe, command, run, "Run instead, with steps that stay where it is defined")
        case Status.FAILED if solution.stopped_by in ("flat", "start", "saddle", "edge"):
            lines.append(elsewhere(posed, command))
        case Status.FAILED:
            others = [name.value for name in (Method.GD, Method.BB, Method.NEWTON) if name is not recipe.method]
            lines.append(Advice(f"Start elsewhere, or try another method: {', '.join(others)}."))
        case Status.MAX_ITER:
            lines += further(posed, recipe, command, run)
    if place.minimum is not None and not place.minimum.unique and place.minimum.spectrum is not None:
        lines.append(
            Advice(
                f"The minimum is not unique: rank {place.minimum.spectrum.rank} < {len(posed.start)} weights; "
                "some of them can change while the loss stays the same."
            )
        )
    return tuple(lines)


def _held(posed: Posed, command: Command) -> Advice:
    """What keeps weights from running away where the loss has no minimum."""
    if posed.kind is Kind.LINEAR:
        return Advice("A ridge penalty keeps the weights finite", command.but(ridge=1, max_iter=None))
    return Advice("Check the formula, or bound its parameters with --lower and --upper.")


def _is_far(solution: Solution, place: Place) -> bool:
    """True where a good part of the way down is still ahead."""
    if place.minimum is None:
        return False
    left, all_of_it = solution.value - place.minimum.value, solution.trace.values[0] - place.minimum.value
    return left > FAR * max(abs(place.minimum.value), all_of_it)
