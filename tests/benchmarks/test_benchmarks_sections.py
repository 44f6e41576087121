"""The sections of the benchmarks that are measured in memory, on small tables, and the page that keeps their tables."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import __main__ as command_line
from benchmarks import cores, cuda, document, in_memory, on_cores, on_cuda, page, report, worker
from benchmarks.cases import SUBJECTS
from benchmarks.data import Shape
from benchmarks.document import Row
from benchmarks.kinds import Bound, InMemoryCase
from benchmarks.measure import ROOT, Comparison, MeasurementError, SkippedError

TAKEN = Comparison((1.0,), (2.0,), "s", {})
MACHINE = {
    "date": "2026-11-24T12:00:00+00:00",
    "processor": "Abacus 9000",
    "cores": "16",
    "memory": "25 GB",
    "load": "0.10 over the minute before",
    "gpu": "Accelerator 1",
    "system": "Linux",
    "python": "3.11.7",
    "pandas": "not installed",
}
PAGE = """# Figures

<!-- benchmarks: cores | 2 cores -->
### Cores: 2 cores

small

<!-- benchmarks: cuda | 16 cores, Accelerator 1 -->
### CUDA: of then

old

<!-- benchmarks: end -->
What they say.
"""


def requests(cases: tuple[Any, ...]) -> dict[str, dict[str, Any]]:
    return {case.name: {**case.request, "runs": 1} for case in cases if isinstance(case, InMemoryCase)}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_memory, "SECONDS_PER_CALL", 1e-4)
    on_cores._triangles.cache_clear()
    for cached in (on_cuda._update, on_cuda._updates, on_cuda._triangle):
        cached.cache_clear()
    in_memory.forget()


@pytest.mark.usefixtures("quick")
def test_every_row_of_cores_is_measured_on_its_own_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    for name, request in requests(cores.cases((1, 2), shrink=2000)).items():
        asked.clear()
        taken = on_cores.measure(request)
        assert len(taken["a"]) == len(taken["b"]) == 1, name
        assert min(*taken["a"], *taken["b"]) > 0.0, name
        if request["what"] != "triangle":
            assert asked[0] == int(name[-1]) if "-t" in name else 2, name


@pytest.mark.usefixtures("quick")
def test_every_row_of_cuda_is_measured_where_there_is_a_device_by_name() -> None:
    """On the host, which stands in for one: what is measured is the same."""
    for name, request in requests(cuda.cases("cpu", shrink=2000)).items():
        taken = on_cuda.measure(request)
        assert len(taken["a"]) == len(taken["b"]) == 1, name
        assert taken["a"][0] > 0.0, name
    limits = {name: request["limit"] for name, request in requests(cuda.cases()).items() if "limit" in request}
    assert limits == {"cuda-many-20us": 2e-5, "cuda-tri-limit": 0.5}


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.usefixtures("quick")
def test_every_row_of_cuda_is_measured_on_the_device() -> None:
    for name, request in requests(cuda.cases(shrink=100)).items():
        taken = on_cuda.measure(request)
        assert taken["a"][0] > 0.0, name


def test_two_ways_that_do_not_take_the_same_step_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = in_memory.ground_of(Shape(200, 3), torch.float64, "huber")
    ground.require_same(ground.by_gdsolve(), ground.by_hand())
    monkeypatch.setitem(in_memory.SLOPES, "huber", lambda z, y: z - y)  # type: ignore[arg-type]
    with pytest.raises(MeasurementError, match="two ways to take one step differ by"):
        ground.require_same(ground.by_gdsolve(), ground.by_hand())


def test_threads_double_up_to_all_cores_and_bounds_go_with_them() -> None:
    assert [cores.thread_counts(count) for count in (1, 2, 6, 16)] == [(1,), (1, 2), (1, 2, 4, 6), (1, 2, 4, 8, 16)]
    few, many = ({case.name: case.bound for case in cores.cases(counts)} for counts in ((1, 2), (1, 2, 4, 8, 16)))
    assert not any(name.split("-")[1] == "5m" for name in few)
    for threads, bound in ((1, 1.0), (2, 1.0), (4, 0.7), (8, 0.7), (16, 0.7)):
        assert many[f"rows-200k-t{threads}"] == Bound(0.7)
        assert many[f"logistic-1m-f32-t{threads}"] == Bound(bound)
    assert (many["triangle-200k-t2"], many["triangle-200k-t16"]) == (Bound(0.6), Bound(0.167))
    assert many["triangle-1m-t16"] is None


def test_names_of_sections_are_no_names_of_rows() -> None:
    names = {case.name for cases in SUBJECTS.values() for case in cases}
    assert names.isdisjoint(map(report.section_name, SUBJECTS))
    every = (*cores.cases((1, 2, 4, 8, 16)), *cuda.cases())
    assert len({case.name for case in every}) == len(every)


def test_what_is_slow_runs_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(1000))
    monkeypatch.setattr(in_memory.time, "perf_counter", lambda: float(next(ticks)))
    monkeypatch.setattr(in_memory, "SECONDS_A_RUN", 1000.0)
    count = iter(range(1000))
    assert in_memory.by_turns({"a": lambda: next(count), "b": lambda: next(count)}, 2) == {"a": [2, 4], "b": [3, 5]}
    monkeypatch.setattr(in_memory, "SECONDS_A_RUN", 0.5)
    assert in_memory.by_turns({"a": lambda: next(count), "b": lambda: next(count)}, 2) == {"a": [6], "b": [7]}


SERVER = """
import logging
import os
import sys
from benchmarks.measure import SkippedError
from benchmarks.worker import serve

