"""The rows of a batch as a formula makes them of cells."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from gdsolve.data.columns import Roles
from gdsolve.data.formula.design import FormulaDesign, RowFaultError
from gdsolve.data.targets import outside, target_column, target_error
from gdsolve.spec import Loss
from gdsolve.status import DataError


def made_of(kept: pl.DataFrame, roles: Roles, loss: Loss, where: Callable[[int, str | None], str]) -> np.ndarray:
    """The features, and the target last, (rows, n + 1), of rows without missing cells; `where` a row of them stands.

    Raises:
        DataError: a row in which the formula has no value, or a target that the loss does not take.
    """
    try:
        values = _values(kept, roles)
    except RowFaultError as fault:
        column = fault.columns[0] if len(fault.columns) == 1 else None
        raise DataError(f"{where(fault.row, column)}: {fault.words}", fault.hint) from None
    wrong = outside(loss, values[:, -1])
    if wrong.any():
        row = int(wrong.argmax())
        raise target_error(where(row, None), f"{roles.target} = {values[row, -1]:.10g}", loss)
    return values


def _values(kept: pl.DataFrame, roles: Roles) -> np.ndarray:
    columns = roles.formula
    assert columns is not None and columns.design is not None
    design: FormulaDesign = columns.design
    values = np.empty((len(design.names) + 1, kept.height)).T
    values[:, :-1] = design.features(kept)
    if columns.formula.is_column:
        values[:, -1] = kept.select(target_column(roles)).to_series().to_numpy()
    else:
        values[:, -1] = design.targets(kept)
    good = np.isfinite(values)
    if not good.all():
        row = int((~good.all(axis=1)).argmax())
        raise design.unfit(kept, row, target=bool(good[row, :-1].all()))
    return values
