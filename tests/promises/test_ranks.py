"""Several ranks give what one process gives: shares, merged triangles, summed objectives."""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_threads import on_ranks

from gdsolve.cli.distributed import accept, require_shared
from gdsolve.data import open_table
from gdsolve.data.extent import RowCount
from gdsolve.data.formats.parquet.reader import ParquetReader
from gdsolve.data.shares import Share, deal, partition
from gdsolve.objective.merge import merge
from gdsolve.objective.triangle import Triangle, build_triangle
from gdsolve.pictures import illustrator
from gdsolve.progress import listening
from gdsolve.ranks import ALONE, AgreedError, Launched, Ranks, Verdict, ranks_of
from gdsolve.report.record import fit_record
from gdsolve.room import Room
from gdsolve.solve import memory
from gdsolve.solve.compare import compare
from gdsolve.solve.compare_lr import compare_lr
from gdsolve.solve.fit import fit
from gdsolve.solve.sample import Sample
from gdsolve.spec import VERBS, Spec
from gdsolve.spec.file import build_spec
from gdsolve.status import DataError, GdsolveError

ROWS = 400
LAUNCHED = {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}


class Rows:
    """A batch of rows."""

    def __init__(self, values: np.ndarray, weight: np.ndarray | None = None) -> None:
        self.values, self.weight = values, weight


# The environment.


def test_without_a_launcher_there_is_one_rank() -> None:
    assert ranks_of({}) is ALONE
    assert ranks_of(LAUNCHED | {"WORLD_SIZE": "1"}) is ALONE
    assert (ALONE.first, ALONE.several, ALONE.gather(7), ALONE.rank, ALONE.size) == (True, False, [7], 0, 1)


def test_a_launcher_sets_rank_and_size() -> None:
    ranks = ranks_of(LAUNCHED | {"LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"})
    assert isinstance(ranks, Launched)
    assert (ranks.rank, ranks.size, ranks.local_rank, ranks.local_size) == (1, 2, 1, 2)
    assert (ranks.first, ranks.several) == (False, True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"RANK": ""}, "WORLD_SIZE is set and RANK is not"),
        ({"MASTER_PORT": ""}, "WORLD_SIZE is set and MASTER_PORT is not"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE is 'two', not a whole number"),
        ({"RANK": "2"}, "RANK is 2 and WORLD_SIZE 2"),
    ],
)
def test_an_environment_that_says_half_of_it(change: dict[str, str], message: str) -> None:
    with pytest.raises(GdsolveError) as caught:
        ranks_of(LAUNCHED | change)
    assert (caught.value.message, int(caught.value.exit_code)) == (message, 2)
    assert caught.value.hint is not None
    assert "torchrun" in caught.value.hint


def test_all_end_as_the_lowest_rank_that_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Any] = [(None, 1), (Verdict(5, DataError("b")), None), (Verdict(2, GdsolveError("c")), None)]
    ranks = Launched(0, 3, 0, 3)
    monkeypatch.setattr(ranks, "_exchange", lambda verdict, value: answers)
    with pytest.raises(AgreedError) as caught:
        ranks.gather(1)
    assert (caught.value.verdict.exit_code, str(caught.value.verdict.error)) == (5, "b")
    answers[0] = (Verdict(0), None)
    assert ranks.agree(Verdict(0)).exit_code == 5
    answers[1:] = [(Verdict(0), None), (Verdict(130), None)]
    assert ranks.agree(Verdict(0)).exit_code == 130
    with pytest.raises(RuntimeError, match="goes on where another one"):
        answers[2] = (Verdict(0), None)
        ranks.gather(1)


