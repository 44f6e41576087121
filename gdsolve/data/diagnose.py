"""The one line that says which cell is unusable, and the flag that solves it."""

from __future__ import annotations

import functools
import logging
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import polars as pl

from gdsolve.data.cells import Kind
from gdsolve.data.columns import Parts, Roles, blanks_hint, flag_for
from gdsolve.data.records import place, places, unreadable
from gdsolve.data.scan import FAULTS, rows_of
from gdsolve.data.source import OVERFLOW, Source
from gdsolve.data.targets import target_error
from gdsolve.spec import Missing, Spec
from gdsolve.status import DataError

logger = logging.getLogger("gdsolve")

_LONGEST = 40


def where(source: Source, record: int, column: str | None = None) -> str:
    """Say where a cell stands: `data.csv: row 3 (line 4), column 'age'`."""
    row = f"{source.name}: {place(source.file, source.skip, record)}"
    return row if column is None else f"{row}, column {column!r}"


def cell_error(source: Source, record: int, column: str, spec: Spec, roles: Roles) -> DataError:
    """Explain why a cell that is used cannot be used; `record` counts from 0, blank lines included."""
    at, cell = where(source, record, column), cell_text(source, record, column)
    return _explain(source, at, column, cell, spec, roles=roles, is_empty=functools.partial(_is_empty, source))


def cell_errors(source: Source, cells: Sequence[tuple[int, str]], spec: Spec, roles: Roles) -> list[DataError]:
    """Explain many (record, column) as `cell_error` does, in a few passes over the file however many they are."""
    at = places(source.file, source.skip, [record for record, _ in cells])
    texts = _cell_texts(source, cells)
    is_empty = functools.cache(functools.partial(_is_empty, source))
    return [
        _explain(
            source, f"{source.name}: {at[record]}, column {name!r}", name, text, spec, roles=roles, is_empty=is_empty
        )
        for (record, name), text in zip(cells, texts, strict=True)
    ]


def _explain(
    source: Source,
    at: str,
    column: str,
    cell: str | None,
    spec: Spec,
    *,
    roles: Roles,
    is_empty: Callable[[str], bool],
) -> DataError:
    trimmed = "" if cell is None else cell.strip()
    if source.cells.is_missing(cell):
        return _missing(at, column, spec, roles, empty=is_empty(column))
    shown = show(trimmed)
    ignore = _drop_hint(column, roles, spec)
    if "\ufffd" in trimmed:
        return DataError(
            f"{at}: {shown} is not UTF-8", f"name the encoding, for example --encoding latin-1; or {ignore}"
        )
    if re.fullmatch(r"[+-]?(inf|infinity|nan)", trimmed.lower()):
        return DataError(f"{at}: {shown} is not finite", _as_missing(trimmed, ignore))
    if _overflows(trimmed, source.cells.decimal):
        return DataError(f"{at}: {shown} is beyond the range of float64", _as_missing(trimmed, ignore))
    if column == roles.weight and trimmed.startswith("-"):
        return DataError(
            f"{at}: the weight {shown} is negative", "weights are 0 or more; or choose another with --weight"
        )
    return DataError(f"{at}: {shown} is not a number", _decimal_hint(trimmed, source) or _as_missing(trimmed, ignore))


def target_cell_error(source: Source, record: int, column: str, spec: Spec) -> DataError:
    """Explain a target that is a number, and not one that the loss takes."""
    cell = cell_text(source, record, column) or ""
    return target_error(where(source, record, column), show(cell.strip()), spec.loss)


def show(cell: str) -> str:
    """Quote a cell for a message, cut to 40 characters, on one line."""
    return repr(cell if len(cell) <= _LONGEST else cell[:_LONGEST] + "…")


