"""A saved model goes on with new rows: as if it had been fitted to all of them, or by a pass of stochastic descent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from in_process import completed

import gdsolve
from gdsolve.status import ExitCode, GdsolveError, Status

ROWS = 120


@pytest.fixture
def rows() -> np.ndarray:
    """Columns a, b (1e9 ± 1), w and y."""
    rng = np.random.default_rng(0)
    a, b, w = rng.normal(size=ROWS), 1e9 + rng.normal(size=ROWS), rng.uniform(0.5, 2.0, ROWS)
    w[::10] = 0.0
    return np.c_[a, b, w, 2.0 * a - (b - 1e9) + 3.0 + rng.normal(size=ROWS)]


def saved(rows: np.ndarray, path: Path) -> str:
    np.savetxt(path, rows, delimiter=",", header="a,b,w,y", comments="", fmt="%.17g")
    return str(path)


OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {"features": "a,b"},
    "weighed": {"weight": "w"},
    "counted": {"weight": "w", "weight_kind": "frequency"},
    "mse": {"features": "b,a", "loss": "mse"},
    "float32": {"features": "a", "dtype": "float32"},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_parts_one_after_the_other_are_all_rows_at_once(rows: np.ndarray, name: str, tmp_path: Path) -> None:
    options, model = OPTIONS[name], str(tmp_path / "m.json")
    whole = gdsolve.fit(saved(rows, tmp_path / "all.csv"), **options)
    parts = [saved(part, tmp_path / f"{i}.csv") for i, part in enumerate(np.split(rows, [40, 90]))]
    gdsolve.fit(parts[0], save=model, **options)
    kept = {"dtype": "float32"} if "dtype" in options else {}
    gdsolve.fit(parts[1], online=model, save=model, **kept)
    found = gdsolve.fit(parts[2], online=model, **kept)
    assert found.status is Status.CONVERGED
    assert found.optimum is not None and whole.optimum is not None and found.data is not None
    for key, value in whole.optimum.weights.items():
        # Of a column of 1e9 ± 1 the intercept of the file has 16 digits, and the mean of the target as many of 1e9.
        assert found.optimum.weights[key] == pytest.approx(value, rel=1e-7 if len(whole.weights) > 1 else 1e-12)
    assert found.sse == pytest.approx(whole.sse, rel=1e-7)
    assert found.figures.r2 == pytest.approx(whole.figures.r2, rel=1e-7)
    for key, error in whole.standard_errors.items():
        assert found.standard_errors[key] == pytest.approx(error, rel=1e-7)
    assert (found.data.rows, found.online is not None and found.online.exact) == (ROWS, True)
    assert found.online is not None
    assert (found.online.rows_before, found.online.rows) == (90, ROWS)
    assert found.message.endswith(f"The update is exact: 30 rows have joined the 90 of {model}.")


def test_levels_are_those_of_the_model(tmp_path: Path) -> None:
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    first.write_text("k,x,y\na,1,2\nb,2,5\na,3,6.5\nb,4,9\nc,5,11\nc,2,3\n")
    second.write_text("k,x,y\nc,1,2\nb,7,5\na,2,6\n")
    model = gdsolve.fit(first, categorical="onehot")
    found = gdsolve.partial_fit(model, second)
    both = tmp_path / "both.csv"
    both.write_text(first.read_text() + second.read_text().split("\n", 1)[1])
    whole = gdsolve.fit(both, categorical="onehot")
    np.testing.assert_allclose(found.w.numpy(), whole.w.numpy(), rtol=1e-8)


def test_what_has_no_triangle_takes_a_pass_of_batches(rows: np.ndarray, tmp_path: Path) -> None:
    X, y = rows[:, [0]], (rows[:, 3] > 3.0).astype(float)
    before = gdsolve.fit(X[:80], y[:80], loss="logistic")
    found = gdsolve.partial_fit(before, X[80:], y[80:])
    told = found.plan.batches
    assert told is not None and (told.batch, told.epochs) == (32, 1)
    assert found.online is not None
    assert (found.online.exact, found.online.rows_before, found.online.rows) == (False, 80, ROWS)
    assert found.online.updates == before.iterations + 2
    assert torch.equal(found.trace.weights[:, 0], before.w[:, 0])
    assert found.spec.loss == "logistic"
    again = gdsolve.partial_fit(found, X[80:], y[80:], batch=10, epochs=2, lr=0.01)
    assert again.online is not None
    assert (again.online.rows, again.iterations) == (ROWS + 40, 8)


@pytest.mark.parametrize(
    "options",
    [{"no_intercept": True}, {"ridge": 3.0}, {"loss": "huber", "delta": 1.0}],
    ids=["origin", "ridge", "huber"],
)
def test_what_cannot_be_exact_says_so(rows: np.ndarray, options: dict[str, Any]) -> None:
    X, y = rows[:, [0]], rows[:, 3]
    found = gdsolve.partial_fit(gdsolve.fit(X[:80], y[:80], **options), X[80:], y[80:])
    assert found.online is not None and not found.online.exact
    assert "The optimum is that of the 40 new rows alone; weights has seen 120 rows now" in found.message
    assert {name: getattr(found.spec, name) for name in options} == options


def test_a_curve_goes_on_from_its_parameters() -> None:
    x = np.linspace(0.0, 2.0, 60)
    y = 2.0 * np.exp(0.5 * x)
    before = gdsolve.fit(x[:, None], y, model="p*exp(q*x)", parameters={"p": 1.0, "q": 0.1})
    found = gdsolve.partial_fit(before, x[:, None], y + 0.1, lr=0.01)
    assert torch.allclose(found.trace.weights[:, 0], before.w[:, 0], rtol=1e-12)
    assert found.online is not None and (found.online.rows, found.online.exact) == (120, False)


def test_the_command_updates_the_file_in_place(rows: np.ndarray, tmp_path: Path) -> None:
    one, two = (saved(part, tmp_path / f"{i}.csv") for i, part in enumerate(np.split(rows, 2)))
    model = str(tmp_path / "m.json")
    assert completed("fit", one, "--features", "a", "--save", model).code == 0
    done = completed("fit", two, "--online", model, "--save", model)
    assert done.code == 0
    record = json.loads(Path(model).read_text())
    assert record["data"]["rows"] == ROWS
    assert record["online"]["rows_before"] == ROWS // 2
    assert completed("predict", model, two, "--interval", "0.9").code == 0
    stepped = completed("fit", two, "--online", model, "--batch", "8")
    assert stepped.code == ExitCode.MAX_ITER
    assert "Run instead" not in stepped.out


REFUSED = [
    ({"loss": "huber"}, "huber is not what weights was fitted with, half-mse"),
    ({"minimize": "p**2", "parameters": {"p": 1.0}}, "takes some rows of a table at a time, and a formula has none"),
]


@pytest.mark.parametrize(("options", "said"), REFUSED)
def test_what_contradicts_the_model_is_refused(rows: np.ndarray, options: dict[str, Any], said: str) -> None:
    X, y = rows[:, :1], rows[:, 3]
    model = gdsolve.fit(X, y)
    with pytest.raises(GdsolveError, match=said):
        gdsolve.partial_fit(model, X, y, **options)


def test_rows_of_other_columns_are_refused(rows: np.ndarray) -> None:
    model = gdsolve.fit(rows[:, :1], rows[:, 3], names=["a"])
    with pytest.raises(GdsolveError, match="the model has weights for a, and the columns are z"):
        gdsolve.partial_fit(model, rows[:, :1], rows[:, 3], names=["z"])
    with pytest.raises(GdsolveError, match="holds weights alone"):
        gdsolve.partial_fit({"weights": {"a": 1.0}, "intercept": 0.0}, rows[:, :1], rows[:, 3], names=["a"])


def test_a_model_within_bounds_goes_on_within_them(rows: np.ndarray) -> None:
    X, y = rows[:, [0, 2]], rows[:, 3]
    model = gdsolve.fit(X, y, names=["a", "w"], lower="a=2.5", upper="w=0.1")
    found = gdsolve.partial_fit(model, X, y, names=["a", "w"], lr=0.05)
    assert (found.spec.lower, found.spec.upper) == (("a=2.5",), ("w=0.1",))
    assert found.online is not None and not found.online.exact
    assert found.weights["a"] >= 2.5 and found.weights["w"] <= 0.1


def test_a_basis_that_was_made_of_the_rows_before_is_refused(rows: np.ndarray, tmp_path: Path) -> None:
    path = saved(rows, tmp_path / "t.csv")
    plain = gdsolve.fit(path, formula="y ~ a * w")
    assert gdsolve.partial_fit(plain, path).online is not None
    with pytest.raises(GdsolveError, match=r"poly\(a, 2\) of weights depends on the rows that it was fitted to"):
        gdsolve.partial_fit(gdsolve.fit(path, formula="y ~ poly(a, 2)"), path)
