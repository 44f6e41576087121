"""`--l1 auto` and `--ridge auto`: the strength of a penalty at which the error over the folds is least."""

from __future__ import annotations

from gdsolve.solve.find_path import at_strengths, find_path
from gdsolve.solve.penalties import Mix
from gdsolve.solve.problem import Problem
from gdsolve.solve.validation import FoundStrength
from gdsolve.spec import Spec
from gdsolve.spec.choices import Select

POINTS = Spec().points


def find_strength(problem: Problem) -> tuple[Problem, FoundStrength]:
    """The problem with the strength that was sought, the other penalty as it is, and how it was found.

    The λ are those of `path`, all of its default number of points.

    Raises:
        DataError: a target that no column explains.
    """
    spec = problem.spec
    l1 = spec.sought == "l1"
    mix = Mix(1.0, 0.0, ridge=spec.ridge) if l1 else Mix(0.0, 1.0, l1=spec.l1)
    path = find_path(problem, mix, POINTS)
    assert path.folds is not None
    place, cautious = path.folds.place(Select.MIN), path.folds.place(Select.ONE_SE)
    found = FoundStrength(
        option="l1" if l1 else "ridge",
        strength=float(path.lambdas[place]),
        mean=float(path.folds.means[place]),
        standard_error=float(path.folds.standard_errors[place]),
        one_standard_error=float(path.lambdas[cautious]),
        points=len(path.lambdas),
        largest=float(path.lambdas[0]),
        least=float(path.lambdas[-1]),
    )
    return at_strengths(problem, (float(path.l1[place]), float(path.ridge[place]))), found
