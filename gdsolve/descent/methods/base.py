"""What the loop needs to know of a method, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from torch import Tensor

from gdsolve.objective.base import Evaluation, Objective


@dataclass(frozen=True, slots=True)
class Point:
    """Where descent stands: `w`, (p, 1), and the objective there."""

    w: Tensor
    now: Evaluation

    @classmethod
    def at(cls, objective: Objective, w: Tensor) -> Point:
        """Evaluate `objective` at `w`."""
        return cls(w, objective.evaluate(w))


@dataclass(frozen=True, slots=True)
class Advance:
    """One update: where it led, what the method remembers, and how many evaluations of the objective it cost."""

    point: Point
    memory: Any
    evaluations: int = 1


class Halt(StrEnum):
    """Why a method found no further update.

    `ROUNDING`: what a step could still gain is below the rounding of the loss, so that this is the minimum to the
    digits that there are. `NO_STEP`: no step along a direction of descent, however short, lowers the loss.
    """

    ROUNDING = "rounding"
    NO_STEP = "no_step"


class UpdateRule(Protocol):
    """A rule that makes the next iterate from the last one; it keeps no state of its own.

    `blind`: its steps need no figure on the host, so that the loop takes many before it looks.
    """

    @property
    def blind(self) -> bool: ...  # noqa: D102

    def begin(self, objective: Objective, start: Point) -> Any:
        """What the method remembers before its first step."""
        ...

    def step(self, objective: Objective, point: Point, memory: Any, k: int) -> Advance | Halt:
        """Update number k + 1, from `point`, which is the state after k updates."""
        ...


@runtime_checkable
class Condensing(Protocol):
    """A method that remembers what it could compute anew at a point, and can do without while nothing runs."""

    def condense(self, memory: Any) -> Any:
        """What cannot be computed anew of what the method remembers."""
        ...

    def expand(self, objective: Objective, point: Point, condensed: Any) -> Any:
        """All of it again, bit for bit, at the point where it was condensed."""
        ...
