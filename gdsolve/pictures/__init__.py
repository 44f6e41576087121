"""Pictures as plain data, made of what a run knows: a maker for each kind, imported only where one is asked for."""

from __future__ import annotations

from gdsolve.solve.illustrator import Illustrate, Illustrator
from gdsolve.spec import Spec


def illustrator_of(spec: Spec) -> Illustrate | None:
    """Who draws for a spec that asks for pictures, a page of them, or to watch; None for any other."""
    return illustrator if spec.plots or spec.watch or spec.output else None


def illustrator() -> Illustrator:
    """Who draws, imported where it is asked for."""
    from gdsolve.pictures import draw

    return draw
