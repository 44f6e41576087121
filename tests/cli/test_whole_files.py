"""Whatever gdsolve writes goes through `gdsolve.files`, which replaces a file in one step or leaves it as it was."""

from __future__ import annotations

import ast
import errno
import os
from pathlib import Path

import pytest
from house import HOUSE
from in_process import completed

from gdsolve.cli.shells import install

WRITES = {"open", "fdopen", "OSFile", "ZipFile"}
# What writes to /dev/null, and an archive within a file that is open.
KNOWN = {"cli/distributed.py", "data/scan_file.py"}


def opens_to_write(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in ("write_text", "write_bytes"):
        # Formatters of help have a method of that name.
        return ast.unparse(node.func) != "formatter.write_text"
    given = [*node.args, *(word.value for word in node.keywords)]
    modes = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return name in WRITES and any(set(mode) <= set("wbaxt+") and set(mode) & set("wax") for mode in modes)


def test_no_module_writes_files_by_itself() -> None:
    found = {
        str(path.relative_to(HOUSE))
        for path in HOUSE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if opens_to_write(node)
    }
    assert found == KNOWN


def refused(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


OUTPUTS = {
    "model.json": ("fit", "t.csv", "--save", "model.json"),
    "history.ndjson": ("fit", "t.csv", "--history", "history.ndjson"),
    "picture.svg": ("fit", "t.csv", "--plot", "picture.svg"),
    "program.py": ("fit", "t.csv", "--lr", "0.1", "--code", "program.py"),
    "scan.tri": ("scan", "t.csv", "-o", "scan.tri"),
    "page.html": ("report", "t.csv", "-o", "page.html"),
    "run.checkpoint": ("fit", "t.csv", "--lr", "0.01", "--engine", "rows", "--checkpoint", "run.checkpoint"),
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("x,y\n1,2\n2,4\n3,5\n4,9\n")
    return tmp_path


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_disk_that_fills_as_a_file_is_written_leaves_nothing_of_it(
    name: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", refused)
    done = completed(*OUTPUTS[name], "--quiet")
    assert done.code == 1
    assert f"gdsolve: error: cannot write {name}: No space left on device\n" in done.err
    assert [path.name for path in here.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("name", [name for name in OUTPUTS if name not in ("picture.svg", "page.html")])
def test_a_folder_that_is_gone_meanwhile_is_told(name: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "folder").mkdir()
    before = os.open

    def gone(path: object, *more: object) -> int:
        if (here / "folder").is_dir() and str(path).endswith("folder"):
            (here / "folder").rmdir()
        return before(path, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", gone)
    done = completed(*(f"folder/{word}" if word == name else word for word in OUTPUTS[name]), "--quiet")
    assert done.code == 2
    assert f"gdsolve: error: cannot write folder/{name}: No such file or directory\n" in done.err
    assert done.err.endswith("hint: make the folder first: mkdir -p folder\n")
    assert [path.name for path in here.iterdir()] == ["t.csv"]


def test_settings_of_a_shell_are_not_lost_on_a_full_disk(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: here)
    mine = b"alias caf\xe9=ls\n"
    (here / ".bashrc").write_bytes(mine)
    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space left"):
        patched.setattr(os, "fsync", refused)
        install("bash", "script")
    assert (here / ".bashrc").read_bytes() == mine
    install("bash", "script")
    assert (here / ".bashrc").read_bytes() == mine + f"\nsource '{here}/.bash_completions/gdsolve.sh'\n".encode()
