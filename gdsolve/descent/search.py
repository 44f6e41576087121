"""The first k at which a rule stops, found in the closed form: the same k that a loop would find."""

from __future__ import annotations

import math
from collections.abc import Callable

from gdsolve.descent.closed_form import ClosedForm
from gdsolve.descent.stop import Apart, Divergence, SmallGradient, SmallLossChange, SmallUpdate, StopRule
from gdsolve.objective.namespace import Array, namespace, places

Predicate = Callable[[Array], Array]
Norm = Callable[[ClosedForm, Array], Array]
Search = Callable[[ClosedForm, Array, Array], Array]


def first_true(predicate: Predicate, low: Array, high: Array) -> Array:
    """The least whole k in [low, high], (q,), at which a predicate that turns true once is true; inf if it never is."""
    xp = namespace(low)
    found = predicate(high) & (low <= high)
    below, above = low - 1.0, xp.maximum(high, low)
    while True:
        middle = xp.floor(0.5 * (below + above))
        open_ = (middle > below) & (middle < above)
        if not bool(open_.any()):
            return xp.where(found, above, math.inf)
        true = predicate(middle)
        above = xp.where(open_ & true, middle, above)
        below = xp.where(open_ & ~true, middle, below)


def first_stop(form: ClosedForm, rule: StopRule, horizon: Array) -> Array:
    """The first k ≤ `horizon`, (q,), at which `rule` stops; inf if none does."""
    kind, threshold = _judged_by(rule, horizon)
    match kind:
        case SmallUpdate():
            return _first_small_update(form, threshold, horizon)
        case SmallLossChange():
            return _first_small_change(form, threshold, horizon)
        case SmallGradient():
            start = namespace(horizon).zeros_like(horizon)
            return _first_below(form, ClosedForm.gradient_norms, threshold, start, horizon)
        case Divergence():
            return _first_explosion(form, threshold, horizon)
    raise TypeError(f"no closed form for {type(rule).__name__}")


def _judged_by(rule: StopRule, like: Array) -> tuple[StopRule, Array]:
    """The kind of a rule and its threshold for every run, (q,)."""
    if isinstance(rule, Apart):
        return rule.rule, rule.thresholds
    limit = rule.threshold if isinstance(rule, Divergence) else getattr(rule, "tolerance", math.nan)
    return rule, namespace(like).full_like(like, limit)


def horizon_of(form: ClosedForm, stops: tuple[StopRule, ...]) -> Array:
    """A k, (q,), by which a rule has certainly stopped every rate; inf where none will.

    A norm shrinks at least by the slowest factor a step, and a loss that explodes grows at least with its fastest mode.
    """
    slowest = form.slowest()
    xp = namespace(slowest)
    ends = xp.full_like(slowest, math.inf)
    one, zero = xp.ones_like(slowest), xp.zeros_like(slowest)
    for rule in stops:
        kind, threshold = _judged_by(rule, slowest)
        match kind:
            case SmallUpdate():
                needed = (xp.log(threshold) - xp.log(form.update_norms(one))) / slowest
            case SmallGradient():
                needed = (xp.log(threshold) - xp.log(form.gradient_norms(zero))) / slowest
            case SmallLossChange():
                needed = (xp.log(threshold) - xp.log(form.decrease(one))) / (2.0 * slowest)
            case Divergence():
                curved = xp.where(form.eigenvalues > 0, form.eigenvalues, math.inf)
                share = form.gradients(zero) ** 2 / (2.0 * curved)
                grown = xp.where(
                    form.log_decay > 0, xp.log(threshold[:, None] / share) / (2.0 * form.log_decay), math.inf
                )
                grown = xp.where(form.excited, grown, math.inf).clip(0.0, None) + 3.0
                ends = xp.minimum(ends, xp.amin(grown, axis=1)) if grown.shape[1] else ends
                continue
            case _:
                continue
        settled = xp.where(slowest < 0, xp.nan_to_num(needed, nan=0.0, neginf=0.0).clip(0.0, None), math.inf)
        ends = xp.minimum(ends, xp.ceil(settled * (1.0 + 1e-9)) + 3.0)
    return ends


def _first_explosion(form: ClosedForm, threshold: Array, horizon: Array) -> Array:
    """The first k at which the loss is beyond `threshold`: at once, or where a mode grows; else it never rises."""
    start = namespace(horizon).zeros_like(horizon)
    candidates = (form.slowest() > 0) | ~(form.values(start) <= threshold)

    def search(grown: ClosedForm, low: Array, high: Array) -> Array:
        limit = threshold[candidates]
        return first_true(lambda k: ~(grown.values(k) <= limit), low, high)

    return _among(candidates, form, search, start, horizon)


def _first_below(form: ClosedForm, norm: Norm, tolerance: Array, low: Array, horizon: Array) -> Array:
    """The first k with norm(k) < tolerance, for the square root of a sum of exponentials: it falls, then may rise."""

    def search(grown: ClosedForm, low: Array, high: Array) -> Array:
        return first_true(lambda k: ~(norm(grown, k + 1.0) < norm(grown, k)), low, high)

    turned = _among(form.slowest() > 0, form, search, low, horizon)
    return first_true(lambda k: norm(form, k) < tolerance, low, namespace(low).minimum(turned, horizon))


