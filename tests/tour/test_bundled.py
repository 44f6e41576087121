"""Names of what comes with gdsolve: wherever a source is taken, printed, completed, and behind a file of that name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from completing import bash
from in_process import completed
from places import CONFIGS

import gdsolve
from gdsolve.bundled import BUNDLED, Chapter, known_as, nearest_name, path_of

CASES = [*(f"A{k}" for k in range(1, 12)), *(f"B{k}" for k in range(1, 9)), "C", "D1", "D2", "D3", "E"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_file_has_one_name_and_every_case_of_the_textbook_is_there() -> None:
    files = {str(path.relative_to(CONFIGS)) for path in CONFIGS.rglob("*") if path.suffix in (".yaml", ".csv")}
    assert sorted(one.file for one in BUNDLED) == sorted(files)
    assert set(CASES) <= {one.name for one in BUNDLED}
    assert all(one.name.startswith(one.part[0]) for one in BUNDLED if one.part not in (Chapter.CURVES, Chapter.DATA))


@pytest.mark.parametrize("typed", ["B4-small", "b4-SMALL", "b4_small"])
def test_a_name_is_known_in_any_spelling(typed: str) -> None:
    found = known_as(typed)
    assert found is not None and found.file == "textbook/b4_small_update.yaml"
    assert path_of(typed) == CONFIGS / found.file


def test_a_spec_and_a_table_by_name() -> None:
    done = completed("fit", "b4", "--format", "json", "--exit-zero")
    record = json.loads(done.out)
    assert (done.code, record["weights"]["x"]) == (0, pytest.approx(1.0371897, abs=1e-7))
    # Nothing says where gdsolve is installed.
    assert str(CONFIGS) not in done.out + done.err
    assert record["data"]["source"] == ["two_points"]
    assert gdsolve.fit("two_points", tol=1e-12).intercept == pytest.approx(1.0)
    assert gdsolve.check("LONGLEY").rows == 16


def test_each_verb_takes_a_name() -> None:
    for words in (("trace", "A1"), ("compare-lr", "c"), ("check", "d1"), ("fit", "--each", "B4-small", "two_points")):
        done = completed(*words, "--format", "json")
        assert done.code == 0, done.err
    assert completed("report", "B2", "-o", "-", "--exit-zero").out.startswith("<!doctype html>")
    assert completed("fit", "norris", "--save", "m.json").code == 0
    assert completed("score", "m.json", "norris").code == 0


def test_a_table_is_read_whatever_verb_and_delimiter_its_own_file_would_have(here: Path) -> None:
    (here / "same.csv").write_text(path_of("norris").read_text())
    by_name, by_file = (completed("fit", name, "--format", "json").out for name in ("norris", "same.csv"))
    assert json.loads(by_name)["weights"] == json.loads(by_file)["weights"]


@pytest.mark.parametrize("one", [one for one in BUNDLED if one.is_spec], ids=lambda one: one.name)
def test_what_is_printed_can_be_edited_and_run(one: gdsolve.bundled.Bundled, here: Path) -> None:  # type: ignore[name-defined]
    printed = completed("configs", one.name)
    assert (printed.code, printed.out, printed.err) == (0, one.text, "")
    (here / "mine.yaml").write_text(printed.out)
    done, named = (completed(one.verb, name, "--format", "json") for name in ("mine.yaml", one.name))
    assert done.code == named.code and done.out
    found, expected = json.loads(done.out), json.loads(named.out)
    for key in ("nodes", "weights", "sse", "rates", "rank"):
        assert found.get(key) == expected.get(key)


def test_a_file_of_that_name_is_taken_and_said(here: Path) -> None:
    (here / "penguins").write_text("x,y\n1,2\n2,4\n3,7\n")
    done = completed("fit", "penguins", "--format", "json")
    assert json.loads(done.out)["data"]["rows"] == 3
    assert done.err == (
        "gdsolve: warning: penguins: the file of this name is taken, not what comes with gdsolve "
        "(gdsolve configs penguins prints that)\n"
    )
    (here / "A1").mkdir()
    done = completed("trace", "A1")
    assert done.code == 2 and "A1: the folder of this name is taken" in done.err
    # A spec that comes with gdsolve means the table that does.
    (here / "two_points").write_text("x,y\n1,2\n2,4\n3,7\n")
    assert json.loads(completed("fit", "B4-small", "--format", "json").out)["data"]["rows"] == 2
    assert json.loads(completed("fit", "two_points", "--format", "json").out)["data"]["rows"] == 3


def test_a_table_beside_a_spec_comes_before_a_name(here: Path) -> None:
    (here / "specs").mkdir()
    (here / "specs/mine.yaml").write_text("data: norris\n")
    assert gdsolve.fit("specs/mine.yaml").data.rows == 36
    (here / "specs/norris").write_text("x,y\n1,2\n2,4\n3,7\n")
    assert gdsolve.fit("specs/mine.yaml").data.rows == 3


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("fit", "B44"), 5, "did you mean B4?"),
        (("fit", "pinguins"), 5, "did you mean penguins?"),
        (("fit", "b4.yaml"), 2, "did you mean B4?"),
        (("trace", "A22"), 2, "did you mean A2?"),
        (("configs", "longly"), 2, "did you mean longley?"),
        (("configs", "zzz"), 2, "gdsolve configs lists what has a name"),
        (("configs", "A1", "A2"), 2, "give one name; gdsolve configs lists what has a name"),
    ],
)
def test_a_name_that_is_not_there(words: tuple[str, ...], code: int, hint: str) -> None:
    done = completed(*words)
    assert (done.code, done.out) == (code, "")
    assert done.err.splitlines()[-1] == f"hint: {hint}"


def test_the_list_in_both_forms() -> None:
    table = completed("configs")
    assert table.err == "" and all(one.name in table.out and one.shows in table.out for one in BUNDLED)
    record = json.loads(completed("configs", "--format", "json").out)
    assert record["schema"] == "gdsolve.configs/1"
    assert [one["name"] for one in record["configs"]] == [one.name for one in BUNDLED]
    (one,) = json.loads(completed("configs", "b4", "--format", "json").out)["configs"]
    assert (one["name"], one["kind"], one["command"]) == ("B4", "spec", "gdsolve fit B4")
    assert [found.name for found in gdsolve.configs()] == [one["name"] for one in record["configs"]]
    assert gdsolve.configs("a1")[0].text == one_of("A1")


def one_of(name: str) -> str:
    return path_of(name).read_text(encoding="utf-8")


@pytest.mark.parametrize("one", [one for one in BUNDLED if not one.is_spec], ids=lambda one: one.name)
def test_the_command_of_a_table_runs(one: gdsolve.bundled.Bundled) -> None:  # type: ignore[name-defined]
    done = completed(*one.command.split()[1:])
    assert done.code == 0, done.err


def test_nothing_far_off_is_meant() -> None:
    assert [nearest_name(name) for name in ("data.csv", "runs/B4", "*.csv", "b4.csv")] == [None, None, None, "B4"]


def test_names_are_completed(here: Path) -> None:
    (here / "A1.yaml").write_text("")
    assert bash("gdsolve trace a1|") == (0, ["a1", *(f"a{case}" for case in range(10, 18))])
    assert bash("gdsolve trace A1|") == (0, ["A1", *(f"A{case}" for case in range(10, 18)), "A1.yaml"])
    assert bash("gdsolve fit pen|") == (0, ["penguins"])
    assert bash("gdsolve configs b4|") == (0, ["b4", "b4-small"])
    assert bash("gdsolve configs zz|")[0] == 1
    # Files are for the shell to look for.
    assert bash("gdsolve fit |") == (0, [""])
    assert bash("gdsolve fit norris --target |") == (0, ["x", "y"])
