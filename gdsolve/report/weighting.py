"""What the weights of rows mean, in words, and how many degrees of freedom they leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gdsolve.report.numbers import counted
from gdsolve.spec.losses import Loss

Record = Mapping[str, Any]


def weighting_line(record: Record) -> str:
    """The column by which rows are weighed, and what it means to the error bars; empty where rows are alike."""
    data = record["data"]
    column = data.get("sigma") or data.get("weight")
    if column is None:
        return ""
    words, zeros = _meaning(record), data["rows_weightless"]
    left = f"; {counted(zeros, 'row')} of weight 0 left out" if zeros else ""
    return f"{column}{f': {words}' if words else ''}{left}"


def weighting_remark(record: Record) -> str:
    """What weights mean to the error bars of the key `report`, with the degrees of freedom; empty without weights."""
    data, freedom = record["data"], record["report"]["degrees_of_freedom"]
    if data.get("sigma") is None and data.get("weight") is None:
        return ""
    words = _meaning(record)
    return words if freedom is None or not words else f"{words}, {freedom_text(freedom)}"


def scatter_unit(record: Record) -> str:
    """In what the residual standard deviation is measured, where that is not the unit of the target."""
    data = record["data"]
    if data.get("sigma") is not None:
        near = "; near 1 where these are right" if data["absolute_sigma"] else ""
        return f", in units of the standard deviations given{near}"
    return ", that of a row of weight 1" if data.get("weight_kind") == "precision" else ""


def freedom_text(freedom: float) -> str:
    """Degrees of freedom in words.

    >>> freedom_text(1.0), freedom_text(2.5)
    ('1 degree of freedom', '2.5 degrees of freedom')
    """
    count = counted(int(freedom), "degree") if float(freedom).is_integer() else f"{freedom:.6g} degrees"
    return f"{count} of freedom"


def _meaning(record: Record) -> str:
    """What a weight says of the error of its row; empty of a loss that has no error bars."""
    data, loss = record["data"], Loss((record.get("descent") or record)["loss"]).info
    if data.get("sigma") is not None:
        if data["absolute_sigma"]:
            return "standard deviations, taken as known (--absolute-sigma)"
        return "standard deviations, known up to a factor (weights 1/σ²)"
    if loss.likelihood and not loss.dispersed:
        return "counted as given, a weight of 2 as two rows (likelihood)"
    if not loss.squared and not loss.dispersed:
        return ""
    return "frequency (repeated rows)" if data["weight_kind"] == "frequency" else "precision (1/variance)"
