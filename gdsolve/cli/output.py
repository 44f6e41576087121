"""Where results go: standard output first, then the files that were asked for, each checked before the run."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from gdsolve.spec import Format, Spec
from gdsolve.status import ExitCode, GdsolveError
from gdsolve.verbs.imports import collector_at_rest


def check_outputs(spec: Spec) -> None:
    """See that the result can be written where it shall go, before any work is done.

    Raises:
        GdsolveError: a folder that is not there, a wrong ending, or a file that is read as well.
    """
    if spec.save is not None:
        if not spec.save.endswith(".json"):
            raise GdsolveError(f"save: {spec.save} does not end in .json", "give --save model.json")
        _check_folder("save", spec.save)
    if spec.history is not None:
        from gdsolve.report import check_history_path

        check_history_path(spec.history)
        _check_folder("history", spec.history)
        for source in spec.data:
            if Path(source).exists() and Path(spec.history).exists() and Path(source).samefile(spec.history):
                raise GdsolveError(f"history: {spec.history} is read as well", "give --history another file")


def present(spec: Spec, record: Mapping[str, Any]) -> None:
    """Write the result to standard output in the form asked for."""
    from gdsolve.report import write_record

    if spec.format is Format.CSV:
        as_utf8()
    # What is written is needed to the end: to look for garbage among it takes longer than to write a table.
    with writing("standard output"), collector_at_rest():
        write_record(record, spec.format, sys.stdout)
        sys.stdout.flush()


def as_utf8() -> None:
    """Make standard output UTF-8 whatever the locale: a table that is read again must keep its names."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


@contextmanager
def writing(name: str) -> Iterator[None]:
    """Tell a full disk and its like in one line that names the file; a closed pipe is no error.

    Raises:
        GdsolveError: the system refused to write.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise write_error(name, fault) from None


def write_error(name: str, fault: OSError) -> GdsolveError:
    """What the system says of a failure to write, as an error that names the file."""
    text = os.strerror(fault.errno if fault.errno is not None else errno.EIO)
    return GdsolveError(f"{fault.filename or name}: {text}", "make room, or write elsewhere", ExitCode.FAULT)


def _check_folder(name: str, path: str) -> None:
    folder = Path(path).parent
    if not folder.is_dir():
        raise GdsolveError(f"{name}: the folder {folder} is not there", f"mkdir -p {folder}")
    if Path(path).is_dir():
        raise GdsolveError(f"{name}: {path} is a folder", f"give --{name} a file in it")
    if not os.access(path if Path(path).exists() else folder, os.W_OK):
        raise GdsolveError(f"{name}: {path} cannot be written", f"give --{name} another place")
