"""Files of every format, several at once, compressed, through a pipe."""

from __future__ import annotations

import gzip
import io
import os
import sys
import threading
from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl
import pytest
from data_files import failure, load, write, zstd

from gdsolve.data import open_table
from gdsolve.spec import Categorical, Missing, Spec

CSV = b"a,b\n1,2\n3,4.5\n"
NDJSON = b'{"a": 1, "b": 2}\n\n{"a": 3, "b": 4.5}\n'
PLAIN = [[1.0, 2.0], [3.0, 4.5]]


def written(write_to: Callable[[pl.DataFrame, io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    write_to(pl.DataFrame({"a": [1, 3], "b": [2.0, 4.5]}), buffer)
    return buffer.getvalue()


CONTENTS = {
    "csv": CSV,
    "ndjson": NDJSON,
    "parquet": written(pl.DataFrame.write_parquet),
    "arrow": written(pl.DataFrame.write_ipc),
    "csv.gz": gzip.compress(CSV),
    "ndjson.gz": gzip.compress(NDJSON),
    "csv.zst": zstd(CSV),
}


@pytest.mark.parametrize("ending", CONTENTS)
def test_formats(tmp_path, ending):
    loaded = load(write(tmp_path / f"t.{ending}", CONTENTS[ending]))
    assert loaded.values.tolist() == PLAIN
    assert (loaded.roles.target, loaded.rows, loaded.rows_dropped) == ("b", 2, 0)


@pytest.mark.parametrize("ending", CONTENTS)
def test_standard_input_is_known_by_its_content(monkeypatch, ending):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CONTENTS[ending])))
    with open_table(["-"], Spec()) as table:
        assert table.source == ("-",)
        for _ in range(2):
            assert np.concatenate([batch.values for batch in table.batches()]).tolist() == PLAIN


def test_standard_input_in_messages(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1,2\n3,x\n4,5\n")))
    assert failure("-")[1] == "standard input: row 2 (line 3), column 'b': 'x' is not a number"
    assert failure("-", "-")[:2] == (2, "standard input is named twice")


def test_temporaries_are_removed(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("gdsolve.data.spool._PROC", tmp_path / "none")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CSV)))
    with open_table(["-"], Spec()) as table:
        assert len(list(tmp_path.iterdir())) == 1
        assert next(table.batches()).values.tolist() == PLAIN
    assert list(tmp_path.iterdir()) == []


def test_temporaries_are_removed_when_opening_fails(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("gdsolve.data.spool._PROC", tmp_path / "none")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CSV)))
    assert failure("-", target="c")[0] == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(CSV,))
    writer.start()
    assert load(str(pipe)).values.tolist() == PLAIN
    writer.join()


def test_a_compressed_file_in_another_encoding(tmp_path):
    content = "größe,b\r\n1,2\r\n3,4.5\r\n"
    assert load(write(tmp_path / "t.csv.gz", gzip.compress(content.encode("utf-16")))).values.tolist() == PLAIN
    latin = write(tmp_path / "u.csv.gz", gzip.compress(content.encode("latin-1")))
    assert load(latin, encoding="latin-1").roles.features == ("größe",)
    packed = write(tmp_path / "v.csv.zst", zstd(content.encode("latin-1")))
    assert load(packed, encoding="latin-1").roles.features == ("größe",)
    returns = write(tmp_path / "w.csv.zst", zstd(b"a,b\r1,2\r3,4.5\r"))
    assert load(returns).values.tolist() == PLAIN


def test_rows_and_lines_of_compressed_files(tmp_path):
    content = b"a,b\n1,2\n\n3,x\n4,5\n"
    for ending, packed in (("gz", gzip.compress(content)), ("zst", zstd(content))):
        path = write(tmp_path / f"t.csv.{ending}", packed)
        assert failure(path)[1] == f"t.csv.{ending}: row 2 (line 4), column 'b': 'x' is not a number"


def test_damaged_compression(tmp_path):
    path = write(tmp_path / "t.csv.gz", gzip.compress(CSV)[:-12])
    assert failure(path)[1].startswith("t.csv.gz: the gzip data are damaged")
    path = write(tmp_path / "t.csv.zst", zstd(CSV)[:-4])
    assert failure(path)[1].startswith("t.csv.zst: the zstd data are damaged")
    path = write(tmp_path / "u.csv.zst", zstd(CSV)[:6] + b"\xff" * 40)
    assert failure(path)[1].startswith("u.csv.zst: the zstd data are damaged")
    path = write(tmp_path / "t.parquet.gz", gzip.compress(CONTENTS["parquet"])[:-12])
    assert failure(path)[1].startswith("t.parquet.gz: the gzip data are damaged")


def test_files_with_the_same_columns_in_any_order(tmp_path):
    write(tmp_path / "p1.csv", "a,b\n1,2\n")
    write(tmp_path / "p2.csv", "b;a\r\n4,5;3\r\n")
    write(tmp_path / "p3.ndjson", '{"b": 6, "a": 5}\n')
    assert load(str(tmp_path / "p*")).values.tolist() == [[1, 2], [3, 4.5], [5, 6]]
    write(tmp_path / "p4.csv", "a,c\n1,2\n")
    assert failure(str(tmp_path / "p*.csv"))[1].replace(str(tmp_path) + "/", "") == (
        "p4.csv: has no column 'b', as p1.csv has"
    )
    write(tmp_path / "p4.csv", "a,b,c\n1,2,3\n")
    assert failure(str(tmp_path / "p1.csv"), str(tmp_path / "p4.csv"))[1] == (
        "p4.csv: has a column 'c' that p1.csv does not have"
    )


