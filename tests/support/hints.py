"""Hints followed by a program: a failing input, what its hint says, and the run with that done.

A `Case` is a command line, or a line of Python, that ends with an error. Flags and commands in a hint are followed as
they are printed. What only a reader can do, such as to mend a file, stands in `then`, under the words of the hint that
say so: where the hint changes, the case has to. A case with a `notice` is a run that ends well, and is told something.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hint_sites import recorded

import gdsolve
from gdsolve.cli.main import run
from gdsolve.quoting import joined, split
from gdsolve.spec import VERBS, flag, options_of
from gdsolve.status import GdsolveError

FINE = (0, 3, 4)
OPTIONAL = {"--plot": (), "--code": ("matrix", "autograd")}
"""Flags whose value may be left out, and the words that are one, beside names of files."""
MOST_STEPS = 3

Files = Mapping[str, str | bytes]


@dataclass(frozen=True)
class Input:
    """What is run: words after `gdsolve`, or Python; in a folder with these files."""

    text: str
    files: Files = field(default_factory=dict)
    stdin: bytes = b""
    python: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """An input that fails, and what to do where a hint says these words; `fill` has values for FILE, COLUMN, …

    With a `notice` it does not fail, but says a line with these words. What a warning says to do turns it off; what
    advice says to do ends well.
    """

    text: str
    files: Files = field(default_factory=dict)
    then: Mapping[str, str | Files | Input] = field(default_factory=dict)
    fill: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    python: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    notice: str = ""

    @property
    def input(self) -> Input:
        return Input(self.text, self.files, self.stdin, self.python, self.environment)


@dataclass(frozen=True)
class Told:
    """How a run ended, and every line that it wrote to people."""

    code: int
    message: str
    hint: str
    said: tuple[str, ...] = field(default=(), compare=False)


# A run, in this process -------------------------------------------------------------------------------------------


def told(given: Input) -> Told:
    """Run an input in the folder where we are, after its files were written."""
    for name, content in given.files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    place = (given.text, given.stdin, given.python, tuple(given.environment.items()), _here())
    if place in _RUNS:
        return _RUNS[place]
    end = _told(given)
    if end.code in FINE and _here() == place[-1]:
        _RUNS[place] = end
    return end


_RUNS: dict[tuple[Any, ...], Told] = {}
"""Runs that ended well and wrote no file: many hints lead to the same."""


def _here() -> tuple[tuple[str, bytes], ...]:
    """The files of the folder where we are."""
    return tuple((str(path), path.read_bytes()) for path in sorted(Path().rglob("*")) if path.is_file())


def _told(given: Input) -> Told:
    before = dict(os.environ)
    os.environ |= given.environment
    try:
        return _of_python(given) if given.python else _of_shell(given)
    finally:
        os.environ.clear()
        os.environ |= before


def _of_python(given: Input) -> Told:
    import numpy as np
    import polars as pl
    import scipy.sparse
    import torch

    names = {"gdsolve": gdsolve, "np": np, "pl": pl, "torch": torch, "sparse": scipy.sparse, "io": io}
    try:
        exec(given.text, names)
    except GdsolveError as fault:
        return Told(int(fault.exit_code), fault.message, fault.hint or "")
    return Told(0, "", "")


def _of_shell(given: Input) -> Told:
    *before, line = given.text.split(" | gdsolve ")
    piped = given.stdin
    if before:
        piped = subprocess.run(["bash", "-c", before[0]], input=piped, capture_output=True, check=True).stdout
    words = split(line)
    if ">" in words:
        words = words[: words.index(">")]
    streams = [io.TextIOWrapper(io.BytesIO(content), encoding="utf-8") for content in (piped, b"", b"")]
    before_us = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = streams
    try:
        code = run(words)
    finally:
        sys.stdin, sys.stdout, sys.stderr = before_us
    out, said = ((stream.flush(), stream.buffer.getvalue().decode())[1] for stream in streams[1:])  # type: ignore[attr-defined]
    faults = re.findall(r"^gdsolve: error: (.*)$(?:\nhint: (.*)$)?", said, re.MULTILINE)
    return Told(code, *(faults[-1] if faults else _of_groups(out)), said=(*said.splitlines(), *_lines(out)))


def _of_groups(out: str) -> tuple[str, str]:
    """Message and hint of the first group that cannot be fitted, in the records of all."""
    records = [json.loads(line) for line in out.splitlines() if line.startswith('{"schema":"gdsolve.group/')]
    return next(((one["message"], one["hint"]) for one in records if one.get("hint")), ("", ""))


def _lines(out: str) -> list[str]:
    """What a result says: the advice, notes and commands of a record, or the lines of a table."""
    if not out.startswith("{\n"):
        return out.splitlines()
    record = json.loads(out)
    return [*record.get("advice", ()), *record.get("commands", ())]


# What a hint says ---------------------------------------------------------------------------------------------------

_COMMAND = re.compile(r"(?:^|: )((?:(?:awk|curl|gzip|iconv|sed|tail|tr|zstd) .*\| )?gdsolve [a-z-]+ .*)$")
_OUT = re.compile(r"leave (--[a-z0-9-]+)(?: or (--[a-z0-9-]+))? out")
_MEANT = re.compile(r"did you mean (.+?)\?")
_FLAG = re.compile(r"--[a-z][a-z0-9-]*")


def ways(given: Input, end: Told, case: Case) -> list[Input]:
    """Every way to follow the hint: those of the case first, then flags and commands as they are printed."""
    found = [_changed(given, change) for words, change in case.then.items() if words in end.hint]
    if found or given.python:
        return found
    hint = end.hint
    for metavar, value in case.fill.items():
        hint = re.sub(rf"(?<![\w-]){re.escape(metavar)}\b", lambda _, value=value: value, hint)
    for part in _parts(hint):
        if (command := _COMMAND.search(part)) is not None:
            found.append(Input(command[1].removeprefix("gdsolve "), stdin=given.stdin))
        words = part if command is None else part[: command.start()]
        found += _ways_of(re.sub(r" \([^)]*\)", "", words), given, end)
    return found


def _parts(hint: str) -> list[str]:
    """What stands between semicolons, but for those in quotes."""
    quoted = r"'[^']*'" + r'|"[^"]*"'
    return [part.strip() for part in re.findall(rf"(?:{quoted}|[^;])+", hint)]


def _ways_of(hint: str, given: Input, end: Told) -> list[Input]:
    found: list[Input] = []
    for match in _OUT.finditer(hint):
        found += [Input(_without(given.text, name), stdin=given.stdin) for name in match.groups() if name]
    hint = _OUT.sub("", hint)
    if (meant := _MEANT.search(hint)) is not None:
        found.append(Input(_corrected(given.text, end.message, meant[1]), stdin=given.stdin))
        hint = hint[: meant.start()]
    for part in re.split(r" or (?=--|[a-z ]*--)|, (?=--)", hint):
        found += [Input(_with(given.text, flags), stdin=given.stdin) for flags in _flags(part, given.text)]
    return found


def _changed(given: Input, change: str | Files | Input) -> Input:
    if isinstance(change, Input):
        return change
    if isinstance(change, str):
        return Input(change, stdin=given.stdin, python=given.python)
    return Input(given.text, change, given.stdin, given.python)


def _verb(text: str) -> str:
    return next((word for word in text.split() if word in VERBS), "fit")


def _takes_value(name: str, verb: str) -> bool:
    options = {flag(option): option for option in options_of(verb)}
    default = gdsolve.spec.Spec.__dataclass_fields__[options[name]].default if name in options else None
    return not isinstance(default, bool) or name in OPTIONAL


def _is_value(name: str, word: str) -> bool:
    """True for a word after a flag that may do without one, where it is the flag's."""
    return name not in OPTIONAL or "." in word or word in OPTIONAL[name]


