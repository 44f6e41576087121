"""Rows dealt into folds: the same at any number of threads, batches and ranks; and the triangles of the folds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_threads import on_ranks

import gdsolve
from gdsolve.data import open_table
from gdsolve.data.folds import HELD_OUT, fold_numbers
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.folds import Folds, build_folds, squared_error
from gdsolve.objective.triangle import build_triangle
from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.read import TableRead, read_table
from gdsolve.spec.file import build_spec
from gdsolve.status import DataError, GdsolveError

HOST = torch.device("cpu")


@dataclass
class Block:
    values: np.ndarray
    weight: np.ndarray | None = None
    fold: np.ndarray | None = None


def splitmix(state: int) -> int:
    """The finaliser of splitmix64, number by number."""
    most = 2**64 - 1
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & most
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & most
    return state ^ (state >> 31)


def hashed(row: int, seed: int, file: int, purpose: int) -> int:
    """The formula of docs/guide/validation.md."""
    golden, most = 0x9E3779B97F4A7C15, 2**64 - 1
    key = splitmix((seed + purpose * golden) & most)
    key = splitmix((key + (file + 1) * golden) & most)
    return splitmix((key + (row + 1) * golden) & most)


# The dealing.


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(2, 9), st.integers(0, 2**63 - 1), st.integers(0, 3))
def test_rows_are_dealt_as_documented(rows: int, k: int, seed: int, file: int) -> None:
    expected = []
    for row in range(rows):
        first = row // k * k
        block = [hashed(one, seed, file, 1) for one in range(first, first + k)]
        expected.append(sorted(block).index(block[row - first]))
    found = fold_numbers(np.arange(rows), k, seed, file)
    assert found.tolist() == expected
    sizes = np.bincount(found, minlength=k)
    assert sizes.max() - sizes.min() <= 1
    counts = [0] * file + [rows]
    assert gdsolve.folds(counts, k, seed=seed).tolist() == expected
    out = [hashed(row, seed, file, 2) / 2**64 < 0.3 for row in range(rows)]
    assert gdsolve.held_out(counts, 0.3, seed=seed).tolist() == out


@given(st.integers(1, 200), st.integers(2, 7), st.data())
def test_a_row_has_its_fold_whatever_rows_are_asked_with_it(rows: int, k: int, data: st.DataObject) -> None:
    some = data.draw(st.lists(st.integers(0, rows - 1), min_size=1, unique=True))
    assert fold_numbers(np.array(some), k).tolist() == fold_numbers(np.arange(rows), k)[some].tolist()


def test_seeds_and_purposes_are_independent() -> None:
    one, other = gdsolve.folds(100_000, 5, seed=1), gdsolve.folds(100_000, 5, seed=2)
    # Of independent ones a fifth agree; five standard errors of a share of 1/5 among 100,000.
    assert abs((one == other).mean() - 0.2) < 5.0 * (0.16 / 1e5) ** 0.5
    out = gdsolve.held_out(100_000, 0.2, seed=1)
    assert abs(out.mean() - 0.2) < 5.0 * (0.16 / 1e5) ** 0.5
    assert np.bincount(one[out]) / out.sum() == pytest.approx([0.2] * 5, abs=5.0 * (0.16 / 2e4) ** 0.5)
    # Rows that come in turns of five are no fold.
    turns = np.arange(100_000) % 5
    assert np.bincount(turns[one == 0]) / 20_000 == pytest.approx([0.2] * 5, abs=5.0 * (0.16 / 2e4) ** 0.5)


def test_values_keep_rows_together() -> None:
    by = ["b", "a", "b", "c", "a", "d"]
    found = gdsolve.folds(None, 2, by=by, seed=3)
    assert found.tolist() == gdsolve.folds(4, 2, seed=3)[[0, 1, 0, 2, 1, 3]].tolist()
    assert gdsolve.folds(None, 2, by=[1.0, 2.0, 1.0]).tolist() == gdsolve.folds(None, 2, by=["1", "2", "1"]).tolist()
    assert gdsolve.held_out(None, 0.5, by=by).tolist() == gdsolve.held_out(4, 0.5)[[0, 1, 0, 2, 1, 3]].tolist()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gdsolve.folds(5, 1), "1 is no number of folds"),
        (lambda: gdsolve.held_out(5, 1.0), "1 is not strictly between 0 and 1"),
        (lambda: gdsolve.folds(None, 2, by=["a", None]), "value 2 of by is missing"),
    ],
)
def test_what_cannot_be_dealt(call: Any, message: str) -> None:
    with pytest.raises(GdsolveError, match=message):
        call()


# The triangles.


def gram(values: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    A = np.column_stack([values[:, :-1], np.ones(len(values)), values[:, -1]])
    return A.T @ (A if weight is None else A * weight[:, None])


@settings(deadline=None, max_examples=examples(40))
@given(st.integers(2, 6), st.integers(1, 60), st.sampled_from([0.0, 1e6]), st.booleans(), st.integers(0, 99))
def test_merges_leave_out_one_fold_each(k: int, rows: int, centre: float, weighted: bool, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, 3)) + centre
    weight = random.integers(0, 3, rows).astype(float) if weighted else None
    fold = fold_numbers(np.arange(rows), k, seed)
    (triangles,) = build_folds([Block(values, weight, fold)], (torch.float64,), k, 3, 1)
    folds = Folds(triangles)
    there = np.ones(rows, dtype=bool) if weight is None else weight > 0.0
    assert folds.rows == tuple(int((there & (fold == j)).sum()) for j in range(k))
    moved = values - centre
    for j, rest in enumerate(folds.without()):
        assert rest.rows == there.sum() - folds.rows[j]
        assert rest.total_weight == pytest.approx((there if weight is None else weight)[fold != j].sum())
        if rest.rows:
            shifted = rest.raw().numpy()
            shifted[:, [0, 1, 3]] -= centre * shifted[:, [2]]
            expected = gram(moved[fold != j], None if weight is None else weight[fold != j])
            np.testing.assert_allclose(shifted.T @ shifted, expected, atol=1e-7 if centre else 1e-11)
    whole = build_triangle([Block(values, weight)])
    assert folds.total().rows == (0 if whole is None else whole.rows)


def test_the_same_bits_at_any_number_of_threads_and_batches() -> None:
    random = np.random.default_rng(1)
    values, weight = np.asfortranarray(random.normal(size=(200_000, 4)) + 3.0), random.uniform(0.0, 2.0, 200_000)
    fold = fold_numbers(np.arange(200_000), 3)

    def batches(size: int) -> Iterator[Block]:
        for start in range(0, 200_000, size):
            here = slice(start, start + size)
            yield Block(values[here], weight[here], fold[here])

    both = (torch.float32, torch.float64)
    expected = build_folds(batches(200_000), both, 3, 4, 1)
    for size, threads in ((7777, 1), (50_000, 3)):
        found = build_folds(batches(size), both, 3, 4, threads)
        for one, other in zip(sum(expected, ()), sum(found, ()), strict=True):
            assert torch.equal(one.factor, other.factor)
            assert torch.equal(one.shift, other.shift)
            assert (one.rows, one.total_weight) == (other.rows, other.total_weight)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("standard", [True, False])
def test_the_error_of_weights_on_a_fold(intercept: bool, standard: bool) -> None:
    random = np.random.default_rng(2)
    values = random.normal(size=(30, 3)) * [1.0, 10.0, 1.0] + [5.0, 0.0, 7.0]
    fold = fold_numbers(np.arange(30), 3)
    (triangles,) = build_folds([Block(values, None, fold)], (torch.float64,), 3, 3, 1)
    whole = Folds(triangles).total()
    raw = Coordinates.raw(2, intercept=intercept, device=HOST)
    coordinates = whole.standardised(intercept=intercept) if standard else raw
    weights = torch.tensor([[1.5], [-0.5]] + [[2.0]] * intercept, dtype=torch.float64)
    for j, triangle in enumerate(triangles):
        here = values[fold == j]
        expected = ((here[:, :2] @ [1.5, -0.5] + 2.0 * intercept - here[:, 2]) ** 2).sum()
        found = squared_error(triangle, coordinates.from_user(weights), coordinates, whole)
        assert found == pytest.approx(expected, rel=1e-13)


def test_columns_that_are_large_beside_their_spread_lose_no_digits() -> None:
    random = np.random.default_rng(3)
    values = random.integers(-8, 8, size=(40, 2)) / 4.0
    fold = fold_numbers(np.arange(40), 2)
    (moved,) = build_folds([Block(values + 2.0**30, None, fold)], (torch.float64,), 2, 2, 1)
    (plain,) = build_folds([Block(values, None, fold)], (torch.float64,), 2, 2, 1)
    w = torch.tensor([[0.5], [0.125]], dtype=torch.float64)
    at = moved[1].standardised(intercept=True)
    same = plain[1].standardised(intercept=True)
    expected = squared_error(plain[0], w, same, plain[1])
    assert squared_error(moved[0], w, at, moved[1]) == pytest.approx(expected, rel=1e-13)


# Tables.


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, random = tmp_path_factory.mktemp("dealt"), np.random.default_rng(5)
    frame = pl.DataFrame(
        {
            "x": random.normal(size=300),
            "who": [f"w{one}" for one in random.integers(0, 40, 300)],
            "y": random.normal(size=300),
        }
    )
    frame.write_parquet(folder / "all.parquet", row_group_size=50)
    for place, (start, stop) in enumerate([(0, 100), (100, 180), (180, 300)], start=1):
        frame.slice(start, stop - start).write_csv(folder / f"part-{place}.csv")
    holes = frame.with_columns(pl.when(pl.int_range(300) % 7 == 3).then(None).otherwise(pl.col("x")).alias("x"))
    holes.write_csv(folder / "holes.csv")
    return folder


def read(folder: Path, source: str, ranks: Ranks = ALONE, **options: Any) -> TableRead:
    return read_table(build_spec([str(folder / source)], {"features": "x", **options}, "fit"), ranks=ranks)


def dealt(folder: Path, source: str, **options: Any) -> tuple[np.ndarray, np.ndarray]:
    """The folds of the rows of a table, and their targets."""
    spec = build_spec([str(folder / source)], {"features": "x", **options}, "fit")
    with open_table(spec.data, spec) as table:
        batches = list(table.batches())
    return (
        np.concatenate([batch.fold for batch in batches if batch.fold is not None]),
        np.concatenate([batch.values[:, -1] for batch in batches]),
    )


def test_rows_are_numbered_in_their_file(folder: Path) -> None:
    expected = gdsolve.folds([100, 80, 120], 5, seed=4)
    found, _ = dealt(folder, "part-*.csv", cv="5", seed="4")
    assert found.tolist() == expected.tolist()
    found, _ = dealt(folder, "all.parquet", cv="5", holdout="0.2", seed="4")
    out = gdsolve.held_out(300, 0.2, seed=4)
    assert found.tolist() == np.where(out, HELD_OUT, gdsolve.folds(300, 5, seed=4)).tolist()


def test_rows_that_are_dropped_have_numbers(folder: Path) -> None:
    kept = np.arange(300) % 7 != 3
    found, _ = dealt(folder, "holes.csv", cv="5", na="drop")
    assert found.tolist() == gdsolve.folds(300, 5)[kept].tolist()
    who = pl.read_csv(folder / "holes.csv")["who"].to_list()
    found, _ = dealt(folder, "holes.csv", cv="5", na="drop", cv_by="who")
    assert found.tolist() == gdsolve.folds(None, 5, by=who)[kept].tolist()


def test_blank_lines_have_no_number(tmp_path: Path) -> None:
    lines = [f"{k},{k * k}" for k in range(9)]
    (tmp_path / "t.csv").write_text("\n".join(["x,y", *lines[:3], "", *lines[3:5], "", "", *lines[5:]]) + "\n")
    found, y = dealt(tmp_path, "t.csv", cv="3")
    assert y.tolist() == [float(k * k) for k in range(9)]
    assert found.tolist() == gdsolve.folds(9, 3).tolist()


def test_a_column_keeps_rows_together_in_files_and_frames(folder: Path) -> None:
    frame = pl.read_parquet(folder / "all.parquet")
    expected = gdsolve.folds(None, 4, by=frame["who"].to_list(), seed=9)
    for source in ("part-*.csv", "all.parquet"):
        found, _ = dealt(folder, source, cv="4", cv_by="who", seed="9")
        assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("source", ["part-*.csv", "all.parquet"])
@pytest.mark.parametrize("options", [{"holdout": "0.3"}, {"cv_by": "who"}, {"dtype": "float32", "weight": "w"}])
def test_folds_are_the_same_on_ranks(folder: Path, source: str, options: dict[str, str], size: int) -> None:
    options = {"cv": "5", "seed": "2"} | {name: value for name, value in options.items() if name != "weight"}
    alone = read(folder, source, **options)
    assert alone.dealt is not None
    assert alone.dealt.folds is not None
    for found in on_ranks(size, lambda ranks: read(folder, source, ranks, **options)):
        assert found.dealt is not None
        assert found.dealt.folds is not None
        assert found.data.rows == alone.data.rows
        assert found.dealt.held_rows == alone.dealt.held_rows
        pairs = [*zip(alone.dealt.folds.triangles, found.dealt.folds.triangles, strict=True)]
        pairs += [] if alone.dealt.held is None or found.dealt.held is None else [(alone.dealt.held, found.dealt.held)]
        assert len(pairs) == 5 + ("holdout" in options)
        for one, other in pairs:
            assert one.rows == other.rows
            torch.testing.assert_close(one.raw().mT @ one.raw(), other.raw().mT @ other.raw(), rtol=1e-12, atol=1e-10)


def test_rows_held_out_are_not_those_of_the_fit(folder: Path) -> None:
    found = read(folder, "all.parquet", holdout="0.2")
    out = gdsolve.held_out(300, 0.2)
    assert found.dealt is not None
    assert found.dealt.held is not None
    assert (found.data.rows, found.dealt.held_rows, found.dealt.held.rows) == (300 - out.sum(), out.sum(), out.sum())
    assert found.triangles[0].rows == 300 - out.sum()
    y = pl.read_parquet(folder / "all.parquet")["y"].to_numpy()
    assert float(found.dealt.held.means()[-1]) == pytest.approx(y[out].mean())
    assert float(found.triangles[0].means()[-1]) == pytest.approx(y[~out].mean())


def test_more_folds_than_rows(tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("x,who,y\n1,a,2\n2,a,3\n3,b,5\n")
    with pytest.raises(DataError, match=r"few.csv: 2 of the 5 folds of --cv 5 have no rows") as caught:
        read(tmp_path, "few.csv", cv="5")
    assert caught.value.hint == "give --cv 3, or another --seed"
    with pytest.raises(DataError, match=r"keep rows of column 'who' together, and 1 of the 3 folds"):
        read(tmp_path, "few.csv", cv="3", cv_by="who")
