"""A process that stays: it holds a table in memory and measures what it is asked for, one line of JSON each.

To import torch and to make a table take longer than most of what is measured in memory, so that is done once.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.measure import ROOT, MeasurementError, SkippedError, end_process, environment, text_of

Request = Mapping[str, Any]


class Worker:
    """The parent's end of such a process, which runs a module that calls `serve`."""

    def __init__(self, module: str) -> None:
        self.module = module
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        # A session of its own: Ctrl-C reaches this process alone, which then ends the other one.
        self._child = subprocess.Popen(
            (sys.executable, "-m", module),
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
        )

    def ask(self, request: Request) -> dict[str, Any]:
        """What the process answers.

        Raises:
            MeasurementError: it failed, or ended.
            SkippedError: this machine has not what it takes.
        """
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        try:
            self._child.stdin.write(json.dumps(request).encode() + b"\n")
            self._child.stdin.flush()
            line = self._child.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            code = self._child.wait()
            raise MeasurementError(f"exit code {code} of: -m {self.module}\n{text_of(self._errors)[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        if "skipped" in answer:
            raise SkippedError(answer["skipped"])
        if "failed" in answer:
            raise MeasurementError(answer["failed"])
        return answer

    @property
    def ended(self) -> bool:
        """Whether the process is no longer there."""
        return self._child.poll() is not None

    def end(self) -> None:
        """End the process."""
        end_process(self._child)
        for stream in (self._child.stdin, self._child.stdout, self._errors):
            assert stream is not None
            try:
                stream.close()
            except BrokenPipeError:
                # What was asked and not read any more.
                continue


_there: list[Worker] = []


def ask(module: str, request: Request) -> dict[str, Any]:
    """Ask the process of a module, which is started when it is first asked; there is one at a time.

    Raises:
        MeasurementError, SkippedError: as `Worker.ask`.
    """
    if not _there or _there[0].module != module or _there[0].ended:
        end_workers()
        _there.append(Worker(module))
    return _there[0].ask(request)


def end_workers() -> None:
    """End the process that was asked last: it holds memory, and its threads may be in the way."""
    while _there:
        _there.pop().end()


# Of these, what is logged is part of the answer: why a device, or a compiler, was not made use of.
LOGGERS = ("gdsolve.objective", "gdsolve.descent")


class _Heard(logging.Handler):
    """What was logged, once each, as `lines`."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        for name in LOGGERS:
            logging.getLogger(name).setLevel(logging.INFO)
            logging.getLogger(name).addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [line for line in [record.getMessage()] if line not in self.lines]


def serve(measure: Callable[[Request], Mapping[str, Any]]) -> None:
    """Answer every line of standard input by one on standard output, until there is none; the child's end."""
    # What libraries print goes to the errors.
    with os.fdopen(os.dup(1), "w") as channel:
        os.dup2(2, 1)
        heard = _Heard()
        for line in sys.stdin:
            heard.lines.clear()
            try:
                answer = dict(measure(json.loads(line)))
                answer["note"] = "; ".join(heard.lines)
            except SkippedError as error:
                answer = {"skipped": str(error)}
            except Exception as error:
                traceback.print_exc()
                answer = {"failed": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), file=channel, flush=True)
