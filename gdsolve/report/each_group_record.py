"""Groups that were fitted one after the other as plain dicts: `gdsolve.group/1` with all that a fit has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from gdsolve.report.each_record import ABSENT
from gdsolve.report.plain import finite
from gdsolve.report.record import fit_record

if TYPE_CHECKING:
    from gdsolve.groups.outcome import GroupFit, GroupFits

Record = dict[str, Any]
_SHARED = ("schema", "version", "status", "exit_code", "message", "data", "trace", "gradient_checks", "seconds")
"""What all groups have together, or what stands elsewhere in the record of one."""


class ListedRecords(Sequence[Record]):
    """`gdsolve.group/1` of every group, made when it is first asked for."""

    def __init__(self, fits: GroupFits) -> None:
        self._fits = fits

    def __len__(self) -> int:
        return len(self._fits)

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> list[Record]: ...
    def __getitem__(self, place: int | slice) -> Record | list[Record]:
        return self._records[place]

    def text(self) -> str:
        """One JSON object a line."""
        # One by one: there may be more of them than dicts have room.
        records = (group_record(self._fits, one) for one in self._fits.groups)
        return "".join(json.dumps(finite(one), ensure_ascii=False, allow_nan=False) + "\n" for one in records)

    @cached_property
    def _records(self) -> list[Record]:
        return [group_record(self._fits, one) for one in self._fits.groups]


def group_record(fits: GroupFits, one: GroupFit) -> Record:
    """`gdsolve.group/1` of one group: the fields of its fit, null where there is none, and those of the group."""
    # Intervals of predictions are not made of groups: nothing reads what they would need.
    found = {} if one.fit is None else fit_record(one.fit, with_reason=False, as_model=False)
    own = {name: value for name, value in found.items() if name not in _SHARED}
    own |= {"trace": list(own["trace"])} if "trace" in own else {}
    absent = {name: None for name in ABSENT if name not in _SHARED}
    tol = None if one.fit is None else one.fit.tol
    return {
        "schema": "gdsolve.group/1",
        "group": dict(zip(fits.columns, fits.cells_of(one), strict=True)),
        "status": one.status.value,
        "exit_code": int(one.exit_code),
        "message": one.message,
        "hint": one.hint,
        "batched": False,
        **absent,
        "advice": [],
        **own,
        "tol": tol,
        "data": {
            "rows": one.rows,
            "rows_dropped": one.rows_dropped,
            "cells_filled": one.cells_filled,
            "has_header": fits.data.has_header,
        },
    }
