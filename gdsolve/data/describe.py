"""What stands in every column, in one pass and at flat memory: for `check`, before anything is fitted."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from gdsolve.data.cells import Kind, kinds_of
from gdsolve.data.columns import Parts, assign, without_texts
from gdsolve.data.extent import Pass
from gdsolve.data.inline import inline_columns
from gdsolve.data.levels import MOST_LEVELS
from gdsolve.data.parsing import read_cells
from gdsolve.data.source import Part, Source, as_opened
from gdsolve.data.table import is_plain, sample_of
from gdsolve.data.unclear import unclear_columns
from gdsolve.spec import Spec

_NUMBERS = (Kind.NUMBER, Kind.BOOLEAN)


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """One column: `type` is number, boolean, text, date or nested; `std` is that of the population.

    `levels` counts different texts, up to 1001; `duplicate_of` is an earlier column with the same cells; `unusable`
    counts cells of a column of numbers that are none; `unclear` ones cannot be meant: see `unclear_columns`.
    """

    name: str
    role: str
    type: str
    missing: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    std: float | None
    constant: bool
    duplicate_of: str | None
    levels: int | None
    unusable: int = 0
    unclear: bool = False

    @property
    def empty(self) -> bool:
        """True where every cell is missing."""
        nothing = self.levels == 0 or (self.minimum is None and self.levels is None and not self.unusable)
        return nothing and self.missing > 0


@dataclass(slots=True)
class _Column:
    """Running figures of one column; `std` by the merging formula of Chan, Golub and LeVeque (1979).

    No square of it is ever formed: that would overflow from 1e154 on.
    """

    kind: Kind
    missing: int = 0
    unusable: int = 0
    count: int = 0
    minimum: float = math.inf
    maximum: float = -math.inf
    mean: float = 0.0
    std: float = 0.0
    levels: set[str] = field(default_factory=set)
    digest: hashlib.blake2b = field(default_factory=lambda: hashlib.blake2b(digest_size=16))

    def add(self, cells: pl.Series) -> None:
        self.missing += cells.null_count()
        self.digest.update(cells.hash().to_numpy().tobytes())
        if self.kind in _NUMBERS:
            before = self.count
            self._add_numbers(cells.to_numpy())
            self.unusable += len(cells) - cells.null_count() - (self.count - before)
        elif len(self.levels) <= MOST_LEVELS:
            self.levels.update(cells.drop_nulls().unique().head(MOST_LEVELS + 1))

    def _add_numbers(self, cells: np.ndarray) -> None:
        values = cells[np.isfinite(cells)]
        if not values.size:
            return
        self.minimum = min(self.minimum, float(values.min()))
        self.maximum = max(self.maximum, float(values.max()))
        count = self.count + values.size
        share = values.size / count
        mean, std = _mean_and_std(values)
        step = mean - self.mean
        roots = math.sqrt(1.0 - share), math.sqrt(share)
        self.std = math.hypot(roots[0] * self.std, roots[1] * std, roots[0] * roots[1] * step)
        self.mean += step * share
        self.count = count


def _mean_and_std(values: np.ndarray) -> tuple[float, float]:
    """Mean and spread of finite numbers, without overflow as far as they are numbers themselves."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values.mean())
        if not math.isfinite(mean):
            mean = float((values / values.size).sum())
        deviations = values - mean
    largest = float(np.abs(deviations).max())
    if largest == 0.0 or math.isinf(largest):
        return mean, largest
    return mean, largest * math.sqrt(float(np.square(deviations / largest).mean()))


def describe(sources: Sequence[str] | Sequence[Source], spec: Spec) -> tuple[ColumnSummary, ...]:
    """Summarise every column of the files, in file order; cells that are missing or no numbers are no error here.

    Files that are open already are left so, for another pass.

    Raises:
        GdsolveError: a flag that names no column.
        DataError: a source that cannot be read.
    """
    with ExitStack() as stack:
        opened = as_opened(sources, spec, stack)
        names = list(opened[0].schema)
        first = opened[0]
        parts = assign(names, spec, first.name, first.has_header, first.row_names)
        sampled, sample = sample_of(opened)
        kinds = kinds_of(sample, sampled.schema, sampled.cells, typed=sampled.dialect is None)
        columns = {name: _Column(kinds[name]) for name in names}
        numbers = [name for name in names if kinds[name] in _NUMBERS]
        # Nested cells have no text in Parquet; of them only the type is told.
        texts = [name for name in names if kinds[name] in (Kind.TEXT, Kind.DATE)]
        fast = is_plain(sampled, sample, kinds, numbers)
        describing = Pass("describing", opened)
        for source in opened:
            _add(source, columns, describing.through(read_cells(source, numbers, texts, fast)), [*numbers, *texts])
    unclear = unclear_columns(opened[0].headers, names, parts)
    return _summaries(columns, _roles(names, parts, without_texts(parts, kinds, spec)), unclear)


def describe_inline(X: Any, y: Any, spec: Spec, names: Sequence[str] | None = None) -> tuple[ColumnSummary, ...]:
    """Summarise the columns of a matrix X, (m, n), and a target y, (m,), which `inline_table` makes a table of.

    Raises:
        GdsolveError: a flag that names no column.
        DataError: ragged rows, unequal lengths, or a number that is not finite.
    """
    labels, parts, values, _ = inline_columns(X, y, spec, names)
    columns = {name: _Column(Kind.NUMBER) for name in labels}
    for name, cells in zip(labels, values.T, strict=True):
        columns[name].add(pl.Series(name, cells))
    return _summaries(columns, _roles(labels, parts, parts.features))


def _summaries(
    columns: Mapping[str, _Column], roles: Mapping[str, str], unclear: Container[str] = ()
) -> tuple[ColumnSummary, ...]:
    earlier: dict[tuple[bool, bytes], str] = {}
    summaries = []
    for name, column in columns.items():
        twin = earlier.setdefault((column.kind in _NUMBERS, column.digest.digest()), name)
        # Of nested cells nothing is known that could be the same.
        summary = _summary(name, roles[name], column, None if twin == name or column.kind is Kind.NESTED else twin)
        summaries.append(replace(summary, unclear=name in unclear))
    return tuple(summaries)


def _add(
    source: Source, columns: dict[str, _Column], batches: Iterator[tuple[Part, int, pl.DataFrame]], names: Sequence[str]
) -> None:
    for part, _, batch in batches:
        frame = batch.select(names)
        empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series().to_numpy()
        if empty.any():
            frame = frame.filter(~source.blank_lines(part, empty))
        for name in frame.columns:
            columns[name].add(frame[name])


def _roles(names: Sequence[str], parts: Parts, features: Sequence[str]) -> dict[str, str]:
    roles = dict.fromkeys(names, "ignored") | dict.fromkeys(features, "feature")
    roles[parts.target] = "target"
    if parts.weight:
        roles[parts.weight] = "weight"
    return roles


def _summary(name: str, role: str, column: _Column, twin: str | None) -> ColumnSummary:
    known = column.count > 0
    is_text = column.kind in (Kind.TEXT, Kind.DATE)
    return ColumnSummary(
        name=name,
        role=role,
        type=column.kind.value,
        missing=column.missing,
        minimum=column.minimum if known else None,
        maximum=column.maximum if known else None,
        mean=column.mean if known else None,
        std=column.std if known else None,
        constant=len(column.levels) == 1 if is_text else column.minimum == column.maximum,
        duplicate_of=twin,
        levels=len(column.levels) if is_text else None,
        unusable=column.unusable,
    )
