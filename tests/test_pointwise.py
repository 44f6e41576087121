"""Pointwise losses: hand figures, autograd, central differences and convexity."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gdsolve.objective.losses import LOSSES
from gdsolve.objective.pointwise import POINTWISE, Absolute, Huber, Logistic, PointwiseLoss, Poisson, Quantile
from gdsolve.spec import Loss, Spec
from gdsolve.spec.file import build_spec
from gdsolve.status import GdsolveError

EVERY: tuple[PointwiseLoss, ...] = (
    Huber(1.0),
    Huber(0.25),
    Logistic(),
    Poisson(),
    Quantile(0.5),
    Quantile(0.9),
    Quantile(0.1, steepness=2.0),
    Absolute(),
    Absolute(steepness=0.5),
)
SMOOTH = tuple(loss for loss in EVERY if loss.differentiable)
PREDICTIONS = st.floats(-20.0, 20.0)


def targets_of(loss: PointwiseLoss) -> st.SearchStrategy[float]:
    if isinstance(loss, Logistic):
        return st.sampled_from((0.0, 1.0))
    return st.integers(0, 30).map(float) if isinstance(loss, Poisson) else st.floats(-20.0, 20.0)


def scalar(value: float) -> torch.Tensor:
    return torch.tensor([[value]], dtype=torch.float64)


def at(loss: PointwiseLoss, z: float, y: float) -> tuple[float, float]:
    value, slope = loss.loss_and_slope(scalar(z), scalar(y))
    return float(value), float(slope)


def test_every_loss_has_its_class_in_one_of_two_registries() -> None:
    assert set(LOSSES) | set(POINTWISE) == set(Loss)
    assert not set(LOSSES) & set(POINTWISE)
    assert all(kind.formula and kind.source for kind in POINTWISE.values())


def test_parameters_come_from_the_spec() -> None:
    assert Huber.of(Spec(loss=Loss.HUBER, delta=2.5)) == Huber(2.5)
    assert Quantile.of(Spec(loss=Loss.QUANTILE, quantile=0.9)) == Quantile(0.9)
    assert [kind.of(Spec()) for kind in POINTWISE.values()] == [
        Huber(1.0),
        Logistic(),
        Poisson(),
        Quantile(0.5),
        Absolute(),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": Loss.HUBER, "delta": 0.0}, "delta: 0.0 is not a positive number"),
        ({"loss": Loss.HUBER, "delta": math.inf}, "delta: inf is not finite"),
        ({"loss": Loss.QUANTILE, "quantile": 1.0}, "quantile: 1.0 is not between 0 and 1"),
        ({"loss": Loss.QUANTILE, "quantile": 0.0}, "quantile: 0.0 is not between 0 and 1"),
        ({"delta": 2.0}, "delta: --delta is for --loss huber, and this is --loss half-mse"),
        (
            {"loss": Loss.HUBER, "quantile": 0.9},
            "quantile: --quantile is for --loss quantile, and this is --loss huber",
        ),
    ],
)
def test_parameters_that_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(GdsolveError) as caught:
        build_spec(["t.csv"], options, "fit")
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("loss", "z", "y", "value", "slope", "curvature"),
    [
        (Huber(1.0), 2.5, 2.0, 0.125, 0.5, 1.0),
        (Huber(1.0), 5.0, 2.0, 2.5, 1.0, 0.0),
        (Huber(0.5), -2.0, 2.0, 1.875, -0.5, 0.0),
        (Logistic(), 0.0, 1.0, math.log(2.0), -0.5, 0.25),
        (Logistic(), 0.0, 0.0, math.log(2.0), 0.5, 0.25),
        (Logistic(), math.log(3.0), 1.0, math.log(4.0 / 3.0), -0.25, 0.1875),
        (Poisson(), 0.0, 3.0, 1.0, -2.0, 1.0),
        (Poisson(), math.log(2.0), 2.0, 2.0 - 2.0 * math.log(2.0), 0.0, 2.0),
        (Quantile(0.9), 1.0, 3.0, 1.8, -0.9, 0.0),
        (Quantile(0.9), 3.0, 1.0, 0.2, 0.1, 0.0),
        (Quantile(0.9), 2.0, 2.0, 0.0, 0.0, 0.0),
        (Absolute(), 1.0, 3.0, 2.0, -1.0, 0.0),
        (Absolute(), 2.0, 2.0, 0.0, 0.0, 0.0),
    ],
)
def test_hand_figures(loss: PointwiseLoss, z: float, y: float, value: float, slope: float, curvature: float) -> None:
    assert at(loss, z, y) == (pytest.approx(value, rel=1e-14, abs=1e-15), pytest.approx(slope, rel=1e-14, abs=1e-15))
    assert float(loss.curvature(scalar(z), scalar(y))) == pytest.approx(curvature, rel=1e-14)


def test_what_is_predicted() -> None:
    z = torch.tensor([-1.0, 0.0, 2.0], dtype=torch.float64)
    assert Logistic().mean(z).tolist() == pytest.approx([1 / (1 + math.e), 0.5, 1 / (1 + math.exp(-2.0))], rel=1e-15)
    assert Poisson().mean(z).tolist() == pytest.approx([math.exp(-1.0), 1.0, math.exp(2.0)], rel=1e-15)
    for loss in (Huber(1.0), Quantile(0.3), Absolute()):
        assert torch.equal(loss.mean(z), z)


def test_the_logistic_loss_keeps_its_digits_far_out() -> None:
    """A row that is on its side of the boundary by far costs e^−|z|, not the rounding of z."""
    assert at(Logistic(), 50.0, 1.0) == (pytest.approx(math.exp(-50.0)), pytest.approx(-math.exp(-50.0)))
    assert at(Logistic(), -50.0, 0.0) == (pytest.approx(math.exp(-50.0)), pytest.approx(math.exp(-50.0)))
    assert at(Logistic(), 1e4, 0.0) == (1e4, 1.0)
    assert at(Logistic(), -1e4, 1.0) == (1e4, -1.0)


def test_the_absolute_loss_is_twice_that_of_the_median() -> None:
    for z in (-1.5, 0.0, 0.25, 3.0):
        value, slope = at(Quantile(0.5), z, 0.25)
        assert at(Absolute(), z, 0.25) == (2.0 * value, 2.0 * slope)


@pytest.mark.parametrize("loss", EVERY, ids=repr)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_slope_and_curvature_are_those_of_autograd(loss: PointwiseLoss, data: st.DataObject) -> None:
    y = scalar(data.draw(targets_of(loss)))
    z = scalar(data.draw(PREDICTIONS)).requires_grad_()
    value, slope = loss.loss_and_slope(z, y)
    # At a kink the convention of autograd depends on how the value is written.
    if not loss.differentiable and float(z.detach()) == float(y):
        assert float(slope.detach()) == 0.0
        return
    (expected,) = torch.autograd.grad(value, z, retain_graph=True)
    torch.testing.assert_close(slope.detach(), expected, rtol=1e-12, atol=1e-13)
    if slope.requires_grad:
        (second,) = torch.autograd.grad(slope, z)
        torch.testing.assert_close(loss.curvature(z.detach(), y), second, rtol=1e-12, atol=1e-13)
    else:
        assert float(loss.curvature(z.detach(), y)) == 0.0


@pytest.mark.parametrize("loss", SMOOTH, ids=repr)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_slope_is_a_central_difference(loss: PointwiseLoss, data: st.DataObject) -> None:
    z, y, step = data.draw(st.floats(-5.0, 5.0)), data.draw(targets_of(loss)), 1e-5
    difference = (at(loss, z + step, y)[0] - at(loss, z - step, y)[0]) / (2.0 * step)
    assert at(loss, z, y)[1] == pytest.approx(difference, rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("loss", EVERY, ids=repr)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_losses_are_convex(loss: PointwiseLoss, data: st.DataObject) -> None:
    """Between two predictions below the chord, and nowhere below a tangent, at a kink neither."""
    y, a, b = data.draw(targets_of(loss)), data.draw(PREDICTIONS), data.draw(PREDICTIONS | targets_of(loss))
    share = data.draw(st.floats(0.0, 1.0))
    (start, _), (end, slope) = at(loss, a, y), at(loss, b, y)
    rounding = 1e-13 * (1.0 + abs(start) + abs(end) + abs(slope) * 40.0)
    assert at(loss, (1.0 - share) * a + share * b, y)[0] <= (1.0 - share) * start + share * end + rounding
    assert start >= end + slope * (a - b) - rounding


@pytest.mark.parametrize("loss", SMOOTH, ids=repr)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_curvature_stays_below_its_largest(loss: PointwiseLoss, data: st.DataObject) -> None:
    curvature = float(loss.curvature(scalar(data.draw(PREDICTIONS)), scalar(data.draw(targets_of(loss)))))
    assert curvature >= 0.0
    assert loss.largest_curvature is None or curvature <= loss.largest_curvature * (1.0 + 1e-15)


def test_the_largest_curvature_is_reached() -> None:
    for loss in (Huber(0.5), Logistic()):
        assert float(loss.curvature(scalar(0.0), scalar(0.0))) == loss.largest_curvature


@pytest.mark.parametrize("loss", [loss for loss in EVERY if loss.of_residual], ids=repr)
@given(scale=st.floats(1e-3, 1e3), z=PREDICTIONS, y=st.floats(-20.0, 20.0))
def test_other_units_of_the_target(loss: PointwiseLoss, scale: float, z: float, y: float) -> None:
    """l(s·z, s·y) = s²·l'(z, y), and so ∂l/∂z = s·∂l'/∂z."""
    value, slope = at(loss, scale * z, scale * y)
    inner, inner_slope = at(loss.in_units_of(scale), z, y)
    assert inner * scale**2 == pytest.approx(value, rel=1e-10, abs=1e-10 * scale**2)
    if abs(z - y) > 1e-10:
        assert inner_slope * scale == pytest.approx(slope, rel=1e-9, abs=1e-10 * scale)


def test_classes_and_counts_have_no_units() -> None:
    for loss in (Logistic(), Poisson()):
        assert loss.in_units_of(1.0) is loss
        with pytest.raises(ValueError, match="has no units"):
            loss.in_units_of(2.0)
