"""Whether a triangle, and all rows of a table, have room in memory, told before they are read."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gdsolve.data.offsets import offset_columns
from gdsolve.ranks import Ranks
from gdsolve.room import host_room, in_bytes
from gdsolve.spec import DType, Engine, Spec, flag
from gdsolve.spec.choices import Shuffle
from gdsolve.status import DataError

if TYPE_CHECKING:
    import torch

    from gdsolve.data import RowCount, Table

logger = logging.getLogger("gdsolve")

# Of less nobody needs to be told.
_MUCH = 64 << 20


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
        there = "" if room.resident is None else f", {in_bytes(room.resident)} are available"
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
        logger.info("on %s they take %s of %s", torch.cuda.get_device_name(device), in_bytes(need), in_bytes(free))
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
            fault = f"{self.table}: {self.way} keeps every row in memory: {words}, and {in_bytes(there)} are available"
            raise DataError(fault, first + self.remedy, about=(self.option,))

    def _words(self, rows: str, need: int) -> str:
        return f"{rows} of {self.numbers} numbers take {in_bytes(need)}"


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
    takes = f"building the triangle takes {in_bytes(need(max(1, threads)))}"
    there = "" if room.resident is None else f", {in_bytes(room.resident)} are available"
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
    kept = len(roles.design) + 1 + (roles.weight is not None) + bool(offset_columns(roles))
    # Beside the rows of the fit, all of them for the folds, and those of a fit without a fold.
    copies = 3 if spec.cv is not None and not spec.loss.info.squared else 1
    numbers = copies * kept + (not spec.no_intercept)
    return Demand(table.source[0], option, way, numbers, kept, _size(spec), _with_precision(spec, remedy))


def demand_of_formula(spec: Spec, table: Table, steps: int, p: int) -> Demand:
    """What a formula asks for: its columns, the result of every step of it, and the slopes of p parameters."""
    columns = len(table.roles.features) + 1 + (table.roles.weight is not None) + len(offset_columns(table.roles))
    option = "minimize" if spec.minimize is not None else "model"
    remedy = _with_precision(spec, "fit a sample of the rows")
    return Demand(table.source[0], option, flag(option), columns + steps + p, columns, _size(spec), remedy)


def _size(spec: Spec) -> int:
    return 4 if spec.dtype is DType.FLOAT32 else 8


def _with_precision(spec: Spec, remedy: str) -> str:
    return remedy if spec.dtype is DType.FLOAT32 else f"{remedy}, or --dtype float32"
