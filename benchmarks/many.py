"""Many small files in one folder, as `fit --each` takes them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def write_files(path: Path, frames: Iterable[pl.DataFrame], count: int) -> None:
    """Write the rows of all frames as `count` CSV files of about as many rows each: part-0.csv, part-1.csv, …."""
    import polars as pl

    whole = pl.concat(frames)
    path.mkdir()
    length = -(-len(whole) // count)
    for index, part in enumerate(whole.iter_slices(length)):
        part.write_csv(path / f"part-{index}.csv")
