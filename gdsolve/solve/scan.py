"""`scan`: a table is read once, and its triangle kept, of which any fit of squares is made later."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gdsolve.data import Arrays
from gdsolve.data.all_columns import AllColumns, open_all_columns
from gdsolve.data.files import expand
from gdsolve.data.scan_file import ScanFile, ScanInfo, StoredTriangle, read_scan_file, same_order, write_scan_file
from gdsolve.imports import collector_at_rest
from gdsolve.ranks import ALONE
from gdsolve.solve.data import DataInfo
from gdsolve.solve.proposals import as_squares
from gdsolve.spec import DType, Spec
from gdsolve.spec.scans import is_scan
from gdsolve.status import DataError

if TYPE_CHECKING:
    import torch

    from gdsolve.objective.triangle import Triangle

logger = logging.getLogger("gdsolve")


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """What least squares needs of a table: its triangle, over `info.columns` in their order, and what is known of it.

    `folds` are the triangles of the rows of each fold, if there are any. `file` is where it was written, of `size`
    bytes.
    """

    info: ScanInfo
    triangle: Triangle
    folds: tuple[Triangle, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    file: str | None = None
    size: int | None = None

    @property
    def rows(self) -> int:
        """The number of rows, those of weight 0 among them."""
        return self.info.rows

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that can be the target, or a feature."""
        return self.info.names

    def save(self, path: str) -> Scan:
        """Write it to a file, whole or not at all; returns the same, as it is in that file.

        Raises:
            GdsolveError: the file cannot be written.
        """
        stored = tuple(
            StoredTriangle(one.factor.cpu().numpy(), one.shift.cpu().numpy(), one.rows, one.total_weight)
            for one in (self.triangle, *self.folds)
        )
        size = write_scan_file(path, ScanFile(self.info, stored))
        return replace(self, file=path, size=size)


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
    total = time.perf_counter() - began
    logger.info("%s rows scanned in %.2f s", f"{merged.rows:,}", total)
    return replace(merged, seconds={"total": total})


def load_scan(path: str) -> Scan:
    """The scan that is in a file.

    Raises:
        DataError: there is none, or one that is damaged.
    """
    stored = read_scan_file(path)
    with collector_at_rest():
        import torch

        from gdsolve.objective.triangle import Triangle

    def tensor(array: object) -> torch.Tensor:
        return torch.as_tensor(array, dtype=torch.float64, device="cpu")

    made = [Triangle(tensor(one.factor), tensor(one.shift), one.rows, one.total_weight) for one in stored.triangles]
    return Scan(replace(stored.info, source=(path,)), made[0], tuple(made[1:]))


def merge_scans(scans: Sequence[Scan]) -> Scan:
    """The scan of the rows of all, which have the same columns; shifts, and the order of the columns, may differ.

    Raises:
        DataError: scans of other columns, levels, weights or folds.
    """
    first, *others = scans
    if not others:
        return first
    from gdsolve.objective.merge import merge
    from gdsolve.objective.scan import reordered

    triangle, folds = first.triangle, first.folds
    for other in others:
        require_same(first.info, other.info)
        order = same_order(other.info.columns, first.info.columns)
        triangle = merge(triangle, reordered(other.triangle, order))
        pairs = zip(folds, other.folds, strict=True)
        folds = tuple(merge(mine, reordered(its, order)) for mine, its in pairs)
    return Scan(_together([one.info for one in scans]), triangle, folds)


