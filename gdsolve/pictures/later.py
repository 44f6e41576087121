"""Draws what is asked for at once, and keeps what other pictures of a small problem are made of, to draw them later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gdsolve.presented import Kept
from gdsolve.solve.problem import Kind
from gdsolve.spec import PlotKind

if TYPE_CHECKING:
    from gdsolve.descent.solution import Solution
    from gdsolve.objective.inference import Inference
    from gdsolve.picture import Picture
    from gdsolve.progress import Outlook
    from gdsolve.solve.comparison import RateResult
    from gdsolve.solve.illustrator import Descent
    from gdsolve.solve.minimum import Certificate
    from gdsolve.solve.plan import Plan
    from gdsolve.solve.problem import Problem
    from gdsolve.solve.regularization_path import RegularizationPath

MOST_CELLS = 1_000_000
"""Numbers of a problem that are kept for its pictures at most."""


def cells_of(problem: Problem) -> float:
    """Numbers that a problem holds, about: its rows where it holds them, and what is (p, p)."""
    holds_rows = problem.squares is None or problem.squares.kept.rows > 0
    rows = 0 if problem.data is None or not holds_rows else problem.data.rows
    return float(rows * (problem.p + 1) + 8 * problem.p**2)


class LaterIllustrator:
    """An illustrator for one run of a verb; `kept` are there after it, where the problem is small."""

    def __init__(self) -> None:
        self.kept: Kept | None = None

    def outlook_of(self, problem: Problem, plan: Plan) -> Outlook:
        """As `gdsolve.pictures.draw`."""
        from gdsolve.pictures import draw

        return draw.outlook_of(problem, plan)

    def pictures_of_fit(self, descent: Descent) -> Mapping[PlotKind, Picture]:
        """As `gdsolve.pictures.draw`."""

        def of(problem: Problem) -> Mapping[PlotKind, Picture]:
            from gdsolve.pictures import draw

            return draw.pictures_of_fit(replace(descent, problem=problem))

        def errors() -> Inference:
            from gdsolve.solve.inference import inference_of

            problem = replace(descent.problem, spec=replace(descent.problem.spec, report=True))
            return inference_of(problem, descent.solution, descent.certificate)

        self._keep(descent.problem, lambda problem, kind: of(problem)[kind], errors)
        return of(descent.problem) if descent.problem.spec.plots else {}

    def picture_of_methods(self, descents: Sequence[Descent], certificate: Certificate) -> Picture | None:
        """As `gdsolve.pictures.draw`."""
        if not descents:
            return None

        def of(problem: Problem) -> Picture | None:
            from gdsolve.pictures import draw

            return draw.picture_of_methods([replace(one, problem=problem) for one in descents], certificate)

        problem = descents[0].problem
        self._keep(problem, lambda problem, _: of(problem))
        return of(problem) if problem.spec.plots else None

    def picture_of_rates(
        self,
        problem: Problem,
        results: Sequence[RateResult],
        solutions: Sequence[Solution] | None,
        certificate: Certificate,
        tol: float,
        limit: int | None,
    ) -> Picture | None:
        """As `gdsolve.pictures.draw`."""

        def of(problem: Problem) -> Picture | None:
            from gdsolve.pictures import draw

            return draw.picture_of_rates(problem, results, solutions, certificate, tol, limit)

        self._keep(problem, lambda problem, _: of(problem))
        return of(problem) if problem.spec.plots else None

    def picture_of_path(self, path: RegularizationPath) -> Picture:
        """As `gdsolve.pictures.draw`: a path holds all that its pictures show."""
        from gdsolve.pictures import draw

        return draw.picture_of_path(path)

    def picture_of_check(self, raw: Problem, standardised: Problem) -> Picture | None:
        """As `gdsolve.pictures.draw`."""

        def of(problem: Problem) -> Picture | None:
            from gdsolve.pictures import draw

            return draw.picture_of_check(problem, standardised)

        self._keep(raw, lambda problem, _: of(problem))
        return of(raw) if raw.spec.plots else None

    def _keep(
        self,
        problem: Problem,
        draw: Callable[[Problem, PlotKind], Any],
        errors: Callable[[], Inference] | None = None,
    ) -> None:
        """Draw later as for a spec that asks for that kind; not of rows that are read anew, or are many."""
        cells = cells_of(problem)
        if problem.is_streamed or cells > MOST_CELLS:
            return

        def drawn(kind: PlotKind) -> Picture | None:
            if kind is PlotKind.FIT and problem.sample is None and problem.kind is Kind.LINEAR:
                # Of a scan, and of a long table, there are no rows to draw.
                return None
            asked = replace(problem.spec, plot=True, plot_kind=kind, output=None)
            picture: Picture | None = draw(replace(problem, spec=asked), kind)
            return picture

        self.kept = Kept(cells, drawn, errors)