def _among(candidates: Array, form: ClosedForm, search: Search, low: Array, high: Array) -> Array:
    """What `search` finds for the rates where `candidates`, (q,), is true; inf for the others."""
    found = namespace(high).full_like(high, math.inf)
    chosen = places(candidates)
    if len(chosen):
        found[chosen] = search(form.only(chosen), low[chosen], high[chosen])
    return found


def _first_small_change(form: ClosedForm, tolerance: Array, horizon: Array) -> Array:
    xp = namespace(horizon)
    reached = first_true(lambda k: form.decrease(k) < tolerance, xp.ones_like(horizon), horizon)
    at = xp.where(xp.isfinite(reached), reached, 1.0)
    return xp.where(abs(form.decrease(at)) < tolerance, reached, math.inf)


def _first_small_update(form: ClosedForm, tolerance: Array, horizon: Array) -> Array:
    """The first k with max|Δwᵢ| < tolerance.

    As ‖Δ‖₂/√p ≤ ‖Δ‖∞ ≤ ‖Δ‖₂, none is below the first k with ‖Δ‖₂ < √p·tolerance. From there on a k is found as if the
    maximum fell steadily; as it need not, what lies before is then searched by bounds over whole ranges.
    """
    xp = namespace(horizon)
    root = math.sqrt(form.right.shape[-2])
    low = _first_below(form, ClosedForm.update_norms, root * tolerance, xp.ones_like(horizon), horizon)
    hopeful = places(xp.isfinite(low))
    first = xp.full_like(horizon, math.inf)
    if len(hopeful):
        form, tolerance = form.only(hopeful), tolerance[hopeful]
        low, horizon = low[hopeful], horizon[hopeful]
        # Where no mode grows, ‖Δ‖₂ shrinks by √p in so many steps at most: then the maximum is small enough as well.
        slowest = form.slowest()
        further = xp.ceil(math.log(root) / -slowest * (1.0 + 1e-9)) + 3.0
        high = xp.where(slowest < 0, xp.minimum(low + further, horizon), horizon)
        found = first_true(lambda k: xp.amax(abs(form.updates(k)), axis=1) < tolerance, low, high)
        before = xp.where(xp.isfinite(found), found - 1.0, high)
        first[hopeful] = xp.minimum(found, _search_ranges(form, tolerance, low, before))
    return first


def _search_ranges(form: ClosedForm, tolerance: Array, low: Array, high: Array) -> Array:
    """The first k in [low, high] with max|Δwᵢ_k| < tolerance: ranges that cannot hold it are skipped, others halved."""
    xp = namespace(low)
    first = xp.full_like(low, math.inf)
    index = places(low <= high)
    form, tolerance, start, high = form.only(index), tolerance[index], low[index], high[index]
    span = high - start
    while len(index):
        end = xp.minimum(start + span, high)
        reached = xp.amax(abs(form.updates(start)), axis=1) < tolerance
        first[index[reached]] = start[reached]
        excluded = (end <= start) | _excluded(form, start, end, tolerance)
        half = xp.where(_after(start) >= end, 0.0, xp.floor(0.5 * (end - start)))
        span = xp.where(excluded, 2.0 * span + 1.0, half)
        start = xp.where(excluded, _after(end), start)
        going = ~reached & (start <= high)
        if not bool(going.all()):
            form, tolerance, index = form.only(going), tolerance[going], index[going]
            start, span, high = start[going], span[going], high[going]
    return first


def _after(k: Array) -> Array:
    """k + 1; beyond 2⁵³, where a float cannot count by ones, the next one that there is."""
    xp = namespace(k)
    return xp.maximum(k + 1.0, xp.nextafter(k, xp.full_like(k, math.inf)))


def _excluded(form: ClosedForm, start: Array, end: Array, tolerance: Array) -> Array:
    """True, (q,), where some |Δwᵢ| is at least `tolerance` at every k in [start, end].

    |d|^(k−1) is monotone in k, and so are, for even and for odd k apart, all terms of Δwᵢ: their least and greatest
    values bound the sum.
    """
    xp = namespace(start)
    magnitudes = xp.stack([form.magnitude(start - 1.0), form.magnitude(end - 1.0)])
    least, most = xp.amin(magnitudes, axis=0), xp.amax(magnitudes, axis=0)
    positive, negative = form.right.clip(0.0, None), form.right.clip(None, 0.0)
    verdict = end >= start
    for parity in (1.0, -1.0) if bool(form.flips.any()) else (1.0,):
        height = form.rates * form.gradient * xp.where(form.flips, parity, 1.0)
        lowest = xp.where(form.excited, xp.minimum(height * least, height * most), 0.0)
        highest = xp.where(form.excited, xp.maximum(height * least, height * most), 0.0)
        lower = form.in_weights(lowest, positive) + form.in_weights(highest, negative)
        upper = form.in_weights(highest, positive) + form.in_weights(lowest, negative)
        verdict &= ((lower >= tolerance[:, None]) | (upper <= -tolerance[:, None])).any(axis=1)
    return verdict
