"""From the text of a formula, by Python's syntax tree, to its steps."""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Collection, Mapping, Sequence

from gdsolve.objective import formula_hints
from gdsolve.objective.functions import FUNCTIONS, KNOWN, NUMBERS, TAKES
from gdsolve.objective.operation import Operation, Place, apply, as_tensor, guard_branch, refused, run
from gdsolve.objective.spellings import read_as
from gdsolve.status import GdsolveError

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
SIGNS: dict[type[ast.AST], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


class FormulaReader:
    """Syntax tree to steps."""

    def __init__(
        self,
        line: str,
        names: Collection[str],
        stands_for: Mapping[str, str],
        absent: str,
        unknown: set[str] | None = None,
    ) -> None:
        self.line = line.strip()
        self.indent = len(line) - len(line.lstrip())
        self.names = names
        self.stands_for = stands_for
        self.absent = absent
        self.unknown = unknown

    def read(self) -> list[Operation]:
        """The steps of the formula.

        Raises:
            GdsolveError: as `parse` does.
        """
        if not self.line:
            raise refused(1, "no formula", f"use {KNOWN}")
        # Versions of Python differ in what they say of it, and where.
        if "\0" in self.line:
            raise refused(self.line.index("\0") + 1, "not a formula: a null character", f"use {KNOWN}")
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
            raise refused(column, f"not a formula: {reason}", hint) from None
        except (RecursionError, MemoryError):
            raise _too_deep(1) from None
        try:
            return self._whole(tree.body)
        except RecursionError:
            # Dots and brackets behind one another nest without a bracket around them: x.y.y.y
            raise _too_deep(1) from None

    def _whole(self, body: ast.expr) -> list[Operation]:
        steps = self._any(body, 1)
        if steps[-1].is_truth:
            hint = formula_hints.for_condition(self._as_written(ast.unparse(body)))
            raise refused(self._column(body), f"{_described(body)} has no place in a formula", hint)
        return steps

    def _steps(self, node: ast.expr, depth: int) -> list[Operation]:
        """The steps of a number: a condition counts 1 where it holds, and 0 elsewhere."""
        steps = self._any(node, depth)
        if not steps[-1].is_truth:
            return steps
        return [*steps, Operation("apply", "number", 1, self._column(node), self._end(node))]

    def _condition(self, node: ast.expr, depth: int) -> list[Operation]:
        steps = self._any(node, depth)
        if not steps[-1].is_truth:
            hint = formula_hints.for_no_condition(self._as_written(ast.unparse(node)))
            raise refused(self._column(node), "a number where a condition is wanted", hint)
        return steps

    def _any(self, node: ast.expr, depth: int) -> list[Operation]:
        """The steps of a number or of a condition."""
        if depth > DEEPEST:
            raise _too_deep(self._column(node))
        for read in (self._operand, self._logical, self._called):
            if (steps := read(node, depth)) is not None:
                return steps
        if (meant := read_as(node, self.names)) is not None:
            return self._any(meant, depth + 1)
        raise self._no_part(node, self._column(node))

    def _operand(self, node: ast.expr, depth: int) -> list[Operation] | None:
        """Numbers, names, signs, operators between numbers, and an index."""
        found: list[Operation] | None = None
        column, end = self._column(node), self._end(node)
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                found = [self._number(value, column, end)]
            case ast.Name(id=name):
                found = [self._name(name, column, end)]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                found = self._fold(Operation("apply", "negative", 1, column, end), [self._steps(operand, depth + 1)])
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                found = self._steps(operand, depth + 1)
            case ast.BinOp(op=op) if type(op) in OPERATORS:
                found = self._chain(node, depth)
            case ast.Subscript(value=value, slice=place) if (places := _places(place)) is not None:
                found = self._index(value, places, depth, column, end)
        return found

    def _logical(self, node: ast.expr, depth: int) -> list[Operation] | None:
        """Comparisons, `and`, `or`, `not`, and a choice by one."""
        found: list[Operation] | None = None
        column, end = self._column(node), self._end(node)
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                found = [*self._condition(operand, depth + 1), Operation("apply", "not", 1, column, end)]
            case ast.BoolOp(op=op, values=values):
                truths = [step for value in values for step in self._condition(value, depth + 1)]
                word = "and" if isinstance(op, ast.And) else "or"
                found = [*truths, Operation("apply", word, len(values), column, end)]
            case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in SIGNS for op in ops):
                sides = [step for side in (left, *others) for step in self._steps(side, depth + 1)]
                signs = " ".join(SIGNS[type(op)] for op in ops)
                found = [*sides, Operation("apply", signs, len(ops) + 1, column, end)]
            case ast.IfExp(test=test, body=body, orelse=other):
                found = self._where(test, (body, other), depth, column, end)
        return found

    def _called(self, node: ast.expr, depth: int) -> list[Operation] | None:
        """A function of those that there are."""
        match node:
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
                column, end = self._column(node), self._end(node)
                self._check_count(node, name, column)
                if name == "where":
                    return self._where(arguments[0], (arguments[1], arguments[2]), depth, column, end)
                given = [self._steps(argument, depth + 1) for argument in arguments]
                return self._fold(Operation("call", name, len(given), column, end), given)
        return None

    def _no_part(self, node: ast.expr, column: int) -> GdsolveError:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            name = self.stands_for.get(node.func.id, node.func.id)
            hint = formula_hints.for_function(node, name, self.names, self._as_written)
            return refused(column, f"unknown function {short(name)}", hint)
        if isinstance(node, ast.BinOp):
            column = self._operator(node)
        words = f"{_described(node)} has no place in a formula"
        return refused(column, words, formula_hints.for_node(node, self.names, self._as_written))

    def _where(
        self, test: ast.expr, branches: tuple[ast.expr, ast.expr], depth: int, column: int, end: int
    ) -> list[Operation]:
        """A choice by rows: a branch is computed, and differentiated, only where it is taken."""
        condition = self._condition(test, depth + 1)
        first, second = (self._steps(branch, depth + 1) for branch in branches)
        if not any(one.kind == "name" for one in condition):
            return first if bool(run(condition, {})) else second
        span = (column, end)
        return [
            *condition,
            Operation("apply", "condition", 1, column, end),
            *guard_branch(first, span, taken=True),
            *guard_branch(second, span, taken=False),
            Operation("call", "where", 3, column, end),
        ]

    def _index(self, value: ast.expr, places: tuple[Place, ...], depth: int, column: int, end: int) -> list[Operation]:
        steps = self._steps(value, depth + 1)
        if not any(one.kind == "name" for one in steps):
            raise refused(column, "a number has no entries", "leave the brackets out")
        return [*steps, Operation("apply", "index", 1, column, end, places=places)]

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
            raise refused(column, "a constant that is not finite", "write numbers below 1e308")
        return Operation("number", number, 0, column, end)

    def _name(self, name: str, column: int, end: int) -> Operation:
        name = self.stands_for.get(name, name)
        if name in self.names:
            return Operation("name", name, 0, column, end)
        if self.unknown is not None and formula_hints.may_be_parameter(name):
            self.unknown.add(name)
            return Operation("name", name, 0, column, end)
        if name in NUMBERS:
            return Operation("number", NUMBERS[name], 0, column, end)
        if name in FUNCTIONS:
            raise refused(column, f"{name} is a function", f"write {name}(…)")
        hint = formula_hints.for_name(name, self.names, self.line, self.absent)
        raise refused(column, f"unknown name {short(name)}", hint)

    def _check_count(self, call: ast.Call, name: str, column: int) -> None:
        arities, count = FUNCTIONS[name][0], len(call.args)
        if count not in arities:
            wanted = " or ".join(map(str, arities)) + (" argument" if arities == (1,) else " arguments")
            hint = formula_hints.for_count(call, name, self._as_written)
            raise refused(column, f"{name} takes {wanted}, not {count}", hint)

    def _fold(self, step: Operation, parts: list[list[Operation]]) -> list[Operation]:
        steps = [one for part in parts for one in part]
        if any(one.kind != "number" for one in steps):
            return [*steps, step]
        value = float(apply(step, [as_tensor(one.value) for one in steps]))
        if not math.isfinite(value):
            sign = str(step.value)
            what = "is not a number" if math.isnan(value) else "is not finite"
            hint = f"{sign} takes {TAKES[sign]}" if sign in TAKES and _is_out_of_range(sign, steps) else _SMALLER
            raise refused(step.column, f"{_written(step, steps)} {what}", hint)
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


