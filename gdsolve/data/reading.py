"""One pass over the sources: cells -> batches of float64, every cell accounted for."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from gdsolve.data.batch import Batch, RowStretch, Tally
from gdsolve.data.columns import Roles, flag_for
from gdsolve.data.diagnose import cell_error, has_overflow, overflow_error, target_cell_error
from gdsolve.data.file import watched
from gdsolve.data.folds import Dealing
from gdsolve.data.group_keys import written_keys
from gdsolve.data.groups import CODE, GroupMeans, fill_means, group_means
from gdsolve.data.literal import cells_in, chosen, column, literals
from gdsolve.data.means import Sums, means_of, no_mean_error, weighted_sums
from gdsolve.data.offsets import (
    design_with_offset,
    is_subtracted,
    not_exposed,
    offset_columns,
    offset_of,
    split_offset,
)
from gdsolve.data.parsing import read_cells
from gdsolve.data.passes import Pass
from gdsolve.data.source import OVERFLOW, Part, Source, comments_of
from gdsolve.data.targets import outside, target_column
from gdsolve.data.weighing import unusable, weights_of
from gdsolve.spec import Missing, Spec
from gdsolve.status import DataError

logger = logging.getLogger("gdsolve")

# The number of a row in its part stands in a column of this name, where rows are yet to be dropped.
_RECORD = "\x00record"
# And the number by which a row is dealt to a fold, where it is not dealt by its place in the file.
_DEALT = "\x00dealt"


@dataclass(slots=True)
class Reader:
    """Reads sources in given roles; `fast` where a sample has shown plain numbers only; `name` is the table's.

    `whole` are all rows of the only source, as they are written, where a sample has them already. `met` are the values
    of the column that keeps rows together, in order, where other ranks have met some of them.
    """

    sources: Sequence[Source]
    roles: Roles
    spec: Spec
    fast: bool
    name: str
    whole: pl.DataFrame | None = None
    met: Sequence[str] = ()
    _design: list[str | pl.Expr] = field(default_factory=list, init=False)
    _means: dict[str, float] = field(default_factory=dict, init=False)
    _group_means: GroupMeans | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.roles.formula is None:
            design = [*design_columns(self.roles), target_column(self.roles)]
            self._design = design_with_offset(design, self.roles, self.spec.loss)

    def batches(self, tally: Tally) -> Iterator[Batch]:
        """Give the rows in order, batch by batch.

        Raises:
            DataError: a cell that cannot be used.
        """
        tally.kept_together.numbers.update({value: number for number, value in enumerate(self.met)})
        reading = Pass("reading", self.sources)
        for source in self.sources:
            tally.blank = 0
            with watched(source.file):
                for part, offset, frame in reading.through(self._frames(source)):
                    batch = self._batch(source, part, offset, frame, tally)
                    tally.comments += comments_of(part)
                    if len(batch.values):
                        tally.take(batch)
                        yield batch
            tally.count(source)
        if self.roles.group and tally.groups.values:
            tally.groups.explain(self.spec, self.roles)
            for source in self.sources:
                tally.groups.refuse_wrong_encoding(source, self.roles.group)

    @property
    def _numbers(self) -> list[str]:
        formula = self.roles.formula
        features = [name for name in self.roles.features if name not in self.roles.levels]
        target = [self.roles.target] if self.roles.target_levels is None else []
        if formula is not None:
            features, target = [*formula.numbers], target if formula.formula.is_column else []
        # A curve may use the column of its weights.
        weight = [self.roles.weight] if self.roles.weight else []
        return list(dict.fromkeys([*features, *target, *weight, *offset_columns(self.roles)]))

    @property
    def _texts(self) -> list[str]:
        target = [] if self.roles.target_levels is None else [self.roles.target]
        cluster = self.roles.cluster
        there = cluster is None or cluster in self.roles.texts or cluster in self._numbers
        return [*self.roles.texts, *target, *([] if cluster is None or there else [cluster])]

    @property
    def _group(self) -> list[str]:
        return [*self.roles.group, *([self.roles.together] if self.roles.together else [])]

    def _frames(self, source: Source) -> Iterator[tuple[Part, int, pl.DataFrame]]:
        return read_cells(source, self._numbers, self._texts, self.fast, self._group, self.whole)

    def _batch(self, source: Source, part: Part, offset: int, frame: pl.DataFrame, tally: Tally) -> Batch:
        if not self.spec.is_dealt:
            return self._undealt(source, part, offset, frame, tally)
        together, dealing = self.roles.together, Dealing.of_spec(self.spec)
        if self.roles.group:
            # Each group deals its rows for itself: see `GroupRows`.
            return self._undealt(source, part, offset, self._kept_together(source, frame, tally), tally)
        if together is None:
            batch = self._undealt(source, part, offset, frame, tally)
            stretch, records = tally.stretches[-1], np.arange(frame.height)
            numbers = offset - tally.blank + records - np.searchsorted(stretch.blank, records)
            tally.blank += len(stretch.blank)
            numbers = np.delete(numbers, stretch.gone)
            return replace(batch, fold=dealing.of(numbers, source.number))
        texts = self._kept_together(source, frame, tally)
        batch = self._undealt(source, part, offset, texts, tally)
        return replace(batch, fold=dealing.of(np.delete(texts[_DEALT].to_numpy(), tally.stretches[-1].gone)))

    def _kept_together(self, source: Source, frame: pl.DataFrame, tally: Tally) -> pl.DataFrame:
        """Give rows with the number of the value that keeps them in one fold, where there is such a column."""
        together = self.roles.together
        if together is None:
            return frame
        texts = frame.with_columns(source.cells.text(together, pl.String()))
        # Those of rows that are left out have numbers as well: whoever counts the values need not know which rows are.
        codes, there = np.zeros(frame.height, dtype=np.int64), cells_in(texts, together).is_not_null()
        codes[there.to_numpy()] = tally.kept_together.of(cells_in(texts, together).filter(there), source.cells)
        return texts.with_columns(pl.Series(_DEALT, codes))

    def kept(self, tally: Tally) -> Iterator[pl.DataFrame]:
        """Give the cells of the rows that `batches` will use, in a pass of its own, before a formula is made of them.

        Raises:
            DataError: a cell that cannot be used.
        """
        learning = Pass("learning what the formula needs", self.sources)
        for source in self.sources:
            for part, offset, frame in learning.through(self._frames(source)):
                tally.stretches.append(RowStretch(tally.rows, source, offset))
                clean = self._are_there(frame)
                kept = self._mended(source, part, offset, frame, tally, clean=clean)[0]
                tally.rows += kept.height
                yield kept

    def _undealt(self, source: Source, part: Part, offset: int, frame: pl.DataFrame, tally: Tally) -> Batch:
        tally.stretches.append(RowStretch(tally.rows, source, offset))
        if self.roles.formula is not None:
            return self._made(source, part, offset, frame, tally)
        batch = self._arrays(frame)
        clean = self._is_clean(frame, batch)
        kept, codes = self._mended(source, part, offset, frame, tally, clean=clean)
        batch = batch if kept is frame else self._arrays(kept)
        return self._batch_of(kept, batch.values, codes, source, tally, batch.offset)

    def _made(self, source: Source, part: Part, offset: int, frame: pl.DataFrame, tally: Tally) -> Batch:
        """The rows of a part that are used, as a formula makes them."""
        from gdsolve.data.formula.rows import made_in_groups, made_of

        clean = self._are_there(frame)
        kept, codes = self._mended(source, part, offset, frame.with_row_index(_RECORD), tally, clean=clean)

        def where(row: int, column: str | None) -> str:
            return source.where(offset + int(kept[_RECORD][row]), column)

        loss, moved = self.spec.loss, None
        if codes is None:
            values = made_of(kept, self.roles, loss, where)
        else:
            values, rows = made_in_groups(kept, codes, self.roles, loss, where, tally.groups.errors)
            kept, codes = kept[rows], codes[rows]
        if offset_columns(self.roles):
            moved = np.asarray(offset_of(kept, self.roles))
            if is_subtracted(loss):
                values[:, -1] -= moved
                moved = None
        return self._batch_of(kept, values, codes, source, tally, moved)

    def _mended(
        self, source: Source, part: Part, offset: int, frame: pl.DataFrame, tally: Tally, *, clean: bool
    ) -> tuple[pl.DataFrame, np.ndarray | None]:
        """Give the rows of a part that are used, without missing cells, and the numbers of their groups, if any.

        Raises:
            DataError: a cell that cannot be used.
        """
        if not self.roles.group:
            return frame if clean else self._mend(source, part, offset, frame, tally), None
        codes = tally.groups.codes_of(written_keys(frame, self.roles.group), source.cells) if clean else None
        if codes is not None:
            return self._numbered(frame, codes, tally), codes
        frame = frame.with_columns(source.cells.text(name, pl.String()) for name in self.roles.group)
        frame = self._mend(source, part, offset, frame, tally)
        return frame, frame[CODE].to_numpy()

    def _batch_of(
        self,
        kept: pl.DataFrame,
        values: np.ndarray,
        codes: np.ndarray | None,
        source: Source,
        tally: Tally,
        offset: np.ndarray | None,
    ) -> Batch:
        """Give rows that are used, with their design and target, (rows, n + 1), as a batch."""
        batch = Batch(values, self._weights(kept), codes, offset=offset)
        if codes is not None and _DEALT in kept.columns:
            batch = replace(batch, fold=kept[_DEALT].to_numpy())
        if self.roles.cluster is None:
            return batch
        return replace(batch, cluster=tally.clusters.of(cells_in(kept, self.roles.cluster), batch.weight, source.cells))

    def _arrays(self, frame: pl.DataFrame) -> Batch:
        names = [column for column in self._design if isinstance(column, str)]
        # To pick columns by name costs a thirtieth of selecting them, which counts where there are a thousand.
        design = frame[names] if len(names) == len(self._design) else frame.select(chosen(self._design))
        values, offset = split_offset(design.to_numpy(), self.roles, self.spec)
        return Batch(values, self._weights(frame), offset=offset)

    def _weights(self, frame: pl.DataFrame) -> np.ndarray | None:
        return weights_of(frame[self.roles.weight].to_numpy(), self.spec) if self.roles.weight else None

    def _is_clean(self, frame: pl.DataFrame, batch: Batch) -> bool:
        if not np.isfinite(batch.values).all() or outside(self.spec.loss, batch.values[:, -1]).any():
            return False
        if batch.offset is not None and not np.isfinite(batch.offset).all():
            return False
        return self._are_whole(frame)

    def _are_there(self, frame: pl.DataFrame) -> bool:
        """True where every cell that a formula reads is there and can be used."""
        numbers, target, exposure = self._numbers, self.roles.target, self.roles.exposure
        if not np.isfinite(frame[numbers].to_numpy()).all():
            return False
        if target in numbers and outside(self.spec.loss, frame[target].to_numpy()).any():
            return False
        if exposure is not None and not_exposed(frame[exposure].to_numpy()).any():
            return False
        return self._are_whole(frame)

    def _are_whole(self, frame: pl.DataFrame) -> bool:
        """True where no row is too long, has an odd weight, or lacks a text or its group."""
        if has_overflow(frame):
            return False
        if self.roles.weight is not None:
            cells = frame[self.roles.weight].to_numpy()
            if not np.isfinite(cells).all() or unusable(cells, self.spec).any():
                return False
        return not any(frame[name].null_count() for name in (*self._texts, *self._group))

    def fill_as(self, other: Reader) -> None:
        """Fill missing cells with the means that another reader of the same cells has found."""
        self._means, self._group_means = other._means, other._group_means

    def _mend(self, source: Source, part: Part, offset: int, frame: pl.DataFrame, tally: Tally) -> pl.DataFrame:
        """Drop blank lines, and drop or fill missing cells as `--na` says; anything else is an error."""
        numbers = self._numbers
        used = [*numbers, *self._texts, *self._group]
        missing = frame.select(pl.col(literals(used)).is_null()).to_numpy()
        blank = source.blank_lines(part, np.asarray(missing.all(axis=1)))
        missing = missing & ~blank[:, None]
        fatal = self._unusable(frame, used)
        if self.spec.na is not Missing.DROP:
            filled = set(self.roles.features) - set(self.roles.texts) if self.spec.na is Missing.MEAN else set()
            fatal |= missing & np.array([name not in filled for name in used])
        if self.roles.group:
            return self._mend_groups(source, offset, frame, tally, used, (blank, missing, fatal))
        self._refuse_first(replace(source, near=(offset, part)), offset, frame, used, fatal)
        gone = blank | missing.any(axis=1) if self.spec.na is Missing.DROP else blank
        tally.dropped += int(gone.sum() - blank.sum())
        lost, empty = (tuple(np.flatnonzero(rows).tolist()) for rows in (gone, blank))
        tally.stretches[-1] = replace(tally.stretches[-1], gone=lost, blank=empty)
        kept = frame.filter(~gone)
        if self.spec.na is not Missing.MEAN or not missing.any():
            return kept
        tally.filled += int(missing.sum())
        return kept.with_columns(
            column(name).fill_null(self._mean(name)) for name in numbers if kept[name].null_count()
        )

    def _numbered(self, frame: pl.DataFrame, codes: np.ndarray, tally: Tally) -> pl.DataFrame:
        """Give rows with their numbers in their groups, where they are dealt by them."""
        if not self.spec.is_dealt or self.roles.together is not None:
            return frame
        return frame.with_columns(pl.Series(_DEALT, tally.groups.number(codes)))

    def _mend_groups(
        self,
        source: Source,
        offset: int,
        frame: pl.DataFrame,
        tally: Tally,
        used: list[str],
        faults: tuple[np.ndarray, np.ndarray, np.ndarray],
    ) -> pl.DataFrame:
        """As `_mend`, but a cell that cannot be used fails its group alone, whose other rows are read on."""
        blank, missing, fatal = faults
        # A row with too many fields may be in any group: it is an error of the table.
        self._refuse_first(source, offset, frame, used, np.zeros_like(fatal))
        dropping = self.spec.na is Missing.DROP
        lacking = frame.select(pl.any_horizontal(column(name).is_null() for name in self.roles.group))
        adrift = lacking.to_series().to_numpy() & ~blank
        tally.groups.adrift += int(adrift.sum())
        frame = tally.groups.add_codes(frame, self.roles.group, blank | (adrift & dropping), source.cells)
        codes = frame[CODE].to_numpy()
        frame = self._numbered(frame, codes, tally)
        gone = blank | (missing.any(axis=1) if dropping else fatal.any(axis=1))
        if self.spec.na is Missing.MEAN and missing.any():
            frame, fatal = fill_means(frame, tally.groups, self._numbers, fatal, self._means_by_group())
            gone |= fatal.any(axis=1)
            tally.groups.count(np.repeat(codes[~gone], missing[~gone].sum(axis=1)), filled=True)
            tally.filled += int(missing[~gone].sum())
        tally.groups.fail(source, offset, codes, fatal, used)
        if dropping:
            gone |= fatal.any(axis=1)
            dropped = missing.any(axis=1) & ~blank
            tally.groups.count(codes[dropped])
            tally.dropped += int(dropped.sum())
        return frame.filter(~gone)

    def _means_by_group(self) -> GroupMeans:
        """Give the means of the columns of numbers in every group, found in a pass of its own."""
        if self._group_means is None:
            frames, cells = self._once_more(), self.sources[0].cells
            self._group_means = group_means(frames, self.roles.group, self._numbers, self._weights, cells)
        return self._group_means

    def _unusable(self, frame: pl.DataFrame, used: Sequence[str]) -> np.ndarray:
        """Tell the cells that are there and cannot be used: no numbers, negative weights, targets outside the loss."""
        fatal = np.zeros((frame.height, len(used)), dtype=bool)
        for place, name in enumerate(self._numbers):
            values = frame[name].to_numpy()
            fatal[:, place] = ~np.isfinite(values) & cells_in(frame, name).is_not_null().to_numpy()
            if name == self.roles.weight:
                fatal[:, place] |= unusable(values, self.spec)
            elif name == self.roles.target:
                fatal[:, place] |= outside(self.spec.loss, values)
            if name == self.roles.exposure:
                fatal[:, place] |= not_exposed(values)
        return fatal

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
        if column == self.roles.target and self._is_outside(frame, row):
            raise target_cell_error(source, offset + row, column, self.spec)
        raise cell_error(source, offset + row, column, self.spec, self.roles)

    def _is_outside(self, frame: pl.DataFrame, row: int) -> bool:
        target = frame.select(chosen([target_column(self.roles)])).to_series().to_numpy()
        return bool(outside(self.spec.loss, target)[row])

    def _mean(self, name: str) -> float:
        """Give the mean of a feature over its cells that are there (one pass over the sources, at the first need)."""
        if not self._means:
            self.fill_with([self.sums()])
        mean = self._means[name]
        if not np.isfinite(mean):
            chosen = "formula" if self.spec.formula is not None else "features" if self.spec.features else None
            remedy = f"leave the column out of --{chosen}" if chosen else flag_for("ignore", [name])
            raise no_mean_error(self.name, name, self.roles.weight, remedy)
        return mean

    def sums(self) -> Sums:
        """Give Σωx and Σω of the cells that are there, column by column (one pass over the sources)."""
        sums, weights = np.zeros(len(self._numbers)), np.zeros(len(self._numbers))
        for frame in self._once_more():
            found = weighted_sums(frame.select(literals(self._numbers)).to_numpy(), self._weights(frame))
            sums += found[0]
            weights += found[1]
        return sums, weights

    def _once_more(self) -> Iterator[pl.DataFrame]:
        """Give the cells of the whole table in a pass of its own, for the means that fill gaps."""
        logger.info("the table is read once more, for the means that --na mean fills in")
        averaging = Pass("finding means", self.sources)
        for source in self.sources:
            for _, _, frame in averaging.through(self._frames(source)):
                yield frame

    def fill_with(self, shares: Sequence[Sums]) -> None:
        """Fill missing cells with the means of what `sums` has given of all parts of the table."""
        self._means = dict(zip(self._numbers, means_of(shares).tolist(), strict=True))


def design_columns(roles: Roles) -> list[str | pl.Expr]:
    """Give the columns of the design matrix: a feature itself, or one 0/1 column a level."""
    columns: list[str | pl.Expr] = []
    wanted = set(roles.design)
    for name in roles.features:
        if name not in roles.levels:
            columns.append(name)
            continue
        named = [(level, f"{name}={level}") for level in roles.levels[name]]
        columns += [(column(name) == level).cast(pl.Float64).alias(title) for level, title in named if title in wanted]
    return columns


def refuse_nothing(table: str, roles: Roles, tally: Tally) -> None:
    """Refuse a table of which nothing is left.

    Raises:
        DataError: no row, or no weight above 0.
    """
    if roles.group and not tally.rows and 0 < tally.dropped == tally.groups.adrift:
        several = len(roles.group) > 1
        raise DataError(
            f"{table}: no row has a group: "
            + (
                f"one of the columns {', '.join(roles.group)} is empty in each"
                if several
                else f"column {roles.group[0]!r} is empty"
            ),
            f"--group-by COLUMN, another one, and {flag_for('ignore', roles.group)}",
        )
    if not tally.rows and tally.dropped:
        raise DataError(
            f"{table}: no row is left, {tally.dropped} were dropped for missing cells",
            "leave out the columns that are empty with --ignore, or try --na mean",
        )
    if not tally.rows:
        raise DataError(f"{table}: has no rows", "a table needs at least one row of data")
    if roles.weight and tally.weight == 0.0:
        # Those of standard deviations are never 0.
        raise DataError(f"{table}: all weights are 0 in column {roles.weight!r}", "choose another column with --weight")
