"""NDJSON: what is read does not depend on the order of the objects, or the line that is odd is named."""

from __future__ import annotations

import gzip
import io
import json
import random
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from data_files import failure, load, write
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gdsolve.data import describe, open_table
from gdsolve.data.formats.ndjson import key_arrays
from gdsolve.data.formats.ndjson.key_arrays import keys_of
from gdsolve.data.formats.ndjson.keys import keys_by_line
from gdsolve.data.predict import predict_csv
from gdsolve.spec import Categorical, Missing, Spec

NAMES = st.sampled_from(["a", "b", "y", "a:b", "{", '"', "\\", "é", "", '"x', "abcdef", "beyond eight bytes", "x" * 20])
LEAVES = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.text(alphabet='a:,{}[]" \\é\n', max_size=5),
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2))


@st.composite
def layouts(draw):
    """Objects as pairs, mostly of the same keys."""
    names = draw(st.lists(NAMES, max_size=3))
    same = st.tuples(*[st.tuples(st.just(name), LEAVES) for name in names]).map(list)
    other = st.lists(st.tuples(NAMES, VALUES), max_size=3)
    return draw(st.lists(st.one_of(same, same, same, other), min_size=1, max_size=5))


def lines(rows, marks=(", ", ": "), ascii=True, end="\n"):
    def written(value):
        return json.dumps(value, ensure_ascii=ascii, separators=marks)

    return end.join("{" + marks[0].join(written(k) + marks[1] + written(v) for k, v in row) + "}" for row in rows) + end


@settings(deadline=None, max_examples=examples(150))
@given(
    rows=layouts(),
    marks=st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", "  : ")]),
    ascii=st.booleans(),
    end=st.sampled_from(["\n", "\n", "\r\n", "\n\n", " \n"]),
    size=st.integers(1, 300),
)
def test_keys_are_counted_alike_by_arrays_and_one_by_one(rows, marks, ascii, end, size):
    text = lines(rows, marks, ascii, end).encode()
    expected = keys_by_line(text)
    assert expected is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_arrays, "_BLOCK", size)
        assert keys_of(text) == expected
    for count in (key_arrays._alike, key_arrays._scattered):
        assert count(text) in (None, expected)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": 1}\n{"a": }\n',
        b'{"a": 1} {"a": 2}\n',
        b'{"a":\n1}\n',
        b'{"a": 1}\n[1]\n',
        b'{"a": NaN}\n',
        b'{"a": "\n"}',
    ],
)
def test_what_is_no_ndjson(text):
    assert keys_of(text) is None


def table(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def late():
    """As exporters write what comes later: z from object 1201 on."""
    generator = np.random.default_rng(1)
    for row, (x, z) in enumerate(generator.integers(0, 50, (3000, 2)).tolist()):
        yield {"x": x, "z": z, "y": 2 * x + 5 * z} if row >= 1200 else {"x": x, "y": 2 * x + 5 * z}


@pytest.mark.parametrize("order", ["late", "early", "mixed"])
@pytest.mark.parametrize("pack", [str.encode, lambda text: gzip.compress(text.encode())])
def test_keys_that_come_late(tmp_path, order, pack):
    rows = list(late())
    rows = {"late": rows, "early": rows[::-1], "mixed": random.Random(0).sample(rows, len(rows))}[order]
    path = write(tmp_path / "t.ndjson", pack(table(rows)))
    loaded = load(path, na=Missing.DROP, features=("x,z",))
    assert (loaded.rows, loaded.rows_dropped) == (1800, 1200)
    assert np.linalg.lstsq(loaded.values[:, :2], loaded.values[:, 2])[0] == pytest.approx([2, 5])
    assert set(load(path, na=Missing.DROP).roles.features) == {"x", "z"}
    first = next(place for place, row in enumerate(rows, 1) if "z" not in row)
    assert failure(path)[1] == f"t.ndjson: row {first} (line {first}), column 'z': the cell is missing"


@pytest.mark.parametrize("backwards", [False, True])
def test_columns_that_are_null_until_late_are_text(tmp_path, backwards):
    rows = [{"x": row, "c": None if row < 2500 else "ab"[row % 2], "y": 2 * row} for row in range(3000)]
    path = write(tmp_path / "t.ndjson", table(rows[::-1] if backwards else rows))
    loaded = load(path, categorical=Categorical.ONEHOT, na=Missing.DROP)
    assert (loaded.roles.design, loaded.rows) == (("x", "c=b"), 500)
    row = 1 if backwards else 2501
    assert failure(path)[1] == f"t.ndjson: row {row} (line {row}), column 'c': '{'b' if backwards else 'a'}' is text"
    assert load(path, categorical=Categorical.IGNORE).roles.features == ("x",)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ("lots", "'lots' is not a number"),
        ({"k": 1}, "'{\"k\": 1}' is not a number"),
        ([1, 2], "'[1, 2]' is not a number"),
    ],
)
def test_one_odd_value_among_numbers_is_named(tmp_path, backwards, odd, told):
    rows = [{"x": row, "y": 2 * row} for row in range(2999)] + [{"x": odd, "y": 0}]
    path = write(tmp_path / "t.ndjson", table(rows[::-1] if backwards else rows))
    row = 1 if backwards else 3000
    for categorical in Categorical:
        message = f"t.ndjson: row {row} (line {row}), column 'x': {told}"
        assert failure(path, categorical=categorical)[:2] == (5, message)


