"""The one line that says which cell is unusable, and the flag that solves it."""

from __future__ import annotations

import functools
import itertools
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from gdsolve.advice import Advice
from gdsolve.data.cells import ColumnKind
from gdsolve.data.columns import Parts, Roles, flag_for
from gdsolve.data.dates import forms_of
from gdsolve.data.encodings import encoding_hint
from gdsolve.data.offsets import exposure_error, offset_columns
from gdsolve.data.scan import FAULTS, rows_of
from gdsolve.data.shell import FIT
from gdsolve.data.source import OVERFLOW, Source
from gdsolve.data.targets import target_error
from gdsolve.data.weighing import unusable, weighing_error
from gdsolve.quoting import quoted
from gdsolve.spec import Header, Missing, Spec, flag
from gdsolve.spec.missing import missing_flag
from gdsolve.status import DataError

if TYPE_CHECKING:
    from gdsolve.data.dated_columns import DatedColumns

logger = logging.getLogger("gdsolve")

_LONGEST = 40
# Cells that are no numbers, of one column, that a hint lists.
_MOST_ODD = 6
_MOST_ROWS = 1_000_000
_TIMES: Mapping[type[pl.DataType], str] = {pl.Duration: "a duration", pl.Time: "a time of day"}


def cell_error(source: Source, record: int, column: str, spec: Spec, roles: Roles) -> DataError:
    """Explain why a cell that is used cannot be used; `record` counts from 0, blank lines included."""
    at, cell = source.where(record, column), cell_text(source, record, column)
    fault = _Looks(source, spec, roles).explain(at, column, cell)
    if record or source.has_header or spec.first_line is not Header.NO or source.cells.is_missing(cell):
        return fault
    otherwise = "leave --no-header out" if spec.no_header else "--header yes"
    words = f"if this line is the header, {otherwise}; else "
    return fault.but(hint=(fault.hint or Advice()).after(words))


def cell_errors(source: Source, cells: Sequence[tuple[int, str]], spec: Spec, roles: Roles) -> list[DataError]:
    """Explain many (record, column) as `cell_error` does, in a few passes over the file however many they are."""
    at = source.places(record for record, _ in cells)
    texts = _cell_texts(source, cells)
    looks = _Looks(source, spec, roles)
    return [
        looks.explain(f"{source.name}: {at[record]}, column {name!r}", name, text)
        for (record, name), text in zip(cells, texts, strict=True)
    ]


class _Looks:
    """Explains cells of a file; what takes a pass over a column is found at most once each."""

    def __init__(self, source: Source, spec: Spec, roles: Roles) -> None:
        self.source, self.spec, self.roles = source, spec, roles
        self.is_empty = functools.cache(functools.partial(_is_empty, source))
        self.odd_cells = functools.cache(functools.partial(_odd_cells, source))

    def explain(self, at: str, column: str, cell: str | None) -> DataError:
        """Say what is wrong with a cell, and what can be done."""
        source, roles = self.source, self.roles
        trimmed = "" if cell is None else cell.strip()
        if source.cells.is_missing(cell):
            return _missing(at, column, self.spec, roles, empty=self.is_empty(column))
        ignore = _drop_hint(column, roles, self.spec)
        if source.dates is not None and column in source.dates.columns:
            return date_error(at, trimmed, source.dates, column, self._as_missing(column, trimmed, ignore))
        return self._not_a_number(at, column, trimmed, ignore)

    def _not_a_number(self, at: str, column: str, trimmed: str, ignore: str) -> DataError:
        """Say the same of a cell of a column of numbers that is there."""
        source, shown = self.source, show(trimmed)
        if "\ufffd" in trimmed:
            hint = encoding_hint(source.file.name, source.file.path, source.file.packing)
            return DataError(f"{at}: {shown} is not UTF-8", Advice.of(hint).then(f"or {ignore}"))
        if re.fullmatch(r"[+-]?(inf|infinity|nan|1\.#inf)", trimmed.lower()):
            return DataError(f"{at}: {shown} is not finite", self._as_missing(column, trimmed, ignore))
        if source.cells.value(trimmed) in (float("inf"), float("-inf")):
            return DataError(f"{at}: {shown} is beyond the range of float64", self._as_missing(column, trimmed, ignore))
        value = source.cells.value(trimmed)
        if value is not None and (found := self._out_of_part(at, column, shown, value)):
            return found
        remedy = source.number_hint(trimmed) or self._as_missing(column, trimmed, ignore)
        return DataError(f"{at}: {shown} is not a number", remedy)

    def _out_of_part(self, at: str, column: str, shown: str, value: float) -> DataError | None:
        """What is wrong with a number that its part does not take."""
        if column == self.roles.weight and unusable(np.array([value]), self.spec)[0]:
            return weighing_error(at, shown, value, self.spec)
        return exposure_error(at, shown) if column == self.roles.exposure and value <= 0.0 else None

    def _as_missing(self, column: str, cell: str, otherwise: str) -> str:
        """Say which cells of a column may mean missing, with those that were named before, or what else can be done."""
        odd = self.odd_cells(column)
        values = list(dict.fromkeys([cell, *odd]))
        # At a comma the flag would split it, and a long text nobody types.
        if len(odd) > _MOST_ODD or any("," in value or len(value) > _LONGEST for value in values):
            return otherwise
        said = missing_flag(self.spec.na_values, *values)
        return f"{said} --na drop if {'they mean' if len(odd) > 1 else 'it means'} missing, or {otherwise}"


