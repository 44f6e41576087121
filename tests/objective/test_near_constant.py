"""Columns that are constant but for the rounding of their cells, and columns that nearly are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import Block, pose

import gdsolve
from gdsolve.cli.main import run
from gdsolve.objective.dependence import dependent_columns
from gdsolve.objective.rank import EPSILON, is_constant, numerical_rank
from gdsolve.objective.triangle import build_triangle
from gdsolve.solve.outcome import Fit

COUNT = 60


def table(seed: int, near: Sequence[float] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two ordinary columns with `near` between them, and a target of the two."""
    rng = np.random.default_rng(seed)
    first, last = rng.normal(size=(2, COUNT)) * 3.0 + 5.0
    y = 2.0 * first - 3.0 * last + 1.0 + rng.normal(size=COUNT)
    return np.column_stack([first, near, last]), y


def ordinary(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The weights of least squares without the column in the middle, the intercept last."""
    found: np.ndarray = np.linalg.lstsq(np.column_stack([X[:, [0, 2]], np.ones(len(y))]), y, rcond=None)[0]
    return found


def shares(seed: int) -> np.ndarray:
    """A fifth, as it comes out of prices."""
    prices = np.random.default_rng(seed).uniform(1.0, 100.0, COUNT)
    return (prices * 0.2) / prices


def reached(fit: Fit) -> np.ndarray:
    return np.array([*fit.weights.values(), fit.intercept])


@pytest.mark.parametrize("options", [{}, {"lr": 0.001, "max_iter": 50}, {"scale": "none"}, {"engine": "rows"}])
def test_a_constant_that_was_computed_is_constant(options: dict[str, object]) -> None:
    near = shares(1)
    assert len(set(near.tolist())) == 3
    X, y = table(1, near)
    fit = gdsolve.fit(X, y, names=["price", "tax", "size"], **options)
    exact = gdsolve.fit(*table(1, np.full(COUNT, 0.2)), names=["price", "tax", "size"], **options)
    assert (fit.spectrum.rank, fit.optimum.unique, fit.iterations) == (3, False, exact.iterations)
    assert fit.optimum.sse <= fit.figures.sse
    np.testing.assert_allclose(reached(fit), reached(exact), rtol=1e-9, atol=1e-12)
    if fit.status.value == "converged" and fit.spec.scale.value != "none":
        np.testing.assert_allclose(reached(fit), np.insert(ordinary(X, y), 1, 0.0), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "huber"},
        {"loss": "huber", "scale": "none", "method": "newton"},
        {"loss": "quantile", "max_iter": 200},
        {"loss": "poisson"},
        {"method": "lbfgs"},
        {"loss": "huber", "dtype": "float32"},
    ],
)
def test_losses_on_rows_have_it_constant_as_well(options: dict[str, object]) -> None:
    """What Newton's method and linear programs would make of the jitter is a weight of 1e15."""
    X, y = table(6, shares(6))
    y = np.round(np.abs(y)) if options.get("loss") == "poisson" else y
    fit = gdsolve.fit(X, y, names=["price", "tax", "size"], **options)
    exact = gdsolve.fit(*(table(6, np.full(COUNT, 0.2))[0], y), names=["price", "tax", "size"], **options)
    assert fit.optimum is not None
    assert exact.optimum is not None
    assert fit.status is exact.status
    np.testing.assert_allclose(reached(fit), reached(exact), rtol=1e-9, atol=1e-12)
    assert fit.optimum.loss == pytest.approx(exact.optimum.loss, rel=1e-12)
    assert abs(fit.optimum.weights["tax"]) < 1e3


def test_one_cell_beside_a_tenth() -> None:
    """The slope through 0.1 and 0.1 + 1.4e-17 is no slope: the optimum is the mean."""
    fit = gdsolve.fit([[0.1], [0.1], [0.1], [0.10000000000000002]], [1.0, 2.0, 4.0, 3.0], lr=0.1)
    assert fit.optimum.sse == pytest.approx(5.0, rel=1e-14)
    assert (fit.spectrum.rank, fit.gap < 1e-15) == (1, True)


def test_check_calls_it_constant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    X, y = table(2, shares(2))
    rows = "\n".join(",".join(map(repr, row)) for row in np.column_stack([X, y]).tolist())
    (tmp_path / "t.csv").write_text(f"price,tax,size,y\n{rows}\n")
    assert run(["check", str(tmp_path / "t.csv"), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rank"] == 3
    assert found["dependent_columns"] == [{"column": "tax", "equals": {}, "intercept": pytest.approx(0.2, rel=1e-15)}]


def test_groups_have_it_constant_as_well() -> None:
    X, y = table(3, shares(3))
    fits = gdsolve.fit(np.column_stack([np.arange(COUNT) % 2, X]), y, names=["g", "a", "tax", "b"], group_by="g")
    for group, one in enumerate(fits):
        mine = np.arange(COUNT) % 2 == group
        expected = ordinary(X[mine], y[mine])
        assert one.found is not None
        assert one.found.spectrum.rank == 3
        weights = one.found.weights
        assert [weights["a"], weights["b"], one.intercept] == pytest.approx(expected.tolist(), rel=1e-8)
        assert weights["tax"] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("step", [1e-7, 3e-7, 1e-6, 1e-4])
def test_a_nearly_constant_column_takes_no_other_along(step: float) -> None:
    """1e8 and 1e8 + step: lost in rounding or not, the other columns keep their weights and the rank counts them."""
    flips = np.random.default_rng(4).integers(0, 2, COUNT)
    X, y = table(4, 1e8 + step * flips)
    fit = gdsolve.fit(X, y)
    assert fit.spectrum.rank == (3 if step < 2e-7 else 4)
    assert fit.optimum.sse <= fit.figures.sse * (1.0 + 1e-12)
    kept = X[:, [0, 2]] if step < 2e-7 else np.column_stack([X[:, [0, 2]], X[:, 1] - 1e8])
    expected = np.linalg.lstsq(np.column_stack([kept, np.ones(COUNT)]), y, rcond=None)[0]
    assert [fit.weights["x1"], fit.weights["x3"]] == pytest.approx(expected[:2].tolist(), rel=1e-9)


def test_collinear_but_for_a_millionth_beside_a_column_with_few_digits() -> None:
    """What is certain of two columns stays so beside a third that varies by 1e-10 around 10."""
    rng = np.random.default_rng(5)
    first = rng.normal(size=COUNT)
    third = first + 1e-6 * rng.normal(size=COUNT)
    X = np.column_stack([first, 10.0 + 1e-10 * rng.normal(size=COUNT), third])
    y = X @ [1.0, 0.0, 2.0] + 0.1 * rng.normal(size=COUNT)
    fit = gdsolve.fit(X, y)
    centred = X - X.mean(axis=0)
    scaled = centred / centred.std(axis=0)
    expected = np.linalg.lstsq(scaled, y - y.mean(), rcond=None)[0] / centred.std(axis=0)
    assert fit.spectrum.rank == 4
    assert [fit.weights["x1"], fit.weights["x3"]] == pytest.approx(expected[[0, 2]].tolist(), rel=1e-6)


@settings(max_examples=examples(60), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    mean=st.floats(1e-12, 1e12),
    ulps=st.lists(st.integers(-1, 1), min_size=COUNT, max_size=COUNT),
)
def test_whatever_is_a_unit_in_the_last_place_is_no_data(seed: int, mean: float, ulps: list[int]) -> None:
    near = np.array([np.nextafter(mean, mean + step) if step else mean for step in ulps])
    X, y = table(seed, near)
    posed = pose(np.column_stack([X, y]), 1.0 / COUNT, standard=True)
    assert posed.modes.spectrum.rank == 3
    user = posed.coordinates.to_user(posed.modes.minimiser)[:, 0].numpy()
    np.testing.assert_allclose(user[[0, 2, 3]], ordinary(X, y), rtol=1e-8, atol=1e-8)
    (found,) = dependent_columns(posed.triangle, intercept=True)
    assert (found.column, found.coefficients) == (1, {})


def test_a_target_keeps_what_varies_in_it() -> None:
    y = np.where(np.arange(COUNT) % 2, 0.3, 0.1 + 0.2)
    triangle = build_triangle([Block(np.column_stack([np.arange(COUNT) * 1.0, y]))])
    assert triangle is not None
    assert triangle.total_sum_of_squares(intercept=True) > 0.0
    assert triangle.standardised(intercept=True).target_scale == 1.0


def test_the_rank_of_a_direction_is_judged_by_its_own_columns() -> None:
    errors = torch.tensor([EPSILON, 0.1, EPSILON], dtype=torch.float64)
    singular = torch.tensor([1.0, 0.3, 1e-9], dtype=torch.float64)
    alone = torch.eye(3, dtype=torch.float64)
    # The second direction is doubtful, and counts as it comes before one that is certain.
    assert int(numerical_rank(singular, alone, errors)) == 3
    assert int(numerical_rank(singular[:2], alone[:, :2], errors)) == 1
    mixed = alone[:, [0, 2, 1]]
    assert int(numerical_rank(singular, mixed, errors)) == 2
    assert int(numerical_rank(singular, mixed)) == 3
    assert int(numerical_rank(singular, mixed, arithmetic=0.1)) == 1
    batch = numerical_rank(torch.stack([singular, singular * 0.0]), torch.stack([alone, alone]), errors.expand(2, 3))
    assert batch.tolist() == [3, 0]


@pytest.mark.parametrize(("spread", "constant"), [(0.0, True), (3.9, True), (4.1, False)])
def test_constant_is_what_varies_by_four_roundings(spread: float, constant: bool) -> None:
    mean = torch.tensor([-7.0, 7.0], dtype=torch.float64)
    assert is_constant(mean, spread * EPSILON * mean.abs()).tolist() == [constant, constant]


def test_the_minimum_norm_is_a_minimiser_whatever_the_units() -> None:
    """Two constants of 1e9: what sets their null vectors apart is the billionth part of them."""
    rng = np.random.default_rng(6)
    x = rng.normal(size=COUNT)
    y = -0.1 * x + 1e9 + 0.1 * rng.normal(size=COUNT)
    posed = pose(np.column_stack([np.full(COUNT, 1e9), np.full(COUNT, 1.0 - 1e9), x, y]), 1.0 / COUNT)
    assert posed.modes.spectrum.rank == 2
    best = np.linalg.lstsq(np.column_stack([x, np.ones(COUNT)]), y - 1e9, rcond=None)[1][0]
    assert float(posed.quadratic.sse(posed.modes.minimiser)) == pytest.approx(best, rel=1e-9)
    # a·(1e9, 1 − 1e9, 0, 1) is all that the constants have of the row space.
    first, second, _, constant = posed.modes.minimiser[:, 0].tolist()
    assert [first, second] == pytest.approx([0.5, -0.5], rel=1e-6)
    assert constant == pytest.approx(0.0, abs=1e-6)


def test_a_large_mean_of_the_target_takes_no_digits_along() -> None:
    """A weight of 1e8 makes up for a column that varies by 1e-8; beside it a constant, in raw coordinates."""
    rng = np.random.default_rng(7)
    near = -3e5 + 4e-9 * rng.normal(size=COUNT)
    x = rng.normal(size=COUNT)
    y = 1e8 * (near + 3e5) - 0.3 * x - 8e4 + 0.1 * rng.normal(size=COUNT)
    values = np.column_stack([near, x, np.full(COUNT, 10.0), y])
    raw, standard = pose(values, 1.0 / COUNT), pose(values, 1.0 / COUNT, standard=True)
    found = float(raw.quadratic.sse(raw.modes.minimiser))
    expected = float(standard.quadratic.sse(standard.modes.minimiser)) * standard.coordinates.target_scale**2
    # Storing -3e5 + 4e-9 rounds the spread of the column by about a hundredth, otherwise on every processor.
    assert found == pytest.approx(expected, rel=5e-2)
