"""Whether a loss that was asked for has a minimum on a table that is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gdsolve.data import Finding, FindingKind, Table
from gdsolve.objective.separation import find_separation
from gdsolve.solve.pose import pose
from gdsolve.solve.proposals import Proposal
from gdsolve.solve.separated import told_separation
from gdsolve.spec import Loss, Spec
from gdsolve.status import GdsolveError

SEPARABLE = (Loss.LOGISTIC, Loss.SOFTMAX, Loss.POISSON, Loss.TWEEDIE, Loss.NEGATIVE_BINOMIAL)


def separation_found(spec: Spec, proposal: Proposal, read: Callable[[Spec], Table]) -> Finding | None:
    """That classes, or counts, of a table that a fit can read are separated, under the penalty that was asked for."""
    proposed = replace(proposal.spec(spec), ridge=spec.ridge, lr="auto", init="zeros")
    if proposed.loss not in SEPARABLE or proposal.target is None:
        return None
    try:
        problem = pose(proposed, read(proposed))
    except GdsolveError:
        # The reader tells it in other words.
        return None
    found = problem.separation or find_separation(
        problem.objective,
        problem.start,
        intercept=problem.intercept,
        penalised=spec.is_penalised,
        whole=spec.penalize_intercept,
    )
    if found is None:
        return None
    said = f"{told_separation(problem, found)}: without a penalty no weights are large enough"
    return Finding(FindingKind.SEPARATED, said)
