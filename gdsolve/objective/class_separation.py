"""Separation of several classes: whether some direction makes every row surer of its own class for ever.

The loss has no minimum where, and only where, some D, (p, C), has (d_y − d_c)ᵀxᵢ ≥ 0 in all rows, y being the row's
class and c any other one, and > 0 in some. That is separation of one class from another of the rows
aᵢ_c = (e_y − e_c) ⊗ xᵢ, all of which are to go up. One class that is separated from all the others is found first: it
is the answer that is easiest to say. Source: Albert and Anderson (1984), On the existence of maximum likelihood
estimates in logistic regression models, Biometrika 71(1).
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from gdsolve.objective.base import Objective
from gdsolve.objective.binary_rows import BinaryRows, by_column, by_directions, by_intercept
from gdsolve.objective.separated import Separation
from gdsolve.objective.softmax import SoftmaxRows, identified

# More numbers of rows that compare two classes than these are not written down.
MOST_COMPARED = 20_000_000


def find_class_separation(rows: SoftmaxRows, start: Tensor, *, intercept: bool, penalised: bool) -> Separation | None:
    """What separates the classes; None where they overlap, or where that would take too long to find.

    Under a penalty the intercepts alone are free: then a class without rows has none that is large enough.
    """
    design, target = rows.design.to("cpu", torch.float64), rows.target[:, 0].cpu()
    weight = torch.ones(len(target), dtype=torch.float64, device="cpu")
    weight = weight if rows.weight is None else rows.weight[:, 0].to("cpu", torch.float64)
    count, epsilon = rows.loss.classes, float(torch.finfo(rows.design.dtype).eps)
    best: tuple[int, Separation] | None = None
    for place in range(count):
        own = BinaryRows(design, (target == place).to(torch.float64), weight, False, intercept, epsilon)
        found = by_intercept(own) or (None if penalised or not len(design) else by_column(own))
        if found is not None:
            gained = int((own.sign * (design @ found.direction)[:, 0] > 0.0).sum())
            if best is None or gained > best[0]:
                best = gained, _of_class(found, place, count)
            if found.one_class:
                return _of_class(found, place, count)
    if best is not None or penalised or not len(design):
        return None if best is None else best[1]
    if design.numel() * (count - 1) * count > MOST_COMPARED:
        return None
    compared = _compared(design, target, count)
    ones = torch.ones(len(compared), dtype=torch.float64, device="cpu")
    pairs = BinaryRows(compared, ones, weight.repeat_interleave(count - 1), False, False, epsilon)
    return by_directions(pairs, start.to("cpu", torch.float64))


def proves_class_overlap(objective: Objective, rows: SoftmaxRows, w: Tensor, hessian: Tensor) -> bool:
    """True where a point near the minimum, (pC, 1), proves that there is one, without a penalty.

    The residuals there, π_c > 0 of the other classes, nearly solve Σ π_c·aᵢ_c = 0; moved by a Newton step V they do,
    as π_c·(1 − (δ_c − Σ_k π_k·δ_k)), δ = Vᵀxᵢ, and stay positive where |δ| < 1/2. A positive solution excludes
    separation. Source: Stiemke (1915), Über positive Lösungen homogener linearer Gleichungen, Mathematische Annalen 76.
    """
    count = rows.loss.classes
    curved = identified(hessian.to(torch.float64), rows.shifts, count)
    gradient = objective.evaluate(w).gradient.to(torch.float64)
    scale = curved.diagonal().clamp(min=0.0).sqrt()[:, None]
    if not bool((scale > 0.0).all()) or not bool(torch.isfinite(curved).all() & torch.isfinite(gradient).all()):
        return False
    eigenvalues, vectors = torch.linalg.eigh(curved / scale / scale.mT)
    least, epsilon = float(eigenvalues[0]), torch.finfo(rows.design.dtype).eps
    if least <= 100.0 * len(w) * epsilon:
        return False
    step = (vectors @ ((vectors.mT @ (gradient / scale)) / eigenvalues[:, None])) / scale
    design, shape = rows.design.to(torch.float64), scale.reshape(count, -1)
    moved = (design @ rows.matrix(step)).abs()
    longest, rounding = 0.0, 0.0
    slopes = rows.loss.loss_and_slope(design @ rows.matrix(w).to(torch.float64), rows.target)[1].abs()
    slopes = slopes if rows.weight is None else slopes * rows.weight.to(torch.float64)
    for place in range(count):
        lengths = (design / shape[place]).abs().sum(dim=1)
        longest = max(longest, float(lengths.amax()) if len(lengths) else 0.0)
        rounding += epsilon * float(lengths @ slopes[:, place]) / rows.total_weight
    parts = [(float(moved.amax()) if moved.numel() else 0.0, rounding, longest)]
    if rows is not objective:
        parts = objective.ranks.gather(parts[0])  # type: ignore[attr-defined]
    furthest, longest = max(one[0] for one in parts), max(one[2] for one in parts)
    return 2.0 * (furthest + 8.0 * sum(one[1] for one in parts) * longest / least) <= 0.5


def _of_class(found: Separation, place: int, count: int) -> Separation:
    """A direction of one class against the others as one of the weights of all, (pC, 1)."""
    p = len(found.direction)
    whole = torch.zeros(count * p, 1, dtype=found.direction.dtype, device=found.direction.device)
    whole[place * p : (place + 1) * p] = found.direction
    return replace(found, direction=whole, category=place)


def _compared(design: Tensor, target: Tensor, count: int) -> Tensor:
    """The rows (e_y − e_c) ⊗ x for every row and every other class c, (m(C − 1), pC)."""
    m, p = design.shape
    found = torch.zeros(m, count - 1, count, p, dtype=design.dtype, device=design.device)
    places = torch.arange(m, device=design.device)
    others = torch.arange(count, device=design.device).expand(m, count)
    others = others[others != target[:, None]].reshape(m, count - 1)
    for place in range(count - 1):
        found[places, place, target] = design
        found[places, place, others[:, place]] = -design
    return found.reshape(m * (count - 1), count * p)
