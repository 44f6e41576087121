"""Predictions: the rows of the input as they are, and one column more."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
import polars as pl
import pytest
from data_files import write
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gdsolve.data.predict import PredictCounts, predict_csv
from gdsolve.data.response import sigmoid
from gdsolve.spec import Loss, Spec
from gdsolve.spec.losses import Mean
from gdsolve.status import GdsolveError

MODEL = {
    "data": {"features": ["a", "c=v"], "levels": {"c": ["u", "v"]}},
    "weights": {"a": 0.1, "c=v": 3.0},
    "intercept": 1.0,
}
PLAIN = {"data": {"features": ["x1", "x2"]}, "weights": {"x1": 2.0, "x2": 1.0}, "intercept": 0.5}


def predict(path, content, model=MODEL, **options):
    out = io.StringIO()
    counts = predict_csv([write(path, content)], Spec(**options), model, out)
    return out.getvalue(), counts


def failure(path, content, model=MODEL, **options):
    with pytest.raises(GdsolveError) as caught:
        predict(path, content, model, **options)
    return int(caught.value.exit_code), caught.value.message.replace(str(path.parent) + "/", ""), caught.value.hint


def test_rows_are_kept_as_they_are(tmp_path):
    text, counts = predict(
        tmp_path / "t.csv", 'c,"name, first",a, n \nu,"Ann, ""B""",1, 007\nv,,3,\n\nu,x,,1e5\n,"l\nl",2,\n'
    )
    assert text == ('c,"name, first",a,n,prediction\nu,"Ann, ""B""",1, 007,1.1\nv,,3,,4.3\nu,x,,1e5,\n,"l\nl",2,,\n')
    assert counts == PredictCounts(rows=4, rows_without_prediction=2)


def test_columns_are_matched_by_name(tmp_path):
    text, _ = predict(tmp_path / "t.csv", "prediction,a,c,prediction_2\n9,1,u,9\n")
    assert text == "prediction,a,c,prediction_2,prediction_3\n9,1,u,9,1.1\n"


def test_the_dialect_is_that_of_the_input(tmp_path):
    assert predict(tmp_path / "t.csv", "c;a\r\nu;1,5\r\nv;0,25\r\n")[0] == "c;a;prediction\nu;1,5;1,15\nv;0,25;4,025\n"
    assert predict(tmp_path / "t.tsv", "c\ta\nu\t1\n")[0] == "c\ta\tprediction\nu\t1\t1.1\n"
    assert predict(tmp_path / "q.csv", 'c,a\nu,"1,5"\n', decimal=",")[0] == 'c,a,prediction\nu,"1,5","1,15"\n'


def test_only(tmp_path):
    text, counts = predict(tmp_path / "t.csv", "c,a\nu,1\nu,\nv,2\n", only=True)
    assert text.splitlines() == ["prediction", "1.1", "", "4.2"]
    assert counts.rows_without_prediction == 1


@pytest.mark.parametrize(
    ("content", "text"), [("1,2\n3,4\n", "1,2,4.5\n3,4,10.5\n"), ("1,2,9\n3,4,9\n", "1,2,9,4.5\n3,4,9,10.5\n")]
)
def test_without_header_with_and_without_target(tmp_path, content, text):
    assert predict(tmp_path / "t.csv", content, PLAIN)[0] == text


