"""The rows of a batch as a formula makes them of cells."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from gdsolve.data.columns import Roles
from gdsolve.data.formula.design import FormulaDesign, RowFaultError
from gdsolve.data.literal import chosen
from gdsolve.data.targets import LIMITED, outside, target_column
from gdsolve.spec import Loss
from gdsolve.status import DataError

Where = Callable[[int, str | None], str]
"""Says where a row of a batch stands, and a column in it."""


def made_of(kept: pl.DataFrame, roles: Roles, loss: Loss, where: Where) -> np.ndarray:
    """The features, and the target last, (rows, n + 1), of rows without missing cells; `where` a row of them stands.

    Raises:
        DataError: a row in which the formula has no value, or a target that the loss does not take.
    """
    try:
        values = _values(kept, roles)
    except RowFaultError as fault:
        raise _told(fault, where) from None
    bad = _bad_rows(values, loss)
    if bad.any():
        raise _told(_fault_of(values, int(bad.argmax()), kept, roles, loss), where)
    return values


def made_in_groups(
    kept: pl.DataFrame, codes: np.ndarray, roles: Roles, loss: Loss, where: Where, errors: dict[int, DataError]
) -> tuple[np.ndarray, np.ndarray]:
    """The same of rows whose groups have the numbers `codes`, (rows,): the values, and which rows they are of, (rows,).

    A row in which the formula has no value fails its group alone: that is told in `errors`, and its rows are left out.
    """
    rows = np.arange(kept.height)
    while True:
        some = kept[rows]
        try:
            values = _values(some, roles)
        except RowFaultError as fault:
            row = int(rows[fault.row])
            errors.setdefault(int(codes[row]), _told(fault.moved(row), where))
            rows = rows[codes[rows] != codes[row]]
            continue
        bad = _bad_rows(values, loss)
        failed, first = np.unique(codes[rows[bad]], return_index=True)
        for code, place in zip(failed.tolist(), np.flatnonzero(bad)[first].tolist(), strict=True):
            errors.setdefault(code, _told(_fault_of(values, place, some, roles, loss).moved(int(rows[place])), where))
        good = ~np.isin(codes[rows], failed)
        return values if good.all() else values.T[:, good].T, rows[good]


def _values(kept: pl.DataFrame, roles: Roles) -> np.ndarray:
    design = design_of_roles(roles)
    values = np.empty((len(design.names) + 1, kept.height)).T
    values[:, :-1] = design.features(kept)
    if design.formula.is_column:
        values[:, -1] = kept.select(chosen([target_column(roles)])).to_series().to_numpy()
    else:
        values[:, -1] = design.targets(kept)
    return values


def design_of_roles(roles: Roles) -> FormulaDesign:
    """The formula of a table, with what it has learnt."""
    assert roles.formula is not None and roles.formula.design is not None
    return roles.formula.design


def _bad_rows(values: np.ndarray, loss: Loss) -> np.ndarray:
    # A sum tells as much of most batches as looking at every number.
    finite = np.isfinite(values.sum())
    bad = np.zeros(len(values), dtype=bool) if finite else ~np.isfinite(values).all(axis=1)
    return np.asarray(bad | outside(loss, values[:, -1]))


def _fault_of(values: np.ndarray, row: int, kept: pl.DataFrame, roles: Roles, loss: Loss) -> RowFaultError:
    good = np.isfinite(values[row])
    if not good.all():
        return design_of_roles(roles).unfit(kept, row, target=bool(good[:-1].all()))
    limited = LIMITED[loss.info.target]
    return RowFaultError(
        row,
        f"the target {roles.target} = {values[row, -1]:.10g} {limited.wrong}",
        (),
        f"--loss {loss.value} takes {limited.taken}; or write another target before the ~",
    )


def _told(fault: RowFaultError, where: Where) -> DataError:
    column = fault.columns[0] if len(fault.columns) == 1 else None
    return DataError(f"{where(fault.row, column)}: {fault.words}", fault.hint)
