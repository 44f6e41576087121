"""The names of columns at a glance are those of the table, whatever wrote the file, and take no library."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gdsolve.data import column_names
from gdsolve.data.formats.registry import FORMATS
from gdsolve.data.opening import open_sources
from gdsolve.spec import Spec

HEAVY = ("torch", "polars", "numpy", "pyarrow")
NESTED = pa.table(
    {
        " id ": [1, 2],
        "a": [{"b": 1.0, "c": {"d": 2}}, {"b": 2.0, "c": {"d": 3}}],
        "list": [[1], [2, 3]],
        "map": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
        "a.b": ["x", "y"],
        "dictionary": pa.array(["x", "y"]).dictionary_encode(),
        "größe ∂": [1, 2],
        "__index_level_0__": [0, 1],
    }
)
TWICE = "names that stand twice"
TABLES = {
    "nested": NESTED,
    TWICE: pa.table([pa.array([1]), pa.array([2]), pa.array([3])], names=["x", "x", ""]),
    "many": pa.table({f"column {place:0300d}": [1.0] for place in range(40)}),
    "no rows": pa.table({"x": pa.array([], pa.float64())}),
    "metadata": NESTED.replace_schema_metadata({"pandas": "{}" * 500}),
}


def by_polars(table: pa.Table, path: str) -> None:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    frame.write_parquet(path) if path.endswith(".parquet") else frame.write_ipc(path, compression="zstd")


def by_pyarrow(table: pa.Table, path: str) -> None:
    if path.endswith(".parquet"):
        pq.write_table(table, path, compression="zstd", version="1.0", row_group_size=1)
        return
    with pa.OSFile(path, "w") as stream, pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)


def glimpsed(path: Path) -> tuple[str, ...] | None:
    """The names that the format gives at a glance, of a file that needs no more than its place."""
    from gdsolve.data.file import File

    form = next(one for one in FORMATS if path.suffix in one.endings)
    assert form.glance is not None
    return form.glance(File(str(path), str(path), "", complete=False), Spec())


def opened(path: str) -> tuple[str, ...]:
    from contextlib import ExitStack

    with ExitStack() as stack:
        return tuple(open_sources((path,), Spec(), stack)[0].schema)


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
@pytest.mark.parametrize(
    ("name", "write"),
    [(name, write) for name in TABLES for write in (by_polars, by_pyarrow) if (name, write) != (TWICE, by_polars)],
)
def test_names_are_those_of_the_table(
    name: str, write: Callable[[pa.Table, str], None], ending: str, tmp_path: Path
) -> None:
    path = tmp_path / f"t{ending}"
    write(TABLES[name], str(path))
    assert glimpsed(path) == opened(str(path)) == column_names((str(path),), Spec())


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
@settings(max_examples=examples(60), deadline=None)
@given(place=st.integers(1, 400), byte=st.integers(0, 255))
def test_a_damaged_footer_is_left_to_the_library(
    ending: str, place: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"damaged{ending}"
    if not path.exists():
        by_pyarrow(NESTED, str(path))
        path.with_suffix(".whole").write_bytes(path.read_bytes())
    content = bytearray(path.with_suffix(".whole").read_bytes())
    content[-place] = byte
    path.write_bytes(content)
    assert glimpsed(path) is None or len(glimpsed(path) or ()) > 0


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1\x00\x00\x00\x00PAR1", b"ARROW1", b"x" * 40])
def test_what_has_no_footer(content: bytes, tmp_path: Path) -> None:
    for ending in (".parquet", ".arrow"):
        path = tmp_path / f"t{ending}"
        path.write_bytes(content)
        assert glimpsed(path) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"b": 1, " a ": 2}\n\n{"a": 3, "c": [1]}\n', ("b", "a", "c")),
        ('{"x": 1, "y": 2}', ("x", "y")),
        ('{"x": 1, "x": 2, "y": 1}\n', ("x", "y")),
    ],
)
def test_keys_of_the_first_objects(text: str, names: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "t.ndjson"
    path.write_text(text)
    assert column_names((str(path),), Spec()) == names
    many = tmp_path / "many.ndjson"
    many.write_text((text.splitlines()[0] + "\n") * 100_000)
    assert column_names((str(many),), Spec()) == opened(str(many))


def test_no_library_is_imported(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": [1.0], "y": [2.0]})
    frame.write_csv(tmp_path / "t.csv")
    frame.write_ndjson(tmp_path / "t.ndjson")
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ipc(tmp_path / "t.arrow")
    program = (
        "import sys\nfrom gdsolve.data import column_names\nfrom gdsolve.spec import Spec\n"
        "for form in ('csv', 'ndjson', 'parquet', 'arrow'):\n"
        "    assert column_names((f't.{form}',), Spec()) == ('x', 'y'), form\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")
