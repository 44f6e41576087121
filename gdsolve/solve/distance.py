"""How far given weights are from the optimum of a problem: SSE, gap, gradient, digits, and in words."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import torch

from gdsolve.descent.solution import Solution, Trace
from gdsolve.objective.bounds import BoundedCoordinates
from gdsolve.objective.box import Box
from gdsolve.objective.class_coordinates import ClassCoordinates
from gdsolve.solve.ambiguity import ambiguity
from gdsolve.solve.certified import Certified
from gdsolve.solve.certify import certify, gap_of
from gdsolve.solve.explain import FAILURES
from gdsolve.solve.given_weights import GivenWeights
from gdsolve.solve.minimum import Certificate, Minimum, NoMinimum
from gdsolve.solve.outcome import Optimum, Subject, parameter_names
from gdsolve.solve.partial_derivatives import gradient_of_user
from gdsolve.solve.problem import Kind, Problem
from gdsolve.solve.reclassify import NOT_A_MINIMUM
from gdsolve.solve.separated import told_separation, without_minimum
from gdsolve.solve.units import figures_of, optimum_of
from gdsolve.solve.words import above_minimum
from gdsolve.spec.command import Advice, Command
from gdsolve.status import DataError, GdsolveError, Status

# All digits that float64 has.
MOST_DIGITS = 15.0
# Weights that are so much smaller than the largest, 0 say, are measured by it.
COUNTED = 1e-9
ENOUGH = 10.0
# An optimum that is so much smaller than the loss is 0 but for rounding: no share of it says anything.
MOST_TIMES = 1e6


def distance_of(problem: Problem, given: GivenWeights, command: Command, began: float) -> Certified:
    """Where the weights are in `problem`, and how far from its optimum.

    Raises:
        GdsolveError: weights of other columns.
        DataError: the loss is not finite there.
    """
    user = _placed(problem, given)
    w = problem.units.from_user(user).to(problem.start)
    solution = _at(problem, w, given.name)
    certificate = _certified(problem, solution)
    figures = figures_of(problem, solution)
    best = None if certificate.minimum is None else optimum_of(problem, certificate.minimum)
    relative = certificate.gap / abs(best.loss) if best and best.loss and certificate.gap is not None else None
    digits, farthest = _digits(problem, user, best)
    weights, intercept = problem.of_user(user)
    found = Certified(
        spec=problem.spec,
        name=given.name,
        subject=Subject(problem.kind.value, problem.spec.minimize or problem.spec.model),
        weights=weights,
        intercept=intercept,
        figures=replace(figures, gradient_norm=float(gradient_of_user(problem, w, user).norm())),
        optimum=best,
        gap=certificate.gap,
        relative_gap=relative,
        duality_gap=certificate.duality_gap,
        digits=digits,
        spectrum=certificate.spectrum,
        data=problem.data,
        delta_found=problem.delta_found,
        message="",
        advice=(),
        seconds={"read": problem.seconds, "total": time.perf_counter() - began},
    )
    message = _message(problem, certificate, found, farthest, _usual_loss(problem, w))
    return replace(found, message=message, advice=_advice(problem, certificate, command))


def _placed(problem: Problem, given: GivenWeights) -> torch.Tensor:
    """The weights, (p, 1), in the user's units."""
    if problem.kind is not Kind.LINEAR:
        return problem.units.to_user(problem.start)
    values = given.of(problem.labels, intercept=problem.intercept, formula=problem.spec.formula is not None)
    user = torch.tensor(values, dtype=torch.float64, device=problem.start.device)[:, None]
    if isinstance(problem.units, ClassCoordinates):
        # What is the same in all classes is no difference to the optimum.
        return problem.units.to_user(problem.units.from_user(user))
    if isinstance(problem.units, BoundedCoordinates) and problem.units.bounds is not None:
        _require_within(problem, given.name, user, problem.units.bounds.to(user))
    return user


def _require_within(problem: Problem, name: str, user: torch.Tensor, bounds: Box) -> None:
    """See that weights, (p, 1), keep to the bounds that the optimum keeps to."""
    beyond = ((user < bounds.lower) | (user > bounds.upper))[:, 0]
    for place in beyond.nonzero()[:, 0].tolist():
        which = parameter_names(problem.labels, intercept=problem.intercept)[place]
        low, high = float(bounds.lower[place, 0]), float(bounds.upper[place, 0])
        raise GdsolveError(
            f"{name}: {which} is {float(user[place, 0]):g}, beyond its bounds {low:g} to {high:g}",
            "certify weights that keep to the bounds, or leave the bounds out",
            option="weights",
        )


