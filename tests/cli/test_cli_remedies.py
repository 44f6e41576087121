"""Every command that gdsolve advises ends well when it is typed as it was printed."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from places import CONFIGS

from gdsolve.cli.main import run
from gdsolve.spec.command import Command


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two points, and a logger that is put back afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "warnoptions", ["error"])
    (tmp_path / "two.csv").write_text("x,y\n1,2\n3,4\n")
    return tmp_path


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run gdsolve on words, or on a command as it is shown; gives exit code, record and standard error."""

    def ask(*words: str) -> tuple[int, dict[str, Any], str]:
        capsys.readouterr()
        words = tuple(shlex.split(words[0])[1:]) if words[0].startswith("gdsolve ") else words
        code = run([*words, *(() if "--format" in words else ("--format", "json"))])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else {}, err

    return ask


def advised(record: dict[str, Any]) -> str:
    """The command to run instead."""
    (line,) = [line for line in record["advice"] if line.startswith("Run instead: ")]
    return line.removeprefix("Run instead: ")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("fit", "two.csv", "--lr", "0.01", "--max-iter", "5"), "gdsolve fit two.csv --lr auto --format json"),
        (("fit", "two.csv", "--lr", "0.01", "--tol", "0", "--max-iter", "5"), None),
        (("fit", "two.csv", "--lr", "5", "--tol", "0", "--max-iter", "5"), None),
        (("fit", "two.csv", "--lr", "5", "--max-iter", "3"), None),
        (("fit", "two.csv", "--lr", "0.01", "--tol", "1e-300", "--max-iter", "5"), None),
        (("fit", "two.csv", "--lr", "0.01", "--tol", "0", "--grad-tol", "1e-6", "--max-iter", "5"), None),
        (("fit", str(CONFIGS / "longley.csv"), "--lr", "1e-8"), None),
        (("fit", str(CONFIGS / "norris.csv"), "--lr", "1e-3", "--every", "1", "--engine", "triangle"), None),
        (("fit", str(CONFIGS / "longley.csv"), "--lr", "1e-8", "--dtype", "float32"), None),
        (("fit", str(CONFIGS / "norris.csv"), "--lr", "1", "--ridge", "0.123456789"), None),
    ],
)
def test_the_command_to_run_instead_ends_with_0(ask: Any, words: tuple[str, ...], expected: str | None) -> None:
    code, record, _ = ask(*words)
    assert code in (3, 4)
    command = advised(record)
    assert expected in (None, command)
    again, second, errors = ask(command)
    assert (again, second["status"], errors) == (0, "converged", "")


def textbook_specs() -> list[Path]:
    return sorted((CONFIGS / "textbook").glob("*.yaml"))


@pytest.mark.parametrize("spec", textbook_specs(), ids=lambda path: path.stem)
def test_the_advice_for_a_spec_overrules_what_the_spec_says(ask: Any, spec: Path) -> None:
    code, record, _ = ask("fit", str(spec), *(("--lr", "0.01") if spec.stem == "c_rates" else ()))
    if code == 0:
        return
    again, second, _ = ask(advised(record))
    assert (again, second["status"]) == (0, "converged")


@pytest.mark.parametrize(
    "keys",
    [
        "max_iter: 0\nlr: 0.01",
        "max_iter: 3\nlr: 5\n",
        "max_iter: 3\nlr: 0.01\ntol: 0\nscale: none",
        "max_iter: 3\nlr: 5\ntol: 0\nscale: standard",
        "max_iter: 3\nlr: 0.01\nengine: rows\nevery: 1",
    ],
)
@pytest.mark.parametrize("flags", [(), ("--max-iter", "2")])
def test_the_advice_for_any_spec(ask: Any, here: Path, keys: str, flags: tuple[str, ...]) -> None:
    (here / "p.yaml").write_text(f"data: two.csv\n{keys}\n")
    code, record, _ = ask("fit", "p.yaml", *flags)
    assert code in (3, 4)
    again, second, _ = ask(advised(record))
    assert (again, second["status"]) == (0, "converged")


