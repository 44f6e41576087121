"""A formula of gdsolve as Python that PyTorch runs."""

from __future__ import annotations

import ast
import math
from collections.abc import Collection

from gdsolve.objective.expression import Expression
from gdsolve.objective.functions import FUNCTIONS
from gdsolve.programs.text import no_program

OTHERWISE = {
    "clip": "torch.clamp",
    "norm": "torch.linalg.vector_norm",
    "transpose": "torch.t",
    "round": "torch.round",
}
ABSENT = ("gamma", "voigt", "softplus", "cumsum", "logsumexp")
"""Functions for which PyTorch has no single name."""


def written(expression: Expression, *, tensors: Collection[str] = ()) -> str:
    """The expression as Python: functions are those of torch, or of math where all that they take are numbers.

    Raises:
        GdsolveError: a name that is none in Python, or a function that PyTorch has not.
    """
    text = " ".join(expression.text.split())
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        raise no_program("a name in backticks", "call the column otherwise, by a name without blanks") from None
    return ast.unparse(_Torch(expression.names | set(tensors)).visit(tree))


class _Torch(ast.NodeTransformer):
    """What calls functions of formulas calls those of torch."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """pi is a number of math."""
        return ast.parse("math.pi", mode="eval").body if node.id == "pi" and "pi" not in self.names else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """The call of a function, with what it takes."""
        if isinstance(node.func, ast.Attribute):
            return self._spelled(node, node.func)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS or name in ABSENT:
            raise no_program(f"{name}(…)", "write it with exp, log and sqrt")
        numbers = not any(isinstance(one, ast.Name) and one.id in self.names for one in ast.walk(node))
        plain = numbers and hasattr(math, name)
        callee = f"math.{name}" if plain else OTHERWISE.get(name, f"torch.{name}")
        arguments = [self.visit(one) for one in node.args]
        return ast.Call(ast.parse(callee, mode="eval").body, arguments, [])

    def _spelled(self, node: ast.Call, func: ast.Attribute) -> ast.expr:
        """A call in the spelling of a library: torch's own and methods stay, numpy's and math's become torch's."""
        base = func.value
        library = isinstance(base, ast.Name) and base.id not in self.names and base.id != "torch"
        if library and func.attr not in FUNCTIONS:
            raise no_program(f"{ast.unparse(func)}(…)", "write it with exp, log and sqrt")
        if library:
            return self.visit_Call(ast.Call(ast.Name(func.attr, ast.Load()), node.args, node.keywords))
        kept = base if isinstance(base, ast.Name) else self.visit(base)
        return ast.Call(
            ast.Attribute(kept, func.attr, ast.Load()), [self.visit(one) for one in node.args], node.keywords
        )
