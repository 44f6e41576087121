"""The notebook of docs/ runs in a kernel, and what it shows is what results are."""

from __future__ import annotations

import asyncio
import doctest
import json
import re
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from places import GUIDE

import gdsolve
from gdsolve.api import predicting, verbs
from gdsolve.spec import PLOT_KINDS

pytestmark = pytest.mark.slow

NOTEBOOK = GUIDE / "notebook.ipynb"


def outputs(cell: Any) -> dict[str, Any]:
    """What a cell shows, by its type."""
    return {kind: data for one in cell["outputs"] for kind, data in one.get("data", {}).items()}


def test_outputs_are_cleared() -> None:
    """They would rot, and each change of a figure would be a change of the notebook."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert [cell["outputs"] for cell in cells if cell["cell_type"] == "code" and cell["outputs"]] == []
    assert {cell["execution_count"] for cell in cells if cell["cell_type"] == "code"} == {None}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_notebook_runs() -> None:
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parent)}})
    # In a thread of its own: tests of pages may have left a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(client.async_execute())).result()
    shown = {cell["source"]: outputs(cell) for cell in notebook["cells"] if cell["cell_type"] == "code"}
    said = {source: data.get("text/plain", "") for source, data in shown.items()}
    (fit,) = [source for source in shown if source.endswith("\nfit")]
    assert "CONVERGED" in said[fit]
    assert "<svg" in shown[fit]["text/html"]
    assert float(re.match(r"\(([\d.]+)", said["fit.r2, fit.rmse, fit.weights"])[1]) == pytest.approx(0.8059, abs=0.01)  # type: ignore[index]
    assert "std. error" in said["fit.report()"]
    assert [source for source, data in shown.items() if "plot(" in source and "image/png" not in data] == []
    (graph,) = [source for source in shown if "gdsolve.trace(" in source]
    assert "<svg" in shown[graph].get("text/html", "") + shown[graph].get("image/svg+xml", "")
    assert said["fit.predict(penguins.head(5))"].startswith("array([")
    assert "stable below" in next(text for source, text in said.items() if "compare_lr" in source)
    streams = [one for cell in notebook["cells"] for one in cell.get("outputs", []) if one["output_type"] == "stream"]
    assert streams == []


def test_the_examples_of_the_page_are_true() -> None:
    page = NOTEBOOK.parent / "notebooks.md"
    outcome = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert outcome.attempted > 12
    assert outcome.failed == 0


def test_the_page_names_the_kinds_of_pictures() -> None:
    page = (NOTEBOOK.parent / "notebooks.md").read_text(encoding="utf-8")
    for verb, kinds in PLOT_KINDS.items():
        if verb != "trace":
            assert f"| `{verb.replace('-', '_')}` | {', '.join(f'`{kind}`' for kind in kinds)} |" in page


@pytest.mark.parametrize("module", [verbs, predicting])
def test_the_examples_of_the_verbs_are_true(module: ModuleType) -> None:
    outcome = doctest.testmod(module, extraglobs={"gdsolve": gdsolve})
    assert outcome.attempted >= 4
    assert outcome.failed == 0
