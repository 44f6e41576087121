"""An autograd graph as a program: the same tensors, the same statements, and `backward()`."""

from __future__ import annotations

from typing import Any

from gdsolve.graph import trace
from gdsolve.graph.states import Happening
from gdsolve.graph.tape import GRAD, read_formulas
from gdsolve.objective.expression import Expression
from gdsolve.programs.expression import written
from gdsolve.programs.text import assembled, no_program, number
from gdsolve.spec.graph_statements import (
    Action,
    FormulaNode,
    GoBackward,
    Hook,
    InPlace,
    Leaf,
    PartialDerivative,
    RequireGrad,
    RetainGrad,
    ZeroGrad,
)
from gdsolve.spec.trace_spec import TraceSpec

TITLE = "An autograd graph: its statements, backward(), and the gradients."
RESERVED = ("torch", "math", "print", "refused")
OPTIONS = ("create_graph", "retain_graph")


def graph_program(spec: TraceSpec, kind: str | None = None) -> str:
    """The program of a trace.

    Raises:
        GdsolveError: a formula that cannot be read, or that PyTorch does not take as it stands.
    """
    if kind == "matrix":
        raise no_program("a graph by hand", "give --code autograd")
    graph, formulas = trace(spec), read_formulas(spec)
    states = {node.name: node for node in graph.nodes}
    kept = [name for name, node in states.items() if node.grad is not None or (node.is_leaf and node.requires_grad)]
    lines = ["torch.set_default_dtype(torch.float64)", "torch.set_printoptions(precision=12)", ""]
    happenings = iter(graph.happenings)
    for one in spec.statements:
        formula = formulas.get(id(one))
        if isinstance(one, Leaf):
            required = ", requires_grad=True" if one.requires_grad else ""
            lines.append(f"{_named(one.name)} = torch.tensor({_value(one.value)}{required})")
        elif isinstance(one, FormulaNode) and formula is not None:
            lines += _statement(one, formula)
            asked = one.retain_grad or one.name in spec.options.retain_grad
            lines += [f"{one.name}.retain_grad()"] if asked and states[one.name].requires_grad else []
        else:
            lines += _guarded(_action(one, formula, kept), next(happenings))
    told = [*(f'print("{name} =", {name}.detach())' for name in states)]
    told += [f'print("{name}.grad =", {name}.grad)' for name in kept]
    refused = any(one.status == "refused" for one in graph.backward)
    last = _backward(spec, kept, refused=refused) if spec.goes_back else []
    return assembled(TITLE, [*lines, *last, "", *told])


def _named(name: str) -> str:
    if name in RESERVED:
        raise no_program(f"a node called {name}", f"call it otherwise, as in {name}0")
    return name


def _code(expression: Expression) -> str:
    return written(expression).replace(GRAD, ".grad")


def _statement(node: FormulaNode, expression: Expression) -> list[str]:
    code = _code(expression)
    if code in expression.names:
        # Another name alone would be the same tensor, and no node of the graph.
        code = f"{code}.view_as({code})"
    if not expression.names:
        code = f"torch.tensor({code})"
    name = _named(node.name)
    if node.no_grad:
        return ["with torch.no_grad():", f"    {name} = {code}"]
    if node.detach:
        bare = code.isidentifier() or (code.endswith(")") and not code.startswith("(") and " " not in code)
        return [f"{name} = {code if bare else f'({code})'}.detach()"]
    return [f"{name} = {code}"]


def _action(one: PartialDerivative | FormulaNode | Action, formula: Expression | None, kept: list[str]) -> list[str]:
    """A statement that gives no node by a formula."""
    name = _named(one.name) if one.name is not None else ""
    lines: list[str] = []
    match one:
        case PartialDerivative():
            call = ", ".join([one.of, one.by, *_marked(one)])
            lines = [f"{name} = torch.autograd.grad({call})[0]"]
        case InPlace() if formula is not None:
            line = f"{name} {one.operator}= {_code(formula)}"
            lines = ["with torch.no_grad():", f"    {line}"] if one.no_grad else [line]
        case Hook():
            lines = [f"{name}.register_hook(lambda {one.parameter}: {_code(formula)})"] if formula else []
        case GoBackward():
            lines = [f"{name}.backward({', '.join(_marked(one))})"]
        case RequireGrad():
            lines = [f"{name}.requires_grad_({one.truth})"]
        case RetainGrad():
            lines = [f"{name}.retain_grad()"]
        case ZeroGrad(name=None):
            lines = [f"{other}.grad = None" for other in kept]
        case ZeroGrad():
            lines = [f"{name}.grad = None" if one.dropped else f"{name}.grad.zero_()"]
    return lines


def _marked(one: PartialDerivative | GoBackward) -> list[str]:
    return [f"{option}=True" for option in OPTIONS if getattr(one, option)]


def _guarded(lines: list[str], happening: Happening) -> list[str]:
    """The lines as they are, with PyTorch's own reason where it refuses them; none of what comes after a refusal."""
    if happening.status == "not run":
        return []
    return lines if happening.status == "ok" else _tried(lines)


def _tried(lines: list[str]) -> list[str]:
    return [
        "try:",
        *_within(lines),
        "except RuntimeError as refused:  # what PyTorch does not do, with its own reason",
        "    print(str(refused).splitlines()[0])",
    ]


def _backward(spec: TraceSpec, cleared: list[str], *, refused: bool) -> list[str]:
    options, root = spec.options, spec.root
    lines = [f"{root}.backward({'retain_graph=True' if options.retain_graph else ''})"]
    lines = [*(f"{name}.grad = None" for name in cleared), *lines] if options.zero_grad else lines
    lines = _tried(lines) if refused else lines
    if options.repeat == 1:
        return ["", *lines]
    return ["", f"for _ in range({options.repeat}):", *_within(lines)] if options.repeat else []


def _within(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _value(value: Any) -> str:
    return f"[{', '.join(map(_value, value))}]" if isinstance(value, tuple) else number(float(value))
