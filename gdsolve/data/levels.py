"""The different texts of columns that are encoded as 0 and 1, which have to be known before a row can be."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from gdsolve.data.columns import Parts, flag_for
from gdsolve.data.literal import cells_in, literals
from gdsolve.data.parsing import read_cells
from gdsolve.data.passes import Pass
from gdsolve.data.source import Source
from gdsolve.data.targets import MOST_CLASSES, class_levels
from gdsolve.spec import Missing, Spec
from gdsolve.spec.losses import Target
from gdsolve.status import DataError

logger = logging.getLogger("gdsolve")

MOST_LEVELS = 1000


def find_levels(
    sources: Sequence[Source], texts: Sequence[str], numbers: Sequence[str], parts: Parts, spec: Spec, fast: bool
) -> dict[str, tuple[str, ...]]:
    """Find the levels of the columns of text over the rows that are kept, sorted (one pass over the sources).

    Raises:
        DataError: a feature of more than a thousand levels, a target of more than the loss takes, or text that is not
            UTF-8.
    """
    logger.info("the table is read twice: the levels of text have to be known first (%s)", ", ".join(texts))
    found: dict[str, set[str]] = {name: set() for name in texts}
    collecting = Pass("finding levels", sources)
    for source in sources:
        dropping = spec.na is Missing.DROP
        for _, _, frame in collecting.through(read_cells(source, numbers if dropping else (), texts, fast)):
            kept = frame.drop_nulls(literals([*numbers, *texts])) if dropping else frame
            for name in texts:
                found[name].update(cells_in(kept, name).drop_nulls().unique())
                two = spec.loss.info.target is Target.TWO_CLASSES
                if name == parts.target and len(found[name]) > (2 if two else MOST_CLASSES):
                    class_levels(source.name, parts, found[name], spec)
                if name != parts.target and len(found[name]) > MOST_LEVELS:
                    raise _too_many(source.name, name)
        for name in texts:
            if any("\ufffd" in level for level in found[name]) and (fault := source.not_utf8(name)):
                raise fault
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


def values_met(sources: Sequence[Source], column: str) -> tuple[str, ...]:
    """Give the values of a column in the order in which they are met (one pass over the sources, of this column)."""
    logger.info("column %s is read once more: which of its values come first has to be known on all ranks", column)
    found: dict[str, None] = {}
    collecting = Pass("finding values", sources)
    for source in sources:
        for _, _, frame in collecting.through(read_cells(source, (), [column], False)):
            found.update(dict.fromkeys(cells_in(frame, column).drop_nulls().unique(maintain_order=True)))
    return tuple(found)


def join_met(shares: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Give the values of all parts of a table, each as `values_met` has found them, in order."""
    return tuple(dict.fromkeys(value for share in shares for value in share))


def _too_many(table: str, name: str) -> DataError:
    return DataError(
        f"{table}: column {name!r} has more than {MOST_LEVELS} different texts",
        f"{flag_for('ignore', [name])}; one-hot encoding is for few levels",
    )
