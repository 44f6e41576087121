"""What a terminal can show: its width, the cells that a text takes, and commands and messages folded to fit."""

from __future__ import annotations

import os
import re
from typing import TextIO

LEAST_WIDTH = 40

_COMMAND_WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*"|['"])+""")


def terminal_width(stream: TextIO) -> int | None:
    """The width of the terminal that a stream goes to; None where it goes elsewhere."""
    if not stream.isatty():
        return None
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return max(LEAST_WIDTH, int(columns))
    try:
        width = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        width = 0
    return max(LEAST_WIDTH, width or 80)


def cells(text: str) -> int:
    """How many terminal cells the text takes (two for a Chinese character, none for a combining accent)."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def wrap_command(text: str, width: int, indent: str = "  ") -> list[str]:
    r"""A shell command on lines of at most `width` cells that can be copied: they end in `\`, never inside quotes."""
    lines = [""]
    words = _COMMAND_WORD.findall(text)
    for place, word in enumerate(words):
        room = width - (2 if place + 1 < len(words) else 0)
        joined = f"{lines[-1]} {word}" if lines[-1].strip() else lines[-1] + word
        if lines[-1].strip() and cells(joined) > room:
            lines.append(indent + word)
        else:
            lines[-1] = joined
    return [line + " \\" for line in lines[:-1]] + lines[-1:]


def wrap_message(text: str, width: int, indent: str = "  ") -> list[str]:
    """A message on lines of at most `width` cells: no word is broken, no flag is parted from what follows it."""
    lines = [""]
    for words in [text] if cells(text) <= width else _together(text):
        joined = f"{lines[-1]} {words}" if lines[-1].strip() else lines[-1] + words
        if lines[-1].strip() and cells(joined) > width:
            lines.append(indent + words)
        else:
            lines[-1] = joined
    return lines


def _together(text: str) -> list[str]:
    """The words of a text; flags with the word after them, and with the flags that follow, are one."""
    groups: list[str] = []
    words = text.split(" ")
    for place, word in enumerate(words):
        before = words[max(0, place - 2) : place]
        is_value = bool(before) and before[-1].startswith("--")
        follows = word.startswith("--") and any(one.startswith("--") for one in before)
        if is_value or follows:
            groups[-1] += f" {word}"
        else:
            groups.append(word)
    return groups
