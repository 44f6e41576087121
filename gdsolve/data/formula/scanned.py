"""A scan of the columns that a formula made: what it keeps of the formula, and their parts in a fit of the scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gdsolve.data.columns import Roles
from gdsolve.data.formula.columns import FormulaColumns
from gdsolve.data.formula.saved import design_of
from gdsolve.data.formula.table import roles_of
from gdsolve.spec.model_formula import read_formula


def roles_of_scan(formula: Mapping[str, Any], weight: str | None, ignored: tuple[str, ...]) -> Roles:
    """The roles of the columns of a scan, as those of the table that it was made of; `formula` is what it keeps.

    Raises:
        GdsolveError: `formulaic` is not installed, or what no scan keeps.
    """
    design = design_of(formula)
    columns = FormulaColumns(design.formula, design.texts, design)
    return replace(roles_of(columns, weight, ignored), design=design.names)


def has_intercept(formula: Mapping[str, Any]) -> bool:
    """True where the formula of a scan has an intercept."""
    return read_formula(str(formula["text"])).intercept
