"""Certified values of nonlinear regression, from every start that NIST gives for the specs in configs/nist.

Source: NIST Statistical Reference Datasets, nonlinear regression, data sets Misra1a, Kirby2 and MGH10: certified
parameters, their standard deviations, and the residual sum of squares, printed with 11 digits.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import gdsolve
from gdsolve.status import Status

ROOT = Path(__file__).parent.parent
SPECS = sorted((ROOT / "configs" / "nist").glob("*.yaml"))
LEAST = 8.0


class Certified(NamedTuple):
    """Value and standard deviation of each parameter, the residual sum of squares and standard deviation."""

    parameters: dict[str, tuple[float, float]]
    sse: float
    residual: float
    freedom: int


CERTIFIED = {
    "misra1a": Certified(
        {"b1": (2.3894212918e02, 2.7070075241e00), "b2": (5.5015643181e-04, 7.2668688436e-06)},
        1.2455138894e-01,
        1.0187876330e-01,
        12,
    ),
    "kirby2": Certified(
        {
            "b1": (1.6745063063e00, 8.7989634338e-02),
            "b2": (-1.3927397867e-01, 4.1182041386e-03),
            "b3": (2.5961181191e-03, 4.1856520458e-05),
            "b4": (-1.7241811870e-03, 5.8931897355e-05),
            "b5": (2.1664802578e-05, 2.0129761919e-07),
        },
        3.9050739624e00,
        1.6354535131e-01,
        146,
    ),
    "mgh10": Certified(
        {
            "b1": (5.6096364710e-03, 1.5687892471e-04),
            "b2": (6.1813463463e03, 2.3309021107e01),
            "b3": (3.4522363462e02, 7.8486103508e-01),
        },
        8.7945855171e01,
        2.6009740065e00,
        13,
    ),
}


def digits(value: float | None, certified: float) -> float:
    """The number of digits that agree."""
    assert value is not None
    return 16.0 if value == certified else -math.log10(abs(value - certified) / abs(certified))


def test_both_starts_of_three_problems_are_there() -> None:
    assert {path.stem for path in SPECS} == {f"{name}_start{n}" for name in CERTIFIED for n in (1, 2)}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_certified_values(path: Path) -> None:
    certified = CERTIFIED[path.stem.partition("_")[0]]
    found = gdsolve.fit(path, report=True)
    assert (found.status, found.stopped_by, found.exit_code) == (Status.CONVERGED, "rounding", 0)
    assert found.inference is not None
    assert found.weights.keys() == certified.parameters.keys()
    for estimate in found.inference.estimates:
        value, deviation = certified.parameters[estimate.name]
        assert digits(found.weights[estimate.name], value) >= LEAST
        assert digits(estimate.standard_error, deviation) >= LEAST
    assert digits(found.sse, certified.sse) >= LEAST
    assert digits(found.inference.residual_standard_deviation, certified.residual) >= LEAST
    assert found.inference.degrees_of_freedom == certified.freedom


def test_certified_values_from_a_shell() -> None:
    words = [sys.executable, "-m", "gdsolve", "fit", "configs/nist/kirby2_start1.yaml", "--report", "--format", "json"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    record, certified = json.loads(done.stdout), CERTIFIED["kirby2"]
    assert (record["status"], record["exit_code"]) == ("converged", 0)
    assert digits(record["sse"], certified.sse) >= LEAST
    for name, estimate in record["report"]["parameters"].items():
        value, deviation = certified.parameters[name]
        assert digits(record["weights"][name], value) >= LEAST
        assert digits(estimate["standard_error"], deviation) >= LEAST
