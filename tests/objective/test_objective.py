"""Objectives, triangle, spectrum and optimum against autograd, finite differences and lstsq."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import CPU, TWO_POINTS, Block, pose, random_table

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.dependence import dependent_columns
from gdsolve.objective.losses import LOSSES
from gdsolve.objective.modes import decompose
from gdsolve.objective.quadratic import Penalty, Quadratic
from gdsolve.objective.row_cuts import block_rows
from gdsolve.objective.triangle import build_triangle
from gdsolve.spec import Loss


def textbook_loss(loss: Loss, X: torch.Tensor, y: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """The formulas of docs/design.md, section 2, written out."""
    squares = (X @ w - y).square().sum()
    return {Loss.HALF_MSE: squares / (2 * len(y)), Loss.MSE: squares / len(y), Loss.SSE: squares}[loss]


@pytest.mark.parametrize(("loss", "ridge"), list(itertools.product(LOSSES, (0.0, 3.0))))
def test_value_gradient_and_curvature_against_autograd(loss: Loss, ridge: float) -> None:
    values = random_table(1, 30, 4)
    X = torch.cat([torch.from_numpy(values[:, :-1]), torch.ones(30, 1, dtype=torch.float64)], dim=1)
    y = torch.from_numpy(values[:, -1:])
    c = LOSSES[loss].curvature_scale(30.0)

    def total(w: torch.Tensor) -> torch.Tensor:
        return textbook_loss(loss, X, y, w) + 0.5 * c * ridge * w[:-1].square().sum()

    posed = pose(values, c, ridge=ridge)
    w = torch.linspace(-1.0, 1.0, 5, dtype=torch.float64)[:, None].requires_grad_()
    value = total(w)
    (gradient,) = torch.autograd.grad(value, w)
    hessian = torch.autograd.functional.hessian(lambda v: total(v[:, None]), w.detach()[:, 0])
    eigenvalues = torch.linalg.eigvalsh(hessian)
    for objective in (posed.quadratic, posed.rows):
        now = objective.evaluate(w.detach())
        assert float(now.value) == pytest.approx(float(value.detach()), rel=1e-12)
        torch.testing.assert_close(now.gradient, gradient, rtol=1e-11, atol=1e-12)
    assert posed.modes.spectrum.largest == pytest.approx(float(eigenvalues[-1]), rel=1e-12)
    assert posed.modes.spectrum.smallest == pytest.approx(float(eigenvalues[0]), rel=1e-10)


def test_gradient_against_central_differences() -> None:
    posed = pose(random_table(2, 15, 3), 2.0, ridge=0.7, penalize_intercept=True)
    w = torch.tensor([[0.3], [-1.0], [2.0], [0.5]], dtype=torch.float64)
    gradient = posed.rows.evaluate(w).gradient
    step = 1e-5
    for i in range(4):
        shift = torch.zeros_like(w)
        shift[i] = step
        ahead, behind = posed.rows.evaluate(w + shift).value, posed.rows.evaluate(w - shift).value
        assert float(gradient[i]) == pytest.approx(float((ahead - behind) / (2 * step)), rel=1e-8)


def test_two_points_at_the_start() -> None:
    """configs/textbook, B1 and B3."""
    for c, gradient in ((2.0, [-28.0, -12.0]), (0.5, [-7.0, -3.0])):
        posed = pose(TWO_POINTS, c)
        for objective in (posed.quadratic, posed.rows):
            assert objective.evaluate(posed.start).gradient[:, 0].tolist() == pytest.approx(gradient, rel=1e-14)
            assert float(objective.sse(posed.start)) == pytest.approx(20.0, rel=1e-14)


def test_sample_loop_gives_the_matrix_gradient() -> None:
    """configs/textbook, E."""
    values = random_table(12, 20, 3)
    posed = pose(values, 1.0 / 20.0)
    w = [0.1, -0.2, 0.3, 0.4]
    gradient = [0.0] * 4
    for *x, y in values.tolist():
        error = sum(a * b for a, b in zip(w, [*x, 1.0], strict=True)) - y
        gradient = [g + error * a / 20.0 for g, a in zip(gradient, [*x, 1.0], strict=True)]
    now = posed.quadratic.evaluate(torch.tensor(w, dtype=torch.float64)[:, None])
    assert now.gradient[:, 0].tolist() == pytest.approx(gradient, rel=1e-12)


@settings(max_examples=examples(30), deadline=None)
@given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(0, 60), max_size=4), weighted=st.booleans())
def test_triangle_does_not_depend_on_the_batches(seed: int, cuts: list[int], weighted: bool) -> None:
    values = random_table(seed, 60, 3)
    weight = np.random.default_rng(seed).uniform(0.0, 2.0, 60) if weighted else None
    edges = [0, *sorted(cuts), 60]
    blocks = [
        Block(values[a:b], None if weight is None else weight[a:b]) for a, b in itertools.pairwise(edges) if a < b
    ]
    whole, parts = build_triangle([Block(values, weight)]), build_triangle(blocks)
    assert whole is not None
    assert parts is not None
    raw, other = whole.raw(), parts.raw()
    torch.testing.assert_close(raw.mT @ raw, other.mT @ other, rtol=1e-11, atol=1e-11)
    assert (parts.rows, parts.total_weight) == (60, pytest.approx(whole.total_weight, rel=1e-14))


def test_weight_two_is_the_row_twice() -> None:
    values = random_table(13, 10, 2)
    weight = np.array([2.0, 1.0] * 5)
    weighted = pose(values, 1.0 / 15.0, weight=weight)
    twice = pose(np.repeat(values, weight.astype(int), axis=0), 1.0 / 15.0)
    w = torch.tensor([[1.0], [2.0], [3.0]], dtype=torch.float64)
    for a, b in ((weighted.rows, twice.rows), (weighted.quadratic, twice.quadratic)):
        torch.testing.assert_close(a.evaluate(w).gradient, b.evaluate(w).gradient, rtol=1e-12, atol=1e-12)
        assert float(a.sse(w)) == pytest.approx(float(b.sse(w)), rel=1e-12)
    torch.testing.assert_close(weighted.modes.minimiser, twice.modes.minimiser, rtol=1e-11, atol=1e-12)


def test_more_rows_than_a_block() -> None:
    values = random_table(14, 2 * block_rows(4) + 77, 2)
    triangle = build_triangle([Block(values)])
    assert triangle is not None
    X = np.column_stack([values[:, :-1], np.ones(len(values)), values[:, -1]])
    np.testing.assert_allclose(triangle.raw().mT @ triangle.raw(), X.T @ X, rtol=1e-11)


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 10_000), m=st.integers(1, 12), n=st.integers(1, 6), standard=st.booleans())
def test_minimiser_is_that_of_lstsq(seed: int, m: int, n: int, standard: bool) -> None:
    """More columns than rows as well: from zero descent runs to the minimum norm."""
    values = random_table(seed, m, n)
    posed = pose(values, 2.0, standard=standard)
    rows = posed.rows
    expected = torch.linalg.lstsq(rows.design, rows.target, driver="gelsd").solution
    fitted = rows.design @ posed.modes.minimiser
    torch.testing.assert_close(fitted, rows.design @ expected, rtol=1e-6, atol=1e-7)
    if float(torch.linalg.cond(rows.design)) < 1e5 or posed.modes.spectrum.rank < rows.design.shape[1]:
        torch.testing.assert_close(posed.modes.minimiser, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("standard", "penalize"), list(itertools.product((False, True), (False, True))))
def test_ridge_minimiser_does_not_depend_on_scaling(standard: bool, penalize: bool) -> None:
    """(XᵀX + λI)⁻¹Xᵀy in the user's units, whatever the coordinates."""
    values = random_table(15, 25, 3)
    posed = pose(values, 1.0 / 25.0, standard=standard, ridge=4.0, penalize_intercept=penalize)
    X = np.column_stack([values[:, :-1], np.ones(25)])
    penalty = 4.0 * np.diag([1.0, 1.0, 1.0, float(penalize)])
    expected = np.linalg.solve(X.T @ X + penalty, X.T @ values[:, -1:])
    np.testing.assert_allclose(posed.coordinates.to_user(posed.modes.minimiser), expected, rtol=1e-10)


