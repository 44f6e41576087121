"""Scans are read as tables are: the columns that a spec chooses, as the triangle that a pass over the rows leaves."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from gdsolve.data.columns import Parts, Roles, assign, build_roles
from gdsolve.data.files import expand
from gdsolve.data.scan_file import ScanInfo, same_order
from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.data import DataInfo, tell_table
from gdsolve.solve.device import dtype_of
from gdsolve.solve.scan import Scan, load_scan, merge_scans
from gdsolve.spec import DType, Spec
from gdsolve.spec.choices import WeightKind
from gdsolve.status import DataError, GdsolveError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gdsolve.solve.dealt import Dealt
    from gdsolve.solve.read import TableRead

logger = logging.getLogger("gdsolve")


def read_scans(spec: Spec, ranks: Ranks = ALONE) -> TableRead:
    """Read the scans that a spec names as one table; of several ranks each reads them all.

    Raises:
        GdsolveError: flags that do not fit the columns of the scan.
        DataError: a file that is no scan, or scans that do not go together.
    """
    began = time.perf_counter()
    return read_of(spec, load_scans(spec), began, ranks)


def load_scans(spec: Spec) -> Scan:
    """The scans that a spec names, merged in their order.

    Raises:
        DataError: a file that is no scan, or scans that do not go together.
    """
    return merge_scans([load_scan(name) for name in expand(spec.data)])


def read_of(spec: Spec, found: Scan, began: float, ranks: Ranks = ALONE) -> TableRead:
    """What `read_table` gives, of a scan; its weights and what was told of its cells are in force.

    Raises:
        GdsolveError: flags that do not fit its columns.
        DataError: no column is left, or a target of text.
    """
    from gdsolve.objective.kept_rows import KeptRows
    from gdsolve.objective.scan import select
    from gdsolve.solve.guards import require_squares
    from gdsolve.solve.read import TableRead

    info, name = found.info, found.info.source[0]
    roles = roles_in(spec, info, name)
    columns = same_order(info.columns, [*roles.design, roles.target])
    triangle = select(found.triangle, columns)
    data = DataInfo(
        tuple(spec.data) or info.source,
        info.rows,
        info.rows_dropped,
        info.cells_filled,
        roles,
        info.has_header,
        rows_weightless=info.rows_weightless,
        is_scan=True,
    )
    tell_table(data)
    require_squares(data, triangle, spec.dtype)
    if spec.dtype is DType.FLOAT32:
        logger.info("%s: the cells were scanned in float64, and not rounded to float32", name)
    logger.info("a scan of %s rows read in %.2f s", f"{info.rows:,}", time.perf_counter() - began)
    dealt = _folds(spec, found, columns, name) if spec.cv is not None else None
    return TableRead(in_force(spec, info), data, (triangle,), KeptRows(dtype_of(spec)), None, ranks, began, dealt)


def _folds(spec: Spec, found: Scan, columns: Sequence[int], name: str) -> Dealt:
    """The folds of a scan, of these columns, as a pass over its table leaves them.

    Raises:
        GdsolveError: the scan has none, or another number of them.
    """
    from gdsolve.objective.folds import Folds
    from gdsolve.objective.scan import select
    from gdsolve.solve.dealt import Dealt

    if not found.folds:
        raise GdsolveError(f"{name} is scanned without folds", f"scan the table anew with --cv {spec.cv}", option="cv")
    if len(found.folds) != spec.cv:
        raise GdsolveError(
            f"{name} is scanned in {len(found.folds)} folds, not in {spec.cv}",
            f"give --cv {len(found.folds)}, or scan the table anew with --cv {spec.cv}",
            option="cv",
        )
    return Dealt(Folds(tuple(select(one, columns) for one in found.folds)), None, 0, (), ())


def in_force(spec: Spec, info: ScanInfo) -> Spec:
    """The spec with what was settled when the table was scanned."""
    return replace(
        spec,
        weight=info.weight,
        weight_kind=WeightKind(info.weight_kind),
        sigma=info.sigma,
        absolute_sigma=info.absolute_sigma,
        na_values=info.na_values,
        cv_by=None if info.folds is None or spec.cv is None else info.folds["by"],
    )


def roles_in(spec: Spec, info: ScanInfo, name: str) -> Roles:
    """The part of every column of a scan, as of the table that it was made of.

    Raises:
        GdsolveError: a flag that names no column.
        DataError: no column is left, or a target of text.
    """
    parts = _parts(spec, info, name)
    if parts.target in info.levels:
        numbers = [column for column in info.names if column not in info.levels]
        raise DataError(
            f"{name}: the target {parts.target!r} ({parts.target_reason}) is text",
            f"give --target COLUMN, one of numbers: {', '.join(numbers)}",
        )
    levels = {column: info.levels[column] for column in parts.features if column in info.levels}
    parts = replace(parts, weight=info.weight or info.sigma)
    return build_roles(info.names, parts, parts.features, levels, not spec.no_intercept, name)


def _parts(spec: Spec, info: ScanInfo, name: str) -> Parts:
    """What flags say, and the target that was asked for when the table was scanned, where it is left."""
    plain = replace(spec, weight=None, sigma=None)
    usual = info.target
    if spec.target is None and usual is not None and usual not in _ignored(spec):
        return replace(assign(info.names, replace(plain, target=usual), name), target_reason="as it was scanned")
    return assign(info.names, plain, name, info.has_header)


def _ignored(spec: Spec) -> set[str]:
    return {part.strip() for text in spec.ignore for part in (text, *text.split(","))}
