"""One trace: its statements, and what is done with the graph that they make."""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.spec.graph_statements import FormulaNode, GoBackward, Leaf, PartialDerivative, Statement
from gdsolve.spec.spec import Spec


@dataclass(frozen=True, slots=True)
class NodeComparison:
    """A formula for the gradient by a leaf, None for the only leaf that has one."""

    formula: str
    leaf: str | None


@dataclass(frozen=True, slots=True)
class TraceSpec:
    """A graph, and in `options` what is done with it; `backward_asked` where it was asked where to begin or how often.

    `statements` are those of leaves, nodes and text in their order; `text` is what was given on the command line.
    """

    path: str
    statements: tuple[Statement, ...]
    compare: NodeComparison | None
    options: Spec
    backward_asked: bool = False
    text: str | None = None

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The tensors that are given."""
        return tuple(one for one in self.statements if isinstance(one, Leaf))

    @property
    def nodes(self) -> tuple[FormulaNode, ...]:
        """The nodes that are computed from a formula."""
        return tuple(one for one in self.statements if isinstance(one, FormulaNode))

    @property
    def goes_back_itself(self) -> bool:
        """True where its text says where backward begins, or takes a derivative by itself."""
        return any(isinstance(one, GoBackward | PartialDerivative) for one in self.statements)

    @property
    def goes_back(self) -> bool:
        """True where a backward pass follows the statements: a leaf alone has none unless it is asked for."""
        computed = any(isinstance(one, FormulaNode) for one in self.statements)
        return not self.goes_back_itself and (computed or self.backward_asked)

    @property
    def root(self) -> str:
        """The node that backward begins at; the last of several in a text."""
        if self.options.backward_from is not None:
            return self.options.backward_from
        backward = [one.name for one in self.statements if isinstance(one, GoBackward)]
        derived = [one.of for one in self.statements if isinstance(one, PartialDerivative)]
        computed = [one.name for one in self.statements if isinstance(one, FormulaNode)]
        return (backward[-1:] or derived[:1] or computed[-1:] or [self.leaves[-1].name])[0]