@pytest.mark.parametrize("backwards", [False, True])
def test_one_odd_value_among_texts_is_named(tmp_path, backwards):
    rows = [{"x": row, "c": "ab"[row % 2], "y": 2 * row} for row in range(2999)] + [{"x": 1, "c": [1], "y": 0}]
    path = write(tmp_path / "t.ndjson", table(rows[::-1] if backwards else rows))
    row = 1 if backwards else 3000
    message = f"t.ndjson: row {row} (line {row}), column 'c': a list stands among plain values"
    assert failure(path, categorical=Categorical.ONEHOT) == (5, message, "--ignore c, or --categorical ignore")
    assert load(path, ignore=("c",)).rows == load(path, categorical=Categorical.IGNORE).rows == 3000


@pytest.mark.parametrize("backwards", [False, True])
def test_numbers_as_texts_are_numbers_where_most_values_are(tmp_path, backwards):
    rows = [{"x": row if row % 3 else str(row), "y": 2 * row} for row in range(3000)]
    values = load(write(tmp_path / "t.ndjson", table(rows[::-1] if backwards else rows))).values
    assert sorted(values[:, 0].tolist()) == list(range(3000))
    rows = [{"x": str(row) if row % 3 else row, "y": 2 * row} for row in range(3000)]
    message = failure(write(tmp_path / "u.ndjson", table(rows[::-1] if backwards else rows)))[1]
    assert message.endswith("is text")
    assert failure(write(tmp_path / "v.ndjson", table([{"x": "7", "y": 1}])))[1:] == (
        "v.ndjson: row 1 (line 1), column 'x': '7' is text",
        "--ignore x, or --categorical onehot|ignore; to be read as a number, it must not be stored as text",
    )


@pytest.mark.parametrize("word", ["NA", "", " nan "])
@pytest.mark.parametrize("first", ["words", "numbers"])
def test_words_for_missing_do_not_make_text_of_numbers(tmp_path, word, first):
    rows = [{"x": word, "y": 0}] * 2000 + [{"x": row, "y": 2 * row} for row in range(1000)]
    path = write(tmp_path / "t.ndjson", table(rows if first == "words" else rows[::-1]))
    loaded = load(path, na=Missing.DROP)
    assert (loaded.rows, loaded.rows_dropped, sorted(loaded.values[:, 0].tolist())) == (1000, 2000, list(range(1000)))


def test_a_key_that_is_there_twice(tmp_path):
    path = write(tmp_path / "t.ndjson", table([{"x": 1, "y": 2}] * 2000) + '\n{"x": 1, "x": 5, "y": 2}\n')
    told = "t.ndjson: row 2001 (line 2002): key 'x' is there twice"
    assert failure(path) == (5, told, "--ignore x, or --categorical ignore")
    rest = write(tmp_path / "u.ndjson", table([{"a": 1, "y": 2}] * 2000) + '{"x": 1, "a": 1, "x": 5, "y": 2}\n')
    assert load(rest, ignore=("x",)).rows == 2001


@pytest.mark.parametrize(
    "text",
    [
        '\ufeff{"x": 1, "y": 2}\n{"x": 3, "y": 4.5}\n',
        '{"x": 1, "y": 2}\r\n\r\n{"x": 3, "y": 4.5}\r\n',
        '\n \n{"x":1,"y":2}\n\t\n  {"x":3,"y":4.5}  \n\n',
        '{"x": 1, "y": 2}\n{"y": 4.5, "x": 3}',
        '{"\\u0078": 1, "y": 2}\n{"x": 3, "y": 4.5}\n',
        '{"x": 1, "y": 2}\r{"x": 3, "y": 4.5}\r',
        '{"x": 1, "y": 2}\n{"x": 3, "y": 4.5}\n'.encode("utf-16"),
    ],
)
def test_how_lines_are_written(tmp_path, text):
    assert load(write(tmp_path / "t.ndjson", text)).values.tolist() == [[1, 2], [3, 4.5]]


def test_bytes_that_are_not_utf_8(tmp_path):
    path = write(
        tmp_path / "t.ndjson", table([{"x": 1, "c": "a", "y": 1}] * 3).encode() + b'\n{"x":1,"c":"\xe9","y":2}\n'
    )
    told = "t.ndjson: row 4 (line 5) is not UTF-8"
    code, message, hint = failure(path, ignore=("c",))
    assert (code, message) == (5, told)
    assert hint.startswith("probably Western European: --encoding cp1252 reads")
    assert load(path, encoding="latin-1", ignore=("c",)).rows == 4


