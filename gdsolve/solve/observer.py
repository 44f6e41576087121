"""A descent that takes its steps one by one tells whoever listens how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gdsolve.progress import SILENT, Descending, Outlook, listener

if TYPE_CHECKING:
    from gdsolve.descent.iterate import Observer
    from gdsolve.descent.stop import Step


@contextmanager
def observing(
    title: str,
    last: int | None,
    unit: float = 1.0,
    observe: Observer | None = None,
    outlook: Outlook | None = None,
) -> Iterator[Observer | None]:
    """An observer for the loop, which tells `observe` as well; the one that was given where nobody listens.

    `last` is the number of updates at which the run will end, or ends at the latest, where that is known; `unit` is
    what a loss in descent's coordinates counts for in the user's; `outlook` is what is known of the loss beforehand.
    """
    listening = listener()
    if listening is SILENT:
        yield observe
        return

    def both(step: Step) -> None:
        listening.tell(Descending(title, step.k, step.value * unit, step.gradient_norm, last, outlook))
        if observe is not None:
            observe(step)

    listening.tell(Descending(title, 0, None, None, last, outlook))
    try:
        yield both
    finally:
        listening.done()


def is_observed() -> bool:
    """True where somebody listens: what is only worth working out for them is left out otherwise."""
    return listener() is not SILENT
