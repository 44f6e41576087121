"""The loss of several classes, log Σ e^z_c − z_y, on all rows: one weight a column and class."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from gdsolve.objective.base import Evaluation
from gdsolve.objective.quadratic import Penalty
from gdsolve.objective.row_blocks import split_rows, sum_of_blocks
from gdsolve.objective.threads import one_thread


@dataclass(frozen=True, slots=True)
class Softmax:
    """log Σ_c e^z_c − z_y: minus the logarithm of P(y) = e^z_y/Σ_c e^z_c, with one z for each of C `classes`.

    Its Hessian in z is diag(π) − ππᵀ, whose largest eigenvalue is at most 1/2, and 1/C where all z are alike.
    Sources: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed., section 4.4; for the bound
    Böhning (1992), Multinomial logistic regression algorithm, Annals of the Institute of Statistical Mathematics 44(1).
    """

    largest_curvature: ClassVar[float] = 0.5
    differentiable: ClassVar[bool] = True
    curvature_at_zero: ClassVar[float | None] = None
    of_residual: ClassVar[bool] = False
    curvature_course: ClassVar[str] = "is at most 1/2 of that of squares, where two classes share a row"
    means: ClassVar[tuple[str, ...]] = ("accuracy", "log_loss")
    sums: ClassVar[tuple[str, ...]] = ()
    counts: ClassVar[tuple[str, ...]] = ()

    classes: int

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """With t = log Σ_{c≠y} e^(z_c − z_y): log(1 + eᵗ), (h, 1), and π − 1[c = y], (h, C), of z, (h, C), y, (h, 1).

        Where a row is all but sure of its class, Σ e^z_c − e^z_y would have no digits left.
        """
        others = (z - z.gather(1, y)).scatter(1, y, -torch.inf).logsumexp(dim=1, keepdim=True)
        slope = torch.softmax(z, dim=1).scatter(1, y, -torch.sigmoid(others))
        return -torch.nn.functional.logsigmoid(-others), slope

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """1 where the most probable class, the first one of those, is that of the row, and 0 where not; the loss."""
        return (z.argmax(dim=1, keepdim=True) == y).to(z.dtype), self.loss_and_slope(z, y)[0]


@dataclass(frozen=True, slots=True)
class SoftmaxRows:
    """1/M·(Σ ωᵢ·l(Wᵀxᵢ, yᵢ) + 1/2·Σ_c ‖Pw_c − q‖²) over all rows, in descent's coordinates, with M = Σ ωᵢ.

    W, (p, C), has a column for each class; descent has the columns one after the other, w, (pC, 1). The same vector
    added to all columns changes no probability, so that the sum of the gradients over the classes is 0: descent from 0
    stays where Σ_c w_c = 0, unless a penalty that is not moved by the shift says more.
    Shapes: `design` X is (m, p), intercept last; `target`, (m, 1), int64, numbers the classes from 0; `weight` is
    (m, 1) or None. `intercept` tells whether the last column is one, `shifts` are the `free_shifts` of the
    penalty, which the first rank alone has.
    """

    design: Tensor
    target: Tensor
    weight: Tensor | None
    penalty: Penalty
    loss: Softmax
    total_weight: float
    intercept: bool
    shifts: tuple[int, ...]

    @property
    def step_elements(self) -> int:
        """Numbers read for one evaluation."""
        return self.design.numel() + 2 * self.penalty.elements * self.loss.classes

    def matrix(self, w: Tensor) -> Tensor:
        """W, (p, C), of w, (pC, 1)."""
        return w.reshape(self.loss.classes, -1).mT

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value and gradient at `w`, (pC, 1): 1/M·(Xᵀ(ω·(π − 1[c = y])) + Pᵀ(PW − q)), class by class."""
        weights = self.matrix(w)

        def sums(design: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
            losses, slopes = self.loss.loss_and_slope(design @ weights, target)
            if weight is not None:
                losses, slopes = losses * weight, slopes * weight
            return torch.cat([losses.sum().reshape(1), (slopes.mT @ design).reshape(-1)])

        total = _total(self.blocks(), sums)
        value, gradient = total[0], total[1:, None]
        if self.penalty.counts:
            excess = self.penalty.excess(weights)
            value = value + 0.5 * torch.sum(excess * excess)
            gradient = gradient + self.penalty.pulled(excess).mT.reshape(-1, 1)
        if self.shifts:
            # They sum to 0: what rounding leaves of that would be a step along which nothing curves.
            free = gradient.reshape(self.loss.classes, -1)[:, self.shifts[0] :]
            free -= free.mean(dim=0)
        return Evaluation(value / self.total_weight, gradient / self.total_weight)

    def sse(self, weights: Tensor) -> Tensor | None:
        """None: classes have no residuals."""
        return None

    def hessian(self, w: Tensor) -> Tensor:
        """1/M·(Xᵀ·diag(ω·π_c·(1[c = k] − π_k))·X + 1[c = k]·PᵀP) for classes c and k, (pC, pC), at `w`."""
        weights, count, p = self.matrix(w), self.loss.classes, self.design.shape[1]

        def product(design: Tensor, _target: Tensor, weight: Tensor | None) -> Tensor:
            shares = torch.softmax(design @ weights, dim=1)
            rest = 1.0 - shares if count > MOST_PAIRED else _rest(shares)
            found = design.new_empty(count, p, count, p)
            for one in range(count):
                for other in range(one, count):
                    curvature = shares[:, one, None] * (rest[:, one, None] if one == other else -shares[:, other, None])
                    block = design.mT @ (design * (curvature if weight is None else curvature * weight))
                    found[one, :, other], found[other, :, one] = block, block.mT
            return found.reshape(count * p, count * p)

        total = _total(self.blocks(), product)
        if self.penalty.counts:
            own = self.penalty.gram()
            total = total + torch.kron(torch.eye(count, dtype=own.dtype, device=own.device), own)
        return total / self.total_weight

    def tally(self, w: Tensor) -> Tensor:
        """Σ ω·s over all rows of every score, at `w`, (pC, 1): float64, (2,)."""
        weights = self.matrix(w).to(torch.float64)

        def scores(design: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
            found = torch.cat(self.loss.score(design.to(weights) @ weights, target), dim=1)
            return (found if weight is None else found * weight).sum(dim=0)

        return _total(self.blocks(), scores)

    def scores(self, w: Tensor) -> dict[str, Any]:
        """The figures of fit of the loss, by name, at `w`, (pC, 1)."""
        return self.named(self.tally(w))

    def named(self, total: Tensor) -> dict[str, Any]:
        """The figures of fit, by name, of sums over all rows."""
        return dict(zip(self.loss.means, (total / self.total_weight).tolist(), strict=True))

    def curvature_bound(self) -> float:
        """The largest eigenvalue of 1/M·(1/2·XᵀωX + PᵀP): no Hessian has a larger one."""
        return float(torch.linalg.eigvalsh(self.bounding_matrix())[-1])

    def bounding_matrix(self) -> Tensor:
        """1/M·(1/2·XᵀωX + PᵀP), (p, p), in float64: H is nowhere above it in the block of each class."""

        def product(design: Tensor, _target: Tensor, weight: Tensor | None) -> Tensor:
            block = design.to(torch.float64)
            return block.mT @ (block if weight is None else block * weight)

        gram = _total(self.blocks(), product)
        penalty = self.penalty.to(torch.float64, gram.device).gram()
        return (self.loss.largest_curvature * gram + penalty) / self.total_weight

    def blocks(self) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
        """Design (h, p), classes and weight (h, 1) each, some rows at a time."""
        columns = (self.target,) if self.weight is None else (self.target, self.weight)
        for design, target, *weight in split_rows(self.design, *columns, width=self.loss.classes):
            yield design, target, weight[0] if weight else None


def free_shifts(penalty: Penalty, p: int) -> tuple[int, ...]:
    """The last places in w_c, which no penalty holds: there the same number added in all classes changes nothing."""
    return () if len(penalty.coupled) else tuple(range(len(penalty.diagonal), p))


def _total(blocks: Iterator[tuple[Tensor, Tensor, Tensor | None]], term: Callable[..., Tensor]) -> Tensor:
    """Σ of `term` over blocks: of one by itself on one thread, as others would be waited for longer than it takes."""
    parts = list(blocks)
    if len(parts) > 1:
        return sum_of_blocks(parts, term)
    with one_thread():
        return term(*parts[0])


# Of so many classes the sum of the others is worth its own pass.
MOST_PAIRED = 64


def _rest(shares: Tensor) -> Tensor:
    """Σ_{k≠c} π_k, (h, C), summed up as such: 1 − π_c has no digits left where π_c is all but 1."""
    found = torch.empty_like(shares)
    for place in range(shares.shape[1]):
        found[:, place] = shares[:, :place].sum(dim=1) + shares[:, place + 1 :].sum(dim=1)
    return found


def identified(hessian: Tensor, shifts: tuple[int, ...], classes: int) -> Tensor:
    """The Hessian, (pC, pC), with curvature along the common shifts of all classes, where it has none: H + Σ s·nnᵀ.

    n has 1/√C at one place of every class, s the mean curvature there. On what sums to zero over the classes it is H,
    and its inverse there is that of H.
    """
    if not shifts:
        return hessian
    p = len(hessian) // classes
    found = hessian.clone()
    sizes = hessian.diagonal().reshape(classes, p).mean(dim=0)
    for place in shifts:
        places = torch.arange(classes, device=hessian.device) * p + place
        found[places[:, None], places[None, :]] += sizes[place] / classes
    return found
