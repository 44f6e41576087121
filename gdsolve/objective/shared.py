"""Objectives that are sums over rows, where each rank keeps its own rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, runtime_checkable

import torch
from torch import Tensor

from gdsolve.objective.base import Evaluation, Objective, TwiceDifferentiable
from gdsolve.objective.quadratic import Penalty
from gdsolve.objective.walks import Hastened
from gdsolve.ranks import Ranks


@runtime_checkable
class Tallied(Protocol):
    """An objective whose figures of fit come from sums over its rows."""

    def tally(self, w: Tensor) -> Tensor: ...  # noqa: D102
    def named(self, total: Tensor) -> dict[str, Any]: ...  # noqa: D102


@runtime_checkable
class Bounding(Protocol):
    """An objective whose Hessian is nowhere above a matrix; `bounding_matrix` is None where there is none."""

    def bounding_matrix(self) -> Tensor | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Shared:
    """Σ over ranks of each one's own objective: values, gradients and SSE are summed by all-reduce.

    Every rank gets the same numbers, and so takes the same decisions. `step_elements` is that of all ranks, since how
    many steps are taken without a look depends on it.
    """

    own: Objective
    ranks: Ranks
    step_elements: int

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value and gradient at `w`, (p, 1)."""
        now = self.own.evaluate(w)
        total = self.ranks.total(torch.cat([now.value.reshape(1), now.gradient[:, 0]]))
        return Evaluation(total[0], total[1:, None])

    def hastened(self) -> Self:
        """The same for many updates: see `walk_of`."""
        return replace(self, own=self.own.hastened()) if isinstance(self.own, Hastened) else self

    def sse(self, weights: Tensor) -> Tensor | None:
        """The sum of squared errors for every column of `weights`, (p, q): a tensor (q,), where there is one."""
        own = self.own.sse(weights)
        return None if own is None else self.ranks.total(own)

    def scores(self, w: Tensor) -> dict[str, Any]:
        """The figures of fit that the rows of all ranks together have, by name, at `w`, (p, 1)."""
        return self.own.named(self.ranks.total(self.own.tally(w))) if isinstance(self.own, Tallied) else {}

    def curvature_bound(self) -> float | None:
        """The largest eigenvalue of the sum of the bounding matrices; None where there are none."""
        own = self.own.bounding_matrix() if isinstance(self.own, Bounding) else None
        return None if own is None else float(torch.linalg.eigvalsh(self.ranks.total(own))[-1])


@dataclass(frozen=True, slots=True)
class SharedSmooth(Shared):
    """The same where second derivatives are at hand."""

    def hessian(self, w: Tensor) -> Tensor:
        """∇²L(w), (p, p), at `w`, (p, 1)."""
        own: Tensor = self.own.hessian(w)  # type: ignore[attr-defined]
        return self.ranks.total(own)


def own_penalty(penalty: Penalty, ranks: Ranks) -> Penalty:
    """The penalty for the first rank, and none for the others: it counts once."""
    return penalty if ranks.first else Penalty.none(penalty.coupled.shape[1], penalty.coupled)


def share(own: Objective, ranks: Ranks) -> Shared:
    """The sum of the objectives of all ranks; from here on Ctrl-C is seen by all of them at the same step.

    Raises:
        AgreedError: another rank has failed to bring its rows into memory.
    """
    elements = sum(ranks.gather(own.step_elements))
    ranks.hold_interrupts()
    return (SharedSmooth if isinstance(own, TwiceDifferentiable) else Shared)(own, ranks, elements)
