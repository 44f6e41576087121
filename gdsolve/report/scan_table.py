"""The result of `scan` for people: what was read, which columns are kept, and what to run next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from gdsolve.report.numbers import counted, figure, whole
from gdsolve.report.page import page_for
from gdsolve.report.parts import Record, dates_line, labelled, satisfied
from gdsolve.spec.command import operand
from gdsolve.spec.option import shell_word

MOST_LISTED = 12


def write_scan_table(record: Record, stream: TextIO) -> None:
    """What was read, a line for each kind of thing, and the file that keeps it; JSON names all columns and levels."""
    page = page_for(stream)
    labelled(
        page,
        [
            ("data", f"{_sources(record)}: {_rows(record)}"),
            ("formula", record["formula"] or ""),
            ("columns", _first_of(record["columns"])),
            ("levels", _first_of([f"{name} ({_first_of(levels)})" for name, levels in record["levels"].items()])),
            ("dates", dates_line(record, linear=False)),
            ("row weights", _weights(record)),
            ("folds", _folds(record["folds"])),
            ("target", _target(record)),
            ("ignored", _first_of(record["ignored"])),
            ("kept in", f"{record['file']}, {_size(record['bytes'])}: sums and products, and no row"),
        ],
    )
    page.heading("to run next")
    page.command(f"gdsolve fit {shell_word(operand(record['file']))}")
    page.write(stream)


def _first_of(names: Sequence[str]) -> str:
    """The first of many names, and how many more there are."""
    more = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f" and {whole(more)} more" if more > 0 else "")


def _target(record: Record) -> str:
    target = record["target"] or ""
    return target if record["formula"] or not target else f"{target}, where a fit names none"


def _sources(record: Record) -> str:
    return ", ".join("standard input" if source == "-" else source for source in record["source"]) or "inline"


def _rows(record: Record) -> str:
    dropped, filled = record["rows_dropped"], record["cells_filled"]
    parts = [counted(record["rows"], "row") + (" used" if dropped else "")]
    parts += [f"{whole(dropped)} dropped for missing cells"] if dropped else []
    parts += [f"{counted(filled, 'missing cell')} filled with the mean"] if filled else []
    parts += satisfied(record)
    return ", ".join([*parts, counted(len(record["columns"]), "column")])


def _weights(record: Record) -> str:
    zeros = record["rows_weightless"]
    left = f"; {counted(zeros, 'row')} of weight 0 left out" if zeros else ""
    if record["sigma"] is not None:
        known = "taken as known" if record["absolute_sigma"] else "known up to a factor (weights 1/σ²)"
        return f"{record['sigma']}: standard deviations, {known}{left}"
    if record["weight"] is None:
        return ""
    kind = "frequency (repeated rows)" if record["weight_kind"] == "frequency" else "precision (1/variance)"
    return f"{record['weight']}: {kind}{left}"


def _folds(folds: Record | None) -> str:
    if folds is None:
        return ""
    by = "" if folds["by"] is None else f", rows with the same {folds['by']} together"
    return f"{folds['count']}, dealt with seed {folds['seed']}{by}"


def _size(count: int) -> str:
    """A number of bytes.

    >>> _size(812), _size(24680)
    ('812 bytes', '24.7 kB')
    """
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{figure(count / size, 3)} {unit}"
    return counted(count, "byte")
