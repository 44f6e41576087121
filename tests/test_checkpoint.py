"""A run that was stopped and resumed against one that never stopped: the same record, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gdsolve.descent.stop import Step
from gdsolve.report.record import fit_record
from gdsolve.spec.file import build_spec
from gdsolve.verbs.fit import fit

RNG = np.random.default_rng(5)
X = RNG.normal(size=(40, 4)) * [1.0, 3.0, 0.5, 2.0] + [0.0, 1.0, -1.0, 2.0]
Y = X @ [1.0, -2.0, 0.5, 3.0] + 0.7 + 0.3 * RNG.normal(size=40)
BENT = 2.0 - 2.0 * np.exp(-0.3 * np.arange(1, 41)) + Y / 100
LONG = {"max_iter": 700}

# Least squares on a table by every method and way, then other losses, curves and formulas.
TABLE: dict[str, dict[str, Any]] = {
    "gd rows": {"engine": "rows", "lr": 0.01},
    "gd triangle": {"engine": "triangle", "lr": 0.01, "every": 7},
    "gd autograd": {"engine": "autograd", "lr": 0.01, "max_iter": 200},
    "gd leap": {"engine": "leap", "lr": 0.01},
    "gd float32": {"engine": "triangle", "lr": 0.01, "dtype": "float32", "ridge": 1.0},
    "gd diverges": {"engine": "triangle", "lr": 0.5},
    "gd invscaling": {"schedule": "invscaling", "lr": 0.02},
    "gd cosine": {"schedule": "cosine", "lr": 0.02, "max_iter": 300},
    "gd backtracking": {"schedule": "backtracking", "lr": 0.02},
    "momentum": {"method": "momentum", "engine": "triangle"},
    "momentum rows": {"method": "momentum", "engine": "rows", "momentum": 0.5, "every": 1, "max_iter": 150},
    "nesterov": {"method": "nesterov", "engine": "triangle"},
    "nesterov momentum": {"method": "nesterov", "momentum": 0.6, "engine": "autograd"},
    "nesterov backtracking": {"method": "nesterov", "schedule": "backtracking"},
    "adam": {"method": "adam", "loss": "sse"},
    "adam float32": {"method": "adam", "engine": "rows", "dtype": "float32"},
    "bb": {"method": "bb", "scale": "none"},
    "lbfgs": {"method": "lbfgs", "scale": "none"},
    "newton": {"method": "newton"},
    "lm": {"method": "lm", "engine": "rows"},
    "huber gd": {"loss": "huber", "method": "gd"},
    "huber newton": {"loss": "huber"},
    "absolute adam": {"loss": "absolute", "max_iter": 300},
    "quantile bb": {"loss": "quantile", "quantile": 0.8, "method": "bb", "max_iter": 100},
}
VALLEY = {"minimize": "(1 - a)**2 + 100*(b - a**2)**2", "start": ["a=-1.2,b=1"]}
BOUNDS = {"lower": ["a=-2"], "upper": ["a=0.5"]}
CURVE = {"model": "p*(1 - exp(-q*x))", "start": ["p=3,q=0.1"], "target": "y"}
POSED: dict[str, dict[str, Any]] = {
    "valley gd": {**VALLEY, "max_iter": 400},
    "valley momentum": {**VALLEY, "method": "momentum", "lr": 0.0005, "max_iter": 400},
    "valley nesterov": {**VALLEY, "method": "nesterov", "max_iter": 400},
    "valley adam": {**VALLEY, "method": "adam", "every": 5},
    "valley bb bounded": {**VALLEY, **BOUNDS, "method": "bb", "max_iter": 300},
    "valley nesterov bounded": {**VALLEY, **BOUNDS, "method": "nesterov", "lr": 0.0005, "momentum": 0.9},
    "valley lbfgs": {**VALLEY, "method": "lbfgs"},
    "valley newton": {**VALLEY, "method": "newton"},
    "leaves its domain": {"minimize": "a - log(a)", "start": ["a=3"], "lr": 6.0},
    "unbounded": {"minimize": "-a*a", "start": ["a=1"], "lr": 0.1},
    "curve lm": CURVE,
    "curve lm bounded": {**CURVE, "upper": ["q=0.25"]},
    "curve gd": {**CURVE, "lr": 0.001, "max_iter": 200},
    "curve huber": {**CURVE, "loss": "huber", "method": "lbfgs"},
}
CASES = {**TABLE, **POSED}


@pytest.fixture(autouse=True)
def fast_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here no power fails: what waits for the disk is most of the time of these tests."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


def record_of(options: Mapping[str, Any], observe: Callable[[Step], None] | None = None, **more: Any) -> dict[str, Any]:
    asked = {**LONG, **options, **more}
    if "minimize" not in asked:
        asked |= {"X": tuple(map(tuple, X.tolist())), "y": tuple(Y.tolist())}
    if "model" in asked:
        asked |= {"X": tuple((float(x),) for x in range(1, 41)), "y": tuple(BENT.tolist())}
    found = fit_record(fit(build_spec((), asked, "fit"), observe=observe))
    del found["seconds"]
    return json.loads(json.dumps(found))


def stopping_at(k: int) -> Callable[[Step], None]:
    def observe(step: Step) -> None:
        if step.k >= k:
            raise KeyboardInterrupt

    return observe


def resumed(options: Mapping[str, Any], path: Path, stops: list[int]) -> dict[str, Any]:
    """The record of a run that was interrupted at each of `stops`, or ended before, and then resumed."""
    path.unlink(missing_ok=True)
    goes_on: dict[str, Any] = {"checkpoint": str(path)}
    for k in stops:
        record_of(options, stopping_at(k), **goes_on)
        goes_on["resume"] = str(path)
    return record_of(options, **goes_on)


@pytest.mark.parametrize("name", CASES)
def test_a_resumed_run_is_the_run_that_never_stopped(name: str, tmp_path: Path) -> None:
    straight = record_of(CASES[name])
    assert resumed(CASES[name], tmp_path / "run.checkpoint", [3, 130]) == straight


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(CASES)), st.lists(st.integers(1, 200), min_size=1, max_size=3))
def test_wherever_it_is_stopped(tmp_path: Path, name: str, stops: list[int]) -> None:
    short = {**CASES[name], "max_iter": min(200, CASES[name].get("max_iter", 200))}
    assert resumed(short, tmp_path / "run.checkpoint", sorted(stops)) == record_of(short)
