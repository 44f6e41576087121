"""`gdsolve path`: every strength of a penalty, beside scikit-learn, and the model at one of them beside `fit`."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import Lasso, LassoCV, Ridge, RidgeCV, enet_path, lasso_path
from sklearn.model_selection import PredefinedSplit
from sklearn.preprocessing import StandardScaler

import gdsolve
from gdsolve.cli.main import run
from gdsolve.report.record import fit_record
from gdsolve.status import DataError, ExitCode, GdsolveError

ROWS, K = 120, 5
RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(ROWS, 6)) * [1.0, 10.0, 0.1, 3.0, 1.0, 50.0] + [0.0, 50.0, 3.0, -1.0, 1e4, 7.0]
X[:, 4] += 0.8 * X[:, 0]
Y = X @ [1.0, 0.2, 3.0, 0.0, -0.5, 0.001] + RANDOM.normal(size=ROWS)
NAMES = ["a", "b", "c", "d", "e", "f"]
TIGHT = {"tol": 1e-14, "max_iter": 1_000_000}


def centred(columns: np.ndarray) -> np.ndarray:
    moved: np.ndarray = columns - columns.mean(axis=0)
    return moved


def refusal(call: Any, *arguments: Any, **options: Any) -> tuple[int, str, str]:
    with pytest.raises(GdsolveError) as caught:
        call(*arguments, **options)
    assert caught.value.hint is not None
    return int(caught.value.exit_code), caught.value.message, caught.value.hint


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("path") / "t.csv"
    extra = {"w": np.arange(ROWS) % 4, "who": np.arange(ROWS) // 3}
    pl.DataFrame({**dict(zip(NAMES, X.T, strict=True)), **extra, "y": Y}).write_csv(path)
    return path


@pytest.mark.parametrize("ratio", [1.0, 0.5, 0.01])
def test_weights_are_those_of_scikit_learn(ratio: float) -> None:
    found = gdsolve.path(X, Y, l1_ratio=ratio)
    alphas = found.l1 / ratio / ROWS
    walk = lasso_path if ratio == 1.0 else enet_path
    more = {} if ratio == 1.0 else {"l1_ratio": ratio}
    _, expected, _ = walk(centred(X), Y - Y.mean(), alphas=alphas, **TIGHT, **more)
    # What the penalty counts for the largest weights is the measure: columns differ by hundreds.
    spread = X.std(axis=0)
    assert found.weights * spread == pytest.approx(expected.T * spread, abs=1e-8)
    assert ((found.weights == 0.0) == (np.abs(expected.T) < 1e-12)).all()
    assert found.intercepts is not None
    residual = Y - found.intercepts[:, None] - found.weights @ X.T
    assert found.sse == pytest.approx((residual**2).sum(axis=1), rel=1e-9)


def test_the_grid_is_that_of_scikit_learn_and_glmnet() -> None:
    found = gdsolve.path(X, Y, points=30)
    assert found.lambdas[0] == pytest.approx(np.abs(centred(X).T @ centred(Y)).max(), rel=1e-5)
    assert not found.weights[0].any()
    assert found.lambdas[0] / found.lambdas[-1] == pytest.approx(1e4, rel=1e-5)
    assert np.diff(np.log(found.lambdas)) == pytest.approx(-np.log(1e4) / 29, rel=1e-4)
    wide = gdsolve.path(X[:6], Y[:6], points=5)
    assert wide.lambdas[0] / wide.lambdas[-1] == pytest.approx(1e2, rel=1e-5)
    # Six digits, which a table has.
    assert [float(f"{one:.6g}") for one in found.lambdas] == found.lambdas.tolist()


def test_errors_over_folds_are_those_of_scikit_learn() -> None:
    """Folds of the same size, so that one alpha is one λ in all of them."""
    found = gdsolve.path(X, Y, cv=K, seed=3)
    assert found.folds is not None
    assert found.folds.rows == (24,) * K
    folds = PredefinedSplit(gdsolve.folds(ROWS, K, seed=3))
    other = LassoCV(alphas=found.lambdas / (ROWS - 24), cv=folds, **TIGHT).fit(X, Y)
    assert found.folds.scores**2 == pytest.approx(other.mse_path_.T, rel=1e-9)
    roots = np.sqrt(other.mse_path_)
    assert found.errors == pytest.approx(roots.mean(axis=1), rel=1e-9)
    assert found.standard_errors == pytest.approx(roots.std(axis=1, ddof=1) / K**0.5, rel=1e-7)
    best = int(roots.mean(axis=1).argmin())
    assert found.place("min") == best
    within = roots.mean(axis=1) <= roots.mean(axis=1)[best] + roots.std(axis=1, ddof=1)[best] / K**0.5
    assert found.place("1se") == int(within.argmax())
    assert found.place("1se") < found.place("min")


def test_ridge_is_that_of_scikit_learn() -> None:
    found = gdsolve.path(X, Y, l1_ratio=0, cv=K, points=20)
    for place in (0, 9, 19):
        other = Ridge(alpha=found.lambdas[place], solver="svd").fit(X, Y)
        assert found.weights[place] == pytest.approx(other.coef_, rel=1e-7, abs=1e-12)
        assert found.intercepts[place] == pytest.approx(other.intercept_, rel=1e-9)
    folds = gdsolve.folds(ROWS, K)
    assert found.folds is not None
    for fold in range(K):
        rest, held = folds != fold, folds == fold
        other = Ridge(alpha=found.lambdas[9], solver="svd").fit(X[rest], Y[rest])
        assert found.folds.scores[fold, 9] == pytest.approx(
            np.sqrt(((other.predict(X[held]) - Y[held]) ** 2).mean()), rel=1e-9
        )
    chosen = RidgeCV(alphas=found.lambdas, cv=PredefinedSplit(folds), scoring="neg_root_mean_squared_error").fit(X, Y)
    assert chosen.alpha_ == found.lambdas[found.place("min")]
    # From where hardly anything is left to where hardly anything is missing.
    squares = np.linalg.svd(centred(X), compute_uv=False) ** 2
    assert found.lambdas[0] == pytest.approx(1e3 * squares[0], rel=1e-5)
    assert found.lambdas[-1] == pytest.approx(1e-3 * squares[-1], rel=1e-5)
    assert found.freedom == pytest.approx([1 + (squares / (squares + one)).sum() for one in found.lambdas])


OPTIONS: list[dict[str, Any]] = [
    {},
    {"l1_ratio": 0.5},
    {"l1_ratio": 0.0},
    {"penalty_scale": "standard"},
    {"penalty_scale": "standard", "l1_ratio": 0.0},
    {"no_intercept": True},
    {"no_intercept": True, "l1_ratio": 0.0},
    {"penalize_intercept": True},
    {"penalize_intercept": True, "l1_ratio": 0.0},
    {"weight": "w"},
    {"cv_by": "who"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_strength_typed_back_gives_the_same(table: Path, options: dict[str, Any]) -> None:
    given = {"features": NAMES[:4], "cv": 4, **options}
    found = gdsolve.path(str(table), points=12, **given)
    given.pop("l1_ratio", None)
    for place in (7,):
        model = gdsolve.fit(str(table), l1=found.l1[place], ridge=found.ridge[place], **given)
        assert list(model.weights.values()) == pytest.approx(found.weights[place].tolist(), rel=1e-7, abs=1e-9)
        if found.intercepts is not None:
            assert model.intercept == pytest.approx(found.intercepts[place], rel=1e-7)
        assert model.figures.r2 == pytest.approx(found.r2[place], rel=1e-8, abs=1e-10)
        assert model.figures.rmse == pytest.approx(found.rmse[place], rel=1e-9)
        assert model.validation is not None
        assert found.folds is not None
        assert model.validation.scores == pytest.approx(found.folds.scores[:, place].tolist(), rel=1e-7)
        assert model.validation.rows == found.folds.rows
        # That of one is that of the other, and what is left is rounding.
        assert found.losses[place] == pytest.approx(model.loss, rel=1e-9)
        assert 0.0 <= found.duality_gaps[place] <= 1e-12 * model.loss


def test_standardised_columns_are_those_of_glmnet() -> None:
    found = gdsolve.path(X, Y, penalty_scale="standard", points=20)
    scaled = StandardScaler().fit(X)
    for place in (0, 8, 19):
        # glmnet's lambda is λ/m.
        other = Lasso(alpha=found.lambdas[place] / ROWS, **TIGHT).fit(scaled.transform(X), Y)
        assert found.weights[place] * scaled.scale_ == pytest.approx(other.coef_, abs=1e-7)


def test_the_selected_model_is_that_of_fit(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "m.json"
    call = [str(table), "--features", "a,b,c,d", "--cv", "4"]
    assert run(["path", *call, "--select", "1se", "--save", str(saved), "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    point = record["points"][record["validation"]["1se"]["point"]]
    assert (record["schema"], record["selected"]) == ("gdsolve.path/1", "1se")
    assert run(["fit", *call, "--l1", repr(point["lambda"]), "--format", "json"]) == 0
    fitted = json.loads(capsys.readouterr().out)
    model = json.loads(saved.read_text())
    assert model == record["model"]
    assert model["duality_gap"] is not None
    assert model["optimum"]["unique"]
    for one in (model, fitted):
        del one["seconds"]
        one["descent"].pop("reason")
        one["validation"]["scores"] = pytest.approx(one["validation"]["scores"], rel=1e-8)
        one["validation"]["mean"] = pytest.approx(one["validation"]["mean"], rel=1e-8)
        one["validation"]["standard_error"] = pytest.approx(one["validation"]["standard_error"], rel=1e-6)
    scores = [one.pop("validation") for one in (model, fitted)]
    assert model == fitted
    assert scores[0]["rows"] == scores[1]["rows"]
    assert run(["predict", str(saved), str(table), "--only"]) == 0
    predicted = [float(line) for line in capsys.readouterr().out.split()[1:]]
    expected = X[:, :4] @ [model["weights"][name] for name in NAMES[:4]] + model["intercept"]
    assert predicted == pytest.approx(expected.tolist(), rel=1e-12)
    assert run(["fit", *call[:3], "--init", str(saved), "--format", "json"]) == 0


def test_a_result_in_python_selects_fits() -> None:
    found = gdsolve.path(X, Y, cv=K, names=NAMES, select="min")
    assert found.model is not None
    assert found.select("min") is found.model
    other = found.select("1se")
    assert other.spec.l1 == found.lambdas[found.place("1se")]
    assert other.nonzero == found.nonzero[found.place("1se")] < len(NAMES)
    assert fit_record(other)["validation"]["mean"] == found.errors[found.place("1se")]
    assert other.status == "converged"
    with pytest.raises(AttributeError):
        found.lambdas = found.l1  # type: ignore[misc]
    unscored = gdsolve.path(X, Y, points=3)
    assert (unscored.errors, unscored.standard_errors, unscored.model) == (None, None, None)
    assert refusal(unscored.select, "1se")[2] == "give cv=10, say"
    assert refusal(found.select, "best")[1:] == ("select: 'best' is no rule", 'give "min" or "1se"')


def test_all_sources_give_the_same(table: Path, tmp_path: Path) -> None:
    whole = gdsolve.path(str(table), features=NAMES, cv=4, points=9)
    frame = pl.read_csv(table)
    scan = tmp_path / "t.tri"
    gdsolve.scan(str(table), cv=4, save=scan)
    spec = tmp_path / "s.yaml"
    spec.write_text(f"data: {table}\nfeatures: [a, b, c, d, e, f]\ncv: 4\npoints: 9\n")
    others = [
        gdsolve.path(frame, target="y", features=NAMES, cv=4, points=9),
        gdsolve.path(frame[NAMES].to_numpy(), frame["y"].to_numpy(), cv=4, points=9),
        gdsolve.path(str(scan), features=NAMES, cv=4, points=9),
        gdsolve.path(str(spec)),
    ]
    for other in others:
        assert other.lambdas == pytest.approx(whole.lambdas, rel=1e-5)
        assert other.weights == pytest.approx(whole.weights, rel=1e-6, abs=1e-8)
        assert other.errors == pytest.approx(whole.errors, rel=1e-9)


def test_collinear_and_constant_columns_and_levels(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": X[:, 0], "twice": 2.0 * X[:, 0], "one": np.ones(ROWS), "y": Y})
    frame = frame.with_columns(town=pl.Series(["x", "y", "z"] * (ROWS // 3)))
    file = tmp_path / "t.csv"
    frame.write_csv(file)
    found = gdsolve.path(str(file), target="y", categorical="onehot", cv=K, points=20)
    assert "town=y" in found.names
    assert not found.weights[:, found.names.index("one")].any()
    # Of a column and its double the larger one is cheaper.
    assert not found.weights[:, found.names.index("a")].any()
    assert found.weights[-1, found.names.index("twice")] != 0.0
    assert np.isfinite(found.errors).all()
    assert (found.duality_gaps < 1e-9 * found.sse / ROWS).all()
    ridge = gdsolve.path(str(file), target="y", categorical="onehot", cv=K, points=20, l1_ratio=0)
    assert ridge.weights[:, 1] == pytest.approx(2.0 * ridge.weights[:, 0], rel=1e-6)


@pytest.mark.parametrize("ratio", [1.0, 0.5, 0.0])
def test_more_columns_than_rows(ratio: float) -> None:
    wide, target = RANDOM.normal(size=(30, 60)), RANDOM.normal(size=30)
    found = gdsolve.path(wide, target, l1_ratio=ratio, points=15, cv=3)
    for place in (3, 14):
        model = found.refit(place)
        assert found.weights[place] == pytest.approx(np.array([*model.weights.values()]), abs=1e-7)
    assert (found.duality_gaps < 1e-12).all()
    assert np.isfinite(found.errors).all()


def test_rows_of_a_table_and_csv(
    table: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(table.parent)
    assert run(["path", table.name, "--features", ",".join(NAMES), "--cv", "4"]) == 0
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) <= 40
    assert max(len(line) for line in printed.splitlines() if "<1e-" in line) <= 80
    assert run(["path", table.name, "--features", ",".join(NAMES), "--cv", "4", "--format", "csv"]) == 0
    captured = capsys.readouterr()
    rows = list(csv.DictReader(captured.out.splitlines()))
    assert len(rows) == 100
    marked = {row["rule"]: row for row in rows if row["rule"]}
    assert marked.keys() == {"min", "1se"}
    assert set(NAMES) < rows[0].keys()
    for rule, row in marked.items():
        line = next(line for line in printed.splitlines() if line.endswith(rule))
        cells = line.split()
        # What is printed is what was used.
        assert float(cells[0]) == float(row["lambda"]) == float(row["l1"])
        assert int(cells[1]) == int(row["nonzero"]) == sum(float(row[name]) != 0.0 for name in NAMES)
        assert float(cells[5]) == pytest.approx(float(row["cv_score"]), rel=1e-6)
    assert f"gdsolve fit {table.name} --features {','.join(NAMES)}" in printed
    assert f"--l1 {float(marked['min']['lambda']):.6g}" in printed


def test_names_that_are_taken_are_told_apart(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    pl.DataFrame({"lambda": X[:, 0], "r2": X[:, 1], "y": Y}).write_csv(file)
    assert run(["path", str(file), "--points", "2", "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0].endswith(",rule,intercept,weight_lambda,weight_r2")


REFUSED: list[tuple[list[str], int, str, str]] = [
    (["--points", "1"], 2, "points: 1 is not a finite number of at least 2", "give --points 2 or more"),
    (["--l1-ratio", "1.5"], 2, "l1_ratio: 1.5 is more than 1", "give --l1-ratio 1 or less"),
    (["--select", "min"], 2, "select: --select min is found on folds", "give --cv 5, say, or leave --select out"),
    (["--cv", "3", "--save", "m.json"], 2, "save: --save saves the model that is selected", "--cv 10 --select min"),
    (["--cv", "1000"], 5, "of the 1000 folds of --cv 1000 have no rows", "give --cv"),
    (["--target", "one"], 5, "no column explains anything of 'one'", "name another target"),
    (["--l1", "3"], 2, "--l1", ""),
    (["--lr", "0.1"], 2, "--lr", ""),
    (["--plot", "p.svg", "--plot-kind", "validation"], 2, "plot_kind: validation", "give --cv 5, say"),
]


@pytest.mark.parametrize(("flags", "code", "message", "hint"), REFUSED, ids=lambda one: str(one)[:30])
def test_bad_input_is_one_line(
    flags: list[str], code: int, message: str, hint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "t.csv"
    pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "one": np.full(ROWS, 7.3), "y": Y}).write_csv(file)
    assert run(["path", str(file), *flags]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert hint in captured.err
    assert captured.err.count("\n") == 2
    assert not list(tmp_path.glob("*.json"))


def test_formulas_other_losses_and_groups_are_refused(tmp_path: Path, table: Path) -> None:
    spec = tmp_path / "s.yaml"
    for text, option in (
        ("loss: absolute", "loss"),
        ("model: a0*a\nstart: a0=1", "model"),
        ("group_by: who", "group_by"),
    ):
        spec.write_text(f"data: {table}\n{text}\n")
        with pytest.raises(GdsolveError) as caught:
            gdsolve.path(str(spec))
        assert caught.value.exit_code is ExitCode.USAGE
        assert caught.value.option == option
    # What is said of one fit is no fault.
    spec.write_text(f"data: {table}\nridge: 3\nlr: 0.1\nstop: best\ncv: 4\nholdout: 0.2\npoints: 4\n")
    found = gdsolve.path(str(spec))
    assert found.data.rows == ROWS
    with pytest.raises(DataError):
        gdsolve.path(X, np.zeros(ROWS), no_intercept=True)
