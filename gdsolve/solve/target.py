"""A target that is an expression of a column, as in `log(y)`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from gdsolve.data.columns import columns_listed, nearest
from gdsolve.objective.expression import parse
from gdsolve.solve.data import DataInfo
from gdsolve.spec import Spec
from gdsolve.spec.losses import Target
from gdsolve.status import DataError, GdsolveError


def column_of_target(spec: Spec, names: Sequence[str]) -> str | None:
    """The column that the target of a curve is, or is an expression of; None where no target is asked for.

    Raises:
        GdsolveError: a column that is not there, or an expression that cannot be read or is not of one column.
    """
    if spec.target is None or spec.target in names:
        return spec.target
    near = nearest(spec.target, names)
    if near or not re.search(r"[-+*/^(]", spec.target):
        remedy = f"did you mean {near!r}? " if near else ""
        raise GdsolveError(
            f"there is no column {spec.target!r}", remedy + columns_listed(names), option="target", as_flag=True
        )
    try:
        used = sorted(parse(spec.target, names).names)
    except GdsolveError as fault:
        raise fault.but(option="target") from None
    if len(used) != 1:
        raise GdsolveError(
            f"{spec.target!r} is of {len(used)} columns, not of one",
            f"give an expression of one, as in --target 'log({used[0] if used else names[-1]})'",
            option="target",
            as_flag=True,
        )
    return used[0]


def transformed(
    spec: Spec, info: DataInfo, column: torch.Tensor, where: Callable[[int], str]
) -> tuple[torch.Tensor, DataInfo]:
    """The target, (m,), of the cells of its column, (m,), and the table with the target named so.

    Raises:
        GdsolveError: an expression for a loss of classes or counts.
        DataError: a row in which it is not finite; `where` says where that stands.
    """
    name = info.roles.target
    if spec.target in (None, name):
        return column, info
    if spec.loss.info.target is not Target.NUMBERS:
        raise GdsolveError(
            f"{spec.target!r} is an expression, and --loss {spec.loss.value} takes {spec.loss.info.target.value}",
            f"give --target {name}, or --loss half-mse",
            option="target",
            as_flag=True,
        )
    if spec.offsets is not None:
        raise GdsolveError(
            f"{spec.target!r} is an expression, and an offset is subtracted from a column",
            f"give --target {name}, or leave --offset out",
            option="target",
            as_flag=True,
        )
    assert spec.target is not None
    found = values_of_target(spec.target, name, column)
    bad = ~torch.isfinite(found)
    if bool(bad.any()):
        row = int(bad.to(torch.uint8).argmax())
        raise DataError(
            f"{where(row)}: the target {spec.target} is not finite at {name} = {float(column[row]):.10g}",
            f"leave such rows out of the table, or give --target {name}",
        )
    roles = replace(info.roles, target=spec.target, target_reason=f"of the column {name}", target_column=name)
    return found, replace(info, roles=roles)


def values_of_target(text: str, name: str, column: torch.Tensor) -> torch.Tensor:
    """An expression of one column, (m,), at its cells."""
    return parse(text, [name]).evaluate({name: column}).to(column.dtype).expand(len(column))
