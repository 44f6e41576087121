"""NIST's problems as the benchmarks read and judge them."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as command_line
from benchmarks import nist

NIST_TEXT = """NIST/ITL StRD
Dataset Name:  Made               (Made.dat)

Data:          1 Response  (y = a thing)
               2 Predictors (x1 = one; x2 = other)
               Average Level of Difficulty

Model:         Exponential Class
               2 Parameters (b1 and b2)

               pi = 3.14159265358979E0
               log[y] = b1*exp[-x1*b2]
                          + arctan[x2]/pi  +  e


          Starting Values                  Certified Values

        Start 1     Start 2           Parameter     Standard Deviation
  b1 =     1           2.5         2.0000000000E+00  1.0000000000E-02
  b2 =    .1         -5E-1         5.0000000000E-01  1.0000000000E-02

Residual Sum of Squares:                    1.0000000000E-04
Residual Standard Deviation:                1.0000000000E-02
Degrees of Freedom:                                 2

Data:  y            x1        x2     unused
     1.0E0   0.0     1.0    7
     2.5E0   1.0     0.0    7
     2.0E0   2.0E0  -1.0    7
     1.5E0   3.0     2.0    7
"""


def test_a_problem_of_nist_is_read_as_it_is_written(tmp_path: Path):
    path = tmp_path / "Made.dat"
    path.write_text(NIST_TEXT)
    found = nist.read(path)
    assert (found.name, found.difficulty, found.sse) == ("Made", "Average", 1e-4)
    assert found.model == "b1*exp(-x1*b2) + arctan(x2)/pi"
    assert found.constants == {"pi": 3.14159265358979}
    assert found.starts == ({"b1": 1.0, "b2": 0.1}, {"b1": 2.5, "b2": -0.5})
    assert found.parameters[1] == nist.Parameter("b2", (0.1, -0.5), 0.5, 0.01)
    assert list(found.columns) == ["x1", "x2"]
    assert np.array_equal(found.columns["x2"], [1.0, 0.0, -1.0, 2.0])
    np.testing.assert_allclose(found.target, np.log([1.0, 2.5, 2.0, 1.5]), rtol=1e-15)


def test_a_file_that_is_none_of_nist_says_what_it_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "other.dat").write_text(NIST_TEXT.replace("Residual Sum", "Sum").replace("Model:", "Muddle:"))
    assert command_line.main(["--nist", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "other.dat: found no model, sum of squares\n"
    assert command_line.main(["--nist", str(tmp_path / "nowhere")]) == 1
    assert "holds no .dat file" in capsys.readouterr().err


def line(**certified: float) -> nist.Problem:
    x = np.arange(5.0)
    y = 2.0 * x + np.array([0.1, -0.1, 0.0, 0.1, -0.1])
    slope = x @ y / (x @ x)
    sse = float(((y - slope * x) ** 2).sum())
    deviation = (sse / 4 / float(x @ x)) ** 0.5
    figures = {"value": slope, "deviation": deviation, "sse": sse} | certified
    parameter = nist.Parameter("b", (1.0, 3.0), figures["value"], figures["deviation"])
    return nist.Problem("line", "Lower", "b*x", {}, {"x": x}, y, (parameter,), figures["sse"])


def test_digits_of_a_start_are_those_that_agree_with_the_certified_values():
    found = nist.solve(line(), 2)
    assert (found.status, found.start, found.missed) == ("converged", 2, ())
    assert min(found.parameters, found.deviations, found.sse) == nist.PRINTED
    wrong = nist.solve(line(value=2.0 * (1 + 1e-4)), 1)
    assert wrong.missed == ("parameters",)
    assert 1.0 < wrong.parameters < 3.0
    assert next(nist.summary([found, wrong])) == "parameters: 1 of 2 runs with 8 digits or more"


def test_digits_that_float64_does_not_hold_are_not_missed():
    """Residuals of 1e-13 beside a target of about 10 are known to two digits, the slope to more than ten."""
    found = nist.solve(line(sse=1e-26, deviation=1e-14), 1)
    assert found.missed == ()
    assert found.sse == 0.0
    assert nist.digits(None, 1.0) == nist.digits(float("nan"), 1.0) == 0.0
    assert nist.digits(1.0 + 1e-9, 1.0) == pytest.approx(9.0, abs=1e-6)


def test_a_problem_that_misses_its_digits_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "Made.dat").write_text(NIST_TEXT)
    assert command_line.main(["--nist", str(tmp_path), "--json", str(tmp_path / "figures.json")]) == 1
    shown = capsys.readouterr()
    assert "Made, start 1: parameters: " in shown.err
    assert "parameters: 0 of 2 runs" in shown.out
    runs = json.loads((tmp_path / "figures.json").read_text())["runs"]
    assert [(run["problem"], run["start"], run["status"]) for run in runs] == [
        ("Made", 1, "converged"),
        ("Made", 2, "converged"),
    ]
