"""`fit --group-by` where no closed form takes many groups at once: each is fitted as a table of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace

from gdsolve.data import Table
from gdsolve.data.group_keys import Key, text_of
from gdsolve.data.group_rows import GroupRows
from gdsolve.data.offsets import offset_columns
from gdsolve.groups.explain import advise, summary
from gdsolve.groups.load import no_row
from gdsolve.groups.outcome import GroupFit, GroupFits
from gdsolve.groups.starts import GroupStarts
from gdsolve.progress import SILENT, Following, listener, listening
from gdsolve.solve.data import DataInfo, open_problem
from gdsolve.solve.fit import fit
from gdsolve.solve.memory import Demand
from gdsolve.solve.outcome import Fit
from gdsolve.spec import Format, Spec
from gdsolve.spec.command import Command
from gdsolve.spec.parameters import parameters_of
from gdsolve.status import ExitCode, GdsolveError, Status

logger = logging.getLogger("gdsolve")

# Numbers of a group that torch would not share among threads, which would only wait for each other.
FEW = 10_000
INTERRUPTED = "not reached: the run was interrupted"


def fit_one_by_one(spec: Spec, table: Table | None, reason: str) -> GroupFits:
    """Fit every group of `spec` as `fit` does a table of its rows; `reason` is why they are not fitted at once.

    Rows are kept in memory, those of a group side by side. A group that cannot be fitted leaves the others alone.

    Raises:
        GdsolveError: what was asked for contradicts itself or the table: then no group can be fitted.
        DataError: a table that cannot be read, is too large for the memory, or without rows.
    """
    began = time.perf_counter()
    with ExitStack() as stack:
        opened = stack.enter_context(table or _open(spec))
        rows = _read(spec, opened)
        info = DataInfo.of(opened)
    read = time.perf_counter()
    logger.info("%s groups are fitted one after the other: %s", f"{len(rows.groups.values):,}", reason)
    groups = tuple(_fitted(spec, rows, info))
    finished = time.perf_counter()
    seconds = {"read": read - began, "descend": finished - read, "total": finished - began}
    adrift = rows.groups.adrift
    return GroupFits(
        spec,
        info.roles.group,
        groups,
        info,
        adrift,
        summary(groups),
        advise(spec, groups, adrift),
        seconds,
        reason,
    )


def _open(spec: Spec) -> Table:
    if spec.model is None or (spec.X is not None and spec.y is not None):
        return open_problem(spec)
    from gdsolve.solve.formula_columns import open_curve

    known = [*(one.name for one in parameters_of(spec)), *(one.name for one in spec.constants)]
    return open_curve(spec, known)


def _read(spec: Spec, table: Table) -> GroupRows:
    """All rows, once they are seen to have room.

    Raises:
        DataError: they have none.
    """
    roles = table.roles
    kept = len(roles.design) + 2 + (roles.weight is not None) + len(offset_columns(roles)) + 2 * spec.is_dealt
    # While they are sorted into their groups, the rows as they were read are there too.
    remedy = "fit some of the groups at a time, or fewer columns (--features)"
    demand = Demand(table.source[0], "group_by", "--group-by", 2 * kept, kept, 8, remedy)
    demand.require(table.count())
    return GroupRows.read(table, demand.grow)


def _fitted(spec: Spec, rows: GroupRows, info: DataInfo) -> Iterator[GroupFit]:
    """The groups in order; the rest is not fitted once the run is interrupted.

    Raises:
        GdsolveError: the options go with no group at all.
    """
    # Of many fits nobody looks at the iterates, which are most of what a fit holds; files are written of all groups.
    single = replace(spec, group_by=(), every="none", save=None, format=Format.TABLE, X=None, y=None)
    starts, command = GroupStarts.of(spec), Command("fit", spec.data)
    done: list[GroupFit] = []
    refused: list[GdsolveError] = []
    telling, ended = listener(), False
    values = rows.groups.values
    with _Heard() as heard, listening(SILENT):
        for code, key in enumerate(values):
            telling.tell(Following("fitting groups", code, len(values)))
            if ended:
                done.append(_unreached(rows, code, key))
                continue
            try:
                heard.group = text_of(key)
                found = _one(starts.within(single, key), rows, code, key, info, command)
                done.append(_result(rows, code, key, found))
                ended = found.status is Status.INTERRUPTED
            except GdsolveError as fault:
                done.append(_failed(rows, code, key, fault))
                refused += [fault] if fault.exit_code is ExitCode.USAGE else []
            except KeyboardInterrupt:
                ended = True
                done.append(_unreached(rows, code, key))
        telling.done()
    if refused and not any(one.fit for one in done):
        raise refused[0]
    heard.tell()
    return iter(done)


def _one(spec: Spec, rows: GroupRows, code: int, key: Key, info: DataInfo, command: Command) -> Fit:
    """The fit of one group.

    Raises:
        GdsolveError: it cannot be fitted.
    """
    if (known := rows.groups.errors.get(code)) is not None:
        raise known
    if not rows.height(code):
        raise no_row(info, rows.groups.dropped.get(code, 0))
    alone = rows.table_of(code, key, spec)
    from gdsolve.objective.threads import one_thread

    few = rows.height(code) * (len(alone.roles.design) + 1) < FEW
    with one_thread() if few else nullcontext():
        return fit(spec, alone, command)


def _result(rows: GroupRows, code: int, key: Key, found: Fit) -> GroupFit:
    groups = rows.groups
    used = rows.height(code) if found.data is None else found.data.rows
    counts = (used, groups.dropped.get(code, 0), groups.filled.get(code, 0))
    return GroupFit(key, found.status, found.exit_code, found.message, None, *counts, None, found)


def _failed(rows: GroupRows, code: int, key: Key, fault: GdsolveError) -> GroupFit:
    groups = rows.groups
    counts = (rows.height(code), groups.dropped.get(code, 0), groups.filled.get(code, 0))
    return GroupFit(key, Status.FAILED, fault.exit_code, fault.message, fault.hint, *counts, None)


def _unreached(rows: GroupRows, code: int, key: Key) -> GroupFit:
    status = Status.INTERRUPTED
    return GroupFit(key, status, status.exit_code, INTERRUPTED, None, rows.height(code), 0, 0, None)


@dataclass(slots=True)
class _Heard(logging.Filter):
    """What is logged of single fits: each warning once, with the first group that it is about; nothing else."""

    group: str = ""
    warnings: dict[str, tuple[str, int]] = field(default_factory=dict)

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep what is a warning for later, and let nothing through."""
        if record.levelno >= logging.WARNING:
            text = record.getMessage()
            first, count = self.warnings.get(text, (self.group, 0))
            self.warnings[text] = (first, count + 1)
        return False

    def tell(self) -> None:
        """Say what was heard."""
        for text, (first, count) in self.warnings.items():
            more = f" (and {count - 1:,} more group{'' if count == 2 else 's'})" if count > 1 else ""
            logger.warning("group %s%s: %s", first, more, text)

    def __enter__(self) -> _Heard:
        logger.addFilter(self)
        return self

    def __exit__(self, *_: object) -> None:
        logger.removeFilter(self)
