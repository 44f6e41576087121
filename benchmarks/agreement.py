"""Whether two programs found the same weights, and what it costs in SSE where they did not."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence

from benchmarks.data import Shape, blocks
from benchmarks.measure import Agreement, Command, MeasurementError, run_process

SAME_WEIGHTS = 1e-8


def check_same(a: Sequence[float] | None, b: Sequence[float] | None) -> None:
    """Hold the weights of two programs against each other.

    Raises:
        MeasurementError: they differ, or one is missing.
    """
    difference = _difference(a, b)
    if not difference < SAME_WEIGHTS:
        raise MeasurementError(f"A and B differ by {difference:g} in a weight")


def apart(shape: Shape, a: Sequence[float] | None, b: Sequence[float] | None) -> Agreement:
    """How far two fits of a table without groups are apart; weights (n + 1), the intercept last.

    Raises:
        MeasurementError: weights are missing, or not finite.
    """
    difference = _difference(a, b)
    words = (str(shape.rows), str(shape.features), json.dumps([a, b]))
    squares = json.loads(run_process(Command(("-m", "benchmarks.agreement", *words))).output)
    if not all(map(math.isfinite, squares)):
        raise MeasurementError(f"weights are not finite: {a} and {b}")
    return Agreement(squares[0], squares[1], difference)


def sse(shape: Shape, fits: list[list[float]]) -> list[float]:
    """SSE of each of several fits on a table without groups, all of weights (n + 1), the intercept last."""
    import numpy as np

    weights = np.array(fits, dtype=np.float64).T
    squares = np.zeros(len(fits))
    for block in blocks(shape):
        residuals = block[:, :-1] @ weights[:-1] + weights[-1] - block[:, -1:]
        squares += np.square(residuals).sum(axis=0)
    return [float(square) for square in squares]


def _difference(a: Sequence[float] | None, b: Sequence[float] | None) -> float:
    if a is None or b is None or len(a) != len(b):
        raise MeasurementError(f"weights cannot be compared: {_short(a)} and {_short(b)}")
    return max(abs(one - other) for one, other in zip(a, b, strict=True))


def _short(weights: Sequence[float] | None) -> str:
    return "none" if weights is None else str(weights) if len(weights) < 20 else f"{len(weights):,} of them"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Print the SSE of several fits of a table as a JSON list.")
    parser.add_argument("rows", type=int)
    parser.add_argument("features", type=int)
    parser.add_argument("weights", type=json.loads, help="a JSON list of lists, the intercept last in each")
    asked = parser.parse_args()
    print(json.dumps(sse(Shape(asked.rows, asked.features), asked.weights)))
