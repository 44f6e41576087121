"""What `compare-lr` returns: what each rate reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from gdsolve.spec import Spec
from gdsolve.status import Status
from gdsolve.verbs.data import DataInfo
from gdsolve.verbs.outcome import Optimum, Subject

if TYPE_CHECKING:
    from gdsolve.descent.solution import Trace
    from gdsolve.objective.modes import Spectrum
    from gdsolve.picture import Picture

T = TypeVar("T")

# Shares of the largest stable rate: the grid that is shown when no rates are given.
GRID = (0.0001, 0.001, 0.01, 0.03, 0.1, 0.3, 0.5, 0.9, 0.99, 1.0, 1.01, 1.1, 2.0)


@dataclass(frozen=True, slots=True)
class RateResult:
    """What one rate reached: the state when it stopped, in the user's units.

    `factor` is max|1 − αλ|, by which the error shrinks (or grows) a step in the long run; None without any curvature.
    """

    learning_rate: float
    status: Status
    stopped_by: str
    iterations: int
    sse: float | None
    loss: float
    gap: float | None
    factor: float | None
    trace: Trace | None


def until_interrupted(steps: Iterable[T]) -> list[T]:
    """What there is of `steps` when Ctrl-C is pressed, or all of it.

    Raises:
        KeyboardInterrupt: there is nothing yet.
    """
    done: list[T] = []
    try:
        for step in steps:
            done.append(step)
    except KeyboardInterrupt:
        if not done:
            raise
    return done


def interruption(done: int, asked: int, what: str) -> str:
    """That only `done` of what was asked for came to its end.

    >>> interruption(1600, 100_000, "rates")
    'Interrupted after 1,600 of 100,000 rates.'
    """
    return f"Interrupted after {done:,} of {asked:,} {what}."


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rates in the order in which they were given, and what all of them share.

    If interrupted, those that were reached, of which the last need not have come to its end; `message` says so.
    """

    spec: Spec
    subject: Subject
    names: tuple[str, ...]
    intercept: bool
    rates: tuple[RateResult, ...]
    spectrum: Spectrum | None
    optimum: Optimum | None
    tol: float
    max_iter: int | None
    data: DataInfo | None
    advice: tuple[str, ...]
    seconds: dict[str, float]
    message: str | None = None
    picture: Picture | None = None

    @property
    def interrupted(self) -> bool:
        """True where rates that were asked for are missing, or what all of them share is."""
        return self.message is not None
