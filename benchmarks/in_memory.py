"""What is measured in memory: a table, descent on its rows as gdsolve takes it, and the same by hand, by turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.data import Shape, blocks
from benchmarks.measure import MeasurementError
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.kept_rows import KeptRows
from gdsolve.objective.pointwise import Huber, Logistic
from gdsolve.objective.pointwise_rows import PointwiseRows, collect_pointwise_rows
from gdsolve.objective.quadratic import Penalty
from gdsolve.objective.rows import Rows, collect_rows

HOST = torch.device("cpu")
LEARNING_RATE = 0.1
DELTA = 1.0
# A call that is shorter is repeated for so long; so long in all may a run take of what is long by itself.
SECONDS_PER_CALL = 0.05
SECONDS_A_RUN = 5.0
# How far two gradients may be apart, relative to their length.
SAME_STEP = {torch.float64: 1e-9, torch.float32: 1e-3}

SAME_WEIGHTS = 1e-8

Step = Callable[[Tensor], Tensor]
Seconds = Callable[[], float]

# The slopes ∂l/∂z of the rows, of predictions and targets, as anybody writes them.
SLOPES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "squares": lambda z, y: z - y,
    "logistic": lambda z, y: torch.sigmoid(z) - y,
    "huber": lambda z, y: torch.clamp(z - y, -DELTA, DELTA),
}


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Rows of a table as `gdsolve.objective.triangle.RowBlock`."""

    values: np.ndarray
    weight: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """Rows in memory twice: `X`, (m, p) row by row with its ones, and `y`, (m, 1), by hand; and gdsolve's objective."""

    X: Tensor
    y: Tensor
    loss: str
    objective: Rows | PointwiseRows

    @property
    def start(self) -> Tensor:
        """Weights, (p, 1), at which nothing is 0."""
        p = self.X.shape[1]
        return torch.linspace(-0.5, 0.5, p, dtype=self.X.dtype, device=self.X.device)[:, None]

    def by_hand(self, X: Tensor | None = None) -> Step:
        """w − α/m·Xᵀ(l′(Xw, y)): `X.t() @ (X @ w - y)` for squares; X as it lies in memory, or as it is given."""
        design, y, slopes, rate = self.X if X is None else X, self.y, SLOPES[self.loss], LEARNING_RATE / len(self.X)
        return lambda w: w - rate * (design.t() @ slopes(design @ w, y))

    def by_gdsolve(self, *, many: bool = True) -> Step:
        """The same step by gdsolve's engine `rows`, made for the threads that torch has now.

        Of `many` updates it is one that may be compiled, which then is done at the first.
        """
        objective = self.objective.hastened() if many else replace(self.objective)
        return lambda w: w - LEARNING_RATE * objective.evaluate(w).gradient

    def require_same(self, *steps: Step) -> None:
        """Hold the steps of several ways against each other.

        Raises:
            MeasurementError: they are not the same.
        """
        w = self.start
        first, *others = (step(w) - w for step in steps)
        for other in others:
            apart = float((other - first).norm() / first.norm())
            if not apart < SAME_STEP[w.dtype]:
                raise MeasurementError(f"two ways to take one step differ by {apart:g} of its length")


@lru_cache(maxsize=1)
def ground_of(shape: Shape, dtype: torch.dtype, loss: str, device: torch.device = HOST) -> Ground:
    """The rows of a table on a device; for the logistic loss the target is whether it is above its mean."""
    m, n = shape.rows, shape.features
    X, y = torch.ones(m, n + 1, dtype=dtype, device=device), torch.empty(m, 1, dtype=dtype, device=device)
    kept, place = KeptRows(dtype), 0
    for block in blocks(shape):
        values = block
        if loss == "logistic":
            values = np.column_stack([block[:, :-1], block[:, -1] > 0.5])
        kept.add(RowBlock(values))
        here = slice(place, place + len(values))
        X[here, :-1].copy_(torch.from_numpy(values[:, :-1]))
        y[here].copy_(torch.from_numpy(values[:, -1:]))
        place += len(values)
    raw = Coordinates.raw(n, intercept=True, device=HOST)
    penalty = Penalty.ridge(0.0, raw, penalize_intercept=False)
    if loss == "squares":
        return Ground(X, y, loss, collect_rows(kept, raw, penalty, 1.0 / m, device))
    pointwise = Logistic() if loss == "logistic" else Huber(DELTA)
    return Ground(X, y, loss, collect_pointwise_rows(kept, raw, penalty, pointwise, device))


@lru_cache(maxsize=1)
def table_of(shape: Shape) -> np.ndarray:
    """The cells of a table, (m, n + 1), the target last, column by column, as gdsolve has arrays."""
    values = np.empty((shape.rows, shape.features + 1), order="F")
    place = 0
    for block in blocks(shape):
        values[place : place + len(block)] = block
        place += len(block)
    return values


def forget() -> None:
    """Release what is held in memory."""
    ground_of.cache_clear()
    table_of.cache_clear()


def per_call(call: Callable[[], object], device: torch.device = HOST) -> float:
    """Seconds per call, over as many calls as take a while, the work of the device included."""
    once = _seconds(call, 1, device)
    calls = int(SECONDS_PER_CALL / once)
    return _seconds(call, calls, device) / calls if calls > 1 else once


def once(call: Callable[[], object], device: torch.device = HOST) -> float:
    """Seconds of one call."""
    return _seconds(call, 1, device)


def by_turns(ways: Mapping[str, Seconds], runs: int) -> dict[str, list[float]]:
    """What each way takes, one after the other and again, so often as `runs` says.

    A first turn of all is not counted, but where they are so slow that time is short; then there are fewer runs.
    """
    patience, began = SECONDS_A_RUN * runs, time.perf_counter()
    first = {name: way() for name, way in ways.items()}
    turn = time.perf_counter() - began
    taken = {name: [seconds] for name, seconds in first.items()}
    if turn * (runs + 1) <= patience:
        taken = {name: [] for name in ways}
    while (done := len(next(iter(taken.values())))) < runs:
        before = time.perf_counter()
        if done and before - began + turn > patience:
            break
        for name, way in ways.items():
            taken[name].append(way())
        turn = time.perf_counter() - before
    return taken


def _seconds(call: Callable[[], object], calls: int, device: torch.device) -> float:
    wait_for(device)
    began = time.perf_counter()
    for _ in range(calls):
        call()
    wait_for(device)
    return time.perf_counter() - began


def require_same(*fits: Any) -> None:
    """Hold the weights of several fits, (p, 1), against each other.

    Raises:
        MeasurementError: they are not the same.
    """
    first, *others = (torch.as_tensor(fit).reshape(-1).cpu() for fit in fits)
    for other in others:
        apart = float((other - first).abs().max())
        if not apart < SAME_WEIGHTS:
            raise MeasurementError(f"two fits differ by {apart:g} in a weight")


def wait_for(device: torch.device) -> None:
    """Wait until a device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
