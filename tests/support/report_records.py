"""Hand-made records with the figures of the textbook, and larger ones to fill a page with."""

from __future__ import annotations

import io
import math
from typing import Any

from gdsolve.spec.command import Advice

NAME_OF_60 = "distance_to_the_nearest_railway_station_in_metres_on_foot_01"


class FakeTerminal(io.StringIO):
    """A terminal that remembers what was written to it; its width comes from COLUMNS."""

    def isatty(self) -> bool:
        return True


class AsciiStream(io.TextIOWrapper):
    """A pipe whose encoding is ASCII."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="ascii", newline="")

    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode("ascii")  # type: ignore[attr-defined]


def data(features: list[str], **changes: Any) -> dict[str, Any]:
    return {
        "source": ["two_points.csv"],
        "rows": 2,
        "rows_dropped": 0,
        "cells_filled": 0,
        "target": "y",
        "target_reason": "the column y",
        "features": features,
        "weight": None,
        "weight_kind": None,
        "sigma": None,
        "absolute_sigma": False,
        "rows_weightless": 0,
        "ignored": [],
        "levels": {},
        "target_levels": None,
        **changes,
    }


def descent(**changes: Any) -> dict[str, Any]:
    return {
        "loss": "sse",
        "ridge": 0.0,
        "penalize_intercept": False,
        "scale": "none",
        "init": "zeros",
        "engine": "leap",
        "reason": "the weights after any number of updates are known in closed form",
        "device": "cpu",
        "dtype": "float64",
        "computed_in": "float64",
        "max_iter": 1,
        "stable_below": 0.0845241,
        "tol": 1e-10,
        "loss_tol": None,
        "grad_tol": None,
        **changes,
    }


def spectrum(**changes: Any) -> dict[str, Any]:
    return {
        "largest": 12 + math.sqrt(136),
        "smallest": 12 - math.sqrt(136),
        "condition": 69.97141,
        "rank": 2,
        "largest_stable_lr": 0.0845241,
        "best_lr": 1 / 12,
        "predicted_iterations": 2617,
        **changes,
    }


def one_step() -> dict[str, Any]:
    """configs/textbook, B2: one update with α = 0.01 on (1, 2), (3, 4)."""
    optimum = {"weights": {"x": 1.0}, "intercept": 1.0, "sse": 0.0, "loss": 0.0, "unique": True}
    start = {"iteration": 0, "sse": 20.0, "loss": 20.0, "gradient_norm": math.hypot(28, 12), "update": None}
    step = {"iteration": 1, "sse": 11.8016, "loss": 11.8016, "gradient_norm": math.hypot(21.44, 9.28), "update": 0.28}
    return {
        "schema": "gdsolve.fit/1",
        "version": "0.1.0",
        "status": "max_iter",
        "stopped_by": None,
        "message": "Stopped at max_iter after 1 update, before convergence. The loss is 11.8 above its minimum.",
        "exit_code": 3,
        "iterations": 1,
        "weights": {"x": 0.28},
        "intercept": 0.12,
        "sse": 11.8016,
        "loss": 11.8016,
        "rmse": math.sqrt(5.9008),
        "r2": -4.9008,
        "gradient_norm": math.hypot(21.44, 9.28),
        "learning_rate": 0.01,
        "optimum": optimum,
        "gap": 11.8016,
        "spectrum": spectrum(),
        "data": data(["x"]),
        "descent": descent(),
        "best_iteration": 1,
        "advice": [
            "Updates needed to converge: 2,617 at this rate (0.01).",
            Advice("Run instead", "gdsolve fit two_points.csv --loss sse --lr auto"),
        ],
        "trace": [
            {**start, "weights": {"x": 0.0}, "intercept": 0.0},
            {**step, "weights": {"x": 0.28}, "intercept": 0.12},
        ],
        "seconds": {"read": 0.0, "descend": 0.0, "total": 0.0},
    }


def names(count: int) -> list[str]:
    """Feature names, one of 60 characters among them."""
    usual = ["x", "median income", "log_area", "Ω"]
    return ([NAME_OF_60] if count > 1 else []) + (usual + [f"x{n}" for n in range(count)])[: count - (count > 1)]


def large(count: int, features: list[str] | None = None) -> dict[str, Any]:
    """A converged fit of `count` weights of very different sizes."""
    features = features or names(count)
    goal = {name: (-1) ** n * 10 ** (3 * math.sin(n)) / 7 for n, name in enumerate(features)}
    trace = []
    for k in (0, 1, 2, 5, 10, 100, 1000, 123_456, 1_000_000_000_000):
        part = 1 - math.exp(-k / 50)
        left = 1e6 * math.exp(-k / 40)
        trace.append(
            {
                "iteration": k,
                "sse": 1234.5 + left,
                "loss": (1234.5 + left) / 2,
                "gradient_norm": left / 100,
                "update": left / 1e4 if k else None,
                "weights": {name: part * weight for name, weight in goal.items()},
                "intercept": part * 12.5,
            }
        )
    last = trace[-1]
    return {
        **one_step(),
        "status": "converged",
        "stopped_by": "tol",
        "message": "Converged after 1,000,000,000,000 updates: no weight changed by 1e-10 or more.",
        "exit_code": 0,
        "iterations": 10**12,
        "weights": {name: weight * (1 + 1e-9) for name, weight in goal.items()},
        "intercept": 12.5,
        "sse": 1234.5,
        "loss": 617.25,
        "gradient_norm": last["gradient_norm"],
        "optimum": {"weights": goal, "intercept": 12.5, "sse": 1234.5, "loss": 617.25, "unique": count < 40},
        "gap": 3e-16,
        "adjusted_r2": -4.91,
        "standard_errors": {
            "weights": {name: abs(weight) / (1 + n % 7) for n, (name, weight) in enumerate(goal.items())},
            "intercept": 0.5,
            "statistic": "t",
            "degrees_of_freedom": 20_433 - count - 1.0,
            "reasons": [],
        },
        "spectrum": spectrum(rank=count + 1, predicted_iterations=10**12),
        "data": data(
            features,
            source=["a/rather/deep/folder/of/a/project/with_a_long_name/california_housing_2024.csv"],
            rows=20_433,
            rows_dropped=207,
            cells_filled=1,
            target=NAME_OF_60[::-1],
            target_reason="the last column",
            weight="households",
            weight_kind="precision",
            ignored=["id", "date"],
            levels={"ocean_proximity": ["<1H OCEAN", "INLAND", "ISLAND", "NEAR BAY", "NEAR OCEAN"]},
        ),
        "descent": descent(loss="half-mse", scale="standard", ridge=0.5, max_iter=None),
        "advice": [
            "The minimiser is not unique: rank 3 < 4 weights. The optimum shown has minimum norm.",
            Advice(
                "Run instead",
                "gdsolve fit a/rather/deep/folder/of/a/project/data.csv --target 'all the targets' --lr auto",
            ),
        ],
        "trace": trace,
    }


def rate(learning_rate: float, status: str, iterates: list[float], **changes: Any) -> dict[str, Any]:
    trace = [
        {
            "iteration": k,
            "sse": 14 * (w - 2) ** 2,
            "loss": 14 * (w - 2) ** 2,
            "gradient_norm": abs(28 * w - 56),
            "update": None,
            "weights": {"x": w},
            "intercept": None,
        }
        for k, w in enumerate(iterates)
    ]
    figures = {"iterations": 70, "sse": 0.0, "loss": 0.0, "gap": 0.0, "factor": abs(1 - 28 * learning_rate)}
    return {"learning_rate": learning_rate, "status": status, "stopped_by": None, **figures, "trace": trace, **changes}


def textbook_rates() -> dict[str, Any]:
    """configs/textbook, C, in the order of the book."""
    bad = {"sse": 56.0, "loss": 56.0, "gap": 56.0}
    return {
        "schema": "gdsolve.compare-lr/1",
        "version": "0.1.0",
        "message": None,
        "exit_code": 0,
        "rates": [
            rate(0.01, "converged", [0, 0.56, 0.9632, 1.253504], sse=1.5e-19, loss=1.5e-19, gap=1.5e-19),
            rate(1 / 28, "converged", [0, 2], iterations=2, factor=0.0),
            rate(1 / 14, "edge_of_stability", [0, 4, 0, 4], iterations=1_000_000, **bad),
            rate(0.1, "diverged", [0, 5.6, -4.48, 13.664], iterations=1201, **bad),
            rate(0.5, "diverged", [0, 28, -336, 4396], iterations=276, **bad),
            rate(2.0, "diverged", [0, 112, -6048, 332752], iterations=178, **bad),
            rate(0.0001, "max_iter", [0, 0.0056, 0.01118432], iterations=1000, sse=0.2, loss=0.2, gap=0.2),
        ],
        "largest_stable_lr": 1 / 14,
        "best_lr": 1 / 28,
        "optimum": {"weights": {"x": 2.0}, "intercept": None, "sse": 0.0, "loss": 0.0, "unique": True},
        "spectrum": spectrum(largest=28.0, smallest=28.0, condition=1.0, rank=1),
        "data": data(["x"], source=["one_weight.yaml"], rows=3),
        "descent": {key: value for key, value in descent().items() if key not in ("engine", "reason", "device")},
        "advice": [Advice("Every rate below 0.0714286 is stable", "gdsolve fit one_weight.yaml --lr 0.0357143")],
        "seconds": {"read": 0.0, "descend": 0.0, "total": 0.0},
    }


def many_parameters(count: int) -> dict[str, Any]:
    """A comparison of 20 rates with `count` weights and an intercept, iterates included."""
    record = textbook_rates()
    features = names(count)
    record["data"] = data(features)
    record["optimum"]["weights"] = dict.fromkeys(features, 2.0)
    record["rates"] = [rate(0.001 * 1.3**n, "converged", [0, 1.23456789, -12.5 * n]) for n in range(20)]
    for one in record["rates"]:
        for row in one["trace"]:
            row["intercept"] = row["weights"]["x"] / 3
            row["weights"] = dict.fromkeys(features, row["weights"]["x"])
    return record


def column(name: str, role: str = "feature", **changes: Any) -> dict[str, Any]:
    figures = {"minimum": 0.5, "maximum": 123456.75, "mean": 1777.125, "std": 99.0625}
    remarks = {"constant": False, "duplicate_of": None, "levels": None}
    return {"name": name, "role": role, "type": "number", "missing": 0, **figures, **remarks, **changes}


def collinear() -> dict[str, Any]:
    """configs/textbook, D1: volume = 3 × area, with the other kinds of columns beside them."""
    both = {"raw": None, "standardised": None}
    weights = {"area": 0.3, "volume": 0.9}
    solution = {"ridge": None, "weights": weights, "intercept": 1.0, "sse": 2e-30}
    text = {"minimum": None, "maximum": None, "mean": None, "std": None}
    return {
        "schema": "gdsolve.check/1",
        "version": "0.1.0",
        "exit_code": 0,
        "source": ["houses.csv"],
        "table_rows": 6,
        "rows": 5,
        "rows_dropped": 1,
        "target": "price",
        "target_reason": "the last column",
        "columns": [
            column("area"),
            column("volume"),
            column(NAME_OF_60, "ignored", duplicate_of="area"),
            column("flag", "ignored", type="boolean", constant=True, missing=2),
            column("city", "ignored", type="text", levels=5, **text),
            column("sold", "ignored", type="date", **{**text, "minimum": "2024-01-01", "maximum": "2024-12-31"}),
            column("price", "target"),
        ],
        "findings": [
            {
                "kind": "duplicate",
                "column": NAME_OF_60,
                "message": f"{NAME_OF_60}: the same cells as area",
                "blocks": False,
            }
        ],
        "problem": None,
        "hint": None,
        "left_out": [],
        "loss": "half-mse",
        "curvature": {"largest": both, "holds": "everywhere", "reason": None},
        "parameters": 3,
        "rank": 2,
        "dependent_columns": [{"column": "volume", "equals": {"area": 3.0}, "intercept": 0.0}],
        "condition": {"raw": 15625.5, "standardised": 1.0},
        "largest_stable_lr": {"raw": 1 / 14, "standardised": 1.0},
        "best_lr": {**both, "raw": 1 / 28},
        "iterations": {"raw": 1234567, "standardised": 3},
        "tol": 1e-10,
        "solutions": [
            {
                "method": "normal equations",
                "ridge": None,
                "status": "XᵀX is singular (rank 2 < 3)",
                "weights": None,
                "intercept": None,
                "sse": None,
            },
            {**solution, "method": "ridge", "ridge": 0.1, "status": "solved", "sse": 0.25},
            {**solution, "method": "ridge", "ridge": 1.0, "status": "solved", "sse": 0.75},
            {**solution, "method": "descent", "status": "reaches the minimum-norm solution"},
            {**solution, "method": "triangle", "status": "minimum norm"},
        ],
        "commands": ["gdsolve fit houses.csv", "gdsolve fit houses.csv --ridge 0.1"],
        "notes": ["as asked for", "with a penalty"],
        "advice": ["volume adds nothing to area: gdsolve fit houses.csv --ignore volume"],
        "data": data(["area", "volume"], source=["houses.csv"], rows=5, rows_dropped=1, target="price"),
        "seconds": {"read": 0.0},
    }


def impossible() -> dict[str, Any]:
    """A table of which no model can be made."""
    nothing: dict[str, Any] = {"raw": None, "standardised": None}
    return {
        **collinear(),
        "rows": None,
        "rows_dropped": None,
        "target_reason": None,
        "findings": [
            {
                "kind": "text",
                "column": "city",
                "message": "city: text, 5 levels: Ulm; the first on line 3",
                "blocks": True,
            }
        ],
        "problem": "houses.csv: column 'city' holds text ('Ulm' in row 2)",
        "hint": "--categorical onehot makes a 0/1 column of every level, --ignore city leaves it out",
        "parameters": None,
        "rank": None,
        "dependent_columns": [],
        **dict.fromkeys(("condition", "largest_stable_lr", "best_lr", "iterations"), nothing),
        "tol": None,
        "solutions": [],
        "advice": [],
        "commands": ["gdsolve fit houses.csv --categorical onehot"],
        "notes": ["0/1 columns for the levels of city"],
        "data": None,
    }


def two_methods() -> dict[str, Any]:
    """Two methods on the two points, as `gdsolve compare` shows them; lm was left out."""
    shared = {"schedule": "constant", "stopped_by": "tol", "intercept": None, "reason": "asked for"}
    weights = {"a": 1.0, "b": 1.0}
    return {
        "schema": "gdsolve.compare/1",
        "version": "0.1.0",
        "message": None,
        "exit_code": 0,
        "methods": [
            shared
            | {"method": "gd", "learning_rate": 0.0833, "status": "converged", "iterations": 407, "evaluations": 408}
            | {"seconds": 0.02, "sse": None, "loss": 1e-18, "gap": 1e-18, "weights": weights},
            shared
            | {"method": "newton", "learning_rate": None, "status": "max_iter", "iterations": 1, "evaluations": 3}
            | {"seconds": 0.001, "sse": None, "loss": 0.25, "gap": 0.25, "weights": weights},
        ],
        "left_out": {"lm": "lm needs a sum of squares"},
        "optimum": {
            "weights": weights,
            "intercept": None,
            "sse": None,
            "loss": 0.0,
            "unique": True,
            "global": True,
        },
        "objective": {"kind": "formula", "formula": "(2 - a - b)**2 + (4 - 3*a - b)**2"},
        "data": data([], source=[], rows=0, target=None, target_reason=None),
        "descent": descent(scale="none", tol=1e-10),
        "advice": [],
        "seconds": {"read": 0.0, "descend": 0.02, "total": 0.02},
    }
