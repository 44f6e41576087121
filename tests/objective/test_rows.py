"""The walk over all rows: in every layout and at any number of threads the same figures, and nothing allocated."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np
import pytest
import torch
from problems import CPU, Block, keep, random_table
from torch.utils._python_dispatch import TorchDispatchMode

from gdsolve.objective import row_blocks
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.kept_rows import CHUNK_BYTES, KeptRows
from gdsolve.objective.pointwise import Absolute, Huber, Logistic, Poisson, Quantile
from gdsolve.objective.pointwise_rows import collect_pointwise_rows
from gdsolve.objective.quadratic import Penalty
from gdsolve.objective.row_blocks import MOST_LONG_COLUMNS, empty_design
from gdsolve.objective.rows import Rows, collect_rows
from gdsolve.objective.triangle import build_triangle

LOSSES = [Huber(0.8), Logistic(), Poisson(), Quantile(0.9), Absolute()]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few rows, so that many are walked."""
    monkeypatch.setattr(row_blocks, "BLOCK_BYTES", 1000)


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def raw(n: int) -> Coordinates:
    return Coordinates.raw(n, intercept=True, device=CPU)


def collect(values: np.ndarray, dtype: torch.dtype = torch.float64, weight: np.ndarray | None = None) -> Rows:
    own = raw(values.shape[1] - 1)
    penalty = Penalty.ridge(0.5, own, penalize_intercept=False)
    return collect_rows(keep([Block(values, weight)], dtype), own, penalty, 1.0 / len(values), CPU)


def columns_of(values: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(np.column_stack([values[:, :-1], np.ones(len(values))])), torch.from_numpy(values[:, -1:])


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("m", "n"), [(1, 1), (7, 1), (5000, 2), (5001, 3), (300, MOST_LONG_COLUMNS + 3)])
def test_value_and_gradient_are_those_of_the_formula(m: int, n: int, dtype: torch.dtype) -> None:
    values = random_table(m + n, m, n)
    rows = collect(values, dtype)
    X, y = columns_of(values)
    w = 0.1 * torch.randn(n + 1, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(n))
    residual = X @ w - y
    value = (residual.square().sum() + 0.5 * w[:-1].square().sum()) / (2 * m)
    gradient = (X.mT @ residual + 0.5 * torch.cat([w[:-1], torch.zeros(1, 1, dtype=torch.float64)])) / m
    now = rows.evaluate(w.to(dtype))
    near = {"rtol": 1e-11, "atol": 1e-11} if dtype == torch.float64 else {"rtol": 1e-3, "atol": 1e-3}
    assert (now.value.dtype, now.gradient.dtype) == (dtype, dtype)
    assert (now.value.shape, now.gradient.shape) == ((), (n + 1, 1))
    torch.testing.assert_close(now.value.to(torch.float64), value, **near)
    torch.testing.assert_close(now.gradient.to(torch.float64), gradient, **near)


