"""Of how much of a file columns are judged where a condition leaves rows out: no more of it is read than is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import gdsolve
from gdsolve.data.where.source import _LEAST, SiftedSource


@pytest.fixture
def samples(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Of every sample that was taken, how many rows it has and how many frames were read for it beside the first."""
    found: list[tuple[int, int]] = []
    read, sample, raw = [0], SiftedSource.sample, SiftedSource.raw

    def counted(self: SiftedSource, *given: Any) -> Iterator[pl.DataFrame]:
        for frame in raw(self, *given):
            read[0] += 1
            yield frame

    def taken(self: SiftedSource) -> pl.DataFrame:
        read[0] = 0
        with monkeypatch.context() as patched:
            patched.setattr(SiftedSource, "raw", counted)
            frame = sample(self)
        found.append((frame.height, read[0]))
        return frame

    monkeypatch.setattr(SiftedSource, "sample", taken)
    return found


def fitted(path: Path, rows: int, condition: str) -> float:
    path.write_text("x,y\n" + "".join(f"{k},{3 * k + k % 2}\n" for k in range(rows)))
    return float(gdsolve.fit(str(path), where=condition).weights["x"])


def test_a_small_file_is_at_hand_whatever_satisfies(tmp_path: Path, samples: list[tuple[int, int]]) -> None:
    assert fitted(tmp_path / "t.csv", 60, "x < 5") == pytest.approx(3.0, abs=0.2)
    assert samples == [(5, 0)] * len(samples)
    assert samples


def test_of_a_large_file_the_beginning_is_enough_where_it_satisfies(
    tmp_path: Path, samples: list[tuple[int, int]]
) -> None:
    assert fitted(tmp_path / "t.csv", 200_000, "x >= 5") == pytest.approx(3.0, abs=1e-3)
    assert samples
    assert all(height >= _LEAST and frames == 0 for height, frames in samples)


def test_of_a_large_file_more_is_read_where_few_rows_at_the_beginning_satisfy(
    tmp_path: Path, samples: list[tuple[int, int]]
) -> None:
    assert fitted(tmp_path / "t.csv", 200_000, "x >= 190000") == pytest.approx(3.0, abs=1e-3)
    assert samples
    assert all(height >= _LEAST and frames > 0 for height, frames in samples)
