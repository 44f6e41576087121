"""Names of columns as polars has to be given them: it reads `*` as all columns, and `^…$` as a pattern of names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gdsolve.imports import Postponed

# The header of a CSV file is judged without.
if TYPE_CHECKING:
    import polars as pl
else:
    pl = Postponed("polars")


def literal(name: str) -> str:
    """The text that means the column of this name, and no other, wherever polars or its SQL takes names.

    >>> literal("x"), literal("*"), literal("^x$")
    ('x', '^\\\\*$', '^\\\\^x\\\\$$')
    """
    is_pattern = name == "*" or (name.startswith("^") and name.endswith("$"))
    return f"^{re.escape(name)}$" if is_pattern else name


def literals(names: Iterable[str]) -> list[str]:
    """The same for several names."""
    return [literal(name) for name in names]


def column(name: str) -> pl.Expr:
    """The column of this name, and no other."""
    return pl.col(literal(name))


def chosen(columns: Iterable[str | pl.Expr]) -> list[str | pl.Expr]:
    """What to select, where some columns are given by their names."""
    return [literal(one) if isinstance(one, str) else one for one in columns]


def nameless(cells: pl.Series) -> pl.Series:
    """A series whose methods can be called: polars makes queries of them, which look for it by its name."""
    return cells if literal(cells.name) == cells.name else cells.alias("")


def cells_in(frame: pl.DataFrame, name: str) -> pl.Series:
    """The column of this name, as a series whose methods can be called."""
    return nameless(frame[name])