def test_one_column_without_header(tmp_path):
    model = {"data": {"features": ["x"]}, "weights": {"x": 2.0}, "intercept": None}
    assert predict(tmp_path / "t.csv", "1\n\n2.5\n", model)[0] == "1,2.0\n2.5,5.0\n"


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        ("c,A\nu,1\n", "t.csv: has no column 'a', which the model needs", "rename 'A'?"),
        ("q,r\nu,1\n", "t.csv: has no column 'a', which the model needs", "the model needs: a, c"),
        (
            "c,a\nu,1\n\nw,2\n",
            "t.csv: row 2 (line 4), column 'c': 'w' was not among the levels of the fit",
            "--na-values w leaves such predictions empty",
        ),
        (
            "c,a\nu,1\nu,z z\n",
            "t.csv: row 2 (line 3), column 'a': 'z z' is not a number",
            "--na-values 'z z' leaves such predictions empty",
        ),
        (
            "c,a\nu,1\nu,inf\n",
            "t.csv: row 2 (line 3), column 'a': 'inf' is not finite",
            "--na-values inf leaves such predictions empty",
        ),
        (
            "c,a\nu,1\nu,1,5\n",
            "t.csv: row 2 (line 3): more fields than the header has (2)",
            "quote the cells that contain the delimiter, or give another --delimiter",
        ),
        (
            b"c,a,n\nu,1,x\nu,1,n\xe9\n",
            "t.csv: row 2 (line 3), column 'n': is not UTF-8",
            "probably Western European: --encoding cp1252 reads 'u,1,né'",
        ),
    ],
)
def test_what_cannot_be_predicted(tmp_path, content, message, hint):
    assert failure(tmp_path / "t.csv", content) == (5, message, hint)


def test_na_values(tmp_path):
    assert predict(tmp_path / "t.csv", "c,a\nu,?\nw,1\n", na_values=("?", "w"))[0] == "c,a,prediction\nu,?,\nw,1,\n"


def test_unused_columns_may_hold_anything_with_only(tmp_path):
    assert predict(tmp_path / "t.csv", b"c,a,n\nu,1,\xe9\n", only=True)[0] == "prediction\n1.1\n"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({}, "the model lacks 'data'"),
        ({"data": {"features": ["a"]}, "weights": {}}, "the model lacks 'a'"),
        (
            {"data": {"features": []}, "weights": {}, "descent": {"loss": "hinge"}},
            "the model is damaged ('hinge' is not a valid Loss)",
        ),
        ({"data": []}, "the model is damaged ('list' object has no attribute 'get')"),
    ],
)
def test_a_model_that_is_none(tmp_path, model, message):
    assert failure(tmp_path / "t.csv", "a,b\n1,2\n", model)[:2] == (2, message)


def test_parquet_and_ndjson_become_csv(tmp_path):
    frame = pl.DataFrame({"x1": [1.5, None], "flag": [True, False], "x2": [1, 2], "s": ["p,q", ""]})
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ndjson(tmp_path / "t.ndjson")
    for ending in ("parquet", "ndjson"):
        out = io.StringIO()
        counts = predict_csv([str(tmp_path / f"t.{ending}")], Spec(), PLAIN, out)
        assert out.getvalue() == 'x1,flag,x2,s,prediction\n1.5,true,1,"p,q",4.5\n,false,2,"",\n'
        assert counts == PredictCounts(2, 1)