def require_same(first: ScanInfo, other: ScanInfo) -> None:
    """See that two scans are of the same columns, levels and weights.

    Raises:
        DataError: naming what differs, on both sides.
    """
    here, there = first.source[0], other.source[0]
    together = "scan the tables together: gdsolve scan TABLE TABLE -o FILE.tri"
    if (said := _beyond(first.names, other.names)) is not None:
        raise DataError(
            f"{there} has other columns than {here}: {said}", f"scan each with the same --features; or {together}"
        )
    for name in dict.fromkeys([*first.levels, *other.levels]):
        if (name in first.levels) != (name in other.levels):
            text, number = (here, there) if name in first.levels else (there, here)
            raise DataError(f"column {name!r} is text in {text}, and numbers in {number}", together)
        if (said := _beyond(first.levels[name], other.levels[name])) is not None:
            raise DataError(f"column {name!r} has other levels in {there} than in {here}: {said}", together)
    if _weighing(first) != _weighing(other):
        raise DataError(
            f"{there} is scanned {_weighing(other)}, and {here} {_weighing(first)}", "scan the tables alike, anew"
        )
    if first.folds != other.folds:
        raise DataError(
            f"{there} is scanned {_dealing(other)}, and {here} {_dealing(first)}", "scan the tables alike, anew"
        )
    if first.folds is not None and first.folds["by"] is not None:
        raise DataError(
            f"{here} and {there} keep rows together by column {first.folds['by']!r}, each in folds of its own", together
        )


def _beyond(mine: Sequence[str], its: Sequence[str]) -> str | None:
    """What the second of two lists lacks and has beside the first, in words; None where it has the same."""
    lacking, beyond = ([one for one in a if one not in set(b)] for a, b in ((mine, its), (its, mine)))
    parts = [
        f"{word} {', '.join(map(repr, names))}" for word, names in (("without", lacking), ("with", beyond)) if names
    ]
    return ", ".join(parts) or None


def _weighing(info: ScanInfo) -> str:
    """How rows are weighed, as flags."""
    if info.sigma is not None:
        return f"with --sigma {info.sigma}{' --absolute-sigma' if info.absolute_sigma else ''}"
    if info.weight is None:
        return "without weights"
    return f"with --weight {info.weight} --weight-kind {info.weight_kind}"


def _dealing(info: ScanInfo) -> str:
    """How rows are dealt into folds, as flags."""
    if info.folds is None:
        return "without folds"
    by = "" if info.folds["by"] is None else f" --cv-by {info.folds['by']}"
    return f"with --cv {info.folds['count']}{by} --seed {info.folds['seed']}"


def _together(infos: Sequence[ScanInfo]) -> ScanInfo:
    """What is known of the rows of all."""
    first = infos[0]
    return replace(
        first,
        source=tuple(dict.fromkeys(source for info in infos for source in info.source)),
        rows=sum(info.rows for info in infos),
        rows_dropped=sum(info.rows_dropped for info in infos),
        cells_filled=sum(info.cells_filled for info in infos),
        rows_weightless=sum(info.rows_weightless for info in infos),
        target=first.target if all(info.target == first.target for info in infos) else None,
        ignored=tuple(dict.fromkeys(name for info in infos for name in info.ignored)),
        na_values=tuple(dict.fromkeys(text for info in infos for text in info.na_values)),
        has_header=all(info.has_header for info in infos),
    )


def _read(spec: Spec, tables: Sequence[str], arrays: Arrays | None, beside: Sequence[Scan]) -> Scan:
    """The scan of tables; `beside` others the columns are theirs, unless others are asked for."""
    asked = _plain(replace(spec, data=tuple(tables)))
    if beside and not (spec.features or spec.ignore):
        *features, target = beside[0].info.names
        asked = replace(asked, features=tuple(features), target=target)
    with ExitStack() as stack:
        opened = open_all_columns(asked, stack, arrays)
        triangle, folds, data = _build(asked, opened)
    named = None if beside else opened.target
    return Scan(_info(asked, replace(opened, target=named), data), triangle, folds)


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


def _build(spec: Spec, opened: AllColumns) -> tuple[Triangle, tuple[Triangle, ...], DataInfo]:
    """One pass over the table: its triangle, and those of its folds, if rows are dealt into some."""
    table = opened.table
    count, batches = table.count(), table.ahead()
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
    return built[0], folds, data


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
        folds=None if spec.cv is None else {"count": spec.cv, "seed": spec.seed, "by": spec.cv_by},
    )
