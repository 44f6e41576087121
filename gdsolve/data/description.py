"""What stands in every column, in one pass and at flat memory: for `check`, before anything is fitted."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from gdsolve.data.cells import ColumnKind, kinds_of
from gdsolve.data.columns import Parts, assign, usual_target, without_texts
from gdsolve.data.findings import FaultyRows, Finding, FindingContext, find, reader_finding
from gdsolve.data.first_rows import first_rows, is_plain
from gdsolve.data.gaps import Gaps
from gdsolve.data.inline import Arrays, inline_source
from gdsolve.data.literal import cells_in
from gdsolve.data.offsets import not_exposed, offset_columns
from gdsolve.data.opening import as_opened
from gdsolve.data.parsing import read_cells
from gdsolve.data.passes import Pass
from gdsolve.data.scan import rows_of
from gdsolve.data.source import OVERFLOW, Part, Source, comments_of
from gdsolve.data.summary import NUMBERS, ColumnSummary, Fault, RunningColumn, Spot, named_identifier
from gdsolve.data.targets import outside
from gdsolve.data.unclear import unclear_columns
from gdsolve.data.weighing import unusable
from gdsolve.data.width import require_width
from gdsolve.spec import Categorical, Spec
from gdsolve.spec.losses import Target
from gdsolve.status import DataError

Frames = Callable[[Sequence[str], Sequence[str]], Iterator[pl.DataFrame]]


@dataclass(frozen=True, slots=True)
class Description:
    """A table as it is, whether it can be fitted or not: its columns in file order, and what stands out in them.

    `gaps` tells which rows can be used with which columns. `frames` gives the cells of columns of numbers and of texts
    once more, without the rows that do not have the fields of the others; `levels` are the texts of each column.
    `fault` is why the columns have no roles, where that is so. Of `read` rows a condition has left `filtered` ones out.
    So many `comments` of the text were left out.
    """

    name: str
    source: tuple[str, ...]
    has_header: bool
    columns: tuple[ColumnSummary, ...]
    findings: tuple[Finding, ...]
    gaps: Gaps
    parts: Parts
    frames: Frames
    levels: Mapping[str, tuple[str, ...]]
    fault: DataError | None = None
    long: int = 0
    read: int = 0
    filtered: int = 0
    comments: int = 0

    @property
    def rows(self) -> int:
        """The rows that have the fields of the others, or fewer."""
        return self.gaps.rows

    @property
    def all_rows(self) -> int:
        """The rows of the table, with the `long` ones that have more fields than the others."""
        return self.gaps.rows + self.long


@dataclass(slots=True)
class _Tally:
    """What one pass has met: columns by name, gaps, and rows with too many or too few fields."""

    columns: dict[str, RunningColumn]
    gaps: Gaps
    long: FaultyRows
    short: FaultyRows


def describe(sources: Sequence[str] | Sequence[Source], spec: Spec) -> Description:
    """Look at every column of the files; what cannot be fitted is a finding here and no error.

    Files that are open already are left so, for another pass.

    Raises:
        GdsolveError: a flag that names no column.
        DataError: a source that cannot be read.
    """
    if spec.formula is not None:
        # Text is levels there.
        spec = replace(spec, categorical=Categorical.ONEHOT)
    with ExitStack() as stack:
        opened = as_opened(sources, spec, stack)
        first, names = opened[0], list(opened[0].schema)
        parts, fault = _parts(names, spec, first.name, has_header=first.has_header, row_names=first.row_names)
        # A curve has no triangle of its columns.
        linear = spec.model is None and spec.minimize is None
        require_width(first.name, opened, len(names), len(parts.features) if linear else 0)
        try:
            looked = first_rows(opened)
        except DataError:
            # Where cells are split wrongly, that comes before what it makes of the quotes.
            if fault is None:
                raise
            raise fault from None
        if looked is None:
            return _without_rows(opened, spec, parts, fault or first.without_rows())
        sampled, sample = looked
        kinds = kinds_of(sample, sampled.schema, sampled.cells, typed=sampled.typed)
        tally = _tally(kinds, parts, spec)
        numbers = [name for name in names if kinds[name] in NUMBERS]
        # Nested cells have no text; of them only the type is told.
        texts = [name for name in names if kinds[name] in (ColumnKind.TEXT, ColumnKind.DATE)]
        fast = is_plain(sampled, sample, kinds, numbers)
        describing, comments = Pass("describing", opened), 0
        for place, source in enumerate(opened):
            batches = describing.through(read_cells(source, numbers, texts, fast))
            for part, offset, batch in batches:
                comments += comments_of(part)
                _take_part(tally, source, place, part, offset, batch)
        unclear = unclear_columns(first.headers, names, parts)
        roles = _roles(names, parts, without_texts(parts, kinds, spec), spec, fault)
        columns = _summaries(tally.columns, roles, unclear)
        context = FindingContext(
            spec,
            lambda spots: _positions(opened, spots),
            tuple(source.name for source in opened) if len(opened) > 1 else (),
            len(names),
            first.has_header,
            {name: str(dtype) for name, dtype in first.schema.items()},
            unclear,
            names,
            {name: fault.removeprefix(f"{first.name}: ") for name, fault in first.faults.items()},
        )
        findings = find(columns, tally.columns, context, tally.long, tally.short)
        return Description(
            first.name,
            tuple(spec.data) or tuple(source.name for source in opened),
            first.has_header,
            columns,
            findings if fault is None else (reader_finding(fault), *findings),
            tally.gaps,
            parts,
            lambda wanted, texts: _frames(opened, wanted, texts, fast=fast),
            {name: tuple(sorted(tally.columns[name].levels)) for name in texts},
            fault,
            tally.long.count,
            *_filtered(opened),
            comments,
        )


def _filtered(opened: Sequence[Source]) -> tuple[int, int]:
    """Rows that a condition has looked at, and those of them that it has left out."""
    counts = [source.counts or (0, 0) for source in opened]
    return sum(rows for rows, _ in counts), sum(rows - kept for rows, kept in counts)


def describe_arrays(arrays: Arrays, spec: Spec) -> Description:
    """Look at the columns of a matrix or DataFrame X, (m, n), and a target y, (m,), as `describe` does at files.

    Raises:
        GdsolveError: a flag that names no column, or a matrix that is sparse.
        DataError: ragged rows or unequal lengths.
    """
    source, targeted, reason = inline_source(arrays, spec)
    found = describe((source,), targeted)
    return replace(found, parts=replace(found.parts, target_reason=reason))


def _parts(
    names: Sequence[str], spec: Spec, table: str, *, has_header: bool, row_names: str | None = None
) -> tuple[Parts, DataError | None]:
    """The part of every column; where the flags leave none to explain the target with, the target alone, and why."""
    if spec.formula is not None:
        from gdsolve.data.formula.table import formula_of, parts_of

        formula, _ = formula_of(spec, names, table, row_names)
        return parts_of(formula, spec, names, table), None
    try:
        return assign(names, spec, table, has_header, row_names), None
    except DataError as fault:
        target, reason = usual_target(names, has_header) if spec.target is None else (spec.target, "--target")
        return Parts(target, reason, (), None, frozenset()), fault


def _without_rows(opened: Sequence[Source], spec: Spec, parts: Parts, fault: DataError) -> Description:
    first, names = opened[0], list(opened[0].schema)
    columns = _summaries(
        {name: RunningColumn(ColumnKind.NUMBER) for name in names}, _roles(names, parts, parts.features, spec, None), ()
    )
    return Description(
        first.name,
        tuple(spec.data),
        first.has_header,
        tuple(replace(column, constant=False, duplicate_of=None) for column in columns),
        (reader_finding(fault),),
        Gaps(),
        parts,
        lambda wanted, texts: iter(()),
        {},
        fault,
    )


def _tally(kinds: Mapping[str, ColumnKind], parts: Parts, spec: Spec) -> _Tally:
    columns = {name: RunningColumn(kind, named_identifier(name)) for name, kind in kinds.items()}
    if spec.loss.info.target is not Target.NUMBERS:
        columns[parts.target].refused = Fault.OUTSIDE, lambda values: outside(spec.loss, values)
    if parts.weight is not None:
        fault = Fault.NEGATIVE_WEIGHT if spec.sigma is None else Fault.NO_SIGMA
        columns[parts.weight].refused = fault, lambda values: unusable(values, spec)
    if parts.exposure is not None:
        columns[parts.exposure].refused = Fault.NO_EXPOSURE, not_exposed
    return _Tally(columns, Gaps(), FaultyRows(), FaultyRows())


def _take_part(tally: _Tally, source: Source, place: int, part: Part, offset: int, batch: pl.DataFrame) -> None:
    """Count the rows of a part that have the fields of the others; blank lines are no rows."""
    frame = batch.drop(OVERFLOW, strict=False)
    kept = np.ones(frame.height, dtype=bool)
    if OVERFLOW in batch.columns and batch[OVERFLOW].null_count() < batch.height:
        long = batch[OVERFLOW].is_not_null().to_numpy()
        tally.long.add(int(long.sum()), Spot(place, offset + int(long.argmax())))
        kept &= ~long
    last = list(source.schema)[-1]
    if not source.typed and frame[last].null_count():
        short = source.short_records(part)
        if short.size:
            tally.short.add(short.size, Spot(place, offset + int(short[0])))
    empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series().to_numpy()
    if frame.width and empty.any():
        kept &= ~source.blank_lines(part, np.asarray(empty))
    records = np.flatnonzero(kept)

    def written(name: str) -> Callable[[np.ndarray], list[str]]:
        def texts(places: np.ndarray) -> list[str]:
            cells = rows_of(source.written.scan(part, [name]))[name].cast(pl.String)
            return [(cells[place] or "").strip() for place in records[places].tolist()]

        return texts

    whole = frame if kept.all() else frame.filter(kept)
    _take(tally, whole, lambda index: Spot(place, offset + int(records[index])), written)


def _take(
    tally: _Tally,
    frame: pl.DataFrame,
    spot: Callable[[int], Spot],
    written: Callable[[str], Callable[[np.ndarray], list[str]]],
) -> None:
    lacking: dict[str, np.ndarray] = {}
    if not frame.height:
        return
    for name in frame.columns:
        gone = tally.columns[name].add(cells_in(frame, name), spot, written(name))
        if gone is not None:
            lacking[name] = gone
    tally.gaps.add(frame.height, lacking)


def _frames(
    opened: Sequence[Source], numbers: Sequence[str], texts: Sequence[str], *, fast: bool
) -> Iterator[pl.DataFrame]:
    for source in opened:
        for _, _, batch in read_cells(source, numbers, texts, fast):
            yield batch.filter(pl.col(OVERFLOW).is_null()).drop(OVERFLOW) if OVERFLOW in batch.columns else batch


def _positions(opened: Sequence[Source], spots: Sequence[Spot]) -> dict[Spot, tuple[int, int | None]]:
    """Give row and line of every spot, in one walk over each file that has any."""
    found: dict[Spot, tuple[int, int | None]] = {}
    for place, source in enumerate(opened):
        here = [spot for spot in spots if spot.source == place]
        if here:
            at = source.positions(spot.record for spot in here)
            found |= {spot: at[spot.record] for spot in here}
    return found


def _summaries(
    columns: Mapping[str, RunningColumn], roles: Mapping[str, str], unclear: Container[str]
) -> tuple[ColumnSummary, ...]:
    earlier: dict[tuple[bool, bytes], str] = {}
    summaries = []
    for name, column in columns.items():
        twin = earlier.setdefault((column.kind in NUMBERS, column.digest.digest()), name)
        nested = column.kind is ColumnKind.NESTED
        duplicate = twin if twin != name and not nested and column.count else None
        summaries.append(column.summary(name, roles[name], duplicate, unclear=name in unclear))
    return tuple(summaries)


def _roles(
    names: Sequence[str], parts: Parts, features: Sequence[str], spec: Spec, fault: DataError | None
) -> dict[str, str]:
    others = "ignored" if fault is None else "feature"
    roles = dict.fromkeys(names, others) | dict.fromkeys(features, "feature")
    roles |= dict.fromkeys(parts.group, "group")
    roles[parts.target] = "target"
    if parts.weight:
        roles[parts.weight] = spec.weight_option
    for name in offset_columns(parts):
        roles[name] = "offset" if name == parts.offset else "exposure"
    return roles
