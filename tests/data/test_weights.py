"""What row weights mean to standard errors: precisions, frequencies and standard deviations, for every kind of fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from rank_threads import on_ranks
from scipy.optimize import curve_fit
from scipy.stats import norm, t

import gdsolve
from gdsolve.cli.main import run
from gdsolve.objective.inference import Inference
from gdsolve.report.record import fit_record
from gdsolve.solve.fit import fit
from gdsolve.spec.file import build_spec

HEIGHTS, TIMES = np.array([10.0, 20.0, 30.0, 40.0, 50.0]), np.array([1.4, 2.1, 2.6, 3.0, 3.3])
WEIGHTS = np.array([125.0, 75.0, 200.0, 375.0, 750.0])
SIGMAS = WEIGHTS**-0.5
FALL = {"target": "t", "model": "(2*h/g)**0.5", "start": "g=9"}

DRAWN = np.random.default_rng(7)
X = DRAWN.normal(size=(12, 2)) * [3.0, 0.01] + [1e3, 0.0]
OMEGA = DRAWN.integers(1, 4, 12).astype(float)
Y = X @ [0.5, 40.0] + 2.0 + DRAWN.normal(size=12) / OMEGA**0.5
TABLE = pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "w": OMEGA, "s": OMEGA**-0.5, "y": Y})
LINE = {"features": ["a", "b"], "target": "y"}
# The same fit in closed form, on all rows, and as a curve.
AS_CURVE = {"target": "y", "model": "p*a + q*b + r", "start": "p=0.4,q=30,r=1"}
KINDS: dict[str, dict[str, Any]] = {
    "closed form": LINE,
    "rows": {**LINE, "engine": "rows"},
    "lbfgs": {**LINE, "method": "lbfgs"},
    "mse": {**LINE, "loss": "mse"},
    "sse": {**LINE, "loss": "sse"},
    "curve": AS_CURVE,
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the table, to run in: its commands fit on a line."""
    monkeypatch.chdir(tmp_path)
    TABLE.write_csv("t.csv")
    return tmp_path


def errors_of(found: Inference | None) -> list[float]:
    assert found is not None
    return [one.standard_error for one in found.estimates]  # type: ignore[misc]


def weighted_squares(rows: np.ndarray, y: np.ndarray, omega: np.ndarray, count: float) -> tuple[list[float], float]:
    """Standard errors of weighted least squares with an intercept, by the textbook, and adjusted R²."""
    design = np.column_stack([rows - rows.mean(axis=0), np.ones(len(y))])
    back = np.eye(3)
    back[2, :2] = -rows.mean(axis=0)
    inverse = back @ np.linalg.inv(design.T @ (omega[:, None] * design)) @ back.T
    residuals = y - design @ np.linalg.lstsq(design * omega[:, None] ** 0.5, y * omega**0.5, rcond=None)[0]
    sse, mean = float(omega @ residuals**2), float(omega @ y / omega.sum())
    share = sse / float(omega @ (y - mean) ** 2)
    return list(np.sqrt(np.diag(inverse) * sse / (count - 3))), 1.0 - share * (count - 1) / (count - 3)


# The case of a falling ball, with what other programs print -----------------------------------------------------


@pytest.mark.parametrize("factor", [1.0, 1e-4, 1e6])
def test_the_scale_of_precision_weights_does_not_matter(factor: float) -> None:
    frame = pl.DataFrame({"h": HEIGHTS, "t": TIMES, "w": factor * WEIGHTS})
    fitted = gdsolve.fit(frame, weight="w", report=True, **FALL)
    found = fitted.inference
    assert found is not None and fitted.weights["g"] == pytest.approx(9.09525324, rel=1e-8)
    assert errors_of(found) == pytest.approx([0.10176], abs=5e-6)
    assert found.degrees_of_freedom == 4.0 and found.statistic == "t"
    assert found.estimates[0].p_value == pytest.approx(2 * t.sf(9.09525324 / 0.1017624, 4), rel=1e-4)
    assert found.residual_standard_deviation == pytest.approx(0.64923722 * factor**0.5, rel=1e-7)


