"""`check_gradient`: no false alarm at any size of weights, a wrong gradient is seen, and kinks are told as kinks."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import gdsolve
from gdsolve.cli.main import run
from gdsolve.objective.base import Evaluation
from gdsolve.objective.differentiate import value_and_gradient
from gdsolve.solve.gradient_check import check_gradient
from gdsolve.solve.outcome import GradientCheck, Kink
from gdsolve.spec import Loss
from gdsolve.spec.losses import Target

Function = Callable[[torch.Tensor], torch.Tensor]


@dataclass
class Skewed:
    """A function whose gradient is off by a share of itself."""

    function: Function
    share: float = 0.0

    def evaluate(self, w: torch.Tensor) -> Evaluation:
        now = value_and_gradient(self.function, w)
        return Evaluation(now.value, now.gradient * (1.0 + self.share))


def checked(function: Function, *w: float, share: float = 0.0, dtype: torch.dtype = torch.float64) -> GradientCheck:
    point = torch.tensor(w, dtype=dtype)[:, None]
    problem: Any = SimpleNamespace(
        objective=Skewed(function, share),
        start=point,
        labels=tuple(f"w{place}" for place in range(len(w))),
        intercept=False,
        units=SimpleNamespace(to_user=lambda weights: weights),
        loss_unit=1.0,
    )
    return check_gradient(problem, point, 0)


KINDS: dict[str, Function] = {
    "cubic": lambda u: (u + 0.5 * u**2 - 0.3 * u**3).sum() + u.prod(),
    "exp": lambda u: torch.exp(0.7 * u).sum(),
    "log": lambda u: ((torch.log(u.abs()) + 0.4) ** 2).sum(),
    "root": lambda u: ((u.abs().sqrt() - 0.2) ** 2).sum(),
    "waves": lambda u: torch.sin(5.0 * u).sum() + torch.cos(u.sum()),
    "ratio": lambda u: (u / (1.0 + u**2)).sum() + 1.0 / (1.0 + (u**2).sum()),
}


def made(kind: str, seed: int, dtype: torch.dtype) -> tuple[Function, list[float]]:
    """A smooth function of one to three weights, each of a size from 1e-10 to 1e10, and a place."""
    dice = random.Random(f"{kind} {seed}")
    sizes = [10.0 ** dice.uniform(-10.0, 10.0) for _ in range(dice.randint(1, 3))]
    unit, offset = 10.0 ** dice.uniform(-3.0, 3.0), dice.choice([0.0, 1.0, 100.0])
    scale = torch.tensor(sizes, dtype=dtype)
    w = [dice.choice([-1.0, 1.0]) * dice.uniform(0.3, 1.5) * size for size in sizes]
    return lambda point: unit * (KINDS[kind](point[:, 0] / scale) + offset), w


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_no_false_alarm_and_no_wrong_gradient_missed(kind: str, dtype: torch.dtype) -> None:
    for seed in range(12):
        function, w = made(kind, seed, dtype)
        right = checked(function, *w, dtype=dtype)
        assert (right.agrees, right.kinks) == (True, ()), (seed, right)
        wrong = checked(function, *w, share=1e-3 if dtype is torch.float64 else 1.0, dtype=dtype)
        assert wrong.agrees is False, (seed, wrong)


@pytest.mark.parametrize(
    ("function", "w"),
    [
        (lambda w: (torch.log(w[0, 0]) + 16.0) ** 2, [1e-7]),
        (lambda w: (torch.sqrt(w[0, 0]) - 1e-4) ** 2, [1e-6]),
        (lambda w: (torch.sqrt(w[0, 0]) - 1e-4) ** 2, [1e-8]),
        (lambda w: (w[0, 0] - 1.0).abs(), [1.0 + 1e-9]),
        (lambda w: (w[0, 0] - 1.0).abs(), [1.0 + 1e-13]),
        (lambda w: torch.sin(1e10 * w[0, 0]), [1.0]),
        (lambda w: torch.exp(1e8 * w[0, 0]), [0.0]),
        (lambda w: (1e-10 * w[0, 0] - 1.0) ** 2, [0.0]),
        (lambda w: 0.0 * w[0, 0] + 3.0, [2.0]),
        (lambda w: w[0, 0] ** 1.5 + w[0, 0], [0.0]),
        (lambda w: w[0, 0] ** 4, [0.0]),
        (lambda w: ((w[0, 0] - 1.0) ** 2).clamp(max=0.25), [1.0]),
    ],
)
def test_edges_and_sizes_are_no_false_alarm(function: Function, w: list[float]) -> None:
    """Near the edge of a domain, beside a kink, far finer or coarser than the weight, and flat."""
    found = checked(function, *w)
    assert (found.agrees, found.kinks) == (True, ())


@pytest.mark.parametrize(
    ("function", "w", "slopes"),
    [
        (lambda w: w[0, 0].abs(), 0.0, (-1.0, 1.0)),
        (lambda w: 3.0 * (w[0, 0] - 2.0).abs() + w[0, 0] ** 2, 2.0, (1.0, 7.0)),
        (lambda w: torch.relu(w[0, 0]), 0.0, (0.0, 1.0)),
        (lambda w: (w[0, 0] - 1e-12).abs(), 1e-12, (-1.0, 1.0)),
        (lambda w: 1e-8 * (w[0, 0] - 1e9).abs() + 1.0, 1e9, (-1e-8, 1e-8)),
    ],
)
def test_a_kink_is_told_with_both_slopes(function: Function, w: float, slopes: tuple[float, float]) -> None:
    found = checked(function, w)
    assert found.agrees is True
    assert found.largest_difference is None
    assert [one.parameter for one in found.kinks] == ["w0"]
    assert (found.kinks[0].left, found.kinks[0].right) == pytest.approx(slopes, rel=1e-5, abs=1e-12)


def test_a_gradient_beyond_both_slopes_of_a_kink_differs() -> None:
    found = checked(lambda w: (w[0, 0] - 1.0).abs() + 2.0 * w[0, 0], 1.0, share=1.0)
    assert found.agrees is False
    assert found.parameter == "w0"
    assert found.largest_difference == pytest.approx(1.0, rel=1e-4)


def test_what_is_not_finite_is_not_compared() -> None:
    found = gdsolve.fit(minimize="sqrt(a)", start="a=0", check_gradient=True)
    assert [one.agrees for one in found.gradient_checks] == [None, None]


@pytest.mark.parametrize(
    ("formula", "start", "says"),
    [
        ("(log(a)+16)**2", "a=1e-7", "agrees with differences of the loss"),
        ("(sqrt(a)-1e-4)**2", "a=1e-6", "agrees with differences of the loss"),
        ("abs(a)+(b-1)**2", "a=0,b=0", "a kink along a: the slopes on both sides are -1 and 1"),
        ("3*abs(a-2)+(b-1)**2", "a=2,b=0", "a kink along a: the slopes on both sides are -3 and 3"),
    ],
)
def test_as_it_is_told(formula: str, start: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["fit", "--minimize", formula, "--start", start, "--check-gradient"]
    run([*words, "--method", "newton"] if "abs" not in formula else [*words, "--max-iter", "50"])
    said = " ".join(capsys.readouterr().out.split())
    assert says in said
    assert "DIFFERS" not in said


def test_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--minimize", "abs(a)+(b-1)**2", "--start", "a=0,b=0", "--max-iter", "50"]
    run(["fit", *words, "--check-gradient", "--format", "json"])
    first = json.loads(capsys.readouterr().out)["gradient_checks"][0]
    assert first["agrees"] is True
    assert first["parameter"] == "b"
    assert first["kinks"] == [{"parameter": "a", "left": -1.0, "right": 1.0}]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", list(Loss))
def test_every_loss_on_a_table_and_on_a_curve(loss: Loss, dtype: str, tmp_path: Path) -> None:
    dice, path = random.Random(1), tmp_path / "t.csv"
    least = float(loss.info.target is Target.POSITIVE)
    rows = [(place / 3.0, dice.gauss(100.0, 5.0), least + float(dice.random() < place / 40.0)) for place in range(40)]
    path.write_text("x,z,y\n" + "".join(f"{x:.4f},{z:.4f},{y:g}\n" for x, z, y in rows))
    options = {"loss": loss, "check_gradient": True, "max_iter": 60, "dtype": dtype}
    if loss.info.squared or loss in (Loss.ABSOLUTE, Loss.QUANTILE, Loss.HUBER):
        curve = gdsolve.fit(path, model="a*x**c + b", start="a=0.1,b=0.1,c=0.9", ignore="z", **options)
        assert [one.agrees for one in curve.gradient_checks] == [True, True]
    table = gdsolve.fit(path, **options)
    assert [one.agrees for one in table.gradient_checks] == [True, True]


def test_the_kinks_of_a_median() -> None:
    """A line through rows is a kink of the absolute loss along every weight, whose slopes have opposite signs."""
    table = [[0.0], [1.0], [2.0], [3.0], [4.0]]
    found = gdsolve.fit(table, [1.0, 2.0, 30.0, 4.0, 5.0], loss="absolute", lr=1e-9, max_iter=1, check_gradient=True)
    assert found.gradient_checks[0].kinks == ()
    median = gdsolve.fit(minimize="abs(a-1)+abs(a-2)+abs(a-30)", start="a=2", max_iter=50, check_gradient=True)
    kink = Kink("a", -1.0, 1.0)
    for check in median.gradient_checks:
        assert [one.parameter for one in check.kinks] == [kink.parameter]
        assert (check.kinks[0].left, check.kinks[0].right) == pytest.approx((kink.left, kink.right), rel=1e-6)
        assert math.isclose(float(median.weights["a"]), 2.0, rel_tol=1e-9)
