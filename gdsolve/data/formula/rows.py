"""Batches of the rows of a table, with the columns that a formula makes of their cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from gdsolve.data.formula.design import FormulaDesign, RowFaultError
from gdsolve.data.targets import outside, target_column, target_error
from gdsolve.status import DataError

if TYPE_CHECKING:
    from gdsolve.data.reading import Batch, Reader, Tally
    from gdsolve.data.source import Part, Source

RECORD = "\x00record"
"""The number of a row in its part stands in a column of this name, where rows are yet to be dropped."""


def made_batch(reader: Reader, source: Source, part: Part, offset: int, frame: pl.DataFrame, tally: Tally) -> Batch:
    """The rows of a part that are used, as a formula makes them.

    Raises:
        DataError: a cell that cannot be used, or a row in which the formula has no value.
    """
    numbered = frame.with_row_index(RECORD)
    kept, codes = reader.mended(source, part, offset, numbered, tally, clean=reader.are_there(frame))
    try:
        values = made_of(kept, reader)
    except RowFaultError as fault:
        record = offset + int(kept[RECORD][fault.row])
        column = fault.columns[0] if len(fault.columns) == 1 else None
        raise DataError(f"{source.where(record, column)}: {fault.words}", fault.hint) from None
    wrong = outside(reader.spec.loss, values[:, -1])
    if wrong.any():
        row = int(wrong.argmax())
        at = source.where(offset + int(kept[RECORD][row]))
        raise target_error(at, f"{reader.roles.target} = {values[row, -1]:.10g}", reader.spec.loss)
    return reader.batch_of(kept, values, codes, source, tally)


def made_of(kept: pl.DataFrame, reader: Reader) -> np.ndarray:
    """The features, and the target last, (rows, n + 1), by columns.

    Raises:
        RowFaultError: the first row in which the formula has no value.
    """
    columns = reader.roles.formula
    assert columns is not None and columns.design is not None
    design: FormulaDesign = columns.design
    values = np.empty((len(design.names) + 1, kept.height)).T
    values[:, :-1] = design.features(kept)
    if columns.formula.is_column:
        values[:, -1] = kept.select(target_column(reader.roles)).to_series().to_numpy()
    else:
        values[:, -1] = design.targets(kept)
    good = np.isfinite(values)
    if not good.all():
        row = int((~good.all(axis=1)).argmax())
        raise design.unfit(kept, row, target=bool(good[row, :-1].all()))
    return values
