"""Scans are read as tables are: the columns that a spec chooses, as the triangle that a pass over the rows leaves."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gdsolve.data.columns import Parts, Roles, assign, build_roles, columns_used
from gdsolve.data.files import expand
from gdsolve.data.scan_file import ScanInfo, same_order
from gdsolve.solve.data import DataInfo, tell_table
from gdsolve.solve.scanned import Scan, load_scan, merge_scans, require_unsaid
from gdsolve.spec import DType, Spec
from gdsolve.spec.choices import WeightKind
from gdsolve.status import DataError, GdsolveError

if TYPE_CHECKING:
    from gdsolve.data.dated_columns import DatedColumns
    from gdsolve.objective.triangle import Triangle

logger = logging.getLogger("gdsolve")


@dataclass(frozen=True, slots=True)
class ScanRead:
    """What a scan has for a fit: the spec with what was settled when its table was scanned, and the triangles of the
    columns that it chooses, of all rows and of each fold, where folds are asked for.
    """

    spec: Spec
    data: DataInfo
    triangle: Triangle
    folds: tuple[Triangle, ...]


def load_scans(spec: Spec) -> Scan:
    """The scans that a spec names, merged in their order.

    Raises:
        DataError: a file that is no scan, or scans that do not go together.
    """
    return merge_scans([load_scan(name) for name in expand(spec.data)])


def choose_columns(spec: Spec, found: Scan) -> ScanRead:
    """What a fit by `spec` needs of a scan.

    Raises:
        GdsolveError: flags that do not fit its columns, or its folds.
        DataError: no column is left, or a target of text.
    """
    info, name = found.info, found.info.source[0]
    roles = roles_in(spec, info, name)
    if spec.cv is not None:
        require_folds(spec, info, name)
    from gdsolve.objective.scan import select
    from gdsolve.solve.guards import require_squares

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
        log_weight=info.log_weight,
        is_scan=True,
        rows_read=info.rows_read,
        rows_filtered=info.rows_filtered,
        dates=_dates_in(info, roles),
    )
    tell_table(data)
    require_squares(data, triangle, spec.dtype)
    if spec.dtype is DType.FLOAT32:
        logger.info("%s: the cells were scanned in float64, and not rounded to float32", name)
    folds = tuple(select(one, columns) for one in found.folds) if spec.cv is not None else ()
    return ScanRead(in_force(spec, info), data, triangle, folds)


def _dates_in(info: ScanInfo, roles: Roles) -> DatedColumns | None:
    """The columns of dates among those that are used."""
    if info.dates is None:
        return None
    from gdsolve.data.dated_columns import DatedColumns

    known = DatedColumns.of_record(info.dates)
    return known and known.among(columns_used(roles))


def require_folds(spec: Spec, info: ScanInfo, name: str) -> None:
    """See that a scan has the folds that are asked for.

    Raises:
        GdsolveError: it has none, another number, or those of another seed.
    """
    anew = f"scan the table anew with --cv {spec.cv}"
    if info.folds is None:
        raise GdsolveError(f"{name} is scanned without folds", anew, option="cv")
    there, seed = info.folds["count"], info.folds["seed"]
    if there != spec.cv:
        raise GdsolveError(
            f"{name} is scanned in {there} folds, not in {spec.cv}", f"give --cv {there}, or {anew}", option="cv"
        )
    # Without a random start nobody draws by the usual one.
    if spec.seed != seed and (spec.seed or spec.init == "random"):
        raise GdsolveError(
            f"{spec.seed}, and the folds of {name} are dealt with seed {seed}",
            f"give --seed {seed}, or {anew} --seed {spec.seed}",
            option="seed",
        )


def in_force(spec: Spec, info: ScanInfo) -> Spec:
    """The spec with what was settled when the table was scanned."""
    settled: dict[str, Any] = {}
    if info.formula is not None:
        from gdsolve.data.formula.scanned import has_intercept

        settled["no_intercept"] = not has_intercept(info.formula)
    if info.folds is not None and spec.cv is not None:
        settled |= {"cv_by": info.folds["by"], "seed": info.folds["seed"]}
    return replace(
        spec,
        weight=info.weight,
        weight_kind=WeightKind(info.weight_kind),
        sigma=info.sigma,
        absolute_sigma=info.absolute_sigma,
        na_values=info.na_values,
        where=info.where,
        **settled,
    )


def roles_in(spec: Spec, info: ScanInfo, name: str) -> Roles:
    """The part of every column of a scan, as of the table that it was made of.

    Raises:
        GdsolveError: a flag that names no column.
        DataError: no column is left, or a target of text.
    """
    if info.formula is not None:
        from gdsolve.data.formula.scanned import roles_of_scan

        require_unsaid(spec, info)
        return roles_of_scan(info.formula, info.weight or info.sigma, info.ignored)
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
