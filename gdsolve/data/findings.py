"""What stands out in a table before it is fitted: one line each, with the place, the most serious first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gdsolve.data.cells import ColumnKind
from gdsolve.data.levels import MOST_LEVELS
from gdsolve.data.summary import ColumnSummary, Fault, Faults, RunningColumn, Spot
from gdsolve.data.targets import LIMITED, MOST_CLASSES, two_classes
from gdsolve.spec import Categorical, Missing, Spec
from gdsolve.spec.losses import Target
from gdsolve.status import GdsolveError

WEIGHING = ("weight", "sigma", "offset", "exposure")
"""Roles of a column by which rows are weighed."""
_LONGEST = 30
_SHOWN = 3
_MANY = 10


class FindingKind(StrEnum):
    """What a finding is about, the most serious first where fitting stops at several."""

    READER = "reader"
    SCAN = "scan"
    MORE_FIELDS = "more_fields"
    TARGET_OUTSIDE = "target_outside"
    NEGATIVE_WEIGHT = "negative_weight"
    NO_WEIGHT = "no_weight"
    NO_SIGMA = "no_sigma"
    NO_EXPOSURE = "no_exposure"
    ONE_CLASS = "one_class"
    UNNAMED = "unnamed"
    SAME_NAME = "same_name"
    NESTED = "nested"
    EMPTY = "empty"
    TEXT_CELLS = "text_cells"
    INFINITE = "infinite"
    BEYOND = "beyond_float64"
    SQUARES = "squares"
    ENCODING = "encoding"
    IDENTIFIER = "identifier"
    TEXT = "text"
    DATE = "date"
    MISSING = "missing"
    FEWER_FIELDS = "fewer_fields"
    SEPARATED = "separated"
    SATURATED = "saturated"
    CONSTANT = "constant"
    DUPLICATE = "duplicate"
    DEPENDENT = "dependent"
    COUNTS_ROWS = "counts_rows"


_ORDER = {kind: place for place, kind in enumerate(FindingKind)}
_KINDS = {
    Fault.TEXT: FindingKind.TEXT_CELLS,
    Fault.INFINITE: FindingKind.INFINITE,
    Fault.BEYOND: FindingKind.BEYOND,
    Fault.ENCODING: FindingKind.ENCODING,
    Fault.NEGATIVE_WEIGHT: FindingKind.NEGATIVE_WEIGHT,
    Fault.NO_SIGMA: FindingKind.NO_SIGMA,
    Fault.NO_EXPOSURE: FindingKind.NO_EXPOSURE,
    Fault.OUTSIDE: FindingKind.TARGET_OUTSIDE,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that stands out: `message` says it in a line; `blocks` where a fit stops at it.

    `column` is None where rows or the whole table are meant. `cells` are so many, cells of the column or rows of the
    table; `text` is the first of them as it is written, at `row` and `line` of `source`, both from 1: no line where it
    is uncertain, or where the file has none.
    """

    kind: FindingKind
    message: str
    column: str | None = None
    cells: int | None = None
    text: str | None = None
    source: str | None = None
    row: int | None = None
    line: int | None = None
    blocks: bool = False


@dataclass(slots=True)
class FaultyRows:
    """Rows with one fault: how many, and the first one."""

    count: int = 0
    first: Spot | None = None

    def add(self, count: int, spot: Spot) -> None:
        """Count rows, the first of which is at `spot`."""
        self.count += count
        self.first = self.first or spot


