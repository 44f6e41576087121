"""From a spec to the triangles of its groups: read once, and every group judged by itself."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

import numpy as np

from gdsolve.data import Table, prefetch
from gdsolve.data.group_keys import Key
from gdsolve.imports import collector_at_rest
from gdsolve.objective.group_merge import build_group_triangles
from gdsolve.objective.group_triangles import GroupTriangles
from gdsolve.objective.rank import LEAST_SQUARE
from gdsolve.solve.data import DataInfo, open_problem
from gdsolve.solve.device import device_of
from gdsolve.spec import Device, Spec
from gdsolve.status import DataError

logger = logging.getLogger("gdsolve")


@dataclass(frozen=True, slots=True)
class GroupedTable:
    """The groups of a table, by number: values, counts, why some cannot be used, and the triangles of all of them."""

    data: DataInfo
    values: list[Key]
    dropped: dict[int, int]
    filled: dict[int, int]
    adrift: int
    errors: dict[int, DataError]
    rows: list[int]
    triangles: GroupTriangles
    seconds: float


def load_groups(spec: Spec, table: Table | None) -> GroupedTable:
    """Read `table` (that of the spec, unless given) and build the triangle of every group.

    Raises:
        GdsolveError: flags that do not fit the table.
        DataError: a table that cannot be read, or without rows.
    """
    began = time.perf_counter()
    with table or open_problem(spec) as opened:
        batches = prefetch(opened.batches())
        if spec.report or spec.device is Device.CUDA:
            # torch takes about as long to import as the table to read: polars reads in its own threads meanwhile.
            with collector_at_rest():
                device_of(spec)
        built = build_group_triangles(batches)
        roles, groups = opened.roles, opened.groups
        info = DataInfo.of(opened)
        triangles = (built or GroupTriangles.empty(len(roles.design))).padded(len(groups.values))
        rows = triangles.rows.tolist()
        errors = dict(groups.errors)
        for code, one in enumerate(rows):
            if not one and code not in errors:
                dropped = groups.dropped.get(code, 0)
                errors[code] = weightless(info, 0.0) if roles.weight and not dropped else no_row(info, dropped)
        _judge(info, triangles, errors)
        if not opened.has_header:
            logger.info("%s: no header: the first line is data; columns are x1, x2, …, y", opened.source[0])
        logger.info("target %s (%s); features: %s", roles.target, roles.target_reason, ", ".join(roles.design))
        logger.info("%s rows in %s groups", f"{opened.rows:,}", f"{len(groups.values):,}")
        seconds = time.perf_counter() - began
        counted = (groups.dropped, groups.filled, groups.adrift)
        return GroupedTable(info, groups.values, *counted, errors, rows, triangles, seconds)


def no_row(info: DataInfo, dropped: int) -> DataError:
    """That all rows of a group were dropped."""
    return DataError(
        f"{info.source[0]}: no row of the group is left, {dropped} were dropped for missing cells",
        "leave out with --ignore the columns that are empty there; where none is, --na mean fills the gaps",
    )


def _judge(info: DataInfo, triangles: GroupTriangles, errors: dict[int, DataError]) -> None:
    """Add to `errors` the groups whose least squares cannot be formed: weights or squares beyond float64."""
    names, least = [*info.roles.design, info.roles.target], LEAST_SQUARE
    with np.errstate(all="ignore"):
        weight, lengths = triangles.total_weight, triangles.lengths()
    heavy = ~((weight > least) & (weight < 1.0 / least))
    wrong = ~((lengths == 0.0) | ((lengths > least**0.5) & (lengths < least**-0.5)))
    for code in np.flatnonzero(heavy | wrong.any(axis=1)).tolist():
        if code in errors:
            continue
        if bool(heavy[code]):
            errors[code] = weightless(info, float(weight[code]))
        else:
            column = int(wrong[code].argmax())
            small = float(lengths[code, column]) < 1.0
            errors[code] = DataError(
                f"{info.source[0]}: column {names[column]!r}: its squares {'vanish in' if small else 'are beyond'} "
                "float64",
                f"rescale it: other units, {'larger' if small else 'smaller'} numbers",
            )


def weightless(info: DataInfo, weight: float) -> DataError:
    """That the weights of a group sum to nothing, or to no number of float64."""
    column = info.roles.weight
    if weight == 0.0:
        return DataError(
            f"{info.source[0]}: all weights of the group are 0 in column {column!r}",
            "choose another column with --weight",
        )
    return DataError(
        f"{info.source[0]}: column {column!r}: its weights sum to {weight:.3g}",
        "rescale them: only their ratios matter to the weights of the model",
    )
