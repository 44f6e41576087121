"""The benchmarks' own arithmetic, on processes and figures made for it."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks import rivals
from benchmarks.agreement import apart, check_same
from benchmarks.cases import GROUPS, SUBJECTS
from benchmarks.data import SMALL, Folder, Shape, Table, blocks, grouped_blocks, write
from benchmarks.kinds import Agree, Bound, ProcessCase, Tells, Work, missing
from benchmarks.machine import processor, version
from benchmarks.measure import ROOT, Command, Comparison, MeasurementError, alternate, run_process

pytestmark = pytest.mark.slow

CASES = {case.name: case for cases in SUBJECTS.values() for case in cases}
FIT = ("-m", "gdsolve", "fit")


def work(code: str, table: Table | None = None, tells: Tells = Tells.NOTHING) -> Work:
    return Work(("-c", code), table, tells=tells)


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


def test_a_peak_is_told_only_where_it_is_not_that_of_the_process_that_measures():
    """A child's peak counts the pages of the process that started it, until it becomes its own program."""
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    size = mine + 100_000_000
    large = run_process(Command(("-c", f"held = bytearray({size}); held[::1000] = held[::1000]"))).peak_bytes
    assert large is not None
    assert size < large < size + 100_000_000
    assert run_process(Command(("-c", ""))).peak_bytes is None


def test_a_measurement_that_is_interrupted_leaves_no_process(tmp_path: Path):
    written = tmp_path / "pid"
    child = f"import os, time; open({str(written)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    code = f"from benchmarks.measure import Command, run_process; run_process(Command(('-c', {child!r})))"
    measuring = subprocess.Popen((sys.executable, "-c", code), cwd=ROOT, stderr=subprocess.PIPE)
    while not (written.exists() and written.read_text()):
        assert measuring.poll() is None
        time.sleep(0.01)
    measuring.send_signal(signal.SIGINT)
    errors = measuring.communicate(timeout=20)[1]
    assert b"KeyboardInterrupt" in errors
    with pytest.raises(ProcessLookupError):
        os.kill(int(written.read_text()), 0)


def test_an_unexpected_exit_code_ends_the_measurement_with_the_last_words():
    with pytest.raises(MeasurementError, match=r"^exit code 3 of: -c (.|\n)*so it was"):
        run_process(Command(("-c", "import sys; print('so it was', file=sys.stderr); sys.exit(3)")))
    assert run_process(Command(("-c", "raise SystemExit(3)"), exit_codes=(3,))).output == ""


def test_iterations_that_were_not_taken_end_the_measurement(tmp_path: Path):
    table = Table(Shape(20, 2))
    fit = (*FIT, "--lr", "1e-9", "--tol", "0", "--max-iter", "7")
    weights = Work(fit, table, (3,), iterations=7, tells=Tells.SAVED).run(Folder(tmp_path))[1]
    assert weights is not None
    assert len(weights) == 3
    with pytest.raises(MeasurementError, match="took 7 iterations, not 8"):
        Work(fit, table, (3,), iterations=8, tells=Tells.SAVED).run(Folder(tmp_path))


def test_programs_that_find_other_weights_are_not_compared(tmp_path: Path):
    check_same([1.0, 2.0], [1.0, 2.0 + 1e-12])
    with pytest.raises(MeasurementError, match=r"differ by 0\.5 in a weight"):
        check_same([1.0, 2.0], [1.0, 2.5])
    with pytest.raises(MeasurementError, match=r"cannot be compared: \[1\.0\] and none"):
        check_same([1.0], None)
    one, two = (work(f"print('[{weight}]')", tells=Tells.LIST) for weight in (1, 2))
    with pytest.raises(MeasurementError, match="differ by 1 in a weight"):
        ProcessCase("weights", "A", "B", None, one, two, agree=Agree.SAME).compare(Folder(tmp_path), 1)


