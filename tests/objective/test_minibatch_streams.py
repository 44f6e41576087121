"""Rows that are read anew every epoch: the same descent as on rows in memory, in blocks of a bounded size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from in_process import completed

import gdsolve
from gdsolve.data.table import Table
from gdsolve.objective import streamed
from gdsolve.solve.memory import Demand
from gdsolve.spec.choices import Shuffle
from gdsolve.status import DataError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A table of 501 rows with weights, some of them 0."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(501, 2)) * [1.0, 3.0] + 2.0
    weight = rng.integers(0, 3, 501)
    y = X @ [1.0, -1.0] + rng.normal(size=501)
    np.savetxt(tmp_path / "t.csv", np.c_[X, weight, y], delimiter=",", header="a,b,w,y", comments="", fmt="%.17g")
    return tmp_path / "t.csv"


OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {"features": "a,b"},
    "weighed": {"weight": "w"},
    "float32": {"features": "a,b", "dtype": "float32"},
    "standardised": {"features": "a,b", "scale": "standard", "ridge": 2.0},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_one_block_is_all_rows_in_memory(path: Path, name: str) -> None:
    rows, blocks = (
        gdsolve.fit(path, batch=16, epochs=3, lr=0.01, shuffle=shuffle, **OPTIONS[name])
        for shuffle in ("rows", "blocks")
    )
    told = blocks.plan.batches
    assert told is not None and (told.shuffle, told.streamed) == (Shuffle.BLOCKS, True)
    assert rows.iterations == blocks.iterations
    assert torch.equal(rows.w, blocks.w)
    assert rows.plan.batches is not None
    assert told.predicted_excess == pytest.approx(rows.plan.batches.predicted_excess, rel=1e-9)


def test_the_order_of_the_table_is_that_of_rows_in_memory(path: Path) -> None:
    """In memory a table of Python has the same order as its file."""
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    read = gdsolve.fit(path, features="a,b", batch=16, epochs=3, lr=0.01, shuffle="none")
    w = np.zeros(3)
    design, y = np.c_[table[:, :2], np.ones(501)], table[:, -1]
    sizes = [501 * (i + 1) // 32 - 501 * i // 32 for i in range(32)]
    for _ in range(3):
        for first, size in zip(np.cumsum([0, *sizes[:-1]]), sizes, strict=True):
            A, t = design[first : first + size], y[first : first + size]
            w = w - 0.01 * A.T @ (A @ w - t) / size
    np.testing.assert_allclose(read.w.numpy()[:, 0], w, rtol=1e-10)
    inline = gdsolve.fit(table[:, :2], y, batch=16, epochs=3, lr=0.01, shuffle="none")
    assert torch.equal(read.w, inline.w)


def test_blocks_are_shuffled_by_themselves_and_do_not_depend_on_how_a_table_is_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "BLOCK_NUMBERS", 64 * 4)
    blocks = gdsolve.fit(path, features="a,b", batch=16, epochs=2, lr=0.01, shuffle="blocks")
    told = blocks.plan.batches
    assert told is not None and told.block == 64
    rows = gdsolve.fit(path, features="a,b", batch=16, epochs=2, lr=0.01, shuffle="rows")
    assert not torch.equal(blocks.w, rows.w)
    whole = Table.ahead

    def in_pieces(self: Table) -> Any:
        for batch in whole(self):
            for first in range(0, len(batch.values), 7):
                yield type(batch)(batch.values[first : first + 7], None)

    monkeypatch.setattr(Table, "ahead", in_pieces)
    again = gdsolve.fit(path, features="a,b", batch=16, epochs=2, lr=0.01, shuffle="blocks")
    assert torch.equal(blocks.w, again.w)


def test_what_has_no_room_in_memory_is_read_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Demand, own: Any, count: Any = None) -> None:
        raise DataError("no room", "another machine")

    monkeypatch.setattr(Demand, "require", full)
    done = completed("fit", str(path), "--features", "a,b", "--batch", "16", "--lr", "0.01", "--epochs", "2")
    assert done.code == 3
    assert "no room: they are read anew every epoch, and shuffled in blocks" in done.err
    assert "shuffled in blocks of 501 (seed 0), read anew every epoch" in " ".join(done.out.split())
    asked = completed("fit", str(path), "--batch", "16", "--lr", "0.01", "--shuffle", "rows")
    assert asked.code == 5


def test_a_table_that_changes_between_epochs_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, passes = Table.ahead, []

    def shorter(self: Table) -> Any:
        passes.append(1)
        for batch in whole(self):
            yield type(batch)(batch.values[: -1 if len(passes) == 4 else None], None)

    monkeypatch.setattr(Table, "ahead", shorter)
    with pytest.raises(DataError, match="has another number of rows than when it was read first"):
        gdsolve.fit(path, features="a,b", batch=16, epochs=5, lr=0.01, shuffle="blocks")


def test_rates_are_compared_on_rows_that_are_read_anew(path: Path) -> None:
    rows, blocks = (
        gdsolve.compare_lr(path, features="a,b", batch=16, epochs=2, lr=[0.01, 0.02], shuffle=shuffle)
        for shuffle in ("rows", "blocks")
    )
    assert [one.loss for one in rows.rates] == [one.loss for one in blocks.rates]


@pytest.mark.parametrize("loss", ["logistic", "poisson", "absolute", "huber"])
@pytest.mark.parametrize("weighed", [False, True])
def test_every_loss_is_streamed_as_it_is_in_memory(tmp_path: Path, loss: str, weighed: bool) -> None:
    rng = np.random.default_rng(1)
    X, weight = rng.normal(size=(301, 2)), rng.integers(0, 3, 301)
    y = {"logistic": rng.integers(0, 2, 301), "poisson": rng.poisson(2, 301)}.get(loss, X.sum(1) + rng.normal(size=301))
    np.savetxt(tmp_path / "t.csv", np.c_[X, weight, y], delimiter=",", header="a,b,w,y", comments="", fmt="%.17g")
    same: dict[str, Any] = {"loss": loss, "batch": 16, "epochs": 3, "scale": "standard", "lr": 0.05, "ridge": 2.0}
    same |= {"weight": "w"} if weighed else {"features": "a,b"}
    same |= {"delta": 1.0} if loss == "huber" else {}
    rows, blocks = (gdsolve.fit(tmp_path / "t.csv", shuffle=shuffle, **same) for shuffle in ("rows", "blocks"))
    np.testing.assert_allclose(blocks.w.numpy(), rows.w.numpy(), rtol=1e-12)
    assert blocks.loss == pytest.approx(rows.loss, rel=1e-12)
    assert blocks.sse is None if rows.sse is None else blocks.sse == pytest.approx(rows.sse, rel=1e-10)
    assert blocks.figures.accuracy == rows.figures.accuracy
    assert blocks.figures.deviance == (None if rows.figures.deviance is None else pytest.approx(rows.figures.deviance))
    assert (blocks.gap, blocks.optimum) == (None, None)
    assert "its rows are read anew every epoch, and none are kept to look for one" in blocks.advice[0]


@pytest.mark.parametrize("loss", ["logistic", "poisson"])
def test_a_rate_is_found_without_keeping_rows(tmp_path: Path, loss: str) -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(500, 2))
    y = rng.poisson(np.exp(X[:, 0])) if loss == "poisson" else (X[:, 0] + rng.logistic(size=500) > 0).astype(int)
    np.savetxt(tmp_path / "t.csv", np.c_[X, y], delimiter=",", header="a,b,y", comments="", fmt="%.17g")
    whole = gdsolve.fit(tmp_path / "t.csv", loss=loss)
    found = gdsolve.fit(tmp_path / "t.csv", loss=loss, batch=16, epochs=20, shuffle="blocks")
    assert found.loss == pytest.approx(whole.loss, rel=1e-3)


def test_what_takes_all_residuals_is_refused(path: Path) -> None:
    with pytest.raises(gdsolve.GdsolveError, match="δ is found from the residuals of all rows"):
        gdsolve.fit(path, loss="huber", batch=16, shuffle="blocks")
    with pytest.raises(gdsolve.GdsolveError, match="a report on --loss absolute takes all of them"):
        gdsolve.fit(path, loss="absolute", batch=16, shuffle="blocks", report=True)


def test_offsets_are_streamed(path: Path) -> None:
    same: dict[str, Any] = {"features": "a", "offset": "b", "batch": 16, "epochs": 2, "lr": 0.01}
    rows, blocks = (gdsolve.fit(path, shuffle=shuffle, **same) for shuffle in ("rows", "blocks"))
    assert torch.equal(rows.w, blocks.w)
    counts: dict[str, Any] = {"target": "w", "loss": "poisson"} | same
    rows, blocks = (gdsolve.fit(path, shuffle=shuffle, **counts) for shuffle in ("rows", "blocks"))
    assert torch.equal(rows.w, blocks.w)


def test_bounds_hold_in_streams(path: Path) -> None:
    options: dict[str, Any] = {"target": "w", "loss": "poisson", "features": "a", "batch": 16, "epochs": 5, "lr": 0.01}
    rows, blocks = (gdsolve.fit(path, shuffle=one, upper="a=-0.1", **options) for one in ("rows", "blocks"))
    assert torch.equal(rows.w, blocks.w)
    assert blocks.weights["a"] <= -0.1
