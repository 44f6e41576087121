"""How far a pass over files has come is told by their sizes, and their rows are counted where all are known."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gdsolve.data.extent import Extent
from gdsolve.data.passes import Pass, count_rows
from gdsolve.progress import Reading, listening


class Ear:
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def tell(self, stage: Any) -> None:
        self.heard.append(stage)

    def done(self) -> None:
        self.heard.append(None)

    def hidden(self) -> Any:
        return nullcontext()


def sources(*extents: Extent | None) -> Any:
    return [SimpleNamespace(extent=lambda one=one: one) for one in extents]


def told(extents: Sequence[Extent | None], batches: Sequence[Sequence[int]]) -> list[Any]:
    """What is heard of a pass over files whose batches have so many rows."""
    ear = Ear()
    with listening(ear):
        through = Pass("reading", sources(*extents))
        for heights in batches:
            given = [(np.zeros(0), np.zeros(height)) for height in heights]
            assert list(through.through(iter(given))) == given
    return ear.heard


def test_the_share_is_that_of_the_bytes() -> None:
    """The first file has fewer rows than were expected of its size, the second more: none counts beyond its size."""
    heard = told([Extent(300.0, 30.0, False), Extent(100.0, 10.0, False)], [[10, 10], [5, 5, 5]])
    expected = [(0, 0.0), (10, 100.0), (20, 200.0), (25, 350.0), (30, 400.0), (35, 400.0)]
    assert heard == [Reading("reading", rows, done, done / 400.0) for rows, done in expected] + [None]


def test_without_all_sizes_rows_alone_are_told() -> None:
    heard = told([Extent(300.0, 30.0, True), None], [[10], [4]])
    assert heard == [Reading("reading", rows, None, None) for rows in (0, 10, 14)] + [None]


def test_a_pass_that_is_broken_off_is_over() -> None:
    ear = Ear()
    with listening(ear):
        batches = Pass("reading", sources(Extent(8.0, 4.0, True))).through(iter([(np.zeros(2),), (np.zeros(2),)]))
        next(batches)
        batches.close()  # type: ignore[attr-defined]
    assert ear.heard == [Reading("reading", rows, 2.0 * rows, rows / 4.0) for rows in (0, 2)] + [None]
    assert told([], []) == []


@pytest.mark.parametrize(
    ("extents", "rows", "exact"),
    [
        ([Extent(10.0, 4.0, True), Extent(10.0, 3.0, True)], 7, True),
        ([Extent(10.0, 4.2, True), Extent(10.0, 3.4, False)], 8, False),
        ([Extent(10.0, 0.0, False)], 1, False),
        ([], 0, True),
    ],
)
def test_rows_of_all_files_are_counted(extents: list[Extent], rows: int, exact: bool) -> None:
    found = count_rows(sources(*extents))
    assert found is not None
    assert (found.rows, found.exact) == (rows, exact)
    assert count_rows(sources(*extents, None)) is None
