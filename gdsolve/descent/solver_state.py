"""Where a run stands between two updates: all that the rest of it depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

from gdsolve.descent.methods.base import Point
from gdsolve.descent.stop import Step


@dataclass(frozen=True, slots=True)
class SolverState:
    """A run after `step.k` updates: the point, the method's memory (condensed), and what was reported so far.

    `weights`, (p, R), are those of the R iterations in `reported`; `best` is the least value with its k and w.
    """

    point: Point
    memory: Any
    step: Step
    reported: tuple[Step, ...]
    weights: Tensor
    best: tuple[float, int, Tensor]
    evaluations: int


class StateKeeper(Protocol):
    """Who keeps where a run stands, for another run that goes on from there."""

    def begin(self, start: Tensor) -> SolverState | None:
        """Where an earlier run from `start` stood; None to begin at the start."""
        ...

    def due(self) -> bool:
        """True where it is time to keep where the run stands."""
        ...

    def keep(self, state: SolverState, *, last: bool) -> None:
        """Keep it; `last` where the run ends."""
        ...
