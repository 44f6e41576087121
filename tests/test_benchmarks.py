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

# The benchmarks are not part of the package that is installed.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from benchmarks import __main__ as command_line
from benchmarks import document, nist, report, rivals
from benchmarks.agreement import apart, check_same
from benchmarks.cases import GROUPS, SUBJECTS
from benchmarks.data import SMALL, Folder, Shape, Table, blocks, grouped_blocks, write
from benchmarks.document import Row
from benchmarks.kinds import Agree, Bound, Case, ProcessCase, StepCase, Tells, Work, missing
from benchmarks.machine import busy, processor, version
from benchmarks.measure import ROOT, Agreement, Command, Comparison, MeasurementError, Process, alternate, run_process

CASES = {case.name: case for cases in SUBJECTS.values() for case in cases}
FIT = ("-m", "gdsolve", "fit")
MACHINE = {
    "date": "2026-11-24T12:00:00+00:00",
    "processor": "Abacus 9000",
    "cores": "2",
    "memory": "25 GB",
    "load": "0.10 over the minute before",
    "system": "Linux",
    "python": "3.11.7",
    "torch": "2.13.0",
}


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


def test_an_option_that_gdsolve_does_not_know_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    unknown = Work((*FIT, "--no-such-option"), SMALL)
    monkeypatch.setattr(command_line, "SUBJECTS", {"S": (ProcessCase("x", "A", "B", None, unknown, work("")),)})
    assert command_line.main(["--runs", "1", "--json", str(tmp_path / "figures.json")]) == 1
    assert "x: failed: exit code 2 of: -m gdsolve fit --no-such-option" in capsys.readouterr().err
    assert document.read(tmp_path / "figures.json")["cases"][0]["status"] == "failed"


def test_names_are_unique_and_a_missing_package_is_named():
    assert len(CASES) == sum(map(len, SUBJECTS.values()))
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
    assert report.quantity(value, unit) == text


def test_a_busy_machine_is_told():
    assert busy(MACHINE) is None
    assert busy(MACHINE | {"load": "1.20 over the minute before"}) == (
        "warning: the load of this machine is 1.20 on 2 cores: figures and ratios are not to be trusted"
    )


def process(peak: int | None) -> Process:
    return Process(1.0, 0.5, 0.1, peak, "")


GOOD = Comparison((1.0,), (2.0,), "s", {"a": [process(200_000_000)], "b": [process(None)]}, Agreement(1.0, 1.02, 0.003))
BAD = Comparison((3.0, 5.0, 4.0), (2.0, 2.0, 4.0), "s", {})


def rows() -> list[Row]:
    return [
        Row("Files", case("good", "", ""), GOOD),
        Row("Files", case("bad", "", ""), BAD),
        Row("Files", case("broken", "", ""), None, "failed", "no\n[such] thing"),
        Row("Peers", case("absent", "", ""), None, "skipped", "pandas not installed"),
        Row("Peers", StepCase("free", "rows", "matrix form", SMALL), BAD),
    ]


def made() -> dict[str, object]:
    """A document as it is once written and read again."""
    return json.loads(json.dumps(document.document(MACHINE, [], rows())))


def test_bounds_missed_and_failures_are_listed():
    assert document.problems(made()) == ["broken: failed: no\n[such] thing", "bad: bound missed: 2.000 is not ≤ 1"]
    assert [one["met"] for one in made()["cases"]] == [True, False, None, None, None]  # type: ignore[attr-defined]


def test_a_row_knows_its_peaks_and_how_far_its_results_are_apart():
    good, bad = made()["cases"][:2]  # type: ignore[index]
    assert good["peak"] == {"a": 200_000_000, "b": None}
    assert good["agreement"] == {"sse_a": 1.0, "sse_b": 1.02, "difference": 0.003}
    assert "output" not in good["processes"]["a"][0]
    assert (bad["peak"], bad["agreement"]) == ({"a": None, "b": None}, None)
    assert (bad["median"], bad["spread"]) == ({"a": 4.0, "b": 2.0}, [1.0, 2.5])


def test_the_table_holds_every_row_within_100_columns(capsys: pytest.CaptureFixture[str]):
    report.show(made())
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert max(map(len, lines)) <= 100
    words = [line.split() for line in lines]
    assert ["Files"] in words
    assert ["good", "1", "1.00", "s", "2.00", "s", "0.5", "0.5", "–", "0.5", "≤", "1", "yes", "200", "MB"] in words
    assert ["bad", "3", "4.00", "s", "2.00", "s", "2", "1", "–", "2.5", "≤", "1", "NO"] in words
    assert ["broken", "failed", "≤", "1"] in words
    assert ["absent", "skipped", "≤", "1"] in words
    assert "           failed: no [such] thing" in lines
    assert "           skipped: pandas not installed" in lines
    assert "           B's SSE is 2 % above A's, its weights are within 0.003 of A's" in lines
    assert "free    A  one update, rows, 100 × 3" in lines


