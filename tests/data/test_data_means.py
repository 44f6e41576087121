"""The mean that fills a gap is weighted: a row of weight 0 moves nothing, and one of weight 2 is two rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from data_files import failure, load, write
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_threads import on_ranks

import gdsolve
from gdsolve.cli.main import run
from gdsolve.data.means import means_of, weighted_sums
from gdsolve.report.record import fit_record
from gdsolve.solve.fit import fit
from gdsolve.spec import Missing
from gdsolve.spec.file import build_spec

# The mean of a over the weights is (1·1 + 3·3)/4 = 2.5; without the last row it were the same.
GAP = "a,w,y\n1,1,1\n3,3,2\n,2,4\n100,0,3\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def gap_table(name: str) -> str:
    frame = pl.read_csv(GAP.encode())
    if name.endswith(".parquet"):
        frame.write_parquet(name)
    elif name.endswith(".ndjson"):
        frame.write_ndjson(name)
    else:
        Path(name).write_text(GAP)
    return name


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.ndjson"])
def test_the_mean_that_is_filled_in_is_weighted(name: str) -> None:
    loaded = load(gap_table(name), weight="w", na=Missing.MEAN)
    assert loaded.values.tolist() == [[1, 1], [3, 2], [2.5, 4], [100, 3]]
    assert (loaded.rows, loaded.cells_filled) == (4, 1)
    # Without the weights as such, w is a feature, and the mean that of three rows.
    assert load(name, na=Missing.MEAN, ignore=("w",)).values[2, 0] == pytest.approx(104 / 3)


def test_every_verb_fills_in_the_weighted_mean(capsys: pytest.CaptureFixture[str]) -> None:
    gap_table("t.csv")
    Path("two.csv").write_text("a,w,y\n1,1,1\n3,3,2\n2.5,2,4\n")
    verbs = [
        ("fit",),
        ("fit", "--loss", "huber"),
        ("fit", "--model", "p + q*a", "--start", "p=0,q=0"),
        ("check",),
        ("compare", "--methods", "gd,momentum", "--max-iter", "30"),
        ("compare-lr", "--lr", "0.01,0.1"),
    ]
    figures = ("weights", "sse", "loss", "optimum", "spectrum", "methods", "rates", "parameters")
    for verb, *options in verbs:
        found = []
        for table in ("t.csv", "two.csv"):
            assert run([verb, table, "--weight", "w", "--na", "mean", "--format", "json", *options]) in (0, 3, 4)
            record = json.loads(capsys.readouterr().out)
            found.append({name: record[name] for name in figures if name in record})
        assert leaves(found[0]) == pytest.approx(leaves(found[1]), rel=1e-9, abs=1e-12), (verb, options)


def leaves(value: Any) -> list[float]:
    """The numbers of a record, but those of its clock."""
    if isinstance(value, dict):
        return [leaf for name, part in value.items() if name != "seconds" for leaf in leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    return [float(value)] if isinstance(value, int | float) else []


def test_a_column_without_any_weight_is_told() -> None:
    path = write(Path("t.csv"), "a,b,w,y\n,1,1,1\n7,2,0,2\n,3,1,4\n")
    message = "t.csv: column 'a' has no mean to fill in: its cells are missing, or have no weight in 'w'"
    assert failure(path, weight="w", na=Missing.MEAN) == (5, message, "--ignore a")
    assert failure(path, weight="w", na=Missing.MEAN, features=("a", "b"))[2] == "leave the column out of --features"
    assert load(path, weight="w", na=Missing.MEAN, ignore=("a",)).rows == 3
    empty = write(Path("u.csv"), "a,b,y\n,1,1\n,2,2\n")
    message = "u.csv: column 'a' has no mean to fill in: all its cells are missing"
    assert failure(empty, na=Missing.MEAN) == (5, message, "--ignore a")


def test_a_row_whose_weight_is_missing_is_an_error_as_ever() -> None:
    path = write(Path("t.csv"), "a,w,y\n1,1,1\n,2,4\n9,,3\n")
    assert failure(path, weight="w", na=Missing.MEAN)[:2] == (
        5,
        "t.csv: row 3 (line 4), column 'w': the cell is missing, and a weight has no mean to fill in",
    )


def test_groups_take_their_own_weighted_means() -> None:
    text = "g,a,w,y\nA,1,1,1\nA,3,3,2\nA,,2,4\nA,100,0,3\nB,5,1,1\nB,7,1,2\nB,,1,4\nC,,1,1\nC,4,0,2\nC,5,0,1\n"
    Path("t.csv").write_text(text)
    fits = gdsolve.fit("t.csv", group_by="g", weight="w", na="mean")
    for group, rows in {"A": "1,1,1\n3,3,2\n2.5,2,4\n", "B": "5,1,1\n7,1,2\n6,1,4\n"}.items():
        Path("alone.csv").write_text("a,w,y\n" + rows)
        single = gdsolve.fit("alone.csv", weight="w")
        assert fits[group].weights == pytest.approx(single.weights)
        assert fits[group].intercept == pytest.approx(single.intercept)
    message = "column 'a': the cell is missing, as all of the column with a weight in 'w' are in its group"
    assert fits["C"].message == f"t.csv: row 8 (line 9), {message}"
    assert int(fits["C"].exit_code) == 5


def test_ranks_fill_in_the_mean_of_the_whole_table() -> None:
    Path("part-1.csv").write_text("a,w,y\n1,1,1\n3,3,2\n9,2,5\n100,0,3\n")
    Path("part-2.csv").write_text("a,w,y\n,2,4\n2,0.5,1\n1e6,0,3\n,1,3\n")
    for options in ({}, {"loss": "huber"}):
        spec = build_spec(["part-*.csv"], {"weight": "w", "na": "mean", **options}, "fit")
        alone = fit_record(fit(spec))
        for one in on_ranks(2, lambda ranks, spec=spec: fit(spec, ranks=ranks)):
            record = fit_record(one)
            assert record["weights"] == pytest.approx(alone["weights"], rel=1e-9)
            assert record["data"]["cells_filled"] == 2


def test_means_of_nothing_are_no_numbers() -> None:
    values = np.array([[1.0, np.nan, 4.0], [3.0, np.nan, np.nan]])
    assert means_of([weighted_sums(values, None)]).tolist() == pytest.approx([2.0, np.nan, 4.0], nan_ok=True)
    weight = np.array([0.0, 1.0])
    assert means_of([weighted_sums(values, weight)]).tolist() == pytest.approx([3.0, np.nan, np.nan], nan_ok=True)
    # What is no weight is told where its row is read, and spoils no mean before.
    odd = np.array([2.0, -1.0])
    assert means_of([weighted_sums(values, odd)]).tolist() == pytest.approx([1.0, np.nan, 4.0], nan_ok=True)


@dataclass(frozen=True)
class Rows:
    """Rows (group, a, b, y) with gaps, and whole weights."""

    cells: list[tuple[str, str, str, str]]
    weights: list[int]

    def text(self) -> str:
        rows = [f"{','.join(row)},{weight}\n" for row, weight in zip(self.cells, self.weights, strict=True)]
        return "g,a,b,y,w\n" + "".join(rows)


cell = st.one_of(st.just(""), st.integers(-9, 9).map(str))
row = st.tuples(st.sampled_from("AB"), cell, cell, st.integers(-9, 9).map(str))
FULL = [("A", "1", "2", "3"), ("A", "2", "5", "1"), ("A", "4", "-3", "2"), ("A", "0", "1", "8")]
FULL += [("B", *rest) for _, *rest in FULL]


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    rows = draw(st.lists(row, min_size=1, max_size=8))
    weights = draw(st.lists(st.integers(1, 3), min_size=len(rows), max_size=len(rows)))
    return Rows([*FULL, *rows], [1] * len(FULL) + weights)


@settings(max_examples=examples(25), deadline=None)
@given(tables(), st.lists(row, min_size=1, max_size=5), st.sampled_from([None, "g"]))
def test_weights_count_rows(table: Rows, beside: list[Any], group: str | None) -> None:
    def weights(rows: Rows) -> list[float]:
        Path("t.csv").write_text(rows.text())
        options: dict[str, Any] = {"na": "mean", "target": "y", "weight": "w"}
        if group is None:
            found = [gdsolve.fit("t.csv", ignore="g", **options)]
        else:
            found = [*gdsolve.fit("t.csv", group_by=group, **options)]
        return [number for one in found for number in (*(one.weights or {}).values(), one.intercept or 0.0)]

    expected = pytest.approx(weights(table), rel=1e-6, abs=1e-8)
    assert weights(Rows([*table.cells, *beside], [*table.weights, *[0] * len(beside)])) == expected
    repeated = [one for one, weight in zip(table.cells, table.weights, strict=True) for _ in range(weight)]
    assert weights(Rows(repeated, [1] * len(repeated))) == expected
