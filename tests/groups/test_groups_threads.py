"""Groups come out the same to the last bit at any number of threads, and need no torch on the host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import gdsolve
from gdsolve.cli.main import run
from gdsolve.data.cells import Cells
from gdsolve.data.groups import Groups
from gdsolve.groups.descend import descend_groups
from gdsolve.groups.load import load_groups
from gdsolve.objective import group_merge
from gdsolve.objective.shared_work import in_turn, workers
from gdsolve.spec.file import read_spec
from gdsolve.status import GdsolveError, Status

CELLS = Cells.of(".", ("", "NA"))
TELL_TORCH = """
import sys
from gdsolve.cli.main import run

code = run(sys.argv[1:])
print(code, "torch" in sys.modules)
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(groups: int, rows: int, n: int) -> None:
    """t.csv: `groups` groups of 1 to 2·`rows` rows, shuffled, with weights."""
    rng = np.random.default_rng(5)
    codes = rng.permutation(np.repeat(np.arange(groups), rng.integers(1, 2 * rows, groups)))
    X = rng.standard_normal((len(codes), n))
    frame = pl.from_numpy(X, schema=[f"x{j}" for j in range(n)])
    target = pl.Series("y", X.sum(axis=1) + codes + rng.standard_normal(len(codes)))
    names = pl.Series("g", codes).cast(pl.String)
    frame.with_columns(names, pl.Series("w", rng.uniform(0.5, 2.0, len(codes))), target).write_csv("t.csv")


@pytest.mark.parametrize("sizes", [(400, 20, 3), (6, 400, 40)], ids=["many", "wide"])
@pytest.mark.parametrize("options", [{"ignore": "w"}, {"weight": "w"}], ids=["plain", "weights"])
def test_the_bits_do_not_depend_on_threads(
    sizes: tuple[int, int, int], options: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(*sizes)
    monkeypatch.setattr(group_merge, "HELD_NUMBERS", 20_000)
    monkeypatch.setattr(group_merge, "STACK_NUMBERS", 5_000)
    monkeypatch.setattr("gdsolve.groups.fit.TOGETHER", 1_000)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3, 8):
            torch.set_num_threads(threads)
            assert workers() == threads
            fits = gdsolve.fit("t.csv", group_by="g", **options)
            found.append([(one.group, one.status, one.message, one.found) for one in fits])
    finally:
        torch.set_num_threads(before)
    assert len(found[0]) == sizes[0]
    assert all(one == found[0] for one in found[1:])


@pytest.mark.parametrize("asked", [{}, {"lr": 5.0, "max_iter": 100}, {"ridge": 0.5, "loss_tol": 1e-9}], ids=str)
def test_tensors_go_the_way_of_arrays(asked: dict[str, float]) -> None:
    # As on a device: the same code takes tensors of torch.
    write(40, 4, 3)
    spec, _ = read_spec(["t.csv"], {"group_by": "g", "ignore": "w", **asked}, "fit")
    triangles = load_groups(spec, None).triangles
    (arrays,) = in_turn(lambda part: descend_groups(spec, part), [triangles])
    tensors = descend_groups(spec, triangles.to(torch.device("cpu")))
    assert isinstance(tensors.weights, torch.Tensor)
    assert tensors.stops == arrays.stops
    assert tensors.best == arrays.best
    assert {stop.status for stop in arrays.stops} == ({Status.DIVERGED} if "lr" in asked else {Status.CONVERGED})
    sizes = np.abs(arrays.weights).max(axis=1).clip(1.0)[:, None]
    assert np.abs(tensors.weights.numpy() - arrays.weights) / sizes == pytest.approx(0.0, abs=1e-9)
    assert tensors.rates.tolist() == pytest.approx(arrays.rates.tolist(), rel=1e-10)


def test_a_device_that_is_not_there_is_told_before_the_table_is_read() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    Path("t.csv").write_text("g,x,y\n1,1,bad\n1,2,3\n")
    with pytest.raises(GdsolveError, match="sees no CUDA device"):
        gdsolve.fit("t.csv", group_by="g", target="y", device="cuda")


