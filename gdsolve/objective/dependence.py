"""Which columns cause a loss of rank, and of which others they are made."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.rank import CERTAIN, EPSILON
from gdsolve.objective.triangle import Triangle

NEGLIGIBLE = 1e-9
NOTABLE = 0.01


@dataclass(frozen=True, slots=True)
class Dependence:
    """Column `column` = Σ coefficient·column + `constant`, to rounding; a constant column has no other part."""

    column: int
    coefficients: dict[int, float]
    constant: float


def dependent_columns(triangle: Triangle, *, intercept: bool) -> list[Dependence]:
    """The features that are linear combinations of earlier ones (and of the intercept), in order.

    Each column is orthogonalised, twice, against the independent ones before it; what is left within the rounding of
    those that it is made of, and of itself, is rounding (see `numerical_rank`).
    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 5.2.8.
    """
    columns = (triangle.centred() if intercept else triangle.raw())[:, : triangle.n]
    means = triangle.means() if intercept else torch.zeros_like(triangle.shift)
    errors = triangle.errors(intercept=intercept)[: triangle.n]
    lengths = torch.linalg.vector_norm(columns, dim=0)
    basis, upper = columns[:, :0], columns[:0, :0]
    independent: list[int] = []
    dependent: list[tuple[int, int]] = []
    most = int((columns != 0.0).any(dim=1).sum())
    for j in range(triangle.n):
        if len(independent) == most:
            # The columns so far span all that there is.
            dependent += [(later, most) for later in range(j, triangle.n)]
            break
        column = columns[:, j] / (lengths[j] if lengths[j] > 0.0 else 1.0)
        parts = basis.mT @ column
        rest = column - basis @ parts
        again = basis.mT @ rest
        parts, rest = parts + again, rest - basis @ again
        left = torch.linalg.vector_norm(rest)
        shares = torch.linalg.solve_triangular(upper, parts[:, None], upper=True)[:, 0]
        length = (1.0 + shares.square().sum()).sqrt()
        noise = triangle.n * EPSILON * length + errors[j] + shares.abs() @ errors[independent]
        if left > CERTAIN * noise:
            basis = torch.cat([basis, (rest / left)[:, None]], dim=1)
            upper = _bordered(upper, parts, left)
            independent.append(j)
        else:
            dependent.append((j, len(independent)))
    return _combinations(columns, lengths, means, independent, dependent)


def _bordered(upper: Tensor, parts: Tensor, corner: Tensor) -> Tensor:
    """[[upper, parts], [0, corner]]."""
    above = torch.cat([upper, parts[:, None]], dim=1)
    return torch.cat([above, torch.cat([torch.zeros_like(parts), corner[None]])[None]])


def lost_in_rounding(
    rounded: Triangle, exact: Triangle, names: Sequence[str], target: str, *, intercept: bool
) -> list[str]:
    """What rounding the cells to float32 has done to columns: their spread changed by over 1 %, or the rank did."""
    if rounded is exact:
        return []
    spreads = (one.centred().norm(dim=0) / one.total_weight**0.5 for one in (exact, rounded))
    found = {
        name: f"rounding to float32 changes the spread of column {name!r} from {before:.3g} to {after:.3g}"
        for name, before, after in zip([*names, target], *(one.tolist() for one in spreads), strict=True)
        if abs(after - before) > NOTABLE * before
    }
    before, after = ({one.column for one in dependent_columns(it, intercept=intercept)} for it in (exact, rounded))
    for column in sorted(before ^ after):
        change = "hides" if column in before else "makes it seem"
        found.setdefault(
            names[column], f"rounding to float32 {change} that column {names[column]!r} is a combination of others"
        )
    return list(found.values())


def _combinations(
    columns: Tensor, lengths: Tensor, means: Tensor, independent: list[int], dependent: list[tuple[int, int]]
) -> list[Dependence]:
    """What each dependent column is made of: of so many of the first independent ones, for each."""
    found = []
    for count, group in itertools.groupby(dependent, key=lambda one: one[1]):
        places, before = [j for j, _ in group], independent[:count]
        units = torch.where(lengths[places] > 0.0, lengths[places], 1.0)
        # Lengths are equal in the system that is solved: units must not decide what is negligible.
        scaled, shares = columns[:, before] / lengths[before], columns[:0, places]
        if before:
            shares = torch.linalg.lstsq(scaled, columns[:, places] / units).solution
        shares = torch.where((shares.abs() > NEGLIGIBLE) & (lengths[places] > 0.0), shares, 0.0)
        weights = shares * units / lengths[before][:, None]
        constants = means[places] - means[before] @ weights
        negligible = NEGLIGIBLE * torch.maximum(means[places].abs(), lengths[places])
        constants = torch.where((constants.abs() <= negligible) & (shares != 0.0).any(dim=0), 0.0, constants)
        for j, own, constant in zip(places, weights.mT.tolist(), constants.tolist(), strict=True):
            found.append(Dependence(j, {i: weight for i, weight in zip(before, own, strict=True) if weight}, constant))
    return found
