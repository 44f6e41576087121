"""`rates`: every learning rate in one picture, and how many iterations each takes to converge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdsolve.picture import Axis, Marker, Panel, Picture, Points, Rule, Series, Stroke
from gdsolve.pictures.loss import MARKERS, iterations_axis, log_axis
from gdsolve.solve.comparison import RateResult
from gdsolve.spec.numbers import rate_text
from gdsolve.status import Status

# What a status is drawn as: a shape of its own, so that no colour is needed to tell them apart.
LOOKS = {
    Status.CONVERGED: ("converged", Marker.CIRCLE, 2),
    Status.MAX_ITER: ("stopped at the limit", Marker.TRIANGLE, 4),
    Status.EDGE_OF_STABILITY: ("edge of stability", Marker.DIAMOND, 3),
    Status.DIVERGED: ("diverged", Marker.CROSS, 1),
    Status.FAILED: ("failed", Marker.PLUS, 6),
    Status.INTERRUPTED: ("interrupted", Marker.SQUARE, 6),
}
MOST_CURVES = 14


@dataclass(frozen=True, slots=True)
class RateCurve:
    """What the loss did at one rate: heights after so many updates."""

    result: RateResult
    iterations: Points
    heights: Points


def shown(results: Sequence[RateResult]) -> list[RateResult]:
    """As many as can be told apart, evenly from the smallest rate to the largest."""
    ordered = sorted(results, key=lambda one: one.learning_rate)
    if len(ordered) <= MOST_CURVES:
        return ordered
    places = {round(part * (len(ordered) - 1) / (MOST_CURVES - 1)) for part in range(MOST_CURVES)}
    return [ordered[place] for place in sorted(places)]


def draw_rates(
    results: Sequence[RateResult],
    drawn: Sequence[RateCurve],
    foreseen: tuple[Points, Points] | None,
    *,
    stable: float | None,
    best: float | None,
    label: str,
    unit: str,
    limit: int | None,
) -> Picture:
    """Loss curves above, those `drawn`; iterations against rate below, for all `results`.

    `foreseen` are rates and the iterations that they must take.
    """
    curves = [_curve(place, one) for place, one in enumerate(drawn)]
    last = max(int(max(one.iterations)) for one in drawn)
    upper = Panel("", iterations_axis(last), log_axis(label, curves, unit), tuple(curves))
    across = Axis("learning rate α", log=True)
    series, rules = _against(results, foreseen), _limits(stable, best, limit)
    lower = Panel("", across, Axis("iterations", "updates", log=True, whole=True), series, rules)
    left = len(results) - len(drawn)
    notes = (f"{left:,} of {len(results):,} loss curves are left out.",) if left else ()
    return Picture("Learning rates compared", (upper, lower), notes)


def _against(results: Sequence[RateResult], foreseen: tuple[Points, Points] | None) -> tuple[Series, ...]:
    series = []
    if foreseen is not None and foreseen[0]:
        series.append(Series("predicted to converge", *foreseen, Stroke.DASHED, colour=0))
    for status, (name, marker, colour) in LOOKS.items():
        ended = [one for one in results if one.status is status]
        if ended:
            xs = tuple(one.learning_rate for one in ended)
            ys = tuple(float(max(one.iterations, 1)) for one in ended)
            series.append(Series(name, xs, ys, Stroke.NONE, marker, colour))
    return tuple(series)


def _limits(stable: float | None, best: float | None, limit: int | None) -> tuple[Rule, ...]:
    rules = []
    if stable is not None:
        rules.append(Rule(f"stable below {rate_text(stable, 5)}", x=stable, stroke=Stroke.DASHED, colour=1))
    if best is not None:
        rules.append(Rule(f"best rate {rate_text(best, 5)}", x=best, stroke=Stroke.DOTTED, colour=6))
    if limit is not None:
        rules.append(Rule(f"limit of {limit:,} updates", y=float(max(limit, 1)), colour=4))
    return tuple(rules)


def _curve(place: int, one: RateCurve) -> Series:
    """Solid where it converged, dashed where it did not."""
    name = f"α = {rate_text(one.result.learning_rate, 4)}"
    stroke = Stroke.SOLID if one.result.status is Status.CONVERGED else Stroke.DASHED
    if one.result.status is not Status.CONVERGED:
        name += f" {one.result.status.value.replace('_', ' ')}"
    return Series(name, one.iterations, one.heights, stroke, MARKERS[place % len(MARKERS)], place % 6)
