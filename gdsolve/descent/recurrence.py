"""The state of descent with constant momentum after k updates, for any k and many rates at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gdsolve.descent.characteristic import ConstantMomentum, Roots
from gdsolve.objective.modes import Modes


@dataclass(frozen=True, slots=True)
class LinearRecurrence:
    """Heavy ball or Nesterov's method with constant coefficients on a quadratic, mode by mode.

    In every mode the gradient satisfies g_(k+1) = t·g_k − c·g_(k−1), g_(−1) = g_0. With U_k = (r₁ᵏ − r₂ᵏ)/(r₁ − r₂) and
    C_k = (r₁ᵏ + r₂ᵏ)/2, for both methods, since 1 − t + c = αλ for both:

        w_k − w_(k−1) = −α·g_0·U_k
        g_k = g_0·(C_k + (t/2 − c)·U_k)
        (g_(k−1) + g_k)/2 = g_0·(C_k + (1 − c)/2·U_k)

    For k ≥ 1, U_k = σ^(k−1)·R^(k−1)·S_k and C_k = σᵏ·Rᵏ·K_k, where S_k = sin kθ/sin θ and K_k = cos kθ, or
    (1 − qᵏ)/(1 − q) and (1 + qᵏ)/2: S_k → k at a double root, and no digit is lost near one.

    Shapes: q rates, r modes. `rates` is (q, 1); `eigenvalues` is (r,); `right` is (p, r); `gradient` is (q, r), at the
    start; `roots` are (q, r). k is float64, exact to 2⁵³: (q,), or any (n,) where q is 1.
    Source: the solution of a linear difference equation by its characteristic roots, as in Polyak (1987), Introduction
    to Optimization, section 3.2.1, and O'Donoghue and Candès (2015), Adaptive restart for accelerated gradient schemes.
    """

    rates: Tensor
    eigenvalues: Tensor
    gradient: Tensor
    right: Tensor
    minimum: float
    roots: Roots

    @classmethod
    def of(cls, modes: Modes, start: Tensor, rates: Tensor, method: ConstantMomentum) -> LinearRecurrence:
        """The recurrence from `start`, (p, 1), for `rates`, (q,)."""
        roots = Roots.of(method, rates[:, None] * modes.eigenvalues)
        gradient, rounding = modes.gradient_at(start)
        # Mere rounding along a mode that would grow is not taken for something to descend.
        inactive = (roots.log_radius >= 0.0) & (gradient.abs() <= rounding)
        minimum = float(modes.quadratic.value(modes.minimiser))
        active = torch.where(inactive, 0.0, gradient)
        return cls(rates[:, None], modes.eigenvalues, active, modes.right, minimum, roots)

    def only(self, chosen: Tensor) -> LinearRecurrence:
        """The same for some of the rates, chosen by index or mask."""
        roots = self.roots.take((chosen,))
        return replace(self, rates=self.rates[chosen], gradient=self.gradient[chosen], roots=roots)

    def excited_at(self, rate: int) -> LinearRecurrence:
        """One of the rates, with the modes alone in which there is anything to descend."""
        row, modes = slice(rate, rate + 1), self.excited[rate]
        return replace(
            self,
            rates=self.rates[row],
            eigenvalues=self.eigenvalues[modes],
            gradient=self.gradient[row, modes],
            right=self.right[:, modes],
            roots=self.roots.take((row, modes)),
        )

    @property
    def excited(self) -> Tensor:
        """(q, r): True for modes in which there is anything to descend."""
        return self.gradient != 0

    @property
    def turn(self) -> Tensor:
        """σ·R, (q, r): what C_k has beyond σ^(k−1)·R^(k−1)·K_k."""
        radius = self.roots.log_radius.exp()
        return torch.where(self.roots.negative, -radius, radius)

    def slowest(self) -> Tensor:
        """(q,): the largest log R among excited modes; above 0 the rate diverges, at 0 it is the edge of stability."""
        masked = torch.where(self.excited, self.roots.log_radius, -torch.inf)
        return masked.amax(dim=1) if masked.shape[1] else torch.full_like(self.rates[:, 0], -torch.inf)

    def envelope(self, k: Tensor) -> Tensor:
        """R^(k−1), (q, r), for k ≥ 1, with 0⁰ = 1."""
        return torch.where(k[:, None] == 1.0, 1.0, torch.exp((k[:, None] - 1.0) * self.roots.log_radius))

    def waves(self, k: Tensor, odd: Tensor) -> tuple[Tensor, Tensor]:
        """K_k and S_k, (q, r) each, for k ≥ 1; `odd`, (q,), is the parity to take k for."""
        pair = self.roots.complex_pair
        if bool(pair.all()):
            return self.turning(k)
        real_cosine, real_sine = self.straight(k, odd)
        if not bool(pair.any()):
            return real_cosine, real_sine
        cosine, sine = self.turning(k)
        return torch.where(pair, cosine, real_cosine), torch.where(pair, sine, real_sine)

    def turning(self, k: Tensor) -> tuple[Tensor, Tensor]:
        """Of a complex pair: cos kθ and sin kθ/sin θ."""
        angle = self.roots.angle
        phase = k[:, None] * angle
        return phase.cos(), torch.where(angle == 0.0, k[:, None], phase.sin() / angle.sin())

    def straight(self, k: Tensor, odd: Tensor) -> tuple[Tensor, Tensor]:
        """Of real roots: (1 + qᵏ)/2 and (1 − qᵏ)/(1 − q)."""
        roots, k = self.roots, k[:, None]
        # 1 − |q|ᵏ, all of whose digits count near a double root.
        lost = -torch.expm1(k * roots.log_ratio)
        lost = torch.where(roots.opposite & odd[:, None], 2.0 - lost, lost)
        gap = torch.where(roots.opposite, 2.0 - roots.apart, roots.apart)
        return 1.0 - 0.5 * lost, torch.where(gap == 0.0, k, lost / gap)

    def _phase(self, k: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """σ^(k−1)·R^(k−1), K_k and S_k, (q, r) each, for k ≥ 1."""
        odd = torch.remainder(k, 2.0) == 1.0
        envelope = self.envelope(k)
        if bool(self.roots.negative.any()):
            envelope = torch.where(self.roots.negative & ~odd[:, None], -envelope, envelope)
        return envelope, *self.waves(k, odd)

    def strides(self, k: Tensor) -> Tensor:
        """α·g_0·U_k, (q, r), for k ≥ 1: the last update, backwards, in the eigenbasis."""
        envelope, _, sine = self._phase(k)
        return torch.where(self.excited, self.rates * self.gradient * (envelope * sine), 0.0)

    def gradients(self, k: Tensor) -> Tensor:
        """The gradient after k updates, (q, r), in the eigenbasis."""
        envelope, cosine, sine = self._phase(k.clamp(min=1.0))
        after = envelope * (self.turn * cosine + self.roots.lean * sine)
        return torch.where(self.excited, self.gradient * torch.where(k[:, None] == 0.0, 1.0, after), 0.0)

    def gradient_norms(self, k: Tensor) -> Tensor:
        """‖∇L_k‖₂, (q,)."""
        norms: Tensor = torch.linalg.vector_norm(self.gradients(k), dim=1)
        return norms

    def updates(self, k: Tensor) -> Tensor:
        """w_k − w_(k−1), (q, p), for k ≥ 1."""
        return -self.strides(k) @ self.right.mT

    def update_norms(self, k: Tensor) -> Tensor:
        """‖w_k − w_(k−1)‖₂, (q,)."""
        norms: Tensor = torch.linalg.vector_norm(self.strides(k), dim=1)
        return norms

    def decrease(self, k: Tensor) -> Tensor:
        """L_(k−1) − L_k, (q,) = Σ α·g_0·U_k·(g_(k−1) + g_k)/2, for k ≥ 1: of either sign, the loss may rise."""
        envelope, cosine, sine = self._phase(k)
        middle = envelope * (self.turn * cosine + 0.5 * self.roots.damping * sine)
        change = self.rates * self.gradient.square() * (envelope * sine) * middle
        return torch.where(self.excited, change, 0.0).sum(dim=1)

    def excess(self, k: Tensor) -> Tensor:
        """L_k − L*, (q,) = Σ g_k²/(2λ)."""
        curved = torch.where(self.eigenvalues > 0, self.eigenvalues, torch.inf)
        return 0.5 * (self.gradients(k).square() / curved).sum(dim=1)

    def values(self, k: Tensor) -> Tensor:
        """L_k, (q,)."""
        return self.minimum + self.excess(k)

    def displacements(self, k: Tensor) -> Tensor:
        """w_k − w_0, (q, p) = −V·(1 − g_k/g_0)/λ·g_0.

        1 − g_k/g_0 is (1 − Rᵏ) − (1 − R)·Rq·U_k for positive roots and (1 − Rᵏ) + Rᵏ·(1 − cos kθ) − (t/2 − c)·U_k for a
        complex pair on the right: where R is near 1 its terms are small, unlike those of the difference itself.
        """
        roots, later = self.roots, k.clamp(min=1.0)
        envelope, cosine, sine = self._phase(later)
        u = envelope * sine
        shrunk = -torch.expm1(later[:, None] * roots.log_radius)
        second = torch.exp(roots.log_radius + roots.log_ratio)
        real = shrunk + torch.expm1(roots.log_radius) * second * u
        bent = 2.0 * (1.0 - shrunk) * (0.5 * later[:, None] * roots.angle).sin().square()
        plain = 1.0 - envelope * (self.turn * cosine + roots.lean * sine)
        gone = torch.where(roots.complex_pair, shrunk + bent - roots.lean * u, real)
        gone = torch.where(roots.negative, plain, gone)
        curved = torch.where(self.eigenvalues > 0, self.eigenvalues, torch.inf)
        moved = torch.where(self.excited & (k[:, None] > 0.0), gone / curved * self.gradient, 0.0)
        return -moved @ self.right.mT
