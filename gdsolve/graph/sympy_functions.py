"""The operations of formulas as SymPy has them, for numbers that are real."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy


class NoSymbolsError(Exception):
    """Why there is no derivative in symbols."""


AS_SYMPY: dict[str, Callable[..., Any]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: one / other,
    "**": lambda one, other: one**other,
    "negative": lambda one: -one,
    "exp": sympy.exp,
    "log": sympy.log,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    **dict.fromkeys(("asin", "arcsin"), sympy.asin),
    **dict.fromkeys(("acos", "arccos"), sympy.acos),
    **dict.fromkeys(("atan", "arctan"), sympy.atan),
    **dict.fromkeys(("atan2", "arctan2"), sympy.atan2),
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    **dict.fromkeys(("asinh", "arcsinh"), sympy.asinh),
    **dict.fromkeys(("acosh", "arccosh"), sympy.acosh),
    **dict.fromkeys(("atanh", "arctanh"), sympy.atanh),
    "log10": lambda one: sympy.log(one) / sympy.log(10),
    "log1p": lambda one: sympy.log(1 + one),
    "expm1": lambda one: sympy.exp(one) - 1,
    "sigmoid": lambda one: 1 / (1 + sympy.exp(-one)),
    "softplus": lambda one: sympy.log(1 + sympy.exp(one)),
    "sqrt": sympy.sqrt,
    "erf": sympy.erf,
    "erfc": sympy.erfc,
    "gamma": sympy.gamma,
    "lgamma": sympy.loggamma,
    "abs": sympy.Abs,
    **dict.fromkeys(("sum", "mean", "prod", "transpose"), lambda one: one),
}
"""Functions that jump or have several branches are not here: SymPy writes their slopes with names of its own."""
