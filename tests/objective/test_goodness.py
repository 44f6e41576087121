"""The figures of a report on the fit as a whole, beside R, NIST and statsmodels; and where they are told."""

from __future__ import annotations

import csv
import io
import json
import math
import warnings
from pathlib import Path
from typing import Any

import nist
import numpy as np
import polars as pl
import pytest
from places import CONFIGS

import gdsolve
from gdsolve.cli.main import run
from gdsolve.objective.goodness import Goodness
from gdsolve.report.goodness_table import goodness_lines
from gdsolve.report.inference_record import inference_record
from gdsolve.solve.goodness import CONSTANT

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import statsmodels.api as sm
    from statsmodels.datasets import spector
    from statsmodels.stats.outliers_influence import variance_inflation_factor

# Dobson, An Introduction to Generalized Linear Models, page 93: the example of R's help on glm.
DOBSON = pl.DataFrame(
    {"outcome": [*"abcabcabc"], "treatment": [*"aaabbbccc"], "counts": [18.0, 17, 15, 20, 10, 20, 25, 13, 12]}
)


def goodness(data: Any, y: Any = None, **options: Any) -> Goodness:
    found = gdsolve.fit(data, y, report=True, **options).inference
    assert found is not None
    assert found.goodness is not None
    return found.goodness


@pytest.mark.parametrize(
    ("name", "f", "freedom"), [("Norris", 5436385.54079785, (1, 34)), ("Longley", 330.285339234588, (6, 9))]
)
def test_f_is_what_nist_certifies(name: str, f: float, freedom: tuple[int, int]) -> None:
    table = nist.table(name)
    found = goodness(table[:, :-1], table[:, -1]).f
    assert found is not None
    assert found.statistic == pytest.approx(f, rel=1e-10)
    assert (found.freedom, found.residual_freedom) == freedom


def test_without_intercept_f_and_r2_are_not_centred() -> None:
    """NIST's NoInt1, certified: F = 15750.25, R² = 0.999365492298663."""
    table = nist.table("NoInt1")
    fit = gdsolve.fit(table[:, :-1], table[:, -1], no_intercept=True, report=True)
    assert fit.inference is not None
    assert fit.inference.goodness is not None
    assert fit.inference.goodness.f is not None
    assert fit.inference.goodness.f.statistic == pytest.approx(15750.25, rel=1e-10)
    assert fit.figures.r2 == pytest.approx(0.999365492298663, rel=1e-12)


def test_criteria_count_the_variance_as_r_does() -> None:
    """Stackloss: logLik −52.2878 on 5 parameters for R, where AIC is 2·5 − 2·logLik; statsmodels counts 4 of them."""
    data = sm.datasets.stackloss.load_pandas().data
    found = goodness(data, target="STACKLOSS")
    sse, n = 178.8299616, 21.0
    likelihood = -n / 2.0 * (math.log(2.0 * math.pi * sse / n) + 1.0)
    assert found.log_likelihood == pytest.approx(likelihood, rel=1e-9)
    assert found.parameters == 5
    assert found.aic == pytest.approx(114.575591, abs=1e-6)
    assert found.bic == pytest.approx(found.aic - 10.0 + 5.0 * math.log(21.0), rel=1e-12)
    theirs = sm.OLS(data["STACKLOSS"], sm.add_constant(data.drop(columns="STACKLOSS"))).fit()
    assert found.aic - 2.0 == pytest.approx(theirs.aic, rel=1e-12)
    assert found.bic - math.log(21.0) == pytest.approx(theirs.bic, rel=1e-12)
    # As summary(lm) of R prints them: 59.9 on 3 and 17 DF, p-value 3.016e-09, adjusted R² 0.8983.
    assert found.f is not None
    assert (round(found.f.statistic, 1), f"{found.f.p_value:.3e}") == (59.9, "3.016e-09")
    assert round(found.adjusted_r2 or 0.0, 4) == 0.8983


def test_counts_as_r_prints_them() -> None:
    """Null deviance 10.5814 on 8, residual 5.1291 on 4, AIC 56.76."""
    fit = gdsolve.fit(DOBSON, target="counts", loss="poisson", categorical="onehot", report=True)
    assert fit.inference is not None
    found = fit.inference.goodness
    assert found is not None
    assert (f"{found.deviance:.4f}", f"{found.null_deviance:.4f}", f"{found.aic:.2f}") == ("5.1291", "10.5814", "56.76")
    assert found.likelihood_ratio is not None
    assert found.likelihood_ratio.freedom == 4
    assert found.likelihood_ratio.statistic == pytest.approx(10.581446 - 5.129141, abs=2e-6)
    errors = [one.standard_error for one in fit.inference.estimates]
    assert [f"{error:.4f}" for error in errors] == ["0.2022", "0.1927", "0.2000", "0.2000", "0.1709"]


