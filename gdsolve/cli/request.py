"""What a command line asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gdsolve.spec import Verb


@dataclass(frozen=True, slots=True)
class Request:
    """A verb, its sources, the model that was saved, if it takes one, and the options that were given, as typed."""

    verb: Verb
    sources: tuple[str, ...]
    saved: str | None
    given: Mapping[str, Any]
