"""For which runs a page computes every other learning rate: those that have a closed form, within no bounds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from problems import pose

from gdsolve.solve import report_problem
from gdsolve.solve.report_problem import _every_rate
from gdsolve.spec.methods import Method

POSED = pose(np.array([[1.0, 2.0, 1.0], [3.0, 1.0, 2.0], [0.0, 5.0, 4.0], [2.0, 2.0, 7.0]]), 0.25)


def asked(monkeypatch: pytest.MonkeyPatch, *, closed: bool = True, rate: float | None = 0.1, **change: Any) -> Any:
    monkeypatch.setattr(report_problem, "has_closed_form", lambda _: closed)
    monkeypatch.setattr(report_problem, "momentum_of", lambda _: None)
    squares = SimpleNamespace(coordinates=POSED.coordinates)
    known = {"modes": POSED.modes, "box": None, "squares": squares, "start": POSED.start, "loss_unit": 2.0}
    problem: Any = SimpleNamespace(**{**known, "labels": ("a", "b"), "intercept": True, "p": 3, **change})
    fit: Any = SimpleNamespace(learning_rate=rate, method=Method.GD, plan=SimpleNamespace(recipe=None))
    return _every_rate(problem, fit)


def test_a_run_with_a_closed_form_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    found = asked(monkeypatch)
    spectrum = POSED.modes.spectrum
    assert (found.unit, found.rate, found.stable, found.best) == (2.0, 0.1, spectrum.largest_stable, spectrum.best)
    assert (found.eigenvalues, found.method, found.momentum) == (tuple(POSED.modes.eigenvalues.tolist()), "gd", None)
    away = (POSED.modes.gradient_at(POSED.start)[0] / POSED.modes.eigenvalues).tolist()
    assert found.errors == pytest.approx(away)
    assert len(found.plane.modes) == 2


@pytest.mark.parametrize(
    "change", [{"closed": False}, {"rate": None}, {"box": object()}, {"squares": None}, {"modes": None}]
)
def test_any_other_run_has_none(change: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, **change) is None
