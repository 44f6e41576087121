"""The gradient of one number by a vector or matrix as a formula of matrices: backward, one operation at a time.

Rules: for C = A @ B, with the gradient G by C, those by A and B are G @ Bᵀ and Aᵀ @ G; operations on entries multiply
by their slopes. Source: Petersen and Pedersen (2012), The Matrix Cookbook, section 2.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sympy
import torch

from gdsolve.graph.sympy_functions import AS_SYMPY, NoSymbolsError
from gdsolve.objective.expression import parse
from gdsolve.objective.operation import Operation, run
from gdsolve.spec.graph_statements import FormulaNode
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from torch import Tensor

    from gdsolve.graph.tape import Tape

CLOSE = 1e-6
MOST_LETTERS = 160


@dataclass(frozen=True, slots=True)
class _Gradient:
    """A gradient, coefficient times a formula, None for 1; `spread` where one number stands for every entry."""

    coefficient: float = 1.0
    text: str | None = None
    spread: bool = True

    def times(self, coefficient: float = 1.0, text: str | None = None, *, spread: bool | None = None) -> _Gradient:
        """This times a number and, entry by entry, a formula."""
        texts = [one for one in (self.text, text) if one is not None]
        joined = "*".join(f"({one})" for one in texts) if texts else None
        return _Gradient(self.coefficient * coefficient, joined, self.spread if spread is None else spread)

    def written(self) -> str:
        """As it is typed."""
        number = f"{self.coefficient:.8g}"
        if self.text is None:
            return number
        return f"({self.text})" if self.coefficient == 1.0 else f"{number}*({self.text})"


def matrix_forms(tape: Tape, root: str, leaf: str) -> tuple[str, ...]:
    """The gradient of a root by a leaf: with the names of nodes, and of leaves alone.

    Raises:
        NoSymbolsError: an operation without a rule here, or a formula that does not give autograd's gradient.
    """
    coming: dict[str, list[_Gradient]] = {root: [_Gradient()]}
    for name in reversed(tape.tensors):
        one = tape.given[name]
        if name in coming and isinstance(one, FormulaNode) and tape.tensors[name].grad_fn is not None:
            for used, gradients in _through(tape, one, _added(coming[name])).items():
                coming.setdefault(used, []).extend(gradients)
    if leaf not in coming:
        raise NoSymbolsError(f"no path leads from {root} to {leaf}")
    text = " + ".join(one.written() for one in coming[leaf])
    if all(one.spread for one in coming[leaf]) and tape.tensors[leaf].dim():
        # One number for every entry.
        text = f"{text} + 0*{leaf}"
    forms = tuple(dict.fromkeys(_tidy(one) for one in (text, _by_leaves(tape, text))))
    expected = tape.gradients.get(tape.book.note(tape.tensors[leaf]))
    for form in forms:
        _check(tape, form, expected)
    return forms if len(forms[-1]) <= MOST_LETTERS else forms[:1]


def _added(gradients: Sequence[_Gradient]) -> _Gradient:
    if len(gradients) == 1:
        return gradients[0]
    return _Gradient(1.0, " + ".join(one.written() for one in gradients), all(one.spread for one in gradients))


def _check(tape: Tape, form: str, expected: Tensor | None) -> None:
    values = {name: tensor.detach() for name, tensor in tape.tensors.items()}
    try:
        found = parse(form, list(values)).evaluate(values)
    except GdsolveError:
        raise NoSymbolsError("its formula is too long, or has shapes that only broadcasting joins") from None
    if expected is None or found.shape != expected.shape or not torch.allclose(found, expected, rtol=CLOSE, atol=CLOSE):
        raise NoSymbolsError("the formula does not give autograd's gradient here, as where shapes are broadcast")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a formula: how it is written, its value, and the places of its arguments."""

    text: str
    value: Tensor
    step: Operation
    arguments: tuple[int, ...]


def _through(tape: Tape, node: FormulaNode, gradient: _Gradient) -> dict[str, list[_Gradient]]:
    """The gradients by the names in a formula, from the one by its value."""
    expression = tape.formula(node)
    pieces: list[_Piece] = []
    stack: list[int] = []
    values = {name: tape.tensors[name].detach() for name in expression.names}
    for step in expression.steps:
        arguments = tuple(stack[len(stack) - step.arity :]) if step.arity else ()
        del stack[len(stack) - step.arity :]
        text = f"{float(step.value):.8g}" if step.kind == "number" else str(step.value)
        if step.arity:
            text = f"({expression.written(step)})"
        steps = _steps_of(pieces, arguments)
        value = torch.as_tensor(run([*steps, step], values), dtype=torch.float64)
        stack.append(len(pieces))
        pieces.append(_Piece(text, value, step, arguments))
    coming: dict[int, list[_Gradient]] = {len(pieces) - 1: [gradient]}
    found: dict[str, list[_Gradient]] = {}
    for place in reversed(range(len(pieces))):
        if place not in coming:
            continue
        piece, here = pieces[place], _added(coming[place])
        if piece.step.kind == "name" and tape.tensors[str(piece.step.value)].requires_grad:
            found.setdefault(str(piece.step.value), []).append(here)
        if piece.step.arity:
            given = [pieces[one] for one in piece.arguments]
            for one, (argument, back) in zip(piece.arguments, _back(piece, given, here), strict=True):
                if argument.step.kind != "number":
                    coming.setdefault(one, []).append(back)
    return found