def test_keys_with_dots_and_blanks(tmp_path):
    rows = [{"a.b": row, " c ": row**2, "a": {"b": 7}, "y": row} for row in range(3)]
    path = write(tmp_path / "t.ndjson", table(rows))
    loaded = load(path, ignore=("a",))
    assert loaded.roles.features == ("a.b", "c")
    assert loaded.values.tolist() == [[row, row**2, row] for row in range(3)]
    assert load(path, features=("c",)).values[:, 0].tolist() == [0, 1, 4]
    twins = write(tmp_path / "u.ndjson", '{"a": 1, "a ": 2, "y": 3}\n{"a": 2, "a ": 5, "y": 3}\n')
    assert failure(twins)[1:] == (
        "u.ndjson: columns 1 and 2 are both named 'a'; the second is called 'a_2'",
        "--ignore a_2, or --features a,a_2",
    )
    assert load(twins, features=("a,a_2",)).values.tolist() == [[1, 2, 3], [2, 5, 3]]


def test_the_last_key_is_the_target_where_it_is_the_last_everywhere(tmp_path):
    rows = [{"b": row, "c": 2 * row} for row in range(3)]
    path = write(tmp_path / "t.ndjson", table([{"a": 1, **row} for row in rows] + rows))
    assert load(path, features=("b",)).roles.target == "c"
    told = "t.ndjson: its objects differ in their last key, so that none is the target by itself"
    for name, row in (("a", {"c": 1, "b": 1, "a": 1}), ("b", {"b": 1, "c": 2, "a": 3})):
        other = write(tmp_path / "t.ndjson", table([*rows, row]))
        assert failure(other) == (5, told, "--target COLUMN; columns: b, c, a"), name
        assert load(other, target="c", features=("b",)).rows == 4


def test_files_with_other_keys_are_joined(tmp_path):
    first = write(tmp_path / "p1.ndjson", table([{"x": 1, "y": 2}, {"x": 2, "y": 4}]))
    second = write(tmp_path / "p2.ndjson", table([{"x": 3, "z": 1, "y": 7}, {"x": 1, "z": 0, "y": 2}]))
    for paths in ((first, second), (second, first)):
        loaded = load(*paths, na=Missing.DROP)
        assert (set(loaded.roles.features), loaded.rows, loaded.rows_dropped) == ({"x", "z"}, 2, 2)
        assert failure(*paths)[1] == "p1.ndjson: row 1 (line 1), column 'z': the cell is missing"
        assert load(*paths, ignore=("z",)).rows == 4
    plain = write(tmp_path / "p3.csv", "x,y\n1,2\n")
    assert failure(plain, second)[1] == "p2.ndjson: has a column 'z' that p3.csv does not have"
    assert failure(second, plain)[1] == "p3.csv: has no column 'z', as p2.ndjson has"


def test_check_and_predict_know_late_keys(tmp_path, monkeypatch):
    path = write(tmp_path / "t.ndjson", table(late()))
    found = {column.name: column for column in describe([path], Spec()).columns}
    assert (found["z"].missing, found["z"].type, found["x"].missing) == (1200, "number", 0)
    model = {"data": {"features": ["z"]}, "weights": {"z": 2.0}, "intercept": 1.0}
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path(path).read_bytes())))
    counts = predict_csv(["-"], Spec(), model, out)
    assert (counts.rows, counts.rows_without_prediction) == (3000, 1200)
    written = pl.read_csv(io.StringIO(out.getvalue()), infer_schema_length=None)
    assert written.columns == ["x", "z", "y", "prediction"]
    assert (written["prediction"] == 2 * written["z"] + 1).sum() == 1800
    twice = write(tmp_path / "u.ndjson", '{"z": 1, "z": 5, "y": 2}\n')
    with pytest.raises(Exception, match=r"row 1 \(line 1\): key 'z' is there twice, and the model needs it"):
        predict_csv([twice], Spec(), model, out)


@settings(deadline=None, max_examples=examples(40))
@given(data=st.data())
def test_the_order_of_the_objects_does_not_matter(data):
    rows = data.draw(st.lists(st.dictionaries(st.sampled_from("abc"), LEAVES, max_size=3), min_size=2, max_size=6))
    rows = [{**row, "y": place} for place, row in enumerate(rows)]
    moved = data.draw(st.permutations(rows))
    options = {"na": Missing.DROP, "categorical": data.draw(st.sampled_from(Categorical))}
    with tempfile.TemporaryDirectory() as folder:
        ends = [outcome(write(Path(folder) / "t.ndjson", table(order)), options) for order in (rows, moved)]
    assert ends[0] == ends[1]


def outcome(path, options):
    """The table as sets of rows by the names of columns, or just that it is refused."""
    try:
        with open_table([path], Spec(**options)) as opened:
            values = np.concatenate([batch.values for batch in opened.batches()])
            names = [*opened.roles.design, "y"]
    except Exception as error:
        return type(error).__name__
    return sorted(sorted(zip(names, row, strict=True)) for row in values.tolist())
