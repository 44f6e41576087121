"""`direction`: the line of steepest descent through the start with its gradient, and the loss along it."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import torch

from gdsolve.picture import Arrow, Axis, Marker, Panel, Picture, Rule, Series, Stroke
from gdsolve.pictures.plane import Plane, contours, frame, plane_of_two
from gdsolve.pictures.scene import Scene, Track
from gdsolve.spec.numbers import rate_text

ALONG = 121


def draw_direction(scene: Scene, track: Track) -> Picture:
    """−∇L at the start: where it points, and how the loss falls along it."""

    gradient = scene.gradient(scene.start).to(torch.float64)
    start = scene.start.to(torch.float64)
    best = _best_length(scene, start, gradient)
    panels, notes = [], [_told(scene, gradient)]
    if float(gradient.norm()) > 0.0:
        if len(start) == 2 and not scene.coordinates:
            panels.append(_own_length_panel(scene, start, gradient))
        if len(start) > 1:
            panel, more = _plane_panel(scene, start, gradient, best)
            panels.append(panel)
            notes += more
        panels.append(_line_panel(scene, track, start, gradient, best))
    else:
        notes = ["The gradient at the start is 0: there is no direction of descent."]
        panels.append(_flat_panel(scene, start))
    return Picture("The direction of steepest descent from the start", tuple(panels), tuple(filter(None, notes)))


def _best_length(scene: Scene, start: torch.Tensor, gradient: torch.Tensor) -> float:
    """The α of least loss along the line: ‖g‖²/gᵀHg on a quadratic, found on a grid elsewhere."""

    norm = float(gradient.norm())
    if norm == 0.0:
        return 0.0
    hessian = scene.hessian() if scene.modes is not None else None
    if hessian is not None:
        curvature = float(gradient.mT @ hessian.to(gradient) @ gradient)
        return norm**2 / curvature if curvature > 0.0 else 1.0 / norm
    lengths = torch.logspace(-8, 4, 97, dtype=torch.float64, device=start.device) * (1.0 + float(start.norm())) / norm
    values = scene.values(start - lengths[None, :] * gradient)
    return float(lengths[int(values.nan_to_num(nan=float("inf")).argmin())])


def _plane_panel(
    scene: Scene, start: torch.Tensor, gradient: torch.Tensor, best: float
) -> tuple[Panel, tuple[str, ...]]:
    plane = _plane(scene, start, gradient)
    ends = _points(start, gradient, (-0.6 * best, 0.0, best, 2.2 * best))
    xs, ys = plane.project(scene, ends)
    goal = None if scene.minimiser is None else plane.project(scene, scene.minimiser)
    x, y = frame(plane, [*xs, *(goal[0] if goal else [])], [*ys, *(goal[1] if goal else [])])
    lines, levels = contours(scene, plane, x, y)
    series = [*lines, Series("line of steepest descent", (xs[0], xs[3]), (ys[0], ys[3]), Stroke.DASHED, colour=0)]
    series.append(Series("start", (xs[1],), (ys[1],), Stroke.NONE, Marker.SQUARE, 4))
    series.append(Series("lowest point on the line", (xs[2],), (ys[2],), Stroke.NONE, Marker.CIRCLE, 0))
    if goal is not None:
        series.append(Series("minimum", tuple(goal[0]), tuple(goal[1]), Stroke.NONE, Marker.STAR, 2))
    arrow = Arrow(
        "−∇L at the start (length not to scale)", (xs[1], ys[1]), ((xs[1] + xs[2]) / 2, (ys[1] + ys[2]) / 2), 1
    )
    panel = Panel("", replace(plane.x, limits=x), replace(plane.y, limits=y), tuple(series), arrows=(arrow,))
    return panel, (levels, plane.note)


def _own_length_panel(scene: Scene, start: torch.Tensor, gradient: torch.Tensor) -> Panel:
    """−∇L with the length that it has, and the line of steepest descent from one side of the picture to the other."""
    plane, largest = plane_of_two(scene), float(gradient.abs().max())
    half = _round_above(largest)
    across = half / largest
    xs, ys = plane.project(scene, _points(start, gradient, (-across, 0.0, 1.0, across)))
    line = Series("line of steepest descent", (xs[0], xs[3]), (ys[0], ys[3]), Stroke.DASHED, colour=0)
    mark = Series("start", (xs[1],), (ys[1],), Stroke.NONE, Marker.SQUARE, 4)
    arrow = Arrow("−∇L at the start, at its own length", (xs[1], ys[1]), (xs[2], ys[2]), 1)
    x, y = (replace(axis, limits=(at - half, at + half)) for axis, at in ((plane.x, xs[1]), (plane.y, ys[1])))
    return Panel("", x, y, (line, mark), arrows=(arrow,))


def _round_above(length: float) -> float:
    """The next number above it that has one digit, or two where the first is 1: 30 above 28."""
    power = 10.0 ** math.floor(math.log10(length))
    return next(step * power for step in (1.2, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0) if step * power > length)


def _points(start: torch.Tensor, gradient: torch.Tensor, lengths: tuple[float, ...]) -> torch.Tensor:
    """start − α·gradient for every α, (p, q)."""

    return start - torch.tensor(lengths, dtype=start.dtype, device=start.device)[None, :] * gradient


def _plane(scene: Scene, start: torch.Tensor, gradient: torch.Tensor) -> Plane:
    """Two weights as they are; of more, the plane of the gradient and of the minimum."""

    if len(start) == 2:
        return plane_of_two(scene)
    first = -gradient / gradient.norm()
    goal = torch.zeros_like(first) if scene.minimiser is None else scene.minimiser.to(start) - start
    rest = goal - first * (first.mT @ goal)
    if float(rest.norm()) <= 1e-9 * float(goal.norm()):
        rest = torch.zeros_like(first)
        rest[int(first.abs().argmin())] = 1.0
        rest = rest - first * (first.mT @ rest)
    basis = torch.cat([first, rest / rest.norm()], dim=1)
    where = f" ({scene.coordinates})" if scene.coordinates else ""
    note = "The plane through the start along −∇L and towards the minimum, in the coordinates of descent."
    return Plane(Axis(f"along −∇L{where}"), Axis("across, towards the minimum"), start, basis, False, note)


def _line_panel(scene: Scene, track: Track, start: torch.Tensor, gradient: torch.Tensor, best: float) -> Panel:
    """The loss along the line against the length of the step α, with its tangent, which is −‖∇L‖² steep."""

    rate = track.learning_rate
    last = 2.2 * best if rate is None or rate > 6.0 * best else max(2.2 * best, 1.1 * rate)
    lengths = torch.linspace(0.0, last, ALONG, dtype=torch.float64, device="cpu").tolist()
    values = scene.values(_points(start, gradient, tuple(lengths))).tolist()
    marks = [Series("start", (0.0,), (values[0],), Stroke.NONE, Marker.SQUARE, 4)]
    lowest = float(scene.values(_points(start, gradient, (best,)))[0])
    marks.append(Series(f"lowest: α = {rate_text(best, 4)}", (best,), (lowest,), Stroke.NONE, Marker.CIRCLE, 0))
    if rate is not None and rate <= last:
        reached = float(scene.values(_points(start, gradient, (rate,)))[0])
        marks.append(Series(f"first step: α = {rate_text(rate, 4)}", (rate,), (reached,), Stroke.NONE, Marker.CROSS, 1))
    slope = float(gradient.square().sum()) * scene.unit
    finite = [value for value in values if abs(value) < 1e300]
    bottom = min(finite)
    reach = min(last, (values[0] - bottom) / slope) if slope > 0.0 else last
    tangent = Series(
        "tangent, slope −|∇L|²", (0.0, reach), (values[0], values[0] - slope * reach), Stroke.DASHED, colour=3
    )
    curve = Series("loss along the line", tuple(lengths), tuple(values), colour=6)
    where = f", {scene.coordinates}" if scene.coordinates else ""
    return Panel("", Axis(f"length of the step α{where}"), Axis("loss", scene.loss_unit), (curve, tangent, *marks))


def _flat_panel(scene: Scene, start: torch.Tensor) -> Panel:
    at = float(scene.values(start)[0])
    mark = Series("start", (0.0,), (at,), Stroke.NONE, Marker.SQUARE, 4)
    return Panel("", Axis("length of the step α"), Axis("loss", scene.loss_unit), (mark,), (Rule("loss there", y=at),))


def _told(scene: Scene, gradient: torch.Tensor) -> str:
    numbers = gradient[:, 0].tolist()
    shown = ", ".join(f"{number:.6g}" for number in numbers[:6]) + (", …" if len(numbers) > 6 else "")
    where = f" in {scene.coordinates}" if scene.coordinates else ""
    ratio = ""
    if len(numbers) == 2 and all(numbers):
        ratio = f"; direction of descent {_ratio(-numbers[0], -numbers[1])}"
    return f"∇L at the start{where}: ({shown}){ratio}."


def _ratio(first: float, second: float) -> str:
    """Two numbers as a ratio, of whole numbers where small ones say the same."""
    near = Fraction(first / second).limit_denominator(20)
    if near and abs(float(near) * second - first) <= 1e-9 * abs(first):
        sign = 1 if second > 0.0 else -1
        return f"{sign * near.numerator} : {sign * near.denominator}"
    smaller = min(abs(first), abs(second))
    return f"{first / smaller:.4g} : {second / smaller:.4g}"
