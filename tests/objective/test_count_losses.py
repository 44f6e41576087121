"""Gamma, Tweedie, negative binomial and squared hinge, beside statsmodels and scikit-learn."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from in_process import completed
from rank_threads import on_ranks
from scipy.special import expit

import gdsolve
from gdsolve.solve import dispersion
from gdsolve.solve.fit import fit
from gdsolve.spec import Loss
from gdsolve.spec.file import build_spec

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    sm = pytest.importorskip("statsmodels.api")

RNG = np.random.default_rng(3)
M = 160
X = RNG.normal(size=(M, 2))
Z = 0.5 + X @ [0.6, -0.3]
MU = np.exp(Z)
WEIGHT = RNG.integers(1, 4, M).astype(float)
EVENTS = RNG.poisson(MU)
Y = {
    Loss.GAMMA: RNG.gamma(2.0, MU / 2.0),
    Loss.TWEEDIE: np.array([RNG.gamma(1.5 * n, 1.0) if n else 0.0 for n in EVENTS]),
    Loss.NEGATIVE_BINOMIAL: RNG.negative_binomial(2, 2.0 / (2.0 + MU)).astype(float),
    Loss.SQUARED_HINGE: (RNG.uniform(size=M) < expit(2.0 * Z)).astype(float),
}
OWN: dict[Loss, dict[str, float]] = {
    Loss.GAMMA: {},
    Loss.TWEEDIE: {"power": 1.4},
    Loss.NEGATIVE_BINOMIAL: {"dispersion": 0.5},
}
LOG = sm.families.links.Log()
FAMILY = {
    Loss.GAMMA: sm.families.Gamma(LOG),
    Loss.TWEEDIE: sm.families.Tweedie(LOG, var_power=1.4),
    Loss.NEGATIVE_BINOMIAL: sm.families.NegativeBinomial(alpha=0.5),
}
DESIGN = np.column_stack([X, np.ones(M)])


def frame(loss: Loss) -> pl.DataFrame:
    return pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "w": WEIGHT, "y": Y[loss]})


def glm(loss: Loss, cov: str = "nonrobust", **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sm.GLM(Y[loss], DESIGN, family=FAMILY[loss], **options).fit(tol=1e-15, maxiter=500, cov_type=cov)


def weights(found: gdsolve.Fit) -> list[float]:
    assert found.intercept is not None
    return [*found.weights.values(), found.intercept]


def errors(found: gdsolve.Fit) -> list[float | None]:
    assert found.inference is not None
    return [one.standard_error for one in found.inference.estimates]


@pytest.mark.parametrize("kind", ["", "precision", "frequency"])
@pytest.mark.parametrize("loss", FAMILY)
def test_a_report_is_that_of_statsmodels(loss: Loss, kind: str) -> None:
    weighed = {"weight": "w", "weight_kind": kind} if kind else {"ignore": "w"}
    given = {"freq_weights" if kind == "frequency" else "var_weights": WEIGHT} if kind else {}
    found = gdsolve.fit(frame(loss), loss=loss, report=True, **weighed, **OWN[loss])
    wanted = glm(loss, **given)
    assert found.gap == pytest.approx(0.0, abs=1e-14)
    assert weights(found) == pytest.approx(wanted.params.tolist(), rel=1e-8)
    assert errors(found) == pytest.approx(wanted.bse.tolist(), rel=1e-8)
    assert found.inference is not None
    good = found.inference.goodness
    assert good is not None
    dispersed = loss.info.dispersed
    assert found.inference.dispersion == (pytest.approx(wanted.scale, rel=1e-10) if dispersed else None)
    assert (found.inference.statistic, found.inference.degrees_of_freedom) == (
        ("t", wanted.df_resid) if dispersed else ("z", None)
    )
    assert good.log_likelihood == pytest.approx(wanted.llf, rel=1e-12)
    assert (good.deviance, good.null_deviance) == pytest.approx((wanted.deviance, wanted.null_deviance), rel=1e-12)
    # R counts the dispersion as a parameter, and statsmodels does not.
    assert good.aic == pytest.approx(wanted.aic + 2.0 * dispersed, rel=1e-12)
    if dispersed:
        assert good.f is not None
        freedom = wanted.df_resid
        assert good.f.statistic == pytest.approx((wanted.null_deviance - wanted.deviance) / 2 / wanted.scale, rel=1e-9)
        assert (good.f.freedom, good.f.residual_freedom, good.pseudo_r2) == (2, freedom, None)
    else:
        assert good.likelihood_ratio is not None
        assert good.likelihood_ratio.statistic == pytest.approx(2.0 * (wanted.llf - wanted.llnull), rel=1e-10)


@pytest.mark.parametrize("loss", FAMILY)
def test_robust_errors_are_those_of_statsmodels(loss: Loss) -> None:
    found = gdsolve.fit(X, Y[loss], loss=loss, report=True, se="hc0", **OWN[loss])
    assert errors(found) == pytest.approx(glm(loss, "HC0").bse.tolist(), rel=1e-8)
    assert found.inference is not None
    assert (found.inference.statistic, found.inference.goodness is None) == ("z", False)


def test_alpha_is_the_most_likely_one_and_shown_to_its_digits() -> None:
    y = Y[Loss.NEGATIVE_BINOMIAL]
    found = gdsolve.fit(X, y, loss="negative-binomial", report=True)
    start = [*weights(found), 0.5]
    wanted = sm.NegativeBinomial(y, DESIGN).fit(disp=0, method="newton", maxiter=200, start_params=start, tol=1e-14)
    alpha = found.spec.dispersion
    assert alpha == float(f"{alpha:.8g}") == pytest.approx(wanted.params[3], rel=2e-8)
    assert weights(found) == pytest.approx(wanted.params[:3].tolist(), rel=1e-8)
    assert found.inference is not None
    good = found.inference.goodness
    assert good is not None
    assert (good.log_likelihood, good.aic, good.bic) == pytest.approx((wanted.llf, wanted.aic, wanted.bic), rel=1e-12)
    assert good.parameters == 4
    # Given as it is shown, it is the same loss.
    again = gdsolve.fit(X, y, loss="negative-binomial", dispersion=alpha)
    assert (again.weights, again.loss) == (found.weights, found.loss)


def test_alpha_of_a_ridge_fit_and_of_a_curve_is_where_the_likelihood_with_the_penalty_is_largest() -> None:
    y = Y[Loss.NEGATIVE_BINOMIAL]
    found = gdsolve.fit(X, y, loss="negative-binomial", ridge=20.0)
    alpha = found.spec.dispersion
    assert alpha is not None

    def least(at: float) -> float:
        other = gdsolve.fit(X, y, loss="negative-binomial", ridge=20.0, dispersion=at)
        whole = math.fsum(
            math.lgamma(n + 1 / at) - math.lgamma(1 / at) + n * math.log(at) for n in y.astype(int).tolist()
        )
        return other.loss * M - whole

    assert least(alpha) < min(least(0.999 * alpha), least(1.001 * alpha))
    options = {"loss": "negative-binomial", "parameters": {"p": 0.0, "q": 0.1, "r": 0.1}}
    log = gdsolve.fit(X, y, names=["a", "b"], model="p + q*a + r*b", link="log", **options)
    mean = gdsolve.fit(X, y, names=["a", "b"], model="exp(p + q*a + r*b)", **options)
    table = gdsolve.fit(X, y, loss="negative-binomial")
    assert log.spec.dispersion == mean.spec.dispersion == table.spec.dispersion
    assert list(mean.weights.values()) == pytest.approx(list(log.weights.values()), rel=1e-7)
    assert mean.figures.deviance == pytest.approx(table.figures.deviance, rel=1e-12)


def test_alpha_of_more_weights_than_newton_s_method_takes_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispersion, "MOST_WEIGHTS", 2)
    with pytest.raises(
        gdsolve.GdsolveError, match="α is found by Newton's method, and 3 weights are too many"
    ) as caught:
        gdsolve.fit(X, Y[Loss.NEGATIVE_BINOMIAL], loss="negative-binomial")
    assert (str(caught.value.hint), caught.value.option) == ("give dispersion=0.5, say", "dispersion")
    assert gdsolve.fit(X, Y[Loss.NEGATIVE_BINOMIAL], loss="negative-binomial", dispersion=0.5).gap == 0.0


def test_counts_that_vary_no_more_than_poisson_s_are_told(caplog: pytest.LogCaptureFixture) -> None:
    y = np.array([2.0, 2.0, 3.0, 3.0, 2.0, 4.0])
    x = np.arange(6.0)[:, None]
    found = gdsolve.fit(x, y, loss="negative-binomial")
    assert (
        "the counts vary no more than Poisson's: α = 1e-08 stands for 0, and --loss poisson is the same" in caplog.text
    )
    assert found.weights["x"] == pytest.approx(gdsolve.fit(x, y, loss="poisson").weights["x"], rel=1e-6)


def test_penalties_are_those_of_scikit_learn() -> None:
    from sklearn.linear_model import GammaRegressor, PoissonRegressor, TweedieRegressor
    from sklearn.svm import LinearSVC

    strong: dict[str, Any] = {"alpha": 0.3, "tol": 1e-12, "max_iter": 10_000, "solver": "newton-cholesky"}
    for loss, peer, options in (
        ("gamma", GammaRegressor(**strong), {}),
        ("tweedie", TweedieRegressor(power=1.4, link="log", **strong), {"power": 1.4}),
        ("poisson", PoissonRegressor(**strong), {}),
    ):
        y = Y[Loss(loss)] if loss != "poisson" else EVENTS.astype(float)
        peer.fit(X, y)
        found = gdsolve.fit(X, y, loss=loss, ridge=0.3 * M, **options)
        assert weights(found) == pytest.approx([*peer.coef_, peer.intercept_], rel=1e-8)
        assert gdsolve.predict(found, X) == pytest.approx(peer.predict(X), rel=1e-8)
    y = Y[Loss.SQUARED_HINGE]
    peer = LinearSVC(loss="squared_hinge", C=0.5, dual=False, tol=1e-13, max_iter=100_000).fit(X, y)
    found = gdsolve.fit(X, y, loss="squared-hinge", ridge=2.0, penalize_intercept=True)
    assert weights(found) == pytest.approx([*peer.coef_[0], peer.intercept_[0]], rel=3e-7)
    assert gdsolve.predict(found, X).tolist() == peer.predict(X).tolist()
    assert found.figures.accuracy == peer.score(X, y)
    # liblinear stops short of its last digits: our loss, in its terms, is no higher.
    margins = 1.0 - (2.0 * y - 1.0) * (X @ peer.coef_[0] + peer.intercept_[0])
    theirs = (np.maximum(margins, 0.0) ** 2).sum() + (peer.coef_**2).sum() + peer.intercept_[0] ** 2
    assert found.loss * M <= theirs * (1.0 + 1e-15)


@pytest.mark.parametrize("loss", FAMILY)
def test_scores_and_validation_are_mean_deviances(tmp_path: Path, loss: Loss) -> None:
    from sklearn.metrics import d2_tweedie_score, mean_gamma_deviance, mean_tweedie_deviance

    model = gdsolve.fit(X, Y[loss], loss=loss, **OWN[loss])
    found = gdsolve.score(model, X, Y[loss])
    predicted = gdsolve.predict(model, X)
    assert found.mean_deviance == pytest.approx(model.figures.deviance / M, rel=1e-12)
    if loss is Loss.GAMMA:
        assert found.mean_deviance == pytest.approx(mean_gamma_deviance(Y[loss], predicted), rel=1e-12)
    if loss is Loss.TWEEDIE:
        assert found.mean_deviance == pytest.approx(mean_tweedie_deviance(Y[loss], predicted, power=1.4), rel=1e-12)
        assert d2_tweedie_score(Y[loss], predicted, power=1.4) > 0.0
    path = tmp_path / "t.csv"
    frame(loss).drop("w").write_csv(path)
    dealt = gdsolve.fit(path, loss=loss, cv=3, holdout=0.2, **OWN[loss])
    assert dealt.validation is not None and dealt.holdout is not None
    assert dealt.holdout.deviance is not None
    assert 0.2 < dealt.holdout.deviance < 5.0


def test_a_margin_predicts_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f"{a!r},{b!r},{'yes' if y else 'no'}" for (a, b), y in zip(X.tolist(), Y[Loss.SQUARED_HINGE], strict=True)]
    Path("h.csv").write_text("\n".join(["a,b,ok", *rows, ""]))
    done = completed("fit", "h.csv", "--loss", "squared-hinge", "--save", "m.json", "--format", "json")
    fitted = json.loads(done.out)
    z = X @ list(fitted["weights"].values()) + fitted["intercept"]
    told = completed("predict", "m.json", "h.csv", "--only").out.split()[1:]
    assert told == ["yes" if one > 0 else "no" for one in z]
    assert gdsolve.predict("m.json", X, names=["a", "b"]).tolist() == told
    score = json.loads(completed("score", "m.json", "h.csv", "--format", "json").out)
    assert score["accuracy"] == fitted["accuracy"] == np.mean((z > 0) == (Y[Loss.SQUARED_HINGE] > 0.5))
    assert (score["log_loss"], score["brier"]) == (None, None)
    from sklearn.metrics import roc_auc_score

    assert score["auc"] == pytest.approx(roc_auc_score(Y[Loss.SQUARED_HINGE], z), rel=1e-12)
    assert "Brier" not in completed("score", "m.json", "h.csv").out


def test_separated_classes_have_a_least_squared_hinge_of_zero() -> None:
    found = gdsolve.fit(np.arange(6.0)[:, None], np.array([0.0, 0, 0, 1, 1, 1]), loss="squared-hinge")
    assert (found.status.value, found.loss) == ("converged", pytest.approx(0.0, abs=1e-20))


@pytest.mark.parametrize("loss", ["tweedie", "negative-binomial"])
def test_rows_of_zeros_that_run_away_are_told(loss: str) -> None:
    x, y = np.array([0.0, 0, 0, 1, 1, 1])[:, None], np.array([1.0, 3, 9, 0, 0, 0])
    found = gdsolve.fit(x, y, loss=loss, max_iter=60)
    what = "zero counts" if loss != "tweedie" else "zeros"
    assert f"x alone marks rows of {what} only" in found.message
    none = gdsolve.fit(x, np.zeros(6), loss=loss, max_iter=60)
    assert (none.status.value, "in all rows y is 0" in none.message) == ("diverged", True)


@pytest.mark.parametrize(
    ("loss", "cell", "said"),
    [
        ("gamma", "0", "the target '0' is not above 0"),
        ("gamma", "-1", "the target '-1' is not above 0"),
        ("tweedie", "-0.5", "the target '-0.5' is negative"),
        ("negative-binomial", "-2", "the target '-2' is negative"),
        ("squared-hinge", "2", "the target '2' is neither 0 nor 1"),
    ],
)
def test_targets_that_are_refused_name_their_row(tmp_path: Path, loss: str, cell: str, said: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"x,y\n1,1\n2,{cell}\n3,1\n")
    done = completed("fit", str(path), "--loss", loss)
    assert (done.code, f"t.csv: row 2 (line 3), column 'y': {said}" in done.err) == (5, True)


@pytest.mark.parametrize("loss", [*FAMILY, Loss.SQUARED_HINGE])
def test_ranks_and_float32_give_the_same_fit(tmp_path: Path, loss: Loss) -> None:
    path = tmp_path / "t.csv"
    frame(loss).write_csv(path)
    own = {} if loss is Loss.NEGATIVE_BINOMIAL else OWN.get(loss, {})
    spec = build_spec([str(path)], {"loss": loss, "weight": "w", **own}, "fit")
    alone = fit(spec)
    for one in on_ranks(2, lambda ranks: fit(spec, ranks=ranks)):
        assert weights(one) == pytest.approx(weights(alone), rel=1e-9)
        if loss is Loss.NEGATIVE_BINOMIAL:
            assert one.spec.dispersion == pytest.approx(alone.spec.dispersion, rel=1e-8)
    short = gdsolve.fit(path, loss=loss, weight="w", dtype="float32", **own)
    assert weights(short) == pytest.approx(weights(alone), rel=1e-4)
    lasso = gdsolve.fit(path, loss=loss, weight="w", l1=3.0, **OWN.get(loss, {}))
    assert lasso.duality_gap == pytest.approx(0.0, abs=1e-10)
