"""The benchmarks' own arithmetic, on processes and figures made for it."""

import json
import resource
import sys
from pathlib import Path

import numpy as np
import pytest

# The benchmarks are not part of the package that is installed.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from benchmarks import __main__ as command_line
from benchmarks import nist
from benchmarks.cases import CASES, Bound, ProcessCase, StepCase, Work, check_same, missing
from benchmarks.data import SMALL, Folder, Shape, blocks, write_csv
from benchmarks.machine import processor, version
from benchmarks.measure import Command, Comparison, MeasurementError, alternate, run_process
from benchmarks.report import Row, problems, quantity


def work(code: str) -> Work:
    return Work(("-c", code))


def case(name: str, code_a: str, code_b: str, **options: object) -> ProcessCase:
    return ProcessCase(name, "A", "B", Bound(1.0), work(code_a), work(code_b), **options)  # type: ignore[arg-type]


def test_ratio_is_that_of_the_medians_and_the_spread_that_of_the_pairs():
    taken = Comparison((1.0, 9.0, 2.0), (4.0, 3.0, 5.0), "s", {})
    assert (taken.median_a, taken.median_b, taken.ratio) == (2.0, 4.0, 0.5)
    assert taken.spread() == (0.25, 3.0)


@pytest.mark.parametrize(
    ("bound", "ratio", "met"),
    [(Bound(1.0), 1.0, True), (Bound(1.0, strict=True), 1.0, False), (Bound(0.1), 0.1001, False)],
)
def test_a_bound_is_allowed_itself_unless_it_is_strict(bound: Bound, ratio: float, met: bool):
    assert bound.met_by(ratio) is met


def test_turns_alternate_after_a_warm_up_that_is_not_counted():
    order: list[str] = []

    def turn(name: str) -> int:
        order.append(name)
        return len(order)

    assert alternate(lambda: turn("a"), lambda: turn("b"), 2) == ([3, 5], [4, 6])
    assert "".join(order) == "ababab"


def test_a_process_is_measured_from_outside():
    code = "import time; held = bytearray(b'x' * 100_000_000); time.sleep(0.3); print('done')"
    process = run_process(Command(("-c", code)))
    assert process.output == "done\n"
    assert process.seconds > 0.3
    assert 0 < process.user + process.system < process.seconds
    # A child's peak counts the pages of the process that started it, until it becomes its own program.
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert 100e6 < process.peak_bytes < max(300e6, 1.1 * mine)


def test_an_unexpected_exit_code_ends_the_measurement_with_the_last_words():
    with pytest.raises(MeasurementError, match=r"^exit code 3 of: -c (.|\n)*so it was"):
        run_process(Command(("-c", "import sys; print('so it was', file=sys.stderr); sys.exit(3)")))
    assert run_process(Command(("-c", "raise SystemExit(3)"), exit_codes=(3,))).output == ""


def test_iterations_that_were_not_taken_end_the_measurement(tmp_path: Path):
    table = Shape(20, 2)
    fit = ("-m", "gdsolve", "fit", "--lr", "1e-9", "--tol", "0", "--max-iter", "7")
    weights = Work(fit, table, (3,), iterations=7).run(Folder(tmp_path))[1]
    assert weights is not None
    assert len(weights) == 3
    with pytest.raises(MeasurementError, match="took 7 iterations, not 8"):
        Work(fit, table, (3,), iterations=8).run(Folder(tmp_path))


def test_programs_that_find_other_weights_are_not_compared(tmp_path: Path):
    check_same([1.0, 2.0], [1.0, 2.0 + 1e-12])
    with pytest.raises(MeasurementError, match=r"differ by 0\.5 in a weight"):
        check_same([1.0, 2.0], [1.0, 2.5])
    with pytest.raises(MeasurementError, match="cannot be compared"):
        case("weights", "print('[1.0]')", "print('[1.0]')", same_weights=True).compare(Folder(tmp_path), 1)


def test_tables_are_the_same_every_time_and_keep_every_digit(tmp_path: Path):
    shape = Shape(120_000, 2)
    write_csv(tmp_path / "table.csv", shape)
    assert (tmp_path / "table.csv").read_text().startswith("x1,x2,y\n")
    values = np.concatenate(list(blocks(shape)))
    assert values.shape == (120_000, 3)
    assert np.array_equal(np.loadtxt(tmp_path / "table.csv", delimiter=",", skiprows=1), values)


def test_a_table_is_made_once(tmp_path: Path):
    first = Folder(tmp_path).table(SMALL)
    made = first.stat().st_mtime_ns
    assert Folder(tmp_path).table(SMALL) == first
    assert first.stat().st_mtime_ns == made
    assert [path.name for path in tmp_path.iterdir()] == [first.name]


def test_names_are_unique_and_a_missing_package_is_named():
    assert len({one.name for one in CASES}) == len(CASES)
    assert missing(case("lonely", "", "", needs=("gdsolve-no-such-package",))) == ["gdsolve-no-such-package"]
    assert missing(case("served", "", "", needs=("pytest",))) == []


def test_the_processor_is_the_model_that_the_system_names(tmp_path: Path):
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Abacus 9000\n")
    assert processor(tmp_path / "cpuinfo") == "Abacus 9000"
    assert version("pytest") == pytest.__version__


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(2.0, "s", "2.00 s"), (0.1284, "s", "128 ms"), (1.1e-5, "s", "11.0 µs"), (4.2e8, "B", "420 MB")],
)
def test_quantities_have_three_digits(value: float, unit: str, text: str):
    assert quantity(value, unit) == text


def test_bounds_missed_and_failures_are_listed():
    good, bad = Comparison((1.0,), (2.0,), "s", {}), Comparison((3.0,), (2.0,), "s", {})
    rows = [
        Row(case("good", "", ""), good),
        Row(case("bad", "", ""), bad),
        Row(case("broken", "", ""), None, "no", failed=True),
        Row(case("skipped", "", ""), None, "skipped: pandas not installed"),
        Row(StepCase("free", "rows", "matrix form", SMALL), bad),
    ]
    assert problems(rows) == ["broken: failed: no", "bad: bound missed: 1.500 is not ≤ 1"]
    assert [row.met for row in rows] == [True, False, None, None, None]


def test_a_missed_bound_is_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    slow = case("slow", "import time; time.sleep(0.4)", "")
    monkeypatch.setattr(command_line, "CASES", (slow, case("broken", "raise SystemExit(5)", "")))
    assert command_line.main(["--runs", "1", "--only", "slow", "--json", str(tmp_path / "figures.json")]) == 1
    shown = capsys.readouterr()
    assert "slow: bound missed: " in shown.err
    assert "NO" in shown.out
    assert '"met": false' in (tmp_path / "figures.json").read_text()
    assert command_line.main(["--runs", "1", "--only", "broken"]) == 1
    assert "broken: failed: exit code 5" in capsys.readouterr().err


def test_two_ways_to_compute_an_update_are_compared_only_if_they_agree(monkeypatch: pytest.MonkeyPatch):
    from benchmarks import steps

    monkeypatch.setattr(steps, "SECONDS_PER_RUN", 1e-4)
    for way in steps.WAYS:
        taken, _ = steps.compare(Shape(50, 3), way, "matrix form", 1)
        assert taken[0] > 0
    monkeypatch.setitem(steps.WAYS, "wrong", lambda X, y: lambda w: w + 1.0)
    with pytest.raises(MeasurementError, match="differ by"):
        steps.compare(Shape(50, 3), "wrong", "matrix form", 1)


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
