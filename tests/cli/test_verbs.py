"""The verbs as functions: certificates, going on, many rates, and the same result from every engine."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from places import CONFIGS
from problems import random_table

import gdsolve
from gdsolve.objective.losses import LOSSES
from gdsolve.report import save_json
from gdsolve.report.record import comparison_record, fit_record
from gdsolve.spec import Engine, Loss
from gdsolve.spec.numbers import rate_text

PENGUINS = {"target": "body_mass_g", "na": "drop", "categorical": "onehot"}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of 60 rows, 3 features, a weight column and a target."""
    values = random_table(21, 60, 3)
    weight = np.random.default_rng(22).uniform(0.5, 2.0, 60)
    path = tmp_path / "table.csv"
    lines = [f"{a!r},{b!r},{c!r},{w!r},{y!r}" for (a, b, c, y), w in zip(values.tolist(), weight.tolist(), strict=True)]
    path.write_text("\n".join(["a,b,c,share,y", *lines]))
    return path


@pytest.mark.parametrize(
    ("loss", "scale", "ridge", "weight", "lr"),
    list(itertools.product(LOSSES, ("none", "standard"), (0.0, 3.0), (None, "share"), ("auto", "half"))),
)
def test_every_engine_takes_the_same_steps(
    table: Path, loss: Loss, scale: str, ridge: float, weight: str | None, lr: str
) -> None:
    options = {"loss": loss, "scale": scale, "ridge": ridge, "weight": weight, "ignore": () if weight else ("share",)}
    if lr == "half":
        options["lr"] = 0.5 * gdsolve.fit(table, **options, max_iter=0).spectrum.best
    fits = [gdsolve.fit(table, **options, engine=engine) for engine in Engine if engine is not Engine.AUTO]
    first = fits[0]
    assert first.status is gdsolve.Status.CONVERGED
    for other in fits[1:]:
        assert (other.iterations, other.status, other.stopped_by) == (first.iterations, first.status, first.stopped_by)
        assert other.predicted_iterations == first.iterations
        assert other.weights == pytest.approx(first.weights, rel=1e-9)
        assert other.sse == pytest.approx(first.sse, rel=1e-12)
    assert [fit.plan.engine for fit in fits] == [Engine.ROWS, Engine.TRIANGLE, Engine.LEAP, Engine.AUTOGRAD]


def test_weights_are_those_of_lstsq() -> None:
    fit = gdsolve.fit(CONFIGS / "longley.csv")
    rows = np.loadtxt(CONFIGS / "longley.csv", delimiter=",", skiprows=1)
    X = torch.from_numpy(np.column_stack([rows[:, :-1], np.ones(len(rows))]))
    lengths = X.norm(dim=0)
    expected = torch.linalg.lstsq(X / lengths, torch.from_numpy(rows[:, -1:])).solution / lengths[:, None]
    torch.testing.assert_close(fit.w, expected, rtol=1e-8, atol=0)


@pytest.mark.parametrize("unit", [1e-9, 1e-3, 1e6, 1e9])
def test_units_do_not_matter(unit: float) -> None:
    """Columns from 1e-9 to 1e9: the same fit in other units, without tuning."""
    values = random_table(23, 40, 3)
    plain = gdsolve.fit(values[:, :-1], values[:, -1])
    scaled = gdsolve.fit(values[:, :-1] * [unit, 1.0, 1.0 / unit], values[:, -1] * unit)
    assert scaled.status is gdsolve.Status.CONVERGED
    expected = [plain.weights["x1"], plain.weights["x2"] * unit, plain.weights["x3"] * unit * unit]
    assert list(scaled.weights.values()) == pytest.approx(expected, rel=1e-9)
    assert scaled.sse == pytest.approx(plain.sse * unit**2, rel=1e-9)
    assert scaled.figures.r2 == pytest.approx(plain.figures.r2, rel=1e-12)


def test_certificate_of_a_run_that_is_cut_short() -> None:
    fit = gdsolve.fit([[1.0], [3.0]], [2.0, 4.0], loss="sse", lr=0.01, max_iter=1000)
    assert (fit.status, fit.exit_code) == (gdsolve.Status.MAX_ITER, 3)
    assert fit.gap == pytest.approx(fit.sse - fit.optimum.sse, rel=1e-9)
    assert fit.predicted_iterations == 2521
    assert fit.advice[0] == (
        "Updates needed to converge on the columns as they are: 2,521 at this rate (0.01); "
        "407 at the best rate (0.0833333); 2 on standardised columns (--scale standard --lr 0.25)."
    )
    again = gdsolve.fit([[1.0], [3.0]], [2.0, 4.0], loss="sse", lr=0.01)
    assert (again.status, again.iterations) == (gdsolve.Status.CONVERGED, 2521)
    scaled = gdsolve.fit([[1.0], [3.0]], [2.0, 4.0], loss="sse", lr=0.25, scale="standard")
    assert scaled.iterations == 2