def test_all_rows_that_there_are_fit_100_columns(capsys: pytest.CaptureFixture[str]):
    every = [Row(subject, one, BAD) for subject, cases in SUBJECTS.items() for one in cases]
    report.show(json.loads(json.dumps(document.document(MACHINE, [], every))))
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 100
    for name in CASES:
        assert f"  {name} " in shown


def test_markdown_has_a_cell_for_every_heading():
    text = report.markdown(made())
    assert text.startswith("One run of `python -m benchmarks` on 2026-11-24: Abacus 9000, 2 cores, 25 GB, load 0.10 ")
    assert "; python 3.11.7, torch 2.13.0.\n" in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table} == {len(report.HEADINGS) + 4}
    assert "| `good` | A | B | 1 | 1.00 s | 2.00 s | 0.5 | 0.5 – 0.5 | ≤ 1 | yes | 200 MB |  |" in table
    assert "- `absent`: skipped: pandas not installed\n" in text


def test_an_earlier_run_is_shown_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    document.write(tmp_path / "run.json", made())
    assert command_line.main(["--show", str(tmp_path / "run.json"), "--markdown"]) == 0
    assert capsys.readouterr().out == report.markdown(made())
    for text, said in (("{}", "is no document of the schema"), ("{", "Expecting"), ("[]", "is no document")):
        (tmp_path / "other.json").write_text(text)
        assert command_line.main(["--show", str(tmp_path / "other.json")]) == 1
        assert said in capsys.readouterr().err
    assert command_line.main(["--show", str(tmp_path / "none.json")]) == 1


def take(monkeypatch: pytest.MonkeyPatch, *cases: Case) -> None:
    monkeypatch.setattr(command_line, "SUBJECTS", {"Subject": cases})


def test_a_missed_bound_is_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    slow = case("slow", "import time; time.sleep(0.4)", "")
    take(monkeypatch, slow, case("broken", "raise SystemExit(5)", ""), case("absent", "", "", needs=("no-such",)))
    monkeypatch.chdir(tmp_path)
    assert command_line.main(["--runs", "1", "--only", "slow", "--json", "figures.json"]) == 1
    shown = capsys.readouterr()
    assert "slow: bound missed: " in shown.err
    assert "NO" in shown.out
    assert '"met": false' in Path("figures.json").read_text()
    assert command_line.main(["--runs", "1", "--only", "broken", "--only", "absent"]) == 1
    shown = capsys.readouterr()
    assert "broken: failed: exit code 5" in shown.err
    assert "absent: skipped: no-such not installed (pip install '.[bench]')" in shown.err
    assert shown.err.endswith("every run: benchmarks.json\n")
    assert [one["status"] for one in document.read(Path("benchmarks.json"))["cases"]] == ["failed", "skipped"]
    assert command_line.main(["--runs", "1", "--only", "absent"]) == 0


def test_a_full_disk_fails_a_row_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def full(self: Folder, table: Table) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Folder, "source", full)
    take(monkeypatch, ProcessCase("x", "A", "B", None, work("", SMALL), work("")))
    assert command_line.main(["--runs", "1", "--json", str(tmp_path / "figures.json")]) == 1
    assert "x: failed: [Errno 28] No space left on device" in capsys.readouterr().err


def test_words_that_cannot_be_meant_are_told_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for words, said in (
        (["--only", "no-such-row"], "there is no row no-such-row (--list shows them)"),
        (["--json", str(tmp_path / "nowhere" / "figures.json")], "there is no folder"),
        (["--runs", "0"], "0 is not a positive number"),
    ):
        with pytest.raises(SystemExit) as ended:
            command_line.main(words)
        assert ended.value.code == 2
        assert said in capsys.readouterr().err
    assert command_line.main(["--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(CASES)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_run_shows_what_it_has_and_removes_its_tables(tmp_path: Path, name: str):
    """The command itself, its second case one that never ends."""
    (tmp_path / "temporary").mkdir()
    code = (
        "import runpy, sys\n"
        "from benchmarks import cases\n"
        "from benchmarks.kinds import ProcessCase, Work\n"
        "quick, slow = Work(('-c', ''), cases.SMALL), Work(('-c', 'import time; time.sleep(60)'))\n"
        "one, two = (ProcessCase(name, 'A', 'B', None, work, work) for name, work in (('one', quick), ('two', slow)))\n"
        "cases.SUBJECTS = {'S': (one, two)}\n"
        "sys.argv = ['benchmarks', '--runs', '1', '--json', sys.argv[1]]\n"
        "runpy.run_module('benchmarks', run_name='__main__')\n"
    )
    running = subprocess.Popen(
        (sys.executable, "-c", code, str(tmp_path / "figures.json")),
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path / "temporary")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    for line in running.stderr:
        if line.startswith("two …"):
            break
    assert len(list((tmp_path / "temporary").glob("benchmarks-*/*.csv"))) == 1
    running.send_signal(getattr(signal, name))
    shown, _ = running.communicate(timeout=20)
    assert running.returncode == 130
    assert "not run: interrupted" in shown
    assert list((tmp_path / "temporary").iterdir()) == []
    assert [one["status"] for one in document.read(tmp_path / "figures.json")["cases"]] == ["measured", "not run"]


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
