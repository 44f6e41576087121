"""The Python of docs/guide/graphs.md makes the graph that the page speaks of."""

from __future__ import annotations

from pages import blocks

import gdsolve


def test_its_graph_is_that_of_the_page() -> None:
    (code,) = blocks("docs/guide/graphs.md", "python")
    names: dict[str, object] = {}
    exec(compile(f"{code.replace('gdsolve.trace(z)', 'graph = gdsolve.trace(z)')}", "graphs.md", "exec"), names)
    assert [*names["graph"].nodes] == ["t", "y", "z"]  # type: ignore[attr-defined]
    assert gdsolve.trace("t = 1; y = t**2").root == "y"
