"""Groups that are fitted one after the other: the very fit of the rows of each, whatever is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import gdsolve
from gdsolve.groups.outcome import GroupFits
from gdsolve.solve.outcome import Fit
from gdsolve.spec import Loss
from gdsolve.status import DataError, ExitCode, GdsolveError, Status

GROUPS = ("a", "b")


def _table(rows: int = 40) -> pl.DataFrame:
    """Two groups whose rows alternate, with a target for every kind of loss."""
    draw = np.random.default_rng(7)
    x, z = draw.normal(size=(2, rows))
    group = np.arange(rows) % 2
    eta = 0.4 * x - 0.3 * z + 0.2 * group
    return pl.DataFrame(
        {
            "g": [GROUPS[one] for one in group],
            "x": x,
            "z": z,
            "number": eta + 0.5 * draw.normal(size=rows),
            "two": (draw.uniform(size=rows) < 1.0 / (1.0 + np.exp(-eta))).astype(float),
            "named": [("no", "yes")[one] for one in draw.integers(0, 2, rows)],
            "several": [("u", "v", "w")[one] for one in draw.integers(0, 3, rows)],
            "count": draw.poisson(np.exp(eta)).astype(float),
            "above": np.exp(eta) * draw.gamma(5.0, 0.2, rows),
            "w": draw.uniform(0.5, 2.0, rows),
            "o": 0.1 * draw.normal(size=rows),
            "who": [f"p{one}" for one in draw.integers(0, 8, rows)],
            "t": np.abs(x),
        }
    )


TABLE = _table()


def both(**options: Any) -> tuple[GroupFits, list[Fit]]:
    """The fits of groups, and those of their rows alone."""
    options = {"features": ["x", "z"], **options} if "model" not in options else options
    fits = gdsolve.fit(TABLE, group_by="g", **options)
    alone = [gdsolve.fit(TABLE.filter(pl.col("g") == name).drop("g"), **options) for name in GROUPS]
    return fits, alone


def assert_the_same(fits: GroupFits, alone: list[Fit]) -> None:
    """See that each group is the very fit of its rows, to the last bit."""
    assert not fits.batched
    for one, single in zip(fits, alone, strict=True):
        assert one.fit is not None, one.message
        assert (one.status, one.iterations, one.message) == (single.status, single.iterations, single.message)
        assert one.fit.w.tolist() == single.w.tolist()
        assert (one.weights, one.intercept, one.fit.figures) == (single.weights, single.intercept, single.figures)
        assert one.fit.standard_errors == single.standard_errors
        assert (one.fit.validation, one.fit.holdout) == (single.validation, single.holdout)


def _target_of(loss: Loss) -> str:
    words = {
        "logistic": "two",
        "squared-hinge": "two",
        "hinge": "two",
        "softmax": "several",
        "poisson": "count",
        "negative-binomial": "count",
        "gamma": "above",
        "tweedie": "above",
    }
    return words.get(loss.value, "number")


@pytest.mark.parametrize("loss", [loss for loss in Loss if not loss.info.squared])
def test_every_loss_is_that_of_the_rows_alone(loss: Loss) -> None:
    own: dict[str, Any] = {"delta": 1.0} if loss is Loss.HUBER else {}
    own |= {} if loss.info.smooth else {"max_iter": 30, "lr": 0.1, "method": "gd"}
    assert_the_same(*both(target=_target_of(loss), loss=loss.value, **own))


ASKED: list[dict[str, Any]] = [
    {"loss": "logistic", "target": "two", "l1": 0.5, "max_iter": 50},
    {"loss": "logistic", "target": "named", "class_weight": "balanced"},
    {"loss": "poisson", "target": "count", "offset": "o", "weight": "w"},
    {"lower": "x=0", "upper": "z=0.1"},
    {"method": "momentum", "momentum": 0.5, "lr": 0.1},
    {"dtype": "float32", "engine": "triangle", "lr": 0.1, "max_iter": 50},
    {"init": "random", "method": "nesterov", "seed": 3, "max_iter": 50},
    {"cv": 3, "cv_by": "who"},
    {"cv": 3, "stop": "best"},
    {"cv": 4, "ridge": "auto"},
    {"se": "hc3", "report": True},
    {"se": "cluster:who", "report": True},
    {
        "loss": "poisson",
        "target": "count",
        "se": "cluster:who",
        "report": True,
        "cv": 3,
        "holdout": 0.25,
        "weight": "w",
    },
    {"batch": 5, "max_iter": 40},
    {"model": "a*exp(-b*t)", "target": "above", "start": "a=1,b=0.1", "lower": "b=0", "loss": "huber", "delta": 1},
    {"model": "exponential", "features": "t", "target": "above", "weight": "w"},
]


@pytest.mark.parametrize("options", ASKED, ids=str)
def test_what_is_asked_of_a_fit_is_asked_of_each_group(options: dict[str, Any]) -> None:
    assert_the_same(*both(**{"target": "number", **options}))


@pytest.mark.parametrize("formula", ["number ~ x + I(z**2)", "number ~ 1"])
def test_a_formula_is_fitted_group_by_group(formula: str) -> None:
    options = {"formula": formula, "loss": "huber", "delta": 1.0}
    fits = gdsolve.fit(TABLE, group_by="g", **options)
    alone = [gdsolve.fit(TABLE.filter(pl.col("g") == name), **options) for name in GROUPS]
    assert_the_same(fits, alone)


@pytest.mark.parametrize(
    ("loss", "options"),
    [("half-mse", {"ridge": 2.0, "offset": "o"}), ("mse", {"formula": True}), ("sse", {"weight": "w"})],
)
def test_squares_are_batched_and_the_same(loss: str, options: dict[str, Any]) -> None:
    given: dict[str, Any] = {"target": "number", "features": ["x", "z"], "loss": loss, **options}
    if given.pop("formula", False):
        given = {"formula": "number ~ x*z", "loss": loss}
    fits = gdsolve.fit(TABLE, group_by="g", **given)
    assert fits.batched
    for name in GROUPS:
        single = gdsolve.fit(TABLE.filter(pl.col("g") == name), **given)
        assert (fits[name].status, fits[name].iterations) == (single.status, single.iterations)
        assert fits[name].weights == pytest.approx(single.weights, rel=1e-10, abs=1e-10)


def test_a_group_that_fails_leaves_the_others_alone() -> None:
    lines = ["g,x,y"] + [f"ok,{k},{int(k % 3 == 0)}" for k in range(12)]
    lines += [f"apart,{k},{int(k > 5)}" for k in range(12)] + ["same,1,no", "bad,?,1", "few,2,1"]
    Path("t.csv").write_text("\n".join(line.replace("no", "0") for line in lines) + "\n")
    fits = gdsolve.fit("t.csv", group_by="g", loss="logistic", max_iter=30)
    assert fits["ok"].status is Status.CONVERGED
    assert (fits["apart"].status, fits["apart"].exit_code) != (Status.CONVERGED, ExitCode.OK)
    assert (fits["bad"].status, fits["bad"].exit_code) == (Status.FAILED, ExitCode.DATA)
    assert fits["bad"].message == "t.csv: row 26 (line 27), column 'x': '?' is not a number"
    assert fits.exit_code is ExitCode.DATA
    assert fits.advice[0].startswith("The first that cannot be fitted, bad: t.csv: row 26")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_classes_of_text_are_those_of_the_group() -> None:
    rows = [("a", x, "uvw"[x % 3]) for x in range(12)] + [("b", x, "uv"[(x // 2) % 2]) for x in range(12)]
    table = pl.DataFrame([*rows, ("c", 1, "w"), ("c", 2, "w")], schema=["g", "x", "y"], orient="row")
    fits = gdsolve.fit(table, group_by="g", target="y", loss="softmax", ridge=1.0)
    alone = gdsolve.fit(table.filter(pl.col("g") == "b").drop("g"), target="y", loss="softmax", ridge=1.0)
    assert fits["b"].fit is not None
    assert fits["b"].fit.w.tolist() == alone.w.tolist()
    assert fits["c"].message == (
        "inline, group c: column 'y', the target (--target), has the class w alone; "
        "--loss softmax takes two classes or more"
    )
    found = gdsolve.predict(fits, table)
    # A class that a group has not has no probability there.
    assert found[12:24, 2].tolist() == [0.0] * 12
    assert np.isnan(found[24:]).all()
    assert found[:24].sum(axis=1).tolist() == pytest.approx([1.0] * 24)
    single = gdsolve.predict(alone, table.filter(pl.col("g") == "b").drop("g"))
    assert found[12:24, :2].tolist() == single.tolist()


@pytest.mark.parametrize("curve", [False, True])
def test_groups_start_from_their_own_models(curve: bool) -> None:
    options: dict[str, Any] = {"target": "above", "model": "a*exp(-b*t)"} if curve else {}
    options = options or {"target": "count", "loss": "poisson", "features": ["x", "z"]}
    first = gdsolve.fit(TABLE, group_by="g", save="m.json", **options)
    for init in ("m.json", first):
        again = gdsolve.fit(TABLE, group_by="g", init=init, **options)
        for one, other in zip(again, first, strict=True):
            assert one.iterations is not None
            assert one.iterations <= 1
            assert one.weights == pytest.approx(other.weights, rel=1e-9)
    more = pl.concat([TABLE, TABLE.with_columns(g=pl.lit("c"))])
    fits = gdsolve.fit(more, group_by="g", init="m.json", **options)
    assert fits["c"].message == "init: m.json: has no weights of the group c"
    assert (fits["a"].status, fits["c"].exit_code, fits.exit_code) == (
        Status.CONVERGED,
        ExitCode.USAGE,
        ExitCode.USAGE,
    )


def test_curves_of_groups_predict_by_group() -> None:
    fits = gdsolve.fit(TABLE, group_by="g", target="above", model="a*exp(-b*t)", save="m.json")
    found = gdsolve.predict("m.json", TABLE)
    for name in GROUPS:
        rows = TABLE["g"] == name
        a, b = fits[name].weights.values()  # type: ignore[union-attr]
        assert found[rows.to_numpy()] == pytest.approx(a * np.exp(-b * TABLE["t"].filter(rows).to_numpy()))
    assert gdsolve.predict(fits, TABLE).tolist() == found.tolist()
    assert gdsolve.score(fits, TABLE).rows == TABLE.height


def test_options_that_no_group_can_take_are_refused_as_a_whole() -> None:
    with pytest.raises(GdsolveError) as caught:
        gdsolve.fit(TABLE, group_by="g", target="number", features=["x"], lower="q=0")
    assert str(caught.value).startswith("lower: 'q' is no weight of this model")


def test_rows_that_have_no_room_are_foreseen(monkeypatch: pytest.MonkeyPatch) -> None:
    from gdsolve import room

    monkeypatch.setattr(room.Room, "falls_short", lambda *_: 10)
    with pytest.raises(DataError) as caught:
        gdsolve.fit(TABLE, group_by="g", target="number", features=["x"], loss="huber", delta=1)
    assert "--group-by keeps every row in memory: 40 rows of 6 numbers take" in str(caught.value)


def test_what_was_reached_is_told_after_an_interrupt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gdsolve.cli.main import run
    from gdsolve.groups import one_by_one

    TABLE.write_csv("t.csv")
    whole, calls = one_by_one.fit, []

    def second_fails(*arguments: Any) -> Fit:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr(one_by_one, "fit", second_fails)
    table = pl.concat([TABLE, TABLE.with_columns(g=pl.lit("c"))])
    fits = gdsolve.fit(table, group_by="g", target="number", features=["x"], l1=1.0)
    assert [one.status for one in fits] == [Status.CONVERGED, Status.INTERRUPTED, Status.INTERRUPTED]
    assert fits.exit_code is ExitCode.INTERRUPTED
    assert fits.message == "Of 3 groups 2 not reached before the run was interrupted (b, c)."
    calls.clear()
    flags = ["--group-by", "g", "--target", "number", "--features", "x", "--l1", "1", "--format", "csv"]
    assert run(["fit", "t.csv", *flags]) == 130
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[:3] for line in lines[1:]] == [["a", "converged", "0"], ["b", "interrupted", "130"]]


def test_the_output_says_how_groups_were_fitted(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    import json

    from gdsolve.cli.main import run

    TABLE.write_csv("t.csv")
    flags = ["--group-by", "g", "--target", "number", "--features", "x", "--format", "json", "--save", "m.json"]
    for own, batched, reason in (
        ([], True, "batched: the closed form takes many groups at once"),
        (["--l1", "1"], False, "one after the other: --l1 is taken by single fits"),
    ):
        assert run(["fit", "t.csv", *flags, *own, "--verbose"]) == 0
        out, err = capsys.readouterr()
        assert [json.loads(line)["batched"] for line in out.splitlines()] == [batched, batched]
        saved = json.loads(Path("m.json").read_text())
        assert (saved["batched"], saved["reason"], saved["parameters"]) == (batched, reason, ["x"])
        how = "at once, in closed form" if batched else "one after the other: --l1 is taken by single fits"
        assert f"2 groups are fitted {how}" in err


def test_a_report_has_every_figure_in_csv(capsys: pytest.CaptureFixture[str]) -> None:
    import csv
    import io

    from gdsolve.cli.main import run

    TABLE.write_csv("t.csv")
    flags = ["--group-by", "g", "--target", "count", "--features", "x", "--report", "--format", "csv"]
    for own in ([], ["--loss", "poisson", "--holdout", "0.2"]):
        assert run(["fit", "t.csv", *flags, *own]) == 0
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        fits = gdsolve.fit("t.csv", group_by="g", target="count", features=["x"], report=True, **_read(own))
        for row, one in zip(rows, fits, strict=True):
            assert one.inference is not None
            for each in one.inference.estimates:
                for figure in ("standard_error", "statistic", "p_value", "lower", "upper"):
                    assert float(row[f"{figure}_{each.name}"]) == getattr(each, figure)
            assert ("holdout_deviance" in row) == bool(own)


def _read(flags: list[str]) -> dict[str, Any]:
    return {"loss": "poisson", "holdout": 0.2} if flags else {}
