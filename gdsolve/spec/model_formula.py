"""Formulas as R writes them, `log(price) ~ area*rooms + C(zone) - 1`: read by `formulaic`, and checked.

What is written in them is Python, and is evaluated. So every expression is looked at first: it may hold names of
columns, numbers, texts, operators, and calls of the functions of `gdsolve.spec.formula_functions`, and nothing else.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gdsolve.spec.formula_functions import ABSENT, CODED, FUNCTIONS, MODULES
from gdsolve.spec.numbers import nearest
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from formulaic.parser.types import Factor

    from gdsolve.spec.spec import Spec

_REST = "\x00rest"
# Quoted texts, and names in backticks.
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`([^`]*)`")
# A letter that nobody's columns begin with.
_ALIAS = "ǃ"
_LARGEST_POWER = 64
_OPERATORS = (ast.operator, ast.unaryop, ast.cmpop, ast.expr_context)
_PARTS = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.Compare, ast.List, ast.Tuple, ast.Dict, ast.keyword)
_WRITE = {
    ast.BoolOp: "write & for and, | for or, with each condition in brackets",
    ast.Not: "write ~ for not",
    ast.IfExp: "write where(condition, a, b)",
    ast.Subscript: "name the column as it is, in backticks where it has brackets in its name",
}
_KNOWN = "docs/formulas.md lists what a formula may call"


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
    (target,) = _target_of(sides, text)
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
        GdsolveError: as `read_formula`, or a penalty on an intercept that there is not.
    """
    assert spec.formula is not None
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
    try:
        from formulaic import Formula
        from formulaic.errors import FormulaicError
        from formulaic.parser.algos.tokenize import tokenize
        from formulaic.parser.types import Token
    except ImportError:
        raise GdsolveError(
            "is read by formulaic, which is not installed", "pip install 'gdsolve[formula]'", option="formula"
        ) from None
    if "\x00" in text:
        raise GdsolveError("has a null character", "take it out", option="formula")
    try:
        for token in tokenize(text):
            if token.kind is Token.Kind.PYTHON:
                check_expression(token.token, token.source_start or 0)
        sides = Formula(text, _context={"__formulaic_variables_available__": [_REST] if rest is None else [*rest]})
    except FormulaicError as fault:
        raise _refused(str(fault)) from None
    except (SyntaxError, ValueError, TypeError, AttributeError, RecursionError, NotImplementedError) as fault:
        raise GdsolveError(f"cannot be read: {str(fault).splitlines()[0]}", _EXAMPLE, option="formula") from None
    if not hasattr(sides, "rhs") or not hasattr(sides, "lhs"):
        raise GdsolveError(f"{text!r} names no target: there is no ~ in it", _EXAMPLE, option="formula")
    if any(isinstance(side, tuple) for side in (sides.lhs, sides.rhs)):
        raise GdsolveError("has parts between |, and one model is fitted", "write + between them", option="formula")
    return sides


_EXAMPLE = "write target ~ features, as in 'log(price) ~ area*rooms + C(zone)'"


def is_intercept(term: Any) -> bool:
    """True for the term 1."""
    return len(term.factors) == 1 and term.factors[0].expr == "1"


def _target_of(sides: Any, text: str) -> tuple[Factor]:
    terms = list(sides.lhs)
    if len(terms) == 1 and len(terms[0].factors) == 1 and terms[0].factors[0].eval_method.value != "literal":
        return (terms[0].factors[0],)
    before = text.partition("~")[0].strip()
    remedy = f"for their sum, say, write I({before}) ~ …" if len(terms) > 1 else _EXAMPLE
    raise GdsolveError(f"{before!r} is no one target before the ~", remedy, option="formula")


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
    called |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in CODED}
    members = (
        node.value.id for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    )
    return frozenset((*called, *members))


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        if node.id not in CODED:
            yield node.id
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "Q" and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            yield from _names(argument)
    elif not _is_member(node) and not _is_contrast(node):
        for part in ast.iter_child_nodes(node):
            yield from _names(part)