def cell_text(source: Source, record: int, column: str) -> str | None:
    """Read one cell as it is written.

    Raises:
        DataError: the file is damaged; then the place of the cell is uncertain, and the damage is what to tell.
    """
    first, parts = source.before, source.parts([column])
    if source.near is not None and source.near[0] <= record:
        first, parts = source.near[0], iter([source.near[1]])
    else:
        logger.info("%s: read once more, to say what is in the cell", source.name)
    try:
        for part in parts:
            frame = rows_of(source.scan(part, [column]))
            if record < first + frame.height:
                found: str | None = frame[column].cast(pl.String)[record - first]
                return found
            first += frame.height
    except FAULTS as error:
        raise unreadable(source.file, first, error, source.skip) from None
    return None


def _cell_texts(source: Source, cells: Sequence[tuple[int, str]]) -> list[str | None]:
    """Read cells as they are written, in one walk over the file.

    Raises:
        DataError: the file is damaged.
    """
    logger.info("%s: read once more, to say what is in the cells", source.name)
    columns = list(dict.fromkeys(column for _, column in cells))
    wanted = sorted({record for record, _ in cells})
    found: dict[tuple[int, str], str | None] = {}
    first = source.before
    try:
        for part in source.parts(columns):
            rows = rows_of(source.scan(part, columns))
            here = [record for record in wanted if first <= record < first + rows.height]
            if here:
                kept = rows[[record - first for record in here]]
                for column in columns:
                    texts = kept[column].cast(pl.String).to_list()
                    found.update(zip(((record, column) for record in here), texts, strict=True))
            first += rows.height
            if first > wanted[-1]:
                break
    except FAULTS as error:
        raise unreadable(source.file, first, error, source.skip) from None
    return [found.get(cell) for cell in cells]


def refuse_wrong_encoding(source: Source, column: str) -> None:
    """Refuse a column in which U+FFFD came up, unless the file itself holds that character.

    Raises:
        DataError: naming the first cell that is not UTF-8.
    """
    if source.dialect is None:
        return
    logger.info("%s: read once more: is column %r UTF-8?", source.name, column)
    try:
        for part in source.parts([column]):
            rows_of(source.scan(part, [column], strict=True).select(pl.col(column).null_count()))
    except pl.exceptions.PolarsError:
        at = where(source, _first_broken(source, column), column)
        raise DataError(f"{at}: is not UTF-8", "name the encoding, for example --encoding latin-1") from None


def _first_broken(source: Source, column: str) -> int:
    """Find the first record with U+FFFD in this column."""
    done = source.before
    for frame in source.raw([column]):
        broken = frame[column].str.contains("\ufffd", literal=True).fill_null(value=False)
        if broken.any():
            return done + int(broken.arg_max() or 0)
        done += frame.height
    return done


def overflow_error(source: Source, record: int) -> DataError:
    """Explain a row with more fields than the header, or the first line, has."""
    fields = len(source.schema)
    whose = "header" if source.has_header else "first row"
    return DataError(
        f"{where(source, record)}: more fields than the {whose} has ({fields})",
        blanks_hint(source.name)
        if source.dialect and source.dialect.delimiter == " "
        else "quote the cells that contain the delimiter, or give another --delimiter",
    )


def _first_text(source: Source, sample: pl.DataFrame, column: str) -> tuple[str, str | None]:
    """Give (place, cell) of the first cell of a sampled column that is not a number."""
    dtype = source.raw_type(column)
    text = source.cells.text(column, dtype)
    # In a typed file a text of digits is text all the same.
    odd = source.cells.number(column, dtype).is_nan() if source.dialect else text.is_not_null()
    found = sample.with_row_index("\x00record").filter(odd).select("\x00record", text).head(1).rows()
    if not found:
        return f"{source.name}: column {column!r}", None
    record, cell = found[0]
    return where(source, source.before + record, column), cell