def test_threads_are_those_that_the_environment_asks_for() -> None:
    code = "from gdsolve.objective.shared_work import workers; print(workers())"
    for asked, expected in (("3", 3), ("", len(os.sched_getaffinity(0))), ("many", len(os.sched_getaffinity(0)))):
        told = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "OMP_NUM_THREADS": asked},
        )
        assert int(told.stdout) == expected


def test_work_is_given_in_turn_and_its_fault_is_raised() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert list(in_turn(lambda part: part * part, range(50))) == [part * part for part in range(50)]
        with pytest.raises(ZeroDivisionError):
            list(in_turn(lambda part: 1 // (part - 7), range(50)))
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("options", "needed"),
    [
        ((), False),
        (("--ridge", "1"), False),
        (("--lr", "0.01"), False),
        (("--report",), True),
        (("--init", "random"), True),
    ],
    ids=str,
)
def test_groups_on_the_host_need_no_torch(options: tuple[str, ...], needed: bool) -> None:
    write(5, 10, 2)
    words = ["fit", "t.csv", "--group-by", "g", "--ignore", "w", "--format", "json", "--quiet", *options]
    told = subprocess.run([sys.executable, "-c", TELL_TORCH, *words], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == f"0 {needed}"


def test_a_fit_beside_the_command_line_is_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    write(30, 10, 3)
    assert run(["fit", "t.csv", "--group-by", "g", "--ignore", "w", "--format", "json", "--quiet"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    fits = gdsolve.fit("t.csv", group_by="g", ignore="w")
    assert [line["group"]["g"] for line in lines] == [one.group for one in fits]
    assert [line["weights"] for line in lines] == [one.weights for one in fits]


def numbered(*batches: list[str | None]) -> tuple[list[list[int] | None], list[str | None]]:
    groups = Groups()
    codes = [groups.codes_of(pl.Series(batch, dtype=pl.String), CELLS) for batch in batches]
    return [None if one is None else one.tolist() for one in codes], groups.values


def test_groups_are_numbered_as_they_are_met_whatever_their_cells() -> None:
    written = ["b", " a ", "b", "a", "é", "1", "1.0", "01", "true", "TRUE", "2024-01-31", "a b", "na ve"]
    codes, values = numbered(written)
    assert values == ["b", "a", "é", "1", "1.0", "01", "true", "TRUE", "2024-01-31", "a b", "na ve"]
    assert codes == [[0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]


def test_numbers_of_groups_last_over_batches() -> None:
    batches = [[f"g{code}" for code in range(start, start + 700, 7)] for start in range(0, 2100, 300)]
    codes, values = numbered(*batches)
    assert values == list(dict.fromkeys(name for batch in batches for name in batch))
    for batch, found in zip(batches, codes, strict=True):
        assert found is not None
        assert [values[code] for code in found] == batch


@pytest.mark.parametrize("odd", [None, "", "  ", "NA", " na "])
def test_a_row_without_group_numbers_nothing_of_its_batch(odd: str | None) -> None:
    assert numbered(["a", "b"], ["c", odd], ["b", "c"]) == ([[0, 1], None, [1, 2]], ["a", "b", "c"])


@pytest.mark.parametrize("na", ["error", "drop", "mean"])
def test_rows_without_group_between_many_batches(na: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gdsolve.data.pieces._BLOCK", 64)
    lines = [f"{'NA' if row == 57 else f' g{row % 4}'},{row % 7},{row * row % 11}" for row in range(120)]
    Path("t.csv").write_text("g,x,y\n" + "\n".join(lines) + "\n")
    fits = gdsolve.fit("t.csv", group_by="g", na=na)
    assert [one.group for one in fits] == ["g0", "g1", "g2", "g3", *([] if na == "drop" else [None])]
    assert [one.rows for one in fits][:4] == [30, 29, 30, 30]
    assert fits.adrift == 1