@pytest.mark.parametrize(("absolute", "expected"), [(False, 0.10176), (True, 0.15674)])
def test_standard_deviations_are_those_of_scipy(absolute: bool, expected: float) -> None:
    frame = pl.DataFrame({"h": HEIGHTS, "t": TIMES, "s": SIGMAS})
    found = gdsolve.fit(frame, sigma="s", absolute_sigma=absolute, report=True, **FALL).inference
    model = lambda h, g: (2.0 * h / g) ** 0.5  # noqa: E731
    _, covariance = curve_fit(model, HEIGHTS, TIMES, p0=[9.0], sigma=SIGMAS, absolute_sigma=absolute)
    assert errors_of(found) == pytest.approx([expected], abs=5e-6)
    assert errors_of(found) == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-6)
    assert found is not None and found.statistic == ("z" if absolute else "t")
    width = (norm.ppf(0.975) if absolute else t.ppf(0.975, 4)) * errors_of(found)[0]
    assert found.estimates[0].upper == pytest.approx(9.09525324 + width, rel=1e-7)
    assert (found.degrees_of_freedom, found.residual_standard_deviation) == (4.0, pytest.approx(0.64923722, rel=1e-7))


# Every kind of least squares ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "factor"), [*zip(KINDS, (1.0, 1e-6, 1e5, 1e-3, 100.0, 1e-4), strict=True)])
def test_precisions_are_those_of_weighted_least_squares(kind: str, factor: float) -> None:
    frame = TABLE.with_columns(pl.col("w") * factor)
    found = gdsolve.fit(frame, weight="w", report=True, **KINDS[kind])
    expected, adjusted = weighted_squares(X, Y, OMEGA, 12)
    assert errors_of(found.inference) == pytest.approx(expected, rel=1e-6)
    assert found.figures.adjusted_r2 == pytest.approx(adjusted, rel=1e-9)
    assert found.inference is not None and found.inference.degrees_of_freedom == 9.0
    assert list(found.standard_errors.values()) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_frequencies_are_rows_written_again(kind: str) -> None:
    written = TABLE.select(pl.all().repeat_by(pl.col("w").cast(pl.Int64))).explode(pl.all())
    found = gdsolve.fit(TABLE, weight="w", weight_kind="frequency", report=True, **KINDS[kind])
    again = gdsolve.fit(written, report=True, **KINDS[kind])
    assert errors_of(found.inference) == pytest.approx(errors_of(again.inference), rel=1e-7)
    assert found.figures.adjusted_r2 == pytest.approx(again.figures.adjusted_r2, rel=1e-9)
    assert found.inference is not None and found.inference.degrees_of_freedom == OMEGA.sum() - 3


@pytest.mark.parametrize("kind", ["closed form", "lbfgs", "sse", "curve"])
@pytest.mark.parametrize("absolute", [False, True])
def test_standard_deviations_of_a_line(kind: str, absolute: bool) -> None:
    found = gdsolve.fit(TABLE, sigma="s", absolute_sigma=absolute, report=True, **KINDS[kind])
    model = lambda x, p, q, r: p * x[0] + q * x[1] + r  # noqa: E731
    _, covariance = curve_fit(model, X.T, Y, p0=[0.5, 40.0, 2.0], sigma=OMEGA**-0.5, absolute_sigma=absolute)
    assert errors_of(found.inference) == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-5)
    weighed = gdsolve.fit(TABLE, weight="w", **KINDS[kind])
    assert found.weights == pytest.approx(weighed.weights, rel=1e-9) and found.sse == pytest.approx(weighed.sse)


def test_known_standard_deviations_need_no_degree_of_freedom() -> None:
    frame = pl.DataFrame({"x": [0.0, 2.0], "s": [0.5, 0.5], "y": [1.0, 3.0]})
    found = gdsolve.fit(frame, sigma="s", absolute_sigma=True, report=True).inference
    # Var(slope) = 2·0.25/4, Var(intercept) = 0.25.
    assert errors_of(found) == pytest.approx([0.125**0.5, 0.5], rel=1e-12)
    assert found is not None and (found.degrees_of_freedom, found.residual_standard_deviation) == (0.0, None)


def test_no_degree_of_freedom_says_what_was_counted() -> None:
    frame = pl.DataFrame({"x": [0.0, 2.0, 3.0], "w": [9.0, 9.0, 0.0], "y": [1.0, 3.0, 8.0]})
    found = gdsolve.fit(frame, weight="w", report=True).inference
    assert found is not None and found.estimates[0].standard_error is None
    assert "2 rows of a weight above 0 for 2 parameters" in str(found.estimates[0].reason)


