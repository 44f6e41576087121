"""One table in every format and compression, alone, mixed and through a pipe: always the same weights."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import forked
import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from data_files import failure, load, write, zstd
from places import ROOT
from quiet import QUIET_ENVIRONMENT

from gdsolve.cli.main import run
from gdsolve.data import open_table
from gdsolve.data.file import File
from gdsolve.data.formats.parquet.reader import ParquetReader
from gdsolve.data.pieces import pieces_of
from gdsolve.spec import Spec

FORMATS = ("csv", "tsv", "ndjson", "parquet")
PACKINGS = {"": bytes, "gz": gzip.compress, "zst": zstd}
RANDOM = np.random.default_rng(7)
TABLE = pl.DataFrame(RANDOM.standard_normal((300, 3)), schema=["a", "b", "c"]).with_columns(
    y=pl.col("a") * 2 - pl.col("b") + 0.5 + RANDOM.standard_normal(300) * 0.01
)

X = np.column_stack([TABLE.select("a", "b", "c").to_numpy(), np.ones(TABLE.height)])


def content(frame: pl.DataFrame, form: str) -> bytes:
    buffer = io.BytesIO()
    match form:
        case "csv":
            frame.write_csv(buffer)
        case "tsv":
            frame.write_csv(buffer, separator="\t")
        case "ndjson":
            frame.write_ndjson(buffer)
        case "parquet":
            frame.write_parquet(buffer)
    return buffer.getvalue()


def put(path: Path, frame: pl.DataFrame, form: str, packing: str) -> str:
    path.write_bytes(PACKINGS[packing](content(frame, form)))
    return str(path)


def fitted(capsys: pytest.CaptureFixture[str], *sources: str) -> dict[str, float]:
    assert run(["fit", *sources, "--format", "json", "--quiet"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["data"]["rows"] == TABLE.height
    return record["weights"] | {"": record["intercept"]}


@pytest.fixture(scope="module")
def expected() -> dict[str, float]:
    w = np.linalg.lstsq(X, TABLE["y"].to_numpy(), rcond=None)[0]
    return dict(zip(["a", "b", "c", ""], w.tolist(), strict=True))


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("form", FORMATS)
def test_every_verb_reads_every_format(tmp_path, capsys, monkeypatch, expected, form, packing):
    ending = f"{form}.{packing}".rstrip(".")
    path = put(tmp_path / f"t.{ending}", TABLE, form, packing)
    weights = fitted(capsys, path)
    assert weights == pytest.approx(expected, rel=1e-9)
    # By its content alone, through a pipe, and by a name that says nothing.
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path(path).read_bytes())))
    assert fitted(capsys, "-") == weights
    assert fitted(capsys, put(tmp_path / "plain", TABLE, form, packing)) == weights
    model = tmp_path / "m.json"
    assert run(["fit", path, "--save", str(model), "--quiet"]) == 0
    capsys.readouterr()
    assert run(["predict", str(model), path, "--only", "--quiet"]) == 0
    predicted = [float(line) for line in capsys.readouterr().out.splitlines()[1:]]
    assert predicted == pytest.approx((X @ list(expected.values())).tolist(), rel=1e-9, abs=1e-9)
    assert run(["check", path, "--format", "json", "--quiet"]) == 0
    columns = json.loads(capsys.readouterr().out)["columns"]
    assert [(column["name"], column["missing"]) for column in columns] == [(name, 0) for name in "abcy"]
    assert columns[0]["mean"] == pytest.approx(TABLE["a"].mean(), rel=1e-9)


def test_a_glob_and_a_list_mix_formats_and_orders_of_columns(tmp_path, capsys, expected):
    parts = [(form, packing) for form in FORMATS for packing in PACKINGS]
    paths = []
    for place, (form, packing) in enumerate(parts):
        rows = TABLE[25 * place : 25 * (place + 1)]
        turned = rows.select("y", "c", "a", "b") if place % 2 else rows
        ending = f"{form}.{packing}".rstrip(".")
        paths.append(put(tmp_path / f"part-{place:02}.{ending}", turned, form, packing))
    assert fitted(capsys, str(tmp_path / "part-*")) == pytest.approx(expected, rel=1e-9)
    assert fitted(capsys, *reversed(paths)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("form", FORMATS)
def test_a_missing_column_names_the_file(tmp_path, form, packing):
    first = put(tmp_path / "first.csv", TABLE, "csv", "")
    ending = f"{form}.{packing}".rstrip(".")
    other = put(tmp_path / f"other.{ending}", TABLE.drop("b"), form, packing)
    assert failure(first, other)[:2] == (5, f"other.{ending}: has no column 'b', as first.csv has")


@pytest.mark.parametrize("ending", ["csv.zst", "parquet.gz"])
def test_a_real_pipe(tmp_path, expected, ending):
    form, _, packing = ending.partition(".")
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with forked.start(
        "fit", "-", "--format", "json", env=QUIET_ENVIRONMENT | {"TMPDIR": str(tmp_path)}, **streams
    ) as child:
        out, err = child.communicate(PACKINGS[packing](content(TABLE, form)), timeout=120)
    assert (child.returncode, err) == (0, b"")
    assert json.loads(out)["weights"]["a"] == pytest.approx(expected["a"], rel=1e-9)
    assert list(tmp_path.iterdir()) == []


def test_pieces_and_batches_hold_every_row_once(tmp_path, monkeypatch):
    monkeypatch.setattr("gdsolve.data.pieces._BLOCK", 1000)
    monkeypatch.setattr("gdsolve.data.files.HEAD", 1000)
    for form in FORMATS:
        for packing in PACKINGS:
            path = put(tmp_path / f"t.{form}.{packing}".rstrip("."), TABLE, form, packing)
            assert load(path).values == pytest.approx(TABLE.to_numpy(), rel=1e-15)


@pytest.mark.parametrize("packing", PACKINGS)
def test_quoted_line_breaks_across_pieces(tmp_path, monkeypatch, packing):
    monkeypatch.setattr("gdsolve.data.pieces._BLOCK", 64)
    monkeypatch.setattr("gdsolve.data.files.HEAD", 64)
    rows = [f'"a ""quoted"",\nline\n\n{row}",{row},{2 * row}' for row in range(50)]
    path = tmp_path / f"t.csv.{packing}".rstrip(".")
    path.write_bytes(PACKINGS[packing]("\n".join(["n,a,y", *rows]).encode()))
    assert load(str(path), ignore=("n",)).values.tolist() == [[row, 2.0 * row] for row in range(50)]


def test_a_quote_within_a_cell_ends_no_piece_wrongly(tmp_path, monkeypatch):
    monkeypatch.setattr("gdsolve.data.pieces._BLOCK", 50)
    rows = ["t,1,2\n"] * 20 + ['5" pipe,3,4\n'] + ['"two\nlines",5,6\n'] * 20 + ["t,7,8\n"] * 20
    path = write(tmp_path / "t.csv", "".join(rows))
    ends = set(itertools.accumulate(map(len, rows)))
    file = File(path, path, "", complete=False)
    pieces = [piece.text.decode() for piece in pieces_of(file, 0, ",")]
    assert "".join(pieces) == "".join(rows)
    assert set(itertools.accumulate(map(len, pieces))) <= ends
    assert len(pieces) > 5


def test_a_record_without_end_is_told_within_bounds(tmp_path, monkeypatch):
    monkeypatch.setattr("gdsolve.data.pieces._BLOCK", 1 << 16)
    monkeypatch.setattr("gdsolve.data.pieces.LONGEST", 1 << 20)
    monkeypatch.setattr("gdsolve.data.files.HEAD", 1 << 10)
    rows = ["n,a,y\n", *("t,1,2\n" * 50_000), '"open,1,2\n', *("t,1,2\n" * 400_000)]
    path = write(tmp_path / "t.csv", "".join(rows))
    told = "t.csv: line 50002: a quote is opened and never closed within 1 MiB"
    assert failure(path, ignore=("n",))[:2] == (5, told)
    path = write(tmp_path / "t.ndjson", '{"a": 1, "y": 2}\n' * 10_000 + '{"a": 1, ' + " " * (2 << 20))
    assert failure(path)[:2] == (5, "t.ndjson: line 10001: the line does not end within 1 MiB")


def test_one_huge_row_group_is_read_page_by_page(tmp_path):
    frame = pl.DataFrame({"a": np.arange(400_000.0), "y": np.arange(400_000.0)})
    path = str(tmp_path / "t.parquet")
    frame.write_parquet(path, row_group_size=frame.height)
    assert pq.ParquetFile(path).num_row_groups == 1
    heights = [batch.height for batch in ParquetReader().batches_of(path, ["y", "a"])]
    assert sum(heights) == frame.height
    assert max(heights) <= 1 << 16
    with open_table([path], Spec()) as table:
        assert np.concatenate([batch.values for batch in table.batches()])[:, 1].tolist() == frame["y"].to_list()


MEMORY = """
import re, sys
from pathlib import Path
from gdsolve.data import open_table, pieces
from gdsolve.spec import Spec

# What allocators keep levels off after some hundred pieces.
pieces._BLOCK, pieces._AHEAD = 1 << 17, 1 << 18
peaks = []
for path in sys.argv[1:]:
    with open_table([path], Spec()) as table:
        for _ in table.batches():
            pass
    # Not getrusage, which counts the parent before exec as well.
    peaks.append(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]))
print(peaks[1] / peaks[0])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize("ending", ["csv", "ndjson.zst", "parquet"])
def test_memory_is_flat(tmp_path, ending):
    form, _, packing = ending.partition(".")
    long = pl.concat([TABLE] * (800 if form == "parquet" else 400))
    paths = [str(tmp_path / f"{size}.{ending}") for size in ("small", "large")]
    for path, repeats in zip(paths, (1, 5), strict=True):
        if form == "parquet":
            rows = pl.concat([long] * repeats)
            rows.write_parquet(path, row_group_size=rows.height)
        else:
            text = content(long, form)
            head = text[: text.index(b"\n") + 1] if form == "csv" else b""
            Path(path).write_bytes(PACKINGS[packing](head + text.removeprefix(head) * repeats))
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, *paths],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    assert float(done.stdout) < 1.2
