"""Targets that a loss takes: classes as numbers or as two texts, counts, and what is refused, in every format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from data_files import failure, load, write
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gdsolve.data import inline_table
from gdsolve.report.record import data_record
from gdsolve.solve.data import DataInfo
from gdsolve.spec import Categorical, Loss, Missing, Spec
from gdsolve.spec.losses import Target
from gdsolve.status import DataError

FORMATS = ("csv", "ndjson", "parquet")
LOGISTIC = {"loss": Loss.LOGISTIC}
POISSON = {"loss": Loss.POISSON}
REFUSED = {
    Target.TWO_CLASSES: [([0, 1, 2], "'2' is neither 0 nor 1"), ([0.0, 1.0, 0.5], "'0.5' is neither 0 nor 1")],
    Target.COUNTS: [([0, 3, -1], "'-1' is negative")],
}


def save(folder: Path, ending: str, **columns: list[object]) -> str:
    frame, path = pl.DataFrame(columns), folder / f"t.{ending}"
    {"csv": frame.write_csv, "ndjson": frame.write_ndjson, "parquet": frame.write_parquet}[ending](path)
    return str(path)


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("target", [[0, 1, 1], [0.0, 1.0, 1.0], [False, True, True]], ids=str)
def test_classes_as_numbers_and_booleans(tmp_path, ending, target):
    loaded = load(save(tmp_path, ending, x=[5, 6, 7], y=target), **LOGISTIC)
    assert loaded.values.tolist() == [[5, 0], [6, 1], [7, 1]]
    assert loaded.roles.target_levels is None


@pytest.mark.parametrize("ending", FORMATS)
def test_two_texts_in_sorted_order(tmp_path, ending):
    loaded = load(save(tmp_path, ending, x=[5, 6, 7], y=["yes", "no", "yes"]), **LOGISTIC)
    assert loaded.values.tolist() == [[5, 1], [6, 0], [7, 1]]
    assert loaded.values.dtype == np.float64
    assert loaded.roles.target_levels == ("no", "yes")
    assert dict(loaded.roles.levels) == {}
    assert (loaded.roles.target, loaded.roles.features, loaded.rows) == ("y", ("x",), 3)


def test_digits_as_text_in_a_typed_file(tmp_path):
    loaded = load(save(tmp_path, "parquet", x=[5, 6], y=["1", "2"]), **LOGISTIC)
    assert (loaded.values.tolist(), loaded.roles.target_levels) == ([[5, 0], [6, 1]], ("1", "2"))


def test_a_categorical_column_of_a_typed_file(tmp_path):
    frame = pl.DataFrame({"x": [5, 6], "y": pl.Series(["b", "a"], dtype=pl.Categorical)})
    frame.write_parquet(tmp_path / "t.parquet")
    loaded = load(str(tmp_path / "t.parquet"), **LOGISTIC)
    assert (loaded.values.tolist(), loaded.roles.target_levels) == ([[5, 1], [6, 0]], ("a", "b"))


def test_the_other_losses_take_no_text(tmp_path):
    path = write(tmp_path / "t.csv", "x,y\n1,no\n2,yes\n")
    for loss in [loss for loss in Loss if not loss.info.target.is_classes]:
        assert failure(path, loss=loss) == (
            5,
            "t.csv: row 1 (line 2), column 'y': 'no' is text, and it is the target (the column y)",
            "--target COLUMN; numbers are in: x",
        )


def test_texts_are_trimmed_and_stand_among_texts_and_weights(tmp_path):
    path = write(tmp_path / "t.csv", "c,y,w,a\nu, no ,1,10\nv,yes,2,20\nw,no,3,30\n")
    options = {"weight": "w", "categorical": Categorical.ONEHOT, **LOGISTIC}
    loaded = load(path, **options)
    assert loaded.values.tolist() == [[0, 0, 10, 0], [1, 0, 20, 1], [0, 1, 30, 0]]
    assert loaded.weight.tolist() == [1, 2, 3]
    assert loaded.roles.design == ("c=v", "c=w", "a")
    assert (dict(loaded.roles.levels), loaded.roles.target_levels) == ({"c": ("u", "v", "w")}, ("no", "yes"))
    alone = load(path, features=("c",), **options)
    assert alone.values.tolist() == [[0, 0, 0], [1, 0, 1], [0, 1, 0]]


def test_nothing_but_texts(tmp_path):
    rows = "c,y\nu,no\nv,yes\n\n,yes\nu,\nv,no\n"
    path = write(tmp_path / "t.csv", rows)
    options = {"categorical": Categorical.ONEHOT, **LOGISTIC}
    loaded = load(path, na=Missing.DROP, **options)
    assert loaded.values.tolist() == [[0, 0], [1, 1], [1, 0]]
    assert (loaded.rows, loaded.rows_dropped) == (3, 2)
    assert failure(path, **options)[1] == "t.csv: row 3 (line 5), column 'c': the cell is missing"
    clean = load(write(tmp_path / "u.csv", "c,y\nu,no\nv,yes\n"), **options)
    assert clean.values.tolist() == [[0, 0], [1, 1]]


def test_levels_are_those_of_the_rows_kept(tmp_path):
    path = write(tmp_path / "t.csv", "x,y\n1,no\n,maybe\n3,yes\n")
    assert load(path, na=Missing.DROP, **LOGISTIC).values.tolist() == [[1, 0], [3, 1]]
    only_texts = write(tmp_path / "u.csv", "c,y\nu,no\n,maybe\nv,yes\n")
    loaded = load(only_texts, na=Missing.DROP, categorical=Categorical.ONEHOT, **LOGISTIC)
    assert (loaded.roles.target_levels, loaded.rows) == (("no", "yes"), 2)


@pytest.mark.parametrize("ending", FORMATS)
def test_missing_targets_obey_na(tmp_path, ending):
    path = save(tmp_path, ending, x=[1, None, 3, 4], y=["no", "yes", None, "yes"])
    at = "row 3" if ending == "parquet" else "row 3 (line 4)" if ending == "csv" else "row 3 (line 3)"
    assert load(path, na=Missing.DROP, **LOGISTIC).values.tolist() == [[1, 0], [4, 1]]
    assert failure(path, na=Missing.MEAN, **LOGISTIC) == (
        5,
        f"t.{ending}: {at}, column 'y': the cell is missing, and a target has no mean to fill in",
        "--na drop leaves such rows out",
    )
    whole = load(save(tmp_path, ending, x=[1, None, 3], y=["no", "yes", "yes"]), na=Missing.MEAN, **LOGISTIC)
    assert (whole.values.tolist(), whole.cells_filled) == ([[1, 0], [2, 1], [3, 1]], 1)


@pytest.mark.parametrize("ending", FORMATS)
def test_one_level_or_three(tmp_path, ending):
    one = save(tmp_path, ending, x=[1, 2], label=["no", "no"])
    assert failure(one, **LOGISTIC) == (
        5,
        f"t.{ending}: column 'label', the target (the last column), has the level 'no' only; --loss logistic takes two",
        "--target COLUMN, one of two levels",
    )
    three = save(tmp_path, ending, x=[1, 2, 3, 4], label=["no", "yes", "so so", "no"])
    assert failure(three, target="label", **LOGISTIC) == (
        5,
        f"t.{ending}: column 'label', the target (--target), has the levels 'no', 'so so', 'yes'; "
        "--loss logistic takes two",
        "--loss softmax takes all of them; or --target COLUMN, one of two levels",
    )
    assert load(three, na_values=("so so",), na=Missing.DROP, **LOGISTIC).roles.target_levels == ("no", "yes")


def test_no_level_and_many(tmp_path):
    gone = write(tmp_path / "t.csv", "x,y\n,no\n,yes\n")
    assert failure(gone, na=Missing.DROP, **LOGISTIC)[1].endswith("has no level; --loss logistic takes two")
    many = write(tmp_path / "u.csv", "x,y\n" + "".join(f"{row},k{row:04}\n" for row in range(2000)))
    assert "has the levels 'k0000', 'k0001'," in failure(many, **LOGISTIC)[1]
    assert failure(many, **LOGISTIC)[1].endswith("'k0007', …; --loss logistic takes two")


def test_several_files_share_their_levels(tmp_path):
    first, second = write(tmp_path / "1.csv", "x,y\n1,no\n"), write(tmp_path / "2.csv", "x,y\n2,yes\n")
    assert load(first, second, **LOGISTIC).values.tolist() == [[1, 0], [2, 1]]
    third = write(tmp_path / "3.csv", "x,y\n3,maybe\n")
    assert failure(first, second, third, **LOGISTIC)[1].startswith("3.csv: column 'y', the target")


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize(
    ("loss", "target", "reason"),
    [(loss, *case) for loss in Loss for case in REFUSED.get(loss.info.target, [])],
)
def test_numbers_that_a_loss_does_not_take(tmp_path, ending, loss, target, reason):
    path = save(tmp_path, ending, x=[1, 2, 3], y=target)
    at = {"csv": "row 3 (line 4)", "ndjson": "row 3 (line 3)", "parquet": "row 3"}[ending]
    two = "0 and 1, true and false, or two texts; --loss softmax takes whole numbers as labels"
    taken = "counts, 0 or more" if loss.info.target is Target.COUNTS else two
    assert failure(path, loss=loss) == (
        5,
        f"t.{ending}: {at}, column 'y': the target {reason}",
        f"--loss {loss} takes {taken}; or --target COLUMN",
    )
    assert load(path).values[:, -1].tolist() == target


def test_the_first_row_and_its_leftmost_cell_are_told(tmp_path):
    path = write(tmp_path / "t.csv", "y,x\n1,1\n\n-2,x\nx,3\n")
    assert failure(path, **LOGISTIC)[1] == "t.csv: row 2 (line 4), column 'y': the target '-2' is neither 0 nor 1"
    assert failure(path, **POISSON)[1] == "t.csv: row 2 (line 4), column 'y': the target '-2' is negative"
    other = write(tmp_path / "u.csv", "y,x\n1,1\n0,2\nmaybe,3\n")
    assert failure(other, **LOGISTIC)[1] == "u.csv: row 3 (line 4), column 'y': 'maybe' is not a number"


def test_counts(tmp_path):
    path = write(tmp_path / "t.csv", "x,y\n1,0\n2,2.5\n,7\n4,\n")
    assert load(path, na=Missing.DROP, **POISSON).values.tolist() == [[1, 0], [2, 2.5]]
    assert failure(path, na=Missing.MEAN, **POISSON)[1].startswith("t.csv: row 4 (line 5), column 'y': the cell is mis")
    assert load(write(tmp_path / "u.csv", "x;y\n1,5;-0,0\n"), **POISSON).values.tolist() == [[1.5, 0]]


@settings(deadline=None, max_examples=examples(40))
@given(
    target=st.lists(st.sampled_from(["a", "b", "ä", "B"]), min_size=1, max_size=12),
    ending=st.sampled_from(FORMATS),
)
def test_any_two_texts(tmp_path_factory, target, ending):
    path = save(tmp_path_factory.mktemp("t"), ending, x=list(range(len(target))), y=target)
    levels = sorted(set(target))
    if len(levels) != 2:
        assert failure(path, **LOGISTIC)[0] == 5
        return
    loaded = load(path, **LOGISTIC)
    assert loaded.roles.target_levels == tuple(levels)
    assert loaded.values[:, -1].tolist() == [levels.index(cell) for cell in target]


@pytest.mark.parametrize(
    "y",
    [
        ["yes", "no", " yes "],
        np.array(["yes", "no", "yes"]),
        pl.Series(["yes", "no", "yes"]),
        [["yes"], ["no"], ["yes"]],
    ],
)
def test_texts_in_memory(y):
    table = inline_table([[1], [2], [3]], y, Spec(**LOGISTIC))
    (batch,) = table.batches()
    assert batch.values.tolist() == [[1, 1], [2, 0], [3, 1]]
    assert table.roles.target_levels == ("no", "yes")


def test_classes_in_memory():
    for y in ([0, 1], [False, True], np.array([0.0, 1.0])):
        table = inline_table([[1], [2]], y, Spec(**LOGISTIC))
        assert [batch.values.tolist() for batch in table.batches()] == [[[1, 0], [2, 1]]]
        assert table.roles.target_levels is None


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        (["a", "a"], LOGISTIC, "inline: column 'y', the target (the column y), has the level 'a' only; --loss"),
        (["a", "b", "c"], LOGISTIC, "inline: column 'y', the target (the column y), has the levels 'a', 'b', 'c'; --"),
        (["a", "NA", "b"], LOGISTIC, "inline: row 2, column 'y': the cell is missing"),
        (["a", None, "b"], LOGISTIC, "inline: row 2, column 'y': the cell is missing"),
        (["a", "b"], {}, "inline: row 1, column 'y': 'a' is text, and it is the target (the column y)"),
        (["a", "b"], {"target": "x1", **LOGISTIC}, "inline: row 1, column 'y': 'a' is text"),
        (["a", "b"], {"weight": "y", **LOGISTIC}, "inline: row 1, column 'y': 'a' is text, and it is the weight"),
        ([1, 2], LOGISTIC, "inline: row 2, column 'y': the target 2 is neither 0 nor 1"),
        ([0, -3], POISSON, "inline: row 2, column 'y': the target -3 is negative"),
        ([0, 1], {"target": "x1", **POISSON}, "inline: row 1, column 'x1': the target -7 is negative"),
    ],
)
def test_what_is_refused_in_memory(y, options, message):
    with pytest.raises(DataError) as caught:
        list(inline_table([[-7.0, row] for row in range(len(y))], y, Spec(**options)).batches())
    assert caught.value.message.startswith(message)


def test_the_model_keeps_the_levels(tmp_path):
    for target, levels in ((["yes", "no"], ["no", "yes"]), ([1, 0], None)):
        path = save(tmp_path, "csv", x=[1, 2], y=target)
        info = DataInfo((path,), 2, 0, 0, load(path, **LOGISTIC).roles)
        assert data_record(info, Spec())["target_levels"] == levels
