"""The line of the progress bar on a terminal, by rich."""

from __future__ import annotations

import os
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.segment import Segment

from gdsolve.report.progress_line import GAP, Line, Pace, line_of
from gdsolve.report.text import encoding_of, printable

# Room for the ^C that a terminal shows, which must not break the line.
MARGIN = 2


class _Console(Console):
    """A console whose cursor is never hidden: whatever ends the process, there is nothing to restore."""

    def show_cursor(self, show: bool = True) -> bool:
        return False


class _Rendered:
    """A line as rich renders it."""

    def __init__(self, line: Line, encoding: str) -> None:
        self._line = line
        self._encoding = encoding

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        line = self._line
        yield Segment(f"{line.title} ")
        if line.bar:
            # Without colours rich leaves out the cells that are still empty.
            bar = ProgressBar(total=None if line.share is None else 1.0, completed=line.share or 0.0, width=line.bar)
            yield from console.render_lines(bar, options.update(width=line.bar), pad=True)[0]
        yield Segment(GAP + printable(line.figures, self._encoding))


class Drawing:
    """A line that is drawn over and over again, and taken away."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._console = _Console(file=stream, force_terminal=True, width=80, height=25)
        self._live = Live(
            console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )

    def show(self, pace: Pace | None) -> None:
        """Draw the line as it is now, to the width that the terminal has now."""
        self._console.width = os.get_terminal_size(self._stream.fileno()).columns or 80
        line = line_of(pace, self._console.width - MARGIN)
        self._live.start()
        self._live.update(_Rendered(line, encoding_of(self._stream)), refresh=True)

    def end(self, *, visible: bool) -> None:
        """Take the line away; where the terminal is no longer ours, leave it alone."""
        self._console.quiet = not visible
        self._live.stop()