def _places(node: ast.expr) -> tuple[Place, ...] | None:
    """Whole numbers, and ranges of them, in brackets; None for anything else."""
    found: list[Place] = []
    for one in node.elts if isinstance(node, ast.Tuple) else [node]:
        if isinstance(one, ast.Slice):
            ends = [None if end is None else _whole(end) for end in (one.lower, one.upper)]
            given = [end for end in (one.lower, one.upper) if end is not None]
            if one.step is not None or len(given) != sum(end is not None for end in ends):
                return None
            found.append(slice(*ends))
        elif (place := _whole(one)) is not None:
            found.append(place)
        else:
            return None
    return tuple(found) or None


def _whole(node: ast.expr) -> int | None:
    """A whole number as it is written, with its sign; None for anything else."""
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)) if not isinstance(value, bool):
            return -value
    return None


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
    return refused(column, f"nested deeper than {DEEPEST}", SHORTER)


def _described(node: ast.expr) -> str:
    if isinstance(node, ast.BinOp):
        return f"the operator {OTHER_OPERATORS[type(node.op)]}"
    words = {
        ast.Attribute: "an attribute (a dot after a name)",
        ast.Subscript: "such an index in brackets",
        ast.Compare: "a comparison",
        ast.Constant: "such a constant",
        ast.Call: "a call other than name(…)",
        ast.Tuple: "a comma",
        ast.List: "a list in brackets",
        ast.Set: "a set in braces",
        ast.BoolOp: "a condition",
    }
    if isinstance(node, ast.UnaryOp):
        return "a condition" if isinstance(node.op, ast.Not) else "the operator ~"
    return words.get(type(node), f"Python's {type(node).__name__}")


def short(name: str) -> str:
    """A name in quotes, cut to 40 characters."""
    return repr(name if len(name) <= 40 else f"{name[:40]}…")
