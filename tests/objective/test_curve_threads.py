"""Small curves and formulas are computed on one thread, large ones on all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

import gdsolve
from gdsolve.objective.curve import Curve
from gdsolve.objective.differentiate import hessian
from gdsolve.objective.threads import on_threads


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The threads with which residuals were computed."""
    found: list[int] = []
    residuals = Curve.residuals

    def counting(curve: Curve, w: torch.Tensor) -> torch.Tensor:
        found.append(torch.get_num_threads())
        return residuals(curve, w)

    monkeypatch.setattr(Curve, "residuals", counting)
    with on_threads(3):
        yield found


def fitted(rows: int) -> None:
    x = np.linspace(0.0, 1.0, rows)
    gdsolve.fit(
        x[:, None], 2.0 * np.exp(-3.0 * x) + 0.01 * x, names=["x"], model="a*exp(-b*x)", parameters={"a": 1, "b": 1}
    )


def test_a_small_curve_takes_one_thread_and_gives_the_others_back(counted: list[int]) -> None:
    fitted(50)
    assert len(counted) > 10
    assert set(counted) == {1}
    assert torch.get_num_threads() == 3


def test_a_large_curve_takes_all(counted: list[int]) -> None:
    fitted(60_000)
    assert set(counted) == {3}


def test_the_hessian_of_a_small_formula_takes_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[int] = []

    def counting(function, w):
        found.append(torch.get_num_threads())
        return hessian(function, w)

    monkeypatch.setattr("gdsolve.objective.formula.hessian", counting)
    with on_threads(3):
        gdsolve.fit(minimize="(a - 1)**4 + (a - b)**2", parameters={"a": 3.0, "b": 0.5}, method="newton")
    assert set(found) == {1}
