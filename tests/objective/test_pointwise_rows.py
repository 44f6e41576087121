"""Pointwise losses on all rows against autograd, PyTorch's own losses and hand figures."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_targets import target_of
from problems import CPU, Block, keep, random_table
from torch.nn import functional

from gdsolve.objective.base import TwiceDifferentiable
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.hinge import SquaredHinge
from gdsolve.objective.pointwise import POINTWISE, Absolute, Huber, LogCosh, Logistic, PointwiseLoss, Poisson, Quantile
from gdsolve.objective.pointwise_rows import (
    PointwiseRows,
    SmoothPointwiseRows,
    collect_pointwise_rows,
    coordinates_for,
)
from gdsolve.objective.positive import Gamma, NegativeBinomial, Tweedie
from gdsolve.objective.quadratic import Penalty
from gdsolve.objective.row_blocks import LEAST_BLOCK_BYTES
from gdsolve.objective.rows import collect_rows
from gdsolve.objective.triangle import build_triangle
from gdsolve.spec import Spec
from gdsolve.spec.losses import Target

GIVEN = Spec(delta=0.8, quantile=0.9, dispersion=0.7)
LOSSES: tuple[PointwiseLoss, ...] = tuple(kind.of(GIVEN) for kind in POINTWISE.values())
SMOOTH = tuple(loss for loss in LOSSES if loss.differentiable)
BOUNDED = tuple(loss for loss in LOSSES if loss.largest_curvature is not None)
TARGETS = {kind: loss.info.target for loss, kind in POINTWISE.items()}


def written_out(loss: PointwiseLoss, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Losses that PyTorch has not, from their formulas."""
    if isinstance(loss, SquaredHinge):
        return functional.relu(1.0 - (2.0 * y - 1.0) * z).square()
    if isinstance(loss, Quantile):
        return torch.maximum(loss.level * (y - z), (loss.level - 1.0) * (y - z))
    if isinstance(loss, Gamma):
        return z + y * torch.exp(-z)
    if isinstance(loss, Tweedie):
        return torch.exp((2.0 - loss.power) * z) / (2.0 - loss.power) - y * torch.exp((1.0 - loss.power) * z) / (
            1.0 - loss.power
        )
    assert isinstance(loss, NegativeBinomial), "written out here, as PyTorch has it, or from its formula"
    return (y + 1.0 / loss.dispersion) * torch.log1p(loss.dispersion * z.exp()) - y * z


