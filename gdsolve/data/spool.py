"""Temporary copies of what can be read only once, or only from its end: always removed, whatever happens."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, cast

from gdsolve.data.copying import copying
from gdsolve.room import in_bytes
from gdsolve.signals import let_interrupts_through
from gdsolve.status import DataError

_PROC = Path("/proc/self/fd")
_BLOCK = 1 << 20
# Bytes of a copy after which it is seen how much of the disk is left, and those that are left to others.
_STRETCH = 1 << 26
_LEFT = 1 << 28
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def spool(
    name: str,
    read: Callable[[int], bytes],
    stack: ExitStack,
    *,
    title: str,
    source: IO[bytes] | None,
    look: Callable[[str], Callable[[bytes], None]] = lambda _: lambda _: None,
) -> str:
    """Copy what `read` gives to a temporary file that lives until `stack` is closed; returns its path.

    How far it has come is told under `title`; `source` is what it is read from, where that is no compressed data.
    `look` gives, for the path of the copy, what looks at every block when it has been copied, and may refuse it.

    Raises:
        DataError: there is no room for it.
    """
    let_interrupts_through()
    copy, path = temporary(name, stack)
    taken = look(path)
    done = 0
    with copying(title, source) as reach:
        while block := read(_BLOCK):
            if done // _STRETCH != (done + len(block)) // _STRETCH:
                _require_space(name, done)
            with shortage_told(name):
                rest = memoryview(block)
                while rest:
                    rest = rest[copy.write(rest) :]
            done += len(block)
            reach(done)
            taken(block)
    return path


def _require_space(name: str, done: int) -> None:
    """See that a copy leaves some of the disk to others.

    Raises:
        DataError: the disk is all but full.
    """
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < _LEFT:
        raise DataError(
            f"{name}: has to be copied to {tempfile.gettempdir()}, which is all but full after {in_bytes(done)} of it",
            "choose another folder with TMPDIR=FOLDER, or give a file that needs no copy, as plain CSV",
        )


def temporary(name: str, stack: ExitStack) -> tuple[IO[bytes], str]:
    """Make a temporary file for what is copied of `name`, which lives until `stack` is closed, and tell its path.

    Raises:
        DataError: there is no room for it.
    """
    with shortage_told(name):
        copy = _temporary(stack)
    return copy, str(_PROC / str(copy.fileno())) if _PROC.is_dir() else copy.name


@contextmanager
def with_name(path: str, name: str) -> Iterator[str]:
    """A path that can be opened by its name: a temporary copy has none, and is copied once more where it is one.

    Raises:
        DataError: there is no room for it.
    """
    if not path.startswith(str(_PROC)):
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="gdsolve-") as named:
        with shortage_told(name), Path(path).open("rb") as copy:
            shutil.copyfileobj(copy, named)
            named.flush()
        yield named.name


def _temporary(stack: ExitStack) -> IO[bytes]:
    # Without a buffer, which would meet the full disk once more when it is closed.
    # Under /proc an unlinked file still has a path, so that not even SIGKILL leaves it behind.
    if _PROC.is_dir():
        return stack.enter_context(cast(IO[bytes], tempfile.TemporaryFile(prefix="gdsolve-", buffering=0)))
    return stack.enter_context(cast(IO[bytes], tempfile.NamedTemporaryFile(prefix="gdsolve-", buffering=0)))


@contextmanager
def shortage_told(name: str) -> Iterator[None]:
    """Say why what is copied of `name` cannot be written.

    Raises:
        DataError: there is no room, or no right to write.
    """
    try:
        yield
    except OSError as error:
        reason = "there is no room" if error.errno in _FULL else f"cannot write there ({error.strerror or error})"
        folder = tempfile.tempdir or "the folder for temporary files"
        raise DataError(
            f"{name}: has to be copied to {folder}, and {reason}",
            "choose another folder with TMPDIR=FOLDER, or give a file that needs no copy, as plain CSV",
        ) from None
