"""docs/design.md, "The same in R, scikit-learn and glmnet": every row is tried, and no row stands there untried."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from pages import text_of
from sklearn.linear_model import (
    ElasticNet,
    GammaRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    TweedieRegressor,
)
from sklearn.svm import LinearSVC

import gdsolve

DRAW = np.random.default_rng(11)
ROWS = 60
X = DRAW.normal(size=(ROWS, 3)) * [1.0, 5.0, 0.2] + [0.0, 2.0, 1.0]
Y = X @ [1.0, -0.3, 4.0] + 2.0 + DRAW.normal(size=ROWS)
CLASSES = (np.median(Y) < Y).astype(float)
# Not separated.
CLASSES[:6] = 1.0 - CLASSES[:6]
COUNTS = DRAW.poisson(np.exp(0.3 * X[:, 0] + 0.5)).astype(float)
POSITIVE = np.exp(0.3 * Y / Y.std() + 0.2 * DRAW.normal(size=ROWS))
W = DRAW.integers(1, 4, ROWS).astype(float)
DESIGN = np.column_stack([X, np.ones(ROWS)])
EXACT: dict[str, Any] = {"tol": 1e-14, "max_iter": 200_000}
NEWTON: dict[str, Any] = {"solver": "newton-cholesky", "tol": 1e-13, "max_iter": 1000}
A, R, C = 0.7, 0.4, 0.5


def same(found: Any, weights: Any, intercept: float | None = None, rel: float = 1e-7) -> None:
    assert list(found.weights.values()) == pytest.approx(list(np.ravel(weights)), rel=rel, abs=rel)
    if intercept is not None:
        assert found.intercept == pytest.approx(float(np.ravel(intercept)[0]), rel=rel, abs=rel)


def fitted(y: np.ndarray, weight: np.ndarray | None = None, **options: Any) -> Any:
    """A fit of a target on the columns, with a column of weights beside them or without."""
    table = {"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "y": y}
    if weight is None:
        return gdsolve.fit(table, target="y", **options)
    return gdsolve.fit(table | {"w": weight}, target="y", weight="w", **options)


def peer(model: Any, y: np.ndarray, weight: np.ndarray | None = None, **options: Any) -> None:
    """The weights of scikit-learn's model are those of a fit with these options."""
    model.fit(X, y, sample_weight=weight)
    same(fitted(y, weight, **options), model.coef_, model.intercept_)


def spreads(weight: np.ndarray) -> np.ndarray:
    """The standard deviations of the columns, 1/m within."""
    means = np.average(X, axis=0, weights=weight)
    return np.sqrt(np.average((X - means) ** 2, axis=0, weights=weight))


def lasso() -> None:
    peer(Lasso(alpha=A, **EXACT), Y, l1=ROWS * A)
    peer(Lasso(alpha=A, **EXACT), Y, W, l1=W.sum() * A)


def elastic() -> None:
    for weight, m in ((None, ROWS), (W, W.sum())):
        peer(ElasticNet(alpha=A, l1_ratio=R, **EXACT), Y, weight, l1=m * A * R, ridge=m * A * (1 - R))


def ridge() -> None:
    peer(Ridge(alpha=A, solver="svd"), Y, ridge=A)
    peer(Ridge(alpha=A, solver="svd"), Y, W, ridge=A)


def logistic_ridge() -> None:
    for weight in (None, W):
        peer(LogisticRegression(C=C, **NEWTON), CLASSES, weight, loss="logistic", ridge=1 / C)


def logistic_lasso() -> None:
    model = LogisticRegression(C=C, l1_ratio=1.0, solver="liblinear", intercept_scaling=1e4, tol=1e-12, max_iter=10_000)
    # Liblinear penalises the intercept: that of a column of 1e4, which it hardly feels.
    model.fit(X, CLASSES)
    same(fitted(CLASSES, loss="logistic", l1=1 / C), model.coef_, rel=2e-3)


def likelihoods() -> None:
    for weight, m in ((None, ROWS), (W, W.sum())):
        peer(PoissonRegressor(alpha=A, **NEWTON), COUNTS, weight, loss="poisson", ridge=m * A)
        peer(GammaRegressor(alpha=A, **NEWTON), POSITIVE, weight, loss="gamma", ridge=m * A)
        tweedie = TweedieRegressor(power=1.5, link="log", alpha=A, **NEWTON)
        peer(tweedie, POSITIVE, weight, loss="tweedie", power=1.5, ridge=m * A)


def hinge() -> None:
    model = LinearSVC(C=C, dual=False, tol=1e-12, max_iter=100_000).fit(X, CLASSES)
    found = fitted(CLASSES, loss="squared-hinge", ridge=1 / C, penalize_intercept=True)
    same(found, model.coef_, model.intercept_, rel=1e-5)


def lm_ridge() -> None:
    """As the source of `lm.ridge` has it: the SVD of centred columns over their spreads, d/(d² + λ)."""
    scale = spreads(np.ones(ROWS))
    u, d, v = np.linalg.svd((X - X.mean(axis=0)) / scale, full_matrices=False)
    weights = v.T @ (d / (d**2 + A) * (u.T @ (Y - Y.mean()))) / scale
    found = fitted(Y, ridge=A, penalty_scale="standard")
    same(found, weights, Y.mean() - X.mean(axis=0) @ weights)


