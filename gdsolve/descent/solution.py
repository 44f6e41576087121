"""What a descent returns."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from gdsolve.status import Status


@dataclass(frozen=True, slots=True, repr=False)
class Trace:
    """The reported iterations, one column each; row k of the textbook's table is the state after k updates.

    Shapes: `iterations` has R entries, `weights` is (p, R), `sse`, `values`, `gradient_norms`, `updates` have R;
    the update of iteration 0 is None, and so is the SSE of an objective without data. All in descent's coordinates.
    `gradients`, (p, R), are those of the user's weights, where they are to be shown.
    """

    iterations: tuple[int, ...]
    weights: Tensor
    sse: tuple[float | None, ...]
    values: tuple[float, ...]
    gradient_norms: tuple[float, ...]
    updates: tuple[float | None, ...]
    gradients: Tensor | None = None

    def __len__(self) -> int:
        return len(self.iterations)

    def __repr__(self) -> str:
        if not self.iterations:
            return "Trace: no iteration is reported"
        told = "1 iteration" if len(self) == 1 else f"{len(self)} iterations"
        return f"Trace: {told} reported, {self.iterations[0]:,} to {self.iterations[-1]:,}; frame() of the fit has all"


@dataclass(frozen=True, slots=True)
class Solution:
    """Where a descent ended: returned, never raised.

    `w`, (p, 1), is the last iterate, or the best one when the run diverged; `iterations` counts the updates taken and
    `best_iteration` those that led to `w`. `stopped_by` names the rule, or `max_iter`, or why the method found no step.
    `evaluations` counts those of the objective; the closed form needs none. `epoch_values` are the losses
    of all rows at the end of every epoch of a stochastic descent.
    """

    w: Tensor
    value: float
    status: Status
    stopped_by: str | None
    iterations: int
    best_iteration: int
    evaluations: int
    trace: Trace
    epoch_values: tuple[float, ...] = ()
