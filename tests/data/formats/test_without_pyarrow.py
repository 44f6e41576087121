"""Without pyarrow polars reads what it can of Parquet and Arrow files, and else it is said how to have pyarrow."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import test_data_arrow
import test_data_parquet
from arrow_types import NESTED, NUMBERS, PLAIN, TIMES
from data_files import failure, load
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gdsolve.data.formats.parquet.reader import ParquetReader
from gdsolve.data.formats.polars_file import PolarsReader
from gdsolve.spec import Categorical

STORED = {"parquet": test_data_parquet.stored, "arrow": test_data_arrow.stored}
PANICS = ("list view", "offset", "no such zone")
"""Types that polars does not open a file for."""
MORE = "write the file again; or read it by pyarrow: pip install 'gdsolve[parquet]'"


def hidden(monkeypatch: pytest.MonkeyPatch, module: str = "pyarrow") -> None:
    monkeypatch.setitem(sys.modules, module, None)


@pytest.mark.parametrize("form", STORED)
@pytest.mark.parametrize("name", [name for name in (*NUMBERS, *TIMES) if name not in (*PANICS, "decimal256")])
def test_columns_are_what_they_are_by_pyarrow(
    form: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    column = NUMBERS[name] if name in NUMBERS else TIMES[name][0]
    path = STORED[form](tmp_path, column)
    options: dict[str, Any] = {} if name in NUMBERS else {"categorical": Categorical.ONEHOT}
    found = [(load(path, **options).values.tolist(), failure(path) if name in TIMES else None)]
    hidden(monkeypatch)
    found.append((load(path, **options).values.tolist(), failure(path) if name in TIMES else None))
    if name == "date64":
        # To polars it is a time that is always midnight.
        assert found[1][1] is not None
        assert found[1][1][1].endswith("'1970-01-01 00:00:00.000' is a date")
        return
    assert found[0] == found[1]


@pytest.mark.parametrize("form", STORED)
@pytest.mark.parametrize("name", [name for name in NESTED if name not in PANICS])
def test_what_is_no_cell(form: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    column, words = NESTED[name]
    path = STORED[form](tmp_path, column)
    hidden(monkeypatch)
    assert failure(path)[1] == f"t.{form}: column 'c' holds {words}, not numbers"
    assert load(path, ignore=("c",)).values.tolist() == PLAIN


@pytest.mark.parametrize("form", STORED)
def test_decimals_of_more_digits_than_polars_has(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = STORED[form](tmp_path, NUMBERS["decimal256"])
    hidden(monkeypatch)
    told = f"t.{form}: column 'c' holds decimals of 50 digits, which pyarrow reads, not numbers"
    assert failure(path) == (5, told, "--ignore c, or --categorical ignore")
    assert load(path, ignore=("c",)).values.tolist() == PLAIN


@pytest.mark.parametrize("form", STORED)
@pytest.mark.parametrize("name", PANICS)
def test_a_file_that_polars_does_not_open(
    form: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = STORED[form](tmp_path, NESTED[name][0] if name in NESTED else TIMES[name][0])
    hidden(monkeypatch)
    code, message, hint = failure(path, ignore=("c",))
    assert (code, message.startswith(f"t.{form}: cannot be read ("), hint) == (5, True, MORE)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("form", STORED)
def test_two_columns_of_one_name(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / f"t.{form}")
    columns = [pa.array([1.0, 2, 4]), pa.array([1.0, 4, 16]), pa.array([3.0, 5, 9])]
    table = pa.table(columns, names=["x", "x", "y"])
    pq.write_table(table, path) if form == "parquet" else test_data_arrow.save(table, path)
    hidden(monkeypatch)
    assert failure(path)[::2] == (5, MORE)


def test_names_with_blanks_around_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "t.parquet")
    pl.DataFrame({" x ": [1.0, 2, 4], "y": [3.0, 5, 9]}).write_parquet(path)
    hidden(monkeypatch)
    assert load(path, features=("x",)).values.tolist() == PLAIN


def test_a_file_that_is_cut_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden(monkeypatch)
    for form in STORED:
        path = tmp_path / f"t.{form}"
        frame = pl.DataFrame({"x": [1.0, 2, 4], "y": [3.0, 5, 9]})
        frame.write_parquet(path) if form == "parquet" else frame.write_ipc(path)
        path.write_bytes(path.read_bytes()[:-30])
        code, message, hint = failure(str(path))
        assert (code, message.startswith(f"t.{form}: cannot be read ("), hint) == (5, True, MORE)


def test_rows_that_a_thread_of_polars_fails_at_are_missed(tmp_path: Path) -> None:
    path = str(tmp_path / "t.parquet")
    pl.DataFrame({"x": range(10)}).write_parquet(path)

    class Short(pl.LazyFrame):
        def collect_batches(self, **_: Any) -> Any:
            return iter([pl.DataFrame({"x": range(4)})])

    def scan(path: str, glob: bool) -> Any:
        found = pl.scan_parquet(path, glob=glob)
        found.__class__ = Short
        return found

    with pytest.raises(OSError, match="6 rows are missing"):
        list(PolarsReader(scan).batches_of(path, ["x"]))


def test_batches_are_as_high_as_those_of_pyarrow(tmp_path: Path) -> None:
    path = str(tmp_path / "t.parquet")
    frame = pl.DataFrame({"x": np.arange(10_000.0), "y": np.arange(10_000.0)})
    frame.write_parquet(path, row_group_size=999)
    by_polars, by_pyarrow = PolarsReader(pl.scan_parquet), ParquetReader()
    for reader in (by_polars, by_pyarrow):
        found = list(reader.batches_of(path, ["y"], height=1000))
        assert [batch.height for batch in found] == [1000] * 10
        assert pl.concat(found).equals(frame.select("y"))
        assert reader.rows_in(path) == 10_000


@settings(max_examples=examples(25), deadline=None)
@given(first=st.integers(0, 120), count=st.integers(1, 120), height=st.integers(1, 50), group=st.integers(1, 40))
def test_rows_are_read_alone(
    first: int, count: int, height: int, group: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = str(tmp_path_factory.getbasetemp() / "rows.parquet")
    frame = pl.DataFrame({"x": range(100), "y": range(100)})
    frame.write_parquet(path, row_group_size=group)
    found = list(PolarsReader(pl.scan_parquet).batches_of(path, ["y"], (first, count), height=height))
    assert pl.concat([frame.select("y").head(0), *found]).equals(frame.select("y").slice(first, count))


def test_sqlite_needs_no_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    path = str(tmp_path / "t.db")
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE t (x, y)")
        made.executemany("INSERT INTO t VALUES (?, ?)", [(1, 3), (2, 5.0), (4, 9)])
    made.close()
    hidden(monkeypatch)
    assert load(path).values.tolist() == PLAIN
    query = f"{path}?query=SELECT x AS z, y, x, x AS y, NULL AS n, x'00' AS b FROM t"
    assert load(query, ignore=("n", "b", "z"), features=("y_2,x",), target="y").values.tolist() == [
        [1, 1, 3],
        [2, 2, 5],
        [4, 4, 9],
    ]
    assert failure(query, ignore=("n", "z", "y_2"))[1].endswith(": column 'b' holds bytes, not numbers")
