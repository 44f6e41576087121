"""Where runs end: at minima of 0, without curvature, at bounds, and where a small update means nothing."""

from __future__ import annotations

import math

import pytest
import torch
from landscapes import FLOAT, Smooth, Squares, column, descend

import gdsolve
from gdsolve.descent.methods.adam import Adam
from gdsolve.descent.methods.backtracking import BacktrackingDescent
from gdsolve.descent.methods.barzilai_borwein import BarzilaiBorwein
from gdsolve.descent.methods.base import UpdateRule
from gdsolve.descent.methods.extent import norm
from gdsolve.descent.methods.lbfgs import LBFGS
from gdsolve.descent.methods.levenberg_marquardt import LevenbergMarquardt
from gdsolve.descent.methods.momentum import Momentum
from gdsolve.descent.methods.nesterov import Nesterov
from gdsolve.descent.methods.newton import Newton
from gdsolve.descent.rates import ConstantRate
from gdsolve.descent.stop import SettledUpdate, Sizes, Step
from gdsolve.objective.box import Box, Boxed
from gdsolve.status import Status

CONVEX = {
    "ellipse": lambda w: w[0] ** 2 + w[0] * w[1] + w[1] ** 2,
    "matyas": lambda w: 0.26 * (w**2).sum() - 0.48 * w[0] * w[1],
    "circle": lambda w: (w**2).sum(),
    "narrow": lambda w: w[0] ** 2 + 100.0 * w[1] ** 2,
    "narrower": lambda w: w[0] ** 2 + 1e4 * w[1] ** 2,
    "elsewhere": lambda w: (w[0] - 2.0) ** 2 + 3.0 * (w[1] + 5.0) ** 2 + 0.5 * w[0] * w[1],
    "quartic": lambda w: (w**4 + w**2).sum(),
    "quartic elsewhere": lambda w: (w[0] - 1.0) ** 4 + (w[0] - 1.0) ** 2 + 2.0 * (w[1] + 3.0) ** 2,
    "exponentials": lambda w: torch.exp(w).sum() + torch.exp(-w).sum(),
    "exponentials and squares": lambda w: torch.cosh(w[0] - w[1]) + (w**2).sum(),
    "log cosh": lambda w: torch.log(torch.cosh(w)).sum() + 0.1 * (w**2).sum(),
    "softplus": lambda w: torch.nn.functional.softplus(w).sum() + (w[0] - w[1]) ** 2 + 0.1 * (w**2).sum(),
    "roots": lambda w: torch.sqrt(1.0 + w[0] ** 2) + torch.sqrt(1.0 + (w[0] - w[1]) ** 2),
}
ENDING = {"lbfgs": LBFGS, "bb": BarzilaiBorwein, "newton": lambda rate: Newton()}
# Size of the start, constant beside the function, and unit of the loss.
SETTINGS = [*((1.0, offset, 1.0) for offset in (0.0, 1.0, -3.0, 100.0)), (1e-3, 0.0, 1.0), (1e-3, 1.0, 1.0)]
SETTINGS += [(10.0, 0.0, 1.0), (10.0, -3.0, 1.0), (1.0, 0.0, 1e150), (1.0, 1.0, 1e-140)]


@pytest.mark.parametrize("method", ENDING)
@pytest.mark.parametrize("name", CONVEX)
def test_every_strictly_convex_function_has_its_minimum_found(name: str, method: str) -> None:
    """Whatever the constant beside it, the start, and the units of the loss."""
    generator = torch.Generator().manual_seed(len(name))
    function = CONVEX[name]
    best = descend(Smooth(function), column(0.1, 0.2), Newton()).w
    for magnitude, offset, unit in SETTINGS:
        start = magnitude * torch.randn(2, 1, generator=generator, dtype=FLOAT)
        objective = Smooth(lambda w, offset=offset, unit=unit: unit * (function(w) + offset))
        found = descend(objective, start, ENDING[method](0.1 / unit), 400)
        assert (found.status, found.stopped_by) == (Status.CONVERGED, "rounding")
        size = max(float(best.abs().amax()), float(start.abs().amax()))
        # Where the loss is nearly all constant its rounding hides what starts of 0.001 differ by.
        torch.testing.assert_close(found.w, best, rtol=0.0, atol=1e-10 * max(size, 1e-3 * (1.0 + abs(offset))))


