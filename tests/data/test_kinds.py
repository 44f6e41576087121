"""Every loss and every method that is declared, through every verb and form: a new one is tested by its declaration."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

import gdsolve
from gdsolve.cli.main import run
from gdsolve.data.response import MEANS
from gdsolve.pictures import illustrator
from gdsolve.report.parts import stop_rules
from gdsolve.solve.fit import fit
from gdsolve.spec import PLOT_KINDS, Loss, Method, PlotKind, RateSchedule
from gdsolve.spec.file import build_spec
from gdsolve.spec.losses import Target
from gdsolve.spec.methods import Need, Recurrence
from gdsolve.spec.schema import json_schema

RNG = np.random.default_rng(11)
X = RNG.normal(size=24)
Z = 0.4 + 0.8 * X
TARGETS = {
    Target.NUMBERS: Z + 0.5 * RNG.standard_t(3, size=24),
    Target.TWO_CLASSES: (RNG.uniform(size=24) < 1.0 / (1.0 + np.exp(-Z))).astype(float),
    Target.COUNTS: RNG.poisson(np.exp(Z)).astype(float),
    Target.POSITIVE: RNG.gamma(2.0, np.exp(Z) / 2.0),
    Target.NOT_NEGATIVE: RNG.poisson(np.exp(Z)) * RNG.gamma(2.0, 0.5, size=24),
    Target.CLASSES: np.digitize(Z + RNG.logistic(size=24), [-0.5, 1.0]).astype(float),
}
CURVE = ("--model", "a*x + b", "--start", "a=1,b=1")
SHORT = ("--max-iter", "100", "--exit-zero")
VALLEY = ("--minimize", "(a - 1)**2 + 4*(b - a)**2", "--start", "a=0.5,b=0.2")
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run a command in a folder with a table of every target: its exit code, and the JSON or the text it writes."""
    monkeypatch.chdir(tmp_path)
    for target, y in TARGETS.items():
        rows = [f"{a!r},{b!r}" for a, b in zip(X.tolist(), y.tolist(), strict=True)]
        (tmp_path / f"{target.name}.csv").write_text("\n".join(["x,y", *rows, ""]))

    def command(*words: str) -> tuple[int, Any]:
        code = run([*words])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out.startswith("{\n") else out or err

    return command


def table_of(loss: Loss) -> str:
    return f"{loss.info.target.name}.csv"


@pytest.mark.parametrize("loss", Loss)
def test_a_loss_goes_through_every_verb(ask: Ask, loss: Loss) -> None:
    asked = (table_of(loss), "--loss", loss.value)
    code, found = ask("fit", *asked, *SHORT, "--format", "json", "--save", "m.json", "--quiet")
    assert (code, found["descent"]["loss"]) == (0, loss)
    assert found["gap"] <= (1e-12 if loss.info.smooth else 0.1) * abs(found["loss"])
    shares = {own: found["descent"][own] for own in ("delta", "quantile", "power", "dispersion")}
    own = loss.info.parameter
    assert [name for name, value in shares.items() if value is not None] == ([] if own is None else [own.name])
    each = (found["weights_by_class"] or {"": found}).values()
    z = np.array([one["weights"]["x"] * X + one["intercept"] for one in each]).T
    expected = MEANS[loss.info.mean](z if len(each) > 1 else z[:, 0]).ravel().tolist()
    code, text = ask("predict", "m.json", table_of(loss), "--only")
    told = [float(cell) for line in text.split()[1:] for cell in line.split(",")]
    assert (code, told) == (0, pytest.approx(expected, rel=1e-12))
    code, other = ask("compare", *asked, "--max-iter", "20", "--format", "json")
    assert (code, other["descent"]["loss"]) == (0, loss)
    left = {method for method in Method.all() if method.info.needs is not None} if not loss.info.squared else set()
    if loss.info.smooth:
        left = {method for method in left if method.info.needs is Need.SQUARES}
    assert set(other["left_out"]) == left
    code, other = ask("compare-lr", *asked, "--lr", "0.01,0.1", "--max-iter", "30", "--format", "json")
    assert (code, [one["learning_rate"] for one in other["rates"]]) == (0, [0.01, 0.1])


@pytest.mark.parametrize("loss", Loss)
def test_a_loss_of_a_curve_is_that_of_the_table(ask: Ask, loss: Loss) -> None:
    if not loss.info.is_for_curves:
        code, said = ask("fit", table_of(loss), "--loss", loss.value, *CURVE)
        assert (code, "a row has one value a class, and a curve gives one alone" in said) == (2, True)
        return
    asked = (table_of(loss), "--loss", loss.value, "--format", "json")
    link = [word for own in loss.info.links[1:] for word in ("--link", own.value)]
    table, curve = ask("fit", *asked, *SHORT)[1], ask("fit", *asked, *SHORT, *CURVE, *link, "--save", "c.json")[1]
    assert curve["objective"]["kind"] == "curve"
    assert curve["loss"] == pytest.approx(table["loss"], rel=1e-9 if loss.info.smooth else 0.1)
    z = curve["weights"]["a"] * X + curve["weights"]["b"]
    text = ask("predict", "c.json", table_of(loss), "--only")[1]
    assert [float(line) for line in text.split()[1:]] == pytest.approx(MEANS[loss.info.mean](z).tolist(), rel=1e-12)


