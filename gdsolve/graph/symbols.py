"""Derivatives in symbols, by SymPy, which is imported only here: of single operations, and along all paths of a graph.

A sum in parentheses stays as it was written, so that the derivative of (2 - a - b)**2 is -2*(2 - a - b), as it is
taught; the last form is expanded. Every derivative of the root is held against autograd's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import sympy

from gdsolve.graph.look import listed
from gdsolve.graph.matrix_symbols import matrix_forms
from gdsolve.graph.states import Symbolic, TreeRow
from gdsolve.graph.sympy_functions import AS_SYMPY, NoSymbolsError
from gdsolve.graph.tape import GRAD, Tape
from gdsolve.objective.expression import Expression
from gdsolve.objective.operation import Operation
from gdsolve.spec.graph_statements import FormulaNode, InPlace, Leaf

MOST_PATHS = 4
MOST_LETTERS = 120
CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a formula: its expression, how it is written, and whether it is a sum."""

    expression: Any
    text: str
    is_sum: bool = False


@dataclass(slots=True)
class _Node:
    """The formula of a node: sums in parentheses are symbols in it, with what they stand for in `sums`."""

    expression: Any
    sums: dict[Any, Any]

    def derivative(self, by: Any) -> Any:
        """The derivative by a symbol, through the sums as well."""
        return self._derived(self.expression, by)

    def _derived(self, expression: Any, by: Any) -> Any:
        found = sympy.diff(expression, by)
        for one, meant in self.sums.items():
            if expression.has(one):
                found += sympy.diff(expression, one) * self._derived(meant, by)
        return found

    def whole(self) -> Any:
        """The formula with what its sums stand for."""
        found = self.expression
        for one, meant in reversed(self.sums.items()):
            found = found.xreplace({one: meant})
        return found


def symbols_of(tape: Tape) -> tuple[Symbolic, ...]:
    """The derivative of the root by every leaf that requires a gradient, in symbols, or why there is none."""
    root = tape.spec.root
    leaves = [name for name, one in tape.given.items() if isinstance(one, Leaf) and tape.tensors[name].requires_grad]
    return tuple(_symbolic(tape, root, leaf) for leaf in leaves if leaf != root)


def _symbolic(tape: Tape, root: str, leaf: str) -> Symbolic:
    value = listed(tape.gradients.get(tape.book.note(tape.tensors[leaf])))
    empty = Symbolic(root, leaf, (), (), value, None)
    if (reason := _refusal(tape, root, leaf)) is not None:
        return replace(empty, reason=reason)
    try:
        between = _between(tape, root, leaf)
        if any(tape.tensors[used].dim() for name in between for used in (name, *tape.uses[name])):
            forms = matrix_forms(tape, root, leaf)
            return replace(empty, forms=forms)
        return _scalar_forms(tape, root, leaf, empty)
    except NoSymbolsError as fault:
        return replace(empty, reason=str(fault))


def _refusal(tape: Tape, root: str, leaf: str) -> str | None:
    if not tape.tensors[root].requires_grad:
        return f"{root} is not tracked, so no gradient goes back from it"
    if tape.tensors[root].numel() != 1:
        return f"{root} is not a single number"
    reasons = (_refusal_of(tape, name) for name in _between(tape, root, leaf))
    return next((one for one in reasons if one is not None), None)


def _refusal_of(tape: Tape, name: str) -> str | None:
    one = tape.given[name]
    if name in tape.changes:
        return f"{name} was changed in place, so its formula is not its value"
    if name in tape.hooks:
        return f"a hook on {name} changes gradients on the way"
    if not isinstance(one, FormulaNode | Leaf):
        return f"{name} is a derivative itself"
    if isinstance(one, FormulaNode) and any(used.endswith(GRAD) for used in tape.formula(one).names):
        return f"{name} is computed from a gradient"
    return None


def _between(tape: Tape, root: str, leaf: str) -> list[str]:
    """The nodes on paths from the root to a leaf, both included, the root first."""
    names = list(tape.tensors)
    down = {root}
    for name in reversed(names):
        if name in down and tape.tensors[name].grad_fn is not None:
            down |= {used for used in tape.uses[name] if tape.tensors[used].requires_grad}
    up = {leaf}
    for name in names:
        if name in down and any(used in up for used in tape.uses[name]) and tape.tensors[name].grad_fn is not None:
            up.add(name)
    return [name for name in reversed(names) if name in down & up or name == root]


