"""Scans at hand: what is in their files, and several as one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gdsolve.data.columns import assign
from gdsolve.data.scan_file import ScanFile, ScanInfo, StoredTriangle, read_scan_file, same_order, write_scan_file
from gdsolve.imports import collector_at_rest
from gdsolve.presented import Presented
from gdsolve.spec import Spec, flag
from gdsolve.spec.scans import require_name
from gdsolve.status import DataError, GdsolveError

if TYPE_CHECKING:
    import torch

    from gdsolve.objective.triangle import Triangle


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Scan(Presented):
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

    def save(self, path: str | os.PathLike[str]) -> Scan:
        """Write it to a file, whole or not at all; returns the same, as it is in that file.

        Raises:
            GdsolveError: a name that does not end in .tri, or a file that cannot be written.
        """
        name = require_name(os.fspath(path))
        stored = tuple(
            StoredTriangle(one.factor.cpu().numpy(), one.shift.cpu().numpy(), one.rows, one.total_weight)
            for one in (self.triangle, *self.folds)
        )
        size = write_scan_file(name, ScanFile(self.info, stored))
        return replace(self, file=name, size=size)


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
    if first.formula != other.formula:
        raise DataError(f"{there} is scanned {_made_by(other)}, and {here} {_made_by(first)}", together)
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
    if _dated(first) != _dated(other):
        raise DataError(
            f"{there} is scanned {_dated(other)}, and {here} {_dated(first)}", "scan the tables alike, anew"
        )
    if first.folds != other.folds:
        raise DataError(
            f"{there} is scanned {_dealing(other)}, and {here} {_dealing(first)}", "scan the tables alike, anew"
        )
    if first.folds is not None and first.folds["by"] is not None:
        raise DataError(
            f"{here} and {there} keep rows together by column {first.folds['by']!r}, each in folds of its own", together
        )


def require_unsaid(spec: Spec, info: ScanInfo) -> None:
    """See that no flag says of a scan what the formula says that made its columns.

    Raises:
        GdsolveError: one does.
    """
    for name in ("target", "features", "ignore", "no_intercept"):
        if getattr(spec, name) != Spec.__dataclass_fields__[name].default:
            assert info.formula is not None
            raise GdsolveError(
                f"{info.source[0]} has the columns of the formula {info.formula['text']!r}",
                f"leave {flag(name)} out, or scan the table anew",
                option=name,
            )


def refuse_beside(spec: Spec, info: ScanInfo, tables: Sequence[str]) -> None:
    """See that no formula is asked of a table beside a scan, which has learnt of rows that are not there any more.

    Raises:
        DataError: the scan was made by a formula, or one is given.
    """
    if info.formula is not None or spec.formula is not None:
        raise DataError(
            f"{info.source[0]} is a scan, and what a formula needs of all rows is learnt of tables alone",
            f"scan the tables together, those of the scan and {tables[0] if tables else 'X'}",
        )


def _made_by(info: ScanInfo) -> str:
    if info.formula is None:
        return "without a formula"
    return f"by the formula {info.formula['text']!r} with what its own rows have told of levels, means and knots"


def _missing(infos: Sequence[ScanInfo]) -> tuple[str, ...]:
    """The texts that count as missing in any of them; where one has a list of its own, those of the first."""
    texts = tuple(dict.fromkeys(text for info in infos for text in info.na_values))
    return infos[0].na_values if any(text.startswith("=") for text in texts) else texts


def narrowed(scan: Scan, spec: Spec) -> Scan:
    """The scan of those columns that a fit by `spec` would use, of text with every level.

    Raises:
        GdsolveError: a flag that names no column.
        DataError: no two columns are left.
    """
    from gdsolve.objective.scan import select

    info, name = scan.info, scan.info.source[0]
    target = spec.target or (info.target if info.target in info.names else None)
    parts = assign(info.names, replace(spec, weight=None, sigma=None, cv_by=None, target=target), name, info.has_header)
    chosen = (*parts.features, parts.target)
    kept = chosen if spec.features else tuple(one for one in info.names if one in chosen)
    columns = [column for one in kept for column in columns_of(info, one)]
    places = same_order(info.columns, columns)
    told = replace(
        info,
        names=kept,
        columns=tuple(columns),
        levels={one: levels for one, levels in info.levels.items() if one in kept},
        target=target,
        ignored=(*info.ignored, *(one for one in info.names if one not in kept)),
    )
    return replace(
        scan, info=told, triangle=select(scan.triangle, places), folds=tuple(select(one, places) for one in scan.folds)
    )


def columns_of(info: ScanInfo, name: str) -> tuple[str, ...]:
    """The columns of the triangle that a column of the table has."""
    return tuple(f"{name}={level}" for level in info.levels[name]) if name in info.levels else (name,)


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


def _dated(info: ScanInfo) -> str:
    """How dates were made numbers, as flags."""
    if info.dates is None:
        return "without dates"
    return f"with --dates {info.dates['unit']} of {', '.join(sorted(info.dates['columns']))}"


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
        log_weight=sum(info.log_weight for info in infos),
        target=first.target if all(info.target == first.target for info in infos) else None,
        ignored=tuple(dict.fromkeys(name for info in infos for name in info.ignored)),
        na_values=_missing(infos),
        has_header=all(info.has_header for info in infos),
        where=first.where if all(info.where == first.where for info in infos) else None,
        rows_read=sum(info.rows_read for info in infos),
        rows_filtered=sum(info.rows_filtered for info in infos),
    )
