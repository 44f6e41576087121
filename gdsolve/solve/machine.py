"""What an update costs here: assumed for choices that must not change from run to run, measured for what is told."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.build import Recipe, build_method
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.stop import SmallUpdate
from gdsolve.objective.autograd_rows import AutogradRows
from gdsolve.objective.base import Objective
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.kept_rows import KeptRows
from gdsolve.objective.quadratic import Penalty, Quadratic
from gdsolve.objective.row_blocks import empty_design
from gdsolve.objective.rows import Rows, collect_rows
from gdsolve.objective.threads import on_threads
from gdsolve.solve.device import SHARED
from gdsolve.spec import Engine, Method

CACHE_BYTES = 2 << 20
# Of so many bytes an update is timed at most: enough for every thread to have its share, and for what a cache keeps.
LEAST_FAR, MOST_FAR, FAR_A_THREAD = 64 << 20, 256 << 20, 16 << 20
# Heights and widths at which it is timed are powers of this.
STEP = 4
WIDEST = STEP**5
# So many numbers take no time beside the calls that they are read in.
SMALL = 1 << 11
SAMPLE = 1 << 18
COLUMNS = 16
# Each is timed so often, and again within some milliseconds: others use the machine as well.
ROUNDS, MOST_ROUNDS, PATIENCE = 3, 12, 6e-3
# Longer than this, an update is timed by itself; shorter ones as the loop takes them, a block or as many as fit.
LONG = 1e-3
UPDATES = 64
WAITED_FOR = 1 << 22
# Of the time that an update takes uncompiled, on one thread.
COMPILED = 0.6
SPAN = 2e-3


class Machine(Protocol):
    """Seconds that the parts of a descent take on one device, in one precision, on so many threads."""

    def update(self, engine: Engine, rows: int, p: int) -> float:
        """One update on a matrix (rows, p), with all that the loop does about it."""
        ...

    def compiled(self, rows: int, p: int) -> float:
        """One update on rows by compiled code."""
        ...

    def product(self, engine: Engine, rows: int, p: int) -> float:
        """The errors of one column of weights on such a matrix, where many columns are multiplied at once."""
        ...

    def bring(self, rows: int, p: int) -> float:
        """Rows, as they were read, brought into coordinates and place."""
        ...

    def begin(self) -> float:
        """A run of the loop beside its updates: what it is begun and ended with."""
        ...

    def leap(self, found: float | None) -> float:
        """The search of the closed form for where it stops, which took `found` seconds where it was made before."""
        ...


@dataclass(frozen=True, slots=True)
class Assumed:
    """A machine by a few figures, in seconds: for choices, as every run must choose alike, and for tests.

    `triangle`, `rows` and `autograd` are an update beside its arithmetic; `near` and `far` a number of the matrix, read
    for both products of an update, where a cache has it and where not; `sent` a number on its way to where it is read;
    `multiplied` one by one weight of many columns; `search` is that of the closed form.
    """

    triangle: float = 3e-5
    rows: float = 4e-5
    autograd: float = 1e-4
    near: float = 5e-10
    far: float = 1.2e-9
    sent: float = 6e-9
    multiplied: float = 2e-10
    search: float = 1.5e-3

    def update(self, engine: Engine, rows: int, p: int) -> float:
        """An update beside its arithmetic, and a number after the other."""
        beside = {Engine.ROWS: self.rows, Engine.AUTOGRAD: self.autograd}.get(engine, self.triangle)
        return beside + rows * p * (self.near if 8 * rows * p <= CACHE_BYTES else self.far)

    def compiled(self, rows: int, p: int) -> float:
        """A number after the other."""
        return self.rows + COMPILED * rows * p * self.far

    def product(self, engine: Engine, rows: int, p: int) -> float:
        """A number after the other."""
        return rows * p * self.multiplied

    def bring(self, rows: int, p: int) -> float:
        """A number after the other."""
        return rows * (p + 1) * self.sent

    def begin(self) -> float:
        """Some ten updates."""
        return 10.0 * self.triangle

    def leap(self, found: float | None) -> float:
        """Always the same, however long it took."""
        return self.search


REFERENCE = Assumed()
"""One core of 2024: what engines are chosen by, since only ratios matter there."""


@dataclass(frozen=True, slots=True)
class Measured:
    """This machine: every figure is timed when it is first asked for, once a process, in some milliseconds.

    An update is timed on matrices of a few heights and widths, as the engine takes it, and told of others by
    interpolation; above a height that no cache holds it is proportional to the rows.
    """

    device: str
    dtype: torch.dtype
    threads: int

    def update(self, engine: Engine, rows: int, p: int) -> float:
        """Between the two heights about it that are timed."""
        if p > WIDEST:
            # What is read takes the time: columns beyond those that are timed count as rows.
            rows, p = math.ceil(rows * p / WIDEST), WIDEST
        width = _width(p)
        tallest = self._tallest(width)
        beside = self._timed(engine, STEP, width)
        if rows * p <= SMALL:
            return beside
        if rows >= tallest:
            found = beside + (self._timed(engine, tallest, width) - beside) * rows / tallest
        else:
            # Fewer rows than are ever timed, of many columns, are told by the two lowest heights.
            below = max(STEP, STEP ** int(math.log(rows, STEP) + 1e-9))
            above = min(STEP * below, tallest)
            below = below if below * width > SMALL else STEP
            share = math.log(rows / below) / math.log(above / below)
            low, high = self._timed(engine, below, width), self._timed(engine, above, width)
            found = low * (max(low, high) / low) ** share
        # Beside the columns a step reads the target, and writes and reads residuals.
        return beside + max(0.0, found - beside) * (p + 2) / (width + 2)

    def compiled(self, rows: int, p: int) -> float:
        """By what one thread takes without: to compile takes longer than one may wait for a prediction."""
        alone = replace(self, threads=1).update(Engine.ROWS, rows, p)
        return COMPILED * alone / float(self.threads**SHARED)

    def product(self, engine: Engine, rows: int, p: int) -> float:
        """As many numbers at a time as were timed."""
        if rows * p <= SMALL:
            return REFERENCE.product(engine, rows, p)
        return rows * p * _multiplied(self, engine, _width(p))

    def bring(self, rows: int, p: int) -> float:
        """As many numbers at a time as were timed."""
        if rows * p <= SAMPLE:
            return REFERENCE.bring(rows, p)
        return rows * (p + 1) * _sent(self, _width(p))

    def begin(self) -> float:
        """Some ten updates."""
        return 10.0 * self._timed(Engine.TRIANGLE, STEP, STEP)

    def leap(self, found: float | None) -> float:
        """The search once more, and the states at the iterations to be reported."""
        beside = 25.0 * self._timed(Engine.TRIANGLE, STEP, STEP)
        return beside + (2.0 * beside if found is None else found)

    def _tallest(self, width: int) -> int:
        most = min(MOST_FAR, max(LEAST_FAR, self.threads * FAR_A_THREAD)) if self.device == "cpu" else MOST_FAR
        return most // (width * self.dtype.itemsize)

    def _timed(self, engine: Engine, rows: int, width: int) -> float:
        return _seconds_of_update(self, engine, rows, width)


def measured(device: str, dtype: torch.dtype, threads: int) -> Machine:
    """The machine that this process runs on."""
    return Measured(device, dtype, threads)


def _width(p: int) -> int:
    """The width of those timed that is nearest to p."""
    return int(min(WIDEST, max(STEP, STEP ** round(math.log(max(p, 1), STEP)))))


@cache
def _seconds_of_update(machine: Measured, engine: Engine, rows: int, width: int) -> float:
    found = _timed_on(machine, machine.threads, engine, rows, width)
    if engine is not Engine.ROWS and machine.device == "cpu" and machine.threads > 1 and rows * width <= WAITED_FOR:
        # While others use the machine, threads that wait for each other may take far longer than one does.
        return min(found, _timed_on(machine, 1, engine, rows, width))
    return found


def _timed_on(machine: Measured, threads: int, engine: Engine, rows: int, width: int) -> float:
    objective, start = _posed(machine, engine, rows, width)
    with on_threads(threads):
        once = _best(lambda: _seconds(lambda: float(objective.evaluate(start).value)))
        if once > LONG and machine.device == "cpu":
            return once
        updates = UPDATES if machine.device != "cpu" else max(4, min(UPDATES, int(SPAN / once)))
        method, rules, schedule = build_method(Recipe(Method.GD, 1e-3)), (SmallUpdate(-1.0),), Schedule(1_000_000)

        def run() -> None:
            iterate(objective, start, method, rules, max_iter=updates, schedule=schedule)

        return _best(lambda: _seconds(run)) / updates


@cache
def _multiplied(machine: Measured, engine: Engine, width: int) -> float:
    """Seconds for a number of a matrix and a weight beside it."""
    rows = SAMPLE // width
    objective, start = _posed(machine, engine, rows, width)
    weights = start.expand(-1, COLUMNS).contiguous()
    with on_threads(machine.threads):

        def multiply() -> None:
            found = objective.sse(weights)
            assert found is not None
            found.tolist()

        return _best(lambda: _seconds(multiply)) / (rows * width * COLUMNS)


@cache
def _sent(machine: Measured, width: int) -> float:
    """Seconds for a number that is brought from where it was read to where an engine reads it."""
    rows, device = 2 * SAMPLE // width, torch.device(machine.device)
    raw = Coordinates.raw(width - 1, intercept=True, device=torch.device("cpu"))
    none = Penalty.none(width, raw.scale)

    def bring() -> float:
        kept = KeptRows(machine.dtype)
        kept.add(_Sample(np.ones((rows, width)), None))
        return _seconds(lambda: float(collect_rows(kept, raw, none, 1.0, device).target[0, 0]))

    with on_threads(machine.threads):
        return _best(bring) / (rows * (width + 1))


@dataclass(frozen=True, slots=True)
class _Sample:
    values: np.ndarray
    weight: np.ndarray | None


def _posed(machine: Measured, engine: Engine, rows: int, width: int) -> tuple[Objective, Tensor]:
    """An objective of the kind that the engine descends on, and a start for it."""
    device, dtype = torch.device(machine.device), machine.dtype
    start = torch.zeros(width, 1, dtype=dtype, device=device)
    target = torch.ones(rows, 1, dtype=dtype, device=device)
    none = Penalty.none(width, start)
    if engine is Engine.TRIANGLE:
        design = torch.ones(rows, width, dtype=dtype, device=device)
        return Quadratic(design, target, none, 1.0 / rows), start
    design = empty_design(rows, width, dtype=dtype, device=device).fill_(1.0)
    kind = AutogradRows if engine is Engine.AUTOGRAD else Rows
    return kind(design, target, none, 1.0 / rows), start


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _best(seconds: Callable[[], float]) -> float:
    """The least of a few timings."""
    found = [seconds() for _ in range(ROUNDS)]
    while len(found) < MOST_ROUNDS and sum(found) < PATIENCE:
        found.append(seconds())
    return min(found)
