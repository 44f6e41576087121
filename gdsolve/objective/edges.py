"""Derivatives at the edge of a function's domain, in rows where no parameter moves the value.

x**c is 0 at x = 0 for every c > 0, and so are its derivatives in c; the chain rule makes of them 0·log 0, which is NaN.
The same holds of √(a·x), of exp(−b/x) and of their kind: a factor that is 0 or infinite whatever the parameters are
keeps the product where it is. Such rows are *at rest*. Their values are what they are everywhere else, and they are
left out of every derivative, of any order. Source: Griewank and Walther, Evaluating Derivatives, 2nd ed., chapter 14.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from gdsolve.objective.expression import Expression
from gdsolve.objective.functions import inside
from gdsolve.objective.operation import Conditions, Operation, apply, as_tensor, guarded

# True for all rows, False for none, else a mask.
Rows = bool | Tensor

ABSORBING = ("*", "/", "**")
SINGULAR: Mapping[str, Callable[[Tensor], Tensor]] = {
    "sqrt": lambda value: value == 0.0,
    "log": lambda value: value == 0.0,
    "log10": lambda value: value == 0.0,
    "log1p": lambda value: value == -1.0,
    **dict.fromkeys(("asin", "acos", "arcsin", "arccos", "atanh", "arctanh"), lambda value: value.abs() == 1.0),
    **dict.fromkeys(("acosh", "arccosh"), lambda value: value == 1.0),
    **dict.fromkeys(("gamma", "lgamma"), lambda value: (value <= 0.0) & (value == value.floor())),
}
"""Where the derivative of a function is infinite."""


class HasRest(Protocol):
    """The value of a part of a formula, a number or a tensor, and the rows in which no parameter moves it."""

    @property
    def value(self) -> Any: ...  # noqa: D102
    @property
    def rest(self) -> Rows: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a formula."""

    value: Any
    rest: Rows


def evaluate_at_edges(expression: Expression, values: Mapping[str, Tensor], moving: Collection[str]) -> Tensor:
    """The value as `Expression.evaluate` gives it, whose derivatives in the names that are `moving` are right at edges.

    Raises:
        GdsolveError: shapes that do not go together.
    """
    return _run(expression, values, moving, _apply)


def has_edges(expression: Expression, values: Mapping[str, Tensor], moving: Collection[str]) -> bool:
    """True where a derivative by the chain rule would be 0·∞ in a row that is at rest."""
    if not any(step.value in SINGULAR or step.value in ("/", "**") for step in expression.steps):
        return False
    met: list[bool] = []

    def note(step: Operation, parts: Sequence[_Part], rest: Rows) -> Any:
        if isinstance(rest, Tensor):
            met.append(bool((rest & _is_singular(step, parts)).any()))
        return apply(step, [part.value for part in parts])

    with torch.no_grad():
        _run(expression, values, moving, note)
    return any(met)


def _run(
    expression: Expression,
    values: Mapping[str, Tensor],
    moving: Collection[str],
    applied: Callable[[Operation, Sequence[_Part], Rows], Any],
) -> Tensor:
    stack: list[_Part] = []
    conditions: Conditions = {}
    for step in expression.steps:
        if step.kind == "number":
            stack.append(_Part(step.value, True))
        elif step.kind == "name":
            stack.append(_Part(values[str(step.value)], step.value not in moving))
        else:
            parts = stack[-step.arity :]
            del stack[-step.arity :]
            if step.guards:
                values_here = guarded(step, [part.value for part in parts], conditions)
                parts = [_Part(value, part.rest) for value, part in zip(values_here, parts, strict=True)]
            rest = rest_of(step, parts)
            stack.append(_Part(applied(step, parts, rest), rest))
            if step.value == "condition":
                conditions[step.span] = stack[-1].value
    (result,) = stack
    return as_tensor(result.value)


def _apply(step: Operation, parts: Sequence[_Part], rest: Rows) -> Any:
    values = [part.value for part in parts]
    if not isinstance(rest, Tensor) or (step.value not in SINGULAR and step.value not in ABSORBING):
        return apply(step, values)
    # What is not taken must be finite as well: its derivative counts 0 times.
    inner = [
        torch.where(rest, inside(str(step.value)), value) if isinstance(value, Tensor) else value for value in values
    ]
    still = [value.detach() if isinstance(value, Tensor) else value for value in values]
    return torch.where(rest, apply(step, still), apply(step, inner))


def rest_of(step: Operation, parts: Sequence[HasRest]) -> Rows:
    """The rows in which no parameter moves what a step makes of its parts."""
    if step.value == "where":
        return _chosen(*parts)
    rest: Rows = True
    for part in parts:
        rest = _both(rest, part.rest)
    if rest is True or step.joins:
        return rest is True
    if step.value in ABSORBING:
        for place, part in enumerate(parts):
            rest = _either(rest, _both(part.rest, _absorbs(part.value, exponent=step.value == "**" and place == 1)))
    return rest


def _chosen(condition: HasRest, first: HasRest, second: HasRest) -> Rows:
    """The rows of a `where` in which the branch that is taken is at rest."""
    if isinstance(first.rest, bool) and first.rest is second.rest:
        return first.rest
    taken = condition.value
    one, other = (torch.as_tensor(part.rest, dtype=torch.bool, device=taken.device) for part in (first, second))
    return torch.where(taken, one, other)


def _absorbs(value: Any, *, exponent: bool) -> Rows:
    """Where a factor, divisor, base or exponent makes the other one not count."""
    if isinstance(value, Tensor):
        return torch.isinf(value) | (value == 0.0)
    return bool(value == 0.0 and exponent)


def _is_singular(step: Operation, parts: Sequence[_Part]) -> Tensor:
    """Where a factor of the derivative is infinite."""
    values = [as_tensor(part.value) for part in parts]
    found = torch.isinf(values[0])
    for value in values[1:]:
        found = found | torch.isinf(value)
    if step.value in SINGULAR:
        return found | SINGULAR[str(step.value)](values[0])
    if step.value == "/":
        return found | (values[1] == 0.0)
    if step.value == "**" and not _is_count(parts[1].value):
        return found | (values[0] == 0.0)
    return found


def _is_count(exponent: Any) -> bool:
    return not isinstance(exponent, Tensor) and exponent >= 0.0 and math.floor(exponent) == exponent


def _both(first: Rows, second: Rows) -> Rows:
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return first & second
    return second if first is True else first if second is True else False


def _either(first: Rows, second: Rows) -> Rows:
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return first | second
    return first if second is False else second if first is False else True
