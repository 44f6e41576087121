"""A page of tables and paragraphs, made for one stream: coloured on a terminal and folded to its width, else plain."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self, TextIO

from gdsolve.harmless import styled
from gdsolve.report.grid import Grid, Line, Segment, Separator, layout, least_width
from gdsolve.report.text import encoding_of, is_unicode, printable, wrap
from gdsolve.spec.choices import RateSchedule
from gdsolve.spec.methods import Method
from gdsolve.terminal import terminal_width, wrap_command

if TYPE_CHECKING:
    from gdsolve.spec import Spec


PIPE_WIDTH = 100
"""Off a terminal a page is as wide as one that is read in an editor or an e-mail."""


@dataclass(frozen=True, slots=True)
class View:
    """What a table shows beside what every table shows.

    `verbose`: how the result was found, and all rows; `quiet`: no advice; `all_iterations`, the `rate` and the `method`
    are those that were asked for; `following` is what to do next after a run that needs no advice.
    """

    verbose: bool = False
    quiet: bool = False
    all_iterations: bool = False
    rate: bool = False
    method: bool = False
    following: tuple[str, ...] = ()

    @classmethod
    def of(cls, spec: Spec, following: tuple[str, ...] = ()) -> Self:
        """What the options of a spec ask a table to show."""
        chosen = spec.method is not Method.AUTO or spec.schedule is not RateSchedule.CONSTANT
        return cls(
            verbose=spec.verbose,
            quiet=spec.quiet,
            all_iterations=isinstance(spec.every, int),
            rate=not spec.auto_rate,
            method=chosen or spec.momentum is not None,
            following=following,
        )


@dataclass(slots=True)
class Page:
    """Lines as they will be shown: at most `width` cells where a width is given, of any length otherwise."""

    width: int | None = None
    encoding: str = "utf-8"
    terminal: bool = False
    lines: list[Line] = field(default_factory=list)

    def beside(self) -> Page:
        """An empty page like this one."""
        return Page(self.width, self.encoding, self.terminal)

    def add(self, other: Page) -> None:
        """The lines of another page, after an empty one."""
        if other.lines:
            self.blank()
            self.lines += other.lines

    def blank(self) -> None:
        """An empty line, unless the page begins here or the line before is empty."""
        if self.lines and self.lines[-1]:
            self.lines.append([])

    def heading(self, text: str) -> None:
        """A heading, after an empty line."""
        self.blank()
        self.paragraph(text, "bold")

    def paragraph(self, text: str, style: str = "", *, lead: str = "", lead_style: str = "", hanging: int = 0) -> None:
        """Text, after a `lead` in a style of its own; later lines are indented by `hanging`."""
        lead, text = printable(lead, self.encoding), printable(text, self.encoding)
        lines = [lead + text] if self.width is None else wrap(lead + text, self.width, hanging)
        for number, line in enumerate(lines):
            head = len(lead) if number == 0 else 0
            self._add([Segment(line[:head], lead_style), Segment(line[head:], style)])

    def line(self, segments: Line) -> None:
        """One line of pieces that fit, each in its style."""
        self._add([segment._replace(text=printable(segment.text, self.encoding)) for segment in segments])

    def command(self, text: str, indent: str = "  ") -> None:
        """A shell command to copy, on lines of its own."""
        text = printable(text, self.encoding)
        for number, line in enumerate([text] if self.width is None else wrap_command(text, self.width - len(indent))):
            # A prompt on a later line would be copied with it.
            self._add([Segment((indent if number == 0 else " " * len(indent)) + line, "cyan")])

    def table(self, table: Grid) -> None:
        """A table, with its note under it."""
        for line in layout(self.clean(table), self.width, printable("─", self.encoding)):
            self._add(line)
        if table.note:
            self.paragraph(table.note, "dim")

    def fits(self, table: Grid) -> bool:
        """True when the table fits into the width with every figure whole."""
        return self.width is None or least_width(self.clean(table)) <= self.width

    def most_that_fit(self, make: Callable[[int], Grid], least: int, most: int) -> int:
        """The largest n up to `most` for which make(n), a table that grows with n, fits; `least` if none does."""
        numbers = range(least + 1, most + 1)
        return least + bisect.bisect_left(numbers, True, key=lambda number: not self.fits(make(number)))

    def clean(self, table: Grid) -> Grid:
        """The table with every text as the stream can show it."""

        def clean(cell: Segment) -> Segment:
            text = printable(cell.text, self.encoding)
            return cell if text is cell.text else cell._replace(text=text)

        columns = [replace(column, title=printable(column.title, self.encoding)) for column in table.columns]
        rows = [
            replace(row, text=printable(row.text, self.encoding)) if isinstance(row, Separator) else [*map(clean, row)]
            for row in table.rows
        ]
        return Grid(columns, rows, table.note)

    def write(self, stream: TextIO) -> None:
        """Write the page: through rich on a terminal, without any escape code elsewhere."""
        if not self.terminal:
            stream.write("".join("".join(segment.text for segment in line) + "\n" for line in self.lines))
            return
        from rich.console import Console
        from rich.text import Text

        console = Console(file=styled(stream), width=self.width, highlight=False, markup=False, emoji=False)
        for line in self.lines:
            console.print(Text.assemble(*line), soft_wrap=True)

    def _add(self, line: Line) -> None:
        line = [segment for segment in line if segment.text]
        while line and not line[-1].text.strip():
            line.pop()
        if line:
            line[-1] = line[-1]._replace(text=line[-1].text.rstrip())
        self.lines.append(line)


def page_for(stream: TextIO) -> Page:
    """An empty page of the width and encoding of this stream."""
    encoding, width = encoding_of(stream), terminal_width(stream)
    return Page(width or PIPE_WIDTH, "utf-8" if is_unicode(encoding) else encoding, terminal=width is not None)
