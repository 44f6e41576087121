"""The README and the pages of docs/ show what gdsolve prints today; the README is short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from readme import CHINESE, EXAMPLE, PAGES, README, ROOT, made_anew, output_of
from shown import printed, rounded


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_shows_what_is_printed_today(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = page.read_text(encoding="utf-8")
    assert rounded(made_anew(text, printed)) == rounded(text), "run: python tests/support/readme.py"


@pytest.mark.parametrize("page", [README, CHINESE], ids=lambda page: page.name)
def test_the_readme_is_for_the_newcomer(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(text.encode()) <= 12 * 1024
    assert len(re.findall(r"\| `gdsolve [^`]+`", text)) == 5
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / link).exists(), link


def test_a_process_prints_what_is_printed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Warnings first, and the exit code at the end."""
    monkeypatch.chdir(ROOT)
    diverging = EXAMPLE.replace("--lr 0.01 --max-iter 1 --format json", "--lr 0.5")
    here = printed(diverging)
    assert rounded(output_of(diverging)) == rounded(here)
    assert here.startswith(f"$ {diverging}\ngdsolve: warning: ")
    assert here.endswith("[exit code 4]\n")
