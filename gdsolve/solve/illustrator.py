"""Who draws what a run knows: given to the verbs by their caller, as pictures stand above them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gdsolve.descent.solution import Solution
    from gdsolve.picture import Picture
    from gdsolve.progress import Outlook
    from gdsolve.solve.comparison import RateResult
    from gdsolve.solve.minimum import Certificate
    from gdsolve.solve.plan import Plan
    from gdsolve.solve.problem import Problem
    from gdsolve.solve.regularization_path import RegularizationPath
    from gdsolve.solve.validation import Validation
    from gdsolve.spec import PlotKind


@dataclass(frozen=True, slots=True)
class Descent:
    """One descent from end to end: what was posed, planned, reached, certified, and validated where that was asked."""

    problem: Problem
    plan: Plan
    solution: Solution
    certificate: Certificate
    validation: Validation | None = None


class Illustrator(Protocol):
    """What draws: every method gives pictures as plain data, or None where there is nothing to draw, or not yet."""

    def outlook_of(self, problem: Problem, plan: Plan) -> Outlook:
        """What is known of the loss before the first step, for whoever watches."""
        ...

    def pictures_of_fit(self, descent: Descent) -> Mapping[PlotKind, Picture]:
        """The pictures that a spec asks for of one descent."""
        ...

    def picture_of_methods(self, descents: Sequence[Descent], certificate: Certificate) -> Picture | None:
        """Several methods on one problem."""
        ...

    def picture_of_rates(
        self,
        problem: Problem,
        results: Sequence[RateResult],
        solutions: Sequence[Solution] | None,
        certificate: Certificate,
        tol: float,
        limit: int | None,
    ) -> Picture | None:
        """Many learning rates on one problem; without `solutions` from its closed form."""
        ...

    def picture_of_path(self, path: RegularizationPath) -> Picture:
        """The weights of a path of penalties against λ, or their error over folds."""
        ...

    def picture_of_check(self, raw: Problem, standardised: Problem) -> Picture | None:
        """The spectra of a table in both coordinates."""
        ...


Illustrate = Callable[[], Illustrator]
"""Gives who draws, which is imported only then: it needs torch."""
