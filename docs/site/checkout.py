"""A hook of MkDocs: the pages of the checkout that stand beside docs/ are pages of the site, and links find them."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
PAGES = {
    "README.md": "index.md",
    "README.zh-CN.md": "zh.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "configs/README.md": "data-sets.md",
}
"""Files of the checkout, and where they stand in the site."""
LINK = re.compile(r"(\]\()([^()\s#]+\.md)(#[^()\s]*)?\)")
CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that stand beside docs/."""
    for source, place in PAGES.items():
        files.append(File.generated(config, place, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links from where a page stands in the checkout to where they stand in the site.

    A `|` in the code of a table is `\\|` in the checkout, as GitHub has it; Python-Markdown has it as it is.
    """
    place = page.file.src_uri
    source = next((one for one, there in PAGES.items() if there == place), f"docs/{place}")

    def led(found: re.Match[str]) -> str:
        if "://" in found[2]:
            return found[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), found[2]))
        there = PAGES.get(target, target.removeprefix("docs/"))
        return f"{found[1]}{posixpath.relpath(there, posixpath.dirname(place) or '.')}{found[3] or ''})"

    pieces = CODE.split(markdown)
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            pieces[number] = LINK.sub(led, piece)
        elif not piece.startswith("```"):
            pieces[number] = piece.replace(r"\|", "|")
    return "".join(pieces)
