"""The answer of `fit` on one screen: its lines and its width, standard errors, figures of fit, and what to do next."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nist
import numpy as np
import pytest
from loss_targets import target_of
from places import ROOT
from rank_threads import on_ranks
from shown_records import ESCAPE, on_terminal, plain
from terminal import Terminal

import gdsolve
from gdsolve.cli.main import run
from gdsolve.report.numbers import whole
from gdsolve.report.page import PIPE_WIDTH, View
from gdsolve.report.record import fit_record
from gdsolve.solve.fit import fit as fit_on
from gdsolve.spec import Loss, Spec
from gdsolve.spec.file import build_spec
from gdsolve.spec.losses import LOSS_PARAMETERS, USUAL_LOSS, Target
from gdsolve.spec.schema import SPECIAL
from gdsolve.status import GdsolveError
from gdsolve.terminal import cells

SCREEN = 40
NAMES = ("x", "measurement_number_", "concentration_of_chlorophyll_in_the_upper_layer_")
# Motor Trend's cars of 1974, as R has them in mtcars: weight in 1000 lb and 0 for an automatic gearbox.
WEIGHTS = (
    *(2.62, 2.875, 2.32, 3.215, 3.44, 3.46, 3.57, 3.19, 3.15, 3.44, 3.44, 4.07, 3.73, 3.78, 5.25, 5.424, 5.345, 2.2),
    *(1.615, 1.835, 2.465, 3.52, 3.435, 3.84, 3.845, 1.935, 2.14, 1.513, 3.17, 2.77, 3.57, 2.78),
)
MANUAL = (1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1)
# Dobson (1990), An Introduction to Generalized Linear Models, page 93: the example of R's help on glm.
COUNTS = (18, 17, 15, 20, 10, 20, 25, 13, 12)
DOBSON = [[j % 3 == 1, j % 3 == 2, j // 3 == 1, j // 3 == 2] for j in range(9)]

OWN = {own: {own.name: own.above + 0.3} for own in LOSS_PARAMETERS}
SLOW = {True: {}, False: {"max_iter": 200}}
POINTWISE = [loss for loss in Loss if not loss.info.squared]
LOSSES: dict[str, dict[str, Any]] = {
    "squares": {},
    "ridge": {"ridge": 1.0, "loss": "mse"},
    "rate": {"lr": 0.01, "max_iter": 50},
    "too high a rate": {"lr": 10.0},
    "momentum": {"method": "momentum", "momentum": 0.5},
    "rows": {"engine": "rows", "dtype": "float32"},
    **{loss.value: {"loss": loss} | OWN.get(loss.info.parameter, {}) | SLOW[loss.info.smooth] for loss in POINTWISE},
}
FOLLOWING = ("To predict, here or on any table: gdsolve predict model.json table.csv", "Add --report for intervals.")


def table(n: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    X = rng.normal(size=(60, n)) * 10.0 ** rng.integers(-3, 4, n)
    z = X @ (1.0 / (1.0 + np.arange(n)) / np.abs(X).mean(axis=0)) / 3.0
    target = Loss(LOSSES[name].get("loss", USUAL_LOSS)).info.target
    return X, target_of(target, z, rng)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("prefix", NAMES)
def test_up_to_ten_weights_take_forty_lines(name: str, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in (1, 4, 10):
        names = [f"{prefix}{j}" for j in range(n)]
        X, y = table(n, name)
        record = fit_record(gdsolve.fit(X, y, names=names, **LOSSES[name]))
        given = {key: str(value) for key, value in LOSSES[name].items()}
        view = View.of(build_spec(["t.csv"], given, "fit"), FOLLOWING)
        lines = ESCAPE.sub("", on_terminal(record, 80, monkeypatch, view=view)).splitlines()
        # Names of a line each take lines of their own.
        assert len(lines) <= SCREEN + (len(prefix) > 40) * 2 * n
        assert max(map(cells, lines)) <= 80
        assert max(map(cells, plain(record, view).splitlines())) <= PIPE_WIDTH
        at = next(place for place, line in enumerate(lines) if line.lstrip().startswith("iteration "))
        rows = lines[at + 2 : lines.index("", at)]
        rows = [row for row in rows if "left out" not in row]
        assert min(4, len(record["trace"])) <= len(rows) <= 12
        assert [row.split()[0] for row in (rows[0], rows[-1])] == ["0", whole(record["trace"][-1]["iteration"])]
        assert "None" not in "\n".join(lines)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_penguins_on_a_terminal(width: int) -> None:
    terminal = Terminal(width, 60)
    words = ("configs/penguins.csv", "--target", "body_mass_g", "--na", "drop", "--categorical", "onehot")
    process = terminal.start("fit", *(str(ROOT / words[0]), *words[1:]))
    assert terminal.close(process) == 0
    text = terminal.text()
    assert len(text.splitlines()) <= SCREEN + 2 * (width == 60)
    told = " ".join(text.split())
    levels = "species: Adelie (reference), Chinstrap, Gentoo; island: Biscoe (reference), Dream, Torgersen; sex: female"
    assert f"levels {levels} (reference), male " in told
    # summary(lm(body_mass_g ~ ., penguins)) of R.
    assert re.search(r"^sex=male +378\.9770\d* +48\.0743 +7\.883$", text, re.MULTILINE)
    assert "R² 0.87681381, adjusted R² 0.87338138" in told
    assert "iteration" in text
    assert "engine" not in text


def text_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["fit", *words]) in (0, 3)
    return capsys.readouterr().out


@pytest.fixture
def norris(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "norris.csv").write_text((ROOT / "configs" / "norris.csv").read_text())
    return "norris.csv"


def test_norris_says_all_of_it(norris: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = text_of(capsys, norris, "--target", "y")
    before, after = text.split("\n\niteration ")
    assert (
        before
        == """\
