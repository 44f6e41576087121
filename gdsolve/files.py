"""Files that are either written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal, TextIO

from gdsolve.advice import Advice
from gdsolve.quoting import quoted
from gdsolve.status import DISK_FAULTS, ExitCode, GdsolveError

_HINTS = {
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that you may write to",
    errno.EISDIR: "give the name of a file, not of a folder",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.ENOSPC: "free some space or choose another disk; the file is as it was before",
    errno.EDQUOT: "free some space or choose another disk; the file is as it was before",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f); the file is as it was before",
    errno.ENAMETOOLONG: "choose a shorter name",
}
_DESCRIPTORS = Path("/proc/self/fd")


@contextlib.contextmanager
def replacing(path: str) -> Iterator[TextIO]:
    """A stream to write `path` with: the file is replaced in one step at the end, or left as it was on any error.

    Raises:
        GdsolveError: the file cannot be written; the message names it. Exit code 1 where the disk is to blame.
    """
    with replacing_bytes(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="")
        try:
            yield text
        finally:
            # What holds the bytes closes them.
            text.detach()


@contextlib.contextmanager
def replacing_bytes(path: str) -> Iterator[BinaryIO]:
    """The same for bytes.

    Raises:
        GdsolveError: the file cannot be written; the message names it.
    """
    try:
        with whole(path) as stream:
            yield stream
    except OSError as error:
        reason = error.strerror or str(error)
        code = ExitCode.FAULT if error.errno in DISK_FAULTS else ExitCode.USAGE
        raise GdsolveError(f"cannot write {path}: {reason}", _hint(path, error), code) from error


@contextlib.contextmanager
def whole(path: str) -> Iterator[BinaryIO]:
    """The same for those who tell faults themselves.

    Raises:
        OSError: the file cannot be written.
    """
    mode = _mode(path)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    # A device or a pipe (/dev/stdout) is written to, never replaced.
    with _through_temporary(path) if mode == 0 or stat.S_ISREG(mode) else _opened(path, "wb") as stream:
        yield stream


def _mode(path: str) -> int:
    try:
        return Path(path).stat().st_mode
    except FileNotFoundError:
        return 0


@contextlib.contextmanager
def _through_temporary(path: str) -> Iterator[BinaryIO]:
    target = Path(path).resolve()
    # Opened by hand, not by tempfile, so that a new file gets the rights that the umask grants.
    temporary = target.with_name(f".gdsolve-{uuid.uuid4().hex}.tmp")
    unnamed = _unnamed(target.parent)
    try:
        with _opened(str(temporary), "xb") if unnamed is None else _opened(unnamed, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            if unnamed is not None:
                _give_name(unnamed, temporary)
        with contextlib.suppress(FileNotFoundError):
            shutil.copymode(target, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _unnamed(folder: Path) -> int | None:
    """A descriptor of a new file that has no name yet, so that not even SIGKILL leaves it behind; None without such."""
    if not hasattr(os, "O_TMPFILE") or not _DESCRIPTORS.is_dir():
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o666)
    except OSError:
        return None


def _give_name(descriptor: int, path: Path) -> None:
    unnamed = _DESCRIPTORS / str(descriptor)
    try:
        # Only with a descriptor of a folder, whichever, does Python follow the link to the file itself.
        os.link(unnamed, path, src_dir_fd=descriptor, follow_symlinks=True)
    except OSError:
        shutil.copyfile(unnamed, path)


def _opened(file: str | int, mode: Literal["wb", "xb"]) -> BinaryIO:
    return open(file, mode)  # noqa: PTH123, may be a descriptor


def _hint(path: str, error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return Advice("make the folder first", f"mkdir -p {quoted(str(Path(path).parent))}")
    return _HINTS.get(error.errno or 0, "choose another file")
