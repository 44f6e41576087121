"""Early stopping: the update of plain descent at which the error over the folds is least (docs/guide/validation.md)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gdsolve.descent.closed_form import ClosedForm
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.folds import squared_errors
from gdsolve.objective.modes import Modes
from gdsolve.objective.ridge_path import RidgePath
from gdsolve.objective.triangle import Triangle
from gdsolve.solve.problem import Problem
from gdsolve.solve.validate import fits_of_squares
from gdsolve.solve.validation import Stopping, StopPoint
from gdsolve.solve.words import coordinates_of
from gdsolve.spec import Scale, Spec
from gdsolve.spec.choices import PlotKind, StopAt
from gdsolve.spec.numbers import rate_text
from gdsolve.status import GdsolveError

# Updates that are looked at one by one, and so many a decade beyond them.
FIRST = 64
A_DECADE = 40
# Of a stretch of updates so many are looked at, until it has no more.
STRETCH = 256
# Stretches around the lowest places of the first look.
STRETCHES = 6
# What is left of a mode by then is less than rounding.
OVER = 40.0
MOST_UPDATES = 2**53
# Where less is to be gained, descent may as well run to its end.
WORTH = 1e-12
# What errors differ by where descent stands still.
ROUNDING = 1e-13
# Of those around the best one that are shown.
AROUND = (0.3, 3.0)


@dataclass(frozen=True, slots=True)
class FoldPath:
    """Descent on all rows but those of a fold, and the triangle of the fold, `held`."""

    form: ClosedForm
    modes: Modes
    start: Tensor
    units: Coordinates
    rest: Triangle
    held: Triangle

    def errors(self, k: Tensor) -> Tensor:
        """The RMSE on the fold after each k, (q,), updates."""
        repeated = self.form.only(torch.zeros(len(k), dtype=torch.long, device=k.device))
        return self._roots(self.start + repeated.displacements(k).mT)

    def last(self) -> Tensor:
        """The RMSE on the fold where descent has converged, (1,)."""
        return self._roots(self.modes.minimiser)

    def _roots(self, weights: Tensor) -> Tensor:
        found = squared_errors(self.held, weights, self.units, self.rest)
        return (found / self.held.total_weight).sqrt()


def find_stopping(problem: Problem) -> Stopping:
    """The best update up to the limit of the spec, if there is one; with ridge of as many degrees of freedom beside it.

    All folds descend at one rate: the one given, or 1/L_max of the fold (or of all rows) where that is largest, at
    which no mode overshoots.

    Raises:
        GdsolveError: a rate at which a fold diverges.
    """
    assert problem.squares is not None
    assert problem.dealt is not None
    assert problem.dealt.folds is not None
    fits = list(fits_of_squares(problem, problem.dealt))
    modes = [one.problem.modes for one in fits]
    known = [one for one in (*modes, problem.modes) if one is not None]
    rate = _common_rate(problem, known)
    rates = torch.tensor([rate], dtype=torch.float64, device=problem.start.device)
    paths = []
    for fit, held in zip(fits, problem.dealt.folds.triangles, strict=True):
        own, units = fit.problem.modes, fit.problem.units
        assert own is not None
        assert isinstance(units, Coordinates)
        form = ClosedForm.of(own, fit.problem.start, rates)
        paths.append(FoldPath(form, own, fit.problem.start, units, fit.triangle, held.to(rates.device)))
    limit = problem.spec.max_iter
    end = min(max(_updates_to_end(path.form) for path in paths), limit if limit is not None else MOST_UPDATES)

    def errors(iterations: Iterable[int]) -> Tensor:
        k = torch.tensor([float(one) for one in iterations], dtype=torch.float64, device=rates.device)
        return torch.stack([path.errors(k) for path in paths])

    best: int | None = least_of(lambda some: errors(some).mean(dim=0).tolist(), end)
    last = torch.stack([path.last() for path in paths])
    if limit is None and float(errors([best or 0]).mean()) >= float(last.mean()) * (1.0 - WORTH):
        best = None
    shown = _shown(best, end, limited=limit is not None)
    drawn = _spaced(end)
    found = _table(
        problem, rates, shown, torch.cat([errors(_finite(shown)), *([last] if None in shown else [])], dim=1)
    )
    curve = errors(drawn)
    means, spreads = curve.mean(dim=0), curve.std(dim=0) / len(paths) ** 0.5
    return Stopping(rate, best, found, tuple(drawn), tuple(means.tolist()), tuple(spreads.tolist()), float(last.mean()))


def stopped_at(spec: Spec, stopping: Stopping) -> Spec:
    """The spec of the run to the best update, at the rate and in the coordinates in which that was found."""
    scale = Scale.STANDARD if spec.standardise else Scale.NONE
    # What is drawn is drawn of what was asked for.
    found = replace(spec, stop=StopAt.RULES, lr=stopping.rate, scale=scale, plot=False, plot_kind=PlotKind.AUTO)
    return found if stopping.best is None else replace(found, max_iter=stopping.best, tol=0.0)


def least_of(errors: Callable[[Sequence[int]], Sequence[float]], end: int) -> int:
    """The k from 0 to `end` at which an error is least, the first of several.

    All are looked at as far as they are few; beyond, places evenly on a log scale, and then the stretches around the
    lowest of them, until no update between is left. Two neighbours are looked at each time: above 1/L_max descent goes
    to and fro.
    """
    places = sorted({k for k in (*range(FIRST), *_log_places(end)) if k <= end} | {end})
    found: dict[int, float] = {}

    def look(some: Iterable[int]) -> None:
        new = sorted({one for k in some for one in (k, k + 1) if one <= end} - found.keys())
        if new:
            found.update(zip(new, errors(new), strict=True))

    def lower(k: int) -> float:
        return min(found[k], found.get(k + 1, math.inf))

    look(places)
    dips = [
        place
        for place, k in enumerate(places)
        if (not place or lower(k) < lower(places[place - 1]) * (1.0 - ROUNDING))
        and all(lower(k) <= lower(other) for other in places[place + 1 : place + 2])
    ]
    for place in sorted(dips, key=lambda one: lower(places[one]))[:STRETCHES]:
        low, high = places[max(0, place - 1)], places[min(len(places) - 1, place + 1)]
        while high - low > STRETCH:
            stretch = sorted({low + (high - low) * part // (STRETCH // 2) for part in range(STRETCH // 2 + 1)})
            look(stretch)
            at = min(range(len(stretch)), key=lambda one: lower(stretch[one]))
            low, high = stretch[max(0, at - 1)], stretch[min(len(stretch) - 1, at + 1)]
        look(range(low, high + 1))
    return min(found, key=lambda k: (found[k], k))


def _common_rate(problem: Problem, modes: Sequence[Modes]) -> float:
    largest = max(one.spectrum.largest for one in modes)
    if problem.spec.auto_rate or not isinstance(problem.spec.lr, float):
        return 1.0 / largest if largest else 1.0
    rate = problem.spec.lr
    if largest and rate >= 2.0 / largest:
        raise GdsolveError(
            f"{rate:g} diverges without one of the folds: it is stable below {rate_text(2.0 / largest, 6)} "
            f"{coordinates_of(problem.spec)}",
            f"give --lr {rate_text(1.0 / largest, 3)}",
            option="lr",
        )
    return rate


def _updates_to_end(form: ClosedForm) -> int:
    slowest = float(form.slowest())
    if slowest == -math.inf:
        return 1
    return MOST_UPDATES if slowest >= 0.0 else min(MOST_UPDATES, math.ceil(OVER / -slowest))


def _log_places(end: int) -> list[int]:
    decades = math.log10(max(end, 1))
    return [round(10.0 ** (part / A_DECADE)) for part in range(math.ceil(decades * A_DECADE))]


def _spaced(end: int) -> list[int]:
    """Updates for a picture."""
    return sorted({0, *(k for k in _log_places(end)[:: A_DECADE // 10] if k <= end), end})


def _shown(best: int | None, end: int, *, limited: bool) -> list[int | None]:
    """The updates of a table, few of them, the best one among them; None is where descent has converged."""
    if best is None:
        chosen = {0, *(round(end ** (part / 4)) for part in range(1, 4))}
    else:
        chosen = {0, best, *(round(best * part) for part in AROUND if best)}
    kept: list[int | None] = [*sorted(k for k in chosen if k <= end)]
    return [*kept, end] if limited and end not in chosen else kept if limited else [*kept, None]


def _finite(iterations: Sequence[int | None]) -> list[int]:
    return [k for k in iterations if k is not None]


def _table(problem: Problem, rates: Tensor, shown: Sequence[int | None], errors: Tensor) -> tuple[StopPoint, ...]:
    """What is told of some updates; `errors` is (folds, shown)."""
    assert problem.squares is not None
    assert problem.dealt is not None
    assert problem.dealt.folds is not None
    freedoms = [_freedom(problem, rates, k) for k in shown]
    triangle, folds = problem.squares.triangle, problem.dealt.folds
    whole = RidgePath.of(triangle, intercept=problem.intercept)
    strengths = [whole.strength(freedom) for freedom in freedoms]
    there = [strength for strength in strengths if strength is not None]
    ridge = torch.stack(
        [
            RidgePath.of(rest.to(rates.device), intercept=problem.intercept).errors(held.to(rates.device), there)
            for rest, held in zip(folds.without(), folds.triangles, strict=True)
        ]
    ).mean(dim=0)
    of_ridge = iter(ridge.tolist())
    means, spreads = errors.mean(dim=0).tolist(), (errors.std(dim=0) / len(errors) ** 0.5).tolist()
    return tuple(
        StopPoint(k, freedom, mean, spread, strength, None if strength is None else next(of_ridge))
        for k, freedom, mean, spread, strength in zip(shown, freedoms, means, spreads, strengths, strict=True)
    )


def _freedom(problem: Problem, rates: Tensor, k: int | None) -> float:
    """The effective degrees of freedom after k updates: the trace of what makes the predictions of the targets.

    Σ sᵢ(1 − (1 − αλᵢ)ᵏ), with sᵢ the share of λᵢ that is not of the penalty: 1 without one. On standardised columns the
    intercept is there from the start, and counts for 1.
    Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed., section 7.6.
    """
    modes, units = problem.modes, problem.units
    assert modes is not None
    assert isinstance(units, Coordinates)
    form = ClosedForm.of(modes, problem.start, rates)
    quadratic = modes.quadratic
    images = (quadratic.design @ modes.right).square().sum(dim=0)
    share = quadratic.curvature_scale * images / modes.eigenvalues
    left = torch.zeros_like(share) if k is None else form.power(rates.new_tensor([float(k)]))[0]
    found = float((share * (1.0 - left)).sum())
    if not units.intercept or units.is_raw or problem.spec.penalize_intercept or k is None:
        return found
    own = 1.0 - float(rates) * quadratic.curvature_scale * problem.rows
    return found + (own**k if k or own else 1.0)
