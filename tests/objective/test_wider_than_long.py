"""Tables wider than long: the closed forms of statistics, and nothing as large as the square of their width."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import gdsolve
from gdsolve.objective import triangle
from gdsolve.spec import Loss
from gdsolve.status import Status

M, N = 12, 90
FORMS = [(True, False), (False, False), (True, True)]


@pytest.fixture(autouse=True)
def any_width_is_costly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done for hundreds of columns, on a few."""
    monkeypatch.setattr(triangle, "COSTLY", 0)


def table(seed: int = 0, m: int = M, n: int = N, *, units: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, n)) + rng.normal(size=n)
    if units:
        X *= 10.0 ** rng.uniform(-2.0, 2.0, size=n)
    return X, X[:, 0] / np.abs(X[:, 0]).max() + rng.normal(size=m) + 3.0


def ridge(X: np.ndarray, y: np.ndarray, penalty: float, *, intercept: bool, whole: bool) -> np.ndarray:
    """Xᵀ(XXᵀ + λI)⁻¹y: the m×m form of the minimiser."""
    inner = penalty * np.eye(len(y))
    if intercept and not whole:
        centred = X - X.mean(axis=0)
        w = centred.T @ np.linalg.solve(centred @ centred.T + inner, y - y.mean())
        return np.append(w, y.mean() - X.mean(axis=0) @ w)
    A = np.column_stack([X, np.ones(len(y))]) if intercept else X
    return A.T @ np.linalg.solve(A @ A.T + inner, y)


def user(fit: gdsolve.Fit) -> np.ndarray:
    assert fit.optimum is not None
    constant = [] if fit.optimum.intercept is None else [fit.optimum.intercept]
    return np.array([*fit.optimum.weights.values(), *constant])


class Largest(TorchDispatchMode):
    """The number of elements of the largest tensor that is made."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for one in tree_leaves(made):
            if isinstance(one, torch.Tensor):
                self.elements = max(self.elements, one.numel())
        return made


@pytest.mark.parametrize(("intercept", "whole"), FORMS)
@pytest.mark.parametrize(("penalty", "units"), [(3.0, False), (1e-2, True)])
@pytest.mark.parametrize("scale", ["standard", "none"])
def test_ridge_against_its_closed_form(intercept: bool, whole: bool, penalty: float, scale: str, units: bool) -> None:
    X, y = table(units=units)
    options = {"penalize_intercept": True} if whole else {}
    fit = gdsolve.fit(X, y, ridge=penalty, no_intercept=not intercept, scale=scale, **options)
    expected = ridge(X, y, penalty, intercept=intercept, whole=whole)
    size = np.abs(expected).max()
    assert fit.optimum is not None
    assert fit.optimum.unique
    assert fit.status is Status.CONVERGED
    np.testing.assert_allclose(user(fit), expected, rtol=1e-7, atol=1e-10 * size)
    np.testing.assert_allclose(fit.w[:, 0].numpy(), expected, rtol=1e-7, atol=1e-9 * size)


@pytest.mark.parametrize(("intercept", "whole"), FORMS)
@pytest.mark.parametrize("init", ["zeros", "random"])
@pytest.mark.parametrize("penalty", [0.0, 2.0])
@pytest.mark.parametrize("scale", ["standard", "none"])
def test_every_engine_takes_the_same_steps(intercept: bool, whole: bool, init: str, penalty: float, scale: str) -> None:
    """Also from a start that is not in the span of the rows."""
    X, y = table(1)
    options: dict[str, Any] = {"penalize_intercept": True} if whole and penalty else {}
    options |= {"no_intercept": not intercept, "init": init, "ridge": penalty, "scale": scale, "lr": 0.02}
    leap, triangle, rows = (
        gdsolve.fit(X, y, max_iter=40, tol=0.0, engine=engine, **options) for engine in ("leap", "triangle", "rows")
    )
    assert leap.gap is not None
    for other in (triangle, rows):
        torch.testing.assert_close(other.w, leap.w, rtol=1e-9, atol=1e-11)
        assert other.gap == pytest.approx(leap.gap, rel=1e-9)
    assert triangle.spectrum == leap.spectrum


@pytest.mark.parametrize("scale", ["standard", "none"])
def test_spectrum_of_ridge_is_that_of_the_whole_hessian(scale: str) -> None:
    X, y = table(2)
    fit = gdsolve.fit(X, y, ridge=2.0, scale=scale, no_intercept=True)
    spread = 1.0 if scale == "none" else float(np.sqrt((X**2).mean()))
    hessian = (X.T @ X + 2.0 * np.eye(N)) / M / spread**2
    values = np.linalg.eigvalsh(hessian)
    assert fit.spectrum is not None
    assert fit.spectrum.rank == N
    assert fit.spectrum.largest == pytest.approx(values[-1], rel=1e-12)
    assert fit.spectrum.smallest == pytest.approx(values[0], rel=1e-10)


@pytest.mark.parametrize("init", ["zeros", "random"])
@pytest.mark.parametrize("scale", ["standard", "none"])
def test_without_ridge_the_minimiser_is_the_nearest_to_the_start(init: str, scale: str) -> None:
    X, y = table(3, units=scale == "standard")
    drawn = {"seed": 4} if init == "random" else {}
    fit = gdsolve.fit(X, y, init=init, scale=scale, **drawn)
    assert fit.optimum is not None
    assert not fit.optimum.unique
    start = np.zeros(N + 1)
    if init == "random":
        start = torch.randn(N + 1, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(4))[:, 0].numpy()
    centre, spread = (X.mean(axis=0), X.std(axis=0)) if scale == "standard" else (np.zeros(N), np.ones(N))
    middle, unit = (y.mean(), y.std()) if scale == "standard" else (0.0, 1.0)
    A = np.column_stack([(X - centre) / spread, np.ones(M)])
    near = start + np.linalg.pinv(A) @ ((y - middle) / unit - A @ start)
    weights = near[:-1] * unit / spread
    expected = np.append(weights, middle + unit * near[-1] - centre @ weights)
    np.testing.assert_allclose(user(fit), expected, rtol=1e-8, atol=1e-10)


def test_a_ridge_less_than_rounding_is_none() -> None:
    X, y = table(5)
    fit, plain = gdsolve.fit(X, y, ridge=1e-40), gdsolve.fit(X, y, scale="standard")
    assert fit.optimum is not None
    assert not fit.optimum.unique
    assert fit.spectrum is not None
    assert plain.spectrum is not None
    assert fit.spectrum.rank == plain.spectrum.rank == M
    assert fit.sse == pytest.approx(0.0, abs=1e-20)


LOSSES = [
    (Loss.LOGISTIC, lambda z, y: torch.nn.functional.softplus(z) - y * z),
    (Loss.POISSON, lambda z, y: z.exp() - y * z),
    (Loss.HUBER, lambda z, y: torch.where((z - y).abs() <= 1.0, (z - y) ** 2 / 2, (z - y).abs() - 0.5)),
    (Loss.LOGCOSH, lambda z, y: torch.log(torch.cosh(z - y))),
]


@pytest.mark.parametrize(("loss", "formula"), LOSSES)
@pytest.mark.parametrize("scale", ["standard", "none"])
@pytest.mark.parametrize("init", ["random"])
def test_other_losses_are_certified_with_ridge(loss: Loss, formula: Any, scale: str, init: str) -> None:
    """At more than the 200 weights that Newton's method is used for; the gradient of the whole loss is zero there."""
    X, y = table(6, n=320)
    X /= 4.0
    target = (y > y.mean()).astype(float) if loss is Loss.LOGISTIC else np.abs(np.rint(y))
    extra: dict[str, Any] = {"delta": 1.0} if loss is Loss.HUBER else {}
    fit = gdsolve.fit(X, target, loss=loss.value, ridge=0.5, scale=scale, init=init, **extra)
    assert fit.status is Status.CONVERGED
    assert fit.optimum is not None
    assert fit.optimum.unique
    assert fit.optimum.is_global
    assert fit.gap == pytest.approx(0.0, abs=1e-14)
    w = torch.tensor(user(fit), requires_grad=True)
    z = torch.from_numpy(X) @ w[:-1] + w[-1]
    (formula(z, torch.from_numpy(target)).sum() + 0.25 * w[:-1].square().sum()).backward()
    assert w.grad is not None
    assert float(w.grad.abs().amax()) < 1e-9
    assert fit.spectrum is not None
    assert fit.spectrum.rank == 321


