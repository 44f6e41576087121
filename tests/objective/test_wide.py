"""Tables of many columns: the same answer as of few, from few factorisations and one decomposition."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from data_files import failure, load, write
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import Block, pose, random_table

import gdsolve
from gdsolve.objective import row_cuts
from gdsolve.objective.modes import decompose
from gdsolve.objective.singular import Singular
from gdsolve.objective.threads import SHARED_WORK, one_thread, threads_for
from gdsolve.objective.triangle import Triangle, build_triangle
from gdsolve.spec import Missing


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[tuple[int, ...]]:
    """The shapes of the matrices that a function of torch is called with from now on."""
    shapes: list[tuple[int, ...]] = []
    real: Callable[..., Any] = getattr(owner, name)

    def call(matrix: torch.Tensor, *args: Any, **options: Any) -> Any:
        shapes.append(tuple(matrix.shape))
        return real(matrix, *args, **options)

    monkeypatch.setattr(owner, name, call)
    return shapes


@settings(max_examples=examples(40), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 9),
    cuts=st.lists(st.integers(6, 80), max_size=12),
    block_rows=st.sampled_from([1, 7, 4096]),
    weighted=st.booleans(),
)
def test_blocks_are_the_same_however_rows_come(
    seed: int, n: int, cuts: list[int], block_rows: int, weighted: bool
) -> None:
    """To the last bit; and what it stands for is XᵀX of all rows."""
    values = random_table(seed, 80, n)
    weight = np.random.default_rng(seed).uniform(0.1, 2.0, 80) if weighted else None

    def merged(edges: list[int]) -> Triangle:
        pairs = [pair for pair in itertools.pairwise([0, *sorted(edges), 80]) if pair[0] < pair[1]]
        built = build_triangle([Block(values[a:b], None if weight is None else weight[a:b]) for a, b in pairs])
        assert built is not None
        return built

    patch = pytest.MonkeyPatch()
    patch.setattr(row_cuts, "BLOCK_BYTES", 0)
    patch.setattr(row_cuts, "USUAL_ROWS", block_rows)
    try:
        one, other = merged([]), merged(cuts)
    finally:
        patch.undo()
    assert torch.equal(one.factor, other.factor)
    assert other.rows == 80
    root = np.ones(80) if weight is None else np.sqrt(weight)
    A = np.column_stack([values[:, :-1], np.ones(80), values[:, -1]]) * root[:, None]
    np.testing.assert_allclose(other.raw().mT @ other.raw(), A.T @ A, rtol=1e-10, atol=1e-10)


def test_rows_wait_until_a_block_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a factor, of 52 rows, would be made of every five, and all of them merged."""
    monkeypatch.setattr(row_cuts, "BLOCK_BYTES", 0)
    monkeypatch.setattr(row_cuts, "USUAL_ROWS", 400)
    shapes = counted(monkeypatch, torch, "geqrf")
    values = random_table(21, 500, 50)
    built = build_triangle(Block(values[i : i + 5]) for i in range(0, len(values), 5))
    assert built is not None
    assert built.factor.shape == (52, 52)
    assert sorted(shapes) == [(100, 52), (104, 52), (400, 52)]


def test_blocks_are_at_least_twice_as_high_as_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_cuts, "BLOCK_BYTES", 0)
    monkeypatch.setattr(row_cuts, "USUAL_ROWS", 10)
    shapes = counted(monkeypatch, torch, "geqrf")
    build_triangle([Block(random_table(22, 150, 29))])
    assert sorted(shapes) == [(26, 31), (62, 31), (62, 31), (88, 31)]


