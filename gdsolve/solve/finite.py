"""What is not finite at the start: the row and the column that make it so, or the parameter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.base import Objective
from gdsolve.objective.curve import Curve, PointwiseCurve
from gdsolve.objective.expression import Expression
from gdsolve.objective.formula import Formula
from gdsolve.objective.layout import Layout
from gdsolve.objective.origin import Origin, find_origin, find_steep
from gdsolve.spec import Spec
from gdsolve.status import DataError, GdsolveError


@dataclass(frozen=True, slots=True)
class FormulaRows:
    """The rows that a formula is evaluated at: `columns` by name, (m,) each, and `where` one of them stands.

    `target` is the column of a curve's target, which is not in its formula.
    """

    columns: Mapping[str, Tensor]
    rows: int
    where: Callable[[int], str]
    target: str


NO_ROWS = FormulaRows({}, 0, lambda row: "", "")


def fault_of_start(spec: Spec, objective: Objective, start: Tensor, table: FormulaRows = NO_ROWS) -> str | None:
    """Why the loss or its gradient is not finite at the start, (p, 1); None where both are finite.

    Raises:
        DataError: no start could help, since a part of the formula is not finite in some row.
        GdsolveError: none could, and the formula has no rows: a constant is to blame.
    """
    now = objective.evaluate(start)
    if bool(torch.isfinite(now.value)) and bool(torch.isfinite(now.gradient).all()):
        return None
    assert isinstance(objective, Curve | PointwiseCurve | Formula)
    search = _Search(spec, objective, start, table)
    if not bool(torch.isfinite(now.value)):
        return f"not finite at the start: {search.of_value()}"
    return search.of_gradient(now.gradient)


@dataclass(frozen=True, slots=True)
class _Search:
    spec: Spec
    objective: Curve | PointwiseCurve | Formula
    start: Tensor
    table: FormulaRows

    def of_value(self) -> str:
        """Why the loss is not finite."""
        if isinstance(self.objective, Formula):
            return self._of_part(self._origin(self._values(), self.table.rows), None)
        model = self.objective.model
        bad = ~torch.isfinite(model.at(self.start).detach()[:, 0])
        if bool(bad.any()):
            row = int(bad.to(torch.uint8).argmax())
            alone = not model.joins
            values = self._values(slice(row, row + 1) if alone else slice(None))
            return self._of_part(self._origin(values, 1 if alone else self.table.rows), row if alone else None)
        return self._of_loss(self.objective)

    def of_gradient(self, gradient: Tensor) -> str:
        """Which derivative is not finite, and in which row."""
        layout = self._layout
        odd = [name for name, slope in zip(layout.labels, gradient[:, 0], strict=True) if not torch.isfinite(slope)]
        row = None
        if not isinstance(self.objective, Formula) and not self.objective.model.joins and self.table.columns:
            row = self._first_row(self.objective)
        values = self._values(slice(None) if row is None else slice(row, row + 1))
        steep = find_steep(self._expression, values, layout.names) or "the loss"
        where = "" if row is None else f"{self.table.where(row)} "
        names = (*self.table.columns, *layout.names) if row is not None else layout.names
        told = self._told(names, row)
        of = f"the derivative of {steep} in {' and '.join(odd[:3])} is not finite at the start"
        return f"{of}: {where}with {told}" if told else of

    def _of_loss(self, curve: Curve | PointwiseCurve) -> str:
        """Every row of the model is finite, and the loss of some is not."""
        if curve.model.joins:
            return f"the {self.spec.loss.value} loss is beyond {self.spec.dtype.value}"
        row = self._first_row(curve)
        mean, target = float(curve.model.at(self.start)[row, 0]), float(curve.target[row, 0])
        where = self.table.where(row)
        words = f"the {self.spec.loss.value} loss is not finite where the model is {mean:.10g}"
        return f"{where}: {words} and {self.table.target} is {target:.10g}"

    def _of_part(self, origin: Origin, row: int | None) -> str:
        """What is wrong with a part of the formula, in words."""
        row = origin.row if row is None else row
        used = [name for name in origin.names if name in self.table.columns]
        where = f"{self.table.where(row)}: " if row is not None and used else ""
        if not self._none_helps(origin, row):
            told = self._told(origin.names, row)
            return f"{where}{origin.text}{' with ' if told else ''}{told}"
        # What the parameters are makes no difference.
        told = self._told(tuple(name for name in origin.names if name not in self._layout.names), row)
        if not used:
            takes = f": {origin.takes}" if origin.takes else ""
            raise GdsolveError(
                f"{origin.text} is not finite{' at ' if told else ''}{told}",
                f"give other numbers for {', '.join(origin.names)}{takes}",
                option="minimize" if self.spec.minimize is not None else "model",
            )
        more = self._others(origin, row)
        remedy = "leave such rows out of the table, or write another formula"
        remedy += f": {origin.takes}" if origin.takes else ""
        if self._is_finite_in_float64(origin.part):
            remedy = "leave --dtype out: in float64 it is finite"
        raise DataError(f"{where}{origin.text} is not finite{' at ' if told else ''}{told}{more}", remedy)

    def _none_helps(self, origin: Origin, row: int | None) -> bool:
        """True where no start makes the value finite: no parameter moves the part, nor is it finite at the opposite."""
        if not origin.moves and not any(name in self._layout.names for name in origin.names):
            return True
        alone = slice(None) if row is None or self._expression.reduces else slice(row, row + 1)
        opposite = self._values(alone, -self.start)
        return not origin.moves and not bool(torch.isfinite(self._expression.evaluate(opposite)).all())

    def _others(self, origin: Origin, row: int | None) -> str:
        """In how many other rows the part is not finite."""
        found = origin.part.evaluate(self._values())
        count = int((~torch.isfinite(found)).sum()) - 1 if found.shape == (self.table.rows,) else 0
        return f", nor in {count:,} other row{'' if count == 1 else 's'}" if row is not None and count > 0 else ""

    def _is_finite_in_float64(self, part: Expression) -> bool:
        if self.start.dtype is torch.float64:
            return False
        values = {name: value.to(torch.float64) for name, value in self._values().items()}
        return bool(torch.isfinite(part.evaluate(values)).all())

    def _first_row(self, curve: Curve | PointwiseCurve) -> int:
        """The first row with which the loss, or its gradient, is not finite: half of them at a time."""
        low, high = 0, self.table.rows - 1
        while low < high:
            middle = (low + high) // 2
            now = curve.at_rows(slice(low, middle + 1)).evaluate(self.start)
            finite = bool(torch.isfinite(now.value)) and bool(torch.isfinite(now.gradient).all())
            low, high = (middle + 1, high) if finite else (low, middle)
        return low

    def _origin(self, values: Mapping[str, Tensor], rows: int) -> Origin:
        return find_origin(self._expression, values, self._layout.names, rows)

    def _told(self, names: tuple[str, ...], row: int | None = None) -> str:
        """The numbers of names at a row: `x = 0, a = 1`."""
        values, told = self._values(), []
        for name in names:
            value = values[name]
            if row is not None and name in self.table.columns:
                value = value[row]
            if value.dim() == 0:
                told.append(f"{name} = {float(value):.10g}")
        return ", ".join(told)

    def _values(self, rows: slice = slice(None), start: Tensor | None = None) -> dict[str, Tensor]:
        """Columns at some rows, constants, and the parameters where they start, by name."""
        with torch.no_grad():
            moving = self._layout.unpack(self.start if start is None else start)
        return {**self._given, **{name: column[rows] for name, column in self.table.columns.items()}, **moving}

    @property
    def _given(self) -> Mapping[str, Tensor]:
        return self.objective.given if isinstance(self.objective, Formula) else self.objective.model.constants

    @property
    def _layout(self) -> Layout:
        return self.objective.layout if isinstance(self.objective, Formula) else self.objective.model.layout

    @property
    def _expression(self) -> Expression:
        return self.objective.expression if isinstance(self.objective, Formula) else self.objective.model.expression
