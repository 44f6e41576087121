"""The verbs from Python: every option does what it says, or is refused with a remedy."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

import gdsolve

X, Y = [[1.0], [3.0]], [2.0, 4.0]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,2\n3,4\n")
    return path


def refusal(call: Any, *arguments: Any, **options: Any) -> tuple[str, str | None]:
    with pytest.raises(gdsolve.GdsolveError) as caught:
        call(*arguments, **options)
    return caught.value.message, caught.value.hint


def test_save_and_history_are_written(tmp_path: Path, table: Path) -> None:
    model, history = tmp_path / "m.json", tmp_path / "h.csv"
    fit = gdsolve.fit(X, Y, lr=0.05, max_iter=20, save=model, history=history)
    assert json.loads(model.read_text())["weights"] == fit.weights
    rows = list(csv.DictReader(io.StringIO(history.read_text())))
    assert [int(row["iteration"]) for row in rows] == list(fit.trace.iterations)
    out = io.StringIO()
    gdsolve.predict(model, table, out, only=True)
    assert float(out.getvalue().splitlines()[1]) == pytest.approx(fit.weights["x"] + (fit.intercept or 0.0))
    assert gdsolve.fit(table, init=model, max_iter=0).weights == pytest.approx(fit.weights)


def test_files_that_a_spec_names_are_written(tmp_path: Path, table: Path) -> None:
    (tmp_path / "p.yaml").write_text("data: t.csv\nsave: m.json\nhistory: h.ndjson\n")
    gdsolve.fit(tmp_path / "p.yaml")
    assert (tmp_path / "m.json").exists()
    assert (tmp_path / "h.ndjson").exists()


def test_where_to_write_is_checked_before_the_run(tmp_path: Path) -> None:
    message, hint = refusal(gdsolve.fit, X, Y, save=tmp_path / "none" / "m.json")
    assert message == f"save: the folder {tmp_path / 'none'} is not there"
    assert hint == f"mkdir -p {tmp_path / 'none'}"
    assert refusal(gdsolve.fit, X, Y, history="h.txt")[0] == "history: h.txt ends in neither .csv nor .ndjson"


@pytest.mark.parametrize("name", ["format", "quiet", "verbose", "exit_zero"])
def test_options_of_the_command_line_are_refused(table: Path, name: str) -> None:
    value = "json" if name == "format" else True
    calls: list[tuple[Any, tuple[Any, ...]]] = [(gdsolve.fit, (X, Y)), (gdsolve.compare_lr, (table,))]
    calls += [(gdsolve.check, (table,)), (gdsolve.predict, ("m.json", table, io.StringIO()))]
    for call, arguments in calls:
        message, hint = refusal(call, *arguments, **{name: value})
        assert message == f"{name}: is an option of the command line alone"
        assert hint


@pytest.mark.parametrize(
    ("name", "near"), [("learning_rate", "lr"), ("toll", "tol"), ("max_iters", "max_iter"), ("ridg", "ridge")]
)
def test_an_unknown_option_names_the_nearest(table: Path, name: str, near: str) -> None:
    expected = (f"fit: unknown option {name!r}", f"did you mean {near}?")
    assert refusal(gdsolve.fit, X, Y, **{name: 1.0}) == expected
    assert refusal(gdsolve.fit, table, **{name: 1.0}) == expected


def test_an_option_like_no_other_lists_them() -> None:
    message, hint = refusal(gdsolve.compare_lr, X, Y, zzz=1)
    assert message == "compare_lr: unknown option 'zzz'"
    assert hint is not None
    assert hint.startswith("there are ")
    assert "iterates" in hint
    assert "format" not in hint.removeprefix("there are ").split(", ")


def test_options_of_another_verb_are_refused(table: Path) -> None:
    assert refusal(gdsolve.fit, X, Y, iterates=3) == (
        "iterates: means nothing to fit",
        "leave it out; it goes with compare_lr",
    )
    assert refusal(gdsolve.compare_lr, table, save="m.json")[0] == "save: means nothing to compare_lr"
    assert refusal(gdsolve.check, table, lr=0.1)[0] == "lr: means nothing to check"
    assert refusal(gdsolve.fit, X, Y, data="t.csv")[0] == "data: is no option"


def test_tensors_of_a_graph_are_detached() -> None:
    design = torch.tensor(X, requires_grad=True)
    target = torch.tensor(Y, dtype=torch.bfloat16, requires_grad=True)
    plain = gdsolve.fit(X, Y)
    assert gdsolve.fit(design, target).weights == plain.weights
    assert gdsolve.fit(list(design), list(target)).weights == plain.weights
    assert gdsolve.fit(np.array(X), target * 1).weights == plain.weights
    risks = torch.tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    steps = [[1.0], [2.0], [3.0], [4.0]]
    risk = gdsolve.fit(steps, [0, 1, 0, 1], loss="logistic")
    assert gdsolve.fit(steps, list(risks), loss="logistic").weights == risk.weights
    assert gdsolve.fit(steps, risks, loss="logistic").weights == risk.weights


def test_advice_for_a_table_repeats_the_options(table: Path) -> None:
    fit = gdsolve.fit(table, target="x", lr=5.0, loss="sse")
    assert fit.advice[0] == f"Run instead: gdsolve fit {table} --target x --lr auto --loss sse"
    assert fit.advice[1].command.startswith(f"gdsolve fit {table} --target x --lr 0.0")


def test_advice_for_arrays_is_a_call() -> None:
    assert gdsolve.fit(X, Y, lr=5.0, loss="sse").advice == (
        "Run instead: gdsolve.fit(X, y, lr='auto', loss='sse')",
        "Or at the best rate on the columns as they are (407 updates): gdsolve.fit(X, y, lr=0.0833333, loss='sse')",
    )
    before = gdsolve.fit(X, Y, names=["a"], lr=0.1, max_iter=1)
    after = gdsolve.fit(X, Y, names=["a"], lr=1e-4, max_iter=2, init=before, every=np.int64(2))
    assert after.advice[-1] == "Run instead: gdsolve.fit(X, y, names=names, lr='auto', init=fit, every=2)"
    more = [[1.0], [2.0], [3.0]]
    assert gdsolve.check(more, [1.0, 2.0, 4.0]).commands == (
        "gdsolve.fit(X, y)",
        "gdsolve.fit(X, y, lr=0.352941)",
        "gdsolve.compare_lr(X, y)",
    )
    # Two points: a fit through both tells nothing.
    assert gdsolve.check(X, Y).commands[0] == "gdsolve.fit(X, y, ridge=0.01)"


def test_advice_is_a_call_where_no_command_line_says_the_options(table: Path) -> None:
    formula = {"minimize": "(a - 1)**4", "parameters": {"a": 0}}
    assert gdsolve.fit(**formula, lr=0.01, max_iter=10).advice[-1] == (
        "Run instead: gdsolve.fit(minimize='(a - 1)**4', parameters={'a': 0}, method='newton')"
    )
    fit = gdsolve.fit(table, lr=1e-3, max_iter=2, init=gdsolve.fit(X, Y, lr=0.1, max_iter=1))
    assert fit.advice[-1] == f"Run instead: gdsolve.fit({str(table)!r}, lr='auto', init=fit)"


LINE = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0], [1.0, 3.0]])
PLANE = LINE @ [2.0, -1.0] + 3.0


def test_check_takes_arrays() -> None:
    found = gdsolve.check(LINE, PLANE, names=["a", "b"])
    assert [(column.name, column.role) for column in found.columns] == [
        ("a", "feature"),
        ("b", "feature"),
        ("y", "target"),
    ]
    assert found.diagnosis is not None
    assert (found.diagnosis.rank, found.diagnosis.data.rows) == (3, 4)
    assert found.diagnosis.candidates[0].weights == pytest.approx({"a": 2.0, "b": -1.0})
    twice = gdsolve.check(LINE[:, [0, 0]], PLANE)
    assert twice.diagnosis is not None
    assert twice.diagnosis.rank == 2
    assert refusal(gdsolve.check, LINE) == ("y is missing", "give check(X, y), or the path of a table")
    assert refusal(gdsolve.check)[0] == "X and y are missing"


def test_names_of_a_table_are_its_own(table: Path) -> None:
    for call in (gdsolve.fit, gdsolve.compare_lr, gdsolve.compare, gdsolve.check):
        assert refusal(call, table, names=["a"])[0] == "names: goes with arrays"
    assert refusal(gdsolve.predict, gdsolve.fit(X, Y), table, names=["a"])[0] == "names: goes with arrays"


@pytest.mark.parametrize("names", [3, "x", [3]])
def test_names_are_a_list_of_texts(names: Any) -> None:
    told = (f"names: {names!r} is no list of texts", 'give one for every column, as in names=["a", "b"]')
    assert refusal(gdsolve.fit, X, Y, names=names) == told
    assert refusal(gdsolve.check, X, Y, names=names) == told
    assert refusal(gdsolve.predict, gdsolve.fit(X, Y), X, names=names) == told


def test_a_table_has_its_target_in_it(table: Path) -> None:
    assert refusal(gdsolve.fit, table, Y)[0] == "y: X names a table, which has its target in it"
    assert refusal(gdsolve.fit, None, Y)[0] == "X is missing"


def test_a_fit_predicts(tmp_path: Path, table: Path) -> None:
    fit = gdsolve.fit(X, Y, save=tmp_path / "m.json")
    for model in (fit, tmp_path / "m.json"):
        for new in (table, [table], X, np.array(X), torch.tensor(X), [(1.0,), (3.0,)]):
            predicted = gdsolve.predict(model, new)
            assert isinstance(predicted, np.ndarray)
            assert predicted == pytest.approx(Y)
            assert predicted.shape == (2,)
    out = io.StringIO()
    counts = gdsolve.predict(fit, table, out)
    assert (counts.rows, counts.rows_without_prediction) == (2, 0)
    assert [float(row["prediction"]) for row in csv.DictReader(io.StringIO(out.getvalue()))] == pytest.approx(Y)


def test_columns_to_predict_from_are_matched_by_name_or_place() -> None:
    named = gdsolve.fit(LINE, PLANE, names=["a", "b"])
    assert gdsolve.predict(named, LINE) == pytest.approx(PLANE)
    assert gdsolve.predict(named, LINE[:, ::-1], names=["b", "a"]) == pytest.approx(PLANE)
    other = np.column_stack([LINE[:, 1], np.ones(4), LINE[:, 0]])
    assert gdsolve.predict(named, other, names=["b", "c", "a"]) == pytest.approx(PLANE)
    assert refusal(gdsolve.predict, named, other) == (
        "inline: X has 3 columns, and the model needs 2: a, b",
        "name the columns of X: predict(model, X, names=[…]), or give a DataFrame",
    )
    assert refusal(gdsolve.predict, named, LINE, names=["a", "B"]) == (
        "inline: has no column 'b', which the model needs",
        "rename 'B'?",
    )
    assert refusal(gdsolve.predict, named, LINE, names=["a"])[0] == "inline: 1 names for 2 columns of X"
    # Of x1 and x2 the names are places, whatever else X holds and in whatever order they were asked for.
    part = gdsolve.fit(other, PLANE, features=["x3", "x1"])
    assert gdsolve.predict(part, other) == pytest.approx(PLANE)


def test_frames_to_predict_from() -> None:
    frame = pl.DataFrame({"b": LINE[:, 1], "a": LINE[:, 0], "city": ["Rome"] * 4, "price": PLANE})
    fit = gdsolve.fit(frame[["a", "b"]], frame["price"])
    assert (fit.weights, fit.data and fit.data.roles.target) == (pytest.approx({"a": 2.0, "b": -1.0}), "price")
    assert gdsolve.predict(fit, frame) == pytest.approx(PLANE)
    assert refusal(gdsolve.predict, fit, frame[["a"]])[0] == "inline: has no column 'b', which the model needs"
    assert refusal(gdsolve.predict, fit, frame.rename({"city": "a", "a": "c"}))[0].startswith(
        "inline: column 'a' of X is not an array of numbers"
    )


def test_what_is_missing_has_no_prediction(tmp_path: Path) -> None:
    fit = gdsolve.fit(X, Y)
    first, second = gdsolve.predict(fit, [[1.0], [math.nan]])
    assert (first, math.isnan(second)) == (pytest.approx(2.0), True)
    (tmp_path / "n.csv").write_text("x,z\n1,\n,1\n")
    first, second = gdsolve.predict(fit, tmp_path / "n.csv")
    assert (first, math.isnan(second)) == (pytest.approx(2.0), True)
    assert gdsolve.predict(fit, np.empty((0, 1))).shape == (0,)
    assert refusal(gdsolve.predict, fit, [[1.0], [math.inf]]) == (
        "inline: row 2, column 'x': inf is not finite",
        "leave the row out of X; a missing cell gives NaN",
    )
    assert refusal(gdsolve.predict, fit, [1.0])[0] == "inline: X has shape (1,), not (rows, columns)"
    assert refusal(gdsolve.predict, fit, [[1j]])[0] == "inline: X is complex"


def test_other_losses_and_curves_predict() -> None:
    steps = np.arange(8.0)[:, None]
    risk = gdsolve.fit(steps, [0, 0, 1, 0, 1, 0, 1, 1], loss="logistic")
    z = risk.weights["x"] * steps[:, 0] + (risk.intercept or 0.0)
    assert gdsolve.predict(risk, steps) == pytest.approx(1 / (1 + np.exp(-z)))
    counts = gdsolve.fit(steps, [1, 1, 2, 3, 5, 8, 13, 21], loss="poisson")
    assert gdsolve.predict(counts, [[2.0]]) == pytest.approx(
        math.exp(2 * counts.weights["x"] + (counts.intercept or 0.0))
    )
    curve = gdsolve.fit(steps, np.exp(0.5 * steps[:, 0]), model="exp(k*x)", parameters={"k": 0.1})
    assert gdsolve.predict(curve, [[2.0], [0.0]]) == pytest.approx([math.e, 1.0])
    formula = gdsolve.fit(minimize="(a - 1)**2", parameters={"a": 0})
    assert refusal(gdsolve.predict, formula, X) == ("model: a formula predicts nothing", "fit a model, with model=…")


def test_levels_and_groups_predict(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("c,a,y\nu,1,1\nu,2,2\nu,4,4\nv,1,12\nv,2,13\nv,4,15\n")
    levels = gdsolve.fit(path, categorical="onehot")
    rows = [["u", 3.0], ["v", 3], ["v", None], [None, 3.0]]
    assert gdsolve.predict(levels, rows, names=["c", "a"]) == pytest.approx(
        [3.0, 14.0, math.nan, math.nan], nan_ok=True
    )
    assert gdsolve.predict(levels, path) == pytest.approx([1, 2, 4, 12, 13, 15])
    assert refusal(gdsolve.predict, levels, [["w", 3.0]], names=["c", "a"])[0] == (
        "inline: row 1, column 'c': w was not among the levels of the fit"
    )
    groups = gdsolve.fit(path, group_by="c")
    assert gdsolve.predict(groups, path) == pytest.approx([1, 2, 4, 12, 13, 15])
    frame = pl.DataFrame({"a": [3.0, 3.0, 3.0], "c": ["v", "u", "w"]})
    assert gdsolve.predict(groups, frame) == pytest.approx([14.0, 3.0, math.nan], nan_ok=True)
    assert refusal(gdsolve.predict, groups, [[3.0, "u"]])[0] == "inline: X has 2 columns, and the model needs 2: a, c"
    numbers = gdsolve.fit([[1, 1.0], [1, 2.0], [2, 1.0], [2, 2.0]], [1, 2, 5, 7], group_by="x1")
    assert gdsolve.predict(numbers, [[2, 3.0], [1, 3.0]]) == pytest.approx([9.0, 3.0])


def test_what_cannot_predict(table: Path) -> None:
    fit = gdsolve.fit(X, Y)
    assert refusal(gdsolve.predict, 3, table) == (
        "model: int is no model",
        "give what gdsolve.fit returned, or the file of save=",
    )
    assert refusal(gdsolve.predict, fit, X, io.StringIO())[0] == "out: goes with tables"
    assert refusal(gdsolve.predict, fit, table, "out.csv") == (
        "out: 'out.csv' is no file that is open",
        "give open(…, 'w'), or leave it out",
    )


def test_a_fit_is_a_start(table: Path, tmp_path: Path) -> None:
    before = gdsolve.fit(X, Y, lr=0.05, max_iter=20)
    after = gdsolve.fit(X, Y, lr=0.05, max_iter=20, init=before, save=tmp_path / "m.json")
    whole = gdsolve.fit(X, Y, lr=0.05, max_iter=40)
    assert after.weights == pytest.approx(whole.weights, rel=1e-12)
    assert after.intercept == pytest.approx(whole.intercept, rel=1e-12)
    assert json.loads((tmp_path / "m.json").read_text())["descent"]["init"] == "a model at hand"
    assert gdsolve.fit(table, init=before, max_iter=0).weights == before.weights
    curve = {"model": "exp(k*x)", "parameters": {"k": 0.1}}
    found = gdsolve.fit(X, [math.e, math.e**3], **curve)
    assert gdsolve.fit(X, [math.e, math.e**3], **curve, init=found).trace.weights[0] == pytest.approx(found.w[:, 0])
    assert refusal(gdsolve.fit, LINE, PLANE, init=before) == (
        "init: no weight for column 'x1'",
        "leave init out, or start from a model of the same columns",
    )


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"init": [1, 1]}, "init: [1, 1] is not zeros, random, a file or a fit", "as in init=fit, what gdsolve.fit"),
        ({"init": np.ones(1)}, "init: [1.0] is not zeros, random, a file or a fit", "as in init=fit"),
        ({"weight": [1, 2]}, "weight: [1, 2] is not the name of a column", "put the weights into X as a column, and"),
        ({"weight": torch.ones(1)}, "weight: [1.0] is not the name of a column", "put the weights into X"),
        ({"target": 3}, "target: 3 is not the name of a column", 'as in target="x2"'),
        ({"features": [1]}, "features: [1] is not a name or a list of names", 'as in features=["a", "b"]'),
        ({"lr": None}, "lr: None is not a finite number", "write it as in lr=0.01"),
        ({"lr": [[0.1]]}, "lr: [0.1] is not a finite number", "write it as in lr=0.01"),
        ({"ridge": [1]}, "ridge: [1] is not a number, or auto", "as in ridge=0.1"),
        ({"ridge": True}, "ridge: True is not a number, or auto", "as in ridge=0.1"),
        ({"max_iter": [1]}, "max_iter: [1] is not a whole number", "as in max_iter=10"),
        ({"every": None}, "every: None is not a whole number", "as in every=10"),
        ({"loss": 3}, "loss: 3 is not a word", "one of half-mse, mse"),
        ({"no_intercept": 1}, "no_intercept: 1 is not true or false", "no_intercept=True"),
        ({"plot": 3}, "plot: 3 is not true or a file", 'as in plot="loss.svg"'),
        ({"model": "a*x", "parameters": ["a"]}, "parameters: ['a'] is not names and starts", "as in parameters="),
    ],
)
def test_a_value_of_another_kind_is_refused(options: dict[str, Any], message: str, hint: str) -> None:
    told = refusal(gdsolve.fit, X, Y, **options)
    assert told[0] == message
    assert told[1] is not None
    assert told[1].startswith(hint)


def test_numbers_and_lists_of_numpy_are_taken() -> None:
    fit = gdsolve.fit(LINE, PLANE, lr=np.float64(0.01), max_iter=np.int64(3), features=np.array(["x2"]))
    assert (fit.iterations, list(fit.weights)) == (3, ["x2"])
    assert [rate.learning_rate for rate in gdsolve.compare_lr(X, Y, lr=np.array([0.1, 0.2])).rates] == [0.1, 0.2]


def test_an_address_is_told_as_it_is_written(tmp_path: Path) -> None:
    address = "http://example.com/x.csv?a=1"
    told = (f"{address}: is an address, and gdsolve reads files", f"curl -L '{address}' | gdsolve fit -")
    (tmp_path / "p.yaml").write_text(f"data: {address}\n")
    assert refusal(gdsolve.fit, tmp_path / "p.yaml") == told
    assert refusal(gdsolve.check, address) == told
    assert refusal(gdsolve.predict, gdsolve.fit(X, Y), "s3://b/x.csv")[1] == "copy it to a file first"


def test_home_is_where_the_user_is(tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "p.yaml").write_text("data: ~/t.csv\nsave: ~/m.json\n")
    weights = gdsolve.fit("~/t.csv").weights
    assert gdsolve.fit("~/specs/p.yaml").weights == weights
    assert gdsolve.fit(["~/t.csv"], init="~/m.json", max_iter=0).weights == weights
    assert gdsolve.predict("~/m.json", "~/t.csv") == pytest.approx(Y)
    gdsolve.fit(X, Y, history="~/h.csv")
    assert (tmp_path / "h.csv").exists()


def test_the_verbs_are_listed() -> None:
    assert {"check", "compare", "compare_lr", "fit", "predict", "DataError"} <= set(dir(gdsolve))
