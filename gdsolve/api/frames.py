"""The rows of results as DataFrames of polars: what `--format csv` and `--history` write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from gdsolve.report.plain import CHECK_COLUMNS, METHOD_COLUMNS, RATE_COLUMNS, history_columns, history_rows

if TYPE_CHECKING:
    import polars as pl

Record = dict[str, Any]
Table = tuple[Sequence[str], Iterable[Sequence[Any]]]


def frame_of(record: Record) -> pl.DataFrame:
    """The rows of a record of any verb; a figure that does not exist is null."""
    import polars as pl

    names, rows = TABLES[record["schema"]](record)
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pl.DataFrame([_series(name, cells) for name, cells in zip(names, columns, strict=True)])


def _series(name: str, cells: Sequence[Any]) -> pl.Series:
    import polars as pl

    kinds = {type(cell) for cell in cells if cell is not None}
    if (
        kinds
        and kinds <= {int, float}
        and (float in kinds or max(abs(cell) for cell in cells if cell is not None) >= 2**63)
    ):
        return pl.Series(name, [None if cell is None else float(cell) for cell in cells], dtype=pl.Float64)
    # Without a figure that exists, a column is one of figures all the same.
    return pl.Series(name, cells, dtype=None if kinds else pl.Float64)


def _of(key: str, names: Sequence[str]) -> Callable[[Record], Table]:
    return lambda record: (names, ([row[name] for name in names] for row in record[key]))


def _path(record: Record) -> Table:
    from gdsolve.report.path_record import path_rows

    names, rows = path_rows(record)
    return names, [[None if cell == "" else cell for cell in row] for row in rows]


def _certified(record: Record) -> Table:
    from gdsolve.report.certify_record import COLUMNS, certify_rows

    return ("term", *COLUMNS), certify_rows(record)


def _rates(record: Record) -> Table:
    if not any(rate["trace"] for rate in record["rates"]):
        return _of("rates", RATE_COLUMNS)(record)
    whose = ("learning_rate", "status")
    rows = (
        [*(rate[name] for name in whose), *row]
        for rate in record["rates"]
        for row in history_rows(record, rate["trace"])
    )
    return history_columns(record, whose), rows


def _groups(record: Record) -> Table:
    from gdsolve.report.group_lines import group_columns, group_rows

    return group_columns(record), group_rows(record)


TABLES: dict[str, Callable[[Record], Table]] = {
    "gdsolve.fit/1": lambda record: (history_columns(record), history_rows(record)),
    "gdsolve.compare-lr/1": _rates,
    "gdsolve.compare/1": _of("methods", METHOD_COLUMNS),
    "gdsolve.check/1": _of("columns", CHECK_COLUMNS),
    "gdsolve.path/1": _path,
    "gdsolve.certify/1": _certified,
    "gdsolve.groups/1": _groups,
}