def target_cell_error(source: Source, record: int, column: str, spec: Spec) -> DataError:
    """Explain a target that is a number, and not one that the loss takes."""
    cell = cell_text(source, record, column) or ""
    return target_error(source.where(record, column), show(cell.strip()), spec)


def show(cell: str) -> str:
    """Quote a cell for a message, cut to 40 characters, on one line."""
    return repr(cell if len(cell) <= _LONGEST else cell[:_LONGEST] + "…")


def cell_text(source: Source, record: int, column: str) -> str | None:
    """Read one cell as it is written.

    Raises:
        DataError: the file is damaged; then the place of the cell is uncertain, and the damage is what to tell.
    """
    source = source.written
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
        raise source.unreadable(first, error) from None
    return None


def _cell_texts(source: Source, cells: Sequence[tuple[int, str]]) -> list[str | None]:
    """Read cells as they are written, in one walk over the file.

    Raises:
        DataError: the file is damaged.
    """
    logger.info("%s: read once more, to say what is in the cells", source.name)
    source = source.written
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
        raise source.unreadable(first, error) from None
    return [found.get(cell) for cell in cells]


def overflow_error(source: Source, record: int, run: str = FIT) -> DataError:
    """Explain a row with more fields than the header, or the first line, has; `run` is what the hint pipes into."""
    fields = len(source.schema)
    whose = "header" if source.has_header else "first row"
    return DataError(f"{source.where(record)}: more fields than the {whose} has ({fields})", source.overflow_hint(run))


def _first_text(source: Source, sample: pl.DataFrame, column: str) -> tuple[str, str | None]:
    """Give (place, cell) of the first cell of a sampled column that is not a number."""
    dtype = source.raw_type(column)
    text = source.cells.text(column, dtype)
    # In a typed file a text of digits is text all the same.
    odd = text.is_not_null() if source.typed else source.cells.number(column, dtype).is_nan()
    before = source.before
    # A typed column is one of text even where the first rows have none.
    for frame in itertools.chain([sample], source.raw([column]) if source.typed else ()):
        found = frame.with_row_index("\x00record").filter(odd).select("\x00record", text).head(1).rows()
        if found:
            record, cell = found[0]
            return source.where(before + record, column), cell
        before += 0 if frame is sample else frame.height
    return f"{source.name}: column {column!r}", None


