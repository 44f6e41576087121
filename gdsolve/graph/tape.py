"""The tensors of a graph while its statements run, and what is noted of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from gdsolve.graph.functions import FunctionBook
from gdsolve.graph.states import Backward, Happening
from gdsolve.objective.expression import Expression, parse
from gdsolve.objective.operation import Operation
from gdsolve.spec.graph_statements import FormulaNode, Hook, InPlace, Leaf, PartialDerivative, Statement
from gdsolve.spec.trace_spec import TraceSpec
from gdsolve.status import GdsolveError, Place

GRAD = "ːgrad"
"""Stands for `.grad` behind a name in a formula: a letter, of one cell, that nobody types."""
Formula = FormulaNode | InPlace | Hook


@dataclass(slots=True)
class Tape:
    """The tensors so far, the functions behind them, and whether a backward went through.

    `versions` are those that the tensors a node was computed from had then, by node and name; `between` has the
    derivatives of nodes by those in their formulas, by their functions.
    """

    spec: TraceSpec
    formulas: dict[int, Expression]
    book: FunctionBook = field(default_factory=FunctionBook)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    given: dict[str, Leaf | FormulaNode | PartialDerivative] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)
    uses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    versions: dict[str, dict[str, int]] = field(default_factory=dict)
    changes: dict[str, str] = field(default_factory=dict)
    between: dict[tuple[Any, Any], Tensor] = field(default_factory=dict)
    hooks: dict[str, list[tuple[Hook, Expression | None]]] = field(default_factory=dict)
    heard: list[dict[str, Any]] = field(default_factory=list)
    gradients: dict[Any, Tensor] = field(default_factory=dict)
    backward: list[Backward] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    went_back: bool | None = None
    freed: str | None = None

    def formula(self, one: Formula) -> Expression:
        """The formula of a statement."""
        return self.formulas[id(one)]

    def values(self, expression: Expression, place: Place) -> dict[str, Tensor]:
        """What the names of a formula stand for; `t.grad` for the gradient that t has.

        Raises:
            GdsolveError: a gradient that is not there.
        """
        return {name: self._value(name, place) for name in expression.names}

    def _value(self, name: str, place: Place) -> Tensor:
        if name in self.tensors:
            return self.tensors[name]
        owner = name.removesuffix(GRAD)
        gradient = self.tensors[owner].grad if keeps_grad(self.tensors[owner]) else None
        if gradient is None:
            raise GdsolveError(
                f"{owner}.grad is None: no backward pass has filled it yet",
                "go backward before it, as in z.backward()",
                place=place,
            )
        return gradient

    def keep(self, one: Leaf | FormulaNode | PartialDerivative, tensor: Tensor, uses: tuple[str, ...]) -> None:
        """Take a new node in, with the tensors that it was computed from."""
        self.tensors[one.name], self.given[one.name], self.uses[one.name] = tensor, one, uses
        # A function may have saved what it gave as well.
        self.versions[one.name] = {name: self.tensors[name]._version for name in (*uses, one.name)}
        self.name(one.name, statement_text(one))

    def name(self, name: str, statement: str) -> None:
        """Note the functions behind a node, and that the last of them gives it."""
        function = self.book.note(self.tensors[name])
        if function is not None:
            self.own[name] = function
            note = self.book.notes[function]
            note.name, note.statement = name, statement
            ends = [*self.own.values()]
            found = self.book.gradients(function, ends=ends)
            self.between |= {(function, one): found[one] for one in ends if one in found and one is not function}

    def watch(self, expression: Expression, parts: list[tuple[Tensor, str]]) -> Any:
        """What notes the part of a formula that a function computes."""

        def seen(step: Operation, result: Any) -> None:
            if isinstance(result, Tensor) and result.grad_fn is not None:
                parts.append((result, expression.written(step).replace(GRAD, ".grad")))

        return seen

    def label(self, parts: list[tuple[Tensor, str]]) -> None:
        """Note the parts of a formula that functions compute."""
        for tensor, text in parts:
            self.book.note(tensor)
            note = self.book.notes[tensor.grad_fn]
            note.text = note.text or text

    def grads(self) -> dict[str, Any]:
        """The gradients that are there."""
        return {
            name: tensor.grad.tolist()
            for name, tensor in self.tensors.items()
            if keeps_grad(tensor) and tensor.grad is not None
        }

    def reached(self, name: str) -> list[str]:
        """The nodes that the functions of a node lead to first."""
        start = self.own.get(name)
        found: list[str] = []
        seen, pending = set[Any](), [start]
        named = {function: other for other, function in self.own.items()}
        while pending:
            function = pending.pop()
            if function is None or function in seen:
                continue
            seen.add(function)
            if function in named and function is not start:
                found.append(named[function])
            else:
                pending += [key[0] for key in self.book.notes[function].inputs if key is not None]
        return found

    def parents(self) -> Iterator[tuple[str, str]]:
        """Every computed node with each of those that it was computed from."""
        for name, uses in self.uses.items():
            for other in (one for one in self.tensors if one in uses and one != name):
                yield name, other


def keeps_grad(tensor: Tensor) -> bool:
    """True for a tensor whose `grad` backward fills."""
    return tensor.is_leaf or tensor.retains_grad


def read_formulas(spec: TraceSpec) -> dict[int, Expression]:
    """The formulas of all statements, by statement.

    Raises:
        GdsolveError: one that cannot be read.
    """
    own = {one.name for one in spec.statements if isinstance(one, Leaf | FormulaNode | PartialDerivative)}
    names: list[str] = []
    read: dict[int, Expression] = {}
    for one in spec.statements:
        match one:
            case FormulaNode():
                read[id(one)] = parse_formula(spec, where(spec, one), one.expression, names, own, one.line)
            case InPlace():
                read[id(one)] = parse_formula(spec, f"{one.text}: ", one.expression, names, own, one.line)
            case Hook(expression=str() as expression):
                read[id(one)] = parse_formula(spec, f"{one.text}: ", expression, [one.parameter], own, one.line)
        if isinstance(one, Leaf | FormulaNode | PartialDerivative):
            names.append(one.name)
    if spec.compare is not None:
        parse_formula(spec, "compare.formula: ", spec.compare.formula, names, own, None)
    return read


def where(spec: TraceSpec, node: FormulaNode) -> str:
    """A node as an error of its formula names it."""
    return f"nodes.{node.name}: " if spec.text is None else f"{node.name}: "


def parse_formula(
    spec: TraceSpec, head: str, text: str, names: list[str], own: Collection[str], line: int | None
) -> Expression:
    """A formula over the names so far, in which t.grad is the gradient of t."""
    grads = [f"{name}{GRAD}" for name in names if ".grad" in text]
    absent = "write it under leaves:, as in {name}: 1.0, or under nodes: before it"
    if spec.text is not None:
        absent = "give it a value before it, as in {name} = 1"
    # Of a spec the line is not said: its formula may stand below its name.
    place = Place(spec.path, line if spec.text is not None else None)
    try:
        expression = parse(_with_grads(text, names), [*names, *grads], absent)
        if (call := expression.called(own)) is not None:
            raise GdsolveError(
                f"column {call.column}: {call.value} is a function here, and a name of the graph as well",
                f"for a product write {call.value}*(…), or call the name otherwise, as in {call.value}0",
                column=call.column,
            )
        return expression
    except GdsolveError as fault:
        raise fault.within(head).but(place=place) from None


def _with_grads(text: str, names: Collection[str]) -> str:
    for name in names:
        text = text.replace(f"{name}.grad", f"{name}{GRAD}")
    return text


def evaluate(spec: TraceSpec, head: str, expression: Expression, values: Mapping[str, Tensor], seen: Any) -> Tensor:
    """The value of a formula.

    Raises:
        GdsolveError: shapes that do not go together.
    """
    try:
        return expression.evaluate(values, seen)
    except GdsolveError as fault:
        shapes = ", ".join(f"{plain_name(name)} {tuple(values[name].shape)}" for name in sorted(expression.names))
        hint = f"the shapes are {shapes}; transpose(…) turns a matrix, and @ multiplies matrices"
        raise fault.within(head).but(hint=hint, place=Place(spec.path)) from None


def plain_name(name: str) -> str:
    """A name of a formula as it is written."""
    return f"{name.removesuffix(GRAD)}.grad" if name.endswith(GRAD) else name


def statement_text(one: Statement) -> str:
    """A statement as it is shown."""
    match one:
        case Leaf():
            return f"{one.name} = {short(one.value)}"
        case FormulaNode():
            return f"{one.name} = {one.expression}{marks(one)}"
        case PartialDerivative():
            return f"{one.name} = {one.expression}"
    return one.text


def marks(node: FormulaNode) -> str:
    """What cuts a node from the graph."""
    found = [mark for mark, wanted in (("detached", node.detach), ("no_grad", node.no_grad)) if wanted]
    return f" ({', '.join(found)})" if found else ""


def short(value: Any) -> str:
    """A value on one line of at most 60 characters."""
    text = _written(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _written(value: Any) -> str:
    return f"[{', '.join(map(_written, value))}]" if isinstance(value, tuple) else f"{value:g}"


def leaf_tensor(value: Any, *, requires_grad: bool) -> Tensor:
    """A tensor of its own."""
    return torch.tensor(value, dtype=torch.float64, device="cpu", requires_grad=requires_grad)
