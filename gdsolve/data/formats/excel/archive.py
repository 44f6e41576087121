"""A workbook as an archive: whether it is whole, and whether what it becomes fits into memory, before it is read.

A small file may unpack to any size, and one cell in the last corner of a sheet makes a sheet of 17 billion cells.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from typing import IO

from gdsolve.room import host_room, in_bytes
from gdsolve.status import DataError

_BLOCK = 1 << 20
# Bytes of memory that a cell takes while a sheet is read, and a byte of what a workbook unpacks to.
_CELL = 120
_UNPACKED = 4
_PLACE = re.compile(rb'<(?:\w+:)?c [^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
# A tag may be cut by the end of a block.
_OVERLAP = 200
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


def require_whole(path: str, name: str) -> None:
    """See that a workbook in a zip file is whole and not too large; others are left to their reader.

    Raises:
        DataError: it is damaged, or takes more memory than there is.
    """
    if not zipfile.is_zipfile(path):
        with Path(path).open("rb") as file:
            if file.read(2) == b"PK":
                raise _damaged(name, "it is cut off")
        return
    room = host_room().resident
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _require_room(name, _UNPACKED * sum(member.file_size for member in members), room)
            for member in members:
                with archive.open(member) as part:
                    rows, columns = _extent(part, counts="sheet" in member.filename and "xml" in member.filename)
                _require_room(name, _CELL * rows * columns, room)
    except _DAMAGE as error:
        raise _damaged(name, str(error)) from None


def _extent(part: IO[bytes], *, counts: bool) -> tuple[int, int]:
    """Read a member to its end, which checks it, and give the last row and column of cells where it is a sheet."""
    rows = columns = 0
    before = b""
    while block := part.read(_BLOCK):
        if counts:
            for letters, row in _PLACE.findall(before + block):
                rows, columns = max(rows, int(row)), max(columns, column_number(letters.decode()))
            before = block[-_OVERLAP:]
    return rows, columns


def column_number(letters: str) -> int:
    """The number of a column from 1, by its letters.

    >>> column_number("A"), column_number("XFD")
    (1, 16384)
    """
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def column_letters(number: int) -> str:
    """The letters of a column by its number from 1.

    >>> column_letters(1), column_letters(27), column_letters(16384)
    ('A', 'AA', 'XFD')
    """
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _require_room(name: str, needed: int, room: int | None) -> None:
    if room is not None and needed > room:
        raise DataError(
            f"{name}: takes {in_bytes(needed)} of memory to read, and {in_bytes(max(0, room))} are free",
            "delete the cells that are far off, or save the sheet as CSV, which is read piece by piece",
        )


def _damaged(name: str, reason: str) -> DataError:
    return DataError(f"{name}: is a damaged workbook ({' '.join(reason.split())})", "save it again, or as CSV")
