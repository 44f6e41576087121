"""Missing cells, weights and blank lines: nothing dropped or filled in unasked, and every one counted."""

from __future__ import annotations

import math

import polars as pl
import pytest
from data_files import failure, load, write

from gdsolve.spec import Missing

HOLES = "a,b,note,y\n1,10,,1\n,20,,2\n\n3,NA,,3\n5,60,,\n6,60,,6\n"


@pytest.fixture
def holes(tmp_path):
    return write(tmp_path / "t.csv", HOLES)


def test_error_names_the_first(holes):
    assert failure(holes, ignore=("note",)) == (
        5,
        "t.csv: row 2 (line 3), column 'a': the cell is missing",
        "--na drop, --na mean, or --ignore a",
    )
    assert failure(holes, features=("b",))[1:] == (
        "t.csv: row 3 (line 5), column 'b': the cell is missing",
        "--na drop, --na mean, or leave the column out of --features",
    )


def test_drop_counts_rows(holes):
    loaded = load(holes, ignore=("note",), na=Missing.DROP)
    assert loaded.values.tolist() == [[1, 10, 1], [6, 60, 6]]
    assert (loaded.rows, loaded.rows_dropped, loaded.cells_filled) == (2, 3, 0)


def test_only_the_columns_used_are_looked_at(holes):
    loaded = load(holes, features=("a",), na=Missing.DROP)
    assert (loaded.rows, loaded.rows_dropped) == (3, 2)


def test_mean_fills_features_and_counts_cells(tmp_path):
    path = write(tmp_path / "t.csv", HOLES.replace("5,60,,\n", "5,60,,5\n"))
    loaded = load(path, ignore=("note",), na=Missing.MEAN)
    assert loaded.values.tolist() == [[1, 10, 1], [3.75, 20, 2], [3, 37.5, 3], [5, 60, 5], [6, 60, 6]]
    assert (loaded.rows, loaded.rows_dropped, loaded.cells_filled) == (5, 0, 2)


def test_mean_does_not_invent_targets(holes):
    assert failure(holes, ignore=("note",), na=Missing.MEAN) == (
        5,
        "t.csv: row 4 (line 6), column 'y': the cell is missing, and a target has no mean to fill in",
        "--na drop leaves such rows out",
    )


def test_mean_of_nothing(tmp_path):
    path = write(tmp_path / "t.csv", "a,b\n,1\n,2\n")
    message = "t.csv: column 'a' has no mean to fill in: all its cells are missing"
    assert failure(path, na=Missing.MEAN) == (5, message, "--ignore a")


def test_no_row_left(holes):
    assert failure(holes, na=Missing.DROP)[1] == "t.csv: no row is left, 5 were dropped for missing cells"


@pytest.mark.parametrize("word", ["NA", "na", "N/A", "n/a", "NaN", "NAN", "null", "NULL", "None", "  ", '""', '" NA "'])
def test_words_for_missing(tmp_path, word):
    loaded = load(write(tmp_path / "t.csv", f"a,b\n1,2\n{word},3\n3,4\n"), na=Missing.DROP)
    assert (loaded.rows, loaded.rows_dropped) == (2, 1)


def test_other_words_for_missing(tmp_path):
    path = write(tmp_path / "t.csv", "a,b\n1,2\n-999,3\nNA,4\n,5\n")
    assert failure(path, na=Missing.DROP, na_values=("=-999",))[1].endswith("column 'a': 'NA' is not a number")
    loaded = load(path, na=Missing.DROP, na_values=("-999",))
    assert (loaded.rows, loaded.rows_dropped) == (1, 3)
    nan = write(tmp_path / "n.csv", "a,b\n1,2\nnan,3\n")
    assert failure(nan, na_values=("=-999",))[1] == "n.csv: row 2 (line 3), column 'a': 'nan' is not finite"


def test_blank_lines_are_no_rows_but_empty_cells_are(tmp_path):
    blank = load(write(tmp_path / "t.csv", "a,b\n\n1,2\n\n\n3,4\n\n"), na=Missing.DROP)
    assert (blank.rows, blank.rows_dropped) == (2, 0)
    empty = load(write(tmp_path / "u.csv", "a,b\n\n1,2\n,\n\n3,4\n,\n"), na=Missing.DROP)
    assert (empty.rows, empty.rows_dropped) == (2, 2)
    assert failure(str(tmp_path / "u.csv"))[1] == "u.csv: row 2 (line 4), column 'a': the cell is missing"


def test_blank_lines_within_quotes_are_text(tmp_path):
    path = write(tmp_path / "t.csv", 's,a,b\n"p\n\nq",1,2\n\nr,,\ns,3,4\n')
    loaded = load(path, ignore=("s",), na=Missing.DROP)
    assert (loaded.rows, loaded.rows_dropped) == (2, 1)
    assert failure(path, ignore=("s",))[1] == "t.csv: row 2 (line 6), column 'a': the cell is missing"


def test_weights(tmp_path):
    loaded = load(write(tmp_path / "t.csv", "a,b,w\n1,2,1\n3,4,0\n5,6,2.5\n"), weight="w")
    assert loaded.weight is not None
    assert loaded.weight.tolist() == [1, 0, 2.5]
    assert (loaded.rows, loaded.rows_dropped) == (3, 0)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (("1", "-1"), "t.csv: row 2 (line 3), column 'w': the weight '-1' is negative"),
        (("1", ""), "t.csv: row 2 (line 3), column 'w': the cell is missing"),
        (("1", "inf"), "t.csv: row 2 (line 3), column 'w': 'inf' is not finite"),
        (("0", "0"), "t.csv: all weights are 0 in column 'w'"),
    ],
)
def test_weights_that_cannot_be_used(tmp_path, weights, message):
    path = write(tmp_path / "t.csv", "a,b,w\n1,2,{}\n3,4,{}\n".format(*weights))
    assert failure(path, weight="w")[:2] == (5, message)


