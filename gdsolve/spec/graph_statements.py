"""The statements that build a graph and go through it, in the order in which PyTorch would run them."""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.spec.parameter import Value


@dataclass(frozen=True, slots=True)
class Leaf:
    """A tensor that is given: a number, a vector, or a matrix as a tuple of rows."""

    name: str
    value: Value
    requires_grad: bool = True
    line: int | None = None


@dataclass(frozen=True, slots=True)
class FormulaNode:
    """A node and the expression it is computed from; `detach` and `no_grad` cut it from the graph."""

    name: str
    expression: str
    retain_grad: bool = False
    detach: bool = False
    no_grad: bool = False
    line: int | None = None


@dataclass(frozen=True, slots=True)
class PartialDerivative:
    """A node that is the derivative of the node `of` by the node `by`: what `torch.autograd.grad` gives."""

    name: str
    of: str
    by: str
    create_graph: bool = False
    retain_graph: bool = False
    line: int | None = None

    @property
    def expression(self) -> str:
        """The call as it is shown."""
        marks = [
            f"{mark}=True"
            for mark, wanted in (("create_graph", self.create_graph), ("retain_graph", self.retain_graph))
            if wanted
        ]
        return f"grad({', '.join([self.of, self.by, *marks])})"


@dataclass(frozen=True, slots=True)
class InPlace:
    """A change of a tensor where it stands: `name operator= expression`, such as y += 1."""

    name: str
    operator: str
    expression: str
    text: str
    no_grad: bool = False
    line: int | None = None


@dataclass(frozen=True, slots=True)
class RetainGrad:
    """`y.retain_grad()`."""

    name: str
    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """`y.register_hook(lambda g: 2*g)`: what a gradient becomes on its way; no expression only looks at it."""

    name: str
    parameter: str
    expression: str | None
    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class RequireGrad:
    """`t.requires_grad_(False)`."""

    name: str
    truth: bool
    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ZeroGrad:
    """`t.grad.zero_()`, or `t.grad = None` where it is `dropped`; without a name all gradients are dropped."""

    name: str | None
    dropped: bool
    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class GoBackward:
    """`z.backward()`."""

    name: str
    retain_graph: bool
    create_graph: bool
    text: str
    line: int | None = None


Action = InPlace | RetainGrad | Hook | RequireGrad | ZeroGrad | GoBackward
"""What gives no node."""
Statement = Leaf | FormulaNode | PartialDerivative | Action
