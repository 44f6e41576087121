"""Links lead somewhere: to files and headings of the checkout; addresses elsewhere are well formed, and few."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import BLOCK, PAGES, text_of
from places import ROOT

LINK = re.compile(r"!?\[[^\]]*\]\(([^()\s]+)\)")
CODE = re.compile(r"``.+?``|`[^`\n]*`")
ADDRESS = re.compile(r"https?://[^\s<>()\"'`]+")
FORM = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[\w.~%/#?=&+-]*)?")
PATH = re.compile(r"\bdocs/[\w/-]+\.(?:md|ipynb)\b")
FOLDERS = ("gdsolve", "tests", "benchmarks", "docs", "configs", ".github")


def slugs(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    found: set[str] = set()
    for title in re.findall(r"^#+ (.+)$", BLOCK.sub("", text_of(page)), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        number = 0
        while (again := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(again)
    return found


def links(page: str) -> list[str]:
    return LINK.findall(CODE.sub("`", BLOCK.sub("", text_of(page))))


def faults(page: str) -> list[str]:
    """The links of a page that lead nowhere."""
    found = []
    for link in links(page):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = ((ROOT / page).parent / path if path else ROOT / page).resolve()
        inside = target.exists() and target.is_relative_to(ROOT.resolve())
        if not inside or (anchor and anchor not in slugs(target.relative_to(ROOT.resolve()).as_posix())):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_links_of_a_page_lead_to_what_is_there(page: str) -> None:
    assert faults(page) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text(
        "# One: two\n[1](b.md) [2](#one-two) [3](#one) [4](../a.md) `[5](c.md)` ![6](d.svg)\n"
    )
    monkeypatch.setattr("test_page_links.ROOT", tmp_path)
    monkeypatch.setattr("pages.ROOT", tmp_path)
    assert faults("a.md") == ["b.md", "#one", "../a.md", "d.svg"]


@pytest.mark.parametrize("page", PAGES)
def test_addresses_elsewhere_are_well_formed(page: str) -> None:
    for address in ADDRESS.findall(text_of(page)):
        assert FORM.fullmatch(address.rstrip(".,:;")), address


def test_pages_that_are_named_are_there() -> None:
    """In docstrings, comments, hints and other pages; only what is said of former versions may name former pages."""
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".md", ".yml")]
    paths += [path for path in ROOT.iterdir() if path.suffix in (".py", ".md", ".toml", ".yml", ".cff")]
    named = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in paths
        if path.name != "CHANGELOG.md"
        for name in PATH.findall(path.read_text(encoding="utf-8"))
    }
    assert len(named) > 50
    assert sorted(pair for pair in named if not (ROOT / pair[1]).is_file()) == []
