"""A graph with statements of its own as a program: they are PyTorch's already, and stand in it in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gdsolve.graph import trace
from gdsolve.graph.tape import GRAD, read_formulas, statement_text
from gdsolve.objective.expression import Expression
from gdsolve.programs.expression import written
from gdsolve.programs.text import assembled
from gdsolve.spec.graph_statements import (
    FormulaNode,
    GoBackward,
    Hook,
    InPlace,
    Leaf,
    PartialDerivative,
    RequireGrad,
    ZeroGrad,
)
from gdsolve.spec.trace_spec import TraceSpec

CLOSED = [
    "except (RuntimeError, AttributeError) as refused:  # what PyTorch does not do, with its own reason",
    "    print(str(refused).splitlines()[0])",
]


def has_statements(spec: TraceSpec) -> bool:
    """True where a graph has more than leaves and nodes."""
    return any(not isinstance(one, Leaf | FormulaNode) for one in spec.statements)


def text_program(
    spec: TraceSpec,
    title: str,
    node_lines: Callable[[FormulaNode, Expression], list[str]],
    value_text: Callable[[Any], str],
) -> str:
    """The program of a graph with statements; those that PyTorch refuses are tried, and its reason is printed.

    Raises:
        GdsolveError: a formula that cannot be read, or that PyTorch does not take as it stands.
    """
    graph, formulas = trace(spec), read_formulas(spec)
    status = {one.statement: one.status for one in graph.happenings}
    leaves = [one.name for one in spec.leaves if one.requires_grad]
    lines = ["torch.set_default_dtype(torch.float64)", "torch.set_printoptions(precision=12)", ""]
    for one in spec.statements:
        text = statement_text(one)
        if status.get(text) == "not run":
            break
        if isinstance(one, Leaf):
            required = ", requires_grad=True" if one.requires_grad else ""
            lines.append(f"{one.name} = torch.tensor({value_text(one.value)}{required})")
        elif isinstance(one, FormulaNode):
            lines += node_lines(one, formulas[id(one)])
        else:
            lines += _tried(_lines(one, formulas.get(id(one)), leaves), refused=status.get(text) == "refused")
        made = one.name if isinstance(one, FormulaNode | PartialDerivative) else None
        kept = made in spec.options.retain_grad or (isinstance(one, FormulaNode) and one.retain_grad)
        if kept and any(node.name == made and node.requires_grad for node in graph.nodes):
            lines.append(f"{made}.retain_grad()")
    if spec.goes_back:
        lines += ["", *_passes(spec, leaves, refused=any(one.status == "refused" for one in graph.backward))]
    told = [f'print("{node.name} =", {node.name}.detach())' for node in graph.nodes]
    told += [
        f'print("{node.name}.grad =", {node.name}.grad)'
        for node in graph.nodes
        if node.grad is not None or (node.is_leaf and node.requires_grad)
    ]
    return assembled(title, [line.replace(GRAD, ".grad") for line in [*lines, "", *told]])


def _passes(spec: TraceSpec, leaves: list[str], *, refused: bool) -> list[str]:
    options = spec.options
    given = "retain_graph=True" if options.retain_graph else ""
    lines = [f"{name}.grad = None" for name in leaves] if options.zero_grad else []
    lines = _tried([*lines, f"{spec.root}.backward({given})"], refused=refused)
    return lines if options.repeat == 1 else [f"for _ in range({options.repeat}):", *(f"    {one}" for one in lines)]


def _tried(lines: list[str], *, refused: bool) -> list[str]:
    return ["try:", *(f"    {line}" for line in lines), *CLOSED] if refused else lines


def _lines(one: Any, expression: Expression | None, leaves: list[str]) -> list[str]:
    code = "" if expression is None else written(expression)
    match one:
        case PartialDerivative():
            given = "".join(f", {mark}" for mark in _marks(one))
            return [f"{one.name} = torch.autograd.grad({one.of}, {one.by}{given})[0]"]
        case InPlace():
            change = f"{one.name} {one.operator}= {code}"
            return ["with torch.no_grad():", f"    {change}"] if one.no_grad else [change]
        case ZeroGrad():
            names = leaves if one.name is None else [one.name]
            return [f"{name}.grad = None" if one.dropped else f"{name}.grad.zero_()" for name in names]
    return [f"{one.name}.{_call(one, code)}"]


def _call(one: Any, code: str) -> str:
    """The call of a method."""
    match one:
        case Hook():
            return f"register_hook({f'lambda {one.parameter}: {code}' if code else 'print'})"
        case RequireGrad():
            return f"requires_grad_({one.truth})"
        case GoBackward():
            return f"backward({', '.join(_marks(one))})"
    return "retain_grad()"


def _marks(one: PartialDerivative | GoBackward) -> list[str]:
    marks = {"retain_graph": one.retain_graph, "create_graph": one.create_graph}
    return [f"{mark}=True" for mark, wanted in marks.items() if wanted]
