"""Whether a fit that is about to be advised ends well: some losses have no minimum, and only a descent tells."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from gdsolve.data import Description, Table
from gdsolve.progress import listener
from gdsolve.solve.fit import fit
from gdsolve.solve.proposals import Proposal, penalised
from gdsolve.spec import Spec
from gdsolve.status import GdsolveError, Status

# A descent on so many cells takes less than a second.
MOST_CELLS = 200_000


def settle(spec: Spec, described: Description, proposal: Proposal, read: Callable[[Spec], Table]) -> Proposal | None:
    """The proposal where its fit ends well, else with a penalty; None where neither does.

    Least squares always do, and of a large table it is not tried.
    """
    proposed = proposal.spec(spec)
    if proposed.loss.info.squared or proposal.rows * proposal.parameters > MOST_CELLS:
        return proposal
    candidates = (proposal, *(() if proposed.is_penalised else (penalised(spec, described, proposal),)))
    return next((one for one in candidates if _ends_well(one.spec(spec), read)), None)


def _ends_well(spec: Spec, read: Callable[[Spec], Table]) -> bool:
    alone = replace(spec, lr="auto", max_iter=None, plot=False, watch=False, checkpoint=None, resume=None)
    try:
        with _unheard():
            found = fit(alone, read(alone))
    except GdsolveError:
        return False
    return found.status in (Status.CONVERGED, Status.MAX_ITER)


@contextmanager
def _unheard() -> Iterator[None]:
    """What a fit says that nobody has asked for is not for the user."""
    logger = logging.getLogger("gdsolve")
    before = logger.disabled
    logger.disabled = True
    try:
        with listener().hidden():
            yield
    finally:
        logger.disabled = before
