"""Formulas as R writes them, `log(price) ~ area*rooms + C(zone) - 1`: read by `formulaic`, and checked.

What is written in them is Python, and is evaluated. So every formula passes `gdsolve.spec.formula_place` first.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gdsolve.extras import check_extra, require_extra
from gdsolve.spec.formula_functions import CODED, CONSTANTS
from gdsolve.spec.formula_place import checked_formula, explained
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from gdsolve.spec.spec import Spec

_REST = "\x00rest"
# Quoted texts, and names in backticks.
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`([^`]*)`")
# A letter that nobody's columns begin with.
_ALIAS = "ǃ"


@dataclass(frozen=True, slots=True)
class ModelFormula:
    """A formula that can be meant: `text` as it was given, and what of a table it names.

    `target` is what stands before ~, made of `target_columns`; `is_column` where it is one of them as it is. `columns`
    are those behind ~, in their order; `takes_rest` where a dot stands for all others. `factors` are the expressions
    behind ~ that are no bare column, each with the columns that it is made of.
    """

    text: str
    target: str
    target_columns: tuple[str, ...]
    is_column: bool
    columns: tuple[str, ...]
    factors: tuple[tuple[str, tuple[str, ...]], ...]
    intercept: bool
    takes_rest: bool

    @property
    def named(self) -> tuple[str, ...]:
        """All columns that it names, those behind ~ first."""
        return tuple(dict.fromkeys((*self.columns, *self.target_columns)))


@lru_cache(maxsize=32)
def read_formula(text: str, rest: tuple[str, ...] | None = None) -> ModelFormula:
    """Read a formula; `rest` are the columns that a dot stands for, where they are known.

    Raises:
        GdsolveError: `formulaic` is not installed, or what is no formula of one target and its features.
    """
    sides = parsed(text, rest)
    (target,) = next(iter(sides.lhs)).factors
    terms = list(sides.rhs)
    factors = [factor for term in terms for factor in term.factors if factor.eval_method.value != "literal"]
    made = {factor.expr: _columns_of(factor) for factor in factors if factor.expr != _REST}
    expressions = {factor.expr for factor in factors if factor.eval_method.value == "python"}
    return ModelFormula(
        text,
        target.expr,
        _columns_of(target),
        target.eval_method.value == "lookup",
        tuple(dict.fromkeys(name for names in made.values() for name in names)),
        tuple((expression, names) for expression, names in made.items() if expression in expressions),
        any(is_intercept(term) for term in terms),
        any(factor.expr == _REST for factor in factors) or rest is not None,
    )


def settled_by_formula(spec: Spec) -> Spec:
    """The spec with what its formula says of the intercept, which is that of gdsolve: the last weight, unpenalised.

    Raises:
        GdsolveError: `formulaic` is not installed, or a penalty on an intercept that there is not.
    """
    assert spec.formula is not None
    try:
        checked_formula(spec.formula)
    except GdsolveError:
        # It is told as soon as the columns of the table are known: names with blanks are then understood.
        return spec
    intercept = read_formula(spec.formula).intercept
    if spec.penalize_intercept and not intercept:
        raise GdsolveError(
            "the formula has no intercept", "leave --penalize-intercept out", option="penalize_intercept"
        )
    return replace(spec, no_intercept=not intercept)


def parsed(text: str, rest: Sequence[str] | None = None) -> Any:
    """The two sides of a formula as `formulaic` has them, once all that is in it may be evaluated.

    Raises:
        GdsolveError: as `read_formula`.
    """
    checked = checked_formula(text)
    formulaic = require_extra("formulaic", "formula", "is read by formulaic", option="formula")
    # It gives pandas the levels of texts, which polars does by pyarrow.
    check_extra("pyarrow", "formula", "is computed by formulaic with pyarrow", option="formula")
    available = [_REST] if rest is None else [*rest]
    try:
        return formulaic.Formula(checked.standard, _context={"__formulaic_variables_available__": available})
    except Exception as fault:
        # Whatever it is that this library does not read, it is the formula's.
        raise explained(fault) from None


def is_intercept(term: Any) -> bool:
    """True for the term 1."""
    return len(term.factors) == 1 and term.factors[0].expr == "1"


def _columns_of(factor: Any) -> tuple[str, ...]:
    if factor.eval_method.value == "lookup":
        return (factor.expr,)
    return columns_in(factor.expr)


def aliased(expression: str) -> tuple[str, dict[str, str]]:
    """An expression as Python reads it, of the same length, and the names that stand in it for those in backticks."""
    names: dict[str, str] = {}

    def replaced(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return found[0]
        alias = next((known for known, meant in names.items() if meant == name), f"{_ALIAS}{len(names)}")
        names[alias] = name
        return alias.ljust(len(found[0]))

    return _QUOTED.sub(replaced, expression), names


def columns_in(expression: str) -> tuple[str, ...]:
    """The columns that an expression, which may be evaluated, is made of, in their order."""
    text, names = aliased(expression)
    return tuple(dict.fromkeys(names.get(name, name) for name in _names(ast.parse(text.strip(), mode="eval").body)))


@lru_cache(maxsize=256)
def called_in(expression: str) -> frozenset[str]:
    """The functions, and the names before dots, that an expression calls."""
    tree = ast.parse(aliased(expression)[0].strip(), mode="eval")
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    called |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in (*CODED, *CONSTANTS)}
    members = (
        node.value.id for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    )
    return frozenset((*called, *members))


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        if node.id not in (*CODED, *CONSTANTS):
            yield node.id
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "Q" and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            yield from _names(argument)
    elif not isinstance(node, ast.Attribute):
        for part in ast.iter_child_nodes(node):
            yield from _names(part)
