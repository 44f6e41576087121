"""`--code`: every program runs by itself, takes as many updates as gdsolve does, and ends at the same weights."""

from __future__ import annotations

import io
import json
import math
import random
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from in_process import completed
from places import ROOT

import gdsolve
from gdsolve.cli.optional import join_plot
from gdsolve.spec import Loss, Method
from gdsolve.spec.program import AskedCode, read_code
from gdsolve.status import GdsolveError

CONFIGS = ROOT / "configs"
KINDS = ("matrix", "autograd")
# Targets of each kind in the table below.
TARGETS = {
    **dict.fromkeys(Loss, "y"),
    Loss.LOGISTIC: "b",
    Loss.SQUARED_HINGE: "b",
    Loss.POISSON: "n",
    Loss.NEGATIVE_BINOMIAL: "n",
    Loss.GAMMA: "q",
    Loss.TWEEDIE: "q",
    Loss.SOFTMAX: "c",
}
OF_LOSS: dict[Loss, dict[str, Any]] = {Loss.HUBER: {"delta": 0.7}, Loss.NEGATIVE_BINOMIAL: {"dispersion": 0.5}}
BY_STEPS = (Method.GD, Method.MOMENTUM, Method.NESTEROV, Method.ADAM, Method.RMSPROP)


def _rows() -> list[dict[str, Any]]:
    dice = random.Random(7)
    rows = []
    for _ in range(24):
        x, z = dice.gauss(1.5, 1.0), dice.gauss(0.0, 1.0)
        eta = 0.4 * x - 0.6 * z
        rows.append(
            {
                "x": round(x, 3),
                "z": round(z, 3),
                "g": dice.choice(("red", "green", "blue")),
                "w": round(dice.uniform(0.5, 2.0), 2),
                "o": round(dice.uniform(-0.2, 0.2), 3),
                "e": round(dice.uniform(0.5, 2.0), 2),
                "y": round(eta + dice.gauss(0.0, 0.5), 3),
                "b": int(dice.random() < 1.0 / (1.0 + math.exp(-eta))),
                "n": int(math.exp(0.5 * eta) + 2.0 * dice.random()),
                "q": round(math.exp(0.3 * eta + dice.gauss(0.0, 0.3)), 3),
                "c": dice.choice(("low", "mid", "top")),
                "t": dice.choice(("no", "yes")),
            }
        )
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("programs")
    table = pl.DataFrame(_rows())
    table.write_csv(made / "d.csv")
    table.write_csv(made / "semi.csv", separator=";", decimal_comma=True)
    table.write_parquet(made / "d.parquet")
    table.write_ndjson(made / "d.ndjson")
    table.write_ipc(made / "d.arrow", compression="uncompressed")
    table.select("x", "z", "y").write_csv(made / "bare.csv", include_header=False)
    gaps = table.with_columns(pl.when(pl.col("x") > 2.0).then(None).otherwise(pl.col("x")).alias("x"))
    gaps.write_csv(made / "gaps.csv", null_value="NA")
    (made / "i.yaml").write_text("X: [[1], [3]]\ny: [2, 4]\nlr: 0.3\n")
    return made


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def printed(text: str) -> str:
    """What a program prints, run here: with nothing of gdsolve, and with PyTorch's own defaults after it."""
    assert "import gdsolve" not in text
    out = io.StringIO()
    try:
        with redirect_stdout(out):
            exec(compile(text, "program", "exec"), {"__name__": "__main__"})
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_printoptions(profile="default")
    return out.getvalue()


def reached(text: str) -> tuple[int, dict[str, float]]:
    """The k and the weights that a program prints."""
    first, *others = printed(text).splitlines()
    weights = {name: float(value) for name, _, value in (line.rpartition(" = ") for line in others)}
    return int(first.removeprefix("k = ")), weights


def require_same(source: Any = None, kinds: tuple[str, ...] = KINDS, **options: Any) -> list[str]:
    """See that the programs of a fit print its k, and its weights to 1e-9 of the largest; gives the programs."""
    fit = gdsolve.fit(source, **options)
    weights = {**fit.weights, **({} if fit.intercept is None else {"intercept": fit.intercept})}
    size = max(1e-3, *map(abs, weights.values()))
    texts = [gdsolve.code(source, kind=kind, **options) for kind in kinds]
    for kind, text in zip(kinds, texts, strict=True):
        k, found = reached(text)
        assert k == fit.iterations, (kind, options)
        assert found.keys() == weights.keys()
        assert all(abs(found[name] - weights[name]) <= 1e-9 * size for name in weights), (kind, found, weights)
        assert max(map(len, text.splitlines())) <= 120
    return texts


