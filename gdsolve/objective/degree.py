"""How an expression depends on its parameters, read off its form: what is quadratic has a known optimum."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

from gdsolve.objective.expression import Expression
from gdsolve.objective.functions import JUMPS, KINKED
from gdsolve.objective.operation import Operation, is_comparison

LINEAR = ("negative", "sum", "mean", "cumsum", "transpose", "index")
POWERS = (1.0, 2.0, 3.0)


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
    """True where an expression, or its slope, may jump as one of `names` moves: |x|, a max, floor(x), x < c."""
    return _meet(expression, names, lambda step: step.value in KINKED or jumps(step))


def jumps(step: Operation) -> bool:
    """True for a step that is level but for its jumps: no derivative tells what moves it."""
    return (step.kind == "call" and step.value in JUMPS) or is_comparison(step)


def held(expression: Expression, names: Collection[str]) -> dict[str, Operation]:
    """Those of `names` that move an expression by jumps alone, so that its derivative in them is 0, and a jump each."""
    stack: list[frozenset[str]] = []
    lost: dict[str, Operation] = {}
    for step in expression.steps:
        if step.kind in ("number", "name"):
            stack.append(frozenset((str(step.value),)) if step.value in names else frozenset())
            continue
        parts = stack[-step.arity :]
        del stack[-step.arity :]
        moving = frozenset[str]().union(*parts)
        if jumps(step):
            lost |= dict.fromkeys(moving - lost.keys(), step)
            moving = frozenset()
        stack.append(moving)
    (moving,) = stack
    return {name: step for name, step in lost.items() if name not in moving}


def meets(expression: Expression, names: Collection[str]) -> bool:
    """True where entries of one of `names`, columns say, meet in a sum, a mean or a product of vectors."""
    return _meet(expression, names, lambda step: step.joins)


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
    if step.value == "where":
        return max(parts[1:]) if parts[0] == 0.0 else math.inf
    if step.value in LINEAR or (step.value == "/" and parts[1] == 0.0):
        return parts[0]
    if step.value == "**" and before is not None and before.kind == "number" and before.value in POWERS:
        return parts[0] * float(before.value)
    return math.inf
