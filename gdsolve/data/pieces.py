"""The text of a file in pieces of whole records, decompressed and decoded, a few megabytes at a time."""

from __future__ import annotations

import codecs
import functools
import io
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO

from gdsolve.data.ahead import prefetch
from gdsolve.data.encodings import encoding_hint
from gdsolve.data.file import File
from gdsolve.data.layout import lines_of
from gdsolve.data.packing import damage_told, open_unpacked
from gdsolve.data.records import LONGEST, end_of_records
from gdsolve.status import DataError

_BLOCK = 1 << 22
# Pieces that wait to be parsed.
_AHEAD = 1 << 23


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole records of UTF-8 text with line feeds; `number` counts from 0 in the file.

    `comments` counts those that were left out of it.
    """

    text: bytes
    number: int
    comments: int = 0

    @property
    def nbytes(self) -> int:
        """The size in memory."""
        return len(self.text)


def pieces_of(file: File, skip: int = 0, delimiter: str | None = None) -> Iterator[Piece]:
    """Give the text after the first `skip` lines in pieces; with a `delimiter`, quoted line breaks end no record.

    Raises:
        DataError: damaged compression, an encoding that does not fit, or a record without end.
        OSError: the file cannot be read.
    """
    pieces = _after(skip, _pieces(file, delimiter))
    if file.complete:
        # To its end at once, so that no file stays open behind an error.
        yield from list(pieces)
        return
    # Decompression overlaps with the parsing of what came before.
    with closing(prefetch(pieces, _AHEAD)) as ahead:
        yield from ahead


def lines_before(file: File, piece: Piece, delimiter: str | None = None) -> int:
    """Count the lines before a piece that `pieces_of` gave (one pass over the file)."""
    with closing(_pieces(file, delimiter)) as pieces:
        return sum(earlier.text.count(b"\n") for earlier in islice(pieces, piece.number))


def first_piece(file: File, skip: int = 0, delimiter: str | None = None) -> Piece:
    """Give the first piece of what `pieces_of` gives, without a thread; an empty one where there is none."""
    with closing(_pieces(file, delimiter)) as pieces:
        return next(_after(skip, pieces), Piece(b"", 0))


def first_records(file: File, size: int, count: int, skip: int = 0, delimiter: str | None = None) -> bytes:
    """Give whole records from the start of what `pieces_of` gives: about `size` bytes, and `count` lines at least.

    Less where the first piece, or the file, has less.
    """
    text = first_piece(file, skip, delimiter).text
    while size < len(text):
        cut = text[:size]
        end = cut.rfind(b"\n") + 1 if delimiter is None else end_of_records(cut, delimiter)
        if end and cut.count(b"\n", 0, end) >= count:
            return cut[:end]
        size *= 2
    return text


def read_text(name: str, raw: IO[bytes], codec: str | None, hint: Callable[[], str]) -> Callable[[int], bytes]:
    """Give a function that reads on in `raw` and returns UTF-8 with line feeds; `hint` names another encoding."""
    if codec is None:
        return raw.read
    # Lone carriage returns (old spreadsheets) end lines as well; polars knows only line feeds.
    text = io.TextIOWrapper(raw, encoding=codec, newline=None)

    def read(size: int) -> bytes:
        try:
            return text.read(size).encode()
        except UnicodeError as error:
            reason = getattr(error, "reason", str(error))
            raise DataError(f"{name}: is not {codec} text ({reason})", hint()) from None

    return read


def _pieces(file: File, delimiter: str | None) -> Generator[Piece, None, None]:
    rest, number = b"", 0
    with damage_told(file.name, file.packing), open_unpacked(file.path, file.packing) as raw:
        hint = functools.partial(encoding_hint, file.name, file.path, file.packing)
        read = read_text(file.name, raw, file.codec, hint)
        lines = None if file.layout is None else lines_of(file.layout, read)
        read = lines or read
        block = read(_BLOCK).removeprefix(codecs.BOM_UTF8)
        while block:
            end = block.rfind(b"\n") + 1
            if delimiter is not None and (b'"' in block or b'"' in rest):
                block, rest = rest + block, b""
                end = end_of_records(block, delimiter)
            if end:
                comments = 0 if lines is None else lines.comments()
                yield Piece(b"".join((rest, memoryview(block)[:end])), number, comments)
                number, rest = number + 1, block[end:]
            else:
                rest += block
                if len(rest) > LONGEST:
                    raise _endless(file, Piece(rest, number), delimiter)
            block = read(_BLOCK)
    if rest:
        yield Piece(rest, number, 0 if lines is None else lines.comments())


def _after(skip: int, pieces: Iterator[Piece]) -> Iterator[Piece]:
    for piece in pieces:
        start = 0
        while skip and start < len(piece.text):
            # The last line of a file may have no end.
            start, skip = piece.text.find(b"\n", start) + 1 or len(piece.text), skip - 1
        if start < len(piece.text):
            yield piece if start == 0 else replace(piece, text=piece.text[start:])


def _endless(file: File, piece: Piece, delimiter: str | None) -> DataError:
    quoted = delimiter is not None and b'"' in piece.text and b"\n" in piece.text
    what = "a quote is opened and never closed" if quoted else "the line does not end"
    remedy = 'within quotes write "" for a quote; without, quote the whole cell' if quoted else "a row is one line"
    line = lines_before(file, piece, delimiter) + 1
    return DataError(f"{file.name}: line {line}: {what} within {LONGEST >> 20} MiB", remedy)