# Rows of weight 0 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["closed form", "rows", "curve"])
@pytest.mark.parametrize("weight_kind", ["precision", "frequency"])
def test_a_row_of_weight_0_is_no_row(kind: str, weight_kind: str) -> None:
    strange = pl.DataFrame({"a": [1e9], "b": [-5.0], "w": [0.0], "s": [1.0], "y": [1e6]})
    options = {"weight": "w", "weight_kind": weight_kind, "report": True, **KINDS[kind]}
    more, found = (gdsolve.fit(table, **options) for table in (pl.concat([strange, TABLE, strange]), TABLE))
    assert more.weights == pytest.approx(found.weights, rel=1e-8)
    assert errors_of(more.inference) == pytest.approx(errors_of(found.inference), rel=1e-7)
    assert more.figures.adjusted_r2 == pytest.approx(found.figures.adjusted_r2, rel=1e-9)
    assert more.data is not None and (more.data.rows, more.data.rows_weightless) == (14, 2)


@pytest.mark.parametrize("loss", ["half-mse", "huber"])
def test_a_curve_is_not_asked_where_the_weight_is_0(loss: str) -> None:
    frame = pl.DataFrame({"x": [0.0, 1.0, 2.0, 4.0, 7.0], "w": [0, 1, 2, 1, 3], "y": [5.0, 0.1, 1.5, 2.7, 4.1]})
    options = {"model": "a*log(x) + b", "start": "a=1,b=0", "weight": "w", "loss": loss}
    found, without = (gdsolve.fit(table, **options) for table in (frame, frame[1:]))
    assert found.status.value == "converged" and found.weights == pytest.approx(without.weights, rel=1e-7)


# Groups -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "weighing",
    [
        {},
        {"weight": "w"},
        {"weight": "w", "weight_kind": "frequency"},
        {"sigma": "s"},
        {"sigma": "s", "absolute_sigma": True},
    ],
)
def test_every_group_has_the_errors_of_a_fit_of_its_own(weighing: dict[str, Any]) -> None:
    groups = pl.concat([TABLE.with_columns(k=pl.lit(k), y=pl.col("y") * f) for k, f in (("u", 1.0), ("v", -3.0))])
    if "weight" in weighing:
        groups = pl.concat([groups, pl.DataFrame({"a": 5e8, "b": 9.0, "w": 0.0, "s": 1.0, "y": 1.0, "k": "v"})])
    found = gdsolve.fit(groups, group_by="k", report=True, **LINE, **weighing)
    for name in ("u", "v"):
        alone = gdsolve.fit(groups.filter(pl.col("k") == name), report=True, **LINE, **weighing).inference
        mine = found[name].inference
        assert mine is not None and alone is not None
        assert errors_of(mine) == pytest.approx(errors_of(alone), rel=1e-9)
        assert (mine.degrees_of_freedom, mine.statistic) == (alone.degrees_of_freedom, alone.statistic)
        assert found[name].rows == 12


def test_groups_without_error_bars_say_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "g.csv").write_text("k,x,w,y\nu,1,1,2\nu,2,1,3\nv,1,0,2\nv,2,0,3\nz,1,1,2\nz,2,2,4\nz,4,1,5\n")
    assert run(["fit", str(tmp_path / "g.csv"), "--group-by", "k", "--weight", "w", "--report"]) == 5
    table = capsys.readouterr().out
    assert "w: precision (1/variance); 2 rows of weight 0 left out" in table and "std. error" in table
    assert (
        run(["fit", str(tmp_path / "g.csv"), "--group-by", "k", "--weight", "w", "--report", "--format", "json"]) == 5
    )
    u, v, z = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "no degrees of freedom: 2 rows of a weight above 0" in u["report"]["parameters"]["x"]["reason"]
    assert v["report"] is None and "all weights of the group are 0" in v["message"]
    assert z["report"]["degrees_of_freedom"] == 1.0
    assert run(["fit", str(tmp_path / "g.csv"), "--group-by", "k", "--weight", "w", "--report", "--format", "csv"]) == 5
    frame = pl.read_csv(capsys.readouterr().out.encode())
    assert frame["standard_error_x"].to_list()[:2] == [None, None]
    assert frame["standard_error_x"][2] == pytest.approx(z["report"]["parameters"]["x"]["standard_error"], rel=1e-15)
    far = {"lr": 0.1, "max_iter": 2, "report": True}
    first = gdsolve.fit([[0, 1], [0, 2], [0, 4]], [1, 2, 5], names=["k", "x"], group_by="k", **far)["0"]
    assert first.inference is not None and first.inference.estimates[0].reason == "the run has not converged"
    ridged = gdsolve.fit([[0, 1], [0, 2], [0, 4]], [1, 2, 5], names=["k", "x"], group_by="k", ridge=1, report=True)["0"]
    assert ridged.inference is not None and "ridge penalty" in str(ridged.inference.estimates[0].reason)