def measure(request):
    print("a library that says something")
    logging.getLogger("gdsolve.objective.some").info("no %s here", "compiler")
    if request["what"] == "skip":
        raise SkippedError("nothing here")
    if request["what"] == "end":
        print("last words", file=sys.stderr, flush=True)
        os._exit(7)
    return {"a": [1 / request["what"]], "b": [os.getpid()]}

serve(measure)
"""


def test_a_process_that_stays_answers_until_it_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gdsolve_served.py").write_text(SERVER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    one = worker.ask("gdsolve_served", {"what": 2})
    assert (one["a"], one["note"]) == ([0.5], "no compiler here")
    with pytest.raises(MeasurementError, match=r"^ZeroDivisionError: division by zero$"):
        worker.ask("gdsolve_served", {"what": 0})
    with pytest.raises(SkippedError, match=r"^nothing here$"):
        worker.ask("gdsolve_served", {"what": "skip"})
    assert worker.ask("gdsolve_served", {"what": 1})["b"] == one["b"]
    with pytest.raises(MeasurementError, match=r"^exit code 7 of: -m gdsolve_served\n(.|\n)*last words"):
        worker.ask("gdsolve_served", {"what": "end"})
    two = worker.ask("gdsolve_served", {"what": 1})["b"]
    assert two != one["b"]
    worker.end_workers()
    assert not Path(f"/proc/{two[0]}").exists()


def test_a_machine_without_a_device_says_so_in_one_line_and_leaves_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    kept = tmp_path / "page.md"
    kept.write_text(PAGE)
    monkeypatch.setattr(command_line, "SUBJECTS", {"CUDA": SUBJECTS["CUDA"]})
    words = ["--only", "cuda", "--json", str(tmp_path / "run.json"), "--document", str(kept)]
    assert command_line.main([*words, "--markdown"]) == 0
    shown = capsys.readouterr()
    assert "| **CUDA**: no CUDA device here |" in shown.out
    assert "`cuda-" not in shown.out
    assert shown.err.count("cuda: skipped: no CUDA device here\n") == 1
    assert shown.err.count("…") == 1
    assert f"{kept}: cuda: no CUDA device here: left as it is\n" in shown.err
    assert kept.read_text() == PAGE
    assert command_line.main(["--show", str(tmp_path / "run.json")]) == 0
    shown = capsys.readouterr()
    assert [line.split() for line in shown.out.splitlines() if "CUDA" in line] == [
        ["CUDA", "no", "CUDA", "device", "here"]
    ]


def made(*subjects: str, complete: tuple[str, ...]) -> dict[str, Any]:
    rows = [Row(subject, InMemoryCase(f"{subject}-row", "A", "B", None, "", {}), TAKEN) for subject in subjects]
    return json.loads(json.dumps(document.document(MACHINE, [], rows, complete)))


def test_a_run_rewrites_its_own_tables_and_no_others(tmp_path: Path) -> None:
    kept = tmp_path / "page.md"
    kept.write_text(PAGE)
    run = made("Cores", "CUDA", "Peers", complete=("Cores", "CUDA"))
    assert page.rewrite(kept, run) == [
        f"{kept}: cores on 16 cores, Accelerator 1: written",
        f"{kept}: cuda on 16 cores, Accelerator 1: written",
        f"{kept}: peers: not measured whole: left as it is",
    ]
    text = kept.read_text()
    assert re.findall(r"^<!-- .*|^### .*", text, re.MULTILINE) == [
        "<!-- benchmarks: cores | 2 cores -->",
        "### Cores: 2 cores",
        "<!-- benchmarks: cores | 16 cores, Accelerator 1 -->",
        "### Cores: 16 cores, Accelerator 1",
        "<!-- benchmarks: cuda | 16 cores, Accelerator 1 -->",
        "### CUDA: 16 cores, Accelerator 1",
        "<!-- benchmarks: end -->",
    ]
    assert text.startswith(PAGE[: PAGE.index("<!-- benchmarks: cuda")])
    assert text.endswith("<!-- benchmarks: end -->\nWhat they say.\n")
    assert "old" not in text
    said = "2026-11-24: Abacus 9000, 16 cores, 25 GB, Accelerator 1, load 0.10 over the minute before; python 3.11.7.\n"
    assert text.count(said) == 2
    assert "| `CUDA-row` | A | B | 1 | 1.00 s | 2.00 s | 0.5 | 0.5 – 0.5 |" in text
    page.rewrite(kept, run)
    assert kept.read_text() == text


def test_a_page_without_a_place_for_tables_is_refused_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "page.md"
    kept.write_text("# Figures\n")
    with pytest.raises(SystemExit) as ended:
        command_line.main(["--only", "small", "--document", str(kept)])
    assert ended.value.code == 2
    assert f"{kept}: has no line <!-- benchmarks: end -->, before which the tables stand" in capsys.readouterr().err


def test_the_page_of_this_project_has_a_machine_and_a_date_for_every_table() -> None:
    path = ROOT / "docs" / "benchmarks.md"
    assert page.unreadable(path) is None
    _, tables, _ = page._parted(path.read_text(encoding="utf-8"))
    sections = {report.section_name(subject) for subject in SUBJECTS}
    assert {section for section, _ in tables} <= sections
    for (_, machine), text in tables.items():
        heading, said = text.split("\n")[0], text.split("\n")[2]
        assert heading.endswith(f": {machine}")
        assert re.match(r"\d{4}-\d\d-\d\d[:,]", said)
        assert machine.split(",")[0] in said
