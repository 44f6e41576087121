"""What a formula has to know of all rows before it makes one: levels, knots, means, polynomials."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from formulaic import ModelSpec
from formulaic.parser.types import Factor

from gdsolve.data.formula.design import (
    FormulaDesign,
    States,
    beyond_bounds,
    build_design,
    cannot,
)
from gdsolve.data.formula.functions import levels_of
from gdsolve.data.formula.materializer import BatchMaterializer, FactorFaultError
from gdsolve.data.levels import MOST_LEVELS
from gdsolve.data.literal import literals
from gdsolve.room import host_room, in_bytes
from gdsolve.spec.formula_functions import LEARNT
from gdsolve.spec.model_formula import ModelFormula, called_in, columns_in, parsed
from gdsolve.status import DataError

logger = logging.getLogger("gdsolve")

# Numbers a row that a spline or polynomial takes while it is worked out.
_WORKING = 24
# Of less memory nobody needs to be told.
_MUCH = 64 << 20


@dataclass(slots=True)
class Learner:
    """Takes the rows of a table that are used, batch by batch, and keeps what a formula has to know of them.

    Of factors that are levels that is each level once; of those that call a function that sees all rows, such as poly,
    their columns. `texts` are columns of text.
    """

    formula: ModelFormula
    rest: tuple[str, ...] | None
    texts: tuple[str, ...]
    _levels: dict[str, dict[Any, None]] = field(default_factory=dict, init=False)
    _held: list[pl.DataFrame] = field(default_factory=list, init=False)
    _factors: dict[str, Factor] = field(default_factory=dict, init=False)
    _judged: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        sides = parsed(self.formula.text, self.rest)
        terms = [*sides.rhs, *([] if self.formula.is_column else sides.lhs)]
        found = (factor for term in terms for factor in term.factors)
        self._factors = {one.expr: one for one in found if one.eval_method is not Factor.EvalMethod.LITERAL}

    @property
    def learns(self) -> bool:
        """True where rows have to be seen beforehand."""
        return bool(self._of_levels or self._of_all_rows)

    @property
    def _of_all_rows(self) -> list[Factor]:
        return [one for one in self._factors.values() if _calls(one) & set(LEARNT)]

    @property
    def _of_levels(self) -> list[Factor]:
        wholly = self._of_all_rows
        return [
            one
            for one in self._factors.values()
            if one not in wholly and ("C" in _calls(one) or set(_columns(one)) & set(self.texts))
        ]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that have to be seen."""
        return tuple(dict.fromkeys(name for one in (*self._of_levels, *self._of_all_rows) for name in _columns(one)))

    @property
    def held(self) -> tuple[str, ...]:
        """Those that are kept as a whole."""
        return tuple(dict.fromkeys(name for one in self._of_all_rows for name in _columns(one)))

    def tell(self) -> None:
        """Say why the table is read twice."""
        named = ", ".join(one.expr for one in (*self._of_levels, *self._of_all_rows))
        logger.info("the table is read twice: what the formula needs of all rows has to be known first (%s)", named)

    def take(self, frame: pl.DataFrame, table: str) -> None:
        """Look at some rows, without missing cells.

        Raises:
            DataError: a factor of more than a thousand levels.
        """
        if self.held:
            self._held.append(frame.select(literals(self.held)))
            self._require_room(table)
        maker = BatchMaterializer(frame.select(literals(self.columns)))
        for factor in self._of_levels:
            self._note(factor, self._values(maker, factor, _fresh()), table)

    def learnt(self) -> tuple[dict[str, list[Any]], pl.DataFrame | None]:
        """What this process has seen, to be joined with what others have: levels, and columns."""
        return {name: [*levels] for name, levels in self._levels.items()}, pl.concat(self._held) if self._held else None

    def design(
        self, shares: Sequence[tuple[Mapping[str, Sequence[Any]], pl.DataFrame | None]], table: str
    ) -> FormulaDesign:
        """The formula with what all processes have seen.

        Raises:
            GdsolveError: a formula that cannot be worked out.
            DataError: values that a function of it does not take.
        """
        for levels, _ in shares:
            for name, found in levels.items():
                self._levels.setdefault(name, {}).update(dict.fromkeys(found))
        parts = [columns for _, columns in shares if columns is not None]
        states: States = {}
        if parts:
            whole = ModelSpec(formula=[], transform_state=states, na_action="ignore")
            maker = BatchMaterializer(pl.concat(parts))
            for factor in self._of_all_rows:
                values = self._values(maker, factor, whole)
                maker.factor_cache.clear()
                if values.__formulaic_metadata__.kind is Factor.Kind.CATEGORICAL:
                    self._note(factor, values, table)
        known = {name: _sorted(levels) for name, levels in self._levels.items()}
        return build_design(self.formula, self.rest, self.texts, states, known)

    def _require_room(self, table: str) -> None:
        """See that what is kept, and what is worked out from it, has room; looked at whenever it has doubled.

        Raises:
            DataError: it has none.
        """
        rows = sum(part.height for part in self._held)
        need = 8 * rows * (len(self.held) + _WORKING)
        if need < max(_MUCH, 2 * self._judged):
            return
        self._judged, there = need, host_room().falls_short(need, need)
        if there is not None:
            named = ", ".join(one.expr for one in self._of_all_rows)
            raise DataError(
                f"{table}: all rows are needed at once for {named}: {rows:,} of them take {in_bytes(need)}, and "
                f"{in_bytes(there)} are available",
                "fit a sample of the rows, or write what they make into the table as columns",
            )

    def _values(self, maker: BatchMaterializer, factor: Factor, spec: ModelSpec) -> Any:
        try:
            with np.errstate(all="ignore"):
                return maker._evaluate_factor(factor, spec, set()).values
        except FactorFaultError as fault:
            names, frame = _columns(factor), maker.data
            beyond = beyond_bounds(factor.expr, names, frame, spec.transform_state)
            raise beyond or cannot(names, self.texts, fault) from None

    def _note(self, factor: Factor, values: Any, table: str) -> None:
        if values.__formulaic_metadata__.kind is not Factor.Kind.CATEGORICAL:
            return
        known = self._levels.setdefault(factor.expr, {})
        known.update(dict.fromkeys(levels_of(values).unique().tolist()))
        if len(known) > MOST_LEVELS:
            raise DataError(
                f"{table}: the formula makes more than {MOST_LEVELS} levels of {factor.expr}",
                "a formula has a weight for every level: leave it out, or bring levels together in the table",
            )


def _sorted(levels: Iterable[Any]) -> list[Any]:
    found = sorted(levels)
    # 2.0 is the level 2, as it is written.
    whole = all(isinstance(level, float) and level.is_integer() for level in found)
    return [int(level) for level in found] if whole else found


def _calls(factor: Factor) -> frozenset[str]:
    return called_in(factor.expr) if factor.eval_method is Factor.EvalMethod.PYTHON else frozenset()


def _columns(factor: Factor) -> tuple[str, ...]:
    return (factor.expr,) if factor.eval_method is Factor.EvalMethod.LOOKUP else columns_in(factor.expr)


def _fresh() -> ModelSpec:
    return ModelSpec(formula=[], na_action="ignore")
