"""Files that change, vanish or break off while they are read, disks that are full: one line, never half a row."""

from __future__ import annotations

import errno
import gzip
import io
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_files import failure, load, write, zstd
from places import ROOT

from gdsolve.data import open_table
from gdsolve.data.appended import Appended
from gdsolve.data.description import describe
from gdsolve.data.predict import predict_csv
from gdsolve.spec import Categorical, Missing, Spec
from gdsolve.status import DataError

ROWS = 200_000
CSV = "a,y\n" + "".join(f"{row},{2 * row}\n" for row in range(ROWS))
MODEL = {"weights": {"a": 2.0}, "intercept": 0.0, "data": {"features": ["a"]}}


def parquet(path: Path) -> None:
    pl.DataFrame({"a": np.arange(float(ROWS)), "y": 2 * np.arange(float(ROWS))}).write_parquet(path)


def ndjson() -> str:
    return "".join(f'{{"a": {row}, "y": {2 * row}}}\n' for row in range(ROWS))


WRITERS: dict[str, Callable[[Path], object]] = {
    "csv": lambda path: path.write_text(CSV),
    "csv.gz": lambda path: path.write_bytes(gzip.compress(CSV.encode(), 1)),
    "csv.zst": lambda path: path.write_bytes(zstd(CSV.encode(), 1)),
    "ndjson": lambda path: path.write_text(ndjson()),
    "parquet": parquet,
    "arrow": lambda path: pl.DataFrame({"a": np.arange(float(ROWS)), "y": 2 * np.arange(float(ROWS))}).write_ipc(path),
}


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"7,1")


def shorten(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"9")
    os.utime(path, ns=(0, 0))


CHANGES = {
    append: "grew by 3 bytes while it was read",
    shorten: "shrank by ",
    replace: "was replaced by another file while it was read",
    overwrite: "was written to while it was read",
    Path.unlink: "vanished while it was read",
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("begun", [False, True])
def test_a_file_that_changes_is_refused(tmp_path, ending, change, begun):
    path = tmp_path / f"t.{ending}"
    WRITERS[ending](path)
    with open_table([str(path)], Spec()) as table:
        batches = table.batches()
        if begun:
            next(batches)
        change(path)
        with pytest.raises(DataError) as caught:
            list(batches)
    assert CHANGES[change] in caught.value.message
    assert caught.value.message.startswith(f"{path}: ")
    assert caught.value.hint in ("wait until it is written, or read a copy of it", "read a copy that stays")
    assert table.rows == 0


def test_check_and_predict_refuse_a_file_that_grows(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text(CSV)
    # Between the look at the head and the pass over the file.
    monkeypatch.setattr(sys.modules["gdsolve.data.description"], "is_plain", lambda *_: append(path) or True)
    with pytest.raises(DataError, match="grew by 3 bytes"):
        describe([str(path)], Spec())
    monkeypatch.setattr(Appended, "titles", lambda *_: [append(path) or "prediction"])
    with pytest.raises(DataError, match="grew by 3 bytes"):
        predict_csv([str(path)], Spec(), MODEL, io.StringIO())


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("parquet", r"t.parquet: cannot be read \(.+\)"),
        ("csv.gz", r"t.csv.gz: the gzip data are damaged \(.+\)"),
        ("csv.zst", r"t.csv.zst: the zstd data are damaged \(.+\)"),
        ("ndjson", r't.ndjson: row (\d+) \(line \1\) is not a JSON object: \{"a":.*'),
    ],
)
def test_a_file_that_was_cut_off(tmp_path, ending, message):
    path = tmp_path / f"t.{ending}"
    WRITERS[ending](path)
    os.truncate(path, path.stat().st_size // 2 + 3)
    code, told, hint = failure(str(path))
    assert code == 5
    assert re.fullmatch(message, told)
    assert hint


def test_a_damaged_page_of_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    rows = np.arange(float(ROWS))
    pq.write_table(pa.table({"a": rows, "y": 2 * rows}), path, write_page_checksum=True, use_dictionary=False)
    assert load(str(path)).rows == ROWS
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 5000)
    code, message, _ = failure(str(path))
    assert code == 5
    assert re.fullmatch(r"t.parquet: cannot be read (beyond row \d+ )?\(.+\)", message)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "pipe: is empty"),
        (b"a,b\n1,2\n3,", "pipe: row 2 (line 3), column 'b': the cell is missing"),
        (b'{"a": 1, "b": 2}\n{"a": 1, "b"', 'pipe: row 2 (line 2) is not a JSON object: {"a": 1, "b"'),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-8], "pipe: the gzip data are damaged (Compressed file ended before"),
    ],
)
def test_a_pipe_that_is_closed_early(tmp_path, content, message):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    code, told, _ = failure(str(pipe))
    writer.join()
    assert code == 5
    assert told.startswith(message)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("source", ["-", "t.parquet.gz"])
def test_a_full_disk_for_the_temporary_copy(tmp_path, monkeypatch, source):
    def full(stack):
        return stack.enter_context(Path("/dev/full").open("wb", buffering=0))

    monkeypatch.setattr("gdsolve.data.spool._temporary", full)
    parquet(tmp_path / "t.parquet")
    path = write(tmp_path / "t.parquet.gz", gzip.compress((tmp_path / "t.parquet").read_bytes(), 1))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CSV.encode())))
    code, message, hint = failure("-" if source == "-" else path)
    name = "standard input" if source == "-" else source
    assert code == 5
    assert message.startswith(f"{name}: has to be copied to ")
    assert message.endswith(", and there is no room")
    assert hint.startswith("choose another folder with TMPDIR=FOLDER")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_real_limit_leaves_no_temporary_file(tmp_path):
    done = subprocess.run(
        ["/bin/sh", "-c", 'ulimit -f 100; exec "$0" -m gdsolve fit -', sys.executable],
        input=CSV.encode(),
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (5, b"")
    lines = done.stderr.decode().splitlines()
    assert lines[0] == f"gdsolve: error: standard input: has to be copied to {tmp_path}, and there is no room"
    assert len(lines) == 2
    assert list(tmp_path.iterdir()) == []


def test_no_folder_for_temporary_files(monkeypatch):
    def refuse(**_options):
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1,2\n")))
    assert failure("-")[1].endswith("and cannot write there (No usable temporary directory found)")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    path = Path(write(tmp_path / "t.csv", "a,b\n1,2\n"))
    path.chmod(0)
    assert failure(str(path))[:2] == (5, "t.csv: cannot be read (Permission denied)")


def test_a_second_pass_is_told(tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="gdsolve")
    load(write(tmp_path / "t.csv", "a,b\n1,2\n3,4\n"))
    assert caplog.messages == []
    load(write(tmp_path / "t.csv", "s,a,b\nx,1,2\nz,3,4\n"), categorical=Categorical.ONEHOT)
    assert caplog.messages == ["the table is read twice: the levels of text have to be known first (s)"]
    caplog.clear()
    load(write(tmp_path / "t.csv", "a,b\n1,2\n,4\n"), na=Missing.MEAN)
    assert caplog.messages == ["the table is read once more, for the means that --na mean fills in"]
    caplog.clear()
    load(write(tmp_path / "t.csv", "a,b\n1,2\n\n3,4\n"))
    assert caplog.messages == []
    failure(write(tmp_path / "t.csv", "a,b\n1,2\n3,x\n4,5\n"))
    assert caplog.messages == [f"{tmp_path}/t.csv: read once more, to say where the row stands"]
