"""A linear model typed out as a curve, whose parameters have names, and so starts."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gdsolve.spec import Spec
from gdsolve.spec.checks import no_parameters
from gdsolve.spec.command import Command
from gdsolve.spec.company import LINEAR
from gdsolve.spec.file import is_yaml, read_spec
from gdsolve.spec.parameters import OF_PARAMETERS, is_name
from gdsolve.spec.weight_bounds import SIDES
from gdsolve.status import GdsolveError

MOST_FEATURES = 10
_FOR_TABLES = {field.name for field in dataclasses.fields(Spec) if LINEAR in field.metadata["option"].goes_with}
_FOR_TABLES |= {"ignore", "engine"}
"""Options that a curve has no use for."""


def as_a_curve(fault: GdsolveError, sources: Sequence[str], given: Mapping[str, Any], verb: str) -> GdsolveError:
    """The fault of an option about parameters with the command that a table can use, where its columns can be read."""
    option = fault.option
    if option is None or any(map(is_yaml, sources)) or given.get("group_by") is not None:
        return fault
    rest = {name: value for name, value in given.items() if name not in (*OF_PARAMETERS, *SIDES)}
    try:
        spec = read_spec(sources, rest, verb)[0]
        columns, target, features = _parts(spec)
        asked = _asked(given[option])
        names = _parameters(features, columns, asked, intercept=not spec.no_intercept)
    except GdsolveError:
        return fault
    if not 0 < len(features) <= MOST_FEATURES:
        return fault
    terms = [f"{name}*{feature}" for name, feature in zip(names, map(_in_backticks, features), strict=False)]
    options = {name: value for name, value in rest.items() if name not in _FOR_TABLES}
    options |= {"target": target, "model": " + ".join([*terms, *names[len(features) :]])}
    options["start"] = ",".join(f"{name}=0" for name in names)
    if option == "fix":
        # Without = a name stands in place of the number.
        options["fix"] = next((name for name in asked.values() if name in names), names[-1])
    return no_parameters(option, Command(verb, tuple(sources), options).but())


def _parts(spec: Spec) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """All columns, the target, and the features that are numbers."""
    from gdsolve.data import usual_target
    from gdsolve.data.table import columns_and_numbers

    columns, numbers = columns_and_numbers(spec.data, spec)
    target = (
        spec.target or usual_target([name for name in numbers if name not in (*spec.ignore, spec.weight_column)])[0]
    )
    chosen = [name for text in spec.features for name in text.split(",")] or numbers
    ignored = {target, spec.weight_column, *(name for text in spec.ignore for name in text.split(","))}
    return columns, target, tuple(name for name in chosen if name in numbers and name not in ignored)


def _parameters(
    features: Sequence[str], columns: Sequence[str], asked: Mapping[str, str], *, intercept: bool
) -> list[str]:
    """A name for the parameter of every feature, as the user called it where he did, and one for the intercept."""
    usual = ["a"] if len(features) == 1 else [f"w{place}" for place in range(1, len(features) + 1)]
    usual += ["b"] * intercept
    own = [name for name in asked if is_name(name) and name not in columns and name not in usual]
    names = [*own, *usual[len(own) :]][: len(usual)]
    return [next(one for one in _tried(name) if one not in columns) for name in names]


def _tried(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}{place}" for place in itertools.count())


def _asked(given: Any) -> dict[str, str]:
    """Names and numbers of an option such as `a=0,b=0`; a number without a name stands under the empty one."""
    texts = [given] if isinstance(given, str) else [str(text) for text in given or ()]
    pairs = [part.rpartition("=") for text in texts for part in text.split(",") if part]
    return {name.strip(): number.strip() for name, _, number in pairs}


def _in_backticks(name: str) -> str:
    return name if name.isidentifier() else f"`{name}`"
