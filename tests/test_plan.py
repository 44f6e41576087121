"""The choice of the engine, by predicted cost."""

from __future__ import annotations

import pickle

import pytest
import torch

import gdsolve
from gdsolve.solve.engine import choose
from gdsolve.spec import Engine


@pytest.mark.parametrize(
    ("rows", "p", "iterations", "reported", "engine"),
    [
        (2, 2, 1, 2, Engine.TRIANGLE),
        (1_000_000, 11, 10, 11, Engine.TRIANGLE),
        (2, 2, 251, 16, Engine.LEAP),
        (1_000_000, 11, 1_000, 20, Engine.LEAP),
        (50, 2_000, 10**9, 40, Engine.LEAP),
    ],
)
def test_the_cheapest_way_is_taken(rows: int, p: int, iterations: int, reported: int, engine: Engine) -> None:
    plan = choose(rows=rows, p=p, iterations=iterations, reported=reported)
    assert plan.engine is engine


@pytest.mark.parametrize("engine", [Engine.ROWS, Engine.TRIANGLE, Engine.LEAP])
@pytest.mark.parametrize("method", [None, "momentum"])
def test_what_is_asked_for_is_taken(engine: Engine, method: str | None) -> None:
    options = {} if method is None else {"method": method}
    plan = gdsolve.fit([[1.0], [3.0]], [2.0, 4.0], engine=engine, **options).plan
    assert plan.engine is engine
    assert plan.reason.endswith(f"asked for with --engine {engine.value}")


def test_the_reason_is_one_sentence_with_the_costs() -> None:
    plan = choose(rows=1_000_000, p=11, iterations=1000, reported=20)
    assert (
        plan.reason == "1,000 updates predicted: 5 ms against 30 ms with --engine triangle and 11 s with --engine rows"
    )


@pytest.mark.parametrize("method", ["gd", "momentum"])
def test_a_fit_keeps_no_tensor_of_the_size_of_the_triangle(method: str) -> None:
    p = 200
    X = torch.eye(p, dtype=torch.float64) + 0.01
    found = gdsolve.fit(X, X.sum(1), method=method, engine="leap")
    assert found.plan.engine is Engine.LEAP
    assert len(pickle.dumps(found)) < 8 * p * p
