"""Stochastic descent in words: where it will hover, where it did, and what to run next."""

from __future__ import annotations

from dataclasses import replace

from gdsolve.descent.solution import Solution
from gdsolve.solve.minibatches import Minibatches
from gdsolve.solve.minimum import Certificate
from gdsolve.solve.plan import Plan
from gdsolve.solve.problem import Problem
from gdsolve.solve.reclassify import ARRIVED, share_left
from gdsolve.solve.words import RULES, above_minimum, coordinates_of, diverged_at, updates_in_words, weights_shown
from gdsolve.spec import RateSchedule, Spec
from gdsolve.spec.command import Advice, Command
from gdsolve.spec.numbers import rate_text
from gdsolve.status import Status

# Epochs from which on those of the last quarter are held against those of the one before, to see whether it hovers.
LEAST_EPOCHS = 8
FALLING = 0.5
# Of where it will hover: above that what is left of the start counts most.
MOSTLY = 3.0
FURTHER = 10


def foretold(told: Minibatches, rate: float) -> str:
    """Where the loss will hover, and what a smaller rate brings; empty where that is not known."""
    if told.predicted_excess is None:
        return ""
    where = f"at batch {told.batch} and rate {rate_text(rate)}"
    said = f"{where} the loss will hover {told.predicted_excess:.3g} above its optimum"
    lower = told.lower
    return said if lower is None else f"{said}; rate {rate_text(lower.learning_rate)} brings it to {lower.excess:.3g}"


