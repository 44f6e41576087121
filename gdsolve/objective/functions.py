"""The functions and numbers that a formula knows."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor


def _extreme(whole: Callable[[Tensor], Tensor], pairwise: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda first, *second: pairwise(first, *second) if second else whole(first)


FUNCTIONS: dict[str, tuple[tuple[int, ...], Callable[..., Tensor]]] = {
    "exp": ((1,), torch.exp),
    "log": ((1,), torch.log),
    "sin": ((1,), torch.sin),
    "cos": ((1,), torch.cos),
    "tan": ((1,), torch.tan),
    "arcsin": ((1,), torch.arcsin),
    "arccos": ((1,), torch.arccos),
    "arctan": ((1,), torch.arctan),
    "sinh": ((1,), torch.sinh),
    "cosh": ((1,), torch.cosh),
    "tanh": ((1,), torch.tanh),
    "log10": ((1,), torch.log10),
    "log1p": ((1,), torch.log1p),
    "expm1": ((1,), torch.expm1),
    "sigmoid": ((1,), torch.sigmoid),
    "sqrt": ((1,), torch.sqrt),
    "abs": ((1,), torch.abs),
    "sum": ((1,), torch.sum),
    "mean": ((1,), torch.mean),
    "max": ((1, 2), _extreme(torch.max, torch.maximum)),
    "min": ((1, 2), _extreme(torch.min, torch.minimum)),
    "dot": ((2,), torch.dot),
    "transpose": ((1,), torch.t),
}
REDUCTIONS = ("sum", "mean", "max", "min", "transpose")
NUMBERS = {"pi": math.pi}
KNOWN = "numbers, pi, names, + - * / ** @, parentheses and " + ", ".join(FUNCTIONS)
"""All that there is in a formula, as a hint says it."""
TAKES: dict[str, str] = {
    "log": "a number above 0",
    "log10": "a number above 0",
    "log1p": "a number above -1",
    "sqrt": "a number of 0 or more",
    "arcsin": "a number from -1 to 1",
    "arccos": "a number from -1 to 1",
    "/": "a divisor other than 0",
    "**": "a base above 0 where the exponent is a fraction or negative",
}
"""Of what the value is a finite number."""
