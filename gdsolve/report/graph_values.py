"""Values of nodes as text: the number, a short list of numbers, or the shape alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gdsolve.report.numbers import ABSENT, figure

MOST_ENTRIES = 6
LONGEST = 36


def tensor_text(node: Mapping[str, Any]) -> str:
    """The value of a node; its shape where the value is not there."""
    if node["value"] is None:
        return shape_text(node["shape"]) if node["shape"] else ABSENT
    return value_text(node["value"])


def value_text(value: Any) -> str:
    """A number, or a list of numbers with its shape, which stands alone where they are many."""
    if not isinstance(value, list):
        return figure(value)
    shape = _shape(value)
    count = 1
    for size in shape:
        count *= size
    text = _list_text(value) if count <= MOST_ENTRIES else "…"
    return f"{text if len(text) <= LONGEST else '…'} {shape_text(shape)}"


def shape_text(shape: Sequence[int]) -> str:
    """A shape in parentheses: (2×1)."""
    return f"({'×'.join(map(str, shape))})"


def _shape(value: Any) -> list[int]:
    return [len(value), *(_shape(value[0]) if value else [])] if isinstance(value, list) else []


def _list_text(value: Any) -> str:
    return f"[{', '.join(map(_list_text, value))}]" if isinstance(value, list) else figure(value, 6)
