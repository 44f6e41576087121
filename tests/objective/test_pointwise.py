"""Pointwise losses: hand figures, autograd, central differences and convexity."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gdsolve.data.deviance import variance_of
from gdsolve.data.response import MEANS, slope_of_mean
from gdsolve.objective.hinge import SquaredHinge
from gdsolve.objective.losses import LOSSES
from gdsolve.objective.pointwise import POINTWISE, Absolute, Huber, LogCosh, Logistic, PointwiseLoss, Poisson, Quantile
from gdsolve.objective.positive import Gamma, Informed, NegativeBinomial, Tweedie
from gdsolve.spec import Loss, Spec
from gdsolve.spec.file import build_spec
from gdsolve.spec.losses import LOSS_PARAMETERS, LossUnit, Mean, Target
from gdsolve.status import GdsolveError

GIVEN = Spec(delta=1.0, dispersion=0.7)
USUAL: tuple[PointwiseLoss, ...] = tuple(kind.of(GIVEN) for kind in POINTWISE.values())
IN_UNITS = tuple(loss.in_units_of(scale) for loss in USUAL if loss.of_residual for scale in (0.5, 4.0))
EVERY = (*USUAL, *IN_UNITS, Quantile(0.9), Quantile(0.1, steepness=2.0))
NAMES = {kind: loss for loss, kind in POINTWISE.items()}
SMOOTH = tuple(loss for loss in EVERY if loss.differentiable)
PREDICTIONS = st.floats(-20.0, 20.0)


def targets_of(loss: PointwiseLoss) -> st.SearchStrategy[float]:
    return {
        Target.TWO_CLASSES: st.sampled_from((0.0, 1.0)),
        Target.COUNTS: st.integers(0, 30).map(float),
        Target.NUMBERS: st.floats(-20.0, 20.0),
        Target.POSITIVE: st.floats(0.01, 20.0),
        Target.NOT_NEGATIVE: st.just(0.0) | st.floats(0.01, 20.0),
    }[NAMES[type(loss)].info.target]


def scalar(value: float) -> torch.Tensor:
    return torch.tensor([[value]], dtype=torch.float64)


def at(loss: PointwiseLoss, z: float, y: float) -> tuple[float, float]:
    value, slope = loss.loss_and_slope(scalar(z), scalar(y))
    return float(value), float(slope)


def test_every_loss_has_its_class_in_one_of_two_registries() -> None:
    assert list(LOSSES) == [loss for loss in Loss if loss.info.squared]
    assert list(POINTWISE) == [loss for loss in Loss if not loss.info.squared and loss.info.is_for_curves]


@pytest.mark.parametrize("loss", POINTWISE)
def test_a_class_has_its_source_and_agrees_with_what_is_declared(loss: Loss) -> None:
    kind, info = POINTWISE[loss], loss.info
    assert "Source: " in (kind.__doc__ or "")
    assert info.formula
    assert kind.differentiable == info.smooth == bool(kind.curvature_course)
    assert kind.of_residual == (info.target is Target.NUMBERS) == (info.unit is not LossUnit.NONE)
    assert kind.differentiable or (kind.largest_curvature, kind.curvature_at_zero) == (None, None)


def test_parameters_come_from_the_spec() -> None:
    assert Huber.of(Spec(loss=Loss.HUBER, delta=2.5)) == Huber(2.5)
    assert Quantile.of(Spec(loss=Loss.QUANTILE, quantile=0.9)) == Quantile(0.9)
    for loss, kind in POINTWISE.items():
        other = {own.name: own.above + 0.3 for own in LOSS_PARAMETERS if own == loss.info.parameter}
        usual = {"delta": 1.0, "dispersion": 1.0}
        assert (kind.of(Spec(loss=loss, **{**usual, **other})) == kind.of(Spec(loss=loss, **usual))) == (not other)
    with pytest.raises(ValueError, match="δ has not been found"):
        Huber.of(Spec(loss=Loss.HUBER))
    with pytest.raises(ValueError, match="α has not been found"):
        NegativeBinomial.of(Spec(loss=Loss.NEGATIVE_BINOMIAL))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": Loss.HUBER, "delta": 0.0}, "delta: 0.0 is not a positive number"),
        ({"loss": Loss.HUBER, "delta": math.inf}, "delta: inf is not finite"),
        ({"loss": Loss.QUANTILE, "quantile": 1.0}, "quantile: 1.0 is not between 0 and 1"),
        ({"loss": Loss.QUANTILE, "quantile": 0.0}, "quantile: 0.0 is not between 0 and 1"),
        ({"loss": Loss.TWEEDIE, "power": 2.0}, "power: 2.0 is not between 1 and 2"),
        ({"loss": Loss.TWEEDIE, "power": 1.0}, "power: 1.0 is not between 1 and 2"),
        ({"loss": Loss.NEGATIVE_BINOMIAL, "dispersion": 0.0}, "dispersion: 0.0 is not a positive number"),
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
        (LogCosh(), 1.0, 3.0, math.log(math.cosh(2.0)), -math.tanh(2.0), 1.0 - math.tanh(2.0) ** 2),
        (LogCosh(), 2.5, 2.0, math.log(math.cosh(0.5)), math.tanh(0.5), 1.0 - math.tanh(0.5) ** 2),
        (LogCosh(steepness=4.0), 2.5, 2.0, math.log(math.cosh(2.0)) / 16, math.tanh(2.0) / 4, 1 - math.tanh(2.0) ** 2),
        (Logistic(), 0.0, 1.0, math.log(2.0), -0.5, 0.25),
        (Logistic(), 0.0, 0.0, math.log(2.0), 0.5, 0.25),
        (Logistic(), math.log(3.0), 1.0, math.log(4.0 / 3.0), -0.25, 0.1875),
        (Poisson(), 0.0, 3.0, 1.0, -2.0, 1.0),
        (Poisson(), math.log(2.0), 2.0, 2.0 - 2.0 * math.log(2.0), 0.0, 2.0),
        (Gamma(), 0.0, 3.0, 3.0, -2.0, 3.0),
        (Gamma(), math.log(2.0), 2.0, 1.0 + math.log(2.0), 0.0, 1.0),
        (Tweedie(1.5), 2.0, 0.0, 2.0 * math.e, math.e, math.e / 2.0),
        (Tweedie(1.5), 0.0, 3.0, 8.0, -2.0, 2.0),
        (NegativeBinomial(0.5), 0.0, 3.0, 5.0 * math.log(1.5), -4.0 / 3.0, 10.0 / 9.0),
        (NegativeBinomial(2.0), math.log(2.0), 2.0, 2.5 * math.log(5.0) - 2.0 * math.log(2.0), 0.0, 0.4),
        (SquaredHinge(), 0.5, 1.0, 0.25, -1.0, 2.0),
        (SquaredHinge(), 0.5, 0.0, 2.25, 3.0, 2.0),
        (SquaredHinge(), 1.5, 1.0, 0.0, 0.0, 0.0),
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


@pytest.mark.parametrize("loss", Loss)
def test_the_mean_is_where_the_expected_slope_is_zero(loss: Loss) -> None:
    """A likelihood is least where the mean that it declares is the target's own: ∂l/∂z = (mean(z) − y)·μ′/V(μ)."""
    if not loss.info.is_for_curves:
        # Its mean has one value a class: tests/objective/test_softmax.py.
        return
    z = np.array([-1.0, 0.0, 2.0])
    mean = MEANS[loss.info.mean](z)
    if loss.info.target is Target.NUMBERS:
        assert mean.tolist() == z.tolist()
        return
    if not loss.info.likelihood:
        assert (mean.tolist(), loss.info.mean) == ([0.0, 0.0, 1.0], Mean.LABEL)
        return
    y = torch.ones(3, 1, dtype=torch.float64)
    kind = POINTWISE[loss].of(GIVEN)
    slope = kind.loss_and_slope(torch.from_numpy(z)[:, None], y)[1]
    factor = slope_of_mean(loss.info.mean, z) / variance_of(loss, 0.7 if loss is Loss.NEGATIVE_BINOMIAL else 1.5, mean)
    assert slope[:, 0].tolist() == pytest.approx(((mean - 1.0) * factor).tolist(), rel=1e-14, abs=1e-15)
    if isinstance(kind, Informed):
        told = kind.information(torch.from_numpy(z)[:, None])[:, 0].tolist()
        assert told == pytest.approx((factor * slope_of_mean(loss.info.mean, z)).tolist(), rel=1e-14)
        assert kind.variance(torch.from_numpy(mean)).tolist() == pytest.approx(
            variance_of(loss, 0.7 if loss is Loss.NEGATIVE_BINOMIAL else 1.5, mean).tolist(), rel=1e-15
        )


