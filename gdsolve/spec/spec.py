"""The spec: what was asked, frozen and validated, from YAML, flags and Python alike."""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.spec.checks import check
from gdsolve.spec.losses import MEAN_AT, Link, Mean
from gdsolve.spec.options import Options


@dataclass(frozen=True, slots=True)
class Spec(Options):
    """A problem and how to solve it (docs/design.md, section 4).

    Raises:
        GdsolveError: a value outside its range, or options that contradict each other.
    """

    def __post_init__(self) -> None:
        check(self)

    @property
    def link_used(self) -> Link | None:
        """The link of a loss of means, of a curve the one that was asked for; None where there is none."""
        return None if self.minimize is not None else self.loss.info.link_of(self.link, curve=self.model is not None)

    @property
    def mean(self) -> Mean:
        """What is predicted at z: the inverse of the link."""
        if self.minimize is not None:
            return Mean.IDENTITY
        return self.loss.info.mean if self.link_used is None else MEAN_AT[self.link_used]
