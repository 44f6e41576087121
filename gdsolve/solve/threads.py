"""How many threads a problem is worth: one, where its steps are over before others have been woken up."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from gdsolve.objective.base import Objective
from gdsolve.objective.curve import Curve, PointwiseCurve
from gdsolve.objective.formula import Formula
from gdsolve.objective.quadratic import Quadratic
from gdsolve.objective.threads import one_thread
from gdsolve.solve.problem import Kind, Problem

# Numbers that a step reads, from which on they are worth sharing.
SHARED_ELEMENTS = 250_000


def threads_for_steps(objective: Objective) -> AbstractContextManager[None]:
    """One thread for the steps on a small triangle, curve or formula, and for their derivatives; all else as it is.

    A curve with 168 rows and 9 parameters is hundreds of small factorisations, whose threads wait for each other:
    measured on two cores that others use as well, 12 seconds in place of 0.5.
    """
    alone = isinstance(objective, Quadratic | Curve | PointwiseCurve | Formula)
    return one_thread() if alone and objective.step_elements < SHARED_ELEMENTS else nullcontext()


def threads_for_formula(problem: Problem) -> AbstractContextManager[None]:
    """The same for all that is computed of a curve or formula: of a linear model, rows may be read besides."""
    return nullcontext() if problem.kind is Kind.LINEAR else threads_for_steps(problem.objective)
