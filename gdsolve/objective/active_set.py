"""The minimiser of least squares with an l1 penalty, from support to support."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor

from gdsolve.objective.rank import CERTAIN, EPSILON

# Supports that are looked at, for each weight, before all weights are swept one by one, and how often they are.
MOST_SUPPORTS = 30
MOST_SWEEPS = 300
# What is left of a column beside its length, from which on it may depend on others.
DOUBTFUL = 1e-8


@dataclass(frozen=True, slots=True)
class Penalties:
    """λ₁ and λ₂ of every weight, never both zero, and the lengths of the columns, (p,) each."""

    l1: Tensor
    l2: Tensor
    lengths: Tensor


@dataclass(slots=True)
class _Search:
    """Where the search stands: w, (p,), the columns of its support in the order of their coming, and their signs.

    A weight of the support that is still zero moves to the side of its sign. Weights without an l1 penalty have sign 0
    and are always in it. `barred` columns depend on others of the support, to rounding.
    """

    design: Tensor
    target: Tensor
    l1: Tensor
    l2: Tensor
    lengths: Tensor
    size: float
    ridged: bool
    w: Tensor
    signs: Tensor
    support: list[int]
    barred: set[int]


def minimise_on_supports(design: Tensor, target: Tensor, penalties: Penalties, start: Tensor | None) -> Tensor:
    """argmin ½‖Bw − b‖² + Σ λ₁ⱼ|wⱼ| + ½Σ λ₂ⱼwⱼ², (p, 1), to rounding, looked for from the support of `start`, (p, 1).

    Weights other than zero are moved to the minimum that their signs allow, by a QR of their columns; on the way no
    weight changes its sign but where the value falls, or it becomes zero and leaves. At that minimum the weights come
    in whose slopes are beyond their limits, all of them at once, but one at a time after that has not helped. The value
    falls with each support, so that none comes back. Columns that depend on others of the support are moved along what
    they leave open, until a weight is zero.
    Shapes: `design` B is (r, p), `target` b (r, 1).
    Source: Lee et al. (2007), Efficient sparse coding algorithms, section 3 (feature-sign search); Osborne et al.
    (2000), A new approach to variable selection in least squares problems.
    """
    search = _begun(design, target, penalties, start)
    for attempt in range(2):
        if _searched(search, one_by_one=attempt > 0):
            break
        _sweep(search)
    return search.w[:, None]


def _begun(design: Tensor, target: Tensor, penalties: Penalties, start: Tensor | None) -> _Search:
    w = design.new_zeros(design.shape[1]) if start is None else start[:, 0].clone()
    signs = torch.where(penalties.l1 > 0.0, w.sign(), 0.0)
    support = ((w != 0.0) | (penalties.l1 == 0.0)).nonzero()[:, 0].tolist()
    ridged = bool((penalties.l2 > 0.0).any())
    return _Search(
        design=design,
        target=target[:, 0],
        l1=penalties.l1,
        l2=penalties.l2,
        lengths=penalties.lengths,
        size=float(target.norm()),
        ridged=ridged,
        w=w,
        signs=signs,
        support=support,
        barred=set(),
    )


def _searched(search: _Search, *, one_by_one: bool) -> bool:
    """Go from support to support; False where too many were looked at."""
    last, coming = torch.inf, list[int]()
    for _ in range(MOST_SUPPORTS * (len(search.w) + 1)):
        if not _settled(search):
            continue
        residual = search.target - search.design @ search.w
        value = _value(search, residual)
        if value < last:
            search.barred.clear()
        else:
            # All that coming in alone has brought is rounding.
            search.barred.update(coming if one_by_one else ())
            one_by_one = True
        last = min(last, value)
        coming = _coming(search, residual)
        if not coming:
            return True
        if one_by_one:
            coming = coming[:1]
        search.support += coming
    return False


def _value(search: _Search, residual: Tensor) -> float:
    w = search.w
    return float(0.5 * residual.dot(residual) + search.l1.dot(w.abs()) + 0.5 * search.l2.dot(w.square()))


def _coming(search: _Search, residual: Tensor) -> list[int]:
    """The columns whose slopes are beyond their limits by more than rounding, the furthest first; their signs are set.

    No more than there are rows for.
    """
    slopes = search.design.mT @ residual
    image = float(search.lengths.dot(search.w.abs()))
    noise = CERTAIN * EPSILON * len(search.design) ** 0.5 * (search.size + image)
    beyond = slopes.abs().sub_(search.l1).sub_(search.lengths, alpha=noise)
    beyond[search.support + list(search.barred)] = -torch.inf
    if not len(beyond) or float(beyond.amax()) <= 0.0:
        return []
    # A column of length 0 has no slope.
    beyond = torch.where(beyond > 0.0, beyond / search.lengths, 0.0)
    room = len(search.w) if search.ridged else max(1, len(search.design) - len(search.support))
    coming = beyond.topk(min(int((beyond > 0.0).sum()), room)).indices
    search.signs[coming] = slopes[coming].sign()
    return coming.tolist()


def _settled(search: _Search) -> bool:
    """Move to the minimum of the support; False where that took a weight out of it."""
    if not search.support:
        return True
    chosen = torch.tensor(search.support, device=search.w.device)
    w, signs, l1, l2 = search.w[chosen], search.signs[chosen], search.l1[chosen], search.l2[chosen]
    upper, aim = _factor(search, chosen, l2)
    if (dependence := _dependence(upper, search.lengths[chosen])) is not None:
        _release(search, chosen, dependence)
        return False
    pulled = torch.linalg.solve_triangular(upper.mT, (l1 * signs)[:, None], upper=False)
    best = torch.linalg.solve_triangular(upper, aim - pulled, upper=True)[:, 0]
    step = best - w
    # A weight that came in must move to the side of its sign.
    wrong = (w == 0.0) & (l1 > 0.0) & (step * signs <= 0.0)
    if bool(wrong.any()):
        _leave(search, chosen[wrong].tolist())
        return False
    crossing = (w * best < 0.0) & (l1 > 0.0)
    if not bool(crossing.any()):
        search.w[chosen] = best
        return True
    moved = _searched_line(w, step, l1, float((upper @ step).square().sum()), crossing)
    search.w[chosen] = moved
    search.signs[chosen] = torch.where(l1 > 0.0, moved.sign(), 0.0)
    _leave(search, chosen[(moved == 0.0) & (l1 > 0.0)].tolist())
    return False


def _factor(search: _Search, chosen: Tensor, l2: Tensor) -> tuple[Tensor, Tensor]:
    """R (k, k) and Qᵀb (k, 1) of the QR of the columns of the support, the ridge penalty as rows below them."""
    k = len(chosen)
    stacked = torch.cat([search.design[:, chosen], search.target[:, None]], dim=1)
    if search.ridged:
        stacked = torch.cat([stacked, torch.cat([l2.sqrt().diag(), l2.new_zeros(k, 1)], dim=1)])
    if len(stacked) < k:
        stacked = torch.cat([stacked, stacked.new_zeros(k - len(stacked), k + 1)])
    upper = torch.linalg.qr(stacked, mode="r").R
    return upper[:k, :k], upper[:k, k:]


def _searched_line(w: Tensor, step: Tensor, l1: Tensor, bend: float, crossing: Tensor) -> Tensor:
    """w + t·step at the least value of 0 ≤ t ≤ 1, where weights that are `crossing` zero change the slope.

    Along the step the slope is −bend·(1 − t), and 2·λ₁ⱼ|stepⱼ| more behind the zero of wⱼ.
    """
    places = crossing.nonzero()[:, 0]
    times = -w[places] / step[places]
    rises = 2.0 * l1[places] * step[places].abs()
    order = times.argsort()
    risen, until = 0.0, None
    for place, time, rise in zip(places[order].tolist(), times[order].tolist(), rises[order].tolist(), strict=True):
        if risen > bend * (1.0 - time):
            break
        risen += rise
        if risen >= bend * (1.0 - time):
            until = (place, time)
            break
    if until is None:
        inside: Tensor = w + (1.0 - risen / bend) * step
        return inside
    found: Tensor = w + until[1] * step
    found[until[0]] = 0.0
    return found


def _dependence(upper: Tensor, lengths: Tensor) -> Tensor | None:
    """The coefficients, (k,), of a combination of columns that is zero to rounding; 1 for the last of those it needs.

    None where the columns of R, `upper` (k, k), are independent; their `lengths` are told without a ridge penalty.
    """
    doubtful = upper.diagonal().abs() <= DOUBTFUL * lengths
    if not bool(doubtful.any()):
        return None
    lengths = upper.norm(dim=0)
    for column in doubtful.nonzero()[:, 0].tolist():
        way = torch.zeros_like(lengths)
        way[column] = 1.0
        if column:
            ahead = upper[:column, column : column + 1]
            way[:column] = -torch.linalg.solve_triangular(upper[:column, :column], ahead, upper=True)[:, 0]
        if float(upper[column, column].abs()) <= CERTAIN * len(way) * EPSILON * float(lengths.dot(way.abs())):
            return way
    return None


def _release(search: _Search, chosen: Tensor, way: Tensor) -> None:
    """Move along a `way` that leaves all images alone to where a weight becomes zero, if Σ λ₁|w| does not rise there.

    Else the last weight of the way, which has come in, is barred.
    """
    column = int(way.nonzero()[-1])
    l1, w, signs = search.l1[chosen], search.w[chosen], search.signs[chosen]
    came = float(w[column]) == 0.0
    if came and float(signs[column]) < 0.0:
        way = -way
    slope = float((l1 * torch.where(w == 0.0, way.abs(), w.sign() * way)).sum())
    if not came and slope > 0.0:
        way = -way
        slope = float((l1 * torch.where(w == 0.0, way.abs(), w.sign() * way)).sum())
    shrinking = (w * way < 0.0) & (l1 > 0.0)
    noise = CERTAIN * len(w) * EPSILON * float(l1.dot(way.abs()))
    if slope >= (-noise if came else noise) or not bool(shrinking.any()):
        search.barred.add(int(chosen[column]))
        _leave(search, [int(chosen[column])])
        return
    times = torch.where(shrinking, -w / torch.where(shrinking, way, 1.0), torch.inf)
    first = int(times.argmin())
    moved = w + times[first] * way
    moved[first] = 0.0
    search.w[chosen] = moved
    search.signs[chosen] = torch.where((l1 > 0.0) & (moved != 0.0), moved.sign(), signs)
    _leave(search, [int(chosen[first])])


def _leave(search: _Search, leaving: list[int]) -> None:
    gone = set(leaving)
    search.support = [column for column in search.support if column not in gone]
    search.w[leaving] = 0.0
    search.signs[leaving] = 0.0


def _sweep(search: _Search) -> None:
    """Coordinate descent: every weight to its minimum beside the others, over and over; it never raises the value.

    Source: Friedman et al. (2010), Regularization paths for generalized linear models via coordinate descent.
    """
    columns = search.design.mT.contiguous()
    residual = search.target - search.design @ search.w
    curvature = (search.lengths.square() + search.l2).tolist()
    l1 = search.l1.tolist()
    w = search.w.tolist()
    for j in chain.from_iterable(range(len(w)) for _ in range(MOST_SWEEPS)):
        if curvature[j] == 0.0:
            continue
        pull = float(columns[j].dot(residual)) + float(search.lengths[j]) ** 2 * w[j]
        moved = max(abs(pull) - l1[j], 0.0) / curvature[j] * (1.0 if pull > 0.0 else -1.0)
        if moved != w[j]:
            residual.sub_(columns[j], alpha=moved - w[j])
            w[j] = moved
    search.w = search.w.new_tensor(w)
    search.signs = torch.where(search.l1 > 0.0, search.w.sign(), 0.0)
    search.support = ((search.w != 0.0) | (search.l1 == 0.0)).nonzero()[:, 0].tolist()
    search.barred.clear()
