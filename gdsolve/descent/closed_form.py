"""The state of plain descent after k updates, for any k and many rates at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from gdsolve.objective.namespace import Array, namespace

if TYPE_CHECKING:
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

    rates: Array
    eigenvalues: Array
    gradient: Array
    right: Array
    minimum: Array
    log_decay: Array
    flips: Array

    @classmethod
    def of(cls, modes: Modes, start: Array, rates: Array) -> ClosedForm:
        """The closed form from `start`, (p, 1), for `rates`, (q,)."""
        minimum = modes.quadratic.value(modes.minimiser)[0]
        return cls.from_modes(modes.eigenvalues, modes.right, *modes.gradient_at(start), minimum, rates)

    @classmethod
    def from_modes(
        cls, eigenvalues: Array, right: Array, gradient: Array, rounding: Array, minimum: Array, rates: Array
    ) -> ClosedForm:
        """The closed form for `rates`, (q,), from the gradient at the start and its rounding, (r,) or (q, r) each.

        A mode beyond the rank of its quadratic has eigenvalue and gradient 0, and never moves.
        """
        xp = namespace(rates)
        product = rates[:, None] * eigenvalues
        flips = product > 1.0
        log_decay = xp.where(flips, xp.log1p(product - 2.0), xp.log1p(-product.clip(None, 1.0)))
        # At α = 2/L_max rounding must not decide between growth and decay: neither happens.
        log_decay = xp.where(abs(product - 2.0) <= EDGE, 0.0, log_decay)
        # Mere rounding along a mode that would grow is not taken for something to descend.
        inactive = (log_decay >= 0.0) & (abs(gradient) <= rounding)
        gradient = xp.where(inactive, 0.0, gradient)
        return cls(rates[:, None], eigenvalues, gradient, right, minimum, log_decay, flips)

    def only(self, chosen: Array) -> ClosedForm:
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

    def as_arrays(self) -> ClosedForm:
        """The same in arrays of numpy, of tensors of the host, whose memory they share."""
        return ClosedForm(*(getattr(self, part.name).numpy() for part in fields(self)))

    def in_weights(self, along: Array, right: Array | None = None) -> Array:
        """Σ alongᵢ·vᵢ, (q, p), from coefficients (q, r); of `right`, shaped like the vᵢ, where it is given."""
        right = self.right if right is None else right
        return along @ right.T if right.ndim == 2 else (right @ along[:, :, None])[:, :, 0]

    @property
    def excited(self) -> Array:
        """(q, r): True for modes in which there is anything to descend."""
        return self.gradient != 0

    def slowest(self) -> Array:
        """(q,): the largest log|d| among excited modes; above 0 the rate diverges, at 0 it is the edge of stability."""
        xp = namespace(self.rates)
        masked = xp.where(self.excited, self.log_decay, -math.inf)
        return xp.amax(masked, axis=1) if masked.shape[1] else xp.full_like(self.rates[:, 0], -math.inf)

    def magnitude(self, k: Array) -> Array:
        """|dᵢ|ᵏ, (q, r), with 0⁰ = 1."""
        xp = namespace(k)
        return xp.where(k[:, None] == 0, 1.0, xp.exp(k[:, None] * self.log_decay))

    def power(self, k: Array) -> Array:
        """dᵢᵏ, (q, r)."""
        xp = namespace(k)
        odd = xp.remainder(k, 2.0)[:, None] == 1.0
        return xp.where(self.flips & odd, -1.0, 1.0) * self.magnitude(k)

    def gradients(self, k: Array) -> Array:
        """The gradient after k updates, (q, r), in the eigenbasis."""
        return namespace(k).where(self.excited, self.gradient * self.power(k), 0.0)

    def updates(self, k: Array) -> Array:
        """w_k − w_(k−1), (q, p), for k ≥ 1."""
        return self.in_weights(-(self.rates * self.gradients(k - 1.0)))

    def update_norms(self, k: Array) -> Array:
        """‖w_k − w_(k−1)‖₂, (q,)."""
        return _norms(self.rates * self.gradients(k - 1.0))

    def gradient_norms(self, k: Array) -> Array:
        """‖∇L_k‖₂, (q,)."""
        return _norms(self.gradients(k))

    def decrease(self, k: Array) -> Array:
        """L_(k−1) − L_k, (q,) = Σ g²·d^(2k−2)·α(2 − αλ)/2: it falls with k whatever the rate."""
        xp = namespace(k)
        product = self.rates * self.eigenvalues
        share = xp.where(abs(product - 2.0) <= EDGE, 0.0, self.rates * (2.0 - product))
        return 0.5 * xp.nansum(self.gradients(k - 1.0) ** 2 * share, axis=1)

    def values(self, k: Array) -> Array:
        """L_k, (q,) = L* + Σ g²·d^2k/(2λ)."""
        curved = namespace(k).where(self.eigenvalues > 0, self.eigenvalues, math.inf)
        return self.minimum + 0.5 * (self.gradients(k) ** 2 / curved).sum(axis=1)

    def displacements(self, k: Array) -> Array:
        """w_k − w_0, (q, p) = −V·φ_k(λ)·g; φ_k → αk where λ vanishes."""
        xp = namespace(k)
        flat = self.eigenvalues == 0
        curved = xp.where(flat, 1.0, self.eigenvalues)
        shrunk = xp.where(self.flips, 1.0 - self.power(k), -xp.expm1(k[:, None] * self.log_decay))
        shrunk = xp.where(k[:, None] == 0, 0.0, shrunk) / curved
        phi = xp.where(flat, self.rates * k[:, None], shrunk)
        return self.in_weights(-xp.where(self.excited, phi * self.gradient, 0.0))


def _norms(rows: Array) -> Array:
    """The 2-norm of every row: also of rows whose squares are too small for float64."""
    if not rows.shape[1]:
        return rows.sum(axis=1)
    xp = namespace(rows)
    largest = xp.amax(abs(rows), axis=1)
    unit = xp.where((largest > 0) & xp.isfinite(largest), largest, 1.0)
    return unit * xp.linalg.norm(rows / unit[:, None], axis=1)
