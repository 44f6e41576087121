"""Curves without any --start end where the best known optimum is: NIST's 27 data sets, and twenty shapes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from curve_cases import CurveCase, nist_cases, shape_cases
from in_process import completed

import gdsolve
from gdsolve.status import Status

CASES = (*nist_cases(), *shape_cases())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_best_known_optimum_is_reached(case: CurveCase) -> None:
    """By the sum of squares: sums of alike curves, and waves, have several optima that are one curve."""
    found = gdsolve.fit(case.X, case.target, names=list(case.columns), model=case.model)
    assert (found.status, found.exit_code) == (Status.CONVERGED, 0)
    assert found.weights.keys() == case.best.keys()
    if case.exact:
        assert found.sse < 1e-20
    else:
        assert found.sse == pytest.approx(case.sse, rel=1e-8)


NAMED = {
    "gaussian + constant": "gaussian",
    "michaelis-menten": "michaelis_menten",
    "hill": "hill",
    "saturation + constant": "saturating_exponential",
    "dose-response": "logistic4",
    "exponential + constant": "exponential",
    "power + constant": "power_with_offset",
    "arrhenius": "arrhenius",
    "sine + constant": "sine",
    "damped-sine": "damped_sine",
    "gaussian + gaussian + line": "two_gaussians_on_a_slope",
}


@pytest.mark.parametrize("model", NAMED)
def test_a_name_alone_is_enough(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(case for case in shape_cases() if case.name == NAMED[model])
    monkeypatch.chdir(tmp_path)
    case.write(tmp_path)
    done = completed("fit", f"{case.name}.csv", "--model", model, "--format", "json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["sse"] == pytest.approx(case.sse, rel=1e-8)
