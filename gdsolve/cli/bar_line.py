"""The line of the progress bar on a terminal, and the curve above it, by rich."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.control import Control
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.segment import ControlType, Segment
from rich.text import Text

from gdsolve.harmless import styled
from gdsolve.report.draw_terminal import draw_within
from gdsolve.report.grid import Line as Drawn
from gdsolve.report.progress_line import GAP, Line, Pace, line_of
from gdsolve.report.text import encoding_of, printable
from gdsolve.terminal import cells

if TYPE_CHECKING:
    from gdsolve.picture import Panel

# Room for the ^C that a terminal shows, which must not break the line.
MARGIN = 2
# A terminal of fewer columns or lines has the progress line alone.
LEAST_COLUMNS, LEAST_LINES = 40, 12
# What stands under the curve: the progress line, and the line to which the cursor goes when all is taken away.
UNDER = 2


class _Console(Console):
    """A console whose cursor is never hidden: whatever ends the process, there is nothing to restore."""

    def show_cursor(self, show: bool = True) -> bool:
        return False


class _Rendered:
    """The curve, if there is one, and the line under it, as rich renders them."""

    def __init__(self, curve: list[Drawn], line: Line, encoding: str) -> None:
        self._curve = curve
        self._line = line
        self._encoding = encoding

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for drawn in self._curve:
            yield Text.assemble(*drawn, no_wrap=True, overflow="ignore")
        line = self._line
        yield Segment(f"{line.title} ")
        if line.bar:
            # Without colours rich leaves out the cells that are still empty.
            bar = ProgressBar(total=None if line.share is None else 1.0, completed=line.share or 0.0, width=line.bar)
            yield from console.render_lines(bar, options.update(width=line.bar), pad=True)[0]
        yield Segment(GAP + printable(line.figures, self._encoding))


class Drawing:
    """A line, and a curve above it, that are drawn over and over again, and taken away."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._widths: list[int] = []
        self._console = _Console(file=styled(stream), force_terminal=True, width=80, height=25)
        self._live = Live(
            console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )

    def show(self, pace: Pace | None, panel: Panel | None = None) -> None:
        """Draw the line as it is now, and the curve where there is room, to the size that the terminal has now."""
        self._look()
        width, height = self._console.width, self._console.height
        line = line_of(pace, width - MARGIN)
        curve: list[Drawn] = []
        if panel is not None and width >= LEAST_COLUMNS and height >= LEAST_LINES:
            # The last cell of a line is left free: some terminals break the line there.
            curve = draw_within(panel, self._stream, width - 1, height - UNDER)
        self._live.start()
        self._live.update(_Rendered(curve, line, encoding_of(self._stream)), refresh=True)
        widths = [sum(cells(segment.text) for segment in drawn) for drawn in curve]
        self._widths = [*widths, len(line.title) + 1 + line.bar + len(GAP) + cells(line.figures)]

    def end(self, *, visible: bool) -> None:
        """Take all of it away; where the terminal is no longer ours, leave it alone."""
        self._console.quiet = not visible
        self._look()
        self._live.stop()

    def _look(self) -> None:
        """See how large the terminal is; where it broke the lines that are there in two, go to the first as it was."""
        size = os.get_terminal_size(self._stream.fileno())
        width = size.columns or 80
        if width < self._console.width and _breaks_lines():
            broken = sum(max(0, drawn - 1) // width for drawn in self._widths)
            up = ((ControlType.ERASE_IN_LINE, 2), (ControlType.CURSOR_UP, 1)) * broken
            if broken:
                self._console.control(Control(*up))
        self._console.width, self._console.height = width, size.lines or 24


def _breaks_lines() -> bool:
    """Tell whether a terminal that becomes narrower breaks what is on it; two old ones cut it off instead."""
    return not (os.environ.get("XTERM_VERSION") or os.environ.get("STY"))