@pytest.mark.parametrize("verb", ["check", "predict", "trace", "schema"])
def test_verbs_for_one_process(verb: str) -> None:
    with pytest.raises(GdsolveError, match=f"{verb}: runs in one process only, and these are 2 ranks"):
        require_shared(VERBS[verb], Launched(0, 2, 0, 2))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "a*x", "start": "a=1"}, "model: runs in one process only, and these are 2 ranks"),
        (
            {"minimize": "mean((y - a*x)**2)", "start": "a=1"},
            "minimize: runs in one process only, and these are 2 ranks",
        ),
        ({"group_by": "colour"}, "group_by: runs in one process only, and these are 2 ranks"),
        ({"checkpoint": "t.ckpt"}, "checkpoint: runs in one process only, and these are 2 ranks"),
        (
            {"checkpoint": "t.ckpt", "checkpoint_every": "5"},
            "checkpoint: runs in one process only, and these are 2 ranks",
        ),
        ({"resume": "t.ckpt"}, "resume: runs in one process only, and these are 2 ranks"),
        (
            {"engine": "rows", "method": "lm"},
            "method: lm with --engine rows runs in one process only, and these are 2 ranks",
        ),
    ],
)
def test_what_is_not_shared(options: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ranks = Launched(0, 2, 0, 2)
    monkeypatch.setattr(ranks, "join", lambda *, cuda: None)
    with pytest.raises(GdsolveError) as caught:
        accept(build_spec(["t.csv"], options, "fit"), ranks)
    assert (caught.value.message, int(caught.value.exit_code)) == (message, 2)
    assert accept(Spec(data=("t.csv",)), ranks).device == "cpu"


# Shares.


@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=7), st.data())
def test_files_are_dealt_as_evenly_as_can_be(sizes: list[int], data: st.DataObject) -> None:
    count = data.draw(st.integers(1, len(sizes)))
    runs = partition(sizes, count)
    assert len(runs) == count
    assert [place for run in runs for place in range(run.start, run.stop)] == list(range(len(sizes)))
    assert all(run.stop > run.start for run in runs)
    ways = itertools.combinations(range(1, len(sizes)), count - 1)
    best = min(max(sum(sizes[i:j]) for i, j in itertools.pairwise((0, *cuts, len(sizes)))) for cuts in ways)
    assert max(sum(sizes[run]) for run in runs) == best


