"""The problem: what there is to descend on and from where, with all that is known of it before the first step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from gdsolve.ranks import ALONE, Ranks
from gdsolve.spec.choices import WeightKind

if TYPE_CHECKING:
    import numpy as np
    import torch

    from gdsolve.objective.base import Objective
    from gdsolve.objective.box import Box
    from gdsolve.objective.coordinates import Coordinates
    from gdsolve.objective.kept_rows import KeptRows
    from gdsolve.objective.modes import Modes
    from gdsolve.objective.optimum import Minimisers
    from gdsolve.objective.sandwich import Sandwich
    from gdsolve.objective.separated import Separation
    from gdsolve.objective.shrinkage import Limits, Shrinkage
    from gdsolve.objective.spectrum import Spectrum
    from gdsolve.objective.triangle import Triangle
    from gdsolve.solve.data import DataInfo
    from gdsolve.solve.dealt import Dealt
    from gdsolve.solve.found_start import FoundStart
    from gdsolve.solve.many_starts import ManyStarts
    from gdsolve.solve.robust_pass import RowClusters
    from gdsolve.spec import Spec


class Kind(StrEnum):
    """What is minimised."""

    FORMULA = "formula"
    CURVE = "curve"
    LINEAR = "linear"


class Units(Protocol):
    """The map between the user's weights and those of descent, (p, q) each."""

    def to_user(self, weights: torch.Tensor) -> torch.Tensor: ...  # noqa: D102
    def from_user(self, weights: torch.Tensor) -> torch.Tensor: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Squares:
    """What one pass over a table leaves of least squares: all of it, in any coordinates.

    `standard` are the standardised coordinates; `minimisers` are in the user's units; `curvature_scale` is c of
    c/2·SSE; `kept` has the rows, where an engine reads them at every step; `sandwich` the robust errors, if they are
    asked for.
    """

    triangle: Triangle
    standard: Coordinates
    coordinates: Coordinates
    minimisers: Minimisers
    curvature_scale: float
    kept: KeptRows
    ranks: Ranks = ALONE
    sandwich: Sandwich | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """An objective with its start, (p, 1), in descent's coordinates, and `units`, the map to the user's.

    `labels` names the weights, the intercept left out. `modes` are known where the objective is a quadratic, and
    `squares` where it is least squares on a table: its objective is then the triangle's, in float64, whichever engine
    descends. `bound` is one on the largest curvature anywhere, where there is one; `smooth` is False where the gradient
    has jumps. `rows` are counted by their weights: m = Σω. `sample` has rows of the table, (r, n + 1), for a picture.
    `delta_found` tells that Huber's δ, which is that of `spec`, was not asked for. `fault_of_start` says why loss or
    gradient are not finite at the start, where they are not. `separation` is what keeps a likelihood from having a
    minimum, where that was worth finding before the first step. `placed` says why rows are where they are, where that
    was chosen. `shrinkage` is an l1 penalty, which the objective is without; there are no modes then, and of least
    squares `smooth_spectrum` is the spectrum of the objective. `dealt` has what validation needs, where it was asked
    for. `triangle` is that of the table of a linear model, and `clusters` are those of rows in memory, where errors are
    clustered. Where it `is_streamed` an evaluation reads all rows anew. `spread` are the starts that fill ranges, where
    there are any: the start is one of them, and `found_start` tells of a start that was found from the data.
    """

    spec: Spec
    kind: Kind
    objective: Objective
    start: torch.Tensor
    labels: tuple[str, ...]
    intercept: bool
    units: Units
    box: Box | None
    data: DataInfo | None
    rows: float
    total_sum_of_squares: float | None
    modes: Modes | None
    bound: float | None
    convex: bool
    smooth: bool
    seconds: float
    squares: Squares | None = None
    sample: np.ndarray | None = None
    delta_found: bool = False
    fault_of_start: str | None = None
    separation: Separation | None = None
    placed: str = ""
    shrinkage: Shrinkage | None = None
    smooth_spectrum: Spectrum | None = None
    dealt: Dealt | None = None
    triangle: Triangle | None = None
    clusters: RowClusters | None = None
    spread: ManyStarts | None = None
    found_start: FoundStart | None = None
    is_streamed: bool = False

    @property
    def p(self) -> int:
        """The number of weights."""
        return len(self.start)

    @property
    def observations(self) -> float:
        """What degrees of freedom are counted from: rows of a weight above 0, or Σω where weights are frequencies."""
        if self.data is None or self.spec.weight_kind is WeightKind.FREQUENCY:
            return self.rows
        return float(self.data.rows - self.data.rows_weightless)

    @property
    def loss_unit(self) -> float:
        """What a loss in descent's coordinates counts for in the user's units."""
        return float(getattr(self.units, "target_scale", 1.0)) ** 2

    @property
    def bounded(self) -> Objective:
        """The objective within its bounds, or with its l1 penalty, if it has any."""
        return self.limited(self.objective, self.start)

    @property
    def limits(self) -> Limits | None:
        """What steps are held to: bounds, or an l1 penalty."""
        return self.shrinkage if self.box is None else self.box

    @property
    def holds_weights(self) -> bool:
        """True where weights stay for a while where they are held, at 0 or at a bound, on their way along a quadratic.

        What its whole spectrum says of rates is then a bound, and not what happens.
        """
        return self.shrinkage is not None or self.smooth_spectrum is not None

    def limited(self, objective: Objective, like: torch.Tensor) -> Objective:
        """An objective that is descended on in place of the problem's own, with the limits for weights as in `like`."""
        from gdsolve.objective.box import Boxed
        from gdsolve.objective.shrinkage import Shrunk

        if self.shrinkage is not None:
            return Shrunk(objective, self.shrinkage.to(like))
        return objective if self.box is None else Boxed(objective, self.box.to(like))

    def named(self, w: torch.Tensor) -> tuple[dict[str, float], float | None]:
        """Weights by name and intercept, in the user's units, of `w`, (p, 1) in descent's."""
        return self.of_user(self.units.to_user(w))

    def of_user(self, user: torch.Tensor) -> tuple[dict[str, float], float | None]:
        """The same of weights, (p, 1), that are in the user's units already."""
        weights = dict(zip(self.labels, user[: len(self.labels), 0].tolist(), strict=True))
        return weights, float(user[-1, 0]) if self.intercept else None
