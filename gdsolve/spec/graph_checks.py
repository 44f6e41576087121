"""Whether the statements of a graph go together: every name given once, and before it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gdsolve.spec.graph_statements import (
    FormulaNode,
    GoBackward,
    Hook,
    InPlace,
    Leaf,
    PartialDerivative,
    Statement,
    ZeroGrad,
)
from gdsolve.spec.numbers import nearest, shown
from gdsolve.spec.option import flag
from gdsolve.status import GdsolveError, Place

if TYPE_CHECKING:
    from gdsolve.spec.trace_spec import TraceSpec

PASSES = ("backward_from", "repeat", "retain_graph", "zero_grad")
"""Options of the backward passes that follow the statements."""


def check_statements(spec: TraceSpec, given: Mapping[str, object]) -> None:
    """See that every name is given once and before it is used, and that the options go with the statements.

    Raises:
        GdsolveError: they do not.
    """
    seen: dict[str, int | None] = {}
    for one in spec.statements:
        place = Place(spec.path, one.line)
        if isinstance(one, Leaf | FormulaNode | PartialDerivative):
            if one.name in seen:
                line = "" if seen[one.name] in (None, one.line) else f", on line {seen[one.name]}"
                raise GdsolveError(
                    f"given before{line}", f"keep one of them, or call it {one.name}2", place=place, option=one.name
                )
            _check_known(_uses(one), seen, place)
            seen[one.name] = one.line
        else:
            _check_known([] if one.name is None else [one.name], seen, place)
    asked = [("retain_grad", name) for name in spec.options.retain_grad]
    if spec.options.backward_from is not None:
        asked.append(("backward_from", spec.options.backward_from))
    if spec.compare is not None and spec.compare.leaf is not None:
        asked.append(("compare: leaf", spec.compare.leaf))
    for key, name in asked:
        if name not in seen:
            raise GdsolveError(f"{key}: unknown name {shown(name)}", near(name, tuple(seen)), place=Place(spec.path))
    _check_options(spec, given)


def near(name: str, names: Sequence[str]) -> str:
    """What to write in place of a name that is not known."""
    found = nearest(name, names)
    return f"did you mean {found}?" if found else f"known here: {', '.join(names)}"


def _uses(one: Statement) -> list[str]:
    return [one.of, one.by] if isinstance(one, PartialDerivative) else []


def _check_known(names: Sequence[str], seen: Mapping[str, int | None], place: Place) -> None:
    for name in names:
        if name not in seen:
            hint = near(name, tuple(seen)) if seen else f"write {name} = 1 before it"
            raise GdsolveError(f"unknown name {shown(name)}", hint, place=place)


def _check_options(spec: TraceSpec, given: Mapping[str, object]) -> None:
    for name in PASSES:
        if name in given and spec.goes_back_itself:
            raise GdsolveError(
                "the text says itself where it goes backward",
                f"leave {flag(name)} out, or take the backward() and grad() out of the text",
                place=Place(spec.path),
                option=name,
            )
    if spec.compare is not None and any(
        isinstance(one, InPlace | PartialDerivative | Hook | GoBackward | ZeroGrad) for one in spec.statements
    ):
        raise GdsolveError(
            "goes with leaves and nodes, and there is a text with more",
            "leave compare: out",
            place=Place(spec.path),
            option="compare",
        )
