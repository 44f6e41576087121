"""`check`: what there is to know of a table before any fitting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gdsolve.data import (
    Arrays,
    ColumnSummary,
    Description,
    Finding,
    FindingKind,
    Source,
    Table,
    describe,
    describe_arrays,
    inline_table,
    open_sources,
    open_table,
    ranked,
    read_with,
    usable_table,
)
from gdsolve.presented import Drawn, Kept, Tabled
from gdsolve.solve.formula_proposals import formula_proposals
from gdsolve.solve.illustrator import Illustrate
from gdsolve.solve.pose import pose
from gdsolve.solve.problem import Problem
from gdsolve.solve.proposals import MOST, LeftOut, Next, Proposal, as_squares, figures_proposal, proposals_of
from gdsolve.solve.try_out import settle
from gdsolve.spec import Spec
from gdsolve.spec.command import Command
from gdsolve.spec.scans import reads_scans
from gdsolve.status import DataError, GdsolveError

if TYPE_CHECKING:
    from gdsolve.picture import Picture
    from gdsolve.solve.check_figures import Diagnosis
    from gdsolve.solve.check_groups import GroupCounts
    from gdsolve.solve.check_scan import ScanColumn
    from gdsolve.solve.scanned import Scan

MOST_TRIED = 4
MOST_TERMS = 6
# To read a table of so many cells takes a second.
CELLS_TRIED = 10_000_000


@dataclass(frozen=True, slots=True, repr=False)
class Check(Drawn, Tabled):
    """Columns and what stands out in them; then the figures of the rows and columns that can be used, if any can.

    `problem` is what a fit of the table as it is stops at, None where it does not stop; `left_out` are the columns that
    the figures, and the first of the commands, do without. Of `rows_read` rows a condition has left out
    `rows_filtered` ones; both are 0 without one.
    """

    spec: Spec
    source: tuple[str, ...]
    target_reason: str
    columns: tuple[ColumnSummary | ScanColumn, ...]
    rows: int
    findings: tuple[Finding, ...]
    problem: str | None
    hint: str | None
    diagnosis: Diagnosis | None
    left_out: tuple[LeftOut, ...]
    next: tuple[Next, ...]
    seconds: dict[str, float]
    rows_read: int = 0
    rows_filtered: int = 0
    groups: GroupCounts | None = None
    kept: Kept | None = field(default=None, compare=False)

    @property
    def ready(self) -> bool:
        """True where a fit of the table as it is does not stop at it."""
        return self.problem is None

    @property
    def rank(self) -> int | None:
        """The rank of the design; None where nothing can be fitted."""
        return None if self.diagnosis is None else self.diagnosis.rank

    @property
    def picture(self) -> Picture | None:
        """The picture that was asked for, if one was."""
        return None if self.diagnosis is None else self.diagnosis.picture

    @property
    def commands(self) -> tuple[str, ...]:
        """What to run next, the best first."""
        return tuple(one.command for one in self.next)


def check(
    spec: Spec,
    command: Command | None = None,
    arrays: Arrays | Scan | None = None,
    *,
    illustrate: Illustrate | None = None,
) -> Check:
    """Look at every column, then at rank, condition, rates and the three ways to a solution.

    A table that cannot be fitted as it is, is a finding here and not an error.

    Raises:
        GdsolveError: flags that do not fit the table.
        DataError: a table that cannot be read at all.
    """
    began = time.perf_counter()
    command = command or Command("check", spec.data)
    if reads_scans(spec) or not (arrays is None or isinstance(arrays, Arrays)):
        return _check_scan(spec, command, began, illustrate, None if isinstance(arrays, Arrays) else arrays)
    if spec.X is not None and spec.y is not None:
        arrays = Arrays(spec.X, spec.y)
    if not spec.data and arrays is None:
        raise GdsolveError("check looks at tables, and this is a formula without one", "gdsolve fit", option="minimize")
    with ExitStack() as stack:
        # Once for all passes: what comes through a pipe comes once.
        opened = open_sources(spec.data, spec, stack) if spec.data else ()
        described = _describe(spec, opened, arrays)
        looked = _look(spec, command, described, _opener(opened, arrays))
        separated = _separated(spec, looked, _opener(opened, arrays))
        groups = _groups(spec, looked, _opener(opened, arrays))
    descending = time.perf_counter()
    diagnosis, findings = None, [*described.findings, *separated]
    if looked.problem is not None:
        proposed = looked.proposal.spec(spec)
        has_target = looked.proposal.target is not None
        from gdsolve.solve.check_figures import diagnose

        diagnosis = diagnose(
            proposed,
            looked.problem,
            ridge=spec.ridge,
            has_target=has_target,
            illustrator=illustrate and illustrate(),
        )
        findings += _of_figures(diagnosis, findings)
    fault = looked.fault or _of_one_class(findings)
    if fault is not None and not any(one.blocks for one in findings):
        findings.append(Finding(FindingKind.READER, fault.message, blocks=True))
    names = [column.name for column in described.columns]
    # Rates are of one descent, and each group has its own.
    following = _following(command, spec, looked, ready=fault is None and not spec.group_by)
    finished = time.perf_counter()
    return Check(
        spec,
        described.source,
        described.parts.target_reason,
        described.columns,
        described.all_rows,
        ranked(findings, names),
        None if fault is None else fault.message,
        None if fault is None else fault.hint,
        diagnosis,
        looked.proposal.left_out,
        following,
        {"read": descending - began, "descend": finished - descending, "total": finished - began},
        described.read,
        described.filtered,
        groups,
    )


def _groups(spec: Spec, looked: _Look, read: Callable[[Spec], Table]) -> GroupCounts | None:
    """How many rows the groups have, where rows are in groups, and can be read."""
    if not spec.group_by or looked.problem is None:
        return None
    from gdsolve.solve.check_groups import count_groups

    try:
        return count_groups(spec, read(spec))
    except DataError:
        return count_groups(spec, read(looked.proposal.spec(spec)))


def _check_scan(spec: Spec, command: Command, began: float, illustrate: Illustrate | None, found: Scan | None) -> Check:
    """The same of scans: what rows alone could tell is left open."""
    from gdsolve.solve.check_figures import diagnose
    from gdsolve.solve.check_scan import look_at_scan
    from gdsolve.solve.next_commands import next_commands

    looked = look_at_scan(spec, found)
    problem = looked.problem
    assert problem.data is not None
    descending, roles = time.perf_counter(), problem.data.roles
    diagnosis = diagnose(looked.spec, problem, ridge=spec.ridge, illustrator=illustrate and illustrate())
    findings = [*looked.findings, *_of_figures(diagnosis, looked.findings)]
    proposal = Proposal({}, None, roles.features, (), roles.weight, (), looked.rows, 0, problem.p)
    following = next_commands(command, spec, [proposal], problem, ready=True)
    finished = time.perf_counter()
    return Check(
        looked.spec,
        problem.data.source,
        roles.target_reason,
        looked.columns,
        looked.rows,
        ranked(findings, [column.name for column in looked.columns]),
        None,
        None,
        diagnosis,
        (),
        following,
        {"read": descending - began, "descend": finished - descending, "total": finished - began},
    )


def _separated(spec: Spec, looked: _Look, read: Callable[[Spec], Table]) -> list[Finding]:
    """That the loss of the first proposal has no minimum."""
    if not looked.proposals or looked.proposal.spec(spec).loss.info.squared:
        return []
    from gdsolve.solve.check_separation import separation_found

    found = separation_found(spec, looked.proposal, read)
    return [] if found is None else [found]


def _following(command: Command, spec: Spec, looked: _Look, *, ready: bool) -> tuple[Next, ...]:
    """What to run next, where anything could be read."""
    if looked.problem is None or not looked.proposals:
        return ()
    from gdsolve.solve.next_commands import next_commands

    return next_commands(command, spec, looked.proposals, looked.problem, ready=ready)


@dataclass(frozen=True, slots=True)
class _Look:
    """What could be read of a table: the proposal whose figures `problem` has, and what a fit as asked for stops at.

    `proposals` begin with that proposal where it can be read as a fit reads it, and are none where it cannot.
    """

    proposal: Proposal
    problem: Problem | None
    proposals: Sequence[Proposal]
    fault: DataError | None


def _describe(spec: Spec, opened: Sequence[Source], arrays: Arrays | None) -> Description:
    if arrays is not None:
        return describe_arrays(arrays, spec)
    return describe(opened, spec)


def _opener(opened: Sequence[Source], arrays: Arrays | None) -> Callable[[Spec], Table]:
    if arrays is not None:
        return lambda spec: inline_table(arrays.X, arrays.y, spec, names=arrays.names)
    return lambda spec: open_table(read_with(opened, spec), spec)


def _look(spec: Spec, command: Command, described: Description, read: Callable[[Spec], Table]) -> _Look:
    propose = proposals_of if spec.formula is None else formula_proposals
    proposals = propose(spec, described, command.fixed)
    blocked = any(one.blocks for one in described.findings)
    # Leaving out what is doubtful, and a penalty, are no signs that a fit would stop.
    changed = not proposals or not set(proposals[0].changes) <= {"ignore", "ridge"}
    fault = described.fault or (_first_fault(spec, read) if blocked or changed else None)
    for place, proposal in enumerate(proposals[:MOST_TRIED]):
        try:
            problem = _load(proposal.spec(spec), read)
        except DataError as stopped:
            fault = fault or stopped
        except GdsolveError:
            # Flags that do not go with a table in memory.
            continue
        else:
            others = proposals[place + 1 :] if fault is not None else ()
            sound = (proposal, *_readable(spec, described, others, read))
            settled = [settle(spec, described, one, read) for one in sound]
            return _Look(proposal, problem, [one for one in settled if one is not None], fault)
    proposal = proposals[0] if proposals else figures_proposal(spec, described)
    if spec.formula is not None:
        # What a formula makes of rows is known of a whole table alone.
        return _Look(proposal, None, (), fault)
    return _Look(proposal, _load_usable(spec, described, proposal), (), fault)


def _first_fault(spec: Spec, read: Callable[[Spec], Table]) -> DataError | None:
    """What a fit of the table as it is stops at."""
    try:
        _load(spec, read)
    except DataError as fault:
        return fault
    return None


def _load(spec: Spec, read: Callable[[Spec], Table]) -> Problem:
    return pose(as_squares(spec), read(spec))


def _readable(
    spec: Spec, described: Description, proposals: Sequence[Proposal], read: Callable[[Spec], Table]
) -> Iterator[Proposal]:
    """The first proposals that a fit can read; of a large table those that should be."""
    found = 0
    for proposal in proposals:
        if found == MOST - 1:
            return
        if described.rows * len(described.columns) <= CELLS_TRIED:
            try:
                with read(proposal.spec(spec)) as table:
                    for _ in table.batches():
                        pass
            except GdsolveError:
                continue
        found += 1
        yield proposal


def _load_usable(spec: Spec, described: Description, proposal: Proposal) -> Problem | None:
    """The rows and columns that can be used, where no flags make a fit of the table; None where there are none."""
    if not proposal.features or not proposal.rows:
        return None
    target = proposal.target.name if proposal.target is not None and not proposal.target.is_text else None
    proposed = proposal.spec(spec)
    try:
        table = usable_table(described, proposal.features, target, proposal.weight, proposed)
        return pose(as_squares(proposed), table)
    except DataError:
        return None


def _of_one_class(findings: Sequence[Finding]) -> DataError | None:
    """What the reader takes, and a loss of two classes has no minimum for."""
    told = [one.message for one in findings if one.kind is FindingKind.ONE_CLASS]
    return DataError(told[0], "--target COLUMN, one of two classes") if told else None


def _of_figures(found: Diagnosis, earlier: Sequence[Finding]) -> list[Finding]:
    """Columns that are made of others, and more weights than rows."""
    names, told = found.data.roles.design, {one.column for one in earlier if one.kind in _SAID_ALREADY}
    findings: list[Finding] = []
    weights, rows = found.parameters, found.data.rows - found.data.rows_weightless
    if weights >= rows:
        said = f"{counted(weights, 'weight')} for {counted(rows, 'row')}: without a penalty a fit is exact in every row"
        return [Finding(FindingKind.SATURATED, said, cells=rows)]
    for one in found.dependent:
        name = names[one.column]
        if name not in told:
            said = dependence_text(name, {names[i]: factor for i, factor in one.coefficients.items()}, one.constant)
            findings.append(Finding(FindingKind.DEPENDENT, said, name))
    return findings


_SAID_ALREADY = (FindingKind.CONSTANT, FindingKind.DUPLICATE)


def dependence_text(name: str, factors: dict[str, float], constant: float) -> str:
    """A column as the sum that it is: `volume = 3 × area`."""
    if len(factors) > MOST_TERMS:
        return f"{name}: a sum of multiples of {len(factors)} other columns"
    terms = [f"{_factor(factor)}{other}" for other, factor in factors.items()]
    if constant or not terms:
        terms.append(f"{constant:.6g}")
    return f"{name} = {' + '.join(terms)}".replace("+ -", "- ")


def counted(count: int, noun: str) -> str:
    """A number and what it counts."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _factor(factor: float) -> str:
    return {"1": "", "-1": "-"}.get(f"{factor:.6g}", f"{factor:.6g} × ")
