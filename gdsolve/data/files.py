"""What the user named -> files that can be read: globs, standard input, pipes, compression and encodings."""

from __future__ import annotations

import codecs
import difflib
import glob
import gzip
import io
import shlex
import signal
import sys
import tempfile
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, cast

import polars as pl

from gdsolve.data.scan import scan_lines
from gdsolve.status import DataError, GdsolveError

HEAD = 1 << 20
STDIN = "standard input"
_PROC = Path("/proc/self/fd")


class Format(StrEnum):
    """File formats."""

    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class File:
    """A file that polars can scan: `name` for messages, `path` to open, `head` its first text (none for Parquet)."""

    name: str
    path: str
    format: Format
    head: str
    complete: bool


def expand(sources: Sequence[str]) -> list[str]:
    """Give the names of all files that the user named, patterns expanded.

    Raises:
        DataError: a pattern that no file matches.
        GdsolveError: no source, or standard input twice.
    """
    if not sources:
        raise GdsolveError("no table was named", "give a file, or - for standard input")
    if sum(source == "-" for source in sources) > 1:
        raise GdsolveError("standard input is named twice", "give - once")
    return [name for source in sources for name in _expand(source)]


def open_named(names: Sequence[str], encoding: str | None, stack: ExitStack) -> tuple[File, ...]:
    """Open every file; temporaries live until `stack` is closed.

    Raises:
        DataError: a file that is missing, unreadable, empty or of no known format.
        GdsolveError: an encoding that does not exist.
    """
    codec = _codec(encoding)
    return tuple(_open(name, codec, stack) for name in names)


def _codec(encoding: str | None) -> str | None:
    if encoding is None:
        return None
    try:
        b"".decode(encoding)
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        near = difflib.get_close_matches(encoding.lower(), ["utf-8", "utf-16", "latin-1", "cp1252", "ascii", "cp437"])
        remedy = f"did you mean {near[0]}?" if near else "common ones: utf-8, latin-1, cp1252, utf-16"
        raise GdsolveError(f"encoding: there is no encoding {encoding!r}", remedy) from None
    return None if name in ("utf-8", "utf-8-sig", "ascii") else name


def _expand(source: str) -> list[str]:
    if source == "-" or Path(source).exists() or not glob.has_magic(source):
        return [source]
    found = glob.glob(source, recursive=True)  # noqa: PTH207, since Path.glob takes no absolute pattern
    matches = sorted(match for match in found if not Path(match).is_dir())
    if not matches:
        raise DataError(f"{source}: no file matches", "check the pattern, or name the files one by one")
    return matches


def _open(source: str, codec: str | None, stack: ExitStack) -> File:
    name, path = (STDIN, "-") if source == "-" else (source, source)
    try:
        if source == "-":
            path = _spool(_standard_input(), stack)
        elif Path(source).is_dir():
            raise DataError(f"{name}: is a directory", f"name its files: '{source.rstrip('/')}/*.csv'")
        elif not Path(source).is_file() and Path(source).exists():
            _let_interrupts_through()
            with Path(source).open("rb") as pipe:
                path = _spool(pipe, stack)
        return _examine(name, path, codec, stack)
    except FileNotFoundError:
        raise DataError(f"{name}: no such file", _near(source)) from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{name}: the gzip data are damaged ({error})", "fetch or compress the file again") from None
    except OSError as error:
        raise DataError(
            f"{name}: cannot be read ({error.strerror or error})", "check the path, rights and disk"
        ) from None


def _near(source: str) -> str:
    folder = Path(source).parent
    names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    near = difflib.get_close_matches(Path(source).name, names, n=1)
    if near:
        return f"did you mean {folder / near[0]}?"
    return "give a CSV, Parquet or NDJSON file, or - for standard input"


def _standard_input() -> io.BufferedReader:
    if sys.stdin is None:
        raise GdsolveError("standard input is closed", "redirect it, as in gdsolve fit - < data.csv")
    return cast(io.BufferedReader, sys.stdin.buffer)


def _let_interrupts_through() -> None:
    """Have Ctrl-C end a read that waits for input, as Python does by itself: polars has the system take it up again."""
    if hasattr(signal, "siginterrupt"):
        signal.siginterrupt(signal.SIGINT, True)


def _spool(stream: io.BufferedReader, stack: ExitStack) -> str:
    _let_interrupts_through()
    spool = _temporary(stack)
    # One call of the system at a time: between them Python looks whether Ctrl-C was pressed.
    while chunk := stream.read1(1 << 20):
        spool.write(chunk)
    return _path_of(spool)


def _temporary(stack: ExitStack) -> IO[bytes]:
    # Under /proc an unlinked file still has a path, so that not even SIGKILL leaves it behind.
    if _PROC.is_dir():
        return stack.enter_context(tempfile.TemporaryFile(prefix="gdsolve-"))
    return stack.enter_context(tempfile.NamedTemporaryFile(prefix="gdsolve-"))


