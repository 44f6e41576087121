"""Where a value that is not finite comes from: the first part of a formula that makes one of finite ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.edges import Rows, evaluate_at_edges, rest_of
from gdsolve.objective.expression import Expression
from gdsolve.objective.functions import TAKES
from gdsolve.objective.operation import Conditions, Operation, apply, as_tensor, guarded

MOST_STEPS = 300


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a formula with its value; `steps` are those of the formula that make it.

    `rest` are the rows in which no parameter moves it.
    """

    step: Operation
    value: Tensor
    rest: Rows
    parts: tuple[Part, ...]
    steps: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """The part of a formula that is not finite, at a `row`, counted from 0, where it has rows.

    `text` is how it is written, `names` those that it uses; `moves` is False where no parameter can make it finite;
    `takes` is what its function takes, where it was given something else.
    """

    text: str
    row: int | None
    names: tuple[str, ...]
    moves: bool
    takes: str | None
    part: Expression


def find_origin(expression: Expression, values: Mapping[str, Tensor], moving: Collection[str], rows: int) -> Origin:
    """The origin of a value that is not finite, of a formula whose columns are (rows,); `moving` names parameters."""
    part, row = _read(expression, values, moving), None
    while True:
        if row is None and part.value.shape == (rows,):
            row = int((~torch.isfinite(part.value)).to(torch.uint8).argmax())
        within = next((one for one in part.parts if not _is_finite(one.value, row, rows)), None)
        if within is None:
            break
        part = within
    names = tuple(dict.fromkeys(str(step.value) for step in part.steps if step.kind == "name"))
    moves = part.rest is False
    if isinstance(part.rest, Tensor):
        moves = not bool(part.rest[row] if row is not None and part.rest.shape == (rows,) else part.rest.all())
    return Origin(
        expression.written(part.step),
        row,
        names,
        moves,
        _takes(part, row, rows),
        Expression(expression.text, part.steps, frozenset(names)),
    )


def find_steep(expression: Expression, values: Mapping[str, Tensor], moving: Collection[str]) -> str | None:
    """The first part of a formula, as it is written, whose derivative is not finite; None where it is too long to look.

    All its parts are finite; `moving` names the parameters.
    """
    if len(expression.steps) > MOST_STEPS:
        return None
    leaves = {name: value.detach().requires_grad_(name in moving) for name, value in values.items()}
    for part in _parts(_read(expression, values, moving)):
        used = [leaves[name] for name in moving if any(step.value == name for step in part.steps)]
        whole = {step.span for step in part.steps if step.value == "condition"}
        if not used or part.step.kind == "name" or any(guard.where not in whole for guard in part.step.guards):
            continue
        here = Expression(expression.text, part.steps, expression.names)
        value = evaluate_at_edges(here, leaves, moving).sum()
        if not value.requires_grad:
            continue
        slopes = torch.autograd.grad(value, used, allow_unused=True)
        if any(slope is not None and not bool(torch.isfinite(slope).all()) for slope in slopes):
            return expression.written(part.step)
    return None


def _parts(part: Part) -> list[Part]:
    """All parts, each after those that it is made of."""
    found, stack = [], [part]
    while stack:
        found.append(stack.pop())
        stack += found[-1].parts
    return found[::-1]


def _read(expression: Expression, values: Mapping[str, Tensor], moving: Collection[str]) -> Part:
    stack: list[Part] = []
    conditions: Conditions = {}
    with torch.no_grad():
        for step in expression.steps:
            if step.kind in ("number", "name"):
                value = step.value if step.kind == "number" else values[str(step.value)]
                rest = step.kind == "number" or step.value not in moving
                stack.append(Part(step, as_tensor(value), rest, (), (step,)))
                continue
            parts = tuple(stack[-step.arity :])
            del stack[-step.arity :]
            value = as_tensor(apply(step, guarded(step, [part.value for part in parts], conditions)))
            if step.value == "condition":
                conditions[step.span] = value
            steps = (*(one for part in parts for one in part.steps), step)
            stack.append(Part(step, value, rest_of(step, parts), parts, steps))
    (root,) = stack
    return root


def _is_finite(value: Tensor, row: int | None, rows: int) -> bool:
    return bool(torch.isfinite(_at(value, row, rows)).all())


def _at(value: Tensor, row: int | None, rows: int) -> Tensor:
    return value[row] if row is not None and value.shape == (rows,) else value


def _takes(part: Part, row: int | None, rows: int) -> str | None:
    """What a function takes, unless its value is merely too large."""
    sign = str(part.step.value)
    if part.step.kind not in ("apply", "call") or sign not in TAKES:
        return None
    given = [_at(one.value, row, rows) for one in part.parts]
    if sign == "/":
        outside = given[1] == 0.0
    elif sign == "**":
        outside = given[0] <= 0.0
    else:
        return f"{sign} takes {TAKES[sign]}"
    return f"{sign} takes {TAKES[sign]}" if bool(outside.any()) else None
