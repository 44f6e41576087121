"""Rows that are read anew every epoch, in place of being kept: whether they are, and how they come again."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

from gdsolve.solve.memory import Demand
from gdsolve.spec import Spec
from gdsolve.spec.choices import Shuffle
from gdsolve.status import DataError

if TYPE_CHECKING:
    from gdsolve.data import RowCount, Table
    from gdsolve.objective.streamed import Stream
    from gdsolve.objective.triangle import Triangle

logger = logging.getLogger("gdsolve")


def streams_instead(spec: Spec, demand: Demand, count: RowCount | None) -> bool:
    """True where rows that are to be shuffled as a whole have no room in memory, and their order was left open."""
    if spec.shuffle is not Shuffle.AUTO or count is None or spec.is_dealt:
        return False
    try:
        demand.require(count)
    except DataError as fault:
        logger.warning("%s: they are read anew every epoch, and shuffled in blocks", fault.message)
        return True
    return False


def stream_of(table: Table, triangle: Triangle, stack: ExitStack) -> Stream:
    """How the rows of a table come again; it stays open until the stream is closed."""
    from gdsolve.objective.streamed import Stream

    return Stream(table.ahead, stack.close, triangle.constants(), table.source[0])
