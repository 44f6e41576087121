"""The rows and columns of a table that can be used, where the table as a whole cannot be fitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from gdsolve.data.batch import Batch, Tally
from gdsolve.data.columns import Roles, build_roles
from gdsolve.data.description import Description
from gdsolve.data.literal import cells_in, chosen, literals
from gdsolve.data.offsets import design_with_offset, not_exposed, offset_columns, split_offset
from gdsolve.data.reading import design_columns
from gdsolve.data.source import Source
from gdsolve.data.table import Table
from gdsolve.data.weighing import unusable, weights_of
from gdsolve.spec import Spec


def read_with(sources: Sequence[Source], spec: Spec) -> tuple[Source, ...]:
    """Give open files with what counts as missing in another spec."""
    return tuple(replace(one, cells=one.cells.with_missing(spec.missing_texts)) for one in sources)


def usable_table(
    described: Description, features: Sequence[str], target: str | None, weight: str | None, spec: Spec
) -> Table:
    """Make a table of these columns, and of the rows that have usable cells in all of them; `weight` weighs rows.

    Columns of text have their levels; without a target, or with one of text, it is 0 in every row.
    """
    names = [column.name for column in described.columns]
    levels: Mapping[str, tuple[str, ...]] = {
        name: described.levels[name] for name in features if described.levels.get(name)
    }
    parts = replace(described.parts, features=tuple(features), weight=weight)
    if target is not None:
        parts = replace(parts, target=target)
    roles = build_roles(names, parts, tuple(features), levels, not spec.no_intercept, described.name)
    single = (target, weight, *offset_columns(parts))
    numbers = [name for name in dict.fromkeys((*features, *single)) if name and name not in levels]

    def read(tally: Tally) -> Iterator[Batch]:
        for frame in described.frames(numbers, list(levels)):
            batch = _batch(frame, roles, numbers, target, spec)
            tally.take(batch)
            if len(batch.values):
                yield batch
        tally.dropped, tally.comments = described.all_rows - tally.rows, described.comments
        tally.read, tally.filtered = described.read, described.filtered

    return Table(described.source, roles, read, has_header=described.has_header, name=described.name)


def _batch(frame: pl.DataFrame, roles: Roles, numbers: Sequence[str], target: str | None, spec: Spec) -> Batch:
    cells = frame.select(literals(numbers)).to_numpy()
    kept = np.isfinite(cells).all(axis=1) if numbers else np.ones(frame.height, dtype=bool)
    for name in roles.levels:
        kept &= cells_in(frame, name).is_not_null().to_numpy()
    if roles.weight is not None:
        kept &= ~unusable(frame[roles.weight].to_numpy(), spec)
    if roles.exposure is not None:
        kept &= ~not_exposed(frame[roles.exposure].to_numpy())
    aim: pl.Expr | str = target if target is not None else pl.lit(0.0).alias("\x00target")
    design = design_with_offset([*design_columns(roles), aim], roles, spec.loss)
    values, offset = split_offset(frame.filter(kept).select(chosen(design)).to_numpy(), roles, spec)
    weights = None if roles.weight is None else weights_of(frame[roles.weight].to_numpy()[kept], spec)
    offset = None if offset is None else np.asarray(offset, dtype=np.float64)
    return Batch(np.asarray(values, dtype=np.float64), weights, offset=offset)