def test_what_is_predicted_by_hand() -> None:
    z = np.array([-1.0, 0.0, 2.0, 1000.0])
    assert MEANS[Mean.SIGMOID](z).tolist() == pytest.approx([1 / (1 + math.e), 0.5, 1 / (1 + math.exp(-2.0)), 1.0])
    assert MEANS[Mean.EXP](z).tolist() == pytest.approx([math.exp(-1.0), 1.0, math.exp(2.0), math.inf])


def test_the_logistic_loss_keeps_its_digits_far_out() -> None:
    """A row that is on its side of the boundary by far costs e^−|z|, not the rounding of z."""
    assert at(Logistic(), 50.0, 1.0) == (pytest.approx(math.exp(-50.0)), pytest.approx(-math.exp(-50.0)))
    assert at(Logistic(), -50.0, 0.0) == (pytest.approx(math.exp(-50.0)), pytest.approx(math.exp(-50.0)))
    assert at(Logistic(), 1e4, 0.0) == (1e4, 1.0)
    assert at(Logistic(), -1e4, 1.0) == (1e4, -1.0)


def test_the_log_cosh_loss_keeps_its_digits_near_and_far() -> None:
    """r²/2 − r⁴/12 near 0, also for a target in small units, and |r| − log 2 far out, where cosh overflows."""
    for size in (1e-12, 1e-6, 1e-3):
        assert at(LogCosh(), size, 0.0)[0] == pytest.approx(size**2 / 2 - size**4 / 12, rel=1e-11)
        assert at(LogCosh(steepness=size), 1.0, 0.0)[0] == pytest.approx(0.5 - size**2 / 12, rel=1e-11)
    assert at(LogCosh(), -1e6, 0.0) == (1e6 - math.log(2.0), -1.0)
    # The forms meet at 1.
    below, above = at(LogCosh(), math.nextafter(1.0, 0.0), 0.0)[0], at(LogCosh(), 1.0, 0.0)[0]
    assert below == pytest.approx(above, rel=1e-15)
    assert float(LogCosh().curvature(scalar(30.0), scalar(0.0))) == pytest.approx(4.0 * math.exp(-60.0), rel=1e-14)
    far = scalar(1e6).requires_grad_()
    assert torch.autograd.grad(LogCosh().loss_and_slope(far, scalar(0.0))[0], far)[0] == 1.0


