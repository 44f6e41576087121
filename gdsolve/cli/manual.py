"""The manual pages, gdsolve(1) and one for each verb, in roff: from the tables that help and reference are made of.

What builds a wheel writes them (`hatch_build.py`), so that `man gdsolve-fit` is of the gdsolve that is installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from gdsolve.cli.completion import SCRIPT_OPTIONS
from gdsolve.cli.described import (
    ABOUT,
    FIRST_COMMANDS,
    HELP,
    VERSION,
    help_of,
    help_of_operand,
    is_switch,
    names_of,
    value_of,
)
from gdsolve.spec import VERBS, Verb, options_of
from gdsolve.status import ExitCode
from gdsolve.version import __version__

MORE = "Every run says how far its result is from the optimum. Each command has a page of its own."
ENVIRONMENT = {
    "NO_COLOR": "Where it is set, nothing is coloured.",
    "TERM": "Where it is dumb, there is no colour, and no line of progress.",
    "COLUMNS": "The width that tables may take, where it is a terminal that they are printed on.",
    "TMPDIR": "Where copies of what cannot be read twice are kept during a run.",
}
_ESCAPED = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", '"': r"\(dq"}


def manual_pages() -> dict[str, str]:
    """Every manual page by the name of its file: `gdsolve.1`, `gdsolve-fit.1` and so on. All of it is ASCII."""
    pages = {f"gdsolve-{verb.name}.1": _page(_of_verb(verb)) for verb in VERBS.values()}
    return {"gdsolve.1": _page(_of_all())} | pages


def _page(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _of_all() -> Iterator[str]:
    yield from _head("gdsolve", ABOUT)
    yield r"\fBgdsolve\fR \fICOMMAND\fR [\fIOPTION\fR]... [\fISOURCE\fR]..."
    yield from (".SH DESCRIPTION", _text(f"{ABOUT} {MORE}"))
    yield ".SH COMMANDS"
    for verb in VERBS.values():
        yield from (".TP", rf"\fBgdsolve\-{_text(verb.name)}\fR(1)", _text(verb.help))
    yield ".SH OPTIONS"
    switches = {"--version": VERSION, **SCRIPT_OPTIONS, "-h, --help": HELP}
    for names, help in switches.items():
        yield from (".TP", rf"\fB{_text(names)}\fR", _text(help))
    yield from _exit_status()
    yield ".SH ENVIRONMENT"
    for name, help in ENVIRONMENT.items():
        yield from (".TP", rf"\fB{_text(name)}\fR", _text(help))
    yield from _examples(FIRST_COMMANDS)
    yield from _see_also(f"gdsolve-{verb}" for verb in VERBS)


def _of_verb(verb: Verb) -> Iterator[str]:
    yield from _head(f"gdsolve-{verb.name}", verb.help)
    operands = [rf"[\fI{one.metavar}\fR]..." if one.several else rf"\fI{one.metavar}\fR" for one in verb.operands]
    yield " ".join([rf"\fBgdsolve {_text(verb.name)}\fR", r"[\fIOPTION\fR]...", *operands])
    yield from (".SH DESCRIPTION", _text(verb.help))
    for operand in verb.operands:
        yield from (".TP", rf"\fI{operand.metavar}\fR", _text(help_of_operand(operand)))
    yield from _options(verb)
    yield from _exit_status()
    yield from _examples(verb.examples)
    yield from _see_also(["gdsolve", *(f"gdsolve-{other}" for other in VERBS if other != verb.name)])


def _options(verb: Verb) -> Iterator[str]:
    """The options of a verb, panel by panel, as its help has them."""
    yield ".SH OPTIONS"
    taken = sorted(options_of(verb.name).items(), key=lambda item: _place(verb, item[1].panel))
    for panel, options in groupby(taken, key=lambda item: item[1].panel):
        yield f".SS {_text(panel)}"
        for name, info in options:
            # Among many words a line may end behind any of them.
            words = _text(value_of(name, info, verb.name)).replace("|", r"|\:")
            value = "" if is_switch(name) else rf" \fI{words}\fR"
            flags = ", ".join(rf"\fB{_text(one)}\fR" for one in reversed(names_of(name)))
            yield from (".TP", f"{flags}{value}", _text(help_of(name, info)))
    yield from (".SS Help", ".TP", r"\fB\-h\fR, \fB\-\-help\fR", _text(HELP))


def _place(verb: Verb, panel: str) -> int:
    """Panels come in the order in which the first option of each is declared."""
    return [info.panel for info in options_of(verb.name).values()].index(panel)


def _head(name: str, about: str) -> Iterator[str]:
    yield rf".TH {_text(name.upper())} 1 {_quoted('')} {_quoted(f'gdsolve {__version__}')} {_quoted('gdsolve')}"
    # Words are neither hyphenated nor spread out: names of options stay whole.
    yield from (".nh", ".ad l")
    about = about.removeprefix("The ").rstrip(".")
    yield from (".SH NAME", rf"{_text(name)} \- {_text(about[0].lower() + about[1:])}", ".SH SYNOPSIS")


def _exit_status() -> Iterator[str]:
    yield ".SH EXIT STATUS"
    for code in ExitCode:
        yield from (".TP", rf"\fB{code.value}\fR", _text(code.meaning))


def _examples(commands: Iterable[str]) -> Iterator[str]:
    yield from (".SH EXAMPLES", ".nf", *map(_text, commands), ".fi")


def _see_also(names: Iterable[str]) -> Iterator[str]:
    yield from (".SH SEE ALSO", ",\n".join(rf"\fB{_text(name)}\fR(1)" for name in names))


def _quoted(text: str) -> str:
    return f'"{_text(text)}"'


def _text(text: str) -> str:
    """A text in roff: what stands in backticks is bold, and nothing in it is a request.

    >>> _text("`--na drop`: a 'row'")
    '\\\\fB\\\\-\\\\-na drop\\\\fR: a \\\\(aqrow\\\\(aq'
    """
    parts = re.split(r"`([^`]*)`", text)
    escaped = ["".join(map(_character, part)) for part in parts]
    joined = "".join(rf"\fB{part}\fR" if place % 2 else part for place, part in enumerate(escaped))
    return rf"\&{joined}" if joined.startswith(".") else joined


def _character(one: str) -> str:
    return _ESCAPED.get(one) or (one if one.isascii() else rf"\[u{ord(one):04X}]")
