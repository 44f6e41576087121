"""The triangle built by several threads, and elsewhere: the same bits, the same weights, and nothing left behind."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from elsewhere import ELSEWHERE, Elsewhere
from problems import Block

import gdsolve
from gdsolve.objective import factor_elsewhere, factor_tree, row_cuts
from gdsolve.objective.factor_tree import FactorThreads, building_bytes
from gdsolve.objective.factorise import factor_in_panels, factor_of, merged_factor, one_by_one
from gdsolve.objective.merge import merge
from gdsolve.objective.row_cuts import cut_rows
from gdsolve.objective.threads import on_threads
from gdsolve.objective.triangle import Triangle, build_triangle, build_triangles
from gdsolve.room import Room
from gdsolve.solve import device, memory
from gdsolve.solve.fingerprint import Fingerprint, require_fingerprint
from gdsolve.solve.memory import building_threads
from gdsolve.spec import Engine

BOTH = (torch.float32, torch.float64)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_cuts, "BLOCK_BYTES", 1 << 14)
    monkeypatch.setattr(row_cuts, "USUAL_ROWS", 64)


def table(m: int, n: int, *, weighted: bool) -> Block:
    rng = np.random.default_rng(m + n)
    values = np.asfortranarray(rng.standard_normal((m, n + 1)) + 3.0)
    weight = rng.uniform(0.1, 2.0, m)
    weight[1::7] = 0.0
    return Block(values, weight if weighted else None)


def cut(whole: Block, size: int) -> Iterator[Block]:
    for start in range(0, len(whole.values), size):
        here = slice(start, start + size)
        yield Block(whole.values[here], None if whole.weight is None else whole.weight[here])


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("gdsolve-triangle")]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("m", "n"), [(1, 3), (30, 50), (20_000, 10), (5000, 40), (2500, 300)])
@pytest.mark.usefixtures("small_blocks")
def test_the_same_bits_at_any_number_of_threads(m: int, n: int, weighted: bool) -> None:
    whole = table(m, n, weighted=weighted)
    with on_threads(1):
        expected = build_triangles([whole], BOTH)
    for threads in (1, 2, 3, 8):
        for size in (m, 611):
            with on_threads(threads):
                found = build_triangles(cut(whole, size), BOTH)
            for one, other in zip(expected, found, strict=True):
                assert torch.equal(one.factor, other.factor)
                assert torch.equal(one.shift, other.shift)
                assert (one.rows, one.total_weight) == (other.rows, other.total_weight)
    there = slice(None) if whole.weight is None else whole.weight > 0.0
    values = whole.values[there]
    root = np.ones(len(values)) if whole.weight is None else np.sqrt(whole.weight[there])
    A = np.column_stack([values[:, :-1], np.ones(len(values)), values[:, -1]]) * root[:, None]
    assert expected[1].factor.shape == (min(len(A), n + 2), n + 2)
    np.testing.assert_allclose(expected[1].raw().mT @ expected[1].raw(), A.T @ A, atol=1e-13 * np.abs(A.T @ A).max())


@pytest.mark.usefixtures("small_blocks")
def test_the_last_factors_are_merged_by_all_threads_with_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A panel after the other, each with fewer slices of 256 columns beside it."""
    shared, each = [], FactorThreads.each

    def counted(pool: FactorThreads, task: Callable[[int], None], places: Iterable[int]) -> None:
        shared.append(len(list(places)))
        each(pool, task, places)

    monkeypatch.setattr(FactorThreads, "each", counted)
    whole, factors = table(1808, 450, weighted=False), []
    for threads in (1, 2, 8):
        with on_threads(threads):
            built = build_triangle([whole])
        assert built is not None
        factors.append(built.factor)
    assert shared == 3 * [2, 1, 1]
    assert all(torch.equal(factors[0], other) for other in factors[1:])


@pytest.mark.usefixtures("small_blocks")
def test_groups_of_rows_without_weight_are_no_rows() -> None:
    whole = table(9000, 5, weighted=True)
    assert whole.weight is not None
    whole.weight[2000:5000] = 0.0
    there = whole.weight > 0.0
    one, other = build_triangle([whole]), build_triangle([Block(whole.values[there], whole.weight[there])])
    assert one is not None
    assert other is not None
    assert torch.equal(one.factor, other.factor)
    assert build_triangle([Block(whole.values[2000:5000], whole.weight[2000:5000])]) is None