def text_error(
    source: Source,
    sample: pl.DataFrame,
    kinds: Mapping[str, ColumnKind],
    column: str,
    texts: list[str],
    parts: Parts,
    *,
    spec: Spec,
) -> DataError:
    """Explain a column that is used and does not hold numbers; `texts` are all such features."""
    what = _TIMES.get(source.schema[column].base_type(), "a date") if kinds[column] is ColumnKind.DATE else "text"
    at, cell = _first_text(source, sample, column)
    message = f"{at}: {show(cell)} is {what}" if cell is not None else f"{at} is empty: every cell is missing"
    if cell is not None and (mended := source.number_hint(cell)):
        return DataError(message, mended)
    # A number that is stored as text is text: it may be a code.
    stored = cell is not None and source.typed and source.cells.is_number(cell)
    remedy = f"{flag_for('ignore', texts)}, or --categorical onehot|ignore"
    unfit = _unfit(message, kinds, column, parts, spec)
    if kinds[column] is ColumnKind.DATE and cell is not None:
        told, numbers = unfit or DataError(message, remedy), _dates_read(cell)
        return told.but(hint=(told.hint or Advice()).after(f"{numbers}, or "))
    return unfit or DataError(
        message, f"{remedy}; to be read as a number, it must not be stored as text" if stored else remedy
    )


def _dates_read(cell: str) -> str:
    """Say what makes numbers of a column of dates, or of times, with such a cell."""
    form = forms_of(cell)
    if form is None:
        return "--dates days reads it as a number"
    return f"--dates days --date-format {quoted(form[0])} reads it as a number{form[1]}"


def date_error(at: str, cell: str, dates: DatedColumns, column: str, otherwise: str) -> DataError:
    """Explain a cell of a column of dates that is none, or may be one of two."""
    held = "a date" if dates.columns[column] == "date" else "a duration"
    form = f" as {dates.form} has it" if dates.form else ""
    unclear = None if dates.form else _unclear_date(at, cell)
    return unclear or DataError(f"{at}: {show(cell)} is not {held}{form}", otherwise)


def _unclear_date(at: str, cell: str) -> DataError | None:
    """Explain a date whose day or month comes first; None for any other text."""
    form = forms_of(cell)
    if form is None:
        return None
    unclear = "may have the day or the month first" if form[1] else "does not begin with the year"
    return DataError(f"{at}: {show(cell)} {unclear}", f"--date-format {quoted(form[0])}{form[1]}")


def nested_error(source: Source, kinds: Mapping[str, ColumnKind], column: str, parts: Parts, spec: Spec) -> DataError:
    """Explain a column of lists, structs or bytes, or of another kind that has no cells, which is used."""
    message = source.faults[column]
    nested = [name for name in parts.features if kinds[name] is ColumnKind.NESTED]
    return _unfit(message, kinds, column, parts, spec) or DataError(
        message, f"{flag_for('ignore', nested)}, or --categorical ignore"
    )


def _unfit(message: str, kinds: Mapping[str, ColumnKind], column: str, parts: Parts, spec: Spec) -> DataError | None:
    """The error of a column that is the target, the weight, or that of the groups; None where it is a feature."""
    if column == parts.target:
        numeric = [
            name
            for name, kind in kinds.items()
            if kind in (ColumnKind.NUMBER, ColumnKind.BOOLEAN) and name != parts.weight
        ]
        more = f", and {len(numeric) - 8:,} more" if len(numeric) > 8 else ""
        remedy = (
            f"--target COLUMN; numbers are in: {', '.join(numeric[:8])}{more}"
            if numeric
            else "the table has no column of numbers"
        )
        return DataError(f"{message}, and it is the target ({parts.target_reason})", remedy, about=("target",))
    if column == parts.weight:
        weighing = spec.weight_option
        return DataError(f"{message}, and it is the {weighing}", f"{flag(weighing)} COLUMN, a column of numbers")
    if column in offset_columns(parts):
        own = "offset" if column == parts.offset else "exposure"
        return DataError(f"{message}, and it is the {own}", f"{flag(own)} COLUMN, a column of numbers")
    if column in parts.group:
        return DataError(f"{message}, and it tells the groups apart", "--group-by COLUMN, a column of texts or numbers")
    if column == parts.cluster:
        return DataError(f"{message}, and it tells the clusters apart", "--se cluster:COLUMN, of texts or numbers")
    return None


