"""One pass over the sources: cells -> batches of float64, every cell accounted for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from gdsolve.data.columns import Parts, Roles, flag_for
from gdsolve.data.diagnose import cell_error, has_overflow, overflow_error, refuse_wrong_encoding, target_cell_error
from gdsolve.data.records import blank_records, last_cells, quote_error, unreadable
from gdsolve.data.scan import stream
from gdsolve.data.source import OVERFLOW, Source
from gdsolve.data.targets import outside, target_column, two_levels
from gdsolve.spec import Missing, Spec
from gdsolve.status import DataError

MOST_LEVELS = 1000


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: `values` (rows, n + 1) float64, the design columns and then the target; `weight` (rows,) or None."""

    values: np.ndarray
    weight: np.ndarray | None


@dataclass(slots=True)
class Tally:
    """What a pass has met so far."""

    rows: int = 0
    dropped: int = 0
    filled: int = 0
    weight: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        """What two passes over parts of a table have met."""
        return Tally(
            self.rows + other.rows,
            self.dropped + other.dropped,
            self.filled + other.filled,
            self.weight + other.weight,
        )


@dataclass(slots=True)
class Reader:
    """Reads sources in given roles; `fast` where a sample has shown plain numbers only; `name` is the table's."""

    sources: Sequence[Source]
    roles: Roles
    spec: Spec
    fast: bool
    name: str
    _design: list[str | pl.Expr] = field(init=False)
    _blanks: dict[str, np.ndarray] = field(default_factory=dict, init=False)
    _means: dict[str, float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._design = [*design_columns(self.roles), target_column(self.roles)]

    def batches(self, tally: Tally) -> Iterator[Batch]:
        """Give the rows in order, batch by batch.

        Raises:
            DataError: a cell that cannot be used.
        """
        for source in self.sources:
            for offset, frame in self._frames(source):
                batch = self._batch(source, offset, frame, tally)
                if len(batch.values):
                    tally.rows += len(batch.values)
                    tally.weight += 0.0 if batch.weight is None else float(batch.weight.sum())
                    yield batch

    @property
    def _numbers(self) -> list[str]:
        features = [name for name in self.roles.features if name not in self.roles.levels]
        target = [self.roles.target] if self.roles.target_levels is None else []
        return [*features, *target, *([self.roles.weight] if self.roles.weight else [])]

    @property
    def _texts(self) -> list[str]:
        return [*self.roles.levels, *([] if self.roles.target_levels is None else [self.roles.target])]

    def _frames(self, source: Source) -> Iterator[tuple[int, pl.DataFrame]]:
        return read_cells(source, self._numbers, self._texts, self.fast)

    def _batch(self, source: Source, offset: int, frame: pl.DataFrame, tally: Tally) -> Batch:
        batch = self._arrays(frame)
        if self._is_clean(frame, batch):
            return batch
        return self._arrays(self._mend(source, offset, frame, tally))

    def _arrays(self, frame: pl.DataFrame) -> Batch:
        values = frame.select(self._design).to_numpy()
        return Batch(values, frame[self.roles.weight].to_numpy() if self.roles.weight else None)

    def _is_clean(self, frame: pl.DataFrame, batch: Batch) -> bool:
        if has_overflow(frame) or not np.isfinite(batch.values).all():
            return False
        if outside(self.spec.loss, batch.values[:, -1]).any():
            return False
        if batch.weight is not None and not (np.isfinite(batch.weight).all() and (batch.weight >= 0).all()):
            return False
        return not any(frame[name].null_count() for name in self._texts)

    def _mend(self, source: Source, offset: int, frame: pl.DataFrame, tally: Tally) -> pl.DataFrame:
        """Drop blank lines, and drop or fill missing cells as `--na` says; anything else is an error."""
        numbers = self._numbers
        used = [*numbers, *self._texts]
        missing = frame.select(pl.col(used).is_null()).to_numpy()
        blank = self._blank(source, offset, missing)
        missing = missing & ~blank[:, None]
        fatal = self._unusable(frame, used)
        if self.spec.na is not Missing.DROP:
            filled = set(self.roles.features) - set(self.roles.levels) if self.spec.na is Missing.MEAN else set()
            fatal |= missing & np.array([name not in filled for name in used])
        self._refuse_first(source, offset, frame, used, fatal)
        gone = blank | missing.any(axis=1) if self.spec.na is Missing.DROP else blank
        tally.dropped += int(gone.sum() - blank.sum())
        kept = frame.filter(~gone)
        if self.spec.na is not Missing.MEAN or not missing.any():
            return kept
        tally.filled += int(missing.sum())
        return kept.with_columns(
            pl.col(name).fill_null(self._mean(name)) for name in numbers if kept[name].null_count()
        )

    def _unusable(self, frame: pl.DataFrame, used: Sequence[str]) -> np.ndarray:
        """Tell the cells that are there and cannot be used: no numbers, negative weights, targets outside the loss."""
        fatal = np.zeros((frame.height, len(used)), dtype=bool)
        for place, name in enumerate(self._numbers):
            values = frame[name].to_numpy()
            fatal[:, place] = ~np.isfinite(values) & frame[name].is_not_null().to_numpy()
            if name == self.roles.weight:
                fatal[:, place] |= values < 0
            elif name == self.roles.target:
                fatal[:, place] |= outside(self.spec.loss, values)
        return fatal

    def _blank(self, source: Source, offset: int, missing: np.ndarray) -> np.ndarray:
        """Tell blank lines, which are no rows, from rows whose used cells are all missing."""
        empty = missing.all(axis=1)
        if source.dialect is None or not empty.any():
            return np.zeros(len(missing), dtype=bool)
        path = source.file.path
        if path not in self._blanks:
            self._blanks[path] = blank_records(source.file, source.dialect.skip)
        listed = np.isin(offset + np.arange(len(missing)), self._blanks[path])
        return np.asarray(empty & listed)

    def _refuse_first(
        self, source: Source, offset: int, frame: pl.DataFrame, used: list[str], fatal: np.ndarray
    ) -> None:
        rows = fatal.any(axis=1)
        long = frame[OVERFLOW].is_not_null().to_numpy() if has_overflow(frame) else np.zeros_like(rows)
        if not (rows | long).any():
            return
        row = int((rows | long).argmax())
        if long[row]:
            raise overflow_error(source, offset + row)
        # In the order of the file, so that the leftmost cell is named.
        columns = [name for name, bad in zip(used, fatal[row], strict=True) if bad]
        column = min(columns, key=list(source.schema).index)
        target = frame.select(target_column(self.roles)).to_series().to_numpy()
        if column == self.roles.target and outside(self.spec.loss, target)[row]:
            raise target_cell_error(source, offset + row, column, self.spec)
        raise cell_error(source, offset + row, column, self.spec, self.roles)

    def _mean(self, name: str) -> float:
        """Give the mean of a feature over its cells that are there (one pass over the sources, at the first need)."""
        if not self._means:
            self.fill_with([self.sums()])
        mean = self._means[name]
        if not np.isfinite(mean):
            raise DataError(f"{self.name}: column {name!r} has no mean to fill in", flag_for("ignore", [name]))
        return mean

    def sums(self) -> tuple[np.ndarray, np.ndarray]:
        """Give sum and number of the cells that are there, column by column (one pass over the sources)."""
        sums, counts = np.zeros(len(self._numbers)), np.zeros(len(self._numbers))
        for source in self.sources:
            for _, frame in self._frames(source):
                values = frame.select(self._numbers).to_numpy()
                there = np.isfinite(values)
                sums += np.where(there, values, 0.0).sum(axis=0)
                counts += there.sum(axis=0)
        return sums, counts

    def fill_with(self, shares: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        """Fill missing cells with the means of what `sums` has given of all parts of the table."""
        sums, counts = (np.sum(parts, axis=0) for parts in zip(*shares, strict=True))
        with np.errstate(invalid="ignore"):
            self._means = dict(zip(self._numbers, (sums / counts).tolist(), strict=True))


def design_columns(roles: Roles) -> list[str | pl.Expr]:
    """Give the columns of the design matrix: a feature itself, or one 0/1 column a level."""
    columns: list[str | pl.Expr] = []
    wanted = set(roles.design)
    for name in roles.features:
        if name not in roles.levels:
            columns.append(name)
            continue
        named = [(level, f"{name}={level}") for level in roles.levels[name]]
        columns += [
            (pl.col(name) == level).cast(pl.Float64).alias(column) for level, column in named if column in wanted
        ]
    return columns


def read_cells(
    source: Source, numbers: Sequence[str], texts: Sequence[str], fast: bool
) -> Iterator[tuple[int, pl.DataFrame]]:
    """Give (index of the first record, the columns as numbers and texts), batch by batch, by the way that works.

    Raises:
        DataError: a file that is damaged.
    """
    done = 0
    plain = source.plain_cells_of(numbers, texts) if fast and numbers else None
    frame: pl.DataFrame | None = None
    slow = plain is None
    try:
        for frame in stream(plain) if plain is not None else ():
            if any(frame[name].null_count() for name in numbers):
                # Missing, or no plain number: the careful way goes on from here and tells them apart.
                slow = True
                break
            yield done, frame
            done += frame.height
        for raw in stream(source.raw([*numbers, *texts]).slice(done)) if slow else ():
            frame = source.parse(raw, numbers, texts)
            yield done, frame
            done += raw.height
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(source.file, source.before + done, error, source.skip) from None
    _refuse_lost_rows(source, numbers, frame)


def _refuse_lost_rows(source: Source, numbers: Sequence[str], last: pl.DataFrame | None) -> None:
    """Check that the last row read is the last of the file: asked for nulls instead of errors, or for a slice, polars
    leaves out what follows a quote that is never closed.

    Raises:
        DataError: naming the row of the quote.
    """
    if source.dialect is None or last is None:
        return
    cells = dict(zip(source.schema, last_cells(source.file, source.dialect.delimiter), strict=False))
    same = all(_is_number(cells.get(name, ""), last[name][-1]) for name in numbers)
    if not same and (error := quote_error(source.file, source.skip)):
        raise error


def _is_number(cell: str, value: float) -> bool:
    """Tell whether a cell holds this number."""
    try:
        return float(cell) == value
    except ValueError:
        return False


def find_levels(
    sources: Sequence[Source], texts: Sequence[str], numbers: Sequence[str], parts: Parts, spec: Spec, fast: bool
) -> dict[str, tuple[str, ...]]:
    """Find the levels of the columns of text over the rows that are kept, sorted (one pass over the sources).

    Raises:
        DataError: a feature of more than a thousand levels, a target of more than two, or text that is not UTF-8.
    """
    found: dict[str, set[str]] = {name: set() for name in texts}
    for source in sources:
        dropping = spec.na is Missing.DROP
        for _, frame in read_cells(source, numbers if dropping else (), texts, fast):
            kept = frame.drop_nulls([*numbers, *texts]) if dropping else frame
            for name in texts:
                found[name].update(kept[name].drop_nulls().unique())
                if name == parts.target and len(found[name]) > 2:
                    two_levels(source.name, parts, found[name])
                if len(found[name]) > MOST_LEVELS:
                    raise _too_many(source.name, name)
        for name in texts:
            if any("\ufffd" in level for level in found[name]):
                refuse_wrong_encoding(source, name)
    return {name: tuple(sorted(levels)) for name, levels in found.items()}


def join_levels(shares: Sequence[dict[str, tuple[str, ...]]], table: str, parts: Parts) -> dict[str, tuple[str, ...]]:
    """Give the levels of all parts of a table, each as `find_levels` has found them.

    Raises:
        DataError: a feature of more than a thousand levels.
    """
    joined = {name: tuple(sorted({level for share in shares for level in share[name]})) for name in shares[0]}
    for name, levels in joined.items():
        if name != parts.target and len(levels) > MOST_LEVELS:
            raise _too_many(table, name)
    return joined


def _too_many(table: str, name: str) -> DataError:
    return DataError(
        f"{table}: column {name!r} has more than {MOST_LEVELS} different texts",
        f"{flag_for('ignore', [name])}; one-hot encoding is for few levels",
    )


def refuse_nothing(table: str, roles: Roles, tally: Tally) -> None:
    """Refuse a table of which nothing is left.

    Raises:
        DataError: no row, or no weight above 0.
    """
    if not tally.rows and tally.dropped:
        raise DataError(
            f"{table}: no row is left, {tally.dropped} were dropped for missing cells",
            "leave out the columns that are empty with --ignore, or try --na mean",
        )
    if not tally.rows:
        raise DataError(f"{table}: has no rows", "a table needs at least one row of data")
    if roles.weight and tally.weight == 0.0:
        raise DataError(f"{table}: all weights are 0 in column {roles.weight!r}", "choose another column with --weight")
