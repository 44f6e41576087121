"""The first k at which a rule stops descent with momentum, whose loss and updates may rise and fall on their way."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gdsolve.descent.intervals import ROUNDING, Stretch
from gdsolve.descent.recurrence import LinearRecurrence
from gdsolve.descent.stop import Divergence, SmallGradient, SmallLossChange, SmallUpdate, StopRule
from gdsolve.descent.sweep import LONGEST, Sweep, first_holding

SAMPLES = 1024


def first_stop(form: LinearRecurrence, rule: StopRule, horizon: Tensor) -> Tensor:
    """The first k ≤ `horizon`, (q,), at which `rule` stops; inf if none does.

    Raises:
        SearchTooLongError: a rate oscillates for too many k to look at them all.
    """
    first = [_first(form.excited_at(rate), rule, last) for rate, last in enumerate(horizon.tolist())]
    return torch.tensor(first, dtype=horizon.dtype, device=horizon.device)


def _first(form: LinearRecurrence, rule: StopRule, last: float) -> float:
    holds, impossible = _tests(form, rule)
    if isinstance(rule, SmallGradient | Divergence) and bool(holds(torch.zeros_like(form.rates[:, 0]))):
        return 0.0
    parities = (True, False) if bool(form.roots.negative.any()) else (True,)

    def excluded(start: Tensor, end: Tensor) -> Tensor:
        verdicts = [impossible(Stretch(form, start, end, odd)) for odd in parities]
        return torch.stack(verdicts).all(dim=0)

    return first_holding(holds, excluded, 1.0, last, form.rates.device, _longest(form))


def _longest(form: LinearRecurrence) -> int:
    """How many ranges may be looked at: what a range costs grows with the number of modes."""
    return LONGEST // (1 + form.gradient.shape[1])


def _tests(form: LinearRecurrence, rule: StopRule) -> tuple[Callable[[Tensor], Tensor], Callable[[Stretch], Tensor]]:
    """Whether `rule` stops at k, (n,), and whether it certainly stops nowhere in a stretch."""
    match rule:
        case SmallUpdate(tolerance=tolerance):
            return (
                lambda k: form.updates(k).abs().amax(dim=1) < tolerance,
                lambda stretch: _large_updates(stretch, tolerance),
            )
        case SmallGradient(tolerance=tolerance):
            return (
                lambda k: form.gradients(k).norm(dim=1) < tolerance,
                lambda stretch: stretch.gradients().smallest().norm(dim=1) >= tolerance,
            )
        case SmallLossChange(tolerance=tolerance):
            return (
                lambda k: form.decrease(k).abs() < tolerance,
                lambda stretch: _large_changes(stretch, tolerance),
            )
        case Divergence(threshold=threshold):
            return (
                lambda k: ~(form.values(k) <= threshold),
                lambda stretch: form.minimum + _excess(form, stretch.gradients().largest()) <= threshold,
            )
    raise TypeError(f"no closed form for {type(rule).__name__}")


def _large_updates(stretch: Stretch, tolerance: float) -> Tensor:
    """True, (n,), where max|Δwᵢ| ≥ `tolerance` all along: one Δwᵢ is, or ‖Δw‖₂ ≥ √p·`tolerance`."""
    strides, right = stretch.strides(), stretch.form.right
    positive, negative = right.clamp(min=0.0), right.clamp(max=0.0)
    lower = strides.least @ positive.mT + strides.most @ negative.mT
    upper = strides.most @ positive.mT + strides.least @ negative.mT
    long: Tensor = strides.smallest().norm(dim=1) >= math.sqrt(right.shape[0]) * tolerance * (1.0 + ROUNDING)
    return long | ((lower >= tolerance) | (upper <= -tolerance)).any(dim=1)


def _large_changes(stretch: Stretch, tolerance: float) -> Tensor:
    decreases = stretch.decreases()
    return (decreases.least.sum(dim=1) >= tolerance) | (decreases.most.sum(dim=1) <= -tolerance)


def _excess(form: LinearRecurrence, gradients: Tensor) -> Tensor:
    curved = torch.where(form.eigenvalues > 0, form.eigenvalues, torch.inf)
    excess: Tensor = 0.5 * (gradients.square() / curved).sum(dim=1)
    return excess


def horizon_of(form: LinearRecurrence, stops: tuple[StopRule, ...]) -> Tensor:
    """A k, (q,), by which a rule has certainly stopped every rate; inf where none will.

    |S_k| ≤ k and |K_k| ≤ 1, so that with κ the slowest −log R, and M = max k·e^(−κ(k−1)/2), a stable mode's update is
    at most M·e^(−κ(k−1)/2) of its first, its gradient 1 + 2M times that factor of its first. A mode that grows is of a
    negative root σR, the other being smaller: |g_k| is at least R^(k−1) times the least of its bracket.
    """
    kappa = -form.slowest()
    sums = 1.0 + 2.0 * torch.where(kappa < 2.0, 2.0 / kappa * torch.exp(0.5 * kappa - 1.0), 1.0).clamp(min=1.0)
    ends = torch.full_like(kappa, torch.inf)
    for rule in stops:
        match rule:
            case SmallUpdate():
                bound = (form.rates * form.gradient).norm(dim=1)
            case SmallGradient():
                bound = form.gradient.norm(dim=1)
            case SmallLossChange():
                bound = (form.rates * form.gradient.square()).sum(dim=1)
            case Divergence():
                ends = torch.minimum(ends, _explodes_by(form, rule.threshold))
                continue
            case _:
                continue
        needed = 2.0 * torch.log(sums.square() * bound / rule.tolerance) / kappa
        settled = torch.where(kappa > 0, needed.nan_to_num(nan=torch.inf, posinf=torch.inf).clamp(min=0.0), torch.inf)
        ends = torch.minimum(ends, torch.ceil(settled * (1.0 + 1e-9)) + 3.0)
    return ends


def _explodes_by(form: LinearRecurrence, threshold: float) -> Tensor:
    """A k, (q,), by which a growing mode alone has brought the loss beyond `threshold`; inf where none grows."""
    grows = form.excited & (form.roots.log_radius > 0)
    one = torch.ones_like(form.rates[:, 0])
    # What is monotone for even and for odd k apart lies between its first and its last value for either.
    extremes = [
        (at * one, (one == 1.0) ^ even) for at, even in ((1.0, False), (2.0, True), (1e300, False), (1e300, True))
    ]
    brackets = [form.turn * k + form.roots.lean * s for k, s in (form.straight(*at) for at in extremes)]
    least = torch.stack(brackets).abs().amin(dim=0)
    share = (form.gradient * least).square() / (2.0 * form.eigenvalues)
    needed = 1.0 + 0.5 * torch.log(threshold / share).clamp(min=0.0) / form.roots.log_radius
    found = torch.where(grows, needed, torch.inf)
    soonest: Tensor = found.amin(dim=1) if found.shape[1] else torch.inf * one
    return torch.ceil(soonest * (1.0 + 1e-9)) + 3.0


def best_iterations(form: LinearRecurrence, last: Sequence[int]) -> list[int]:
    """The k of least loss among the first `last` ones, per rate; the first such k.

    Raises:
        SearchTooLongError: a rate oscillates for too many k to look at them all.
    """
    return [min(int(_least(form.excited_at(rate), float(end))), end) for rate, end in enumerate(last)]


def _least(form: LinearRecurrence, last: float) -> float:
    """Branch and bound for the least L_k − L*, from the best of a sample that closes in on it."""
    samples = _sample(0.0, last, form.rates.device)
    while True:
        excess = form.excess(samples)
        at = int(excess.argmin())
        best, least = float(samples[at]), float(excess[at])
        low, high = float(samples[max(at - 1, 0)]), float(samples[min(at + 1, len(samples) - 1)])
        if high - low <= 2.0 * max(1.0, math.ulp(high)):
            break
        samples = _sample(low, high, form.rates.device)

    def visit(k: Tensor) -> bool:
        nonlocal best, least
        excess = form.excess(k)
        at = int(excess.argmin())
        least, best = min((least, best), (float(excess[at]), float(k[at])))
        return False

    parities = (True, False) if bool(form.roots.negative.any()) else (True,)

    def excluded(start: Tensor, end: Tensor) -> Tensor:
        lower = [_excess(form, Stretch(form, start, end, odd).gradients().smallest()) for odd in parities]
        return torch.stack(lower).amin(dim=0) > least

    Sweep(excluded, visit, form.rates.device, _longest(form)).run(1.0, last)
    return best


def _sample(low: float, high: float, device: torch.device) -> Tensor:
    """Whole numbers of [low, high], close to each other at its beginning when it begins at 0."""
    parts = torch.linspace(0.0, 1.0, SAMPLES, dtype=torch.float64, device=device)
    spread = torch.expm1(parts * math.log1p(high)) if low == 0.0 else low + (high - low) * parts
    samples: Tensor = torch.unique(torch.floor(spread).clamp(min=low, max=high))
    return samples
