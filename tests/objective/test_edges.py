"""Derivatives at the edge of a function's domain, where a dose is 0: those of the limit, to second order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
import torch

import gdsolve
from gdsolve.objective.curve import Curve, CurveFunction
from gdsolve.objective.edges import has_edges
from gdsolve.objective.expression import parse
from gdsolve.objective.formula import Formula
from gdsolve.objective.layout import Layout
from gdsolve.status import Status

X = torch.tensor([0.0, 0.5, 1.0, 2.0, 3.0], dtype=torch.float64)
AT_THE_EDGE = {
    "a + b*x**c": {"a": 1.0, "b": 2.0, "c": 0.5},
    "a + b*x**n/(k**n + x**n)": {"a": 1.0, "b": 2.0, "n": 1.2, "k": 3.0},
    "sqrt(x*a) + b": {"a": 1.0, "b": 1.0},
    "sqrt(a*x)*b": {"a": 1.0, "b": 2.0},
    "a*exp(-(x/t)**b)": {"a": 1.0, "t": 1.0, "b": 0.5},
    "a*exp(-b/x)": {"a": 1.0, "b": 0.5},
    "a/(1 + (k/x)**n)": {"a": 1.0, "k": 0.5, "n": 1.3},
    "a + (b - a)/(1 + (x/c)**d)": {"a": 1.0, "b": 2.0, "c": 0.5, "d": 1.3},
    "a*log(1 + (x/b)**c)": {"a": 1.0, "b": 2.0, "c": 0.5},
    "a*x**b*exp(-x/c)": {"a": 1.0, "b": 0.3, "c": 2.0},
    "(x*a)**1.5 + b": {"a": 1.0, "b": 2.0},
    "a*arctan(b/x)": {"a": 1.0, "b": 0.5},
}
"""Curves that are smooth in their parameters at x = 0, and starts."""
ELSEWHERE = {
    "a*x/(b + x)": {"a": 1.0, "b": 0.5},
    "a*exp(-b*x)": {"a": 1.0, "b": 0.5},
    "(a*x)**2 + b": {"a": 1.0, "b": 1.0},
}


def curve(text: str, start: dict[str, float], *, at_edges: bool) -> tuple[CurveFunction, torch.Tensor]:
    names = tuple(start)
    layout = Layout(names, ((),) * len(names), names, torch.ones(len(names), 1, dtype=torch.float64))
    w = torch.tensor(list(start.values()), dtype=torch.float64)[:, None]
    return CurveFunction(parse(text, [*names, "x"]), layout, {}, {"x": X}, len(X), at_edges), w


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
@pytest.mark.parametrize(("text", "start"), AT_THE_EDGE.items())
def test_derivatives_are_those_of_the_limit(text: str, start: dict[str, float]) -> None:
    found, w = curve(text, start, at_edges=True)
    plain, _ = curve(text, start, at_edges=False)
    assert has_edges(found.expression, {"x": X, **found.layout.unpack(w)}, found.layout.names)
    torch.testing.assert_close(found.at(w), plain.at(w), rtol=0.0, atol=0.0)
    jacobian = found.jacobian(w)
    torch.testing.assert_close(jacobian[1:], plain.jacobian(w)[1:], rtol=1e-13, atol=0.0)
    # No parameter that is met at x = 0 alone moves the value there: differences say so as well.
    steps = 1e-5 * torch.eye(len(w), dtype=torch.float64)
    ends = [(found.at(w + step[:, None])[0] - found.at(w - step[:, None])[0]) / 2e-5 for step in steps]
    torch.testing.assert_close(jacobian[0], torch.cat(ends), rtol=0.0, atol=1e-10)
    forward = torch.func.jacfwd(lambda point: found.at(point)[:, 0])(w)[:, :, 0]
    torch.testing.assert_close(forward, jacobian, rtol=1e-13, atol=0.0)
    mapped = torch.func.vmap(torch.func.grad(found._evaluate), in_dims=(None, 0))(w, {"x": X})[:, :, 0]
    torch.testing.assert_close(mapped, jacobian, rtol=1e-13, atol=0.0)


@pytest.mark.parametrize(("text", "start"), AT_THE_EDGE.items())
def test_the_hessian_is_that_of_the_other_rows_and_of_the_limit(text: str, start: dict[str, float]) -> None:
    """∇²L at x = 0 is c·(JᵀJ + r∇²f), and ∇²f is 0 there: none of these is curved in its parameters at x = 0."""
    found, w = curve(text, start, at_edges=True)
    target = torch.ones(len(X), 1, dtype=torch.float64)
    whole, others = Curve(found, target, None, 1.0), Curve(found, target, None, 1.0).at_rows(slice(1, None))
    first = found.jacobian(w)[:1]
    torch.testing.assert_close(whole.hessian(w), others.hessian(w) + first.mT @ first, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("text", "start"), ELSEWHERE.items())
def test_what_is_right_already_is_left_as_it_is(text: str, start: dict[str, float]) -> None:
    found, w = curve(text, start, at_edges=False)
    assert not has_edges(found.expression, {"x": X, **found.layout.unpack(w)}, found.layout.names)
    assert bool(torch.isfinite(Curve(found, X[:, None], None, 1.0).hessian(w)).all())


def test_a_formula_with_sums_over_rows() -> None:
    layout = Layout(("a", "c"), ((), ()), ("a", "c"), torch.ones(2, 1, dtype=torch.float64))
    formula = Formula(parse("sum((a*x**c - 1)**2)", ("a", "c", "x")), layout, {"x": X}, at_edges=True)
    w = torch.tensor([[1.5], [0.5]], dtype=torch.float64)
    rest = Formula(formula.expression, layout, {"x": X[1:]})
    torch.testing.assert_close(formula.hessian(w), rest.hessian(w), rtol=1e-13, atol=0.0)
    assert float(formula.value(w)) == pytest.approx(float(rest.value(w)) + 1.0, rel=1e-14)


def dose(x: np.ndarray) -> np.ndarray:
    return 19.8 + 30.5 * x**1.17 / (9.7**1.17 + x**1.17) + 0.1 * np.sin(7.0 * x)


@pytest.mark.parametrize("loss", ["half-mse", "huber"])
@pytest.mark.parametrize(
    ("model", "function", "start"),
    [
        ("a+b*x**c", lambda x, a, b, c: a + b * x**c, {"a": 1.0, "b": 1.0, "c": 1.0}),
        (
            "a+b*x**n/(k**n+x**n)",
            lambda x, a, b, n, k: a + b * x**n / (k**n + x**n),
            {"a": 10.0, "b": 30.0, "n": 1.0, "k": 5.0},
        ),
    ],
)
def test_a_dose_of_0_keeps_its_certificate(
    model: str, function: object, start: dict[str, float], loss: str, tmp_path: Path
) -> None:
    """Power law and Hill curve with a dose of 0: the minimum, and the error bars, of scipy's curve_fit."""
    x = np.arange(30.0)
    path = tmp_path / "dose.csv"
    path.write_text("x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(x.tolist(), dose(x).tolist(), strict=True)))
    given = ",".join(f"{name}={value}" for name, value in start.items())
    options = {"delta": 1e3} if loss == "huber" else {}
    found = gdsolve.fit(path, model=model, start=given, loss=loss, **options)
    best, covariance = scipy.optimize.curve_fit(function, x, dose(x), p0=list(start.values()), xtol=1e-14, ftol=1e-14)
    assert found.status is Status.CONVERGED
    assert found.optimum is not None
    assert found.optimum.unique
    assert list(found.weights.values()) == pytest.approx(best, rel=1e-6)
    if loss == "half-mse":
        errors = np.sqrt(np.diag(covariance))
        assert list(found.standard_errors.values()) == pytest.approx(errors, rel=1e-4)
