"""What `gdsolve` predicts under `engine`, and what the run then takes: they must agree to a factor of three."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.data import Folder, Shape, Table, blocks
from benchmarks.kinds import Bound
from benchmarks.measure import Command, Comparison, run_process

WITHIN = Bound(3.0)
LEARNING_RATE = 1e-4


@dataclass(frozen=True, slots=True)
class PredictionCase:
    """A descent that was predicted, in a process of its own; A/B is by how much the one is longer than the other."""

    name: str
    engine: str
    table: Table
    iterations: int
    dtype: str = "float64"
    device: str = "cpu"
    bound: Bound | None = WITHIN
    needs: tuple[str, ...] = ()

    @property
    def a(self) -> str:
        """What A is."""
        shape = self.table.shape
        what = f"{shape.rows:,} × {shape.features}, {self.iterations:,} updates, {self.dtype}, {self.device}"
        return f"{what}: what --engine {self.engine} is predicted to take, or takes where that is longer"

    @property
    def b(self) -> str:
        """What B is."""
        return "the shorter one of these"

    def compare(self, folder: Folder, runs: int) -> Comparison:
        """Predict, and run; the rows are made in memory, not in `folder`.

        Raises:
            MeasurementError: the process failed.
        """
        shape = self.table.shape
        words = (self.engine, self.dtype, self.device, str(shape.rows), str(shape.features), str(self.iterations))
        taken = json.loads(run_process(Command(("-m", "benchmarks.predictions", *words, str(runs)))).output)
        pairs = [sorted(pair) for pair in zip(taken["predicted"], taken["taken"], strict=True)]
        return Comparison(tuple(pair[1] for pair in pairs), tuple(pair[0] for pair in pairs), "s", {})


def _cases() -> Iterator[PredictionCase]:
    small, tall, wide = "small", "tall", "wide"
    shapes = {small: Shape(1_000, 10), tall: Shape(1_000_000, 10), wide: Shape(20_000, 200)}
    for dtype in ("float64", "float32"):
        for engine, size, iterations in (
            ("leap", tall, 1_000_000),
            ("triangle", small, 10_000),
            ("triangle", wide, 10_000),
            ("rows", small, 10_000),
            ("rows", wide, 300),
            ("rows", tall, 100),
            ("autograd", small, 3_000),
            ("autograd", tall, 30),
        ):
            name = f"{engine}-{size[0]}{dtype[-2:]}"
            yield PredictionCase(name, engine, Table(shapes[size]), iterations, dtype)


PREDICTIONS: tuple[PredictionCase, ...] = tuple(_cases())


def predict_and_run(
    shape: Shape, engine: str, iterations: int, *, dtype: str = "float64", device: str = "cpu", runs: int = 3
) -> tuple[list[float], list[float]]:
    """Seconds that a descent is predicted to take, and those that it takes, each of `runs` runs but a first one.

    Durations under a millisecond count as one, as they are told.
    """
    import numpy as np

    import gdsolve
    from gdsolve.solve.prediction import Prediction, predicted_seconds

    table = np.concatenate(list(blocks(shape)))
    options = {"engine": engine, "dtype": dtype, "device": device, "lr": LEARNING_RATE, "max_iter": iterations}
    predicted, taken = [], []
    for _ in range(runs + 1):
        found = gdsolve.fit(table[:, :-1], table[:, -1], tol=0, **options)
        (told,) = (part for part in found.plan.why if isinstance(part, Prediction))
        predicted.append(max(1e-3, predicted_seconds(told.engine, told.work)))
        taken.append(max(1e-3, found.seconds["descend"]))
    return predicted[1:], taken[1:]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Predict a descent and run it; prints JSON.")
    for word in ("engine", "dtype", "device"):
        parser.add_argument(word)
    for word in ("rows", "features", "iterations", "runs"):
        parser.add_argument(word, type=int)
    asked = parser.parse_args()
    told, measured = predict_and_run(
        Shape(asked.rows, asked.features),
        asked.engine,
        asked.iterations,
        dtype=asked.dtype,
        device=asked.device,
        runs=asked.runs,
    )
    print(json.dumps({"predicted": told, "taken": measured}))
