"""Numbers, lists and lines of Python as they stand in a program."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable, Sequence

from gdsolve.status import GdsolveError

WIDTH = 100


def no_program(what: str, hint: str, option: str | None = None) -> GdsolveError:
    """That --code cannot write something, and what to do instead."""
    return GdsolveError(f"--code has no program for {what}", hint, about=() if option is None else (option, "code"))


def number(value: float) -> str:
    """A number that Python reads as this very one.

    >>> number(0.5), number(3.0), number(float("inf"))
    ('0.5', '3.0', 'math.inf')
    """
    if math.isinf(value):
        return "math.inf" if value > 0 else "-math.inf"
    return repr(float(value))


def numbers(values: Iterable[float]) -> str:
    """Numbers as a list."""
    return f"[{', '.join(map(number, values))}]"


def lasting(seconds: float) -> str:
    """A long time in words, as "3 hours"; nothing for less than two minutes."""
    for size, unit in ((86_400 * 365, "years"), (86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return ""


def called(before: str, items: Sequence[str], after: str) -> list[str]:
    """`before`, items with commas between them, `after`: on one line where it fits, else with the items below."""
    line = f"{before}{', '.join(items)}{after}"
    if len(line) <= WIDTH:
        return [line]
    indent = " " * (len(before) - len(before.lstrip()) + 4)
    lines: list[str] = [""]
    for item in items:
        piece = f"{item}, "
        if lines[-1] and len(indent) + len(lines[-1]) + len(piece) > WIDTH:
            lines.append("")
        lines[-1] += piece
    return [before, *(indent + one.rstrip() for one in lines), indent[4:] + after]


def remark(text: str, indent: str = "") -> list[str]:
    """A comment, on as many lines as it takes."""
    return textwrap.wrap(text, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


def assembled(title: str, body: Sequence[str]) -> str:
    """A program: its docstring, the imports that its body needs, and the body."""
    text = re.sub(r"\n{4,}", "\n\n\n", "\n".join(body))
    plain = [f"import {name}" for name in ("math",) if f"{name}." in text]
    packages = [line for mark, line in (("pl.", "import polars as pl"), ("torch.", "import torch")) if mark in text]
    docstring = [f'"""{title}"""'] if len(title) <= WIDTH else ['"""' + title, '"""']
    return "\n".join([*docstring, "", *plain, *([""] if plain else []), *packages, "", text, ""])