@pytest.mark.parametrize("loss", ["x**2+x*y+y**2", "x**2+x*y+y**2+1", "0.26*(x**2+y**2)-0.48*x*y"])
@pytest.mark.parametrize("method", ["lbfgs", "bb", "newton", "gd", "momentum", "nesterov"])
def test_formulas_at_the_origin(loss: str, method: str) -> None:
    found = gdsolve.fit(minimize=loss, start=["x=3", "y=-7"], method=method)
    assert (found.status, found.exit_code) == (Status.CONVERGED, 0)
    assert max(abs(w) for w in found.weights.values()) < 1e-8
    # Not on and on to the end of the numbers.
    assert method not in ENDING or found.iterations <= 20


POWELL = "(x1+10*x2)**2+5*(x3-x4)**2+(x2-2*x3)**4+10*(x1-x4)**4"
FLAT = {
    "a**4": (["a=1"], 100),
    "a**6": (["a=2"], 200),
    "(a-b)**4+b**2": (["a=3", "b=2"], 100),
    "(a-1)**4": (["a=3"], 100),
    "a**4+b**4+c**4": (["a=1", "b=-3", "c=100"], 100),
    "a**4+1": (["a=1"], 60),
    POWELL: (["x1=3", "x2=-1", "x3=0", "x4=1"], 60),
    f"{POWELL}+1": (["x1=3", "x2=-1", "x3=0", "x4=1"], 60),
}


@pytest.mark.parametrize("loss", FLAT)
def test_newton_ends_where_there_is_no_curvature(loss: str) -> None:
    """Each step takes a share of the way that is left, 1/(q − 1) at a minimum like |w|^q: for ever, if it may."""
    start, most = FLAT[loss]
    found = gdsolve.fit(minimize=loss, start=start, method="newton", max_iter=1000)
    assert found.iterations <= most
    constant = 1.0 if loss.endswith("+1") else 0.0
    assert found.loss - constant <= 1e-29 * (constant or 1.0) + 4.0 * constant * 2.0**-52


@pytest.mark.parametrize("loss", ["a**4", "(a-b)**4+b**2", POWELL])
def test_lbfgs_ends_where_there_is_no_curvature(loss: str) -> None:
    found = gdsolve.fit(minimize=loss, start=FLAT[loss][0], method="lbfgs", max_iter=1000)
    assert found.iterations <= 250
    assert found.loss <= 1e-29


def test_quadratic_convergence_is_waited_for() -> None:
    """A weight that costs next to nothing beside the other gets its digits all the same."""
    objective = Smooth(lambda w: 1e30 * (w[0] - 1.0) ** 2 + torch.cosh(w[1] - 2.0))
    found = descend(objective, column(3.0, 2.9), Newton(), 100)
    assert found.stopped_by == "rounding"
    torch.testing.assert_close(found.w, column(1.0, 2.0), rtol=0.0, atol=1e-10)


METHODS: list[UpdateRule] = [
    BacktrackingDescent(0.1),
    BarzilaiBorwein(0.1),
    Nesterov(ConstantRate(0.1), backtrack=True),
    Momentum(ConstantRate(0.01)),
    Adam(ConstantRate(0.05)),
    Newton(),
    LevenbergMarquardt(),
]


