"""An autograd graph for people: the table of nodes, the tree, and what every backward did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from gdsolve.report.grid import Column, Grid, Segment, plain
from gdsolve.report.numbers import ABSENT, figure
from gdsolve.report.page import Page, page_for
from gdsolve.report.parts import Record, labelled, name_column

MOST_ENTRIES = 6
HEADS = ("kind", "expression", "value", "requires_grad", "is_leaf", "grad_fn", "grad")
VALUES = ("expression", "value", "grad")


def write_graph_table(record: Record, stream: TextIO) -> None:
    """The graph after each statement where asked for, then nodes, tree, backward and gradients."""
    page = page_for(stream)
    for step in record["steps"]:
        page.heading(f"after {step['statement']}")
        _show_nodes(page, step["nodes"])
        _show_tree(page, step["tree"])
    if record["steps"]:
        page.heading("after backward")
    _show_nodes(page, record["nodes"])
    if not record["steps"]:
        page.heading("graph, from the output to the leaves")
        _show_tree(page, record["tree"])
    for number, backward in enumerate(record["backward"], 1):
        page.blank()
        _show_backward(page, number, backward)
    if record["compare"]:
        _show_gradients(page, record["compare"])
    page.write(stream)


def tensor_text(node: Mapping[str, Any]) -> str:
    """A value: the number, a short list of numbers, or the shape alone."""
    return _value_text(node["value"])


def _value_text(value: Any) -> str:
    if not isinstance(value, list):
        return figure(value)
    shape = _shape(value)
    count = 1
    for size in shape:
        count *= size
    text = _list_text(value) if count <= MOST_ENTRIES else "…"
    return f"{text} ({'×'.join(map(str, shape))})"


def _shape(value: Any) -> list[int]:
    return [len(value), *(_shape(value[0]) if value else [])] if isinstance(value, list) else []


def _list_text(value: Any) -> str:
    return f"[{', '.join(map(_list_text, value))}]" if isinstance(value, list) else figure(value, 6)


def _show_nodes(page: Page, nodes: Sequence[Mapping[str, Any]]) -> None:
    """One table, or where that is too wide, one of the values and one of what autograd notes."""
    whole = _node_table(nodes, HEADS)
    if page.fits(whole):
        page.table(whole)
        return
    page.table(_node_table(nodes, VALUES))
    page.blank()
    page.table(_node_table(nodes, [head for head in HEADS if head not in VALUES]))


def _node_table(nodes: Sequence[Mapping[str, Any]], heads: Sequence[str]) -> Grid:
    columns = [Column(head, right=False, folds=head in VALUES, minimum=8) for head in heads]
    return Grid(
        [name_column("node"), *columns],
        [plain([node["name"], *(_cell(node, head) for head in heads)]) for node in nodes],
    )


def _cell(node: Mapping[str, Any], head: str) -> str:
    if head == "grad":
        return f"none: {node['grad_note']}" if node["grad"] is None else _value_text(node["grad"])
    if head == "value":
        return _value_text(node["value"])
    if isinstance(node[head], bool):
        return str(node[head]).lower()
    return str(node[head]) if node[head] else (ABSENT if head == "expression" else "none")


def _show_tree(page: Page, tree: Sequence[Mapping[str, Any]]) -> None:
    for row in tree:
        name = row["name"] or "·"
        operation = "" if row["operation"] is None else f"  {row['operation']}"
        if row["depth"] == 0 and row["operation"] is None:
            operation = "  no grad_fn: nothing leads back from here"
        branch = f"{'   ' * (row['depth'] - 1)}└─ " if row["depth"] else ""
        page.paragraph(
            f"{name}{operation}{'  (drawn above)' if row['repeated'] else ''}", lead=branch, lead_style="dim"
        )


def _show_backward(page: Page, number: int, backward: Mapping[str, Any]) -> None:
    lead = f"backward {number} from {backward['from']}: "
    if backward["status"] == "ok":
        grads = ", ".join(f"{name}.grad = {_value_text(grad)}" for name, grad in backward["grads"].items())
        page.paragraph(grads or "done, and no node keeps a gradient", lead=lead, lead_style="bold", hanging=2)
        return
    page.paragraph("refused", "bold yellow", lead=lead, lead_style="bold")
    labelled(page, [("why", backward["plain"]), ("PyTorch says", backward["reason"])])


def _show_gradients(page: Page, compare: Mapping[str, Any]) -> None:
    page.heading(f"gradient by {compare['leaf']}")
    ways = [("autograd", "autograd"), (compare["formula_text"], "formula"), ("central differences", "differences")]
    heads = [Column(right=False, folds=True), Column(right=False, folds=True, minimum=20)]
    page.table(Grid(heads, [[Segment(title), Segment(_value_text(compare[key]))] for title, key in ways]))
    page.paragraph(f"largest difference {figure(compare['largest_difference'], 3)}")
