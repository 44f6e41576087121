"""Robust errors of a fit: by another pass over a table for least squares, else from the rows that are in memory."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gdsolve.objective.curve import Curve, PointwiseCurve
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.row_batch import from_numpy
from gdsolve.objective.sandwich import (
    LinearRows,
    Middle,
    Sandwich,
    correction,
    freedom_of,
    normal,
    square_root,
    through_reason,
)
from gdsolve.objective.shared import Shared
from gdsolve.objective.spread import spread_of, square
from gdsolve.objective.triangle import Triangle
from gdsolve.solve.dealt import fitted_rows
from gdsolve.solve.device import dtype_of
from gdsolve.spec import Spec
from gdsolve.spec.choices import WeightKind
from gdsolve.status import DataError, GdsolveError

if TYPE_CHECKING:
    from gdsolve.data import Batch, Table
    from gdsolve.solve.problem import Problem

logger = logging.getLogger("gdsolve")


@dataclass(frozen=True, slots=True)
class RowClusters:
    """The cluster of every row, (m,), by number, and how many clusters have a row of a weight above 0."""

    codes: Tensor
    count: int


@dataclass(slots=True)
class RobustPass:
    """What robust errors need of the rows of a table: their clusters as they pass by, and of least squares more."""

    spec: Spec
    _parts: list[tuple[np.ndarray, np.ndarray | None]] = field(default_factory=list)

    def passing(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same batches, the clusters of their rows kept."""
        for batch in batches:
            if batch.cluster is not None and not self.spec.is_least_squares:
                self._parts.append((batch.cluster, batch.weight))
            yield batch

    def found(self, table: Table, triangle: Triangle) -> tuple[Sandwich | None, RowClusters | None]:
        """The errors of least squares, from another pass over an open table; else the clusters of rows in memory.

        Raises:
            GdsolveError, DataError: as `require_clusters`.
        """
        require_clusters(self.spec, table)
        if not self.spec.is_least_squares:
            return None, self.clusters(table.clusters, weightless=False)
        rows = triangle.total_weight if _is_frequency(self.spec) else float(triangle.rows)
        return sandwich_of_table(self.spec, table, triangle, rows), None

    def clusters(self, count: int, *, weightless: bool) -> RowClusters | None:
        """Those of all rows, or of rows of a weight above 0 alone; None where errors are not clustered."""
        if not self._parts:
            return None
        parts = (codes if weightless or weight is None else codes[weight > 0.0] for codes, weight in self._parts)
        return RowClusters(from_numpy(np.concatenate([*parts])), count)


def require_clusters(spec: Spec, table: Table) -> None:
    """See that rows are in several clusters, of one process.

    Raises:
        GdsolveError: several ranks, whose rows of one cluster do not meet.
        DataError: one cluster has all rows.
    """
    column = spec.errors.cluster
    if column is None:
        return
    if table.ranks.several:
        raise GdsolveError(
            f"rows of one cluster may be on several of these {table.ranks.size} ranks",
            "give --se hc1, or run gdsolve without the launcher",
            option="se",
        )
    if table.clusters < 2:
        raise DataError(
            f"{table.name}: all rows are in one cluster: column {column!r} has one value",
            "--se cluster:COLUMN, another one, or --se hc1",
        )


def sandwich_of_table(spec: Spec, table: Table, triangle: Triangle, rows: float) -> Sandwich:
    """The robust errors of least squares, from another pass over a table that is open; `rows` are what N counts.

    Residuals are those of the least squares solution, which the `triangle` of the first pass has.
    """
    asked, ranks, standard = spec.errors, table.ranks, triangle.standardised(intercept=not spec.no_intercept)
    design, target = triangle.in_coordinates(standard)
    names = [str(place) for place in range(standard.p)]
    identity = torch.eye(standard.p, dtype=torch.float64, device=design.device)
    errors = triangle.errors(intercept=standard.intercept)
    inner = spread_of(square(design), identity, range(standard.p), names, {}, errors=errors).inner
    # design·inner has orthonormal columns.
    weights = inner @ ((design @ inner).mT @ target)
    middle = Middle.empty(asked, inner.shape[1], frequency=_is_frequency(spec), device=design.device)
    seen = LinearRows(standard, inner, weights, dtype_of(spec))
    logger.info("the table is read once more, for the residuals of --se %s", spec.se)
    met: set[int] = set()
    for batch in fitted_rows(table.ahead()):
        codes = None if batch.cluster is None else from_numpy(batch.cluster)
        seen.add_to(middle, batch, codes)
        if spec.holdout and batch.cluster is not None:
            met.update(np.unique(batch.cluster).tolist())
    # Of clusters that were held out as a whole no row is fitted.
    clusters = (len(met) if spec.holdout else table.clusters) or None
    total = ranks.fold(middle.result, torch.add) if ranks.several else middle.result()
    through = any(ranks.gather(middle.through))
    root = inner @ square_root(total * correction(asked, rows, inner.shape[1], clusters))
    reason = through_reason(asked) if through else None
    return Sandwich(asked, lambda _inner: (root, reason), freedom_of(asked, rows, clusters), clusters)


def sandwich_of(problem: Problem, w: Tensor) -> Sandwich | None:
    """The robust errors of a fit that ended at `w`, (p, 1), if they are asked for."""
    spec, objective = problem.spec, problem.objective
    if not spec.errors.robust:
        return None
    if problem.squares is not None:
        return problem.squares.sandwich
    own = objective.own if isinstance(objective, Shared) else objective
    assert isinstance(own, PointwiseRows | Curve | PointwiseCurve)
    clusters, asked, rows = problem.clusters, spec.errors, problem.observations
    count = None if clusters is None else clusters.count

    def root(inner: Tensor) -> tuple[Tensor, str | None]:
        middle = Middle.empty(asked, inner.shape[1], frequency=_is_frequency(spec), device=inner.device)
        place = 0
        for slopes, error, weight in _scores(own, w):
            here = slice(place, place + len(slopes))
            codes = None if clusters is None else clusters.codes[here].to(inner.device)
            middle.add(slopes.to(inner) @ inner, error.to(inner), None if weight is None else weight.to(inner), codes)
            place += len(slopes)
        total = middle.result()
        total = objective.ranks.total(total) if isinstance(objective, Shared) else total
        found = inner @ square_root(total * correction(asked, rows, inner.shape[1], count))
        return found, through_reason(asked) if middle.through else None

    freedom = freedom_of(asked, rows, count) if isinstance(own, Curve) else normal
    return Sandwich(asked, root, freedom, count)


def _scores(own: PointwiseRows | Curve | PointwiseCurve, w: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
    """∂z/∂w, (h, p), ∂l/∂z and the weights, (h, 1), of all rows, some at a time; of a curve ∂l/∂z is the residual."""
    if isinstance(own, PointwiseRows):
        for design, target, weight in own.blocks():
            yield design, own.loss.loss_and_slope(design.to(torch.float64) @ w.to(torch.float64), target)[1], weight
        return
    slopes = own.model.jacobian(w)
    with torch.no_grad():
        fitted = own.model.at(w)
        if isinstance(own, Curve):
            yield slopes, fitted - own.target, None if own.root_weight is None else own.root_weight.square()
        else:
            yield slopes, own.loss.loss_and_slope(fitted, own.target)[1], own.weight


def _is_frequency(spec: Spec) -> bool:
    return spec.weight is not None and spec.weight_kind is WeightKind.FREQUENCY
