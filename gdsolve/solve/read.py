"""Tables are read: one pass leaves the triangle and, where an engine needs them, the rows; torch comes meanwhile.

To import torch takes about as long as to read a table: polars reads in its own threads while it is imported. So nothing
here, nor in what is imported here, imports torch before a table is open.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gdsolve.data import Batch, Table
from gdsolve.imports import collector_at_rest
from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.batch_stream import stream_of, streams_instead
from gdsolve.solve.data import DataInfo, open_problem, sampler_of, tell_table
from gdsolve.solve.device import device_of, dtype_of, place_triangle
from gdsolve.solve.memory import Demand, building_threads, demand_of, on_this_machine
from gdsolve.spec import Engine, Spec
from gdsolve.spec.scans import reads_scans
from gdsolve.status import DataError, GdsolveError

if TYPE_CHECKING:
    import numpy as np
    import torch

    from gdsolve.data import RowCount
    from gdsolve.objective.kept_rows import KeptRows
    from gdsolve.objective.sandwich import Sandwich
    from gdsolve.objective.triangle import Triangle
    from gdsolve.solve.dealt import Dealt, DealtRows
    from gdsolve.solve.robust_pass import RobustPass, RowClusters
    from gdsolve.solve.scanned import Scan

MOST_SAMPLED = 1_000_000
logger = logging.getLogger("gdsolve")

# Numbers that take longer to read than torch to import.
LARGE = 50_000_000


@dataclass(frozen=True, slots=True)
class TableRead:
    """What one pass over a table leaves, of all ranks but for the rows that each has kept.

    `triangles` are on the host: of the cells as descent sees them, and last as they are. `sample` has rows, (r, n + 1),
    for a picture that shows them; `began` is when reading began; `dealt` is what validation needs, where it was asked
    for. Where robust errors are asked for, least squares has its `sandwich` from another pass, and rows in memory have
    their `clusters`.
    """

    spec: Spec
    data: DataInfo
    triangles: tuple[Triangle, ...]
    kept: KeptRows
    sample: np.ndarray | None
    ranks: Ranks
    began: float
    dealt: Dealt | None = None
    sandwich: Sandwich | None = None
    clusters: RowClusters | None = None


def read_table(spec: Spec, table: Table | Scan | None = None, ranks: Ranks = ALONE) -> TableRead:
    """Read `table` (that of the spec, unless given), or a scan; rows are kept where the engine of the spec needs them.

    Of several ranks each reads and keeps its share of the rows; the triangles of all are the same on all of them.

    Raises:
        GdsolveError: flags that do not fit the table or the loss.
        DataError: data that cannot be used.
    """
    if table is not None and not isinstance(table, Table):
        return read_scan(spec, table, ranks)
    if table is None and reads_scans(spec):
        from gdsolve.solve.read_scan import load_scans

        return read_scan(spec, load_scans(spec), ranks)
    _require_engine(spec)
    began = time.perf_counter()
    with ExitStack() as stack:
        opened = stack.enter_context(table or open_problem(spec, ranks))
        count = opened.count()
        demand = _demand(spec, opened, count, ranks)
        batches = opened.ahead()
        sample = sampler_of(spec, later=not ranks.several and (opened.small or _is_short(opened, count)))
        with collector_at_rest():
            import torch

            from gdsolve.objective.kept_rows import KeptRows
            from gdsolve.objective.merge import merge_ranks
            from gdsolve.objective.triangle import build_triangles
            from gdsolve.solve.guards import require_squares, tell_rounding

        dtype = dtype_of(spec)
        kept = KeptRows(dtype, demand.grow) if demand else KeptRows(dtype)
        if demand:
            demand.require_on(device_of(spec), count)
        dealt = _dealt_rows(spec, opened, dtype)
        batches = batches if dealt is None else dealt.through(batches)
        stream: Iterator[Batch] = kept.passing(batches) if demand else batches
        robust = _robust(spec)
        stream = stream if robust is None else robust.passing(stream)
        # Beside what descent in float32 sees, the cells as they are: to tell what was lost.
        dtypes = tuple(dict.fromkeys((dtype, torch.float64)))
        read = stream if sample is None else sample.through(stream)
        device, threads = builders_of(spec, opened, count, len(dtypes), ranks)
        if dealt is None or not spec.loss.info.squared:
            built = build_triangles(read, dtypes, device, threads)
            opened.complete()
            built = merge_ranks(built, len(dtypes), len(opened.roles.design) + 1, ranks)
        else:
            built = dealt.build(read, dtypes, 1 if opened.small else threads, ranks)
            opened.complete()
        if not built:
            raise _without_rows(opened, dealt)
        kept.settle(built[0].constants())
        info = _counted(opened, dealt, robust, ranks)
        tell_table(info)
        require_squares(info, built[0], spec.dtype)
        tell_rounding(info, built, spec)
        logger.info("%s rows read in %.2f s", f"{opened.rows:,}", time.perf_counter() - began)
        sandwich, clusters = (None, None) if robust is None else robust.found(opened, built[0])
        if spec.batch is not None and demand is None:
            kept.stream = stream_of(opened, built[0], stack.pop_all())
    # Rows are gathered before those in memory become an objective of all ranks.
    shown = None if sample is None else sample.rows(ranks)
    apart = None if dealt is None else dealt.result(info.source[0], ranks)
    return TableRead(spec, info, tuple(built), kept, shown, ranks, began, apart, sandwich, clusters)


def _is_short(table: Table, count: RowCount | None) -> bool:
    """True for a table some rows of which can be kept at no cost, for a picture that may be asked for later."""
    return count is not None and count.rows * (len(table.roles.design) + 1) <= MOST_SAMPLED


def _demand(spec: Spec, table: Table, count: RowCount | None, ranks: Ranks) -> Demand | None:
    """What keeps all rows, where they are kept, and seen to have room."""
    demand = demand_of(spec, table)
    if demand is None or (spec.batch is not None and streams_instead(spec, demand, count)):
        return None
    demand.require(count, on_this_machine(count, ranks))
    if count is not None:
        _tell(spec, count.rows, demand.numbers)
    return demand


def _counted(table: Table, dealt: DealtRows | None, robust: RobustPass | None, ranks: Ranks) -> DataInfo:
    """What was read, less the rows that were set aside."""
    info = DataInfo.of(table) if dealt is None else dealt.counted(DataInfo.of(table), ranks)
    return info if robust is None else replace(info, log_weight=robust.log_weight(ranks))


def _without_rows(table: Table, dealt: DealtRows | None) -> DataError:
    """That there are no rows, or none but those that are held out."""
    if dealt is not None:
        dealt.require_left(table.source[0])
    return DataError(f"{table.source[0]}: no rows", "the table has a header but no data")


def read_scan(spec: Spec, found: Scan, ranks: Ranks = ALONE) -> TableRead:
    """What a pass over the table of a scan leaves of the columns that a spec chooses, without rows.

    Raises:
        GdsolveError, DataError: as `choose_columns`.
    """
    from gdsolve.solve.read_scan import choose_columns

    began = time.perf_counter()
    chosen = choose_columns(spec, found)
    from gdsolve.objective.kept_rows import KeptRows

    kept, dealt = KeptRows(dtype_of(spec)), None
    if chosen.folds:
        from gdsolve.objective.folds import Folds
        from gdsolve.solve.dealt import Dealt

        dealt = Dealt(Folds(chosen.folds), None, 0, (), (), ranks)
    return TableRead(chosen.spec, chosen.data, (chosen.triangle,), kept, None, ranks, began, dealt)


def _dealt_rows(spec: Spec, table: Table, dtype: torch.dtype) -> DealtRows | None:
    """What takes rows apart where they are dealt."""
    if not spec.is_dealt:
        return None
    from gdsolve.solve.dealt import DealtRows

    return DealtRows(spec, len(table.roles.design) + 1, dtype)


def _robust(spec: Spec) -> RobustPass | None:
    """What keeps of the rows what a report or robust errors need, where they need more than the triangle."""
    if not spec.errors.robust and not (spec.report and spec.weight_column):
        return None
    from gdsolve.solve.robust_pass import RobustPass

    return RobustPass(spec)


def builders_of(
    spec: Spec, table: Table, count: RowCount | None, kinds: int, ranks: Ranks = ALONE
) -> tuple[torch.device, int]:
    """Where `kinds` triangles of a table of so many rows are built, and on how many threads.

    Raises:
        DataError: there is no room to build them.
    """
    import torch

    from gdsolve.objective.factor_tree import building_bytes

    rows, columns = None if count is None else count.rows, len(table.roles.design) + 2
    place = place_triangle(spec, rows, columns, ranks)
    if place.reason:
        logger.info("the triangle is built %s", place.reason)
    threads = building_threads(
        table.source[0], lambda threads: building_bytes(rows, columns, threads, kinds), torch.get_num_threads()
    )
    return place.device, threads


def _tell(spec: Spec, rows: int, numbers: int) -> None:
    """Say how long the rows of a large table will keep an engine busy; that is measured while nothing else is done."""
    if not logger.isEnabledFor(logging.INFO) or rows * numbers < LARGE or not spec.loss.info.squared:
        return
    from gdsolve.solve.prediction import tell_of_rows

    tell_of_rows(spec, rows, numbers - 1)


def _require_engine(spec: Spec) -> None:
    if not spec.loss.info.squared and spec.engine not in (Engine.AUTO, Engine.ROWS):
        raise GdsolveError(
            f"{spec.engine.value} is for squared losses; {spec.loss.value} needs every row at every step",
            "leave --engine out",
            option="engine",
        )
