"""A want of memory, or of threads, as one line: what was being done, how much could not be had, and what needs less."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb

from gdsolve.room import host_room, in_bytes
from gdsolve.status import ExitCode, GdsolveError

# How numpy, torch, polars, the loader of libraries and the system tell it, each in its own class of error.
_TOLD = re.compile(
    r"can't allocate memory|out of memory|unable to allocate|cannot allocate memory|failed to map segment|bad_alloc"
    r"|can't start new thread|resource temporarily unavailable|could not spawn|failed to spawn",
    re.IGNORECASE,
)
_LITTLE = 256 << 20
_THREADS = re.compile("thread|temporarily unavailable|spawn", re.IGNORECASE)
_BYTES = re.compile(r"allocate (\d+) bytes")
_UNITS = re.compile(r"allocate ([\d.]+) ([KMGT]?)iB")
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}

# What goes on in the code of a folder.
_DOING = {
    "spec": "reading what was asked for",
    "data": "reading the table",
    "objective": "computing the loss",
    "descent": "descending",
    "groups": "fitting the groups",
    "solve": "solving the problem",
    "pictures": "drawing the picture",
    "report": "writing the result",
}
_REMEDIES = {
    "spec": "put the numbers into a CSV file and name it under data:",
    "report": "--format csv, --every 100, or fewer columns (--features)",
}
_REMEDY = "use fewer columns (--features), or --engine triangle, which keeps no rows"


def shortage_of(fault: BaseException) -> GdsolveError | None:
    """The want of memory that a fault tells of; None where it is about something else."""
    text = str(fault)
    if not isinstance(fault, MemoryError) and not _tells(fault, text):
        return None
    folder = next((name for name in _folders(fault) if name in _DOING), None)
    doing = "" if folder is None else f" while {_DOING[folder]}"
    if _THREADS.search(text) and not isinstance(fault, MemoryError):
        return GdsolveError(
            f"not enough memory, or too many threads,{doing}: no thread could be started",
            "raise the limit (ulimit -v, ulimit -u), or use fewer threads: OMP_NUM_THREADS=1 POLARS_MAX_THREADS=1",
            ExitCode.DATA,
        )
    size = _size(text)
    asked = "" if size is None else f": {in_bytes(size)} could not be had"
    return GdsolveError(f"not enough memory{doing}{asked}", _REMEDIES.get(folder or "", _REMEDY), ExitCode.DATA)


def _tells(fault: BaseException, text: str) -> bool:
    # A panic of polars is no Exception, and is known by its name alone; where memory is all but gone, that is why.
    panic = type(fault).__name__ == "PanicException"
    if panic and host_room().falls_short(_LITTLE, _LITTLE) is not None:
        return True
    system = isinstance(fault, OSError) and fault.errno in (errno.ENOMEM, errno.EAGAIN)
    return system or ((isinstance(fault, RuntimeError | ImportError) or panic) and _TOLD.search(text) is not None)


def _folders(fault: BaseException) -> Iterator[str]:
    """The folders of gdsolve whose code was at work, the innermost first."""
    frames = reversed([frame.f_code.co_filename for frame, _ in walk_tb(fault.__traceback__)])
    here = Path(__file__).parent.parent
    for path in map(Path, frames):
        if path.is_relative_to(here):
            yield path.relative_to(here).parts[0]


def _size(text: str) -> int | None:
    if found := _BYTES.search(text):
        return int(found[1])
    if found := _UNITS.search(text):
        return int(float(found[1]) * 1024 ** _POWERS[found[2]])
    return None
