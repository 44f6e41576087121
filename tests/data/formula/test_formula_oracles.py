"""Formulas whose results are published, by R, NIST, Stata and in textbooks; and formulas that statsmodels fits as well.

R writes its documentation's results into `tests/Examples/*-Ex.Rout.save` of its sources; "R: warpbreaks" below is that
of the example of that name. What is published has the digits that stand here; against statsmodels, which reads the
formula by patsy, weights and predictions agree within 1e-8.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import formula_tables
import numpy as np
import patsy
import polars as pl
import pytest
import statsmodels.formula.api as statsmodels
from in_process import completed

pytest.importorskip("formulaic")


@dataclass(frozen=True)
class Published:
    """What is published of the fit of a formula: weights, their standard errors, and figures of the fit.

    A number agrees as far as it was printed; `digits` are how many the weights are certified to where they have more.
    """

    table: str
    formula: str
    weights: str
    errors: str = ""
    figures: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()


CASES = {
    # R: warpbreaks; its levels are L, M, H in this order. Interaction, contrasts against the first level.
    "warpbreaks": Published(
        "warpbreaks",
        "breaks ~ wool * C(tension, levels=['L', 'M', 'H'])",
        "44.556 -16.333 -20.556 -20.000 21.111 10.556",
        "3.647 5.157 5.157 5.157 7.294 7.294",
        {"r2": "0.3778", "adjusted_r2": "0.3129", "residual_standard_deviation": "10.94"},
    ),
    # R: relevel, and zC (`C(tension, base = 2)`): a level of reference by name.
    "relevel": Published(
        "warpbreaks",
        "breaks ~ wool + C(tension, Treatment('M'))",
        "29.278 -5.778 -4.722 10.000",
        "3.162 3.162 3.872 3.872",
        {"r2": "0.2691", "residual_standard_deviation": "11.62"},
    ),
    # R: lm, `weight ~ group - 1`.
    "no intercept": Published("plants", "weight ~ group - 1", "5.032 4.661", "0.2202177 0.2202177"),
    # R: update, with options(contrasts = "contr.helmert").
    "Helmert": Published("plants", "weight ~ C(group, contr.helmert)", "4.8465 -0.1855"),
    # R: bs, `weight ~ bs(height, df = 5)`.
    "bs": Published(
        "women",
        "weight ~ bs(height, df=5)",
        "114.8799 3.4657 13.0300 27.6161 40.8481 49.1296",
        "0.2167 0.4595 0.3965 0.4571 0.3866 0.3090",
        {"residual_standard_deviation": "0.2276", "r2": "0.9999", "adjusted_r2": "0.9998"},
    ),
    # R: ns, `weight ~ ns(height, df = 5)`: another basis of the same curves, so the figures of the fit are the same.
    "natural spline": Published(
        "women",
        "weight ~ cr(height, df=5, constraints='center')",
        "",
        "",
        {"residual_standard_deviation": "0.2645", "r2": "0.9998", "adjusted_r2": "0.9997"},
    ),
    # Kabacoff, R in Action, section 8.2.3.
    "I(x**2)": Published(
        "women",
        "weight ~ height + I(height**2)",
        "261.87818 -7.34832 0.08306",
        "25.19677 0.77769 0.00598",
        {"residual_standard_deviation": "0.3841", "r2": "0.9995"},
    ),
    # R: cars, log on both sides.
    "logs": Published(
        "cars", "log(dist) ~ log(speed)", "-0.7297 1.6024", "0.3758 0.1395", {"residual_standard_deviation": "0.4053"}
    ),
    # R: cars, `dist ~ poly(speed, degree)` for degrees 1 to 4: residual sums of squares.
    "poly 1": Published("cars", "dist ~ poly(speed, 1)", "", "", {"sse": "11354"}),
    "poly 2": Published("cars", "dist ~ poly(speed, 2)", "", "", {"sse": "10825"}),
    "poly 3": Published("cars", "dist ~ poly(speed, 3)", "", "", {"sse": "10634"}),
    "poly 4": Published("cars", "dist ~ poly(speed, degree=4)", "", "", {"sse": "10298"}),
    # R: trees.
    "trees": Published(
        "trees",
        "log(Volume) ~ log(Girth) + log(Height)",
        "-6.63162 1.98265 1.11712",
        "0.79979 0.07501 0.20444",
        {"residual_standard_deviation": "0.08139", "r2": "0.9777"},
    ),
    # R: aov, `yield ~ block + N*P*K` with Helmert contrasts; N:P:K is not estimable there, and left out here.
    "powers": Published(
        "npk",
        "yield ~ C(block, Helmert) + (C(N, Helmert) + C(P, Helmert) + C(K, Helmert))**2",
        "54.8750000 1.7125000 1.6791667 -1.8229167 -1.0137500 0.2950000 2.8083333 -0.5916667 -1.9916667 "
        "-0.9416667 -1.1750000 0.1416667",
        "",
        {"sse": "185.2867", "residual_standard_deviation": "3.929447"},
    ),
    # R: swiss, `Fertility ~ .`, with a dot in a name.
    "all others": Published(
        "swiss",
        "Fertility ~ .",
        "66.91518 -0.17211 -0.25801 -0.87094 0.10412 1.07705",
        "10.70604 0.07030 0.25388 0.18303 0.03526 0.38172",
        {"residual_standard_deviation": "7.165", "r2": "0.7067"},
    ),
    # R: predict.glm, from Venables and Ripley 2002, pages 190 to 192: numbers of moths are frequencies here.
    "budworm": Published(
        "budworm",
        "dead ~ sex*ldose",
        "-2.9935 0.1750 0.9060 0.3529",
        "0.5527 0.7783 0.1671 0.2700",
        options=("--loss", "logistic", "--weight", "moths", "--weight-kind", "frequency"),
    ),
    # Printed by R in many courses: numbers that interact, and a factor with a number.
    "mtcars": Published(
        "mtcars", "mpg ~ hp*wt", "49.80842 -0.12010 -8.21662 0.02785", "3.60516 0.02470 1.26971 0.00742"
    ),
    "teeth": Published("teeth", "len ~ supp*dose", "11.55 -8.255 7.811 3.904", "1.58 2.24 1.20 1.69"),
    # Stata 11, in statsmodels' tests: Spector and Mazzeo's data, Greene's example of a logit.
    "spector": Published(
        "spector",
        "GRADE ~ GPA + TUCE + C(PSI)",
        "-13.02135 2.826113 .0951577 2.378688",
        "4.93132 1.26294 .141554 1.06456",
        options=("--loss", "logistic"),
    ),
    # R, in statsmodels' tests: Gill's counts of executions.
    "executions": Published(
        "executions",
        "EXECUTIONS ~ INCOME + PERPOVERTY + PERBLACK + log(VC100k96) + SOUTH + DEGREE",
        "-6.801480e+00 2.611017e-04 7.781801e-02 -9.493111e-02 2.969349e-01 2.301183e+00 -1.872207e+01",
        options=("--loss", "poisson"),
    ),
    # NIST StRD: certified.
    "Wampler1": Published("wampler1", "y ~ poly(x, 5, raw=True)", "1 1 1 1 1 1"),
    "Pontius": Published(
        "pontius", "y ~ x + I(x**2)", "0.673565789473684E-03 0.732059160401003E-06 -0.316081871345029E-14"
    ),
    "Longley": Published(
        "longley",
        "y ~ x1 + x2 + x3 + x4 + x5 + x6",
        "-3482258.63459582 15.0618722713733 -0.358191792925910E-01 -2.02022980381683 -1.03322686717359 "
        "-0.511041056535807E-01 1829.15146461355",
        "890420.383607373 84.9149257747669 0.334910077722432E-01 0.488399681651699 0.214274163161675 "
        "0.226073200069370 455.478499142212",
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from statsmodels.datasets import cpunish, spector

    made = tmp_path_factory.mktemp("tables")
    for name, text in formula_tables.TABLES.items():
        (made / f"{name}.csv").write_text(text)
    spector.load_pandas().data.to_csv(made / "spector.csv", index=False)
    cpunish.load_pandas().data.to_csv(made / "executions.csv", index=False)
    return made


def fitted(folder: Path, table: str, formula: str, *options: str) -> dict[str, Any]:
    done = completed(
        "fit", str(folder / f"{table}.csv"), "--formula", formula, "--format", "json", "--report", *options
    )
    assert done.code == 0, done.err
    return json.loads(done.out)


def weights_of(record: dict[str, Any]) -> dict[str, float]:
    """The weights in the order of the columns, an intercept first."""
    intercept = {} if record["intercept"] is None else {"Intercept": record["intercept"]}
    return {**intercept, **record["weights"]}


def agrees(value: float, printed: str) -> bool:
    """True where a number is what was printed, as far as it was printed; a certified one within 1e-8 of it."""
    mantissa, _, exponent = printed.lower().partition("e")
    places = len(mantissa.partition(".")[2])
    unit = 10.0 ** (int(exponent or 0) - places)
    wanted = float(printed)
    # The last figure may be rounded either way.
    return abs(value - wanted) <= max(0.51 * unit, 1e-8 * abs(wanted))


@pytest.mark.parametrize("name", CASES)
def test_what_is_published(folder: Path, name: str) -> None:
    case = CASES[name]
    record = fitted(folder, case.table, case.formula, *case.options)
    weights = weights_of(record)
    for (label, value), printed in zip(weights.items(), case.weights.split() or weights, strict=True):
        assert not case.weights or agrees(value, printed), (label, value, printed)
    if case.errors:
        told = record["standard_errors"]
        found = {"Intercept": told["intercept"], **told["weights"]}
        for label, printed in zip(weights, case.errors.split(), strict=True):
            assert agrees(found[label], printed), (label, found[label], printed)
    for key, printed in case.figures.items():
        assert agrees({**record["report"], **record}[key], printed), (key, printed)


def test_residuals_of_the_natural_spline(folder: Path, tmp_path: Path) -> None:
    """R: ns, `summary(lm(weight ~ ns(height, df = 5), data = women))`: quartiles of the residuals."""
    model = str(tmp_path / "model.json")
    source, formula = str(folder / "women.csv"), CASES["natural spline"].formula
    assert completed("fit", source, "--formula", formula, "--save", model, "--quiet").code == 0
    rows = pl.read_csv(io.StringIO(completed("predict", model, source).out))
    residuals = (rows["weight"] - rows["prediction"]).to_numpy()
    for value, printed in zip(
        np.quantile(residuals, [0, 0.25, 0.5, 0.75, 1]),
        ["-0.38333", "-0.12585", "0.07083", "0.15401", "0.30426"],
        strict=True,
    ):
        assert agrees(float(value), printed), (value, printed)


COMPUTED = {
    "powers": ("mpg ~ (wt + hp + qsec)**2", None),
    "powers by ^": ("mpg ~ (wt + hp + qsec)^2 - wt:hp", "mpg ~ (wt + hp + qsec)**2 - wt:hp"),
    "three ways": ("mpg ~ wt*hp*C(am)", None),
    "sums": ("mpg ~ C(cyl, Sum)*wt", None),
    "Helmert": ("mpg ~ C(gear, Helmert) + wt", None),
    "differences": ("mpg ~ C(gear, Diff) + wt", None),
    "Poly": ("mpg ~ C(gear, Poly) + hp", None),
    "contr.poly": ("mpg ~ C(gear, contr.poly) + hp", "mpg ~ C(gear, Poly) + hp"),
    "levels": ("mpg ~ C(cyl, levels=[8, 4, 6]) + wt", None),
    "reference": ("mpg ~ C(cyl, Treatment(6))", None),
    "nested": ("mpg ~ C(cyl)/wt", None),
    "slopes": ("mpg ~ 0 + C(am) + C(am):wt", None),
    "crossed": ("mpg ~ C(am):C(cyl) - 1", None),
    "bs": ("mpg ~ bs(hp, df=5)", None),
    "bs by knots": ("mpg ~ bs(hp, knots=[100, 200], degree=2) + wt", None),
    "cr": ("mpg ~ cr(hp, df=4) - 1", None),
    "cr with an intercept": ("mpg ~ cr(hp, df=3, constraints='center')", None),
    "cc": ("mpg ~ cc(qsec, df=4) - 1", None),
    "centre and scale": (
        "mpg ~ center(hp) + scale(wt) + standardize(qsec)",
        "mpg ~ center(hp) + standardize(wt, ddof=1) + standardize(qsec)",
    ),
    "poly": ("mpg ~ poly(hp, 3) + wt", None),
    "poly by a factor": ("mpg ~ poly(wt, 2):C(am)", None),
    "target": ("log(mpg) ~ sqrt(hp) + np.log(wt)", "np.log(mpg) ~ np.sqrt(hp) + np.log(wt)"),
    "arithmetic": ("I(235.2/mpg) ~ I(hp > 150) + I(wt**2 + hp/100)", None),
    "backticks": ("mpg ~ `qsec (s)` + log(`qsec (s)`)*wt", "mpg ~ Q('qsec (s)') + np.log(Q('qsec (s)'))*wt"),
    "the mean alone": ("mpg ~ 1", None),
    "dots": ("mpg ~ w.t + I(w.t**2)", "mpg ~ Q('w.t') + I(Q('w.t')**2)"),
}
"""Formulas, and what patsy reads for the same where it is written otherwise."""


@pytest.fixture(scope="module")
def cars(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A table with odd names in it, and rows that no fit has seen, within its ranges."""
    read = pl.read_csv(folder / "mtcars.csv")
    read = read.with_columns(pl.col("qsec").alias("qsec (s)"), pl.col("wt").alias("w.t"))
    fresh = read.gather(range(1, 30, 4)).with_columns(pl.col("hp") * 0.9 + 15, pl.col("wt") * 0.95 + 0.1)
    fresh = fresh.with_columns(pl.col("wt").alias("w.t"))
    read.write_csv(folder / "cars2.csv")
    fresh.write_csv(folder / "fresh.csv")
    return read, fresh