@dataclass(frozen=True, slots=True)
class FindingContext:
    """What findings are told of besides the cells: the spec, where spots stand, and the files if they are several.

    `width` is the number of columns, `types` are those of a file that has types; `twins` are the columns that cannot be
    meant, with all of the same name. `unreadable` says of columns that cannot be read what they hold.
    """

    spec: Spec
    positions: Callable[[Sequence[Spot]], Mapping[Spot, tuple[int, int | None]]]
    sources: Sequence[str] = ()
    width: int = 0
    has_header: bool = True
    types: Mapping[str, str] = field(default_factory=dict)
    twins: Mapping[str, Sequence[str]] = field(default_factory=dict)
    names: Sequence[str] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A finding whose place is not known yet: `place` stands in the message where it comes."""

    kind: FindingKind
    message: str
    spot: Spot | None = None
    column: str | None = None
    cells: int | None = None
    text: str | None = None
    blocks: bool = False


def reader_finding(fault: GdsolveError) -> Finding:
    """What the reader says of a table as a whole."""
    return Finding(FindingKind.READER, fault.message, blocks=True)


def ranked(findings: Sequence[Finding], names: Sequence[str]) -> tuple[Finding, ...]:
    """Put findings in order: what stops a fit first, then by kind and column."""
    place = {name: index for index, name in enumerate(names)}
    return tuple(sorted(findings, key=lambda one: (not one.blocks, _ORDER[one.kind], place.get(one.column or "", -1))))


def find(
    columns: Sequence[ColumnSummary],
    running: Mapping[str, RunningColumn],
    context: FindingContext,
    long: FaultyRows,
    short: FaultyRows,
) -> tuple[Finding, ...]:
    """Tell what stands out in the columns that are used, and in rows that are `long` or `short`."""
    drafts = list(_of_rows(context, long, short))
    for column in columns:
        if column.role not in ("ignored", "group") or column.unclear:
            drafts += _of_column(column, running[column.name], context)
    spots = [draft.spot for draft in drafts if draft.spot is not None]
    at = context.positions(spots) if spots else {}
    found = [_placed(draft, at, context) for draft in drafts]
    return ranked(found, [column.name for column in columns])


def _placed(draft: _Draft, at: Mapping[Spot, tuple[int, int | None]], context: FindingContext) -> Finding:
    source = row = line = None
    where = ""
    if draft.spot is not None:
        row, line = at[draft.spot]
        source = context.sources[draft.spot.source] if context.sources else None
        where = f"{source} " if source else ""
        where += f"line {line}" if line else f"row {row}"
    message = draft.message.replace("\x00place", where)
    return Finding(draft.kind, message, draft.column, draft.cells, draft.text, source, row, line, draft.blocks)


def _of_rows(context: FindingContext, long: FaultyRows, short: FaultyRows) -> Iterator[_Draft]:
    whose = "header" if context.has_header else "first row"
    if long.count:
        yield _Draft(
            FindingKind.MORE_FIELDS,
            f"{_counted(long.count, 'row')} with more fields than the {whose} has ({context.width}), {_at(long.count)}",
            long.first,
            cells=long.count,
            blocks=True,
        )
    if short.count:
        yield _Draft(
            FindingKind.FEWER_FIELDS,
            f"{_counted(short.count, 'row')} with fewer fields than the {whose} has ({context.width}), "
            f"{_at(short.count)}: what is not there counts as missing",
            short.first,
            cells=short.count,
        )


def _of_column(column: ColumnSummary, running: RunningColumn, context: FindingContext) -> Iterator[_Draft]:
    """What stands out in a column; of one that is all missing nothing else is told."""
    name = _named(column)
    if column.unclear:
        yield _unclear(column, context)
        if column.role == "ignored":
            # Text that is left out anyway; its name stops a fit all the same.
            return
    if column.type == ColumnKind.NESTED:
        held = context.types.get(column.name, "lists")
        said = context.unreadable.get(column.name, f"{name}: holds {held}, not numbers")
        yield _Draft(FindingKind.NESTED, said, column=column.name, cells=None, blocks=True)
        return
    if column.empty:
        said = f"{name}: empty, all {_counted(column.missing, 'cell')} are missing"
        yield _Draft(FindingKind.EMPTY, said, column=column.name, cells=column.missing, blocks=True)
        return
    if not column.missing and not column.cells and not column.unusable:
        # Every row has too many fields, or there is none.
        return
    for fault, faults in running.faults.items():
        if not column.is_text or fault is Fault.ENCODING:
            yield _faulty(column, fault, faults, context.spec)
    if column.is_text:
        yield from _texts(column, running, context)
    else:
        yield from _figures(column, context)
    if column.missing:
        rows = column.missing + column.cells + column.unusable
        yield _Draft(
            FindingKind.MISSING,
            f"{name}: {column.missing:,} of {_counted(rows, 'cell')} missing, {_at(column.missing)}",
            running.first_missing,
            column.name,
            column.missing,
            blocks=_stops_at_gaps(column, context.spec),
        )
    if column.constant and not column.is_text and column.cells > 1:
        yield _Draft(
            FindingKind.CONSTANT,
            f"{name}: constant, {column.minimum:g} in every row",
            column=column.name,
            cells=column.cells,
        )
    if column.duplicate_of is not None and column.cells > 1:
        yield _Draft(
            FindingKind.DUPLICATE,
            f"{name}: the same cells as {_quoted(column.duplicate_of)}",
            column=column.name,
            text=column.duplicate_of,
        )


def _unclear(column: ColumnSummary, context: FindingContext) -> _Draft:
    position = list(context.names).index(column.name) + 1
    shared = context.twins.get(column.name, ())
    if len(shared) > 1:
        said = f"{column.name}: column {position} has the name of another, {_quoted(shared[0])}"
        return _Draft(FindingKind.SAME_NAME, said, column=column.name, text=shared[0], blocks=True)
    said = f"{column.name}: column {position} has no name" + (", and counts the rows" if column.counting else "")
    return _Draft(FindingKind.UNNAMED, said, column=column.name, blocks=True)


def _faulty(column: ColumnSummary, fault: Fault, faults: Faults, spec: Spec) -> _Draft:
    count, several = faults.count, len(faults.texts) > 1
    texts = [_shown(text) for text in list(faults.texts)[:_SHOWN]] + (["…"] if len(faults.texts) > _SHOWN else [])
    where = "the first on \x00place" if count > 1 else "\x00place"
    told = f"{', '.join(texts)}{';' if several else ','} {where}"
    cells = _counted(count, "cell")
    words = {
        Fault.TEXT: f"{cells} of text: {told}",
        Fault.INFINITE: f"{cells} not finite: {told}",
        Fault.BEYOND: f"{cells} beyond the range of float64: {told}",
        Fault.ENCODING: f"{cells} not UTF-8: {told}",
        Fault.NEGATIVE_WEIGHT: f"{_counted(count, 'negative weight')}: {told}",
        Fault.NO_EXPOSURE: f"{_counted(count, 'exposure')} not above 0: {told}",
        Fault.NO_SIGMA: f"{_counted(count, 'standard deviation')} not above 0, or not within 1e-140 and 1e140: {told}",
        Fault.OUTSIDE: f"{cells} that --loss {spec.loss.value} does not take ({_taken(spec)}): {told}",
    }
    blocks = not column.is_text or spec.categorical is Categorical.ONEHOT
    first = next(iter(faults.texts), None)
    message = f"{_named(column)}: {words[fault]}"
    return _Draft(_KINDS[fault], message, faults.first, column.name, count, first, blocks)


def _taken(spec: Spec) -> str:
    limited = LIMITED.get(spec.loss.info.target)
    return "" if limited is None else limited.in_short


def _texts(column: ColumnSummary, running: RunningColumn, context: FindingContext) -> Iterator[_Draft]:
    levels, spec, is_target = column.levels or 0, context.spec, column.role == "target"
    texts = [_shown(text) for text in column.texts[:_SHOWN]]
    kind, more = FindingKind.TEXT, f"{_counted(levels, 'level')}: {', '.join(texts)}{', …' if levels > _SHOWN else ''}"
    # One 0/1 column for each of so many levels is refused, whatever was asked for.
    blocks = is_target or spec.categorical is Categorical.ERROR or levels > MOST_LEVELS or column.role in WEIGHING
    if column.type == ColumnKind.DATE:
        held = "durations" if context.types.get(column.name, "").startswith("Duration") else "dates"
        kind, said = FindingKind.DATE, f"{held}, not numbers: {texts[0]}, \x00place"
    elif is_target and spec.loss.info.target is Target.TWO_CLASSES:
        if levels == 2:
            return
        kind, said = FindingKind.ONE_CLASS if levels < 2 else kind, f"text, {more}; {two_classes(spec.loss)}"
    elif is_target and spec.loss.info.target is Target.CLASSES:
        if 2 <= levels <= MOST_CLASSES:
            return
        kind, said = FindingKind.ONE_CLASS if levels < 2 else kind, f"text, {more}; {two_classes(spec.loss)}"
    elif column.spelled:
        said = f"numbers written as text: {', '.join(texts)}{', …' if levels > _SHOWN else ''}; the first on \x00place"
    elif column.identifies and not is_target:
        kind = FindingKind.IDENTIFIER
        count = f"more than {MOST_LEVELS:,} different" if levels > MOST_LEVELS else f"all {levels} different"
        said = f"text, {count}: an identifier? ({texts[0]}, \x00place)"
    else:
        said = f"text, {more}; the first on \x00place"
    message = f"{_named(column)}: {said}"
    yield _Draft(kind, message, running.first, column.name, column.cells, column.texts[0], blocks)


def _figures(column: ColumnSummary, context: FindingContext) -> Iterator[_Draft]:
    name, low, high = _named(column), column.minimum, column.maximum
    if column.squares_fail(context.spec.dtype):
        said = f"{name}: from {low:g} to {high:g}, squares beyond {context.spec.dtype.value}: rescale it"
        yield _Draft(FindingKind.SQUARES, said, column=column.name, cells=column.cells, blocks=True)
    if column.role == "weight" and low == high == 0.0:
        yield _Draft(FindingKind.NO_WEIGHT, f"{name}: all weights are 0", column=column.name, blocks=True)
    classes = column.role == "target" and context.spec.loss.info.target is Target.TWO_CLASSES
    if classes and low == high and low in (0.0, 1.0):
        said = f"{name}: {low:g} in every row, one class, and {two_classes(context.spec.loss)}"
        yield _Draft(FindingKind.ONE_CLASS, said, column=column.name, cells=column.cells, blocks=True)
    if column.role in WEIGHING or column.unclear or low is None or high is None:
        return
    if column.identifies:
        how = f"counts the rows, {low:g} to {high:g}" if column.counting else f"all {column.cells:,} different"
        yield _Draft(FindingKind.IDENTIFIER, f"{name}: {how}: an identifier?", column=column.name, cells=column.cells)
    elif column.role == "feature" and column.counting and low in (0.0, 1.0) and column.cells >= _MANY:
        said = f"{name}: counts the rows, {low:g} to {high:g}: an index, or time?"
        yield _Draft(FindingKind.COUNTS_ROWS, said, column=column.name, cells=column.cells)


def _stops_at_gaps(column: ColumnSummary, spec: Spec) -> bool:
    """Tell whether a fit stops at a missing cell of this column."""
    if spec.na is Missing.MEAN:
        return column.role in ("target", *WEIGHING) or (column.is_text and spec.categorical is Categorical.ONEHOT)
    return spec.na is Missing.ERROR


def _named(column: ColumnSummary) -> str:
    part = f", the {column.role}" if column.role in ("target", *WEIGHING) else ""
    return f"{_quoted(column.name)}{part}"


def _quoted(name: str) -> str:
    """A column's name as it is, or in quotes where it would read as something else."""
    return name if name.strip() == name and name and ":" not in name else repr(name)


def _shown(text: str) -> str:
    """A cell as it is written, cut to 30 characters, on one line."""
    short = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return short if short.isprintable() and short.strip() == short and short else repr(short)


def _at(count: int) -> str:
    return "the first on \x00place" if count > 1 else "\x00place"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