@pytest.mark.parametrize("loss", Loss)
def test_every_loss_by_every_method_in_both_coordinates(loss: Loss) -> None:
    options = {"target": TARGETS[loss], "features": ["x", "z"], "loss": loss.value, **OF_LOSS.get(loss, {})}
    number = list(Loss).index(loss)
    # Every method with some losses, and the first loss with all of them: the lines of a step know nothing of the loss.
    methods = BY_STEPS if number == 0 else (Method.GD, BY_STEPS[1 + number % 4])
    for place, method in enumerate(methods):
        scale = ("none", "standard")[(place + number) % 2]
        require_same("d.csv", method=method.value, lr=0.02, max_iter=8, scale=scale, **options)


@pytest.mark.parametrize("loss", [Loss.LOGCOSH, Loss.LOGISTIC, Loss.GAMMA])
def test_newton_s_method_where_gdsolve_takes_it(loss: Loss) -> None:
    texts = require_same("d.csv", target=TARGETS[loss], features=["x", "z"], loss=loss.value)
    assert "torch.linalg.solve" in texts[0]


USUAL = {"target": "y", "features": ["x", "z"]}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"lr": 0.05},
        {"lr": 0.05, "tol": 0, "loss_tol": 1e-8},
        {"lr": 0.05, "tol": 0, "grad_tol": 1e-4},
        {"lr": 0.1, "tol": 1e-17},
        {"lr": 5.0},
        {"no_intercept": True},
        {"init": "random"},
        {"method": "momentum"},
        {"method": "nesterov"},
        {"method": "nesterov", "momentum": 0.5, "lr": 0.05, "loss_tol": 1e-9},
        {"schedule": "cosine", "max_iter": 20, "lr": 0.05},
        {"schedule": "invscaling", "max_iter": 20, "lr": 0.05, "method": "momentum"},
        {"ridge": 2.0},
        {"ridge": 2.0, "lr": 0.05, "loss": "mse", "penalize_intercept": True},
        {"l1": 3.0},
        {"l1": 3.0, "ridge": 1.0, "lr": 0.05, "method": "gd", "loss_tol": 1e-12},
        {"l1": 1.0, "loss": "logistic", "target": "b"},
        {"nonnegative": True},
        {"lower": "z=-0.2", "upper": "x=0.1", "lr": 0.05, "method": "momentum"},
        {"lower": "z=-0.2", "lr": 0.05, "method": "adam", "max_iter": 50},
        {"weight": "w"},
        {"sigma": "w", "lr": 0.05, "loss": "sse", "max_iter": 30},
        {"weight": "w", "loss": "huber", "delta": 0.5, "method": "gd", "max_iter": 50},
        {"offset": "o"},
        {"loss": "poisson", "target": "n", "exposure": "e", "lr": 0.05, "max_iter": 40},
        {"loss": "poisson", "target": "n", "lr": 9.0},
        {"loss": "logistic", "target": "t", "method": "gd"},
        {"loss": "softmax", "target": "c", "method": "gd", "ridge": 1.0},
        {"features": ["x", "g"], "categorical": "onehot"},
        {"where": 'g == "red" or x > 2'},
    ],
    ids=str,
)
def test_options_that_change_the_steps(options: dict[str, Any]) -> None:
    require_same("d.csv", **{**USUAL, **options})


@pytest.mark.parametrize("method", ["gd", "momentum", "nesterov", "adam"])
@pytest.mark.parametrize("options", [{}, {"engine": "rows"}, {"schedule": "cosine"}])
def test_a_program_that_diverges_ends_where_the_run_does(method: str, options: dict[str, Any]) -> None:
    rate = 1e9 if method == "adam" else 50.0
    require_same("d.csv", **{**USUAL, "method": method, "lr": rate, "max_iter": 200, **options})


