"""The progress bar on standard error: shown where a stage takes a while, gone without a trace when it is over."""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Condition, Thread
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, TextIO

from gdsolve.progress import Stage, listening

if TYPE_CHECKING:
    from gdsolve.cli.bar_line import Drawing

# What is over in less is not worth a bar, neither for what it takes to import rich.
DELAY = 0.5
WORTH = 0.5
TICK = 0.1
# The pace is that of the last seconds.
WINDOW = 3.0
# How long whoever else writes waits for the bar to be gone; a terminal that was stopped (Ctrl-S) takes no more.
PATIENCE = 1.0


class Bar:
    """Listens to a run and draws how far it is, in a thread of its own, which alone touches the bar on the terminal.

    So neither Ctrl-C nor an error can come between two halves of a drawing. The thread starts with the first stage.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._changed = Condition()
        self._stage: Stage | None = None
        self._samples: deque[tuple[float, Stage]] = deque()
        self._since = 0.0
        self._holds = 0
        self._closed = False
        self._thread: Thread | None = None
        self._drawing: Drawing | None = None

    def tell(self, stage: Stage) -> None:
        """Where the run stands now."""
        before, self._stage = self._stage, stage
        if before is None or before.title != stage.title:
            self._begin(stage)

    def done(self) -> None:
        """The stage is over."""
        with self._changed:
            self._stage = None
            self._changed.notify_all()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """A span in which the bar is not there."""
        try:
            with self._changed:
                self._holds += 1
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._drawing is None, PATIENCE)
            yield
        finally:
            self._holds -= 1

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
                if self._thread is not None:
                    self._thread.join(until - monotonic())
                break
            except KeyboardInterrupt as pressed:
                interrupt = pressed
        if interrupt is not None:
            raise interrupt

    def _begin(self, stage: Stage) -> None:
        with self._changed:
            self._since = monotonic()
            self._samples = deque([(self._since, stage)])
            if self._thread is None and not self._closed:
                self._thread = Thread(target=self._draw_on, name="gdsolve-progress", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _draw_on(self) -> None:
        # A terminal that went away, or anything else that is wrong with it, is no fault of the run.
        with suppress(Exception), self._changed:
            try:
                while not self._closed:
                    self._draw()
                    self._changed.wait(self._pause())
            finally:
                self._erase()

    def _pause(self) -> float | None:
        """Seconds until there is something to do; None where whoever changes that says so."""
        return None if self._stage is None else TICK

    def _draw(self) -> None:
        stage = self._stage
        if stage is None or self._holds or not _is_free(self._stream):
            self._erase()
            return
        now = monotonic()
        if not self._samples[-1][1].begun:
            # What went before is no pace: files were opened, modules imported.
            self._samples.clear()
        while len(self._samples) > 1 and self._samples[1][0] < now - WINDOW:
            self._samples.popleft()
        self._samples.append((now, stage))
        if self._drawing is None and now < self._since + DELAY:
            return
        from gdsolve.report.progress_line import Pace

        began, before = self._samples[0]
        pace = Pace(before, stage, now - began)
        if self._drawing is None:
            left = pace.seconds_left
            if left is not None and left < WORTH:
                return
            from gdsolve.cli.bar_line import Drawing

            self._drawing = Drawing(self._stream)
        self._drawing.show(pace)

    def _erase(self) -> None:
        drawing, self._drawing = self._drawing, None
        if drawing is not None:
            try:
                drawing.end(visible=_is_free(self._stream))
            finally:
                self._changed.notify_all()


@contextmanager
def watching(quiet: bool, verb: str) -> Iterator[None]:
    """Show a bar in this span, if standard error is a terminal that can."""
    if quiet or not _has_terminal() or (verb == "predict" and sys.stdout.isatty()):
        # Rows that run over a terminal are progress enough.
        yield
        return
    bar = Bar(sys.stderr)
    before = signal.getsignal(signal.SIGTERM)

    def terminate(number: int, frame: FrameType | None) -> None:
        bar.close()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    if before is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, terminate)
    try:
        with listening(bar):
            yield
    finally:
        bar.close()
        if before is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, before)


def _has_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _is_free(stream: TextIO) -> bool:
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
