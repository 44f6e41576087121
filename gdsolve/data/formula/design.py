"""What a formula makes of rows: the columns of the design matrix, with what it has learnt of all rows held fixed."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from formulaic import ModelSpec
from formulaic.parser.types import Factor

from gdsolve.data.formula.materializer import BatchMaterializer, FactorFaultError, UnseenLevelError
from gdsolve.spec.model_formula import ModelFormula, called_in, columns_in, is_intercept, parsed
from gdsolve.status import DataError, GdsolveError

Levels = Mapping[str, Sequence[Any]]
"""The levels of factors, by expression, in their order."""
States = dict[str, dict[Any, Any]]
"""What functions have learnt of all rows, by their calls."""
Make = Callable[[pl.DataFrame], np.ndarray]
SEE = "docs/guide/formulas.md says what each function takes"


_OTHER_LEVELS = "leave such rows out of the table, or name the level among levels=[…]"


class RowFaultError(Exception):
    """A row of a batch that a formula has no value in: its number there, what is wrong, and of which columns.

    `level` is the one that is not known, where that is what is wrong.
    """

    def __init__(
        self, row: int, words: str, columns: tuple[str, ...], hint: str | None = None, level: object = None
    ) -> None:
        super().__init__(words)
        self.row = row
        self.words = words
        self.columns = columns
        self.hint = hint
        self.level = level

    def moved(self, row: int) -> RowFaultError:
        """The same, of another row."""
        return RowFaultError(row, self.words, self.columns, self.hint, self.level)


@dataclass(frozen=True, slots=True, eq=False)
class FormulaDesign:
    """A formula with all that it has learnt: `names` are those of the features, as formulaic names them.

    `texts` are its columns of text, the others are numbers; `states` and `levels` are what has been learnt. The columns
    of what `formulaic` makes are at the places `kept` those of the features: the intercept is none.
    """

    formula: ModelFormula
    rest: tuple[str, ...] | None
    texts: tuple[str, ...]
    states: States
    levels: Levels
    names: tuple[str, ...]
    kept: tuple[int, ...]
    spec: ModelSpec = field(repr=False)
    target: Factor = field(repr=False)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns behind ~ that are read as numbers."""
        return tuple(name for name in self.formula.columns if name not in self.texts)

    def features(self, frame: pl.DataFrame) -> np.ndarray:
        """The features of rows without missing cells, (rows, n), by columns; not finite where a function is not.

        Raises:
            RowFaultError: the first row in which a level is unknown, or a value outside the bounds of a spline.
        """
        found = self._rows(frame)
        return found if len(self.kept) == found.shape[1] else found.T[list(self.kept)].T

    def targets(self, frame: pl.DataFrame) -> np.ndarray:
        """The target of rows without missing cells, (rows,), where it is no column as it is.

        Raises:
            RowFaultError: as `features`.
        """
        return self._at_rows(frame, self._target)

    def unfit(self, frame: pl.DataFrame, row: int, *, target: bool) -> RowFaultError:
        """Say which factor is not finite in a row, the features or the target of which are not."""
        one = frame[row : row + 1]
        factors = [self.target] if target else [factor for term in self.spec.formula for factor in term.factors]
        maker = BatchMaterializer(one)
        for factor in factors:
            with np.errstate(all="ignore"):
                value = _numbers(maker._evaluate_factor(factor, self.spec, set()).values)
            if value is not None and not np.isfinite(value).all():
                return _not_finite(factor.expr, columns_of(factor), one, row, target=target)
        names = tuple(dict.fromkeys(name for factor in factors for name in columns_of(factor)))
        return _not_finite("a product of factors", names, one, row, target=target)

    def _rows(self, frame: pl.DataFrame) -> np.ndarray:
        return self._at_rows(frame, self._features)

    def _features(self, frame: pl.DataFrame) -> np.ndarray:
        return np.asarray(materialised(frame, self.spec))

    def _target(self, frame: pl.DataFrame) -> np.ndarray:
        maker = BatchMaterializer(frame)
        value = _numbers(maker._evaluate_factor(self.target, self.spec, set()).values)
        if value is None or value.shape not in ((frame.height,), (frame.height, 1)):
            raise GdsolveError(
                f"the target {self.target.expr} is no column of numbers",
                "write one number a row before the ~",
                option="formula",
            )
        return value.reshape(-1)

    def _at_rows(self, frame: pl.DataFrame, make: Make) -> np.ndarray:
        try:
            with np.errstate(all="ignore"):
                found: np.ndarray = make(frame)
        except UnseenLevelError as fault:
            columns = columns_in_factor(fault.factor, self.formula)
            words = f"{shown(fault.level)} is not among the levels of {fault.factor}"
            raise RowFaultError(fault.row, words, columns, _OTHER_LEVELS, fault.level) from None
        except FactorFaultError as fault:
            raise self._fault_of(frame, make, fault) from None
        return found

    def _fault_of(self, frame: pl.DataFrame, make: Make, fault: FactorFaultError) -> Exception:
        """That of the first row with a fault; the formula's where there is one without any row."""
        if _fault(frame[:0], make) is not None:
            return cannot(columns_in_factor(fault.factor, self.formula), self.texts, fault)
        row = first_faulty(frame, make)
        fault = _fault(frame[: row + 1], make) or fault
        expression, words = fault.factor, fault.words
        columns = columns_in_factor(expression, self.formula)
        beyond = beyond_bounds(expression, columns, frame, self.states)
        return beyond or RowFaultError(row, f"{expression} at {_cells(frame, row, columns)}: {words}", columns)


