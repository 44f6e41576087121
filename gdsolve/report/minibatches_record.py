"""Stochastic descent in a record, and the lines that tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gdsolve.report.numbers import counted, figure, whole

if TYPE_CHECKING:
    from gdsolve.solve.minibatches import Minibatches

ORDERS = {
    "rows": "shuffled (seed {seed})",
    "blocks": "shuffled in blocks of {block} (seed {seed})",
    "none": "in the order of the table",
}


def minibatches_record(told: Minibatches | None) -> dict[str, Any] | None:
    """Batches, epochs, order, and what was predicted and reached; null where every update looked at all rows."""
    if told is None:
        return None
    return {**asdict(told), "shuffle": told.shuffle.value, "unpredicted": told.unpredicted or None}


def minibatch_line(told: Mapping[str, Any] | None) -> str:
    """How the rows are dealt, as a line; empty where they are not."""
    if told is None:
        return ""
    rows, per = told["rows"], told["updates_per_epoch"]
    if told["batch"] >= rows:
        return f"of all {whole(rows)} rows: plain descent, an update an epoch"
    block = "" if told["block"] is None else whole(told["block"])
    order = ORDERS[told["shuffle"]].format(seed=told["seed"], block=block)
    ends = ", ending with the mean of the second half" if told["average"] else ""
    size = figure(told["batch"])
    order += ", read anew every epoch" if told["streamed"] else ""
    return f"of {size} of {whole(rows)} rows, {order}; {counted(per, 'update')} an epoch{ends}"


def hovering_line(told: Mapping[str, Any] | None) -> str:
    """Where the loss hovers in the long run, as it was predicted; empty where it was not."""
    if told is None or told["predicted_excess"] is None:
        return ""
    lower = told["lower"]
    finer = (
        "" if lower is None else f"; rate {figure(lower['learning_rate'])} brings it to {figure(lower['excess'], 3)}"
    )
    return f"hovers {figure(told['predicted_excess'], 3)} above the optimum{finer}"