@pytest.mark.parametrize(
    "words",
    [
        ("check", str(CONFIGS / "longley.csv")),
        ("check", "two.csv", "--ridge", "50", "--tol", "0"),
        ("check", str(CONFIGS / "textbook" / "b1_start.yaml")),
        ("check", "p.yaml"),
    ],
)
def test_the_commands_to_run_next_end_with_0(ask: Any, here: Path, words: tuple[str, ...]) -> None:
    (here / "p.yaml").write_text("data: two.csv\nmax_iter: 2\nlr: 0.01\ntol: 0\nscale: standard\nridge: 9\n")
    code, record, _ = ask(*words)
    assert (code, len(record["commands"])) == (0, 3)
    for command in record["commands"]:
        again, second, errors = ask(command.replace(" --format json", ""))
        assert (again, errors) == (0, "")
        assert second.get("status", "converged") == "converged"
        assert any(rate["status"] == "converged" for rate in second.get("rates", [{"status": "converged"}]))


def test_rates_of_the_tables_are_stable_when_they_are_typed(ask: Any, capsys: pytest.CaptureFixture[str]) -> None:
    source = str(CONFIGS / "longley.csv")
    _, record, _ = ask("compare-lr", source)
    assert run(["compare-lr", source]) == 0
    shown = capsys.readouterr().out
    found = re.search(r"best rate (\S+)", shown), re.search(r"stable below (\S+)", shown)
    best, largest = (float(match[1]) for match in found if match)
    assert best <= record["best_lr"]
    assert largest <= record["largest_stable_lr"]
    for verb in ("fit", "check"):
        assert run([verb, source, *(("--lr", "1e-13", "--max-iter", "1") if verb == "fit" else ())]) in (0, 3)
        for text in re.findall(r"1\.156\d*e-11", capsys.readouterr().out):
            assert float(text) < record["largest_stable_lr"]


def test_a_rate_just_beyond_the_limit_is_not_told_to_be_it(ask: Any) -> None:
    code, record, errors = ask("fit", str(CONFIGS / "longley.csv"), "--lr", "1.1561599e-11", "--engine", "leap")
    assert (code, record["status"]) == (4, "diverged")
    for text in (errors, record["message"]):
        found = re.search(r"learning rate (\S+) .*rates below (\S+) are stable", text)
        assert found is not None
        assert float(found[1]) > float(found[2])


def test_one_rate_is_not_shown_with_two_counts(ask: Any) -> None:
    _, record, _ = ask("fit", str(CONFIGS / "collinear.csv"), "--lr", "0.018018", "--max-iter", "10")
    assert "at the best rate" not in record["advice"][0]
    assert record["advice"][0].count("0.018018)") == 1


def test_what_is_said_of_a_smaller_tolerance_is_true(ask: Any) -> None:
    """Also where the last update was far below the tolerance."""
    for tol in ("1e-5", "0.5"):
        _, record, _ = ask("fit", "two.csv", "--lr", "1e-6" if tol == "1e-5" else "0.343", "--tol", tol)
        (told,) = [line for line in record["advice"] if line.startswith("A small step")]
        found = re.search(r"--tol (\S+) would go on", told)
        assert found is not None
        _, further, _ = ask("fit", "two.csv", "--lr", "1e-6" if tol == "1e-5" else "0.343", "--tol", found[1])
        assert further["iterations"] > record["iterations"]


def test_other_numbers_are_shown_as_they_are() -> None:
    command = Command("fit", ("t.csv",), {"ridge": 0.123456789012, "lr": 2 / 3})
    assert command.but(tol=1e-12) == "gdsolve fit t.csv --ridge 0.123456789012 --lr 0.666666 --tol 1e-12"


def test_a_file_whose_name_begins_with_a_dash_is_advised_as_a_file(ask: Any, here: Path) -> None:
    (here / "-neg.csv").write_text("x,y\n1,2\n3,4\n")
    _, record, _ = ask("fit", "--lr", "5", "--format", "json", "--", "-neg.csv")
    assert advised(record).startswith("gdsolve fit ./-neg.csv --lr auto")
    code, record, err = ask(advised(record))
    assert (code, record["status"], err) == (0, "converged", "")
    (here / "-rows.json").write_text('[{"x": 1, "y": 2}]')
    err = ask("fit", "--format", "json", "--", "-rows.json")[2]
    assert err.endswith("jq -c '.[]' ./-rows.json > rows.ndjson\n")
    (here / "two points.csv").write_text("x,y\n1,2\n3,4\n")
    assert ask("two points.csv")[2].endswith("hint: did you mean gdsolve fit 'two points.csv'?\n")