@settings(max_examples=20, deadline=None)
@given(heights=st.lists(st.integers(1, 40), min_size=1, max_size=3), size=st.integers(2, 7))
def test_rows_of_few_parquet_files_are_dealt_once_each(
    heights: list[int], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("shares")
    names = [str(folder / f"{place}.parquet") for place in range(len(heights))]
    for name, height in zip(names, heights, strict=True):
        pl.DataFrame({"x": range(height), "y": range(height)}).write_parquet(name, row_group_size=8)
    read: dict[str, list[int]] = {name: [] for name in names}
    for shares in deal(names, size):
        for share in shares:
            first, count = share.rows or (0, heights[names.index(share.name)])
            assert count > 0
            read[share.name] += range(first, first + count)
    assert [read[name] for name in names] == [list(range(height)) for height in heights]


def test_a_text_file_is_read_by_one_rank(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    name = str(tmp_path / "t.csv")
    Path(name).write_text("x,y\n1,2\n3,4\n")
    assert sorted(deal([name], 2), key=len) == [[], [Share(name)]]
    assert [record.getMessage() for record in caplog.records] == [
        f"{name}: a file that is not Parquet or Arrow is read by one rank, and 1 of 2 ranks have nothing to read; "
        "split it into as many files as ranks, or write it as Parquet"
    ]


@settings(max_examples=examples(30), deadline=None)
@given(first=st.integers(0, 40), count=st.integers(1, 40), height=st.integers(1, 50))
def test_rows_of_a_parquet_file_are_read_alone(
    first: int, count: int, height: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = str(tmp_path_factory.getbasetemp() / "groups.parquet")
    frame = pl.DataFrame({"x": range(45), "y": range(45)})
    if not Path(path).exists():
        frame.write_parquet(path, row_group_size=8)
    found = list(ParquetReader().batches_of(path, ["y"], (first, count), height=height))
    assert pl.concat([frame.select("y").head(0), *found]).equals(frame.select("y").slice(first, count))


def test_row_groups_without_any_of_the_rows_are_left_unread(tmp_path: Path) -> None:
    path = tmp_path / "damaged.parquet"
    pl.DataFrame({"x": np.random.default_rng(1).random(3000)}).write_parquet(path, row_group_size=1000)
    metadata = pq.ParquetFile(path).metadata
    start = metadata.row_group(1).column(0).data_page_offset
    damaged = bytearray(path.read_bytes())
    damaged[start : start + metadata.row_group(1).column(0).total_compressed_size] = bytes(
        metadata.row_group(1).column(0).total_compressed_size
    )
    path.write_bytes(damaged)
    for first in (0, 2000):
        assert sum(frame.height for frame in ParquetReader().batches_of(str(path), ["x"], (first, 1000))) == 1000
    with pytest.raises(OSError):
        list(ParquetReader().batches_of(str(path), ["x"], (999, 2)))


def test_a_share_of_a_file_is_counted_as_such(tmp_path: Path) -> None:
    name = str(tmp_path / "t.parquet")
    pl.DataFrame({"x": range(1000), "y": range(1000)}).write_parquet(name)
    counts = on_ranks(3, lambda ranks: open_table([name], Spec(data=(name,)), ranks).count())
    assert [(count.rows, count.exact) for count in counts if count] == [(333, True), (334, True), (333, True)]
    assert str(Share(name, (333, 334))) == f"{name} (rows 334 to 667)"


def test_progress_of_a_rank_that_has_nothing_to_read(tmp_path: Path) -> None:
    name = tmp_path / "t.csv"
    name.write_text("x,y\n1,2\n3,4\n5,7\n")
    spec = build_spec([str(name)], {"engine": "rows"}, "fit")

    def told(ranks: Ranks) -> list[int | None]:
        rows: list[int | None] = []
        heard = SimpleNamespace(
            tell=lambda stage: rows.append(getattr(stage, "rows", None)), done=lambda: None, hidden=nullcontext
        )
        with listening(heard):
            list(open_table([str(name)], spec, ranks).batches())
        return rows

    assert sorted(on_ranks(3, told), key=len) == [[], [], [0, 3]]


# Memory.


def test_ranks_of_one_machine_share_its_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = str(tmp_path / "t.parquet")
    pl.DataFrame({"x": np.arange(1000.0), "y": np.arange(1000.0)}).write_parquet(name)
    # 24 bytes a row: either half has room, and both together have not.
    monkeypatch.setattr(memory, "host_room", lambda: Room(16_000, None))
    for options in ({"engine": "rows"}, {"loss": "huber"}):
        way = "--engine rows" if "engine" in options else "--loss huber"
        with pytest.raises(DataError, match=rf"t.parquet: {way} keeps every row in memory: 1,000 rows of 3 numbers"):
            on_ranks(2, lambda ranks, options=options: fit(build_spec([name], options, "fit"), ranks=ranks))
    # Elsewhere the other rank does not count; where it does not know its rows, each judges its own.
    assert str(memory.on_this_machine(RowCount(5, exact=True), ALONE)) == "5 rows"
    other = ("elsewhere", RowCount(7, exact=True))
    monkeypatch.setattr(Ranks, "gather", lambda self, value: [value, other, value])
    assert str(memory.on_this_machine(RowCount(5, exact=False), ALONE)) == "about 10 rows"
    monkeypatch.setattr(Ranks, "gather", lambda self, value: [value, (value[0], None)])
    assert memory.on_this_machine(RowCount(5, exact=True), ALONE) is None


# Triangles.


@settings(deadline=None)
@given(st.integers(0, 12), st.integers(0, 12), st.sampled_from([0.0, 1.0, 1e6]), st.booleans(), st.integers(0, 99))
def test_merged_triangles_are_the_triangle_of_all_rows(
    upper: int, lower: int, centre: float, weighted: bool, seed: int
) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=(upper + lower, 3)) + centre
    values[upper:] += 10.0 * centre
    weight = random.uniform(0.5, 2.0, upper + lower) if weighted else None
    nothing = Triangle(torch.zeros(0, 4, dtype=torch.float64), torch.zeros(3, dtype=torch.float64), 0, 0.0)
    parts = [
        build_triangle([Rows(values[part], None if weight is None else weight[part])]) or nothing
        for part in (slice(0, upper), slice(upper, None))
    ]
    whole, merged = build_triangle([Rows(values, weight)]), merge(*parts)
    assert merged.rows == upper + lower
    if whole is None:
        return
    assert merged.total_weight == pytest.approx(whole.total_weight, rel=1e-14)
    assert merged.factor.shape == whole.factor.shape
    close = {"rtol": 1e-9, "atol": 1e-9 * max(1.0, centre)}
    torch.testing.assert_close(merged.means(), whole.means(), **close)
    torch.testing.assert_close(merged.raw().mT @ merged.raw(), whole.raw().mT @ whole.raw(), rtol=1e-11, atol=1e-9)
    gram = [triangle.centred().mT @ triangle.centred() for triangle in (merged, whole)]
    torch.testing.assert_close(gram[0], gram[1], rtol=1e-9, atol=1e-9 * max(1.0, centre) ** 2)


def test_a_column_that_is_constant_on_every_rank_stays_constant() -> None:
    values = np.column_stack([np.full(6, 0.1), np.arange(6.0), np.arange(6.0) ** 2])
    parts = [build_triangle([Rows(values[part])]) for part in (slice(0, 3), slice(3, 6))]
    assert parts[0] is not None
    assert parts[1] is not None
    assert merge(*parts).centred()[:, 0].tolist() == [0.0] * 4


# Fits.


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of which the third rank alone has one of the colours, and the first one nothing that is missing."""
    folder = tmp_path_factory.mktemp("parts")
    random = np.random.default_rng(5)
    x = random.normal(size=(ROWS, 2)) * [1.0, 20.0] + [1e4, 0.0]
    colour = random.choice(["red", "green"], ROWS)
    colour[-50:] = "blue"
    z = x[:, 0] - 1e4 + 0.1 * x[:, 1] + (colour == "blue")
    kind = np.where(random.random(ROWS) < 1.0 / (1.0 + np.exp(-z)), "yes", "no")
    kind[: ROWS // 3] = "no"
    frame = pl.DataFrame(
        {
            "a": x[:, 0],
            "b": x[:, 1],
            "colour": colour,
            "w": random.integers(0, 3, ROWS).astype(float),
            "kind": kind,
            "count": random.poisson(np.exp(0.3 * z)),
            "y": z + random.normal(size=ROWS),
        }
    )
    frame.write_parquet(folder / "all.parquet", row_group_size=64)
    frame.write_csv(folder / "all.csv")
    holes = frame.with_columns(pl.when(pl.int_range(ROWS) % 7 == 3).then(None).otherwise(pl.col("b")).alias("b"))
    frame.head(0).write_csv(folder / "part-0.csv")
    for place, (start, stop) in enumerate([(0, 150), (150, 300), (300, ROWS)], start=1):
        frame.slice(start, stop - start).write_csv(folder / f"part-{place}.csv")
        (frame if place == 1 else holes).slice(start, stop - start).write_csv(folder / f"holes-{place}.csv")
    return folder


NUMBERS = {"features": "a,b"}
COLOURS = {"features": "a,b,colour", "categorical": "onehot"}
# In the user's own columns ten thousand updates would be few.
STEPS = {"lr": "0.3", "scale": "standard", "tol": "0", "max_iter": "40"}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("part-*.csv", COLOURS),
    ("all.parquet", COLOURS),
    ("all.csv", COLOURS | STEPS | {"engine": "rows", "ridge": "2"}),
    ("all.parquet", NUMBERS | STEPS | {"engine": "autograd", "weight": "w", "ridge": "3", "penalize_intercept": True}),
    ("part-*.csv", NUMBERS | STEPS | {"engine": "rows", "method": "momentum"}),
    ("part-*.csv", NUMBERS | STEPS | {"engine": "rows", "dtype": "float32", "weight": "w"}),
    ("part-*.csv", NUMBERS | {"method": "nesterov", "no_intercept": True, "init": "random", "max_iter": "40"}),
    ("holes-*.csv", NUMBERS | {"na": "mean"}),
    ("holes-*.csv", NUMBERS | {"na": "drop", "engine": "rows"}),
    ("part-*.csv", COLOURS | {"loss": "huber", "ridge": "1", "report": True}),
    ("part-*.csv", COLOURS | {"l1": "9", "ridge": "1", "engine": "rows"}),
    ("part-*.csv", NUMBERS | {"l1": "2", "loss": "logistic", "target": "kind"}),
    ("all.parquet", NUMBERS | {"loss": "huber", "lr": "0.5", "scale": "standard", "weight": "w"}),
    ("part-*.csv", NUMBERS | {"loss": "logistic", "target": "kind", "report": True}),
    ("all.csv", NUMBERS | {"loss": "poisson", "target": "count", "weight": "w"}),
    ("all.parquet", NUMBERS | {"loss": "quantile", "quantile": "0.3", "max_iter": "100"}),
    ("part-*.csv", NUMBERS | {"loss": "absolute", "weight": "w", "max_iter": "100"}),
    ("part-*.csv", NUMBERS | {"loss": "softmax", "target": "colour", "class_weight": "balanced", "report": True}),
    ("all.csv", NUMBERS | {"loss": "softmax", "target": "colour", "weight": "w", "ridge": "2", "grad_tol": "1e-8"}),
]


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """The leaves of a record by their path."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        return {path: leaf for key, part in parts for path, leaf in flat(part, f"{name}/{key}").items()}
    return {name: value}


@pytest.mark.parametrize(("place", "sources", "options"), [(place, *case) for place, case in enumerate(CASES)])
def test_ranks_give_what_one_process_gives(place: int, sources: str, options: dict[str, Any], folder: Path) -> None:
    spec = build_spec([str(folder / sources)], options, "fit")
    alone = fit_record(fit(spec))
    found = [fit_record(one) for one in on_ranks(2 + place % 2, lambda ranks: fit(spec, ranks=ranks))]
    assert all(flat(one["weights"]) == flat(found[0]["weights"]) for one in found)
    close = {"rel": 1e-4, "abs": 1e-3} if options.get("dtype") == "float32" else {"rel": 1e-9, "abs": 1e-9}
    for name in ("status", "stopped_by", "iterations", "exit_code", "data"):
        assert found[0][name] == alone[name]
    for name in (
        "weights",
        "intercept",
        "sse",
        "loss",
        "rmse",
        "r2",
        "optimum",
        "spectrum",
        "report",
        "auc",
        "confusion",
    ):
        expected, reached = flat(alone[name]), flat(found[0][name])
        numbers = {path for path, leaf in expected.items() if isinstance(leaf, float)}
        assert {path: reached[path] for path in expected.keys() - numbers} == {
            path: expected[path] for path in expected.keys() - numbers
        }
        assert [reached[path] for path in sorted(numbers)] == pytest.approx(
            [expected[path] for path in sorted(numbers)], **close
        )


def test_comparisons_on_ranks(folder: Path) -> None:
    sources = [str(folder / "part-*.csv")]
    for loss in ("half-mse", "huber"):
        spec = build_spec(sources, NUMBERS | {"loss": loss, "max_iter": "20"}, "compare-lr")
        alone, (one, _) = compare_lr(spec), on_ranks(2, lambda ranks, spec=spec: compare_lr(spec, ranks=ranks))
        assert [rate.status for rate in one.rates] == [rate.status for rate in alone.rates]
        assert [rate.loss for rate in one.rates] == pytest.approx([rate.loss for rate in alone.rates], rel=1e-9)
        spec = build_spec(sources, NUMBERS | {"loss": loss, "methods": "gd,momentum", "max_iter": "20"}, "compare")
        both, (two, _) = compare(spec), on_ranks(2, lambda ranks, spec=spec: compare(spec, ranks=ranks))
        assert [method.iterations for method in two.methods] == [method.iterations for method in both.methods]
        assert two.methods[0].weights == pytest.approx(both.methods[0].weights, rel=1e-9)


def test_arrays_of_a_spec_are_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "inline.yaml"
    path.write_text("X: [[1, 2], [2, 1], [3, 5], [4, 4]]\ny: [1, 2, 3, 5]\n")
    for options in ({}, {"engine": "rows"}):
        spec = build_spec([str(path)], options, "fit")
        alone, found = (
            fit(spec, illustrate=illustrator),
            on_ranks(2, lambda ranks, spec=spec: fit(spec, ranks=ranks, illustrate=illustrator)),
        )
        assert [one.data.rows for one in found if one.data] == [4, 4]
        assert found[0].weights == pytest.approx(alone.weights, rel=1e-12)
        assert found[0].iterations == alone.iterations


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"part-3.csv": "a,b,y\n1,2,3\n4,5,six\n"}, "part-3.csv: row 2 (line 3), column 'y': 'six' is not a number"),
        ({"part-3.csv": "a,c,y\n1,2,3\n"}, "part-3.csv: has no column 'b', as part-1.csv has"),
        (
            {"part-2.csv": "a,b,y\n1,2,3\n1,,3\n", "part-3.csv": "a,b\n1,2\n"},
            "part-3.csv: has no column 'y', as part-1.csv has",
        ),
        ({"part-2.csv": ""}, "part-2.csv: is empty"),
    ],
)
def test_a_fault_of_one_share_reads_as_in_one_process(change: dict[str, str], message: str, tmp_path: Path) -> None:
    for name in ("part-1.csv", "part-2.csv", "part-3.csv"):
        (tmp_path / name).write_text(change.get(name, "a,b,y\n1,2,3\n2,3,5\n4,1,4\n"))
    spec = build_spec([str(tmp_path / "part-*.csv")], {}, "fit")
    for work in (lambda: fit(spec), lambda: on_ranks(3, lambda ranks: fit(spec, ranks=ranks))):
        with pytest.raises(DataError) as caught:
            work()
        assert caught.value.message.replace(f"{tmp_path}/", "") == message


