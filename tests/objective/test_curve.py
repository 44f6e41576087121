"""Formulas and curves as objectives: their derivatives held against torch.func and central differences."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import gdsolve
from gdsolve.objective.base import SumOfSquares, TwiceDifferentiable
from gdsolve.objective.curve import Curve, CurveFunction, PointwiseCurve
from gdsolve.objective.degree import degree
from gdsolve.objective.expression import parse
from gdsolve.objective.formula import Formula
from gdsolve.objective.layout import Layout
from gdsolve.objective.pointwise import Huber
from gdsolve.objective.taylor import modes_of_quadratic

X = torch.linspace(0.1, 3.0, 9, dtype=torch.float64)
Y = X.sqrt()[:, None]
MODELS = (
    "a*(1 - exp(-b*x))",
    "a/(1 + exp(b - x))",
    "a + b*x",
    "a*cos(b*x) + b",
    "a*b",
    "a*x/sum(x) + b*max(x)",
    "sqrt(a + b*x**2)",
    "arctan(a*x)/pi + b",
)


def column(*numbers: float) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64)[:, None]


def layout(scale: tuple[float, float] = (1.0, 1.0)) -> Layout:
    return Layout(("a", "b"), ((), ()), ("a", "b"), column(*scale))


def model(text: str, scale: tuple[float, float] = (1.0, 1.0)) -> CurveFunction:
    return CurveFunction(parse(text, ("a", "b", "x")), layout(scale), {}, {"x": X} if "x" in text else {}, len(X))


# torch warns of a function of its own when it imports the transforms.
@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
@pytest.mark.parametrize("text", MODELS)
@pytest.mark.parametrize("scale", [(1.0, 1.0), (500.0, 1e-3)])
def test_the_jacobian_is_that_of_torch_func(text: str, scale: tuple[float, float]) -> None:
    found = model(text, scale)
    w = column(1.5 / scale[0], 0.7 / scale[1])
    exact = torch.func.jacfwd(lambda point: found.at(point)[:, 0])(w)[:, :, 0]
    torch.testing.assert_close(found.jacobian(w), exact, rtol=1e-13, atol=1e-13)


def test_the_jacobian_of_vectors_of_parameters() -> None:
    two = Layout(("w",), ((2,),), ("w[0]", "w[1]"), column(1.0, 1.0))
    found = CurveFunction(parse("dot(w, w)*x + sum(w)", ("w", "x")), two, {}, {"x": X}, len(X))
    w = column(1.5, -0.5)
    exact = torch.stack([2.0 * w[0] * X + 1.0, 2.0 * w[1] * X + 1.0], dim=1)
    torch.testing.assert_close(found.jacobian(w), exact, rtol=1e-14, atol=1e-14)


def central_differences(function: Callable[[torch.Tensor], torch.Tensor], w: torch.Tensor) -> torch.Tensor:
    steps = 6e-6 * torch.eye(len(w), dtype=torch.float64)
    ends = [(function(w + step[:, None]) - function(w - step[:, None])) / 1.2e-5 for step in steps]
    return torch.stack(ends).detach()[:, None]


@pytest.mark.parametrize("text", MODELS)
def test_value_gradient_and_hessian_of_a_curve(text: str) -> None:
    weight = torch.linspace(0.5, 2.0, len(X), dtype=torch.float64)[:, None]
    curve = Curve(model(text), Y, weight.sqrt(), 2.0 / float(weight.sum()))
    w = column(1.5, 0.7)
    now = curve.evaluate(w)
    residuals, jacobian = curve.residuals(w), curve.jacobian(w)
    assert isinstance(curve, SumOfSquares)
    assert isinstance(curve, TwiceDifferentiable)
    assert float(now.value) == pytest.approx(float((weight * (curve.model.at(w) - Y) ** 2).sum() / weight.sum()))
    torch.testing.assert_close(now.gradient, curve.curvature_scale * jacobian.mT @ residuals, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(now.gradient, central_differences(curve.value, w), rtol=1e-7, atol=1e-9)
    exact = torch.autograd.functional.hessian(curve.value, w)[:, 0, :, 0]
    torch.testing.assert_close(curve.hessian(w), exact, rtol=1e-12, atol=1e-13)
    assert float(curve.sse(w)) == pytest.approx(float(residuals.square().sum()), rel=1e-14)


def test_another_loss_of_a_curve() -> None:
    weight = torch.linspace(0.5, 2.0, len(X), dtype=torch.float64)[:, None]
    curve = PointwiseCurve(model(MODELS[0]), Y, weight, Huber(0.1), float(weight.sum()))
    w = column(1.5, 0.7)
    errors = (curve.model.at(w) - Y).abs()
    huber = torch.where(errors <= 0.1, errors**2 / 2, 0.1 * (errors - 0.05))
    assert float(curve.evaluate(w).value) == pytest.approx(float((weight * huber).sum() / weight.sum()), rel=1e-14)
    torch.testing.assert_close(curve.evaluate(w).gradient, central_differences(curve.value, w), rtol=1e-6, atol=1e-9)
    exact = torch.autograd.functional.hessian(curve.value, w)[:, 0, :, 0]
    torch.testing.assert_close(curve.hessian(w), exact, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", 1.0),
        ("3", 0.0),
        ("x*a/3 - b", 1.0),
        ("a*b + x", 2.0),
        ("(2 - a - b)**2 + (4 - 3*a - b)**2", 2.0),
        ("sum((x - a*x)**2)/2", 2.0),
        ("a**2*b", 3.0),
        ("mean(transpose(a))", 1.0),
        ("exp(a)", math.inf),
        ("a/b", math.inf),
        ("2**a", math.inf),
        ("a**0.5", math.inf),
        ("max(a, b)", math.inf),
        ("exp(x)*a", 1.0),
    ],
)
def test_the_degree_of_a_formula(text: str, expected: float) -> None:
    assert degree(parse(text, ("a", "b", "x")), ("a", "b")) == expected


def test_a_quadratic_formula_is_known_beforehand() -> None:
    """configs/textbook, B8: the formula has the spectrum and the optimum of B1."""
    formula = Formula(parse("(2 - a - b)**2 + (4 - 3*a - b)**2", ("a", "b")), layout(), {})
    modes = modes_of_quadratic(formula, column(0.0, 0.0))
    assert modes is not None
    assert modes.spectrum.largest == pytest.approx(12.0 + 8.0 * math.sqrt(2.0), rel=1e-14)
    assert modes.spectrum.smallest == pytest.approx(12.0 - 8.0 * math.sqrt(2.0), rel=1e-12)
    torch.testing.assert_close(modes.minimiser, column(1.0, 1.0), rtol=1e-13, atol=1e-13)
    assert float(modes.gap(column(0.0, 0.0))) == pytest.approx(20.0, rel=1e-13)


@pytest.mark.parametrize("text", ["-a**2 + b**2", "a**2 + b", "a*b", "a + b"])
def test_a_quadratic_without_a_minimum_is_none(text: str) -> None:
    formula = Formula(parse(text, ("a", "b")), layout(), {})
    assert modes_of_quadratic(formula, column(1.0, 2.0)) is None


@pytest.mark.parametrize(
    ("column", "formula"),
    [
        ("time (s)", "a*exp(-b*`time (s)`) + c"),
        ("lambda", "a*exp(-b*lambda) + c"),
        ("Sepal.Length", "a*exp(-b*`Sepal.Length`) + c"),
    ],
)
def test_a_column_of_any_name_stands_in_backticks(tmp_path: Path, column: str, formula: str) -> None:
    """Also in what is saved, and predicted from it."""
    x = np.linspace(0.1, 5.0, 30)
    path = tmp_path / "t.csv"
    rows = "\n".join(f"{one},{3.0 * math.exp(-0.8 * one) + 0.2}" for one in x)
    path.write_text(f"{column},signal [V]\n{rows}\n")
    fit = gdsolve.fit(path, target="signal [V]", model=formula, start="a=1,b=1,c=0", save=str(tmp_path / "m.json"))
    assert fit.w[:, 0] == pytest.approx([3.0, 0.8, 0.2], rel=1e-6)
    assert gdsolve.predict(str(tmp_path / "m.json"), path) == pytest.approx(3.0 * np.exp(-0.8 * x) + 0.2, rel=1e-6)
