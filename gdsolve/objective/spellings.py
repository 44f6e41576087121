"""The spellings of PyTorch, NumPy and Python's math, where they mean what a formula has: `torch.exp(x)`, `x.sum()`."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from gdsolve.objective.elsewhere import filled
from gdsolve.objective.functions import FUNCTIONS

MODULES = (
    *("np", "numpy", "math", "torch", "jnp", "tf", "scipy", "cmath", "Math", "F", "nn", "special"),
    *("linalg", "functional"),
)
_UNDERSTOOD = """
absolute add amax amin clamp divide exp2 expit fabs gammaln log2 logaddexp matmul mm multiply mv negative pow power
reciprocal rsqrt square subtract t true_divide voigt_profile
"""
UNDERSTOOD = frozenset(_UNDERSTOOD.split())
"""Functions of these that are read as the one form that means the same: see `elsewhere.SAME`."""
ALONG = ("sum", "mean", "max", "min", "prod", "norm", "logsumexp", "amax", "amin", "cumsum")
"""What PyTorch takes along a dimension where it is given one."""
NUMBERS = ("pi",)
METHODS = frozenset(FUNCTIONS) - {"where"} | UNDERSTOOD


def read_as(node: ast.expr, names: Collection[str]) -> ast.expr | None:
    """A piece of Python as one that a formula has, at the same place; None where there is none that means the same."""
    dotted = node.func if isinstance(node, ast.Call) else node
    if isinstance(dotted, ast.Attribute):
        # A column of this name stands in backticks.
        return None if ast.unparse(dotted) in names else _dotted(node, dotted, names)
    match node:
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in UNDERSTOOD - {*names}:
            return filled(name, arguments, node)
    return None


def _dotted(node: ast.expr, dotted: ast.Attribute, names: Collection[str]) -> ast.expr | None:
    """For `np.pi`, `W.T`, `torch.exp(x)` and `x.sum()`."""
    name, module = dotted.attr, module_of(dotted, names)
    if not isinstance(node, ast.Call):
        if module is not None:
            return _placed(ast.Name(name, ast.Load()), node) if name in NUMBERS else None
        turned = ast.Call(ast.Name("transpose", ast.Load()), [dotted.value], [])
        return _placed(turned, node) if name in ("T", "mT") else None
    if module is not None:
        return _called(name, node.args, node)
    return _called(name, [dotted.value, *node.args], node) if name in METHODS else None


def module_of(node: ast.expr, names: Collection[str]) -> str | None:
    """The library that a name with dots begins with, `np` or `torch.special`; None where it is of something else."""
    if not isinstance(node, ast.Attribute):
        return None
    base = node.value
    while isinstance(base, ast.Attribute) and base.attr in MODULES:
        base = base.value
    known = isinstance(base, ast.Name) and base.id in MODULES and base.id not in names
    return ast.unparse(node.value) if known else None


def _called(name: str, arguments: Sequence[ast.expr], node: ast.Call) -> ast.expr | None:
    """A function with a library before it, or a method."""
    if node.keywords:
        return _bounded(name, arguments, node) or (_call(name, arguments, node) if _is_first(name, node) else None)
    if name in ALONG and len(arguments) > 1:
        dimension = arguments[1]
        if name == "cumsum" and ast.unparse(dimension) in ("0", "-1"):
            return _call(name, arguments[:1], node)
        # A whole number is a dimension there, not one to compare with.
        whole = isinstance(dimension, ast.Constant | ast.UnaryOp | ast.Tuple)
        return None if whole or name not in ("max", "min") else _call(name, arguments, node)
    return _call(name, arguments, node)


def _is_first(name: str, node: ast.Call) -> bool:
    """True for the sum along the one dimension that a column has."""
    return name == "cumsum" and all(one.arg in ("dim", "axis") for one in node.keywords)


def _bounded(name: str, arguments: Sequence[ast.expr], node: ast.Call) -> ast.expr | None:
    """`clamp(x, min=0)` and the like."""
    ends = {one.arg: one.value for one in node.keywords}
    if name not in ("clamp", "clip") or len(arguments) != 1 or not ends.keys() <= {"min", "max", "a_min", "a_max"}:
        return None
    found = arguments[0]
    for end, function in (("min", "maximum"), ("max", "minimum")):
        bound = ends.get(end) or ends.get(f"a_{end}")
        if bound is not None:
            found = _placed(ast.Call(ast.Name(function, ast.Load()), [found, bound], []), node)
    return found


def _call(name: str, arguments: Sequence[ast.expr], node: ast.Call) -> ast.expr | None:
    if name in FUNCTIONS:
        return _placed(ast.Call(ast.Name(name, ast.Load()), list(arguments), []), node)
    return filled(name, arguments, node) if name in UNDERSTOOD else None


def _placed(made: ast.expr, like: ast.expr) -> ast.expr:
    """The same with the place of what it stands for, where it has none of its own."""
    for one in ast.walk(made):
        if "lineno" in one._attributes and not hasattr(one, "lineno"):
            ast.copy_location(one, like)
    return made
