"""The state of plain descent after k updates, for any k and many rates at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.modes import Modes

EDGE = 1e-12


@dataclass(frozen=True, slots=True)
class ClosedForm:
    """Descent with constant rates α on a quadratic, mode by mode (docs/design.md, section 2, "The closed form").

    In mode i the gradient after k updates is gᵢ·dᵢᵏ with dᵢ = 1 − αλᵢ, and the weights have moved by −φ_k(λᵢ)·gᵢ,
    φ_k(λ) = (1 − (1 − αλ)ᵏ)/λ. Logarithms of |d| by log1p keep every digit of dᵏ up to k = 10¹² and beyond.

    Shapes: q runs, r modes. The runs are rates on one quadratic, or quadratics of their own: `eigenvalues` is (r,) or
    (q, r), `right` is (p, r) or (q, p, r), `minimum` is () or (q,). `rates` is (q, 1); `gradient` is (q, r), at the
    start; `log_decay` (q, r) holds log|dᵢ|, `flips` (q, r) is True where dᵢ < 0. k is float64, (q,), exact to 2⁵³.
    """

    rates: Tensor
    eigenvalues: Tensor
    gradient: Tensor
    right: Tensor
    minimum: Tensor
    log_decay: Tensor
    flips: Tensor

    @classmethod
    def of(cls, modes: Modes, start: Tensor, rates: Tensor) -> ClosedForm:
        """The closed form from `start`, (p, 1), for `rates`, (q,)."""
        minimum = modes.quadratic.value(modes.minimiser)[0]
        return cls.from_modes(modes.eigenvalues, modes.right, *modes.gradient_at(start), minimum, rates)

    @classmethod
    def from_modes(
        cls, eigenvalues: Tensor, right: Tensor, gradient: Tensor, rounding: Tensor, minimum: Tensor, rates: Tensor
    ) -> ClosedForm:
        """The closed form for `rates`, (q,), from the gradient at the start and its rounding, (r,) or (q, r) each.

        A mode beyond the rank of its quadratic has eigenvalue and gradient 0, and never moves.
        """
        product = rates[:, None] * eigenvalues
        flips = product > 1.0
        log_decay = torch.where(flips, torch.log1p(product - 2.0), torch.log1p(-product.clamp(max=1.0)))
        # At α = 2/L_max rounding must not decide between growth and decay: neither happens.
        log_decay = torch.where((product - 2.0).abs() <= EDGE, 0.0, log_decay)
        # Mere rounding along a mode that would grow is not taken for something to descend.
        inactive = (log_decay >= 0.0) & (gradient.abs() <= rounding)
        gradient = torch.where(inactive, 0.0, gradient)
        return cls(rates[:, None], eigenvalues, gradient, right, minimum, log_decay, flips)

    def only(self, chosen: Tensor) -> ClosedForm:
        """The same for some of the runs, chosen by index or mask."""
        return ClosedForm(
            self.rates[chosen],
            self.eigenvalues if self.eigenvalues.ndim == 1 else self.eigenvalues[chosen],
            self.gradient[chosen],
            self.right if self.right.ndim == 2 else self.right[chosen],
            self.minimum if self.minimum.ndim == 0 else self.minimum[chosen],
            self.log_decay[chosen],
            self.flips[chosen],
        )

    def in_weights(self, along: Tensor, right: Tensor | None = None) -> Tensor:
        """Σ alongᵢ·vᵢ, (q, p), from coefficients (q, r); of `right`, shaped like the vᵢ, where it is given."""
        right = self.right if right is None else right
        return along @ right.mT if right.ndim == 2 else (right @ along[:, :, None])[:, :, 0]

    @property
    def excited(self) -> Tensor:
        """(q, r): True for modes in which there is anything to descend."""
        return self.gradient != 0

    def slowest(self) -> Tensor:
        """(q,): the largest log|d| among excited modes; above 0 the rate diverges, at 0 it is the edge of stability."""
        masked = torch.where(self.excited, self.log_decay, -torch.inf)
        return masked.amax(dim=1) if masked.shape[1] else torch.full_like(self.rates[:, 0], -torch.inf)

    def magnitude(self, k: Tensor) -> Tensor:
        """|dᵢ|ᵏ, (q, r), with 0⁰ = 1."""
        return torch.where(k[:, None] == 0, 1.0, torch.exp(k[:, None] * self.log_decay))

    def power(self, k: Tensor) -> Tensor:
        """dᵢᵏ, (q, r)."""
        odd = torch.remainder(k, 2.0)[:, None] == 1.0
        signed: Tensor = torch.where(self.flips & odd, -1.0, 1.0) * self.magnitude(k)
        return signed

    def gradients(self, k: Tensor) -> Tensor:
        """The gradient after k updates, (q, r), in the eigenbasis."""
        after: Tensor = torch.where(self.excited, self.gradient * self.power(k), 0.0)
        return after

    def updates(self, k: Tensor) -> Tensor:
        """w_k − w_(k−1), (q, p), for k ≥ 1."""
        return self.in_weights(-(self.rates * self.gradients(k - 1.0)))

    def update_norms(self, k: Tensor) -> Tensor:
        """‖w_k − w_(k−1)‖₂, (q,)."""
        return _norms(self.rates * self.gradients(k - 1.0))

    def gradient_norms(self, k: Tensor) -> Tensor:
        """‖∇L_k‖₂, (q,)."""
        return _norms(self.gradients(k))

    def decrease(self, k: Tensor) -> Tensor:
        """L_(k−1) − L_k, (q,) = Σ g²·d^(2k−2)·α(2 − αλ)/2: it falls with k whatever the rate."""
        product = self.rates * self.eigenvalues
        share = torch.where((product - 2.0).abs() <= EDGE, 0.0, self.rates * (2.0 - product))
        return 0.5 * torch.nansum(self.gradients(k - 1.0).square() * share, dim=1)

    def values(self, k: Tensor) -> Tensor:
        """L_k, (q,) = L* + Σ g²·d^2k/(2λ)."""
        curved = torch.where(self.eigenvalues > 0, self.eigenvalues, torch.inf)
        return self.minimum + 0.5 * (self.gradients(k).square() / curved).sum(dim=1)

    def displacements(self, k: Tensor) -> Tensor:
        """w_k − w_0, (q, p) = −V·φ_k(λ)·g; φ_k → αk where λ vanishes."""
        flat = self.eigenvalues == 0
        curved = torch.where(flat, 1.0, self.eigenvalues)
        shrunk = torch.where(self.flips, 1.0 - self.power(k), -torch.expm1(k[:, None] * self.log_decay))
        shrunk = torch.where(k[:, None] == 0, 0.0, shrunk) / curved
        phi = torch.where(flat, self.rates * k[:, None], shrunk)
        return self.in_weights(-torch.where(self.excited, phi * self.gradient, 0.0))


def _norms(rows: Tensor) -> Tensor:
    """The 2-norm of every row: also of rows whose squares are too small for float64."""
    if not rows.shape[1]:
        return torch.zeros_like(rows.sum(dim=1))
    largest = rows.abs().amax(dim=1)
    unit = torch.where((largest > 0) & largest.isfinite(), largest, 1.0)
    scaled: Tensor = unit * torch.linalg.vector_norm(rows / unit[:, None], dim=1)
    return scaled
