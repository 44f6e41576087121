"""The choice of the engine, by a cost that every run predicts alike."""

from __future__ import annotations

import pickle

import pytest
import torch

import gdsolve
from gdsolve.solve import prediction as predictions
from gdsolve.solve.engine import choose
from gdsolve.solve.machine import Assumed
from gdsolve.solve.prediction import Work
from gdsolve.spec import Engine


@pytest.mark.parametrize(
    ("rows", "p", "iterations", "reported", "engine"),
    [
        (2, 2, 1, 2, Engine.TRIANGLE),
        (1_000_000, 11, 10, 11, Engine.TRIANGLE),
        (2, 2, 50, 13, Engine.LEAP),
        (2, 2, 251, 16, Engine.LEAP),
        (1_000_000, 11, 1_000, 20, Engine.LEAP),
        (50, 2_000, 10**9, 40, Engine.LEAP),
    ],
)
def test_the_cheapest_way_is_taken(rows: int, p: int, iterations: int, reported: int, engine: Engine) -> None:
    assert choose(Work(rows, p, iterations, reported)).engine is engine


def test_what_a_search_took_this_time_decides_nothing() -> None:
    for search in (1e-6, 1e-3, 10.0):
        assert choose(Work(100, 3, 40, 12, search=search)).engine is choose(Work(100, 3, 40, 12)).engine


@pytest.mark.parametrize("engine", [Engine.ROWS, Engine.TRIANGLE, Engine.LEAP, Engine.AUTOGRAD])
@pytest.mark.parametrize("method", [None, "momentum"])
def test_what_is_asked_for_is_taken(engine: Engine, method: str | None) -> None:
    options = {} if method is None else {"method": method}
    found = gdsolve.fit([[1.0], [3.0]], [2.0, 4.0], engine=engine, **options)
    assert found.plan.engine is engine
    asked, predicted = found.plan.reason.split("; ")[-2:]
    assert asked == f"asked for with --engine {engine.value}"
    assert predicted.startswith(f"{found.iterations:,} updates predicted: ")


def test_the_reason_is_one_sentence_with_the_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions, "has_compiler", lambda: False)
    prediction = choose(Work(rows=1_000_000, p=11, iterations=1000, reported=20)).prediction
    assert prediction is not None
    machine = Assumed(triangle=2.5e-5, rows=2.5e-5, far=2e-9, sent=0.0, multiplied=0.0, search=12e-3)
    assert (
        prediction.on(machine)
        == "1,000 updates predicted: 12 ms against 25 ms with --engine triangle and 20 s with --engine rows"
    )


@pytest.mark.parametrize("method", ["gd", "momentum"])
def test_a_fit_keeps_no_tensor_of_the_size_of_the_triangle(method: str) -> None:
    p = 200
    X = torch.eye(p, dtype=torch.float64) + 0.01
    found = gdsolve.fit(X, X.sum(1), method=method, engine="leap")
    assert found.plan.engine is Engine.LEAP
    assert len(pickle.dumps(found)) < 8 * p * p