def test_rows_are_counted_by_file(tmp_path):
    first = write(tmp_path / "p1.csv", "a,b\n1,2\n")
    second = write(tmp_path / "p2.csv", "b,a\n1,2\n,5\n")
    assert failure(first, second)[1] == "p2.csv: row 2 (line 3), column 'b': the cell is missing"
    loaded = load(first, second, na=Missing.DROP)
    assert (loaded.rows, loaded.rows_dropped) == (2, 1)


def test_names_with_brackets_are_no_patterns(tmp_path):
    for ending in ("csv", "ndjson", "parquet", "arrow"):
        assert load(write(tmp_path / f"t[1].{ending}", CONTENTS[ending])).values.tolist() == PLAIN


def test_sources_that_are_not_there(tmp_path):
    write(tmp_path / "houses.csv", CSV)
    assert failure(str(tmp_path / "house.csv")) == (
        5,
        "house.csv: no such file",
        f"did you mean {tmp_path / 'houses.csv'}?",
    )
    assert failure(str(tmp_path / "x*.csv"))[:2] == (5, "x*.csv: no file matches")
    assert failure(str(tmp_path))[1].endswith(": is a directory")
    assert failure(str(tmp_path / "houses.csv" / "t.csv"))[0] == 5


def test_types_of_parquet(tmp_path):
    frame = pl.DataFrame(
        {
            "flag": [True, False],
            "count": pl.Series([1, 2], dtype=pl.UInt8),
            "code": ["7", "8"],
            "day": [date(2024, 1, 31), date(2024, 2, 1)],
            "list": [[1], [2]],
            "cost": pl.Series(["1.25", "2.50"]).cast(pl.Decimal(10, 2)),
        }
    )
    path = str(tmp_path / "t.parquet")
    frame.write_parquet(path)
    assert load(path, ignore=("code,day,list",)).values.tolist() == [[1, 1, 1.25], [0, 2, 2.5]]
    assert failure(path, features=("code",))[1] == "t.parquet: row 1, column 'code': '7' is text"
    assert failure(path, features=("day",))[1] == "t.parquet: row 1, column 'day': '2024-01-31' is a date"
    assert failure(path, features=("list",)) == (
        5,
        "t.parquet: column 'list' holds lists, not numbers",
        "--ignore list, or --categorical ignore",
    )
    loaded = load(path, features=("code",), categorical=Categorical.ONEHOT)
    assert dict(loaded.roles.levels) == {"code": ("7", "8")}


def test_missing_and_not_finite_in_parquet(tmp_path):
    path = str(tmp_path / "t.parquet")
    pl.DataFrame({"a": [1.0, None, float("nan"), 4.0], "b": [1, 2, 3, 4]}).write_parquet(path)
    assert failure(path)[1] == "t.parquet: row 2, column 'a': the cell is missing"
    assert load(path, na=Missing.DROP).rows_dropped == 2
    assert failure(path, na=Missing.DROP, na_values=("=NA",))[1] == "t.parquet: row 3, column 'a': 'NaN' is not finite"
    pl.DataFrame({"a": [1.0, float("inf")], "b": [1, 2]}).write_parquet(path)
    assert failure(path)[1] == "t.parquet: row 2, column 'a': 'inf' is not finite"


def test_the_row_index_of_pandas(tmp_path):
    path = str(tmp_path / "t.parquet")
    pl.DataFrame({"__index_level_0__": [0, 1], "a": [1, 2], "b": [1, 3]}).write_parquet(path)
    assert failure(path)[1:] == (
        "t.parquet: column 1 has no name (a row index?)",
        "--ignore __index_level_0__, or name the columns to use with --features",
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"a": "x", "b": 1}', "t.ndjson: row 2 (line 3), column 'a': 'x' is not a number"),
        ('{"b": 1}', "t.ndjson: row 2 (line 3), column 'a': the cell is missing"),
        ('{"a": null, "b": 1}', "t.ndjson: row 2 (line 3), column 'a': the cell is missing"),
        ('{"a": NaN, "b": 1}', 't.ndjson: row 2 (line 3) is not a JSON object: {"a": NaN, "b": 1}'),
        ("[1, 2]", "t.ndjson: row 2 (line 3) is not a JSON object: [1, 2]"),
        ('{"a": 1e999, "b": 1}', 't.ndjson: row 2 (line 3) is not a JSON object: {"a": 1e999, "b": 1}'),
    ],
)
@pytest.mark.parametrize("before", [1, 60_000])
def test_bad_lines_of_ndjson(tmp_path, line, message, before):
    path = write(tmp_path / "t.ndjson", '{"a": 0.5, "b": 1}\n' * before + f'\n{line}\n{{"a": 1, "b": 2}}\n')
    told = message.replace("row 2 (line 3)", f"row {before + 1} (line {before + 2})")
    assert failure(path)[:2] == (5, told)


def test_booleans_and_integers_of_ndjson(tmp_path):
    rows = "".join(f'{{"n": {row}, "f": {str(row % 2 == 0).lower()}, "y": {row / 2}}}\n' for row in range(3000))
    loaded = load(write(tmp_path / "t.ndjson", rows))
    assert loaded.values[2999].tolist() == [2999, 0, 1499.5]
    odd = load(write(tmp_path / "u.ndjson", rows + '{"n": true, "f": 0, "y": 0.25}\n'))
    assert odd.values[-1].tolist() == [1, 0, 0.25]


def test_nested_ndjson(tmp_path):
    path = write(tmp_path / "t.ndjson", '{"s": {"k": 1}, "a": 1, "b": 2}\n{"s": {"k": 2}, "a": 2, "b": 5}\n')
    assert failure(path)[1:] == (
        "t.ndjson: column 's' holds objects, not numbers",
        "--ignore s, or --categorical ignore",
    )
    assert load(path, ignore=("s",)).values.tolist() == [[1, 2], [2, 5]]
