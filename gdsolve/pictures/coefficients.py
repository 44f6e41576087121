"""`coefficients`: every weight against the strength of the penalty; and `validation` of a path."""

from __future__ import annotations

from gdsolve.picture import Axis, Panel, Picture, Rule, Series, Stroke
from gdsolve.pictures.validation import ErrorCurve, draw_errors
from gdsolve.solve.regularization_path import RegularizationPath
from gdsolve.spec import PlotKind, kind_of_plot

NAMED = 7
"""Weights that are told apart by colour and name."""
LABEL = "λ"


def draw_regularization(path: RegularizationPath) -> Picture:
    """The picture of a path that its spec asks for."""
    if kind_of_plot(path.spec, "path") is PlotKind.VALIDATION:
        return _draw_validation(path)
    return _draw_coefficients(path)


def _marks(path: RegularizationPath) -> tuple[tuple[str, float], ...]:
    if path.folds is None:
        return ()
    return tuple(
        (f"{rule}: λ = {path.lambdas[path.place(rule)]:.6g}", float(path.lambdas[path.place(rule)]))
        for rule in ("min", "1se")
    )


def _draw_validation(path: RegularizationPath) -> Picture:
    folds = path.folds
    assert folds is not None
    curve = ErrorCurve(
        Axis(LABEL, log=True),
        tuple(path.lambdas.tolist()),
        tuple(folds.means.tolist()),
        tuple(folds.standard_errors.tolist()),
        _marks(path),
    )
    label = {"rmse": "RMSE", "deviance": "mean deviance", "loss": "mean loss"}[path.score]
    return draw_errors(f"The error over {len(folds.rows)} folds", f"{label} over the folds", [curve])


def _draw_coefficients(path: RegularizationPath) -> Picture:
    """Every weight, the largest of which have names."""
    lambdas = tuple(path.lambdas.tolist())
    sizes = abs(path.weights).max(axis=0)
    order = sorted(range(len(path.names)), key=lambda place: -sizes[place])
    named = set(order[:NAMED])
    series = tuple(
        Series(
            path.names[place] if place in named else "",
            lambdas,
            tuple(path.weights[:, place].tolist()),
            colour=order.index(place) if place in named else 7,
            faint=place not in named,
        )
        for place in [*order[NAMED:], *order[:NAMED]]
    )
    strokes = (Stroke.DASHED, Stroke.DOTTED)
    rules = tuple(Rule(*mark, stroke=stroke) for mark, stroke in zip(_marks(path), strokes, strict=False))
    panel = Panel("", Axis(LABEL, log=True), Axis("weight"), series, (*rules, Rule("", y=0.0)))
    left = len(path.names) - NAMED
    notes = (f"Named are the {NAMED} largest of {len(path.names)} weights.",) if left > 0 else ()
    return Picture("The weights against the strength of the penalty", (panel,), notes)