@pytest.mark.parametrize("method", METHODS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize(("lower", "upper"), [(0.0, 3.0), (-3.0, -0.7), (-0.3, math.inf)])
def test_a_weight_that_a_bound_holds_is_that_bound(method: UpdateRule, lower: float, upper: float) -> None:
    """r = (w₀ + 2w₁ − 1, w₀ − w₁ − 2, w₂ + w₁/2 − 3): w₁ = −1/3 is free to be, beyond three of these bounds."""
    objective = Squares(
        residual=lambda w: torch.stack([w[0] + 2.0 * w[1] - 1.0, w[0] - w[1] - 2.0, w[2] + 0.5 * w[1] - 3.0])
    )
    box = Box(column(-9.0, lower, -9.0), column(9.0, upper, 9.0))
    start = box.project(column(0.3, 0.9 * upper if math.isfinite(upper) else 2.0, 0.7))
    known = {name: getattr(method, name) for name in method.__dataclass_fields__}
    # What a proximal step is taken within is a box as well as a penalty.
    bounded = type(method)(**{**known, "limits" if "limits" in known else "box": box})
    found = descend(Boxed(objective, box), start, bounded, 700)
    assert float(found.w[1]) == min(max(-1.0 / 3.0, lower), upper)


@pytest.mark.parametrize("method", ["lm", "newton", "bb"])
@pytest.mark.parametrize(
    ("bounds", "held"),
    [({"lower": ["f=0"], "upper": ["f=1"]}, 0.0), ({"lower": ["f=0.1"]}, 0.1), ({"lower": ["f=0.3"]}, 0.3)],
)
def test_the_bound_of_a_curve_in_the_units_of_the_user(
    tmp_path, method: str, bounds: dict[str, list[str]], held: float
) -> None:
    """A peak with less than nothing of the other kind, in units of its start, 0.7."""
    rows = [(0.1 * i - 4.0, 10.0 * 2.0 ** -(((0.1 * i - 4.0) / 1.2) ** 2)) for i in range(81)]
    table = tmp_path / "peak.csv"
    table.write_text("x,y\n" + "".join(f"{x!r},{y - 0.1 / (1.0 + x * x)!r}\n" for x, y in rows))
    model = "A*(f/(1+((x-m)/s)**2)+(1-f)*exp(-0.6931471805599453*((x-m)/s)**2))"
    start = ["A=8", "f=0.7", "m=0.3", "s=1"]
    found = gdsolve.fit(table, target="y", model=model, start=start, method=method, **bounds)
    assert found.status is Status.CONVERGED
    assert found.weights["f"] == held


def test_a_velocity_ends_at_a_bound() -> None:
    """Momentum that presses a weight against its bound keeps it there, and no update is what a run ends by."""
    found = gdsolve.fit(
        minimize="log(1+exp(a))+(a-b)**2+log(1+exp(-b))",
        start=["a=2", "b=1"],
        lower=["a=1"],
        upper=["b=1.5"],
        method="momentum",
    )
    assert found.status is Status.CONVERGED
    assert found.weights["a"] == 1.0
    assert found.weights["b"] == pytest.approx(1.12275071, abs=1e-8)


SETTLED = SettledUpdate(1e-10, reference=1.0)
NEAR = Sizes(pull=1e-9, least=1.0, largest=2.0)


@pytest.mark.parametrize(
    ("update", "trend", "sizes", "ends"),
    [
        (1e-11, -0.5, NEAR, True),
        (1e-9, -0.5, NEAR, False),
        # Updates that shrink by a millionth a step have a million times as far to go.
        (1e-11, -1e-6, NEAR, False),
        (1e-11, 0.0, NEAR, False),
        # A small weight has its digits too.
        (1e-11, -0.5, Sizes(1e-9, 1e-4, 2.0), False),
        # The gradient would still change much.
        (1e-11, -0.5, Sizes(0.1, 1.0, 2.0), False),
        (1e-15, 0.0, NEAR, True),
        (0.0, 0.0, Sizes(0.1, 1.0, 2.0), True),
        (1e-11, -0.5, None, False),
    ],
)
def test_a_small_update_must_mean_a_small_error(update: float, trend: float, sizes: Sizes | None, ends: bool) -> None:
    status = SETTLED.check(Step(9, 0.5, 0.6, 1.0, update, trend, 0.0, sizes))
    assert status is (Status.CONVERGED if ends else None)


def test_a_step_that_is_small_for_a_start_at_zero_is_no_end() -> None:
    """The minimum in a is at 7e-13: the first step is shorter than the tolerance, and as long as the weight."""
    found = gdsolve.fit(minimize="(exp(1e12*a)-2)**2+(b-1)**4", start=["a=0", "b=3"])
    assert found.stopped_by != "tol"
    assert found.weights["a"] == pytest.approx(math.log(2.0) * 1e-12, rel=1e-6)


@pytest.mark.parametrize("method", ["gd", "momentum", "nesterov", "bb", "lbfgs", "newton"])
@pytest.mark.parametrize("loss", ["(a+2*b-7)**4/100+(2*a+b-5)**2+(a-1)**2", "exp(a)+exp(-2*a)+(a-b)**2+b**4+100"])
def test_ten_digits_by_default(loss: str, method: str) -> None:
    found = gdsolve.fit(minimize=loss, start=["a=2", "b=1"], method=method)
    best = gdsolve.fit(minimize=loss, start=["a=2", "b=1"], method="newton").weights
    assert found.status is Status.CONVERGED
    said = any("digit" in one for one in found.advice)
    assert said or all(found.weights[name] == pytest.approx(best[name], rel=2e-9) for name in best)


@pytest.mark.parametrize("size", [1e-200, 1e-3, 1.0, 1e200])
def test_norm_of_any_size(size: float) -> None:
    vectors = size * torch.tensor([[3.0, 0.0], [4.0, 0.0]], dtype=FLOAT)
    torch.testing.assert_close(norm(vectors), torch.tensor([5.0 * size, 0.0], dtype=FLOAT), rtol=1e-15, atol=0.0)