def _scalar_forms(tape: Tape, root: str, leaf: str, empty: Symbolic) -> Symbolic:
    between = _between(tape, root, leaf)
    if leaf not in between:
        return replace(empty, reason=f"no path leads from {root} to {leaf}")
    nodes = {name: _node(tape, name) for name in tape.given if isinstance(tape.given[name], FormulaNode)}
    symbol = {name: sympy.Symbol(name, real=True) for name in tape.tensors}
    total: dict[str, Any] = {root: sympy.Integer(1)}
    for name in between:
        for used in (one for one in tape.uses[name] if one in between):
            total[used] = total.get(used, 0) + total[name] * nodes[name].derivative(symbol[used])
    by_leaves = total[leaf]
    whole = total[leaf]
    for name in reversed(tape.tensors):
        if name in nodes:
            by_leaves = _replaced(tape, by_leaves, name, nodes[name])
            for node in nodes.values():
                whole = _with_sums(whole, node)
            whole = whole.xreplace({symbol[name]: nodes[name].whole()})
    for node in nodes.values():
        whole = _with_sums(whole, node)
    forms = [total[leaf], by_leaves, sympy.expand(whole)]
    numbers = {symbol[name]: tensor.detach().item() for name, tensor in tape.tensors.items() if tensor.numel() == 1}
    try:
        value = float(whole.xreplace(numbers).evalf())
    except (TypeError, ValueError, OverflowError):
        raise NoSymbolsError("the formula has no real value here") from None
    if isinstance(empty.value, float) and abs(value - empty.value) > CLOSE * max(1.0, abs(empty.value)):
        raise NoSymbolsError("the formula does not give autograd's value here, as where a slope jumps")
    paths = _paths(tape, root, leaf, between)
    chain = tuple("*".join(f"d{one}/d{other}" for one, other in pairwise(path)) for path in paths)
    products = [" + ".join(_product(path, nodes) for path in paths)] if paths else []
    return replace(empty, chain=chain, forms=_texts(products, forms))


def _with_sums(expression: Any, node: _Node) -> Any:
    for one, meant in reversed(node.sums.items()):
        expression = expression.xreplace({one: meant})
    return expression


def _replaced(tape: Tape, expression: Any, name: str, node: _Node) -> Any:
    """A formula with a node as it was written: a sum in parentheses, anything else as it is."""
    one, symbol = tape.given[name], sympy.Symbol(name, real=True)
    if not isinstance(node.expression, sympy.Add):
        return expression.xreplace({symbol: node.expression})
    formula = one.expression if isinstance(one, FormulaNode) else name
    if not all(isinstance(tape.given[used], Leaf) for used in tape.uses[name]):
        formula = _text(node.expression)
    return expression.xreplace({symbol: sympy.Symbol(f"({formula})", real=True)})


def _texts(products: list[str], forms: Sequence[Any]) -> tuple[str, ...]:
    """The forms as they are typed; those that are long or say nothing new are left out."""
    texts = products
    for form in forms:
        text = _text(form)
        if text not in texts and (not texts or len(text) <= MOST_LETTERS):
            texts.append(text)
    return tuple(texts)


def _text(expression: Any) -> str:
    found = str(expression.xreplace({one: _Number(one) for one in expression.atoms(sympy.Float)}))
    # A sum that stands alone in a function has its parentheses from there.
    return re.sub(r"(\w)\(\(([^()]*)\)\)", r"\1(\2)", found)


class _Number(sympy.Symbol):
    """A number that is printed in the digits that it has."""

    def __new__(cls, number: Any) -> Any:
        return super().__new__(cls, f"{float(number):.8g}")


def _paths(tape: Tape, root: str, leaf: str, between: Sequence[str]) -> list[list[str]]:
    """Every path from the root to a leaf; none where there are many, or where each is one step long."""
    paths: list[list[str]] = []
    pending = [[root]]
    while pending and len(paths) + len(pending) <= 4 * MOST_PATHS:
        path = pending.pop()
        if path[-1] == leaf:
            paths.append(path)
            continue
        pending += [[*path, used] for used in reversed(tape.uses[path[-1]]) if used in between]
    return [] if pending or len(paths) > MOST_PATHS or all(len(path) == 2 for path in paths) else paths


