"""A run of the benchmarks: what is shown, what is written, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as command_line
from benchmarks import document, report
from benchmarks.cases import SUBJECTS
from benchmarks.data import SMALL, Folder, Table
from benchmarks.document import Row
from benchmarks.kinds import Bound, Case, ProcessCase, StepCase, Work
from benchmarks.machine import busy
from benchmarks.measure import ROOT, Agreement, Comparison, Process

pytestmark = pytest.mark.slow

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


def work(code: str, table: Table | None = None) -> Work:
    return Work(("-c", code), table)


def case(name: str, code_a: str, code_b: str, **options: object) -> ProcessCase:
    return ProcessCase(name, "A", "B", Bound(1.0), work(code_a), work(code_b), **options)  # type: ignore[arg-type]


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
        Row("Peers", StepCase("free", "rows", "matrix form", SMALL), BAD, note="no compiler here"),
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
    assert "           no compiler here" in lines
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
    assert command_line.main(["--show", str(tmp_path / "run.json"), "--markdown", "--only", "peers,bad"]) == 0
    assert re.findall(r"^\| `(\w+)`", capsys.readouterr().out, re.MULTILINE) == ["bad", "absent", "free"]
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
    slow = ProcessCase("slow", "A", "B", Bound(1e-6), work(""), work(""))
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
        (["--only", "no-such-row"], "there is no section and no row no-such-row; sections: floor, start-up, "),
        (["--only", "cores,no-such-row,small"], "no row no-such-row; "),
        (["--only", "Cores"], "no row Cores; "),
        (["--document", str(tmp_path / "none.md")], "No such file"),
        (["--json", str(tmp_path / "nowhere" / "figures.json")], "there is no folder"),
        (["--runs", "0"], "0 is not a positive number"),
    ):
        with pytest.raises(SystemExit) as ended:
            command_line.main(words)
        assert ended.value.code == 2
        assert said in capsys.readouterr().err
    assert command_line.main(["--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line for line in listed if not line.startswith(" ")] == [report.section_name(one) for one in SUBJECTS]
    assert [line.split()[0] for line in listed if line.startswith("  ")] == list(CASES)


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


def test_an_option_that_gdsolve_does_not_know_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    unknown = Work((*FIT, "--no-such-option"), SMALL)
    monkeypatch.setattr(command_line, "SUBJECTS", {"S": (ProcessCase("x", "A", "B", None, unknown, work("")),)})
    assert command_line.main(["--runs", "1", "--json", str(tmp_path / "figures.json")]) == 1
    assert "x: failed: exit code 2 of: -m gdsolve fit --no-such-option" in capsys.readouterr().err
    assert document.read(tmp_path / "figures.json")["cases"][0]["status"] == "failed"