def test_output_that_tells_no_weights_ends_the_measurement(tmp_path: Path):
    """Two processes that do not know of each other print two documents: that is not a fit on two ranks."""
    model = '{"weights": {"x": 2}, "intercept": 1, "iterations": 3}'
    assert work(f"print('{model}')", tells=Tells.DOCUMENT).run(Folder(tmp_path))[1] == [2.0, 1.0]
    for text in (model + model, model[:-1], "{}", '{"weights": null, "intercept": 1, "iterations": 3}', "[1]"):
        with pytest.raises(MeasurementError, match="the one JSON document that gdsolve prints: cannot be read"):
            work(f"print({text!r})", tells=Tells.DOCUMENT).run(Folder(tmp_path))
    with pytest.raises(MeasurementError, match="a JSON list on standard output: cannot be read"):
        work("", tells=Tells.LIST).run(Folder(tmp_path))


def test_groups_are_told_in_the_order_of_their_names(tmp_path: Path):
    lines = [{"group": {"g": g}, "weights": {"x": x}, "intercept": -x} for g, x in (("g10", 2.0), ("g02", 1.0))]
    text = "\n".join(json.dumps(line) for line in lines)
    assert work(f"print({text!r})", tells=Tells.GROUPS).run(Folder(tmp_path))[1] == [1.0, -1.0, 2.0, -2.0]


def test_sse_says_how_far_two_fits_are_apart():
    shape = Shape(150_000, 2)
    values = np.concatenate(list(blocks(shape)))
    a, b = [0.5, 1.0, 0.5], [0.5, 1.0, 0.75]
    found = apart(shape, a, b)
    for sse, fit in ((found.sse_a, a), (found.sse_b, b)):
        assert sse == pytest.approx(float(np.square(values[:, :2] @ fit[:2] + fit[2] - values[:, 2]).sum()), rel=1e-12)
    assert found.difference == 0.25
    with pytest.raises(MeasurementError, match="not finite"):
        apart(shape, a, [0.0, float("nan"), 0.0])


def test_tables_are_the_same_every_time_and_keep_every_digit(tmp_path: Path):
    shape = Shape(120_000, 2)
    write(tmp_path / "table.csv", Table(shape))
    assert (tmp_path / "table.csv").read_text().startswith("x1,x2,y\n")
    values = np.concatenate(list(blocks(shape)))
    assert values.shape == (120_000, 3)
    assert np.array_equal(np.loadtxt(tmp_path / "table.csv", delimiter=",", skiprows=1), values)
    write(tmp_path / "table.parquet", Table(shape, "parquet"))
    assert np.array_equal(pl.read_parquet(tmp_path / "table.parquet").to_numpy(), values)


def test_parts_hold_the_rows_of_the_table_in_order(tmp_path: Path):
    table = Table(Shape(10, 2), "parquet", parts=4)
    source = Folder(tmp_path).source(table)
    assert source.name == "part-*.parquet"
    parts = [pl.read_parquet(path) for path in sorted(source.parent.glob(source.name))]
    assert [len(part) for part in parts] == [3, 3, 3, 1]
    assert np.array_equal(pl.concat(parts).to_numpy(), next(blocks(table.shape)))


def test_every_group_has_its_own_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    table = Table(Shape(1200, 2), groups=11)
    path = Folder(tmp_path).source(table)
    frame = pl.read_csv(path)
    assert frame.columns == ["g", "x1", "x2", "y"]
    assert frame["g"].unique().sort().to_list() == [f"g{g:02}" for g in range(11)]
    group, rows = next(grouped_blocks(table.shape, 11))
    assert np.array_equal(frame.drop("g").to_numpy(), rows)
    assert frame["g"].to_list() == [f"g{g:02}" for g in group]
    for code in (rivals.GROUPS_PANDAS, rivals.GROUPS_POLARS):
        if code is rivals.GROUPS_PANDAS and version("pandas") is None:
            continue
        found = np.reshape(told(code, path, monkeypatch, capsys), (11, 3))
        expected = (1.0 + np.arange(11) / 11)[:, None] * [0.5, 1.0, 0.5]
        np.testing.assert_allclose(found, expected, atol=0.06)


