"""The first k at which a rule stops, found in the closed form: the same k that a loop would find."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gdsolve.descent.closed_form import ClosedForm
from gdsolve.descent.stop import Apart, Divergence, SmallGradient, SmallLossChange, SmallUpdate, StopRule

Predicate = Callable[[Tensor], Tensor]
Norm = Callable[[ClosedForm, Tensor], Tensor]
Search = Callable[[ClosedForm, Tensor, Tensor], Tensor]


def first_true(predicate: Predicate, low: Tensor, high: Tensor) -> Tensor:
    """The least whole k in [low, high], (q,), at which a predicate that turns true once is true; inf if it never is."""
    found = predicate(high) & (low <= high)
    below, above = low - 1.0, torch.maximum(high, low)
    while True:
        middle = torch.floor(0.5 * (below + above))
        open_ = (middle > below) & (middle < above)
        if not bool(open_.any()):
            return torch.where(found, above, torch.inf)
        true = predicate(middle)
        above = torch.where(open_ & true, middle, above)
        below = torch.where(open_ & ~true, middle, below)


def first_stop(form: ClosedForm, rule: StopRule, horizon: Tensor) -> Tensor:
    """The first k ≤ `horizon`, (q,), at which `rule` stops; inf if none does."""
    kind, threshold = _judged_by(rule, horizon)
    match kind:
        case SmallUpdate():
            return _first_small_update(form, threshold, horizon)
        case SmallLossChange():
            return _first_small_change(form, threshold, horizon)
        case SmallGradient():
            start = torch.zeros_like(horizon)
            return _first_below(form, ClosedForm.gradient_norms, threshold, start, horizon)
        case Divergence():
            return _first_explosion(form, threshold, horizon)
    raise TypeError(f"no closed form for {type(rule).__name__}")


def _judged_by(rule: StopRule, like: Tensor) -> tuple[StopRule, Tensor]:
    """The kind of a rule and its threshold for every run, (q,)."""
    if isinstance(rule, Apart):
        return rule.rule, rule.thresholds
    limit = rule.threshold if isinstance(rule, Divergence) else getattr(rule, "tolerance", math.nan)
    return rule, torch.full_like(like, limit)


def horizon_of(form: ClosedForm, stops: tuple[StopRule, ...]) -> Tensor:
    """A k, (q,), by which a rule has certainly stopped every rate; inf where none will.

    A norm shrinks at least by the slowest factor a step, and a loss that explodes grows at least with its fastest mode.
    """
    slowest = form.slowest()
    ends = torch.full_like(slowest, torch.inf)
    one, zero = torch.ones_like(slowest), torch.zeros_like(slowest)
    for rule in stops:
        kind, threshold = _judged_by(rule, slowest)
        match kind:
            case SmallUpdate():
                needed = (torch.log(threshold) - torch.log(form.update_norms(one))) / slowest
            case SmallGradient():
                needed = (torch.log(threshold) - torch.log(form.gradient_norms(zero))) / slowest
            case SmallLossChange():
                needed = (torch.log(threshold) - torch.log(form.decrease(one))) / (2.0 * slowest)
            case Divergence():
                curved = torch.where(form.eigenvalues > 0, form.eigenvalues, torch.inf)
                share = form.gradients(zero).square() / (2.0 * curved)
                grown = torch.where(
                    form.log_decay > 0, torch.log(threshold[:, None] / share) / (2.0 * form.log_decay), torch.inf
                )
                grown = torch.where(form.excited, grown, torch.inf).clamp(min=0) + 3.0
                ends = torch.cat([ends[:, None], grown], dim=1).amin(dim=1)
                continue
            case _:
                continue
        settled = torch.where(slowest < 0, needed.nan_to_num(nan=0.0, neginf=0.0).clamp(min=0.0), torch.inf)
        ends = torch.minimum(ends, torch.ceil(settled * (1.0 + 1e-9)) + 3.0)
    return ends


def _first_explosion(form: ClosedForm, threshold: Tensor, horizon: Tensor) -> Tensor:
    """The first k at which the loss is beyond `threshold`: at once, or where a mode grows; else it never rises."""
    start = torch.zeros_like(horizon)
    candidates = (form.slowest() > 0) | ~(form.values(start) <= threshold)

    def search(grown: ClosedForm, low: Tensor, high: Tensor) -> Tensor:
        limit = threshold[candidates]
        return first_true(lambda k: ~(grown.values(k) <= limit), low, high)

    return _among(candidates, form, search, start, horizon)


def _first_below(form: ClosedForm, norm: Norm, tolerance: Tensor, low: Tensor, horizon: Tensor) -> Tensor:
    """The first k with norm(k) < tolerance, for the square root of a sum of exponentials: it falls, then may rise."""

    def search(grown: ClosedForm, low: Tensor, high: Tensor) -> Tensor:
        return first_true(lambda k: ~(norm(grown, k + 1.0) < norm(grown, k)), low, high)

    turned = _among(form.slowest() > 0, form, search, low, horizon)
    return first_true(lambda k: norm(form, k) < tolerance, low, torch.minimum(turned, horizon))


def _among(candidates: Tensor, form: ClosedForm, search: Search, low: Tensor, high: Tensor) -> Tensor:
    """What `search` finds for the rates where `candidates`, (q,), is true; inf for the others."""
    found = torch.full_like(high, torch.inf)
    chosen = candidates.nonzero()[:, 0]
    if len(chosen):
        found[chosen] = search(form.only(chosen), low[chosen], high[chosen])
    return found


def _first_small_change(form: ClosedForm, tolerance: Tensor, horizon: Tensor) -> Tensor:
    reached = first_true(lambda k: form.decrease(k) < tolerance, torch.ones_like(horizon), horizon)
    at = torch.where(reached.isfinite(), reached, 1.0)
    return torch.where(form.decrease(at).abs() < tolerance, reached, torch.inf)


def _first_small_update(form: ClosedForm, tolerance: Tensor, horizon: Tensor) -> Tensor:
    """The first k with max|Δwᵢ| < tolerance.

    As ‖Δ‖₂/√p ≤ ‖Δ‖∞ ≤ ‖Δ‖₂, none is below the first k with ‖Δ‖₂ < √p·tolerance. From there on a k is found as if the
    maximum fell steadily; as it need not, what lies before is then searched by bounds over whole ranges.
    """
    root = math.sqrt(form.right.shape[-2])
    low = _first_below(form, ClosedForm.update_norms, root * tolerance, torch.ones_like(horizon), horizon)
    hopeful = low.isfinite().nonzero()[:, 0]
    first = torch.full_like(horizon, torch.inf)
    if len(hopeful):
        form, tolerance = form.only(hopeful), tolerance[hopeful]
        low, horizon = low[hopeful], horizon[hopeful]
        # Where no mode grows, ‖Δ‖₂ shrinks by √p in so many steps at most: then the maximum is small enough as well.
        slowest = form.slowest()
        further = torch.ceil(math.log(root) / -slowest * (1.0 + 1e-9)) + 3.0
        high = torch.where(slowest < 0, torch.minimum(low + further, horizon), horizon)
        found = first_true(lambda k: form.updates(k).abs().amax(dim=1) < tolerance, low, high)
        before = torch.where(found.isfinite(), found - 1.0, high)
        first[hopeful] = torch.minimum(found, _search_ranges(form, tolerance, low, before))
    return first


def _search_ranges(form: ClosedForm, tolerance: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """The first k in [low, high] with max|Δwᵢ_k| < tolerance: ranges that cannot hold it are skipped, others halved."""
    first = torch.full_like(low, torch.inf)
    index = (low <= high).nonzero()[:, 0]
    form, tolerance, start, high = form.only(index), tolerance[index], low[index], high[index]
    span = high - start
    while len(index):
        end = torch.minimum(start + span, high)
        reached = form.updates(start).abs().amax(dim=1) < tolerance
        first[index[reached]] = start[reached]
        excluded = (end <= start) | _excluded(form, start, end, tolerance)
        half = torch.where(_after(start) >= end, 0.0, torch.floor(0.5 * (end - start)))
        span = torch.where(excluded, 2.0 * span + 1.0, half)
        start = torch.where(excluded, _after(end), start)
        going = ~reached & (start <= high)
        if not bool(going.all()):
            form, tolerance, index = form.only(going), tolerance[going], index[going]
            start, span, high = start[going], span[going], high[going]
    return first


def _after(k: Tensor) -> Tensor:
    """k + 1; beyond 2⁵³, where a float cannot count by ones, the next one that there is."""
    return torch.maximum(k + 1.0, torch.nextafter(k, torch.full_like(k, torch.inf)))


def _excluded(form: ClosedForm, start: Tensor, end: Tensor, tolerance: Tensor) -> Tensor:
    """True, (q,), where some |Δwᵢ| is at least `tolerance` at every k in [start, end].

    |d|^(k−1) is monotone in k, and so are, for even and for odd k apart, all terms of Δwᵢ: their least and greatest
    values bound the sum.
    """
    magnitudes = torch.stack([form.magnitude(start - 1.0), form.magnitude(end - 1.0)])
    least, most = magnitudes.amin(dim=0), magnitudes.amax(dim=0)
    positive, negative = form.right.clamp(min=0.0), form.right.clamp(max=0.0)
    verdict = torch.ones_like(start, dtype=torch.bool)
    for parity in (1.0, -1.0) if bool(form.flips.any()) else (1.0,):
        height = form.rates * form.gradient * torch.where(form.flips, parity, 1.0)
        lowest = torch.where(form.excited, torch.minimum(height * least, height * most), 0.0)
        highest = torch.where(form.excited, torch.maximum(height * least, height * most), 0.0)
        lower = form.in_weights(lowest, positive) + form.in_weights(highest, negative)
        upper = form.in_weights(highest, positive) + form.in_weights(lowest, negative)
        verdict &= ((lower >= tolerance[:, None]) | (upper <= -tolerance[:, None])).any(dim=1)
    return verdict
