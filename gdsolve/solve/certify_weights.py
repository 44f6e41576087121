"""`certify`: how far any weights, from any tool, are from the optimum of a table, a curve or a formula."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gdsolve.imports import collector_at_rest
from gdsolve.solve.certified import Certified
from gdsolve.solve.given_weights import OF_COLUMNS, GivenWeights, read_weights
from gdsolve.solve.pose import pose
from gdsolve.spec import Parameter, Scale, Spec
from gdsolve.spec.command import Command
from gdsolve.spec.parameter import Value
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from gdsolve.data import Table
    from gdsolve.solve.scanned import Scan

_ENTRY = re.compile(r"(\w+)\[(\d+)(?:,(\d+))?\]")


def certify_weights(spec: Spec, table: Table | Scan | None = None, command: Command | None = None) -> Certified:
    """Certify the weights that `spec` names on its table, or on `table`.

    What a saved model was fitted to, its columns and its loss, stands for options that were not given.

    Raises:
        GdsolveError: weights that cannot be read, or that are not those of the columns.
        DataError: data that cannot be used, or weights at which the loss is not finite.
    """
    began = time.perf_counter()
    if spec.weights is None:
        raise GdsolveError(
            "certify: no weights are given", "give a file of them, as in --weights model.json", option="weights"
        )
    given = read_weights(spec.weights)
    command = command or Command("certify", spec.data)
    asked = frozenset(command.given) | command.fixed
    try:
        problem = pose(with_implied(spec, given, asked), table)
    except GdsolveError as fault:
        # Columns that nobody asked for but these weights.
        implied = {"features", "target", "weight", "sigma"} & set(fault.subjects) - asked
        raise (fault.but(option="weights") if implied else fault) from None
    with collector_at_rest():
        from gdsolve.solve.distance import distance_of
    return distance_of(problem, given, command, began)


def with_implied(spec: Spec, given: GivenWeights, asked: frozenset[str]) -> Spec:
    """The spec with what the weights imply, unless it was asked for; formulas are posed where the weights are."""
    known = given.options(formula=bool(spec.minimize or spec.model))
    implied = {name: value for name, value in known.items() if name not in asked}
    if "ignore" in asked or ("categorical" in asked and given.model is None):
        implied.pop("features", None)
    if "formula" in asked:
        # It says which columns there are, and whether there is an intercept.
        implied = {name: value for name, value in implied.items() if name not in OF_COLUMNS}
    if asked & {"target", "features", "ignore"}:
        implied.pop("formula", None)
    if not (spec.minimize or spec.model or "minimize" in implied or "model" in implied):
        # Nothing is descended on: in these coordinates the optimum is found best.
        posed = replace(spec, **implied, scale=Scale.STANDARD)
        if posed.formula is None:
            return posed
        from gdsolve.spec.model_formula import settled_by_formula

        return settled_by_formula(posed)
    if given.by_name is None:
        raise GdsolveError(
            f"{given.name}: the parameters of a formula have names, and these weights have none",
            'write {"weights": {"a": 1}}, say',
            option="weights",
        )
    listed = {one.name: one for one in spec.parameters}
    started = tuple(
        replace(listed[name], start=value, span=None, sought=False) if name in listed else Parameter(name, value)
        for name, value in _values(given.by_name).items()
    )
    return replace(spec, **implied, parameters=started, start=(), scale=Scale.NONE)


def _values(by_name: Mapping[str, float]) -> dict[str, Value]:
    """Numbers, vectors and matrices from their entries `a`, `w[0]`, `W[0,1]`, in the order of their names."""
    found: dict[str, Any] = {}
    for name, value in by_name.items():
        entry = _ENTRY.fullmatch(name)
        if entry is None:
            found[name] = value
        elif entry[3] is None:
            found.setdefault(entry[1], []).append(value)
        else:
            rows = found.setdefault(entry[1], [])
            if int(entry[3]) == 0:
                rows.append([])
            rows[-1].append(value)
    return {name: _frozen(value) for name, value in found.items()}


def _frozen(value: Any) -> Value:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