def _product(path: Sequence[str], nodes: Mapping[str, _Node]) -> str:
    """The local derivatives along a path, times each other."""
    factors = [_text(nodes[one].derivative(sympy.Symbol(other, real=True))) for one, other in pairwise(path)]
    return "*".join(f"({one})" if " " in one or one.startswith("-") else one for one in factors)


def _node(tape: Tape, name: str) -> _Node:
    one = tape.given[name]
    if not isinstance(one, FormulaNode):
        raise NoSymbolsError(f"{name} has no formula")
    return read_node(tape.formula(one))


def read_node(expression: Expression) -> _Node:
    """A formula of single numbers for SymPy.

    Raises:
        NoSymbolsError: an operation that it has no symbols for.
    """
    stack: list[_Part] = []
    sums: dict[Any, Any] = {}
    for step in expression.steps:
        if step.kind == "number":
            stack.append(_Part(as_number(float(step.value)), f"{float(step.value):g}"))
        elif step.kind == "name":
            stack.append(_Part(sympy.Symbol(str(step.value), real=True), str(step.value)))
        else:
            arguments = stack[-step.arity :]
            del stack[-step.arity :]
            adds = step.kind == "apply" and step.value in ("+", "-")
            given = [one.expression if adds else _kept(one, sums) for one in arguments]
            text = expression.written(step)
            stack.append(_Part(applied(step, given), text, adds))
    return _Node(stack[-1].expression, sums)


def _kept(part: _Part, sums: dict[Any, Any]) -> Any:
    """A sum in parentheses as one symbol."""
    if not part.is_sum or not part.expression.free_symbols:
        return part.expression
    symbol = sympy.Symbol(f"({part.text})", real=True)
    sums[symbol] = part.expression
    return symbol


def applied(step: Operation, arguments: Sequence[Any]) -> Any:
    """What an operation makes of expressions.

    Raises:
        NoSymbolsError: one without symbols.
    """
    name = str(step.value)
    if step.places or name not in AS_SYMPY:
        raise NoSymbolsError(f"none are known here for {'an index' if step.places else name}")
    return AS_SYMPY[name](*arguments)


def as_number(number: float) -> Any:
    """Whole numbers and halves as they are, others in their digits."""
    return sympy.Integer(int(number)) if number == int(number) and abs(number) < 1e15 else sympy.Float(number)


def with_symbols(tape: Tape, tree: tuple[TreeRow, ...]) -> tuple[TreeRow, ...]:
    """The tree with the local derivative of every operation on single numbers in symbols."""
    local = dict(_local(tape))
    return tuple(
        replace(row, symbol=local.get((row.of or "", row.name or row.text or "")))
        if row.derivative is not None
        else row
        for row in tree
    )


def _local(tape: Tape) -> Any:
    """The derivative of every operation by each of its arguments, by what both are called in the tree."""
    for statement in tape.spec.statements:
        if not isinstance(statement, FormulaNode | InPlace) or id(statement) not in tape.formulas:
            continue
        if isinstance(statement, InPlace) or statement.name not in tape.tensors:
            continue
        expression = tape.formula(statement)
        stack: list[str | None] = []
        for place, step in enumerate(expression.steps):
            if step.kind in ("number", "name"):
                stack.append(None if step.kind == "number" else str(step.value))
                numbers = float(step.value) if step.kind == "number" else None
                stack[-1] = f"{numbers!r}" if numbers is not None else stack[-1]
                continue
            arguments = stack[-step.arity :]
            del stack[-step.arity :]
            last = place == len(expression.steps) - 1
            label = statement.name if last else expression.written(step)
            stack.append(label)
            yield from _derivatives(step, label, [one or "" for one in arguments])


def _derivatives(step: Operation, label: str, arguments: Sequence[str]) -> Any:
    given = [_argument(one) for one in arguments]
    try:
        made = applied(step, given)
        for text, one in zip(arguments, given, strict=True):
            if isinstance(one, sympy.Symbol):
                yield (label, text), _text(sympy.diff(made, one))
    except NoSymbolsError:
        return


def _argument(text: str) -> Any:
    try:
        return as_number(float(text))
    except ValueError:
        alone = re.fullmatch(r"\w+(\([^()]*\))?", text) is not None
        return sympy.Symbol(text if alone else f"({text})", real=True)
