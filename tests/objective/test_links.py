"""A curve of counts or classes is their mean, unless --link says otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import expit, xlogy

import gdsolve
from gdsolve.cli.main import run
from gdsolve.objective.mean_losses import OF_MEANS, LogisticMean, PoissonMean
from gdsolve.objective.pointwise import POINTWISE
from gdsolve.spec import Loss, Spec
from gdsolve.spec.losses import Link
from gdsolve.status import GdsolveError

X = np.linspace(0.0, 5.0, 40)
COUNTS = [17, 19, 25, 21, 23, 20, 13, 19, 11, 7, 8, 14, 8, 7, 9, 8, 6, 11, 7, 9]
COUNTS += [8, 10, 9, 6, 4, 6, 10, 6, 3, 7, 7, 4, 4, 2, 5, 1, 4, 1, 5, 6]
COUNTS_Y = np.array(COUNTS, dtype=float)
DECAY = ("--model", "a*exp(-b*x)+c", "--start", "a=10,b=1,c=1", "--loss", "poisson")
BEST = {"a": 19.7798, "b": 0.574583, "c": 2.6526}
CLASSES = (np.random.default_rng(3).uniform(size=60) < 0.1 + 0.8 * np.linspace(0.0, 1.0, 60)).astype(float)


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple]:
    monkeypatch.chdir(tmp_path)
    rows = [f"{x!r},{y}" for x, y in zip(X.tolist(), COUNTS, strict=True)]
    (tmp_path / "pois.csv").write_text("\n".join(["x,n", *rows, ""]))

    def command(*words: str) -> tuple[int, str, str]:
        code = run(list(words))
        out, err = capsys.readouterr()
        return code, out, err

    return command


def test_a_curve_of_counts_is_their_mean(ask: Callable[..., tuple]) -> None:
    code, out, _ = ask("fit", "pois.csv", *DECAY, "--report", "--save", "m.json")
    assert code == 0
    assert "model           mean of n = a*exp(-b*x)+c\n" in out
    saved = json.loads(Path("m.json").read_text())
    assert saved["weights"] == pytest.approx(BEST, rel=5e-6)
    assert (saved["descent"]["loss"], saved["descent"]["link"]) == ("poisson", "identity")

    def loss(w: np.ndarray) -> float:
        mean = w[0] * np.exp(-w[1] * X) + w[2]
        return float((mean - xlogy(COUNTS_Y, mean)).mean())

    best = minimize(loss, [19.0, 0.5, 2.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-15}).x
    assert list(saved["weights"].values()) == pytest.approx(best.tolist(), rel=1e-5)
    mean = best[0] * np.exp(-best[1] * X) + best[2]
    deviance = 2.0 * (xlogy(COUNTS_Y, COUNTS_Y / mean) - COUNTS_Y + mean).sum()
    assert saved["deviance"] == pytest.approx(deviance, rel=1e-9)
    # Observed information: Σ (1 − y/μ)·∇²μ + y/μ²·∇μ∇μᵀ.
    decay = np.exp(-best[1] * X)
    slopes = np.stack([decay, -best[0] * X * decay, np.ones(40)])
    bent = np.zeros((3, 3, 40))
    bent[0, 1] = bent[1, 0] = -X * decay
    bent[1, 1] = best[0] * X**2 * decay
    information = (slopes * (COUNTS_Y / mean**2)) @ slopes.T + bent @ (1.0 - COUNTS_Y / mean)
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    assert list(saved["standard_errors"]["weights"].values()) == pytest.approx(errors.tolist(), rel=1e-4)
    _, text, _ = ask("predict", "m.json", "pois.csv", "--only")
    assert [float(line) for line in text.split()[1:]] == pytest.approx(mean.tolist(), rel=1e-5)


def test_a_link_makes_the_curve_the_log_of_the_mean(ask: Callable[..., tuple]) -> None:
    words = ("--model", "log(a*exp(-b*x)+c)", *DECAY[2:], "--link", "log")
    code, out, _ = ask("fit", "pois.csv", *words, "--save", "m.json")
    assert code == 0
    assert "log of the mean of n = log(a*exp(-b*x)+c)" in out
    saved = json.loads(Path("m.json").read_text())
    assert (saved["weights"], saved["descent"]["link"]) == (pytest.approx(BEST, rel=5e-6), "log")
    assert saved["deviance"] == pytest.approx(36.008966527, rel=1e-9)
    first = float(ask("predict", "m.json", "pois.csv", "--only")[1].split()[1])
    assert first == pytest.approx(BEST["a"] + BEST["c"], rel=1e-5)
    # Saved before there were links: the curve was the log of the mean.
    del saved["descent"]["link"]
    Path("old.json").write_text(json.dumps(saved))
    assert float(ask("predict", "old.json", "pois.csv", "--only")[1].split()[1]) == first
    saved["descent"]["link"] = "identity"
    Path("other.json").write_text(json.dumps(saved))
    other = float(ask("predict", "other.json", "pois.csv", "--only")[1].split()[1])
    assert other == pytest.approx(np.log(first), rel=1e-12)


def test_a_curve_of_classes_is_their_probability(ask: Callable[..., tuple]) -> None:
    x = np.linspace(0.0, 1.0, 60)
    found = gdsolve.fit(x[:, None], CLASSES, model="a + b*x", parameters={"a": 0.4, "b": 0.2}, loss="logistic")
    a, b = found.weights.values()
    mean = a + b * x
    slope = np.where(CLASSES > 0.5, -1.0 / mean, 1.0 / (1.0 - mean))
    assert [slope.sum(), slope @ x] == pytest.approx([0.0, 0.0], abs=1e-6)
    own = np.where(CLASSES > 0.5, mean, 1.0 - mean)
    assert found.figures.log_loss == pytest.approx(-np.log(own).mean(), rel=1e-12)
    assert found.figures.accuracy == pytest.approx((own > 0.5).mean(), rel=1e-12)
    assert gdsolve.predict(found, x[:, None]) == pytest.approx(mean, rel=1e-12)
    options = {"model": "a + b*x", "parameters": {"a": 0.0, "b": 0.0}, "loss": "logistic", "link": "logit"}
    odds = gdsolve.fit(x[:, None], CLASSES, **options)
    table = gdsolve.fit(x[:, None], CLASSES, loss="logistic")
    assert list(odds.weights.values()) == pytest.approx([table.intercept, *table.weights.values()], rel=1e-7)
    assert odds.figures.accuracy == table.figures.accuracy
    z = odds.weights["a"] + odds.weights["b"] * x
    assert gdsolve.predict(odds, x[:, None]) == pytest.approx(expit(z), rel=1e-12)


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ((*DECAY, "--link", "logit"), "logit is no link of --loss poisson", "give --link identity|log"),
        ((*DECAY[:4], "--link", "log"), "negative-binomial, and this is --loss half-mse", None),
        (("--loss", "poisson", "--link", "identity"), "and there is no --model", "leave --link out, or give --model"),
        (
            ("--model", "a*x - b", "--start", "a=1,b=1", "--loss", "poisson"),
            "at the start the curve is -1 on 8 of 40 rows, and as the mean of --loss poisson it must be above 0",
            "start it above 0, or give --link log for a curve of the log of the mean",
        ),
    ],
)
def test_other_links_are_refused_in_one_line(
    ask: Callable[..., tuple], words: tuple[str, ...], message: str, hint: str | None
) -> None:
    for verb in ("fit", "compare", "compare-lr", "report"):
        code, out, err = ask(verb, "pois.csv", *words, *(("-o", "r.html") if verb == "report" else ()))
        assert (code, out, err.count("\n")) == (2, "", 2)
        assert message in err
        assert hint is None or f"hint: {hint}\n" in err


def test_a_page_and_comparisons_name_the_link(ask: Callable[..., tuple]) -> None:
    assert ask("report", "pois.csv", *DECAY, "-o", "r.html")[0] == 0
    assert "<dd>mean of n = a*exp(-b*x)+c</dd>" in Path("r.html").read_text()
    _, out, _ = ask("compare", "pois.csv", *DECAY, "--methods", "newton,lbfgs", "--format", "json")
    compared = json.loads(out)
    assert compared["descent"]["link"] == "identity"
    assert compared["optimum"]["weights"] == pytest.approx(BEST, rel=5e-6)
    assert all(one["weights"] == pytest.approx(BEST, rel=5e-6) for one in compared["methods"])
    _, out, _ = ask("compare-lr", "pois.csv", *DECAY, "--link", "log", "--lr", "0.001", "--max-iter", "5")
    assert "log of the mean of n = a*exp(-b*x)+c" in out


def test_a_spec_says_the_link(ask: Callable[..., tuple]) -> None:
    text = "data: pois.csv\nmodel: log(a*exp(-b*x)+c)\nparameters: {a: 10, b: 1, c: 1}\nloss: poisson\n"
    Path("s.yaml").write_text(text + "link: log\n")
    code, out, _ = ask("fit", "s.yaml", "--format", "json")
    assert (code, json.loads(out)["weights"]) == (0, pytest.approx(BEST, rel=5e-6))


def test_a_mean_of_0_is_one_of_no_counts() -> None:
    """Through the origin: at x = 0 mean and count are 0, and 0·log 0 = 0."""
    x, y = np.arange(6.0), np.array([0.0, 2.0, 3.0, 7.0, 8.0, 10.0])
    found = gdsolve.fit(x[:, None], y, model="a*x", parameters={"a": 1.0}, loss="poisson")
    assert found.status == "converged"
    assert found.weights["a"] == pytest.approx(y.sum() / x.sum(), rel=1e-12)


def test_a_row_of_weight_0_is_no_row_of_a_curve() -> None:
    table = np.array([[0.0, 0.0, 4.0], [1.0, 1.0, 2.0], [2.0, 1.0, 5.0], [3.0, 2.0, 5.0]])
    asked = {"model": "a*x", "parameters": {"a": 1.0}, "loss": "poisson", "weight": "w"}
    found = gdsolve.fit(table[:, :2], table[:, 2], names=["x", "w"], **asked)
    assert found.weights["a"] == pytest.approx((2 + 5 + 10) / (1 + 2 + 6), rel=1e-12)


def test_links_are_those_of_the_losses() -> None:
    assert {loss: loss.info.links for loss in Loss if loss.info.links} == {
        Loss.LOGISTIC: (Link.IDENTITY, Link.LOGIT),
        **dict.fromkeys((Loss.POISSON, Loss.GAMMA, Loss.TWEEDIE, Loss.NEGATIVE_BINOMIAL), (Link.IDENTITY, Link.LOG)),
    }
    assert set(OF_MEANS) == {loss for loss in Loss if loss.info.links}
    assert Spec(loss=Loss.POISSON).link_used is Link.LOG
    assert Spec(loss=Loss.POISSON, minimize="a").link_used is None
    assert Spec(loss=Loss.HUBER, model="a*x").link_used is None
    with pytest.raises(GdsolveError, match="log is no link of --loss logistic"):
        Spec(loss=Loss.LOGISTIC, model="a*x", link=Link.LOG)


@pytest.mark.parametrize(
    ("loss", "z", "y"),
    [(PoissonMean(), 2.5, 4.0), (PoissonMean(), 0.3, 0.0), (LogisticMean(), 0.2, 1.0), (LogisticMean(), 0.2, 0.0)],
)
def test_the_loss_of_a_mean_is_that_of_the_link(loss: PoissonMean | LogisticMean, z: float, y: float) -> None:
    """At one mean both links have one likelihood; slope and curvature are those of autograd."""
    poisson = isinstance(loss, PoissonMean)
    other = POINTWISE[Loss.POISSON if poisson else Loss.LOGISTIC].of(Spec())
    mean = torch.tensor([[z]], dtype=torch.float64, requires_grad=True)
    target = torch.tensor([[y]], dtype=torch.float64)
    linked = mean.log() if poisson else (mean / (1.0 - mean)).log()
    value, slope = loss.loss_and_slope(mean, target)
    assert value.item() == pytest.approx(other.loss_and_slope(linked, target)[0].item(), rel=1e-14)
    (first,) = torch.autograd.grad(value, mean, create_graph=True)
    assert slope.item() == pytest.approx(first.item(), rel=1e-14)
    (second,) = torch.autograd.grad(first, mean, allow_unused=True) if first.requires_grad else (None,)
    expected = 0.0 if second is None else second.item()
    assert loss.curvature(mean, target).item() == pytest.approx(expected, rel=1e-14)
    assert [one.item() for one in loss.score(mean, target)] == pytest.approx(
        [one.item() for one in other.score(linked, target)], rel=1e-13
    )
    assert loss.in_units_of(1.0) == loss
    with pytest.raises(ValueError, match="no units"):
        loss.in_units_of(2.0)


@pytest.mark.parametrize(
    ("loss", "z", "y"),
    [
        *((PoissonMean(), z, y) for z, y in ((-1e-9, 0.0), (0.0, 1.0), (-2.0, 3.0))),
        *((LogisticMean(), z, y) for z, y in ((0.0, 1.0), (1.0, 0.0), (1.1, 1.0), (-0.1, 0.0), (-0.1, 1.0))),
    ],
)
def test_what_can_be_no_mean_has_an_infinite_loss(loss: PoissonMean | LogisticMean, z: float, y: float) -> None:
    mean = torch.tensor([[z]], dtype=torch.float64, requires_grad=True)
    value, _ = loss.loss_and_slope(mean, torch.tensor([[y]], dtype=torch.float64))
    assert value.item() == float("inf")
    (slope,) = torch.autograd.grad(value, mean)
    assert slope.item() == 0.0
