"""--loss softmax beside scikit-learn and statsmodels: weights, errors, probabilities, separation, and every verb."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, confusion_matrix, log_loss, roc_auc_score

import gdsolve
from gdsolve.cli.main import run
from gdsolve.objective.softmax import Softmax
from gdsolve.report.record import fit_record
from gdsolve.status import Status

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import statsmodels.api as sm

IRIS = load_iris(as_frame=True).frame.set_axis(["sl", "sw", "pl", "pw", "species"], axis=1)
IRIS["species"] = np.array(["setosa", "versicolor", "virginica"])[IRIS["species"]]
WINE = load_wine(as_frame=True).frame[["alcohol", "ash", "magnesium", "proline", "target"]]
FEATURES = ["alcohol", "ash", "magnesium", "proline"]
WEIGHT = np.random.default_rng(3).uniform(0.5, 2.0, len(WINE))


def matrix(fit: gdsolve.Fit) -> np.ndarray:
    """The weights, (C, p), the intercept of each class last."""
    assert fit.data is not None and fit.data.classes is not None
    return np.array(list(fit.weights.values())).reshape(len(fit.data.classes.names), -1)


def peer(frame: pd.DataFrame, target: str, **options: Any) -> LogisticRegression:
    """scikit-learn's fit, to its last digits."""
    weight = options.pop("sample_weight", None)
    found = LogisticRegression(solver="newton-cholesky", tol=1e-13, max_iter=1000, **options)
    return found.fit(frame.drop(columns=target).to_numpy(), frame[target], sample_weight=weight)


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    IRIS.to_csv("iris.csv", index=False)
    WINE.to_csv("wine.csv", index=False)
    return tmp_path


def test_loss_and_slope_are_those_of_autograd_and_keep_digits_where_a_row_is_all_but_sure() -> None:
    rng = np.random.default_rng(1)
    z = torch.tensor(rng.normal(size=(50, 4)) * 3.0, dtype=torch.float64, requires_grad=True)
    y = torch.tensor(rng.integers(0, 4, (50, 1)))
    losses, slopes = Softmax(4).loss_and_slope(z.detach(), y)
    expected = torch.nn.functional.cross_entropy(z, y[:, 0], reduction="none")
    torch.testing.assert_close(losses[:, 0], expected.detach())
    expected.sum().backward()
    torch.testing.assert_close(slopes, z.grad)
    sure, own = torch.tensor([[40.0, 0.0, -5.0]], dtype=torch.float64), torch.tensor([[0]])
    loss, slope = Softmax(3).loss_and_slope(sure, own)
    exact = np.log1p(np.exp(-40.0) + np.exp(-45.0))
    assert float(loss) == pytest.approx(exact, rel=1e-14)
    assert float(slope[0, 0]) == pytest.approx(-exact, rel=1e-14)


@pytest.mark.parametrize("weighted", [False, True])
def test_hessian_and_gradient_are_those_of_autograd(weighted: bool) -> None:
    from gdsolve.solve.pose import pose
    from gdsolve.spec.file import build_spec

    frame = WINE.assign(w=WEIGHT)
    rows = tuple(map(tuple, frame[[*FEATURES, "w"]].to_numpy().tolist()))
    options: dict[str, Any] = {"X": rows, "y": tuple(map(float, frame["target"])), "loss": "softmax", "ridge": 2.0}
    options |= {"weight": "x5"} if weighted else {"features": "x1,x2,x3,x4"}
    objective: Any = pose(build_spec((), options, "fit")).objective
    w = torch.tensor(np.random.default_rng(2).normal(size=(15, 1)))
    design, target, penalty = objective.design, objective.target[:, 0], objective.penalty.rows

    def value(w: torch.Tensor) -> torch.Tensor:
        weights = w.reshape(3, 5).mT
        losses = torch.nn.functional.cross_entropy(design @ weights, target, reduction="none")
        losses = losses if objective.weight is None else losses * objective.weight[:, 0]
        return (losses.sum() + 0.5 * (penalty @ weights).square().sum()) / objective.total_weight

    now = objective.evaluate(w)
    torch.testing.assert_close(now.value, value(w))
    torch.testing.assert_close(now.gradient, torch.autograd.functional.jacobian(value, w))
    hessian = torch.autograd.functional.hessian(value, w).reshape(15, 15)
    torch.testing.assert_close(objective.hessian(w), hessian)
    # Böhning: nowhere more than half of the squares.
    for size in (0.0, 0.3, 3.0):
        assert float(torch.linalg.eigvalsh(objective.hessian(size * w))[-1]) <= objective.curvature_bound() + 1e-12


