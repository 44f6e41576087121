"""`gdsolve tour`: the textbook case by case, each step a real command that is shown, run and explained."""

from __future__ import annotations

import io
import json
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import gdsolve
from gdsolve.cli.request import Request
from gdsolve.ranks import Ranks
from gdsolve.report.page import page_for
from gdsolve.spec.file import build_spec
from gdsolve.status import ExitCode, GdsolveError
from gdsolve.terminal import terminal_width
from gdsolve.tour.figures import with_figures
from gdsolve.tour.script import STEPS, TourStep

RESULTS = (ExitCode.OK, ExitCode.MAX_ITER, ExitCode.DIVERGED)
BACK, LEAVE = ("b", "back"), ("q", "quit", "exit")

Execute = Callable[[Sequence[str]], int]


def run(request: Request, _ranks: Ranks) -> int:
    """Walk through the cases asked for; returns the exit code.

    Raises:
        GdsolveError: a case that there is not.
    """
    spec = build_spec((), request.given, request.verb.name)
    steps = [step for step in STEPS if not spec.case or step.case in _cases(spec.case)]
    if spec.list:
        _list(steps)
    else:
        from gdsolve.cli.app import execute

        _walk(steps, execute)
    return int(ExitCode.OK)


def _cases(asked: Sequence[str]) -> list[str]:
    """The cases named, in any case of letters: a letter alone means all that begin with it."""
    known, wanted = list(dict.fromkeys(step.case for step in STEPS)), []
    for word in (word.strip() for text in asked for word in text.split(",")):
        found = [case for case in known if case == word.upper() or case.rstrip("0123456789") == word.upper()]
        if not found:
            raise GdsolveError(f"there is no case {word}", f"there are {', '.join(known)}", option="case")
        wanted += found
    return wanted


def _list(steps: Sequence[TourStep]) -> None:
    for step in steps:
        print(f"{step.case:5}{step.title}")


def _walk(steps: Sequence[TourStep], execute: Execute) -> None:
    interactive = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    at = 0
    while at < len(steps):
        _show(steps[at], execute)
        at += 1
        if interactive and at < len(steps):
            answer = _ask(steps[at])
            if answer in LEAVE:
                return
            at = max(0, at - 2) if answer in BACK else at


def _ask(following: TourStep) -> str:
    goes_on, others = f"Enter: {following.case}, {following.title.lower()}", "b: back   q: leave  > "
    gap = "   " if len(goes_on) + 3 + len(others) < (terminal_width(sys.stdout) or 80) else "\n"
    sys.stdout.write(f"\n{goes_on}{gap}{others}")
    sys.stdout.flush()
    if hasattr(signal, "siginterrupt"):
        # Ctrl-C is to end the reading: polars has the system take it up again.
        signal.siginterrupt(signal.SIGINT, True)
    line = sys.stdin.readline()
    # The end of input, Ctrl-D, leaves as well.
    return line.strip().lower() if line else LEAVE[0]


def _show(step: TourStep, execute: Execute) -> None:
    words = [step.verb, _path(step.spec), *step.options]
    shown = [*words, *_picture(step)]
    heading = page_for(sys.stdout)
    heading.heading(f"{step.case}  {step.title}")
    heading.command(shlex.join(["gdsolve", *shown]), indent="$ ")
    heading.blank()
    heading.write(sys.stdout)
    sys.stdout.flush()
    code = execute(shown)
    if code not in RESULTS:
        raise GdsolveError(f"{step.case}: its command ended with exit code {code}", exit_code=ExitCode(code))
    said = page_for(sys.stdout)
    said.paragraph(f"[exit code {code}]" if code else "", "dim")
    said.blank()
    said.paragraph(with_figures(step.says, _record(words, execute)))
    said.blank()
    said.write(sys.stdout)
    sys.stdout.flush()


def _picture(step: TourStep) -> list[str]:
    return [] if step.picture is None else ["--plot", "--plot-kind", step.picture]


def _record(words: Sequence[str], execute: Execute) -> dict[str, Any]:
    """The record of the same run, for its figures."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        execute([*words, "--format", "json"])
    record: dict[str, Any] = json.loads(out.getvalue())
    return record


def _path(spec: str) -> str:
    """Where a spec that gdsolve ships lies: in the package, or beside it in a checkout; relative where it can be."""
    package = Path(gdsolve.__file__).parent
    folder = next((one for one in (package / "configs", package.parent / "configs") if one.is_dir()), None)
    if folder is None:
        raise GdsolveError("tour: the textbook's specs are not there", "install gdsolve anew")
    path = folder / spec
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
