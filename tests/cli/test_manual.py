"""The manual pages have every verb, option and exit code, are plain roff, and go into the wheel."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from in_process import completed
from places import ROOT

from gdsolve.cli.manual import manual_pages
from gdsolve.spec import VERBS, options_of
from gdsolve.status import ExitCode

PAGES = manual_pages()
MACROS = {".TH", ".SH", ".SS", ".TP", ".nf", ".fi", ".nh", ".ad"}


def plain(page: str) -> str:
    """What a reader sees: the text without the marks of roff."""
    text = re.sub(r"\\f[BIR]|\\[&:]", "", page)
    for mark, sign in ((r"\-", "-"), (r"\(aq", "'"), (r"\(ga", "`"), (r"\(ha", "^"), (r"\(ti", "~"), (r"\(dq", '"')):
        text = text.replace(mark, sign)
    return re.sub(r"\\\[u([0-9A-F]{4,6})\]", lambda found: chr(int(found[1], 16)), text).replace(r"\e", "\\")


@pytest.mark.parametrize("verb", VERBS)
def test_a_page_has_what_the_help_has(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10000")
    said = " ".join(completed(verb, "--help").out.split())
    page = plain(PAGES[f"gdsolve-{verb}.1"])
    flags = re.findall(r"^(?:-\w, )?(--[\w-]+)(?: |$)", page, re.MULTILINE)
    assert len(flags) == len(options_of(verb)) + len(["--help"])
    for line in page.partition(".SH OPTIONS\n")[2].partition(".SH EXIT STATUS")[0].splitlines():
        if not line.startswith("."):
            assert " ".join(line.split()) in said, line
    panels = re.findall(r"^\.SS (\w+)$", page, re.MULTILINE)
    assert len(set(panels)) == len(panels)
    assert all(f"{panel}:" in said for panel in panels[:-1])
    for example in VERBS[verb].examples:
        assert f"\n{example}\n" in page


def test_the_first_page_names_the_others() -> None:
    page = plain(PAGES["gdsolve.1"])
    assert set(PAGES) == {"gdsolve.1", *(f"gdsolve-{verb}.1" for verb in VERBS)}
    for verb in VERBS.values():
        assert f"\n.TP\ngdsolve-{verb.name}(1)\n{verb.help}\n" in page
    for code in ExitCode:
        assert f"\n.TP\n{code.value}\n{code.meaning.replace('`', '')}\n" in page
    assert "\n.TP\n--version\n" in page


@pytest.mark.parametrize("name", PAGES)
def test_no_text_is_a_request_of_roff(name: str) -> None:
    page = PAGES[name]
    assert page.isascii()
    for line in page.splitlines():
        assert line
        assert not line.startswith("'")
        assert not line.startswith(".") or line.split()[0] in MACROS
        assert not re.search(r"(?<!\\)-", line), line


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
@pytest.mark.parametrize("name", ["gdsolve.1", "gdsolve-fit.1", "gdsolve-trace.1"])
def test_groff_has_nothing_to_say_of_a_page(name: str) -> None:
    words = ["groff", "-man", "-Tutf8", "-ww", "-rLL=78n"]
    done = subprocess.run(words, input=PAGES[name], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    bare = re.sub(r"\x1b\[[\d;]*m|.\x08", "", done.stdout)
    assert all(title in bare for title in ("NAME", "SYNOPSIS", "EXIT STATUS", "SEE ALSO"))


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The hook of the build, with what stands for hatchling, which need not be installed."""
    stand_in = ModuleType("hatchling.builders.hooks.plugin.interface")

    class BuildHookInterface:
        root = str(ROOT)

    stand_in.__dict__["BuildHookInterface"] = BuildHookInterface
    monkeypatch.setitem(sys.modules, stand_in.__name__, stand_in)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_build_puts_the_pages_where_man_looks(hook: ModuleType) -> None:
    build_data: dict[str, Any] = {"shared_data": {}}
    before = list(sys.path)
    pages = hook.ManualPages()
    pages.initialize("standard", build_data)
    assert sys.path == before
    told = {Path(source): place for source, place in build_data["shared_data"].items()}
    assert sorted(told.values()) == sorted(f"share/man/man1/{name}" for name in PAGES)
    assert {source.name: source.read_text(encoding="ascii") for source in told} == PAGES
    pages.finalize("standard", build_data, "")
    assert not any(source.exists() for source in told)


def test_nothing_beyond_python_is_imported_for_the_pages() -> None:
    """Where a wheel is built, no dependency is there."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); import gdsolve.cli.manual as m; m.manual_pages()\n"
    code += "print(*sorted({name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))"
    words = [sys.executable, "-I", "-S", "-B", "-c", code, str(ROOT)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "__main__ gdsolve\n"