@pytest.mark.parametrize("strength", [0.1, 1.0, 20.0])
def test_weights_with_a_ridge_penalty_are_those_of_scikit_learn(strength: float) -> None:
    found = gdsolve.fit(IRIS, "species", loss="softmax", ridge=strength)
    other = peer(IRIS, "species", C=1.0 / strength)
    expected = np.hstack([other.coef_, (other.intercept_ - other.intercept_.mean())[:, None]])
    assert found.status is Status.CONVERGED
    np.testing.assert_allclose(matrix(found), expected, rtol=1e-8, atol=1e-9)
    # The penalty itself makes the weights sum to zero.
    np.testing.assert_allclose(matrix(found).sum(axis=0), 0.0, atol=1e-9)
    shares = gdsolve.predict(found, IRIS)
    np.testing.assert_allclose(shares, other.predict_proba(IRIS.drop(columns="species").to_numpy()), rtol=1e-7)


@pytest.mark.parametrize("weighted", [False, True])
def test_weights_without_a_penalty_sum_to_zero_and_are_those_of_scikit_learn(weighted: bool) -> None:
    frame = WINE.assign(w=WEIGHT)
    options = {"weight": "w"} if weighted else {"ignore": "w"}
    found = gdsolve.fit(frame, "target", loss="softmax", **options)
    other = peer(WINE, "target", C=np.inf, sample_weight=WEIGHT if weighted else None)
    expected = np.hstack([other.coef_, other.intercept_[:, None]])
    expected -= expected.mean(axis=0)
    np.testing.assert_allclose(matrix(found), expected, rtol=1e-8)
    np.testing.assert_allclose(matrix(found).sum(axis=0), 0.0, atol=1e-12)
    assert found.optimum is not None and found.optimum.unique
    assert found.spectrum is not None and found.spectrum.rank == 10


def multinomial() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = sm.MNLogit(WINE["target"], sm.add_constant(WINE[FEATURES]))
        return model.fit(method="newton", maxiter=60, disp=0, tol=1e-14)


def test_report_against_a_reference_class_is_that_of_statsmodels() -> None:
    found, other = gdsolve.fit(WINE, "target", loss="softmax", report=True), multinomial()
    assert found.errors is not None and found.errors.contrasts is not None
    contrasts = found.errors.contrasts
    assert contrasts.reference == "0"
    told = {one.name: one for one in contrasts.estimates}
    for place, name in enumerate(("1", "2")):
        for column in ("const", *FEATURES):
            one = told[f"{'intercept' if column == 'const' else column}[{name}]"]
            assert one.value == pytest.approx(other.params.loc[column, place], rel=1e-8)
            assert one.standard_error == pytest.approx(other.bse.loc[column, place], rel=1e-8)
            assert one.p_value == pytest.approx(other.pvalues.loc[column, place], rel=1e-6)
    good = found.errors.goodness
    assert good is not None and good.likelihood_ratio is not None
    assert good.log_likelihood == pytest.approx(other.llf, rel=1e-10)
    assert good.pseudo_r2 == pytest.approx(other.prsquared, rel=1e-8)
    assert (good.aic, good.bic) == (pytest.approx(other.aic, rel=1e-9), pytest.approx(other.bic, rel=1e-9))
    assert good.likelihood_ratio.statistic == pytest.approx(other.llr, rel=1e-8)
    assert good.likelihood_ratio.freedom == other.df_model


