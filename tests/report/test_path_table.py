"""What is said at the end of a path of penalties."""

from __future__ import annotations

from typing import Any

import pytest

from gdsolve.report.path_table import _share, endings

EDGE = "The error is least at the smallest λ: less of a penalty may be better still."


def record_of(least: int, within: int, count: int = 4, **change: Any) -> dict[str, Any]:
    points = [
        {
            "lambda": 8.0 / 2**k,
            "cv_score": 0.5 + k,
            "cv_standard_error": 0.25,
            "nonzero": k,
            "weights": {"a": 1.0, "b": 0.0},
            "degrees_of_freedom": None,
        }
        for k in range(count)
    ]
    rules = {"min": {"point": least}, "1se": {"point": within}}
    known = {"validation": rules, "points": points, "score": "rmse", "l1_ratio": 1.0, "data": {}, "model": None}
    return {**known, "descent": {"loss": "half-mse", "intercept": True}, **change}


@pytest.mark.parametrize(("least", "count", "edge"), [(3, 4, True), (2, 4, False), (0, 4, False), (0, 1, True)])
def test_the_least_error_at_the_end_of_the_path_is_told(least: int, count: int, edge: bool) -> None:
    lines = endings(record_of(least, 0, count))
    assert (lines[-1] == EDGE) is edge
    assert len(lines) == 2 + edge


def test_the_points_of_both_rules_are_told_with_their_errors() -> None:
    lines = endings(record_of(1, 0))
    assert [line.split(":")[0] for line in lines] == ["min", "1se"]
    assert "λ = 4, least error:" in lines[0] and "1.5 ± 0.25" in lines[0]
    assert "λ = 8, within one standard error:" in lines[1] and "0.5 ± 0.25" in lines[1]


@pytest.mark.parametrize(
    ("weights", "intercept", "said"),
    [
        ({"a": 1.5, "b": 0.0}, None, "a 1.5"),
        ({"a": 0.0}, None, "none"),
        ({"a": 0.0}, 2.0, "intercept 2"),
        ({f"x{k}": 1.0 for k in range(6)}, 2.0, ", ".join(f"x{k} 1" for k in range(6)) + ", intercept 2"),
        ({f"x{k}": 1.0 for k in range(9)}, None, ", ".join(f"x{k} 1" for k in range(6)) + ", 3 more"),
    ],
)
def test_the_weights_of_the_model_are_told_but_for_zeros(
    weights: dict[str, float], intercept: float | None, said: str
) -> None:
    model = {"message": "Converged.", "weights": weights, "intercept": intercept}
    lines = endings(record_of(0, 0, validation=None, model=model, selected="λ = 2"))
    assert lines == ["", "Converged.", f"Weights of λ = 2: {said}"]


@pytest.mark.parametrize(
    ("gap", "loss", "text"),
    [
        (0.0, 1.0, "<1e-12"),
        (1e-20, 1.0, "<1e-12"),
        (5e-7, 1.0, "<1e-06"),
        (5e-7, -100.0, "<1e-08"),
        (3.0, 1.0, "<1e-00"),
        (1.0, 0.0, "<1e-12"),
    ],
)
def test_a_gap_is_below_a_power_of_ten_of_the_loss(gap: float, loss: float, text: str) -> None:
    assert _share({"duality_gap": gap, "loss": loss}) == text
