"""A sheet of a workbook as a table, whose places are told as Excel shows them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl

from gdsolve.data.file import File
from gdsolve.data.formats.copied import RowsCopy
from gdsolve.data.formats.excel.archive import column_letters, require_whole
from gdsolve.data.formats.excel.sheet import SheetCells, read_sheet
from gdsolve.data.formats.typed import StoredColumn, TypedSource
from gdsolve.data.names import plain_names
from gdsolve.data.scan import first_line
from gdsolve.extras import require_extra
from gdsolve.spec import Spec
from gdsolve.status import DataError

logger = logging.getLogger("gdsolve")
_LISTED = 8
_ROWS = 1 << 14


@dataclass(frozen=True, slots=True)
class SheetSource(TypedSource):
    """A sheet; `sheet_rows` are the numbers of its rows in Excel, (m,), and `letters` those of its columns by name."""

    sheet_rows: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    letters: Mapping[str, str] = field(default_factory=dict)
    named: bool = True

    @property
    def has_header(self) -> bool:
        """False for a sheet that starts with numbers."""
        return self.named

    def positions(self, records: Iterable[int]) -> dict[int, tuple[int, int | None]]:
        """Rows count from 1, and lines are rows of the sheet."""
        return {record: (record + 1, int(self.sheet_rows[record])) for record in sorted(set(map(int, records)))}

    def told(self, row: int, line: int | None, column: str | None = None) -> str:
        """Put a place into words as Excel shows it: `row 3 (cell C4), column 'age'`."""
        if column is None or column not in self.letters:
            return f"row {row} (Excel row {line})"
        return f"row {row} (cell {self.letters[column]}{line}), column {column!r}"


def open_sheet(file: File, spec: Spec, stack: ExitStack) -> TypedSource:
    """Open a sheet of a workbook: the one that is asked for, else the first.

    Raises:
        GdsolveError: fastexcel is not installed.
        DataError: a workbook that is damaged, too large, or has no such sheet.
    """
    fastexcel = require_extra("fastexcel", "excel", f"{file.name}: Excel is read by fastexcel")
    require_extra("pyarrow", "excel", f"{file.name}: what fastexcel finds is read by pyarrow")
    require_whole(file.path, file.name)
    try:
        reader = fastexcel.read_excel(Path(file.path).read_bytes())
        names = list(reader.sheet_names)
        name = _sheet_name(file, names)
        sheet = read_sheet(reader, name, spec.first_line)
    except fastexcel.FastExcelError as error:
        raise DataError(
            f"{file.name}: is no workbook that can be read ({first_line(error)})", "save it again, or as CSV"
        ) from None
    if file.asked.key is None and len(names) > 1:
        file = replace(file, name=f"{file.name}?sheet={name}")
        logger.warning(
            "%s: the first of %s sheets is read: %s; --sheet NAME takes another", file.name, len(names), _listed(names)
        )
    if not sheet.columns:
        raise DataError(f"{file.name}: the sheet is empty", f"sheets: {_listed(names)}")
    return _source(file, sheet, spec, stack)


def _sheet_name(file: File, names: list[str]) -> str:
    if not names:
        raise DataError(f"{file.name}: has no sheets", "save it again, or as CSV")
    if file.asked.key is None:
        return names[0]
    if file.asked.value not in names:
        raise DataError(f"{file.name}: there is no sheet {file.asked.value!r}", f"sheets: {_listed(names)}")
    return file.asked.value


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")


def _source(file: File, sheet: SheetCells, spec: Spec, stack: ExitStack) -> TypedSource:
    headers = plain_names(len(sheet.columns)) if sheet.headers is None else sheet.headers
    columns = [StoredColumn(header, column.dtype) for header, column in zip(headers, sheet.columns, strict=True)]
    cells = pl.DataFrame([column.alias(str(place)) for place, column in enumerate(sheet.columns)])
    opened = RowsCopy(file, stack, "copying").fill(columns, cells.iter_slices(_ROWS), spec, loose=True)
    letters = dict(zip(opened.schema, map(column_letters, sheet.places), strict=True))
    return SheetSource(
        opened.file,
        opened.headers,
        opened.schema,
        opened.cells,
        faults=opened.faults,
        reader=opened.reader,
        loose=True,
        sheet_rows=sheet.rows,
        letters=letters,
        named=sheet.headers is not None,
    )
