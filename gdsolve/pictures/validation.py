"""`validation`: the error over the folds against what a model is chosen by, and a standard error around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdsolve.picture import Axis, Panel, Picture, Points, Rule, Series, Stroke
from gdsolve.pictures.loss import iterations_axis
from gdsolve.solve.validation import Stopping, Validation


@dataclass(frozen=True, slots=True)
class ErrorCurve:
    """Errors over folds, `means` and their standard errors, at places on an axis; `marks` are places with a name."""

    across: Axis
    places: Points
    means: Points
    standard_errors: Points
    marks: tuple[tuple[str, float], ...] = ()
    level: tuple[str, float] | None = None


def draw_errors(title: str, label: str, curves: Sequence[ErrorCurve], notes: Sequence[str] = ()) -> Picture:
    """A panel for each curve: the mean, and a standard error above and below it."""
    panels = []
    for curve in curves:
        pairs = list(zip(curve.means, curve.standard_errors, strict=True))
        series = (
            Series(label, curve.places, curve.means, colour=0),
            Series("one standard error", curve.places, tuple(mean + error for mean, error in pairs), Stroke.DOTTED),
            Series("", curve.places, tuple(mean - error for mean, error in pairs), Stroke.DOTTED, faint=True),
        )
        rules = [Rule(name, x=place, stroke=Stroke.DASHED, colour=1) for name, place in curve.marks]
        if curve.level is not None:
            rules.append(Rule(curve.level[0], y=curve.level[1], colour=6))
        panels.append(Panel("", curve.across, Axis(label), series, tuple(rules)))
    return Picture(title, tuple(panels), tuple(notes))


def draw_stopping(validation: Validation) -> Picture:
    """The error over the folds against the number of updates, and where it is least."""
    found = validation.stopping
    assert found is not None
    last = found.iterations[-1]
    marks = (
        ()
        if found.best is None
        else ((f"least after {found.best:,} update{'' if found.best == 1 else 's'}", _place(found, last)),)
    )
    curve = ErrorCurve(
        iterations_axis(last),
        tuple(map(float, found.iterations)),
        found.means,
        found.standard_errors,
        marks,
        (f"converged: {found.last:.6g}", found.last),
    )
    return draw_errors(f"The error over {validation.folds} folds", "RMSE over the folds", [curve])


def _place(found: Stopping, last: int) -> float:
    zero = iterations_axis(last).zero_at
    return float(found.best or (zero or 0.0))