@pytest.mark.parametrize("name", ["d.parquet", "d.ndjson", "d.arrow", "semi.csv", "bare.csv", "gaps.csv", "i.yaml"])
def test_the_program_reads_the_same_table(name: str) -> None:
    chosen = {} if name in ("bare.csv", "i.yaml") else USUAL
    require_same(name, **{**chosen, **({"na": "drop"} if name == "gaps.csv" else {})})


@pytest.mark.parametrize("name", ["b1_start", "b4_half_mse", "b6_diverges", "b8_formula", "c_edge"])
def test_the_textbook_as_programs(name: str) -> None:
    kinds = ("autograd",) if name == "b8_formula" else KINDS
    require_same(str(CONFIGS / "textbook" / f"{name}.yaml"), kinds)


@pytest.mark.parametrize(
    "options",
    [
        {"minimize": "(2 - a - b)**2 + (4 - 3*a - b)**2", "start": "a=0,b=0"},
        {"minimize": "log(1 + exp(a)) - a/3 + log(2)*a**2", "start": "a=0", "lr": 0.1, "method": "momentum"},
        {"minimize": "(a-1)**2 + (b-a**2)**2", "start": "a=0,b=0", "lr": 0.05, "upper": "b=0.5", "max_iter": 40},
        {"minimize": "sum((y - a*x)**2)/24", "start": "a=0", "lr": 0.05, "source": "d.csv"},
        {"minimize": "(k-1)**2 + pi*(c-k)**2", "start": "k=0,c=2", "lr": 0.05, "fix": "c"},
        {"model": "a0*x + a1*exp(z/4)", "start": "a0=0.1,a1=0.2", "lr": 0.05, "target": "y", "source": "d.csv"},
        {
            "model": "a0*x + a1*exp(z/4)",
            "start": "a0=0.1,a1=0.2",
            "method": "adam",
            "target": "y",
            "loss": "huber",
            "delta": 0.5,
            "weight": "w",
            "max_iter": 30,
            "source": "d.csv",
        },
    ],
    ids=lambda options: str(options.get("minimize") or options.get("model")),
)
def test_formulas_and_curves(options: dict[str, Any]) -> None:
    given = {name: value for name, value in options.items() if name != "source"}
    (text,) = require_same(options.get("source"), ("autograd",), **given)
    assert "loss.backward()" in text
    assert gdsolve.code(options.get("source"), **given) == text


@pytest.mark.parametrize("name", ["one_weight.csv", "two_points.csv"])
def test_rates_are_compared_as_compare_lr_does(name: str) -> None:
    options: dict[str, Any] = {"loss": "sse", "max_iter": 200, "lr": [0.01, 1 / 28, 1 / 14, 0.1, 0.5]}
    options |= {"no_intercept": True} if name == "one_weight.csv" else {"scale": "standard"}
    source = str(CONFIGS / name)
    found = gdsolve.compare_lr(source, **options)
    for kind in KINDS:
        lines = printed(gdsolve.code(source, verb="compare-lr", kind=kind, **options)).splitlines()  # type: ignore[arg-type]
        for line, rate in zip(lines, found.rates, strict=True):
            told, status, _, _, k, _, _, loss = line.split()
            assert (float(told), status, int(k)) == (
                float(f"{rate.learning_rate:.6g}"),
                rate.status.value,
                rate.iterations,
            )
            assert float(loss) == pytest.approx(rate.loss, rel=1e-6, abs=1e-20)


def test_rates_of_another_loss() -> None:
    options: dict[str, Any] = {"loss": "logistic", "target": "b", "features": ["x"], "lr": [0.1, 2.0], "max_iter": 50}
    found = gdsolve.compare_lr("d.csv", **options)
    lines = printed(gdsolve.code("d.csv", verb="compare-lr", **options)).splitlines()
    assert [int(line.split()[4]) for line in lines] == [one.iterations for one in found.rates]


GRAPHS = sorted(path.name for path in (CONFIGS / "autograd").glob("*.yaml"))


