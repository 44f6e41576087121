"""`loss`: loss, gap and gradient norm against iterations, with what the spectrum predicted beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from gdsolve.picture import Axis, Marker, Panel, Picture, Rule, Series, Stroke
from gdsolve.pictures.scene import Scene, Snapshots, Track, spaced

MARKERS = (
    Marker.CIRCLE,
    Marker.SQUARE,
    Marker.TRIANGLE,
    Marker.DIAMOND,
    Marker.CROSS,
    Marker.PLUS,
    Marker.STAR,
    Marker.DOWN,
)
SHOWN = 30
LINEAR = 30
# A prediction is drawn beyond the end of a run, but not so far that the run itself vanishes.
FURTHER = 100
SAME = 1e-6


def draw_loss(scene: Scene, track: Track) -> Picture:
    """One descent: what it reached after how many updates, and where it stopped."""
    last = track.solution.iterations
    if track.form is not None and not track.solution.evaluations:
        observed = scene.states_from(track.form, spaced(last, SHOWN, 5))
    else:
        observed = scene.states_of(track.solution)
    end = _end(track)
    foreseen = None
    if track.form is not None:
        foreseen = scene.states_from(track.form, sorted({*spaced(end), *observed.iterations}))
    rules = [Rule(f"stopped: {track.ending}", x=float(last), stroke=Stroke.SOLID, colour=6)]
    if track.predicted is not None and track.predicted != last and track.predicted <= end:
        rules.append(Rule(f"predicted to converge after {track.predicted:,}", x=float(track.predicted), colour=1))
    across = iterations_axis(end)
    panels = [*_losses(scene, observed, foreseen, across, tuple(rules))]
    gradient = _figures("|gradient|", observed.gradient_norms, observed, foreseen, "gradient_norms", 2)
    panels.append(Panel("", across, log_axis("|gradient|", gradient, scene.coordinates), tuple(gradient), tuple(rules)))
    notes = () if foreseen is None else ("Points: observed. Dashed lines: predicted from the spectrum.",)
    name = _loss_name(scene)
    return Picture(f"{name[0].upper()}{name[1:]} against iterations", tuple(panels), notes)


def draw_losses(scene: Scene, tracks: Sequence[Track]) -> Picture:
    """Several descents on one objective."""
    across = iterations_axis(max(track.solution.iterations for track in tracks))
    states = [scene.states_of(track.solution) for track in tracks]
    known = all(one.gap is not None for one in states)
    heights = [tuple(one.gap or ()) if known else one.loss for one in states]
    losses = [
        Series(
            f"{track.name}: {track.ending}", _floats(one.iterations), ys, stroke_of(i), MARKERS[i % len(MARKERS)], i % 6
        )
        for i, (track, one, ys) in enumerate(zip(tracks, states, heights, strict=True))
    ]
    norms = [
        Series(track.name, _floats(one.iterations), one.gradient_norms, stroke_of(i), MARKERS[i % len(MARKERS)], i % 6)
        for i, (track, one) in enumerate(zip(tracks, states, strict=True))
    ]
    label = "loss above its minimum" if known else "loss"
    panels = (
        Panel("", across, log_axis(label, losses, scene.loss_unit), tuple(losses)),
        Panel("", across, log_axis("|gradient|", norms, scene.coordinates), tuple(norms)),
    )
    return Picture("Methods compared: loss against iterations", panels)


def stroke_of(place: int) -> Stroke:
    """Solid lines for as many as there are colours, then others."""
    return (Stroke.SOLID, Stroke.DASHED, Stroke.DOTTED)[place // 6 % 3]


def iterations_axis(last: int) -> Axis:
    """Numbers of updates; on a log scale beyond a few, where 0 stands before 1."""
    if last <= LINEAR:
        return Axis("iteration", "updates", whole=True)
    return Axis("iteration", "updates", log=True, zero_at=0.5, whole=True)


def log_axis(label: str, series: Iterable[Series], unit: str = "") -> Axis:
    """A log axis for values of which some may be 0; a linear one where none is positive or one is negative."""
    values = [y for one in series for y in one.y]
    positive = [y for y in values if 0.0 < y < float("inf")]
    if not positive or any(y < 0.0 for y in values):
        return Axis(label, unit)
    zero = 10.0**-300 if min(positive) < 1e-290 else 0.1 * min(positive)
    return Axis(label, unit, log=True, zero_at=zero if 0.0 in values else None)


def _end(track: Track) -> int:
    last = track.solution.iterations
    if track.form is None or track.predicted is None or track.predicted > FURTHER * max(last, 1):
        return last
    return max(last, track.predicted)


def _losses(
    scene: Scene, observed: Snapshots, foreseen: Snapshots | None, across: Axis, rules: tuple[Rule, ...]
) -> Iterable[Panel]:
    name = _loss_name(scene)
    heights = observed.sse if name == "SSE" and observed.sse is not None else observed.loss
    main = _figures(name, heights, observed, foreseen, "sse" if name == "SSE" else "loss", 0)
    gap = [] if observed.gap is None else _figures("gap", observed.gap, observed, foreseen, "gap", 1)
    unit = scene.loss_unit
    if any(y < 0.0 for one in main for y in one.y):
        yield Panel("", across, Axis(name, unit), tuple(main), rules)
        if gap:
            yield Panel("", across, log_axis("gap above the minimum", gap, unit), tuple(gap), rules)
        return
    if gap and all(math.isclose(one, other, rel_tol=SAME) for one, other in zip(main[-1].y, gap[-1].y, strict=True)):
        # Two lines that are one: the optimum is 0, and the loss counts squares once.
        yield Panel("", across, log_axis(f"{name}, which is the gap", main, unit), tuple(main), rules)
        return
    label = f"{name}, gap above the optimal loss" if gap else name
    yield Panel("", across, log_axis(label, [*main, *gap], unit), (*main, *gap), rules)


def _figures(
    name: str, ys: Sequence[float], observed: Snapshots, foreseen: Snapshots | None, figure: str, colour: int
) -> list[Series]:
    """What was observed, as points where a prediction joins them and as a line where none does."""
    xs, marker = _floats(observed.iterations), MARKERS[colour]
    if foreseen is None:
        return [Series(name, xs, tuple(ys), Stroke.SOLID, marker, colour)]
    predicted = Series(
        f"{name}, predicted", _floats(foreseen.iterations), getattr(foreseen, figure), Stroke.DASHED, colour=colour
    )
    return [predicted, Series(name, xs, tuple(ys), Stroke.NONE, marker, colour)]


def _loss_name(scene: Scene) -> str:
    squared = scene.spec.minimize is None and scene.spec.loss.info.squared
    return "SSE" if squared else "loss"


def _floats(numbers: Iterable[int]) -> tuple[float, ...]:
    return tuple(float(number) for number in numbers)
