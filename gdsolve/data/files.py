"""What the user named -> files that can be read: globs, standard input, pipes, compression and encodings."""

from __future__ import annotations

import codecs
import difflib
import encodings.aliases
import functools
import glob
import io
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import cast

from gdsolve.advice import Advice
from gdsolve.bundled import nearest_name, path_of
from gdsolve.data.encodings import encoding_hint, escaped_encoding, wide_encoding
from gdsolve.data.endless import RecordWatch
from gdsolve.data.file import STDIN, File, Stamp
from gdsolve.data.formats.csv.marks import DELIMITERS
from gdsolve.data.formats.format import TableFormat
from gdsolve.data.formats.registry import (
    FORMATS,
    LONGEST_MAGIC,
    binary_with,
    format_endings,
    format_names,
    format_of_bytes,
    format_of_engine,
    format_of_text,
    in_words,
)
from gdsolve.data.packing import PACKED_ENDINGS, Packing, damage_told, open_unpacked, packing_of
from gdsolve.data.pieces import read_text
from gdsolve.data.records import LONGEST, end_of_records
from gdsolve.data.spool import spool
from gdsolve.nearest import nearest_names
from gdsolve.paths import is_file, is_folder, is_there, names_in
from gdsolve.quoting import quoted
from gdsolve.signals import let_interrupts_through
from gdsolve.spec.command import operand
from gdsolve.spec.file import is_url
from gdsolve.spec.scans import ENDING
from gdsolve.spec.source_name import SourceName, path_in, source_name
from gdsolve.status import DataError, GdsolveError

logger = logging.getLogger("gdsolve")

HEAD = 1 << 20
# How the archive of a scan begins (`gdsolve.data.scan_file`).
SCAN_MEMBER = b"factor_0.npy"
# A header and two rows, by which a table is judged at least.
_LINES = 3
_ENCODINGS = ("utf-8", "utf-16", "cp1252", "latin-1", "cp1251", "gb18030", "shift_jis", "euc_kr", "big5")
_CURL = ("http://", "https://", "ftp://")


def expand(sources: Sequence[str]) -> list[str]:
    """Give the names of all files that the user named, patterns expanded.

    Raises:
        DataError: a pattern that no file matches.
        GdsolveError: no source, or standard input twice.
    """
    if not sources:
        raise GdsolveError("no table was named", "give a file, or - for standard input")
    if sum(path_in(source) == "-" for source in sources) > 1:
        raise GdsolveError("standard input is named twice", "give - once")
    return [name for source in sources for name in _expand(source)]


def open_named(sources: Sequence[str], encoding: str | None, stack: ExitStack) -> tuple[tuple[TableFormat, File], ...]:
    """Open every file and tell its format; temporaries live until `stack` is closed.

    Raises:
        DataError: a file that is missing, unreadable, empty or of no known format.
        GdsolveError: an encoding that does not exist.
    """
    codec = _codec(encoding)
    return tuple(_open(source, codec, stack) for source in sources)


def _codec(encoding: str | None) -> str | None:
    if encoding is None:
        return None
    try:
        b"".decode(encoding)
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        near = difflib.get_close_matches(
            encoding.lower(), {*_ENCODINGS, *encodings.aliases.aliases, *encodings.aliases.aliases.values()}
        )
        remedy = f"did you mean {near[0]}?" if near else f"common ones: {', '.join(_ENCODINGS)}"
        raise GdsolveError(f"there is no encoding {encoding!r}", remedy, option="encoding") from None
    return None if name in ("utf-8", "utf-8-sig", "ascii") else name


def _expand(source: str) -> list[str]:
    name = source_name(source)
    if name.is_path:
        return _expand_path(source)
    return [replace(name, path=path).text for path in _expand_path(name.path)] if name.path else [source]


def _expand_path(source: str) -> list[str]:
    if is_url(source) and not is_there(source):
        curl = Advice("", f"curl -L {quoted(source)} | gdsolve fit -")
        remedy = curl if source.startswith(_CURL) else "copy it to a file first"
        raise DataError(f"{source}: is an address, and gdsolve reads files", remedy)
    if source == "-" or is_there(source) or not glob.has_magic(source):
        return [source]
    found = glob.glob(source, recursive=True)  # noqa: PTH207, since Path.glob takes no absolute pattern
    matches = sorted(match for match in found if not is_folder(match))
    if not matches:
        raise DataError(f"{source}: no file matches", "check the pattern, or name the files one by one")
    return matches


