"""Formulas as text, such as `sum((X @ w - y)**2)/2`, read by a whitelist over Python's syntax tree; Python runs none.

An expression becomes steps in postfix order, so that evaluating it needs no recursion. Constants are folded in float64.
"""

from __future__ import annotations

import ast
import keyword
import math
import operator
import re
import unicodedata
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from gdsolve.objective import formula_hints
from gdsolve.objective.functions import FUNCTIONS, KNOWN, NUMBERS, REDUCTIONS, TAKES
from gdsolve.status import GdsolveError

LONGEST = 10_000
LONGEST_SHOWN = 80
DEEPEST = 100
SHORTER = "write it shorter; trace can split it into several nodes"
_SMALLER = "write a number below 1e308"
OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.MatMult: "@",
}
OTHER_OPERATORS: dict[type[ast.AST], str] = {
    ast.Mod: "%",
    ast.FloorDiv: "//",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
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


@dataclass(frozen=True, slots=True)
class Operation:
    """One step in postfix order: push a number or a name, or apply an operator or function to the last `arity`.

    It was read from the columns of the formula, counted from 1, from `column` on and before `end`.
    """

    kind: Literal["number", "name", "apply", "call"]
    value: float | str
    arity: int
    column: int
    end: int


@dataclass(frozen=True, slots=True)
class Expression:
    """A formula that was read; `names` are those it uses."""

    text: str
    steps: tuple[Operation, ...]
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
                stack.append(apply(step, arguments))
        (result,) = stack
        return as_tensor(result)

    def written(self, step: Operation) -> str:
        """A step as it stands in the formula, cut to one line of 80 characters."""
        text = " ".join(self.text[step.column - 1 : step.end - 1].split())
        return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def parse(text: str, names: Collection[str], absent: str = "") -> Expression:
    """Read a formula over `names`; one that is no word of Python stands in it in backticks, as in `time (s)`.

    `absent` is what to do for a name that should be there, for the hint, with {name} in it.

    Raises:
        GdsolveError: anything but numbers, known names, + - * / ** @ and the functions of `FUNCTIONS`, or a constant
            that is not finite; the message names the column, which is its `place` as well.
    """
    if len(text) > LONGEST:
        raise _refused(LONGEST + 1, f"longer than {LONGEST} characters", SHORTER)
    line = text.replace("\r", " ").replace("\n", " ").replace("\t", " ")
    line, stands_for = _with_words(line, names)
    if (odd := formula_hints.for_sign(line, names)) is not None:
        place, words, hint = odd
        raise _refused(place + 1, words, hint)
    steps = _Reader(line, names, stands_for, absent).read()
    used = frozenset(str(step.value) for step in steps if step.kind == "name")
    return Expression(text, tuple(steps), used)


def _refused(column: int, words: str, hint: str) -> GdsolveError:
    return GdsolveError(f"column {column}: {words}", hint, column=column)


def _with_words(line: str, names: Collection[str]) -> tuple[str, dict[str, str]]:
    """The formula with a word, as long, for every name that Python does not take, and what these words stand for."""
    stands_for: dict[str, str] = {}

    def word(match: re.Match[str]) -> str:
        name = match[1] or match[0]
        if match[1] is None and (name not in names or not keyword.iskeyword(name)):
            return name
        if name not in names:
            raise _refused(
                match.start() + 1, f"unknown name {_short(name)}", formula_hints.for_name(name, names, "", "")
            )
        known = next((one for one, meant in stands_for.items() if meant == name), None)
        found = known or f"_{len(stands_for)}".ljust(len(match[0]), "_")
        while known is None and (found in line or found in names):
            found += "_"
        stands_for[found] = name
        return found

    replaced = re.sub(r"`([^`]*)`|[^\W\d]\w*", word, line)
    if "`" in replaced:
        raise _refused(replaced.index("`") + 1, "a backtick without its second", "write `name`")
    if not line.isascii():
        # Python reads `µ` of a keyboard as the Greek letter.
        stands_for |= {unicodedata.normalize("NFKC", name): name for name in names if not name.isascii()}
    return replaced, stands_for


class _Reader:
    """Syntax tree to steps."""

    def __init__(self, line: str, names: Collection[str], stands_for: Mapping[str, str], absent: str) -> None:
        self.line = line.strip()
        self.indent = len(line) - len(line.lstrip())
        self.names = names
        self.stands_for = stands_for
        self.absent = absent

    def read(self) -> list[Operation]:
        if not self.line:
            raise _refused(1, "no formula", f"use {KNOWN}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(self.line, mode="eval")
        except SyntaxError as fault:
            # Python has no place for an end that comes too early.
            column = self.indent + min(fault.offset or len(self.line) + 1, len(self.line) + 1)
            if "too many nested" in fault.msg:
                raise _too_deep(column) from None
            # What Python guesses after the reason is meant for programs.
            reason = re.split(r"; |\. |, perhaps", fault.msg, maxsplit=1)[0]
            hint = formula_hints.for_syntax(self.line, column, reason, self.names, self.absent)
            raise _refused(column, f"not a formula: {reason}", hint) from None
        except ValueError as fault:
            raise _refused(1, f"not a formula: {fault}", f"use {KNOWN}") from None
        except (RecursionError, MemoryError):
            raise _too_deep(1) from None
        return self._steps(tree.body, 1)

    def _steps(self, node: ast.expr, depth: int) -> list[Operation]:
        column, end = self._column(node), self._end(node)
        if depth > DEEPEST:
            raise _too_deep(column)
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return [self._number(value, column, end)]
            case ast.Name(id=name):
                return [self._name(name, column, end)]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._fold(Operation("apply", "negative", 1, column, end), [self._steps(operand, depth + 1)])
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._steps(operand, depth + 1)
            case ast.BinOp(op=op) if type(op) in OPERATORS:
                return self._chain(node, depth)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                self._check_call(node, name, column)
                given = [self._steps(argument, depth + 1) for argument in arguments]
                return self._fold(Operation("call", name, len(given), column, end), given)
        if isinstance(node, ast.BinOp):
            column = self._operator(node)
        raise _refused(
            column,
            f"{_described(node)} has no place in a formula",
            formula_hints.for_node(node, self.names, self._as_written),
        )

    def _chain(self, node: ast.BinOp, depth: int) -> list[Operation]:
        """a + b + c + …, which leans to the left however long it is, and nests no deeper for that."""
        links: list[ast.BinOp] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp) and type(first.op) in OPERATORS:
            links.append(first)
            first = first.left
        steps = self._steps(first, depth + 1)
        for link in reversed(links):
            step = Operation("apply", OPERATORS[type(link.op)], 2, self._column(link), self._end(link))
            steps = self._fold(step, [steps, self._steps(link.right, depth + 1)])
        return steps

    def _number(self, value: float, column: int, end: int) -> Operation:
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise _refused(column, "a constant that is not finite", "write numbers below 1e308")
        return Operation("number", number, 0, column, end)

    def _name(self, name: str, column: int, end: int) -> Operation:
        name = self.stands_for.get(name, name)
        if name in self.names:
            return Operation("name", name, 0, column, end)
        if name in NUMBERS:
            return Operation("number", NUMBERS[name], 0, column, end)
        if name in FUNCTIONS:
            raise _refused(column, f"{name} is a function", f"write {name}(…)")
        hint = formula_hints.for_name(name, self.names, self.line, self.absent)
        raise _refused(column, f"unknown name {_short(name)}", hint)

    def _check_call(self, call: ast.Call, name: str, column: int) -> None:
        if name not in FUNCTIONS:
            name = self.stands_for.get(name, name)
            hint = formula_hints.for_function(call, name, self.names, self._as_written)
            raise _refused(column, f"unknown function {_short(name)}", hint)
        arities, count = FUNCTIONS[name][0], len(call.args)
        if count not in arities:
            wanted = " or ".join(map(str, arities)) + (" argument" if arities == (1,) else " arguments")
            hint = formula_hints.for_count(call, name, self._as_written)
            raise _refused(column, f"{name} takes {wanted}, not {count}", hint)

    def _fold(self, step: Operation, parts: list[list[Operation]]) -> list[Operation]:
        steps = [one for part in parts for one in part]
        if any(one.kind != "number" for one in steps):
            return [*steps, step]
        value = float(apply(step, [as_tensor(one.value) for one in steps]))
        if not math.isfinite(value):
            sign = str(step.value)
            what = "is not a number" if math.isnan(value) else "is not finite"
            hint = f"{sign} takes {TAKES[sign]}" if sign in TAKES and _is_out_of_range(sign, steps) else _SMALLER
            raise _refused(step.column, f"{_written(step, steps)} {what}", hint)
        return [Operation("number", value, 0, step.column, step.end)]

    def _column(self, node: ast.expr) -> int:
        """Counted in characters from 1; Python counts bytes from 0."""
        return self._place(node.col_offset)

    def _end(self, node: ast.expr) -> int:
        """The column behind it."""
        return self._place(node.end_col_offset or node.col_offset)

    def _operator(self, node: ast.BinOp) -> int:
        """Where the operator between two parts stands."""
        end = self._place(node.left.end_col_offset or 0) - self.indent - 1
        sign = re.search(r"[^\s()]", self.line[end:])
        return self.indent + end + 1 + (sign.start() if sign else 0)

    def _place(self, offset: int) -> int:
        return self.indent + len(self.line.encode()[:offset].decode()) + 1

    def _as_written(self, text: str) -> str:
        """A piece of the formula with the names that the user gave; none that is longer than a line can bear."""
        for word, name in self.stands_for.items():
            text = re.sub(rf"\b{word}\b", lambda _, name=name: formula_hints.in_a_formula(name), text)  # type: ignore[misc]
        return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _is_out_of_range(sign: str, steps: Sequence[Operation]) -> bool:
    """False where a value is merely too large."""
    numbers = [float(step.value) for step in steps]
    if sign == "/":
        return numbers[1] == 0.0
    return sign != "**" or numbers[0] <= 0.0


def _written(step: Operation, steps: Sequence[Operation]) -> str:
    numbers = [f"{float(one.value):g}" for one in steps]
    return str(step.value).join(numbers) if step.kind == "apply" else f"{step.value}({', '.join(numbers)})"


def _too_deep(column: int) -> GdsolveError:
    return _refused(column, f"nested deeper than {DEEPEST}", SHORTER)


def apply(step: Operation, arguments: list[Any]) -> Any:
    """What a step makes of its arguments, tensors or numbers.

    Raises:
        GdsolveError: shapes that do not go together.
    """
    try:
        if step.kind == "apply":
            return APPLY[str(step.value)](*(_matrix_side(step, argument) for argument in arguments))
        return FUNCTIONS[str(step.value)][1](*map(as_tensor, arguments))
    except (RuntimeError, IndexError) as fault:
        if "allocate memory" in str(fault) or "out of memory" in str(fault):
            raise
        reason = str(fault).splitlines()[0]
        shapes = " and ".join(str(tuple(as_tensor(argument).shape)) for argument in arguments)
        hint = f"its parts have the shapes {shapes}; transpose(…) turns a matrix, and @ multiplies matrices"
        raise _refused(step.column, f"{step.value}: {reason}", hint) from None


def _matrix_side(step: Operation, argument: Any) -> Any:
    # Numbers stay numbers where they can: autograd's t**2 is PowBackward0 with a number and PowBackward1 with a tensor.
    return as_tensor(argument) if step.value == "@" else argument


def as_tensor(value: Any) -> Tensor:
    """A number as a tensor; a tensor as it is."""
    # A tensor of no dimension goes together with tensors of any device.
    return value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64, device="cpu")


def _described(node: ast.expr) -> str:
    if isinstance(node, ast.BinOp):
        return f"the operator {OTHER_OPERATORS[type(node.op)]}"
    words = {
        ast.Attribute: "an attribute (a dot after a name)",
        ast.Subscript: "an index in brackets",
        ast.Compare: "a comparison",
        ast.Constant: "such a constant",
        ast.Call: "a call other than name(…)",
        ast.Tuple: "a comma",
        ast.List: "a list in brackets",
        ast.Set: "a set in braces",
        ast.BoolOp: "a logical word",
        ast.IfExp: "if … else",
    }
    return words.get(type(node), f"Python's {type(node).__name__}")


def _short(name: str) -> str:
    return repr(name if len(name) <= 40 else f"{name[:40]}…")
