"""Which column plays which part, by default and by flags."""

from __future__ import annotations

import pytest
from data_files import failure, load, write

from gdsolve.data import column_names
from gdsolve.spec import Categorical, Missing, Spec

TABLE = "id,size,color,y,price\n1,2.5,red,10,1\n2,3.5,blue,20,2\n3,4.5,red,30,4\n"


@pytest.fixture
def table(tmp_path):
    return write(tmp_path / "t.csv", TABLE)


@pytest.mark.parametrize(
    ("options", "target", "reason", "features", "ignored"),
    [
        ({}, "y", "the column y", ("id", "size", "price"), ("color",)),
        ({"ignore": ("y",)}, "price", "the last column", ("id", "size"), ("color", "y")),
        ({"target": "price"}, "price", "--target", ("id", "size", "y"), ("color",)),
        ({"features": ("price, size",)}, "y", "the column y", ("price", "size"), ("id", "color")),
        ({"features": ("price", "size")}, "y", "the column y", ("price", "size"), ("id", "color")),
        ({"weight": "price"}, "y", "the column y", ("id", "size"), ("color",)),
        ({"weight": "y"}, "price", "the last column", ("id", "size"), ("color",)),
    ],
)
def test_roles(table, options, target, reason, features, ignored):
    roles = load(table, categorical=Categorical.IGNORE, **options).roles
    assert (roles.target, roles.target_reason) == (target, reason)
    assert roles.features == roles.design == features
    assert roles.ignored == ignored


def test_features_are_read_in_the_order_given(table):
    assert load(table, features=("price,size",)).values.tolist() == [[1, 2.5, 10], [2, 3.5, 20], [4, 4.5, 30]]


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"target": "Price "}, "--target: t.csv has no column 'Price'", "did you mean 'price'? columns: id, size,"),
        ({"features": ("sise",)}, "--features: t.csv has no column 'sise'", "did you mean 'size'?"),
        ({"ignore": ("id,zzz",)}, "--ignore: t.csv has no column 'zzz'", "columns: id, size, color, y, price"),
        ({"weight": "w"}, "--weight: t.csv has no column 'w'", "columns: id"),
        ({"target": "id", "features": ("id",)}, "column 'id' is in --target and in --features", "name it in one of"),
        ({"target": "id", "ignore": ("id",)}, "column 'id' is in --target and in --ignore", "name it in one of"),
        ({"target": "id", "weight": "id"}, "column 'id' is in --target and in --weight", "name it in one of"),
        ({"features": ("id",), "ignore": ("id",)}, "column 'id' is in --features and in --ignore", "name it in one"),
        ({"features": ("y",)}, "the target 'y' (the column y) is named in --features as well", "give --target COLUMN"),
    ],
)
def test_flags_that_do_not_fit(table, options, message, hint):
    code, told, remedy = failure(table, **options)
    assert (code, told) == (2, message)
    assert remedy.startswith(hint)


def test_a_name_with_commas_is_one_column(tmp_path):
    path = write(tmp_path / "t.csv", '"a,b",c,d\n1,2,3\n4,5,6\n')
    assert load(path, features=("a,b",)).roles.features == ("a,b",)
    assert load(path, ignore=("a,b",)).roles.features == ("c",)
    assert load(path, features=("a,b", "c")).roles.features == ("a,b", "c")


def test_nothing_left(table):
    assert failure(table, ignore=("id,size,color,price",))[:2] == (
        5,
        "t.csv: no feature column is left for the target 'y'",
    )
    assert failure(table, ignore=("id,size,color,y,price",))[:2] == (5, "t.csv: no column is left")
    assert failure(table, features=("color",), categorical=Categorical.IGNORE)[:2] == (
        5,
        "t.csv: no feature column is left for the target 'y'",
    )


