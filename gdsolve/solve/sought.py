"""Which parameters of a curve have no start: the names of its formula that are neither columns nor given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from gdsolve.data.columns import columns_listed
from gdsolve.objective.expression import Expression, parse
from gdsolve.objective.formula_hints import near_column
from gdsolve.spec import Parameter, Spec
from gdsolve.spec.numbers import nearest
from gdsolve.status import GdsolveError

ABSENT = "if it is a parameter, start it: --start {name}=1"
SHAPED = ("index", "@", "dot", "transpose")
"""What is done with vectors and matrices alone."""


def sought_names(spec: Spec, known: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    """The names of the curve of a spec that are neither `known` nor `columns`, in the order of the formula.

    Raises:
        GdsolveError: a formula that cannot be read; a name that looks like a slip of a column; a formula of no column;
            a vector, whose length is not known.
    """
    if not spec.finds_starts:
        return ()
    text, unknown = spec.model or "", set[str]()
    expression = parse(text, [*known, *columns], ABSENT, unknown)
    found = tuple(dict.fromkeys(str(step.value) for step in expression.steps if step.value in unknown))
    unused = [name for name in columns if name not in expression.names]
    slip = next((name for name in found if near_column(name, unused) is not None), None)
    if slip is not None:
        # Read again without this one, which says where it stands and what may be meant.
        parse(text, [*known, *columns, *(name for name in found if name != slip)], ABSENT)
    if found and not any(name in columns for name in expression.names):
        starts = ",".join([*spec.start, *(f"{name}=1" for name in found)])
        raise GdsolveError(
            "the formula uses no column of the table, so that no start can be found",
            f"use one of its {columns_listed(columns)}, or say where it starts: --start {starts}",
            option="model",
        )
    _require_numbers(expression, found)
    return found


def _require_numbers(expression: Expression, names: Sequence[str]) -> None:
    """See that none of the names is used as a vector or a matrix."""
    stack: list[str | None] = []
    for step in expression.steps:
        parts = stack[len(stack) - step.arity :]
        del stack[len(stack) - step.arity :]
        shaped = next((name for name in parts if name in names), None) if step.value in SHAPED else None
        if shaped is not None:
            raise GdsolveError(
                f"column {step.column}: {shaped} is a vector or a matrix, and nothing says of how many numbers",
                f"say where it starts: --start '{shaped}=[1, 1]'",
                column=step.column,
                option="model",
            )
        stack.append(str(step.value) if step.kind == "name" else None)


def with_sought(spec: Spec, parameters: Sequence[Parameter], columns: Sequence[str]) -> tuple[Parameter, ...]:
    """The parameters of a curve with those that only its formula names, which start at 1 until a start is found.

    Raises:
        GdsolveError: as `sought_names`; a parameter that the formula does not use; none at all.
    """
    known = [*(one.name for one in parameters), *(one.name for one in spec.constants)]
    names = sought_names(spec, known, columns)
    idle = next((one.name for one in parameters if one.sought and not _is_used(spec, one.name, known, columns)), None)
    if idle is not None:
        near = nearest(idle, [*(name for name in known if name != idle), *names])
        raise GdsolveError(
            f"{idle}: the formula does not use this parameter", f"did you mean {near}?" if near else "leave it out"
        )
    lower = 0.0 if spec.nonnegative else -math.inf
    found = (*parameters, *(Parameter(name, 1.0, lower=lower, sought=True) for name in names))
    if not found or all(one.fixed for one in found):
        raise GdsolveError(
            "the formula has no parameter that could move",
            "write one, as in a*x + b" if not found else "leave at least one free to move",
            option="model" if not found else "parameters",
        )
    return tuple(replace(one, start=_placeholder(one)) if one.sought else one for one in found)


def _is_used(spec: Spec, name: str, known: Sequence[str], columns: Sequence[str]) -> bool:
    return name in parse(spec.model or "", [*known, *columns], ABSENT, set()).names


def _placeholder(parameter: Parameter) -> float:
    return min(max(1.0, parameter.lower), parameter.upper)


def require_random(spec: Spec) -> None:
    """See that a seed has an effect where every parameter of a curve was given a start.

    Raises:
        GdsolveError: nothing is drawn at random.
    """
    drawn = spec.init == "random" or spec.is_dealt or spec.is_spread or spec.batch is not None
    if spec.seed and spec.finds_starts and not drawn:
        raise GdsolveError(
            "every parameter has a start, and nothing else is drawn at random", "leave --seed out", option="seed"
        )