def test_a_table_is_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = Folder(tmp_path)
    first = folder.source(SMALL)
    made = first.stat().st_mtime_ns
    assert folder.source(SMALL) == first
    assert first.stat().st_mtime_ns == made
    assert [path.name for path in tmp_path.iterdir()] == [first.name]
    assert [(one["name"], one["bytes"]) for one in folder.made] == [(first.name, first.stat().st_size)]
    assert capsys.readouterr().err.count(f"made {first.name}, 0 MB, in ") == 1
    again = Folder(tmp_path)
    again.source(SMALL)
    assert again.made == []


def told(code: str, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[float]:
    """The weights that a rival prints, run here, where what it imports is imported once for all."""
    monkeypatch.setattr(sys, "argv", ["-c", str(path)])
    capsys.readouterr()
    exec(code, {"__name__": "__main__"})
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("code", "needs"),
    [
        (rivals.SCIKIT_LEARN, ("pandas", "scikit-learn")),
        (rivals.SGD_REGRESSOR, ("pandas", "scikit-learn")),
        (rivals.VOWPAL_WABBIT, ("vowpalwabbit",)),
        (rivals.HANDWRITTEN_LOOP, ()),
        (rivals.UPDATES_ALONE, ()),
        (rivals.TORCH_SGD, ()),
        (rivals.PARQUET_SCIKIT_LEARN, ("scikit-learn",)),
    ],
)
def test_rivals_fit_the_same_line(
    tmp_path: Path,
    code: str,
    needs: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    if any(version(package) is None for package in needs):
        pytest.skip(f"needs {', '.join(needs)}")
    table = Table(Shape(5000, 2), "parquet" if code is rivals.PARQUET_SCIKIT_LEARN else "csv")
    found = told(code, Folder(tmp_path).source(table), monkeypatch, capsys)
    # Vowpal Wabbit walks over the rows once, which leaves it a few per cent away.
    assert found == pytest.approx([0.5, 1.0, 0.5], abs=0.1 if code is rivals.VOWPAL_WABBIT else 0.01)


def test_the_command_lines_of_groups_and_ranks():
    groups, ranks = CASES["groups"], CASES["ranks"]
    assert isinstance(groups, ProcessCase)
    assert isinstance(ranks, ProcessCase)
    assert groups.work_a == Work(
        (*FIT, "--group-by", "g", "--format", "json", "--quiet"), GROUPS, (0,), tells=Tells.GROUPS
    )
    assert groups.agree is ranks.agree is Agree.SAME
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    assert ranks.work_a.arguments == (*launcher, *ranks.work_b.arguments)
    assert ranks.work_b.arguments == (*FIT, "--format", "json", "--quiet")
    assert ranks.work_a.tells is ranks.work_b.tells is Tells.DOCUMENT
    assert str(ranks.work_a.table.source).endswith("_4parquet/part-*.parquet")  # type: ignore[union-attr]


def test_names_are_unique_and_a_missing_package_is_named():
    assert len(CASES) == sum(map(len, SUBJECTS.values()))
    assert missing(case("lonely", "", "", needs=("gdsolve-no-such-package",))) == ["gdsolve-no-such-package"]
    assert missing(case("served", "", "", needs=("pytest",))) == []


def test_the_processor_is_the_model_that_the_system_names(tmp_path: Path):
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Abacus 9000\n")
    assert processor(tmp_path / "cpuinfo") == "Abacus 9000"
    assert version("pytest") == pytest.__version__


def test_two_ways_to_compute_an_update_are_compared_only_if_they_agree(monkeypatch: pytest.MonkeyPatch):
    from benchmarks import steps

    monkeypatch.setattr(steps, "SECONDS_PER_RUN", 1e-4)
    for way in steps.WAYS:
        taken, _ = steps.compare(Shape(50, 3), way, "matrix form", 1)
        assert taken[0] > 0
    monkeypatch.setitem(steps.WAYS, "wrong", lambda X, y: lambda w: w + 1.0)
    with pytest.raises(MeasurementError, match="differ by"):
        steps.compare(Shape(50, 3), "wrong", "matrix form", 1)
