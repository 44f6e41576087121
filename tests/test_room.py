"""Rows that have no room are refused before they are read, and what would need less is named."""

from __future__ import annotations

import gzip
import logging
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import gdsolve
from gdsolve import room
from gdsolve.cli.main import run
from gdsolve.data import RowCount, open_table
from gdsolve.room import Room, host_room
from gdsolve.solve import memory
from gdsolve.spec.file import build_spec

LINES = [f"{x},{x % 7},{0.5 * x + x % 3}" for x in range(20_000)]
REMEDY = "--engine triangle keeps no rows; else fewer columns (--features), or --dtype float32"
SAMPLE = "fit a sample of the rows"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    path.write_text("\n".join(["a,b,y", *LINES, ""]))
    return path


def count(path: Path) -> RowCount | None:
    with open_table((str(path),), build_spec((str(path),), {}, "fit")) as opened:
        return opened.count()


def leave(monkeypatch: pytest.MonkeyPatch, *rooms: int) -> None:
    """Have so many bytes left at every look, the last number at all later ones."""
    left = list(rooms)
    monkeypatch.setattr(memory, "host_room", lambda: Room(left.pop(0) if len(left) > 1 else left[0], None))


def test_rows_are_counted_before_they_are_read(tmp_path: Path, table: Path) -> None:
    judged = count(table)
    assert judged is not None
    assert not judged.exact
    assert judged.rows == pytest.approx(20_000, rel=0.02)
    frame = pl.read_csv(table)
    frame.write_parquet(tmp_path / "data.parquet")
    frame.write_ndjson(tmp_path / "data.ndjson")
    assert count(tmp_path / "data.parquet") == RowCount(20_000, exact=True)
    objects = count(tmp_path / "data.ndjson")
    assert objects is not None
    assert objects.rows == pytest.approx(20_000, rel=0.02)
    (tmp_path / "data.csv.gz").write_bytes(gzip.compress(table.read_bytes()))
    short = count(tmp_path / "data.csv.gz")
    assert short is not None
    assert short.rows == pytest.approx(20_000, rel=0.02)
    # Beyond its first megabyte a compressed text does not tell.
    (tmp_path / "data.csv.gz").write_bytes(gzip.compress(8 * table.read_bytes()))
    assert count(tmp_path / "data.csv.gz") is None


def test_a_table_without_a_last_line_feed_and_with_one_row_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("x,y\n1,2")
    judged = count(path)
    assert judged is not None
    assert judged.rows == 1


@pytest.mark.parametrize("engine", ["rows", "autograd"])
def test_rows_without_room_are_refused_before_reading(
    monkeypatch: pytest.MonkeyPatch, table: Path, engine: str
) -> None:
    leave(monkeypatch, 500_000)
    table.write_text(table.read_text() + "a cell that reading would refuse,1,1\n")
    with pytest.raises(gdsolve.DataError) as caught:
        gdsolve.fit(table, engine=engine)
    assert caught.value.message.startswith(f"{table}: --engine {engine} keeps every row in memory: about ")
    assert re.search(r"about [12]\d,\d{3} rows of 4 numbers take 6\d\d kB, and 500 kB are avail", caught.value.message)
    assert (caught.value.hint, caught.value.exit_code) == (REMEDY, 5)


def test_the_triangle_needs_no_room(monkeypatch: pytest.MonkeyPatch, table: Path) -> None:
    leave(monkeypatch, 0)
    assert gdsolve.fit(table, engine="triangle").status is gdsolve.Status.CONVERGED


def test_float32_takes_half(monkeypatch: pytest.MonkeyPatch, table: Path) -> None:
    leave(monkeypatch, 500_000)
    options = {"engine": "rows", "max_iter": 3}
    assert gdsolve.fit(table, **options, dtype="float32").iterations == 3
    leave(monkeypatch, 100_000)
    with pytest.raises(gdsolve.DataError) as caught:
        gdsolve.fit(table, **options, dtype="float32")
    assert caught.value.hint == REMEDY.removesuffix(", or --dtype float32")


