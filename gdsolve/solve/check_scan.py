"""`check` of a scan: what its triangle tells of the columns, and no word of what only rows could tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from gdsolve.data import Finding, FindingKind
from gdsolve.data.scan_file import ScanInfo, same_order
from gdsolve.objective.rank import is_constant
from gdsolve.objective.triangle import Triangle
from gdsolve.solve.data import DataInfo
from gdsolve.solve.problem import Problem
from gdsolve.solve.proposals import as_squares
from gdsolve.solve.read import read_scan
from gdsolve.solve.read_scan import load_scans
from gdsolve.solve.scanned import Scan
from gdsolve.solve.squares import pose_squares
from gdsolve.spec import Spec


@dataclass(frozen=True, slots=True)
class ScanColumn:
    """One column of a scan, with the fields of `ColumnSummary`; None where rows would have to be looked at."""

    name: str
    role: str
    type: str
    mean: float | None
    std: float | None
    constant: bool
    levels: int | None
    missing: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    duplicate_of: str | None = None


@dataclass(frozen=True, slots=True)
class ScanLook:
    """What `check` finds of a scan: its problem, its columns, and what it says of them."""

    spec: Spec
    problem: Problem
    rows: int
    columns: tuple[ScanColumn, ...]
    findings: tuple[Finding, ...]


def look_at_scan(spec: Spec, found: Scan | None = None) -> ScanLook:
    """Look at the scans that a spec names, or at the one that is given.

    Raises:
        GdsolveError: flags that do not fit their columns.
        DataError: a file that is no scan, or a target of text.
    """
    found = found or load_scans(spec)
    read = read_scan(as_squares(spec), found)
    columns = tuple(_columns(found.info, found.triangle, read.data))
    findings = (_note(found.info), *_constants(columns, found.info))
    return ScanLook(read.spec, pose_squares(read), found.rows, columns, findings)


def _columns(info: ScanInfo, triangle: Triangle, data: DataInfo) -> Iterator[ScanColumn]:
    roles = data.roles
    features = roles.features if roles.formula is None else roles.design
    part = dict.fromkeys(info.names, "ignored") | dict.fromkeys(features, "feature") | {roles.target: "target"}
    numbers = [name for name in info.names if name not in info.levels]
    places = same_order(info.columns, numbers)
    means = triangle.means()[places]
    spreads = triangle.centred().norm(dim=0)[places] / triangle.total_weight**0.5
    constant = is_constant(means, spreads)
    figures = dict(zip(numbers, torch.stack([means, spreads, constant.to(means)], dim=1).tolist(), strict=True))
    for name in info.names:
        if name in info.levels:
            count = len(info.levels[name])
            yield ScanColumn(name, part[name], "text", None, None, count == 1, count)
        else:
            mean, std, same = figures[name]
            yield ScanColumn(name, part[name], "number", mean, 0.0 if same else std, bool(same), None)


def _note(info: ScanInfo) -> Finding:
    weighed = info.weight or info.sigma
    how = f"; means and standard deviations are weighted, by {weighed}" if weighed else ""
    return Finding(
        FindingKind.SCAN,
        f"a scan holds no rows: missing cells, least and largest values, and cells that are odd are not known{how}",
    )


def _constants(columns: tuple[ScanColumn, ...], info: ScanInfo) -> Iterator[Finding]:
    for one in columns:
        if one.constant and one.role != "ignored":
            said = "one text" if one.mean is None else f"{one.mean:g}"
            yield Finding(FindingKind.CONSTANT, f"{one.name}: constant, {said} in every row", one.name, info.rows)
