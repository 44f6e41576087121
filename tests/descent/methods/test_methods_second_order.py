"""L-BFGS, Newton and Levenberg-Marquardt: digits, iterations, evaluations, saddles."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from landscapes import FLOAT, Smooth, Squares, beale, column, descend, powell_singular, rosenbrock
from problems import pose, random_table
from torch import Tensor

from gdsolve.descent.methods.base import Advance, Halt, Point, UpdateRule
from gdsolve.descent.methods.lbfgs import LBFGS
from gdsolve.descent.methods.levenberg_marquardt import LevenbergMarquardt
from gdsolve.descent.methods.newton import Newton
from gdsolve.objective.base import Evaluation
from gdsolve.objective.equilibrate import equilibrate
from gdsolve.status import Status

HEIGHTS = torch.logspace(-8, 8, 9, dtype=FLOAT)
METHODS: list[UpdateRule] = [LBFGS(), Newton(), LevenbergMarquardt()]


@pytest.mark.parametrize(
    ("method", "iterations", "evaluations"),
    [(LBFGS(), 45, 65), (Newton(), 25, 60), (LevenbergMarquardt(), 30, 75)],
)
def test_rosenbrock(method: UpdateRule, iterations: int, evaluations: int) -> None:
    objective = Squares(residual=rosenbrock)
    solution = descend(objective, column(-1.2, 1.0), method)
    assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")
    assert solution.iterations <= iterations
    assert solution.evaluations <= objective.calls <= evaluations
    torch.testing.assert_close(solution.w, column(1.0, 1.0), rtol=1e-13, atol=0.0)


@pytest.mark.parametrize(("method", "iterations"), [(LBFGS(), 25), (Newton(), 15), (LevenbergMarquardt(), 15)])
def test_beale(method: UpdateRule, iterations: int) -> None:
    solution = descend(Squares(residual=beale), column(1.0, 1.0), method)
    assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")
    assert solution.iterations <= iterations
    torch.testing.assert_close(solution.w, column(3.0, 0.5), rtol=1e-13, atol=0.0)


@pytest.mark.parametrize(("method", "limit"), [(LBFGS(), 300), (Newton(), 300), (LevenbergMarquardt(), 300)])
def test_powell_singular(method: UpdateRule, limit: int) -> None:
    """The Hessian is singular at the minimum: convergence is linear, and goes on far below any tolerance."""
    solution = descend(Squares(residual=powell_singular), column(3.0, -1.0, 0.0, 1.0), method, limit)
    assert solution.value < 1e-29
    torch.testing.assert_close(solution.w, torch.zeros(4, 1, dtype=FLOAT), rtol=0.0, atol=1e-7)


@pytest.mark.parametrize("method", [Newton(), LevenbergMarquardt()])
def test_units_of_the_weights_do_not_matter(method: UpdateRule) -> None:
    """Curvatures from 10⁻⁸ to 10⁸."""
    objective = Squares(residual=lambda w: HEIGHTS.sqrt() * w - 1.0)
    solution = descend(objective, torch.zeros(9, 1, dtype=FLOAT), method)
    assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")
    assert solution.iterations <= 8
    torch.testing.assert_close(solution.w, (1.0 / HEIGHTS.sqrt())[:, None], rtol=1e-14, atol=0.0)


def test_lbfgs_on_a_badly_scaled_quadratic() -> None:
    heights = torch.logspace(-3, 3, 9, dtype=FLOAT)
    objective = Squares(residual=lambda w: heights.sqrt() * w - 1.0)
    solution = descend(objective, torch.zeros(9, 1, dtype=FLOAT), LBFGS())
    assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")
    assert solution.iterations <= 500
    torch.testing.assert_close(solution.w, (1.0 / heights.sqrt())[:, None], rtol=1e-12, atol=0.0)


@pytest.mark.parametrize("ridge", [0.0, 3.0])
@pytest.mark.parametrize("method", METHODS)
def test_least_squares(method: UpdateRule, ridge: float) -> None:
    posed = pose(random_table(3, 60, 4), 1.0 / 60.0, ridge=ridge)
    stacked, target = posed.quadratic.stacked()
    solution = descend(posed.quadratic, posed.start, method)
    assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")
    torch.testing.assert_close(solution.w, torch.linalg.lstsq(stacked, target).solution, rtol=1e-11, atol=1e-12)


def test_newton_needs_one_step_on_a_quadratic() -> None:
    posed = pose(random_table(4, 60, 4), 1.0 / 60.0)
    solution = descend(posed.quadratic, posed.start, Newton(), 1)
    stacked, target = posed.quadratic.stacked()
    torch.testing.assert_close(solution.w, torch.linalg.lstsq(stacked, target).solution, rtol=1e-11, atol=1e-12)
    assert solution.evaluations == 3


def test_levenberg_marquardt_does_not_square_the_condition() -> None:
    """Columns scaled by 10⁻⁹ to 10⁶ on top of a condition of 10⁷: JᵀJ would have no digit left."""
    generator = torch.Generator().manual_seed(2)
    left, _ = torch.linalg.qr(torch.randn(30, 6, generator=generator, dtype=FLOAT))
    right, _ = torch.linalg.qr(torch.randn(6, 6, generator=generator, dtype=FLOAT))
    design = left @ torch.diag(torch.logspace(0, -7, 6, dtype=FLOAT)) @ right
    columns = torch.logspace(-9, 6, 6, dtype=FLOAT)
    w = torch.randn(6, 1, generator=generator, dtype=FLOAT)
    target = (design @ w)[:, 0]
    objective = Squares(residual=lambda w: (design * columns) @ w - target)
    solution = descend(objective, torch.zeros(6, 1, dtype=FLOAT), LevenbergMarquardt())
    assert solution.status is Status.CONVERGED
    torch.testing.assert_close(solution.w * columns[:, None], w, rtol=0.0, atol=1e-8)


def test_levenberg_marquardt_with_more_weights_than_residuals() -> None:
    solution = descend(Squares(residual=lambda w: w[:1] + w[1:] - 2.0), column(0.0, 0.0), LevenbergMarquardt())
    assert solution.status is Status.CONVERGED
    torch.testing.assert_close(solution.w, column(1.0, 1.0), rtol=1e-14, atol=0.0)


def test_levenberg_marquardt_is_quadratic_at_a_zero_residual() -> None:
    t = torch.linspace(0.0, 3.0, 12, dtype=FLOAT)
    objective = Squares(residual=lambda w: w[0] * torch.exp(-w[1] * t) - 2.0 * torch.exp(-0.7 * t))
    errors = []
    memory, point = None, Point.at(objective, column(1.9, 0.75))
    for k in range(8):
        advance = LevenbergMarquardt().step(objective, point, memory, k)
        if isinstance(advance, Halt):
            break
        point, memory = advance.point, advance.memory
        errors.append(float((point.w - column(2.0, 0.7)).norm()))
    resolved = [error for error in errors if error > 1e-14]
    orders = [math.log(after / before) for before, after in itertools.pairwise(resolved)]
    assert errors[-1] < 1e-14
    assert orders == sorted(orders, reverse=True)
    assert len(errors) <= 7


def saddle(w: Tensor) -> Tensor:
    """A saddle at 0, minima −1 at (0, ±√2)."""
    return w[0] ** 2 - w[1] ** 2 + w[1] ** 4 / 4.0


@pytest.mark.parametrize("start", [(1.0, 1e-3), (1.0, 1e-12), (0.0, 0.0), (1.0, 0.0)])
def test_newton_leaves_a_saddle(start: tuple[float, float]) -> None:
    solution = descend(Smooth(saddle), column(*start), Newton())
    assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")
    assert solution.iterations <= 50
    torch.testing.assert_close(solution.w.abs(), column(0.0, math.sqrt(2.0)), rtol=1e-14, atol=1e-14)


def test_newton_leaves_a_maximum() -> None:
    solution = descend(Smooth(lambda w: torch.cos(w).sum()), column(0.1, -0.2), Newton())
    assert solution.value == pytest.approx(-2.0, abs=1e-15)


def test_lbfgs_leaves_a_saddle() -> None:
    solution = descend(Smooth(saddle), column(1.0, 1e-3), LBFGS())
    torch.testing.assert_close(solution.w, column(0.0, math.sqrt(2.0)), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", [LBFGS(100.0), Newton()])
def test_trials_outside_of_the_domain_are_never_taken(method: UpdateRule) -> None:
    objective = Smooth(lambda w: (w - w.log()).sum())
    solution = descend(objective, column(5.0, 0.01), method)
    assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")
    assert all(math.isfinite(value) for value in solution.trace.values)
    torch.testing.assert_close(solution.w, column(1.0, 1.0), rtol=1e-12, atol=0.0)


def test_levenberg_marquardt_stays_in_the_domain() -> None:
    t = torch.linspace(1.0, 4.0, 9, dtype=FLOAT)
    objective = Squares(residual=lambda w: torch.log(w[0] * t) + torch.sqrt(w[1]) - torch.log(3.0 * t) - 0.1 * t)
    solution = descend(objective, column(1e-6, 1e-6), LevenbergMarquardt())
    assert solution.status is Status.CONVERGED
    assert all(math.isfinite(value) for value in solution.trace.values)
    assert float(objective.evaluate(solution.w).gradient.norm()) < 1e-9


@pytest.mark.parametrize("method", METHODS)
def test_every_evaluation_is_counted(method: UpdateRule) -> None:
    objective = Squares(residual=rosenbrock)
    solution = descend(objective, column(-1.2, 1.0), method, 10)
    assert (solution.iterations, solution.evaluations) == (10, objective.calls)


def test_evaluation_of_levenberg_marquardt_is_that_of_the_objective() -> None:
    objective = Squares(residual=rosenbrock, curvature_scale=0.7)
    advance = LevenbergMarquardt().step(objective, Point.at(objective, column(-1.2, 1.0)), None, 0)
    assert isinstance(advance, Advance)
    expected: Evaluation = objective.evaluate(advance.point.w)
    torch.testing.assert_close(advance.point.now.value, expected.value, rtol=1e-14, atol=0.0)
    torch.testing.assert_close(advance.point.now.gradient, expected.gradient, rtol=1e-13, atol=1e-14)


def test_equilibration() -> None:
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(5, 5, generator=generator, dtype=FLOAT)
    units = torch.logspace(-6, 6, 5, dtype=FLOAT)[:, None]
    for symmetric in (matrix + matrix.mT, (matrix @ matrix.mT) * units * units.mT):
        scale = equilibrate(symmetric)
        largest = (symmetric / scale / scale.mT).abs().amax(dim=1)
        torch.testing.assert_close(largest, torch.ones_like(largest), rtol=1e-5, atol=0.0)
    torch.testing.assert_close(equilibrate(torch.diag(-units[:, 0])), units.sqrt(), rtol=1e-14, atol=0.0)
    torch.testing.assert_close(equilibrate(torch.zeros(2, 2, dtype=FLOAT)), torch.ones(2, 1, dtype=FLOAT))


@pytest.mark.parametrize("method", [Newton(), LevenbergMarquardt()])
def test_an_objective_that_lacks_what_the_method_needs(method: UpdateRule) -> None:
    class Bare:
        step_elements = 1

        def evaluate(self, w: Tensor) -> Evaluation:
            return Evaluation(w.square().sum(), 2.0 * w)

        def sse(self, weights: Tensor) -> None:
            return None

    with pytest.raises(TypeError, match="Bare is not"):
        descend(Bare(), column(1.0), method)


@pytest.mark.parametrize("method", METHODS)
def test_float32_stays_float32(method: UpdateRule) -> None:
    solution = descend(Squares(residual=beale), column(1.0, 1.0, dtype=torch.float32), method, 100)
    assert solution.w.dtype is torch.float32
    assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")
    torch.testing.assert_close(solution.w, column(3.0, 0.5, dtype=torch.float32), rtol=1e-5, atol=0.0)