def _without(text: str, name: str) -> str:
    """The words without a flag and its value."""
    kept, words = [], split(text)
    while words:
        word = words.pop(0)
        if word == name:
            if words and _takes_value(name, _verb(text)) and _is_value(name, words[0]):
                words.pop(0)
        elif not word.startswith(f"{name}="):
            kept.append(word)
    return joined(kept)


def _with(text: str, flags: list[str]) -> str:
    """The words with flags, in place of those that were given."""
    for name in (word for word in flags if word.startswith("--")):
        text = _without(text, name)
    return f"{text} {joined(flags)}"


def _flags(part: str, text: str) -> Iterator[list[str]]:
    """The flags of one alternative, each with its value; `a|b` gives two."""
    verb, words = _verb(text), split(part.replace("’", ""))
    chosen: list[list[str]] = [[]]
    while words:
        word = words.pop(0).strip("(),;:")
        if not _FLAG.fullmatch(word):
            continue
        values = [[]]
        if (
            words
            and not words[0].startswith("--")
            and _takes_value(word, verb)
            and _is_value(word, words[0].rstrip(",;:)"))
        ):
            given = words.pop(0)
            values = [[one] for one in (given.rstrip(",;:)") or given).split("|")]
        chosen = [[*before, word, *value] for before in chosen for value in values]
    if chosen != [[]]:
        yield from chosen


