"""`path`: the iterates on the contours of the loss, or on its curve where there is one weight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch

from gdsolve.descent.schedule import Schedule
from gdsolve.picture import Axis, Marker, Panel, Picture, Series, Stroke
from gdsolve.pictures.loss import MARKERS, stroke_of
from gdsolve.pictures.plane import contours, frame, limits, plane_of
from gdsolve.pictures.scene import Scene, Snapshots, Track, joined_with, spaced

# Every iterate of so many is shown; later ones are as good as on top of each other.
EVERY = 2000
EACH = 41
ALONG = 201
# A run that goes further from where it started than so many times the way to the minimum has left the picture.
FAR = 6.0
LEAST = 3


def draw_path(scene: Scene, tracks: Sequence[Track]) -> Picture:
    """The path that descent took."""
    found = [_kept(scene, track, _iterates(scene, track)) for track in tracks]
    if len(scene.start) == 1:
        return _on_a_curve(scene, tracks, found)
    return _on_a_plane(scene, tracks, found)


def _on_a_plane(scene: Scene, tracks: Sequence[Track], found: Sequence[Snapshots]) -> Picture:
    plane = plane_of(scene, tracks[0].solution.w)
    paths = [plane.project(scene, states.weights) for states in found]
    xs = [x for path in paths for x in path[0]]
    ys = [y for path in paths for y in path[1]]
    optimum = None if scene.minimiser is None else plane.project(scene, scene.minimiser)
    if optimum is not None:
        xs, ys = xs + optimum[0], ys + optimum[1]
    x, y = frame(plane, xs, ys)
    lines, levels = contours(scene, plane, x, y)
    series = [*lines, *_marked(tracks, found, paths)]
    if optimum is not None:
        series.append(Series(_minimum(scene), tuple(optimum[0]), tuple(optimum[1]), Stroke.NONE, Marker.STAR, 2))
    panel = Panel("", replace(plane.x, limits=x), replace(plane.y, limits=y), tuple(series))
    notes = (levels, plane.note, *_left(tracks, found))
    return Picture("The path of descent over contours of the loss", (panel,), tuple(filter(None, notes)))


def _on_a_curve(scene: Scene, tracks: Sequence[Track], found: Sequence[Snapshots]) -> Picture:
    user = [scene.units.to_user(states.weights.to(scene.start))[0].tolist() for states in found]
    optimum = None if scene.minimiser is None else scene.units.to_user(scene.minimiser.to(scene.start))[0].tolist()
    low, high = limits([*(w for path in user for w in path), *(optimum or [])])
    grid = torch.linspace(low, high, ALONG, dtype=scene.start.dtype, device=scene.start.device)
    losses = tuple(scene.values(scene.units.from_user(grid[None, :])).tolist())
    paths = [(path, list(states.loss)) for path, states in zip(user, found, strict=True)]
    series = [Series("loss", tuple(grid.tolist()), losses, colour=6), *_marked(tracks, found, paths)]
    if optimum is not None and scene.minimiser is not None:
        at = tuple(scene.values(scene.minimiser).tolist())
        series.append(Series(_minimum(scene), tuple(optimum), at, Stroke.NONE, Marker.STAR, 2))
    panel = Panel("", scene.weight_axis(0), Axis("loss", scene.loss_unit), tuple(series))
    return Picture("The path of descent on the loss", (panel,), tuple(_left(tracks, found)))


def _minimum(scene: Scene) -> str:
    return "minimum" if scene.modes is None or scene.modes.unique else "minimum reached"


def _marked(
    tracks: Sequence[Track], found: Sequence[Snapshots], paths: Sequence[tuple[list[float], list[float]]]
) -> list[Series]:
    """A path and its iterates; start and end of a single one stand out."""

    series: list[Series] = []
    for i, (track, states, (xs, ys)) in enumerate(zip(tracks, found, paths, strict=True)):
        alone = len(tracks) == 1
        joined = _joined(track, states)
        line = Series("", tuple(xs[:joined]), tuple(ys[:joined]), stroke_of(i), colour=i % 6)
        series.append(replace(line, updates=states.iterations[:joined]))
        shown = [place for place, k in enumerate(states.iterations) if len(xs) <= EACH or Schedule("log").includes(k)]
        name = f"{track.name}: {track.ending}"
        if alone:
            last = states.iterations[-1]
            name = f"iterates 0 to {last:,}" if len(shown) == last + 1 else "iterates 0 to 10, 20, 50, …"
            name = name if joined > 1 else "iterates as reported"
        places = tuple(xs[place] for place in shown), tuple(ys[place] for place in shown)
        marks = Series(name, *places, Stroke.NONE, MARKERS[i % len(MARKERS)], i % 6)
        series.append(replace(marks, updates=tuple(states.iterations[place] for place in shown)))
        if alone:
            series.append(Series("start", (xs[0],), (ys[0],), Stroke.NONE, Marker.SQUARE, 4))
            if len(xs) > 1:
                name = "end" if states.iterations[-1] == track.solution.iterations else "last one shown"
                end = Series(name, (xs[-1],), (ys[-1],), Stroke.NONE, Marker.CROSS, 1)
                series.append(replace(end, updates=states.iterations[-1:]))
    return series


def _joined(track: Track, states: Snapshots) -> int:
    """How many of the iterates follow upon each other, so that a line through them is the path."""
    if track.form is not None:
        return len(states.iterations)
    return next((place for place, k in enumerate(states.iterations) if k != place), len(states.iterations))


def _iterates(scene: Scene, track: Track) -> Snapshots:
    """Every one of the first iterates, as far as they can be had, and some of the others."""
    last = track.solution.iterations
    if track.form is not None:
        return scene.states_from(track.form, spaced(last, EVERY + 100, EVERY))
    reported = scene.states_of(track.solution, EVERY + 100, EVERY)
    # Few that are reported all follow upon each other already.
    if track.again is None or _joined(track, reported) == len(reported.iterations):
        return reported
    every = scene.states_of(track.again(min(last, EVERY)), EVERY + 100, EVERY)
    return joined_with(every, reported)


def _kept(scene: Scene, track: Track, states: Snapshots) -> Snapshots:
    """The states until a run has gone too far away to be seen together with where it started."""
    away = (states.weights.to(scene.start) - scene.start).norm(dim=0)
    reach = _reach(scene, away)
    far = [place for place, length in enumerate(away.tolist()) if not length <= FAR * reach]
    count = min(len(away), max(LEAST, far[0])) if far else len(away)
    if not all(math.isfinite(value) for value in states.loss[:count]):
        count = next(i for i, value in enumerate(states.loss[:count]) if not math.isfinite(value)) or 1
    cut = slice(count)
    return Snapshots(
        states.iterations[cut],
        states.weights[:, cut],
        states.loss[cut],
        states.sse and states.sse[cut],
        states.gap and states.gap[cut],
        states.gradient_norms[cut],
    )


def _reach(scene: Scene, away: torch.Tensor) -> float:
    if scene.minimiser is not None and (known := float((scene.minimiser.to(scene.start) - scene.start).norm())) > 0.0:
        return known
    return float(away[1]) if len(away) > 1 else 1.0


def _left(tracks: Sequence[Track], found: Sequence[Snapshots]) -> list[str]:
    """What is not in the picture."""
    notes = []
    for track, states in zip(tracks, found, strict=True):
        whose = "" if len(tracks) == 1 else f"{track.name}: "
        if states.iterations[-1] < track.solution.iterations:
            notes.append(
                f"{whose}Iterates after {states.iterations[-1]:,} of {track.solution.iterations:,} are too far away."
            )
        elif _joined(track, states) < len(states.iterations):
            first = _joined(track, states)
            shown = f"Every iterate up to {first - 1:,} is shown, and those reported after it" if first > 1 else ""
            notes.append(f"{whose}{shown or 'The iterates reported are shown'}, {len(states.iterations):,} in all.")
    return notes
