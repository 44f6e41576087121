"""Cross-validation and rows held out, beside scikit-learn on the same folds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from rank_threads import on_ranks
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge
from sklearn.metrics import mean_poisson_deviance, r2_score
from sklearn.model_selection import PredefinedSplit, cross_val_score

import gdsolve
from gdsolve.cli.main import run
from gdsolve.report.record import fit_record
from gdsolve.solve.fit import fit
from gdsolve.solve.validation import Validation
from gdsolve.spec.file import build_spec
from gdsolve.status import DataError, GdsolveError

ROWS = 120


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, random = tmp_path_factory.mktemp("validated") / "t.csv", np.random.default_rng(0)
    X = random.normal(size=(ROWS, 3)) * [1.0, 10.0, 0.1] + [0.0, 50.0, 3.0]
    y = X @ [1.0, 0.2, 3.0] + random.normal(size=ROWS)
    pl.DataFrame(
        {
            "a": X[:, 0],
            "b": X[:, 1],
            "c": X[:, 2],
            "kind": (y + random.normal(size=ROWS) > y.mean()).astype(int),
            "count": random.poisson(np.exp(0.3 * X[:, 0] + 1.0)),
            "who": random.integers(0, 30, ROWS),
            "w": random.integers(0, 3, ROWS),
            "y": y,
        }
    ).write_csv(path)
    return path


def columns(table: Path, target: str = "y") -> tuple[np.ndarray, np.ndarray]:
    frame = pl.read_csv(table)
    return frame[["a", "b", "c"]].to_numpy(), frame[target].to_numpy()


def validated(table: Path, **options: Any) -> Validation:
    found = gdsolve.fit(str(table), **{"features": "a,b,c", "cv": 5, **options}).validation
    assert found is not None
    return found


SQUARES: list[tuple[dict[str, Any], Any]] = [
    ({}, LinearRegression()),
    ({"ridge": 7.0}, Ridge(alpha=7.0)),
    ({"no_intercept": True}, LinearRegression(fit_intercept=False)),
    ({"no_intercept": True, "ridge": 3.0}, Ridge(alpha=3.0, fit_intercept=False)),
    ({"engine": "rows"}, LinearRegression()),
    ({"method": "nesterov"}, LinearRegression()),
    ({"loss": "sse"}, LinearRegression()),
    ({"lr": 0.4, "scale": "standard"}, LinearRegression()),
]


@pytest.mark.parametrize(("options", "model"), SQUARES)
def test_squares_are_those_of_scikit_learn(table: Path, options: dict[str, Any], model: Any) -> None:
    X, y = columns(table)
    split = PredefinedSplit(gdsolve.folds(ROWS, 5, seed=3))
    expected = -cross_val_score(model, X, y, cv=split, scoring="neg_root_mean_squared_error")
    found = validated(table, seed=3, **options)
    assert found.scores == pytest.approx(expected, rel=1e-9)
    assert found.mean == pytest.approx(expected.mean(), rel=1e-9)
    assert found.standard_error == pytest.approx(expected.std(ddof=1) / 5**0.5, rel=1e-9)
    assert (found.score, found.rows, found.note, found.seed) == ("rmse", (24,) * 5, None, 3)
    own = ((model.fit(X, y).predict(X) - y) ** 2).mean() ** 0.5
    assert found.own == pytest.approx(own, rel=1e-9)


def test_values_of_a_column_stay_together(table: Path) -> None:
    X, y = columns(table)
    who = pl.read_csv(table)["who"].to_list()
    fold = gdsolve.folds(None, 4, by=who)
    expected = -cross_val_score(
        LinearRegression(), X, y, cv=PredefinedSplit(fold), scoring="neg_root_mean_squared_error"
    )
    found = validated(table, cv=4, cv_by="who")
    assert found.scores == pytest.approx(expected, rel=1e-9)
    assert (found.by, found.rows) == ("who", tuple(np.bincount(fold)))
    frame = pl.read_csv(table)
    assert gdsolve.fit(frame, features="a,b,c", target="y", cv=4, cv_by="who").validation == found
    with_arrays = gdsolve.fit(frame[["a", "b", "c", "who"]].to_numpy(), y, cv=4, cv_by="x4").validation
    assert with_arrays is not None
    assert with_arrays.scores == pytest.approx(found.scores, rel=1e-12)


def test_weights_weigh_errors_and_rows(table: Path) -> None:
    X, y = columns(table)
    w, fold = pl.read_csv(table)["w"].to_numpy(), gdsolve.folds(ROWS, 5)
    expected = []
    for j in range(5):
        rest, here = fold != j, fold == j
        model = LinearRegression().fit(X[rest], y[rest], w[rest])
        expected.append(np.average((model.predict(X[here]) - y[here]) ** 2, weights=w[here]) ** 0.5)
    found = validated(table, weight="w")
    assert found.scores == pytest.approx(expected, rel=1e-9)
    assert found.rows == tuple(int((w[fold == j] > 0).sum()) for j in range(5))


def descended(X: np.ndarray, y: np.ndarray, rate: float, updates: int) -> np.ndarray:
    """The weights of gradient descent on half the mean square, step by step, the intercept last."""
    A = np.column_stack([X, np.ones(len(X))])
    w = np.zeros(A.shape[1])
    for _ in range(updates):
        w -= rate * A.T @ (A @ w - y) / len(y)
    return w


@pytest.mark.parametrize("engine", ["auto", "triangle", "rows"])
def test_a_run_of_few_updates_is_validated_as_such(table: Path, engine: str) -> None:
    X, y = columns(table)
    fold, expected = gdsolve.folds(ROWS, 5), []
    for j in range(5):
        rest, here = fold != j, fold == j
        w = descended(X[rest], y[rest], 3e-4, 40)
        expected.append((((X[here] @ w[:-1] + w[-1]) - y[here]) ** 2).mean() ** 0.5)
    found = validated(table, lr=3e-4, max_iter=40, engine=engine)
    assert found.scores == pytest.approx(expected, rel=1e-10)
    # A rule that was typed holds in every fold: no update is this large.
    assert validated(table, lr=3e-4, tol=1e9).scores == pytest.approx(
        [
            (((X[fold == j] @ w[:-1] + w[-1]) - y[fold == j]) ** 2).mean() ** 0.5
            for j in range(5)
            for w in [descended(X[fold != j], y[fold != j], 3e-4, 1)]
        ],
        rel=1e-10,
    )


def test_cells_in_float32_are_validated_as_they_are_seen(table: Path) -> None:
    X, y = columns(table)
    X, y = X.astype(np.float32).astype(float), y.astype(np.float32).astype(float)
    split = PredefinedSplit(gdsolve.folds(ROWS, 5))
    expected = -cross_val_score(LinearRegression(), X, y, cv=split, scoring="neg_root_mean_squared_error")
    assert validated(table, dtype="float32").scores == pytest.approx(expected, rel=1e-9)


def deviance_of_classes(model: Any, X: np.ndarray, y: np.ndarray) -> float:
    p = model.predict_proba(X)[:, 1]
    return float(-2.0 * (y * np.log(p) + (1 - y) * np.log1p(-p)).mean())


def deviance_of_counts(model: Any, X: np.ndarray, y: np.ndarray) -> float:
    return float(mean_poisson_deviance(y, model.predict(X)))


SOLVER = {"solver": "newton-cholesky", "tol": 1e-12, "max_iter": 200}
OTHERS: list[tuple[str, dict[str, Any], Any, Any, str]] = [
    ("kind", {"loss": "logistic"}, LogisticRegression(C=np.inf, **SOLVER), deviance_of_classes, "deviance"),
    ("kind", {"loss": "logistic", "ridge": 2.0}, LogisticRegression(C=0.5, **SOLVER), deviance_of_classes, "deviance"),
    ("count", {"loss": "poisson"}, PoissonRegressor(alpha=0.0, **SOLVER), deviance_of_counts, "deviance"),
]


@pytest.mark.parametrize(("target", "options", "model", "scorer", "score"), OTHERS)
def test_other_losses_are_fitted_again(
    table: Path, target: str, options: dict[str, Any], model: Any, scorer: Any, score: str
) -> None:
    X, y = columns(table, target)
    # Steps of scikit-learn's solvers are those of columns of one size.
    Z = (X - X.mean(axis=0)) / (X.std(axis=0) if "ridge" not in options else 1.0)
    split = PredefinedSplit(gdsolve.folds(ROWS, 5))
    expected = cross_val_score(model, Z, y, cv=split, scoring=scorer)
    found = validated(table, target=target, **options)
    assert found.scores == pytest.approx(expected, rel=1e-9)
    assert (found.score, found.rows) == (score, (24,) * 5)
    assert found.own == pytest.approx(scorer(model.fit(Z, y), Z, y), rel=1e-9)


def test_a_robust_loss_is_the_same_in_all_folds(table: Path) -> None:
    X, y = columns(table)
    fold, expected = gdsolve.folds(ROWS, 5), []
    found = gdsolve.fit(str(table), features="a,b,c", loss="huber", cv=5)
    delta = found.spec.delta
    for j in range(5):
        rest, here = fold != j, fold == j
        one = gdsolve.fit(X[rest], y[rest], loss="huber", delta=delta)
        r = abs(gdsolve.predict(one, X[here]) - y[here])
        expected.append(np.where(r <= delta, r * r / 2, delta * (r - delta / 2)).mean())
    assert found.validation is not None
    assert found.validation.scores == pytest.approx(expected, rel=1e-9)
    assert found.validation.own == pytest.approx(found.loss, rel=1e-12)


def test_rows_held_out_score_the_fit(table: Path) -> None:
    X, y = columns(table)
    out = gdsolve.held_out(ROWS, 0.25, seed=1)
    model = LinearRegression().fit(X[~out], y[~out])
    fit = gdsolve.fit(str(table), features="a,b,c", holdout=0.25, seed=1)
    assert fit.holdout is not None
    assert fit.data is not None
    assert (fit.data.rows, fit.holdout.rows) == (ROWS - out.sum(), out.sum())
    assert [fit.weights[name] for name in "abc"] == pytest.approx(model.coef_, rel=1e-9)
    assert fit.holdout.rmse == pytest.approx(((model.predict(X[out]) - y[out]) ** 2).mean() ** 0.5, rel=1e-9)
    assert fit.holdout.r2 == pytest.approx(r2_score(y[out], model.predict(X[out])), rel=1e-9)
    assert fit.validation is None


def test_rows_held_out_of_other_losses(table: Path) -> None:
    X, y = columns(table, "count")
    Z, out = X - X.mean(axis=0), gdsolve.held_out(ROWS, 0.25)
    model = PoissonRegressor(alpha=0.0, **SOLVER).fit(Z[~out], y[~out])
    found = gdsolve.fit(str(table), features="a,b,c", target="count", loss="poisson", holdout=0.25).holdout
    assert found is not None
    assert found.deviance == pytest.approx(mean_poisson_deviance(y[out], model.predict(Z[out])), rel=1e-8)
    X, y = columns(table)
    fit = gdsolve.fit(str(table), features="a,b,c", loss="huber", holdout=0.25, delta=1.0)
    r = X[out] @ [fit.weights[name] for name in "abc"] + fit.intercept - y[out]
    assert fit.holdout is not None
    assert fit.holdout.mae == pytest.approx(abs(r).mean(), rel=1e-12)
    assert fit.holdout.loss == pytest.approx(np.where(abs(r) <= 1, r * r / 2, abs(r) - 0.5).mean(), rel=1e-12)


def test_folds_are_those_of_the_rows_that_are_left(table: Path) -> None:
    X, y = columns(table)
    out, fold = gdsolve.held_out(ROWS, 0.25), gdsolve.folds(ROWS, 5)
    split = PredefinedSplit(fold[~out])
    expected = -cross_val_score(LinearRegression(), X[~out], y[~out], cv=split, scoring="neg_root_mean_squared_error")
    assert validated(table, holdout=0.25).scores == pytest.approx(expected, rel=1e-9)


RANKED = [
    {"holdout": "0.2"},
    {"stop": "best", "max_iter": "30", "cv_by": "who"},
    {"loss": "huber", "holdout": "0.2"},
    {"loss": "logistic", "target": "kind", "cv_by": "who"},
    {"engine": "rows", "max_iter": "5", "lr": "0.3", "scale": "standard"},
]


@pytest.mark.parametrize("options", RANKED)
def test_ranks_validate_as_one_process_does(table: Path, tmp_path: Path, options: dict[str, str]) -> None:
    frame = pl.read_csv(table)
    for place in range(3):
        frame.slice(40 * place, 40).write_csv(tmp_path / f"part-{place}.csv")
    spec = build_spec([str(tmp_path / "part-*.csv")], {"features": "a,b,c", "cv": "4", **options}, "fit")
    alone = fit_record(fit(spec))
    for found in (fit_record(one) for one in on_ranks(2, lambda ranks: fit(spec, ranks=ranks))):
        for part in ("validation", "holdout"):
            expected, there = alone[part], found[part]
            assert (expected is None) == (there is None)
            for name, value in (expected or {}).items():
                if name == "stopping" and value is not None:
                    assert there[name]["best"] == value["best"]
                    assert there[name]["learning_rate"] == pytest.approx(value["learning_rate"], rel=1e-12)
                    continue
                close = isinstance(value, float) or name == "scores"
                assert there[name] == (pytest.approx(value, rel=1e-9) if close else value)


def test_a_rate_that_a_fold_does_not_stand(tmp_path: Path) -> None:
    """Without the row of largest x, or with few others, the stable rates differ: 2·m/Σx²."""
    x = [1.0, 1.0, 1.0, 9.0]
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{one},{2 * one + k}\n" for k, one in enumerate(x)))
    found = gdsolve.fit(str(tmp_path / "t.csv"), no_intercept=True, lr=0.09, cv=4, max_iter=200)
    assert found.status == "max_iter"
    assert found.validation is not None
    # With the fold of a small x left out the other rows take rates below 2·3/83 = 0.072 alone.
    assert sum(score is None for score in found.validation.scores) == 3
    assert found.validation.mean is None
    assert found.validation.standard_error is None
    assert found.validation.note is not None
    assert found.validation.note.endswith("the run diverges")


def test_what_is_printed(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["fit", str(table), "--features", "a,b,c", "--cv", "5", "--holdout", "0.2"]
    assert run(words) == 0
    shown = capsys.readouterr().out
    assert run([*words, "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    found, held = record["validation"], record["holdout"]
    line = f"validated       RMSE {found['mean']:.6g} ± {found['standard_error']:.3g} over 5 folds "
    assert f"{line}({found['fit']:.6g} on the rows fitted)" in shown
    assert f"held out        {held['rows']} rows: RMSE {held['rmse']:.6g}, R² {held['r2']:.6g}" in shown
    assert found["fit"] == record["rmse"]
    assert (found["folds"], found["seed"], found["by"], found["score"], found["note"]) == (5, 0, None, "rmse", None)
    assert sum(found["rows"]) == record["data"]["rows"]
    assert len(shown.splitlines()) <= 40
    assert run(["fit", str(table), "--features", "a,b,c", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["validation"], record["holdout"]) == (None, None)


def test_what_is_written_beside_the_table(table: Path, tmp_path: Path) -> None:
    words = ["fit", str(table), "--features", "a,b,c", "--cv", "5"]
    history, model = tmp_path / "h.csv", tmp_path / "m.json"
    assert run([*words, "--history", str(history), "--format", "csv", "--save", str(model)]) == 0
    assert len(history.read_text().splitlines()) > 5
    assert json.loads(model.read_text())["validation"]["score"] == "rmse"


def test_a_run_that_fails_has_no_error(table: Path) -> None:
    found = validated(table, lr=1.0, max_iter=50)
    assert (found.mean, found.scores, found.note) == (None, (None,) * 5, "the run diverges")


REFUSED = [
    ({"cv": 1}, GdsolveError, "1 is not a finite number of at least 2"),
    ({"cv": 1000}, DataError, "880 of the 1000 folds of --cv 1000 have no rows"),
    ({"cv": 1000, "loss": "huber"}, DataError, "880 of the 1000 folds of --cv 1000 have no rows"),
    ({"holdout": 1.0}, GdsolveError, "1 is not strictly between 0 and 1"),
    ({"holdout": 1e-9}, DataError, "none is held out by --holdout 1e-09"),
    ({"holdout": 1 - 1e-12}, DataError, "all rows are held out"),
    ({"cv_by": "who"}, GdsolveError, "keeps rows together that are dealt, and none are"),
    ({"cv": 5, "cv_by": "a"}, GdsolveError, "is in --cv-by and in --features"),
    ({"cv": 5, "cv_by": "whom"}, GdsolveError, "has no column 'whom'"),
    ({"cv": 5, "model": "p*a", "start": "p=1", "features": ()}, GdsolveError, "goes with linear models"),
]


@pytest.mark.parametrize(("options", "kind", "message"), REFUSED)
def test_what_cannot_be_validated(table: Path, options: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        gdsolve.fit(str(table), **{"features": "a,b,c", "target": "y", **options})
