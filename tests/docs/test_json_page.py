"""docs/json.md has every field that is printed, and no other: it is held against the records of many runs."""

from __future__ import annotations

import io
import re
import shlex
import sys
from contextlib import redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pytest
from in_process import completed
from json_page import Page, anchor, read_page
from json_runs import printed
from places import ROOT

PAGE = ROOT / "docs" / "json.md"
SHOWN = ("1.0\n", "{'species': 'Adelie'} 94.5\n{'species': 'Gentoo'} 109.5\n{'species': 'Chinstrap'} 59.1\n")
AS_IN_A_FIT = "a-group-by-itself"
"""The fields of this section are those of a fit, where each is looked for."""
RARE = {
    ("descent-of-groups", "engine", "null"): "groups none of which can be fitted, or by several engines",
    ("gdsolvecertify1", "auc_reason", "there"): "more rows than are sorted for an AUC",
    ("gdsolvefit1", "auc_reason", "there"): "more rows than are sorted for an AUC",
    ("gdsolvecompare-lr1", "message", "there"): "Ctrl-C",
    ("gdsolvecompare1", "message", "there"): "Ctrl-C",
    ("groups-of-a-check", "reason", "there"): "groups of another loss than squares",
    ("iteration", "gradient_norm", "null"): "fit --minimize 'sqrt(a)' --start a=0",
    ("method", "stopped_by", "null"): "Ctrl-C",
    ("minibatches", "block", "there"): "more rows than are shuffled at once",
    ("minibatches", "stable_below", "null"): "batches of a curve",
    ("optimum-of-a-group", "range", "there"): "groups with --loss absolute and several minima",
    ("optimum-of-a-group", "sse", "null"): "groups of classes",
    ("stopping", "best", "null"): "folds that are scored best where descent converges",
    ("tree-row", "shape", "null"): "a function of a live graph whose shape is not known",
    ("validation", "fit", "null"): "a fit that is not finite",
}
"""What no run here prints, and what does."""


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[Page, list[str]]:
    """The page, and what is wrong with it or with the records."""
    page, faults = read_page(PAGE.read_text(encoding="utf-8")), []
    with pytest.MonkeyPatch.context() as changed:
        folder = tmp_path_factory.mktemp("json")
        changed.chdir(folder)
        for run, record in printed(folder):
            faults += [f"{fault}: gdsolve {run}" for fault in page.faults(record["schema"], record)]
    return page, faults


def test_every_record_is_as_the_page_has_it(held: tuple[Page, list[str]]) -> None:
    """No key that the page has not, none missing, every value of its type, and null where that is admitted alone."""
    assert held[1] == []


def test_every_field_of_the_page_is_printed(held: tuple[Page, list[str]]) -> None:
    """Every field is there in some record, and null or absent in another where the page says that it can be."""
    page = held[0]
    lacking = {one for one in page.expected() - page.shown() if one[0] != AS_IN_A_FIT}
    assert lacking == set(RARE)


def test_every_schema_has_its_section(held: tuple[Page, list[str]]) -> None:
    """A schema that a record in the code bears has its section, and a line in the list at the top."""
    text = PAGE.read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "gdsolve" / "report").glob("*record.py")]
    schemas = set(re.findall(r'"(gdsolve\.[a-z-]+/\d+)"', "".join(sources)))
    assert len(schemas) >= 12
    for schema in schemas:
        assert anchor(f"`{schema}`") in held[0].sections, schema
        assert f"| [`{schema}`](#{anchor(f'`{schema}`')}) | `gdsolve " in text, schema


def test_every_link_leads_to_a_section(held: tuple[Page, list[str]]) -> None:
    """A link within the page leads to a heading, and every section is linked or is a schema."""
    linked = set(re.findall(r"\(#([^)]+)\)", PAGE.read_text(encoding="utf-8")))
    assert linked - {"models"} <= set(held[0].sections)
    assert set(held[0].sections) <= linked


def test_a_record_of_another_form_is_told() -> None:
    """A key more, one less, another type, and a null that the page does not admit."""
    page = read_page(PAGE.read_text(encoding="utf-8"))
    good = {"schema": "gdsolve.configs/1", "version": "1", "exit_code": 0, "configs": []}
    assert page.faults(good["schema"], good) == []
    for change, fault in (
        ({"more": 1}, "gdsolve.configs/1.more does not stand in the page"),
        ({"exit_code": True}, "gdsolve.configs/1.exit_code is True, not whole number"),
        ({"version": None}, "gdsolve.configs/1.version is null"),
        ({"configs": [{"name": "x"}]}, "gdsolve.configs/1.configs[].part is not there"),
    ):
        assert fault in page.faults(good["schema"], {**good, **change})


def test_its_commands_run() -> None:
    """The commands of the page, each in the shell of a reader."""
    (commands,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for command in commands.splitlines():
        first, second = command.split(" | python3 -c ")
        done = completed(*shlex.split(first)[1:])
        (code,) = shlex.split(second)
        out = io.StringIO()
        with patch.object(sys, "stdin", io.StringIO(done.out)), redirect_stdout(out):
            exec(compile(code, str(PAGE), "exec"), {})
        assert done.code == 0
        assert out.getvalue() == SHOWN[command.count("group-by")]


def test_the_least_model_predicts(tmp_path: Path) -> None:
    """The model of the page, as another program would write it."""
    (model,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "model.json").write_text(model)
    (tmp_path / "new.csv").write_text("x\n3\n")
    done = completed("predict", str(tmp_path / "model.json"), str(tmp_path / "new.csv"), "--only")
    assert (done.code, done.out.split()[-1]) == (0, "7.0")