def _corrected(text: str, message: str, meant: str) -> str:
    """The words with what was meant in place of what the message quotes."""
    wrong = next(iter(re.findall(r"'([^']+)'", message)), message.partition(":")[0])
    right = meant[1:-1] if re.fullmatch(r"'.*'", meant) else meant
    return text.replace(wrong, right)


# The walk -----------------------------------------------------------------------------------------------------------


class AstrayError(AssertionError):
    """A hint that leads nowhere."""


def follow(case: Case, folder: Path) -> set[str]:
    """Run a case and follow its hints to the end; returns the sites of the errors that were made.

    Raises:
        AstrayError: a hint that says nothing to do, that leads in a circle, or to no end within three steps.
    """
    made: set[str] = set()
    here = Path.cwd()
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    try:
        for words in case.before:
            first = told(Input(words, case.files))
            assert first.code in (*FINE, 5), (words, first)
        with recorded(made):
            end = told(case.input)
            if case.notice:
                _heed(case, end)
            elif end.code in FINE:
                raise AstrayError(f"{case.text}: fails no more")
            else:
                _walk(case, case.input, end, ())
    finally:
        os.chdir(here)
    return made


def _walk(case: Case, given: Input, end: Told, path: tuple[Told, ...]) -> None:
    trail = "\n".join(f"  {step.message}\n    hint: {step.hint}" for step in (*path, end))
    if end in path:
        raise AstrayError(f"{case.text}: a circle\n{trail}")
    if len(path) >= MOST_STEPS:
        raise AstrayError(f"{case.text}: no end\n{trail}")
    if end.code not in (2, 5):
        raise AstrayError(f"{given.text}: exit code {end.code}\n{trail}")
    following = ways(given, end, case)
    if not following:
        raise AstrayError(f"{case.text}: nothing to do\n{trail}")
    for way in following:
        after = told(way)
        if after.code not in FINE:
            _walk(case, way, after, (*path, end))


def _heed(case: Case, end: Told) -> None:
    """Follow the lines of a run that have the words of the notice."""
    lines = [line for line in end.said if case.notice in line]
    if end.code not in FINE or not lines:
        raise AstrayError(f"{case.text}: ends with {end.code} and says\n" + "\n".join(end.said))
    for line in lines:
        following = ways(case.input, Told(end.code, "", re.sub(r"^(gdsolve: warning|hint): ", "", line)), case)
        if not following:
            raise AstrayError(f"{case.text}: nothing to do\n  {line}")
        for way in following:
            after, warned = told(way), "warning: " in line
            again = [one for one in after.said if case.notice in one and warned]
            if after.code not in (FINE if warned else (0,)) or again:
                raise AstrayError(f"{way.text}: ends with {after.code} and says {again or after.message}\n  {line}")