def test_rows_of_a_parquet_file_are_counted_from_its_first(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": [float(row) for row in range(100)], "y": [1.0] * 90 + [None] + [2.0] * 9})
    frame.write_parquet(tmp_path / "t.parquet")
    spec = build_spec([str(tmp_path / "t.parquet")], {}, "fit")
    with pytest.raises(DataError, match=r"t.parquet: row 91, column 'y': the cell is missing$"):
        on_ranks(3, lambda ranks: fit(spec, ranks=ranks))


@pytest.mark.parametrize("kind", [{}, {"loss": "huber"}])
def test_a_picture_shows_rows_of_all_ranks(kind: dict[str, str], folder: Path) -> None:
    options = {"features": "a", "plot": "t.svg", "plot_kind": "fit"} | kind
    for sources in ("part-*.csv", "all.csv"):
        spec = build_spec([str(folder / sources)], options, "fit")
        alone, (one, other) = (
            fit(spec, illustrate=illustrator),
            on_ranks(2, lambda ranks, spec=spec: fit(spec, ranks=ranks, illustrate=illustrator)),
        )
        assert alone.picture is not None
        assert one.picture is not None
        assert other.picture is not None
        shown = [found.picture.panels[0].series[0] for found in (alone, one, other)]
        assert [list(series.x) for series in shown[1:]] == [list(shown[0].x)] * 2


def test_rows_for_a_picture_are_thinned_alike_on_all_ranks() -> None:
    def kept(ranks: Ranks) -> list[float]:
        sample = Sample(most=10)
        sample.add(np.arange(4.0 if ranks.first else 100.0)[:, None])
        return sample.rows(ranks)[:, 0].tolist()

    one, other = on_ranks(2, kept)
    assert one == other == [0.0, *(16.0 * place for place in range(7))]


def test_a_table_without_rows_on_any_rank(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x,y\n")
    spec = build_spec([str(tmp_path / "*.csv")], {}, "fit")
    with pytest.raises(DataError, match=r"a.csv: has a header but no rows"):
        on_ranks(2, lambda ranks: fit(spec, ranks=ranks))
    (tmp_path / "a.csv").write_text("x,y\n,1\n")
    with pytest.raises(DataError, match=r"a.csv: no row is left, 1 were dropped for missing cells"):
        on_ranks(2, lambda ranks: fit(build_spec([str(tmp_path / "*.csv")], {"na": "drop"}, "fit"), ranks=ranks))


def test_a_stream_is_for_one_process() -> None:
    with pytest.raises(GdsolveError, match="standard input: a stream is read once, and these are 2 ranks"):
        on_ranks(2, lambda ranks: fit(build_spec(["-"], {}, "fit"), ranks=ranks))


def test_keys_of_ndjson_are_those_of_the_files_of_all_ranks(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text("".join(f'{{"x": {row}, "y": {2 * row}}}\n' for row in range(5)))
    rows = "".join(f'{{"x": {row}, "z": {row**2}, "y": {2 * row + 5 * row**2}}}\n' for row in range(5))
    (tmp_path / "b.ndjson").write_text(rows)
    spec = build_spec([str(tmp_path / "*.ndjson")], {"na": "drop"}, "fit")
    for found in (fit(spec), *on_ranks(2, lambda ranks: fit(spec, ranks=ranks))):
        assert found.weights == pytest.approx({"x": 2, "z": 5}, abs=1e-6)
        assert (found.data.rows, found.data.rows_dropped) == (5, 5)
