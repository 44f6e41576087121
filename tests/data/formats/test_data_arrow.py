"""Arrow and Feather files do in every verb what Parquet files of the same columns do."""

from __future__ import annotations

import gzip
import io
import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from arrow_types import NESTED, NUMBERS, PLAIN, TIMES
from data_files import failure, load, write, zstd
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_threads import on_ranks

from gdsolve.cli.main import run
from gdsolve.data import RowCount, open_table
from gdsolve.data.formats.arrow_file import ArrowReader
from gdsolve.data.shares import Share, deal
from gdsolve.spec import Categorical, Missing, Spec

FRAME = pl.DataFrame(
    {
        "g": ["a", "b", "c"] * 10,
        "x": [place / 7.0 for place in range(30)],
        "z": [float(place % 4) for place in range(30)],
        "y": [2.0 * place / 7.0 - place % 4 + (place * place % 11) / 10.0 for place in range(30)],
    }
)
VERBS = {
    "fit": ["--ignore", "g"],
    "fit --categorical onehot": [],
    "fit --group-by g": [],
    "fit --engine rows": ["--ignore", "g"],
    "fit --loss huber": ["--ignore", "g"],
    "fit --model b1*x+b2*z": ["--start", "b1=1,b2=1", "--target", "y"],
    "check": [],
    "compare": ["--ignore", "g"],
    "compare-lr": ["--ignore", "g"],
}


def stored(folder: Path, column: pa.Array | pl.Series) -> str:
    """A table of the column `c`, of x, and of y = 2x + 1."""
    path = str(folder / "t.arrow")
    if isinstance(column, pl.Series):
        pl.DataFrame({"c": column, "x": [1.0, 2, 4], "y": [3.0, 5, 9]}).write_ipc(path)
    else:
        save(pa.table({"c": column, "x": [1.0, 2, 4], "y": [3.0, 5, 9]}), path)
    return path


def save(table: pa.Table, path: str, rows: int | None = None) -> None:
    with pa.OSFile(path, "w") as stream, pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table, rows)


