"""Round numbers along an axis, and where values stand on it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from gdsolve.picture import Axis, Panel

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
MARGIN = 0.04
# Powers of ten that a float holds.
SMALLEST, LARGEST = 307.0, 308.0


@dataclass(frozen=True, slots=True)
class Ruler:
    """An axis with its ends, which are places on it: logarithms where the axis is logarithmic."""

    axis: Axis
    low: float
    high: float

    def share(self, value: float) -> float | None:
        """How far along the axis a value stands, 0 to 1 within it; None where it has no place."""
        place = self.axis.place(value)
        if place is None:
            return None
        at = math.log10(place) if self.axis.log else place
        return (at - self.low) / (self.high - self.low)

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """At most so many values with their texts, in increasing order."""
        if not self.axis.log:
            return _linear_ticks(self.low, self.high, most, whole=self.axis.whole)
        zero = self.axis.zero_at
        found = _log_ticks(self.low, self.high, most - (zero is not None), whole=self.axis.whole)
        if zero is None:
            return found
        # Far enough from 0 for both texts.
        clear = (self.share(0.0) or 0.0) + 0.4 / most
        return [(0.0, "0"), *(tick for tick in found if (self.share(tick[0]) or 0.0) > clear)]


def rulers(panel: Panel) -> tuple[Ruler, Ruler]:
    """The axes of a panel, long enough for all that is drawn."""
    xs = [x for one in panel.series for x in one.x]
    ys = [y for one in panel.series for y in one.y]
    xs += [rule.x for rule in panel.rules if rule.x is not None]
    ys += [rule.y for rule in panel.rules if rule.y is not None]
    for arrow in panel.arrows:
        xs += [arrow.start[0], arrow.end[0]]
        ys += [arrow.start[1], arrow.end[1]]
    return ruler(panel.x, xs), ruler(panel.y, ys)


def ruler(axis: Axis, values: Iterable[float]) -> Ruler:
    """An axis with its limits, or long enough for these values with a little room around them."""
    if axis.limits is not None:
        low, high = axis.limits
        return Ruler(axis, math.log10(low), math.log10(high)) if axis.log else Ruler(axis, low, high)
    places = [place for value in values if (place := axis.place(value)) is not None]
    places = [math.log10(place) for place in places] if axis.log else places
    low, high = (min(places), max(places)) if places else (0.0, 1.0)
    room = MARGIN * (high - low)
    if room <= 1e-9 * max(abs(low), abs(high)):
        room = 0.5 if axis.log else max(0.5, 0.01 * abs(high)) if axis.whole else 0.5 * (abs(high) or 1.0)
    low, high = low - room, high + room
    return Ruler(axis, max(low, -SMALLEST), min(high, LARGEST)) if axis.log else Ruler(axis, low, high)


def _linear_ticks(low: float, high: float, most: int, *, whole: bool) -> list[tuple[float, str]]:
    span = high - low
    size = 10.0 ** math.floor(math.log10(span / max(1, most)))
    candidates = [factor * step * size for factor in (1.0, 10.0) for step in STEPS]
    step = next((step for step in candidates if len(_multiples(low, high, step)) <= most), 100.0 * size)
    if whole:
        step = float(max(1, math.ceil(step)))
    return [(number * step, tick_text(number * step, step)) for number in _multiples(low, high, step)]


def _multiples(low: float, high: float, step: float) -> range:
    """The n with n·step between the ends, where rounding decides for those at an end."""
    return range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)


def _log_ticks(low: float, high: float, most: int, *, whole: bool) -> list[tuple[float, str]]:
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    if last - first < 1:
        return _inside_a_decade(low, high, most)
    stride = max(1, math.ceil((last - first + 1) / max(1, most)))
    return [
        (10.0**power, power_text(power, whole=whole))
        for power in range(first, last + 1)
        if power % stride == 0 and -300 < power < 300
    ]


def _inside_a_decade(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Round numbers, where powers of ten are too far apart to tell anything."""
    ticks = _linear_ticks(10.0**low, 10.0**high, most, whole=False)
    return [tick for tick in ticks if tick[0] > 0.0]


def power_text(power: int, *, whole: bool = False) -> str:
    """A power of ten, written out where it is short."""
    if 0 <= power <= (4 if whole else 3):
        return f"{10**power:,}"
    return f"{10.0**power:g}" if -3 <= power < 0 else f"1e{power}"


def tick_text(value: float, step: float) -> str:
    """A multiple of `step`, with the digits that it needs and no more."""
    if abs(value) < 1e-9 * step:
        return "0"
    if not 1e-4 <= max(step, abs(value)) < 1e7:
        digits = max(1, math.floor(math.log10(abs(value))) - math.floor(math.log10(step)) + 2)
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}e{int(exponent)}"
    text = f"{value:,.{max(0, 1 - math.floor(math.log10(step)))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