def test_the_absolute_loss_is_twice_that_of_the_median() -> None:
    for z in (-1.5, 0.0, 0.25, 3.0):
        value, slope = at(Quantile(0.5), z, 0.25)
        assert at(Absolute(), z, 0.25) == (2.0 * value, 2.0 * slope)


@pytest.mark.parametrize("loss", EVERY, ids=repr)
@settings(max_examples=examples(40), deadline=None)
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
@settings(max_examples=examples(40), deadline=None)
@given(data=st.data())
def test_slope_is_a_central_difference(loss: PointwiseLoss, data: st.DataObject) -> None:
    z, y, step = data.draw(st.floats(-5.0, 5.0)), data.draw(targets_of(loss)), 1e-5
    difference = (at(loss, z + step, y)[0] - at(loss, z - step, y)[0]) / (2.0 * step)
    assert at(loss, z, y)[1] == pytest.approx(difference, rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("loss", EVERY, ids=repr)
@settings(max_examples=examples(60), deadline=None)
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
@settings(max_examples=examples(60), deadline=None)
@given(data=st.data())
def test_curvature_stays_below_its_largest(loss: PointwiseLoss, data: st.DataObject) -> None:
    curvature = float(loss.curvature(scalar(data.draw(PREDICTIONS)), scalar(data.draw(targets_of(loss)))))
    assert curvature >= 0.0
    assert loss.largest_curvature is None or curvature <= loss.largest_curvature * (1.0 + 1e-15)


@pytest.mark.parametrize("loss", SMOOTH, ids=repr)
def test_the_largest_curvature_is_reached(loss: PointwiseLoss) -> None:
    """At zero, which of a loss of residuals is that of the residual."""
    at_zero = float(loss.curvature(scalar(0.0), scalar(0.0)))
    assert loss.largest_curvature in (at_zero, None)
    if loss.curvature_at_zero is not None:
        assert loss.curvature_at_zero == at_zero == float(loss.curvature(scalar(0.0), scalar(1.0)))


@pytest.mark.parametrize("loss", [loss for loss in EVERY if loss.of_residual], ids=repr)
@settings(deadline=None)
@given(scale=st.floats(1e-3, 1e3), z=PREDICTIONS, y=st.floats(-20.0, 20.0))
def test_other_units_of_the_target(loss: PointwiseLoss, scale: float, z: float, y: float) -> None:
    """l(s·z, s·y) = s²·l'(z, y), and so ∂l/∂z = s·∂l'/∂z."""
    value, slope = at(loss, scale * z, scale * y)
    inner, inner_slope = at(loss.in_units_of(scale), z, y)
    assert inner * scale**2 == pytest.approx(value, rel=1e-10, abs=1e-10 * scale**2)
    if abs(z - y) > 1e-10:
        assert inner_slope * scale == pytest.approx(slope, rel=1e-9, abs=1e-10 * scale)


def test_classes_and_counts_have_no_units() -> None:
    for loss in [loss for loss in USUAL if not loss.of_residual]:
        assert loss.in_units_of(1.0) is loss
        with pytest.raises(ValueError, match="has no units"):
            loss.in_units_of(2.0)