def test_a_column_without_a_name(tmp_path):
    path = write(tmp_path / "t.csv", ",a,b\n0,1,2\n1,3,5\n")
    # The index of pandas is set aside.
    assert load(path).roles.features == ("a",)
    assert load(path, ignore=("column_1",)).roles.features == ("a",)
    assert load(path, features=("a",)).roles.features == ("a",)
    assert load(path, features=("column_1", "a")).values.tolist() == [[0, 1, 2], [1, 3, 5]]


def test_a_twin_of_the_target_is_left_out(tmp_path):
    first = write(tmp_path / "first.csv", "x,y,y\n1,2,3\n4,5,7\n")
    assert failure(first) == (
        5,
        "first.csv: columns 2 and 3 are both named 'y'; the second is called 'y_2'",
        "--ignore y_2",
    )
    assert load(first, ignore=("y_2",)).values.tolist() == [[1, 2], [4, 5]]
    last = write(tmp_path / "last.csv", "p,x,p\n1,2,3\n4,5,7\n")
    assert failure(last) == (
        5,
        "last.csv: columns 1 and 3 are both named 'p'; the second is called 'p_2'",
        "--ignore p",
    )
    assert load(last, ignore=("p",)).values.tolist() == [[2, 3], [5, 7]]


def test_three_columns_of_one_name(tmp_path):
    path = write(tmp_path / "t.csv", "x,x,x,y\n1,2,3,4\n5,6,7,9\n")
    assert failure(path)[1:] == (
        "t.csv: columns 1, 2 and 3 are all named 'x'; the second is called 'x_2'",
        "--ignore x_2,x_3, or --features x,x_2,x_3",
    )
    assert load(path, ignore=("x_2,x_3",)).values.tolist() == [[1, 4], [5, 9]]


def test_two_columns_of_one_name(tmp_path):
    path = write(tmp_path / "t.csv", "x,x,y\n1,2,3\n4,5,7\n")
    assert failure(path) == (
        5,
        "t.csv: columns 1 and 2 are both named 'x'; the second is called 'x_2'",
        "--ignore x_2, or --features x,x_2",
    )
    assert load(path, ignore=("x_2",)).values.tolist() == [[1, 3], [4, 7]]
    assert load(path, ignore=("x",)).values.tolist() == [[2, 3], [5, 7]]
    assert load(path, features=("x,x_2",)).values.tolist() == [[1, 2, 3], [4, 5, 7]]


def test_names_are_unique_and_unicode(tmp_path):
    path = write(tmp_path / "t.csv", "größe,x,x,x_2, größe ,,π\n" + "1,2,3,4,5,6,7\n")
    assert column_names([path], Spec()) == ("größe", "x", "x_3", "x_2", "größe_2", "column_6", "π")


def test_text_is_an_error_that_names_the_first_cell(tmp_path):
    path = write(tmp_path / "t.csv", "when,who,a,b\n,,1,2\n2024-01-31,Ann,3,4\n2024-02-01,Bo,3,4\n")
    assert failure(path) == (
        5,
        "t.csv: row 2 (line 3), column 'when': '2024-01-31' is a date",
        "--dates days reads it as a number, or --ignore when,who, or --categorical onehot|ignore",
    )
    assert failure(path, ignore=("when",))[1] == "t.csv: row 2 (line 3), column 'who': 'Ann' is text"
    assert failure(path, target="who") == (
        5,
        "t.csv: row 2 (line 3), column 'who': 'Ann' is text, and it is the target (--target)",
        "--target COLUMN; numbers are in: a, b",
    )
    assert failure(path, weight="who")[1].endswith("'Ann' is text, and it is the weight")


def test_no_column_of_numbers(tmp_path):
    path = write(tmp_path / "t.csv", "who,where\nAnn,here\nBo,there\n")
    assert failure(path) == (
        5,
        "t.csv: row 1 (line 2), column 'where': 'here' is text, and it is the target (the last column)",
        "the table has no column of numbers",
    )


