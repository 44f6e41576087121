"""The site is built of the pages without a warning, and asks nothing of the network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pages import BESIDE, PAGES
from places import ROOT

pytest.importorskip("material", reason="mkdocs-material is not installed: pip install '.[docs]'")

ASKED = re.compile(r"<(?:script|img|iframe|source|video)\b[^>]*?\ssrc=\"([^\"]+)\"|<link\b[^>]*?\shref=\"([^\"]+)\"")
IN_STYLES = re.compile(r"(?:url\(|@import )[\"']?([^\"')]+)")


class Loader(yaml.SafeLoader):
    """YAML whose tags of Python are left as they are written."""


Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, tag, node: None)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site that has been built, by the command that CONTRIBUTING has in `nox -s docs`."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.mark.slow
def test_every_page_is_in_the_site(site: Path) -> None:
    made = {path.relative_to(site).as_posix() for path in site.rglob("*.html")} - {"404.html"}
    assert "index.html" in made
    assert len(made) == len(PAGES)
    in_docs = {page.removeprefix("docs/").removesuffix(".md") + ".html" for page in PAGES if page not in BESIDE}
    assert in_docs <= made


@pytest.mark.slow
def test_the_site_asks_nothing_of_the_network(site: Path) -> None:
    for path in site.rglob("*.html"):
        asked = ["".join(found) for found in ASKED.findall(path.read_text(encoding="utf-8"))]
        assert len(asked) >= 5
        assert [one for one in asked if re.match(r"(https?:)?//", one)] == [], path
    for path in site.rglob("*.css"):
        asked = IN_STYLES.findall(path.read_text(encoding="utf-8"))
        assert [one for one in asked if re.match(r"(https?:)?//", one)] == [], path


@pytest.mark.slow
def test_lists_and_tables_are_lists_and_tables(site: Path) -> None:
    """Where Python-Markdown reads a page otherwise than GitHub, marks are left over in its text."""
    for path in site.rglob("*.html"):
        article = re.search(r"<article.*?</article>", path.read_text(encoding="utf-8"), re.DOTALL)
        if article is None:
            continue
        bare = re.sub(r"<pre.*?</pre>|<code.*?</code>", "", article[0], flags=re.DOTALL)
        for text in re.findall(r"<(?:p|td|li|h\d)[^>]*>(.*?)</", bare, re.DOTALL):
            assert not re.search(r"^\s*(- |\| |#+ )|(?<![\w)])\*\*|`", text, re.MULTILINE), (path.name, text)


def test_whatever_is_wrong_with_a_link_fails_the_site() -> None:
    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)
    assert config["strict"] is True
    assert config["theme"]["font"] is False
    kinds = {"not_found", "anchors", "absolute_links", "unrecognized_links"}
    assert config["validation"]["links"] == dict.fromkeys(kinds, "warn")
    assert config["validation"]["nav"]["omitted_files"] == "warn"
    placed = re.findall(r"^ +- [^:]+: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(placed) == len(set(placed)) == len(PAGES)
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert f"/{config['site_dir']}/" in ignored