def losses_of_torch(loss: PointwiseLoss, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The same losses as PyTorch has them, or written out."""
    if isinstance(loss, Huber):
        return functional.huber_loss(z, y, reduction="none", delta=loss.delta)
    if isinstance(loss, LogCosh):
        return (loss.steepness * (z - y)).cosh().log() / loss.steepness**2
    if isinstance(loss, Logistic):
        return functional.binary_cross_entropy_with_logits(z, y, reduction="none")
    if isinstance(loss, Poisson):
        return functional.poisson_nll_loss(z, y, log_input=True, full=False, reduction="none")
    if not isinstance(loss, Absolute):
        return written_out(loss, z, y)
    return functional.l1_loss(z, y, reduction="none")


def table_for(loss: PointwiseLoss, seed: int, m: int, n: int) -> np.ndarray:
    """A random table whose target is one that the loss takes."""
    values = random_table(seed, m, n)
    rng = np.random.default_rng(seed + 1)
    if TARGETS[type(loss)] is not Target.NUMBERS:
        values[:, -1] = target_of(TARGETS[type(loss)], 0.5 * values[:, -1], rng)
    return values


def pose(
    loss: PointwiseLoss,
    values: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    standard: bool = False,
    ridge: float = 0.0,
    dtype: torch.dtype = torch.float64,
) -> tuple[PointwiseRows, Coordinates]:
    blocks = [Block(values[:7], None if weight is None else weight[:7])]
    blocks += [Block(values[7:], None if weight is None else weight[7:])] if len(values) > 7 else []
    triangle = build_triangle(blocks)
    assert triangle is not None
    raw = Coordinates.raw(triangle.n, intercept=True, device=CPU)
    coordinates = coordinates_for(loss, triangle.standardised(intercept=True) if standard else raw)
    penalty = Penalty.ridge(ridge, coordinates, penalize_intercept=False)
    return collect_pointwise_rows(keep(blocks, dtype), coordinates, penalty, loss, CPU), coordinates


def point(p: int, seed: int = 0, scale: float = 0.3) -> torch.Tensor:
    return scale * torch.randn(p, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("loss", "weighted", "standard", "ridge"), list(itertools.product(LOSSES, (False, True), (False, True), (0.0, 3.0)))
)
def test_value_gradient_and_hessian_against_autograd(
    loss: PointwiseLoss, weighted: bool, standard: bool, ridge: float
) -> None:
    """In the user's units, whatever the coordinates: L = s_y²·L' and w_user = T·w + t."""
    values = table_for(loss, 31, 30, 3)
    weight = np.random.default_rng(32).uniform(0.2, 3.0, 30) if weighted else None
    rows, coordinates = pose(loss, values, weight=weight, standard=standard, ridge=ridge)
    X = torch.from_numpy(np.column_stack([values[:, :-1], np.ones(30)]))
    y = torch.from_numpy(values[:, -1:])
    omega = torch.ones(30, 1, dtype=torch.float64) if weight is None else torch.from_numpy(weight)[:, None]

    def total(w: torch.Tensor) -> torch.Tensor:
        user = coordinates.to_user(w)
        fitted = (omega * losses_of_torch(loss, X @ user, y)).sum()
        return (fitted + 0.5 * ridge * user[:-1].square().sum()) / omega.sum() / coordinates.target_scale**2

    w = point(4).requires_grad_()
    value = total(w)
    (gradient,) = torch.autograd.grad(value, w)
    now = rows.evaluate(w.detach())
    assert now.value.shape == ()
    assert float(now.value) == pytest.approx(float(value.detach()), rel=1e-12)
    torch.testing.assert_close(now.gradient, gradient, rtol=1e-11, atol=1e-12)
    assert isinstance(rows, TwiceDifferentiable) == loss.differentiable
    if isinstance(rows, SmoothPointwiseRows):
        hessian = torch.autograd.functional.hessian(lambda v: total(v[:, None]), w.detach()[:, 0])
        torch.testing.assert_close(rows.hessian(w.detach()), hessian, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("loss", SMOOTH, ids=repr)
def test_gradient_against_central_differences(loss: PointwiseLoss) -> None:
    rows, _ = pose(loss, table_for(loss, 33, 15, 3), ridge=0.7, standard=True)
    w, step = point(4, 1), 1e-5
    gradient = rows.evaluate(w).gradient
    for i in range(4):
        shift = torch.zeros_like(w)
        shift[i] = step
        difference = (rows.evaluate(w + shift).value - rows.evaluate(w - shift).value) / (2 * step)
        assert float(gradient[i]) == pytest.approx(float(difference), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@settings(max_examples=examples(25), deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.0, 1.0), standard=st.booleans())
def test_the_objective_is_convex(loss: PointwiseLoss, seed: int, share: float, standard: bool) -> None:
    rows, _ = pose(loss, table_for(loss, seed, 12, 2), ridge=0.5, standard=standard)
    a, b = point(3, seed), point(3, seed + 1, scale=1.0)
    start, end = rows.evaluate(a), rows.evaluate(b)
    between = float(rows.evaluate((1.0 - share) * a + share * b).value)
    chord = (1.0 - share) * float(start.value) + share * float(end.value)
    assert between <= chord + 1e-12 * (1.0 + abs(float(start.value)) + abs(float(end.value)))
    tangent = float(start.value + (start.gradient * (b - a)).sum())
    assert float(end.value) >= tangent - 1e-12 * (1.0 + abs(tangent) + abs(float(end.value)))


@pytest.mark.parametrize("loss", BOUNDED, ids=repr)
@settings(max_examples=examples(40), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(st.integers(1, 20), st.integers(1, 4)),
    ridge=st.sampled_from((0.0, 0.1, 10.0)),
    weighted=st.booleans(),
    standard=st.booleans(),
)
def test_no_hessian_exceeds_the_curvature_bound(
    loss: PointwiseLoss, seed: int, shape: tuple[int, int], ridge: float, weighted: bool, standard: bool
) -> None:
    m, n = shape
    weight = np.random.default_rng(seed).uniform(0.1, 2.0, m) if weighted else None
    rows, _ = pose(loss, table_for(loss, seed, m, n), weight=weight, ridge=ridge, standard=standard)
    bound = rows.curvature_bound()
    assert bound is not None
    for scale in (0.0, 0.5, 5.0):
        w = point(n + 1, seed, scale)
        hessian = torch.autograd.functional.hessian(lambda v: reference(rows, v[:, None]), w[:, 0])
        assert float(torch.linalg.eigvalsh(hessian)[-1]) <= bound * (1.0 + 1e-12)


def reference(rows: PointwiseRows, w: torch.Tensor) -> torch.Tensor:
    """The objective in descent's coordinates, with the losses of PyTorch."""
    losses = losses_of_torch(rows.loss, rows.design @ w, rows.target)
    weighted = losses if rows.weight is None else losses * rows.weight
    excess = (rows.penalty.rows @ w - rows.penalty.target).square().sum()
    return (weighted.sum() + 0.5 * excess) / rows.total_weight


def test_the_curvature_bound_is_reached() -> None:
    """Huber's with every residual within δ, and the logistic's at w = 0, where every probability is 1/2."""
    rows, _ = pose(Huber(1e6), random_table(34, 25, 3), ridge=2.0)
    logistic, _ = pose(Logistic(), table_for(Logistic(), 35, 25, 3), ridge=2.0)
    for one in (rows, logistic):
        assert isinstance(one, SmoothPointwiseRows)
        largest = float(torch.linalg.eigvalsh(one.hessian(torch.zeros(4, 1, dtype=torch.float64)))[-1])
        assert one.curvature_bound() == pytest.approx(largest, rel=1e-13)


def test_losses_without_a_largest_curvature_have_no_bound() -> None:
    for loss in [loss for loss in LOSSES if loss not in BOUNDED]:
        assert pose(loss, table_for(loss, 36, 10, 2))[0].curvature_bound() is None


def test_huber_with_a_large_delta_is_half_mse() -> None:
    values, weight = random_table(37, 20, 2), np.random.default_rng(38).uniform(0.5, 2.0, 20)
    for standard in (False, True):
        rows, coordinates = pose(Huber(1e6), values, weight=weight, standard=standard, ridge=3.0)
        penalty = Penalty.ridge(3.0, coordinates, penalize_intercept=False)
        squared = collect_rows(keep([Block(values, weight)]), coordinates, penalty, 1.0 / float(weight.sum()), CPU)
        w = point(3, 2)
        now, expected = rows.evaluate(w), squared.evaluate(w)
        torch.testing.assert_close(now.value, expected.value, rtol=1e-13, atol=0)
        torch.testing.assert_close(now.gradient, expected.gradient, rtol=1e-11, atol=1e-13)
        torch.testing.assert_close(rows.sse(w), squared.sse(w), rtol=1e-13, atol=0)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_weight_two_is_the_row_twice_and_weight_zero_none(loss: PointwiseLoss) -> None:
    values = table_for(loss, 39, 12, 2)
    values[2, :-1] = 1e6
    weight = np.array([2.0, 1.0, 0.0] * 4)
    weighted, _ = pose(loss, values, weight=weight)
    twice, _ = pose(loss, np.repeat(values, weight.astype(int), axis=0))
    w = point(3, 3)
    now, expected = weighted.evaluate(w), twice.evaluate(w)
    torch.testing.assert_close(now.value, expected.value, rtol=1e-13, atol=0)
    torch.testing.assert_close(now.gradient, expected.gradient, rtol=1e-12, atol=1e-12)
    if loss.largest_curvature is not None:
        assert weighted.curvature_bound() == pytest.approx(twice.curvature_bound(), rel=1e-12)
    if loss.of_residual:
        torch.testing.assert_close(weighted.sse(w), twice.sse(w), rtol=1e-12, atol=0)
    else:
        assert weighted.sse(w) is None


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_more_rows_than_a_block(loss: PointwiseLoss) -> None:
    m = 2 * (LEAST_BLOCK_BYTES // 24) + 1234
    rows, _ = pose(loss, table_for(loss, 40, m, 2), weight=np.random.default_rng(41).uniform(0.5, 1.5, m))
    w = point(3, 4).requires_grad_()
    value = reference(rows, w)
    (gradient,) = torch.autograd.grad(value, w)
    now = rows.evaluate(w.detach())
    assert float(now.value) == pytest.approx(float(value.detach()), rel=1e-12)
    torch.testing.assert_close(now.gradient, gradient, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_float32_stays_float32(loss: PointwiseLoss) -> None:
    values = table_for(loss, 42, 20, 2)
    rows, _ = pose(loss, values, ridge=1.0, weight=np.ones(20), dtype=torch.float32)
    exact, _ = pose(loss, values, ridge=1.0)
    w = point(3, 5)
    now = rows.evaluate(w.float())
    assert (now.value.dtype, now.gradient.dtype) == (torch.float32, torch.float32)
    torch.testing.assert_close(now.gradient.double(), exact.evaluate(w).gradient, rtol=1e-4, atol=1e-5)
    if loss.largest_curvature is not None:
        assert rows.curvature_bound() == pytest.approx(exact.curvature_bound(), rel=1e-5)
    if isinstance(rows, SmoothPointwiseRows):
        assert rows.hessian(w.float()).dtype == torch.float32


def test_sse_is_that_of_the_columns() -> None:
    values = random_table(43, 15, 2)
    rows, coordinates = pose(Quantile(0.2), values, standard=True)
    weights = torch.cat([point(3, 6), point(3, 7)], dim=1)
    X = torch.from_numpy(np.column_stack([values[:, :-1], np.ones(15)]))
    expected = (X @ coordinates.to_user(weights) - torch.from_numpy(values[:, -1:])).square().sum(dim=0)
    sse = rows.sse(weights)
    assert sse is not None
    torch.testing.assert_close(sse * coordinates.target_scale**2, expected, rtol=1e-12, atol=0)


def at_rest(loss: PointwiseLoss, table: list[list[float]], weights: list[float]) -> float:
    """The largest entry of the gradient."""
    w = torch.tensor(weights, dtype=torch.float64)[:, None]
    return float(pose(loss, np.array(table))[0].evaluate(w).gradient.abs().amax())


def test_a_two_by_two_table_by_hand() -> None:
    """One of four against three of four: log-odds −log 3 and log 3, so that the slope is log 9; counts likewise."""
    table = [[0.0, 1.0], *[[0.0, 0.0]] * 3, *[[1.0, 1.0]] * 3, [1.0, 0.0]]
    assert at_rest(Logistic(), table, [math.log(9.0), -math.log(3.0)]) < 1e-15
    counts = [[0.0, 1.0], [0.0, 3.0], [1.0, 5.0], [1.0, 7.0]]
    assert at_rest(Poisson(), counts, [math.log(3.0), math.log(2.0)]) < 1e-15


def test_the_location_of_four_numbers_by_hand() -> None:
    """Of 0, 1, 2 and 9: Huber's location with δ = 1 solves (m) + (m − 1) + (m − 2) = 1, where m − 0 is clipped at 1."""
    table = [[0.0, 0.0], [0.0, 1.0], [0.0, 2.0], [0.0, 9.0]]
    assert at_rest(Huber(1.0), table, [0.0, 1.5]) < 1e-15
    assert at_rest(Absolute(), table, [0.0, 1.5]) < 1e-15
    assert at_rest(Quantile(0.75), table, [0.0, 5.0]) < 1e-15


def test_coordinates_leave_classes_and_counts_alone() -> None:
    triangle = build_triangle([Block(table_for(Poisson(), 44, 20, 2))])
    assert triangle is not None
    standard = triangle.standardised(intercept=True)
    assert coordinates_for(Huber(1.0), standard) is standard
    for loss in [loss for loss in LOSSES if not loss.of_residual]:
        kept = coordinates_for(loss, standard)
        assert (kept.target_scale, kept.target_centre) == (1.0, 0.0)
        assert torch.equal(kept.scale, standard.scale)
        with pytest.raises(ValueError, match="cannot be centred"):
            collect_pointwise_rows(
                keep([]), standard, Penalty.ridge(0.0, standard, penalize_intercept=False), loss, CPU
            )


def test_an_overflow_is_infinite_and_not_a_fault() -> None:
    rows, _ = pose(Poisson(), np.array([[1.0, 2.0], [2.0, 3.0]]))
    assert float(rows.evaluate(torch.tensor([[1000.0], [0.0]], dtype=torch.float64)).value) == math.inf
