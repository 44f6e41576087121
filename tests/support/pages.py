"""The pages of the checkout, and what stands on them: commands with their exit codes, programs, specs, links."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from in_process import completed
from places import ROOT

BESIDE = ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "configs/README.md")
PAGES = tuple(sorted({*BESIDE, *(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))}))
"""Every page, by its path in the checkout."""
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(gdsolve [^`]+)`")
EXIT_CODE = re.compile(r"# exit code (\d+)$")


@dataclass(frozen=True, slots=True)
class Command:
    """A line of a shell, and the exit code that its page says it has."""

    text: str
    code: int = 0


def text_of(page: str) -> str:
    """What stands on a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a page in one language."""
    return [body for named, body in BLOCK.findall(text_of(page)) if named == language]


def prose(page: str) -> str:
    """A page without its blocks and the comments that make them, each sentence on one line."""
    bare = re.sub(r"<!--.*?-->", "", BLOCK.sub("", text_of(page)), flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", " ", bare)


def of_shell(page: str) -> list[str]:
    """The lines of a page's blocks for a shell, those that go on after a backslash as one."""
    lines = "".join(blocks(page, "sh")).replace("\\\n", "").splitlines()
    return [part.strip() for line in lines if line.strip() for part in line.split("&&")]


def commands(page: str) -> Iterator[Command]:
    """The commands of gdsolve in a page's blocks for a shell, in their order; the tests of the tour take the tour."""
    for line in of_shell(page):
        text = line.removeprefix(".venv/bin/")
        if text.startswith("gdsolve ") and not text.startswith("gdsolve tour"):
            told = EXIT_CODE.search(text)
            yield Command(text, int(told[1]) if told else 0)


def run_line(command: str) -> int:
    """The exit code of gdsolve in a line with pipes, in this process; other programs of it run where they are there."""
    words = shlex.shlex(command, posix=True, punctuation_chars="|>")
    words.whitespace_split = True
    stages: list[list[str]] = [[]]
    for word in words:
        if word == "|":
            stages.append([])
        else:
            stages[-1].append(word)
    piped, code = "", 0
    for stage in stages:
        program, file = (stage[:-2], stage[-1]) if ">" in stage else (stage, None)
        if program[0] == "gdsolve":
            with mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped.encode()), encoding="utf-8")):
                done = completed(*program[1:])
            piped, code = done.out, code or done.code
        elif shutil.which(program[0]):
            piped = subprocess.run(program, input=piped, capture_output=True, text=True, check=True).stdout
            assert piped, command
        if file:
            Path(file).write_text(piped, encoding="utf-8")
    return code
