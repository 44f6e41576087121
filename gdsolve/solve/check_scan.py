"""`check` of a scan: what its triangle tells of the columns, and no word of what only rows could tell."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from gdsolve.data import Finding, FindingKind, ranked
from gdsolve.data.scan_file import ScanInfo, same_order
from gdsolve.objective.rank import is_constant
from gdsolve.objective.triangle import Triangle
from gdsolve.solve.check import Check, of_figures
from gdsolve.solve.check_figures import diagnose
from gdsolve.solve.data import DataInfo
from gdsolve.solve.illustrator import Illustrate
from gdsolve.solve.next_commands import next_commands
from gdsolve.solve.proposals import Proposal, as_squares
from gdsolve.solve.read_scan import load_scans, read_of
from gdsolve.solve.squares import pose_squares
from gdsolve.spec import Spec
from gdsolve.spec.command import Command


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


def check_scan(spec: Spec, command: Command, illustrate: Illustrate | None = None) -> Check:
    """Look at a scan as at a table.

    Raises:
        GdsolveError: flags that do not fit its columns.
        DataError: a file that is no scan, or a target of text.
    """
    began = time.perf_counter()
    found = load_scans(spec)
    read = read_of(as_squares(spec), found, began)
    problem, data = pose_squares(read), read.data
    descending = time.perf_counter()
    diagnosis = diagnose(read.spec, problem, ridge=spec.ridge, illustrator=illustrate and illustrate())
    columns = tuple(_columns(found.info, found.triangle, data))
    findings = [_note(found.info), *_constants(columns, found.info)]
    findings += of_figures(diagnosis, findings)
    features = data.roles.features
    proposal = Proposal({}, None, features, (), data.roles.weight, (), data.rows, 0, problem.p)
    following = next_commands(command, spec, [proposal], problem, ready=True)
    finished = time.perf_counter()
    return Check(
        read.spec,
        data.source,
        data.roles.target_reason,
        columns,
        found.rows,
        ranked(findings, found.info.names),
        None,
        None,
        diagnosis,
        (),
        following,
        {"read": descending - began, "descend": finished - descending, "total": finished - began},
    )


def _columns(info: ScanInfo, triangle: Triangle, data: DataInfo) -> Iterator[ScanColumn]:
    roles = data.roles
    part = dict.fromkeys(info.names, "ignored") | dict.fromkeys(roles.features, "feature") | {roles.target: "target"}
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