@pytest.mark.parametrize("name", COMPUTED)
def test_weights_and_predictions_are_those_of_statsmodels(
    name: str, cars: tuple[pl.DataFrame, pl.DataFrame], folder: Path, tmp_path: Path
) -> None:
    formula, spelled = COMPUTED[name]
    table, fresh = (one.to_pandas() for one in cars)
    model = tmp_path / "model.json"
    record = fitted(folder, "cars2", formula, "--save", str(model))
    found = weights_of(record)
    predicted = pl.read_csv(io.StringIO(completed("predict", str(model), str(folder / "fresh.csv"), "--only").out))
    expected, wanted = _by_another(spelled or formula, table, fresh)
    # Where names differ the order does not; patsy puts factors before numbers.
    values = [expected[label] for label in found] if expected.keys() == found.keys() else [*expected.values()]
    np.testing.assert_allclose([*found.values()], values, rtol=1e-8, atol=1e-8 * np.abs(values).max())
    np.testing.assert_allclose(predicted.to_series().to_numpy(), wanted, rtol=1e-8)


def _by_another(formula: str, table: Any, fresh: Any) -> tuple[dict[str, float], np.ndarray]:
    """Weights, an intercept first, and predictions for fresh rows, of a fit by statsmodels."""
    result = statsmodels.ols(formula, table).fit(method="qr")
    weights = dict(sorted(result.params.items(), key=lambda one: one[0] != "Intercept"))
    return weights, result.predict(fresh).to_numpy()


class _Polynomials:
    """What patsy lacks: orthogonal polynomials as R has them, by QR of the powers."""

    def memorize_chunk(self, x: Any, degree: int) -> None:
        self.mean, self.seen = np.mean(x), np.asarray(x)

    def memorize_finish(self) -> None:
        return

    def transform(self, x: Any, degree: int) -> np.ndarray:
        triangle = np.linalg.qr(np.vander(self.seen - self.mean, degree + 1, increasing=True))[1]
        triangle = triangle * np.sign(np.diag(triangle))[:, None]
        powers = np.vander(np.asarray(x) - self.mean, degree + 1, increasing=True)
        return np.linalg.solve(triangle.T, powers.T).T[:, 1:]


poly = patsy.stateful_transform(_Polynomials)
