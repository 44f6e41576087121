"""What the pages show can be done: every command of theirs ends as told, and their programs and specs run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
import torch
from page_tables import before, lay_out
from pages import INLINE, PAGES, blocks, commands, of_shell, prose, run_line, text_of
from places import ROOT
from readme import EXAMPLE
from readme import PAGES as MADE_ANEW

from gdsolve.spec import VERBS

SHELL = [page for page in PAGES if any(commands(page))]
PYTHON = [page for page in PAGES if ">>>" not in "".join(blocks(page, "python")[:1] or ">>>")]
"""Pages with programs; those with the answers of a console are run by tests/api/test_notebook.py."""
YAML = [page for page in PAGES if blocks(page, "yaml")]
OTHERS = ("python3 -m venv", "python -m pytest", "python -m benchmarks", "ruff ", "mypy ")
"""Commands of other programs, which `.ci/run`, the tests of the benchmarks and those of several processes run."""
OTHERS += ("PIP_EXTRA_INDEX_URL=", "uv tool install ", "uvx ", "docker ")
OTHERS += (".venv/bin/gdsolve tour", ".venv/bin/pip", ".venv/bin/python -m", "torchrun ", "srun ", "#SBATCH", "head=")
FRAGMENTS = {"gdsolve fit --report", "gdsolve fit --format json", "gdsolve check --group-by country,year"}
FRAGMENTS |= {"gdsolve predict model.json new.csv"}
"""Commands in sentences that leave out what does not matter there, or speak of any table."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to work in; programs that are run there may set what torch takes for a number."""
    monkeypatch.chdir(tmp_path)
    default = torch.get_default_dtype()
    yield tmp_path
    torch.set_default_dtype(default)


@pytest.mark.slow
@pytest.mark.parametrize("page", SHELL)
def test_the_commands_of_a_page_run(page: str, place: Path) -> None:
    lay_out(page)
    for command in commands(page):
        before(command.text)
        assert run_line(command.text) == command.code, command.text


def inline() -> list[tuple[str, str]]:
    """Commands in sentences that can be typed as they are, each once, with the page where it stands first."""
    found: dict[str, str] = {}
    for page in (page for page in PAGES if page != "CHANGELOG.md"):
        for text in INLINE.findall(prose(page)):
            words = text.split()
            whole = len(words) > 2 or words[1] not in VERBS or words[1] in ("configs", "curves", "schema")
            if whole and not re.search(r"[A-Z]{4}|[…λ]| -$|--(install|show)-completion|^gdsolve tour", text):
                found.setdefault(text, page)
    return [(page, text) for text, page in found.items()]


@pytest.mark.slow
def test_the_commands_in_sentences_run(place: Path) -> None:
    lay_out("")
    told = [text for _, text in inline()]
    assert set(told) >= FRAGMENTS
    assert len(told) > 15
    for page, text in inline():
        if text not in FRAGMENTS and page != "docs/textbook.md":
            assert run_line(text) == (3 if text == EXAMPLE else 0), (page, text)


@pytest.mark.slow
@pytest.mark.parametrize("page", PYTHON)
def test_the_python_of_a_page_runs(page: str, place: Path) -> None:
    lay_out(page)
    names: dict[str, object] = {}
    for code in blocks(page, "python"):
        if "import gdsolve" not in code:
            exec("import gdsolve", names)
        with redirect_stdout(StringIO()):
            exec(compile(code, page, "exec"), names)


@pytest.mark.parametrize("page", YAML)
def test_the_specs_of_a_page_can_be_fitted(page: str, place: Path) -> None:
    for number, spec in enumerate(blocks(page, "yaml")):
        Path(f"{number}.yaml").write_text(spec, encoding="utf-8")
        assert run_line(f"gdsolve fit {number}.yaml") == 0, spec


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_of_runs_is_held(page: str) -> None:
    """It is made anew by tests/support/readme.py, or by a test of the page's own."""
    if not re.search(r"^(<!-- run: |```console$)", text_of(page), re.MULTILINE) or ROOT / page in MADE_ANEW:
        return
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*_page.py"))
    assert f'"{Path(page).name}"' in tests


@pytest.mark.parametrize("page", PAGES)
def test_other_programs_are_those_that_are_known(page: str) -> None:
    ours = {command.text for command in commands(page)}
    others = [line for line in of_shell(page) if line.removeprefix(".venv/bin/") not in ours]
    assert [line for line in others if not line.startswith(OTHERS)] == []