def check_expression(expression: str, before: int = 0) -> None:
    """See that nothing is evaluated but columns, numbers, texts and known functions; `before` stand so many characters.

    Raises:
        GdsolveError: with the column of the formula at which something else stands.
    """
    text, _ = aliased(expression)
    try:
        tree = ast.parse(text.replace("\n", " "), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
        at = getattr(fault, "offset", None) or 1
        reason = getattr(fault, "msg", None) or "too deep"
        words = f"{expression} is no expression: {reason}"
        raise GdsolveError(words, _EXAMPLE, option="formula", column=before + at) from None
    _check(tree.body, text, before, within_call=False)


def _check(node: ast.AST, text: str, before: int, *, within_call: bool) -> None:
    if isinstance(node, ast.Call):
        _check_call(node, text, before)
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            _check(argument, text, before, within_call=True)
        return
    if _is_member(node) and (within_call or not _is_contrast(node)):
        return
    if isinstance(node, ast.Name):
        if node.id.startswith("__"):
            raise _no_part(node, f"{node.id} is no column", "give the column another name", before)
        return
    if not isinstance(node, (*_PARTS, *_OPERATORS)) or isinstance(node, ast.Not):
        words = f"{ast.get_source_segment(text, node) or type(node).__name__} may not stand in a formula"
        raise _no_part(node, words, _WRITE.get(type(node), _KNOWN), before)
    if isinstance(node, ast.Constant) and not isinstance(node.value, int | float | str | None):
        raise _no_part(node, f"{node.value!r} may not stand in a formula", "write numbers or texts", before)
    if isinstance(node, ast.BinOp):
        _check_operands(node, before)
    for part in ast.iter_child_nodes(node):
        _check(part, text, before, within_call=within_call)


def _check_call(node: ast.Call, text: str, before: int) -> None:
    name = ast.get_source_segment(text, node.func) or ""
    known = node.func.id in FUNCTIONS if isinstance(node.func, ast.Name) else _is_member(node.func)
    if not known:
        last = name.rpartition(".")[2]
        near = nearest(last, FUNCTIONS)
        remedy = ABSENT.get(last) or (f"did you mean {near}(…)? " if near else "") + _KNOWN
        raise _no_part(node, f"there is no function {name or 'here'}", remedy, before)
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg.startswith("_"):
            raise _no_part(node, f"{name} takes no such argument", _KNOWN, before)
    if name == "Q" and not (
        len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    ):
        raise _no_part(node, "Q takes the name of a column", "write Q('sq ft'), or `sq ft`", before)


def _check_operands(node: ast.BinOp, before: int) -> None:
    """See that no operation makes something huge of a few characters."""
    for side in (node.left, node.right):
        if isinstance(side, ast.List | ast.Tuple | ast.Dict) or (
            isinstance(side, ast.Constant) and not isinstance(side.value, int | float)
        ):
            raise _no_part(node, "only numbers and columns are reckoned with", _KNOWN, before)
    if isinstance(node.op, ast.LShift | ast.RShift | ast.MatMult):
        raise _no_part(node, "this operator may not stand in a formula", _KNOWN, before)
    if isinstance(node.op, ast.Pow) and not any(isinstance(part, ast.Name) for part in ast.walk(node.left)):
        exponent = node.right.value if isinstance(node.right, ast.Constant) else None
        columns = any(isinstance(part, ast.Name) for part in ast.walk(node.right))
        small = isinstance(exponent, int | float) and abs(exponent) <= _LARGEST_POWER
        if not columns and not small:
            raise _no_part(node, "a power of numbers is too large", "write the number itself", before)


def _is_member(node: ast.AST) -> bool:
    """True for `np.log` and `contr.sum`: a name, a dot, and what may stand behind it."""
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.attr in MODULES.get(node.value.id, ())
    )


def _is_contrast(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "contr"


def _no_part(node: ast.AST, words: str, hint: str, before: int) -> GdsolveError:
    column = before + getattr(node, "col_offset", 0) + 1
    return GdsolveError(words, hint, option="formula", column=column)


def _refused(told: str) -> GdsolveError:
    """What `formulaic` says of a formula, on one line, with the column of the place that it marks."""
    words, _, marked = told.partition("\n")
    place = marked.strip().find("⧛")
    return GdsolveError(
        f"cannot be read: {words.strip().rstrip('.')}",
        _EXAMPLE,
        option="formula",
        column=place + 1 if place >= 0 else None,
    )