data            norris.csv: 36 rows
target          y
features        x and an intercept"""
    )
    assert (
        after[after.index("parameter ") : after.index("CONVERGED")]
        == """\
parameter         weight   std. error         t
───────────────────────────────────────────────
x           1.002116818   0.000429797  2331.606
intercept  -0.2623230738  0.232818       -1.127

SSE 26.617399, RMSE 0.85986754, R² 0.99999375, adjusted R² 0.99999356

"""
    )
    assert text.endswith("\nAdd --report for p-values and intervals, --save model.json for gdsolve predict.\n")


def test_quiet_leaves_the_advice_out(norris: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Add --report" not in text_of(capsys, norris, "--quiet")
    text = text_of(capsys, norris, "--lr", "1e-6", "--max-iter", "3", "--quiet")
    assert "NOT CONVERGED" in text
    assert "Run instead" not in text
    assert "learning rate   1e-06 on the columns as they are; stable below " in text


def test_what_to_do_next_can_be_done(norris: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = text_of(capsys, norris, "--save", "model.json")
    assert "To predict, here or on any table with these columns:\n  gdsolve predict model.json norris.csv\n" in text
    assert text.endswith("\nAdd --report for p-values and intervals.\n")
    assert run(["predict", "model.json", "norris.csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 37


def test_verbose_says_how_it_was_computed(norris: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = " ".join(text_of(capsys, norris, "--verbose", "--engine", "leap").split())
    assert " stops when no weight changes by 1e-10 or more loss half-mse: 0.36968609 gap " in told
    assert " engine closed form on cpu in float64: asked for with --engine leap; " in told


def test_no_iterations_where_none_are_asked_for(
    norris: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "iteration" not in text_of(capsys, norris, "--every", "none")
    assert json.loads(text_of(capsys, norris, "--every", "none", "--format", "json"))["trace"] == []
    (tmp_path / "none.yaml").write_text("data: norris.csv\nevery: none\nloss: huber\n")
    assert json.loads(text_of(capsys, "none.yaml", "--format", "json"))["trace"] == []
    fit = gdsolve.fit(norris, every="none")
    assert (fit.trace.iterations, tuple(fit.trace.weights.shape)) == ((), (2, 0))
    assert fit.weights == gdsolve.fit(norris).weights
    assert run(["fit", norris, "--every", "none", "--history", "h.csv"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "gdsolve: error: every: none leaves no iterations for --history to write",
        "hint: leave --every out",
    ]
    for words, hint in (
        (("--every", "none", "--format", "markdown", "--history", "h.csv"), "leave --every out"),
        (("--every", "none", "--format", "latex"), "leave --every out"),
        (("--every", "none", "--format", "csv"), "leave --every out"),
        (("--every", "2", "--format", "latex"), "leave --every out, or give --history FILE"),
        (("--every", "0"), "give --every 1 or more, --every log or --every none"),
    ):
        assert run(["fit", norris, *words]) == 2
        assert capsys.readouterr().err.splitlines()[1] == f"hint: {hint}"


def test_every_iteration_that_is_asked_for_is_shown(norris: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = text_of(capsys, norris, "--lr", "1e-6", "--max-iter", "30", "--every", "1")
    rows = re.findall(r"^ +(\d+) ", text, re.MULTILINE)
    assert rows == [str(k) for k in range(31)]


def test_the_record_has_the_new_fields_for_every_kind() -> None:
    """`gdsolve.fit/1`: figures of fit are null where they do not exist, and standard errors say why."""
    two = [[1.0], [2.0], [4.0], [3.0]]
    for options in ({}, {"loss": "logistic"}, {"loss": "poisson"}, {"loss": "absolute"}, {"ridge": 0.1}):
        record = fit_record(gdsolve.fit(two, [1.0, 0.0, 1.0, 0.0], **options))
        known = {key for key in ("adjusted_r2", "accuracy", "log_loss", "deviance") if record[key] is not None}
        expected = {"logistic": {"accuracy", "log_loss"}, "poisson": {"deviance"}, "": {"adjusted_r2"}}
        assert known == expected.get(options.get("loss", "ridge" if options else ""), set())
        errors = record["standard_errors"]
        assert list(errors) == ["weights", "intercept", "statistic", "degrees_of_freedom", "errors", "reasons"]
        assert list(errors["weights"]) == list(record["weights"])
        assert (errors["statistic"] is None) == bool(errors["reasons"]) == (errors["intercept"] is None)
        assert [record["descent"][key] for key in ("delta", "quantile")] == [None, None]
    formula = fit_record(gdsolve.fit(minimize="(a - 1)**2", parameters={"a": 0.0}))["standard_errors"]
    assert formula["reasons"] == [{"reason": "a formula has no residuals to estimate an error from", "weights": ["a"]}]


def test_certified_standard_errors_stand_in_the_default_answer() -> None:
    for name in ("Norris", "Longley"):
        values = nist.table(name)
        record = fit_record(gdsolve.fit(values[:, :-1], values[:, -1]))
        found = record["standard_errors"]
        errors = [*found["weights"].values(), found["intercept"]]
        assert errors == pytest.approx(nist.CERTIFIED[name].deviations, rel=1e-12)
        assert (found["statistic"], found["degrees_of_freedom"]) == ("t", nist.CERTIFIED[name].freedom)
        assert (found["reasons"], record["report"]) == ([], None)
    # NIST: R² of Longley 0.995479004577296; adjusted (16 − 1)/(16 − 7) of what it leaves.
    assert record["adjusted_r2"] == pytest.approx(1 - (1 - 0.995479004577296) * 15 / 9, rel=1e-12)


@pytest.mark.parametrize("options", [{"method": "nesterov"}, {"engine": "rows"}, {"scale": "none", "method": "lbfgs"}])
def test_standard_errors_are_those_of_the_data_whatever_the_way(options: dict[str, Any]) -> None:
    values = nist.table("Norris")
    errors = gdsolve.fit(values[:, :-1], values[:, -1], **options).standard_errors
    assert list(errors.values()) == pytest.approx(nist.CERTIFIED["Norris"].deviations, rel=1e-9)


def test_a_curve_has_the_certified_standard_errors() -> None:
    """NIST StRD, Misra1a: standard deviations of b1 and b2 as certified."""
    record = fit_record(gdsolve.fit(ROOT / "configs" / "nist" / "misra1a_start1.yaml"))
    errors = list(record["standard_errors"]["weights"].values())
    assert errors == pytest.approx([2.7070075241, 7.2668688436e-06], rel=1e-7)
    assert record["adjusted_r2"] == pytest.approx(1 - (1 - record["r2"]) * 13 / 12)
    assert "b1         238.9421292        2.70701      88.268\n" in plain(record)


def test_classes_have_standard_errors_accuracy_and_log_loss() -> None:
    """R: summary(glm(am ~ wt, binomial, mtcars)): 12.040 (4.510), −4.024 (1.436), deviance 19.176."""
    fit = gdsolve.fit(np.array(WEIGHTS)[:, None], MANUAL, names=["wt"], loss="logistic")
    assert fit.weights["wt"] == pytest.approx(-4.024, abs=5e-4)
    assert fit.intercept == pytest.approx(12.040, abs=5e-4)
    assert [fit.standard_errors[name] for name in ("wt", "intercept")] == pytest.approx([1.436, 4.510], abs=1e-3)
    record = fit_record(fit)
    assert record["standard_errors"]["statistic"] == "z"
    assert 2 * len(MANUAL) * record["log_loss"] == pytest.approx(19.176, abs=5e-4)
    right = sum((12.040 - 4.024 * wt > 0) == bool(am) for wt, am in zip(WEIGHTS, MANUAL, strict=True))
    assert record["accuracy"] == right / 32
    text = plain(record)
    assert re.search(r"^wt +-4\.02\d+ +1\.436\d* +-2\.80[12]$", text, re.MULTILINE)
    assert f"accuracy {right / 32:.8g}, log loss 0.299" in text
    assert "R²" not in text


def test_counts_have_standard_errors_and_a_deviance() -> None:
    """R's help on glm: Dobson's randomised trial, deviance 5.1291."""
    fit = gdsolve.fit(np.array(DOBSON, dtype=float), COUNTS, loss="poisson")
    errors = list(fit.standard_errors.values())
    assert errors == pytest.approx([0.2022, 0.1927, 0.2000, 0.2000, 0.1709], abs=5e-5)
    record = fit_record(fit)
    assert record["deviance"] == pytest.approx(5.1291, abs=5e-5)
    assert "deviance 5.129" in plain(record)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_accuracy_and_deviance_count_weights_and_all_ranks(dtype: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    x, weight = rng.normal(size=200), rng.integers(0, 4, 200)
    for loss, y in (("logistic", (x + rng.normal(size=200) > 0) * 1), ("poisson", rng.poisson(np.exp(x / 2)))):
        rows = [f"{a},{b},{c}" for a, b, c in zip(x, weight, y, strict=True)]
        weighted = tmp_path / f"{loss}.csv"
        weighted.write_text("\n".join(["x,w,y", *rows]) + "\n")
        options = {"loss": loss, "weight": "w", "dtype": dtype}
        alone = fit_record(gdsolve.fit(weighted, **options))
        repeated = fit_record(gdsolve.fit(np.repeat(x, weight)[:, None], np.repeat(y, weight), loss=loss))
        spec = build_spec([str(weighted)], options, "fit")
        ranks = [fit_record(one) for one in on_ranks(3, lambda ranks, spec=spec: fit_on(spec, ranks=ranks))]
        for key in ("accuracy", "log_loss", "deviance"):
            for other in (repeated, *ranks):
                if alone[key] is not None:
                    assert other[key] == pytest.approx(alone[key], rel=1e-5 if dtype == "float32" else 1e-9)
            assert (alone[key] is None) == ((key == "deviance") == (loss == "logistic"))
        if loss == "logistic":
            z = alone["weights"]["x"] * x + alone["intercept"]
            assert alone["accuracy"] == pytest.approx(np.average((z > 0) == (y == 1), weights=weight), rel=1e-15)


@pytest.mark.parametrize("loss", [loss for loss in POINTWISE if not loss.info.likelihood])
def test_other_losses_say_that_they_have_no_standard_errors(loss: Loss) -> None:
    values = nist.table("Norris")
    y = values[:, -1]
    y = (y > np.median(y)).astype(float) if loss.info.target is Target.TWO_CLASSES else y
    record = fit_record(gdsolve.fit(values[:, :-1], y, loss=loss))
    assert record["standard_errors"]["intercept"] is None
    assert record["standard_errors"]["reasons"] == [
        {"reason": "this loss is neither a sum of squares nor a likelihood", "weights": ["x", "intercept"]}
    ]
    text = plain(record)
    assert text.count("Standard errors unavailable for this loss.\n") == 1
    assert "std. error" not in text
    assert "\nmean loss " in text


def test_a_run_that_did_not_converge_has_no_standard_errors() -> None:
    values = nist.table("Norris")
    for options in ({"lr": 1e-6, "max_iter": 5}, {"lr": 1.0}, {"lr": 1.0, "report": True}):
        record = fit_record(gdsolve.fit(values[:, :-1], values[:, -1], **options))
        assert set(record["standard_errors"]["weights"].values()) == {None}
        assert record["standard_errors"]["reasons"][0]["reason"] == "the run has not converged"
        assert "unavailable" not in plain(record)


def test_a_weight_at_its_bound_has_no_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    source = str(ROOT / "configs" / "nist" / "misra1a.csv")
    words = ("--model", "b1*(1 - exp(-b2*x))", "--start", "b1=500,b2=0.0001", "--lower", "b1=300")
    text = " ".join(text_of(capsys, source, *words).split())
    assert re.search(r" b1 300(\.0*)? – – ", text)
    assert "Standard errors unavailable for b1: at its bound, so that it cannot move in both directions" in text


def test_no_adjusted_r2_where_no_freedom_is_left() -> None:
    two = fit_record(gdsolve.fit([[1.0], [3.0]], [2.0, 4.0]))
    assert (two["r2"], two["adjusted_r2"]) == (1.0, None)
    assert two["standard_errors"]["weights"] == {"x": None}
    through = gdsolve.fit([[1.0], [2.0], [4.0]], [1.0, 3.0, 4.0], no_intercept=True)
    r2 = through.figures.r2
    assert r2 is not None
    assert through.figures.adjusted_r2 == pytest.approx(1 - (1 - r2) * 3 / 2)


def test_a_column_called_intercept_keeps_its_error_apart() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(30, 1))
    found = fit_record(gdsolve.fit(x, x[:, 0] + rng.normal(size=30), names=["intercept"]))["standard_errors"]
    assert found["weights"]["intercept"] != found["intercept"]
    assert None not in (found["weights"]["intercept"], found["intercept"])


@pytest.mark.parametrize("count", [40, 1000])
def test_many_weights_fit_the_screen(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(count + 200, count))
    y = X[:, 7] * 5.0 - X[:, 3] * 50.0 + rng.normal(size=count + 200)
    record = fit_record(gdsolve.fit(X, y))
    for width in (60, 80, 200):
        lines = ESCAPE.sub("", on_terminal(record, width, monkeypatch)).splitlines()
        assert len(lines) <= SCREEN + 2 * (width == 60)
        assert max(map(cells, lines)) <= width
        at = next(place for place, line in enumerate(lines) if line.startswith("parameter "))
        assert [line.split()[0] for line in lines[at + 2 : at + 4]] == ["x4", "x8"]
    assert f"of {count + 1} weights, the largest by |t|".replace("1001", "1001") in plain(record)
    verbose = plain(record, View(verbose=True))
    assert len(re.findall(r"^x\d+ ", verbose, re.MULTILINE)) == count
    assert all(error is not None for error in record["standard_errors"]["weights"].values())


def test_long_lists_are_counted() -> None:
    rng = np.random.default_rng(2)
    names = [f"measurement_number_{j}" for j in range(30)]
    text = plain(fit_record(gdsolve.fit(rng.normal(size=(50, 30)), rng.normal(size=50), names=names)))
    (line,) = [line for line in text.splitlines() if line.startswith("features ")]
    assert line.startswith("features        measurement_number_0, measurement_number_1 ")
    assert line.endswith(" and 28 others and an intercept")


def test_a_formula_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    text = text_of(capsys, "--minimize", "(a - 1)**2 + (b + 2)**2", "--start", "a=0,b=0", "--method", "newton")
    assert text.startswith("minimise        (a - 1)**2 + (b + 2)**2\nmethod          newton\n\n")
    assert "\nloss " in text
    assert "Standard errors" not in text
    assert text.endswith("Add --plot for a picture of the descent.\n")


def test_words_of_every_are_told() -> None:
    with pytest.raises(GdsolveError, match="every: 0 is not a positive whole number"):
        Spec(data=("a.csv",), every=0)
    assert SPECIAL["every"]["anyOf"][0] == {"enum": ["log", "none"]}


def test_no_distribution_is_loaded_for_the_default_answer() -> None:
    code = (
        "import sys, gdsolve; from gdsolve.report.record import fit_record; "
        "fit_record(gdsolve.fit([[1.0], [2.0], [4.0]], [1.0, 3.0, 4.0])); "
        "fit_record(gdsolve.fit([[1.0], [2.0], [4.0], [3.0]], [1, 0, 1, 0], loss='logistic')); "
        "print('scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    "words",
    [
        ("check", "wide.csv"),
        ("compare-lr", "wide.csv", "--iterates", "2"),
        ("compare", "wide.csv", "--methods", "gd,lbfgs"),
        ("fit", "wide.csv", "--report"),
        ("fit", "wide.csv", "--verbose"),
        ("fit", "wide.csv", "--group-by", "g", "--ignore", "x0,x1,x2,x3,x4,x5,x6"),
    ],
)
def test_no_table_is_wider_than_a_page_in_a_pipe(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    X = rng.normal(size=(60, 11)) * 10.0 ** rng.integers(-6, 6, 11)
    lines = [",".join([*(repr(float(cell)) for cell in row), str(place % 2)]) for place, row in enumerate(X)]
    (tmp_path / "wide.csv").write_text("\n".join([",".join([*(f"x{j}" for j in range(10)), "y", "g"]), *lines]))
    assert run([*words, "--target", "y"]) == 0
    out = capsys.readouterr().out
    assert out
    assert max(map(cells, out.splitlines())) <= PIPE_WIDTH


def test_the_figures_of_a_page_are_those_of_the_record(tmp_path: Path) -> None:
    assert run(["report", str(ROOT / "configs" / "norris.csv"), "-o", str(tmp_path / "a.html")]) == 0
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<dt>adjusted R²</dt><dd>0.99999356</dd>" in page
    assert ">std. error</th>" in page
    assert math.isfinite(json.loads(re.findall(r'id="run">(.*?)</script>', page)[0])["record"]["adjusted_r2"])
    assert run(["report", str(ROOT / "configs" / "norris.csv"), "--every", "none", "-o", str(tmp_path / "b.html")]) == 0
    assert "<h2>Iterations</h2>" not in (tmp_path / "b.html").read_text(encoding="utf-8")
