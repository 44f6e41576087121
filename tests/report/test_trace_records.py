"""A trace is made into records row by row, and JSON is written piece by piece: what is read is the same."""

from __future__ import annotations

import io
import json
import math

import pytest
import torch

from gdsolve.descent.solution import Trace
from gdsolve.report import plain, trace_records
from gdsolve.report.plain import write_json
from gdsolve.report.trace_records import TraceRecords

ROWS = 11


def trace(*, gradients: bool) -> Trace:
    weights = torch.arange(3.0 * ROWS, dtype=torch.float64, device="cpu").reshape(3, ROWS)
    return Trace(
        tuple(range(ROWS)),
        weights,
        tuple(float(row) for row in range(ROWS)),
        (math.nan, *(2.0 * row for row in range(1, ROWS))),
        (1.0,) * ROWS,
        (None, *(0.5,) * (ROWS - 1)),
        -weights if gradients else None,
    )


@pytest.mark.parametrize("gradients", [False, True])
def test_rows_are_those_of_the_trace_however_they_are_taken(gradients: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_records, "_BLOCK", 4)
    rows = TraceRecords(trace(gradients=gradients), ("a", "b"), intercept=True)
    listed = list(rows)
    assert (len(rows), bool(rows), len(listed)) == (ROWS, True, ROWS)
    expected = {
        "iteration": 5,
        "sse": 5.0,
        "loss": 10.0,
        "gradient_norm": 1.0,
        "update": 0.5,
        "weights": {"a": 5.0, "b": 16.0},
        "intercept": 27.0,
    }
    if gradients:
        expected["gradient"] = {"weights": {"a": -5.0, "b": -16.0}, "intercept": -27.0}
    assert listed[5] == rows[5] == rows[5 - ROWS] == expected
    assert rows[2:7:2] == [rows[2], rows[4], rows[6]]
    assert rows[1:] == listed[1:]
    assert rows[1:] != listed[:-1]
    with pytest.raises(IndexError):
        rows[ROWS]


def test_equal_traces_are_equal() -> None:
    mine = TraceRecords(trace(gradients=False), ("a", "b"), intercept=True)
    # NaN is none of them beyond the first row.
    assert mine[1:] == TraceRecords(trace(gradients=False), ("a", "b"), intercept=True)[1:]
    assert mine != TraceRecords(trace(gradients=False), ("a", "c"), intercept=True)
    assert mine != []
    assert mine != "rows"


def test_json_of_a_trace_is_that_of_a_list_at_any_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "_AT_ONCE", 3)
    rows = TraceRecords(trace(gradients=True), ("a", "b"), intercept=False)
    none = TraceRecords(Trace((), torch.zeros(1, 0), (), (), (), ()), ("a",), intercept=False)
    record = {"trace": rows, "rates": [{"trace": rows, "none": none}], "é": 1.0, "last": []}
    written = io.StringIO()
    write_json(record, written)
    listed = [{**row, "loss": None if math.isnan(row["loss"]) else row["loss"]} for row in rows]
    expected = {"trace": listed, "rates": [{"trace": listed, "none": []}], "é": 1.0, "last": []}
    assert json.loads(written.getvalue()) == expected
    assert written.getvalue() == json.dumps(expected, indent=2, ensure_ascii=False) + "\n"
