"""Resident memory of a long descent: `python -m benchmarks.memory [UPDATES]`, a million of them by default.

A descent that takes a day must not grow: what it holds after a tenth of its updates is what it holds at the end.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.base import Advance, Point
from gdsolve.descent.methods.lbfgs import LBFGS, CurvaturePairs
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.stop import Step
from gdsolve.objective.base import Objective
from gdsolve.solve.fit import fit
from gdsolve.solve.formula import pose_formula
from gdsolve.spec import Spec

PAGE = os.sysconf("SC_PAGE_SIZE")
VALLEY = {"minimize": "(1 - a)**2 + 100*(b - a**2)**2", "start": ["a=-1.2,b=1"]}
SLOW = {"lr": 1e-9, "tol": 0.0}
CASES: dict[str, Mapping[str, Any] | None] = {
    "gd": {"engine": "triangle", **SLOW},
    "gd with checkpoints": {"engine": "triangle", **SLOW, "checkpoint_every": 0.1},
    "adam": {"method": "adam", "engine": "triangle", **SLOW},
    "lbfgs": None,
}


@dataclass
class Memory:
    """Resident memory in bytes after a tenth of the updates and at the end, as an observer of the loop."""

    updates: int
    at: dict[int, int] = field(default_factory=dict)

    def __call__(self, step: Step) -> None:
        """Look at the resident memory where it is asked for."""
        for k in (self.updates // 10, self.updates):
            if step.k >= k and k not in self.at:
                self.at[k] = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE

    @property
    def growth(self) -> int:
        """Bytes that the last nine tenths of the run added."""
        return self.at[self.updates] - self.at[self.updates // 10]


@dataclass(frozen=True)
class Endless:
    """L-BFGS that goes back to the start where it finds no further step: it never ends."""

    start: Tensor
    method: LBFGS
    blind: bool = False

    def begin(self, objective: Objective, start: Point) -> CurvaturePairs:
        """What L-BFGS remembers at the start."""
        return self.method.begin(objective, start)

    def step(self, objective: Objective, point: Point, memory: CurvaturePairs, k: int) -> Advance:
        """Its next step, or the start again."""
        advance = self.method.step(objective, point, memory, k)
        if isinstance(advance, Advance):
            return advance
        again = Point.at(objective, self.start)
        return Advance(again, self.method.begin(objective, again))


def memory_of(name: str, updates: int) -> Memory:
    """Descend for so many updates and look at the memory."""
    memory = Memory(updates)
    options = CASES[name]
    rng = np.random.default_rng(3)
    if options is None:
        posed = pose_formula(_spec(VALLEY))
        method, schedule = Endless(posed.start, LBFGS()), Schedule("log")
        found = iterate(posed.objective, posed.start, method, (), max_iter=updates, schedule=schedule, observe=memory)
        assert found.iterations == updates, found.stopped_by
        return memory
    X, y = rng.normal(size=(200, 10)), rng.normal(size=200)
    with tempfile.TemporaryDirectory() as folder:
        kept = {"checkpoint": f"{folder}/run.checkpoint"} if "checkpoint_every" in options else {}
        spec = _spec({**options, **kept, "max_iter": updates})
        found = fit(spec, _table(X, y, spec), observe=memory)
    assert found.iterations == updates, found.stopped_by
    return memory


def _spec(options: Mapping[str, Any]) -> Spec:
    from gdsolve.spec.file import build_spec

    return build_spec((), options, "fit")


def _table(X: np.ndarray, y: np.ndarray, spec: Spec) -> Any:
    from gdsolve.data import inline_table

    return inline_table(X, y, spec)


def main() -> None:
    """Print a line for every method."""
    updates = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
    print(f"{'method':<20} {'updates':>10} {'after a tenth':>14} {'at the end':>14} {'growth':>9} {'s':>6}")
    for name in CASES:
        began = time.perf_counter()
        memory = memory_of(name, updates)
        early, late = memory.at[updates // 10], memory.at[updates]
        seconds = time.perf_counter() - began
        print(
            f"{name:<20} {updates:>10,} {early / 1e6:>11.2f} MB {late / 1e6:>11.2f} MB {(late - early) / 1e3:>6.0f} kB"
            f" {seconds:>6.0f}"
        )


if __name__ == "__main__":
    main()
