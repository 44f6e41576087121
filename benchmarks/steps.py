"""One update, timed within a process: the ways to compute it, two of them at a time by turns."""

from __future__ import annotations

import argparse
import json
import timeit
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from benchmarks.data import Shape, blocks
from benchmarks.measure import MeasurementError, alternate
from gdsolve.descent.epochs import GivenGradient
from gdsolve.descent.methods.base import Point
from gdsolve.descent.methods.gradient import GradientDescent
from gdsolve.descent.rates import ConstantRate
from gdsolve.objective.base import Objective
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.kept_rows import KeptRows
from gdsolve.objective.minibatches import gradients_of
from gdsolve.objective.quadratic import Penalty, Quadratic
from gdsolve.objective.rows import Rows, collect_rows
from gdsolve.objective.triangle import build_triangle

LEARNING_RATE = 0.5
SECONDS_PER_RUN = 0.2

Update = Callable[[Tensor], Tensor]


class _Block:
    """Rows of a table as `gdsolve.objective.triangle.RowBlock`."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.weight = None


def loop_over_samples(X: Tensor, y: Tensor) -> Update:
    """w − α/m·Σᵢ xᵢ(xᵢᵀw − yᵢ), one sample after the other."""

    def update(w: Tensor) -> Tensor:
        gradient = torch.zeros_like(w)
        for row, target in zip(X, y, strict=True):
            gradient += (row @ w - target) * row[:, None]
        return w - LEARNING_RATE * gradient / len(X)

    return update


def matrix_form(X: Tensor, y: Tensor) -> Update:
    """w − α/m·(Xᵀ(Xw − y)), in two products over all rows: `X.t() @ (X @ w - y)`, as anybody writes it."""
    return lambda w: w - LEARNING_RATE / len(X) * (X.T @ (X @ w - y))


def torch_sgd(X: Tensor, y: Tensor) -> Update:
    """The same step by `torch.optim.SGD`, its gradient by autograd."""
    parameter = torch.zeros(X.shape[1], 1, dtype=X.dtype, requires_grad=True)
    optimiser = torch.optim.SGD([parameter], lr=LEARNING_RATE)

    def update(w: Tensor) -> Tensor:
        with torch.no_grad():
            parameter.copy_(w)
        optimiser.zero_grad()
        (0.5 * (X @ parameter - y).square().mean()).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        return parameter.detach()

    return update


def rows(X: Tensor, y: Tensor) -> Update:
    """gdsolve's engine `rows` as a long run takes it, the rows laid out as it lays them out."""
    kept = KeptRows(X.dtype)
    kept.add(_Block(torch.cat([X[:, :-1], y], dim=1).numpy()))
    return _descend(collect_rows(kept, _raw(X), _no_penalty(X), 1.0 / len(X), X.device).hastened())


def triangle(X: Tensor, y: Tensor) -> Update:
    """gdsolve's engine `triangle`, once the triangle is built."""
    built = build_triangle([_Block(torch.cat([X[:, :-1], y], dim=1).numpy())])
    assert built is not None
    design, target = built.in_coordinates(_raw(X))
    return _descend(Quadratic(design, target, _no_penalty(X), 1.0 / len(X)))


def minibatch(X: Tensor, y: Tensor) -> Update:
    """gdsolve's update on a batch, here of all rows, without dealing them."""
    batch = Rows(X, y, _no_penalty(X), 1.0 / len(X))
    (gradient,) = gradients_of(batch, [len(X)], len(X))
    method, given = GradientDescent(ConstantRate(LEARNING_RATE)), GivenGradient(y)

    def update(w: Tensor) -> Tensor:
        point = Point(w, given.hold(gradient(w)))
        return method.advance(given, point, None, method.factors(0)).point.w

    return update


WAYS: dict[str, Callable[[Tensor, Tensor], Update]] = {
    "loop over samples": loop_over_samples,
    "matrix form": matrix_form,
    "torch.optim.SGD": torch_sgd,
    "rows": rows,
    "triangle": triangle,
    "minibatch": minibatch,
}


def compare(shape: Shape, way_a: str, way_b: str, runs: int) -> tuple[list[float], list[float]]:
    """Seconds per update of two ways, by turns.

    Raises:
        MeasurementError: the two do not take the same step.
    """
    table = torch.from_numpy(np.concatenate(list(blocks(shape))))
    X = torch.cat([table[:, :-1], torch.ones(shape.rows, 1, dtype=table.dtype)], dim=1)
    y = table[:, -1:].contiguous()
    w = torch.linspace(-1.0, 1.0, shape.features + 1, dtype=table.dtype)[:, None]
    a, b = WAYS[way_a](X, y), WAYS[way_b](X, y)
    difference = float((a(w) - b(w)).abs().max())
    if not difference < 1e-10:
        raise MeasurementError(f"{way_a} and {way_b} differ by {difference:g} after one update")
    return alternate(lambda: _seconds(a, w), lambda: _seconds(b, w), runs)


def _seconds(update: Update, w: Tensor) -> float:
    """Seconds per call, over as many calls as take a good part of a second."""
    timer = timeit.Timer(lambda: update(w))
    once = timer.timeit(1)
    calls = max(1, round(SECONDS_PER_RUN / once))
    return timer.timeit(calls) / calls


def _descend(objective: Objective) -> Update:
    return lambda w: w - LEARNING_RATE * objective.evaluate(w).gradient


def _raw(X: Tensor) -> Coordinates:
    return Coordinates.raw(X.shape[1] - 1, intercept=True, device=X.device)


def _no_penalty(X: Tensor) -> Penalty:
    return Penalty.ridge(0.0, _raw(X), penalize_intercept=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Time one update in two ways; prints JSON.")
    parser.add_argument("rows", type=int)
    parser.add_argument("features", type=int)
    parser.add_argument("a", choices=WAYS)
    parser.add_argument("b", choices=WAYS)
    parser.add_argument("runs", type=int)
    asked = parser.parse_args()
    taken_a, taken_b = compare(Shape(asked.rows, asked.features), asked.a, asked.b, asked.runs)
    print(json.dumps({"a": taken_a, "b": taken_b}))
