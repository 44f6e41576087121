"""Where the starts of a fit ended, beside where the fit did: the certificate that a nonconvex fit can have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from gdsolve.descent.many_ends import End, ManyEnds
from gdsolve.descent.solution import Solution
from gdsolve.objective.base import SumOfSquares
from gdsolve.solve.many_starts import NOISE, TYPED, ManyStarts, typed
from gdsolve.solve.minimum import Certificate
from gdsolve.solve.problem import Problem
from gdsolve.spec.command import Advice, Command
from gdsolve.spec.parameters import parameters_of

MOST = 5
"""Minima that are told beside the one where the fit ended."""
CORNERED = 1e-3
"""Of a loss with corners: what two that are the same may differ by, as starts come to corners slowly."""
CORNER = 1e-7
ALIKE = 1e-6
"""Of a loss: what two may differ by where the weights are the same."""
SAME_WEIGHTS = 1e-3


@dataclass(frozen=True, slots=True)
class StartMinimum:
    """A loss at which `count` starts ended, and the weights of one of them; `here` where the fit ended at it.

    `sse` is the sum of squares that goes with a squared loss, None with others.
    """

    loss: float
    sse: float | None
    count: int
    weights: dict[str, float]
    here: bool


@dataclass(frozen=True, slots=True)
class Starts:
    """Where the starts of a fit ended; `start` is where its own descent began, as --start takes it.

    `ranges` are those that the starts fill, by parameter.

    Of `count` starts `here` ended at the same loss, `same_weights` of them with the same weights as well, `higher` and
    `lower` at another minimum, and `not_finished` at none; of these `not_finite` could not begin and `diverged` have a
    loss that falls for ever, or a weight that has no effect any more. All but `count` are None where starts were only
    compared by their loss. `minima` are the lowest losses found, at most five beside that of the fit, and `more` the
    number of others.
    """

    count: int
    seed: int
    ranges: dict[str, str]
    start: str
    here: int | None = None
    same_weights: int | None = None
    higher: int | None = None
    lower: int | None = None
    not_finished: int | None = None
    not_finite: int | None = None
    diverged: int | None = None
    minima: tuple[StartMinimum, ...] = ()
    more: int = 0

    @property
    def sentence(self) -> str:
        """How many starts ended here or higher, and how many did not; empty where they were not followed to an end."""
        if self.here is None or self.higher is None:
            return ""
        told = f"{self.here + self.higher:,} of {_starts(self.count)} ended here or higher"
        if self.lower:
            told += f", {self.lower:,} lower, at a loss down to {min(one.loss for one in self.minima):.8g}"
        return f"{told}; {self.not_finished:,} came to no minimum." if self.not_finished else f"{told}."

    def advise(self, problem: Problem, command: Command) -> tuple[Advice, ...]:
        """The command that begins at the lowest minimum, where the fit did not end there."""
        if not self.lower:
            return ()
        lowest = min(self.minima, key=lambda one: one.loss)
        point = torch.tensor(list(lowest.weights.values()), dtype=torch.float64, device="cpu")
        begin = typed(parameters_of(problem.spec), point, TYPED)
        # A number of starts that a YAML spec sets can only be overruled.
        one = 1 if "starts" in command.fixed else None
        text = command.but(start=begin, starts=one, seed=None)
        return (Advice("Starts led to a lower minimum; to begin there", text),)


def _starts(count: int) -> str:
    return f"{count:,} start{'' if count == 1 else 's'}"


def count_starts(problem: Problem, spread: ManyStarts, solution: Solution, certificate: Certificate) -> Starts:
    """Where the starts of a problem ended, beside where its fit did.

    The loss where the fit ended is that of the minimum that was certified near by, where there is one. Two losses are
    the same where they differ by no more than 10⁻¹⁰ of the loss and the rounding of a usual loss at the starts (10⁻⁴ in
    float32; 10⁻³ and 10⁻⁷ of a usual loss where there are corners), or by 10⁻⁶ where the weights are the same too.
    """
    began = _began(problem, spread)
    if spread.ended is None:
        return began
    ended, here = spread.ended, _Here.of(problem, solution, certificate, spread)
    same = ended.arrived & here.holds(ended)
    other = ended.arrived & ~same
    lower = other & (ended.values < here.value)
    minima, more = _minima(problem, ended, same, here)
    return replace(
        began,
        here=int(same.sum()),
        same_weights=int((same & here.alike(ended.points)).sum()),
        higher=int((other & ~lower).sum()),
        lower=int(lower.sum()),
        not_finished=int((~ended.arrived).sum()),
        not_finite=int((ended.ends == End.NOT_FINITE).sum()),
        diverged=int((ended.ends == End.RUNAWAY).sum()),
        minima=minima,
        more=more,
    )


def chosen_start(problem: Problem) -> Starts | None:
    """Where descents on a problem begin, of the points of its ranges; None where it was given one start alone."""
    return None if problem.spread is None else _began(problem, problem.spread)


def _began(problem: Problem, spread: ManyStarts) -> Starts:
    ranges = {name: f"{one.low:.{TYPED}g}..{one.high:.{TYPED}g}" for name, one in spread.spans.items()}
    return Starts(len(spread.points), problem.spec.seed, ranges, typed(parameters_of(problem.spec), spread.begin))


@dataclass(frozen=True, slots=True)
class _Here:
    """The loss where the fit ended and the weights there, (p,) in the user's units.

    Losses that differ by no more than `noise`, and by `near` where the weights are the same, are the same. `size` is
    that of each weight, (p,).
    """

    value: float
    weights: torch.Tensor
    noise: float
    near: float
    size: torch.Tensor

    @staticmethod
    def of(problem: Problem, solution: Solution, certificate: Certificate, spread: ManyStarts) -> _Here:
        minimum = certificate.minimum
        w, value = (solution.w, solution.value) if minimum is None else (minimum.w, minimum.value)
        finite = spread.values[torch.isfinite(spread.values)].abs()
        usual = float(finite.median()) if len(finite) else 0.0
        if problem.total_sum_of_squares:
            usual = min(usual, problem.total_sum_of_squares)
        share, rounding = NOISE[spread.values.dtype], torch.finfo(spread.values.dtype).eps * usual
        if not problem.smooth:
            share, rounding = CORNERED, CORNER * usual
        weights = problem.units.to_user(w.to(problem.start))[:, 0]
        size = torch.maximum(weights.abs(), 0.1 * spread.points.std(dim=0, correction=0).to(weights))
        noise = share * abs(value) + rounding
        return _Here(value, weights, noise, max(ALIKE * abs(value), noise), size)

    def holds(self, ended: ManyEnds) -> torch.Tensor:
        """Where the loss is the same, (N,)."""
        away = (ended.values - self.value).abs()
        return (away <= self.noise) | ((away <= self.near) & self.alike(ended.points))

    def alike(self, points: torch.Tensor) -> torch.Tensor:
        """Where the weights are the same, (N,)."""
        return ((points - self.weights).abs() <= SAME_WEIGHTS * self.size).all(1)


def _minima(problem: Problem, ended: ManyEnds, same: torch.Tensor, here: _Here) -> tuple[tuple[StartMinimum, ...], int]:
    """The losses at which starts ended, from the lowest up, that of the fit among them; and how many are left out."""
    order = torch.where(ended.arrived, ended.values, torch.inf).argsort()[: int(ended.arrived.sum())].tolist()
    values, points, at_here = ended.values.tolist(), ended.points.tolist(), same.tolist()
    groups: list[list[int]] = []
    for place in order:
        last = groups[-1][0] if groups else None
        joins = last is not None and (
            at_here[place] == at_here[last]
            and (at_here[place] or values[place] - values[last] <= max(here.noise, ALIKE * abs(values[last])))
        )
        if joins:
            groups[-1].append(place)
        else:
            groups.append([place])
    told = [_told(problem, group, values, points, here=at_here[group[0]]) for group in groups]
    kept = [one for one in told if one.here]
    others = [one for one in told if not one.here]
    shown = sorted([*kept, *others[:MOST]], key=lambda one: one.loss)
    return tuple(shown), len(others) - len(others[:MOST])


def _told(
    problem: Problem, group: Sequence[int], values: Sequence[float], points: Sequence[Sequence[float]], *, here: bool
) -> StartMinimum:
    weights = dict(zip(problem.labels, points[group[0]], strict=True))
    loss, objective = values[group[0]], problem.objective
    sse = 2.0 * loss / objective.curvature_scale if isinstance(objective, SumOfSquares) else None
    return StartMinimum(loss * problem.loss_unit, sse, len(group), weights, here)
