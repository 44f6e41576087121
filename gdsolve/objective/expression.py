"""Formulas as text, such as `sum((X @ w - y)**2)/2`, read by a whitelist over Python's syntax tree; Python runs none.

An expression becomes steps in postfix order, so that evaluating it needs no recursion. Constants are folded in float64.
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from gdsolve.status import GdsolveError

LONGEST = 10_000
DEEPEST = 100
OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.MatMult: "@",
}
APPLY: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "@": operator.matmul,
    "negative": operator.neg,
}


def _extreme(whole: Callable[[Tensor], Tensor], pairwise: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda first, *second: pairwise(first, *second) if second else whole(first)


FUNCTIONS: dict[str, tuple[tuple[int, ...], Callable[..., Tensor]]] = {
    "exp": ((1,), torch.exp),
    "log": ((1,), torch.log),
    "sin": ((1,), torch.sin),
    "cos": ((1,), torch.cos),
    "tan": ((1,), torch.tan),
    "arcsin": ((1,), torch.arcsin),
    "arccos": ((1,), torch.arccos),
    "arctan": ((1,), torch.arctan),
    "sinh": ((1,), torch.sinh),
    "cosh": ((1,), torch.cosh),
    "tanh": ((1,), torch.tanh),
    "log10": ((1,), torch.log10),
    "log1p": ((1,), torch.log1p),
    "expm1": ((1,), torch.expm1),
    "sigmoid": ((1,), torch.sigmoid),
    "sqrt": ((1,), torch.sqrt),
    "abs": ((1,), torch.abs),
    "sum": ((1,), torch.sum),
    "mean": ((1,), torch.mean),
    "max": ((1, 2), _extreme(torch.max, torch.maximum)),
    "min": ((1, 2), _extreme(torch.min, torch.minimum)),
    "dot": ((2,), torch.dot),
    "transpose": ((1,), torch.t),
}
REDUCTIONS = ("sum", "mean", "max", "min", "transpose")
NUMBERS = {"pi": math.pi}
KNOWN = "numbers, pi, names, + - * / ** @, parentheses and " + ", ".join(FUNCTIONS)


@dataclass(frozen=True, slots=True)
class Step:
    """One step in postfix order: push a number or a name, or apply an operator or function to the last `arity`."""

    kind: Literal["number", "name", "apply", "call"]
    value: float | str
    arity: int
    column: int


@dataclass(frozen=True, slots=True)
class Expression:
    """A formula that was read; `names` are those it uses."""

    text: str
    steps: tuple[Step, ...]
    names: frozenset[str]

    @property
    def reduces(self) -> bool:
        """True where entries of a tensor meet: in a sum, a product of matrices, and the like."""
        return any(
            (step.value in REDUCTIONS and (step.kind, step.arity) != ("call", 2)) or step.value in ("@", "dot")
            for step in self.steps
            if step.kind in ("apply", "call")
        )

    def evaluate(self, values: Mapping[str, Tensor]) -> Tensor:
        """The value at the given tensors, tracked by autograd as they are.

        Raises:
            GdsolveError: shapes that do not go together; the message has the column and PyTorch's reason.
        """
        stack: list[Any] = []
        for step in self.steps:
            if step.kind == "number":
                stack.append(step.value)
            elif step.kind == "name":
                stack.append(values[str(step.value)])
            else:
                arguments = stack[-step.arity :]
                del stack[-step.arity :]
                stack.append(_apply(step, arguments))
        (result,) = stack
        return _tensor(result)


def parse(text: str, names: Collection[str]) -> Expression:
    """Read a formula over `names`.

    Raises:
        GdsolveError: anything but numbers, known names, + - * / ** @ and the functions of `FUNCTIONS`, or a constant
            that is not finite; the message names the column.
    """
    if len(text) > LONGEST:
        raise GdsolveError(f"column {LONGEST + 1}: longer than {LONGEST} characters", "split it into several nodes")
    line = text.replace("\r", " ").replace("\n", " ").replace("\t", " ")
    for mark in ("#", "\\"):
        if mark in line:
            raise GdsolveError(f"column {line.index(mark) + 1}: {mark!r} has no place in a formula", f"use {KNOWN}")
    steps = _Reader(line, names).read()
    used = frozenset(str(step.value) for step in steps if step.kind == "name")
    return Expression(text, tuple(steps), used)


class _Reader:
    """Syntax tree to steps."""

    def __init__(self, line: str, names: Collection[str]) -> None:
        self.line = line.strip()
        self.indent = len(line) - len(line.lstrip())
        self.names = names

    def read(self) -> list[Step]:
        if not self.line:
            raise GdsolveError("column 1: no formula", f"use {KNOWN}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(self.line, mode="eval")
        except SyntaxError as fault:
            column = self.indent + min(max(1, fault.offset or 1), len(self.line) + 1)
            if "too many nested" in fault.msg:
                raise _too_deep(column) from None
            reason = fault.msg.partition("; ")[0]
            raise GdsolveError(f"column {column}: not a formula: {reason}", f"use {KNOWN}") from None
        except ValueError as fault:
            raise GdsolveError(f"column 1: not a formula: {fault}", f"use {KNOWN}") from None
        except (RecursionError, MemoryError):
            raise _too_deep(1) from None
        return self._steps(tree.body, 1)

    def _steps(self, node: ast.expr, depth: int) -> list[Step]:
        column = self._column(node)
        if depth > DEEPEST:
            raise _too_deep(column)
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return [self._number(value, column)]
            case ast.Name(id=name):
                return [self._name(name, column)]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._fold(Step("apply", "negative", 1, column), [self._steps(operand, depth + 1)])
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._steps(operand, depth + 1)
            case ast.BinOp(op=op) if type(op) in OPERATORS:
                return self._chain(node, depth)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                self._check_call(name, len(arguments), column)
                given = [self._steps(argument, depth + 1) for argument in arguments]
                return self._fold(Step("call", name, len(given), column), given)
        raise GdsolveError(f"column {column}: {_described(node)} has no place in a formula", f"use {KNOWN}")

    def _chain(self, node: ast.BinOp, depth: int) -> list[Step]:
        """a + b + c + …, which leans to the left however long it is, and nests no deeper for that."""
        links: list[ast.BinOp] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp) and type(first.op) in OPERATORS:
            links.append(first)
            first = first.left
        steps = self._steps(first, depth + 1)
        for link in reversed(links):
            step = Step("apply", OPERATORS[type(link.op)], 2, self._column(link))
            steps = self._fold(step, [steps, self._steps(link.right, depth + 1)])
        return steps

    def _number(self, value: float, column: int) -> Step:
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise GdsolveError(f"column {column}: a constant that is not finite", "write numbers below 1e308")
        return Step("number", number, 0, column)

    def _name(self, name: str, column: int) -> Step:
        if name in self.names:
            return Step("name", name, 0, column)
        if name in NUMBERS:
            return Step("number", NUMBERS[name], 0, column)
        if name in FUNCTIONS:
            raise GdsolveError(f"column {column}: {name} is a function", f"write {name}(…)")
        raise GdsolveError(f"column {column}: unknown name {_short(name)}", _nearest(name, self.names))

    def _check_call(self, name: str, count: int, column: int) -> None:
        if name not in FUNCTIONS:
            raise GdsolveError(f"column {column}: unknown function {_short(name)}", _nearest(name, FUNCTIONS))
        arities = FUNCTIONS[name][0]
        if count not in arities:
            wanted = " or ".join(map(str, arities))
            raise GdsolveError(f"column {column}: {name} takes {wanted} argument(s), not {count}", f"use {KNOWN}")

    def _fold(self, step: Step, parts: list[list[Step]]) -> list[Step]:
        steps = [one for part in parts for one in part]
        if any(one.kind != "number" for one in steps):
            return [*steps, step]
        value = _apply(step, [_tensor(one.value) for one in steps])
        return [self._number(float(value), step.column)]

    def _column(self, node: ast.expr) -> int:
        """Counted in characters from 1; Python counts bytes from 0."""
        return self.indent + len(self.line.encode()[: node.col_offset].decode()) + 1


def _too_deep(column: int) -> GdsolveError:
    return GdsolveError(f"column {column}: nested deeper than {DEEPEST}", "split it into several nodes")


def _apply(step: Step, arguments: list[Any]) -> Any:
    try:
        if step.kind == "apply":
            return APPLY[str(step.value)](*(_matrix_side(step, argument) for argument in arguments))
        return FUNCTIONS[str(step.value)][1](*map(_tensor, arguments))
    except (RuntimeError, IndexError) as fault:
        if "allocate memory" in str(fault) or "out of memory" in str(fault):
            raise
        reason = str(fault).splitlines()[0]
        raise GdsolveError(f"column {step.column}: {step.value}: {reason}", "see the shapes of its parts") from None


def _matrix_side(step: Step, argument: Any) -> Any:
    # Numbers stay numbers where they can: autograd's t**2 is PowBackward0 with a number and PowBackward1 with a tensor.
    return _tensor(argument) if step.value == "@" else argument


def _tensor(value: Any) -> Tensor:
    # A tensor of no dimension goes together with tensors of any device.
    return value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64, device="cpu")


def _described(node: ast.expr) -> str:
    words = {
        ast.Attribute: "an attribute (a dot after a name)",
        ast.Subscript: "an index in brackets",
        ast.Compare: "a comparison",
        ast.Constant: "such a constant",
        ast.Call: "a call other than name(…)",
        ast.Tuple: "a comma",
    }
    return words.get(type(node), f"Python's {type(node).__name__}")


def _short(name: str) -> str:
    return repr(name if len(name) <= 40 else f"{name[:40]}…")


def _nearest(name: str, names: Collection[str]) -> str:
    near = difflib.get_close_matches(name, list(names), n=1)
    return f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(names)[:20]) or 'no name'}"
