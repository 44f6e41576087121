"""Progress on standard error: shown where a stage takes a while, gone without a trace when it is over.

It is a line, and above it the curve of the loss where a run is watched.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Condition, Thread
from time import monotonic, thread_time
from types import FrameType
from typing import TYPE_CHECKING, TextIO

from gdsolve.cli.curve import LossCurve
from gdsolve.progress import Stage, listening

if TYPE_CHECKING:
    from gdsolve.cli.bar_line import Drawing
    from gdsolve.report.progress_line import Pace

# What is over in less is not worth a bar, neither for what it takes to import rich; once that is there, little is.
DELAY = 0.5
WORTH = 0.5
# Stages that follow each other within so long are shown as one piece of work.
GAP = 0.2
# A run that tells nothing for so long is shown to be at work; to import torch must not take so long as a rule.
IDLE_DELAY = 5.0
TICK = 0.1
# Whoever watches wants to see something soon, and a few times a second; to draw takes about a hundredth of the time.
WATCHED_DELAY = 0.1
WATCHED_TICK = 0.25
REST = 100.0
MOST_REST = 1.0
WINDOW = 3.0
LEAST_SAMPLES = 6
# How long whoever else writes waits for the bar to be gone; a terminal that was stopped (Ctrl-S) takes no more.
PATIENCE = 1.0


class Bar:
    """Listens to a run and draws how far it is, in a thread of its own, which alone touches the bar on the terminal.

    So neither Ctrl-C nor an error can come between two halves of a drawing.
    """

    def __init__(self, stream: TextIO, curve: LossCurve | None = None) -> None:
        self._stream = stream
        self._curve = curve
        self._next = 0.0
        self._is_stale = False
        self._changed = Condition()
        self._stage: Stage | None = None
        self._samples: deque[tuple[float, Stage]] = deque()
        # Since when stages follow each other, and since when there is none.
        self._busy = self._idle = monotonic()
        self._holds = 0
        self._closed = self._has_drawn = False
        self._drawing: Drawing | None = None
        self._thread = Thread(target=self._draw_on, name="gdsolve-progress", daemon=True)
        self._thread.start()

    def tell(self, stage: Stage) -> None:
        """Where the run stands now."""
        before = self._stage
        if before is None or before.title != stage.title:
            self._begin(stage)
        else:
            self._stage = stage
        if self._curve is not None:
            self._curve.note(stage)

    def renew(self) -> None:
        """Leave alone what was drawn, and draw anew below: meanwhile somebody else wrote to the terminal."""
        self._is_stale = True

    def done(self) -> None:
        """The stage is over."""
        with self._changed:
            self._stage, self._idle = None, monotonic()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """A span in which the bar is not there."""
        with self._changed:
            self._holds += 1
            self._changed.notify_all()
        try:
            with self._changed:
                self._changed.wait_for(lambda: self._drawing is None, PATIENCE)
            yield
        finally:
            with self._changed:
                self._holds -= 1
                self._idle = monotonic()

    def close(self) -> None:
        """Take the bar away for good, also while Ctrl-C is pressed again.

        Raises:
            KeyboardInterrupt: once the bar is gone, if it was.
        """
        self._closed = True
        interrupt: KeyboardInterrupt | None = None
        until = monotonic() + PATIENCE
        while monotonic() < until:
            try:
                with self._changed:
                    self._changed.notify_all()
                self._thread.join(until - monotonic())
                break
            except KeyboardInterrupt as pressed:
                interrupt = pressed
        if interrupt is not None:
            raise interrupt

    def _begin(self, stage: Stage) -> None:
        with self._changed:
            now = monotonic()
            if self._stage is None and now > self._idle + GAP:
                self._busy = now
            if not self._has_drawn:
                # From then on the thread looks at every tick.
                self._changed.notify_all()
            self._stage, self._samples = stage, deque([(now, stage)])

    def _draw_on(self) -> None:
        # A terminal that went away, or anything else that is wrong with it, is no fault of the run.
        with suppress(Exception), self._changed:
            try:
                while not self._closed:
                    self._draw()
                    self._changed.wait(self._pause())
            finally:
                self._erase()

    def _pause(self) -> float:
        """Seconds until there is something to do, unless whoever changes that says so."""
        if self._stage is None and not self._has_drawn:
            return max(TICK, self._idle + IDLE_DELAY - monotonic())
        return TICK

    def _draw(self) -> None:
        now, stage = monotonic(), self._stage
        pace = None if stage is None else self._sample(now, stage)
        if self._is_stale:
            self._is_stale, drawing, self._drawing = False, self._drawing, None
            if drawing is not None:
                drawing.end(visible=False)
        if self._holds or not _can_tidy_up() or not _is_ours(self._stream):
            self._erase()
        elif self._is_due(now, pace):
            if self._drawing is None:
                from gdsolve.cli.bar_line import Drawing

                self._drawing, self._has_drawn = Drawing(self._stream), True
            self._show(self._drawing, now, pace)

    def _show(self, drawing: Drawing, now: float, pace: Pace | None) -> None:
        if self._curve is None:
            drawing.show(pace)
        elif now >= self._next:
            import plotille  # noqa: F401, what it takes to import it is not what it takes to draw

            began = thread_time()
            drawing.show(pace, self._curve.panel())
            # While this thread draws, the run waits.
            self._next = now + min(MOST_REST, max(WATCHED_TICK, REST * (thread_time() - began)))

    def _is_due(self, now: float, pace: Pace | None) -> bool:
        """Tell whether a stage, or the time without one, has lasted long enough to be shown."""
        if pace is None:
            return now > self._idle + (GAP if self._has_drawn else IDLE_DELAY)
        if self._drawing is not None:
            return True
        if self._curve is not None:
            return now > self._busy + WATCHED_DELAY
        left = pace.seconds_left
        return now > self._busy + (GAP if self._has_drawn else DELAY) and (left is None or left > WORTH)

    def _sample(self, now: float, stage: Stage) -> Pace:
        """The pace of the last seconds, or of the last few steps where they are slow."""
        from gdsolve.report.progress_line import Pace

        samples = self._samples
        if not samples[-1][1].begun:
            # What went before is no pace: files were opened, modules imported.
            samples.clear()
        if not samples or samples[-1][1] is not stage:
            samples.append((now, stage))
        while len(samples) > LEAST_SAMPLES and samples[1][0] < now - WINDOW:
            samples.popleft()
        began, before = samples[0]
        return Pace(before, stage, now - began)

    def _erase(self) -> None:
        drawing, self._drawing = self._drawing, None
        if drawing is not None:
            try:
                drawing.end(visible=_is_ours(self._stream))
            finally:
                self._changed.notify_all()


@contextmanager
def watching(quiet: bool, *, prints_rows: bool = False, watch: bool = False) -> Iterator[None]:
    """Show a bar in this span, if standard error is a terminal that can, and the curve of the loss with `watch`."""
    has_terminal = _has_terminal()
    if watch and not has_terminal:
        logging.getLogger("gdsolve").warning(
            "watch: standard error is not a terminal, so nothing is drawn now; --plot draws the curve at the end"
        )
    if quiet or not has_terminal or (prints_rows and sys.stdout.isatty()):
        # Rows that run over a terminal are progress enough.
        yield
        return
    bar = Bar(sys.stderr, LossCurve() if watch else None)
    try:
        with listening(bar), _renewed(bar):
            yield
    finally:
        bar.close()


@contextmanager
def _renewed(bar: Bar) -> Iterator[None]:
    """Have what is drawn begin anew where the process goes on after Ctrl-Z: the shell wrote in between."""
    if not hasattr(signal, "SIGCONT"):
        yield
        return

    def renew(_number: int, _frame: FrameType | None) -> None:
        bar.renew()

    before = signal.signal(signal.SIGCONT, renew)
    try:
        yield
    finally:
        signal.signal(signal.SIGCONT, before)


def _has_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _can_tidy_up() -> bool:
    """Tell whether what is drawn can be taken away again, which Ctrl-C would not let us where it ends the process."""
    return signal.getsignal(signal.SIGINT) is not signal.SIG_DFL


def _is_ours(stream: TextIO) -> bool:
    """Tell whether the terminal is ours to draw on: not in the background, nor taken over by a pager or an editor."""
    if not hasattr(os, "tcgetpgrp"):
        return True
    import termios

    file = stream.fileno()
    with suppress(OSError):
        # Not every terminal controls this process: one that does not has no background.
        if os.tcgetpgrp(file) != os.getpgrp():
            return False
    flags: int = termios.tcgetattr(file)[3]
    return bool(flags & termios.ICANON)