# Likelihoods ------------------------------------------------------------------------------------------------------

CLASSES = pl.DataFrame({"x": [0.0, 1, 2, 3, 4, 5, 6], "w": [1, 2, 1, 3, 2, 1, 2], "y": [0.0, 0, 1, 0, 1, 0, 1]})


def iterated(loss: str, omega: np.ndarray) -> list[float]:
    """Standard errors by iterated weighted least squares with the weights as given, as R's glm has them."""
    design, y = np.column_stack([CLASSES["x"], np.ones(7)]), CLASSES["y"].to_numpy()
    w = np.zeros(2)
    for _ in range(60):
        mean = 1 / (1 + np.exp(-design @ w)) if loss == "logistic" else np.exp(design @ w)
        variance = mean * (1 - mean) if loss == "logistic" else mean
        hessian = design.T @ ((omega * variance)[:, None] * design)
        w = w + np.linalg.solve(hessian, design.T @ (omega * (y - mean)))
    return list(np.sqrt(np.diag(np.linalg.inv(hessian))))


@pytest.mark.parametrize("loss", ["logistic", "poisson"])
@pytest.mark.parametrize("kind", ["precision", "frequency"])
@pytest.mark.parametrize("factor", [1.0, 4.0])
def test_a_likelihood_takes_weights_as_given(loss: str, kind: str, factor: float) -> None:
    frame = CLASSES.with_columns(pl.col("w") * factor)
    found = gdsolve.fit(frame, loss=loss, weight="w", weight_kind=kind, report=True).inference
    assert found is not None and (found.statistic, found.degrees_of_freedom) == ("z", None)
    assert errors_of(found) == pytest.approx(iterated(loss, factor * CLASSES["w"].to_numpy()), rel=1e-6)


def test_a_likelihood_says_that_weights_count_as_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    CLASSES.write_csv(tmp_path / "c.csv")
    assert run(["fit", str(tmp_path / "c.csv"), "--loss", "logistic", "--weight", "w", "--report"]) == 0
    assert capsys.readouterr().out.count("counted as given, a weight of 2 as two rows") == 2


# What is told -----------------------------------------------------------------------------------------------------

TOLD = [
    ("--weight w", "w: precision (1/variance)", "precision (1/variance), 9 degrees of freedom"),
    (
        "--weight w --weight-kind frequency",
        "w: frequency (repeated rows)",
        f"frequency (repeated rows), {OMEGA.sum() - 3:.0f} degrees of freedom",
    ),
    (
        "--sigma s",
        "s: standard deviations, known up to a factor (weights 1/σ²)",
        "standard deviations, known up to a factor (weights 1/σ²), 9 degrees of freedom",
    ),
    (
        "--sigma s --absolute-sigma",
        "s: standard deviations, taken as known (--absolute-sigma)",
        "standard deviations, taken as known (--absolute-sigma), 9 degrees of freedom",
    ),
]


@pytest.mark.parametrize(("flags", "line", "remark"), TOLD)
def test_the_report_says_what_weights_mean(
    here: Path, capsys: pytest.CaptureFixture[str], flags: str, line: str, remark: str
) -> None:
    words = ["fit", "t.csv", "--features", "a,b", *flags.split()]
    assert run([*words, "--report"]) == 0
    table = capsys.readouterr().out
    assert f"row weights     {line}" in table
    assert f" weights {remark}" in " ".join(table.split())
    assert run(["report", *words[1:], "--report", "-o", "p.html"]) == 0
    page = (here / "p.html").read_text()
    assert line in page and remark in page
    capsys.readouterr()
    for verb in ("compare", "compare-lr", "check"):
        assert run([verb, *words[1:]]) == 0
        assert line in " ".join(capsys.readouterr().out.split())


