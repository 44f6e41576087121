"""`gdsolve fit --each`: many fits in one process, each told as soon as it is there, none harmed by another."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from gdsolve.bundled import path_of, tell_hidden
from gdsolve.cli.bar import watching
from gdsolve.cli.cores import cores, leave_a_core
from gdsolve.cli.faults import judge
from gdsolve.cli.messages import Heard, about, listen, named, one_line, say, show_advice, show_error, tell_error
from gdsolve.cli.model_paths import model_paths
from gdsolve.cli.output import as_utf8, writing
from gdsolve.cli.request import Request
from gdsolve.cli.signals import with_signal
from gdsolve.cli.single import Single, settings_of, singles
from gdsolve.cli.workers import Workers, can_fork
from gdsolve.data.file import SMALL, STDIN
from gdsolve.imports import collector_at_rest
from gdsolve.progress import listener
from gdsolve.ranks import Ranks
from gdsolve.report.each_lines import CsvLines, JsonLines, Lines
from gdsolve.report.each_record import failed_record, source_record
from gdsolve.report.each_table import TableLines
from gdsolve.report.numbers import counted
from gdsolve.spec import Device, Format, Spec
from gdsolve.spec.source_name import path_in
from gdsolve.status import ExitCode, GdsolveError

Record = dict[str, Any]
Fitted = tuple[Record, list[Heard]]
SEVERITY = (
    ExitCode.TERMINATED,
    ExitCode.HUNG_UP,
    ExitCode.INTERRUPTED,
    ExitCode.FAULT,
    ExitCode.USAGE,
    ExitCode.DATA,
    ExitCode.DIVERGED,
    ExitCode.MAX_ITER,
    ExitCode.OK,
)
"""Exit codes of sources, the most serious first."""

ENDED = {int(ExitCode.INTERRUPTED), int(ExitCode.TERMINATED), int(ExitCode.HUNG_UP)}
SHARED = ("gdsolve.solve.squares", "gdsolve.solve.fit_problem", "gdsolve.data.formats.csv.source")
"""What nearly every fit needs: imported once, before processes share it."""
# Sources of a process, at least, for it to be worth starting.
LEAST_SHARE = 4

logger = logging.getLogger("gdsolve")


def run_each(request: Request, ranks: Ranks) -> int:
    """Fit every source of a request by itself; returns the most serious exit code.

    Raises:
        GdsolveError: what was asked contradicts itself, whatever the sources.
    """
    if ranks.several:
        raise GdsolveError(
            f"runs in one process only, and these are {ranks.size} ranks",
            "run gdsolve without the launcher",
            option="each",
        )
    settings = settings_of(request)
    listen(settings.quiet, settings.verbose)
    tell_hidden(request.sources)
    problems = [*singles(request, settings)]
    saved = None if settings.save is None else model_paths([one.name for one in problems], settings.save)
    processes = _processes(problems, settings)
    leave_a_core(processes)
    with watching(settings.quiet, prints_rows=True):
        return _Run(settings, problems, saved).exit_code(processes)


class _Run:
    """The sources of one run, and what became of those that are done."""

    def __init__(self, settings: Spec, problems: Sequence[Single], saved: Sequence[Path] | None) -> None:
        self._settings = settings
        self._problems = problems
        self._saved = saved
        self._codes: list[int] = []
        self._first_bad: str | None = None
        if settings.format is Format.CSV:
            as_utf8()

    def exit_code(self, processes: int) -> int:
        """Fit and tell one after the other; the code of all.

        Raises:
            KeyboardInterrupt: Ctrl-C or SIGTERM while nothing was there that was reached.
            BrokenPipeError: nobody reads any more.
        """
        lines = _lines(self._settings.format, self._problems)
        try:
            self._tell_all(lines, processes)
        except BrokenPipeError:
            raise
        except BaseException as fault:
            # What was reached is told, also where Ctrl-C ended the reading of a table.
            self._close(lines)
            if not (isinstance(fault, KeyboardInterrupt) and ENDED & {*self._codes}):
                raise
        else:
            self._close(lines)
        return next(int(code) for code in SEVERITY if code in (*self._codes, ExitCode.OK))

    def _tell_all(self, lines: Lines, processes: int) -> None:
        for place, (record, heard) in _all_fitted(self._problems, processes):
            say(heard)
            self._tell(lines, self._problems[place], with_signal(record))
            if self._saved is not None and record["weights"] is not None:
                self._save(record, str(self._saved[place]))
            if record["exit_code"] == ExitCode.INTERRUPTED and processes == 1:
                return

    def _close(self, lines: Lines) -> None:
        with listener().hidden(), writing("standard output"):
            lines.close()
            sys.stdout.flush()
        self._summarise()

    def _tell(self, lines: Lines, one: Single, record: Record) -> None:
        code = int(record["exit_code"])
        forgiven = one.spec is not None and one.spec.exit_zero and code == ExitCode.MAX_ITER
        self._codes.append(int(ExitCode.OK) if forgiven else code)
        if code and self._first_bad is None:
            self._first_bad = _name(one)
        with listener().hidden(), writing("standard output"):
            left = lines.write(_shown(record) if self._settings.format is Format.TABLE else record)
            sys.stdout.flush()
        if left:
            logger.warning(
                "%s: there is no column for %s: the header is that of the first source; --format json has all weights",
                _name(one),
                ", ".join(left),
            )
        if self._settings.format is Format.TABLE and code:
            # A line of the table has no room for it.
            text = named(_name(one), record["message"])
            if record["weights"] is None:
                tell_error(text, record["hint"])
            else:
                show_advice({**record, "message": text})

    def _save(self, record: Record, path: str) -> None:
        from gdsolve.report import save_json

        try:
            save_json(record, path)
        except GdsolveError as fault:
            show_error(fault)
            self._codes.append(int(fault.exit_code))

    def _summarise(self) -> None:
        bad = sum(code != ExitCode.OK for code in self._codes)
        done, total = len(self._codes), len(self._problems)
        if self._first_bad is not None and bad:
            more = f" and {bad - 1:,} more" if bad > 1 else ""
            logger.warning("%s did not converge: %s%s", f"{bad:,} of {counted(total, 'source')}", self._first_bad, more)
        if done < total:
            logger.warning("%s of %s were done", f"{done:,}", counted(total, "source"))


def _all_fitted(problems: Sequence[Single], processes: int) -> Iterator[tuple[int, Fitted]]:
    """The records of all sources in their order, with what was logged of each."""
    from gdsolve.solve.fit import fit

    with collector_at_rest():
        for name in SHARED:
            import_module(name)

    def fitted(place: int) -> Fitted:
        one = problems[place]
        with about(_name(one)) as heard:
            try:
                if one.spec is None:
                    raise one.fault or GdsolveError(f"{one.name}: cannot be read")
                with collector_at_rest():
                    return source_record(one.name, fit(one.spec, command=one.command)), heard
            except Exception as fault:
                verdict = judge(fault)
                if verdict.error is None:
                    raise
                if verdict.internal:
                    traceback.print_exception(fault)
                return failed_record(one.name, verdict.error), heard

    if processes == 1:
        yield from ((place, fitted(place)) for place in range(len(problems)))
        return
    for place, found in Workers(fitted, processes).results(len(problems)):
        lost = GdsolveError("its process was ended by another program", None, ExitCode.FAULT)
        yield place, found or (failed_record(problems[place].name, lost), [])


def _processes(problems: Sequence[Single], settings: Spec) -> int:
    """How many processes share the sources: as many as there are cores, where all tables are small.

    A large one has the cores for itself, and memory holds one at a time.
    """
    accelerated = settings.device is Device.CUDA or Path("/dev/nvidiactl").exists()
    if accelerated or not can_fork() or not all(map(_is_small, problems)):
        return 1
    return max(1, min(cores(), len(problems) // LEAST_SHARE))


def _is_small(one: Single) -> bool:
    if one.spec is None:
        return True
    try:
        return sum(path_of(path_in(name)).stat().st_size for name in one.spec.data) <= SMALL
    except OSError:
        # It is told when it is read; and standard input may have any size.
        return "-" not in map(path_in, one.spec.data)


def _lines(format: Format, problems: Sequence[Single]) -> Lines:
    if format is Format.JSON:
        return JsonLines(sys.stdout)
    return CsvLines(sys.stdout) if format is Format.CSV else TableLines(sys.stdout, [_name(one) for one in problems])


def _name(one: Single) -> str:
    return STDIN if one.name == "-" else one_line(one.name)


def _shown(record: Record) -> Record:
    """The record with its source as people read it."""
    return {**record, "source": STDIN if record["source"] == "-" else one_line(record["source"])}
