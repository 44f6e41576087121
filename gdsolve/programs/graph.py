"""An autograd graph as a program: the same tensors, the same statements, and `backward()`."""

from __future__ import annotations

from typing import Any

from gdsolve.graph import trace
from gdsolve.objective.expression import Expression, parse
from gdsolve.programs.expression import written
from gdsolve.programs.text import assembled, no_program, number
from gdsolve.spec.graph_statements import FormulaNode
from gdsolve.spec.trace_spec import TraceSpec

TITLE = "An autograd graph: its statements, backward(), and the gradients."
RESERVED = ("torch", "math", "print", "refused")


def graph_program(spec: TraceSpec, kind: str | None = None) -> str:
    """The program of a trace.

    Raises:
        GdsolveError: a formula that cannot be read, or that PyTorch does not take as it stands.
    """
    if kind == "matrix":
        raise no_program("a graph by hand", "give --code autograd")
    names = [leaf.name for leaf in spec.leaves]
    lines = ["torch.set_default_dtype(torch.float64)", "torch.set_printoptions(precision=12)", ""]
    for leaf in spec.leaves:
        tracked = ", requires_grad=True" if leaf.requires_grad else ""
        lines.append(f"{_named(leaf.name)} = torch.tensor({_value(leaf.value)}{tracked})")
    for node in spec.nodes:
        expression = parse(node.expression, names)
        lines += _statement(node, expression)
        if node.retain_grad or node.name in spec.options.retain_grad:
            lines += [f"if {node.name}.requires_grad:", f"    {node.name}.retain_grad()"]
        names.append(node.name)
    refused = any(one.status == "refused" for one in trace(spec).backward)
    return assembled(TITLE, [*lines, *_backward(spec, refused=refused), "", *_told(spec, names)])


def _named(name: str) -> str:
    if name in RESERVED:
        raise no_program(f"a node called {name}", f"call it otherwise, as in {name}0")
    return name


def _statement(node: FormulaNode, expression: Expression) -> list[str]:
    code = written(expression)
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


def _backward(spec: TraceSpec, *, refused: bool) -> list[str]:
    options, root = spec.options, spec.root
    if not options.repeat:
        return []
    kept = "retain_graph=True" if options.retain_graph else ""
    lines = [f"{root}.backward({kept})"]
    if options.zero_grad:
        cleared = [leaf.name for leaf in spec.leaves if leaf.requires_grad]
        cleared += [node.name for node in spec.nodes if node.retain_grad or node.name in options.retain_grad]
        lines = [*(f"{name}.grad = None" for name in cleared), *lines]
    if not refused:
        return ["", *lines] if options.repeat == 1 else ["", f"for _ in range({options.repeat}):", *_within(lines)]
    guarded = [
        "try:",
        *_within(lines),
        "except RuntimeError as refused:  # what PyTorch does not do, with its own reason",
        "    print(str(refused).splitlines()[0])",
    ]
    if options.repeat == 1:
        return ["", *guarded]
    return ["", f"for _ in range({options.repeat}):", *_within(guarded)]


def _within(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _told(spec: TraceSpec, names: list[str]) -> list[str]:
    kept = [leaf.name for leaf in spec.leaves if leaf.requires_grad]
    kept += [node.name for node in spec.nodes if node.retain_grad or node.name in spec.options.retain_grad]
    lines = [f'print("{name} =", {name}.detach())' for name in names]
    return [*lines, *(f'print("{name}.grad =", {name}.grad)' for name in kept)]


def _value(value: Any) -> str:
    return f"[{', '.join(map(_value, value))}]" if isinstance(value, tuple) else number(float(value))