def measured(told: Minibatches, problem: Problem, solution: Solution, certificate: Certificate) -> Minibatches:
    """With where the loss has hovered: its mean over the last half of the epochs, where it was no longer falling."""
    minimum, values = certificate.minimum, solution.epoch_values
    if minimum is None or told.whole or solution.status in (Status.DIVERGED, Status.FAILED):
        return told
    if len(values) < LEAST_EPOCHS:
        return told
    excess = [value - minimum.value for value in values]
    if told.predicted_at_end is not None and told.predicted_excess is not None:
        falling = told.predicted_at_end > MOSTLY * told.predicted_excess
    else:
        quarter = len(values) // 4
        falling = sum(excess[-quarter:]) < FALLING * sum(excess[-2 * quarter : -quarter])
    if falling:
        return told
    half = excess[-(len(excess) // 2) :]
    return replace(told, excess=max(0.0, sum(half) / len(half)) * problem.loss_unit)


def judged(spec: Spec, solution: Solution, certificate: Certificate) -> Solution:
    """Converged where the limit was reached within a millionth of what there was to gain, or by a rule asked for."""
    minimum = certificate.minimum
    if certificate.separation is not None and solution.status is not Status.INTERRUPTED:
        return replace(solution, status=Status.DIVERGED, stopped_by="separated")
    if minimum is None or solution.status not in (Status.MAX_ITER, Status.CONVERGED):
        return solution
    arrived = share_left(solution, minimum) <= ARRIVED
    if solution.status is Status.MAX_ITER:
        return replace(solution, status=Status.CONVERGED, stopped_by="gap") if arrived else solution
    # An epoch may lead back to where it began, far from the minimum: what was not asked for must mean something.
    by_default = solution.stopped_by == "tol" and spec.tol is None
    return replace(solution, status=Status.MAX_ITER) if by_default and not arrived else solution


def explain_batches(
    problem: Problem, plan: Plan, told: Minibatches, solution: Solution, certificate: Certificate, loss: float
) -> str | None:
    """How a stochastic run ended; None where that is said as of any run."""
    spec, tol, rate = problem.spec, plan.tol, plan.recipe.rate
    if told.whole and solution.status is Status.DIVERGED:
        return None
    epochs = epochs_in_words(solution.iterations / told.updates_per_epoch)
    taken = f"{updates_in_words(solution.iterations)} ({epochs})"
    gap = certificate.gap
    distance = "" if gap is None else f" {above_minimum(gap, loss)}"
    match solution.status:
        case Status.CONVERGED:
            held = RULES[solution.stopped_by or "tol"].format(
                tol=tol, loss_tol=spec.loss_tol or 0.0, grad_tol=spec.grad_tol or 0.0
            )
            over = " over an epoch" if solution.stopped_by in ("tol", "loss_tol") else ""
            return f"Converged after {taken}: {held}{over}.{distance}"
        case Status.MAX_ITER:
            return _at_limit(told, solution, taken, distance)
        case Status.DIVERGED if solution.stopped_by == "explosion":
            said = diverged_at(rate, told.stable_below, f" and batch {told.batch}{coordinates_of(spec)}")
            return f"{said} {weights_shown(solution)}"
        case Status.INTERRUPTED:
            return f"Interrupted after {taken}.{distance}"
        case _:
            return None


def epochs_in_words(count: float) -> str:
    """A number of epochs.

    >>> epochs_in_words(1.0), epochs_in_words(0.06369), epochs_in_words(1200.0)
    ('1 epoch', '0.0637 epochs', '1,200 epochs')
    """
    shown = f"{count:,.0f}" if count.is_integer() else f"{count:.3g}" if count < 100.0 else f"{count:,.1f}"
    return f"{shown} epoch{'' if shown == '1' else 's'}"


def _at_limit(told: Minibatches, solution: Solution, taken: str, distance: str) -> str:
    limit = "the epoch limit" if solution.stopped_by == "epochs" else "max_iter"
    if solution.stopped_by not in ("epochs", "max_iter"):
        return f"Stopped after {taken}: an epoch changed little, but not because of a minimum.{distance}"
    if told.excess is None:
        return f"Stopped at {limit} after {taken}, before convergence.{distance}"
    known = "" if told.predicted_at_end is None else f"; {told.predicted_at_end:.3g} was predicted"
    if told.predicted_excess is not None and told.predicted_at_end is not None:
        later = abs(told.predicted_at_end - told.predicted_excess) > 0.1 * told.predicted_excess
        known += f", {told.predicted_excess:.3g} in the long run" if later else ""
    return f"Stopped at {limit} after {taken}, hovering {told.excess:.3g} above the optimum{known}."


def advise_batches(
    plan: Plan, told: Minibatches, solution: Solution, certificate: Certificate, command: Command
) -> tuple[Advice, ...]:
    """What the user should know or do."""
    schedule, rate = plan.recipe.schedule, plan.recipe.rate
    lines: list[Advice] = []
    if certificate.minimum is None and certificate.reason and solution.status is not Status.DIVERGED:
        lines.append(Advice(f"How far it is from a minimum is not known: {certificate.reason}."))
    if solution.status is Status.DIVERGED and solution.stopped_by == "explosion":
        stable = told.stable_below
        lower = rate_text(min(0.5 * stable, rate / FURTHER) if stable is not None else rate / FURTHER, 3)
        automatic = command.but(lr=None)
        lines.append(Advice("Run instead", command.but(lr=lower)))
        if automatic != command.but():
            lines.append(Advice("Or at the rate that gdsolve finds", automatic))
    if solution.status is not Status.MAX_ITER or told.whole:
        return tuple(lines)
    if told.lower is not None and told.excess is not None:
        lower = rate_text(told.lower.learning_rate)
        said = f"Rate {lower} brings it to {told.lower.excess:.3g}"
        lines.append(Advice(said, command.but(lr=lower, epochs=max(told.epochs, told.lower.epochs), max_iter=None)))
    if schedule is RateSchedule.CONSTANT:
        lines.append(Advice("A rate that fades leaves no noise", command.but(schedule="cosine")))
    else:
        lines.append(Advice("Run instead", command.but(epochs=FURTHER * told.epochs, max_iter=None)))
    return tuple(lines)