def glmnet(standardize: bool, weighted: bool = False) -> None:
    """1/(2m)·Σω(y/s_y − zβ)² + λ/s_y·(α‖β‖₁ + (1 − α)/2·‖β‖²), as glmnet's own article has it."""
    weight = W if weighted else np.ones(ROWS)
    m, scale = weight.sum(), spreads(weight) if standardize else np.ones(3)
    spread = float(np.sqrt(np.average((Y - np.average(Y, weights=weight)) ** 2, weights=weight)))
    model = ElasticNet(alpha=A / spread, l1_ratio=R, **EXACT).fit(X / scale, Y / spread, sample_weight=weight)
    options: dict[str, Any] = {"penalty_scale": "standard"} if standardize else {}
    found = fitted(Y, W if weighted else None, l1=m * A * R, ridge=m * A * (1 - R) / spread, **options)
    same(found, spread * model.coef_ / scale)


def glmnet_likelihoods() -> None:
    """1/m·Σ −ℓ(y, β₀ + zβ) + λ·(α‖β‖₁ + (1 − α)/2·‖β‖²): the ridge alone, which has a peer of full precision."""
    scale = spreads(np.ones(ROWS))
    options: dict[str, Any] = {"ridge": ROWS * A, "penalty_scale": "standard"}
    classes = LogisticRegression(C=1 / (ROWS * A), **NEWTON).fit(X / scale, CLASSES)
    same(fitted(CLASSES, loss="logistic", **options), classes.coef_ / scale, classes.intercept_)
    counts = PoissonRegressor(alpha=A, **NEWTON).fit(X / scale, COUNTS)
    same(fitted(COUNTS, loss="poisson", **options), counts.coef_ / scale, counts.intercept_)


def errors(model: Any, found: Any) -> None:
    same(found, model.params[:3], model.params[3])
    told = [*found.standard_errors.values()]
    assert told == pytest.approx(list(model.bse), rel=1e-6)


def of_lm() -> None:
    for factor in (1.0, 10.0):
        errors(sm.WLS(Y, DESIGN, weights=factor * W).fit(), fitted(Y, factor * W))


def of_glm() -> None:
    for factor in (1.0, 10.0):
        found = fitted(COUNTS, factor * W, loss="poisson")
        for name in ("var_weights", "freq_weights"):
            family = sm.families.Poisson()
            errors(sm.GLM(COUNTS, DESIGN, family=family, **{name: factor * W}).fit(tol=1e-14), found)


def repeated() -> None:
    times = W.astype(int)
    errors(
        sm.OLS(np.repeat(Y, times), np.repeat(DESIGN, times, axis=0)).fit(),
        fitted(Y, W, weight_kind="frequency"),
    )


def sample_weight() -> None:
    peer(LinearRegression(), Y, W)


GLMNET = "--l1 m·a·r --ridge m·a·(1−r)"
ROWS_OF_THE_PAGE: dict[tuple[str, str], Callable[[], None]] = {
    ("scikit-learn `Ridge(alpha=a)`", "`--ridge a`"): ridge,
    ("scikit-learn `Lasso(alpha=a)`", "`--l1 m·a`"): lasso,
    ("scikit-learn `ElasticNet(alpha=a, l1_ratio=r)`", f"`{GLMNET}`"): elastic,
    ("scikit-learn `LogisticRegression(C=C)`", "`--loss logistic --ridge 1/C`"): logistic_ridge,
    ("scikit-learn `LogisticRegression(C=C, l1_ratio=1)`", "`--loss logistic --l1 1/C`"): logistic_lasso,
    (
        "scikit-learn `PoissonRegressor(alpha=a)`, `GammaRegressor`, `TweedieRegressor`",
        "`--loss poisson --ridge m·a`",
    ): likelihoods,
    ("scikit-learn `LinearSVC(C=C)`", "`--loss squared-hinge --ridge 1/C --penalize-intercept`"): hinge,
    ("R `MASS::lm.ridge(lambda=a)`", "`--ridge a --penalty-scale standard`"): lm_ridge,
    (
        "R `glmnet(lambda=a, alpha=r)`, gaussian",
        f"`{GLMNET}/s_y --penalty-scale standard`",
    ): lambda: glmnet(standardize=True),
    (
        "R `glmnet(lambda=a, alpha=r)`, binomial and poisson",
        f"`{GLMNET} --penalty-scale standard`",
    ): glmnet_likelihoods,
    (
        "R `glmnet(lambda=a, alpha=r, standardize=FALSE)`, gaussian",
        f"`{GLMNET}/s_y`",
    ): lambda: glmnet(standardize=False),
    ("R `lm(weights=w)`, statsmodels `WLS(weights=w)`", "`--weight w`"): of_lm,
    ("R `glm(weights=w)`, statsmodels `GLM(var_weights=w)` or `freq_weights`", "`--weight w`"): of_glm,
    ("the rows written w times", "`--weight w --weight-kind frequency`"): repeated,
    ("scikit-learn `fit(X, y, sample_weight=w)`", "`--weight w`"): sample_weight,
    ("R `glmnet(weights=w)`", "`--weight w`, with m = Σω"): lambda: glmnet(standardize=True, weighted=True),
}


@pytest.mark.parametrize("row", ROWS_OF_THE_PAGE, ids=[row[0] for row in ROWS_OF_THE_PAGE])
def test_a_row_is_true(row: tuple[str, str]) -> None:
    ROWS_OF_THE_PAGE[row]()


def test_every_row_is_tried() -> None:
    section = text_of("docs/design.md").split("### The same in R, scikit-learn and glmnet\n")[1].split("\n### ")[0]
    cells = re.findall(r"^\| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    rows = [pair for pair in cells if not pair[0].endswith("elsewhere")]
    assert sorted(rows) == sorted(ROWS_OF_THE_PAGE)
