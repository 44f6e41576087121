"""`spectrum`: eigenvalues of the Hessian, and by how much the error shrinks a step in each mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from gdsolve.objective.base import TwiceDifferentiable
from gdsolve.picture import Axis, Marker, Panel, Picture, Rule, Series, Stroke
from gdsolve.pictures.loss import log_axis
from gdsolve.pictures.scene import Scene
from gdsolve.spec.numbers import rate_text

MARKERS = (Marker.CIRCLE, Marker.SQUARE)


@dataclass(frozen=True, slots=True)
class Spread:
    """Eigenvalues, largest first, and the rates whose factors are drawn, by what they are called."""

    name: str
    eigenvalues: tuple[float, ...]
    rates: tuple[tuple[str, float], ...]


def eigenvalues_of(scene: Scene, end: torch.Tensor) -> tuple[tuple[float, ...], str]:
    """The eigenvalues, largest first, and where they were taken: of a quadratic, at the minimum, or at the `end`.

    Those of a quadratic are above rank tolerance; there are none where the Hessian is not finite.
    """
    if scene.modes is not None:
        return tuple(scene.modes.eigenvalues.tolist()), ""
    hessian, where = scene.hessian(), "at the minimum"
    if hessian is None and isinstance(scene.problem.objective, TwiceDifferentiable):
        hessian, where = scene.problem.objective.hessian(end.to(scene.start)), "at the end of the run"
    if hessian is None or not bool(torch.isfinite(hessian).all()):
        return (), "where the run ended, and it is not finite there"
    found: list[float] = torch.linalg.eigvalsh(hessian.to(torch.float64)).flip(0).tolist()
    return tuple(found), where


def draw_spectrum(spreads: Sequence[Spread], title: str, notes: Sequence[str] = ()) -> Picture:
    """Eigenvalue and factor 1 − αλ mode by mode; the factor is drawn where there is a rate."""
    values, factors = [], []
    for i, spread in enumerate(spreads):
        modes = tuple(float(place) for place in range(1, len(spread.eigenvalues) + 1))
        values.append(Series(spread.name, modes, spread.eigenvalues, Stroke.DOTTED, MARKERS[i % 2], i))
        for j, (called, rate) in enumerate(spread.rates):
            shrunk = tuple(abs(1.0 - rate * value) for value in spread.eigenvalues)
            name = (f"{spread.name}: " if len(spreads) > 1 else "") + f"{called}, α = {rate_text(rate, 4)}"
            marker = (Marker.CIRCLE, Marker.SQUARE, Marker.TRIANGLE, Marker.DIAMOND)[(i + j) % 4]
            factors.append(Series(name, modes, shrunk, Stroke.DOTTED, marker, i + j))
    most = max((len(spread.eigenvalues) for spread in spreads), default=1)
    across = Axis("mode", "largest curvature first", whole=True, limits=(0.5, most + 0.5))
    panels = [Panel("", across, log_axis("eigenvalue λ of the Hessian", values), tuple(values))]
    if factors:
        limit = Rule("stability limit", y=1.0, stroke=Stroke.DASHED, colour=1)
        panels.append(Panel("", across, Axis("factor |1 − αλ| a step"), tuple(factors), (limit,)))
    return Picture(title, tuple(panels), tuple(notes))
