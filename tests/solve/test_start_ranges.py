"""Ranges of --start and --starts N: how they are read, where descent begins, and what is told of the starts."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_process import completed

import gdsolve
from gdsolve.solve.many_starts import SAMPLED
from gdsolve.spec import Spec
from gdsolve.spec.parameter import StartRange
from gdsolve.spec.parameters import parameters_of

WAVES = ("--minimize", "cos(a) + a**2/50")
HIMMELBLAU = "(a**2 + b - 11)**2 + (a + b**2 - 7)**2"
X = np.linspace(0.0, 4.0, 40)
Y = 3.0 * np.exp(-0.7 * X) + 1.0 + 0.05 * np.random.default_rng(2).normal(size=40)
DECAY = {"model": "a*exp(-b*x) + c", "start": {"a": (0, 10), "b": (1e-2, 10), "c": 0.0}}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{x!r},{y!r}\n" for x, y in zip(X.tolist(), Y.tolist(), strict=True)))
    return path


def record_of(*words: str) -> dict[str, Any]:
    done = completed("fit", *words, "--format", "json")
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_ranges_stand_beside_numbers_and_vectors() -> None:
    spec = Spec(minimize="a*b*c", start=("a=-5..5, b=1e-3..1e3", "c=[1, 2]", "d=1/4..1"))
    parts = {one.name: one for one in parameters_of(spec)}
    assert [parts[name].span for name in "abd"] == [StartRange(-5.0, 5.0), StartRange(1e-3, 1e3), StartRange(0.25, 1.0)]
    assert parts["c"].start == (1.0, 2.0)
    assert parts["c"].span is None
    assert [parts[name].start for name in "abd"] == [0.0, 500.0005, 0.625]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("a=3..1", "a: the range '3..1' falls", "write --start a=1..3"),
        ("a=2..2", "a: the range '2..2' is a single number", "write --start a=2"),
        ("a=1..", "a: '1..' is no range", "write a range as in --start a=0..10"),
        ("a=..1", "a: '..1' is no range", "write a range as in --start a=0..10"),
        ("a=0...1", "a: '0...1' is no range", "write a range as in --start a=0..10"),
        ("a=0..1..2", "a: '0..1..2' is no range", "write a range as in --start a=0..10"),
        ("a=nan..2", "a: 'nan' is not a finite number", "write a range as in --start a=0..10"),
        ("a=0..inf", "a: 'inf' is not a finite number", "write a range as in --start a=0..10"),
        ("a=0..b", "a: 'b' is not a finite number", "write a range as in --start a=0..10"),
    ],
)
def test_what_is_no_range_is_told_by_the_name_of_its_parameter(text: str, message: str, hint: str) -> None:
    done = completed("fit", "--minimize", "a**2", "--start", text)
    assert done.code == 2
    assert done.err == f"gdsolve: error: start: {message}\nhint: {hint}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--start", "a=0..1", "--fix", "a"), "fix: a: is fixed, and its start 0..1 is a range"),
        (("--start", "a=0..1", "--lower", "a=2"), "a: its range 0..1 is beyond its bounds 2 to inf"),
        (("--start", "a=1", "--starts", "5"), "starts: every parameter starts at one number"),
        (("--start", "a=0..1", "--init", "m.json"), "init: is one start, and many are asked for"),
        (("--start", "a=0..1", "--starts", "0"), "starts: 0 is not a finite number of at least 1"),
        (
            ("--start", "a=1", "--seed", "3"),
            "seed: --seed is for --init random, ranges of --start, --starts, curves without a start",
        ),
        (("--start", "a=0..1", "--lower", "a=0..1"), "lower"),
    ],
)
def test_what_does_not_go_with_ranges_is_refused(words: tuple[str, ...], message: str) -> None:
    done = completed("fit", "--minimize", "a**2", *words)
    assert done.code == 2
    assert done.err.startswith(f"gdsolve: error: {message}")
    assert done.err.count("\n") == 2


def test_starts_are_for_formulas(table: Path) -> None:
    done = completed("fit", str(table), "--starts", "5")
    assert (done.code, done.out) == (2, "")
    assert "a linear model has one minimum, wherever it starts" in done.err


def test_of_ranges_alone_the_point_of_lowest_loss_is_the_start() -> None:
    found = record_of(*WAVES, "--start", "a=-20..20")
    starts, first = found["starts"], found["trace"][0]
    assert (starts["count"], starts["here"], starts["minima"]) == (SAMPLED, None, [])
    assert starts["start"] == f"a={first['weights']['a']:g}"
    assert first["loss"] < -0.7
    assert found["message"].endswith("The loss is at a local minimum.")
    again = record_of(*WAVES, "--start", starts["start"])
    assert (again["weights"], again["iterations"]) == (found["weights"], found["iterations"])
    assert again["starts"] is None


def test_where_the_starts_ended_is_counted_and_told() -> None:
    found = record_of(*WAVES, "--start", "a=-20..20", "--starts", "64", "--seed", "3")
    starts = found["starts"]
    assert starts["here"] + starts["higher"] == starts["count"] == 64
    assert (starts["lower"], starts["not_finished"], starts["seed"]) == (0, 0, 3)
    assert 0 < starts["same_weights"] < starts["here"]
    assert found["message"].endswith(" 64 of 64 starts ended here or higher.")
    assert starts["start"] in ("a=3.02", "a=-3.02")
    losses = [one["loss"] for one in starts["minima"]]
    assert losses == pytest.approx([-0.81020883, 0.70745256, 3.73875644, 8.2722612][: len(losses)], rel=1e-6)
    assert [one["here"] for one in starts["minima"]] == [True, *[False] * (len(losses) - 1)]
    assert sum(one["count"] for one in starts["minima"]) == 64
    done = completed("fit", *WAVES, "--start", "a=-20..20", "--starts", "64", "--seed", "3")
    assert f"start           {starts['start']}, to which 64 starts in a=-20..20 led, seed 3\n" in done.out
    assert "minimum        loss  starts" in done.out


def test_a_lower_minimum_that_the_fit_missed_is_told_with_the_start_to_type() -> None:
    # So long a first step leads over the hill.
    words = (*WAVES, "--start", "a=2..4", "--starts", "16", "--lr", "9", "--max-iter", "40")
    found = record_of(*words)
    starts = found["starts"]
    assert starts["lower"] > 0
    assert "lower, at a loss down to -0.81020883" in found["message"]
    assert found["advice"][0].startswith("Starts led to a lower minimum; to begin there: gdsolve fit")
    assert "--starts" not in found["advice"][0]
    assert "--start a=3.0204776" in found["advice"][0]
    table = completed("fit", *words)
    assert "\nlower " in table.out


def test_starts_that_come_to_no_minimum_are_not_counted_as_higher() -> None:
    found = record_of("--minimize", "log(a)**2", "--start", "a=-3..3", "--starts", "32")
    starts = found["starts"]
    assert starts["not_finite"] == starts["not_finished"] == 16
    assert starts["here"] == 16
    assert found["message"].endswith("16 of 32 starts ended here or higher; 16 came to no minimum.")


def test_without_any_minimum_the_run_fails_and_says_so() -> None:
    done = completed("fit", "--minimize", "log(a)", "--start", "a=-3..-1", "--starts", "8")
    assert done.code == 4
    assert "of 8 starts in a=-3..-1, none of which led to a minimum" in done.out
    assert " 0 of 8 starts ended here or higher; 8" in done.out


def test_python_gives_ranges_as_pairs() -> None:
    fit = gdsolve.fit(X[:, None], Y, names=["x"], starts=32, **DECAY)
    assert fit.starts is not None
    assert fit.starts.ranges == {"a": "0..10", "b": "0.01..10"}
    assert fit.starts.here + fit.starts.higher + fit.starts.not_finished == 32
    assert fit.starts.here >= 28
    assert fit.starts.minima[0].sse == pytest.approx(fit.sse, rel=1e-9)
    assert fit.weights == pytest.approx({"a": 3.0, "b": 0.7, "c": 1.0}, abs=0.1)
    four = gdsolve.fit(minimize=HIMMELBLAU, start={"a": (-6, 6), "b": (-6, 6)}, starts=64)
    assert (four.starts.here, four.starts.higher) == (64, 0)
    assert 0 < four.starts.same_weights < 40
    with pytest.raises(gdsolve.GdsolveError, match=r"a: the range '3.0..1.0' falls"):
        gdsolve.fit(minimize="a**2", start={"a": (3, 1)})
    with pytest.raises(gdsolve.GdsolveError, match="a: None is no start of it"):
        gdsolve.fit(minimize="a**2", start={"a": None})


def test_the_same_seed_gives_the_same_starts_and_another_gives_others() -> None:
    first, again, other = (
        gdsolve.fit(minimize="(a - 1)**4 + cos(9*a)", start={"a": (-9, 9)}, seed=seed) for seed in (1, 1, 2)
    )
    assert first.starts.start == again.starts.start != other.starts.start


def test_a_yaml_spec_has_ranges_at_parameters_and_at_start(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(f"minimize: {HIMMELBLAU}\nparameters:\n  a: -6..6\n  b: {{start: -6..6, lower: 0}}\nstarts: 24\n")
    found = record_of(str(path))
    assert found["starts"]["ranges"] == {"a": "-6..6", "b": "0..6"}
    assert found["starts"]["here"] == 24
    assert found["weights"]["b"] > 0.0
    path.write_text(f"minimize: {HIMMELBLAU}\nparameters:\n  a: 6..-6\n  b: 1\n")
    done = completed("fit", str(path))
    assert done.err == f"gdsolve: error: {path}: line 3: parameters: a: the range '6..-6' falls\nhint: write a: 0..10\n"
    path.write_text("minimize: cos(a) + a**2/50\nstart: a=-20..20\nstarts: 16\n")
    assert record_of(str(path))["starts"]["count"] == 16


@pytest.mark.parametrize(
    ("loss", "more"),
    [("huber", ()), ("mse", ("--dtype", "float32"))],
)
def test_curves_of_every_loss_tell_where_starts_ended(loss: str, more: tuple[str, ...], table: Path) -> None:
    words = ("--model", "a*exp(-b*x) + c", "--start", "a=1..5,b=0.1..2,c=0..2", "--starts", "4")
    found = record_of(str(table), *words, "--loss", loss, *more)
    starts = found["starts"]
    assert starts["here"] >= 3
    assert starts["lower"] == 0
    assert (starts["minima"][0]["sse"] is None) is (loss != "mse")
    assert found["weights"] == pytest.approx({"a": 3.0, "b": 0.7, "c": 1.0}, abs=0.15)


def test_comparisons_and_pages_say_where_they_begin(tmp_path: Path) -> None:
    compared = completed("compare", *WAVES, "--start", "a=-20..20", "--methods", "gd,lbfgs", "--format", "json")
    record = json.loads(compared.out)
    assert record["starts"]["count"] == SAMPLED
    assert all(one["loss"] == pytest.approx(-0.81020883, rel=1e-6) for one in record["methods"])
    rates = completed("compare-lr", *WAVES, "--start", "a=-20..20", "--lr", "0.1,0.5")
    assert f"the lowest loss of {SAMPLED} points in a=-20..20" in rates.out
    page = tmp_path / "p.html"
    assert completed("report", *WAVES, "--start", "a=-20..20", "--starts", "16", "-o", str(page)).code == 0
    text = page.read_text()
    assert "<h2>Starts</h2>" in text
    assert "to which 16 starts in a=-20..20 led" in text
    assert "16 of 16 starts ended here or higher." in text


def test_a_run_from_many_starts_is_gone_on_with(tmp_path: Path, table: Path) -> None:
    kept = str(tmp_path / "c.ckpt")
    words = (str(table), "--model", "a*exp(-b*x) + c", "--start", "a=1..5,b=0.1..2,c=0..2", "--starts", "8")
    whole = record_of(*words, "--method", "lbfgs")
    part = completed("fit", *words, "--method", "lbfgs", "--max-iter", "3", "--checkpoint", kept)
    assert part.code == 3
    resumed = record_of(*words, "--method", "lbfgs", "--resume", kept)
    assert (resumed["weights"], resumed["iterations"]) == (whole["weights"], whole["iterations"])
    assert resumed["starts"] == whole["starts"]


def test_wide_ranges_of_one_sign_are_filled_by_size() -> None:
    fits = [gdsolve.fit(minimize="(log(a) - 2)**2", start={"a": ends}, starts=64) for ends in ((1e-3, 1e3), (1, 99))]
    assert [fit.starts.here for fit in fits] == [64, 64]
    # Two valleys in log(a), the lower one at a = e⁻⁴: of an even spread one start in ten thousand would be below 1.
    fit = gdsolve.fit(minimize="(log(a)**2 - 16)**2 + log(a)", start={"a": (1e-4, 1e4)}, starts=64)
    assert fit.starts.here >= 20
    assert math.isclose(fit.weights["a"], math.exp(-4.0077), rel_tol=1e-2)
