"""One step of a formula, and what it makes of its arguments."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from gdsolve.objective.functions import FUNCTIONS, inside, joins
from gdsolve.status import GdsolveError

# A condition by the columns, from and before, of the `where` that it decides.
Conditions = dict[tuple[int, int], Tensor]
Place = int | slice


@dataclass(frozen=True, slots=True)
class Guard:
    """A step is in a branch of the `where` at these columns: the one for rows where its condition is `taken`.

    `joined` is True where the rows of the step are not those of the condition: entries meet in it, or later.
    """

    where: tuple[int, int]
    taken: bool
    joined: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One step in postfix order: push a number or a name, or apply an operator or function to the last `arity`.

    It was read from the columns of the formula, counted from 1, from `column` on and before `end`. `places` are those
    of an index in brackets.
    """

    kind: Literal["number", "name", "apply", "call"]
    value: float | str
    arity: int
    column: int
    end: int
    guards: tuple[Guard, ...] = ()
    places: tuple[Place, ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        """Where it stands: its first column, and the one behind it."""
        return self.column, self.end

    @property
    def joins(self) -> bool:
        """True where entries of a tensor meet: in a sum, a product of matrices, and the like."""
        return self.kind in ("apply", "call") and joins(str(self.value), self.arity)

    @property
    def is_truth(self) -> bool:
        """True where it makes a condition, not a number."""
        return self.kind == "apply" and (self.value in LOGICAL or is_comparison(self))


COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
LOGICAL: dict[str, Callable[..., Any]] = {
    "and": lambda *truths: functools.reduce(torch.logical_and, truths),
    "or": lambda *truths: functools.reduce(torch.logical_or, truths),
    "not": torch.logical_not,
    "condition": lambda truth: truth,
}
APPLY: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "@": operator.matmul,
    "negative": operator.neg,
    # In float64, as numbers in a formula are.
    "number": lambda truth: truth.to(torch.float64),
    **LOGICAL,
}
SAFE = ("+", "-", "negative", "number", "where", *LOGICAL)
"""Operators, and a function, whose derivatives are finite wherever their parts are."""


def is_comparison(step: Operation) -> bool:
    """True for a comparison, which may be a chain of them: `<`, `< <=`."""
    return step.kind == "apply" and str(step.value).partition(" ")[0] in COMPARISONS


def apply(step: Operation, arguments: list[Any]) -> Any:
    """What a step makes of its arguments, tensors or numbers.

    Raises:
        GdsolveError: shapes that do not go together.
    """
    try:
        if step.places:
            return arguments[0][step.places]
        return _meaning(step.kind, str(step.value))(*arguments)
    except (RuntimeError, IndexError, TypeError) as fault:
        raise _unfit(step, arguments, fault) from None


@functools.cache
def _meaning(kind: str, value: str) -> Callable[..., Any]:
    """What an operator or a function does: looked up once, as a descent applies it millions of times."""
    if kind != "apply":
        function = FUNCTIONS[value][1]
        return lambda *arguments: function(*map(as_tensor, arguments))
    if value.partition(" ")[0] in COMPARISONS:
        signs = value.split()
        return lambda *arguments: _compared(signs, [as_tensor(argument) for argument in arguments])
    if value == "@":
        return lambda *arguments: operator.matmul(*map(as_tensor, arguments))
    # Numbers stay numbers where they can: autograd's t**2 is PowBackward0 with a number and PowBackward1 with a tensor.
    return APPLY[value]


def _unfit(step: Operation, arguments: Sequence[Any], fault: Exception) -> Exception:
    """What torch says of shapes that do not go together, as an error of the formula; of memory, as it is."""
    if "allocate memory" in str(fault) or "out of memory" in str(fault):
        return fault
    reason = str(fault).splitlines()[0]
    shapes = " and ".join(str(tuple(as_tensor(argument).shape)) for argument in arguments)
    if step.places:
        sizes = as_tensor(arguments[0]).shape
        hint = f"its shape is {shapes}: " + (
            f"a place is from 0 to {' and from 0 to '.join(str(size - 1) for size in sizes)}"
            if len(sizes)
            else "a single number has no places, leave the brackets out"
        )
        return refused(step.column, f"[…]: {reason}", hint)
    hint = f"its parts have the shapes {shapes}; transpose(…) turns a matrix, and @ multiplies matrices"
    return refused(step.column, f"{step.value}: {reason}", hint)


def _compared(signs: Sequence[str], parts: Sequence[Any]) -> Any:
    truths = [COMPARISONS[sign](parts[place], parts[place + 1]) for place, sign in enumerate(signs)]
    return LOGICAL["and"](*truths)


def guarded(step: Operation, arguments: list[Any], conditions: Mapping[tuple[int, int], Tensor]) -> list[Any]:
    """The arguments of a step, with a number that it takes in the rows where a `where` does not take what it makes.

    What is not taken must be finite as well: its derivative counts 0 times, and 0·∞ is no number.

    Raises:
        GdsolveError: shapes that do not go together.
    """
    if step.value in SAFE:
        return arguments
    inner, found = inside(str(step.value)), arguments
    for guard in step.guards:
        truth = conditions.get(guard.where)
        if truth is None or (guard.joined and truth.dim()):
            continue
        taken = truth if guard.taken else ~truth
        try:
            found = [torch.where(taken, one, inner) if isinstance(one, Tensor) else one for one in found]
        except RuntimeError as fault:
            raise _unfit(step, [truth, *arguments], fault) from None
    return found


def guard_branch(steps: Sequence[Operation], where: tuple[int, int], *, taken: bool) -> list[Operation]:
    """The steps of a branch, each with the guard of its `where`."""
    joined = [False] * len(steps)
    begins: list[int] = []
    for place, step in enumerate(steps):
        begin = begins[-step.arity] if step.arity else place
        del begins[len(begins) - step.arity :]
        begins.append(begin)
        if step.joins:
            joined[begin : place + 1] = [True] * (place + 1 - begin)
    return [
        Operation(
            one.kind,
            one.value,
            one.arity,
            one.column,
            one.end,
            (Guard(where, taken, meets), *one.guards) if one.arity else (),
            one.places,
        )
        for one, meets in zip(steps, joined, strict=True)
    ]


def run(
    steps: Sequence[Operation],
    values: Mapping[str, Tensor],
    seen: Callable[[Operation, Any], None] | None = None,
) -> Any:
    """What steps in postfix order make of the values of names, a tensor or a number.

    What every operator and function gives is told to `seen`.

    Raises:
        GdsolveError: as `apply`.
    """
    stack: list[Any] = []
    conditions: Conditions = {}
    for step in steps:
        if step.kind == "number":
            stack.append(step.value)
        elif step.kind == "name":
            stack.append(values[str(step.value)])
        else:
            arguments = stack[-step.arity :]
            del stack[-step.arity :]
            if step.guards:
                arguments = guarded(step, arguments, conditions)
            stack.append(apply(step, arguments))
            if seen is not None:
                seen(step, stack[-1])
            if step.value == "condition":
                conditions[step.span] = stack[-1]
    (result,) = stack
    return result


def as_tensor(value: Any) -> Tensor:
    """A number as a tensor; a tensor as it is."""
    # A tensor of no dimension goes together with tensors of any device.
    return value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64, device="cpu")


def refused(column: int, words: str, hint: str) -> GdsolveError:
    """An error at a column of a formula."""
    return GdsolveError(f"column {column}: {words}", hint, column=column)
