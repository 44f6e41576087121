"""The limited-memory method of Broyden, Fletcher, Goldfarb and Shanno."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gdsolve.descent.methods.arc import Found, backtrack
from gdsolve.descent.methods.base import Advance, Halt, Point
from gdsolve.descent.methods.extent import norm, stands_still, widened
from gdsolve.descent.methods.line_search import strong_wolfe
from gdsolve.descent.methods.rounding import Faint, rounding
from gdsolve.objective.base import Objective

PATIENCE = 10
STILL = 2


@dataclass(frozen=True, slots=True)
class Pair:
    """The directions s and y of a change of w and of its gradient, (p, 1) of norm 1 each, with ρ = 1/sᵀy > 0.

    `ratio` is the length of the one by that of the other: products of lengths could leave the range of the numbers.
    """

    moved: Tensor
    bent: Tensor
    inverse: Tensor
    ratio: Tensor


@dataclass(frozen=True, slots=True)
class CurvaturePairs:
    """The last pairs, oldest first, and γ = sᵀy/yᵀy of the newest (`first` before there is one).

    `faint` is the state of the steps whose promise −½∇Lᵀd was below rounding; `still` counts the last steps in a row
    that changed nothing, beside the `extent`, (p, 1), of the weights.
    """

    pairs: tuple[Pair, ...]
    scale: float
    faint: Faint
    extent: Tensor
    still: int = 0


@dataclass(frozen=True, slots=True)
class LBFGS:
    """w ← w + t·d with d = −H_k·∇L(w), H_k the inverse Hessian that the last `memory` changes imply.

    t by a strong Wolfe line search that tries 1 first. A pair without positive curvature is left out. If the search
    finds nothing, the pairs are dropped and steepest descent backtracks instead. `first` is the rate of the first trial
    of all. Once steps promise less than rounding, they go on until ten in a row have not halved the least promise,
    or two in a row have changed no weight by more than ε of the largest that it has been.
    Source: Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 7.5, scaling by equation 7.20.
    """

    first: float = 1.0
    memory: int = 10

    @property
    def blind(self) -> bool:
        """False: the line search looks at every trial."""
        return False

    def begin(self, objective: Objective, start: Point) -> CurvaturePairs:
        """No pairs yet."""
        return CurvaturePairs((), self.first, Faint(), start.w.abs())

    def step(self, objective: Objective, point: Point, memory: CurvaturePairs, k: int) -> Advance | Halt:
        """One quasi-Newton step, or why there is none."""
        direction = _direction(point.now.gradient, memory)
        slope, value = torch.stack([torch.sum(direction * point.now.gradient), point.now.value]).tolist()
        if slope == 0.0 or memory.still == STILL:
            return Halt.ROUNDING
        if 0.0 < -0.5 * slope <= rounding(value, point.w.dtype):
            memory = replace(memory, faint=memory.faint.after(-slope))
            if memory.faint.idle == PATIENCE:
                found = self._steepest(objective, point, memory)
                return found if isinstance(found, Halt) else Halt.ROUNDING
        sample, evaluations = None, 0
        if slope < 0.0:
            sample, evaluations = strong_wolfe(objective, point, direction, (value, slope), 1.0)
        if sample is not None:
            return Advance(sample.point, self._learn(memory, point, sample.point), evaluations)
        found = self._steepest(objective, point, memory)
        if isinstance(found, Halt):
            return found
        fresh = replace(memory, pairs=(), scale=found.rate)
        return Advance(found.point, self._learn(fresh, point, found.point), evaluations + found.evaluations)

    def _steepest(self, objective: Objective, point: Point, memory: CurvaturePairs) -> Found | Halt:
        def along(rate: float) -> Tensor:
            return torch.sub(point.w, point.now.gradient, alpha=rate)

        return backtrack(objective, point, along, memory.scale, longest=max(memory.scale, self.first))

    def _learn(self, memory: CurvaturePairs, before: Point, after: Point) -> CurvaturePairs:
        moved, bent = after.w - before.w, after.now.gradient - before.now.gradient
        extent = widened(memory.extent, after.w)
        length, bend = norm(moved)[0], norm(bent)[0]
        one, other = moved / length, bent / bend
        cosine = torch.sum(one * other)
        stands = stands_still(moved, extent).to(moved)
        aligned, scale, still = torch.stack([cosine, cosine * length / bend, stands]).tolist()
        memory = replace(memory, extent=extent, still=memory.still + 1 if still else 0)
        if not (aligned > torch.finfo(moved.dtype).eps and 0.0 < scale < math.inf):
            return memory
        pairs = (*memory.pairs, Pair(one, other, 1.0 / cosine, length / bend))[-self.memory :]
        return replace(memory, pairs=pairs, scale=scale)


def _direction(gradient: Tensor, memory: CurvaturePairs) -> Tensor:
    """−H_k·∇L, (p, 1), by the two-loop recursion."""
    rest = gradient
    shares = []
    for pair in reversed(memory.pairs):
        share = pair.inverse * torch.sum(pair.moved * rest)
        rest = torch.addcmul(rest, share, pair.bent, value=-1)
        shares.append(share)
    rest = memory.scale * rest
    for pair, share in zip(memory.pairs, reversed(shares), strict=True):
        back = pair.inverse * torch.sum(pair.bent * rest)
        rest = torch.addcmul(rest, pair.ratio * share - back, pair.moved)
    return -rest
