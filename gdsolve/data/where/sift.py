"""Open files -> the same files without the rows that `--where` leaves out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from gdsolve.data.cells import ColumnKind
from gdsolve.data.dates import forms_of
from gdsolve.data.first_rows import first_rows, kinds_in
from gdsolve.data.frames import FrameSource
from gdsolve.data.scan import first_line
from gdsolve.data.source import Source
from gdsolve.data.where.cells import WORDS, SeenColumn, schema_of, seen_as
from gdsolve.data.where.source import SiftedSource
from gdsolve.data.where.sql import Condition, fault, read_condition
from gdsolve.quoting import quoted
from gdsolve.ranks import ALONE, Ranks
from gdsolve.spec import Spec
from gdsolve.status import GdsolveError


def sift(opened: Sequence[Source], spec: Spec, ranks: Ranks = ALONE) -> tuple[Source, ...]:
    """Leave out of open files, those of this rank, the rows that do not satisfy the condition of the spec, if any.

    Raises:
        GdsolveError: a condition that is none, or of columns that are not there.
        DataError: a file that cannot be read.
    """
    if spec.where is None:
        return tuple(opened)
    condition = read_condition(spec.where, list(opened[0].schema), opened[0].name) if opened else None
    looked = first_rows(opened) if opened else None
    # The first rows of the table say what its columns hold, whichever rank has them.
    seen = None if condition is None or looked is None else _seen(*looked, condition, spec)
    told = seen if not ranks.several else next((one for one in ranks.gather(seen) if one is not None), None)
    if condition is None or told is None:
        # Without rows there are none to leave out.
        return tuple(opened)
    expression, told = _expression(condition, told)
    return tuple(
        SiftedSource(
            source.file,
            source.headers,
            source.schema,
            source.cells,
            source.rows,
            None,
            source.faults,
            source.number,
            inside=source,
            condition=condition,
            expression=expression,
            seen=told,
            given=spec.na_values,
        )
        for source in opened
    )


def rows_kept(frame: pl.DataFrame, spec: Spec, name: str) -> np.ndarray:
    """Which rows of a table in memory, (rows,), satisfy the condition of a spec.

    Raises:
        GdsolveError: a condition that is none, or of columns that are not there.
        DataError: no row satisfies it.
    """
    (source,) = sift((FrameSource.of(frame, spec, name),), spec)
    if not isinstance(source, SiftedSource):
        return np.zeros(0, dtype=bool)
    kept = np.concatenate([source.kept_of(part) for part in source.parts(())])
    if not kept.any():
        raise source.without_rows()
    return kept


def _seen(source: Source, sample: pl.DataFrame, condition: Condition, spec: Spec) -> tuple[SeenColumn, ...]:
    kinds: Mapping[str, ColumnKind] = {
        name: kind for name, kind in kinds_in(source, sample).items() if name in condition.columns
    }
    found = []
    for name in condition.columns:
        if kinds[name] is ColumnKind.NESTED:
            held = source.faults.get(name, f"{source.name}: column {name!r} holds lists").partition(": ")[2]
            raise fault(f"{held}, and a condition reads numbers, texts and dates", "leave the column out of it")
        one = seen_as(name, kinds[name], sample[name], source.cells, spec.date_format)
        if one is None:
            raise _unclear_dates(source, sample, name)
        found.append(replace(one, open=_is_open(source, sample[name], one)))
    return tuple(found)


def _is_open(source: Source, sample: pl.Series, seen: SeenColumn) -> bool:
    """True where the first rows have no value that would say whether the column holds numbers or texts."""
    if seen.kind is not ColumnKind.NUMBER or (source.typed and sample.dtype.is_numeric()):
        return False
    column = sample.alias("cell").to_frame()
    return column.select(source.cells.text("cell", sample.dtype)).to_series().null_count() == sample.len()


def _unclear_dates(source: Source, sample: pl.DataFrame, name: str) -> GdsolveError:
    """That a column has dates whose day or month comes first."""
    written = sample.select(source.cells.text(name, sample[name].dtype)).to_series().alias("").drop_nulls()
    cell, form = next((cell, form) for cell in written if (form := forms_of(cell)) is not None)
    return fault(
        f"column {name!r} of {source.name} holds dates that do not begin with the year, such as {cell!r}",
        f"--date-format {quoted(form[0])}{form[1]}",
    )


def _expression(condition: Condition, seen: Sequence[SeenColumn]) -> tuple[pl.Expr, tuple[SeenColumn, ...]]:
    """What polars makes of a condition, true or false of every row, and how it sees the columns.

    A column without values is text where the condition has it so.

    Raises:
        GdsolveError: it is no SQL, or no condition.
    """
    sql = condition.sql([one.name for one in seen if one.kind is ColumnKind.DATE])
    try:
        expression = pl.sql_expr(sql)
    except pl.exceptions.PolarsError as error:
        raise _no_sql(first_line(error)) from None
    if not expression.meta.eq(expression.meta.undo_aliases()):
        raise _no_sql("two values without and, or, or a comparison between them")
    readings = [tuple(seen), *_with_open_as_text(seen)]
    for reading in readings:
        types, _ = _types_of(expression, reading)
        if types == [pl.Boolean()]:
            return expression, reading
    _, reason = _types_of(expression, seen)
    if reason:
        raise fault(f"columns and values do not go together ({reason})", _kinds_told(seen))
    raise fault(
        f"{condition.text!r} is a value, and no condition",
        "compare it with another one, as in 'year > 2000' or 'sex == \"F\"'",
    )


def _with_open_as_text(seen: Sequence[SeenColumn]) -> Iterator[tuple[SeenColumn, ...]]:
    """The columns with some of those without values as text, up to eight of them in every combination."""
    names = [one.name for one in seen if one.open][:8]
    for count in range(1, len(names) + 1):
        for chosen in itertools.combinations(names, count):
            yield tuple(replace(one, kind=ColumnKind.TEXT) if one.name in chosen else one for one in seen)


def _types_of(expression: pl.Expr, seen: Sequence[SeenColumn]) -> tuple[list[pl.DataType], str]:
    """The types of an expression of columns, or why it has none."""
    # A row of nothing shows types that do not go together, which an empty table may not.
    empty = pl.DataFrame({name: [None] for name in schema_of(seen)}, schema=schema_of(seen))
    try:
        return empty.lazy().select(expression).collect().dtypes, ""
    except pl.exceptions.PolarsError as error:
        return [], first_line(error)


def _no_sql(reason: str) -> GdsolveError:
    return fault(f"is no condition of SQL ({reason})", "as in 'year > 2000 and sex == \"F\"', or 'age is not null'")


def _kinds_told(seen: Sequence[SeenColumn]) -> str:
    said = "; ".join(f"{one.name} holds {WORDS[one.kind]}" for one in seen)
    return f"{said}; texts and dates stand in 'quotes', numbers do not"
