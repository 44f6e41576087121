"""The rules of convergence that a spec turns on."""

from __future__ import annotations

from gdsolve.descent.stop import SmallGradient, SmallLossChange, SmallUpdate, StopRule
from gdsolve.spec import Spec


def convergence_rules(spec: Spec, tol: float) -> tuple[StopRule, ...]:
    """The rules of convergence that are on, `tol` being the tolerance on updates."""
    wanted = ((SmallUpdate, tol), (SmallLossChange, spec.loss_tol), (SmallGradient, spec.grad_tol))
    return tuple(rule(threshold) for rule, threshold in wanted if threshold)
