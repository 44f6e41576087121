"""New rows as the formula of a saved model makes them: with the levels, knots and means of the rows of the fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from gdsolve.data.formula.design import FormulaDesign, RowFaultError
from gdsolve.data.literal import cells_in
from gdsolve.data.scan import first_line
from gdsolve.data.targets import LIMITED, outside
from gdsolve.model import AGAIN
from gdsolve.spec import Loss
from gdsolve.status import DataError, GdsolveError

Where = Callable[[int, str | None], str]
"""Says where a row of a batch stands, and a column in it."""


@dataclass(frozen=True, slots=True, eq=False)
class SavedFormula:
    """The formula of a model; where its `target` is read, and is an expression, that is made as well."""

    design: FormulaDesign
    target: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns that a prediction is made of."""
        return list(self.design.formula.columns)

    @property
    def texts(self) -> list[str]:
        """Those of them that hold texts."""
        return [name for name in self.design.texts if name in self.design.formula.columns]

    def added_to(self, cells: pl.DataFrame, where: Where, remedy: Callable[[str], str], loss: Loss) -> pl.DataFrame:
        """The cells with the features, and the target, beside them; NaN where a cell is missing or nothing is finite.

        `remedy` says what to do about the cell of a level that the fit has not met.

        Raises:
            DataError: such a level, a value outside the bounds of a spline, or a target that the loss does not take.
        """
        design = self.design
        found = self._made(cells, self.columns, len(design.names), design.features, where, remedy)
        # A feature that is a column as it is stays so: a missing cell is told as one.
        made = [(place, name) for place, name in enumerate(design.names) if name not in cells.columns]
        added = [pl.Series(name, found[:, place]) for place, name in made]
        if self.target is not None:
            columns = design.formula.target_columns
            target = self._made(cells, columns, 1, lambda rows: design.targets(rows)[:, None], where, remedy)[:, 0]
            wrong = outside(loss, target)
            if wrong.any():
                row, limited = int(wrong.argmax()), LIMITED[loss.info.target]
                raise DataError(
                    f"{where(row, None)}: the target {self.target} = {target[row]:.10g} {limited.wrong}",
                    f"--loss {loss.value} takes {limited.taken}: leave the row out",
                )
            added.append(pl.Series(self.target, target))
        return cells.with_columns(added)

    def _made(
        self,
        cells: pl.DataFrame,
        columns: Sequence[str],
        width: int,
        make: Callable[[pl.DataFrame], np.ndarray],
        where: Where,
        remedy: Callable[[str], str],
    ) -> np.ndarray:
        found = np.full((cells.height, width), np.nan)
        there = np.ones(cells.height, dtype=bool)
        for name in columns:
            there &= (cells_in(cells, name).is_not_null() & ~_is_nan(cells_in(cells, name))).to_numpy()
        rows = np.flatnonzero(there)
        try:
            values = make(cells.filter(pl.Series(there)))
        except RowFaultError as fault:
            raise _explained(fault, int(rows[fault.row]), where, remedy) from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as fault:
            # Of what a fit has learnt formulaic makes features without fail.
            raise GdsolveError(f"data.formula of the model is damaged ({first_line(fault)})", AGAIN) from None
        good = np.isfinite(values).all(axis=1)
        found[rows[good]] = values[good]
        return found


def _is_nan(column: pl.Series) -> pl.Series:
    return column.is_nan() if column.dtype.is_float() else pl.Series([False] * len(column), dtype=pl.Boolean)


def shown_level(level: object) -> str:
    """A level as a cell has it: 9, not 9.0."""
    return f"{level:.15g}" if isinstance(level, float) else str(level)


def _explained(fault: RowFaultError, row: int, where: Where, remedy: Callable[[str], str]) -> DataError:
    column = fault.columns[0] if len(fault.columns) == 1 else None
    hint = fault.hint if fault.level is None else remedy(shown_level(fault.level))
    return DataError(f"{where(row, column)}: {fault.words}", hint)