@pytest.mark.parametrize("date", ["2024-01-31", "2024-01-31T10:00:00Z", "31.01.2024", "1/31/24", "10:30", "2024/01/31"])
def test_dates(tmp_path, date):
    path = write(tmp_path / "t.csv", f"d,a,b\n{date},1,2\n{date},3,4\n")
    assert failure(path)[1] == f"t.csv: row 1 (line 2), column 'd': {date!r} is a date"


def test_one_odd_cell_among_numbers_is_told_not_encoded(tmp_path):
    path = write(tmp_path / "t.csv", "a,b\n1,2\n?,3\n4,5\n")
    assert failure(path, categorical=Categorical.ONEHOT) == (
        5,
        "t.csv: row 2 (line 3), column 'a': '?' is not a number",
        "--na-values '?' --na drop if it means missing, or --ignore a",
    )
    assert load(path, na_values=("?",), na=Missing.DROP).values.tolist() == [[1, 2], [4, 5]]


ONEHOT = "color,a,shape,y\nred,1,o,1\n blue ,2,x,2\ngreen,3,o,3\nred,4,x,4\n"


def test_onehot_leaves_out_the_reference_level(tmp_path):
    loaded = load(write(tmp_path / "t.csv", ONEHOT), categorical=Categorical.ONEHOT)
    assert dict(loaded.roles.levels) == {"color": ("blue", "green", "red"), "shape": ("o", "x")}
    assert loaded.roles.features == ("color", "a", "shape")
    assert loaded.roles.design == ("color=green", "color=red", "a", "shape=x")
    assert loaded.values.tolist() == [[0, 1, 1, 0, 1], [0, 0, 2, 1, 2], [1, 0, 3, 0, 3], [0, 1, 4, 1, 4]]


def test_onehot_without_intercept_keeps_all_levels_of_the_first(tmp_path):
    loaded = load(write(tmp_path / "t.csv", ONEHOT), categorical=Categorical.ONEHOT, no_intercept=True)
    assert loaded.roles.design == ("color=blue", "color=green", "color=red", "a", "shape=x")
    assert loaded.values[:, :3].sum(axis=1).tolist() == [1, 1, 1, 1]


def test_levels_are_those_of_the_rows_kept(tmp_path):
    path = write(tmp_path / "t.csv", "c,a,y\nu,1,1\nv,,2\nw,3,3\n,4,4\n")
    loaded = load(path, categorical=Categorical.ONEHOT, na=Missing.DROP)
    assert dict(loaded.roles.levels) == {"c": ("u", "w")}
    assert (loaded.rows, loaded.rows_dropped) == (2, 2)
    message = "t.csv: row 4 (line 5), column 'c': the cell is missing, and a text has no mean to fill in"
    assert failure(path, categorical=Categorical.ONEHOT, na=Missing.MEAN)[1] == message


def test_more_than_a_thousand_levels(tmp_path):
    path = write(tmp_path / "t.csv", "c,y\n" + "".join(f"k{row},{row}\n" for row in range(1001)))
    assert failure(path, categorical=Categorical.ONEHOT)[:2] == (
        5,
        "t.csv: column 'c' has more than 1000 different texts",
    )


def test_levels_that_are_not_utf_8(tmp_path):
    rows = b"c,a,y\nu,1,1\ncaf\xe9,2,2\nu,3,4\n"
    path = write(tmp_path / "t.csv", rows)
    assert failure(path, categorical=Categorical.ONEHOT) == (
        5,
        "t.csv: row 2 (line 3), column 'c': is not UTF-8",
        "probably Western European: --encoding cp1252 reads 'café,2,2'",
    )
    genuine = write(tmp_path / "u.csv", rows.replace(b"\xe9", "\ufffd".encode()))
    assert dict(load(genuine, categorical=Categorical.ONEHOT).roles.levels) == {"c": ("caf\ufffd", "u")}


def test_a_level_named_like_a_column(tmp_path):
    path = write(tmp_path / "t.csv", "c,c=v,y\nu,1,1\nv,2,2\n")
    assert failure(path, categorical=Categorical.ONEHOT)[1] == "t.csv: a level and a column are both called 'c=v'"
