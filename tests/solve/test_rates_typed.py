"""Every rate and every command that gdsolve prints does what is said of it when it is typed again."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gdsolve
from gdsolve.cli.main import run
from gdsolve.solve.words import above_minimum
from gdsolve.spec.command import Advice
from gdsolve.spec.numbers import rate_exactly, typable

CURVE = "decay.csv --model 'a*exp(-b*t)' --start a=1,b=1"
SPECS = {
    "raw.yaml": "data: houses.csv\nlr: 0.5\nscale: none\nmax_iter: 5\ntol: 0\n",
    "momentum.yaml": "data: houses.csv\nlr: 1\nmethod: momentum\nmomentum: 0.9\ntol: 1e-300\nschedule: invscaling\n",
    "adam.yaml": "data: houses.csv\nlr: 1e40\nmethod: adam\nmax_iter: 50\n",
    "cosine.yaml": "data: houses.csv\nlr: 1\nschedule: cosine\nmax_iter: 50\n",
    "poisson.yaml": "data: visits.csv\nloss: poisson\nlr: 1\nmax_iter: 50\ntol: 0\nscale: none\n",
    "absolute.yaml": "data: houses.csv\nloss: absolute\nlr: 5\nmax_iter: 50\n",
    "curve.yaml": "data: decay.csv\nmodel: a*exp(-b*t)\nparameters: {a: 1, b: 1}\nlr: 100\nmax_iter: 9\nmethod: gd\n",
    "beta.yaml": "data: decay.csv\nmodel: a*exp(-b*t)\nparameters: {a: 1, b: 1}\n"
    "lr: 100\nmethod: momentum\nmomentum: 0.5\n",
    "b8.yaml": "minimize: (2 - a - b)**2 + (4 - 3*a - b)**2\nparameters: {a: 0, b: 0}\nlr: 0.5\nmax_iter: 3\n",
}
FAILING = [
    *(f"fit {name}" for name in SPECS),
    "fit houses.csv --lr 0.01",
    "fit houses.csv --lr 0.01 --tol 0 --max-iter 9",
    "fit houses.csv --lr 0.01 --dtype float32",
    "fit houses.csv --lr 0.01 --ridge 3 --loss sse",
    "fit houses.csv --lr 5 --scale standard --engine rows",
    "fit houses.csv --lr 0.01 --engine triangle --every 1",
    "fit houses.csv --max-iter 5",
    "fit houses.csv --lr 0.001 --method momentum",
    "fit houses.csv --lr 0.001 --method momentum --momentum 0.99 --dtype float32",
    "fit houses.csv --lr 0.001 --method momentum --engine leap --max-iter 3",
    "fit houses.csv --lr 1 --method nesterov",
    "fit houses.csv --lr 1 --method nesterov --momentum 0.9",
    "fit houses.csv --lr 1 --schedule cosine --max-iter 20",
    "fit houses.csv --lr 1 --schedule invscaling",
    "fit houses.csv --loss huber --lr 5 --max-iter 100",
    "fit houses.csv --loss huber --lr 1e300",
    "fit visits.csv --loss poisson --lr 1",
    "fit visits.csv --loss poisson --lr 1 --scale none --method momentum",
    "fit pass.csv --loss logistic --lr 5 --max-iter 100",
    "fit pass.csv --loss logistic --max-iter 1",
    f"fit {CURVE} --lr 100",
    f"fit {CURVE} --lr 100 --method nesterov --dtype float32",
    f"fit {CURVE} --lr 0.01 --scale standard --max-iter 20",
    f"fit {CURVE} --max-iter 1",
    "fit --minimize '(x-1)**2+10*(y-2)**2' --start x=0,y=0 --lr 1",
    "fit --minimize '(x-1)**2+10*(y-2)**2' --start x=0,y=0 --lr 0.1 --max-iter 9",
    "fit --minimize '(x-1)**2+1e9*(y-2)**2' --start x=0,y=0 --lr 1",
    "fit --minimize '(x-1)**2+10*(y-2)**2' --start x=0,y=0 --lr 1 --method momentum",
    "fit --minimize '(x-1)**2+10*(y-2)**2' --start x=0,y=0 --lr 1 --method adam --max-iter 5",
    "fit --minimize 'x-log(x)' --start x=3 --lr 5",
    "fit --minimize '(x-1)**4+10*(y-2)**2' --start x=0,y=0 --lr 1 --method momentum",
    "compare-lr houses.csv --lr 5,6",
    "compare houses.csv --lr 5 --methods gd,momentum",
]


@pytest.fixture(autouse=True, scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A folder with tables and specs of every kind."""
    folder, random, n = tmp_path_factory.mktemp("rates"), np.random.default_rng(0), 60
    size, age = random.uniform(30, 200, n).round(1), random.integers(1, 60, n)
    price = (2.5 * size - 1.2 * age + 40 + random.normal(0, 12, n)).round(2)
    temp, rain = random.uniform(-5, 30, n).round(1), random.uniform(0, 20, n).round(1)
    visits = random.poisson(np.exp(1 + 0.06 * temp - 0.05 * rain))
    hours = random.uniform(0, 10, n).round(1)
    passed = (random.uniform(size=n) < 1 / (1 + np.exp(4 - 0.9 * hours))).astype(int)
    t = np.linspace(0, 5, 40).round(3)
    tables = {
        "houses.csv": ("size,age,price", size, age, price),
        "visits.csv": ("temp,rain,visits", temp, rain, visits),
        "pass.csv": ("hours,passed", hours, passed),
        "decay.csv": ("t,y", t, (3 * np.exp(-0.7 * t) + random.normal(0, 0.05, 40)).round(4)),
    }
    for name, (header, *columns) in tables.items():
        rows = [",".join(map(str, row)) for row in zip(*columns, strict=True)]
        (folder / name).write_text("\n".join([header, *rows, ""]))
    for name, text in SPECS.items():
        (folder / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "warnoptions", ["error"])
        yield folder


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run words of a shell; gives exit code, record and standard error."""

    def ask(text: str) -> tuple[int, dict[str, Any], str]:
        words = [word for word in shlex.split(text) if word != "gdsolve"]
        code = run([*words, *(() if "--format" in words else ("--format", "json"))])
        out, err = capsys.readouterr()
        return code, json.loads(out), err

    return ask


@pytest.mark.parametrize("case", FAILING)
def test_every_advised_command_does_better(ask: Any, case: str) -> None:
    code, record, _ = ask(case)
    assert code == 0 if case.startswith("compare") else code in (3, 4)
    commands = re.findall(r": (gdsolve .*)", "\n".join(record["advice"]))
    assert commands
    if record.get("status") == "diverged":
        assert "--lr auto" in commands[0]
    for command in commands:
        again, better, err = ask(command)
        assert (again, err) == (0, ""), command
        if "status" in better:
            assert better["status"] == "converged"
            assert better["loss"] < record["loss"]
        statuses = [one["status"] for name in ("rates", "methods") for one in better.get(name, ())]
        assert "converged" in statuses or "status" in better


@pytest.mark.parametrize("case", [case for case in FAILING if "--lr 0.0" in case or "--lr 1 --method" in case])
def test_updates_that_are_told_are_those_taken(ask: Any, case: str) -> None:
    for text in ask(case)[1]["advice"]:
        if told := re.search(r"\(([\d,]+) updates?\): (gdsolve .*)", text):
            assert ask(told[2])[1]["iterations"] == int(told[1].replace(",", ""))


@pytest.mark.parametrize(
    ("problem", "scale"),
    [
        ("houses.csv", "standard"),
        ("houses.csv --lr 1/9000,1e-5,1e-4..2e-4:3", "none"),
        ("houses.csv --dtype float32 --loss sse --ridge 2", "standard"),
        ("visits.csv --loss poisson --max-iter 60", "standard"),
        ("pass.csv --loss logistic --max-iter 60", "standard"),
        ("houses.csv --loss huber --max-iter 60 --dtype float32", "standard"),
        ("--minimize '(x-1)**2+10*(y-2)**2' --start x=5,y=0 --max-iter 100", "none"),
        (f"{CURVE} --max-iter 30", "standard"),
    ],
)
def test_rows_of_compare_lr_run_as_they_are_printed(
    ask: Any, capsys: pytest.CaptureFixture[str], problem: str, scale: str
) -> None:
    _, record, _ = ask(f"compare-lr {problem}")
    assert record["descent"]["scale"] == scale
    assert run(["compare-lr", *shlex.split(problem)]) == 0
    printed = capsys.readouterr().out
    rest = re.sub(r" --lr \S+", "", problem)
    for row in record["rates"]:
        text = rate_exactly(row["learning_rate"])
        assert re.search(rf"^{re.escape(text)} ", printed, re.MULTILINE)
        fit = ask(f"fit {rest} --scale {scale} --lr {text}")[1]
        assert (fit["status"], fit["iterations"]) == (row["status"], row["iterations"]), text
    (alone,) = [one for one in record["advice"] if "runs by itself" in one]
    command = alone[alone.index("gdsolve ") :]
    assert scale == "none" or "--scale standard" in command
    fit = ask(command)[1]
    row = next(one for one in record["rates"] if one["learning_rate"] == fit["learning_rate"])
    assert (fit["status"], fit["iterations"]) == (row["status"], row["iterations"])


@pytest.mark.parametrize(
    ("problem", "method"),
    [
        ("houses.csv", "gd"),
        ("houses.csv", "momentum"),
        ("houses.csv --dtype float32", "gd"),
        ("houses.csv --scale standard --loss mse", "nesterov --momentum 0.9"),
        ("houses.csv --loss huber --max-iter 2000", "gd"),
        ("--minimize '(x-1)**2+17.55*(y-2)**2' --start x=0,y=0", "momentum"),
        ("--minimize 'x**2 + 3*y**2' --start x=2,y=1", "gd"),
    ],
)
def test_a_limit_is_rounded_to_where_descent_is_stable(ask: Any, problem: str, method: str) -> None:
    code, record, err = ask(f"fit {problem} --method {method} --lr 1e30")
    assert code == 4
    limits = re.findall(r"rates below (\S+) are stable", err)
    assert limits and set(limits) == set(re.findall(r"rates below (\S+) are stable", record["message"]))
    below = 0.999 * float(limits[0])
    for rate in (limits[0], repr(below)):
        again = ask(f"fit {problem} --method {method} --lr {rate} --max-iter 2000")[1]
        assert again["status"] in ("max_iter", "converged", "edge_of_stability")
    beyond = ask(f"fit {problem} --method {method} --lr {1.02 * float(limits[0])!r} --max-iter 9")[1]
    assert beyond["status"] == ("diverged" if "huber" not in problem else beyond["status"])


def test_a_rate_beyond_float32_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "houses.csv", "--dtype", "float32", "--lr", "1e300"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "gdsolve: error: lr: 1e+300 is beyond float32",
        "hint: give --lr auto or a smaller rate, or --dtype float64",
    ]


def test_rates_are_typed_as_short_as_may_be() -> None:
    assert [rate_exactly(rate) for rate in (1 / 3, 0.1 + 0.2, 1e-11, 123456.0, 3 / 7)] == [
        "1/3", "0.3", "1e-11", "123456", "3/7"
    ]  # fmt: skip
    assert float(rate_exactly(np.pi)) == np.pi
    assert (typable(1 / 28), typable(np.pi), typable(0.01)) == (1 / 28, 3.14159, 0.01)
    found = gdsolve.compare_lr([[1.0], [3.0]], [2.0, 4.0], lr="1e-4..1:20").rates
    assert all(len(rate_exactly(one.learning_rate)) <= 13 for one in found)


def test_advice_is_a_text_with_a_command() -> None:
    (advice, *_) = gdsolve.fit([[1.0], [3.0]], [2.0, 4.0], lr=5.0).advice
    assert isinstance(advice, Advice)
    assert (advice.text, advice.command) == ("Run instead", "gdsolve.fit(X, y, lr='auto')")
    assert json.dumps([advice]) == json.dumps([f"{advice.text}: {advice.command}"])


def test_words_for_the_distance_from_a_minimum() -> None:
    assert above_minimum(0.0, 0.0) == "The loss is at its minimum."
    assert above_minimum(1e-17, 64.9) == "The loss is at its minimum."
    assert above_minimum(1e-13, 64.9) == "The loss is 1e-13 above its minimum."
    assert above_minimum(1e-32, 1e-32, 9.0) == "The loss is at its minimum."
    assert above_minimum(0.25, 64.9, local=True) == "The loss is 0.25 above the local minimum."


def test_weights_of_a_run_that_went_wrong_are_named(ask: Any) -> None:
    _, record, _ = ask("fit houses.csv --lr 0.01")
    assert record["message"].endswith(f"Weights shown: iteration 0, the lowest loss of {record['iterations']}.")
    _, record, _ = ask("fit visits.csv --loss poisson --lr 1")
    assert record["message"].endswith("Weights shown: those of the start.")


def test_a_formula_is_descended_on_as_it_is_and_says_so(ask: Any) -> None:
    problem = "--minimize 'x**2 + 3*y**2' --start x=5,y=-3"
    code, record, _ = ask(f"fit {problem}")
    assert (code, record["descent"]["scale"]) == (0, "none")
    again = ask(f"fit {problem} --lr {record['learning_rate']!r} --tol {record['descent']['tol']!r}")[1]
    assert again["iterations"] == record["iterations"]


def test_momentum_of_a_comparison_is_told_with_its_rate(ask: Any) -> None:
    (found,) = ask("compare houses.csv --methods momentum")[1]["methods"]
    again = ask(f"fit houses.csv --scale standard --method momentum --lr {found['learning_rate']!r} "
                f"--momentum {found['momentum']!r} --tol {found['tol']!r}")[1]  # fmt: skip
    assert (again["status"], again["iterations"]) == ("converged", found["iterations"])


def test_specs_are_all_asked(here: Path) -> None:
    assert {f"fit {name}" for name in SPECS} <= set(FAILING)
    assert all((here / name).exists() for name in SPECS)
