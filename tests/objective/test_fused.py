"""Which walk goes through the rows; the fused one sums what the plain one does, and the same bits every time."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
import torch
from devices import needs_cuda
from elementwise_losses import DTYPES, LOSSES
from torch import Tensor

import gdsolve
from gdsolve.objective import fused, walks
from gdsolve.objective.elementwise import Rowwise, squares
from gdsolve.objective.fused import FusedWalk
from gdsolve.objective.fused_kernel import MOST_COLUMNS, shape_of
from gdsolve.objective.row_blocks import Block, Walk
from gdsolve.objective.walks import walk_of
from gdsolve.objective.whole import WholeWalk

CUDA = torch.device("cuda")


def table(m: int, p: int, dtype: torch.dtype, *, kind: str, by_column: bool = True) -> tuple[Tensor, ...]:
    """Design, target, weight and w."""
    rng = np.random.default_rng(m + p)
    design = torch.from_numpy(rng.normal(size=(m, p))).to(dtype)
    target = rng.poisson(1.0, m) if kind == "poisson" else rng.normal(size=m)
    target = (target > 0).astype(float) if kind == "logistic" else target
    columns = (torch.from_numpy(np.asarray(one, float)).to(dtype)[:, None] for one in (target, rng.uniform(0.1, 2, m)))
    w = torch.from_numpy(rng.normal(size=(p, 1)) / p).to(dtype)
    return design.mT.contiguous().mT if by_column else design, *columns, w


def visit_of(loss: Rowwise) -> Any:
    def visit(block: Block, v: Tensor, scratch: Tensor) -> Tensor:
        losses, slopes = loss(torch.mv(block.design, v), block.columns[0])
        if len(block.columns) > 1:
            losses, slopes = losses * block.columns[1], slopes * block.columns[1]
        torch.sum(losses, dim=0, out=block.value)
        return slopes

    return visit


def test_rows_of_the_host_are_walked_in_blocks() -> None:
    design, target, *_ = table(10, 2, torch.float64, kind="squares")
    assert isinstance(walk_of(design, target, loss=squares, many=False), Walk)


@pytest.mark.parametrize("by_column", [True, False])
def test_all_rows_at_once_are_the_blocks_of_the_host(by_column: bool) -> None:
    for m in (0, 1, 500):
        design, target, weight, w = table(m, 3, torch.float64, kind="huber", by_column=by_column)
        visit = visit_of(LOSSES["huber"])
        found = WholeWalk(design, target, weight).sums(w, visit)
        torch.testing.assert_close(found, Walk(design, target, weight).sums(w, visit), rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("fault", [ImportError("No module named 'triton'"), RuntimeError("no compiler"), None])
def test_where_no_kernel_can_be_made_the_walk_is_the_plain_one(
    fault: Exception | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = []

    def refuse(*_: object, **__: object) -> None:
        asked.append(1)
        if fault is not None:
            raise fault

    caplog.set_level(logging.INFO, "gdsolve")
    monkeypatch.setattr(fused, "launch_of", refuse)
    design, target, weight, w = table(500, 3, torch.float64, kind="squares")
    plain, visit = WholeWalk(design, target, weight), visit_of(LOSSES["squares"])
    walk = FusedWalk(LOSSES["squares"], plain, design, target, weight)
    for _ in range(3):
        value, gradient = walk.sums(w, visit)
        wanted, slope = plain.sums(w, visit)
        assert torch.equal(value, wanted)
        assert torch.equal(gradient, slope)
    assert asked == [1]
    told = [record.message for record in caplog.records]
    assert told == ([] if fault is None else [f"no kernel of its own for the rows: {fault}"])


def test_what_shapes_a_kernel_takes() -> None:
    narrow = torch.empty(4, 3, dtype=torch.float64)
    assert shape_of(narrow, weighted=False) is not None
    assert shape_of(narrow.mT, weighted=False) is not None
    assert shape_of(torch.empty(4, MOST_COLUMNS + 1, dtype=torch.float64), weighted=False) is None
    assert shape_of(torch.empty(0, 3, dtype=torch.float64), weighted=False) is None
    assert shape_of(torch.empty(4, 3, dtype=torch.float16), weighted=False) is None
    assert shape_of(torch.empty(8, 6, dtype=torch.float64)[::2, ::2], weighted=False) is None


@pytest.mark.cuda
@needs_cuda
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", LOSSES)
def test_cuda_sums_what_the_plain_walk_sums(name: str, dtype: torch.dtype, weighted: bool) -> None:
    pytest.importorskip("triton")
    for p in (1, 21, 34, 101, 256):
        for m in (1, 1000, 100_003):
            for by_column in (True, False):
                made = table(m, p, dtype, kind=name, by_column=by_column)
                design, target, weight, w = (one.to(CUDA) for one in made)
                columns = (target, weight) if weighted else (target,)
                launch = fused.launch_of(LOSSES[name], design, *columns)
                assert launch is not None
                value, gradient = launch(w)
                exact = (one.double() for one in (design, *columns))
                wanted, slope = Walk(*exact).sums(w.double(), visit_of(LOSSES[name]))
                near = 1e-12 if dtype == torch.float64 else 1e-4
                torch.testing.assert_close(value.double(), wanted, rtol=near, atol=near)
                most = float(slope.abs().amax())
                torch.testing.assert_close(gradient.double(), slope, rtol=near, atol=near * most + near)
                other = fused.launch_of(LOSSES[name], design, *columns)
                assert other is not None
                for again in (launch(w), other(w)):
                    assert torch.equal(again[0], value)
                    assert torch.equal(again[1], gradient)


@pytest.mark.cuda
@needs_cuda
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", ["half-mse", "huber", "logistic"])
def test_cuda_takes_the_same_updates_by_either_walk(
    loss: str, dtype: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("triton")
    caplog.set_level(logging.INFO, "gdsolve")
    rng = np.random.default_rng(11)
    X = rng.normal(size=(300_000, 5))
    y = X @ np.arange(1.0, 6.0) + rng.normal(size=len(X))
    target = (y > 0.0).astype(float) if loss == "logistic" else y
    options: dict[str, Any] = {"loss": loss, "dtype": dtype, "engine": "rows", "lr": 0.2, "tol": 1e-4, "every": 7}
    fits = []
    for least in (0, 0, 1 << 60):
        monkeypatch.setattr(walks, "LEAST_BYTES", least)
        fits.append(gdsolve.fit(X, target, device="cuda", max_iter=2000, **options))
    once, twice, plain = fits
    assert not [record for record in caplog.records if "no kernel" in record.message]
    assert (once.status, once.iterations) == (plain.status, plain.iterations)
    near = 1e-9 if dtype == "float64" else 1e-3
    assert once.weights == pytest.approx(plain.weights, rel=near, abs=near)
    assert once.weights == twice.weights
    assert once.trace.iterations == plain.trace.iterations