def test_trillions_of_updates_take_the_time_of_a_few() -> None:
    values = random_table(24, 50, 4)
    short, long = (
        gdsolve.fit(values[:, :-1], values[:, -1], lr=1e-12, tol=1e-16, max_iter=limit, engine="leap")
        for limit in (1000, 10**12)
    )
    assert (short.iterations, long.iterations) == (1000, 10**12)
    assert long.seconds["descend"] < 1.0
    ends = gdsolve.fit(values[:, :-1], values[:, -1], lr=1e-12, tol=1e-16, engine="leap")
    assert ends.status is gdsolve.Status.CONVERGED
    assert ends.iterations == ends.predicted_iterations > 10**12


@pytest.mark.parametrize("scale", ["none", "standard"])
@pytest.mark.parametrize("engine", ["triangle", "leap"])
def test_going_on_from_a_saved_model(tmp_path: Path, scale: str, engine: str) -> None:
    """N then N updates are the same as 2N."""
    source = CONFIGS / "norris.csv"
    options = {"lr": 0.4 if scale == "standard" else 1e-6, "scale": scale, "engine": engine, "tol": 0.0}
    first = gdsolve.fit(source, max_iter=7, **options)
    save_json(fit_record(first), str(tmp_path / "model.json"))
    second = gdsolve.fit(source, max_iter=7, init=str(tmp_path / "model.json"), **options)
    whole = gdsolve.fit(source, max_iter=14, **options)
    assert second.weights == pytest.approx(whole.weights, rel=1e-12)
    assert second.intercept == pytest.approx(whole.intercept, rel=1e-12)


def test_random_start_depends_on_the_seed_alone() -> None:
    source = CONFIGS / "norris.csv"
    starts = [gdsolve.fit(source, init="random", seed=seed, max_iter=0).weights["x"] for seed in (1, 1, 2)]
    assert starts[0] == starts[1] != starts[2]
    ends = [gdsolve.fit(source, init="random", seed=seed) for seed in (1, 2)]
    assert ends[0].weights == pytest.approx(ends[1].weights, rel=1e-9)


def test_small_step_far_from_the_optimum_is_said() -> None:
    values = random_table(25, 30, 2)
    fit = gdsolve.fit(values[:, :-1], values[:, -1], lr=1e-6, tol=1e-5)
    assert fit.status is gdsolve.Status.CONVERGED
    assert fit.advice[0].startswith("A small step is not a small error: a weight is still ")


def test_nothing_to_stop_a_run_is_refused() -> None:
    with pytest.raises(gdsolve.GdsolveError, match="with tol 0 and no other rule nothing stops the run") as caught:
        gdsolve.fit([[1.0], [2.0]], [1.0, 2.0], lr=0.1, tol=0)
    assert (caught.value.hint, caught.value.exit_code) == ("give max_iter=1000, say", 2)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_cuda_that_is_not_there_is_told() -> None:
    with pytest.raises(gdsolve.GdsolveError, match="sees no CUDA device"):
        gdsolve.fit([[1.0], [2.0]], [1.0, 2.0], device="cuda")


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("engine", ["rows", "triangle", "leap"])
def test_cuda_takes_the_same_steps(engine: str, dtype: str) -> None:
    values = random_table(26, 500, 4)
    options = {"engine": engine, "dtype": dtype, "lr": 0.05, "tol": 1e-4}
    here = gdsolve.fit(values[:, :-1], values[:, -1], device="cpu", **options)
    there = gdsolve.fit(values[:, :-1], values[:, -1], device="cuda", **options)
    assert (there.iterations, there.status, there.device) == (here.iterations, here.status, "cuda")
    assert there.weights == pytest.approx(here.weights, rel=1e-9 if dtype == "float64" else 1e-4)


def test_weighted_fit_is_that_of_repeated_rows(tmp_path: Path) -> None:
    lines = ["x,n,y", "1,2,1.5", "2,1,2.5", "4,3,3.5", "5,1,6"]
    repeated = ["x,y", *("1,1.5",) * 2, "2,2.5", *("4,3.5",) * 3, "5,6"]
    paths = [tmp_path / "weighted.csv", tmp_path / "repeated.csv"]
    for path, text in zip(paths, (lines, repeated), strict=True):
        path.write_text("\n".join(text))
    weighted, plain = gdsolve.fit(paths[0], weight="n", lr=0.05), gdsolve.fit(paths[1], lr=0.05)
    assert weighted.iterations == plain.iterations
    assert weighted.weights == pytest.approx(plain.weights, rel=1e-12)
    assert weighted.figures.rmse == pytest.approx(plain.figures.rmse, rel=1e-12)