def test_the_records_have_what_weights_mean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    TABLE.drop("w").write_csv(tmp_path / "t.csv")
    (tmp_path / "p.yaml").write_text("data: t.csv\nsigma: s\nabsolute_sigma: true\n")
    assert run(["fit", str(tmp_path / "p.yaml"), "--format", "json", "--save", str(tmp_path / "m.json")]) == 0
    record = json.loads(capsys.readouterr().out)
    names = ("weight", "weight_kind", "sigma", "absolute_sigma", "rows_weightless", "features")
    assert [record["data"][name] for name in names] == [None, None, "s", True, 0, ["a", "b"]]
    assert record["standard_errors"]["statistic"] == "z"
    saved = gdsolve.predict(tmp_path / "m.json", TABLE.select("a", "b"))
    weights, intercept = record["weights"], record["intercept"]
    assert saved == pytest.approx(X @ [weights["a"], weights["b"]] + intercept, rel=1e-12)
    found = gdsolve.fit(TABLE.drop("s"), weight="w", weight_kind="frequency")
    assert [fit_record(found)["data"][name] for name in names[:4]] == ["w", "frequency", None, False]


# What is refused --------------------------------------------------------------------------------------------------

CONTRADICTIONS = [
    ("--weight w --sigma s", "weight and sigma exclude each other"),
    ("--absolute-sigma", "there is no --sigma"),
    ("--weight w --absolute-sigma", "there is no --sigma"),
    ("--weight-kind frequency", "there is no --weight"),
    ("--sigma s --weight-kind frequency", "there is no --weight"),
    ("--sigma s --loss logistic", "--sigma is for a target of numbers, and this is --loss logistic"),
    ("--sigma s --loss poisson", "--sigma is for a target of numbers, and this is --loss poisson"),
    ("--sigma s --absolute-sigma --loss huber", "for the standard errors of squared losses"),
    ("--weight-kind often --weight w", "'often' is not one of precision, frequency"),
]


@pytest.mark.parametrize(("flags", "message"), CONTRADICTIONS)
@pytest.mark.usefixtures("here")
def test_contradictions_are_refused(capsys: pytest.CaptureFixture[str], flags: str, message: str) -> None:
    for verb in ("fit", "check", "compare-lr"):
        assert run([verb, "t.csv", *flags.split()]) == 2
        told = capsys.readouterr()
        assert told.out == "" and message in told.err


CELLS = [
    ("0", "row 2 (line 3), column 's': the standard deviation '0' is not above 0"),
    ("-1", "row 2 (line 3), column 's': the standard deviation '-1' is not above 0"),
    ("inf", "row 2 (line 3), column 's': 'inf' is not finite"),
    ("1e-200", "row 2 (line 3), column 's': the standard deviation '1e-200' is not between 1e-140 and 1e+140"),
    ("1e200", "row 2 (line 3), column 's': the standard deviation '1e200' is not between 1e-140 and 1e+140"),
    ("", "row 2 (line 3), column 's': the cell is missing"),
    ("u", "row 2 (line 3), column 's': 'u' is"),
]


@pytest.mark.parametrize(("cell", "message"), CELLS)
@pytest.mark.parametrize("options", ["", "--model a*x+b --start a=1,b=0 --target y", "--group-by k"])
def test_a_cell_that_is_no_standard_deviation_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], cell: str, message: str, options: str
) -> None:
    (tmp_path / "t.csv").write_text(f"k,x,s,y\n1,1,0.5,2\n1,2,{cell},3\n1,3,0.5,5\n1,5,0.1,6\n")
    code = run(["fit", str(tmp_path / "t.csv"), *options.split(), "--sigma", "s"])
    told = capsys.readouterr()
    assert code == 5 and f"t.csv: {message}" in " ".join((told.err + told.out).split())
    assert run(["check", str(tmp_path / "t.csv"), "--sigma", "s"]) == 0
    assert "s, the sigma" in capsys.readouterr().out


