"""One readable file: its name for messages, how it is packed, and whether it is still what was opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gdsolve.data.packing import Packing
from gdsolve.spec.source_name import SourceName
from gdsolve.status import DataError

if TYPE_CHECKING:
    from gdsolve.data.text_layout import TextLayout

STDIN = "standard input"
# Bytes of a file that is small.
SMALL = 1 << 20


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells a file from another, and from itself after a change."""

    place: tuple[int, int]
    size: int
    modified: int

    @classmethod
    def of(cls, path: str) -> Self:
        """Take the stamp of a file that is there."""
        found = Path(path).stat()
        return cls((found.st_dev, found.st_ino), found.st_size, found.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class File:
    """A file that can be read: `name` for messages, `path` to open, `head` its first text, if it is text.

    `codec` is the encoding that its text has to be read in to become UTF-8 with line feeds; None where it is that
    already. `stamp` is None for a temporary copy, which nobody else can change. `asked` is how the user named it. Where
    there is a `layout` the text is read as plain lines, and so is `head`.
    """

    name: str
    path: str
    head: str
    complete: bool
    packing: Packing = Packing.NONE
    codec: str | None = None
    stamp: Stamp | None = None
    asked: SourceName = field(default_factory=SourceName)
    layout: TextLayout | None = None

    @property
    def plain(self) -> bool:
        """True where the bytes on disk are the text itself."""
        return self.packing is Packing.NONE and self.codec is None

    @property
    def small(self) -> bool:
        """True where reading takes about a millisecond."""
        return self.complete or (self.head == "" and self.stamp is not None and self.stamp.size <= SMALL)


def change_of(file: File) -> DataError | None:
    """Explain what became of a file since it was opened; None where it is the same."""
    if file.stamp is None:
        return None
    try:
        now = Stamp.of(file.path)
    except OSError:
        return DataError(f"{file.name}: vanished while it was read", "read a copy that stays")
    if now == file.stamp:
        return None
    bytes_more = now.size - file.stamp.size
    if now.place != file.stamp.place:
        what = "was replaced by another file"
    elif bytes_more > 0:
        what = f"grew by {bytes_more:,} bytes"
    elif bytes_more < 0:
        what = f"shrank by {-bytes_more:,} bytes"
    else:
        what = "was written to"
    return DataError(f"{file.name}: {what} while it was read", "wait until it is written, or read a copy of it")


@contextmanager
def watched(file: File) -> Iterator[None]:
    """Refuse a file that was changed since it was opened: its last rows may be half of what they are to be.

    Raises:
        DataError: naming the file and what became of it; that comes before anything odd that was found in it.
    """
    try:
        yield
    except DataError:
        if changed := change_of(file):
            raise changed from None
        raise
    if changed := change_of(file):
        raise changed
