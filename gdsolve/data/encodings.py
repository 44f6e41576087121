"""Which encoding a text that is not UTF-8 is probably in, for the hint of its refusal."""

from __future__ import annotations

import codecs
import functools
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

from gdsolve.advice import Advice
from gdsolve.data.file import File
from gdsolve.data.packing import Packing, open_unpacked
from gdsolve.quoting import quoted
from gdsolve.spec.command import operand

if TYPE_CHECKING:
    from gdsolve.data.readings import Decoding

_BLOCK = 1 << 20
# Bytes that are looked at: of lines with letters beyond ASCII to judge by, and of the file to see that it can be read.
_SAMPLE = 1 << 14
_LOOKED_AT = 1 << 26
_SHOWN = 30
# What has less than this share of the best score is no second guess.
_NEAR = 0.8
_AGAIN = "write the file again as UTF-8, or name its encoding with --encoding"


def encoding_hint(name: str, path: str, packing: Packing) -> str:
    """Name the encoding that a file which is not UTF-8 is probably in, and show what it makes of the first such line.

    The encodings named can read the file (as far as some 64 MiB of it tell).
    """
    with open_unpacked(path, packing) as stream:
        head = stream.read(_SAMPLE)
        if wide := wide_encoding(head):
            return f"--encoding {wide} reads {_shown(_start(head, wide))}"
        if escaped := escaped_encoding(head):
            lines = _start(head, escaped).split("\n")
            # A line of ASCII would read the same in any encoding.
            return (
                f"--encoding {escaped} reads {_shown(next((line for line in lines if not line.isascii()), lines[0]))}"
            )
        other, good, complete = _other_lines(chain([head], iter(functools.partial(stream.read, _BLOCK), b"")))
    if not other:
        return "it is UTF-8: leave --encoding out" if complete else _AGAIN
    # Some lines of other encodings are UTF-8 by chance.
    if good > len(other):
        table = "FILE" if name == "standard input" else quoted(operand(name))
        without = f"iconv -c -f utf-8 -t utf-8 {table} | gdsolve fit -"
        return Advice("most of the file is UTF-8; without the other bytes", without)
    # What is a few milliseconds to import is for files that are refused alone.
    from gdsolve.data.readings import readings_of

    found: list[Decoding] = []
    for reading in readings_of(b"\n".join(other)):
        near = not found or (reading.score >= _NEAR * found[0].score and all(reading.text != one.text for one in found))
        if near and len(found) < 3 and _can_be_read(path, packing, reading.encoding.codec):
            found.append(reading)
    if not found:
        return _AGAIN
    first, *others = (f"--encoding {one.encoding.codec} reads {_shown(one.text)}" for one in found)
    return "; ".join([f"probably {found[0].encoding.name}: {first}", *others])


def wide_encoding(raw: bytes) -> str | None:
    """Tell which UTF-16 or UTF-32, without a mark, a text with NUL bytes is in; None where it is none."""
    for codec in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        text = ""
        with suppress(UnicodeDecodeError):
            text = raw[: min(len(raw), _SAMPLE) // 4 * 4].decode(codec)
        # Read the wrong way round, digits and delimiters are none.
        signs = sum(letter.isascii() for letter in text)
        if "\x00" not in text and 5 * signs > len(text) and all(map(_is_text, text)):
            return codec
    return None


def _is_text(letter: str) -> bool:
    return letter.isprintable() or letter.isspace() or letter == "\ufeff"


def escaped_encoding(raw: bytes) -> str | None:
    """Tell the encoding of a text that writes its letters in ASCII, between escapes; None where it does not."""
    if b"\x1b$" not in raw:
        return None
    return "iso2022_kr" if b"\x1b$)C" in raw else "iso2022_jp"


def _start(raw: bytes, codec: str) -> str:
    """The first lines of a text, as far as they are whole letters."""
    return codecs.getincrementaldecoder(codec)(errors="replace").decode(raw)


def _other_lines(blocks: Iterator[bytes]) -> tuple[list[bytes], int, bool]:
    """Give some kilobytes of lines that are not UTF-8, how many beyond ASCII are, and whether these are all lines."""
    other: list[bytes] = []
    rest, size, read, good = b"", 0, 0, 0
    for block in chain(blocks, [b"\n"]):
        *lines, rest = re.split(rb"[\r\n]", rest + block)
        for line in lines:
            if line.isascii():
                continue
            if is_utf8(line):
                good += 1
            elif not other or size + len(line) <= _SAMPLE:
                other.append(line[:_SAMPLE])
                size += len(line)
        read += len(block)
        if size + 80 > _SAMPLE or read > _LOOKED_AT:
            return other, good, False
    return other, good, True


def starts_as_utf8(file: File, lines: int) -> bool:
    """True where the first lines of a file are text in the encoding that they are read in: U+FFFD is a letter there."""
    if file.codec is not None:
        return True
    with open_unpacked(file.path, file.packing) as stream:
        return is_utf8(b"".join(stream.readline() for _ in range(lines)))


def is_utf8(text: bytes) -> bool:
    """True for whole lines of UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _can_be_read(path: str, packing: Packing, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    read = 0
    try:
        with open_unpacked(path, packing) as stream:
            while read < _LOOKED_AT and (block := stream.read(_BLOCK)):
                decoder.decode(block)
                read += len(block)
            if read < _LOOKED_AT:
                decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _shown(text: str) -> str:
    """The first of the lines, from a little before its first letter beyond ASCII."""
    line = text.partition("\n")[0].strip()
    first = next((place for place, letter in enumerate(line) if not letter.isascii()), 0)
    start = max(first - 10, 0) if len(line) > _SHOWN else 0
    cut = line[start : start + _SHOWN]
    return repr(f"{'…' if start else ''}{cut}{'…' if start + _SHOWN < len(line) else ''}")