@pytest.mark.parametrize("columns", [5, 400])
def test_factors_are_those_of_one_factorisation(columns: int) -> None:
    """Up to the signs of their rows."""
    generator = torch.Generator(device="cpu").manual_seed(3)
    A = torch.randn(5 * columns + 2100, columns, dtype=torch.float64, device="cpu", generator=generator)
    # Dependent and empty columns have factors as well.
    A[:, 2], A[:, 3] = 0.0, A[:, 0]
    parts = torch.split(A, -(-len(A) // 4))
    whole = torch.linalg.qr(A, mode="r").R
    merged = merged_factor([factor_of(part) for part in parts], one_by_one)
    for found in (factor_of(A), factor_in_panels(A.clone(), one_by_one), merged):
        assert torch.equal(found, found.triu())
        torch.testing.assert_close(found.mT @ found, whole.mT @ whole, rtol=0.0, atol=1e-11 * len(A))
        torch.testing.assert_close(found[:2].abs(), whole[:2].abs(), rtol=1e-12, atol=1e-11)


def test_one_large_block_is_shared_by_all_threads_with_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factor_tree, "SHARED_WORK", 1e6)
    monkeypatch.setattr(row_cuts, "BLOCK_BYTES", 0)
    for m in (200, 3000):
        whole = table(m, 600, weighted=False)
        found = []
        for threads in (1, 2, 8):
            with on_threads(threads):
                found.append(build_triangle([whole]))
        one, *others = found
        assert one is not None
        assert all(other is not None and torch.equal(one.factor, other.factor) for other in others)
        expected = torch.linalg.qr(torch.from_numpy(whole.values), mode="r").R
        block = one.raw()[:, [*range(600), 601]]
        torch.testing.assert_close(block.mT @ block, expected.mT @ expected, rtol=0.0, atol=1e-9)


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
@pytest.mark.usefixtures("small_blocks")
def test_no_thread_outlives_a_fault_in_the_batches(fault: type[BaseException]) -> None:
    seen = []

    def batches() -> Iterator[Block]:
        yield from cut(table(20_000, 10, weighted=False), 500)
        seen.extend(workers())
        raise fault

    with on_threads(3), pytest.raises(fault):
        build_triangle(batches())
    assert seen
    assert workers() == []
    assert torch.get_num_threads() > 0


def test_no_thread_outlives_a_fault_of_its_own() -> None:
    with pytest.raises(ZeroDivisionError), FactorThreads(2) as pool:
        pool.submit(lambda: 1 // 0).result()
    assert workers() == []


def test_no_thread_is_started_for_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    monkeypatch.setattr(factor_tree, "ThreadPoolExecutor", lambda *how, **more: started.append(how))
    with on_threads(2):
        assert build_triangle([table(100, 3, weighted=False)]) is not None
    assert started == []


def test_blocks_wait_for_threads() -> None:
    """So that memory does not grow with the table where rows come faster than they are factorised."""
    gate = threading.Event()
    with FactorThreads(2) as pool:
        for _ in range(2):
            pool.submit(gate.wait)
        pool.make_room()
        pool.submit(gate.wait)
        full = threading.Thread(target=pool.make_room)
        full.start()
        full.join(0.05)
        waited = full.is_alive()
        gate.set()
        full.join(5)
    assert waited


def test_cuts_have_a_height_of_their_own() -> None:
    whole = table(1000, 2, weighted=True)
    assert whole.weight is not None
    for size in (1, 7, 400, 1000):
        cuts = list(cut_rows(cut(whole, size), lambda columns: 100 * columns))
        assert [one.rows for one in cuts] == [400, 400, int((whole.weight > 0.0).sum()) - 800]


def test_ranks_merge_to_the_same_bits_at_any_number_of_threads() -> None:
    parts = [table(m, 150, weighted=False) for m in (900, 400)]
    found = []
    for threads in (1, 2):
        with on_threads(threads):
            one, other = (build_triangle([part]) for part in parts)
            assert one is not None
            assert other is not None
            found.append(merge(one, other))
    assert torch.equal(found[0].factor, found[1].factor)


def elsewhere_of(whole: Block, size: int) -> tuple[tuple[Triangle, ...], list[str]]:
    with Elsewhere() as mode:
        return build_triangles(cut(whole, size), BOTH, ELSEWHERE), mode.waited


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("m", "n"), [(1, 3), (30, 50), (3000, 6)])
def test_elsewhere_it_is_that_of_the_host(m: int, n: int, weighted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factor_elsewhere, "BLOCK_BYTES", 1 << 15)
    monkeypatch.setattr(factor_elsewhere, "COPY_BYTES", 1 << 12)
    whole = table(m, n, weighted=weighted)
    here, (there, waited) = build_triangles([whole], BOTH), elsewhere_of(whole, 611)
    for one, other in zip(here, there, strict=True):
        assert other.factor.device == torch.device("cpu")
        assert other.factor.shape == one.factor.shape
        assert other.rows == one.rows
        assert other.total_weight == pytest.approx(one.total_weight, rel=1e-14)
        product = one.raw().mT @ one.raw()
        torch.testing.assert_close(
            other.raw().mT @ other.raw(), product, rtol=0.0, atol=1e-13 * float(product.abs().max())
        )
    # At the end alone, however many blocks there are.
    assert len(waited) <= 3 * len(BOTH)


def test_cuda_builds_the_triangle_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(device, "_accelerator", lambda: ELSEWHERE)
    whole = table(500, 4, weighted=False)
    X, y = whole.values[:, :-1], whole.values[:, -1]
    here = gdsolve.fit(X, y, device="cpu")
    with Elsewhere():
        there = gdsolve.fit(X, y, device="cuda")
    assert there.device == ELSEWHERE.type
    assert there.weights == pytest.approx(here.weights, rel=1e-12, abs=1e-13)
    assert there.sse == pytest.approx(here.sse, rel=1e-12)


def test_the_memory_is_told_before_reading_and_fewer_threads_take_less(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def need(threads: int) -> int:
        return building_bytes(200_000, 502, threads, 1)

    # A block of 2040 rows five times for each thread and two more, and 32 factors that wait or are merged.
    assert need(2) == 8 * 502 * (5 * 4 * 2040 + 2 * 16 * 502)
    assert building_bytes(100, 5, 8, 2) == 8 * 5 * (5 * 100 + 2 * 2 * 1 * 5)
    assert building_bytes(1000, 20_001, 8, 1) == 8 * 20_001 * (5 * 1000 + 2 * 1000)
    rooms = {8: need(8), 3: need(4) - 1, 1: need(1)}
    for threads, room in rooms.items():
        monkeypatch.setattr(memory, "host_room", lambda room=room: Room(room, None))
        with caplog.at_level(logging.INFO, "gdsolve"):
            assert building_threads("a.csv", need, 8) == threads
    assert caplog.messages[0].startswith("building the triangle takes 474 MB at most, on 8 threads, ")
    monkeypatch.setattr(memory, "host_room", lambda: Room(10_000_000, None))
    with pytest.raises(gdsolve.DataError) as caught:
        building_threads("a.csv", need, 8)
    assert caught.value.message == "a.csv: building the triangle takes 187 MB, 10 MB are available"
    assert caught.value.hint == "fewer columns (--features)"
    assert building_threads("a.csv", lambda threads: 1000 * threads, 8) == 8


def test_a_run_goes_on_only_on_the_device_that_made_its_triangle() -> None:
    made = Fingerprint(Engine.LEAP, "cuda", None, {}, ("x",), "start", "bounds", "one")
    here = replace(made, device="cpu", data="other")
    with pytest.raises(gdsolve.GdsolveError) as caught:
        require_fingerprint("run.json", made.plain(), here, "a.csv")
    assert caught.value.message == "device: run.json is of a run with cuda, and this is one with cpu"
    assert caught.value.hint == "give --device cuda, or start anew without --resume"