def test_classes_as_statsmodels_prints_them() -> None:
    """Spector and Mazzeo: log-likelihood −12.890, null −20.592, McFadden's 0.3740, LLR p-value 0.001502."""
    data = spector.load_pandas().data
    found = goodness(data, target="GRADE", loss="logistic")
    assert f"{found.log_likelihood:.3f}" == "-12.890"
    assert f"{found.pseudo_r2:.4f}" == "0.3740"
    assert found.likelihood_ratio is not None
    assert f"{found.likelihood_ratio.p_value:.6f}" == "0.001502"
    assert found.null_deviance == pytest.approx(2.0 * 20.5917, abs=1e-3)
    theirs = sm.Logit(data["GRADE"], sm.add_constant(data[["GPA", "TUCE", "PSI"]])).fit(disp=0, tol=1e-14)
    assert (found.aic, found.bic) == pytest.approx((theirs.aic, theirs.bic), rel=1e-12)


@pytest.mark.parametrize(("loss", "z0"), [("logistic", math.log(2.0)), ("poisson", 1.0)])
def test_without_intercept_the_null_model_is_0_as_in_r(loss: str, z0: float) -> None:
    x, y = [[1.0], [2.0], [-1.0], [0.5]], [1.0, 0.0, 1.0, 1.0]
    found = goodness(x, y, loss=loss, no_intercept=True)
    assert found.deviance is not None
    assert found.likelihood_ratio is not None
    # Every log y! is 0 here.
    assert found.log_likelihood == pytest.approx(-4.0 * z0 + found.likelihood_ratio.statistic / 2.0, rel=1e-12)
    assert found.null_deviance == pytest.approx(found.deviance + found.likelihood_ratio.statistic, rel=1e-12)


def test_known_variances_have_a_likelihood_ratio_and_no_f() -> None:
    rng = np.random.default_rng(2)
    x, s = rng.normal(size=30), rng.uniform(0.5, 2.0, 30)
    data = pl.DataFrame({"x": x, "s": s, "y": 1.0 + x + s * rng.normal(size=30)})
    known = goodness(data, target="y", sigma="s", absolute_sigma=True)
    residuals = (data["y"] - gdsolve.predict(gdsolve.fit(data, target="y", sigma="s"), data)) / data["s"]
    expected = -0.5 * (30 * math.log(2 * math.pi) + float((residuals**2).sum()) + 2 * float(np.log(s).sum()))
    assert known.log_likelihood == pytest.approx(expected, rel=1e-12)
    assert (known.f, known.parameters) == (None, 2)
    assert known.likelihood_ratio is not None
    assert known.likelihood_ratio.freedom == 1


def test_columns_are_inflated_as_statsmodels_says() -> None:
    table = nist.table("Longley")
    fit = gdsolve.fit(table[:, :-1], table[:, -1], report=True)
    assert fit.inference is not None
    X = np.column_stack([table[:, :-1], np.ones(len(table))])
    with warnings.catch_warnings():
        # That these columns are nearly collinear is why they are taken.
        warnings.simplefilter("ignore")
        expected = [variance_inflation_factor(X, place) for place in range(6)]
        assert [one.vif for one in fit.inference.estimates[:-1]] == pytest.approx(expected, rel=1e-7)
    assert fit.inference.estimates[-1].vif is None
    origin = gdsolve.fit(table[:, :2], table[:, -1], no_intercept=True, report=True).inference
    assert origin is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = [variance_inflation_factor(table[:, :2], place, standardize=False) for place in range(2)]
    assert [one.vif for one in origin.estimates] == pytest.approx(plain, rel=1e-9)


@pytest.mark.parametrize("loss", ["half-mse", "poisson"])
def test_infinite_inflation_is_told_in_words(loss: str) -> None:
    x = np.arange(9.0)
    X = np.column_stack([x, 2.0 * x, np.cos(x), np.full(9, 4.0)])
    found = gdsolve.fit(X, np.floor(3.0 + np.sin(x)), loss=loss, report=True).inference
    assert found is not None
    collinear = "infinite: the column is a combination of others"
    assert [one.vif_reason for one in found.estimates] == [collinear, collinear, None, CONSTANT, None]
    assert found.estimates[2].vif == pytest.approx(1.0, abs=0.1)
    lines = dict(goodness_lines(inference_record(found)))
    assert lines["VIF"].endswith(f"; x1, x2: {collinear}; x4: {CONSTANT}")


