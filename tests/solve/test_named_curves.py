"""Curves by name: the table, what a name stands for, which column is x, and what is no name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.constants
import scipy.special
import scipy.stats
import torch
from in_process import completed
from jsonschema import Draft202012Validator

import gdsolve
from gdsolve.objective.expression import parse
from gdsolve.objective.functions import FUNCTIONS, NUMBERS
from gdsolve.spec.curve_names import curve_of, written
from gdsolve.spec.curves import ALSO, BY_NAME, CURVES, NamedCurve
from gdsolve.spec.schema import json_schema
from gdsolve.status import GdsolveError

X = np.linspace(0.5, 9.5, 40)
ERFC, EXP, SIN, PI = scipy.special.erfc, np.exp, np.sin, np.pi
# Each curve as its field writes it, at numbers in the order of its parameters.
KNOWN: dict[str, tuple[tuple[float, ...], Any]] = {
    "gaussian": ((3.0, 4.0, 0.8), lambda h, c, s: h * EXP(-0.5 * ((X - c) / s) ** 2)),
    "lorentzian": ((3.0, 4.0, 0.8), lambda h, c, g: h * g**2 / ((X - c) ** 2 + g**2)),
    "voigt": ((3.0, 4.0, 0.8, 0.5), lambda a, c, s, g: a * scipy.special.voigt_profile(X - c, s, g)),
    "pseudo-voigt": ((3.0, 0.3, 4.0, 0.8), lambda h, p, c, w: h * (
        p * w**2 / ((X - c) ** 2 + w**2) + (1 - p) * 0.5 ** (((X - c) / w) ** 2))),
    "lognormal": ((3.0, 4.0, 0.8), lambda h, c, s: h * EXP(-((np.log(X) - np.log(c)) ** 2) / (2 * s**2))),
    "exgaussian": ((3.0, 1.5, 4.0, 0.8), None),
    "logistic": ((3.0, 1.2, 4.0), lambda t, r, m: t * scipy.special.expit(r * (X - m))),
    "dose-response": ((1.0, 3.0, 4.0, 1.3), lambda b, t, e, s: b + (t - b) / (1 + EXP(s * (np.log(X) - np.log(e))))),
    "gompertz": ((3.0, 5.0, 0.6), lambda t, d, r: t * EXP(-d * EXP(-r * X))),
    "richards": ((3.0, 0.5, 0.7, 4.0), lambda t, s, r, m: t * (1 + s * EXP(-r * (X - m))) ** (-1 / s)),
    "weibull-growth": ((3.0, 4.0, 1.5), lambda t, c, k: t * (1 - EXP(-((X / c) ** k)))),
    "saturation": ((3.0, 4.0), lambda r, t: -r * np.expm1(-X / t)),
    "bertalanffy": ((3.0, 0.4, -1.0), lambda f, r, o: -f * np.expm1(-r * (X - o))),
    "michaelis-menten": ((3.0, 4.0), lambda v, k: v / (1 + k / X)),
    "hill": ((3.0, 1.7, 4.0), lambda v, n, k: v / (1 + (k / X) ** n)),
    "langmuir": ((3.0, 0.4), lambda c, a: c / (1 + 1 / (a * X))),
    "step": ((3.0, 4.0, 0.8), lambda h, c, s: h * scipy.special.ndtr((X - c) / s)),
    "exponential": ((3.0, 0.4), lambda a, r: a * EXP(-r * X)),
    "biexponential": ((3.0, 1.4, 2.0, 0.2), lambda a, r, b, s: a * EXP(-r * X) + b * EXP(-s * X)),
    "stretched-exponential": ((3.0, 4.0, 0.6), lambda a, t, b: a * EXP(-((X / t) ** b))),
    "power": ((3.0, 0.6), lambda f, e: f * X**e),
    "second-order": ((3.0, 0.4), lambda i, r: 1 / (1 / i + r * X)),
    "arrhenius": ((3.0, 20.0), lambda f, e: f * EXP(-e / (scipy.constants.R * X))),
    "antoine": ((3.0, 4.0, 2.0), lambda a, b, c: 10 ** (a - b / (c + X))),
    "logarithm": ((3.0, 0.4), lambda o, s: o + s * np.log(X)),
    "sine": ((3.0, 0.3, 0.7), lambda a, f, p: a * SIN(2 * PI * f * X + p)),
    "damped-sine": ((3.0, 0.2, 0.3, 0.7), lambda a, d, f, p: a * EXP(-d * X) * SIN(2 * PI * f * X + p)),
    "sine-squared": ((3.0, 0.3, 0.7), lambda a, f, p: a * (1 - np.cos(2 * (2 * PI * f * X + p))) / 2),
    "chirp": ((3.0, 0.1, 0.05, 0.7), lambda a, f, s, p: a * SIN(2 * PI * (f * X + s * X**2 / 2) + p)),
    "constant": ((3.0,), lambda o: o + 0.0 * X),
    "line": ((3.0, 0.4), lambda o, s: o + s * X),
    "parabola": ((3.0, 0.4, -0.1), lambda o, s, c: np.polyval([c, s, o], X)),
}  # fmt: skip


def exgaussian(area: float, tau: float, sigma: float, center: float) -> np.ndarray:
    return area * scipy.stats.exponnorm.pdf(X, tau / sigma, loc=center, scale=sigma)


@pytest.mark.parametrize("curve", BY_NAME.values(), ids=list(BY_NAME))
def test_a_formula_is_what_its_field_writes(curve: NamedCurve) -> None:
    numbers, known = KNOWN[curve.name]
    expected = exgaussian(*_in_order(curve, numbers)) if known is None else known(*numbers)
    x, w = torch.tensor(X), [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in numbers]
    assert len(curve.parameters) == len(numbers)
    expression = parse(curve.formula, ("x", *curve.parameters))
    found = expression.evaluate({"x": x, **dict(zip(curve.parameters, w, strict=True))})
    np.testing.assert_allclose(found.detach().expand(len(X)).numpy(), expected, rtol=1e-11, atol=1e-13)
    # Every parameter moves it.
    assert all(bool(slope != 0.0) for slope in torch.autograd.grad(found.sum(), w))


def _in_order(curve: NamedCurve, numbers: tuple[float, ...]) -> list[float]:
    values = dict(zip(curve.parameters, numbers, strict=True))
    return [values[name] for name in ("area", "tau", "sigma", "center")]


def test_the_table_is_sound() -> None:
    assert list(KNOWN) == list(BY_NAME)
    assert len(BY_NAME) == sum(map(len, CURVES.values())) >= 24
    assert not set(ALSO) & set(BY_NAME)
    assert all(curve_of(name) is not None and name == name.lower() for name in (*BY_NAME, *ALSO))
    for curve in BY_NAME.values():
        # In a sum of names a word is a parameter where it is one of another curve.
        assert not set(curve.parameters) & {*BY_NAME, *ALSO}, curve.name
        # A parameter called as a function or a number would need no start.
        assert not set(curve.parameters) & ({*FUNCTIONS, *NUMBERS} - {"gamma"}), curve.name
        assert curve.says.endswith("."), curve.name
        assert curve.field, curve.name


@pytest.fixture
def peak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    noise = np.random.RandomState(4).normal(size=len(X))
    y = 3.0 * np.exp(-((X - 4.0) ** 2) / 2 / 0.8**2) + 0.2 + 0.05 * noise
    rows = "\n".join(f"{k},{a:.6g},{b:.6g}" for k, (a, b) in enumerate(zip(X, y, strict=True)))
    path = tmp_path / "peak.csv"
    path.write_text(f"run,wave length,height\n{rows}\n")
    return path


START = ("--start", "height=1,center=5,sigma=1,level=0")
FORMULA = "height*exp(-(`wave length` - center)**2/(2*sigma**2)) + level"


def record(*words: str) -> dict[str, Any]:
    done = completed(*words, "--format", "json")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def test_a_name_is_a_formula_of_the_feature_that_is_shown_saved_and_typed_back(peak: Path) -> None:
    """Also where a parameter is called as the column of the target is."""
    named = ("fit", "peak.csv", "--model", "Gauss + constant", "--features", "wave length", *START)
    found = record(*named, "--save", "m.json")
    assert found["objective"]["formula"] == FORMULA
    assert found["data"]["features"] == ["wave length"]
    assert found["data"]["target"] == "height"
    typed = record("fit", "peak.csv", "--model", FORMULA, *START, "--target", "height")
    assert typed["weights"] == found["weights"]
    assert typed["sse"] == found["sse"]
    shown = completed(*named).out
    assert f"height = {FORMULA}" in shown
    predicted = completed("predict", "m.json", "peak.csv")
    assert predicted.code == 0
    first = float(predicted.out.split("\n")[1].split(",")[-1])
    w = found["weights"]
    assert first == pytest.approx(w["height"] * np.exp(-((0.5 - w["center"]) ** 2) / 2 / w["sigma"] ** 2) + w["level"])
    assert completed("score", "m.json", "peak.csv").code == 0


def test_every_way_to_say_which_column_is_x(peak: Path) -> None:
    words = ("fit", "peak.csv", "--model", "gaussian+constant", *START)
    done = completed(*words)
    assert done.code == 2
    assert done.err == (
        "gdsolve: error: model: gaussian + constant is a curve of one feature, and the table has 2 beside the target "
        "'height': run, wave length\nhint: say which one: --features run\n"
    )
    one = record(*words, "--features", "wave length")
    assert record(*words, "--ignore", "run")["sse"] == one["sse"]
    assert record(*words, "--ignore", "run", "--target", "height")["sse"] == one["sse"]
    done = completed(*words, "--features", "run,wave length")
    assert (done.code, done.err) == (
        2,
        "gdsolve: error: --features: gaussian + constant is a curve of one feature, and these are 2\n"
        "hint: give one of them: --features run\n",
    )
    peak.write_text(peak.read_text().replace("wave length", "x", 1))
    assert record(*words)["sse"] == one["sse"]


def test_in_a_spec_and_in_python(peak: Path) -> None:
    words = ("fit", "peak.csv", "--model", "gaussian+constant", *START, "--features", "wave length")
    expected = record(*words)
    spec = "data: peak.csv\nmodel: gaussian + constant\nfeatures: wave length\n"
    Path("p.yaml").write_text(spec + "parameters: {height: 1, center: 5, sigma: 1, level: 0}\n")
    assert record("fit", "p.yaml")["weights"] == expected["weights"]
    table = np.loadtxt(peak, delimiter=",", skiprows=1)
    start = {"height": 1, "center": 5, "sigma": 1, "level": 0}
    for model in ("gaussian + constant", "bell+offset"):
        found = gdsolve.fit(table[:, 1], table[:, 2], model=model, parameters=start)
        assert found.weights == pytest.approx(expected["weights"], rel=1e-9)
        assert found.subject.formula == "height*exp(-(x - center)**2/(2*sigma**2)) + level"
    found = gdsolve.fit(
        table[:, :2], table[:, 2], names=["a", "b"], model="gaussian+constant", features="b", parameters=start
    )
    assert found.weights == pytest.approx(expected["weights"], rel=1e-9)
    assert found.subject.formula == FORMULA.replace("`wave length`", "b")
    with pytest.raises(GdsolveError, match="a curve of one feature, and the table has 2"):
        gdsolve.fit(table[:, :2], table[:, 2], model="gaussian+constant", parameters=start)
    assert gdsolve.curves()["hill"].parameters == ("vmax", "n", "k")


def test_a_sum_numbers_what_is_shared() -> None:
    found = written("exponential + exponential + biexponential + line")
    assert found is not None
    assert found.formula == (
        "amplitude3*exp(-rate3*x) + amplitude4*exp(-rate4*x) + amplitude1*exp(-rate1*x) + amplitude2*exp(-rate2*x)"
        " + intercept + slope*x"
    )


@pytest.mark.parametrize(
    ("model", "start", "said", "hint"),
    [
        ("gausian", "a=1", "model: there is no curve, column or parameter called 'gausian'",
         "did you mean gaussian? it is height*exp(-(x - center)**2/(2*sigma**2))"),
        ("michaelis_menton", "a=1", "model: there is no curve, column or parameter called 'michaelis_menton'",
         "did you mean michaelis-menten? it is vmax*x/(km + x)"),
        ("gaussian + lin", "height=1", "model: there is no curve, column or parameter called 'lin'",
         "did you mean line? it is intercept + slope*x"),
        ("hat", "a=1", "model: there is no curve, column or parameter called 'hat'", "by name there are gaussian, "),
        ("2*gaussian", "a=1", "model: column 3: gaussian is a curve's name, which stands alone or in a sum of names",
         "write it out, with a column in place of x: height*exp(-(x - center)**2/(2*sigma**2)); or add curves by name, "
         "as in gaussian + line"),
        ("gaussian", "area=1", "start: gaussian has no parameter 'area'",
         "its parameters are height, center and sigma, in height*exp(-(x - center)**2/(2*sigma**2))"),
    ],
)  # fmt: skip
def test_what_is_no_name_is_told_in_one_line(peak: Path, model: str, start: str, said: str, hint: str) -> None:
    features = () if "*" in model else ("--features", "run")
    done = completed("fit", "peak.csv", "--model", model, "--start", start, *features)
    lines = done.err.split("\n")
    assert (done.code, lines[0], len(lines)) == (2, f"gdsolve: error: {said}", 3)
    assert lines[1].startswith(f"hint: {hint}")


def test_a_column_or_a_parameter_may_be_called_as_a_curve_is(peak: Path) -> None:
    peak.write_text(peak.read_text().replace("wave length", "power", 1))
    assert record("fit", "peak.csv", "--model", "a + b*power", "--start", "a=1,b=1")["data"]["features"] == ["power"]
    found = record("fit", "peak.csv", "--model", "line", "--start", "line=1")
    assert list(found["weights"]) == ["line"]
    # The column is called as a parameter of the curve.
    peak.write_text(peak.read_text().replace("power", "center", 1))
    done = completed("fit", "peak.csv", "--model", "gaussian", "--features", "center", "--start", "height=1")
    assert done.err == (
        "gdsolve: error: model: gaussian has a parameter 'center', as the column is called\nhint: write it out, the "
        "parameter with another name: --model 'height*exp(-(center - center0)**2/(2*sigma**2))'\n"
    )


def test_the_verb_shows_formulas() -> None:
    lines = completed("curves").out.splitlines()
    assert len(lines) == len(BY_NAME) + len(CURVES)
    assert "  hill                   vmax*x**n/(k**n + x**n)" in lines
    shown = completed("curves", "4PL", "gaussian+line").out
    assert "dose-response\n  formula     bottom + (top - bottom)/(1 + (x/ec50)**slope)\n" in shown
    assert "  formula     height*exp(-(x - center)**2/(2*sigma**2)) + intercept + slope*x\n" in shown
    done = completed("curves", "lorenz")
    assert (done.code, done.out, done.err) == (
        2, "", "gdsolve: error: there is no curve called 'lorenz'\nhint: did you mean lorentz?\n",
    )  # fmt: skip


def test_the_schema_offers_the_names() -> None:
    schema = json_schema()
    assert schema["$defs"]["problem"]["properties"]["model"]["anyOf"][0] == {"enum": list(BY_NAME)}
    for model in ("gaussian", "gaussian + line", "a*x"):
        assert Draft202012Validator(schema).is_valid({"data": "t.csv", "model": model})