def _open(source: str, codec: str | None, stack: ExitStack) -> tuple[TableFormat, File]:
    asked = source_name(source)
    form, file = _open_path(asked.path, codec, stack) if asked.path or asked.engine is None else _no_file(asked)
    if asked.is_path:
        return form, file
    shown = replace(asked, path=file.name) if file.name else asked
    _require_selected(shown, form)
    return form, replace(file, name=shown.shown, asked=asked)


def _no_file(asked: SourceName) -> tuple[TableFormat, File]:
    """What an engine reads without a file of its own."""
    form = format_of_engine(asked.engine or "")
    if not form.fileless or asked.key != "query":
        raise DataError(f"{asked.shown}: names no file", f"write {asked.engine}:FILE")
    return form, File("", "", "", complete=False)


def _require_selected(name: SourceName, form: TableFormat) -> None:
    """See that a file is what its name says, and has what is selected of it.

    Raises:
        DataError: it is of another format.
        GdsolveError: files of this format have no such part.
    """
    if name.engine is not None and form.engine != name.engine:
        raise DataError(
            f"{name.path}: is {form.name}, not {format_of_engine(name.engine).name}", f"leave {name.engine}: out"
        )
    if name.key is not None and name.key not in form.selects:
        takers = [one.name for one in FORMATS if name.key in one.selects]
        has = "queries are" if name.key == "query" else f"a {name.key} is"
        raise GdsolveError(
            f"{name.path} is {form.name}, and {has} for {in_words(takers, 'and')}", f"leave the {name.key} out"
        )


def _open_path(source: str, codec: str | None, stack: ExitStack) -> tuple[TableFormat, File]:
    name = STDIN if source == "-" else source
    try:
        if source == "-":
            return _examine(name, _copy(name, _standard_input(), stack, codec), codec, None, stack)
        path = path_of(source)
        if is_folder(path):
            raise DataError(f"{name}: is a directory", f"name its files: '{source.rstrip('/')}/*.csv'")
        if is_there(path) and not is_file(path):
            let_interrupts_through()
            with path.open("rb") as pipe:
                return _examine(name, _copy(name, pipe, stack, codec), codec, None, stack)
        return _examine(name, str(path), codec, Stamp.of(str(path)), stack)
    except FileNotFoundError:
        raise DataError(f"{name}: no such file", near_file(source)) from None
    except OSError as error:
        raise DataError(
            f"{name}: cannot be read ({error.strerror or error})", "check the path, rights and disk"
        ) from None


def _copy(name: str, stream: io.BufferedReader, stack: ExitStack, codec: str | None) -> str:
    """Copy what comes once, and not from a disk; of a pipe nobody knows how often it will have to be read."""

    def look(path: str) -> Callable[[bytes], None]:
        def judge(start: bytes) -> None:
            if codec is None and b"\x00" in start and _byte_order(start) is None:
                raise _not_text(name, path, Packing.NONE, start)

        return RecordWatch(name, path, judge).take

    # One call of the system at a time: between them Python looks whether Ctrl-C was pressed.
    return spool(name, stream.read1, stack, title="receiving", source=stream, look=look)


def near_file(source: str) -> str:
    """What to do about a file that is not there: the name that was probably meant."""
    folder = Path(source).parent
    near = nearest_names(Path(source).name, names_in(folder))
    if near:
        return f"did you mean {folder / near[0]}?"
    if bundled := nearest_name(source):
        return f"did you mean {bundled}?"
    return f"give a {format_names()} file, or - for standard input"


def _standard_input() -> io.BufferedReader:
    if sys.stdin is None:
        raise GdsolveError("standard input is closed", "redirect it, as in gdsolve fit - < data.csv")
    return cast(io.BufferedReader, sys.stdin.buffer)


