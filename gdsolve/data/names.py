"""Names of columns where the file gives none, or gives one twice."""

from __future__ import annotations

from collections.abc import Sequence


def plain_names(width: int) -> tuple[str, ...]:
    """Name the columns of a table without a header: x1…xn, y; a single column is x1."""
    names = [f"x{place}" for place in range(1, width)]
    return (*names, "y") if names else ("x1",)


def unique_names(headers: Sequence[str]) -> tuple[str, ...]:
    """Make names unique: the second `x` is `x_2`, a column without a name `column_1`, by its position."""
    names: dict[str, int] = {}
    for position, header in enumerate(headers, start=1):
        stem = header or f"column_{position}"
        name, count = stem, 2
        while name in names or (name != header and name in headers):
            name, count = f"{stem}_{count}", count + 1
        names[name] = position
    return tuple(names)
