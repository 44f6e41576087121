"""The table of learning rates: its order, the lines between its rows, and what is folded on a narrow page."""

from __future__ import annotations

from typing import Any

import pytest

from gdsolve.report.compare_table import _rate_table
from gdsolve.report.grid import layout, least_width
from gdsolve.report.numbers import rate


def record_of(*rates: tuple[float, str], **change: Any) -> dict[str, Any]:
    rows = [
        {"learning_rate": number, "status": status, "iterations": 7, "sse": 1.0, "loss": 0.5, "gap": 0.0, "factor": 0.5}
        for number, status in rates
    ]
    known = {"largest_stable_lr": 1.0, "best_lr": 0.5, "descent": {"stable_below": 1.0}, "minibatches": None}
    return {"rates": rows, **known, **change}


def lines_of(record: dict[str, Any], width: int | None, shown: int = 0) -> list[str]:
    grid = _rate_table(record, rate, 6, shown)
    return ["".join(piece.text for piece in line).rstrip() for line in layout(grid, width, "-")]


ALL = record_of((0.2, "max_iter"), (2.0, "diverged"), (1.0, "edge_of_stability"), (0.5, "converged"))


def test_rates_stand_from_large_to_small_between_their_limits() -> None:
    titles, _, *rows = lines_of(ALL, None)
    assert titles.split() == ["learning", "rate", "status", "iterations"]
    assert [row.split()[0] for row in rows] == ["2", "1", "--", "--", "0.5", "0.2"]
    assert [row.strip("- ") for row in rows if row[0] == "-"] == ["stable below 1", "best rate 0.5"]
    words = ("diverged", "edge of stability", "converged", "slow")
    assert [next((word for word in words if word in row), None) for row in rows if row[0] != "-"] == list(words)


def test_what_became_of_a_rate_is_folded_where_a_page_is_narrow() -> None:
    grid = _rate_table(ALL, rate, 6, 0)
    natural, least = max(map(len, lines_of(ALL, None))), least_width(grid)
    assert least < natural
    narrow = [line for line in lines_of(ALL, least) if not line.startswith("-")]
    assert all(len(line) <= least for line in narrow)
    at = next(place for place, line in enumerate(narrow) if "edge of" in line)
    assert narrow[at + 1].split() == ["stability"]


@pytest.mark.parametrize(("excess", "word"), [(None, "slow"), (0.25, "hovers")])
def test_a_rate_that_hovers_is_told_from_a_slow_one(excess: float | None, word: str) -> None:
    record = record_of((0.1, "max_iter"))
    record["rates"][0]["excess"] = excess
    assert any(word in line.split() for line in lines_of(record, None))
