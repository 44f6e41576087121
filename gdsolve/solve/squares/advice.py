"""What to tell the user: before the run, of its end, and what to do next."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from gdsolve.solve.squares.course import Course
from gdsolve.solve.squares.remedy import find_remedy
from gdsolve.solve.squares.run import Run, prepare
from gdsolve.solve.words import (
    RULES,
    above_minimum,
    at_the_limit,
    coordinates_of,
    diverged_at,
    updates_in_words,
    weights_shown,
    will_diverge,
)
from gdsolve.spec import Scale
from gdsolve.spec.command import Advice, Command
from gdsolve.spec.numbers import rate_text
from gdsolve.status import Status

if TYPE_CHECKING:
    from gdsolve.descent.solution import Solution

FAR = 1e-4
FURTHER = 1e-4
# Nobody wants to wait for more, though the closed form need not.
MOST_ADVISED = 1_000_000


def announce(logger: logging.Logger, run: Run, rate: float) -> None:
    """Say before the run what its rate will lead to."""
    from gdsolve.descent.leap import limit_status

    (fate,) = limit_status(run.closed_form([rate]))
    stable, where = run.modes.spectrum.largest_stable, coordinates_of(run.spec)
    if stable is None:
        return
    if fate is Status.DIVERGED:
        logger.warning("%s", will_diverge(rate, stable, where))
    elif fate is Status.EDGE_OF_STABILITY:
        logger.warning("%s", at_the_limit(rate, where))


def explain(run: Run, solution: Solution, course: Course, gap: float, loss: float) -> str:
    """One or two sentences on how the run ended, `gap` above its minimum at `loss`."""
    spec, updates = run.spec, updates_in_words(solution.iterations)
    distance = above_minimum(gap, loss, solution.trace.values[0] * run.coordinates.target_scale**2)
    match solution.status:
        case Status.CONVERGED:
            rule = RULES[solution.stopped_by or "tol"]
            held = rule.format(tol=course.tol, loss_tol=spec.loss_tol or 0.0, grad_tol=spec.grad_tol or 0.0)
            if course.is_foreseen(solution.stopped_by):
                held = f"but for the rounding of {spec.dtype.value} {held}"
            return f"Converged after {updates}: {held}. {distance}"
        case Status.MAX_ITER:
            limit = "max_iter" if spec.max_iter is not None else "the default max_iter"
            return f"Stopped at {limit} after {updates}, before convergence. {distance}"
        case Status.EDGE_OF_STABILITY:
            return f"At the stability limit after {updates}: at learning rate 2/L_max the error keeps oscillating."
        case Status.DIVERGED:
            stable = run.modes.spectrum.largest_stable
            return f"{diverged_at(course.learning_rate, stable, coordinates_of(spec))} {weights_shown(solution)}"
        case Status.INTERRUPTED:
            return f"Interrupted after {updates}. {distance}"
        case Status.FAILED:
            return f"Failed after {updates}."


def advise(run: Run, solution: Solution, rate: float, tol: float, command: Command) -> tuple[Advice, ...]:
    """What the user should know or do, a sentence each, some with a command that is ready to paste."""
    lines: list[Advice] = []
    if solution.status is Status.CONVERGED:
        lines += _distance(run, solution, tol)
    if solution.status in (Status.MAX_ITER, Status.EDGE_OF_STABILITY):
        lines += _needs(run, rate, tol)
    if solution.status in (Status.MAX_ITER, Status.EDGE_OF_STABILITY, Status.DIVERGED):
        lines += _own_rate(run, command)
    if solution.status in (Status.EDGE_OF_STABILITY, Status.DIVERGED):
        lines += _best_rate(run, command)
    if not run.modes.unique:
        lines.append(
            Advice(
                f"The minimiser is not unique: rank {run.modes.spectrum.rank} < {run.modes.quadratic.p} weights. "
                "The optimum shown has minimum norm in the coordinates of descent; gdsolve check names the columns."
            )
        )
    return tuple(lines)


def _own_rate(run: Run, command: Command) -> list[Advice]:
    """The command at the rate that gdsolve finds, where that is another than the one that was run."""
    found = find_remedy(run, command, "auto")
    if found is None or found.command == command.but():
        return []
    return [Advice("Run instead", found.command)]


def _best_rate(run: Run, command: Command) -> list[Advice]:
    """The best rate in the coordinates of the run, with the updates that it takes, if anybody would wait for them."""
    found = find_remedy(run, command, best := run.modes.spectrum.best)
    if found is None:
        return []
    where = coordinates_of(run.spec)
    if found.updates > MOST_ADVISED:
        return [Advice(f"The best rate{where}, {rate_text(best)}, takes {updates_in_words(found.updates)}.")]
    return [Advice(f"Or at the best rate{where} ({updates_in_words(found.updates)})", found.command)]


def _distance(run: Run, solution: Solution, tol: float) -> list[Advice]:
    """A small update is not a small error: say so where the weights are still far off."""
    w = solution.w.to(run.start.device, run.start.dtype)
    away = float((w - run.modes.minimiser).abs().amax())
    size = float(run.modes.minimiser.abs().amax())
    if away <= FAR * size or solution.stopped_by is None:
        return []
    asked = min(tol, solution.trace.updates[-1] or 0.0) * FURTHER
    share = f" ({100 * away / size:.2g} % of the largest)" if size > 0.0 else ""
    slow = f"; --tol {asked:.0e} would go on" if solution.stopped_by == "tol" and asked >= sys.float_info.min else ""
    return [Advice(f"A small step is not a small error: a weight is still {away:.3g} from its optimum{share}{slow}.")]


def _needs(run: Run, rate: float, tol: float) -> list[Advice]:
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
    return [Advice(f"Updates needed to converge{coordinates_of(run.spec)}: {'; '.join(told)}.")]
