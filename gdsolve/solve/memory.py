"""Whether a triangle, and all rows of a table, have room in memory, told before they are read."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gdsolve.ranks import Ranks
from gdsolve.spec import DType, Engine, Spec, flag
from gdsolve.spec.choices import Shuffle
from gdsolve.status import DataError

if TYPE_CHECKING:
    import torch

    from gdsolve.data import RowCount, Table

logger = logging.getLogger("gdsolve")

_GROUPS = Path("/sys/fs/cgroup")
# Of less nobody needs to be told.
_MUCH = 64 << 20


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that can still be had: `resident`, and `address` where addresses are limited; None where unknown."""

    resident: int | None
    address: int | None

    def falls_short(self, resident: int, address: int) -> int | None:
        """The bytes of `resident` that there are, where they or those of `address` are too few; else None."""
        if self.resident is not None and resident > self.resident:
            return max(0, self.resident)
        if self.address is not None and address > self.address:
            return max(0, self.address * resident // address)
        return None


@dataclass(frozen=True, slots=True)
class Demand:
    """What keeps every row of a table in memory: `numbers` of them a row, of which `kept` while it is read.

    `option` and `way` are what asks for it, as a field and as the user knows it; `remedy` is what needs less.
    """

    table: str
    option: str
    way: str
    numbers: int
    kept: int
    size: int
    remedy: str

    def require(self, own: RowCount | None, count: RowCount | None = None) -> None:
        """Say what the rows take, and see that the host has it; `count` is that of all ranks on it, where it is known.

        Raises:
            DataError: it has less.
        """
        room, count = host_room(), count or own
        if own is None or count is None:
            logger.info("%s keeps every row in memory; the number of rows is known after reading", self.way)
            return
        need = count.rows * self.numbers * self.size
        there = "" if room.resident is None else f", {_bytes(room.resident)} are available"
        logger.info("%s keeps every row in memory: %s%s", self.way, self._words(str(count), need), there)
        # While they are brought into their final place, their addresses are taken twice; addresses are a process's own.
        addresses = own.rows * (self.numbers + self.kept) * self.size
        self._refuse(str(count), need, room.falls_short(need, addresses))

    def require_on(self, device: torch.device, count: RowCount | None) -> None:
        """See that an accelerator has room for the rows.

        Raises:
            DataError: it has less.
        """
        import torch

        if device.type != "cuda" or count is None:
            return
        free, _ = torch.cuda.mem_get_info(device)
        need = count.rows * self.numbers * self.size
        logger.info("on %s they take %s of %s", torch.cuda.get_device_name(device), _bytes(need), _bytes(free))
        self._refuse(str(count), need, free if need > free else None, "--device cpu; else ")

    def grow(self, before: int, rows: int) -> None:
        """See, while reading, that the host has room for `rows` rows where it holds `before`.

        Raises:
            DataError: it has not.
        """
        a_row = self.kept * self.size
        more = (rows - before) * a_row
        short = host_room().falls_short(more, more + rows * a_row)
        self._refuse(f"more than {rows:,} rows", rows * a_row, None if short is None else short + before * a_row)

    def _refuse(self, rows: str, need: int, there: int | None, first: str = "") -> None:
        if there is not None:
            words = self._words(rows, need)
            fault = f"{self.table}: {self.way} keeps every row in memory: {words}, and {_bytes(there)} are available"
            raise DataError(fault, first + self.remedy, about=(self.option,))

    def _words(self, rows: str, need: int) -> str:
        return f"{rows} of {self.numbers} numbers take {_bytes(need)}"


def on_this_machine(count: RowCount | None, ranks: Ranks) -> RowCount | None:
    """The rows of all ranks that share the memory of this machine; None where one of them does not know its own.

    They meet here before any of them reads, so that each judges the same memory.

    Raises:
        AgreedError: another rank has failed.
    """
    here = platform.node()
    counts = [found for machine, found in ranks.gather((here, count)) if machine == here]
    known = [found for found in counts if found is not None]
    if len(known) < len(counts):
        return None
    return replace(known[0], rows=sum(one.rows for one in known), exact=all(one.exact for one in known))


def building_threads(table: str, need: Callable[[int], int], most: int) -> int:
    """The threads, up to `most`, that build a triangle side by side in the memory that there is; `need` is in bytes.

    Raises:
        DataError: there is too little for one.
    """
    if need(most) < _MUCH:
        return most
    room = host_room()
    threads = next((count for count in range(most, 0, -1) if room.falls_short(need(count), need(count)) is None), 0)
    takes = f"building the triangle takes {_bytes(need(max(1, threads)))}"
    there = "" if room.resident is None else f", {_bytes(room.resident)} are available"
    if not threads:
        raise DataError(f"{table}: {takes}{there}", "fewer columns (--features)")
    logger.info("%s at most, on %d thread%s%s", takes, threads, "" if threads == 1 else "s", there)
    return threads


def demand_of(spec: Spec, table: Table) -> Demand | None:
    """What a linear model asks for: nothing on the triangle, all rows where they are read at every step."""
    if spec.batch is not None:
        if spec.shuffle in (Shuffle.BLOCKS, Shuffle.NONE):
            return None
        return _of_linear(spec, table, "batch", "--shuffle blocks keeps no rows; else fewer columns (--features)")
    if not spec.loss.info.squared:
        remedy = "fit a sample of the rows, fewer columns (--features)"
        return _of_linear(spec, table, "loss", remedy)
    if spec.engine not in (Engine.ROWS, Engine.AUTOGRAD):
        return None
    remedy = "--engine triangle keeps no rows; else fewer columns (--features)"
    return _of_linear(spec, table, "engine", remedy)


def _of_linear(spec: Spec, table: Table, option: str, remedy: str) -> Demand:
    value = getattr(spec, option)
    roles, way = table.roles, f"{flag(option)} {getattr(value, 'value', value)}"
    kept = len(roles.design) + 1 + (roles.weight is not None)
    # Beside the rows of the fit, all of them for the folds, and those of a fit without a fold.
    copies = 3 if spec.cv is not None and not spec.loss.info.squared else 1
    numbers = copies * kept + (not spec.no_intercept)
    return Demand(table.source[0], option, way, numbers, kept, _size(spec), _with_precision(spec, remedy))


def demand_of_formula(spec: Spec, table: Table, steps: int, p: int) -> Demand:
    """What a formula asks for: its columns, the result of every step of it, and the slopes of p parameters."""
    columns = len(table.roles.features) + 1 + (table.roles.weight is not None)
    option = "minimize" if spec.minimize is not None else "model"
    remedy = _with_precision(spec, "fit a sample of the rows")
    return Demand(table.source[0], option, flag(option), columns + steps + p, columns, _size(spec), remedy)


def _size(spec: Spec) -> int:
    return 4 if spec.dtype is DType.FLOAT32 else 8


def _with_precision(spec: Spec, remedy: str) -> str:
    return remedy if spec.dtype is DType.FLOAT32 else f"{remedy}, or --dtype float32"


def _bytes(count: int) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count / 1e3:.3g} kB"