def first_faulty(frame: pl.DataFrame, make: Callable[[pl.DataFrame], Any]) -> int:
    """The first row of rows with a fault without which there is none, found by halving."""
    fine, faulty = 0, frame.height
    while faulty - fine > 1:
        middle = (fine + faulty) // 2
        fine, faulty = (middle, faulty) if _fault(frame[:middle], make) is None else (fine, middle)
    return fine


def _fault(frame: pl.DataFrame, make: Callable[[pl.DataFrame], Any]) -> FactorFaultError | None:
    try:
        with np.errstate(all="ignore"):
            make(frame)
    except FactorFaultError as fault:
        return fault
    except UnseenLevelError:
        # That is told where all values can be worked out.
        return None
    return None


def beyond_bounds(
    expression: str, columns: tuple[str, ...], frame: pl.DataFrame, states: Mapping[str, Mapping[str, Any]]
) -> RowFaultError | None:
    """That the value of a row is outside the bounds of a spline; None where none is."""
    found = BatchMaterializer(frame).beyond_bounds(expression, states) if expression else None
    if found is None:
        return None
    row, low, high = found
    return RowFaultError(
        row,
        f"{_cells(frame, row, columns)} is outside the bounds of {expression}, {low:.10g} to {high:.10g}",
        columns,
        "leave the row out, or give the spline extrapolation='clip' or 'extend' and fit again",
    )


def cannot(columns: Sequence[str], texts: Sequence[str], fault: FactorFaultError) -> GdsolveError:
    """That an expression cannot be worked out at all, of a column of text for one."""
    levelled = fault.factor not in columns and "C" in called_in(fault.factor)
    text = None if levelled else next((name for name in columns if name in texts), None)
    why = f"column {text!r} is text" if text is not None else fault.words
    remedy = SEE if text is None else f"text has levels, which stand for themselves: {text}, or C({text})"
    return GdsolveError(f"{fault.factor} cannot be worked out: {why}", remedy, option="formula")


def _cells(frame: pl.DataFrame, row: int, columns: Sequence[str]) -> str:
    return ", ".join(f"{name} = {shown(frame[name][row])}" for name in columns if name in frame.columns)


def shown(value: Any) -> str:
    """A cell in a message."""
    return f"{value:.10g}" if isinstance(value, float) else repr(value)


def _not_finite(expression: str, names: tuple[str, ...], one: pl.DataFrame, row: int, *, target: bool) -> RowFaultError:
    cells = ", ".join(f"{name} = {shown(one[name][0])}" for name in names)
    what = f"the target {expression}" if target else expression
    return RowFaultError(row, f"{what} is not finite at {cells}", names, "leave such rows out of the table")


def _numbers(values: Any) -> np.ndarray | None:
    """The values of a factor as numbers, (rows,) or (rows, q); None where they are levels."""
    bare = getattr(values, "__wrapped__", values)
    if isinstance(bare, dict):
        parts = [np.asarray(part, dtype=np.float64) for part in bare.values()]
        return np.stack(parts, axis=1) if parts else None
    try:
        return np.asarray(bare, dtype=np.float64)
    except (TypeError, ValueError):
        return None


def columns_of(factor: Factor) -> tuple[str, ...]:
    """The columns that a factor is made of."""
    if factor.eval_method is Factor.EvalMethod.LOOKUP:
        return (factor.expr,)
    return columns_in(factor.expr) if factor.eval_method is Factor.EvalMethod.PYTHON else ()


def columns_in_factor(expression: str, formula: ModelFormula) -> tuple[str, ...]:
    """The columns of a factor by its expression."""
    if expression in formula.named:
        return (expression,)
    return dict(formula.factors).get(expression) or (formula.target_columns if expression == formula.target else ())


def materialised(frame: pl.DataFrame, spec: ModelSpec) -> Any:
    """The columns of a formula, of rows without missing cells."""
    with warnings.catch_warnings():
        # Levels that are unknown are told by themselves.
        warnings.simplefilter("ignore")
        return BatchMaterializer(frame).get_model_matrix(spec)


def build_design(
    formula: ModelFormula, rest: tuple[str, ...] | None, texts: Sequence[str], states: States, levels: Levels
) -> FormulaDesign:
    """A formula with what it has learnt.

    Raises:
        GdsolveError: a formula that cannot be worked out.
        DataError: columns of one name.
    """
    sides = parsed(formula.text, rest)
    spec = ModelSpec(
        formula=sides.rhs,
        na_action="ignore",
        output="numpy",
        transform_state=states,
        encoder_state={name: (Factor.Kind.CATEGORICAL, {"categories": list(known)}) for name, known in levels.items()},
    )
    empty = pl.DataFrame({name: pl.Series(name, [], _type_of(name, texts)) for name in formula.named})
    try:
        with np.errstate(all="ignore"):
            found = materialised(empty, spec).model_spec
    except FactorFaultError as fault:
        raise cannot(columns_in_factor(fault.factor, formula), texts, fault) from None
    place, names, kept = 0, [], []
    for term, _, columns in found.structure:
        for name in columns:
            if not is_intercept(term):
                names.append(name)
                kept.append(place)
            place += 1
    doubled = next((name for name, times in Counter(names).items() if times > 1), None)
    if doubled is not None:
        raise DataError(f"two columns of the formula are called {doubled!r}", "give the columns other names")
    known = {
        name: tuple(state[1]["categories"]) for name, state in found.encoder_state.items() if "categories" in state[1]
    }
    (target,) = next(iter(sides.lhs)).factors
    return FormulaDesign(formula, rest, tuple(texts), states, known, tuple(names), tuple(kept), found, target)


def _type_of(name: str, texts: Sequence[str]) -> Any:
    return pl.String() if name in texts else pl.Float64()
