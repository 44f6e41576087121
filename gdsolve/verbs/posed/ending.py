"""How a descent on a formula, a curve or another loss ended, in words, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.spec import Method
from gdsolve.spec.command import Command
from gdsolve.status import Status
from gdsolve.verbs.posed.problem import Kind, Posed

if TYPE_CHECKING:
    from gdsolve.descent.methods.build import Recipe
    from gdsolve.descent.solution import Solution
    from gdsolve.verbs.posed.polish import Place

FAR = 1e-4
RULES = {
    "tol": "no weight changed by {tol:.3g} or more",
    "loss_tol": "the loss changed by less than {loss_tol:.3g}",
    "grad_tol": "the gradient norm is below {grad_tol:.3g}",
    "gap": "what is left of the loss is less than a millionth",
    "rounding": "no step lowers the loss by more than rounding",
}
FAILURES = {
    "domain": "the loss is not a number at the next point, as of the logarithm or root of a negative number",
    "no_step": "no step along the direction of descent lowers the loss",
    "flat": "the gradient is zero and nothing curves: the loss is flat here",
    "saddle": "the gradient vanishes at a saddle, which is no minimum",
    "edge": "steps have become small and the gradient has not, as at the edge of where the loss is defined",
}


def explain_ending(posed: Posed, solution: Solution, place: Place, gap: float | None, tol: float) -> str:
    """One or two sentences on how the run ended."""
    taken = f"{solution.iterations:,} update{'' if solution.iterations == 1 else 's'}"
    match solution.status:
        case Status.CONVERGED:
            spec, rule = posed.spec, RULES[solution.stopped_by or "tol"]
            held = rule.format(tol=tol, loss_tol=spec.loss_tol or 0.0, grad_tol=spec.grad_tol or 0.0)
            said = f"Converged after {taken}: {held}.{_distance(place, gap)}"
        case Status.MAX_ITER:
            said = f"Stopped at max_iter after {taken}, before convergence.{_distance(place, gap)}"
        case Status.EDGE_OF_STABILITY:
            said = f"At the edge of stability after {taken}: the error neither grows nor vanishes."
        case Status.INTERRUPTED:
            said = f"Interrupted after {taken}.{_distance(place, gap)}"
        case Status.DIVERGED:
            course = (
                "falls on and on, and has no minimum" if solution.stopped_by == "unbounded" else "grows without bound"
            )
            said = f"Diverged: after {taken} the loss {course}.{_best(solution)}"
        case Status.FAILED if solution.stopped_by == "start":
            said = "Failed at the start: the loss or its gradient is not finite there."
        case Status.FAILED:
            said = f"Failed after {taken}: {FAILURES[solution.stopped_by or 'no_step']}.{_best(solution)}"
    return said


def _best(solution: Solution) -> str:
    return f" The weights are those after {solution.best_iteration:,}, the best."


def _distance(place: Place, gap: float | None) -> str:
    if place.minimum is None or gap is None:
        return ""
    return f" The loss is {gap:.3g} above its {'' if place.minimum.everywhere else 'local '}minimum."


def advise_ending(posed: Posed, solution: Solution, place: Place, recipe: Recipe, command: Command) -> tuple[str, ...]:
    """What the user should know or do, a sentence each; commands stand after a colon, ready to paste."""
    lines: list[str] = []
    if place.minimum is None and place.reason and solution.status in (Status.CONVERGED, Status.MAX_ITER):
        lines.append(f"How far it is from a minimum is not known: {place.reason}.")
    match solution.status:
        case Status.CONVERGED if _is_far(solution, place):
            lines.append("A small step is not a small error: the loss is still well above its minimum.")
        case Status.DIVERGED if solution.stopped_by == "unbounded":
            lines.append("Check the formula, or bound its parameters with --lower and --upper.")
        case Status.DIVERGED | Status.EDGE_OF_STABILITY:
            lines += _steadier(posed, command, "Run instead")
        case Status.FAILED if solution.stopped_by == "flat":
            lines.append("Start elsewhere, with --start.")
        case Status.FAILED if solution.stopped_by == "start":
            lines.append("Start elsewhere, with --start; --lower and --upper keep parameters within bounds.")
        case Status.FAILED if solution.stopped_by in ("saddle", "edge"):
            lines.append("Start elsewhere, with --start, or bound the parameters with --lower and --upper.")
        case Status.FAILED if solution.stopped_by == "domain":
            lines += _steadier(posed, command, "Run instead, with steps that stay where it is defined")
        case Status.FAILED:
            others = [name.value for name in (Method.GD, Method.BB, Method.NEWTON) if name is not recipe.method]
            lines.append(f"Start elsewhere, or try another method: {', '.join(others)}.")
        case Status.MAX_ITER:
            lines += _faster(posed, recipe, command) if place.minimum is not None else []
    if place.minimum is not None and not place.minimum.unique and place.minimum.spectrum is not None:
        lines.append(
            f"The minimum is not unique: rank {place.minimum.spectrum.rank} < {len(posed.start)} weights; "
            "some of them can move without any change of the loss."
        )
    return tuple(lines)


def _is_far(solution: Solution, place: Place) -> bool:
    """True where a good part of the way down is still ahead."""
    if place.minimum is None:
        return False
    left, all_of_it = solution.value - place.minimum.value, solution.trace.values[0] - place.minimum.value
    return left > FAR * max(abs(place.minimum.value), all_of_it)


def _steadier(posed: Posed, command: Command, words: str) -> list[str]:
    """The command with a rate that is found by itself; where that is the one that was run, another start."""
    instead = _with_own_rate(posed, command)
    if instead == command.but(checkpoint=None):
        return ["Start elsewhere, with --start, or bound the parameters with --lower and --upper."]
    return [f"{words}: {instead}"]


def _with_own_rate(posed: Posed, command: Command) -> str:
    if posed.modes is not None and posed.modes.spectrum.rank:
        return command.but(lr=None, schedule=None, momentum=None, max_iter=None)
    changes = {"lr": None, "schedule": None, "momentum": None, "max_iter": None}
    method = Method.GD if posed.kind is Kind.FORMULA else None
    return command.but(method=method, **changes)


def _faster(posed: Posed, recipe: Recipe, command: Command) -> list[str]:
    from gdsolve.plan import refusal
    from gdsolve.verbs.posed.recipe import traits_of

    if not posed.smooth:
        return [f"Run instead: {command.but(max_iter=10 * (recipe.length or 1))}"] if recipe.length else []
    for method in (Method.LM, Method.NEWTON, Method.LBFGS, Method.BB):
        if method is recipe.method:
            return []
        if refusal(method, traits_of(posed)) is None:
            return [f"Run instead: {command.but(method=method, lr=None, schedule=None, momentum=None, max_iter=None)}"]
    return []
