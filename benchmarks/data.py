"""The tables that are measured on: made here, the same ones every time.

numpy and polars are imported only where a table is made, which a process of its own does: the peak memory of a child
counts what its parent held when it was started.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from benchmarks.measure import Command, run_process

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

SEED = 20
BLOCK_ROWS = 100_000
NOISE = 0.1


@dataclass(frozen=True, slots=True)
class Shape:
    """Size of a table: rows m and features n; its columns are x1…xn, y."""

    rows: int
    features: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, the target last."""
        return (*(f"x{j + 1}" for j in range(self.features)), "y")


@dataclass(frozen=True, slots=True)
class Table:
    """A file, or several with the rows divided among them; with `groups`, column g names the group of each row."""

    shape: Shape
    suffix: Literal["csv", "parquet"] = "csv"
    parts: int = 1
    groups: int = 0

    @property
    def path(self) -> Path:
        """Where it lies in a folder: a file, or a folder of files part-0, part-1, …."""
        grouped = f"_{self.groups}groups" if self.groups else ""
        name = f"seed{SEED}_{self.shape.rows}x{self.shape.features}{grouped}"
        return Path(f"{name}_{self.parts}{self.suffix}") if self.parts > 1 else Path(f"{name}.{self.suffix}")

    @property
    def source(self) -> Path:
        """What gdsolve is given: the file, or a glob for all of them."""
        return self.path / f"part-*.{self.suffix}" if self.parts > 1 else self.path


SMALL = Table(Shape(100, 3))
MILLION = Table(Shape(1_000_000, 10))
MILLION_PARQUET = Table(MILLION.shape, "parquet")
FIVE_MILLION = Table(Shape(5_000_000, 10))
FIVE_MILLION_PARTS = Table(FIVE_MILLION.shape, "parquet", parts=4)
WIDE = Table(Shape(20_000, 1000))
WIDER = tuple(Table(Shape(*shape)) for shape in ((100, 2000), (120, 5000), (100, 20_000)))
THOUSAND_FILES = Table(Shape(100_000, 3), parts=1000)
GROUPS = Table(Shape(1_000_000, 5), groups=10_000)


def blocks(shape: Shape) -> Iterator[np.ndarray]:
    """The rows of a table, y = Σ (j/n)·x_j + 0.5 + 0.1·ε with x and ε standard normal: blocks (≤ 100,000, n + 1)."""
    import numpy as np

    generator = np.random.default_rng(SEED)
    weights = _weights(shape)
    for start in range(0, shape.rows, BLOCK_ROWS):
        rows = min(BLOCK_ROWS, shape.rows - start)
        design = generator.standard_normal((rows, shape.features))
        target = design @ weights + 0.5 + NOISE * generator.standard_normal(rows)
        yield np.column_stack([design, target])


def grouped_blocks(shape: Shape, groups: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of `groups` lines: the group of each row, (b,), drawn at random, and the rows, (b, n + 1).

    In group g = 0, 1, …, y = (1 + g/groups)·(Σ (j/n)·x_j + 0.5) + 0.1·ε.
    """
    import numpy as np

    generator = np.random.default_rng(SEED)
    weights = _weights(shape)
    for start in range(0, shape.rows, BLOCK_ROWS):
        rows = min(BLOCK_ROWS, shape.rows - start)
        group = generator.integers(0, groups, rows)
        design = generator.standard_normal((rows, shape.features))
        target = (1.0 + group / groups) * (design @ weights + 0.5) + NOISE * generator.standard_normal(rows)
        yield group, np.column_stack([design, target])


def write(path: Path, table: Table) -> None:
    """Write a table at `path` with every digit of its cells: in CSV some 18 characters each, in Parquet 8 bytes."""
    import polars as pl

    if table.suffix == "csv" and table.parts > 1:
        from benchmarks.many import write_files

        write_files(path, _frames(table), table.parts)
        return
    if table.suffix == "csv":
        with path.open("wb") as file:
            for index, frame in enumerate(_frames(table)):
                frame.write_csv(file, include_header=index == 0)
        return
    whole = pl.concat(_frames(table))
    if table.parts == 1:
        whole.write_parquet(path)
        return
    path.mkdir()
    length = -(-len(whole) // table.parts)
    for index, part in enumerate(whole.iter_slices(length)):
        part.write_parquet(path / f"part-{index}.parquet")


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the tables lie; each is made when it is first asked for, and found again if the folder is kept.

    `made` tells of those that were made here: name, seconds, bytes.
    """

    path: Path
    made: list[dict[str, str | float | int]] = field(default_factory=list)

    def source(self, table: Table) -> Path:
        """The path of a table's file, or the glob for its files.

        Raises:
            MeasurementError: it could not be made.
        """
        path = self.path / table.path
        if not path.exists():
            self._make(table, path)
        return self.path / table.source

    def _make(self, table: Table, path: Path) -> None:
        partial = path.with_name(f"partial_{path.name}")
        began = time.perf_counter()
        sizes = map(str, (table.shape.rows, table.shape.features, table.suffix, table.parts, table.groups))
        run_process(Command(("-m", "benchmarks.data", str(partial), *sizes)))
        partial.replace(path)
        seconds = time.perf_counter() - began
        size = sum(file.stat().st_size for file in (path.iterdir() if path.is_dir() else (path,)))
        self.made.append({"name": path.name, "seconds": seconds, "bytes": size})
        print(f"made {path.name}, {size / 1e6:.0f} MB, in {seconds:.1f} s", file=sys.stderr, flush=True)


def _weights(shape: Shape) -> np.ndarray:
    import numpy as np

    return np.arange(1, shape.features + 1) / shape.features


def _frames(table: Table) -> Iterator[pl.DataFrame]:
    import polars as pl

    columns = list(table.shape.columns)
    if not table.groups:
        for block in blocks(table.shape):
            yield pl.from_numpy(block, schema=columns)
        return
    for group, block in grouped_blocks(table.shape, table.groups):
        # A name, as groups have; of equal length, so that their order is that of the numbers.
        name = pl.Series("g", group).cast(pl.String).str.zfill(len(str(table.groups - 1)))
        yield pl.from_numpy(block, schema=columns).insert_column(0, ("g" + name).alias("g"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write one table.")
    parser.add_argument("path", type=Path)
    parser.add_argument("rows", type=int)
    parser.add_argument("features", type=int)
    parser.add_argument("suffix", choices=("csv", "parquet"))
    parser.add_argument("parts", type=int)
    parser.add_argument("groups", type=int)
    asked = parser.parse_args()
    write(asked.path, Table(Shape(asked.rows, asked.features), asked.suffix, asked.parts, asked.groups))
