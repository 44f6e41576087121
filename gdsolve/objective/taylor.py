"""What a quadratic is, from its derivatives at one point."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gdsolve.objective.base import Objective, SumOfSquares, TwiceDifferentiable
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.equilibrate import equilibrate
from gdsolve.objective.modes import Modes, decompose
from gdsolve.objective.optimum import find_minimisers
from gdsolve.objective.quadratic import Penalty, Quadratic

NEGLIGIBLE = 1e-12


def modes_of_quadratic(objective: Objective, start: Tensor) -> Modes | None:
    """The eigenmodes of an objective that is known to be quadratic; None where it has no minimum.

    Residuals that are linear in w give B = ∂r/∂w, and nothing is squared; else B = √Λ·Qᵀ from ∇²L = QΛQᵀ.
    """
    dtype, start = start.dtype, start.to(torch.float64)
    quadratic = _from_residuals(objective, start) if isinstance(objective, SumOfSquares) else None
    if quadratic is None and isinstance(objective, TwiceDifferentiable):
        quadratic = _from_hessian(objective.evaluate(start).gradient, objective.hessian(start), start)
    if quadratic is None or not quadratic.design.shape[0]:
        return None
    if not bool(torch.isfinite(quadratic.design).all() & torch.isfinite(quadratic.target).all()):
        return None
    quadratic = _of_unit_length(quadratic)
    own = Coordinates.raw(quadratic.p, intercept=False, device=start.device)
    minimisers = find_minimisers(quadratic, own, torch.full_like(start[:, 0], torch.finfo(dtype).eps))
    return decompose(quadratic, minimisers.nearest_to(start, own), minimisers.rank, minimisers.known)


def _from_residuals(objective: SumOfSquares, start: Tensor) -> Quadratic:
    design = objective.jacobian(start)
    target = design @ start - objective.residuals(start)
    return Quadratic(design, target, Penalty.none(len(start), start), objective.curvature_scale)


def _from_hessian(gradient: Tensor, hessian: Tensor, start: Tensor) -> Quadratic | None:
    """From the eigenvalues of the equilibrated Hessian, so that units do not decide which of them count."""
    if not bool(torch.isfinite(hessian).all()):
        return None
    scale = equilibrate(hessian)
    eigenvalues, vectors = torch.linalg.eigh(hessian / scale / scale.mT)
    largest = eigenvalues.abs().amax()
    if eigenvalues[0] < -NEGLIGIBLE * largest:
        return None
    curved = eigenvalues > NEGLIGIBLE * largest
    eigenvalues, vectors = eigenvalues[curved], vectors[:, curved]
    slope = gradient / scale
    along = vectors.mT @ slope
    # A slope where there is no curvature leads down for ever.
    if torch.linalg.vector_norm(slope - vectors @ along) > NEGLIGIBLE * torch.linalg.vector_norm(slope):
        return None
    design = eigenvalues.sqrt()[:, None] * (vectors * scale).mT
    target = design @ start - along / eigenvalues.sqrt()[:, None]
    return Quadratic(design, target, Penalty.none(len(start), start), 1.0)


def _of_unit_length(quadratic: Quadratic) -> Quadratic:
    """The same with the longest column of length 1: what is told from rounding is measured in that."""
    unit = float(quadratic.design.norm(dim=0).amax())
    if not 0.0 < unit < math.inf:
        return quadratic
    square = quadratic.curvature_scale * unit * unit
    return Quadratic(quadratic.design / unit, quadratic.target / unit, quadratic.penalty, square)
