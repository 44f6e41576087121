"""One option: what the command line, the schema and the reference say of a field of `Spec`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from gdsolve.spec.choices import FITTING


@dataclass(frozen=True, slots=True)
class OptionInfo:
    """What the command line and the reference say of one option."""

    help: str
    panel: str
    verbs: tuple[str, ...]
    metavar: str | None
    default_text: str | None
    minimum: float | None
    maximum: float | None


def option(
    default: Any,
    help: str,
    panel: str,
    *,
    verbs: tuple[str, ...] = FITTING,
    metavar: str | None = None,
    default_text: str | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A field of `Spec` with what is said of it; its type stands in the annotation."""
    info = OptionInfo(help, panel, verbs, metavar, default_text, minimum, maximum)
    return dataclasses.field(default=default, metadata={"option": info, "description": help})


def flag(name: str) -> str:
    """The flag that goes with a field: `max_iter` gives `--max-iter`."""
    return "--" + name.replace("_", "-")
