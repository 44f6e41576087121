"""The functions and numbers that a formula knows."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor

from gdsolve.objective.voigt import voigt


def _extreme(whole: Callable[[Tensor], Tensor], pairwise: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda first, *second: pairwise(first, *second) if second else whole(first)


def _alike(*parts: Tensor) -> list[Tensor]:
    """Parts with one shape, dtype and device: the numbers of a formula are on the host, in float64."""
    whole = reduce(torch.add, (part.detach() for part in parts))
    return [part.to(whole).expand(whole.shape) for part in parts]


def _where(condition: Tensor, first: Tensor, second: Tensor) -> Tensor:
    # A condition on columns and two numbers would be on two devices.
    one, other = (part if part.dim() else part.to(condition.device) for part in (first, second))
    return torch.where(condition, one, other)


def _clip(value: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
    return torch.minimum(torch.maximum(value, lower), upper)


def _softplus(value: Tensor) -> Tensor:
    # torch's own softplus is x itself from 20 on, which the ninth digit shows.
    return -torch.nn.functional.logsigmoid(-value)


def _gamma(value: Tensor) -> Tensor:
    negative = (value < 0.0) & (torch.remainder(torch.floor(value), 2.0) == 1.0)
    return torch.where(negative, -1.0, 1.0) * torch.exp(torch.lgamma(value))


def _logsumexp(first: Tensor, *second: Tensor) -> Tensor:
    if second:
        return torch.logsumexp(torch.stack(_alike(first, *second)), dim=0)
    return torch.logsumexp(first.reshape(-1), dim=0)


def _voigt(*parts: Tensor) -> Tensor:
    return voigt(*_alike(*parts))


def _cumsum(value: Tensor) -> Tensor:
    if value.dim() != 1:
        raise IndexError("it takes a column or a vector")
    return torch.cumsum(value, dim=0)


FUNCTIONS: dict[str, tuple[tuple[int, ...], Callable[..., Tensor]]] = {
    "exp": ((1,), torch.exp),
    "log": ((1,), torch.log),
    "sin": ((1,), torch.sin),
    "cos": ((1,), torch.cos),
    "tan": ((1,), torch.tan),
    "asin": ((1,), torch.arcsin),
    "acos": ((1,), torch.arccos),
    "atan": ((1,), torch.arctan),
    "atan2": ((2,), torch.arctan2),
    "arcsin": ((1,), torch.arcsin),
    "arccos": ((1,), torch.arccos),
    "arctan": ((1,), torch.arctan),
    "arctan2": ((2,), torch.arctan2),
    "sinh": ((1,), torch.sinh),
    "cosh": ((1,), torch.cosh),
    "tanh": ((1,), torch.tanh),
    "asinh": ((1,), torch.asinh),
    "acosh": ((1,), torch.acosh),
    "atanh": ((1,), torch.atanh),
    "arcsinh": ((1,), torch.asinh),
    "arccosh": ((1,), torch.acosh),
    "arctanh": ((1,), torch.atanh),
    "log10": ((1,), torch.log10),
    "log1p": ((1,), torch.log1p),
    "expm1": ((1,), torch.expm1),
    "sigmoid": ((1,), torch.sigmoid),
    "softplus": ((1,), _softplus),
    "relu": ((1,), torch.relu),
    "sqrt": ((1,), torch.sqrt),
    "erf": ((1,), torch.erf),
    "erfc": ((1,), torch.erfc),
    "gamma": ((1,), _gamma),
    "lgamma": ((1,), torch.lgamma),
    "voigt": ((3,), _voigt),
    "abs": ((1,), torch.abs),
    "sign": ((1,), torch.sign),
    "floor": ((1,), torch.floor),
    "ceil": ((1,), torch.ceil),
    "round": ((1,), torch.round),
    "where": ((3,), _where),
    "maximum": ((2,), torch.maximum),
    "minimum": ((2,), torch.minimum),
    "clip": ((3,), _clip),
    "sum": ((1,), torch.sum),
    "mean": ((1,), torch.mean),
    "max": ((1, 2), _extreme(torch.max, torch.maximum)),
    "min": ((1, 2), _extreme(torch.min, torch.minimum)),
    "prod": ((1,), torch.prod),
    "cumsum": ((1,), _cumsum),
    "norm": ((1,), torch.linalg.vector_norm),
    "logsumexp": ((1, 2), _logsumexp),
    "dot": ((2,), torch.dot),
    "transpose": ((1,), torch.t),
}
REDUCTIONS = ("sum", "mean", "max", "min", "prod", "cumsum", "norm", "logsumexp", "transpose")
"""The functions in which the entries of their one argument meet."""
JOINS = ("@", "dot", "index")
"""What else they meet in."""
KINKED = ("abs", "max", "min", "maximum", "minimum", "clip", "relu", "norm")
"""The functions whose slope jumps."""
JUMPS = ("floor", "ceil", "round", "sign")
"""The functions that jump themselves, and are level in between."""
NUMBERS = {"pi": math.pi}
KNOWN = "numbers, pi, names, + - * / ** @, comparisons, and or not, parentheses and " + ", ".join(FUNCTIONS)
"""All that there is in a formula, as a hint says it."""
_NO_POLE = "a number that is not 0 or a negative whole one"
TAKES: dict[str, str] = {
    "log": "a number above 0",
    "log10": "a number above 0",
    "log1p": "a number above -1",
    "sqrt": "a number of 0 or more",
    **dict.fromkeys(("asin", "acos", "arcsin", "arccos"), "a number from -1 to 1"),
    **dict.fromkeys(("acosh", "arccosh"), "a number of 1 or more"),
    **dict.fromkeys(("atanh", "arctanh"), "a number between -1 and 1"),
    "gamma": f"{_NO_POLE}, nor above 171",
    "lgamma": _NO_POLE,
    "voigt": "a width sigma or gamma other than 0",
    "/": "a divisor other than 0",
    "**": "a base above 0 where the exponent is a fraction or negative",
}
"""Of what the value is a finite number."""


def joins(name: str, arity: int) -> bool:
    """True for an operator or function of so many arguments in which the entries of a tensor meet.

    >>> joins("sum", 1), joins("max", 1), joins("max", 2), joins("@", 2), joins("exp", 1)
    (True, True, False, True, False)
    """
    return (name in REDUCTIONS and arity == 1) or name in JOINS


def inside(name: str) -> float:
    """A number inside the domain of an operator or function.

    >>> inside("log"), inside("acosh")
    (0.5, 1.5)
    """
    return 1.5 if name in ("acosh", "arccosh") else 0.5