def _steps_of(pieces: Sequence[_Piece], places: Sequence[int]) -> list[Operation]:
    found: list[Operation] = []
    for place in places:
        found += [*_steps_of(pieces, pieces[place].arguments), pieces[place].step]
    return found


def _back(piece: _Piece, given: Sequence[_Piece], gradient: _Gradient) -> list[tuple[_Piece, _Gradient]]:
    """The gradients by the arguments of one operation, from the one by its value."""
    name = str(piece.step.value)
    if name in ("+", "-") and _alike(piece, given):
        return [(given[0], gradient), (given[1], gradient.times(1.0 if name == "+" else -1.0))]
    if name in ("@", "dot"):
        return _product(name, given, gradient)
    if name in ("*", "/", "**"):
        return _entries(name, piece, given, gradient)
    if len(given) == 1:
        return [(given[0], _single(name, given[0], gradient))]
    raise NoSymbolsError(f"there is no rule of matrices here for {name}")


def _single(name: str, argument: _Piece, gradient: _Gradient) -> _Gradient:
    """The gradient by the one argument of an operation."""
    if name == "negative":
        return gradient.times(-1.0)
    if name in ("sum", "mean"):
        return gradient.times(1.0 if name == "sum" else 1.0 / argument.value.numel(), spread=True)
    if name == "transpose":
        return gradient if gradient.text is None else replace(gradient, text=f"transpose({gradient.text})")
    if name not in AS_SYMPY or name == "prod":
        raise NoSymbolsError(f"there is no rule of matrices here for {name}")
    symbol = sympy.Symbol(argument.text, real=True)
    return gradient.times(1.0, str(sympy.diff(AS_SYMPY[name](symbol), symbol)), spread=False)


def _alike(piece: _Piece, given: Sequence[_Piece]) -> bool:
    if all(one.value.shape == piece.value.shape or one.step.kind == "number" for one in given):
        return True
    raise NoSymbolsError(f"{piece.text} spreads a small tensor over a large one")


def _product(name: str, given: Sequence[_Piece], gradient: _Gradient) -> list[tuple[_Piece, _Gradient]]:
    one, other = given
    if one.value.dim() == other.value.dim() == 1:
        return [
            (one, gradient.times(1.0, other.text, spread=False)),
            (other, gradient.times(1.0, one.text, spread=False)),
        ]
    if name == "dot" or one.value.dim() != 2 or other.value.dim() != 2:
        raise NoSymbolsError(
            "there is no rule here for the product of a matrix and a vector; write the vector as a column"
        )
    size = (one.value.shape[0], other.value.shape[1])
    if gradient.spread:
        if size != (1, 1):
            raise NoSymbolsError("a matrix of ones has no name in a formula")
        left = f"transpose({other.text})", f"transpose({one.text})"
        return [
            (one, gradient.times(1.0, left[0], spread=False)),
            (other, gradient.times(1.0, left[1], spread=False)),
        ]
    text = gradient.text or ""
    return [
        (one, replace(gradient, text=f"({text}) @ transpose({other.text})")),
        (other, replace(gradient, text=f"transpose({one.text}) @ ({text})")),
    ]


def _entries(name: str, piece: _Piece, given: Sequence[_Piece], gradient: _Gradient) -> list[tuple[_Piece, _Gradient]]:
    """A product, quotient or power entry by entry, with single numbers on either side."""
    one, other = given
    found = []
    for place, argument in enumerate(given):
        if argument.step.kind == "number":
            found.append((argument, gradient))
            continue
        symbols = [
            sympy.Float(float(part.value)) if part.step.kind == "number" else sympy.Symbol(f"_{number}", real=True)
            for number, part in enumerate((one, other))
        ]
        slope = sympy.diff(AS_SYMPY[name](*symbols), symbols[place])
        coefficient, rest = slope.as_coeff_Mul()
        text = None if rest == 1 else str(rest).replace("**1.0", "")
        for number, part in enumerate((one, other)):
            text = None if text is None else re.sub(rf"\b_{number}\b", lambda _, part=part: part.text, text)  # type: ignore[misc]
        alone = argument.value.shape != piece.value.shape
        single = all(
            not part.value.dim() or sign not in rest.free_symbols for part, sign in zip(given, symbols, strict=True)
        )
        made = gradient.times(float(coefficient), text, spread=gradient.spread and single)
        if alone and argument.value.numel() == 1:
            made = _Gradient(made.coefficient, f"sum({made.text})" if made.text is not None else None, True)
        elif alone:
            raise NoSymbolsError(f"{piece.text} spreads a small tensor over a large one")
        found.append((argument, made))
    return found


def _by_leaves(tape: Tape, text: str) -> str:
    """A formula with the formulas of nodes in place of their names."""
    for name in reversed(tape.tensors):
        one = tape.given[name]
        if isinstance(one, FormulaNode):
            text = re.sub(rf"\b{re.escape(name)}\b", lambda _, one=one: f"({one.expression})", text)  # type: ignore[misc]
    return text


def _tidy(text: str) -> str:
    """A formula without parentheses that say nothing."""
    try:
        return ast.unparse(ast.parse(text, mode="eval"))
    except (SyntaxError, RecursionError):
        return text
