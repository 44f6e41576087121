"""The help of the verbs: plain text, one section a panel, and commands to try that can be copied at any width."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any

from gdsolve.terminal import cells, wrap_command

_EXAMPLE = re.compile(r"^( +)(gdsolve .*)$", re.MULTILINE)


def examples(*lines: str) -> str:
    """Commands to try, as the epilog of a help."""
    # Typer keeps the line breaks of a paragraph that begins with \b.
    return "\b\n" + "\n".join(["Examples:", *(f"  {line}" for line in lines)])


def write_panels(command: Any, ctx: Any, formatter: Any) -> None:
    """The options of a command, panel by panel."""
    panels: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(ctx):
        if parameter.param_type_name == "argument":
            panels.setdefault("Arguments", []).append((parameter.metavar, parameter.help))
        elif row := parameter.get_help_record(ctx):
            panels.setdefault(parameter.rich_help_panel or "Options", []).append(row)
    # What every command has comes last.
    for title in sorted(panels, key="Options".__eq__):
        with formatter.section(title):
            room = formatter.width - formatter.current_indent
            formatter.write_dl([(_folded(name, room), help) for name, help in panels[title]])


def write_examples(command: Any, formatter: Any) -> None:
    """The epilog of a command; on a terminal, commands that are too wide go on after a backslash."""
    if not command.epilog:
        return
    formatter.write_paragraph()
    with formatter.indentation():
        text = inspect.cleandoc(command.epilog)
        if sys.stdout.isatty():
            text = _EXAMPLE.sub(lambda found: _continued(found, formatter.width - formatter.current_indent), text)
        formatter.write_text(text)


def _continued(found: re.Match[str], room: int) -> str:
    indent, command = found.groups()
    return "\n".join(indent + line for line in wrap_command(command, room - len(indent)))


def _folded(name: str, room: int) -> str:
    """An option and the words that it takes; on a terminal, what is too wide is broken between words."""
    if cells(name) <= room or "|" not in name or not sys.stdout.isatty():
        return name
    option, _, words = name.rpartition(" ")
    lines = [f"{option} "]
    for word in re.findall(r"[^|]+\|?", words):
        if cells(lines[-1] + word) > room and lines[-1].strip():
            # Typer indents the first line alone.
            lines.append(" " * (len(option) + 1) + word)
        else:
            lines[-1] += word
    return "\n  ".join(lines)
