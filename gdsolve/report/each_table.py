"""Many sources for people: one line a source, written as soon as it is there, as many columns as fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from gdsolve.report.compare_table import STATUS_WORDS
from gdsolve.report.grid import GAP, Column, Grid, Segment
from gdsolve.report.group_table import SERIOUS, WORDS
from gdsolve.report.numbers import ABSENT, counted, figure, whole
from gdsolve.report.page import page_for
from gdsolve.report.parts import Record
from gdsolve.terminal import cells

# Titles and cells; a figure of many digits may be wider.
STATUS = 17
COLUMNS = (("iterations", 10), ("SSE", 11), ("gap", 8), ("R²", 7), ("loss", 11), ("rows", 7))
ELLIPSIS = "…"
LEAST = 12


class TableLines:
    """The lines of sources whose names are known beforehand, so that all have the same width."""

    def __init__(self, stream: TextIO, sources: Sequence[str]) -> None:
        self._stream = stream
        self._page = page_for(stream)
        self._counts: Counter[str] = Counter()
        longest = max([cells("source"), *map(cells, sources)])
        if not self._page.terminal:
            # Nothing is cut or folded there.
            self._page.width = None
        room = self._page.width
        self._shown, self._width = _columns_within(longest, room)
        titles = ["source", "status", *(title for title, _ in COLUMNS[: self._shown])]
        self._put([Segment(title, "bold") for title in titles])
        rule = self._width + STATUS + len(GAP) + sum(width + len(GAP) for _, width in COLUMNS[: self._shown])
        self._page.paragraph("─" * rule, "dim")
        self._flush()

    def write(self, record: Record) -> list[str]:
        """Write the line of the next source."""
        status = record["status"]
        self._counts[status] += 1
        figures = (
            whole(record["iterations"]),
            figure(record["sse"], 5),
            figure(record["gap"], 2),
            _fixed(record["r2"]),
            figure(record["loss"], 5),
            whole(record["data"]["rows"] or None),
        )
        texts = [Segment(text) for text in figures[: self._shown]]
        state = Segment(status.replace("_", " "), STATUS_WORDS[status][1])
        self._put([Segment(record["source"]), state, *texts])
        self._flush()
        return []

    def close(self) -> None:
        """Write how many ended in which way."""
        total = sum(self._counts.values())
        told = [f"{whole(self._counts[key])} {word}" for key, word in (*WORDS, *SERIOUS) if self._counts[key]]
        told += [f"{self._counts['interrupted']} interrupted"] if self._counts["interrupted"] else []
        bad = any(self._counts[key] for key, _ in SERIOUS)
        style = "bold green" if self._counts["converged"] == total else "bold red" if bad else "bold yellow"
        if total:
            self._page.lines.append([])
            self._page.paragraph(f": {', '.join(told)}.", lead=counted(total, "source"), lead_style=style)
        self._flush()

    def _flush(self) -> None:
        self._page.write(self._stream)
        self._page.lines.clear()

    def _put(self, row: Sequence[Segment]) -> None:
        widths = [self._width, STATUS, *(width for _, width in COLUMNS[: self._shown])]
        padded = []
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            text = _end_of(cell.text, width) if place == 0 else cell.text
            pad = " " * (width - cells(text))
            padded.append(cell._replace(text=text + pad if place < 2 else pad + text))
        self._page.table(Grid([Column(right=False)] * len(padded), [padded]))


def _columns_within(longest: int, room: int | None) -> tuple[int, int]:
    """How many columns of figures fit, and the cells left for the name of a source."""
    if room is None:
        return len(COLUMNS), longest
    for shown in range(len(COLUMNS), 0, -1):
        left = room - STATUS - len(GAP) - sum(width + len(GAP) for _, width in COLUMNS[:shown])
        if left >= min(longest, 2 * LEAST):
            return shown, min(longest, left)
    return 0, min(longest, max(LEAST, room - STATUS - len(GAP)))


def _fixed(r2: float | None) -> str:
    return ABSENT if r2 is None else f"{r2:z.4f}" if r2 >= -9 else figure(r2, 2)


def _end_of(name: str, width: int) -> str:
    """The end of a name that is too long, which tells files of one folder apart."""
    if cells(name) <= width:
        return name
    while cells(name) > width - 1:
        name = name[1:]
    return ELLIPSIS + name
