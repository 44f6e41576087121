"""A plane through the weights on which the loss is drawn: two parameters, or two directions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from gdsolve.picture import Axis, Series
from gdsolve.pictures.scene import Scene

if TYPE_CHECKING:
    from contourpy import ContourGenerator

GRIDS = {"quadratic": 121, "other": 61, "slow": 31}
LEVELS = 9
DECADES = 4.0
MUCH = 2_000_000_000
ROOM = 0.12
NARROW = 0.25


@dataclass(frozen=True, slots=True)
class Plane:
    """Points centre + s·first + t·second, with `basis` (p, 2); where `direct`, s and t are the user's two weights."""

    x: Axis
    y: Axis
    centre: torch.Tensor
    basis: torch.Tensor
    direct: bool
    note: str

    def project(self, scene: Scene, weights: torch.Tensor) -> tuple[list[float], list[float]]:
        """Where weights, (p, q) in descent's coordinates, stand on the plane."""
        if self.direct:
            user = scene.units.to_user(weights.to(scene.start))
            return user[0].tolist(), user[1].tolist()
        across = self.basis.mT @ (weights.to(self.centre) - self.centre)
        return across[0].tolist(), across[1].tolist()

    def lift(self, scene: Scene, points: torch.Tensor) -> torch.Tensor:
        """The weights, (p, q) in descent's coordinates, of points (2, q) of the plane."""
        if self.direct:
            return scene.units.from_user(points.to(scene.start))
        return self.centre + self.basis @ points.to(self.basis)


def plane_of_two(scene: Scene) -> Plane:
    """The plane of two weights as they are."""

    identity = torch.eye(2, dtype=torch.float64, device=scene.start.device)
    return Plane(scene.weight_axis(0), scene.weight_axis(1), scene.start, identity, True, "")


def plane_of(scene: Scene, end: torch.Tensor) -> Plane:
    """The plane of two weights as they are; of more, that of two eigenvectors of the Hessian.

    Of all principal directions they are the two along which the start is farthest from the minimum: in the most curved
    ones there may be nothing to descend.
    """
    if len(scene.start) == 2:
        return plane_of_two(scene)
    centre = (scene.minimiser if scene.minimiser is not None else end).to(torch.float64)
    hessian = scene.hessian()
    if hessian is None:
        hessian = torch.eye(len(centre), dtype=torch.float64, device=centre.device)
    curvature, vectors = torch.linalg.eigh(hessian.to(centre))
    away = (vectors.mT @ (scene.start.to(centre) - centre))[:, 0].abs()
    chosen = away.argsort(descending=True, stable=True)[:2]
    chosen = chosen[curvature[chosen].argsort(descending=True, stable=True)]
    basis = vectors[:, chosen]
    # An eigenvector has no sign of its own: the largest entry is taken as positive.
    flips = torch.sign(basis.gather(0, basis.abs().argmax(dim=0, keepdim=True)))
    basis = basis * flips
    axes = [
        Axis(f"along {_combined(scene.names, basis[:, place].tolist())}", f"λ = {float(curvature[index]):.3g}")
        for place, index in enumerate(chosen.tolist())
    ]
    place = "the minimum" if scene.minimiser is not None else "the end"
    where = f" ({scene.coordinates})" if scene.coordinates else ""
    note = (
        f"The plane through {place} along the two principal directions of the Hessian{where} in which the start is "
        "farthest from it; iterates are projected onto it."
    )
    return Plane(axes[0], axes[1], centre, basis, False, note)


def _combined(names: Sequence[str], entries: Sequence[float]) -> str:
    """The two largest parts of a direction, by name."""
    order = sorted(range(len(entries)), key=lambda place: -abs(entries[place]))[:2]
    parts = [f"{entries[place]:+.2f} {names[place]}" for place in order]
    return " ".join(parts).removeprefix("+") + (" …" if len(entries) > 2 else "")


def contours(scene: Scene, plane: Plane, x: tuple[float, float], y: tuple[float, float]) -> tuple[list[Series], str]:
    """Lines of equal loss within these limits, faint, and a note that says their levels."""

    slow = scene.rows * len(scene.start) * GRIDS["other"] ** 2 > MUCH
    size = GRIDS["quadratic" if scene.modes is not None else "slow" if slow else "other"]
    xs, ys = np.linspace(*x, size), np.linspace(*y, size)
    across, up = np.meshgrid(xs, ys)
    points = torch.from_numpy(np.stack([across.ravel(), up.ravel()]))
    heights = scene.values(plane.lift(scene, points)).cpu().numpy().reshape(across.shape)
    levels = _levels(scene, heights)
    lines: list[Series] = []
    from contourpy import contour_generator

    generator = contour_generator(across, up, np.ma.masked_invalid(heights))
    for level in levels:
        for line in _lines(generator, level):
            lines.append(Series("", tuple(line[:, 0].tolist()), tuple(line[:, 1].tolist()), faint=True))
    told = ", ".join(f"{level:.3g}" for level in levels)
    unit = f" {scene.loss_unit}" if scene.loss_unit else ""
    return lines, f"Contours of the loss at {told}{unit}." if levels else ""


def _lines(generator: ContourGenerator, level: float) -> list[np.ndarray]:
    """The lines of one level, (points, 2) each."""
    found: Any = generator.lines(level)
    return list(found)


def _levels(scene: Scene, heights: np.ndarray) -> list[float]:
    """Levels that are evenly apart on a bowl, and on a log scale where the loss is steeper than one."""

    finite = heights[np.isfinite(heights)]
    if not len(finite):
        return []
    low, high = float(finite.min()), float(finite.max())
    if scene.minimiser is not None:
        low = min(low, float(scene.values(scene.minimiser)[0]))
    span = high - low
    if not span > 0.0:
        return []
    shares = np.linspace(0.0, 1.0, LEVELS + 2)[1:-1] ** 2
    if scene.modes is None and float(np.median(finite)) - low < 0.02 * span:
        shares = 10.0 ** np.linspace(-DECADES, 0.0, LEVELS + 1)[:-1]
    return [low + float(share) * span for share in shares]


def limits(values: Iterable[float], least: float = 0.0) -> tuple[float, float]:
    """An interval that holds these values, with room around them, and is `least` long."""
    found = [value for value in values if abs(value) < 1e300]
    low, high = (min(found), max(found)) if found else (0.0, 1.0)
    room = max(ROOM * (high - low), 0.5 * (least - (high - low))) or 0.5 * (abs(high) or 1.0)
    return low - room, high + room


def frame(plane: Plane, xs: Sequence[float], ys: Sequence[float]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The limits of both axes; where both measure the same, neither is much shorter than the other."""
    if plane.direct:
        return limits(xs), limits(ys)
    size = NARROW * max(max(xs) - min(xs), max(ys) - min(ys))
    return limits(xs, size), limits(ys, size)
