"""What a factor of JᵀΩJ says of the estimates together: how they spread, and which are not determined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.rank import numerical_rank
from gdsolve.objective.singular import Singular

NEGLIGIBLE = 1e-8
NO_INFLUENCE = "not determined by the data: the fit does not depend on it"


@dataclass(frozen=True, slots=True)
class EstimateSpread:
    """The covariance of the estimates but for σ²: root·rootᵀ = (JᵀΩJ)⁻¹.

    Shapes: `root` is (p, rank), a row of zeros for a parameter without error bar, which has its reason in `reasons`;
    `inner`, (q, rank), is the same of the free parameters in the coordinates of the factor, where factor·inner is
    orthonormal.
    """

    root: Tensor
    inner: Tensor
    rank: int
    reasons: Mapping[str, str]


def restrict(
    factor: Tensor, names: Sequence[str], held: Mapping[str, str], to_user: Tensor | None
) -> tuple[list[int], Tensor, Tensor]:
    """The free parameters, and their coordinates η: w' = into·η inside, w = out·η in the user's units.

    Shapes: `into` is (p, q), `out` (q, q), for q free parameters.
    """
    free = [j for j, name in enumerate(names) if name not in held]
    identity = torch.eye(len(names), dtype=torch.float64, device=factor.device)
    if to_user is None:
        return free, identity[:, free], identity[free][:, free]
    fixed = [j for j in range(len(names)) if j not in free]
    if not bool(to_user[fixed][:, free].any()):
        # The free coordinates alone leave the held parameters where they are: standardised ones stay standardised.
        return free, identity[:, free], to_user[free][:, free]
    return free, torch.linalg.inv(to_user)[:, free], identity[free][:, free]


def square(factor: Tensor) -> Tensor:
    """A factor with no more rows than columns and the same factorᵀ·factor."""
    return torch.linalg.qr(factor, mode="r").R if factor.shape[0] > factor.shape[1] else factor


def or_one(lengths: Tensor) -> Tensor:
    """The lengths, with 1 in the place of 0: what to divide by."""
    return torch.where(lengths > 0.0, lengths, 1.0)


def spread_of(
    factor: Tensor,
    out: Tensor,
    free: Sequence[int],
    names: Sequence[str],
    held: Mapping[str, str],
    *,
    errors: Tensor | None = None,
    arithmetic: float | None = None,
    known: Singular | None = None,
) -> EstimateSpread:
    """The spread of the free parameters, from a factor (r, q) of theirs that `out`, (q, q), takes to their units.

    Columns are brought to equal length first, so that rank and accuracy do not depend on units; JᵀΩJ is never formed.
    A parameter is determined if it has no part in the null space: it is estimable.
    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 5.5; Seber and Lee, section 3.9.
    """
    root = torch.zeros(len(names), max(len(free), 1), dtype=torch.float64, device=factor.device)
    if not free:
        return EstimateSpread(root, root[:0], 0, held)
    lengths = or_one(torch.linalg.vector_norm(factor, dim=0))
    if known is None:
        known = Singular.of(factor / lengths)
    else:
        lengths = lengths / or_one(torch.linalg.vector_norm(known.matrix, dim=0))
    rank = int(numerical_rank(known.values, known.right, errors, arithmetic))
    along, scaled = known.right[:, :rank], out / lengths
    inner = along / known.values[:rank]
    moved = scaled @ inner
    null = along[:, :0] if rank == len(free) else torch.linalg.qr(along, mode="complete").Q[:, rank:]
    undetermined = _undetermined(scaled, null, [names[j] for j in free])
    for place, j in enumerate(free):
        if names[j] not in undetermined:
            root[j, :rank] = moved[place]
    return EstimateSpread(root, inner / lengths[:, None], rank, {**held, **undetermined})


def _undetermined(scaled: Tensor, null: Tensor, names: Sequence[str]) -> dict[str, str]:
    """The parameters with a part in the null space, and the others of which only combinations are determined.

    Shapes: `scaled` is (q, q), from equilibrated coordinates to the user's units; `null` is (q, q − rank).
    """
    if not null.shape[1]:
        return {}
    parts = (scaled @ null) / torch.linalg.vector_norm(scaled, dim=1)[:, None]
    involved = torch.linalg.vector_norm(parts, dim=1) > NEGLIGIBLE
    basis = torch.linalg.qr(torch.where(involved[:, None], parts, 0.0)).Q
    # Parameters trade against each other where the projector on the null space joins them, at first or second hand.
    joined = (basis @ basis.mT).abs() > NEGLIGIBLE
    for _ in range(len(names).bit_length()):
        joined = (joined.to(torch.float64) @ joined.to(torch.float64)) > 0.0
    groups = {j: [names[i] for i in joined[j].nonzero()[:, 0].tolist()] for j in involved.nonzero()[:, 0].tolist()}
    return {names[j]: _combinations(group) if len(group) > 1 else NO_INFLUENCE for j, group in groups.items()}


def _combinations(names: Sequence[str]) -> str:
    shown = list(names) if len(names) <= 5 else [*names[:4], f"{len(names) - 4} others"]
    return f"not determined by the data: only combinations of {', '.join(shown[:-1])} and {shown[-1]} are"
