"""What `check` tells of groups: how many there are, how many rows they have, and which have too few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gdsolve.data import Table
from gdsolve.data.group_keys import text_of
from gdsolve.spec import Spec
from gdsolve.spec.groups import why_one_by_one

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """The groups of a table: `least`, `median` and `most` are rows of a group that can be used.

    `few` names groups with no more rows than `parameters`, and `unusable` those that cannot be fitted for a cell of
    theirs. `reason` says why the groups are fitted one after the other; None where many are fitted at once.
    """

    keys: tuple[str, ...]
    count: int
    least: int
    median: float
    most: int
    rows_without_group: int
    parameters: int
    few: tuple[str, ...]
    unusable: tuple[str, ...]
    reason: str | None

    @property
    def lines(self) -> tuple[str, ...]:
        """What there is to tell of them, a sentence each."""
        total = f"{self.count:,} group{'' if self.count == 1 else 's'} by {', '.join(self.keys)}"
        rows = f"{self.least:,} to {self.most:,} rows each, the median {self.median:,g}"
        if self.least == self.most:
            rows = f"{self.least:,} row{'' if self.least == 1 else 's'} each"
        how = "many at once, in closed form" if self.reason is None else f"one after the other: {self.reason}"
        lines = [f"{total}: {rows}; fitted {how}."]
        if self.few:
            has = "group has" if len(self.few) == 1 else "groups have"
            weights = f"{self.parameters:,} weight{'' if self.parameters == 1 else 's'}"
            lines.append(f"{len(self.few):,} {has} no more rows than the {weights} ({_named(self.few)}).")
        if self.unusable:
            lines.append(f"{len(self.unusable):,} cannot be fitted, for a cell of their own ({_named(self.unusable)}).")
        if self.rows_without_group:
            has = "row has" if self.rows_without_group == 1 else "rows have"
            lines.append(f"{self.rows_without_group:,} {has} no group.")
        lines.append("All other figures are of all rows together.")
        return tuple(lines)


def count_groups(spec: Spec, table: Table) -> GroupCounts | None:
    """Count the rows of all groups, in a pass over a table; None where there is no group.

    Raises:
        DataError: a table that cannot be read.
    """
    counts = np.zeros(0, dtype=np.int64)
    with table as opened:
        for batch in opened.batches():
            if batch.group is not None:
                found = np.bincount(batch.group, minlength=len(counts))
                found[: len(counts)] += counts
                counts = found
        groups, p = opened.groups, len(opened.roles.design) + (not spec.no_intercept)
    if not groups.values:
        return None
    counts = np.concatenate([counts, np.zeros(len(groups.values) - len(counts), dtype=np.int64)])
    named = [place for place, key in enumerate(groups.values) if key is not None]
    rows = counts[named] if named else np.zeros(1, dtype=np.int64)
    sound = [place for place in named if place not in groups.errors]
    return GroupCounts(
        opened.roles.group,
        len(named),
        int(rows.min()),
        float(np.median(rows)),
        int(rows.max()),
        groups.adrift,
        p,
        tuple(text_of(groups.values[place]) for place in sound if counts[place] <= p),
        tuple(text_of(groups.values[place]) for place in named if place in groups.errors),
        why_one_by_one(spec),
    )


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return f"{'; '.join(names[:MOST_NAMED])}{more}"
