"""Measuring whole processes from outside, and comparing two things by turns."""

from __future__ import annotations

import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, TypeVar

ROOT = Path(__file__).resolve().parents[1]
# Linux counts ru_maxrss in KiB, macOS in bytes.
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024
SECONDS_TO_END = 10.0

T = TypeVar("T")


class MeasurementError(Exception):
    """Something measured did not do its work, so that its time means nothing."""


class SkippedError(Exception):
    """This machine has not what it takes to measure a section."""


@dataclass(frozen=True, slots=True)
class Command:
    """Arguments for this Python, and the exit codes that mean that the work was done."""

    arguments: tuple[str, ...]
    exit_codes: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Process:
    """One process from start to end, those that it started and waited for included.

    Wall, user and system seconds, peak resident bytes of the largest of them, and the standard output. The peak is None
    where it cannot be told from that of this process, which a child has until it becomes its own program.
    """

    seconds: float
    user: float
    system: float
    peak_bytes: int | None
    output: str


def run_process(command: Command) -> Process:
    """Run a command to its end and say what it took.

    Raises:
        MeasurementError: it ended with another exit code than those expected.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        child = subprocess.Popen(
            (sys.executable, *command.arguments),
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            end_process(child)
            raise
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        text = text_of(output)
        if child.returncode not in command.exit_codes:
            shown = " ".join(command.arguments)
            raise MeasurementError(f"exit code {child.returncode} of: {shown}\n{text_of(errors)[-2000:]}")
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = usage.ru_maxrss * PEAK_UNIT if usage.ru_maxrss > mine else None
    return Process(seconds, usage.ru_utime, usage.ru_stime, peak, text)


def end_process(child: subprocess.Popen[bytes]) -> None:
    """End a process in a session of its own, asked first: torch.distributed.run must end its own ones."""
    child.terminate()
    try:
        child.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def environment() -> dict[str, str]:
    """That of this process, with bytecode: pip compiles what it installs, and a checkout is to run as it does."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def alternate(a: Callable[[], T], b: Callable[[], T], runs: int) -> tuple[list[T], list[T]]:
    """Run A B A B …, `runs` times each, after one run of each to warm up that is not counted."""
    a()
    b()
    pairs = [(a(), b()) for _ in range(runs)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two fits of one table are apart: SSE of A and of B, and the largest difference of a weight."""

    sse_a: float
    sse_b: float
    difference: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What A and B took, run by run, in `unit` (s or B).

    `processes` holds what else is known of each run, `agreement` how far the two results are apart, `note` what was
    said meanwhile.
    """

    a: tuple[float, ...]
    b: tuple[float, ...]
    unit: str
    processes: dict[str, list[Process]]
    agreement: Agreement | None = None
    note: str = ""

    @property
    def median_a(self) -> float:
        """Median of A."""
        return statistics.median(self.a)

    @property
    def median_b(self) -> float:
        """Median of B."""
        return statistics.median(self.b)

    @property
    def ratio(self) -> float:
        """Median of A by median of B."""
        return self.median_a / self.median_b

    def peak(self, side: Literal["a", "b"]) -> float | None:
        """Median of the peak memory of one side, bytes; None where it is not known."""
        peaks = [process.peak_bytes for process in self.processes.get(side, [])]
        known = [peak for peak in peaks if peak is not None]
        return statistics.median(known) if known and len(known) == len(peaks) else None

    def spread(self) -> tuple[float, float]:
        """Smallest and largest A/B of one pair of neighbouring runs: how far the ratio can be trusted."""
        ratios = [a / b for a, b in zip(self.a, self.b, strict=True)]
        return min(ratios), max(ratios)


def text_of(file: IO[bytes]) -> str:
    """All that was written to a file."""
    file.seek(0)
    return file.read().decode(errors="replace")
