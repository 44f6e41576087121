"""What comes with gdsolve, as a plain dict and as a list for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TextIO

from gdsolve.bundled import Bundled, Chapter
from gdsolve.report.grid import Column, Grid, Segment
from gdsolve.report.page import page_for
from gdsolve.report.parts import Record
from gdsolve.status import ExitCode
from gdsolve.version import __version__

COLUMNS = (Column("name", right=False), Column("shows", right=False), Column("run", right=False, folds=True))


def configs_record(listed: Sequence[Bundled]) -> dict[str, Any]:
    """`gdsolve.configs/1`: name, part, kind, what it shows, the command that runs it, and its text."""
    return {
        "schema": "gdsolve.configs/1",
        "version": __version__,
        "exit_code": int(ExitCode.OK),
        "configs": [
            {
                "name": one.name,
                "part": one.part.value,
                "kind": "spec" if one.is_spec else "table",
                "shows": one.shows,
                "command": one.command,
                "text": one.text,
            }
            for one in listed
        ],
    }


def write_configs_table(record: Record, stream: TextIO) -> None:
    """A line each, by part: its name, what it shows, and the command that runs it."""
    page = page_for(stream)
    for part in Chapter:
        rows = [
            [Segment(one["name"]), Segment(one["shows"]), Segment(one["command"], "cyan")]
            for one in record["configs"]
            if one["part"] == part
        ]
        if rows:
            page.heading(part.value)
            page.table(Grid(COLUMNS, rows))
    page.heading("to run next")
    page.command("gdsolve configs B4 > b4.yaml")
    page.write(stream)
