"""The minima of losses with corners: whether there is one alone, their range, and with a ridge penalty."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import linprog, minimize

import gdsolve
from gdsolve.objective.linear_program import CornerMinimum, corner_minimum
from gdsolve.objective.pointwise import Absolute, PointwiseLoss, Quantile
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.quadratic import Penalty
from gdsolve.report.record import fit_record
from gdsolve.status import Status

EVEN = "x,y\n0,1\n0,3\n1,5\n1,9\n"
CONSTANT = "a,y\n1,-10\n1,10\n"
WIDE = "a,b,c,y\n1.2,0.1,-0.3,-0.8\n1.1,-0.1,-1.8,-0.4\n"


@pytest.mark.parametrize("loss", ["absolute", "quantile"])
def test_a_range_of_minima_is_told(tmp_path: Path, loss: str) -> None:
    (tmp_path / "even.csv").write_text(EVEN)
    found = gdsolve.fit(tmp_path / "even.csv", loss=loss)
    assert found.status is Status.CONVERGED
    assert found.optimum is not None
    assert not found.optimum.unique
    assert found.optimum.ranges == {"x": (2.0, 8.0), "intercept": (1.0, 3.0)}
    assert any("not unique" in str(one) and "x from 2 to 8, intercept from 1 to 3" in str(one) for one in found.advice)
    # Of all minima the one that was reached.
    assert found.optimum.weights == pytest.approx(found.weights, abs=1e-6)
    assert fit_record(found)["optimum"]["range"] == {"x": [2.0, 8.0], "intercept": [1.0, 3.0]}


@pytest.mark.parametrize("text", [CONSTANT, WIDE])
def test_weights_that_no_row_tells_apart_have_any_value(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    found = gdsolve.fit(tmp_path / "t.csv", loss="absolute")
    assert found.optimum is not None
    assert not found.optimum.unique
    assert found.optimum.ranges is not None
    assert set(found.optimum.ranges.values()) == {(-math.inf, math.inf)}
    assert set(map(tuple, fit_record(found)["optimum"]["range"].values())) == {(None, None)}


def test_a_median_of_three_is_unique(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n0,1\n0,3\n0,4\n1,5\n1,9\n1,9.5\n")
    found = gdsolve.fit(tmp_path / "t.csv", loss="absolute")
    assert found.optimum is not None
    assert (found.optimum.unique, found.optimum.ranges) == (True, None)
    assert found.optimum.weights == pytest.approx({"x": 6.0})


@pytest.mark.parametrize("seed", range(2))
def test_ranges_are_those_of_the_primal_program(seed: int) -> None:
    """Whole numbers, where ties and degenerate corners abound: min and max of each weight at the least loss."""
    rng, seen = np.random.default_rng(seed), set()
    for k in range(15):
        m, n = int(rng.integers(3, 12)), int(rng.integers(1, 3))
        x = np.column_stack([rng.integers(-2, 3, size=(m, n)), np.ones(m)]).astype(float)
        y, weight = rng.integers(-4, 5, size=m).astype(float), rng.integers(1, 3, size=m).astype(float)
        level = (0.5, 0.25, 0.3)[k % 3]
        found, expected = _corner(x, y, Quantile(level), weight), _primal_ranges(x, y, level, weight)
        unique = bool((expected[:, 1] - expected[:, 0] < 1e-6).all())
        assert found.unique == unique
        if not unique:
            assert found.ranges is not None
            assert found.ranges.numpy() == pytest.approx(expected, abs=1e-6)
        seen.add(unique)
    assert seen == {True, False}


@pytest.mark.parametrize("ridge", [1e-9, 1e-3, 1.0, 1e3, 1e9])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_a_ridge_penalty_makes_a_quadratic_program(ridge: float, scale: float) -> None:
    """No point around is lower, and another solver from there finds none."""
    rng = np.random.default_rng(3)
    x = np.column_stack([scale * rng.normal(size=(25, 2)), np.ones(25)])
    y = x[:, 0] / scale + rng.standard_t(2, size=25)
    found = _corner(x, y, Quantile(0.3), np.ones(25), ridge)
    w = found.w[:, 0].numpy()

    def loss(v: np.ndarray) -> float:
        residual = y - x @ v
        return float(np.maximum(0.3 * residual, -0.7 * residual).sum() + 0.5 * ridge * (v[:-1] ** 2).sum())

    assert loss(minimize(loss, w, method="Nelder-Mead", options={"maxiter": 400}).x) >= loss(w) * (1.0 - 1e-9)
    for step in 1e-4 * rng.normal(size=(50, 3)) / [scale, scale, 1.0]:
        assert loss(w + step) >= loss(w) * (1.0 - 1e-12)


@pytest.mark.parametrize("ridge", [1e-6, 1.0, 1e5])
def test_a_run_with_a_ridge_penalty_ends_certified(tmp_path: Path, ridge: float) -> None:
    rng = np.random.default_rng(5)
    rows = [f"{a!r},{b!r}" for a, b in rng.normal(size=(30, 2)).tolist()]
    (tmp_path / "t.csv").write_text("\n".join(["x,y", *rows]))
    found = gdsolve.fit(tmp_path / "t.csv", loss="quantile", ridge=ridge, quantile=0.3)
    assert (found.status, found.stopped_by) == (Status.CONVERGED, "gap")
    assert found.optimum is not None
    assert found.gap is not None
    assert found.gap <= 1e-6 * found.loss
    assert found.optimum.weights == pytest.approx(found.weights, abs=1e-4)


def test_a_penalty_settles_the_slope_and_not_the_intercept() -> None:
    x = np.array([[-1.0, 1.0], [1.0, 1.0]])
    found = _corner(x, np.array([0.0, 1.0]), Absolute(), np.ones(2), 1e6)
    assert not found.unique
    assert found.ranges is not None
    slope, intercept = found.ranges.tolist()
    assert slope == pytest.approx([2e-6 / 2, 2e-6 / 2], rel=1e-6) or slope[0] == pytest.approx(slope[1], abs=1e-9)
    assert intercept == pytest.approx([0.0, 1.0], abs=1e-5)


def _corner(x: np.ndarray, y: np.ndarray, loss: PointwiseLoss, weight: np.ndarray, ridge: float = 0.0) -> CornerMinimum:
    design, p = torch.from_numpy(x), x.shape[1]
    root = ridge**0.5 * torch.eye(p, dtype=torch.float64)[: p - 1 if ridge else 0]
    penalty = Penalty(root.new_zeros(0), root, torch.zeros(len(root), 1, dtype=torch.float64))
    total = float(weight.sum())
    rows = PointwiseRows(design, torch.from_numpy(y)[:, None], torch.from_numpy(weight)[:, None], penalty, loss, total)
    origin = torch.zeros(p, 1, dtype=torch.float64)
    found = corner_minimum(rows, origin, torch.eye(p, dtype=torch.float64), origin)
    assert found is not None
    return found


def _primal_ranges(x: np.ndarray, y: np.ndarray, level: float, weight: np.ndarray) -> np.ndarray:
    m, p = x.shape
    cost = np.concatenate([np.zeros(p), level * weight, (1.0 - level) * weight])
    equal, bounds = np.hstack([x, np.eye(m), -np.eye(m)]), [(None, None)] * p + [(0, None)] * (2 * m)
    least = linprog(cost, A_eq=equal, b_eq=y, bounds=bounds).fun
    ranges = np.empty((p, 2))
    for j in range(p):
        for place, sign in enumerate((1.0, -1.0)):
            aim = sign * np.eye(1, len(cost), j)[0]
            found = linprog(aim, A_ub=cost[None], b_ub=[least + 1e-10], A_eq=equal, b_eq=y, bounds=bounds)
            ranges[j, place] = sign * found.fun if found.status == 0 else -sign * np.inf
    return ranges