def _path_of(spool: IO[bytes]) -> str:
    spool.flush()
    return str(_PROC / str(spool.fileno())) if _PROC.is_dir() else spool.name


def _examine(name: str, path: str, codec: str | None, stack: ExitStack) -> File:
    with Path(path).open("rb") as file:
        magic = file.read(4)
    if not magic:
        raise DataError(f"{name}: is empty", "a table needs a header, or numbers, and at least one row")
    suffixes = [suffix.lower() for suffix in Path(name).suffixes]
    if magic == b"PAR1":
        return File(name, path, Format.PARQUET, "", complete=False)
    if ".parquet" in suffixes[-1:]:
        raise DataError(f"{name}: is not a Parquet file", "give it the ending of what it is: .csv, .tsv or .ndjson")
    if magic == b"\x28\xb5\x2f\xfd":
        head, complete = _zstd_head(name, path, codec)
    else:
        zipped = magic[:2] == b"\x1f\x8b"
        raw, complete = _head(path, zipped)
        codec = codec or _byte_order(raw)
        lone_returns = codec is None and b"\n" not in raw and b"\r" in raw
        if codec or lone_returns:
            path = _transcode(name, path, zipped, codec or "utf-8", stack)
            raw, complete = _head(path, zipped=False)
        head = raw.decode("utf-8", errors="replace")
    head = head.removeprefix("\ufeff")
    _refuse_other_formats(name, head)
    return File(name, path, _text_format(suffixes, head), head, complete)


def _head(path: str, zipped: bool) -> tuple[bytes, bool]:
    with gzip.open(path, "rb") if zipped else Path(path).open("rb") as file:
        raw: bytes = file.read(HEAD)
        while raw and b"\n" not in raw[-HEAD:] and (more := file.read(HEAD)):
            raw += more
        complete = not file.read(1)
    return (raw, True) if complete else (raw[: raw.rfind(b"\n") + 1], False)


def _zstd_head(name: str, path: str, codec: str | None) -> tuple[str, bool]:
    # The Python of today has no zstd; polars has.
    if codec:
        hint = f"zstd -dc {name} | gdsolve … - --encoding …"
        raise DataError(f"{name}: a .zst file is read as UTF-8 only", hint)
    try:
        lines = scan_lines(path).head(5000).collect()["line"].fill_null("").to_list()
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{name}: cannot be read ({first_line(error)})", "fetch or compress the file again") from None
    return "".join(f"{line}\n" for line in lines), len(lines) < 5000


def first_line(error: Exception) -> str:
    """Give the first line of an error of polars: the others speak of polars' own options."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _byte_order(raw: bytes) -> str | None:
    return "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def _transcode(name: str, path: str, zipped: bool, codec: str, stack: ExitStack) -> str:
    spool = _temporary(stack)
    with gzip.open(path, "rb") if zipped else Path(path).open("rb") as file:
        # Lone carriage returns (old spreadsheets) end lines as well; polars knows only line feeds.
        text = io.TextIOWrapper(cast(IO[bytes], file), encoding=codec, newline=None)
        try:
            while chunk := text.read(1 << 20):
                spool.write(chunk.encode())
        except UnicodeError as error:
            reason = getattr(error, "reason", str(error))
            raise DataError(f"{name}: is not {codec} text ({reason})", "name its encoding with --encoding") from None
    return _path_of(spool)


def _refuse_other_formats(name: str, head: str) -> None:
    if not head.strip():
        raise DataError(f"{name}: is empty", "a table needs a header, or numbers, and at least one row")
    if head.startswith("PAR1"):
        raise DataError(f"{name}: is compressed Parquet", "decompress it first; Parquet compresses itself")
    if "\x00" in head[:4096]:
        raise DataError(
            f"{name}: is not text, nor Parquet", "save it as CSV; for UTF-16 without a mark: --encoding utf-16-le"
        )
    if head.lstrip().startswith("[") and head.lstrip()[1:].lstrip().startswith(("{", "]")):
        lines = "put jq -c '.[]' before gdsolve" if name == STDIN else f"jq -c '.[]' {shlex.quote(name)} > rows.ndjson"
        raise DataError(f"{name}: is a JSON array", f"give one object a line: {lines}")


def _text_format(suffixes: list[str], head: str) -> Format:
    while suffixes and suffixes[-1] in (".gz", ".zst"):
        suffixes = suffixes[:-1]
    ending = suffixes[-1] if suffixes else ""
    if ending in (".csv", ".tsv"):
        return Format.CSV
    if ending in (".ndjson", ".jsonl") or head.lstrip().startswith("{"):
        return Format.NDJSON
    return Format.CSV