@pytest.mark.usefixtures("small_blocks", "threads")
@pytest.mark.parametrize("n", [2, MOST_LONG_COLUMNS + 3])
def test_figures_are_the_same_to_the_bit_at_any_number_of_threads(n: int) -> None:
    values = random_table(3, 4000, n)
    w = 0.1 * torch.randn(n + 1, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found = []
    for count in (1, 2, 5):
        torch.set_num_threads(count)
        rows, own = collect(values), raw(n)
        loss = collect_pointwise_rows(
            keep([Block(values)]), own, Penalty.ridge(0.0, own, penalize_intercept=False), Huber(0.5), CPU
        )
        for _ in range(5):
            found.append((rows.evaluate(w), loss.evaluate(w)))
        assert torch.get_num_threads() == count
    first = found[0]
    for other in found[1:]:
        for one, same in zip(other, first, strict=True):
            assert torch.equal(one.value, same.value)
            assert torch.equal(one.gradient, same.gradient)


@pytest.mark.usefixtures("small_blocks")
def test_an_evaluation_depends_on_nothing_but_its_point() -> None:
    """Not on the one before, were it no number, and not on others that go on beside it; nothing of it changes later."""
    rows = collect(random_table(4, 3000, 2))
    points = [torch.full((3, 1), size, dtype=torch.float64) for size in (0.1, 0.2, -0.3, 1.0)]
    first = rows.evaluate(points[0])
    value, gradient = first.value.clone(), first.gradient.clone()
    lost = rows.evaluate(torch.full((3, 1), torch.nan, dtype=torch.float64))
    assert bool(lost.value.isnan()) and bool(lost.gradient.isnan().all())
    again = rows.evaluate(points[0])
    alone = [rows.evaluate(point) for point in points]
    with ThreadPoolExecutor(4) as pool:
        beside = list(pool.map(rows.evaluate, points * 10))
    for now in (first, again, *beside[::4]):
        assert torch.equal(now.value, value)
        assert torch.equal(now.gradient, gradient)
    for place, now in enumerate(beside):
        assert torch.equal(now.value, alone[place % 4].value)
        assert torch.equal(now.gradient, alone[place % 4].gradient)


@pytest.mark.usefixtures("small_blocks", "threads")
def test_a_fault_in_one_thread_is_raised_and_leaves_the_walk_usable() -> None:
    torch.set_num_threads(2)
    rows = collect(random_table(5, 3000, 2))
    w = torch.ones(3, 1, dtype=torch.float64)
    expected = rows.evaluate(w)
    home = threading.current_thread()

    def visit(block: row_blocks.Block, v: torch.Tensor, scratch: torch.Tensor) -> torch.Tensor:
        if threading.current_thread() is home:
            raise KeyboardInterrupt
        return scratch

    with pytest.raises(KeyboardInterrupt):
        rows._walk.sums(w, visit)
    assert torch.equal(rows.evaluate(w).gradient, expected.gradient)


class _Allocations(TorchDispatchMode):
    """The largest tensor that any operation gives back in memory of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        made = func(*args, **(kwargs or {}))
        known = {one.untyped_storage().data_ptr() for one in (*args, *(kwargs or {}).values()) if torch.is_tensor(one)}
        if torch.is_tensor(made) and made.untyped_storage().data_ptr() not in known:
            self.largest = max(self.largest, made.untyped_storage().nbytes())
        return made


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("weighted", [False, True])
def test_a_step_on_all_rows_allocates_nothing_that_grows_with_them(weighted: bool) -> None:
    torch.set_num_threads(1)  # one that the mode sees
    values = random_table(6, 200_000, 10)
    rows = collect(values, weight=np.ones(len(values)) if weighted else None)
    w = torch.ones(11, 1, dtype=torch.float64)
    rows.evaluate(w)
    held = {one.data_ptr() for one in rows._walk._scratch}
    with _Allocations() as seen:
        for _ in range(3):
            rows.evaluate(w)
    assert seen.largest == 11 * 8
    assert {one.data_ptr() for one in rows._walk._scratch} == held


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_a_step_of_another_loss_allocates_no_more_than_a_block(loss) -> None:  # type: ignore[no-untyped-def]
    torch.set_num_threads(1)
    values, own = random_table(6, 200_000, 10), raw(10)
    values[:, -1] = np.abs(values[:, -1]) > 1.0
    rows = collect_pointwise_rows(
        keep([Block(values)]), own, Penalty.ridge(0.0, own, penalize_intercept=False), loss, CPU
    )
    w = 0.1 * torch.ones(11, 1, dtype=torch.float64)
    with _Allocations() as seen:
        rows.evaluate(w)
    assert seen.largest <= row_blocks.BLOCK_BYTES // 11


def test_kept_rows_are_given_back_as_they_came_and_released() -> None:
    rng = np.random.default_rng(8)
    sizes = [1, 5, 400, 3, 0, 2000]
    blocks = [Block(rng.normal(size=(size, 4)), rng.integers(0, 3, size).astype(float)) for size in sizes]
    grown: list[tuple[int, int]] = []
    kept = KeptRows(torch.float32, lambda before, rows: grown.append((before, rows)))
    passed = list(kept.passing(blocks))
    assert passed == blocks
    assert (kept.rows, kept.width, kept.weighted) == (sum(sizes), 4, True)
    weights = np.concatenate([block.weight for block in blocks if block.weight is not None])
    assert kept.positive == int((weights > 0).sum())
    assert [before for before, _ in grown] == sorted({before for before, _ in grown})
    assert all(before < rows <= sum(sizes) for before, rows in grown)
    chunks = [(cells.clone(), weight) for cells, weight in chain.from_iterable(kept.slabs())]
    values = np.concatenate([block.values for block in blocks]).astype(np.float32)
    assert np.array_equal(torch.cat([cells for cells, _ in chunks]).numpy(), values)
    assert np.array_equal(torch.cat([weight for _, weight in chunks if weight is not None]).numpy(), weights)
    assert kept.rows == 0
    assert list(kept.slabs()) == []


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_rows_are_brought_into_coordinates_in_float64(dtype: torch.dtype) -> None:
    """Also where several chunks are needed, and in float32, where cells are rounded before and after."""
    m = CHUNK_BYTES // (8 * 3) + 77
    values = random_table(9, m, 2) + 1e3
    triangle = build_triangle([Block(values)], dtype)
    assert triangle is not None
    own = triangle.standardised(intercept=True)
    rows = collect_rows(keep([Block(values)], dtype), own, Penalty.ridge(0.0, own, penalize_intercept=False), 1.0, CPU)
    cells = torch.from_numpy(values).to(dtype).to(torch.float64)
    assert torch.equal(rows.design[:, :2], ((cells[:, :2] - own.centre) / own.scale).to(dtype))
    assert bool((rows.design[:, 2] == 1).all())
    assert torch.equal(rows.target, ((cells[:, 2:] - own.target_centre) / own.target_scale).to(dtype))


def test_columns_are_runs_of_memory_that_do_not_share_lines_of_the_cache() -> None:
    for m, p in ((10, 3), (4096, 3), (1 << 16, 11)):
        design = empty_design(m, p, dtype=torch.float64, device=CPU)
        assert design.shape == (m, p)
        assert design.stride(0) == 1
        assert m <= design.stride(1) < m + 600
        assert m < 4096 or (8 * design.stride(1)) % 4096 != 0
    assert empty_design(5, MOST_LONG_COLUMNS + 1, dtype=torch.float64, device=CPU).is_contiguous()
