"""The tables that are measured on: made here, the same ones every time."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.measure import Command, run_process

SEED = 20
BLOCK_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Shape:
    """Size of a table: rows m and features n; its columns are x1…xn, y."""

    rows: int
    features: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, the target last."""
        return (*(f"x{j + 1}" for j in range(self.features)), "y")


SMALL = Shape(100, 3)
MILLION = Shape(1_000_000, 10)
FIVE_MILLION = Shape(5_000_000, 10)


def blocks(shape: Shape) -> Iterator[np.ndarray]:
    """The rows of a table, y = Σ (j/n)·x_j + 0.5 + 0.1·ε with x and ε standard normal: blocks (≤ 100,000, n + 1)."""
    generator = np.random.default_rng(SEED)
    weights = np.arange(1, shape.features + 1) / shape.features
    for start in range(0, shape.rows, BLOCK_ROWS):
        rows = min(BLOCK_ROWS, shape.rows - start)
        design = generator.standard_normal((rows, shape.features))
        target = design @ weights + 0.5 + 0.1 * generator.standard_normal(rows)
        yield np.column_stack([design, target])


def write_csv(path: Path, shape: Shape) -> None:
    """Write a table with every digit of its cells, some 18 characters each."""
    import polars as pl

    with path.open("wb") as file:
        for index, block in enumerate(blocks(shape)):
            pl.from_numpy(block, schema=list(shape.columns)).write_csv(file, include_header=index == 0)


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the tables lie; each is made when it is first asked for, and found again if the folder is kept."""

    path: Path

    def table(self, shape: Shape) -> Path:
        """The path of the CSV file with this table."""
        path = self.path / f"seed{SEED}_{shape.rows}x{shape.features}.csv"
        if not path.exists():
            partial = path.with_suffix(".partial")
            # In a process of its own: the peak memory of a child counts what its parent held when it was started.
            sizes = (str(shape.rows), str(shape.features))
            run_process(Command(("-m", "benchmarks.data", str(partial), *sizes)))
            partial.replace(path)
        return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write one table.")
    parser.add_argument("path", type=Path)
    parser.add_argument("rows", type=int)
    parser.add_argument("features", type=int)
    arguments = parser.parse_args()
    write_csv(arguments.path, Shape(arguments.rows, arguments.features))
