"""Compression: what a file is packed with, and the bytes within."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, cast

from gdsolve.status import DataError


class Packing(StrEnum):
    """Kinds of compression, by the name that messages use."""

    NONE = ""
    GZIP = "gzip"
    ZSTD = "zstd"


@dataclass(frozen=True, slots=True)
class _Traits:
    """The first bytes of a packed file, the ending of its name, and the command of the shell that unpacks it."""

    magic: bytes
    ending: str
    command: str


_TRAITS = {
    Packing.GZIP: _Traits(b"\x1f\x8b", ".gz", "gzip -dc"),
    Packing.ZSTD: _Traits(b"\x28\xb5\x2f\xfd", ".zst", "zstd -dcq"),
}
PACKED_ENDINGS = tuple(traits.ending for traits in _TRAITS.values())


def packing_of(start: bytes) -> Packing:
    """Tell the compression of a file from its first four bytes."""
    return next((packing for packing, traits in _TRAITS.items() if start.startswith(traits.magic)), Packing.NONE)


def packing_by_name(name: str) -> Packing:
    """Tell the compression of a file from the ending of its name."""
    return next((packing for packing, traits in _TRAITS.items() if name.lower().endswith(traits.ending)), Packing.NONE)


def unpacking(packing: Packing) -> str | None:
    """The command of the shell that unpacks; None where there is nothing to unpack."""
    return None if packing is Packing.NONE else _TRAITS[packing].command


def open_unpacked(path: str, packing: Packing) -> IO[bytes]:
    """Open a file for reading the bytes within, from its start to its end."""
    if packing is Packing.GZIP:
        return cast(IO[bytes], gzip.open(path, "rb"))
    if packing is Packing.ZSTD:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
        return cast(IO[bytes], zstd.open(path, "rb"))
    return Path(path).open("rb")


@contextmanager
def damage_told(name: str, packing: Packing) -> Iterator[None]:
    """Turn what the decompressors raise on damaged data into one line.

    Raises:
        DataError: naming the file.
    """
    try:
        yield
    except Exception as error:
        # The class of zstd's error is known only where zstd is loaded.
        zstd = packing is Packing.ZSTD and type(error).__name__ == "ZstdError"
        if packing is Packing.NONE or not (zstd or isinstance(error, EOFError | zlib.error | gzip.BadGzipFile)):
            raise
        raise DataError(
            f"{name}: the {packing} data are damaged ({error})", "fetch or compress the file again"
        ) from None
