"""The bent steps of Levenberg and Marquardt, and methods that end by themselves, at what rounding allows."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import gdsolve
from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods import levenberg_marquardt
from gdsolve.descent.methods.base import UpdateRule
from gdsolve.descent.methods.damped import DampedModel
from gdsolve.descent.methods.levenberg_marquardt import LevenbergMarquardt
from gdsolve.descent.methods.newton import Newton
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution
from gdsolve.objective.box import Box, Boxed
from gdsolve.objective.curve import Curve, CurveFunction
from gdsolve.objective.expression import parse
from gdsolve.objective.layout import Layout

ROSENBROCK = CurveFunction(
    parse("where_a*(1 - a) + where_b*1000*(b - a**2)", ("a", "b", "where_a", "where_b")),
    Layout(("a", "b"), ((), ()), ("a", "b"), torch.ones(2, 1, dtype=torch.float64)),
    {},
    {
        "where_a": torch.tensor([1.0, 0.0], dtype=torch.float64),
        "where_b": torch.tensor([0.0, 1.0], dtype=torch.float64),
    },
    2,
)
VALLEY = Curve(ROSENBROCK, torch.zeros(2, 1, dtype=torch.float64), None, 1.0)
X = np.linspace(0.1, 5.0, 40)
NOISE = 0.1 * np.random.default_rng(0).standard_normal(40)


def column(*numbers: float) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64)[:, None]


def descend(start: torch.Tensor, box: Box | None = None) -> Solution:
    objective = VALLEY if box is None else Boxed(VALLEY, box)
    return iterate(objective, start, LevenbergMarquardt(box), (), max_iter=500, schedule=Schedule(1))


def test_other_residuals_take_the_same_decomposition() -> None:
    generator = torch.Generator().manual_seed(1)
    jacobian, residuals, other = (torch.randn(7, q, dtype=torch.float64, generator=generator) for q in (3, 1, 1))
    scale, damping = column(1.0, 20.0, 0.3), 0.37
    model = DampedModel.of(residuals, jacobian, scale, column(1.0, 1.0, 1.0))
    normal = jacobian.mT @ jacobian + damping * torch.diag(scale[:, 0].square())
    torch.testing.assert_close(model.towards(other, damping), -torch.linalg.solve(normal, jacobian.mT @ other))
    torch.testing.assert_close(model.towards(residuals, damping), model.step(damping))


def test_bent_steps_follow_a_curved_valley(monkeypatch: pytest.MonkeyPatch) -> None:
    bent = descend(column(-1.2, 1.0))
    monkeypatch.setattr(levenberg_marquardt, "BENT", -1.0)
    straight = descend(column(-1.2, 1.0))
    for found in (bent, straight):
        assert found.stopped_by == "rounding"
        torch.testing.assert_close(found.w, column(1.0, 1.0), rtol=1e-12, atol=0.0)
    assert 3 * bent.iterations < straight.iterations
    assert 2 * bent.evaluations < straight.evaluations


def test_bent_steps_stay_within_bounds() -> None:
    """At b = 1/4, a minimises (1 − a)² + 10⁶·(1/4 − a²)²: a = 1/2 and a little more."""
    box = Box(column(-2.0, -1.0), column(2.0, 0.25))
    found = descend(column(-1.2, 0.0), box)
    assert found.stopped_by == "rounding"
    inside = (found.trace.weights >= box.lower) & (found.trace.weights <= box.upper)
    assert bool(inside.all())
    a, b = found.w[:, 0].tolist()
    assert b == 0.25
    assert -(1 - a) + 2e6 * a * (a * a - 0.25) == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("method", [LevenbergMarquardt(), Newton()])
def test_a_step_below_rounding_that_leads_far_astray_is_not_taken(method: UpdateRule) -> None:
    """½ + ½·10⁻¹⁸·(1 − a/1000 + a⁴)²: the step from 0 promises 10⁻¹⁸, leads to a = 1000, and the loss to 5·10⁵."""
    rows = {"one": torch.tensor([1.0, 0.0]).double(), "two": torch.tensor([0.0, 1.0]).double()}
    layout = Layout(("a",), ((),), ("a",), torch.ones(1, 1, dtype=torch.float64))
    model = CurveFunction(parse("one + two*1e-9*(1 - a/1000 + a**4)", ("a", *rows)), layout, {}, rows, 2)
    curve = Curve(model, torch.zeros(2, 1, dtype=torch.float64), None, 1.0)
    found = iterate(curve, column(0.0), method, (), max_iter=100, schedule=Schedule(1))
    assert found.stopped_by == "rounding"
    assert max(found.trace.values) <= 0.5 * (1.0 + 1e-15)


@pytest.mark.parametrize("method", ["lm", "newton", "lbfgs"])
def test_a_start_far_too_large_costs_no_digits(method: str) -> None:
    """Updates count in units of the start: a tolerance on them would end these runs too early."""
    found = gdsolve.fit(
        X[:, None], 3.0 * np.exp(-0.7 * X) + NOISE, model="a*exp(-b*x)", parameters={"a": 3e7, "b": 2.0}, method=method
    )
    near = gdsolve.fit(X[:, None], 3.0 * np.exp(-0.7 * X) + NOISE, model="a*exp(-b*x)", parameters={"a": 3.0, "b": 0.7})
    assert (found.stopped_by, found.tol) == ("rounding", 0.0)
    assert found.weights == pytest.approx(near.weights, rel=3e-10)


def test_a_tolerance_that_is_asked_for_holds() -> None:
    found = gdsolve.fit(
        X[:, None], 3.0 * np.exp(-0.7 * X), model="a*exp(-b*x)", parameters={"a": 1.0, "b": 1.0}, tol=1e-3
    )
    assert (found.stopped_by, found.tol) == ("tol", 1e-3)


@pytest.mark.parametrize(("target", "least"), [(0.0, 0.0), (-1.0, 0.5)])
def test_a_curve_that_decays_for_ever_ends(target: float, least: float) -> None:
    """The differences of gradients underflow on the way."""
    found = gdsolve.fit(
        X[:, None], np.full(40, target), model="exp(-b*x)", parameters={"b": 1.0}, method="lbfgs", max_iter=5000
    )
    assert math.isfinite(found.weights["b"])
    assert found.loss == pytest.approx(least, abs=1e-30)