def text_error(
    source: Source, sample: pl.DataFrame, kinds: Mapping[str, Kind], column: str, texts: list[str], parts: Parts
) -> DataError:
    """Explain a column that is used and does not hold numbers; `texts` are all such features."""
    what = "a date" if kinds[column] is Kind.DATE else "text"
    at, cell = _first_text(source, sample, column)
    message = f"{at}: {show(cell)} is {what}" if cell is not None else f"{at} holds {what}s"
    if cell is not None and (decimal := _decimal_hint(cell, source)):
        return DataError(message, decimal)
    if column == parts.target:
        numeric = [name for name, kind in kinds.items() if kind in (Kind.NUMBER, Kind.BOOLEAN) and name != parts.weight]
        more = f", and {len(numeric) - 8:,} more" if len(numeric) > 8 else ""
        remedy = (
            f"--target COLUMN; numbers are in: {', '.join(numeric[:8])}{more}"
            if numeric
            else "the table has no column of numbers"
        )
        return DataError(f"{message}, and it is the target ({parts.target_reason})", remedy)
    if column == parts.weight:
        return DataError(f"{message}, and it is the weight", "--weight COLUMN, a column of numbers")
    return DataError(message, f"{flag_for('ignore', texts)}, or --categorical onehot|ignore")


def nested_error(source: Source, column: str, dtype: pl.DataType) -> DataError:
    """Explain a column of lists, structs or bytes that is used."""
    return DataError(f"{source.name}: column {column!r} holds {dtype}, not numbers", flag_for("ignore", [column]))


def has_overflow(frame: pl.DataFrame) -> bool:
    """Tell whether a batch has a row with too many fields."""
    return OVERFLOW in frame.columns and frame[OVERFLOW].null_count() < frame.height


def _is_empty(source: Source, column: str) -> bool:
    """True where no cell of the file stands in this column."""
    text = source.cells.text(column, source.raw_type(column))
    return all(frame.select(text.is_null().all()).item() for frame in replace(source, rows=None).raw([column]))


def _missing(at: str, column: str, spec: Spec, roles: Roles, *, empty: bool) -> DataError:
    if empty and column != roles.group:
        return DataError(f"{at}: the cell is missing, as all of the column are", _drop_hint(column, roles, spec))
    if column == roles.group:
        return DataError(f"{at}: the cell is missing, so that the row is in no group", "--na drop leaves such rows out")
    if (
        roles.group is not None
        and spec.na is Missing.MEAN
        and column not in (roles.target, roles.weight, *roles.levels)
    ):
        return DataError(f"{at}: the cell is missing, as all of the column are in its group", "--na drop")
    if column in (roles.target, roles.weight, *roles.levels):
        part = "target" if column == roles.target else "weight" if column == roles.weight else "text"
        reason = f", and a {part} has no mean to fill in" if spec.na is Missing.MEAN else ""
        return DataError(f"{at}: the cell is missing{reason}", "--na drop leaves such rows out")
    return DataError(f"{at}: the cell is missing", f"--na drop, --na mean, or {_drop_hint(column, roles, spec)}")


def _drop_hint(column: str, roles: Roles, spec: Spec) -> str:
    if column == roles.target:
        return "--target COLUMN"
    if column == roles.weight:
        return "--weight COLUMN"
    return "leave the column out of --features" if spec.features else flag_for("ignore", [column])


def _as_missing(cell: str, otherwise: str) -> str:
    if "," in cell:
        # At a comma the flag would split it.
        return otherwise
    return f"--na-values {shlex.quote(cell)} --na drop if it means missing, or {otherwise}"


def _decimal_hint(cell: str, source: Source) -> str | None:
    other = "," if source.cells.decimal == "." else "."
    if re.fullmatch(rf"[+-]?\d*[{other}]\d+([eE][+-]?\d+)?", cell) is None:
        return None
    return f"--decimal {other} if that is the decimal mark; thousands separators are not read"


def _overflows(cell: str, decimal: str) -> bool:
    try:
        return float(cell.replace(decimal, ".")) in (float("inf"), float("-inf"))
    except ValueError:
        return False