def has_overflow(frame: pl.DataFrame) -> bool:
    """Tell whether a batch has a row with too many fields."""
    return OVERFLOW in frame.columns and frame[OVERFLOW].null_count() < frame.height


def _is_empty(source: Source, column: str) -> bool:
    """True where no cell of the file, or of the files of NDJSON that it is joined with, stands in this column."""
    if source.holds_values(column):
        return False
    text = source.cells.text(column, source.raw_type(column))
    return all(frame.select(text.is_null().all()).item() for frame in replace(source, rows=None).raw([column]))


def _missing(at: str, column: str, spec: Spec, roles: Roles, *, empty: bool) -> DataError:
    if empty:
        return DataError(f"{at}: the cell is missing, as all of the column are", _drop_hint(column, roles, spec))
    if roles.group and spec.na is Missing.MEAN and column not in (*roles.target_columns, roles.weight, *roles.texts):
        others = "are" if roles.weight is None else f"with a weight in {roles.weight!r} are"
        return DataError(f"{at}: the cell is missing, as all of the column {others} in its group", "--na drop")
    if column in offset_columns(roles):
        own = "offset" if column == roles.offset else "exposure"
        reason = f", and an {own} has no mean to fill in" if spec.na is Missing.MEAN else ""
        return DataError(f"{at}: the cell is missing{reason}", "--na drop leaves such rows out")
    if _is_cluster(column, roles):
        return DataError(f"{at}: the cell is missing, and the row is in no cluster", "--na drop leaves such rows out")
    if column in (*roles.target_columns, roles.weight, *roles.texts):
        part = "target" if column in roles.target_columns else spec.weight_option if column == roles.weight else "text"
        reason = f", and a {part} has no mean to fill in" if spec.na is Missing.MEAN else ""
        return DataError(f"{at}: the cell is missing{reason}", "--na drop leaves such rows out")
    return DataError(f"{at}: the cell is missing", f"--na drop, --na mean, or {_drop_hint(column, roles, spec)}")


def _is_cluster(column: str, roles: Roles) -> bool:
    """True for a column that tells clusters apart and is no feature."""
    return column == roles.cluster and column not in roles.features


def _drop_hint(column: str, roles: Roles, spec: Spec) -> str:
    if spec.formula is not None and column != roles.weight and not _is_cluster(column, roles):
        return f"leave {column!r} out of --formula"
    if column == roles.target:
        return "--target COLUMN"
    if column == roles.weight:
        return f"{flag(spec.weight_option)} COLUMN"
    if column in offset_columns(roles):
        return f"{flag('offset' if column == roles.offset else 'exposure')} COLUMN"
    if _is_cluster(column, roles):
        return "--se cluster:COLUMN, another one"
    return "leave the column out of --features" if spec.features else flag_for("ignore", [column])


def _odd_cells(source: Source, column: str) -> list[str]:
    """Give the cells of a column of numbers that are none, each once, in order; a few more than can be listed."""
    source, dates = source.written, source.dates
    if dates is not None and column in dates.columns:
        return []
    dtype = source.raw_type(column)
    odd = source.cells.number(column, dtype).is_finite().not_()
    found: dict[str, None] = {}
    rows = 0
    try:
        for frame in replace(source, rows=None).raw([column]):
            cells = frame.filter(odd).select(source.cells.text(column, dtype)).to_series()
            found |= dict.fromkeys(cells.unique(maintain_order=True).to_list())
            rows += frame.height
            if len(found) > _MOST_ODD or rows > _MOST_ROWS:
                break
    except (DataError, *FAULTS):
        # What is wrong with the file further down is told when reading comes to it.
        pass
    return list(found)