def test_errors_of_weights_that_sum_to_zero_are_those_of_their_contrasts() -> None:
    found, other = gdsolve.fit(WINE, "target", loss="softmax", report=True), multinomial()
    # w_c − mean of all, from weights less those of class 0, as statsmodels has them, class by class.
    centring = np.eye(3)[:, 1:] - 1.0 / 3.0
    covariance = np.kron(centring, np.eye(5)) @ other.cov_params().to_numpy() @ np.kron(centring, np.eye(5)).T
    expected = np.sqrt(covariance.diagonal()).reshape(3, 5)
    expected = np.hstack([expected[:, 1:], expected[:, :1]])
    assert found.errors is not None
    errors = np.array([one.standard_error for one in found.errors.estimates]).reshape(3, 5)
    np.testing.assert_allclose(errors, expected, rtol=1e-8)


def test_robust_errors_against_a_reference_class_are_those_of_statsmodels() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = sm.MNLogit(WINE["target"], sm.add_constant(WINE[FEATURES]))
        other = model.fit(method="newton", maxiter=60, disp=0, tol=1e-14, cov_type="HC0")
    found = gdsolve.fit(WINE, "target", loss="softmax", report=True, se="hc0", reference="2")
    plain = gdsolve.fit(WINE, "target", loss="softmax", report=True, se="hc0")
    assert plain.errors is not None and plain.errors.contrasts is not None
    told = {one.name: one.standard_error for one in plain.errors.contrasts.estimates}
    assert told["ash[1]"] == pytest.approx(other.bse.loc["ash", 0], rel=1e-7)
    assert told["intercept[2]"] == pytest.approx(other.bse.loc["const", 1], rel=1e-7)
    assert found.errors is not None and found.errors.contrasts is not None
    one = next(one for one in found.errors.contrasts.estimates if one.name == "ash[0]")
    assert one.value == pytest.approx(-other.params.loc["ash", 1], rel=1e-8)
    assert one.standard_error == pytest.approx(other.bse.loc["ash", 1], rel=1e-7)


def test_two_classes_are_those_of_logistic() -> None:
    frame = WINE.assign(target=(WINE["target"] == 1).astype(int))
    two, one = (gdsolve.fit(frame, "target", loss=loss) for loss in ("softmax", "logistic"))
    weights = matrix(two)
    np.testing.assert_allclose(weights[1, :4] - weights[0, :4], list(one.weights.values()), rtol=1e-8)
    assert weights[1, 4] - weights[0, 4] == pytest.approx(one.intercept, rel=1e-8)
    assert two.figures.auc == pytest.approx(one.figures.auc)
    assert two.figures.confusion == one.figures.confusion


def test_figures_of_a_fit_are_those_of_scikit_learn() -> None:
    found = gdsolve.fit(IRIS, "species", loss="softmax", ridge=1.0)
    shares, told = gdsolve.predict(found, IRIS), gdsolve.predict(found, IRIS, class_=True)
    assert list(told.columns) == [f"probability_{name}" for name in ("setosa", "versicolor", "virginica")] + ["class"]
    figures, y = found.figures, IRIS["species"]
    assert figures.auc == pytest.approx(roc_auc_score(y, shares, multi_class="ovr"))
    assert figures.log_loss == pytest.approx(log_loss(y, shares))
    assert np.array(figures.confusion).tolist() == confusion_matrix(y, told["class"].to_list()).tolist()
    scored = gdsolve.score(found, IRIS)
    assert scored.auc == pytest.approx(figures.auc)
    assert scored.confusion == figures.confusion
    assert scored.brier == pytest.approx(brier_score_loss(y, shares))
    assert scored.accuracy == pytest.approx(figures.accuracy)


@pytest.mark.parametrize("method", ["gd", "momentum", "nesterov", "bb", "lbfgs", "newton"])
def test_every_method_ends_at_the_same_minimum(method: str) -> None:
    best = gdsolve.fit(IRIS, "species", loss="softmax", ridge=5.0)
    found = gdsolve.fit(IRIS, "species", loss="softmax", ridge=5.0, method=method, max_iter=4000)
    assert found.status is Status.CONVERGED, found.message
    np.testing.assert_allclose(matrix(found), matrix(best), rtol=1e-6, atol=1e-7)
    assert found.gap == pytest.approx(0.0, abs=1e-13)


