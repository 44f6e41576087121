"""Certified values of nonlinear regression: all 27 data sets of NIST, from both starts that NIST gives.

Source: NIST Statistical Reference Datasets, nonlinear regression: certified parameters, their standard deviations, and
the residual sum of squares, printed with 11 digits; the files are those of `nist_curves`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

import forked
import numpy as np
import pytest
import yaml
from curve_cases import CurveCase, nist_cases
from places import ROOT

import gdsolve
from gdsolve.bundled import path_of
from gdsolve.status import Status

SPECS = sorted((ROOT / "configs" / "nist").glob("*.yaml"))
CASES = {case.name: case for case in nist_cases()}
RUNS = [(case, number) for case in CASES.values() for number in (1, 2)]
LEAST = 10.0
LEAST_OF_ROUNDED = 2.9
"""Lanczos1 is exact but for the rounding of its target: residuals of 1e-13 beside 1 have three digits."""


def digits(value: float | None, certified: float) -> float:
    """The number of digits that agree."""
    assert value is not None
    return 16.0 if value == certified else -math.log10(abs(value - certified) / abs(certified))


def fewest(found: Mapping[str, float | None], certified: Mapping[str, float]) -> float:
    """Of the worst of them."""
    assert found.keys() == certified.keys()
    return min(digits(value, certified[name]) for name, value in found.items())


@pytest.mark.parametrize(("case", "number"), RUNS, ids=lambda value: getattr(value, "name", value))
def test_certified_values_from_both_starts(case: CurveCase, number: int) -> None:
    start, names = dict(case.starts[number - 1]), list(case.columns)
    found = gdsolve.fit(case.X, case.target, names=names, model=case.model, parameters=start, report=True)
    assert (found.status, found.stopped_by, found.exit_code) == (Status.CONVERGED, "rounding", 0)
    assert found.inference is not None
    deviations = {one.name: one.standard_error for one in found.inference.estimates}
    least = LEAST_OF_ROUNDED if case.exact else LEAST
    assert fewest(found.weights, case.best) >= LEAST
    assert fewest(deviations, case.errors) >= least
    if case.exact:
        assert found.sse < 1e-20
    else:
        assert digits(found.sse, case.sse) >= least
    assert found.inference.degrees_of_freedom == len(case.target) - len(start)
    assert found.inference.residual_standard_deviation == pytest.approx(
        math.sqrt(found.sse / (len(case.target) - len(start))), rel=1e-12
    )


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_specs_are_those_of_nist(path: Path) -> None:
    name, number = path.stem.split("_start")
    case = next(case for case in CASES.values() if case.name.lower() == name)
    spec = yaml.safe_load(path.read_text())
    assert spec["model"].replace(" ", "") == case.model.replace(" ", "")
    assert {name: float(value) for name, value in spec["parameters"].items()} == case.starts[int(number) - 1]
    rows = np.loadtxt(path_of(spec["data"]), delimiter=",", skiprows=1)
    np.testing.assert_array_equal(rows, np.column_stack([case.X, case.target]))


def test_certified_values_from_a_shell() -> None:
    done = forked.run("fit", "configs/nist/kirby2_start1.yaml", "--report", "--format", "json", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    record, certified = json.loads(done.stdout), CASES["Kirby2"]
    assert (record["status"], record["exit_code"]) == ("converged", 0)
    assert digits(record["sse"], certified.sse) >= LEAST
    assert fewest(record["weights"], certified.best) >= LEAST
    errors = {name: one["standard_error"] for name, one in record["report"]["parameters"].items()}
    assert fewest(errors, certified.errors) >= LEAST
