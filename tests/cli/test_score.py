"""`gdsolve score`: the figures of scikit-learn to 1e-12, streamed, for every loss and every form of a table."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import forked
import numpy as np
import polars as pl
import pytest
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

import gdsolve
from gdsolve.cli.main import run
from gdsolve.data.score_sums import ScoreSums
from gdsolve.report.score_record import score_record
from gdsolve.spec import Loss
from gdsolve.spec.losses import Mean
from gdsolve.status import GdsolveError

ROWS = 400
RNG = np.random.default_rng(16)
A, B = RNG.normal(3.0, 1.0, ROWS), RNG.normal(size=ROWS)
TABLE = pl.DataFrame(
    {
        "b": B,
        "k": RNG.choice(["u", "v", "long, w"], ROWS),
        "w": RNG.choice([0.5, 1.0, 2.0, 3.5], ROWS),
        "y": 1.0 + 2.0 * A - B + RNG.normal(size=ROWS),
        "c": np.where(RNG.random(ROWS) < 1.0 / (1.0 + np.exp(3.0 - A)), "yes", "no"),
        "n": RNG.poisson(np.exp(0.3 * A)),
        "a": A,
    }
)
SEEN, NEW = TABLE[:250], TABLE[250:]


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-12, abs=1e-13)


def refusal(call: Any, *arguments: Any, **options: Any) -> tuple[int, str, str | None]:
    with pytest.raises(GdsolveError) as caught:
        call(*arguments, **options)
    return int(caught.value.exit_code), caught.value.message, caught.value.hint


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("loss", ["half-mse", "huber", "logcosh", "absolute", "quantile"])
def test_errors_are_those_of_scikit_learn(loss: str, weight: str | None) -> None:
    options = {"quantile": 0.3} if loss == "quantile" else {}
    model = gdsolve.fit(SEEN, target="y", features=["a", "b"], loss=loss, weight=weight, max_iter=200, **options)
    found, predicted, y = gdsolve.score(model, NEW), gdsolve.predict(model, NEW), NEW["y"].to_numpy()
    weights = None if weight is None else NEW["w"].to_numpy()
    assert (found.rows, found.weight, found.target, found.loss) == (150, weight, "y", loss)
    assert found.r2 == close(metrics.r2_score(y, predicted, sample_weight=weights))
    assert found.rmse == close(metrics.root_mean_squared_error(y, predicted, sample_weight=weights))
    assert found.mae == close(metrics.mean_absolute_error(y, predicted, sample_weight=weights))
    assert found.largest_error is not None
    assert found.largest_error.error == metrics.max_error(y, predicted)
    place = int(np.abs(predicted - y).argmax())
    assert (found.largest_error.row, found.largest_error.target) == (place + 1, y[place])
    if loss == "quantile":
        assert found.pinball_loss == close(metrics.mean_pinball_loss(y, predicted, sample_weight=weights, alpha=0.3))
    else:
        assert (found.pinball_loss, found.quantile) == (None, None)
    assert (found.auc, found.log_loss, found.confusion, found.mean_poisson_deviance) == (None,) * 4


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("form", ["linear", "curve"])
def test_classes_are_scored_as_by_scikit_learn(form: str, weight: str | None) -> None:
    options: dict[str, Any] = {"features": ["a", "b"]} if form == "linear" else {"model": "1/(1 + exp(p - a))"}
    options |= {"parameters": {"p": 3.0}} if form == "curve" else {}
    model = gdsolve.fit(SEEN, target="c", loss="logistic", weight=weight, **options)
    found, predicted = gdsolve.score(model, NEW), gdsolve.predict(model, NEW)
    y, weights = (NEW["c"] == "yes").cast(pl.Int64).to_numpy(), None if weight is None else NEW["w"].to_numpy()
    assert found.log_loss == close(metrics.log_loss(y, predicted, sample_weight=weights))
    assert found.accuracy == close(metrics.accuracy_score(y, predicted > 0.5, sample_weight=weights))
    assert found.auc == close(metrics.roc_auc_score(y, predicted, sample_weight=weights))
    assert found.brier == close(metrics.brier_score_loss(y, predicted, sample_weight=weights))
    expected = metrics.confusion_matrix(y, predicted > 0.5, sample_weight=weights)
    assert np.array(found.confusion) == close(expected)
    assert found.classes == ("no", "yes")
    assert (found.r2, found.rmse, found.largest_error) == (None, None, None)


@pytest.mark.parametrize("weight", [None, "w"])
def test_counts_are_scored_as_by_scikit_learn(weight: str | None) -> None:
    model = gdsolve.fit(SEEN, target="n", features=["a", "b"], loss="poisson", weight=weight)
    found, predicted, y = gdsolve.score(model, NEW), gdsolve.predict(model, NEW), NEW["n"].to_numpy()
    weights = None if weight is None else NEW["w"].to_numpy()
    assert found.mean_poisson_deviance == close(metrics.mean_poisson_deviance(y, predicted, sample_weight=weights))
    assert found.mae == close(metrics.mean_absolute_error(y, predicted, sample_weight=weights))
    assert found.r2 == close(metrics.r2_score(y, predicted, sample_weight=weights))


def test_the_score_of_the_fitted_rows_is_that_of_the_fit() -> None:
    for options in ({"target": "y"}, {"target": "c", "loss": "logistic"}, {"target": "y", "weight": "w"}):
        fit = gdsolve.fit(SEEN, features=["a", "b"], **options)
        found = gdsolve.score(fit, SEEN)
        pairs = ((found.r2, fit.figures.r2), (found.rmse, fit.figures.rmse), (found.sse, fit.sse))
        pairs += ((found.accuracy, fit.figures.accuracy), (found.log_loss, fit.figures.log_loss))
        assert [one for one, _ in pairs] == [None if two is None else pytest.approx(two, rel=1e-10) for _, two in pairs]


def test_levels_groups_and_sigmas_are_scored() -> None:
    levels = gdsolve.fit(SEEN, target="y", features=["a", "k"], categorical="onehot")
    expected = metrics.r2_score(NEW["y"], gdsolve.predict(levels, NEW))
    assert gdsolve.score(levels, NEW).r2 == close(expected)
    groups = gdsolve.fit(SEEN, target="y", features=["a", "b"], group_by="k")
    assert gdsolve.score(groups, NEW).mae == close(metrics.mean_absolute_error(NEW["y"], gdsolve.predict(groups, NEW)))
    sigmas = gdsolve.fit(SEEN, target="y", features=["a"], sigma="w")
    weights = 1.0 / NEW["w"].to_numpy() ** 2
    predicted = gdsolve.predict(sigmas, NEW)
    assert gdsolve.score(sigmas, NEW).r2 == close(metrics.r2_score(NEW["y"], predicted, sample_weight=weights))
    # Without the column of the model every row counts alike; another one may be named.
    plain = gdsolve.score(sigmas, NEW.drop("w"))
    assert (plain.weight, plain.r2) == (None, close(metrics.r2_score(NEW["y"], predicted)))
    named = gdsolve.score(sigmas, NEW.rename({"w": "v"}), weight="v")
    assert named.r2 == close(metrics.r2_score(NEW["y"], predicted, sample_weight=NEW["w"].to_numpy()))


def test_frequencies_count_rows() -> None:
    counted = SEEN.with_columns(f=pl.int_range(pl.len()) % 3)
    fit = gdsolve.fit(counted, target="y", features=["a"], weight="f", weight_kind="frequency")
    found = gdsolve.score(fit, counted)
    whole = counted[np.repeat(np.arange(counted.height), counted["f"].to_numpy())]
    assert (found.rows, found.rows_weightless) == (166, 84)
    assert found.mae == close(metrics.mean_absolute_error(whole["y"], gdsolve.predict(fit, whole)))


def test_arrays_are_scored() -> None:
    X, y = SEEN.select("a", "b").to_numpy(), SEEN["y"].to_numpy()
    fit = gdsolve.fit(X, y)
    assert gdsolve.score(fit, X, y).sse == close(fit.sse)
    assert refusal(gdsolve.score, fit, X)[:2] == (5, "inline: has no column 'y', the target of the model")
    assert refusal(gdsolve.score, fit, X, y[:3]) == (
        5,
        "inline: y has 3 rows, and X 250",
        "give one number of y for every row of X",
    )
    assert refusal(gdsolve.score, fit, X, [*y[:-1], np.inf])[:2] == (
        5,
        "inline: row 250, column 'y': inf is not finite",
    )
    assert refusal(gdsolve.score, fit, [[1.0, np.nan]], [1.0])[:2] == (
        5,
        "inline: row 1, column 'x2': the cell is missing",
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("score")
    NEW.write_csv(made / "new.csv")
    NEW.select(reversed(NEW.columns)).write_parquet(made / "new.parquet")
    NEW.write_ndjson(made / "new.ndjson")
    NEW[:40].write_csv(made / "part1.csv")
    NEW[40:].write_csv(made / "part2.csv")
    (made / "new.csv.gz").write_bytes(gzip.compress((made / "new.csv").read_bytes()))
    for name, options in {
        "y.json": {"target": "y", "features": ["a", "b"]},
        "c.json": {"target": "c", "features": ["a", "b"], "loss": "logistic"},
        "q.json": {"target": "y", "features": ["a"], "loss": "quantile", "quantile": 0.9},
    }.items():
        gdsolve.fit(SEEN, save=str(made / name), **options)
    return made


def test_every_form_of_a_table_gives_the_same_score(folder: Path) -> None:
    model = folder / "c.json"
    found = [
        score_record(gdsolve.score(model, paths))
        for paths in (
            folder / "new.csv",
            folder / "new.parquet",
            folder / "new.ndjson",
            folder / "new.csv.gz",
            [folder / "part1.csv", folder / "part2.csv"],
        )
    ]
    for one in found[1:]:
        for name in ("rows", "accuracy", "auc", "confusion"):
            assert one[name] == found[0][name]
        assert one["log_loss"] == pytest.approx(found[0]["log_loss"], rel=1e-14)
    parts = gdsolve.score(folder / "y.json", [folder / "part1.csv", folder / "part2.csv"])
    whole = gdsolve.score(folder / "y.json", folder / "new.csv")
    assert parts.r2 == pytest.approx(whole.r2, rel=1e-14)
    assert whole.largest_error is not None
    assert parts.largest_error is not None
    row = whole.largest_error.row
    assert parts.largest_error.row == (row if row <= 40 else row - 40)
    assert parts.largest_error.source == str(folder / ("part1.csv" if row <= 40 else "part2.csv"))


def test_the_table_the_json_and_the_csv(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    found = gdsolve.score("y.json", "new.csv")
    assert run(["score", "y.json", "new.csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "data            new.csv: 150 rows scored",
        "model           y.json, half-mse",
        "target          y",
    ]
    assert lines[4] == f"R²              {found.r2:.8g}"
    assert found.largest_error is not None
    assert lines[-1].startswith(
        f"largest error   {found.largest_error.error:.8g} (row {found.largest_error.row} of new"
    )
    assert run(["score", "q.json", "new.csv", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["schema"], record["quantile"], record["exit_code"]) == ("gdsolve.score/1", 0.9, 0)
    assert record["pinball_loss"] == gdsolve.score("q.json", "new.csv").pinball_loss
    assert record["data"]["source"] == ["new.csv"]
    assert run(["score", "c.json", "new.csv", "--format", "csv"]) == 0
    cells = dict(line.split(",") for line in capsys.readouterr().out.splitlines())
    assert (cells["figure"], cells["rows"], cells["r2"], cells["second_class"]) == ("value", "150", "", "yes")
    confusion = gdsolve.score("c.json", "new.csv").confusion
    assert confusion is not None
    assert [float(cells[f"{one}_as_{two}"]) for one in ("first", "second") for two in ("first", "second")] == [
        *confusion[0],
        *confusion[1],
    ]
    assert run(["score", "c.json", "new.csv"]) == 0
    out = capsys.readouterr().out
    assert "rows by class and told class" in out
    assert f"no   {confusion[0][0]:7.0f}  {confusion[0][1]:8.0f}" in out


def test_a_real_process_reads_standard_input(folder: Path) -> None:
    done = forked.run("score", "y.json", "-", "--format", "csv", stdin=(folder / "new.csv").read_text(), cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\nrows,150\n" in done.stdout


BAD = [
    ("y.json", "a,b\n1,2\n", [], 5, "t.csv: has no column 'y', the target of the model", "add the column 'y'"),
    ("y.json", "a,b,Y\n1,2,3\n", [], 5, "t.csv: has no column 'y', the target of the model", "rename 'Y'?"),
    ("y.json", "a,y\n1,2\n", [], 5, "t.csv: has no column 'b', which the model needs", "the model needs: a, b"),
    (
        "y.json",
        "a,b,y\n1,2,\n",
        [],
        5,
        "t.csv: row 1 (line 2), column 'y': the cell is missing",
        "--na drop leaves such",
    ),
    (
        "y.json",
        "a,b,y\n1,,3\n",
        [],
        5,
        "t.csv: row 1 (line 2), column 'b': the cell is missing",
        "--na drop leaves such",
    ),
    (
        "y.json",
        "a,b,y\n1,2,?\n",
        [],
        5,
        "column 'y': '?' is not a number",
        "--na-values '?' --na drop leaves the row out",
    ),
    ("y.json", "a,b,y\n1,2,\n", ["--na", "drop"], 5, "t.csv: has no row to score: all 1 lack a cell", "give a table"),
    ("y.json", "a,b,y\n", [], 5, "t.csv: has no rows", "give a table with the model's columns"),
    (
        "c.json",
        "a,b,c\n1,2,maybe\n",
        [],
        5,
        "column 'c': 'maybe' is neither 'no' nor 'yes'",
        "--na-values maybe --na drop",
    ),
    ("y.json", "a,b,y,v\n1,2,3,-1\n", ["--weight", "v"], 5, "column 'v': '-1' is a negative weight", "--na-values"),
    ("y.json", "a,b,y\n1,2,3\n", ["--weight", "v"], 5, "t.csv: has no column 'v', the row weights", "choose another"),
    ("y.json", "a,b,y\n1,2,3\n", ["--na", "mean"], 2, "na: mean: a score fills no cell in", "give --na drop"),
    ("none.json", "a,b,y\n1,2,3\n", [], 5, "none.json: no such file or directory", "a model is what"),
    ("f.json", "a,b,y\n1,2,3\n", [], 2, "f.json: a formula predicts nothing", "fit a model, with --model"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad[0]} {bad[4][:40]}")
def test_what_cannot_be_scored_is_one_line(
    bad: tuple[str, str, list[str], int, str, str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model, table, words, code, message, hint = bad
    monkeypatch.chdir(folder)
    Path("t.csv").write_text(table)
    if model == "f.json":
        gdsolve.fit(minimize="(p - 1)**2", parameters={"p": 0.0}, save="f.json")
    assert run(["score", model, "t.csv", *words]) == code
    out, err = capsys.readouterr()
    first, second = err.splitlines()
    assert out == ""
    assert message in first
    assert second.startswith(f"hint: {hint}")


def test_rows_without_a_cell_or_a_group_are_left_out_when_asked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    groups = gdsolve.fit(SEEN, target="y", features=["a"], group_by="k")
    table = tmp_path / "t.csv"
    table.write_text("k,a,y\nu,1,3\nnew,2,5\nv,,4\n\nv,2,\nv,3,7\n")
    with caplog.at_level("WARNING"):
        found = gdsolve.score(groups, table, na="drop")
    said = f"3 rows are left out, which lack a cell, or are of a group without weights (first: {table}: row 2 (line 3))"
    assert [record.getMessage() for record in caplog.records] == [said]
    assert (found.rows, found.rows_dropped) == (2, 3)
    assert found.largest_error is not None
    assert found.largest_error.row in (1, 5)
    code, message, hint = refusal(gdsolve.score, groups, table)
    assert (code, message) == (5, f"{table}: row 2 (line 3): the model has no weights of group 'new'")
    assert hint == "--na drop leaves such rows out"


def test_figures_that_do_not_exist_are_null(tmp_path: Path) -> None:
    fit = gdsolve.fit(SEEN, target="c", features=["a"], loss="logistic")
    found = gdsolve.score(fit, NEW.filter(pl.col("c") == "yes"))
    assert (found.auc, found.accuracy is None) == (None, False)
    squares = gdsolve.fit(SEEN, target="y", features=["a"])
    assert gdsolve.score(squares, NEW.with_columns(y=pl.lit(0.1))).r2 is None
    counts = gdsolve.fit([[0.0], [1.0], [2.0]], [1, 3, 9], loss="poisson")
    huge = score_record(gdsolve.score(counts, [[1e4]], [1.0]))
    assert (huge["mean_poisson_deviance"], huge["rmse"], huge["r2"]) == (None, None, None)


def of_parts(loss: Loss, mean: Mean, y: np.ndarray, z: np.ndarray, weight: np.ndarray, cuts: list[int]) -> ScoreSums:
    sums = ScoreSums(loss, mean, 0.25)
    for part in np.split(np.arange(len(y)), sorted(cuts)):
        sums.add(y[part], z[part], weight[part])
    return sums


@settings(max_examples=examples(40), deadline=None)
@given(
    seed=st.integers(0, 10**6),
    cuts=st.lists(st.integers(0, 60), max_size=4),
    loss=st.sampled_from([Loss.HALF_MSE, Loss.LOGISTIC, Loss.POISSON]),
)
def test_where_batches_end_does_not_matter(seed: int, cuts: list[int], loss: Loss) -> None:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=60).round(1)
    y = rng.integers(0, 2, 60).astype(float) + (1e6 if loss is Loss.HALF_MSE else 0.0)
    weight = rng.uniform(0.1, 3.0, 60)
    one, other = (of_parts(loss, loss.info.mean, y, z, weight, at) for at in ([], cuts))
    for name in ("rows", "weight", "target_squares", "squares", "absolute", "pinball", "deviance", "log_loss"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-9), name
    assert (one.confusion == pytest.approx(other.confusion), one.auc()) == (True, pytest.approx(other.auc()))
    assert one.largest is None or other.largest is None or one.largest.error == other.largest.error


def test_progress_and_a_closed_pipe_are_seen_to(folder: Path) -> None:
    done = subprocess.run(
        [
            "bash",
            "-c",
            f"{sys.executable} -m gdsolve score y.json new.csv --format json | head -1; echo ${{PIPESTATUS[0]}}",
        ],
        capture_output=True,
        cwd=folder,
        timeout=60,
        check=False,
        text=True,
    )
    assert done.stdout.splitlines()[0] == "{"
    assert done.stdout.splitlines()[-1] in ("0", "141")
    assert done.stderr == ""
