"""How long a descent takes by each engine, told before it begins: the sentence under `engine`."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import torch

from gdsolve.descent.iterate import LONG_STEP
from gdsolve.descent.schedule import Schedule
from gdsolve.objective.compiled_walk import LEAST_NUMBERS, has_compiler
from gdsolve.solve.device import dtype_of, place_rows
from gdsolve.solve.machine import Machine, measured
from gdsolve.solve.words import duration, updates_in_words
from gdsolve.spec import Engine, Spec

logger = logging.getLogger("gdsolve")

# Numbers read by all updates together, at half a second or more for a thousand million of them, that repay compiling.
REPAID = 2_000_000_000
COMPILING = 1.5
ENGINES = (Engine.LEAP, Engine.TRIANGLE, Engine.ROWS)


@dataclass(frozen=True, slots=True)
class Work:
    """What a descent is to an engine: its table, its updates, and where and in which precision they are taken.

    `reported` iterations are kept with their errors. `iterations` is None where their number is not known, and what is
    told is then an update's; with `at_most` the run may end before. `overshot` updates are taken beyond its end, since
    a loop looks but after a block of them. `search` are the seconds that the closed form took
    to find where it stops, None where that was not looked for.
    """

    rows: int
    p: int
    iterations: int | None
    reported: int
    at_most: bool = False
    overshot: int = 0
    search: float | None = None
    device: str = "cpu"
    dtype: torch.dtype = torch.float64
    threads: int = 1


def predicted_seconds(engine: Engine, work: Work, machine: Machine | None = None) -> float:
    """Predicted seconds of a descent, by this machine unless another is given.

    The pass over the table, its decomposition and the certificate, which every engine needs, are left out, and so is
    the first search for where the run stops, by which its length is known. The closed form costs its own search and the
    reported rows, p×p each. A step costs its arithmetic and what the loop does about it: on min(m, p + 1) rows for
    the triangle; on all m for `rows` and `autograd`, which are brought into place before.
    """
    machine = machine or measured(work.device, work.dtype, work.threads)
    height = min(work.rows, work.p + 1)
    if engine is Engine.LEAP:
        states = 4 * work.reported * machine.product(Engine.TRIANGLE, height, work.p)
        return machine.leap(work.search) + states
    rows = height if engine is Engine.TRIANGLE else work.rows
    each, before = machine.update(engine, rows, work.p), machine.begin()
    if _is_compiled(engine, work):
        each, before = min(each, machine.compiled(rows, work.p)), before + COMPILING
    if work.iterations is None:
        return each
    # The errors of the reported iterations are found together, and the start is evaluated as every iterate is.
    taken = work.iterations + 1 + (work.overshot if rows * work.p <= LONG_STEP else 0)
    found = before + taken * each + work.reported * machine.product(engine, rows, work.p)
    return found if engine is Engine.TRIANGLE else found + machine.bring(rows, work.p)


def _is_compiled(engine: Engine, work: Work) -> bool:
    """True where code is compiled for the updates of a run: see `gdsolve.objective.walks.walk_of`."""
    numbers = work.rows * work.p
    long = work.iterations is None or work.iterations * numbers >= REPAID
    return engine is Engine.ROWS and work.device == "cpu" and numbers >= LEAST_NUMBERS and long and has_compiler()


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the engine of a run is predicted to take, beside others that could have taken it.

    As text it is a sentence for this machine, which is measured the first time that one is read: nobody waits for what
    is not shown.
    """

    engine: Engine
    others: tuple[Engine, ...]
    work: Work

    def __str__(self) -> str:
        return self.on(measured(self.work.device, self.work.dtype, self.work.threads))

    def at(self, device: torch.device) -> Prediction:
        """The same for a run there."""
        return replace(self, work=replace(self.work, device=device.type))

    def on(self, machine: Machine) -> str:
        """The sentence for a machine."""
        told = {
            engine: duration(predicted_seconds(engine, self.work, machine)) for engine in (self.engine, *self.others)
        }
        rest = [f"{text} with --engine {engine.value}" for engine, text in told.items() if engine is not self.engine]
        against = f" against {' and '.join(rest)}" if rest else ""
        return f"{self._updates()} predicted: {told[self.engine]}{against}"

    def _updates(self) -> str:
        count = self.work.iterations
        if count is None:
            return "an update"
        return f"{'at most ' if self.work.at_most else ''}{updates_in_words(count)}"


def tell_of_rows(spec: Spec, rows: int, p: int) -> None:
    """Say before a large table is read what an engine that keeps `rows` of p columns will take.

    How many updates there will be is known after reading alone; the limit is, where there is one.
    """
    length = spec.max_iter
    place = place_rows(spec, rows, p, length or 1_000)
    work = Work(
        rows,
        p,
        length,
        Schedule(spec.every).count(length or 0),
        at_most=True,
        device=place.device.type,
        dtype=dtype_of(spec),
        threads=torch.get_num_threads(),
    )
    logger.info("engine %s: %s", spec.engine.value, Prediction(spec.engine, (), work))
