"""Damped linear least squares, solved from singular values for any damping."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class DampedModel:
    """½‖r + Jd‖² + ½μ‖Dd‖² about w, with J·D⁻¹ = U·S·Vᵀ found by QR and a singular value decomposition.

    JᵀJ is never formed, and neither a further μ nor another r costs a decomposition. Shapes: `left` U is (m, q),
    `vectors` V is (p, q), `singular` S and `shares` Uᵀr are (q,) on the device and `figures` holds them on the host,
    `scale` D and `undamped`, the step of least norm without damping, are (p, 1). `promise` is what that step gains,
    ½‖r‖² − ½‖r + Jd‖², over the directions that J determines; `value` is ½‖r‖² and `size` is ‖Dw‖. Source: Moré
    (1978), section 3; Golub and Van Loan, Matrix Computations, 4th ed., section 6.1.4.
    """

    left: Tensor
    singular: Tensor
    shares: Tensor
    vectors: Tensor
    scale: Tensor
    undamped: Tensor
    figures: tuple[tuple[float, float], ...]
    promise: float
    value: float
    size: float

    @classmethod
    def of(cls, residuals: Tensor, jacobian: Tensor, scale: Tensor, w: Tensor) -> DampedModel:
        """The model for r, (m, 1), and J, (m, p); a scale of 0 counts as 1.

        The rank is decided on J with columns of norm 1, not on J·D⁻¹, where D may remember larger columns.
        """
        norms = jacobian.norm(dim=0)[:, None]
        norms = torch.where(norms > 0, norms, 1.0)
        scale = torch.where(scale > 0, scale, 1.0)
        orthonormal, triangle = torch.linalg.qr(jacobian / norms.mT)
        rotated = orthonormal.mT @ residuals
        left, singular, right = torch.linalg.svd(triangle, full_matrices=False)
        determined = singular > singular.numel() * torch.finfo(singular.dtype).eps * singular.amax()
        shares = torch.where(determined, (left.mT @ rotated)[:, 0], 0.0)
        inverse = torch.where(determined, 1.0 / singular, 0.0)
        undamped = -(right.mT @ (inverse * shares)[:, None]) / norms
        sizes = [0.5 * torch.sum(shares.square()), 0.5 * torch.sum(residuals.square()), torch.sum((scale * w).square())]
        left, singular, right = torch.linalg.svd(triangle * (norms / scale).mT, full_matrices=False)
        shares = (left.mT @ rotated)[:, 0]
        *flat, promise, value, square = torch.cat([singular, shares, torch.stack(sizes)]).tolist()
        q = singular.numel()
        pairs = tuple(zip(flat[:q], flat[q:], strict=True))
        return cls(
            orthonormal @ left, singular, shares, right.mT, scale, undamped, pairs, promise, value, math.sqrt(square)
        )

    def step(self, damping: float) -> Tensor:
        """d = −D⁻¹·V·(S² + μ)⁻¹·S·Uᵀr, (p, 1), for μ > 0."""
        return self._filtered(self.shares, damping)

    def towards(self, residuals: Tensor, damping: float) -> Tensor:
        """The same, (p, 1), for other residuals, (m, 1)."""
        return self._filtered((self.left.mT @ residuals)[:, 0], damping)

    def _filtered(self, shares: Tensor, damping: float) -> Tensor:
        filtered = self.singular / (self.singular.square() + damping) * shares
        return -(self.vectors @ filtered[:, None]) / self.scale

    def damping_within(self, reach: float, damping: float) -> float:
        """μ, doubled until ‖Dd‖ ≤ `reach`·‖Dw‖; as it is where w = 0."""
        while self.size > 0.0 and self._length(damping) > reach * self.size:
            damping *= 2.0
        return damping

    def _length(self, damping: float) -> float:
        return math.sqrt(math.fsum((s * share / (s * s + damping)) ** 2 for s, share in self.figures))