def host_room() -> Room:
    """What the machine, the container and the limits of the process leave."""
    found = [room for room in (_machine_room(), *_container_rooms()) if room is not None]
    return Room(min(found, default=None), _address_room())


def _machine_room() -> int | None:
    """Memory that can be had without swapping; all of it where the system does not tell how much is free."""
    for line in _read(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _container_rooms() -> list[int]:
    """What the control groups of the process, of either version, leave; files that were read can be given back."""
    rooms = []
    for group in _groups():
        for limit, used, spare in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            most, now = _read(group / limit).strip(), _read(group / used).strip()
            if most.isdigit() and now.isdigit():
                stat = dict(line.split() for line in _read(group / "memory.stat").splitlines() if line.count(" ") == 1)
                rooms.append(int(most) - int(now) + int(stat.get(spare, 0)))
    return rooms


def _groups() -> set[Path]:
    """The control group of the process and all above it; a container sees its own as the root."""
    groups = {_GROUPS, _GROUPS / "memory"}
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        root = _GROUPS / "memory" if "memory" in controllers.split(",") else _GROUPS
        if not controllers or "memory" in controllers.split(","):
            own = root / path.lstrip("/")
            groups.update(group for group in (own, *own.parents) if group.is_relative_to(root))
    return groups


def _address_room() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    used = _read(Path("/proc/self/statm")).split()
    limits = []
    for limit, place in (("RLIMIT_AS", 0), ("RLIMIT_DATA", 5)):
        most = resource.getrlimit(getattr(resource, limit))[0] if hasattr(resource, limit) else resource.RLIM_INFINITY
        if most != resource.RLIM_INFINITY and len(used) > place:
            limits.append(most - int(used[place]) * resource.getpagesize())
    return min(limits, default=None)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
