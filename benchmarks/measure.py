"""Measuring whole processes from outside, and comparing two things by turns."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

ROOT = Path(__file__).resolve().parents[1]
# Linux counts ru_maxrss in KiB, macOS in bytes.
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024

T = TypeVar("T")


class MeasurementError(Exception):
    """Something measured did not do its work, so that its time means nothing."""


@dataclass(frozen=True, slots=True)
class Command:
    """Arguments for this Python, and the exit codes that mean that the work was done."""

    arguments: tuple[str, ...]
    exit_codes: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Process:
    """One process from start to end: wall, user and system seconds, peak resident bytes, and its standard output."""

    seconds: float
    user: float
    system: float
    peak_bytes: int
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
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        text = _text(output)
        if child.returncode not in command.exit_codes:
            shown = " ".join(command.arguments)
            raise MeasurementError(f"exit code {child.returncode} of: {shown}\n{_text(errors)[-2000:]}")
    return Process(seconds, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * PEAK_UNIT, text)


def _environment() -> dict[str, str]:
    """That of this process, with bytecode: pip compiles what it installs, and a checkout is to run as it does."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def alternate(a: Callable[[], T], b: Callable[[], T], runs: int) -> tuple[list[T], list[T]]:
    """Run A B A B …, `runs` times each, after one run of each to warm up that is not counted."""
    a()
    b()
    pairs = [(a(), b()) for _ in range(runs)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What A and B took, run by run, in `unit` (s or B); `processes` holds what else is known of each run."""

    a: tuple[float, ...]
    b: tuple[float, ...]
    unit: str
    processes: dict[str, list[Process]]

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

    def spread(self) -> tuple[float, float]:
        """Smallest and largest A/B of one pair of neighbouring runs: how far the ratio can be trusted."""
        ratios = [a / b for a, b in zip(self.a, self.b, strict=True)]
        return min(ratios), max(ratios)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
