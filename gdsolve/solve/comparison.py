"""What `compare-lr` and `compare` return: what each rate, or each method, reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from gdsolve.presented import Drawn, Kept, Tabled
from gdsolve.solve.data import DataInfo
from gdsolve.solve.minibatches import Minibatches
from gdsolve.solve.outcome import Optimum, Subject
from gdsolve.spec import Method, RateSchedule, Spec
from gdsolve.spec.command import Advice
from gdsolve.spec.numbers import typable
from gdsolve.status import Status

if TYPE_CHECKING:
    from gdsolve.descent.solution import Trace
    from gdsolve.objective.spectrum import Spectrum
    from gdsolve.picture import Picture
    from gdsolve.solve.found_start import FoundStart
    from gdsolve.solve.start_counts import Starts

T = TypeVar("T")

# Shares of the largest stable rate: the grid that is shown when no rates are given.
GRID = (0.0001, 0.001, 0.01, 0.03, 0.1, 0.3, 0.5, 0.9, 0.99, 1.0, 1.01, 1.1, 2.0)


@dataclass(frozen=True, slots=True)
class RateResult:
    """What one rate reached: the state when it stopped, in the user's units.

    `factor` is max|1 − αλ|, by which the error shrinks (or grows) a step in the long run; None without any curvature.
    Of stochastic descent `excess` is how far above its minimum the loss has hovered, `predicted_at_end` what was known
    of it before, and `predicted_excess` where it hovers in the long run.
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
    excess: float | None = None
    predicted_excess: float | None = None
    predicted_at_end: float | None = None


def grid_around(stable: float, best: float | None = None) -> tuple[float, ...]:
    """Rates on both sides of a limit, as they can be typed; with the `best` one where the limit is known exactly.

    The limit itself is then given to so many digits that typed again it still is the limit.
    """
    shares = {typable(share * stable) for share in GRID if share != 1.0}
    limit = typable(stable) if best is None else float(f"{stable:.14g}")
    return tuple(sorted({*shares, limit, *(() if best is None else (typable(best),))}))


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


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Drawn, Tabled):
    """The rates in the order in which they were given, and what all of them share.

    `stable_below` is the limit of a quadratic, which holds everywhere; that of a `spectrum` alone, near the minimum.
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
    advice: tuple[Advice, ...]
    seconds: dict[str, float]
    stable_below: float | None
    message: str | None = None
    picture: Picture | None = None
    starts: Starts | None = None
    found_start: FoundStart | None = None
    batches: Minibatches | None = None
    kept: Kept | None = field(default=None, compare=False)

    @property
    def largest_stable_lr(self) -> float | None:
        """The limit of stable rates, of anything but a quadratic near the minimum; None where it is not known."""
        return None if self.spectrum is None else self.spectrum.largest_stable

    @property
    def best_lr(self) -> float | None:
        """The best constant rate; None where it is not known."""
        known = self.spectrum is not None and not self.spec.l1 and self.batches is None
        return self.spectrum.best if known and self.spectrum is not None else None

    @property
    def interrupted(self) -> bool:
        """True where rates that were asked for are missing, or what all of them share is."""
        return self.message is not None


def cannot_begin(fault: str) -> Advice:
    """That no run has taken a step, for a fault of the start."""
    return Advice(f"No run could begin: {fault}. Start elsewhere, with --start.")


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What one method reached, in the user's units, and what it cost."""

    method: Method
    schedule: RateSchedule
    learning_rate: float | None
    momentum: float | None
    status: Status
    stopped_by: str | None
    iterations: int
    evaluations: int
    seconds: float
    sse: float | None
    loss: float
    gap: float | None
    tol: float
    weights: dict[str, float]
    intercept: float | None
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class MethodComparison(Drawn, Tabled):
    """The methods in the order in which they were given, and what all share; `tol` is None where each has its own."""

    spec: Spec
    subject: Subject
    methods: tuple[MethodResult, ...]
    left_out: dict[str, str]
    optimum: Optimum | None
    tol: float | None
    data: DataInfo | None
    advice: tuple[Advice, ...]
    seconds: dict[str, float]
    message: str | None = None
    picture: Picture | None = None
    starts: Starts | None = None
    found_start: FoundStart | None = None
    kept: Kept | None = field(default=None, compare=False)

    @property
    def interrupted(self) -> bool:
        """True where a method did not come to its end, or the search for the minimum did not; `message` says so."""
        return self.message is not None
