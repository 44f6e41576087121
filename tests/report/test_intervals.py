"""`predict --interval`, `--diagnose` and `--class`: the figures of statsmodels and R, in every form of a table."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import forked
import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

import gdsolve
from gdsolve.cli.main import run
from gdsolve.report.record import fit_record
from gdsolve.status import GdsolveError

ROWS = 60
RNG = np.random.default_rng(4)
A, B, W = RNG.normal(3.0, 1.0, ROWS), RNG.normal(size=ROWS), RNG.choice([0.5, 1.0, 2.0, 3.5], ROWS)
TABLE = pl.DataFrame(
    {
        "a": A,
        "b": B,
        "k": RNG.choice(["u", "v", "long, w"], ROWS),
        "w": W,
        "s": W**-0.5,
        "y": 1.0 + 2.0 * A - B + RNG.normal(size=ROWS) / W**0.5,
        "c": np.where(RNG.random(ROWS) < 1.0 / (1.0 + np.exp(3.0 - A)), "yes", "no"),
        "n": RNG.poisson(np.exp(0.3 * A)),
    }
)
LINE = {"target": "y", "features": ["a", "b"]}
DESIGN = sm.add_constant(TABLE.select("a", "b").to_numpy())
NEW = pl.DataFrame({"b": [0.3, -2.0, 9.0, 0.0], "a": [1.0, 4.0, -5.0, 3.0], "w": [1.0, 4.0, 0.25, 2.0]})
NEW = NEW.with_columns(s=pl.col("w") ** -0.5)
NEW_DESIGN = sm.add_constant(NEW.select("a", "b").to_numpy())
INFLUENCE = ("standardised_residual", "leverage", "cooks_distance")


def close(expected: Any, rel: float = 1e-8) -> Any:
    return pytest.approx(np.asarray(expected), rel=rel, abs=rel)


def refusal(call: Any, *arguments: Any, **options: Any) -> tuple[int, str, str | None]:
    with pytest.raises(GdsolveError) as caught:
        call(*arguments, **options)
    return int(caught.value.exit_code), caught.value.message, caught.value.hint


@pytest.mark.parametrize("level", [0.95, 0.999])
@pytest.mark.parametrize("of", ["mean", "observation"])
def test_intervals_of_least_squares_are_those_of_statsmodels(of: str, level: float) -> None:
    for options, weights, known in (
        ({}, np.ones(ROWS), None),
        ({"weight": "w"}, W, NEW["w"].to_numpy()),
        ({"sigma": "s"}, W, NEW["s"].to_numpy() ** -2.0),
    ):
        fit = gdsolve.fit(TABLE, **LINE, **options)
        found = gdsolve.predict(fit, NEW, interval=level, interval_of=of)
        expected = (
            sm.WLS(TABLE["y"].to_numpy(), DESIGN, weights=weights).fit().get_prediction(NEW_DESIGN, weights=known)
        )
        frame = expected.summary_frame(alpha=1.0 - level)
        assert found.columns == ["prediction", "lower", "upper"]
        for end in ("lower", "upper"):
            name = f"{'mean' if of == 'mean' else 'obs'}_ci_{end}"
            assert found[end].to_numpy() == close(frame[name].to_numpy())


def test_a_new_observation_weighs_1_unless_the_table_says_otherwise() -> None:
    fit = gdsolve.fit(TABLE, **LINE, weight="w")
    plain = gdsolve.predict(fit, NEW.drop("w"), interval=0.9)
    expected = sm.WLS(TABLE["y"].to_numpy(), DESIGN, weights=W).fit().get_prediction(NEW_DESIGN).summary_frame(0.1)
    assert plain["upper"].to_numpy() == close(expected["obs_ci_upper"].to_numpy())
    assert gdsolve.predict(fit, NEW, interval=0.9)["upper"][0] == plain["upper"][0]
    assert gdsolve.predict(fit, NEW, interval=0.9)["upper"][1] < plain["upper"][1]
    # A count says nothing of how far a row scatters.
    counts = gdsolve.fit(TABLE.with_columns(w=pl.int_range(pl.len()) % 3), **LINE, weight="w", weight_kind="frequency")
    assert gdsolve.predict(counts, NEW, interval=0.9).equals(gdsolve.predict(counts, NEW.drop("w"), interval=0.9))
    # Standard deviations that are known are those of the table, with the normal distribution.
    known = gdsolve.fit(TABLE, **LINE, sigma="s", absolute_sigma=True)
    found = gdsolve.predict(known, NEW, interval=0.9)
    spread = np.einsum("ij,jk,ik->i", NEW_DESIGN, np.linalg.inv(DESIGN.T @ (W[:, None] * DESIGN)), NEW_DESIGN)
    half = 1.6448536269514722 * np.sqrt(spread + NEW["s"].to_numpy() ** 2)
    assert (found["upper"] - found["prediction"]).to_numpy() == close(half)
    # An observation of no weight may be anywhere.
    nowhere = gdsolve.predict(fit, NEW.with_columns(w=0.0), interval=0.9)
    assert nowhere["lower"].to_list() == [None] * 4
    assert nowhere["prediction"].null_count() == 0


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("loss", ["logistic", "poisson"])
def test_intervals_of_means_are_those_of_statsmodels(loss: str, weight: str | None) -> None:
    target = "c" if loss == "logistic" else "n"
    y = (TABLE["c"] == "yes").cast(pl.Float64) if loss == "logistic" else TABLE["n"]
    family = sm.families.Binomial() if loss == "logistic" else sm.families.Poisson()
    fit = gdsolve.fit(TABLE, target=target, features=["a", "b"], loss=loss, weight=weight)
    weights = np.ones(ROWS) if weight is None else W
    expected = sm.GLM(y.to_numpy(), DESIGN, family=family, var_weights=weights).fit(tol=1e-14)
    frame = expected.get_prediction(NEW_DESIGN).summary_frame(alpha=0.1)
    found = gdsolve.predict(fit, NEW, interval=0.9)
    assert found["lower"].to_numpy() == close(frame["mean_ci_lower"].to_numpy())
    assert found["upper"].to_numpy() == close(frame["mean_ci_upper"].to_numpy())
    assert found.equals(gdsolve.predict(fit, NEW, interval=0.9, interval_of="mean"))
    influence = expected.get_influence(observed=False)
    own = gdsolve.predict(fit, TABLE, diagnose=True)
    assert own["residual"].to_numpy() == close(expected.resid_response)
    assert own["leverage"].to_numpy() == close(influence.hat_matrix_diag)
    assert own["standardised_residual"].to_numpy() == close(influence.resid_studentized)
    assert own["cooks_distance"].to_numpy() == close(influence.cooks_distance[0])


@pytest.mark.parametrize("weighted", [False, True])
def test_what_a_row_bears_upon_the_fit_is_that_of_statsmodels(weighted: bool) -> None:
    """Of weighted rows it is that of √ω times their numbers, as in R: `hat_matrix_diag` of WLS lacks a factor √ω."""
    root = W**0.5 if weighted else np.ones(ROWS)
    y = TABLE["y"].to_numpy()
    influence = sm.OLS(y * root, DESIGN * root[:, None]).fit().get_influence()
    fit = gdsolve.fit(TABLE, **LINE, **({"weight": "w"} if weighted else {}))
    found = gdsolve.predict(fit, TABLE, diagnose=True)
    assert found.columns == ["prediction", "residual", *INFLUENCE]
    assert found["residual"].to_numpy() == close(y - gdsolve.predict(fit, TABLE))
    assert found["leverage"].to_numpy() == close(influence.hat_matrix_diag)
    assert found["standardised_residual"].to_numpy() == close(influence.resid_studentized_internal)
    assert found["cooks_distance"].to_numpy() == close(influence.cooks_distance[0])


def test_a_frequency_is_the_row_so_many_times() -> None:
    counted = TABLE.with_columns(w=1 + pl.int_range(pl.len()) % 3)
    places = np.repeat(np.arange(ROWS), counted["w"].to_numpy())
    fit = gdsolve.fit(counted, **LINE, weight="w", weight_kind="frequency")
    whole = gdsolve.predict(gdsolve.fit(counted[places], **LINE), counted[places], diagnose=True)
    found = gdsolve.predict(fit, counted, diagnose=True)[places]
    for name in ("residual", *INFLUENCE):
        assert found[name].to_numpy() == close(whole[name].to_numpy())


def test_levels_and_large_means_keep_their_digits() -> None:
    far = TABLE.with_columns(pl.col("a") + 1e8)
    one, other = (
        gdsolve.predict(gdsolve.fit(table, target="y", features=["a", "k"], categorical="onehot"), table, diagnose=True)
        for table in (TABLE, far)
    )
    levels = np.column_stack([TABLE["k"].to_numpy() == name for name in ("u", "v")]).astype(float)
    expected = sm.OLS(TABLE["y"].to_numpy(), sm.add_constant(np.column_stack([A, levels]))).fit().get_influence()
    assert one["leverage"].to_numpy() == close(expected.hat_matrix_diag)
    assert other["leverage"].to_numpy() == close(expected.hat_matrix_diag, 1e-6)


def test_curves_have_intervals_by_the_delta_method() -> None:
    """At the optimum of a line as a curve they are those of the line; of a power they come from its slopes."""
    line = gdsolve.fit(TABLE, **LINE)
    curve = gdsolve.fit(TABLE, target="y", model="p + q*a + r*b", parameters={"p": 1.0, "q": 1.0, "r": 0.0})
    expected = gdsolve.predict(line, NEW, interval=0.8)
    assert gdsolve.predict(curve, NEW, interval=0.8).to_numpy() == close(expected.to_numpy(), 1e-6)
    found = gdsolve.predict(curve, TABLE, diagnose=True).to_numpy()
    assert found == close(gdsolve.predict(line, TABLE, diagnose=True).to_numpy(), 1e-6)
    x = np.linspace(1.0, 4.0, 25)
    y = 2.0 * x**1.5 + 0.1 * np.sin(40.0 * x)
    power = gdsolve.fit(x[:, None], y, model="c*x**e", parameters={"c": 1.0, "e": 1.0})
    c, e = power.weights["c"], power.weights["e"]
    slopes = np.column_stack([x**e, c * x**e * np.log(x)])
    scale = np.sqrt(((y - c * x**e) ** 2).sum() / 23)
    spread = np.einsum("ij,jk,ik->i", slopes, np.linalg.inv(slopes.T @ slopes), slopes)
    half = 2.0686576104190406 * scale * np.sqrt(spread)
    found = gdsolve.predict(power, x[:, None], interval=0.95, interval_of="mean")
    assert (found["upper"] - found["prediction"]).to_numpy() == close(half, 1e-6)


def test_curves_of_vectors_and_of_means_have_intervals() -> None:
    vector = gdsolve.fit(TABLE, target="y", model="sum(v)*a + r", parameters={"v": [0.5], "r": 0.0})
    expected = gdsolve.predict(gdsolve.fit(TABLE, target="y", features=["a"]), NEW, interval=0.8).to_numpy()
    assert gdsolve.predict(vector, NEW, interval=0.8).to_numpy() == close(expected, 1e-6)
    options = {"target": "n", "loss": "poisson"}
    curve = gdsolve.fit(TABLE, model="p + q*a", link="log", parameters={"p": 0.0, "q": 0.1}, **options)
    means = gdsolve.predict(gdsolve.fit(TABLE, features=["a"], **options), TABLE, interval=0.8, diagnose=True)
    assert gdsolve.predict(curve, TABLE, interval=0.8, diagnose=True).to_numpy() == close(means.to_numpy(), 1e-6)
    held = gdsolve.fit(TABLE, target="y", model="p + q*a", parameters={"p": {"start": 1.0, "fixed": True}, "q": 1.0})
    found = gdsolve.predict(held, NEW, interval=0.8, interval_of="mean")
    error = held.standard_errors["q"]
    assert error is not None
    half = (found["upper"] - found["prediction"]).to_numpy()
    assert half / np.abs(NEW["a"].to_numpy()) == close([half[0]] * 4)
    assert half[0] == pytest.approx(1.2961 * error, rel=1e-3)


def test_a_class_stands_beside_its_probability(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fit = gdsolve.fit(TABLE, target="c", features=["a"], loss="logistic", save=str(tmp_path / "m.json"))
    found = gdsolve.predict(fit, TABLE, class_=True)
    assert found.columns == ["prediction", "class"]
    assert found["class"].to_list() == ["yes" if p > 0.5 else "no" for p in found["prediction"]]
    numbers = gdsolve.fit(TABLE.with_columns(c=pl.col("c") == "yes"), target="c", features=["a"], loss="logistic")
    assert set(gdsolve.predict(numbers, TABLE, class_=True)["class"]) == {"0", "1"}
    (tmp_path / "t.csv").write_text("class,a\nx,-9\ny,\nz,99\n")
    assert run(["predict", str(tmp_path / "m.json"), str(tmp_path / "t.csv"), "--class", "--interval", "0.9"]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows[0] == ["class", "a", "prediction", "class_2", "lower", "upper"]
    assert [row[3] for row in rows[1:]] == ["no", "", "yes"]
    assert rows[2][2:] == ["", "", "", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("intervals")
    TABLE.write_csv(made / "t.csv")
    TABLE.select(reversed(TABLE.columns)).write_parquet(made / "t.parquet")
    TABLE.write_ndjson(made / "t.ndjson")
    (made / "t.csv.gz").write_bytes(gzip.compress((made / "t.csv").read_bytes()))
    for name, options in {
        "y.json": LINE,
        "w.json": {**LINE, "weight": "w"},
        "s.json": {**LINE, "sigma": "s"},
        "c.json": {"target": "c", "features": ["a", "b"], "loss": "logistic"},
        "ridge.json": {**LINE, "ridge": 1.0},
        "huber.json": {**LINE, "loss": "huber"},
        "short.json": {**LINE, "lr": 1e-3, "max_iter": 2},
        "groups.json": {**LINE, "features": ["a"], "group_by": "k"},
    }.items():
        gdsolve.fit(TABLE, save=str(made / name), **options)
    record = json.loads((made / "y.json").read_text())
    for name, changed in {"damaged.json": {**record["covariance"], "factor": [[1.0], [2.0]]}, "old.json": None}.items():
        old = {key: value for key, value in record.items() if key != "covariance"}
        (made / name).write_text(json.dumps(old if changed is None else {**old, "covariance": changed}))
    (made / "exact.csv").write_text("a,b,y\n1,2,3\n2,1,3\n4,4,8\n5,3,8\n7,1,8\n")
    gdsolve.fit(made / "exact.csv", save=str(made / "exact.json"))
    return made


def test_every_form_of_a_table_gives_the_same_columns(folder: Path) -> None:
    options: dict[str, Any] = {"interval": 0.9, "diagnose": True}
    expected = gdsolve.predict(gdsolve.fit(TABLE, **LINE), TABLE, **options)
    for name in ("t.csv", "t.parquet", "t.ndjson", "t.csv.gz"):
        found = gdsolve.predict(folder / "y.json", folder / name, **options)
        assert found.to_numpy() == close(expected.to_numpy(), 1e-13)
    out = io.StringIO()
    gdsolve.predict(folder / "y.json", folder / "t.csv", out, only=True, **options)
    assert pl.read_csv(io.StringIO(out.getvalue())).to_numpy() == close(expected.to_numpy(), 1e-13)
    arrays = gdsolve.predict(
        folder / "y.json", TABLE.select("b", "a").to_numpy(), names=["b", "a"], y=TABLE["y"].to_numpy(), **options
    )
    assert arrays.equals(expected)


def test_a_real_process_streams_the_columns(folder: Path) -> None:
    text = "b;a;lower;y\n0,5;3,0;x;7\n1,5;2,25;x;\n;2;x;3\n"
    words = ("predict", "y.json", "-", "--interval", "0.9", "--diagnose", "--only")
    done = forked.run(*words, stdin=text, cwd=folder)
    assert done.returncode == 0
    head, *rows = [line.split(";") for line in done.stdout.splitlines()]
    assert head == ["prediction", "lower", "upper", "residual", *INFLUENCE]
    numbers = [[cell.replace(",", ".") for cell in row] for row in rows]
    given = pl.DataFrame({"a": [3.0, 2.25, 2.0], "b": [0.5, 1.5, None], "y": [7.0, None, 3.0]})
    expected = gdsolve.predict(folder / "y.json", given, interval=0.9, diagnose=True).rows()
    assert [[float(cell) if cell else None for cell in row] for row in numbers] == [list(row) for row in expected]
    # Without its target a row has its leverage; without a feature it has nothing.
    assert [value is None for value in expected[1]] == [False, False, False, True, True, False, True]
    assert set(expected[2]) == {None}


def test_a_column_of_the_table_keeps_its_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "names.csv").write_text("a,b,lower,leverage,y\n1,2,5,6,3\n")
    run(["predict", str(folder / "y.json"), str(folder / "names.csv"), "--interval", "0.9", "--diagnose"])
    header = capsys.readouterr().out.splitlines()[0]
    appended = "prediction,lower_2,upper,residual,standardised_residual,leverage_2,cooks_distance"
    assert header == f"a,b,lower,leverage,y,{appended}"


def test_the_record_holds_the_inverse_of_the_covariance() -> None:
    fit = gdsolve.fit(TABLE, **LINE, weight="w")
    saved = fit_record(fit)["covariance"]
    assert saved["parameters"] == ["intercept", "a", "b"]
    assert (saved["statistic"], saved["degrees_of_freedom"], saved["reason"]) == ("t", 57.0, None)
    assert [len(row) for row in saved["factor"]] == [3, 2, 1]
    factor = np.zeros((3, 3))
    for place, row in enumerate(saved["factor"]):
        factor[place, place:] = row
    assert (factor.diagonal() > 0.0).all()
    covariance = saved["scale"] ** 2 * np.linalg.inv(factor.T @ factor)
    assert covariance == close(sm.WLS(TABLE["y"].to_numpy(), DESIGN, weights=W).fit().cov_params())
    errors = fit.standard_errors
    assert np.sqrt(covariance.diagonal()) == close([errors["intercept"], errors["a"], errors["b"]], 1e-12)


def test_the_record_says_why_it_holds_none(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = {
        name: fit_record(gdsolve.fit(TABLE, **LINE, **options))["covariance"]
        for name, options in {"ridge": {"ridge": 1.0}, "absolute": {"loss": "absolute"}}.items()
    }
    twice = TABLE.with_columns(d=2.0 * pl.col("a"))
    reasons["twice"] = fit_record(gdsolve.fit(twice, target="y", features=["a", "d"]))["covariance"]
    for module in ("objective.inference", "report.covariance_record", "data.covariance"):
        monkeypatch.setattr(f"gdsolve.{module}.MOST_KEPT", 2)
    wide = gdsolve.fit(TABLE, **LINE)
    reasons["wide"] = fit_record(wide)["covariance"]
    assert refusal(gdsolve.predict, wide, NEW, interval=0.9) == (
        2,
        "interval: the model has no error bars: 3 weights are more than the 2 whose covariance is saved",
        "leave interval out, or fit fewer columns, with features=…",
    )
    assert {name: saved["factor"] for name, saved in reasons.items()} == dict.fromkeys(reasons)
    assert {name: saved["reason"] for name, saved in reasons.items()} == {
        "ridge": "the ridge penalty biases the weights, so that the usual standard errors do not hold",
        "absolute": "this loss is neither a sum of squares nor a likelihood",
        "wide": "3 weights are more than the 2 whose covariance is saved",
        "twice": "not determined by the data: only combinations of a and d are",
    }
    assert fit_record(gdsolve.fit(minimize="(p - 1)**2", parameters={"p": 0.0}))["covariance"] is None


INTERVAL = ["--interval", "0.9"]
BAD = [
    (
        "old.json",
        INTERVAL,
        2,
        "interval: the model was saved without the covariance",
        "save the model again: gdsolve fit",
    ),
    ("old.json", ["--diagnose"], 2, "diagnose: the model was saved without the covariance", "save the model again"),
    ("damaged.json", INTERVAL, 2, "interval: the covariance of the model is damaged", "save the model again"),
    (
        "ridge.json",
        INTERVAL,
        2,
        "interval: the model has no error bars: the ridge penalty biases",
        "leave --interval out",
    ),
    ("huber.json", ["--diagnose"], 2, "diagnose: the model has no error bars: this loss is", "leave --diagnose out"),
    ("short.json", INTERVAL, 2, "interval: the model has no error bars: the run has not converged", "leave --interval"),
    ("exact.json", INTERVAL, 2, "interval: the model has no residual scale: the fit is exact", "leave --interval out"),
    (
        "groups.json",
        INTERVAL,
        2,
        "interval: is for a model of all rows, and this one is of groups",
        "leave --interval out",
    ),
    (
        "c.json",
        [*INTERVAL, "--interval-of", "observation"],
        2,
        "interval_of: the model is of --loss logistic: a class",
        "",
    ),
    (
        "y.json",
        ["--class"],
        2,
        "class: is for models of classes, and this one is of --loss half-mse",
        "leave --class",
    ),
    ("y.json", ["--interval", "95"], 2, "interval: 95 is not strictly between 0 and 1", "for intervals of 95 % give"),
    ("y.json", ["--interval", "0"], 2, "interval: 0 is not strictly between 0 and 1", "for intervals of 95 % give"),
    ("y.json", ["--interval", "nan"], 2, "interval: 'nan' is not a finite", "write it as in --interval 0.01"),
    ("y.json", ["--interval-of", "mean"], 2, "interval_of: --interval-of is for the intervals of --interval", "give"),
    ("y.json", ["--diagnose"], 5, "new.csv: has no column 'y', the target of the model, which --diagnose needs", "add"),
    (
        "w.json",
        ["--diagnose"],
        5,
        "new.csv: has no column 'y', the target of the model",
        "add the column 'y', or leave",
    ),
    (
        "s.json",
        INTERVAL,
        5,
        "new.csv: has no column 's', the row weights, which --interval needs",
        "add the column 's'",
    ),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad[0]} {bad[3][:40]}")
def test_what_cannot_be_appended_is_one_line(
    bad: tuple[str, list[str], int, str, str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model, words, code, message, hint = bad
    monkeypatch.chdir(folder)
    Path("new.csv").write_text("a,b\n1,2\n")
    assert run(["predict", model, "new.csv", *words]) == code
    out, err = capsys.readouterr()
    first, second = err.splitlines()
    assert out == ""
    assert first.startswith(f"gdsolve: error: {message}")
    assert second.startswith(f"hint: {hint}")


def test_nothing_is_written_of_a_table_that_is_bad_from_its_first_rows(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "early.csv").write_text("a,b,y\n1,2,?\n")
    for words in (["--diagnose"], ["--diagnose", "--only"]):
        assert run(["predict", str(folder / "y.json"), str(folder / "early.csv"), *words]) == 5
        assert capsys.readouterr().out == ""
    (folder / "none.csv").write_text("a,b,y\n")
    assert run(["predict", str(folder / "y.json"), str(folder / "none.csv"), "--interval", "0.9"]) == 0
    assert capsys.readouterr().out == "a,b,y,prediction,lower,upper\n"


def test_bad_cells_are_told_with_their_place(folder: Path) -> None:
    (folder / "bad.csv").write_text("a,b,c\n1,2,yes\n3,4,maybe\n")
    code, message, hint = refusal(gdsolve.predict, folder / "c.json", folder / "bad.csv", diagnose=True)
    assert (code, message) == (
        5,
        f"{folder / 'bad.csv'}: row 2 (line 3), column 'c': 'maybe' is neither 'no' nor 'yes'",
    )
    assert hint == "--na-values maybe leaves such predictions empty"
    kept = gdsolve.predict(folder / "c.json", folder / "bad.csv", diagnose=True, na_values=["maybe"])
    assert kept["residual"].null_count() == 1
    fit = gdsolve.fit([[1.0], [2.0], [4.0], [7.0]], [1.0, 3.0, 4.0, 9.0])
    assert refusal(gdsolve.predict, fit, [[1.0], [2.0]], y=[1.0, np.inf], diagnose=True)[:2] == (
        5,
        "inline: row 2, column 'y': inf is not finite",
    )
    frame = pl.DataFrame({"x": [1.0], "y": [2.0]})
    assert refusal(gdsolve.predict, fit, frame, y=[1.0], diagnose=True) == (
        5,
        "inline: the target 'y' is a column of X, and y is given too",
        "leave y out",
    )
    assert refusal(gdsolve.predict, fit, "t.csv", y=[1.0])[:2] == (2, "y: goes with arrays")


def test_an_exact_fit_has_leverages_and_no_scale(folder: Path) -> None:
    found = gdsolve.predict(folder / "exact.json", folder / "exact.csv", diagnose=True)
    assert found["leverage"].sum() == pytest.approx(3.0, rel=1e-12)
    assert found["standardised_residual"].to_list() == [None] * 5


def test_a_row_that_alone_decides_has_no_standardised_residual() -> None:
    fit = gdsolve.fit([[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [4.0, 0.0]], [5.0, 1.0, 3.0, 4.0])
    found = gdsolve.predict(fit, [[0.0, 1.0], [1.0, 0.0]], y=[5.0, 1.0], diagnose=True)
    assert found["leverage"][0] == pytest.approx(1.0, abs=1e-12)
    assert (found["standardised_residual"][0], found["cooks_distance"][0]) == (None, None)
    assert found["standardised_residual"][1] is not None


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 4), level=st.floats(0.05, 0.99), intercept=st.booleans())
def test_intervals_hold_each_other_and_leverages_add_up(seed: int, n: int, level: float, intercept: bool) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n + 12, n)) * 10.0 ** rng.uniform(-3, 3, n) + rng.normal(size=n)
    y = rng.normal(size=n + 12)
    fit = gdsolve.fit(X, y, no_intercept=not intercept)
    mean, wide = (gdsolve.predict(fit, X, interval=level, interval_of=of) for of in ("mean", "observation"))
    assert (wide["lower"] < mean["lower"]).all()
    assert (mean["lower"] < mean["prediction"]).all()
    assert (mean["upper"] < wide["upper"]).all()
    own = gdsolve.predict(fit, X, y=y, diagnose=True)
    assert own["leverage"].sum() == pytest.approx(n + intercept, rel=1e-9)
    assert own["leverage"].is_between(0.0, 1.0 + 1e-12).all()