def test_what_does_not_exist_is_null(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def report(*words: str) -> dict[str, Any]:
        assert run(("fit", *words, "--report", "--format", "json")) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)["report"]
        return found

    norris = str(CONFIGS / "norris.csv")
    assert {report(norris, "--ridge", "1")[name] for name in ("f", "aic", "log_likelihood")} == {None}
    curve = report(norris, "--model", "a*x + b", "--start", "a=1,b=0")
    assert curve["f"] is None
    assert curve["aic"] == pytest.approx(97.29323555918462, rel=1e-9)
    (tmp_path / "exact.csv").write_text("x,y\n1,2\n2,4\n3,6\n4,8\n")
    exact = report(str(tmp_path / "exact.csv"))
    assert (exact["f"], exact["log_likelihood"], exact["aic"]) == (None, None, None)
    assert exact["parameters"]["x"]["reason"].startswith("the fit is exact")


def test_every_group_has_the_figures_of_its_rows(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text("g,x,z,y\n" + "".join(f"{'ab'[i % 2]},{i},{i * i % 7},{i * 1.5 + i * i % 5}\n" for i in range(20)))
    assert run(("fit", str(path), "--group-by", "g", "--report", "--format", "json")) == 0
    first = json.loads(capsys.readouterr().out.splitlines()[0])["report"]
    alone = pl.read_csv(path).filter(pl.col("g") == "a").drop("g")
    fit = gdsolve.fit(alone, target="y", report=True).inference
    assert fit is not None
    other = inference_record(fit)
    for name in ("log_likelihood", "aic", "bic", "adjusted_r2"):
        assert first[name] == pytest.approx(other[name], rel=1e-10)
    assert first["f"] == pytest.approx(other["f"], rel=1e-9)
    assert first["parameters"]["x"]["vif"] == pytest.approx(other["parameters"]["x"]["vif"], rel=1e-10)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(words) == 0
    return capsys.readouterr().out


def test_the_table_and_the_page_tell_them(capsys: pytest.CaptureFixture[str]) -> None:
    longley = str(CONFIGS / "longley.csv")
    text = told(capsys, "fit", longley, "--report", "--se", "hc3")
    assert "parameter          estimate   HC3 std. error       t  p-value " in text
    for line in (
        "std. errors     HC3, robust to rows of unequal variance; t on 9 degrees of freedom",
        "F test          227.572 on 6 and 9 degrees of freedom, p 2.6e-09",
        "log-likelihood  -109.61743; AIC 235.23487; BIC 241.41558",
        "VIF             x1 135.53, x2 1788.5, x3 33.619, x4 3.5889, x5 399.15, x6 758.98",
    ):
        assert f"\n{line}\n" in text
    page = told(capsys, "report", longley, "--report", "--se", "hc3", "-o", "-")
    assert "<dt>F test</dt><dd>227.572 on 6 and 9 degrees of freedom, p 2.6e-09</dd>" in page
    assert '<th scope="col">HC3 std. error</th>' in page
    counts = str(CONFIGS / "norris.csv")
    assert "parameter         weight  HC1 std. error         t\n" in told(capsys, "fit", counts, "--se", "HC1")


def test_rows_of_coefficients_follow_the_errors_that_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    norris = str(CONFIGS / "norris.csv")
    rows = list(csv.DictReader(io.StringIO(told(capsys, "fit", norris, "--report", "--se", "hc1", "--format", "csv"))))
    assert [row["term"] for row in rows] == ["x", "intercept"]
    assert float(rows[0]["standard_error"]) == pytest.approx(0.000492368, rel=1e-5)
    markdown = told(capsys, "fit", norris, "--report", "--se", "hc1", "--format", "markdown").splitlines()
    assert markdown[0] == "| parameter | estimate | HC1 std. error | t | p-value | lower 95% | upper 95% |"
    assert markdown[-1].endswith(
        "Standard errors: HC1, robust to rows of unequal variance; t on 34 degrees of freedom."
    )


def test_latex_says_what_letters_it_needs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("größe,_λ_,y\n1,2,3\n2,5,4\n3,1,7\n4,4,8\n", encoding="utf-8")
    latex = told(capsys, "fit", str(path), "--format", "latex").splitlines()
    assert latex[0] == (
        "% Some letters are not Latin: compile this with lualatex or xelatex, and a font that has them."
    )
    assert any(line.startswith(r"\_λ\_ & ") for line in latex)
    assert any(
        line.startswith(r"| \_λ\_ |") for line in told(capsys, "fit", str(path), "--format", "markdown").split("\n")
    )
    without = told(capsys, "fit", str(path), "--features", "größe", "--format", "latex")
    assert without.startswith(r"\begin{tabular}{lr}")
