"""One line that says how far a run has come, to the width of a terminal; figures keep their places as they grow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gdsolve.progress import Descending, Following, Reading, Stage
from gdsolve.report.numbers import ABSENT

LEAST_BAR = 8
MOST_BAR = 40
GAP = "  "
IDLE = "working"


@dataclass(frozen=True, slots=True)
class Line:
    """A title, a bar of so many cells, which is full to `share` (None where no end is known), and figures."""

    title: str
    bar: int
    share: float | None
    figures: str


@dataclass(frozen=True, slots=True)
class Pace:
    """What a stage did from one moment to another, `seconds` later."""

    before: Stage
    now: Stage
    seconds: float

    @property
    def seconds_left(self) -> float | None:
        """At this pace; None where no end is known or nothing moves."""
        if self.before.share is None or self.now.share is None:
            return None
        rate = self._rate(self.before.share, self.now.share)
        return (1.0 - self.now.share) / rate if rate else None

    def of_rows(self) -> float | None:
        """Rows a second."""
        return self._between(Reading, "rows")

    def of_bytes(self) -> float | None:
        """Bytes a second."""
        return self._between(Reading, "bytes")

    def of_iterations(self) -> float | None:
        """Updates a second."""
        return self._between(Descending, "iteration")

    def _between(self, kind: type[Stage], name: str) -> float | None:
        if not (isinstance(self.before, kind) and isinstance(self.now, kind)):
            return None
        return self._rate(getattr(self.before, name), getattr(self.now, name))

    def _rate(self, before: float | None, now: float | None) -> float | None:
        if before is None or now is None or self.seconds <= 0.0:
            return None
        return max(0.0, now - before) / self.seconds


def line_of(pace: Pace | None, width: int) -> Line:
    """The line of at most `width` cells with the most figures beside a bar of some length; None has no figures."""
    title = IDLE if pace is None else pace.now.title
    texts = [GAP.join(figures) for figures in _layouts(pace)]
    around = len(title) + 1 + len(GAP)
    text = next((text for text in texts if around + LEAST_BAR + len(text) <= width), texts[-1])
    share = None if pace is None else pace.now.share
    return Line(title, max(0, min(MOST_BAR, width - around - len(text))), share, text)


def _layouts(pace: Pace | None) -> Iterator[Sequence[str]]:
    if pace is None:
        yield []
    elif isinstance(pace.now, Reading):
        yield from _reading(pace.now, pace)
    elif isinstance(pace.now, Following):
        done = f"{pace.now.ended:,} of {pace.now.count:,}"
        yield [_percent(pace.now.share), f"{done} starts", _left(pace)]
        yield [done]
    else:
        yield from _descending(pace.now, pace)


def _reading(now: Reading, pace: Pace) -> Iterator[Sequence[str]]:
    """The figures of a reading, all of them first, then ever fewer."""
    rows = [] if now.rows is None else [f"{now.rows:,} rows".rjust(14)]
    if now.bytes is None:
        yield [*rows, f"{_count(pace.of_rows())} rows/s".rjust(15)]
        yield rows
        return
    speed = _megabytes(pace.of_bytes())
    if now.share is None:
        yield [f"{now.bytes / 1e6:,.1f} MB".rjust(10), speed]
        return
    left = _left(pace)
    size = rows or [f"{now.bytes / 1e6:,.1f} MB".rjust(10)]
    yield [_percent(now.share), *size, speed, left]
    yield [*size, speed, left]
    yield [*size, left]
    yield [left]


def _descending(now: Descending, pace: Pace) -> Iterator[Sequence[str]]:
    """The figures of a descent, all of them first, then ever fewer."""
    loss, gradient = f"loss {_scientific(now.loss, 4)}", f"|gradient| {_scientific(now.gradient_norm, 2)}"
    rate = f"{_count(pace.of_iterations())}/s".rjust(9)
    if now.last is None or now.share is None:
        k = f"{now.iteration:,}".ljust(9)
        yield [f"iteration {k}", loss, gradient, rate]
        yield [f"iteration {k}", loss, gradient]
        yield [f"iteration {k}", loss]
        yield [k, loss]
        return
    end = f"{now.last:,}"
    k, left, percent = f"{now.iteration:,}".rjust(len(end)), _left(pace), _percent(now.share)
    yield [percent, f"{k} of {end} iterations", loss, gradient, rate, left]
    yield [percent, f"{k} of {end} iterations", loss, rate, left]
    yield [percent, f"{k} of {end}", loss, left]
    yield [f"{k} of {end}", loss, left]
    loss = f"loss {_scientific(now.loss, 3)}"
    yield [k, loss, left]
    yield [loss, left]
    yield [left]


def _percent(share: float) -> str:
    # Only what is over is whole.
    return f"{min(99, int(100 * share)):>3}%"


def _count(rate: float | None) -> str:
    return ABSENT if rate is None else f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def _scientific(value: float | None, decimals: int) -> str:
    return (ABSENT if value is None else f"{value:.{decimals}e}").rjust(decimals + 6)


def _megabytes(rate: float | None) -> str:
    speed = None if rate is None else rate / 1e6
    text = ABSENT if speed is None else f"{speed:.0f}" if speed >= 9.95 else f"{speed:.1f}"
    return f"{text:>4} MB/s"


def _left(pace: Pace) -> str:
    """The time left, in as many cells whatever it is, up to an hour."""
    seconds = pace.seconds_left
    if seconds is None:
        return "--:-- left".rjust(10)
    minutes, rest = divmod(math.ceil(min(seconds, 1e9)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 100:
        return f"{hours // 24:,} days left".rjust(10)
    clock = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return f"{clock} left".rjust(10)
