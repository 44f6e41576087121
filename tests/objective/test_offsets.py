"""Offsets and exposures: in every loss, verb and form, beside statsmodels and beside the target less the offset."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from in_process import completed
from rank_threads import on_ranks
from scipy.special import expit

import gdsolve
from gdsolve.objective import compiled_walk
from gdsolve.objective.offset import OffsetLoss, plain
from gdsolve.objective.pointwise import Poisson
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.positive import Tweedie
from gdsolve.objective.quadratic import Penalty
from gdsolve.pictures import illustrator
from gdsolve.solve.fit import fit
from gdsolve.spec import Loss, Spec
from gdsolve.spec.file import build_spec
from gdsolve.spec.losses import Mean, Target

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    sm = pytest.importorskip("statsmodels.api")

RNG = np.random.default_rng(8)
M = 90
X = RNG.normal(size=(M, 2))
OFFSET, E = 0.5 * RNG.normal(size=M), RNG.uniform(0.5, 3.0, M)
WEIGHT = RNG.integers(1, 4, M).astype(float)
Z = 0.4 + X @ [0.6, -0.3] + OFFSET
MU = np.exp(Z) * E
Y = {
    Target.NUMBERS: Z + 0.3 * RNG.normal(size=M),
    Target.TWO_CLASSES: (RNG.uniform(size=M) < expit(Z)).astype(float),
    Target.COUNTS: RNG.negative_binomial(2, 2.0 / (2.0 + MU)).astype(float),
    Target.POSITIVE: RNG.gamma(2.0, MU / 2.0),
    Target.NOT_NEGATIVE: RNG.poisson(MU) * RNG.gamma(2.0, 0.5, M),
}
OWN: dict[Loss, dict[str, Any]] = {Loss.NEGATIVE_BINOMIAL: {"dispersion": 0.5}, Loss.HUBER: {"delta": 0.4}}
SEVEN = (Loss.HALF_MSE, Loss.LOGCOSH, Loss.LOGISTIC, Loss.TWEEDIE, Loss.NEGATIVE_BINOMIAL, Loss.SQUARED_HINGE)
SEVEN += (Loss.QUANTILE,)
DESIGN = np.column_stack([X, np.ones(M)])
LOG = sm.families.links.Log()
FAMILY = {
    Loss.POISSON: sm.families.Poisson(),
    Loss.GAMMA: sm.families.Gamma(LOG),
    Loss.TWEEDIE: sm.families.Tweedie(LOG, var_power=1.5),
    Loss.NEGATIVE_BINOMIAL: sm.families.NegativeBinomial(alpha=0.5),
    Loss.LOGISTIC: sm.families.Binomial(),
}


def frame(loss: Loss) -> pl.DataFrame:
    return pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "o": OFFSET, "E": E, "w": WEIGHT, "y": Y[loss.info.target]})


def asked(loss: Loss) -> dict[str, Any]:
    exposure = {"exposure": "E"} if loss.info.mean is Mean.EXP else {"ignore": "E"}
    return {"loss": loss, "offset": "o", "weight": "w", **exposure, **OWN.get(loss, {})}


def weights(found: gdsolve.Fit) -> list[float]:
    return [*found.weights.values(), found.intercept or 0.0]


@pytest.mark.parametrize("loss", FAMILY)
def test_a_likelihood_with_an_offset_is_that_of_statsmodels(loss: Loss) -> None:
    found = gdsolve.fit(frame(loss), report=True, **asked(loss))
    exposure = {"exposure": E} if loss.info.mean is Mean.EXP else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = sm.GLM(Y[loss.info.target], DESIGN, family=FAMILY[loss], offset=OFFSET, var_weights=WEIGHT, **exposure)
        wanted = model.fit(tol=1e-15, maxiter=500)
    assert weights(found) == pytest.approx(wanted.params.tolist(), rel=1e-8)
    assert found.inference is not None and found.inference.goodness is not None
    assert [one.standard_error for one in found.inference.estimates] == pytest.approx(wanted.bse.tolist(), rel=1e-8)
    good = found.inference.goodness
    assert good.log_likelihood == pytest.approx(wanted.llf, rel=1e-11)
    assert (good.deviance, good.null_deviance) == pytest.approx((wanted.deviance, wanted.null_deviance), rel=1e-9)
    assert gdsolve.predict(found, frame(loss)) == pytest.approx(wanted.mu, rel=1e-8)


@pytest.mark.parametrize("loss", [loss for loss in Loss if loss.info.target is Target.NUMBERS])
def test_of_residuals_it_is_subtracted_from_the_target(loss: Loss) -> None:
    found = gdsolve.fit(frame(loss), max_iter=200, **asked(loss))
    less = frame(loss).with_columns(pl.col("y") - pl.col("o")).drop("o", "E")
    other = gdsolve.fit(less, max_iter=200, loss=loss, weight="w", **OWN.get(loss, {}))
    assert (found.weights, found.intercept, found.loss) == (other.weights, other.intercept, other.loss)
    assert found.figures.r2 == other.figures.r2
    both = gdsolve.predict(found, frame(loss)) - gdsolve.predict(other, less)
    assert both == pytest.approx(OFFSET, abs=1e-14)


@pytest.mark.parametrize(
    "loss",
    [
        Loss.HALF_MSE,
        Loss.LOGCOSH,
        Loss.LOGISTIC,
        Loss.TWEEDIE,
        Loss.NEGATIVE_BINOMIAL,
        Loss.SQUARED_HINGE,
        Loss.QUANTILE,
    ],
)
def test_every_verb_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: Loss) -> None:
    monkeypatch.chdir(tmp_path)
    frame(loss).write_csv("t.csv")
    words = [f"--{name.replace('_', '-')}={value}" for name, value in asked(loss).items()]
    done = completed("fit", "t.csv", *words, "--save", "m.json", "--format", "json", "--max-iter", "200", "--exit-zero")
    model = json.loads(done.out)
    assert (model["data"]["offset"], model["data"]["exposure"]) == ("o", asked(loss).get("exposure"))
    assert model["data"]["features"] == ["a", "b"]
    score = json.loads(completed("score", "m.json", "t.csv", "--format", "json").out)
    if loss.info.likelihood:
        mean = score["mean_deviance"] or 2.0 * score["log_loss"]
        deviance = model["deviance"] or 2.0 * model["log_loss"] * WEIGHT.sum()
        assert mean * WEIGHT.sum() == pytest.approx(deviance, rel=1e-9)
    elif model["sse"] is not None:
        assert (score["sse"], score["r2"]) == pytest.approx((model["sse"], model["r2"]), rel=1e-9)
    certified = json.loads(completed("certify", "t.csv", "--weights", "m.json", "--format", "json").out)
    assert certified["loss"] == pytest.approx(model["loss"], rel=1e-12)
    if not loss.info.smooth:
        return
    for verb, more in (("compare", ["--methods", "gd,adam"]), ("compare-lr", ["--lr", "0.01"]), ("check", [])):
        short = [] if verb == "check" else ["--max-iter", "20"]
        record = json.loads(completed(verb, "t.csv", *words, *more, *short, "--format", "json").out)
        assert record["schema"] == f"gdsolve.{verb}/1"
    if loss.info.smooth:
        dealt = json.loads(completed("fit", "t.csv", *words, "--cv", "3", "--holdout", "0.2", "--format", "json").out)
        assert dealt["holdout"]["rows"] > 5
        path = json.loads(completed("path", "t.csv", *words, "--points", "4", "--format", "json").out)
        assert len(path["points"]) == 4
    page = completed("report", "t.csv", *words, "-o", "r.html", "--max-iter", "20", "--exit-zero")
    assert page.code == 0


def test_an_exposure_is_a_unit_of_time() -> None:
    """Counts of rows that were looked at twice as long are twice as many: the same weights, less log 2."""
    table = frame(Loss.POISSON)
    once = gdsolve.fit(table, loss="poisson", exposure="E", ignore="o,w")
    twice = gdsolve.fit(table.with_columns(pl.col("E") * 2.0), loss="poisson", exposure="E", ignore="o,w")
    assert list(twice.weights.values()) == pytest.approx(list(once.weights.values()), rel=1e-9)
    assert twice.intercept == pytest.approx((once.intercept or 0.0) - np.log(2.0), rel=1e-9)
    # Of poisson they are rates, weighed by their exposure.
    rates = table.with_columns(y=pl.col("y") / pl.col("E"))
    weighed = gdsolve.fit(rates, loss="poisson", weight="E", ignore="o,w")
    assert weights(weighed) == pytest.approx(weights(once), rel=1e-9)


def test_a_curve_of_the_logarithm_takes_it() -> None:
    table = frame(Loss.POISSON)
    options: dict[str, Any] = {"model": "p + q*a + r*b", "parameters": {"p": 0.1, "q": 0.1, "r": 0.1}, "link": "log"}
    curve = gdsolve.fit(table, loss="poisson", offset="o", exposure="E", target="y", report=True, **options)
    line = gdsolve.fit(table, loss="poisson", offset="o", exposure="E", ignore="w", report=True)
    p, q, r = curve.weights.values()
    assert [q, r, p] == pytest.approx(weights(line), rel=1e-8)
    assert gdsolve.predict(curve, table) == pytest.approx(gdsolve.predict(line, table), rel=1e-8)
    by = {**options, "link": "auto", "model": "E*exp(p + q*a + r*b + o)"}
    mean = gdsolve.fit(table, loss="poisson", target="y", **by)
    assert list(mean.weights.values()) == pytest.approx([p, q, r], rel=1e-7)
    squares = {**options, "link": "auto"}
    moved = gdsolve.fit(frame(Loss.MSE), offset="o", target="y", **squares)
    assert list(moved.weights.values())[1:] == pytest.approx(
        list(gdsolve.fit(frame(Loss.MSE), offset="o", ignore="w,E").weights.values()), rel=1e-8
    )


@pytest.mark.parametrize("loss", [Loss.HALF_MSE, Loss.LOGISTIC, Loss.NEGATIVE_BINOMIAL])
def test_files_ranks_yaml_and_float32_take_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: Loss) -> None:
    monkeypatch.chdir(tmp_path)
    table, options = frame(loss), asked(loss) | ({"dispersion": None} if loss is Loss.NEGATIVE_BINOMIAL else {})
    options = {name: value for name, value in options.items() if value is not None}
    wanted = gdsolve.fit(table, **options)
    table.write_csv("t.csv")
    table.write_parquet("t.parquet")
    Path("p.yaml").write_text("data: t.csv\n" + "".join(f"{name}: {value}\n" for name, value in options.items()))
    arrays = gdsolve.fit(table[:, :-1].to_numpy(), table["y"].to_numpy(), names=table.columns[:-1], **options)
    spec = build_spec(["t.csv"], options, "fit")
    others = [gdsolve.fit(one, **options) for one in ("t.csv", "t.parquet")]
    others += [gdsolve.fit("p.yaml"), arrays, *on_ranks(2, lambda ranks: fit(spec, ranks=ranks))]
    for other in others:
        assert weights(other) == pytest.approx(weights(wanted), rel=1e-8)
    short = gdsolve.fit(table, dtype="float32", **options)
    assert weights(short) == pytest.approx(weights(wanted), rel=2e-4)


@pytest.mark.parametrize("loss", [Loss.HALF_MSE, Loss.POISSON, Loss.NEGATIVE_BINOMIAL])
def test_batches_and_models_that_go_on_take_it(tmp_path: Path, loss: Loss) -> None:
    path, saved = tmp_path / "t.csv", tmp_path / "m.json"
    frame(loss).write_csv(path)
    whole = gdsolve.fit(path, save=saved, **asked(loss))
    for shuffle in ("rows", "none"):
        found = gdsolve.fit(path, batch=15, epochs=150, shuffle=shuffle, **asked(loss))
        assert weights(found) == pytest.approx(weights(whole), abs=0.02)
    # The same rows once more leave the minimum where it is: exactly of squares, else all but a step.
    again = gdsolve.fit(path, online=saved)
    assert weights(again) == pytest.approx(weights(whole), abs=1e-9 if loss is Loss.HALF_MSE else 0.2)
    assert again.data is not None
    assert (again.data.roles.offset, again.data.roles.exposure) == ("o", asked(loss).get("exposure"))


def test_groups_take_it(tmp_path: Path) -> None:
    table = frame(Loss.MSE).with_columns(g=pl.Series(["u", "v"] * (M // 2)))
    found = gdsolve.fit(table, offset="o", group_by="g", target="y", ignore="E,w")
    for group in found.groups:
        own = table.filter(pl.col("g") == group.group)
        alone = gdsolve.fit(own, offset="o", target="y", ignore="E,w,g")
        assert list(group.weights.values()) == pytest.approx(list(alone.weights.values()), rel=1e-9)
    predicted = gdsolve.predict(found, table)
    plainly = gdsolve.predict(found, table.with_columns(o=pl.lit(0.0)))
    assert predicted - plainly == pytest.approx(OFFSET, abs=1e-14)


def test_a_compiled_walk_adds_it() -> None:
    pytest.importorskip("numba")
    m, p = 3000, 5
    design = torch.from_numpy(RNG.normal(size=(m, p))).mT.contiguous().mT
    target = torch.from_numpy(np.column_stack([RNG.poisson(1.0, m), RNG.normal(size=m)]).astype(float))
    weight = torch.from_numpy(RNG.uniform(0.5, 2.0, (m, 1)))
    rows = PointwiseRows(design, target, weight, Penalty.none(p, design), OffsetLoss(Poisson()), float(weight.sum()))
    w = torch.full((p, 1), 0.1, dtype=torch.float64)
    z = design @ w + target[:, 1:]
    losses, slopes = Poisson().loss_and_slope(z, target[:, :1])
    value = (losses * weight).sum() / weight.sum()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled_walk, "LEAST_NUMBERS", 0)
        fast = rows.hastened()
        assert isinstance(fast._walk, compiled_walk.CompiledWalk)
        found = [rows.evaluate(w), fast.evaluate(w), fast.evaluate(w)]
    for one in found:
        assert float(one.value) == pytest.approx(float(value), rel=1e-13)
        torch.testing.assert_close(one.gradient, design.mT @ (slopes * weight) / weight.sum(), rtol=1e-11, atol=1e-13)
    assert isinstance(plain(rows.loss), Poisson)


BAD = {
    "E": ("0", "the exposure '0' is not above 0", "exposures are more than 0; or choose another with --exposure"),
    "o": ("", "the cell is missing", "--na drop leaves such rows out"),
}


@pytest.mark.parametrize("column", BAD)
def test_bad_cells_are_told_by_their_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str) -> None:
    monkeypatch.chdir(tmp_path)
    cell, said, hint = BAD[column]
    rows = [["1", "0.1", "1", "3"], ["2", "0.2", "2", "1"], ["3", "0.4", "1", "4"]]
    good = ["x,o,E,y", *(",".join(row) for row in rows), ""]
    Path("good.csv").write_text("\n".join(good))
    rows[1][["x", "o", "E"].index(column)] = cell
    Path("t.csv").write_text("\n".join(["x,o,E,y", *(",".join(row) for row in rows), ""]))
    words = ("--loss", "poisson", "--offset", "o", "--exposure", "E")
    done = completed("fit", "t.csv", *words)
    assert done.code == 5
    assert f"t.csv: row 2 (line 3), column '{column}': {said}" in done.err
    assert f"hint: {hint}" in done.err
    assert f"column '{column}': {said}" in completed("check", "t.csv", *words).out
    completed("fit", "good.csv", *words, "--save", "m.json")
    told = completed("predict", "m.json", "t.csv", "--only")
    if column == "E":
        assert (told.code, "row 2 (line 3), column 'E': '0' is not above 0, as an exposure" in told.err) == (5, True)
        with pytest.raises(gdsolve.DataError, match=r"row 1, column 'E': 0.0 is not above 0, as an exposure"):
            gdsolve.predict("m.json", [[1.0, 0.0, 0.0]], names=["x", "o", "E"])
    else:
        assert [line == "" for line in told.out.splitlines()[1:]] == [False, True, False]
    Path("less.csv").write_text("x,o\n1,2\n")
    done = completed("predict", "m.json", "less.csv")
    assert (done.code, "less.csv: has no column 'E', which the model needs" in done.err) == (5, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--exposure", "E"), "exposure: --exposure is for losses whose mean is eᶻ"),
        (("--exposure", "E", "--loss", "logistic"), "and this is --loss logistic"),
        (("--offset", "o", "--loss", "softmax"), "and --loss softmax has one for every class"),
        (("--offset", "q"), "offset: t.csv has no column 'q'"),
        (("--offset", "o", "--weight", "o"), "column 'o' is in --weight and in --offset"),
        (("--offset", "o", "--features", "o,x"), "column 'o' is in --offset and in --features"),
        (("--offset", "o", "--minimize", "sum(a*x)", "--start", "a=1"), "a formula names the columns that it uses"),
        (
            ("--exposure", "E", "--loss", "poisson", "--model", "a*x", "--start", "a=1"),
            "exposure: the logarithm of an exposure is added to that of the mean, and the curve is the mean itself",
        ),
        (
            ("--offset", "o", "--target", "log(y)", "--model", "a*x", "--start", "a=1"),
            "'log(y)' is an expression, and an offset is subtracted from a column",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("x,o,E,y\n1,0.1,1,3\n2,0.2,2,1\n3,0.4,1,4\n")
    done = completed("fit", "t.csv", *words)
    assert (done.code, done.out, said in done.err) == (2, "", True), done.err


def test_a_scan_holds_no_rows_to_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    frame(Loss.MSE).write_csv("t.csv")
    assert completed("scan", "t.csv", "-o", "s.tri").code == 0
    done = completed("fit", "s.tri", "--offset", "o")
    assert (done.code, "an offset moves the target of every row, and s.tri is a scan" in done.err) == (2, True)
    done = completed("scan", "t.csv", "--offset", "o", "-o", "o.tri")
    assert (done.code, "No such option: --offset" in done.err) == (2, True)


def test_a_picture_shows_what_is_at_an_offset_of_zero(tmp_path: Path) -> None:
    def drawn(loss: str, **options: Any) -> Any:
        table = frame(Loss(loss)).select("a", *options.pop("columns"), "y")
        spec = {"loss": loss, "plot": True, "plot_kind": "fit", "max_iter": 50, "target": "y", **options}
        path = tmp_path / "t.csv"
        table.write_csv(path)
        picture = fit(build_spec([str(path)], spec, "fit"), illustrate=illustrator).picture
        assert picture is not None
        (panel,) = picture.panels
        return panel.y.label, np.array(panel.series[0].y)

    label, y = drawn("poisson", exposure="E", columns=["E"])
    assert (label, y.tolist()) == ("y/E", pytest.approx((Y[Target.COUNTS] / E).tolist()))
    curve = {"model": "p + q*a", "parameters": {"p": 0.1, "q": 0.1}, "link": "log"}
    label, y = drawn("poisson", exposure="E", offset="o", columns=["E", "o"], **curve)
    assert label == "y, at an offset of 0"
    assert y.tolist() == pytest.approx((Y[Target.COUNTS] / E * np.exp(-OFFSET)).tolist())
    label, y = drawn("huber", offset="o", columns=["o"])
    assert (label, y.tolist()) == ("y − o", pytest.approx((Y[Target.NUMBERS] - OFFSET).tolist()))


def test_a_loss_with_offsets_is_that_of_its_spec() -> None:
    spec = Spec(loss=Loss.TWEEDIE, power=1.3)
    assert OffsetLoss.of(spec) == OffsetLoss(Tweedie(1.3))
