"""docs/json.md has every field that is printed, and no other: it is held against the records of many runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from json_page import Page, read_page
from json_runs import printed

PAGE = Path(__file__).parent.parent / "docs" / "json.md"
RARE: dict[tuple[str, str, str], str] = {}
"""What no run here prints, and the one that does."""


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[Page, list[str]]:
    """The page, and what is wrong with it or with the records."""
    page, faults = read_page(PAGE.read_text(encoding="utf-8")), []
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("json")
        patch.chdir(folder)
        for run, record in printed(folder):
            faults += [f"{fault}: gdsolve {run}" for fault in page.faults(record["schema"], record)]
    return page, faults


def test_every_record_is_as_the_page_has_it(held: tuple[Page, list[str]]) -> None:
    """No key that the page has not, none missing, every value of its type, and null where that is admitted alone."""
    assert held[1] == []


def test_every_field_of_the_page_is_printed(held: tuple[Page, list[str]]) -> None:
    """Every field is there in some record, and null or absent in another where the page says that it can be."""
    page = held[0]
    assert page.expected() - page.shown() == set(RARE)


def test_every_schema_has_its_section(held: tuple[Page, list[str]]) -> None:
    """A schema that is written anywhere in the code has its section."""