def test_a_missing_standard_deviation_is_dropped_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,s,y\n1,0.5,2\n2,,3\n3,0.5,5\n5,0.1,6\n")
    found = gdsolve.fit(tmp_path / "t.csv", sigma="s", na="drop")
    assert found.data is not None and (found.data.rows, found.data.rows_dropped) == (3, 1)
    with pytest.raises(gdsolve.DataError, match="a sigma has no mean to fill in"):
        gdsolve.fit(tmp_path / "t.csv", sigma="s", na="mean")


@pytest.mark.parametrize(("sigma", "message"), [(0.0, "the standard deviation 0 is not above 0"), (-2.0, "-2 is not")])
def test_arrays_name_the_row(sigma: float, message: str) -> None:
    with pytest.raises(gdsolve.DataError, match=message) as told:
        gdsolve.fit([[1, 0.5], [2, sigma], [3, 0.5]], [1, 2, 4], sigma="x2")
    assert told.value.message.startswith("inline: row 2, column 'x2': ")
    with pytest.raises(gdsolve.GdsolveError, match="is not the name of a column") as told_of:
        gdsolve.fit([[1], [2], [3]], [1, 2, 4], sigma=[1, 2, 3])
    assert 'sigma="x2"' in str(told_of.value.hint)


def test_means_that_fill_gaps_are_weighted_by_standard_deviations(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("x,s,y\n1,0.5,2\n,1,3\n4,1,5\n5,0.5,6\n")
    (tmp_path / "w.csv").write_text("x,w,y\n1,4,2\n,1,3\n4,1,5\n5,4,6\n")
    by_sigma = gdsolve.fit(tmp_path / "s.csv", sigma="s", na="mean")
    assert by_sigma.weights == pytest.approx(gdsolve.fit(tmp_path / "w.csv", weight="w", na="mean").weights, rel=1e-12)


# Check ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("here")
def test_check_proposes_fits_that_weigh_as_asked(capsys: pytest.CaptureFixture[str]) -> None:
    for flags in ("--ignore w --sigma s --absolute-sigma", "--ignore s --weight w --weight-kind frequency"):
        assert run(["check", "t.csv", *flags.split()]) == 0
        commands = [line.strip() for line in capsys.readouterr().out.splitlines() if "gdsolve " in line]
        assert len(commands) == 3 and all(flags in command for command in commands)
        for command in commands:
            assert run(command.split()[1:]) == 0
        capsys.readouterr()


def test_check_leaves_standard_deviations_out_that_cannot_be_used() -> None:
    frame = pl.DataFrame({"x": [1.0, 2, 3, 5], "s": [0.0, 1, 1, 1], "y": [2.0, 3, 5, 6]})
    found = gdsolve.check(frame, sigma="s", absolute_sigma=True)
    told = next(one.message for one in found.findings if one.column == "s")
    assert told.startswith("s, the sigma: 1 standard deviation not above 0")
    assert "sigma" not in found.commands[0] and found.commands
    classes = gdsolve.check(frame.with_columns(s=pl.lit(1.0), y=pl.Series(["u", "v", "u", "v"])), sigma="s")
    assert "logistic" in classes.commands[0] and "sigma" not in classes.commands[0]


# Several ranks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [{}, {"engine": "rows"}, {"weight_kind": "frequency"}, {"loss": "poisson", "target": "n"}],
    ids=" ".join,
)
def test_ranks_count_rows_together(tmp_path: Path, options: dict[str, Any]) -> None:
    table = TABLE.with_columns(w=pl.Series([0.0, 0.0, *OMEGA[2:-1], 0.0]), n=pl.Series(range(12)) % 5)
    for place in range(3):
        table[4 * place : 4 * place + 4].write_csv(tmp_path / f"part-{place}.csv")
    asked = {"features": "a,b", "target": "y", "weight": "w", "report": True, **options}
    spec = build_spec([str(tmp_path / "part-*.csv")], asked, "fit")
    alone, found = fit_record(fit(spec)), on_ranks(3, lambda ranks: fit_record(fit(spec, ranks=ranks)))
    for one in found:
        assert one["data"] == alone["data"] and one["data"]["rows_weightless"] == 3
        assert one["report"]["degrees_of_freedom"] == alone["report"]["degrees_of_freedom"]
        for name, bar in alone["report"]["parameters"].items():
            mine = one["report"]["parameters"][name]["standard_error"]
            assert mine == pytest.approx(bar["standard_error"], rel=1e-7)
