"""The table of a spec, and what was read of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdsolve.data import Roles, Table, inline_table, open_table
from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.sample import Sample, shows_rows
from gdsolve.solve.target_classes import Classes
from gdsolve.spec import Spec
from gdsolve.spec.losses import Mean

if TYPE_CHECKING:
    from gdsolve.data.dated_columns import DatedColumns

logger = logging.getLogger("gdsolve")


@dataclass(frozen=True, slots=True)
class DataInfo:
    """What was read: sources, counts and the part that each column plays; `rows_weightless` have the weight 0, and
    `log_weight` is Σ log ω of the others, where a report needs it.

    `delimiter` and `decimal` are those of CSV files, None of others, of which so many `comments` were left out.
    `is_scan` where it was no table that was read, but a scan, which has no rows. Of `rows_read` rows `rows_filtered`
    ones do not satisfy a condition; both are 0 without one. `dates` are the columns of dates that are numbers.
    `classes` are those of a target of labels.
    """

    source: tuple[str, ...]
    rows: int
    rows_dropped: int
    cells_filled: int
    roles: Roles
    has_header: bool = True
    delimiter: str | None = None
    decimal: str | None = None
    rows_weightless: int = 0
    log_weight: float | None = None
    is_scan: bool = False
    classes: Classes | None = None
    rows_read: int = 0
    rows_filtered: int = 0
    dates: DatedColumns | None = None
    comments: int = 0

    @classmethod
    def of(cls, table: Table) -> DataInfo:
        """What the last pass over a table has read."""
        return cls(
            table.source,
            table.rows,
            table.rows_dropped,
            table.cells_filled,
            table.roles,
            table.has_header,
            table.marks.delimiter,
            table.marks.decimal,
            table.rows_weightless,
            rows_read=table.rows_read,
            rows_filtered=table.rows_filtered,
            dates=table.dates,
            comments=table.comments,
        )


def open_problem(spec: Spec, ranks: Ranks = ALONE) -> Table:
    """The table that a spec names, or the one that it holds; of several ranks each has its share of the rows."""
    if spec.X is not None and spec.y is not None:
        return inline_table(spec.X, spec.y, spec, ranks=ranks)
    return open_table(spec.data, spec, ranks)


def tell_table(info: DataInfo) -> None:
    """Say, to whoever wants to know more, how a table was read."""
    roles = info.roles
    if not info.has_header:
        logger.info("%s: no header: the first line is data; columns are x1, x2, …, y", info.source[0])
    logger.info("target %s (%s); features: %s", roles.target, roles.target_reason, ", ".join(roles.design))


def sampler_of(spec: Spec, *, later: bool) -> Sample | None:
    """What keeps the rows that a picture shows, if one does or may do so `later`."""
    return Sample(rates=spec.mean is Mean.EXP) if later or (spec.plots and shows_rows(spec)) else None
