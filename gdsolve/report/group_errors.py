"""The errors of the weights of groups, for rows of a table: where a report was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gdsolve.report.plain import Record

OF_PARAMETERS = ("standard_error", "statistic", "p_value", "lower", "upper")
"""What a report has of every parameter, in the order of the columns."""


def parameters_of(record: Record) -> list[str | None]:
    """The weights of all groups by name, and None, which stands for the intercept, last."""
    return [*record["parameters"], *([None] if record["intercept"] else [])]


def error_columns(record: Record) -> list[str]:
    """A column a figure and parameter: standard errors and their degrees of freedom first, as there is no more room."""
    if not record["report"]:
        return []
    titles = [[f"{figure}_{name or 'intercept'}" for name in parameters_of(record)] for figure in OF_PARAMETERS]
    return [*titles[0], "degrees_of_freedom", *(title for figure in titles[1:] for title in figure)]


def error_cells(record: Record, one: Mapping[str, Any]) -> list[float | None]:
    """The cells of these columns of one group."""
    if not record["report"]:
        return []
    names = parameters_of(record)
    cells = [[error_of(one, name, figure) for name in names] for figure in OF_PARAMETERS]
    freedom = (one["report"] or {}).get("degrees_of_freedom")
    return [*cells[0], freedom, *(cell for figure in cells[1:] for cell in figure)]


def error_of(one: Mapping[str, Any], name: str | None, figure: str = "standard_error") -> float | None:
    """A figure of a weight of a group by its name, None for the intercept; None where there is none."""
    found = (one["report"] or {}).get("parameters") or {}
    if name is None:
        # The intercept gives way to a column of that name, and stands last.
        name = next(reversed(found), None) if one["intercept"] is not None else None
    cell: float | None = (found.get(name) or {}).get(figure)
    return cell
