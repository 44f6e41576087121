"""The groups of a table: numbered as they are met, each with what its rows say of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from gdsolve.data.cells import Cells
from gdsolve.data.columns import Roles
from gdsolve.data.diagnose import cell_errors, cell_text, show
from gdsolve.data.group_keys import Key, keys_of, written_keys
from gdsolve.data.literal import cells_in, literal, literals
from gdsolve.data.means import means_of, weighted_cells
from gdsolve.data.source import Source
from gdsolve.spec import Spec
from gdsolve.spec.choices import NA_VALUES
from gdsolve.spec.missing import usual_replaced
from gdsolve.status import DataError

# The numbers of the groups stand in a column of this name, where rows are yet to be dropped.
CODE = "\x00group"
NO_GROUP = -1


class Codes:
    """A number for every value, in the order in which they are asked for; a value is the trimmed text of a cell.

    polars numbers the texts as they are written, each row in native code; what they mean is asked once a text.
    """

    def __init__(self) -> None:
        self.numbers: dict[Key, int] = {}
        # The number of each text by the place that polars gives it, counted from 1; 0 is that of the empty cell. Texts
        # keep their places as long as there is a column of this type.
        self._known = np.full(1, NO_GROUP, dtype=np.int64)
        self._texts: pl.Series | None = None

    def of(self, written: pl.Series, cells: Cells) -> np.ndarray:
        """Number rows, (rows,), those where the cell is missing as well."""
        found = self._numbered(written, cells, missing=True)
        assert found is not None
        return found

    def of_named(self, written: pl.Series, cells: Cells) -> np.ndarray | None:
        """Number rows, (rows,); None, and nothing is numbered, where the cell of a new text is missing."""
        return self._numbered(written, cells, missing=False)

    def _numbered(self, written: pl.Series, cells: Cells, *, missing: bool) -> np.ndarray | None:
        if self._texts is None:
            self._texts = pl.Series([], dtype=pl.Categorical(pl.Categories.random()))
        coded = written.cast(self._texts.dtype).to_physical().cast(pl.Int64)
        places: np.ndarray = (coded + 1).fill_null(0).to_numpy()
        most = int(places.max(initial=0))
        if most >= len(self._known):
            # Twice as many: texts come a few at a time.
            new = np.full(max(most + 1, 2 * len(self._known)) - len(self._known), NO_GROUP, dtype=np.int64)
            self._known = np.concatenate([self._known, new])
        found: np.ndarray = self._known[places]
        rows = np.flatnonzero(found == NO_GROUP)
        if not len(rows):
            return found
        rows = np.sort(rows[np.unique(places[rows], return_index=True)[1]])
        values = keys_of(written[rows], cells)
        if not missing and None in values:
            return None
        for place, value in zip(places[rows].tolist(), values, strict=True):
            self._known[place] = self.numbers.setdefault(value, len(self.numbers))
        numbered: np.ndarray = self._known[places]
        return numbered


@dataclass(slots=True)
class Groups:
    """The groups that a pass has met: their values, rows dropped and cells filled by number, and which have failed.

    A value is the trimmed text of its cell, of several columns one each, None where one is missing; `adrift` counts the
    rows without a group, which are dropped, or fail together as if they were one. `errors` is complete at the
    end of the pass.
    """

    errors: dict[int, DataError] = field(default_factory=dict)
    dropped: dict[int, int] = field(default_factory=dict)
    filled: dict[int, int] = field(default_factory=dict)
    adrift: int = 0
    _met: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _codes: Codes = field(default_factory=Codes)
    _first_faults: dict[int, tuple[Source, int, str]] = field(default_factory=dict)

    @property
    def values(self) -> list[Key]:
        """The value of every group, in the order of their numbers."""
        return list(self._codes.numbers)

    def codes_of(self, written: pl.Series, cells: Cells) -> np.ndarray | None:
        """Number the groups of rows, (rows,), by their cells; None where a row has no group."""
        return self._codes.of_named(written, cells)

    def add_codes(self, frame: pl.DataFrame, columns: Sequence[str], out: np.ndarray, cells: Cells) -> pl.DataFrame:
        """Give the rows with their numbers in `CODE`; rows that are `out`, (rows,), are in no group."""
        codes = np.full(frame.height, NO_GROUP, dtype=np.int64)
        codes[~out] = self._codes.of(written_keys(frame, columns).filter(pl.Series(~out)), cells)
        return frame.with_columns(pl.Series(CODE, codes))

    def number(self, codes: np.ndarray) -> np.ndarray:
        """Count rows within their groups, (rows,), from 0 for the first that was ever met; one in none has 0."""
        found, there = np.zeros(len(codes), dtype=np.int64), np.flatnonzero(codes != NO_GROUP)
        own = codes[there]
        new = max(int(own.max(initial=-1)) + 1 - len(self._met), 0)
        self._met = np.concatenate([self._met, np.zeros(new, dtype=np.int64)])
        order = np.argsort(own, kind="stable")
        counts = np.bincount(own, minlength=len(self._met))
        within = np.arange(len(own)) - np.repeat(np.cumsum(counts) - counts, counts)
        found[there[order]] = within + self._met[own[order]]
        self._met += counts
        return found

    def count(self, codes: np.ndarray, *, filled: bool = False) -> None:
        """Count rows that were dropped, or those of which a cell was filled."""
        tally = self.filled if filled else self.dropped
        for code, rows in zip(*(found.tolist() for found in np.unique(codes, return_counts=True)), strict=True):
            if code != NO_GROUP:
                tally[code] = tally.get(code, 0) + rows

    def fail(self, source: Source, offset: int, codes: np.ndarray, fatal: np.ndarray, used: Sequence[str]) -> None:
        """Note the first cell of every group that cannot be used; `fatal` is (rows, used)."""
        order = sorted(range(len(used)), key=lambda place: list(source.schema).index(used[place]))
        for row in np.flatnonzero(fatal.any(axis=1)).tolist():
            code = int(codes[row])
            if code not in self._first_faults:
                # In the order of the file, so that the leftmost cell is named.
                column = next(used[place] for place in order if fatal[row, place])
                self._first_faults[code] = (source, offset + row, column)

    def explain(self, spec: Spec, roles: Roles) -> None:
        """Say of every group that has failed which cell it was, in a few passes over each file."""
        by_source: dict[int, list[int]] = {}
        for code, (source, record, column) in self._first_faults.items():
            if column in roles.group:
                self.errors[code] = no_group_error(source, record, column, self.adrift, spec)
                continue
            by_source.setdefault(id(source), []).append(code)
        for codes in by_source.values():
            faults = [self._first_faults[code] for code in codes]
            cells = [(record, column) for _, record, column in faults]
            self.errors.update(zip(codes, cell_errors(faults[0][0], cells, spec, roles), strict=True))

    def refuse_wrong_encoding(self, source: Source, columns: Sequence[str]) -> None:
        """Refuse values in which U+FFFD came up: two groups might be one by it.

        Raises:
            DataError: naming the first cell that is not UTF-8.
        """
        if not any("\ufffd" in cell for key in self._codes.numbers if key is not None for cell in key):
            return
        for column in columns:
            if fault := source.not_utf8(column):
                raise fault


def no_group_error(source: Source, record: int, column: str, rows: int, spec: Spec) -> DataError:
    """Explain that a row, the first of so many `rows`, has no group."""
    cell = (cell_text(source, record, column) or "").strip()
    reason = f"{show(cell)} in column {column!r} counts as missing" if cell else f"column {column!r} is empty"
    more = f" ({rows - 1:,} more row{' has' if rows == 2 else 's have'} none)" if rows > 1 else ""
    usual = cell.lower() in {text.lower() for text in NA_VALUES[1:]}
    kept = f"; where {cell} is the name of a group: {usual_replaced(spec.na_values)}" if usual else ""
    return DataError(f"{source.where(record)} has no group: {reason}{more}", f"--na drop leaves such rows out{kept}")


@dataclass(frozen=True, slots=True)
class GroupMeans:
    """Means of the cells that are there, (groups, numbers), NaN where there is none; `rows` finds a group by value."""

    rows: Mapping[Key, int]
    means: np.ndarray

    def of(self, groups: Groups, codes: np.ndarray, number: int) -> np.ndarray:
        """Give the mean of one column for every row, (rows,), by the number of its group."""
        order = np.array([self.rows[value] for value in groups.values])
        return np.asarray(self.means[order, number][codes])


def group_means(
    frames: Iterable[pl.DataFrame],
    columns: Sequence[str],
    numbers: Sequence[str],
    weights_of: Callable[[pl.DataFrame], np.ndarray | None],
    cells: Cells,
) -> GroupMeans:
    """Find the means of columns of numbers in every group, from all frames of a table; rows have their `weights_of`."""
    codes = Codes()
    sums, weights = np.zeros((0, len(numbers))), np.zeros((0, len(numbers)))
    for frame in frames:
        rows = codes.of(written_keys(frame, columns), cells)
        found = weighted_cells(frame.select(literals(numbers)).to_numpy(), weights_of(frame))
        new = len(codes.numbers) - len(sums)
        sums, weights = (np.concatenate([one, np.zeros((new, len(numbers)))]) for one in (sums, weights))
        np.add.at(sums, rows, found[0])
        np.add.at(weights, rows, found[1])
    return GroupMeans(codes.numbers, means_of([(sums, weights)]))


def fill_means(
    frame: pl.DataFrame, groups: Groups, numbers: Sequence[str], fatal: np.ndarray, means: GroupMeans
) -> tuple[pl.DataFrame, np.ndarray]:
    """Fill missing numbers with the mean of their group; what has none is added to `fatal`, (rows, used)."""
    fatal, codes = fatal.copy(), frame[CODE].to_numpy()
    for place, name in enumerate(numbers):
        missing = cells_in(frame, name).is_null().to_numpy() & ~fatal[:, place] & (codes != NO_GROUP)
        if missing.any():
            values = means.of(groups, codes, place)
            fatal[:, place] |= missing & ~np.isfinite(values)
            frame = frame.with_columns(pl.col(literal(name)).fill_null(pl.Series(values)))
    return frame, fatal