def test_compare_lr_is_fit_at_every_rate() -> None:
    source, rates = CONFIGS / "longley.csv", [1e-12, 5e-12, 1e-11, 2e-11]
    compared = gdsolve.compare_lr(source, lr=rates, tol=1e-9, max_iter=20_000)
    for rate, one in zip(rates, compared.rates, strict=True):
        fit = gdsolve.fit(source, lr=rate, tol=1e-9, max_iter=20_000)
        assert (one.status, one.iterations) == (fit.status, fit.iterations)
        assert one.gap == pytest.approx(fit.gap if fit.status is not gdsolve.Status.DIVERGED else one.gap, rel=1e-9)
    assert {one.status for one in compared.rates} == {gdsolve.Status.MAX_ITER, gdsolve.Status.DIVERGED}


def test_grid_around_the_largest_stable_rate() -> None:
    compared = gdsolve.compare_lr(CONFIGS / "penguins.csv", **PENGUINS)
    stable = compared.spectrum.largest_stable
    for one in compared.rates:
        if one.learning_rate > 1.001 * stable:
            assert one.status is gdsolve.Status.DIVERGED
            assert one.factor > 1
        elif one.learning_rate < 0.999 * stable:
            assert one.status is gdsolve.Status.CONVERGED
            assert one.factor < 1
    fastest = min(compared.rates, key=lambda one: one.factor)
    assert fastest.learning_rate == float(rate_text(compared.spectrum.best))
    (edge,) = [one for one in compared.rates if one.status is gdsolve.Status.EDGE_OF_STABILITY]
    assert edge.learning_rate == pytest.approx(stable, rel=1e-13)


def test_a_thousand_rates_are_those_of_a_thousand_runs() -> None:
    compared = gdsolve.compare_lr(CONFIGS / "norris.csv", lr="1e-9..1e-5:1000", max_iter=10**9)
    assert len(compared.rates) == 1000
    for one in compared.rates[::333]:
        alone = gdsolve.compare_lr(CONFIGS / "norris.csv", lr=one.learning_rate, max_iter=10**9).rates[0]
        assert (alone.iterations, alone.status) == (one.iterations, one.status)
        assert alone.sse == pytest.approx(one.sse, rel=1e-12)


def test_records_are_json_without_nan() -> None:
    exploded = gdsolve.compare_lr(
        CONFIGS / "one_weight.csv", loss="sse", no_intercept=True, lr=[1e200, 0.1], iterates=4
    )
    text = json.dumps(comparison_record(exploded), default=list)
    assert exploded.rates[0].status is gdsolve.Status.DIVERGED
    assert exploded.rates[0].iterations == 1
    assert '"status": "diverged"' in text


def test_check_names_the_next_commands_and_the_condition() -> None:
    checked = gdsolve.check(CONFIGS / "longley.csv")
    found = checked.diagnosis
    assert found is not None
    rows = np.loadtxt(CONFIGS / "longley.csv", delimiter=",", skiprows=1)
    X = (rows[:, :-1] - rows[:, :-1].mean(axis=0)) / rows[:, :-1].std(axis=0)
    X = np.column_stack([X, np.ones(16)])
    assert found.standardised.spectrum.condition == pytest.approx(np.linalg.cond(X) ** 2, rel=1e-8)
    # κ² of the raw table, 2.4e19, is beyond what eigenvalues of XᵀX could tell.
    assert found.raw.spectrum.condition == pytest.approx(4859257015.45487**2, rel=1e-5)
    assert checked.commands[0].startswith("gdsolve fit ")


def test_check_of_a_table_that_cannot_be_fitted_is_a_finding() -> None:
    checked = gdsolve.check(CONFIGS / "penguins.csv", target="body_mass_g")
    assert checked.problem is not None
    assert "'Adelie' is text" in checked.problem
    assert checked.diagnosis is not None
    assert (checked.rows, checked.diagnosis.data.rows, checked.diagnosis.rank) == (344, 333, 10)
    path = str(CONFIGS / "penguins.csv")
    assert checked.commands == (
        f"gdsolve fit {path} --target body_mass_g --categorical onehot --na drop",
        f"gdsolve fit {path} --target body_mass_g --categorical ignore --na drop",
    )
    kinds = {column.name: (column.type, column.missing, column.levels) for column in checked.columns}
    assert kinds["species"] == ("text", 0, 3)
    assert kinds["sex"] == ("text", 11, 2)
    assert kinds["bill_length_mm"] == ("number", 2, None)


def test_an_intercept_is_not_dropped_without_a_word(tmp_path: Path) -> None:
    model = tmp_path / "m.json"
    save_json(fit_record(gdsolve.fit(CONFIGS / "norris.csv")), str(model))
    with pytest.raises(gdsolve.GdsolveError, match=r"has an intercept, -0\.262323, which --no-intercept") as caught:
        gdsolve.fit(CONFIGS / "norris.csv", init=model, no_intercept=True)
    assert caught.value.hint == "leave --no-intercept out, or start from a model without intercept"
    save_json(fit_record(gdsolve.fit(CONFIGS / "norris.csv", no_intercept=True)), str(model))
    for no_intercept in (True, False):
        assert gdsolve.fit(CONFIGS / "norris.csv", init=model, no_intercept=no_intercept).exit_code == 0
