"""What a verb takes and gives: its options, the words that they take, and the forms of its result."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from enum import StrEnum

from gdsolve.spec.choices import Format, Missing, PlotKind
from gdsolve.spec.option import OptionInfo
from gdsolve.spec.spec import Spec
from gdsolve.spec.verbs import FORMATS, PLOT_KINDS, SCORING
from gdsolve.status import GdsolveError


def options_of(verb: str) -> dict[str, OptionInfo]:
    """The options that a verb takes, by field name, in the order of `Spec`."""
    infos: Iterable[tuple[str, OptionInfo]] = (
        (field.name, field.metadata["option"]) for field in dataclasses.fields(Spec)
    )
    return {name: info.of(verb) for name, info in infos if verb in info.verbs}


def takes(verb: str, name: str) -> bool:
    """True for an option that means something to a verb."""
    info: OptionInfo = Spec.__dataclass_fields__[name].metadata["option"]
    return verb in info.verbs


def choices(name: str, verb: str) -> tuple[str, ...] | None:
    """The words that an option of a verb takes, None where it takes other values."""
    kind = type(Spec.__dataclass_fields__[name].default)
    if name == "format":
        return FORMATS.get(verb, tuple(Format))
    if name == "plot_kind":
        return PLOT_KINDS.get(verb, tuple(PlotKind))
    if kind is Missing and verb in SCORING:
        return (Missing.ERROR, Missing.DROP)
    return tuple(kind) if issubclass(kind, StrEnum) else None


def only_traced(name: str) -> bool:
    """True for the options that mean something to `trace` or `tour` alone, and are no keys of a problem."""
    info: OptionInfo = Spec.__dataclass_fields__[name].metadata["option"]
    return info.verbs in (("trace",), ("tour",))


def check_format(format: Format, verb: str) -> None:
    """See that a verb can write this form.

    Raises:
        GdsolveError: it cannot.
    """
    forms = FORMATS.get(verb, tuple(Format))
    if format not in forms:
        raise GdsolveError(f"{verb} does not write {format}", f"give --format {'|'.join(forms)}", option="format")
