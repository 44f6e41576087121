"""Parquet: columns with types, in row groups; its footer tells the rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from gdsolve.data.formats.format import TableFormat

if TYPE_CHECKING:
    from gdsolve.data.file import File
    from gdsolve.data.source import Source
    from gdsolve.spec import Spec


def _open(file: File, spec: Spec, named: Collection[str]) -> Source:
    from gdsolve.data.formats.parquet.reader import ParquetReader
    from gdsolve.data.formats.typed import open_typed

    return open_typed(ParquetReader(), file, spec)


def _rows_in(path: str) -> int:
    from gdsolve.data.formats.parquet.reader import ParquetReader

    return ParquetReader().rows_in(path)


PARQUET = TableFormat("Parquet", (".parquet",), _open, magic=(b"PAR1",), rows_in=_rows_in)
