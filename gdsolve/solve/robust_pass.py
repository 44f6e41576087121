"""What robust errors, and the report of a weighted fit, need of the rows of a table beside their triangle."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gdsolve.objective.inference import Weighting
from gdsolve.objective.row_batch import from_numpy
from gdsolve.objective.sandwich import LinearRows, Middle, Sandwich, correction, freedom_of
from gdsolve.objective.spread import spread_of, square
from gdsolve.objective.triangle import Triangle
from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.dealt import fitted_rows
from gdsolve.solve.device import dtype_of
from gdsolve.solve.weighting import weighting_of
from gdsolve.spec import Spec
from gdsolve.status import DataError, GdsolveError

if TYPE_CHECKING:
    from gdsolve.data import Batch, Table

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
    _log_weight: float = 0.0
    _parts: list[tuple[np.ndarray, np.ndarray | None]] = field(default_factory=list)

    def passing(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same batches; their clusters and the logarithms of their weights are kept."""
        logs = self.spec.report and self.spec.weight_column is not None
        for batch in batches:
            if logs and batch.weight is not None:
                self._log_weight += float(np.log(batch.weight[batch.weight > 0.0]).sum())
            if batch.cluster is not None and not self.spec.is_least_squares:
                self._parts.append((batch.cluster, batch.weight))
            yield batch

    def log_weight(self, ranks: Ranks = ALONE) -> float:
        """Σ log ω over the rows of a weight above 0, of all ranks, where a report is asked for."""
        return sum(ranks.gather(self._log_weight))

    def found(self, table: Table, triangle: Triangle) -> tuple[Sandwich | None, RowClusters | None]:
        """The errors of least squares, from another pass over an open table; else the clusters of rows in memory.

        Raises:
            GdsolveError, DataError: as `require_clusters`.
        """
        if not self.spec.errors.robust:
            return None, None
        require_clusters(self.spec, table)
        if not self.spec.is_least_squares:
            return None, self.clusters(table.clusters, weightless=False)
        rows = triangle.total_weight if weighting_of(self.spec) is Weighting.FREQUENCY else float(triangle.rows)
        return sandwich_of_table(self.spec, table, triangle, rows), None

    def clusters(self, count: int, *, weightless: bool) -> RowClusters | None:
        """Those of all rows, or of rows of a weight above 0 alone; None where errors are not clustered."""
        if not self._parts:
            return None
        parts = (codes if weightless or weight is None else codes[weight > 0.0] for codes, weight in self._parts)
        codes = np.concatenate([*parts])
        # Of clusters that were held out as a whole no row is fitted.
        return RowClusters(from_numpy(codes), len(np.unique(codes)) if self.spec.holdout else count)


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
    middle = Middle.empty(
        asked, inner.shape[1], frequency=weighting_of(spec) is Weighting.FREQUENCY, device=design.device
    )
    seen = LinearRows(standard, inner, weights, dtype_of(spec))
    logger.info("the table is read once more, for the residuals of --se %s", spec.se)
    met: set[int] = set()
    for batch in fitted_rows(table.ahead()):
        codes = None if batch.cluster is None else from_numpy(batch.cluster)
        seen.add_to(middle, batch, codes)
        if spec.holdout and batch.cluster is not None:
            codes_met = batch.cluster if batch.weight is None else batch.cluster[batch.weight > 0.0]
            met.update(codes_met.tolist())
    # Of clusters that were held out as a whole no row is fitted.
    clusters = (len(met) if spec.holdout else table.clusters) or None
    total = ranks.fold(lambda: middle.total, torch.add) if ranks.several else None
    middle.through = any(ranks.gather(middle.through))
    root = middle.root(inner, correction(asked, rows, inner.shape[1], clusters), total)
    return Sandwich(asked, lambda _inner: root, freedom_of(asked, rows, clusters), clusters)
