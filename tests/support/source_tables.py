"""Tables as workbooks, databases and svmlight, made of rows."""

from __future__ import annotations

import datetime
import io
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter

Rows = Sequence[Sequence[Any]]


def workbook(sheets: Mapping[str, Rows], at: tuple[int, int] = (0, 0)) -> bytes:
    """A workbook whose cells begin `at` row and column, from 0; a formula is a pair of its text and its value."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for row, cells in enumerate(rows, at[0]):
            for column, cell in enumerate(cells, at[1]):
                if isinstance(cell, datetime.datetime):
                    sheet.write_datetime(row, column, cell, day)
                elif isinstance(cell, tuple):
                    sheet.write_formula(row, column, cell[0], None, cell[1])
                elif isinstance(cell, str):
                    sheet.write_string(row, column, cell)
                elif cell is not None:
                    sheet.write(row, column, cell)
    book.close()
    return file.getvalue()


def sqlite_file(path: Path, tables: Mapping[str, Rows], types: str = "") -> Path:
    """A database of tables, the first row of each its columns, all of one type."""
    connection = sqlite3.connect(path)
    for name, (columns, *rows) in tables.items():
        declared = ", ".join(f'"{column}" {types}' for column in columns)
        connection.execute(f'CREATE TABLE "{name}" ({declared})')
        connection.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(columns))})', rows)
    connection.commit()
    connection.close()
    return path


def duckdb_file(path: Path, *statements: str) -> Path:
    """A database that statements make."""
    with duckdb.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


def sparse_lines(rows: Rows) -> str:
    """Rows of features and a target, which comes last, as svmlight with indices from 1; zeros are left out."""
    lines = []
    for *cells, target in rows:
        pairs = [f"{place}:{cell!r}" for place, cell in enumerate(cells, 1) if cell]
        lines.append(" ".join([repr(target), *pairs]))
    return "\n".join(lines) + "\n"
