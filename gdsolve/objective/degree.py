"""How an expression depends on its parameters, read off its form: what is quadratic has a known optimum."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

from gdsolve.objective.expression import Expression, Operation
from gdsolve.objective.functions import REDUCTIONS

LINEAR = ("negative", "sum", "mean", "transpose")
POWERS = (1.0, 2.0, 3.0)
KINKED = ("abs", "max", "min")
"""The functions whose slope jumps."""


def degree(expression: Expression, names: Collection[str]) -> float:
    """The degree of an expression as a polynomial of `names`; infinite where it is none, as far as can be seen."""
    stack: list[float] = []
    before: Operation | None = None
    for step in expression.steps:
        if step.kind in ("number", "name"):
            stack.append(float(step.value in names))
        else:
            parts = stack[-step.arity :]
            del stack[-step.arity :]
            stack.append(_combined(step, parts, before) if any(parts) else 0.0)
        before = step
    (result,) = stack
    return result


def kinked(expression: Expression, names: Collection[str]) -> bool:
    """True where the slope of an expression may jump as one of `names` moves: in an absolute value, a max or a min."""
    return _meet(expression, names, lambda step: step.kind == "call" and step.value in KINKED)


def meets(expression: Expression, names: Collection[str]) -> bool:
    """True where entries of one of `names`, columns say, meet in a sum, a mean or a product of vectors."""
    return _meet(
        expression,
        names,
        lambda step: (
            step.value in (*REDUCTIONS, "@", "dot")
            and not (step.kind == "call" and step.value in ("max", "min") and step.arity == 2)
        ),
    )


def _meet(expression: Expression, names: Collection[str], wanted: Callable[[Operation], bool]) -> bool:
    """True where a step that is `wanted` works on what one of `names` has a part in."""
    stack: list[bool] = []
    for step in expression.steps:
        if step.kind in ("number", "name"):
            stack.append(step.value in names)
            continue
        parts = stack[-step.arity :]
        del stack[-step.arity :]
        if any(parts) and wanted(step):
            return True
        stack.append(any(parts))
    return False


def _combined(step: Operation, parts: list[float], before: Operation | None) -> float:
    """The degree of what `step` makes of parts of these degrees; `before` is the step in front of it, an exponent."""
    if step.value in ("+", "-"):
        return max(parts)
    if step.value in ("*", "@", "dot"):
        return sum(parts)
    if step.value in LINEAR or (step.value == "/" and parts[1] == 0.0):
        return parts[0]
    if step.value == "**" and before is not None and before.kind == "number" and before.value in POWERS:
        return parts[0] * float(before.value)
    return math.inf
