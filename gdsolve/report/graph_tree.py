"""The tree of an autograd graph: branches, the operation of every function, and the local derivative on its edge."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gdsolve.report.graph_values import shape_text, value_text
from gdsolve.report.grid import Segment
from gdsolve.report.page import Page
from gdsolve.report.text import printable
from gdsolve.terminal import cells

GAP = "  "
LONGEST_PART = 16
DEEPEST = 16
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
TreeRow = Mapping[str, Any]


def show_tree(page: Page, tree: Sequence[TreeRow]) -> None:
    """One line a function, in columns where they fit."""
    rails = branches(tree, DEEPEST if page.width is None else max(4, page.width // 8))
    lines = [
        (rail, tree_label(row), tree_operation(row), edge_text(row)) for rail, row in zip(rails, tree, strict=True)
    ]
    lines = [tuple(printable(text, page.encoding) for text in line) for line in lines]  # type: ignore[misc]
    first = max((cells(rail + label) for rail, label, _, _ in lines), default=0)
    second = max((cells(operation) for _, _, operation, _ in lines), default=0)
    third = max((cells(edge) for _, _, _, edge in lines), default=0)
    columns = page.width is None or first + second + third + 2 * len(GAP) <= page.width
    for rail, label, operation, edge in lines:
        if columns:
            gap = " " * (first - cells(rail + label))
            far = f"{' ' * (second - cells(operation))}{GAP}" if edge else ""
            named = [Segment(rail, "dim"), Segment(label, "bold")]
            page.line([*named, Segment(f"{gap}{GAP}{operation}{far}"), Segment(edge, "cyan")])
        else:
            text = GAP.join(part for part in (label, operation, edge) if part)
            page.paragraph(text, lead=rail, lead_style="dim", hanging=len(rail) + 2)


def tree_lines(tree: Sequence[TreeRow], width: int) -> list[str]:
    """The lines of the tree as plain text."""
    page = Page(width)
    show_tree(page, tree)
    return ["".join(segment.text for segment in line) for line in page.lines]


def branches(tree: Sequence[TreeRow], most: int = DEEPEST) -> list[str]:
    """What stands before each row: `├─` where a sibling follows, `└─` at the last.

    Of a row that is deeper than `most` the last branches are shown, and its depth before them.

    >>> branches([{"depth": 0}, {"depth": 1}, {"depth": 2}, {"depth": 1}])
    ['', '├─ ', '│  └─ ', '└─ ']
    """
    found: list[str] = []
    following: list[bool] = []
    for row in reversed(tree):
        depth = row["depth"]
        del following[depth + 1 :]
        following += [False] * (depth + 1 - len(following))
        first = max(1, depth - most + 1)
        rail = "".join("│  " if one else "   " for one in following[first:depth])
        rail = f"{depth} … {rail}" if first > 1 else rail
        found.append(rail + ("├─ " if following[depth] else "└─ ") if depth else "")
        following[depth] = depth > 0
    return found[::-1]


def tree_label(row: TreeRow) -> str:
    """What a function computes: its statement, the part of a formula, or its node alone."""
    if row["repeated"]:
        return f"{row['name'] or row['text'] or '·'} ↑"
    return str(row["text"] or row["name"] or "·")


def tree_operation(row: TreeRow) -> str:
    """The function as PyTorch calls it, and the shape of what it gives."""
    if row["repeated"]:
        return "see above"
    if row["operation"] is None:
        return "no grad_fn: nothing leads back from here" if row["depth"] == 0 else "leaf"
    shape = row["shape"]
    return f"{row['operation']} {shape_text(shape)}" if shape else str(row["operation"])


def edge_text(row: TreeRow) -> str:
    """The local derivative on the edge to a row: `∂z/∂y = 2`."""
    if row["derivative"] is None:
        return ""
    below = row["name"] or row["text"]
    named = partial(row["of"], below) if row["of"] or below else "derivative"
    value = value_text(row["derivative"])
    symbols = "" if row.get("symbol") in (None, value) else f" = {pretty(row['symbol'])}"
    return f"{named}{symbols} = {value}"


def partial(above: str | None, below: str | None) -> str:
    """A partial derivative as it is written; parts of a formula stand in parentheses, long ones as a dot.

    >>> partial("z", "y"), partial("z", "t**2"), partial(None, "y")
    ('∂z/∂y', '∂z/∂(t**2)', '∂(·)/∂y')
    """
    return f"∂{_part(above)}/∂{_part(below)}"


def pretty(formula: str) -> str:
    """A formula as it is printed in a book: 3·t² for 3*t**2, Xᵀ for transpose(X)."""
    formula = re.sub(r"\*\*(\d+)(?![\d.])", lambda found: found[1].translate(_RAISED), formula)
    formula = re.sub(r"transpose\((\w+)\)", r"\1ᵀ", formula)
    return re.sub(r" ?(?<!\*)\*(?!\*) ?", "·", formula)


def total(root: str, name: str) -> str:
    """The derivative of the root by a node, over all paths: dz/dt."""
    return f"d{_part(root)}/d{_part(name)}"


def _part(text: str | None) -> str:
    if text is None or len(text) > LONGEST_PART:
        return "(·)"
    return text if text.replace("_", "a").replace(".", "a").isalnum() else f"({text})"
