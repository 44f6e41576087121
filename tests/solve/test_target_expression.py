"""`--target 'log(y)'`: the target of a curve as an expression of one column, from the fit to the score."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import gdsolve
from gdsolve.cli.main import run
from gdsolve.status import DataError, GdsolveError

X = np.linspace(1.0, 10.0, 40)
Y = np.exp(0.5 + 0.3 * X + 0.05 * np.sin(7.0 * X))
CURVE = {"model": "a + b*x", "start": "a=0,b=0"}


@pytest.fixture
def path(tmp_path: Path) -> str:
    where = tmp_path / "e.csv"
    pl.DataFrame({"x": X, "the y": Y, "z": 2 * Y}).write_csv(where)
    return str(where)


def line() -> tuple[np.ndarray, float]:
    design = np.column_stack([np.ones_like(X), X])
    best, squares, *_ = np.linalg.lstsq(design, np.log(Y), rcond=None)
    return best, float(squares[0])


def test_a_curve_is_fitted_to_an_expression_of_a_column(path: str) -> None:
    best, squares = line()
    found = gdsolve.fit(path, target="log(`the y`)", **CURVE)
    assert list(found.weights.values()) == pytest.approx(best, rel=1e-9)
    assert found.sse == pytest.approx(squares, rel=1e-9)
    assert found.data.roles.target == "log(`the y`)"
    same = gdsolve.fit(path, target="np.log(`the y`)", weight="z", loss="huber", delta=100, **CURVE)
    weighted = np.polyfit(X, np.log(Y), 1, w=np.sqrt(Y))[::-1]
    assert list(same.weights.values()) == pytest.approx(weighted, rel=1e-6)


def test_arrays_and_frames_have_such_targets_as_well() -> None:
    best, _ = line()
    frame = pl.DataFrame({"x": X, "y": Y})
    for found in (
        gdsolve.fit(frame, target="log(y)", **CURVE),
        gdsolve.fit(X[:, None], Y, names=["x"], target="log(y)", **CURVE),
    ):
        assert list(found.weights.values()) == pytest.approx(best, rel=1e-9)
    assert gdsolve.score(found, frame).rmse == pytest.approx((found.sse / len(X)) ** 0.5, rel=1e-9)


def test_a_saved_model_predicts_the_expression_and_says_so(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    best, squares = line()
    saved = str(tmp_path / "m.json")
    words = ["--model", "a + b*x", "--start", "a=0,b=0", "--target", "log(`the y`)", "--save", saved]
    assert run(["fit", path, *words]) == 0
    assert "target          log(`the y`) (of the column the y)" in capsys.readouterr().out
    data = json.loads(Path(saved).read_text())["data"]
    assert (data["target"], data["target_column"], data["features"]) == ("log(`the y`)", "the y", ["x"])
    assert run(["predict", saved, path, "--diagnose"]) == 0
    told = capsys.readouterr()
    assert told.err == "gdsolve: warning: predictions are of log(`the y`), not of the y\n"
    rows = pl.read_csv(told.out.encode())
    np.testing.assert_allclose(rows["prediction"].to_numpy(), best[0] + best[1] * X, rtol=1e-9)
    np.testing.assert_allclose(rows["residual"].to_numpy(), np.log(Y) - best[0] - best[1] * X, atol=1e-9)
    assert run(["score", saved, path, "--format", "json"]) == 0
    score = json.loads(capsys.readouterr().out)
    assert (score["target"], score["sse"]) == ("log(`the y`)", pytest.approx(squares, rel=1e-9))
    with caplog.at_level(logging.WARNING, logger="gdsolve"):
        assert gdsolve.predict(saved, [[2.0]], names=["x"]) == pytest.approx([best[0] + 2.0 * best[1]], rel=1e-9)


def test_a_column_of_that_name_comes_first(tmp_path: Path) -> None:
    where = tmp_path / "t.csv"
    pl.DataFrame({"x": X, "log(y)": 2.0 * X, "y": Y}).write_csv(where)
    found = gdsolve.fit(where, target="log(y)", **CURVE)
    assert list(found.weights.values()) == pytest.approx([0.0, 2.0], abs=1e-8)


@pytest.mark.parametrize(
    ("target", "message", "hint"),
    [
        ("log(q)", "target: column 5: unknown name 'q'", "known here: `the y`, x, z"),
        ("z^2", "target: column 2: ^ is no power", "write ** for a power"),
        ("log(x*z)", "--target: 'log(x*z)' is of 2 columns, not of one",
         "give an expression of one, as in --target 'log(x)'"),
        ("zz", "--target: there is no column 'zz'", "did you mean 'z'? columns: x, the y, z"),
        ("log(z - 6)", None, "leave such rows out of the table, or give --target z"),
    ],
)  # fmt: skip
def test_what_is_no_target(path: str, target: str, message: str | None, hint: str) -> None:
    with pytest.raises(GdsolveError) as fault:
        gdsolve.fit(path, target=target, **CURVE)
    assert message is None or fault.value.message == message
    assert fault.value.hint == hint
    if message is None:
        assert isinstance(fault.value, DataError)
        assert fault.value.exit_code == 5
        assert "row 1 (line 2): the target log(z - 6) is not finite at z = " in fault.value.message


def test_classes_and_counts_are_what_they_are(tmp_path: Path) -> None:
    where = tmp_path / "t.csv"
    where.write_text("x,y\n1,2\n2,3\n3,5\n")
    with pytest.raises(GdsolveError) as fault:
        gdsolve.fit(where, target="log(y)", loss="poisson", **CURVE)
    assert fault.value.message == "--target: 'log(y)' is an expression, and --loss poisson takes counts"
    assert fault.value.hint == "give --target y, or --loss half-mse"
