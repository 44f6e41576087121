"""A function of single numbers, traced from one written for tensors, and written again in another language."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

# l(z, y) and ∂l/∂z, row by row, as `PointwiseLoss.loss_and_slope` has them.
Rowwise = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class Statement:
    """One operation on numbers: what it is called in PyTorch, names or constants, and the name of its result."""

    result: str
    operation: str
    arguments: tuple[str | float, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """Another language: for each operation an expression of its arguments {0}, {1}, …, and how a constant is written.

    An operation that is not among the `templates` cannot be said in it.
    """

    templates: Mapping[str, str]
    number: Callable[[float], str] = repr


@dataclass(frozen=True, slots=True)
class Elementwise:
    """Statements that lead from the numbers `z` and `y` to those of the two names in `results`."""

    statements: tuple[Statement, ...]
    results: tuple[str, str]

    def lines(self, language: Language) -> list[str] | None:
        """An assignment a statement, as text; None where the language lacks an operation."""
        if any(one.operation not in language.templates for one in self.statements):
            return None
        return [f"{one.result} = {_expression(one, language)}" for one in self.statements]


def traced(function: Rowwise, dtype: torch.dtype) -> Elementwise | None:
    """The statements of `function` for numbers of `dtype`; None where it does more than work on them one by one."""
    z, y = (torch.full((2,), number, dtype=dtype, device="cpu") for number in (0.25, 1.0))
    with _Recorder(dtype, z=z, y=y) as recorder:
        found = function(z, y)
    names = [recorder.name_of(result) for result in found]
    if recorder.failed or len(names) != 2 or None in names:
        return None
    return Elementwise(tuple(recorder.statements), (str(names[0]), str(names[1])))


def squares(z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """r² and r, with r = z − y: least squares as `Rows` sums them."""
    residual = z - y
    return residual * residual, residual


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While it is on, what is done to tensors that come from those given is noted."""

    def __init__(self, dtype: torch.dtype, **given: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.statements: list[Statement] = []
        self.failed = False
        self._dtype = dtype
        # The tensors are held, so that no other one has their id.
        self._names = {id(tensor): (name, tensor) for name, tensor in given.items()}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False: nothing here is compiled, and the compiler, which would be told so, takes seconds to import."""
        return False

    def name_of(self, tensor: Any) -> str | None:
        """The name of a tensor that was noted; None of any other."""
        name, _ = self._names.get(id(tensor), (None, None))
        return name

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        # Of a function with two results the second is what its derivative needs.
        result = made[0] if isinstance(made, tuple) else made
        said = self._said(func, args, kwargs or {}, result)
        if said is None or not isinstance(result, Tensor):
            self.failed = True
            return made
        name = f"t{len(self.statements)}"
        self.statements.append(Statement(name, *said))
        self._names[id(result)] = (name, result)
        return made

    def _said(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> tuple[str, tuple[str | float, ...]] | None:
        """The operation with its arguments; None where it is none on numbers of one kind."""
        name = func.overloadpacket.__name__.lstrip("_").rstrip("_")
        tensors = [one for one in args if isinstance(one, Tensor)]
        kinds = {one.dtype for one in tensors}
        if name == "to_copy":
            name, kwargs = "to_number" if kinds == {torch.bool} and result.dtype == self._dtype else name, {}
        if torch.bool in kinds and name not in ("to_number", "where", "logical_and", "logical_or", "logical_not"):
            return None
        if kwargs or not kinds <= {torch.bool, self._dtype} or result.shape != (2,):
            return None
        if name == "pow" and args[1:] == (2,):
            name, args = "square", args[:1]
        if name == "clamp":
            low, high = (*args[1:], None)[:2]
            name = "clamp" if None not in (low, high) else "clamp_max" if low is None else "clamp_min"
            args = tuple(one for one in args if one is not None)
        arguments = [self.name_of(one) if isinstance(one, Tensor) else _number(one) for one in args]
        return None if None in arguments else (name, tuple(one for one in arguments if one is not None))


def _number(constant: Any) -> float | None:
    return float(constant) if isinstance(constant, int | float) and math.isfinite(constant) else None


def _expression(statement: Statement, language: Language) -> str:
    words = [one if isinstance(one, str) else language.number(one) for one in statement.arguments]
    return language.templates[statement.operation].format(*words)


# Written alike in Python and in what looks like it.
SAME = {
    "add": "({0} + {1})",
    "sub": "({0} - {1})",
    "rsub": "({1} - {0})",
    "mul": "({0} * {1})",
    "div": "({0} / {1})",
    "neg": "(-{0})",
    "square": "({0} * {0})",
    "lt": "({0} < {1})",
    "le": "({0} <= {1})",
    "gt": "({0} > {1})",
    "ge": "({0} >= {1})",
    "eq": "({0} == {1})",
    "ne": "({0} != {1})",
}
FUNCTIONS = ("exp", "expm1", "log", "log1p", "sinh", "cosh", "tanh", "sqrt", "sin", "cos", "atan")


PYTHON = Language(
    {
        **SAME,
        **{name: f"{name}({{0}})" for name in FUNCTIONS},
        "abs": "abs({0})",
        "sign": "((1.0 if {0} > 0.0 else 0.0) - (1.0 if {0} < 0.0 else 0.0))",
        "sigmoid": "(1.0 / (1.0 + exp(-{0})))",
        "log_sigmoid_forward": "(({0} if {0} < 0.0 else 0.0) - log1p(exp(-abs({0}))))",
        "clamp": "({1} if {0} < {1} else ({2} if {0} > {2} else {0}))",
        "clamp_min": "({1} if {0} < {1} else {0})",
        "clamp_max": "({1} if {0} > {1} else {0})",
        "maximum": "({0} if {0} >= {1} or {0} != {0} else {1})",
        "minimum": "({0} if {0} <= {1} or {0} != {0} else {1})",
        "where": "({1} if {0} else {2})",
        "to_number": "(1.0 if {0} else 0.0)",
        "logical_and": "({0} and {1})",
        "logical_or": "({0} or {1})",
        "logical_not": "(not {0})",
    }
)
"""Python on single floats, with the functions of `math` as bare names: as a compiler for Python takes it.

What is compared with NaN is NaN, as in PyTorch.
"""
