"""JSON in a file that may be anything: a device or a pipe without end, or larger than the memory."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from gdsolve.imports import collector_at_rest
from gdsolve.room import host_room, in_bytes
from gdsolve.signals import let_interrupts_through

LARGEST = 1 << 30
"""Bytes of a file of JSON that are read at most: those of a model with tens of millions of weights."""
_BLOCK = 1 << 22
# Objects of Python take so many bytes for each byte of JSON.
_TIMES = 8


class TooLargeError(Exception):
    """A file of JSON is larger than what is read of one, or than the memory."""


def parsed_file(path: str) -> Any:
    """What a file of JSON holds.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON: `json.JSONDecodeError` or `UnicodeDecodeError`.
        TooLargeError: it does not end within `LARGEST` bytes, or within the memory that there is.
    """
    with collector_at_rest():
        return json.loads(read_json_text(path))


def read_json_text(path: str) -> str:
    """The text of such a file.

    Raises:
        OSError, UnicodeDecodeError, TooLargeError: as `parsed_file`, for null characters too.
    """
    # A pipe may have nobody who writes to it.
    let_interrupts_through()
    most, there = LARGEST, host_room().falls_short(_TIMES * LARGEST, _TIMES * LARGEST)
    if there is not None:
        most = there // _TIMES
    read = io.BytesIO()
    with Path(path).open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            read.write(block)
            if b"\0" in block:
                raise json.JSONDecodeError("a null character", "", 0)
            if read.tell() > most:
                raise TooLargeError(f"is larger than {in_bytes(most)}, the most that is read here")
    return read.getvalue().decode("utf-8")
