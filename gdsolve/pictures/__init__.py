"""Pictures as plain data, made of what a run knows: a maker for each kind, imported only where one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.spec import Spec

if TYPE_CHECKING:
    from gdsolve.solve.illustrator import Illustrator


def illustrator_of(spec: Spec) -> Illustrator | None:
    """What draws for a spec that asks for pictures, a page of them, or to watch; None for any other."""
    if not (spec.plots or spec.watch or spec.output):
        return None
    from gdsolve.pictures import draw

    return draw