@pytest.mark.parametrize("loss", Loss)
def test_a_loss_has_every_picture_that_it_can_have(ask: Ask, loss: Loss) -> None:
    asked, smooth = (table_of(loss), "--loss", loss.value), loss.info.smooth
    assert ask("report", *asked, "--max-iter", "20", "--output", "r.html", "--exit-zero")[0] == 0
    drawings = Path("r.html").read_text().partition('<div class="drawings">')[2].partition("</div>")[0]
    drawn = set(re.findall(r'<figure id="([a-z]+)"', drawings))
    without = {PlotKind.VALIDATION} if smooth else {PlotKind.VALIDATION, PlotKind.SPECTRUM}
    assert drawn - {"rates"} == set(PLOT_KINDS["fit"]) - without
    if not smooth:
        code, said = ask("fit", *asked, "--plot", "p.svg", "--plot-kind", "spectrum")
        assert (code, f"the loss {loss} has no curvature" in said) == (2, True)
    options = {"loss": loss, "plot": True, "plot_kind": "fit", "max_iter": 20}
    link = {"link": loss.info.links[-1].value} if loss.info.links else {}
    curve = {"model": "a*x + b", "start": "a=0,b=0", **link}
    for more in ({"scale": "none"}, *([curve] if loss.info.is_for_curves else [])):
        picture = fit(build_spec([table_of(loss)], options | more, "fit"), illustrate=illustrator).picture
        assert picture is not None
        start = next(one for one in picture.panels[0].series if one.name == "start")
        nowhere = np.zeros(1) if loss.info.is_for_curves else np.zeros((1, 3))
        assert set(start.y) == set(MEANS[loss.info.mean](nowhere).ravel().tolist())


@pytest.mark.parametrize("loss", Loss)
def test_a_loss_is_a_word_of_yaml_json_schema_and_python(ask: Ask, loss: Loss) -> None:
    problem = {"data": table_of(loss), "loss": loss.value}
    Draft202012Validator(json_schema()).validate(problem)
    Path("p.yaml").write_text("".join(f"{key}: {value}\n" for key, value in problem.items()))
    weights = ask("fit", "p.yaml", *SHORT, "--format", "json")[1]["weights"]
    assert gdsolve.fit(X[:, None], TARGETS[loss.info.target], loss=loss, names=["x"], max_iter=100).weights == weights
    words = {} if loss.info.parameter is None else {loss.info.parameter.name: 0.25}
    for own in ("delta", "quantile"):
        code, said = ask("fit", table_of(loss), "--loss", loss.value, f"--{own}", "0.25", *SHORT, "--format", "json")
        assert code == (0 if own in words else 2)
        assert said["descent"][own] == 0.25 if own in words else f"--{own} is for --loss " in said


@pytest.mark.parametrize("method", Method.all())
def test_a_method_goes_through_every_verb(ask: Ask, method: Method) -> None:
    asked = ("--method", method.value, "--format", "json")
    best = ask("fit", "NUMBERS.csv", "--format", "json")[1]
    # The others need thousands of updates to their last digits.
    ends = method.info.self_ending or method.info.recurrence is not None
    near, more = (1e-4, ()) if ends else (0.05, ("--max-iter", "600", "--exit-zero"))
    for source in (("NUMBERS.csv",), ("NUMBERS.csv", *CURVE), VALLEY):
        code, found = ask("fit", *source, *asked, *more)
        if source == VALLEY and method.info.needs is Need.SQUARES:
            assert code == 2
            continue
        assert (code, found["descent"]["method"]) == (0, method)
        assert found["status"] == "converged" or not ends
        goal = {"a": 1.0, "b": 1.0} if source == VALLEY else {"a": best["weights"]["x"], "b": best["intercept"]}
        reached = {"a": found["weights"]["x"], "b": found["intercept"]} if "x" in found["weights"] else found["weights"]
        assert reached == pytest.approx(goal, rel=near)
        text = stop_rules(found["descent"] | {"tol": None})
        assert text.startswith("when no step lowers the loss") == method.info.self_ending
    words = ("--methods", method.value, "--max-iter", "20", "--plot", "m.svg", "--format", "json")
    code, found = ask("compare", "NUMBERS.csv", *words)
    assert (code, [one["method"] for one in found["methods"]]) == (0, [method])
    assert Path("m.svg").stat().st_size > 1000
    code, _ = ask("report", "NUMBERS.csv", "--method", method.value, "--max-iter", "20", "--output", "r.html")
    assert (code in (0, 3), Path("r.html").exists()) == (True, True)


@pytest.mark.parametrize("method", Method.all())
def test_options_of_a_method_are_those_that_it_declares(ask: Ask, method: Method) -> None:
    info, asked = method.info, ("--method", method.value, "--format", "json", "--max-iter", "20", "--exit-zero")

    def takes(*words: str, source: tuple[str, ...] = ("NUMBERS.csv",)) -> bool:
        code = ask("fit", *source, *asked, *words)[0]
        assert code in (0, 2)
        return code == 0

    assert takes("--momentum", "0.5") == info.momentum
    assert takes("--schedule", RateSchedule.COSINE) == info.rated
    assert takes("--schedule", RateSchedule.BACKTRACKING) == info.backtracks
    assert takes("--lr", "0.01") == info.takes_rate
    assert takes("--upper", "a=2", source=VALLEY) == (info.bounds and info.needs is not Need.SQUARES)
    assert takes("--engine", "leap", "--momentum", "0.5") == (info.momentum and info.recurrence is not None)
    plain = info.recurrence is Recurrence.PLAIN
    Path("p.yaml").write_text(f"data: NUMBERS.csv\nmethod: {method.value}\nlr: 0.1\n")
    assert (ask("compare-lr", "p.yaml")[0] == 0) == plain
    Path("g.csv").write_text("g,x,y\n1,1,2\n1,2,5\n1,3,7\n2,1,1\n2,2,2\n2,3,4\n")
    # Groups are fitted by every method: those of plain descent at once.
    code, groups = ask("fit", "g.csv", "--group-by", "g", *asked)
    assert (code, [json.loads(line)["batched"] for line in groups.splitlines()]) == (0, [plain, plain])