def _at(problem: Problem, w: torch.Tensor, name: str) -> Solution:
    """The place as a run would have left it that took no step."""
    now = problem.bounded.evaluate(w)
    value, gradient = float(now.value), float(now.gradient.norm())
    if not (math.isfinite(value) and math.isfinite(gradient)):
        why = problem.fault_of_start or "loss or gradient are beyond float64"
        raise DataError(f"{name}: {why} at these weights", "fit again: gdsolve fit gives weights that are of use")
    first = float(problem.objective.evaluate(problem.start).value) if problem.kind is Kind.LINEAR else value
    trace = Trace((0,), w, (None,), (max(first, value),), (gradient,), (None,))
    return Solution(w, value, Status.MAX_ITER, None, 0, 0, 1, trace)


def _certified(problem: Problem, solution: Solution) -> Certificate:
    """The minimum near the weights; of a linear model, whose minimum is one, looked for from its start as well."""
    found = certify(problem, solution)
    if problem.kind is not Kind.LINEAR or found.reason is not NoMinimum.NOT_FOUND:
        return found
    start = replace(solution, w=problem.start, value=float(problem.objective.evaluate(problem.start).value))
    elsewhere = certify(problem, start)
    return replace(elsewhere, gap=gap_of(problem, solution, elsewhere.minimum))


def _digits(problem: Problem, user: torch.Tensor, best: Optimum | None) -> tuple[float | None, str | None]:
    """The digits that all weights have in common with those of a unique optimum, and the weight that has the fewest."""
    if best is None or not best.unique:
        return None, None
    named, intercept = problem.of_user(user)
    names = parameter_names(problem.labels, intercept=problem.intercept)
    reached = [*named.values(), *([] if intercept is None else [intercept])]
    goals = [*best.weights.values(), *([] if best.intercept is None else [best.intercept])]
    largest = max(map(abs, goals), default=0.0)
    off = [
        abs(value - goal) / (abs(goal) if abs(goal) > COUNTED * largest else largest) if value != goal else 0.0
        for value, goal in zip(reached, goals, strict=True)
    ]
    worst = max(off, default=0.0)
    digits = MOST_DIGITS if worst <= 10.0**-MOST_DIGITS else max(0.0, -math.log10(worst))
    return digits, names[off.index(worst)] if off else None


def _usual_loss(problem: Problem, w: torch.Tensor) -> float:
    """The loss where all weights are 0, in the user's units, beside which a gap may be rounding; 0 if it is none."""
    nowhere = problem.units.from_user(torch.zeros_like(w, dtype=problem.start.dtype)).to(w)
    value = float(problem.objective.evaluate(nowhere).value) * problem.loss_unit
    return value if math.isfinite(value) else 0.0


def _message(problem: Problem, certificate: Certificate, found: Certified, farthest: str | None, first: float) -> str:
    minimum, reason = certificate.minimum, certificate.reason
    if certificate.separation is not None:
        why = told_separation(problem, certificate.separation)
        return f"There is no optimum: {why}, so that no weights are large enough."
    if reason in NOT_A_MINIMUM:
        told = FAILURES.get(NOT_A_MINIMUM[reason], "a parameter runs to infinity from here, and there is no minimum")
        return f"There is no optimum here: {told}."
    if minimum is None or certificate.gap is None:
        return f"How far it is from a minimum is not known: {reason}." if reason else "No minimum was found."
    return f"{_above(certificate.gap, found, minimum, first)}{_told_digits(found.digits, farthest, minimum)}"


def _above(gap: float, found: Certified, minimum: Minimum, first: float) -> str:
    told = above_minimum(gap, found.figures.loss, first, local=not minimum.is_global)
    share = "" if found.relative_gap is None or found.relative_gap > MOST_TIMES else f" ({_share(found.relative_gap)})"
    return told.replace(" above ", f"{share} above ", 1)


def _share(relative: float) -> str:
    """A share of the optimum in words: as a percentage, or as a factor where it is many times the optimum.

    >>> _share(0.04), _share(120.0)
    ('4 %', '120 times it')
    """
    return f"{100.0 * relative:.3g} %" if relative < 10.0 else f"{relative:.3g} times it"


def _told_digits(digits: float | None, farthest: str | None, minimum: Minimum) -> str:
    if digits is None:
        return ""
    whose = "the optimum" if minimum.is_global else "the local minimum"
    count = math.floor(digits)
    if digits >= ENOUGH:
        return f" Every weight has {count} digits of {whose}."
    if count:
        return f" Every weight has {count} digit{'' if count == 1 else 's'} of {whose}; {farthest} has no more."
    return f" {farthest} has no digit of {whose}."


def _advice(problem: Problem, certificate: Certificate, command: Command) -> tuple[Advice, ...]:
    told = without_minimum(problem, command, certificate)[1:]
    minimum = certificate.minimum
    if minimum is not None and not minimum.unique and minimum.spectrum is not None:
        told.append(Advice(f"The minimum is not unique: rank {minimum.spectrum.rank} < {problem.p} weights."))
    return (*told, *ambiguity(problem, minimum))