def _examine(
    name: str, path: str, codec: str | None, stamp: Stamp | None, stack: ExitStack
) -> tuple[TableFormat, File]:
    with Path(path).open("rb") as file:
        magic = file.read(LONGEST_MAGIC)
    if not magic:
        raise DataError(f"{name}: is empty", "a table needs a header, or numbers, and at least one row")
    packing = packing_of(magic)
    raw, complete = (magic, False) if format_of_bytes(magic) else _head(name, path, packing, None)
    if found := format_of_bytes(raw):
        return found, _binary(found, name, path, packing, stamp, stack)
    ending = _ending(name)
    if expected := binary_with(ending):
        texts = format_endings([one for one in FORMATS if one.is_text])
        raise DataError(f"{name}: is not {expected.one}", f"give it the ending of what it is: {in_words(texts)}")
    codec = codec or _byte_order(raw)
    if codec is None and b"\x00" in raw[:4096]:
        raise _not_text(name, path, packing, raw)
    if codec is None and escaped_encoding(raw[:4096]):
        raise DataError(f"{name}: is ISO-2022 text, not UTF-8", encoding_hint(name, path, packing))
    if codec is None and _ends_with_returns(raw):
        # Lone carriage returns become line feeds on the way through a codec.
        codec = "utf-8"
    if codec:
        raw, complete = _head(name, path, packing, codec)
    head = raw.decode("utf-8", errors="replace").removeprefix("\ufeff")
    _refuse_other_formats(name, head)
    return format_of_text(ending, head), File(name, path, head, complete, packing, codec, stamp)


def _binary(form: TableFormat, name: str, path: str, packing: Packing, stamp: Stamp | None, stack: ExitStack) -> File:
    if packing is not Packing.NONE:
        logger.info("%s: decompressed to a temporary file first: %s is read from its end", name, form.name)
        with damage_told(name, packing), open_unpacked(path, packing) as raw:
            path, stamp = spool(name, raw.read, stack, title="unpacking", source=None), None
    return File(name, path, "", complete=False, stamp=stamp)


def _head(name: str, path: str, packing: Packing, codec: str | None) -> tuple[bytes, bool]:
    """Give whole records from the start, a megabyte or some lines, and whether they are all there is."""
    with damage_told(name, packing), open_unpacked(path, packing) as file:
        read = read_text(name, file, codec, functools.partial(encoding_hint, name, path, packing))
        raw = read(HEAD)
        while (more := read(HEAD)) and len(raw) < LONGEST:
            end = end_of_records(raw, "".join(DELIMITERS))
            if raw.count(b"\n", 0, end) >= _LINES:
                return raw[:end], False
            raw += more
    return (raw, True) if not more else (raw[: raw.rfind(b"\n") + 1] or raw, False)


def _ends_with_returns(raw: bytes) -> bool:
    """Tell whether the first line ends with a lone carriage return, as in old spreadsheets; cells may hold feeds."""
    end = raw.find(b"\r")
    return end >= 0 and b"\n" not in raw[: end + 2] and raw.count(b'"', 0, end) % 2 == 0


def _byte_order(raw: bytes) -> str | None:
    # The mark of UTF-32 begins as that of UTF-16.
    if raw.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    return "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def _not_text(name: str, path: str, packing: Packing, raw: bytes) -> DataError:
    if raw.startswith(b"PK") and SCAN_MEMBER in raw[:64]:
        kept = "write it to a file" if name == STDIN else "rename it"
        return DataError(f"{name}: is a scan, which is known by its name", f"{kept} so that it ends in {ENDING}")
    codec = wide_encoding(raw)
    if codec is None:
        return DataError(
            f"{name}: is not text, nor {format_names([one for one in FORMATS if not one.is_text])}", "save it as CSV"
        )
    message = f"{name}: is {codec[:6].upper()} without a byte order mark"
    return DataError(message, encoding_hint(name, path, packing))


def _refuse_other_formats(name: str, head: str) -> None:
    if not head.strip():
        raise DataError(f"{name}: is empty", "a table needs a header, or numbers, and at least one row")
    if "\x00" in head[:4096]:
        raise DataError(f"{name}: is not text in this encoding", "leave --encoding out")
    if head.lstrip().startswith("[") and head.lstrip()[1:].lstrip().startswith(("{", "]")):
        file = quoted(operand(name))
        words, piped = "give one object a line", "put jq -c '.[]' before gdsolve"
        remedy = f"{words}: {piped}" if name == STDIN else Advice(words, f"jq -c '.[]' {file} > rows.ndjson")
        raise DataError(f"{name}: is a JSON array", remedy)


def _ending(name: str) -> str:
    endings = [ending.lower() for ending in Path(name).suffixes]
    while endings and endings[-1] in PACKED_ENDINGS:
        del endings[-1]
    return endings[-1] if endings else ""
