"""Where a curve starts that was given no start: what is told, what is kept, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from in_process import completed

import gdsolve
from gdsolve.objective.expression import parse
from gdsolve.objective.reach import Enters, reaches
from gdsolve.objective.separable import Separable, linear_names
from gdsolve.solve.pose import pose
from gdsolve.spec.file import build_spec
from gdsolve.status import GdsolveError, Status

MODEL = "a*exp(-k*x) + c"
X = np.linspace(0.0, 10.0, 60)
NOISE = np.random.RandomState(5).normal(size=60)
Y = 5.0 * np.exp(-0.7 * X) + 1.0 + 0.05 * NOISE


def write(folder: Path, y: np.ndarray = Y, **more: np.ndarray) -> str:
    columns = {"x": X, **more, "y": y}
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    path = folder / "t.csv"
    path.write_text("\n".join([",".join(columns), *(",".join(map(repr, row)) for row in rows)]) + "\n")
    return str(path)


def record(*words: str) -> dict[str, Any]:
    done = completed(*words, "--format", "json")
    assert (done.code, done.err) == (0, ""), done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_the_start_that_is_told_gives_the_same_run(tmp_path: Path) -> None:
    table = write(tmp_path)
    found = record("fit", table, "--model", MODEL)
    told = found["found_start"]
    assert told["found"].keys() == {"a", "k", "c"}
    assert (told["solved"], told["points"], told["seed"]) == (["a", "c"], 128, 0)
    again = record("fit", table, "--model", MODEL, "--start", told["start"])
    assert again["found_start"] is None
    for key in ("weights", "trace", "sse", "iterations", "standard_errors", "message"):
        assert again[key] == found[key]
    shown = completed("fit", table, "--model", MODEL).out
    said = f"--start {told['start']} (found from the data: variable projection, 128 points, seed 0)"
    assert said in " ".join(shown.split())


def test_a_seed_gives_the_same_start_again_and_another_one_the_same_optimum(tmp_path: Path) -> None:
    table = write(tmp_path)
    first, second = (record("fit", table, "--model", MODEL, "--seed", "7") for _ in range(2))
    assert first["found_start"] == second["found_start"]
    assert first["found_start"]["seed"] == 7
    assert first["sse"] == pytest.approx(record("fit", table, "--model", MODEL)["sse"], rel=1e-9)


def test_of_some_starts_the_others_are_found(tmp_path: Path) -> None:
    table = write(tmp_path)
    told = record("fit", table, "--model", MODEL, "--start", "k=0.5")["found_start"]
    assert told["found"].keys() == {"a", "c"}
    assert told["start"].startswith("k=0.5,a=")
    assert told["points"] == 1
    shown = " ".join(completed("fit", table, "--model", MODEL, "--start", "k=0.5").out.split())
    assert "(a, c found from the data: least squares, as the curve is linear in all of them)" in shown
    fixed = record("fit", table, "--model", MODEL, "--start", "c=1.2", "--fix", "c")
    assert fixed["objective"]["fixed"] == {"c": 1.2}
    assert fixed["found_start"]["found"].keys() == {"a", "k"}


def test_bounds_are_kept(tmp_path: Path) -> None:
    table = write(tmp_path)
    for words in (("--lower", "k=1"), ("--upper", "a=3", "--lower", "c=1.2"), ("--upper", "k=0.4")):
        found = record("fit", table, "--model", MODEL, *words)
        sides = [words[place : place + 2] for place in range(0, len(words), 2)]
        for side, bound in sides:
            name, number = bound.split("=")
            start = found["found_start"]["found"][name]
            assert start >= float(number) if side == "--lower" else start <= float(number)
            assert found["weights"][name] == float(number)


@pytest.mark.parametrize("loss", ["huber", "logcosh", "absolute", "quantile"])
def test_outliers_do_not_decide_where_other_losses_start(loss: str, tmp_path: Path) -> None:
    table = write(tmp_path, Y + 20.0 * (np.arange(60) % 9 == 4))
    found = pose(build_spec([table], {"model": MODEL, "loss": loss}, "fit")).found_start
    assert found is not None
    assert found.found["k"] == pytest.approx(0.7, rel=0.15)
    assert found.found["a"] == pytest.approx(5.0, rel=0.1)


def test_counts_and_classes_start_where_their_curve_can_be_a_mean() -> None:
    counts = np.random.RandomState(1).poisson(30.0 * np.exp(-0.4 * X) + 2.0)
    for link, model in (("identity", MODEL), ("log", "a - k*x")):
        found = gdsolve.fit(X[:, None], counts, names=["x"], model=model, loss="poisson", link=link)
        assert found.status is Status.CONVERGED
        assert found.found_start is not None
    classes = (np.random.RandomState(2).uniform(size=60) < 1.0 / (1.0 + np.exp(4.0 - X))).astype(float)
    for link, model in (("identity", "1/(1 + exp(-k*(x - m)))"), ("logit", "k*(x - m)")):
        found = gdsolve.fit(X[:, None], classes, names=["x"], model=model, loss="logistic", link=link)
        assert found.status is Status.CONVERGED
        assert found.weights["m"] == pytest.approx(4.0, abs=1.0)


def test_float32_weights_and_several_columns() -> None:
    w = 1.0 + np.arange(60) % 3
    plain = gdsolve.fit(X[:, None], Y, names=["x"], model=MODEL)
    single = gdsolve.fit(X[:, None], Y, names=["x"], model=MODEL, dtype="float32")
    assert single.found_start == plain.found_start
    assert single.weights["k"] == pytest.approx(plain.weights["k"], rel=1e-4)
    both = np.column_stack([X, 3.0 * (np.arange(60) % 7), w])
    target = 4.0 * both[:, 0] / (2.0 + both[:, 0]) * np.exp(-0.05 * both[:, 1]) + 0.001 * NOISE
    found = gdsolve.fit(both, target, names=["x1", "x2", "w"], weight="w", model="vmax*x1/(km + x1)*exp(-loss*x2)")
    assert found.weights == pytest.approx({"vmax": 4.0, "km": 2.0, "loss": 0.05}, rel=1e-2)


def test_python_and_yaml_take_parameters_without_a_start(tmp_path: Path) -> None:
    found = gdsolve.fit(X[:, None], Y, names=["x"], model=MODEL, parameters={"a": None, "k": {"lower": 0.0}})
    assert found.found_start is not None
    assert found.found_start.found.keys() == {"a", "k", "c"}
    write(tmp_path)
    spec = tmp_path / "p.yaml"
    spec.write_text(f"data: t.csv\nmodel: {MODEL}\nparameters: {{k: {{upper: 0.5}}, c: null}}\n")
    assert record("fit", str(spec))["weights"]["k"] == 0.5


@pytest.mark.parametrize("verb", ["compare", "compare-lr"])
def test_every_verb_starts_there(verb: str, tmp_path: Path) -> None:
    table = write(tmp_path)
    wanted = record("fit", table, "--model", MODEL)["found_start"]
    assert record(verb, table, "--model", MODEL, "--max-iter", "5")["found_start"] == wanted
    shown = " ".join(completed(verb, table, "--model", MODEL, "--max-iter", "5").out.split())
    assert f"--start {wanted['start']} (found from the data" in shown


def test_a_saved_model_gives_the_starts_that_it_has(tmp_path: Path) -> None:
    table, model = write(tmp_path), str(tmp_path / "m.json")
    first = record("fit", table, "--model", MODEL, "--save", model)
    again = record("fit", table, "--model", MODEL, "--init", model)
    assert again["found_start"] is None
    assert again["trace"][0]["weights"] == first["weights"]


def test_many_starts_are_those_of_the_search(tmp_path: Path) -> None:
    found = record("fit", write(tmp_path), "--model", MODEL, "--starts", "40")
    assert found["starts"]["count"] == 40
    assert found["starts"]["here"] >= 20
    assert found["starts"]["lower"] == 0
    assert found["found_start"]["start"]


@pytest.mark.parametrize(
    ("model", "words", "said"),
    [
        ("a*X + b", (), "column 3: unknown name 'X'"),
        ("a*z + b", (), "the formula uses no column of the table, so that no start can be found"),
        ("w[0]*x", (), "column 1: w is a vector or a matrix, and nothing says of how many numbers"),
        ("a*x + b", ("--lower", "c=0"), "c: the formula does not use this parameter"),
        ("a*x + b", ("--fix", "b"), "b: is fixed, and nothing says at which number"),
        ("2*x", (), "the formula has no parameter that could move"),
        ("a*x", ("--start", "a=1", "--seed", "3"), "every parameter has a start, and nothing else is drawn at random"),
        ("log(a - x)", ("--upper", "a=2"), "no start was found at which it is finite"),
        ("a*log(b*x)", (), "row 1 (line 2): log(b*x) is not finite at x = 0"),
        ("a*x + e", (), "column 7: unknown name 'e'"),
    ],
)
def test_what_cannot_be_found_is_told_in_one_line(
    model: str, words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = completed("fit", write(tmp_path), "--model", model, *words)
    assert done.code == (5 if "row 1" in said else 2)
    assert said in done.err
    assert done.err.count("\n") == 2
    assert done.out == ""


def test_formulas_need_a_start() -> None:
    with pytest.raises(GdsolveError, match="none is given"):
        gdsolve.fit(minimize="(a - 1)**2")


def test_what_a_curve_is_linear_in_is_read_off_its_form() -> None:
    def linear(text: str, *names: str) -> tuple[str, ...]:
        return linear_names(parse(text, [*names, "x"]), names)

    assert linear("b1 + b2*x + b3*exp(-b4*x)", "b1", "b2", "b3", "b4") == ("b1", "b2", "b3")
    assert linear("(a + b*x)/(1 + c*x)", "a", "b", "c") == ("a", "b")
    # Of two that are multiplied the first one counts, and one that excludes fewer comes before.
    assert linear("a*b*x", "a", "b") == ("a",)
    assert linear("h*(s*x + (1 - s)*x**2)", "h", "s") == ("h",)
    assert linear("a*b + a*c", "a", "b", "c") == ("b", "c")
    assert linear("exp(a*x)", "a") == ()


def test_linear_parameters_are_those_of_least_squares_and_slopes_those_of_differences() -> None:
    x, target = torch.tensor(X), torch.tensor(Y)
    free = torch.full((3,), torch.inf, dtype=torch.float64)
    root = torch.linspace(0.5, 2.0, 60, dtype=torch.float64)
    curve = Separable.of(parse(MODEL, ["a", "k", "c", "x"]), ("a", "k", "c"), {"x": x}, target, root, (-free, free))
    assert (curve.linear, curve.others) == ((0, 2), (1,))
    found = curve.project(torch.tensor([[0.7], [2.0]], dtype=torch.float64))
    for row, k in enumerate((0.7, 2.0)):
        design = root.numpy()[:, None] * np.column_stack([np.exp(-k * X), np.ones(60)])
        wanted, sse, *_ = np.linalg.lstsq(design, root.numpy() * Y, rcond=None)
        assert found.points[row].tolist() == pytest.approx([wanted[0], k, wanted[1]], rel=1e-10)
        assert float(found.value[row]) == pytest.approx(float(sse[0]), rel=1e-10)
    point, step = found.points[:1], 1e-6
    for place in range(3):
        ahead, behind = point.clone(), point.clone()
        ahead[0, place] += step
        behind[0, place] -= step
        slope = (curve.curve(ahead) - curve.curve(behind)) / (2.0 * step)
        torch.testing.assert_close(curve.slopes(point)[:, :, place], slope, rtol=1e-6, atol=1e-8)


def test_where_a_parameter_may_be_follows_from_how_it_enters() -> None:
    x = torch.linspace(100.0, 300.0, 201, dtype=torch.float64)
    target = torch.ones(201, dtype=torch.float64)

    def of(text: str, *names: str) -> dict[str, Any]:
        return reaches(parse(text, [*names, "x"]), {"x": x}, names, target)

    rate = of("exp(-k*x)", "k")["k"]
    assert rate.enters is Enters.SIZE
    assert rate.low < 1.0 / 300.0 < 1.0 < rate.high
    peak = of("exp(-((x - c)/s)**2)", "c", "s")
    assert (peak["c"].enters, peak["c"].low, peak["c"].high, peak["c"].partner) == (Enters.PLACE, 100.0, 300.0, "s")
    assert peak["s"].low < 1.0
    assert peak["s"].high > 200.0
    wave = of("sin(2*pi*f*x + p)", "f", "p")
    assert (wave["f"].enters, wave["f"].partner, wave["p"].enters) == (Enters.WAVE, "p", Enters.PHASE)
    assert wave["f"].high == pytest.approx(0.5)
    assert of("1/(1 + exp(a - b*x))", "a", "b")["a"].beside == "b"
    assert of("b**x", "b")["b"].enters is Enters.GROWTH
    assert (of("x**n", "n")["n"].low, of("x**n", "n")["n"].high) == pytest.approx((1.0 / 30.0, 30.0))
