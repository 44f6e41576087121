"""`scan`: a table is read once, and its triangle kept, of which any fit of squares is made later."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gdsolve.data import Arrays, inline_table, open_table
from gdsolve.data.all_columns import AllColumns, open_all_columns
from gdsolve.data.files import expand
from gdsolve.data.scan_file import ScanInfo
from gdsolve.imports import collector_at_rest
from gdsolve.ranks import ALONE
from gdsolve.solve.data import DataInfo
from gdsolve.solve.proposals import as_squares
from gdsolve.solve.scanned import Scan, load_scan, merge_scans, narrowed, refuse_beside, require_unsaid
from gdsolve.spec import DType, Spec
from gdsolve.spec.scans import is_scan
from gdsolve.status import DataError

if TYPE_CHECKING:
    from gdsolve.data import Batch
    from gdsolve.data.formula.columns import FormulaColumns
    from gdsolve.objective.triangle import Triangle

logger = logging.getLogger("gdsolve")


def scan(spec: Spec, arrays: Arrays | None = None) -> Scan:
    """Read the tables and the scans that a spec names, or arrays, and merge them in their order.

    Raises:
        GdsolveError: flags that do not fit the tables.
        DataError: data that cannot be used, or scans of other columns or levels.
    """
    began = time.perf_counter()
    if spec.X is not None and spec.y is not None:
        arrays = Arrays(spec.X, spec.y)
    names = expand(spec.data) if arrays is None else []
    scans = [name for name in names if is_scan(name)]
    tables = [name for name in names if not is_scan(name)]
    known = [load_scan(name) for name in scans]
    found = [*known, *([_read(spec, tables, arrays, known)] if tables or arrays is not None else [])]
    merged = merge_scans(found)
    if known and merged.info.formula is not None:
        require_unsaid(spec, merged.info)
    elif known and (spec.features or spec.ignore or spec.target):
        merged = narrowed(merged, spec)
    total = time.perf_counter() - began
    logger.info("%s rows scanned in %.2f s", f"{merged.rows:,}", total)
    return replace(merged, seconds={"total": total})


def _read(spec: Spec, tables: Sequence[str], arrays: Arrays | None, beside: Sequence[Scan]) -> Scan:
    """The scan of tables; `beside` others the columns are theirs."""
    asked = _plain(replace(spec, data=tuple(tables)))
    if beside:
        refuse_beside(spec, beside[0].info, tables)
        *features, target = beside[0].info.names
        asked = replace(asked, features=tuple(features), target=target, ignore=())
    with ExitStack() as stack:
        opened = (_made if spec.formula is not None else open_all_columns)(asked, stack, arrays)
        triangle, folds, data, log_weight = _build(asked, opened)
    named = beside[0].info.target if beside else opened.target
    info = _info(asked, replace(opened, target=named), data)
    return Scan(replace(info, log_weight=log_weight), triangle, folds)


def _made(spec: Spec, stack: ExitStack, arrays: Arrays | None) -> AllColumns:
    """The table of the columns that a formula makes, with its target."""
    opened = open_table(spec.data, spec) if arrays is None else inline_table(arrays.X, arrays.y, spec, arrays.names)
    table = stack.enter_context(opened)
    return AllColumns(table, (*table.roles.design, table.roles.target), table.roles.target)


def _plain(spec: Spec) -> Spec:
    """The spec with what reads a table alone, every cell as it is."""
    return replace(
        as_squares(spec),
        minimize=None,
        output=None,
        plot=False,
        watch=False,
        no_intercept=False,
        penalize_intercept=False,
        ridge=0.0,
        dtype=DType.FLOAT64,
        every="log",
        holdout=None,
        cv_by=spec.cv_by if spec.cv else None,
    )


class _LogWeights:
    """Σ log ω of the rows that pass, those of weight 0 left out."""

    def __init__(self) -> None:
        self.total = 0.0

    def of(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """The batches as they are."""
        import numpy as np

        for batch in batches:
            if batch.weight is not None:
                self.total += float(np.log(batch.weight[batch.weight > 0.0]).sum())
            yield batch


def _build(spec: Spec, opened: AllColumns) -> tuple[Triangle, tuple[Triangle, ...], DataInfo, float]:
    """One pass over the table: its triangle, those of its folds, if rows are dealt into some, and Σ log ω."""
    table = opened.table
    logs = _LogWeights()
    count, batches = table.count(), logs.of(table.ahead())
    with collector_at_rest():
        import torch

        from gdsolve.objective.triangle import build_triangles
        from gdsolve.solve.guards import require_squares
        from gdsolve.solve.read import builders_of
    (device, threads), dtypes = builders_of(spec, table, count, 1), (torch.float64,)
    folds: tuple[Triangle, ...] = ()
    if spec.cv is None:
        built = build_triangles(batches, dtypes, device, threads)
    else:
        from gdsolve.solve.dealt import DealtRows

        dealt = DealtRows(spec, len(table.roles.design) + 1, torch.float64)
        built = dealt.build(dealt.through(batches), dtypes, 1 if table.small else threads, ALONE)
        found = dealt.result(table.source[0], ALONE).folds
        folds = () if found is None else found.triangles
    if not built:
        raise DataError(f"{table.source[0]}: no rows", "the table has a header but no data")
    data = DataInfo.of(table)
    require_squares(data, built[0], spec.dtype)
    return built[0], folds, data, logs.total


def _info(spec: Spec, opened: AllColumns, data: DataInfo) -> ScanInfo:
    roles = data.roles
    return ScanInfo(
        source=data.source,
        rows=data.rows,
        names=opened.names,
        columns=(*roles.design, roles.target),
        rows_dropped=data.rows_dropped,
        cells_filled=data.cells_filled,
        rows_weightless=data.rows_weightless,
        levels=dict(roles.levels),
        target=opened.target,
        weight=spec.weight and roles.weight,
        weight_kind=spec.weight_kind.value,
        sigma=spec.sigma and roles.weight,
        absolute_sigma=spec.absolute_sigma,
        ignored=roles.ignored,
        na_values=spec.na_values,
        has_header=data.has_header,
        where=spec.where,
        rows_read=data.rows_read,
        rows_filtered=data.rows_filtered,
        dates=None if data.dates is None else data.dates.record(),
        formula=None if roles.formula is None else _formula_record(roles.formula),
        folds=None if spec.cv is None else {"count": spec.cv, "seed": spec.seed, "by": spec.cv_by},
    )


def _formula_record(columns: FormulaColumns) -> Mapping[str, Any]:
    from gdsolve.data.formula.saved import formula_record

    return formula_record(columns)
