"""The columns of a table that a formula reads, and what it makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdsolve.spec.model_formula import ModelFormula

if TYPE_CHECKING:
    from gdsolve.data.formula.design import FormulaDesign


@dataclass(frozen=True, slots=True, eq=False)
class FormulaColumns:
    """The columns of a formula: those of `texts`, the others being numbers; and what it makes, once that is learnt.

    A target that is a column as it is may be one of two texts: that is read as any target is, and is not among `texts`.
    """

    formula: ModelFormula
    texts: tuple[str, ...]
    design: FormulaDesign | None = None

    @property
    def target_columns(self) -> tuple[str, ...]:
        """The columns that the target is made of, where it is an expression."""
        return () if self.formula.is_column else self.formula.target_columns

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that are read as numbers, a target as it is not among them."""
        named = (*self.formula.columns, *self.target_columns)
        return tuple(name for name in dict.fromkeys(named) if name not in self.texts)