@settings(max_examples=examples(30), deadline=None)
@given(seed=st.integers(0, 10_000), intercept=st.booleans())
def test_coordinates_there_and_back(seed: int, intercept: bool) -> None:
    triangle = build_triangle([Block(random_table(seed, 9, 3))])
    assert triangle is not None
    coordinates = triangle.standardised(intercept=intercept)
    w = torch.randn(coordinates.p, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(coordinates.from_user(coordinates.to_user(w)), w, rtol=1e-9, atol=1e-9)
    moved = coordinates.matrix() @ w + coordinates.offset()
    torch.testing.assert_close(moved, coordinates.to_user(w), rtol=1e-12, atol=1e-12)


def test_standardised_columns_have_mean_zero_and_spread_one() -> None:
    values = random_table(16, 200, 3) * 1e6 + 1e8
    posed = pose(values, 1.0 / 200.0, standard=True)
    design = posed.rows.design[:, :-1]
    torch.testing.assert_close(design.mean(dim=0), torch.zeros(3, dtype=torch.float64), rtol=0, atol=1e-12)
    spread = design.square().mean(dim=0)
    torch.testing.assert_close(spread, torch.ones(3, dtype=torch.float64), rtol=1e-11, atol=0)


def test_large_means_keep_their_digits() -> None:
    """Columns like 1e9 ± 1: shifted before the factorisation, they lose nothing."""
    rng = np.random.default_rng(17)
    small = rng.integers(0, 100, size=(50, 2)).astype(float)
    y = small @ np.array([2.0, -3.0]) + 5.0
    posed = pose(np.column_stack([small + 1e9, y]), 1.0 / 50.0, standard=True)
    user = posed.coordinates.to_user(posed.modes.minimiser)[:, 0].tolist()
    assert user[:2] == pytest.approx([2.0, -3.0], rel=1e-11)


def test_constant_and_collinear_columns_lower_the_rank() -> None:
    values = random_table(18, 30, 2)
    area, other, y = values.T
    table = np.column_stack([area, other, 3.0 * area, np.full(30, 0.1), 2.0 * area - other + 7.0, y])
    posed = pose(table, 1.0 / 30.0, standard=True)
    assert posed.modes.spectrum.rank == 3
    found = {one.column: one for one in dependent_columns(posed.triangle, intercept=True)}
    assert set(found) == {2, 3, 4}
    assert found[2].coefficients == {0: pytest.approx(3.0, rel=1e-12)}
    assert found[2].constant == 0.0
    assert (found[3].coefficients, found[3].constant) == ({}, pytest.approx(0.1))
    assert found[4].coefficients == {0: pytest.approx(2.0, rel=1e-12), 1: pytest.approx(-1.0, rel=1e-12)}
    assert found[4].constant == pytest.approx(7.0, rel=1e-10)


def test_smallest_eigenvalue_under_wild_scales() -> None:
    """Raw columns from 1e-9 to 1e9: μ is far below the rounding of L_max, and still right."""
    values = random_table(19, 40, 3)
    units = np.array([1e-9, 1.0, 1e9, 1.0])
    posed = pose(values * units, 2.0)
    scaled = (values * units)[:, :3]
    X = np.column_stack([scaled, np.ones(40)])
    inverse = np.linalg.inv(np.diag(1 / np.r_[units[:3], 1.0]) @ X.T @ X @ np.diag(1 / np.r_[units[:3], 1.0]))
    inverse = np.diag(1 / np.r_[units[:3], 1.0]) @ inverse @ np.diag(1 / np.r_[units[:3], 1.0])
    assert posed.modes.spectrum.smallest == pytest.approx(2.0 / np.linalg.eigvalsh(inverse)[-1], rel=1e-6)
    assert posed.modes.spectrum.rank == 4


def test_gap_does_not_cancel() -> None:
    posed = pose(random_table(20, 30, 3), 1.0)
    near = posed.modes.minimiser + 1e-12
    gap = float(posed.modes.gap(near))
    stacked, _ = posed.quadratic.stacked()
    ones = torch.ones(4, 1, dtype=torch.float64)
    assert gap == pytest.approx(0.5e-24 * float((stacked @ ones).square().sum()), rel=1e-3)


def test_raw_coordinates_are_the_identity() -> None:
    raw = Coordinates.raw(2, intercept=True, device=CPU)
    assert raw.is_raw
    w = torch.tensor([[1.0], [2.0], [3.0]], dtype=torch.float64)
    assert torch.equal(raw.to_user(w), w)
    assert torch.equal(raw.from_user(w), w)


def test_curvature_beyond_float64_is_infinite_and_no_error():
    design, target = torch.tensor([[1e155]], dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    nothing = torch.zeros(1, 1, dtype=torch.float64)
    modes = decompose(Quadratic(design, target, Penalty.none(1, nothing), 1.0), nothing, 1)
    assert modes.spectrum.largest == float("inf")
