"""Records as tables, on and off a terminal."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from report_records import FakeTerminal

from gdsolve.report import write_record
from gdsolve.report.page import View
from gdsolve.spec import Format

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def plain(record: dict[str, Any], view: View | None = None) -> str:
    stream = io.StringIO()
    write_record(record, Format.TABLE, stream, view or View())
    return stream.getvalue()


def on_terminal(
    record: dict[str, Any],
    width: int,
    monkeypatch: pytest.MonkeyPatch,
    term: str = "xterm",
    view: View | None = None,
) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLUMNS", str(width))
    stream = FakeTerminal()
    write_record(record, Format.TABLE, stream, view or View())
    return stream.getvalue()