def without_seconds(text: str) -> str:
    return re.sub(r'"seconds": ({[^}]*}|[0-9.e-]+)', "", text).replace("t.parquet", "t.arrow")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_gives_what_it_gives_of_parquet(verb, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    FRAME.write_ipc("t.arrow")
    FRAME.write_parquet("t.parquet")
    name, *options = verb.split()
    told = []
    for ending in ("arrow", "parquet"):
        assert run([name, f"t.{ending}", *options, *VERBS[verb], "--format", "json"]) == 0
        told.append(without_seconds(capsys.readouterr().out))
    assert told[0] == told[1]
    assert told[0]


def test_report_and_predict(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    FRAME.write_ipc("t.feather")
    assert run(["report", "t.feather", "--ignore", "g", "-o", "r.html"]) == 0
    assert "t.feather" in Path("r.html").read_text()
    assert run(["fit", "t.feather", "--ignore", "g", "--save", "m.json", "--quiet"]) == 0
    capsys.readouterr()
    assert run(["predict", "m.json", "t.feather"]) == 0
    lines = capsys.readouterr().out.splitlines()
    model = json.loads(Path("m.json").read_text())
    weights = model["weights"]
    assert lines[0] == "g,x,z,y,prediction"
    expected = FRAME["x"] * weights["x"] + FRAME["z"] * weights["z"] + model["intercept"]
    assert [float(line.rpartition(",")[2]) for line in lines[1:]] == pytest.approx(expected.to_list(), rel=1e-12)


@pytest.mark.parametrize("ending", ["arrow", "feather", "ipc", "arrow.gz", "arrow.zst", "data"])
def test_endings_and_compression(tmp_path, ending):
    table = pl.DataFrame({"a": [1, 3], "b": [2.0, 4.5]})
    buffer = io.BytesIO()
    table.write_ipc(buffer)
    pack = {"gz": gzip.compress, "zst": zstd}.get(ending.rpartition(".")[2], bytes)
    loaded = load(write(tmp_path / f"t[1].{ending}", pack(buffer.getvalue())))
    assert (loaded.values.tolist(), loaded.rows) == ([[1, 2], [3, 4.5]], 2)


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_compression_within(tmp_path, compression):
    path = str(tmp_path / "t.feather")
    pyarrow.feather.write_feather(FRAME.to_arrow(), path, compression=compression)
    assert load(path, features=("x", "z")).values.tolist() == FRAME.select("x", "z", "y").to_numpy().tolist()


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(tmp_path, name):
    path = stored(tmp_path, NUMBERS[name])
    assert load(path).values.tolist() == [[place, *row] for place, row in enumerate(PLAIN, 1)]
    assert load(path, target="c", features=("x",)).values.tolist() == [[1, 1], [2, 2], [4, 3]]


@pytest.mark.parametrize("name", TIMES)
def test_texts_and_times(tmp_path, name):
    column, told = TIMES[name]
    path = stored(tmp_path, column)
    dates = "" if told.endswith("text") else "--dates days reads it as a number, or "
    hint = f"{dates}--ignore c, or --categorical onehot|ignore"
    assert failure(path) == (5, f"t.arrow: row 1, column 'c': {told}", hint)
    assert load(path, ignore=("c",)).values.tolist() == PLAIN
    assert len(load(path, categorical=Categorical.ONEHOT).roles.levels["c"]) == 3


@pytest.mark.parametrize("name", NESTED)
def test_what_is_no_cell(tmp_path, name):
    column, words = NESTED[name]
    path = stored(tmp_path, column)
    told = (5, f"t.arrow: column 'c' holds {words}, not numbers", "--ignore c, or --categorical ignore")
    assert failure(path) == told
    assert load(path, ignore=("c",)).values.tolist() == PLAIN


def test_bad_cells_are_located(tmp_path):
    path = str(tmp_path / "t.arrow")
    pl.DataFrame({"a": [1.0, None, float("nan"), 4.0], "b": [1, 2, 3, 4]}).write_ipc(path)
    assert failure(path)[:2] == (5, "t.arrow: row 2, column 'a': the cell is missing")
    assert load(path, na=Missing.DROP).rows_dropped == 2
    rows = 200_000
    late = np.arange(float(rows))
    late[150_001] = np.inf
    pl.DataFrame({"a": late, "b": np.arange(rows)}).write_ipc(path, record_batch_size=999)
    assert failure(path)[:2] == (5, "t.arrow: row 150002, column 'a': 'inf' is not finite")
    assert failure(path, delimiter=";")[:2] == (2, "delimiter: --delimiter is for CSV files, and t.arrow is Arrow")


def test_two_columns_of_one_name_and_none(tmp_path):
    path = str(tmp_path / "t.arrow")
    columns = [pa.array([1.0, 2, 4]), pa.array([1.0, 4, 16]), pa.array([3.0, 5, 9])]
    save(pa.table(columns, names=["x", "x", "y"]), path)
    assert load(path, ignore=("x_2",)).values.tolist() == PLAIN
    assert load(path, features=("x_2,x",)).values.tolist() == [[1, 1, 3], [4, 2, 5], [16, 4, 9]]
    save(pa.table({}), path)
    assert failure(path)[1] == "t.arrow: has no columns"


def test_damaged_files_and_others(tmp_path):
    path = tmp_path / "t.arrow"
    FRAME.write_ipc(path)
    whole = path.read_bytes()
    assert failure(write(path, whole[: len(whole) // 2]))[:2] == (5, "t.arrow: cannot be read (Not an Arrow file)")
    code, message, hint = failure(write(path, b"x,y\n1,2\n"))
    assert (code, message) == (5, "t.arrow: is not an Arrow file")
    assert hint == "give it the ending of what it is: .csv, .tsv, .ndjson, .jsonl, .svm, .svmlight or .libsvm"
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": [1.0, 2], "y": [1, 3]}), path)
    assert load(str(path.rename(tmp_path / "u.arrow"))).values.tolist() == [[1, 1], [2, 3]]


@settings(max_examples=examples(30), deadline=None)
@given(
    heights=st.lists(st.integers(0, 20), min_size=1, max_size=6),
    first=st.integers(0, 60),
    count=st.integers(1, 60),
    size=st.integers(1, 50),
)
def test_rows_are_read_alone(heights, first, count, size, tmp_path_factory):
    path = str(tmp_path_factory.getbasetemp() / "batches.arrow")
    frame = pl.DataFrame({"x": range(sum(heights)), "y": range(sum(heights))}, schema={"x": pl.Int64, "y": pl.Int64})
    table, start = frame.to_arrow(), 0
    with pa.OSFile(path, "w") as stream, pa.ipc.new_file(stream, table.schema) as writer:
        for height in heights:
            writer.write_batch(table.slice(start, height).combine_chunks().to_batches()[0] if height else empty(table))
            start += height
    reader = ArrowReader()
    assert reader.rows_in(path) == sum(heights)
    found = list(reader.batches_of(path, ["y"], (first, count), height=size))
    assert all(0 < one.height <= size for one in found)
    assert pl.concat([frame.select("y").head(0), *found]).equals(frame.select("y").slice(first, count))


def empty(table: pa.Table) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=table.schema)


def test_ranks_share_the_rows_of_a_file(tmp_path):
    name = str(tmp_path / "t.arrow")
    pl.DataFrame({"x": range(1000), "y": range(1000)}).write_ipc(name, record_batch_size=130)
    assert deal([name], 2) == [[Share(name, (0, 500))], [Share(name, (500, 500))]]

    def read(ranks):
        with open_table([name], Spec(data=(name,)), ranks) as table:
            return table.count(), np.concatenate([batch.values for batch in table.batches()])

    shares = on_ranks(3, read)
    assert [count for count, _ in shares] == [RowCount(rows, exact=True) for rows in (333, 334, 333)]
    assert np.concatenate([values for _, values in shares])[:, 0].tolist() == list(range(1000))
