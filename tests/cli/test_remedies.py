"""What `check` advises for a table that cannot be fitted as it is, works."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from gdsolve.cli.main import run
from gdsolve.solve.check import check
from gdsolve.spec.command import Command
from gdsolve.spec.file import build_spec, read_spec

EMPTY = "a,b,y\n1,,2\n2,,3\n3,,5\n"
TEXT_TARGET = "a,c,y\n1,2,red\n2,3,blue\n3,5,red\n"
TABLES = {
    "empty": EMPTY,
    "empty text": "a,b,c,y\n1,,u,2\n2,,v,3\n3,,,5\n",
    "empty target": "a,b,y\n1,4,\n2,2,\n3,,\n",
    "text target": TEXT_TARGET,
    "text target and feature": "a,b,c,y\n1,4,u,red\n2,2,v,blue\n3,9,,red\n",
    "gaps": "a,b,y\n1,,2\n2,5,3\n3,6,5\n",
    "gap in the target": "a,b,y\n1,3,2\n2,5,\n3,6,5\n",
    "gap in a text": "a,c,y\n1,u,2\n2,v,3\n3,,5\n4,u,7\n",
    "no number": "a,b,y\n1,2,3\noops,9,4\n3,,5\n4,4,4\n",
    "commas": '"a,b",c,"d,e",y\n,1,,2\n,2,,3\n',
    "twins": "a,a,m,y\n1,2,,3\n2,1,3,5\n3,5,4,6\n4,2,1,9\n5,9,8,9.5\n6,1,7,14\n",
    "twins and texts": "a,a,c,y\n1,2,u,3\n2,1,v,5\n3,5,,6\n4,2,u,9\n",
    "row index": ",b,m,y\n1,2,5,3\n2,2,4,1\n3,1,2,2\n4,1,9,9\n",
    "twins of the target": "x,y,y\n1,2,3\n2,4,4\n3,5,7\n",
    "comma": '"a,b",c,y\n,1,2\n,2,3\n',
}


def advised(path: Path, *flags: str) -> tuple[str, ...]:
    given = dict(zip(flags[::2], flags[1::2], strict=True))
    command = Command("check", (str(path),), given)
    found = check(build_spec([str(path)], given, "check"), command)
    assert found.problem is not None
    return found.commands


@pytest.mark.parametrize("na", ["error", "drop", "mean"])
@pytest.mark.parametrize("name", TABLES)
def test_what_is_advised_works(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, na: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(TABLES[name])
    if run(["fit", str(path), "--na", na]) == 0:
        return
    commands = advised(path, *(("na", na) if na != "error" else ()))
    assert commands
    for command in commands:
        assert run(shlex.split(command)[1:]) == 0, (command, capsys.readouterr().err)


def advice_on(tmp_path: Path, table: str, *flags: str) -> list[str]:
    path = tmp_path / "t.csv"
    path.write_text(table)
    return [command.removeprefix(f"gdsolve fit {path} ") for command in advised(path, *flags)]


def test_an_empty_column_is_left_out(tmp_path: Path) -> None:
    assert advice_on(tmp_path, EMPTY) == ["--ignore b"]
    assert advice_on(tmp_path, EMPTY, "na", "drop") == ["--na drop --ignore b"]
    assert advice_on(tmp_path, EMPTY, "features", "a,b") == ["--features a"]


def test_a_target_of_text_is_replaced_by_a_column_of_numbers(tmp_path: Path) -> None:
    assert advice_on(tmp_path, TEXT_TARGET) == ["--target a --categorical ignore", "--target c --categorical ignore"]
    assert advice_on(tmp_path, TEXT_TARGET, "features", "a") == [
        "--features a --loss logistic",
        "--features a --target c",
    ]
    assert advice_on(tmp_path, TEXT_TARGET, "ignore", "a") == [
        "--ignore a --loss logistic",
        "--ignore a --target c --categorical onehot",
    ]


def test_what_was_given_is_not_advised_again(tmp_path: Path) -> None:
    gaps = "a,b,y\n1,,2\n,5,3\n"
    assert advice_on(tmp_path, gaps, "na", "drop") == ["--na mean --ridge 1"]
    # Three rows for three weights: the levels of c are not advised.
    assert advice_on(tmp_path, TABLES["gap in a text"], "na", "mean") == ["--na mean --categorical ignore"]
    longer = TABLES["gap in a text"] + "5,v,6\n"
    assert advice_on(tmp_path, longer, "na", "mean") == [
        "--na drop --categorical onehot",
        "--na mean --categorical ignore",
    ]


def test_a_weight_that_is_no_number_is_left_out(tmp_path: Path) -> None:
    assert advice_on(tmp_path, TEXT_TARGET, "target", "a", "weight", "y") == ["--target a --ignore y"]
    (tmp_path / "p.yaml").write_text("data: t.csv\ntarget: a\nweight: y\n")
    # What a spec sets cannot be taken out.
    spec, fixed = read_spec([str(tmp_path / "p.yaml")], {}, "check")
    assert check(spec, Command("check", (str(tmp_path / "p.yaml"),), {}, fixed)).commands == ()


def test_an_empty_column_is_called_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.csv").write_text(EMPTY)
    assert run(["check", str(tmp_path / "t.csv")]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("b "))
    assert row.split()[-1] == "empty"
    assert run(["fit", str(tmp_path / "t.csv")]) == 5
    assert capsys.readouterr().err.splitlines()[1] == "hint: --ignore b"
