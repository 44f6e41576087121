"""Rows of a table as `formulaic` takes them, and the columns that it makes of them as one array.

Imported only where a formula is asked for: it needs `formulaic`, which needs pandas.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
import polars as pl
from formulaic.errors import FormulaicError
from formulaic.materializers import NarwhalsMaterializer
from formulaic.materializers.types import EvaluatedFactor
from formulaic.parser.types import Factor
from formulaic.utils.layered_mapping import LayeredMapping
from formulaic.utils.stateful_transforms import stateful_eval
from interface_meta import override

from gdsolve.data.formula.functions import callables, levels_of
from gdsolve.spec.model_formula import aliased, called_in


class UnseenLevelError(Exception):
    """A level that is not among those that are known: of which factor, in which row of the batch, and the level."""

    def __init__(self, factor: str, row: int, level: object) -> None:
        super().__init__(factor)
        self.factor = factor
        self.row = row
        self.level = level


class FactorFaultError(Exception):
    """A factor that cannot be worked out of some rows: its expression, and why, on one line."""

    def __init__(self, factor: str, cause: BaseException) -> None:
        lines = str(cause).splitlines()
        super().__init__(factor)
        self.factor = factor
        self.words = (lines[0] if lines else type(cause).__name__).rstrip(".")


class BatchMaterializer(NarwhalsMaterializer):
    """Makes the columns of a formula of rows of a polars DataFrame without missing cells.

    Numbers are arrays of numpy, so that arithmetic on them is the same in any batch; texts go through narwhals. Names
    in backticks have the aliases of `gdsolve.spec.model_formula`: those of `formulaic` are drawn at random, and what is
    learnt is known by them.
    """

    REGISTER_NAME = "gdsolve"
    REGISTER_INPUTS: Sequence[str] = ()
    REGISTER_OUTPUTS: Sequence[str] = ("numpy",)

    @override
    @classmethod
    def SUPPORTS_INPUT(cls, data: Any) -> bool:  # noqa: N802, as formulaic calls it
        """Never chosen by itself."""
        return False

    @override
    def _init(self) -> None:
        self._columns = {
            name: nw.from_native(column, series_only=True) if column.dtype == pl.String else column.to_numpy()
            for name, column in zip(self.data.columns, self.data.get_columns(), strict=True)
        }
        self.context = callables()

    @override  # type: ignore[prop-decorator]
    @property
    def data_context(self) -> Mapping[str, Any]:
        """The columns by name."""
        return self._columns

    @override
    def _evaluate(self, expr: str, metadata: Any, spec: Any) -> tuple[Any, set[Any]]:
        text, context = self._meaning(expr)
        return numbers_of(stateful_eval(text, context, {text: metadata}, spec.transform_state, spec)), set()

    def _meaning(self, expr: str) -> tuple[str, LayeredMapping]:
        """An expression as Python reads it, and what stands for its names."""
        text, names = aliased(expr)
        called = called_in(expr)
        # A column may have the name of a function that is not called here, and the other way about.
        data = {name: column for name, column in self._columns.items() if name not in called}
        data |= {alias: self._columns[name] for alias, name in names.items()}
        functions = {name: function for name, function in self.context.items() if name in called}
        require_known(text.strip(), frozenset((*data, *functions)))
        return text.strip(), LayeredMapping(
            LayeredMapping(data, name="data"), LayeredMapping(functions, name="functions")
        )

    def beyond_bounds(self, expr: str, states: Mapping[str, Mapping[str, Any]]) -> tuple[int, float, float] | None:
        """The first row in which a spline of an expression is asked for a value outside its bounds, and these bounds.

        They are found among the `states` of calls; None where there is no such row.
        """
        text, context = self._meaning(expr)
        for call in (node for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Call)):
            state = states.get(ast.unparse(call), {})
            if "lower_bound" not in state or "upper_bound" not in state:
                continue
            low, high = float(state["lower_bound"]), float(state["upper_bound"])
            values = np.asarray(stateful_eval(ast.unparse(call.args[0]), context, None, dict(states), None))
            outside = (values < low) | (values > high)
            if outside.any():
                return int(outside.argmax()), low, high
        return None

    @override
    def _evaluate_factor(self, factor: Factor, spec: Any, drop_rows: set[int]) -> EvaluatedFactor:
        try:
            return super()._evaluate_factor(factor, spec, drop_rows)
        except FormulaicError as fault:
            raise FactorFaultError(factor.expr, fault.__cause__ or fault) from None

    @override
    def _is_categorical(self, values: Any) -> bool:
        if isinstance(values, np.ndarray):
            return values.dtype.kind in "OUST"
        return bool(super()._is_categorical(values))

    @override
    def _encode_evaled_factor(
        self, factor: EvaluatedFactor, spec: Any, drop_rows: Sequence[int], reduced_rank: bool = False
    ) -> dict[str, Any]:
        known = spec.encoder_state.get(factor.expr) if spec.structure else None
        if known is not None and factor.metadata.kind is Factor.Kind.CATEGORICAL and "categories" in known[1]:
            refuse_unseen(factor, known[1]["categories"])
        try:
            return dict(super()._encode_evaled_factor(factor, spec, drop_rows, reduced_rank))
        except (FormulaicError, ValueError, TypeError, LookupError) as fault:
            # Contrasts are held against the levels here.
            raise FactorFaultError(factor.expr, fault) from None

    @override
    def _combine_columns(self, cols: Sequence[tuple[str, Any]], spec: Any, drop_rows: Sequence[int]) -> Any:
        # By columns, as the arrays of tables are.
        found = np.empty((len(cols), self.nrows))
        for place, (_, values) in enumerate(cols):
            found[place] = getattr(values, "__wrapped__", values)
        return found.T


@lru_cache(maxsize=256)
def require_known(text: str, known: frozenset[str]) -> None:
    """See that an expression names nothing but what is `known`: what is built into Python is not, whatever was checked.

    Raises:
        NameError: it does.
    """
    for node in ast.walk(ast.parse(text, mode="eval")):
        if isinstance(node, ast.Name) and node.id not in known:
            raise NameError(f"{node.id} is neither a column nor a function")
        if isinstance(node, ast.Attribute) and (not isinstance(node.value, ast.Name) or node.attr.startswith("_")):
            raise NameError(f"{node.attr} is no function")


def numbers_of(values: Any) -> Any:
    """What was evaluated, truths of texts as an array as those of numbers are."""
    is_truth = nw.dependencies.is_narwhals_series(values) and values.dtype == nw.Boolean
    return values.to_numpy() if is_truth else values


def refuse_unseen(factor: EvaluatedFactor, known: Sequence[Any]) -> None:
    """See that all levels of a factor are known.

    Raises:
        UnseenLevelError: the first one that is not.
    """
    levels = levels_of(factor.values)
    unseen = ~levels.isin(list(known)).to_numpy()
    if unseen.any():
        row = int(unseen.argmax())
        raise UnseenLevelError(factor.expr, row, levels.iloc[row])