def test_other_losses_and_curves_are_refused_as_well(monkeypatch: pytest.MonkeyPatch, table: Path) -> None:
    leave(monkeypatch, 100_000)
    with pytest.raises(gdsolve.DataError, match="--loss huber keeps every row in memory: about ") as caught:
        gdsolve.fit(table, loss="huber")
    assert caught.value.hint == f"{SAMPLE}, fewer columns (--features), or --dtype float32"
    with pytest.raises(gdsolve.DataError, match="--model keeps every row in memory: about ") as caught:
        gdsolve.fit(table, model="p*exp(-q*a)", target="y", parameters={"p": 1.0, "q": 0.1})
    assert caught.value.hint == f"{SAMPLE}, or --dtype float32"
    with pytest.raises(gdsolve.DataError, match="--minimize keeps every row in memory: about "):
        gdsolve.fit(table, minimize="sum((y - q*a)**2)", parameters={"q": 0.1})


def test_what_the_way_needs_is_said(caplog: pytest.LogCaptureFixture, tmp_path: Path, table: Path) -> None:
    exact = tmp_path / "data.parquet"
    pl.read_csv(table).write_parquet(exact)
    with caplog.at_level(logging.INFO, "gdsolve"):
        gdsolve.fit(exact, engine="rows", max_iter=3)
    said = next(line for line in caplog.messages if "keeps every row" in line)
    assert said.startswith("--engine rows keeps every row in memory: 20,000 rows of 4 numbers take 640 kB, ")
    assert said.endswith(" are available")
    caplog.clear()
    with caplog.at_level(logging.INFO, "gdsolve"):
        gdsolve.fit(exact, engine="triangle")
    assert not any("in memory" in line for line in caplog.messages)


def test_a_compressed_table_is_refused_while_it_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "data.csv.gz"
    # More than is looked at to tell its format.
    path.write_bytes(gzip.compress(table.read_bytes() + 8 * "\n".join([*LINES, ""]).encode()))
    # There is room when it starts, and none for what comes.
    leave(monkeypatch, 1 << 30, 1000)
    assert run(["fit", str(path), "--engine", "rows", "--verbose"]) == 5
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "gdsolve: --engine rows keeps every row in memory; the number of rows is known after reading"
    assert told[-2].startswith(f"gdsolve: error: {path}: --engine rows keeps every row in memory: more than ")
    assert told[-2].endswith(" and 1 kB are available")
    assert told[-1] == f"hint: {REMEDY}"


def test_room_falls_short_by_memory_or_by_addresses() -> None:
    assert Room(None, None).falls_short(1 << 60, 1 << 60) is None
    assert Room(100, None).falls_short(100, 1 << 60) is None
    assert Room(100, None).falls_short(101, 0) == 100
    assert Room(1000, 100).falls_short(60, 120) == 50


def test_the_room_of_this_machine_is_known() -> None:
    here = host_room()
    if Path("/proc/meminfo").exists():
        assert here.resident is not None
        assert 0 < here.resident < 1 << 50


def test_the_limit_of_a_container_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(room, "_GROUPS", tmp_path)
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("7000\n")
    assert room._container_rooms() == []
    (tmp_path / "memory.max").write_text("10000\n")
    (tmp_path / "memory.stat").write_text("anon 5000\ninactive_file 500\n")
    assert room._container_rooms() == [3500]
    leading = host_room()
    assert leading.resident == 3500
    old = tmp_path / "memory"
    old.mkdir()
    (old / "memory.limit_in_bytes").write_text("9000\n")
    (old / "memory.usage_in_bytes").write_text("8000\n")
    assert sorted(room._container_rooms()) == [1000, 3500]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell what a process holds")
def test_a_process_with_a_limit_ends_with_one_line(tmp_path: Path) -> None:
    """600,000 rows of 1000 one-hot columns, 4.8 GB, from a file of 4 MB, in a process that may have 4 GB."""
    levels = np.arange(600_000) % 1000
    path = tmp_path / "levels.csv"
    pl.DataFrame({"kind": [f"k{level}" for level in levels[:1000]] * 600, "y": levels}).write_csv(path)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

    words = [sys.executable, "-m", "gdsolve", "fit", str(path), "--categorical", "onehot", "--engine", "rows"]
    environment = {**os.environ, "POLARS_MAX_THREADS": "1"}
    ended = subprocess.run(words, capture_output=True, text=True, check=False, preexec_fn=limit, env=environment)
    assert (ended.returncode, ended.stdout) == (5, "")
    error, hint = ended.stderr.splitlines()
    assert error.startswith(f"gdsolve: error: {path}: --engine rows keeps every row in memory: about ")
    assert " rows of 1001 numbers take 4.8" in error
    assert hint == f"hint: {REMEDY}"
