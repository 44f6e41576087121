"""Descent from many starts at once, beside scipy from the same starts and minima that are known."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from scipy.optimize import least_squares, minimize
from torch import Tensor

from gdsolve.descent.many import descend_many
from gdsolve.descent.many_ends import End, ManyEnds
from gdsolve.objective import many_points
from gdsolve.objective.box import Box
from gdsolve.objective.curve import Curve, CurveFunction, PointwiseCurve
from gdsolve.objective.expression import parse
from gdsolve.objective.formula import Formula
from gdsolve.objective.layout import Layout
from gdsolve.objective.many_points import models_of, values_of
from gdsolve.objective.mean_losses import OF_MEANS
from gdsolve.objective.pointwise import POINTWISE
from gdsolve.solve.space_filling import Range, space_filling
from gdsolve.spec import Loss, Spec

M = 40
X = torch.linspace(0.0, 4.0, M, dtype=torch.float64)
NOISE = torch.tensor(np.random.default_rng(5).normal(size=M), dtype=torch.float64)
DECAY = 3.0 * torch.exp(-0.7 * X) + 1.0 + 0.1 * NOISE
KNOWN = {
    # The four minima of Himmelblau (1972), Applied Nonlinear Programming: 0 at all of them.
    "(a**2 + b - 11)**2 + (a + b**2 - 7)**2": (6.0, [(3.0, 2.0), (-2.805118, 3.131313), (-3.77931, -3.283186)]),
    # The six of the six-hump camel: Dixon and Szegö (1978), Towards Global Optimisation 2.
    "(4 - 2.1*a**2 + a**4/3)*a**2 + a*b + (4*b**2 - 4)*b**2": (2.5, [(0.0898420, -0.7126564), (1.7036067, -0.7960836)]),
    "cos(a) + a**2/50 + b**2": (9.0, [(3.0204777, 0.0), (-3.0204777, 0.0)]),
}


def layout_of(names: Sequence[str], dtype: torch.dtype = torch.float64) -> Layout:
    return Layout(tuple(names), ((),) * len(names), tuple(names), torch.ones(len(names), 1, dtype=dtype))


def formula_of(text: str, names: Sequence[str] = "ab") -> Formula:
    return Formula(parse(text, list(names)), layout_of(names), {})


def curve_of(text: str, y: Tensor, loss: Loss | None = None, weight: Tensor | None = None, **options: object) -> Curve:
    names, dtype = "abc", y.dtype
    function = CurveFunction(parse(text, [*names, "x"]), layout_of(names, dtype), {}, {"x": X.to(dtype)}, M)
    if loss is None:
        return Curve(function, y[:, None], None if weight is None else weight.sqrt()[:, None], 1.0 / M)
    spec = Spec(data=("t.csv",), model=text, start=("a=1,b=1,c=1",), loss=loss, **options)  # type: ignore[arg-type]
    of_means = loss in OF_MEANS and options.get("link") is None
    return PointwiseCurve(  # type: ignore[return-value]
        function, y[:, None], None if weight is None else weight[:, None],
        (OF_MEANS if of_means else POINTWISE)[loss].of(spec), float(M if weight is None else weight.sum()),
    )  # fmt: skip


def starts(low: float, high: float, count: int, p: int = 2) -> Tensor:
    return space_filling([Range(low, high)] * p, count, 7)


def tally(found: ManyEnds, digits: int = 5) -> Counter[tuple[float, ...]]:
    """How many starts arrived at each point."""
    points = found.points[found.arrived].tolist()
    return Counter(tuple(round(number, digits) + 0.0 for number in point) for point in points)


@pytest.mark.parametrize("text", KNOWN)
def test_starts_end_at_the_known_minima(text: str) -> None:
    reach, known = KNOWN[text]
    found = descend_many(formula_of(text), starts(-reach, reach, 64))
    assert bool(found.arrived.all())
    ends = tally(found, 4)
    assert all(any(math.dist(one, end) < 1e-4 for end in ends) for one in known)
    gradients = torch.cat([formula_of(text).evaluate(w[:, None]).gradient for w in found.points], dim=1)
    assert float(gradients.abs().max()) < 1e-5


def test_every_end_is_a_minimum_to_scipy_as_well() -> None:
    text = "20 + a**2 - 10*cos(2*pi*a) + b**2 - 10*cos(2*pi*b)"
    formula = formula_of(text)
    found = descend_many(formula, starts(-3.0, 3.0, 32))
    assert bool(found.arrived.all())

    def value(w: np.ndarray) -> float:
        return float(20 + (w**2 - 10 * np.cos(2 * np.pi * w)).sum())

    for point, loss in zip(found.points.numpy(), found.values.tolist(), strict=True):
        again = minimize(value, point, method="BFGS")
        assert again.fun == pytest.approx(loss, abs=1e-9)
        assert np.abs(again.x - point).max() < 1e-5


def test_a_curve_ends_where_scipy_ends_from_the_same_starts() -> None:
    y = 3.0 * torch.exp(-0.4 * X) + 2.0 * torch.exp(-3.0 * X) + 0.01 * NOISE
    curve = curve_of("a*exp(-b*x) + (5 - a)*exp(-c*x)", y)
    begun = starts(0.1, 4.0, 24, 3)
    found = descend_many(curve, begun)

    def residuals(w: np.ndarray) -> np.ndarray:
        x = X.numpy()
        return w[0] * np.exp(-w[1] * x) + (5 - w[0]) * np.exp(-w[2] * x) - y.numpy()

    # From some starts scipy leaps to where the exponential overflows.
    with np.errstate(over="ignore", invalid="ignore"):
        ends = [least_squares(residuals, one, xtol=1e-14, ftol=1e-14).cost / M for one in begun.numpy()]
    best = min(ends)
    # Two exponentials swapped are the same curve.
    assert len(tally(found, 3)) == 2
    assert int(found.arrived.sum()) >= 20
    assert found.values[found.arrived].numpy() == pytest.approx(best, rel=1e-9)
    assert sum(one < best * (1 + 1e-9) for one in ends) >= 20


LOSSES = [
    (Loss.HUBER, DECAY, "a*exp(-b*x) + c", {"delta": 0.1}),
    (Loss.LOGCOSH, DECAY, "a*exp(-b*x) + c", {}),
    (Loss.POISSON, torch.round(5.0 * torch.exp(-0.7 * X) + 1.0), "a*exp(-b*x) + c", {}),
    (Loss.LOGISTIC, (X + 0.5 * NOISE > 2.0).to(torch.float64), "a*(x - b) + 0*c", {"link": "logit"}),
    (Loss.ABSOLUTE, DECAY, "a*exp(-b*x) + c", {}),
    (Loss.QUANTILE, DECAY, "a*exp(-b*x) + 0*c", {"quantile": 0.75}),
]


@pytest.mark.parametrize(("loss", "y", "text", "options"), LOSSES, ids=lambda one: getattr(one, "value", ""))
def test_every_loss_of_a_curve_comes_to_its_minimum(loss: Loss, y: Tensor, text: str, options: dict[str, str]) -> None:
    curve = curve_of(text, y, loss, **options)
    found = descend_many(curve, starts(0.3, 3.0, 8 if loss.info.smooth else 4, 3))
    # Where c has no effect, it keeps a start from ending at what counts as a minimum.
    values = found.values[found.arrived] if text.endswith("+ c") else found.values
    assert len(values) >= (7 if loss.info.smooth else 4)

    def value(w: np.ndarray) -> float:
        return float(curve.value(torch.tensor(w, dtype=torch.float64)[:, None]))

    best = minimize(value, found.points[values.argmin()].numpy(), method="Nelder-Mead", options={"xatol": 1e-9})
    assert float(values.min()) <= best.fun + 1e-7 * abs(best.fun)
    assert values.median().item() == pytest.approx(best.fun, rel=1e-9 if loss.info.smooth else 1e-3)


def test_bounds_hold_and_the_minimum_within_them_is_found() -> None:
    curve = curve_of("a*exp(-b*x) + c", DECAY)
    lower, upper = ([0.0, 0.0, 1.3], [2.0, 5.0, 4.0])
    box = Box(*(torch.tensor(side, dtype=torch.float64)[:, None] for side in (lower, upper)))
    found = descend_many(curve, starts(0.0, 5.0, 16, 3), box)

    def residuals(w: np.ndarray) -> np.ndarray:
        return w[0] * np.exp(-w[1] * X.numpy()) + w[2] - DECAY.numpy()

    best = least_squares(residuals, [1, 1, 2], bounds=(lower, upper), xtol=1e-15, ftol=1e-15, gtol=1e-15)
    assert bool(found.arrived.all())
    assert float(best.x[0]) == pytest.approx(2.0)
    assert found.points.numpy() == pytest.approx(np.tile(best.x, (16, 1)), abs=1e-6)


def test_kinks_are_crossed_and_bounds_among_them() -> None:
    formula = formula_of("abs(a)*(1 + cos(3*a)/2) + abs(b)")
    assert set(tally(descend_many(formula, starts(-2.0, 2.0, 24)), 2)) == {(0.0, 0.0), (-0.91, 0.0), (0.91, 0.0)}
    box = Box(*(torch.tensor(side, dtype=torch.float64)[:, None] for side in ([0.5, -1.0], [2.0, 5.0])))
    found = descend_many(formula_of("abs(a) + abs(b + 2) + (a - b)**2"), starts(-3.0, 3.0, 24), box)
    assert bool(found.arrived.all())
    assert found.points.numpy() == pytest.approx(np.tile([0.5, 0.0], (24, 1)), abs=1e-3)


@pytest.mark.parametrize(
    ("text", "end"),
    [("a**3 - 3*a + b**2", End.RUNAWAY), ("exp(-a**2) + b**2", End.RUNAWAY), ("log(a)**2 + b**2", End.NOT_FINITE)],
)
def test_what_is_no_minimum_is_none(text: str, end: End) -> None:
    found = descend_many(formula_of(text), torch.tensor([[-1.5, 1.0]], dtype=torch.float64))
    assert found.ends.tolist() == [end]


def test_a_saddle_is_no_minimum() -> None:
    found = descend_many(formula_of("(a**2 - 1)**2 + b**2"), torch.tensor([[0.0, 1.0]], dtype=torch.float64))
    assert found.ends.tolist() == [End.SADDLE]


def test_rows_of_weight_0_count_for_nothing_and_float32_arrives() -> None:
    weight = torch.where(X > 1.0, 2.0, 0.0)
    spoilt = torch.where(X > 1.0, DECAY, 99.0)
    found = descend_many(curve_of("a*exp(-b*x) + c", spoilt, weight=weight), starts(0.5, 3.0, 8, 3))
    clean = descend_many(curve_of("a*exp(-b*x) + c", DECAY, weight=weight), starts(0.5, 3.0, 8, 3))
    assert torch.equal(found.points, clean.points)
    single = descend_many(curve_of("a*exp(-b*x) + c", DECAY.to(torch.float32)), starts(0.5, 3.0, 8, 3).float())
    double = descend_many(curve_of("a*exp(-b*x) + c", DECAY), starts(0.5, 3.0, 8, 3))
    assert single.points.dtype is torch.float32
    assert bool(single.arrived.all())
    assert single.values.numpy() == pytest.approx(double.values.numpy(), rel=1e-5)


def test_blocks_of_rows_and_of_starts_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    curve, begun = curve_of("a*exp(-b*x) + c", DECAY), starts(0.5, 3.0, 8, 3)
    whole, losses = descend_many(curve, begun), values_of(curve, begun)
    seen: list[int] = []
    rows = many_points._of_rows
    monkeypatch.setattr(many_points, "_of_rows", lambda part, z: seen.append(z.numel()) or rows(part, z))
    monkeypatch.setattr(many_points, "ROOM", 900)
    parts = descend_many(curve, begun)
    assert max(seen) <= 900 // 17
    assert parts.points.numpy() == pytest.approx(whole.points.numpy(), rel=1e-6)
    assert parts.ends.tolist() == whole.ends.tolist()
    assert values_of(curve, begun).numpy() == pytest.approx(losses.numpy(), rel=1e-14)


@pytest.mark.parametrize("text", ["a*exp(-b*x) + c", "a*x + b*sum(x)/9 + c", "a + b*cumsum(x) + c**2"])
def test_models_of_many_points_are_those_of_each(text: str) -> None:
    curve, points = curve_of(text, DECAY), starts(0.5, 2.0, 4, 3)
    models = models_of(curve)(points)
    for place, point in enumerate(points):
        now = curve.evaluate(point[:, None])
        jacobian = torch.autograd.functional.jacobian(lambda w: curve.residuals(w[:, None])[:, 0], point)
        assert float(models.value[place]) == pytest.approx(float(now.value), rel=1e-12)
        assert models.gradient[place].numpy() == pytest.approx(now.gradient[:, 0].numpy(), rel=1e-9)
        normal = models.factor[place].mT @ models.factor[place]
        assert normal.numpy() == pytest.approx((jacobian.mT @ jacobian / M).numpy(), rel=1e-9)


def test_the_hessian_of_a_formula_is_taken_by_its_absolute_eigenvalues() -> None:
    formula, point = formula_of("a**2*1e12 - 3*b**2 + a*b"), torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    models = models_of(formula)(point)
    assert float(models.bent[0]) < -0.5
    normal = models.factor[0].mT @ models.factor[0]
    assert normal.numpy() == pytest.approx(np.array([[2e12, 0.0], [0.0, 6.0]]), rel=1e-6, abs=1.0)


def test_no_starts_have_no_ends() -> None:
    found = descend_many(formula_of("a**2 + b**2"), torch.zeros(0, 2, dtype=torch.float64))
    assert found.points.shape == (0, 2)
    assert found.values.shape == (0,)
