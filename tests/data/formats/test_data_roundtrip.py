"""Whatever floats are written in whatever dialect: they come back bit for bit, the careful way and the fast way."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from data_files import load, write
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)


@st.composite
def tables(draw):
    width = draw(st.integers(2, 5))
    return draw(st.lists(st.lists(FINITE, min_size=width, max_size=width), min_size=2, max_size=8))


@st.composite
def dialects(draw):
    delimiter = draw(st.sampled_from(",;\t|"))
    return {
        "delimiter": delimiter,
        "decimal": "." if delimiter == "," else draw(st.sampled_from(".,")),
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        "header": draw(st.booleans()),
        "bom": draw(st.booleans()),
        "end": draw(st.sampled_from(["\n", "\r\n"])),
        "last_end": draw(st.booleans()),
        "space": draw(st.sampled_from(["", " "])),
    }


def as_csv(rows, dialect):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=dialect["delimiter"], quoting=dialect["quoting"], lineterminator=dialect["end"])
    if dialect["header"]:
        writer.writerow([f"column {place}" for place in range(len(rows[0]))])
    for row in rows:
        writer.writerow([repr(value).replace(".", dialect["decimal"]) + dialect["space"] for value in row])
    content = text.getvalue() if dialect["last_end"] else text.getvalue().removesuffix(dialect["end"])
    return ("\ufeff" if dialect["bom"] else "") + content


@settings(deadline=None, max_examples=examples(150))
@given(rows=tables(), dialect=dialects())
def test_csv(rows, dialect):
    with tempfile.TemporaryDirectory() as folder:
        loaded = load(write(Path(folder) / "t.csv", as_csv(rows, dialect)))
    assert loaded.values.tobytes(order="C") == np.array(rows).tobytes()
    assert loaded.roles.features[0] == ("column 0" if dialect["header"] else "x1")


@settings(deadline=None, max_examples=examples(25))
@given(rows=tables())
def test_ndjson_and_parquet(rows):
    names = [f"c{place}" for place in range(len(rows[0]))]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Float64), orient="row")
    with tempfile.TemporaryDirectory() as folder:
        for ending, save in (("ndjson", frame.write_ndjson), ("parquet", frame.write_parquet)):
            path = Path(folder) / f"t.{ending}"
            save(path)
            assert load(str(path)).values.tobytes(order="C") == np.array(rows).tobytes()