@pytest.mark.parametrize(("m", "n"), [(700, 120), (90, 120)])
def test_many_columns_against_lstsq(m: int, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer rows than columns as well, where the answer is the one of least norm."""
    monkeypatch.setattr(row_cuts, "BLOCK_BYTES", 0)
    values = random_table(23, m, n)
    fit = gdsolve.fit(values[:, :-1], values[:, -1], scale="none")
    design = torch.from_numpy(np.column_stack([values[:, :-1], np.ones(m)]))
    expected = torch.linalg.lstsq(design, torch.from_numpy(values[:, -1:]), driver="gelsd").solution[:, 0]
    optimum = fit.optimum
    assert optimum is not None
    assert [*optimum.weights.values(), optimum.intercept] == pytest.approx(expected.tolist(), rel=1e-8, abs=1e-9)
    assert optimum.unique == (m > n)


def test_one_decomposition_in_standardised_coordinates(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = counted(monkeypatch, torch.linalg, "svd")
    values = random_table(24, 200, 30)
    # A constant column has no length to bring to that of the others.
    values[:, 7] = 3.0
    gdsolve.fit(values[:, :-1], values[:, -1])
    assert shapes == [(32, 31)]
    gdsolve.fit(values[:, :-1], values[:, -1], lr=0.01, max_iter=10)
    assert len(shapes) == 3


@pytest.mark.parametrize("ridge", [0.0, 2.0])
def test_modes_are_the_same_from_singular_values_that_are_known(ridge: float) -> None:
    for standard in (True, False):
        modes = pose(random_table(25, 60, 8), 1.0 / 60.0, standard=standard, ridge=ridge).modes
        stacked = modes.quadratic.stacked()[0]
        other = Singular.of(2.0 * stacked)
        for known in (Singular.of(stacked), other, None):
            again = decompose(modes.quadratic, modes.minimiser, modes.spectrum.rank, known)
            torch.testing.assert_close(again.eigenvalues, modes.eigenvalues, rtol=1e-12, atol=0.0)
            rebuilt = again.left * (again.eigenvalues * 60.0).sqrt() @ again.right.mT
            torch.testing.assert_close(rebuilt, stacked, rtol=1e-12, atol=1e-12)


def test_large_factorisations_alone_are_shared_among_threads() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with threads_for(0.9 * SHARED_WORK):
            assert torch.get_num_threads() == 1
        with threads_for(SHARED_WORK):
            assert torch.get_num_threads() == 3
        with one_thread(), threads_for(SHARED_WORK, 3):
            assert torch.get_num_threads() == 3
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def late(folder: Path, *cells: str) -> Path:
    """A table whose last rows have such cells, far beyond what its columns are judged by."""
    lines = [f"{i / 7},{i % 13},{i}" for i in range(40_000)] + [f"{cell},1,2" for cell in cells]
    return write(folder / "late.csv", "a,b,y\n" + "\n".join(lines) + "\n")


@pytest.mark.parametrize("word", ["NaN", "nan", "-nan", "NA", ""])
def test_a_late_cell_that_means_missing(word: str, tmp_path: Path) -> None:
    table = late(tmp_path, word)
    if word != "-nan":
        assert load(table, na=Missing.DROP).values.shape == (40_000, 3)
    code, message, _ = failure(table)
    assert code == 5
    assert message.startswith("late.csv: row 40001 (line 40002), column 'a':")


def test_late_infinities_of_either_sign(tmp_path: Path) -> None:
    """Their sum is no number either."""
    code, message, _ = failure(late(tmp_path, "inf", "-inf"))
    assert (code, message) == (5, "late.csv: row 40001 (line 40002), column 'a': 'inf' is not finite")


def test_late_nan_that_does_not_mean_missing(tmp_path: Path) -> None:
    code, message, _ = failure(late(tmp_path, "nan"), na_values=("=?",))
    assert (code, message) == (5, "late.csv: row 40001 (line 40002), column 'a': 'nan' is not finite")


def test_large_numbers_whose_sum_is_beyond_float64(tmp_path: Path) -> None:
    values = load(late(tmp_path, "1e308", "1e308", "-1e308", "-1e308")).values
    assert values[-4:, 0].tolist() == [1e308, 1e308, -1e308, -1e308]
