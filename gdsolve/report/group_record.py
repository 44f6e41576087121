"""The result of a fit of groups: `gdsolve.group/1` of each, column by column, and what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, overload

from gdsolve.report.each_group_record import ListedRecords
from gdsolve.report.inference_record import inference_record
from gdsolve.report.record import data_record, descent_record
from gdsolve.report.text import encodable
from gdsolve.version import __version__

if TYPE_CHECKING:
    import polars as pl

    from gdsolve.groups.outcome import Descended, GroupFits

Record = dict[str, Any]
# Columns of whole numbers end here.
BEYOND = 2**127


class GroupRecords(Sequence[Record]):
    """`gdsolve.group/1` of every group, a column a field: text is made of them many times faster than of dicts.

    The columns of `frame` are the fields; those that hold others are structs.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def __len__(self) -> int:
        return self.frame.height

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> list[Record]: ...
    def __getitem__(self, place: int | slice) -> Record | list[Record]:
        return self._records[place]

    def text(self) -> str:
        """One JSON object a line."""
        return self.frame.write_ndjson()

    @cached_property
    def _records(self) -> list[Record]:
        return self.frame.to_dicts()


def groups_record(fits: GroupFits) -> Record:
    """`gdsolve.groups/1`: the groups in the order of the table, and what they have in common."""
    spec = fits.spec
    return {
        "schema": "gdsolve.groups/1",
        "version": __version__,
        "message": fits.message,
        "exit_code": int(fits.exit_code),
        "group_by": fits.column,
        "group_keys": list(fits.columns),
        "rows_without_group": fits.adrift,
        "counts": {status.value: count for status, count in fits.counts.items()},
        "groups": GroupRecords(_frame(fits)) if fits.batched else ListedRecords(fits),
        "data": data_record(fits.data, spec),
        "descent": {
            **descent_record(spec, standardised=spec.standardise),
            "engine": "leap" if fits.batched else _engine(fits),
            **_method(fits),
            "max_iter": spec.max_iter,
            "tol": spec.tol,
        },
        "batched": fits.batched,
        "reason": _reason(fits),
        "objective": _subject(fits),
        "parameters": _parameters(fits),
        "intercept": not spec.no_intercept and any(one.intercept is not None for one in fits.groups)
        if not fits.batched
        else not spec.no_intercept,
        "report": spec.report,
        "advice": list(fits.advice),
        "seconds": dict(fits.seconds),
    }


def _reason(fits: GroupFits) -> str:
    """How the groups were fitted, in a sentence."""
    if fits.reason is None:
        return "batched: the closed form takes many groups at once"
    return f"one after the other: {fits.reason}"


def _subject(fits: GroupFits) -> Record:
    """What is minimised of every group; a curve by its name is written out."""
    spec = fits.spec
    written = next((one.fit.subject.formula for one in fits.groups if one.fit is not None), spec.model)
    constants = {one.name: one.value for one in spec.constants}
    return {
        "kind": "linear" if spec.model is None else "curve",
        "formula": written,
        "fixed": {},
        "constants": constants,
    }


def _engine(fits: GroupFits) -> str | None:
    """The engine that all groups were fitted by; None where there are several."""
    engines = {one.fit.plan.engine.value for one in fits.groups if one.fit is not None}
    return engines.pop() if len(engines) == 1 else None


def _method(fits: GroupFits) -> Record:
    """The method, schedule and momentum of groups that were fitted one after the other."""
    one = next((one.fit for one in fits.groups if one.fit is not None), None)
    if one is None:
        return {}
    return {"method": one.method.value, "schedule": one.schedule.value, "momentum": one.momentum}


def _parameters(fits: GroupFits) -> list[str]:
    """The names of the weights, in order: those that any group has."""
    if fits.batched:
        return list(fits.data.roles.design)
    return list(dict.fromkeys(name for one in fits.groups for name in one.weights or ()))


def _frame(fits: GroupFits) -> pl.DataFrame:
    """What groups have of the fields of `gdsolve.fit/1`, with the same names and meaning."""
    import polars as pl

    groups = fits.groups
    fitted = pl.Series([one.found is not None for one in groups])
    reached = _reached([one.found for one in groups if one.found is not None], fits.data.roles.design)
    data = {name: _all(groups, name) for name in ("rows", "rows_dropped", "cells_filled")}
    return pl.DataFrame(
        {
            "schema": ["gdsolve.group/1"] * len(groups),
            "group": _keys(fits).to_struct(),
            "status": _all(groups, "status.value"),
            "exit_code": _all(groups, "exit_code.value"),
            # A path that is no valid UTF-8 reaches Python as lone surrogates, which no stream takes.
            "message": [encodable(one.message, "utf-8") for one in groups],
            "hint": [one.hint and encodable(one.hint, "utf-8") for one in groups],
            "batched": [True] * len(groups),
            # All of it is null where the rows of a group cannot be used.
            **reached.select(pl.all().gather(pl.when(fitted).then(fitted.cum_sum() - 1))).to_dict(),
            "data": pl.DataFrame({**data, "has_header": [fits.data.has_header] * len(groups)}).to_struct(),
        }
    )


def _keys(fits: GroupFits) -> pl.DataFrame:
    """The cells of every group, a column a key."""
    import polars as pl

    return pl.DataFrame([pl.Series(name, cells, dtype=pl.String) for name, cells in fits.keys.items()])


def _reached(found: list[Descended], design: Sequence[str]) -> pl.DataFrame:
    """What descent has reached on the groups that can be fitted."""
    import polars as pl

    def struct(**places: str) -> pl.Series:
        return pl.DataFrame({name: _all(found, place) for name, place in places.items()}).to_struct()

    weights = _all(found, "weights")
    reports = [one.inference and inference_record(one.inference) for one in found]
    return pl.DataFrame(
        {
            "stopped_by": _all(found, "stopped_by"),
            "iterations": _counts(found, "iterations"),
            "weights": pl.DataFrame({name: [*map(itemgetter(name), weights)] for name in design}).to_struct(),
            "intercept": _all(found, "intercept"),
            **{name: _all(found, f"figures.{name}") for name in ("sse", "loss", "rmse", "r2", "gradient_norm")},
            "learning_rate": _all(found, "learning_rate"),
            "tol": _all(found, "tol"),
            "optimum": struct(sse="optimum.sse", loss="optimum.loss", unique="optimum.unique"),
            "gap": _all(found, "gap"),
            "spectrum": struct(
                largest="spectrum.largest",
                smallest="spectrum.smallest",
                condition="spectrum.condition",
                rank="spectrum.rank",
                largest_stable_lr="spectrum.largest_stable",
                best_lr="spectrum.best",
            ),
            "best_iteration": _counts(found, "best_iteration"),
            "report": pl.Series(reports, strict=False),
        }
    )


def _counts(found: list[Descended], place: str) -> pl.Series:
    """Numbers of updates: whole, unless one is beyond what a column of them can hold."""
    import polars as pl

    counts = _all(found, place)
    return pl.Series(counts, dtype=pl.Int128 if max(counts, default=0) < BEYOND else pl.Float64)


def _all(objects: Sequence[Any], place: str) -> list[Any]:
    """One attribute of all objects; a place may have dots."""
    return [*map(attrgetter(place), objects)]