def test_without_ridge_the_minimum_of_another_loss_is_near_the_start() -> None:
    X, y = table(7, n=320)
    fit = gdsolve.fit(X, y, loss="huber", delta=1.0, scale="none")
    assert fit.status is Status.CONVERGED
    assert fit.optimum is not None
    assert not fit.optimum.unique
    assert fit.spectrum is not None
    assert fit.spectrum.rank == M
    A = np.column_stack([X, np.ones(M)])
    np.testing.assert_allclose(user(fit), np.linalg.pinv(A) @ y, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"ridge": 1.0},
        {"ridge": 1.0, "penalize_intercept": True},
        {"ridge": 1.0, "no_intercept": True},
        {"ridge": 1.0, "scale": "none", "lr": 1e-4, "max_iter": 5},
        {"ridge": 1.0, "engine": "triangle", "max_iter": 5},
        {"ridge": 1.0, "engine": "rows", "max_iter": 5},
        {"ridge": 1.0, "init": "random"},
        {"ridge": 1.0, "loss": "huber", "delta": 1.0},
        {"loss": "logcosh"},
    ],
)
def test_nothing_is_as_large_as_the_square_of_the_width(options: dict[str, Any]) -> None:
    m, n = 10, 800
    X, y = table(8, m=m, n=n)
    with Largest() as largest:
        gdsolve.fit(X, y, every="log", **options)
    # The states of a trace, and rows twice.
    assert largest.elements < 60 * m * n


def test_dependent_columns_of_a_wide_table() -> None:
    """All beyond the rank, each as what it is made of."""
    X, y = table(9, m=5, n=9)
    found = gdsolve.check(X, y).diagnosis
    assert found is not None
    assert [one.column for one in found.dependent] == [4, 5, 6, 7, 8]
    for one in found.dependent:
        made = sum(weight * X[:, i] for i, weight in one.coefficients.items()) + one.constant
        np.testing.assert_allclose(made, X[:, one.column], rtol=1e-9, atol=1e-10)


def test_methods_that_solve_for_all_weights_are_not_compared_unasked() -> None:
    X, y = table(10, n=320)
    found = gdsolve.compare(X, y, ridge=1.0, max_iter=5)
    assert found.left_out["newton"] == "each of its steps solves 321 equations; --methods newton runs it"
    assert "lm" in found.left_out
    asked = gdsolve.compare(X, y, ridge=1.0, max_iter=5, methods=("newton",))
    assert [one.method.value for one in asked.methods] == ["newton"]