def test_a_random_start_is_shown_as_weights_that_sum_to_zero() -> None:
    best = gdsolve.fit(WINE, "target", loss="softmax")
    found = gdsolve.fit(WINE, "target", loss="softmax", init="random", seed=4)
    np.testing.assert_allclose(matrix(found), matrix(best), rtol=1e-7)
    np.testing.assert_allclose(found.trace.weights.reshape(3, 5, -1).sum(dim=0), 0.0, atol=1e-9)


def test_the_largest_stable_rate_is_that_of_half_the_squares() -> None:
    columns = WINE[FEATURES].to_numpy()
    columns = np.column_stack([(columns - columns.mean(axis=0)) / columns.std(axis=0), np.ones(len(columns))])
    bound = 0.5 * np.linalg.eigvalsh(columns.T @ columns / len(columns))[-1]
    told = gdsolve.check(WINE, target="target", loss="softmax").diagnosis
    assert told is not None
    assert told.standardised.spectrum.largest_stable == pytest.approx(2.0 / bound, rel=1e-6)
    calm = gdsolve.fit(WINE, "target", loss="softmax", lr=1.9 / bound, scale="standard", max_iter=50)
    assert calm.loss < calm.trace.values[0]


def test_separated_classes_are_told_by_the_column_that_does_it(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fit", "iris.csv", "--loss", "softmax", "--format", "json"]) == 4
    found = json.loads(capsys.readouterr().out)
    assert found["stopped_by"] == "separated"
    assert "pl alone separates setosa from the others (species is not setosa wherever pl ≥ 3" in found["message"]
    assert any("--ridge 1" in one for one in found["advice"])
    assert run(["fit", "iris.csv", "--loss", "softmax", "--features", "sl,sw"]) == 4
    assert "a combination of columns separates setosa from the others (sl, sw)" in _folded(capsys)
    table = "x,y\n" + "".join(f"{place % 7},{'ab'[place % 2]}\n" for place in range(40)) + ",c\n"
    Path("gone.csv").write_text(table)
    assert run(["fit", "gone.csv", "--loss", "softmax", "--na", "drop"]) == 0
    capsys.readouterr()


def _folded(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_a_class_whose_rows_all_weigh_nothing_is_told(tmp_path: Path) -> None:
    frame = WINE.assign(w=(WINE["target"] < 2).astype(float), target=WINE["target"].map({0: "a", 1: "b", 2: "c"}))
    found = gdsolve.fit(frame, "target", loss="softmax", weight="w", features=["ash", "magnesium"])
    assert (found.status, found.stopped_by) == (Status.DIVERGED, "separated")
    assert "target is c in no row" in found.message


def test_three_classes_in_one_line_are_separated_by_a_direction() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1.0, 1.0, (90, 2))
    y = np.digitize(x[:, 0] + x[:, 1], [-0.4, 0.4])
    found = gdsolve.fit(x, y, loss="softmax")
    assert (found.status, found.stopped_by) == (Status.DIVERGED, "separated")
    assert "a combination of columns separates" in found.message


def test_collinear_columns_are_told_as_not_the_only_minimum() -> None:
    frame = WINE.assign(twice=2.0 * WINE["ash"])
    found = gdsolve.fit(frame, "target", loss="softmax")
    assert found.optimum is not None and not found.optimum.unique
    assert found.spectrum is not None and found.spectrum.rank == 10


def test_l1_and_its_path_have_the_weights_of_scikit_learn() -> None:
    scaled = WINE.copy()
    scaled[FEATURES] = (scaled[FEATURES] - scaled[FEATURES].mean()) / scaled[FEATURES].std(ddof=0)
    found = gdsolve.fit(scaled, "target", loss="softmax", l1=5.0)
    other = LogisticRegression(solver="saga", l1_ratio=1.0, C=0.2, tol=1e-12, max_iter=20000)
    other.fit(scaled[FEATURES].to_numpy(), scaled["target"])
    np.testing.assert_allclose(matrix(found)[:, :4], other.coef_, atol=2e-7)
    assert found.nonzero == int((other.coef_ != 0.0).sum())
    assert found.duality_gap == pytest.approx(0.0, abs=1e-12)
    path = gdsolve.path(scaled, "target", loss="softmax", points=4)
    first = path.weights[0].reshape(3, 5)
    assert np.abs(first[:, :4]).max() == 0.0
    assert path.nonzero[0] == 0
    last = gdsolve.fit(scaled, "target", loss="softmax", l1=float(path.l1[-1]))
    np.testing.assert_allclose(path.weights[-1], list(last.weights.values()), rtol=1e-5, atol=1e-6)


def test_labels_are_texts_numbers_and_truths() -> None:
    x = WINE[["ash", "magnesium"]].to_numpy()
    whole = gdsolve.fit(x, 10 * WINE["target"].to_numpy() - 5, loss="softmax")
    assert whole.data is not None and whole.data.classes is not None
    assert whole.data.classes.names == ("-5", "5", "15")
    told = gdsolve.predict(whole, x, class_=True)["class"]
    assert set(told) <= {"-5", "5", "15"}
    assert gdsolve.score(whole, x, 10 * WINE["target"].to_numpy() - 5).log_loss == pytest.approx(whole.figures.log_loss)
    text = gdsolve.fit(x, np.array(["c", "a", "b"])[WINE["target"]], loss="softmax")
    np.testing.assert_allclose(matrix(text)[[2, 0, 1]], matrix(whole), rtol=1e-9)
    truth = gdsolve.fit(x, WINE["target"].to_numpy() == 1, loss="softmax")
    assert truth.data is not None and truth.data.classes is not None
    assert truth.data.classes.names == ("0", "1")


FAULTS = {
    ("x,y\n1,1.5\n2,2\n3,3\n",): (
        5,
        "row 1 (line 2), column 'y': the target '1.5' is no whole number below 16,777,216",
    ),
    ("x,y\n1,4\n2,4\n3,4\n",): (5, "column 'y', the target (the column y), has the class 4 alone"),
    ("x,y\n1,a\n2,a\n3,a\n",): (5, "column 'y', the target (the column y), has the class a alone"),
    ("x,y\n1,a\n2,b\n3,c\n4,b\n", "--reference", "d", "--report"): (
        2,
        "'d' is no class of column 'y'; its classes are a, b, c",
    ),
    ("x,y\n1,a\n2,b\n3,c\n4,b\n", "--class-weight", "d=2"): (
        2,
        "'d' is no class of column 'y'; its classes are a, b, c",
    ),
    ("x,y\n1,a\n2,b\n3,c\n4,b\n", "--class-weight", "a=0"): (2, "the weight of a is 0, and not above 0"),
    ("x,y\n1,a\n2,b\n3,c\n4,b\n", "--class-weight", "often"): (2, "'often' is neither balanced nor NAME=NUMBER"),
    ("x,y\n1,a\n2,b\n3,c\n4,b\n", "--class-weight", "a=1,a=2"): (2, "a is given twice"),
    ("x,y\n1,a\n2,b\n3,c\n4,b\n", "--model", "a*x", "--start", "a=1"): (
        2,
        "softmax is for a table: a row has one value a class",
    ),
}


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case[0][4:16].encode().hex() + "".join(case[1:3]))
def test_what_cannot_be_fitted_is_told_in_one_line(
    case: tuple[str, ...], tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("t.csv").write_text(case[0])
    code, words = FAULTS[case]
    assert run(["fit", "t.csv", "--loss", "softmax", *case[1:]]) == code
    told = capsys.readouterr().err
    assert words in told
    assert "Traceback" not in told and told.count("\n") <= 2


def test_a_model_goes_from_file_to_predictions_scores_and_starts(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit = ["fit", "iris.csv", "--loss", "softmax", "--ridge", "1", "--quiet"]
    assert run([*fit, "--save", "m.json", "--format", "json"]) == 0
    model = json.loads(capsys.readouterr().out)
    assert list(model["weights_by_class"]) == model["classes"] == ["setosa", "versicolor", "virginica"]
    assert model["weights_by_class"]["setosa"]["weights"]["pl"] == model["weights"]["pl[setosa]"]
    assert run(["predict", "m.json", "iris.csv", "--class", "--only"]) == 0
    lines = capsys.readouterr().out.split()
    assert lines[0] == "probability_setosa,probability_versicolor,probability_virginica,class"
    assert lines[1].endswith(",setosa")
    assert sum(map(float, lines[1].split(",")[:3])) == pytest.approx(1.0)
    assert run(["score", "m.json", "iris.csv", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["confusion"] == model["confusion"]
    assert run([*fit, "--init", "m.json", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["iterations"] <= 2
    assert run(["predict", "m.json", "iris.csv", "--interval", "0.9"]) == 2
    assert "these have none of that" in capsys.readouterr().err
    assert run(["certify", "iris.csv", "--loss", "softmax", "--ridge", "1", "--weights", "m.json"]) == 0
    capsys.readouterr()
    assert run(["fit", "wine.csv", "--loss", "softmax", "--init", "m.json"]) == 2
    assert "m.json: its classes are not 0, 1, 2" in capsys.readouterr().err


def test_weights_of_scikit_learn_are_certified(tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = peer(IRIS, "species", C=1.0)
    plain = {"coef_": other.coef_.tolist(), "intercept_": (other.intercept_ + 5.0).tolist()}
    Path("w.json").write_text(json.dumps(plain | {"feature_names_in_": ["sl", "sw", "pl", "pw"]}))
    assert run(["certify", "iris.csv", "--ridge", "1", "--weights", "w.json", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["digits"] > 8
    assert found["gap"] == pytest.approx(0.0, abs=1e-15)


def test_a_missing_cell_has_no_probability_and_a_class_that_is_new_is_told(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["fit", "iris.csv", "--loss", "softmax", "--ridge", "1", "--quiet", "--save", "m.json"])
    Path("new.csv").write_text("sl,sw,pl,pw,species\n5,3,,1,setosa\n5,3,1,1,rosa\n")
    capsys.readouterr()
    assert run(["predict", "m.json", "new.csv", "--class", "--only"]) == 0
    assert capsys.readouterr().out.split()[1] == ",,,"
    assert run(["score", "m.json", "new.csv", "--na", "drop"]) == 5
    assert "column 'species': 'rosa' is no class of the model" in capsys.readouterr().err


def test_validation_scores_the_rows_that_a_fit_has_not_seen() -> None:
    found = gdsolve.fit(WINE, "target", loss="softmax", cv=4, holdout=0.2, seed=1)
    assert found.validation is not None and found.holdout is not None
    left = gdsolve.held_out(len(WINE), 0.2, seed=1)
    rest, aside = WINE[~left], WINE[left]
    other = peer(rest, "target", C=np.inf)
    shares = other.predict_proba(aside[FEATURES].to_numpy())
    assert found.holdout.deviance == pytest.approx(2.0 * log_loss(aside["target"], shares), rel=1e-6)
    assert found.holdout.accuracy == pytest.approx(other.score(aside[FEATURES].to_numpy(), aside["target"]))
    assert found.validation.score == "deviance"
    assert all(score is not None for score in found.validation.scores)


def test_the_table_shows_classes_side_by_side_and_the_confusion_matrix(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["fit", "iris.csv", "--loss", "softmax", "--ridge", "1"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 40
    assert any(line.split() == ["parameter", "setosa", "versicolor", "virginica"] for line in lines)
    assert "classes         setosa, versicolor, virginica" in lines
    assert any(line.startswith("accuracy 0.97333333, log loss") and "AUC 0.998" in line for line in lines)
    assert any(line.split() == ["versicolor", "0", "47", "3"] for line in lines)


def test_float32_and_yaml_give_the_same_minimum(tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("p.yaml").write_text("data: iris.csv\nloss: softmax\nridge: 1\nclass_weight: [setosa=2]\ndtype: float32\n")
    assert run(["fit", "p.yaml", "--format", "json", "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)["weights"]
    best = gdsolve.fit(IRIS, "species", loss="softmax", ridge=1, class_weight={"setosa": 2})
    assert list(found.values()) == pytest.approx(list(best.weights.values()), rel=1e-3, abs=1e-4)


def test_the_model_says_why_it_has_no_covariance() -> None:
    options: dict[str, Any] = {"features": "bill_length_mm,bill_depth_mm", "loss": "softmax", "na": "drop"}
    found = gdsolve.fit("penguins", target="species", **options)
    assert fit_record(found)["covariance"]["reason"] == "the covariance of weights of several classes is not saved"
