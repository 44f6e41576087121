"""How good a fit of classes is on its rows: accuracy, log loss, confusion matrix and area under the ROC curve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gdsolve.data.ranking import area_under_curve, macro_area
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.shared import Shared
from gdsolve.objective.softmax import SoftmaxRows
from gdsolve.ranks import ALONE
from gdsolve.solve.problem import Problem

MOST_RANKED = 50_000_000
"""So many probabilities are sorted for the area under the curve: that takes seconds and a few hundred megabytes."""
TOO_MANY = "more than 50 million probabilities are not sorted; gdsolve score does it for a saved model"
ONE_CLASS = "a class has no rows"


@dataclass(frozen=True, slots=True)
class _Rows:
    """Of some rows: z (h, 1) of two classes, or (h, C); the classes (h,), the loss (h,), and weights (h,), if any."""

    z: Tensor
    codes: Tensor
    loss: Tensor
    weight: Tensor | None

    @property
    def told(self) -> Tensor:
        """The class of largest probability, the first one of those."""
        return (self.z[:, 0] > 0.0).to(torch.int64) if self.z.shape[1] == 1 else self.z.argmax(dim=1)

    @property
    def probabilities(self) -> Tensor:
        """Of the second class, (h, 1), or of all of them."""
        return torch.sigmoid(self.z) if self.z.shape[1] == 1 else torch.softmax(self.z, dim=1)


def class_figures(problem: Problem, w: Tensor) -> dict[str, Any] | None:
    """The figures by name, of the rows of all ranks, at `w`, (p, 1); None of other problems.

    Every row weighs what its own weight says: the weights of classes decide over the fit alone.
    """
    objective, classes = problem.objective, None if problem.data is None else problem.data.classes
    own = objective.own if isinstance(objective, Shared) else objective
    if classes is None or not isinstance(own, SoftmaxRows | PointwiseRows):
        return None
    ranks, count = objective.ranks if isinstance(objective, Shared) else ALONE, len(classes.names)
    sums = torch.zeros(count * count + 1, dtype=torch.float64, device=w.device)
    rows = sum(ranks.gather(len(own.design)))
    ranked = rows * (count if count > 2 else 1) <= MOST_RANKED
    kept: list[tuple[Tensor, Tensor, Tensor | None]] = []
    for part in _rows(own, w.to(torch.float64), classes.weights):
        cells = torch.bincount(count * part.codes + part.told, weights=part.weight, minlength=count * count)
        lost = part.loss.sum() if part.weight is None else torch.dot(part.weight, part.loss)
        sums += torch.cat([cells.to(sums), lost.reshape(1)])
        if ranked:
            weight = None if part.weight is None else part.weight.cpu()
            kept.append((part.probabilities.cpu(), part.codes.cpu(), weight))
    confusion = (ranks.total(sums) if ranks.several else sums).cpu()
    table, total = confusion[:-1].reshape(count, count), float(confusion[:-1].sum())
    area = _area([one for share in ranks.gather(kept) for one in share], count) if ranked else None
    return {
        "accuracy": float(table.trace()) / total,
        "log_loss": float(confusion[-1]) / total,
        "auc": area,
        "auc_reason": None if area is not None else ONE_CLASS if ranked else TOO_MANY,
        "confusion": tuple(map(tuple, table.tolist())),
    }


def class_totals(problem: Problem) -> Tensor:
    """Σω of every class, (C,), with the weights of classes, of the rows of all ranks."""
    objective, data = problem.objective, problem.data
    own = objective.own if isinstance(objective, Shared) else objective
    assert isinstance(own, SoftmaxRows | PointwiseRows) and data is not None and data.classes is not None
    total = torch.zeros(len(data.classes.names), dtype=torch.float64, device=own.design.device)
    weight = None if own.weight is None else own.weight[:, 0].to(torch.float64)
    total += torch.bincount(own.target[:, 0].to(torch.int64), weights=weight, minlength=len(total))
    return objective.ranks.total(total) if isinstance(objective, Shared) else total


def _rows(own: SoftmaxRows | PointwiseRows, w: Tensor, weights: tuple[float, ...] | None) -> Iterator[_Rows]:
    matrix = own.matrix(w) if isinstance(own, SoftmaxRows) else w
    factors = None if weights is None else torch.tensor(weights, dtype=torch.float64, device=w.device)
    for design, target, weight in own.blocks():
        z = design.to(torch.float64) @ matrix
        y = target if isinstance(own, SoftmaxRows) else target.to(torch.float64)
        codes = target[:, 0].to(torch.int64)
        known = None if weight is None else weight[:, 0].to(torch.float64)
        known = known if known is None or factors is None else known / factors[codes]
        yield _Rows(z, codes, own.loss.loss_and_slope(z, y)[0][:, 0], known)


def _area(kept: list[tuple[Tensor, Tensor, Tensor | None]], count: int) -> float | None:
    if not kept:
        return None
    predicted, codes = torch.cat([one[0] for one in kept]).numpy(), torch.cat([one[1] for one in kept]).numpy()
    weights = [one[2] for one in kept if one[2] is not None]
    weight = torch.cat(weights).numpy() if weights else None
    if count == 2:
        return area_under_curve(predicted[:, -1], codes == 1, weight)
    return macro_area(predicted, codes, weight)
