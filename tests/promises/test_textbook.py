"""Every textbook case is a spec in configs/ that runs, and gives the textbook's figures (cases B to E)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import forked
import pytest
from in_process import completed
from nursery import Done
from places import CONFIGS, ROOT

SPECS = CONFIGS / "textbook"


def run(verb: str, spec: str, *flags: str) -> tuple[int, dict[str, Any], str]:
    """A verb on a spec: exit code, JSON and standard error."""
    done = printed(verb, spec, *flags)
    return done.code, json.loads(done.out), done.err


@cache
def printed(verb: str, spec: str, *flags: str) -> Done:
    return completed(verb, str(SPECS / f"{spec}.yaml"), "--format", "json", *flags)


def test_a_process_of_its_own_says_the_same() -> None:
    """But for the seconds that it took, and those that it was predicted to take."""
    for spec in ("b6_diverges", "b4_small_update"):
        alone = forked.run("fit", str(SPECS / f"{spec}.yaml"), "--format", "json")
        code, record, err = run("fit", spec)
        there = json.loads(alone.stdout)
        for one in (record, there):
            one["seconds"], one["descent"]["reason"] = None, None
        assert (alone.returncode, there, alone.stderr) == (code, record, err)


@pytest.mark.parametrize(
    ("spec", "code", "status", "iterations", "weights", "sse"),
    [
        ("b1_start", 3, "max_iter", 0, (0.0, 0.0), 20.0),
        ("b2_one_step", 3, "max_iter", 1, (0.28, 0.12), 11.8016),
        ("b3_one_step_half_mse", 3, "max_iter", 1, (0.07, 0.03), 17.7476),
        ("b4_half_mse", 3, "max_iter", 1000, (1.0371897, 0.9102161), 0.0032407),
        ("b4_small_update", 0, "converged", 3935, None, None),
        ("b5_sse", 3, "max_iter", 1000, (1.0002115, 0.9994893), 1.0485e-7),
        ("b6_diverges", 4, "diverged", None, (0.0, 0.0), 20.0),
        ("b7_slow", 0, "converged", 51517, (1.006, 0.985), None),
        ("e_matrix_form", 0, "converged", None, (1.0, 1.0), None),
    ],
)
def test_two_points(
    spec: str, code: int, status: str, iterations: int | None, weights: tuple[float, float] | None, sse: float | None
) -> None:
    returned, record, _ = run("fit", spec)
    assert (returned, record["exit_code"], record["status"]) == (code, code, status)
    if iterations is not None:
        assert record["iterations"] == iterations
    if weights is not None:
        # The textbook prints B7 with three decimals; the last case stops at a tolerance of 1e-8.
        precision = {"b7_slow": 5e-4, "e_matrix_form": 5e-7}.get(spec, 5e-8)
        assert list(record["weights"].values()) == [pytest.approx(weights[0], abs=precision)]
        assert record["intercept"] == pytest.approx(weights[1], abs=precision)
    if sse is not None:
        assert record["sse"] == pytest.approx(sse, rel=5e-5)


def test_one_step_has_the_gradient_norm_of_the_textbook() -> None:
    """B2: the gradient after one step is (−21.44, −9.28)."""
    _, record, _ = run("fit", "b2_one_step")
    assert record["gradient_norm"] == pytest.approx((21.44**2 + 9.28**2) ** 0.5, rel=1e-12)
    assert record["trace"][0]["gradient_norm"] == pytest.approx((28.0**2 + 12.0**2) ** 0.5, rel=1e-12)


def test_divergence_is_announced_with_a_command_to_run_instead() -> None:
    _, record, stderr = run("fit", "b6_diverges")
    assert record["trace"][1]["weights"]["x"] == pytest.approx(14.0, rel=1e-12)
    assert record["trace"][1]["intercept"] == pytest.approx(6.0, rel=1e-12)
    where = "on the columns as they are"
    assert f"learning rate 0.5 will diverge {where}: rates below 0.0857864 are stable" in stderr
    first, second = record["advice"]
    assert first.startswith("Run instead: gdsolve fit")
    assert "--lr auto" in first
    assert second.startswith(f"Or at the best rate {where} (407 updates): gdsolve fit")
    assert "--lr 0.0833333" in second


def test_small_update_far_from_the_optimum_is_said() -> None:
    """B7: a small update is not a small error."""
    _, record, _ = run("fit", "b7_slow")
    assert any(
        line.startswith("A small step is not a small error: a weight is still 0.0146") for line in record["advice"]
    )


TABLE_C = {
    0.01: ("converged", (0.56, 0.9632, 1.253504)),
    1 / 28: ("converged", (2.0, 2.0, 2.0)),
    1 / 14: ("edge_of_stability", (4.0, 0.0, 4.0)),
    0.1: ("diverged", (5.6, -4.48, 13.664)),
    0.5: ("diverged", (28.0, -336.0, 4396.0)),
    2.0: ("diverged", (112.0, -6048.0, 332752.0)),
}


def test_table_c_is_one_command() -> None:
    code, record, _ = run("compare-lr", "c_rates")
    assert code == 0
    assert [rate["learning_rate"] for rate in record["rates"]] == list(TABLE_C)
    for rate in record["rates"]:
        status, iterates = TABLE_C[rate["learning_rate"]]
        assert rate["status"] == status
        assert [row["weights"]["x"] for row in rate["trace"]][1:] == pytest.approx(iterates, rel=1e-12, abs=1e-12)
    assert record["largest_stable_lr"] == pytest.approx(1 / 14, rel=1e-14)
    assert record["best_lr"] == pytest.approx(1 / 28, rel=1e-14)


@pytest.mark.parametrize(
    ("spec", "code", "status", "rows"),
    [
        ("c_converges", 0, "converged", (0.56, 0.9632, 1.253504)),
        ("c_one_step", 0, "converged", (2.0, 2.0)),
        ("c_edge", 3, "edge_of_stability", (4.0, 0.0, 4.0, 0.0)),
        ("c_diverges", 4, "diverged", (5.6, -4.48, 13.664)),
    ],
)
def test_one_weight(spec: str, code: int, status: str, rows: tuple[float, ...]) -> None:
    returned, record, _ = run("fit", spec)
    assert (returned, record["status"]) == (code, status)
    found = [row["weights"]["x"] for row in record["trace"]][1 : 1 + len(rows)]
    assert found == pytest.approx(rows, rel=1e-12, abs=1e-12)
    assert record["intercept"] is None


def test_collinear_columns_reach_the_minimum_norm() -> None:
    """D1: weights along (1, 3): the shortest of the solutions."""
    code, record, _ = run("fit", "d1_collinear")
    weights = record["weights"]
    assert (code, record["spectrum"]["rank"], record["optimum"]["unique"]) == (0, 2, False)
    assert weights["volume"] == pytest.approx(3.0 * weights["area"], rel=1e-8)
    assert record["optimum"]["weights"] == pytest.approx(weights, rel=1e-8)


def test_more_columns_than_rows_reach_the_minimum_norm() -> None:
    """D2: Xᵀ(XXᵀ)⁻¹y, with XXᵀ = [[5, 2], [2, 17]] and y = (3, 5): SSE 0."""
    _, record, _ = run("fit", "d2_wide")
    a, b = (3.0 * 17.0 - 2.0 * 5.0) / 81.0, (5.0 * 5.0 - 2.0 * 3.0) / 81.0
    expected = {"x1": a, "x2": 2.0 * a + b, "x3": 4.0 * b}
    assert record["weights"] == pytest.approx(expected, rel=1e-10)
    assert record["spectrum"]["rank"] == 2
    assert record["sse"] < 1e-20


def test_ridge_where_the_normal_equations_fail() -> None:
    """D3: the closed form exists, its SSE is above the optimum, and descent with the same λ reaches it."""
    code, record, _ = run("fit", "d3_ridge")
    assert code == 0
    assert record["weights"] == pytest.approx(record["optimum"]["weights"], rel=1e-9)
    _, plain, _ = run("fit", "d1_collinear")
    assert record["sse"] > plain["optimum"]["sse"]


def test_check_puts_the_three_side_by_side() -> None:
    """D: normal equations refuse, ridge exists and its SSE grows with λ, descent reaches both."""
    code, record, _ = run("check", "d1_collinear")
    assert code == 0
    assert record["dependent_columns"] == [
        {"column": "volume", "equals": {"area": pytest.approx(3.0, rel=1e-12)}, "intercept": 0.0}
    ]
    normal = record["solutions"][0]
    assert (normal["method"], normal["weights"]) == ("normal equations", None)
    assert normal["status"] == "XᵀX is singular (rank 2 < 3)"
    ridge = [one for one in record["solutions"] if one["method"] == "ridge"]
    assert [one["ridge"] for one in ridge] == [0.1, 1.0, 10.0]
    assert ridge[0]["sse"] < ridge[1]["sse"] < ridge[2]["sse"]
    for closed in ridge:
        descent = next(
            one for one in record["solutions"] if one["method"] == "descent" and one["ridge"] == closed["ridge"]
        )
        assert descent["weights"] == pytest.approx(closed["weights"], rel=1e-8)
        assert descent["sse"] == pytest.approx(closed["sse"], rel=1e-9)


def test_every_spec_is_tested() -> None:
    here, smooth = Path(__file__), next((ROOT / "tests").rglob("test_smooth_fit.py"))
    tested = here.read_text(encoding="utf-8") + smooth.read_text(encoding="utf-8")
    assert [spec.stem for spec in SPECS.glob("*.yaml") if f'"{spec.stem}' not in tested] == []
