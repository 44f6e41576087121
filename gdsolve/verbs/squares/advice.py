"""What to tell the user: before the run, of its end, and what to do next."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from gdsolve.spec import Scale
from gdsolve.spec.command import Command
from gdsolve.spec.numbers import rate_text, rate_texts
from gdsolve.status import Status
from gdsolve.verbs.squares.course import Course
from gdsolve.verbs.squares.remedy import remedy
from gdsolve.verbs.squares.run import Run, prepare

if TYPE_CHECKING:
    from gdsolve.descent.solution import Solution

FAR = 1e-4
FURTHER = 1e-4
RULES = {
    "tol": "no weight changed by {tol:.3g} or more",
    "loss_tol": "the loss changed by less than {loss_tol:.3g}",
    "grad_tol": "the gradient norm is below {grad_tol:.3g}",
}


def announce(logger: logging.Logger, run: Run, rate: float) -> None:
    """Say before the run what its rate must lead to."""
    from gdsolve.descent.leap import limit_status

    (fate,) = limit_status(run.closed_form([rate]))
    stable = run.modes.spectrum.largest_stable
    if stable is None:
        return
    if fate is Status.DIVERGED:
        logger.warning("learning rate %s must diverge: the largest stable rate is %s", *rate_texts(rate, stable))
    elif fate is Status.EDGE_OF_STABILITY:
        logger.warning(
            "learning rate %s is the edge of stability: the error will neither grow nor vanish", rate_text(rate)
        )


def explain(run: Run, solution: Solution, course: Course, gap: float) -> str:
    """One or two sentences on how the run ended."""
    rate, tol = course.learning_rate, course.tol
    updates = f"{solution.iterations:,} update{'' if solution.iterations == 1 else 's'}"
    spectrum, spec = run.modes.spectrum, run.spec
    match solution.status:
        case Status.CONVERGED:
            rule = RULES[solution.stopped_by or "tol"]
            held = rule.format(tol=tol, loss_tol=spec.loss_tol or 0.0, grad_tol=spec.grad_tol or 0.0)
            if course.is_foreseen(solution.stopped_by):
                held = f"but for the rounding of {spec.dtype.value} {held}"
            return f"Converged after {updates}: {held}. The loss is {gap:.3g} above its optimum."
        case Status.MAX_ITER:
            limit = "max_iter" if spec.max_iter is not None else "the default max_iter"
            return f"Stopped at {limit} after {updates}, before convergence. The loss is {gap:.3g} above its optimum."
        case Status.EDGE_OF_STABILITY:
            return f"At the edge of stability after {updates}: at 2/L_max the error neither grows nor vanishes."
        case Status.DIVERGED:
            stable = spectrum.largest_stable
            shown, limit = rate_texts(rate, stable or 0.0)
            bound = "" if stable is None else f"; the largest stable rate is {limit}"
            return (
                f"Diverged: at learning rate {shown} the loss grows without bound{bound}. "
                f"The weights are those after {solution.best_iteration:,} updates, the best of {solution.iterations:,}."
            )
        case Status.INTERRUPTED:
            return f"Interrupted after {updates}. The loss is {gap:.3g} above its optimum."
        case Status.FAILED:
            return f"Failed after {updates}."


def advise(run: Run, solution: Solution, rate: float, tol: float, command: Command) -> tuple[str, ...]:
    """What the user should know or do, a sentence each; commands stand after a colon, ready to paste."""
    lines: list[str] = []
    if solution.status is Status.CONVERGED:
        lines += _distance(run, solution, tol)
    if solution.status in (Status.MAX_ITER, Status.EDGE_OF_STABILITY):
        lines += _needs(run, rate, tol)
    if solution.status in (Status.DIVERGED, Status.EDGE_OF_STABILITY):
        lines += _instead(remedy(run, command, run.modes.spectrum.best))
    elif solution.status is Status.MAX_ITER and not run.spec.drives:
        lines += _instead(remedy(run, command, "auto"))
    if not run.modes.unique:
        lines.append(
            f"The minimiser is not unique: rank {run.modes.spectrum.rank} < {run.modes.quadratic.p} weights. "
            "The optimum shown has minimum norm in the coordinates of descent; gdsolve check names the columns."
        )
    return tuple(lines)


def _instead(command: str | None) -> list[str]:
    return [] if command is None else [f"Run instead: {command}"]


def _distance(run: Run, solution: Solution, tol: float) -> list[str]:
    """A small update is not a small error: say so where the weights are still far off."""
    w = solution.w.to(run.start.device, run.start.dtype)
    away = float((w - run.modes.minimiser).abs().amax())
    size = float(run.modes.minimiser.abs().amax())
    if away <= FAR * size or solution.stopped_by is None:
        return []
    asked = min(tol, solution.trace.updates[-1] or 0.0) * FURTHER
    share = f" ({100 * away / size:.2g} % of the largest)" if size > 0.0 else ""
    slow = f"; --tol {asked:.0e} would go on" if solution.stopped_by == "tol" and asked >= sys.float_info.min else ""
    return [f"A small step is not a small error: a weight is still {away:.3g} from its optimum{share}{slow}."]


def _needs(run: Run, rate: float, tol: float) -> list[str]:
    """How many updates convergence takes at this rate, at the best one, and with scaling."""
    # At the rates that are shown, so that what is said holds for them when they are typed.
    best = rate_text(run.modes.spectrum.best)
    needs = [(f"at this rate ({rate_text(rate)})", run, rate)]
    if best != rate_text(rate):
        needs.append((f"at the best rate ({best})", run, float(best)))
    if not run.spec.standardise and run.spec.scale is not Scale.STANDARD:
        scaled = prepare(run.spec, run.problem, run.problem.standard)
        best = rate_text(scaled.modes.spectrum.best)
        needs.append((f"on standardised columns (--scale standard --lr {best})", scaled, float(best)))
    told = []
    for words, one, alpha in needs:
        rules = one.rules(tol)
        if len(rules) == 1:
            return []
        stop = one.predict(alpha, rules, None)
        told.append(
            f"{stop.iterations:,} {words}" if stop.status is Status.CONVERGED else f"no number is enough {words}"
        )
    return [f"Updates needed to converge: {'; '.join(told)}."]
