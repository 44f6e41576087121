"""The spec: what was asked, frozen and validated, from YAML, flags and Python alike."""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.spec.checks import check
from gdsolve.spec.options import Options


@dataclass(frozen=True, slots=True)
class Spec(Options):
    """A problem and how to solve it (docs/design.md, section 4).

    Raises:
        GdsolveError: a value outside its range, or options that contradict each other.
    """

    def __post_init__(self) -> None:
        check(self)