def numbers(text: str) -> Any:
    return eval(text, {"tensor": lambda value, **_: value, "torch": torch})


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_as_a_program_prints_the_figures_of_trace(name: str) -> None:
    path = str(CONFIGS / "autograd" / name)
    record = json.loads(completed("trace", path, "--format", "json").out)
    done = completed("trace", path, "--code")
    assert (done.code, done.err) == (0, "")
    text = printed(done.out)
    lines = {}
    for line in text.replace("\n        ", " ").splitlines():
        key, equals, value = line.partition(" = ")
        if equals:
            lines[key] = numbers(value)
    for node in record["nodes"]:
        assert lines[node["name"]] == node["value"]
        if node["grad"] is not None:
            found, wanted = (
                torch.tensor(one, dtype=torch.float64) for one in (lines[f"{node['name']}.grad"], node["grad"])
            )
            assert torch.allclose(found, wanted, rtol=1e-11)
    for one in record["backward"]:
        assert one["reason"] is None or one["reason"] in text


def test_it_stands_on_standard_output_alone_or_in_a_file_beside_the_result(tmp_path: Path) -> None:
    words = ("fit", "d.csv", "--target", "y", "--features", "x,z", "--lr", "0.05")
    done = completed(*words, "--code")
    assert (done.code, done.err) == (0, "")
    assert done.out == gdsolve.code("d.csv", target="y", features=["x", "z"], lr=0.05)
    file = tmp_path / "run.py"
    beside = completed(*words, "--code", f"autograd={file}")
    assert beside.code == 0
    assert "CONVERGED" in beside.out
    assert file.read_text(encoding="utf-8") == completed(*words, "--code", "autograd").out


def test_it_runs_as_a_program_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n3,4\n")
    file = tmp_path / "run.py"
    file.write_text(gdsolve.code(str(tmp_path / "t.csv"), lr=0.01, max_iter=1000), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(file)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines() == ["k = 1000", "x = 1.03718971374", "intercept = 0.910216088717"]


def test_programs_pass_a_linter(tmp_path: Path) -> None:
    cases: list[dict[str, Any]] = [
        {},
        {"ridge": 1.0, "weight": "w", "lr": 0.05},
        {"loss": "logistic", "target": "b"},
        {"loss": "softmax", "target": "c", "method": "gd"},
        {"l1": 2.0},
        {"loss": "poisson", "target": "n", "lr": 0.05},
    ]
    texts = [gdsolve.code("d.csv", kind=kind, **{**USUAL, **case}) for case in cases for kind in KINDS]  # type: ignore[arg-type]
    texts += [gdsolve.code(minimize="(a-1)**2 + exp(b)/9 + b**2", start="a=0,b=0", lr=0.1)]
    texts += [gdsolve.code("d.csv", verb="compare-lr", kind=kind, lr=[0.1, 9.0], max_iter=9, **USUAL) for kind in KINDS]  # type: ignore[arg-type]
    texts += [completed("trace", str(CONFIGS / "autograd" / name), "--code").out for name in GRAPHS]
    for place, text in enumerate(texts):
        (tmp_path / f"p{place}.py").write_text(text, encoding="utf-8")
    chosen = ["--isolated", "--select", "E,F,W,I,B,UP", "--line-length", "120", "--ignore", "E731"]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", *chosen, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"batch": 4}, "--batch"),
        ({"cv": 3}, "--cv"),
        ({"holdout": 0.5}, "--holdout"),
        ({"dtype": "float32"}, "--dtype float32"),
        ({"method": "lbfgs"}, "--method lbfgs, whose steps take a search of many lines"),
        ({"method": "bb"}, "--method bb, whose steps take a search of many lines"),
        ({"schedule": "backtracking"}, "--schedule backtracking"),
        ({"class_weight": "balanced", "loss": "logistic", "target": "b"}, "--class-weight"),
        ({"formula": "y ~ x", "target": None, "features": ()}, "--formula"),
        ({"ridge": 1.0, "penalize_intercept": True}, "a penalised intercept of centred columns"),
    ],
    ids=str,
)
def test_what_cannot_be_written_is_refused_by_name(options: dict[str, Any], what: str) -> None:
    given = {name: value for name, value in {**USUAL, **options}.items() if value not in (None, ())}
    with pytest.raises(GdsolveError, match="--code has no program for") as told:
        gdsolve.code("d.csv", **given)
    assert told.value.text == f"--code has no program for {what}"
    assert told.value.exit_code == 2
    assert told.value.hint


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("preamble.csv", "made by a logger\n\nx,y\n1,2\n3,4\n4,7\n"),
        ("commented.csv", "# by a logger\nx,y\n1,2\n# a pause\n3,4\n4,7\n"),
        ("padded.csv", "x , y\n1 , 2\n3 , 4\n4 , 7\n"),
    ],
)
def test_a_table_that_polars_alone_reads_otherwise_is_refused_or_read_the_same(name: str, text: str) -> None:
    Path(name).write_text(text)
    try:
        fit = gdsolve.fit(name)
        program = gdsolve.code(name)
    except GdsolveError as refused:
        assert "polars alone reads otherwise" in refused.text or refused.exit_code == 5
    else:
        assert reached(program)[0] == fit.iterations


