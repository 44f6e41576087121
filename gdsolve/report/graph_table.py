"""An autograd graph for people: the table of nodes, the tree, and what every backward did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from gdsolve.report.graph_tree import pretty, show_tree, total
from gdsolve.report.graph_values import tensor_text, value_text
from gdsolve.report.grid import Column, Grid, Segment, plain
from gdsolve.report.numbers import ABSENT, figure
from gdsolve.report.page import Page, page_for
from gdsolve.report.parts import Record, labelled, name_column

HEADS = ("kind", "expression", "value", "requires_grad", "is_leaf", "grad_fn", "grad")
VALUES = ("expression", "value", "grad")


def write_graph_table(record: Record, stream: TextIO) -> None:
    """The graph after each statement where asked for, then nodes, tree, backward and gradients."""
    page = page_for(stream)
    for step in record["steps"]:
        page.heading(f"after {step['statement']}")
        _show_nodes(page, step["nodes"])
        show_tree(page, step["tree"])
    if record["steps"]:
        page.heading("at the end" if record["actions"] or not record["backward"] else "after backward")
    _show_nodes(page, record["nodes"])
    if not record["steps"]:
        page.heading("graph, from the output to the leaves")
        show_tree(page, record["tree"])
    if record["symbols"]:
        _show_symbols(page, record["symbols"])
    if record["actions"]:
        _show_actions(page, record["actions"])
    for number, backward in enumerate(record["backward"], 1):
        page.blank()
        _show_backward(page, number, backward)
    if record["compare"]:
        _show_gradients(page, record["compare"])
    for note in record["notes"]:
        page.blank()
        page.paragraph(note)
    page.write(stream)


def _show_nodes(page: Page, nodes: Sequence[Mapping[str, Any]]) -> None:
    """One table, or where that is too wide, one of the values and one of what autograd notes."""
    nodes = [node for node in nodes if node["kind"] != "unnamed"]
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
        return f"none: {node['grad_note']}" if node["grad"] is None else value_text(node["grad"])
    if head == "value":
        return tensor_text(node)
    if isinstance(node[head], bool):
        return str(node[head]).lower()
    return str(node[head]) if node[head] else (ABSENT if head == "expression" else "none")


def _show_backward(page: Page, number: int, backward: Mapping[str, Any]) -> None:
    lead = f"backward {number} from {backward['from']}: "
    if backward["status"] == "ok":
        grads = ", ".join(f"{name}.grad = {value_text(grad)}" for name, grad in backward["grads"].items())
        page.paragraph(grads or "done, and no node keeps a gradient", lead=lead, lead_style="bold", hanging=2)
        return
    page.paragraph("refused", "bold yellow", lead=lead, lead_style="bold")
    labelled(page, [("why", backward["plain"]), ("PyTorch says", backward["reason"])])


def _show_actions(page: Page, actions: Sequence[Mapping[str, Any]]) -> None:
    """What each of these statements did, in their order."""
    page.heading("what each statement did")
    for one in actions:
        ok = one["status"] == "ok"
        did = [f"{name} = {value_text(value)}" for name, value in one["values"].items()]
        did = did or [f"{name}.grad = {value_text(grad)}" for name, grad in one["grads"].items()]
        said = (", ".join(did) or "done") if ok else one["status"]
        page.paragraph(said, "" if ok else "bold yellow", lead=f"{one['statement']}: ", lead_style="bold", hanging=2)
        for seen in one["hooks"]:
            change = f"{value_text(seen['before'])} → {value_text(seen['after'])}"
            page.paragraph(f"  hook on {seen['name']}: gradient {change}", hanging=4)
        if not ok:
            labelled(page, [("why", one["plain"]), ("PyTorch says", one["reason"] or "")])


def _show_symbols(page: Page, symbols: Sequence[Mapping[str, Any]]) -> None:
    """The derivative of the root by each leaf: along its paths, in symbols, and its value."""
    page.heading("derivatives in symbols")
    for one in symbols:
        parts = [" + ".join(map(pretty, one["chain"])), *map(pretty, one["forms"])]
        if one["value"] is not None:
            parts.append(value_text(one["value"]))
        said = " = ".join(part for place, part in enumerate(parts) if part and part not in parts[:place])
        if one["reason"] is not None:
            said = f"{said + '; ' if said else ''}no symbols: {one['reason']}"
        page.paragraph(said, lead=f"{total(one['of'], one['by'])} = ", lead_style="bold", hanging=4)


def _show_gradients(page: Page, compare: Mapping[str, Any]) -> None:
    page.heading(f"gradient by {compare['leaf']}")
    ways = [("autograd", "autograd"), (compare["formula_text"], "formula"), ("central differences", "differences")]
    heads = [Column(right=False, folds=True), Column(right=False, folds=True, minimum=20)]
    page.table(Grid(heads, [[Segment(title), Segment(value_text(compare[key]))] for title, key in ways]))
    page.paragraph(f"largest difference {figure(compare['largest_difference'], 3)}")
