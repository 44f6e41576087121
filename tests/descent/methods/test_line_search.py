"""Parts of the line search: the cubic through two samples, and which trial comes after which."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from landscapes import FLOAT, Smooth
from torch import Tensor

from gdsolve.descent.methods.base import Point
from gdsolve.descent.methods.line_search import CURVATURE, SUFFICIENT, LineSample, _interpolate, strong_wolfe

NOWHERE = Point.__new__(Point)


def sample(t: float, value: float, slope: float) -> LineSample:
    return LineSample(t, value, slope, NOWHERE)


def of_cubic(a: float, b: float, c: float, t: float) -> LineSample:
    """A sample of a·t³ + b·t² + c·t."""
    return sample(t, a * t**3 + b * t**2 + c * t, 3.0 * a * t**2 + 2.0 * b * t + c)


@pytest.mark.parametrize(("one", "other"), [(0.0, 1.0), (1.0, 0.0), (0.2, 0.5), (3.0, 1.5), (-1.0, 4.0)])
@pytest.mark.parametrize(("a", "b", "c"), [(1.0, 1.0, -2.0), (-0.5, 3.0, -1.0), (2.0, -1.0, -1.0), (0.0, 2.0, -3.0)])
def test_the_minimiser_of_the_cubic_through_two_samples(a: float, b: float, c: float, one: float, other: float) -> None:
    root = math.sqrt(b * b - 3.0 * a * c)
    minimiser = (root - b) / (3.0 * a) if a else -c / (2.0 * b)
    for size in (1.0, 1e-200, 1e200):
        pair = (of_cubic(size * a, size * b, size * c, t) for t in (one, other))
        assert _interpolate(*pair) == pytest.approx(minimiser, rel=1e-12)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (sample(0.0, math.inf, 1.0), sample(1.0, 1.0, 1.0)),
        (sample(0.0, 1.0, -1.0), sample(1.0, 1.0, math.nan)),
        (sample(0.0, 1.0, 0.0), sample(1.0, 1.0, 0.0)),
        # t³ + t has no minimiser.
        (of_cubic(1.0, 0.0, 1.0, 0.0), of_cubic(1.0, 0.0, 1.0, 1.0)),
    ],
)
def test_there_may_be_no_minimiser(one: LineSample, other: LineSample) -> None:
    assert math.isnan(_interpolate(one, other))
    assert math.isnan(_interpolate(other, one))


@pytest.mark.parametrize(
    ("function", "start", "first", "trials", "end"),
    [
        # On a parabola the minimiser itself follows a trial that is too far, and one from which it is within reach.
        (lambda w: (w[0] - 3.0) ** 2, 0.0, 1.2, 2, 3.0),
        (lambda w: (w[0] - 3.0) ** 2, 0.0, 0.5, 1, 3.0),
        (lambda w: (w[0] - 3.0) ** 2, 0.0, 0.002, 3, None),
        # A cubic whose slope has hardly changed: its minimiser is near enough to be tried next.
        (lambda w: w[0] ** 3 / 3.0 - w[0], 0.0, 0.2, 2, 1.0),
        (lambda w: w[0] ** 3 / 3.0 - w[0], 0.0, 0.01, 3, None),
        # Outside of the domain the bracket is halved until the loss exists.
        (lambda w: w[0] - w[0].log(), 0.1, -1.0, None, None),
        (lambda w: -w[0] - (4.0 - w[0]).log(), 0.0, 64.0, 5, None),
        (lambda w: w[0] ** 4 - w[0], -1.0, 5.0, None, None),
        (lambda w: w[0].exp() - 2.0 * w[0], -3.0, 1e-3, None, None),
    ],
)
def test_steps_satisfy_the_strong_conditions_of_wolfe(
    function: Callable[[Tensor], Tensor], start: float, first: float, trials: int | None, end: float | None
) -> None:
    objective = Smooth(function)
    point = Point.at(objective, torch.tensor([[start]], dtype=FLOAT))
    slope = -float(point.now.gradient.square().sum())
    objective.calls = 0
    found, count = strong_wolfe(objective, point, -point.now.gradient, (float(point.now.value), slope), abs(first))
    assert found is not None
    assert count == objective.calls == (trials or count)
    assert found.value <= float(point.now.value) + SUFFICIENT * found.t * slope
    assert abs(found.slope) <= -CURVATURE * slope
    assert end is None or start - found.t * float(point.now.gradient) == pytest.approx(end)
