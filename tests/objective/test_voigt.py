"""The Voigt profile of formulas, held against SciPy's and against differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.special
import torch

from gdsolve.objective.expression import parse
from gdsolve.objective.voigt import faddeeva_real
from gdsolve.status import GdsolveError

FAR = np.concatenate([np.linspace(-12.0, 12.0, 241), np.geomspace(12.0, 1e6, 30)])


def profile(x: np.ndarray, sigma: float, gamma: float) -> np.ndarray:
    values = {name: torch.tensor(value, dtype=torch.float64) for name, value in (("x", x), ("s", sigma), ("g", gamma))}
    return parse("voigt(x, s, g)", tuple(values)).evaluate(values).numpy()


SIGMAS, GAMMAS = (0.0, 1e-3, 0.7, 2.0, 1e3), (1e-6, 0.3, 50.0, 1e4, -0.2, -1.0)
# Below gamma = 0 it grows beyond all numbers where sigma is small.
WIDTHS = [(sigma, gamma) for sigma in SIGMAS for gamma in GAMMAS if gamma > 0.0 or sigma != 1e-3]


@pytest.mark.parametrize(("sigma", "gamma"), WIDTHS)
def test_the_profile_is_that_of_scipy(sigma: float, gamma: float) -> None:
    expected = scipy.special.voigt_profile(FAR, sigma, gamma)
    assert np.abs(profile(FAR, sigma, gamma) - expected).max() <= 1e-14 * np.abs(expected).max()
    np.testing.assert_array_equal(profile(FAR, -sigma, gamma), profile(FAR, sigma, gamma))


def test_without_gamma_it_is_the_normal_density() -> None:
    expected = np.exp(-((FAR / 0.7) ** 2) / 2) / (0.7 * math.sqrt(2 * math.pi))
    assert np.abs(profile(FAR, 0.7, 0.0) - expected).max() < 2e-15


def test_the_faddeeva_function_is_that_of_scipy() -> None:
    x, y = np.meshgrid(FAR, np.concatenate([[0.0], np.geomspace(1e-9, 1e4, 40), -np.geomspace(1e-9, 3.0, 12)]))
    expected = scipy.special.wofz(x + 1j * y).real
    found = faddeeva_real(torch.tensor(x), torch.tensor(y)).numpy()
    assert (np.abs(found - expected) / np.maximum(1.0, np.abs(expected))).max() < 3e-15


# torch warns of a function of its own when it imports the transforms.
@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
@pytest.mark.parametrize(
    "point", [(0.3, 0.9, 0.4), (0.3, -0.9, 0.4), (0.3, 0.9, 0.0), (0.3, 0.9, -0.1), (0.3, 0.1, 5.0)]
)
def test_derivatives(point: tuple[float, float, float]) -> None:
    """Also where gamma crosses 0, which is no kink."""
    expression = parse("voigt(x - c, s, g)", ("x", "c", "s", "g"))
    x = torch.linspace(-3.0, 3.0, 7, dtype=torch.float64)

    def value(w: torch.Tensor) -> torch.Tensor:
        return expression.evaluate({"x": x, "c": w[0], "s": w[1], "g": w[2]})

    w = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(value, w)
    assert torch.autograd.gradgradcheck(value, w)
    many = torch.func.vmap(torch.func.jacfwd(value))(torch.stack([w, 1.1 * w]).detach())
    torch.testing.assert_close(many[0], torch.autograd.functional.jacobian(value, w), rtol=1e-12, atol=1e-14)


def test_derivatives_where_there_is_no_spread_are_finite() -> None:
    parameters = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    expression = parse("voigt(x, s, g + 1)", ("x", "s", "g"))
    x = torch.tensor([0.0, 2.0], dtype=torch.float64)
    found = expression.evaluate({"x": x, "s": parameters[0], "g": parameters[1]})
    (slopes,) = torch.autograd.grad(found.sum(), parameters)
    # d/dg of g/(π(x² + g²)) at g = 1, and 0 in sigma.
    assert slopes.tolist() == [0.0, pytest.approx((-1.0 + 3.0 / 25.0) / math.pi, rel=1e-14)]


def test_single_precision_and_numbers_in_place_of_parameters() -> None:
    x = torch.linspace(-2.0, 2.0, 5, dtype=torch.float32)
    found = parse("voigt(x, 1, 0.5)", ("x",)).evaluate({"x": x})
    assert found.dtype is torch.float32
    np.testing.assert_allclose(found.numpy(), scipy.special.voigt_profile(x.numpy().astype(float), 1.0, 0.5), rtol=1e-5)
    assert parse("scipy.special.voigt_profile(x, 1, 0.5)", ("x",)).evaluate({"x": x}).tolist() == found.tolist()


def test_no_width_at_all_has_no_value() -> None:
    with pytest.raises(GdsolveError, match=r"column 1: voigt\(0, 0, 0\) is not a number") as caught:
        parse("voigt(0, 0, 0)", ())
    assert str(caught.value.hint) == "voigt takes a width sigma or gamma other than 0"
