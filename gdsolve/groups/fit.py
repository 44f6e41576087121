"""`fit --group-by`: every group by itself, all of them in one pass and together."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gdsolve.groups.descend import GroupsReached, descend_groups
from gdsolve.groups.explain import advise, ambiguity, explain, summary
from gdsolve.groups.load import GroupedTable, load_groups
from gdsolve.groups.outcome import Descended, GroupFit, GroupFits, GroupOptimum
from gdsolve.imports import collector_at_rest
from gdsolve.objective.shared_work import in_turn, one_blas_thread
from gdsolve.solve.outcome import Figures
from gdsolve.spec import Device, Spec
from gdsolve.spec.groups import why_one_by_one
from gdsolve.status import GdsolveError, Status

if TYPE_CHECKING:
    from gdsolve.data import Table

logger = logging.getLogger("gdsolve")

# Groups are fitted so many numbers of their triangles at a time: enough to be worth a call, and within the cache.
TOGETHER = 100_000


def fit_groups(spec: Spec, table: Table | None = None) -> GroupFits:
    """Fit every group of `spec`, on `table` where one is given; a group that cannot be fitted leaves the others alone.

    Raises:
        GdsolveError: what was asked for contradicts itself or the table.
        DataError: a table that cannot be read, or without rows.
    """
    if (reason := _why_one_by_one(spec)) is not None:
        from gdsolve.groups.one_by_one import fit_one_by_one

        return fit_one_by_one(spec, table, reason)
    if spec.tol == 0.0 and not spec.loss_tol and not spec.grad_tol and spec.max_iter is None:
        raise GdsolveError(
            "with tol 0 and no other rule nothing stops the run", "give --max-iter 1000, say", option="tol"
        )
    began = time.perf_counter()
    grouped = load_groups(spec, table)
    descending = time.perf_counter()
    fits: dict[int, GroupFit] = {}
    logger.info("%s groups are fitted at once, in closed form", f"{len(grouped.values):,}")
    usable = [code for code in range(len(grouped.values)) if code not in grouped.errors]
    parts = _parts(usable, grouped.triangles.factor[0].size if usable else 1)
    # What is made of the parts is the result: there is no garbage to look for among it.
    with one_blas_thread(), collector_at_rest():
        for part, reached in in_turn(lambda part: _descend(spec, grouped, part), parts):
            fits.update(zip(part, _told(spec, grouped, part, reached), strict=True))
    groups = tuple(fits[code] if code in fits else _unusable(grouped, code) for code, _ in enumerate(grouped.values))
    finished = time.perf_counter()
    logger.info("%s groups fitted in %.2f s", f"{len(groups):,}", finished - descending)
    seconds = {"read": grouped.seconds, "descend": finished - descending, "total": finished - began}
    advice = advise(spec, groups, grouped.adrift)
    columns = grouped.data.roles.group
    return GroupFits(spec, columns, groups, grouped.data, grouped.adrift, summary(groups), advice, seconds)


def _why_one_by_one(spec: Spec) -> str | None:
    """Why groups are fitted one after the other; None where they are not."""
    if (reason := why_one_by_one(spec)) is not None or spec.formula is None:
        return reason
    from gdsolve.spec.model_formula import read_formula

    formula = read_formula(spec.formula)
    bare = not formula.columns and not formula.takes_rest
    return "a formula without a feature is fitted group by group" if bare else None


def _descend(spec: Spec, grouped: GroupedTable, part: list[int]) -> tuple[list[int], GroupsReached]:
    chosen = grouped.triangles.only(part)
    if spec.device is not Device.CUDA:
        return part, descend_groups(spec, chosen)
    from gdsolve.solve.device import device_of

    return part, descend_groups(spec, chosen.to(device_of(spec)))


def _parts(codes: list[int], numbers: int) -> Iterator[list[int]]:
    """The groups in parts of some hundred thousand numbers; `numbers` is the size of one triangle."""
    step = max(1, TOGETHER // numbers)
    for start in range(0, len(codes), step):
        yield codes[start : start + step]


def _told(spec: Spec, grouped: GroupedTable, part: list[int], reached: GroupsReached) -> Iterator[GroupFit]:
    """One result a group."""
    intercept, design = not spec.no_intercept, grouped.data.roles.design
    chosen = grouped.triangles.only(part)
    weighed, constant = chosen.total_weight.tolist(), chosen.constant().tolist()
    arrays = (
        reached.weights,
        reached.sse,
        reached.loss,
        reached.gradient_norm,
        reached.gap,
        reached.optimal_sse,
        reached.optimal_loss,
        reached.total,
        reached.rates,
        reached.tolerances,
    )
    columns = zip(
        part,
        reached.stops,
        reached.best,
        reached.spectra,
        weighed,
        constant,
        *(one.tolist() for one in arrays),
        strict=True,
    )
    for done, (
        code,
        stop,
        best,
        spectrum,
        weight,
        still,
        w,
        sse,
        loss,
        norm,
        gap,
        least_sse,
        least,
        total,
        rate,
        tol,
    ) in enumerate(columns):
        rmse, r2 = (sse / weight) ** 0.5, 1.0 - sse / total if total > 0.0 else None
        why = None if spectrum.rank == len(w) else _why_many(grouped.rows[code], len(w), design, still)
        found = Descended(
            stop.stopped_by,
            stop.iterations,
            best,
            dict(zip(design, w, strict=False)),
            w[-1] if intercept else None,
            Figures(sse, loss, rmse, r2, norm),
            rate,
            tol,
            gap,
            GroupOptimum(least_sse, least, why),
            spectrum,
        )
        if spec.report:
            import torch

            from gdsolve.groups.inference import group_inference

            at, optimum = (torch.as_tensor(one[done]).cpu() for one in (reached.weights, reached.minimisers))
            errors = group_inference(
                spec, chosen.triangle(done), design, at, optimum=optimum, least=least_sse, status=stop.status
            )
            found = replace(found, inference=errors)
        message = explain(spec, found, stop.status)
        yield _result(grouped, code, stop.status, message, found)


def _why_many(rows: int, weights: int, design: Sequence[str], constant: Sequence[bool]) -> str:
    return ambiguity(rows, weights, [name for name, same in zip(design, constant, strict=True) if same])


def _result(grouped: GroupedTable, code: int, status: Status, message: str, found: Descended) -> GroupFit:
    return GroupFit(
        grouped.values[code],
        status,
        status.exit_code,
        message,
        None,
        grouped.rows[code],
        grouped.dropped.get(code, 0),
        grouped.filled.get(code, 0),
        found,
    )


def _unusable(grouped: GroupedTable, code: int) -> GroupFit:
    error = grouped.errors[code]
    return GroupFit(
        grouped.values[code],
        Status.FAILED,
        error.exit_code,
        error.message,
        error.hint,
        grouped.rows[code],
        grouped.dropped.get(code, 0),
        grouped.filled.get(code, 0),
        None,
    )