def test_wider_than_long_and_constant_columns() -> None:
    require_same(str(CONFIGS / "wide.csv"), ridge=1.0)
    Path("constant.csv").write_text("a,b,y\n1,5,2\n2,5,3\n4,5,7\n")
    require_same("constant.csv", max_iter=5)
    require_same("constant.csv", l1=0.5, penalize_intercept=True)


def test_numbers_in_no_file_stand_in_the_program_as_far_as_they_have_room() -> None:
    text = gdsolve.code([[1.0], [3.0]], [2.0, 4.0], lr=0.3)
    assert "X = torch.tensor([[1.0], [3.0]])" in text
    k, weights = reached(text)
    assert (k, weights) == (368, pytest.approx({"x": 1.0, "intercept": 1.0}, abs=1e-8))
    with pytest.raises(GdsolveError, match="more than 1000 numbers in no file"):
        gdsolve.code(torch.arange(1000.0).reshape(-1, 1).numpy(), torch.arange(1000.0).numpy())


def test_what_was_fitted_is_written_as_well() -> None:
    fit = gdsolve.fit("d.csv", lr=0.05, **USUAL)
    assert gdsolve.code(fit) == gdsolve.code("d.csv", lr=0.05, **USUAL)
    rates = gdsolve.compare_lr("d.csv", lr=[0.05, 0.1], max_iter=9, **USUAL)
    assert "for learning_rate in [0.05, 0.1]:" in gdsolve.code(rates)


def test_a_long_program_says_how_long_it_takes() -> None:
    done = completed("fit", str(CONFIGS / "two_points.csv"), "--lr", "1e-9", "--tol", "1e-16", "--code")
    assert done.code == 0
    assert (
        "# gdsolve knows beforehand where this ends: after" in done.out or " updates: in exact arithmetic" in done.out
    )
    assert "code: the program takes every step, about " in done.err


@pytest.mark.parametrize(
    ("words", "joined"),
    [
        (["fit", "--code", "two.csv"], ["fit", "--code=true", "two.csv"]),
        (["fit", "two.csv", "--code", "autograd"], ["fit", "two.csv", "--code=autograd"]),
        (["fit", "--code", "run.py", "two.csv"], ["fit", "--code=run.py", "two.csv"]),
        (["fit", "--code", "matrix=run.py", "two.csv"], ["fit", "--code=matrix=run.py", "two.csv"]),
    ],
)
def test_code_takes_no_source_for_its_file(words: list[str], joined: list[str]) -> None:
    assert join_plot(words) == joined


def test_kinds_and_files_are_told_apart() -> None:
    assert read_code(False) is None
    assert read_code("matrix=a.py") == AskedCode("matrix", "a.py")
    assert read_code("a=b.py") == AskedCode(None, "a=b.py")
    with pytest.raises(GdsolveError, match=r"neither matrix nor autograd, nor a file that ends in \.py"):
        read_code("torch")


def test_a_spec_asks_for_it_beside_itself(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n3,4\n")
    (tmp_path / "s.yaml").write_text("data: t.csv\nlr: 0.3\ncode: autograd=run.py\n")
    assert completed("fit", str(tmp_path / "s.yaml"), "--quiet").code == 0
    assert "torch.optim.SGD" in (tmp_path / "run.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--code", "--format", "json"), "format: --code prints a program in place of a result"),
        (("--code", "--plot"), "plot: --code prints a program in place of a result"),
        (("--code", "--group-by", "g"), "code: "),
        (("--code=run.txt",), "code: run.txt is neither matrix nor autograd, nor a file that ends in .py"),
        (("--code", "nowhere/run.py"), "code: the folder nowhere is not there"),
    ],
)
def test_what_contradicts_it_is_told(words: tuple[str, ...], message: str) -> None:
    done = completed("fit", "d.csv", *words)
    assert done.code == 2
    assert message in done.err