def test_nested_columns_have_no_csv(tmp_path):
    pl.DataFrame({"x1": [1], "x2": [2], "l": [[1]]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(GdsolveError, match="column 'l' holds lists, not numbers; it cannot be written as CSV"):
        predict_csv([str(tmp_path / "t.parquet")], Spec(), PLAIN, io.StringIO())
    out = io.StringIO()
    predict_csv([str(tmp_path / "t.parquet")], Spec(only=True), PLAIN, out)
    assert out.getvalue() == "prediction\n4.5\n"


def test_several_files_have_one_header(tmp_path):
    first = write(tmp_path / "1.csv", "c,a\nu,1\n")
    second = write(tmp_path / "2.csv", "a,c\n2,v\n")
    out = io.StringIO()
    assert predict_csv([first, second], Spec(), MODEL, out) == PredictCounts(2, 0)
    assert out.getvalue() == "c,a,prediction\nu,1,1.1\nv,2,4.2\n"


def test_a_closed_pipe_passes_through(tmp_path):
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        predict_csv([write(tmp_path / "t.csv", "c,a\nu,1\n")], Spec(), MODEL, Closed())


def bent(loss, **changes):
    return {**PLAIN, "descent": {"loss": loss}, **changes}


def values(path, content, model):
    text, _ = predict(path, content, model, only=True)
    return [float(line) if line else None for line in text.splitlines()[1:]]


def test_a_logistic_model_gives_probabilities(tmp_path):
    """z = 2·x1 + x2 + 0.5 is 0.5 + log 3 = 1.5986, 0.5, and beyond ±700, where e^z overflows."""
    rows = f"x1,x2\n0,{math.log(3) - 0.5!r}\n,1\n0,-0.5\n1e4,0\n-20.25,0\n-500,0\n"
    levels = {"features": ["x1", "x2"], "target_levels": ["no", "yes"]}
    for model in (bent("logistic"), bent("logistic", data=levels)):
        told = values(tmp_path / "t.csv", rows, model)
        assert told == [pytest.approx(0.75), None, 0.5, 1.0, pytest.approx(math.exp(-40.0), rel=1e-14), 0.0]


def test_a_poisson_model_gives_means(tmp_path):
    told = values(tmp_path / "t.csv", f"x1,x2\n0,{math.log(7) - 0.5!r}\n,1\n0,-0.5\n-1000,0\n1000,0\n", bent("poisson"))
    assert told == [pytest.approx(7.0), None, 1.0, 0.0, math.inf]


@pytest.mark.parametrize("loss", [loss for loss in Loss if loss.info.mean is Mean.IDENTITY])
def test_other_models_give_the_sum_itself(tmp_path, loss):
    assert values(tmp_path / "t.csv", "x1,x2\n1,2\n", bent(str(loss))) == [4.5]


def test_probabilities_are_written_in_the_decimals_of_the_input(tmp_path):
    assert predict(tmp_path / "t.csv", "x1;x2\n0,0;-0,5\n", bent("logistic"))[0] == "x1;x2;prediction\n0,0;-0,5;0,5\n"


@given(z=st.floats(-700.0, 700.0))
def test_probabilities_are_those_of_mathematics(z):
    (told,) = sigmoid(np.array([z]))
    exact = math.exp(z) / (1.0 + math.exp(z)) if z < 0 else 1.0 / (1.0 + math.exp(-z))
    assert told == pytest.approx(exact, rel=2e-15, abs=0.0)


NUMBERS = st.floats(-1e6, 1e6)


@settings(deadline=None, max_examples=examples(40))
@given(
    rows=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=6),
    weights=st.tuples(NUMBERS, NUMBERS),
    intercept=NUMBERS,
)
def test_predictions_are_the_matrix_product(tmp_path_factory, rows, weights, intercept):
    model = {
        "data": {"features": ["p", "q"]},
        "weights": {"q": weights[1], "p": weights[0]},
        "intercept": intercept,
    }
    content = "q,p\n" + "".join(f"{q!r},{p!r}\n" for p, q in rows)
    text, _ = predict(tmp_path_factory.mktemp("p") / "t.csv", content, model)
    told = np.array([float(row["prediction"]) for row in csv.DictReader(io.StringIO(text))])
    expected = np.array(rows) @ np.array(weights) + intercept
    scale = np.abs(np.array(rows)) @ np.abs(np.array(weights)) + abs(intercept)
    assert (np.abs(told - expected) <= 1e-15 * scale).all()
    assert [line.rsplit(",", 1)[0] for line in text.splitlines()] == content.splitlines()


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.ndjson"])
def test_a_number_that_means_missing_has_no_prediction(tmp_path, name):
    frame = pl.DataFrame({"x1": [1.0, -999.0, 3.0], "x2": [1.0, 2.0, -999.0]})
    {"t.csv": frame.write_csv, "t.parquet": frame.write_parquet, "t.ndjson": frame.write_ndjson}[name](tmp_path / name)
    out = io.StringIO()
    counts = predict_csv([str(tmp_path / name)], Spec(na_values=("-999",), only=True), PLAIN, out)
    assert out.getvalue().splitlines() == ["prediction", "3.5", "", ""]
    assert counts == PredictCounts(rows=3, rows_without_prediction=2)
