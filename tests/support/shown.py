"""What a page shows of a run, but for what is rounding or a machine's own."""

from __future__ import annotations

import re
import shlex

from in_process import completed
from readme import RUN

# What a run is predicted to take is measured anew each time.
PREDICTED = re.compile(r"(?:under )?\d[\d,.]* (?:µs|ms|s|min|hours|days|years)(?= against|(?: with --engine \w+))")
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")


def rounded(text: str) -> str:
    """The text with what is mere rounding, or a machine's own, taken out of its numbers."""

    def shorten(found: re.Match[str]) -> str:
        value = float(found[0].replace(",", ""))
        return "~0" if abs(value) < 1e-11 else f"{value:.5g}"

    return re.sub(r" +|─+", " ", NUMBER.sub(shorten, PREDICTED.sub("some time", without_times(text))))


def without_times(text: str) -> str:
    """The text without the column `seconds` of its tables."""
    lines, column = [], None
    for line in text.split("\n"):
        if found := re.search(r" +seconds", line):
            column = slice(*found.span())
        elif not line.strip():
            column = None
        lines.append(line if column is None else line[: column.start] + line[column.stop :])
    return "\n".join(lines)


def printed(command: str) -> str:
    """What a command prints on both streams, as `output_of` has it of a process."""
    done = completed(*shlex.split(command)[1:])
    return f"$ {command}\n{done.err}{done.out}" + (f"[exit code {done.code}]\n" if done.code else "")


def made(text: str) -> str:
    return RUN.sub(lambda found: f"<!-- run: {found[1]} -->\n```text\n{printed(found[1])}```\n", text)