def test_a_missing_weight_is_dropped_never_filled(tmp_path):
    path = write(tmp_path / "t.csv", "a,b,w\n1,2,1\n3,4,\n")
    assert load(path, weight="w", na=Missing.DROP).rows_dropped == 1
    assert failure(path, weight="w", na=Missing.MEAN)[1].endswith("and a weight has no mean to fill in")


def sentinel_tables(tmp_path):
    """The same table with -999 for missing, in every format: values as read, 2 rows of 6 dropped."""
    rows = [(1.0, 2.0, 3.0), (-999.0, 3.0, 4.0), (3.0, 4.0, 6.0), (4.0, -999.0, 7.0), (5.0, 1.0, 9.0), (6.5, 8.0, 10.0)]
    frame = pl.DataFrame(rows, schema=["a", "b", "y"], orient="row")
    mixed = frame.with_columns(pl.col("b").cast(pl.Int64), pl.col("y").cast(pl.Float32))
    frame.write_parquet(tmp_path / "t.parquet")
    mixed.write_parquet(tmp_path / "mixed.parquet")
    frame.write_ndjson(tmp_path / "t.ndjson")
    frame.write_csv(tmp_path / "t.csv")
    frame.write_csv(tmp_path / "t.tsv", separator="\t")
    comma = "\n".join(["a;b;y", *(";".join(f"{cell}".replace(".", ",") for cell in row) for row in rows)])
    write(tmp_path / "comma.csv", comma)
    # The first one far from the head, so that a sample cannot see it.
    late = "\n".join(["a,b,y", *["1,2,3", "2,1,4"] * 60_000, "-999,1,2", ""])
    write(tmp_path / "late.csv", late)
    return ("t.csv", "t.tsv", "t.parquet", "mixed.parquet", "t.ndjson", "comma.csv", "late.csv")


@pytest.mark.parametrize("value", ["-999", "-999.0", "-9.99e2"])
def test_a_number_can_mean_missing_in_every_format(tmp_path, value):
    for name in sentinel_tables(tmp_path):
        loaded = load(str(tmp_path / name), na=Missing.DROP, na_values=(value,))
        assert not (loaded.values == -999.0).any(), name
        assert loaded.rows_dropped == (1 if name == "late.csv" else 2), name
        error = failure(str(tmp_path / name), na_values=(value,))
        assert error[0] == 5, name
        assert "the cell is missing" in error[1], name


def test_a_number_that_means_missing_is_filled_with_the_mean(tmp_path):
    path = write(tmp_path / "t.csv", "a,b\n1,2\n-999,3\n3,5\n")
    loaded = load(path, na=Missing.MEAN, na_values=("-999",))
    assert loaded.values.tolist() == [[1, 2], [2, 3], [3, 5]]


@pytest.mark.parametrize("cell", ["inf", "-inf", "Infinity", "1e400"])
def test_the_hint_for_a_cell_beyond_numbers_works(tmp_path, cell):
    path = write(tmp_path / "t.csv", f"a,b\n1,2\n{cell},3\n3,5\n4,5\n")
    assert failure(path)[0] == 5
    loaded = load(path, na=Missing.DROP, na_values=(cell,))
    assert (loaded.rows, loaded.rows_dropped) == (3, 1)


def test_one_infinity_is_not_the_other(tmp_path):
    path = write(tmp_path / "t.csv", "a,b\n1,2\n-inf,3\n3,5\n4,5\n")
    assert failure(path, na=Missing.DROP, na_values=("inf",))[1].endswith("column 'a': '-inf' is not finite")
    pl.DataFrame({"a": [1.0, -math.inf], "b": [2.0, 3.0]}).write_parquet(tmp_path / "t.parquet")
    assert failure(str(tmp_path / "t.parquet"), na=Missing.DROP, na_values=("inf",))[0] == 5
    assert load(str(tmp_path / "t.parquet"), na=Missing.DROP, na_values=("-inf",)).rows_dropped == 1


def test_a_column_of_numbers_that_all_mean_missing_is_no_text(tmp_path):
    path = write(tmp_path / "t.csv", "a,b,y\n1,-999.0,2\n2,-999.0,3\n")
    assert failure(path, na_values=("-999",))[1].endswith("column 'b': the cell is missing")


def test_a_truth_can_mean_missing_where_columns_have_types(tmp_path):
    pl.DataFrame({"a": [True, False, True], "b": [2.0, 3.0, 4.0]}).write_parquet(tmp_path / "t.parquet")
    assert load(str(tmp_path / "t.parquet"), na=Missing.DROP, na_values=("FALSE",)).rows_dropped == 1


def test_ones_that_mean_missing_are_not_truths(tmp_path):
    path = write(tmp_path / "t.csv", "a,b\ntrue,2\n1,3\nfalse,5\nfalse,6\n")
    loaded = load(path, na=Missing.DROP, na_values=("1",))
    assert loaded.values.tolist() == [[1, 2], [0, 5], [0, 6]]
