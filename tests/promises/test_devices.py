"""Everything on a device that is not the host, and a loop that waits for nothing there.

Tests marked `cuda` need the real one; the others run everywhere, on the stand-in of `elsewhere.py`.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from devices import BLIND, needs_cuda
from elsewhere import ELSEWHERE, Elsewhere, TwoDevicesError, no_device_but_what_is_said
from loss_targets import target_of

import gdsolve
from gdsolve.cli.main import run
from gdsolve.data import inline_table
from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.base import Point
from gdsolve.descent.methods.build import Recipe, build_method
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.stop import SmallUpdate
from gdsolve.objective.box import Box
from gdsolve.objective.pointwise import POINTWISE
from gdsolve.objective.rows import Rows
from gdsolve.solve import device
from gdsolve.solve.device import device_of
from gdsolve.solve.engine import Ground, ground_of
from gdsolve.solve.memory import demand_of
from gdsolve.solve.pose import pose
from gdsolve.spec import Engine, Loss, Method, RateSchedule, Spec
from gdsolve.spec.file import build_spec
from gdsolve.spec.losses import Target
from gdsolve.spec.methods import Need

Options = dict[str, Any]

TARGETS = {kind: kind.name.lower() for kind in Target} | {Target.NUMBERS: "y", Target.TWO_CLASSES: "class"}
VALLEY = {"minimize": "(u - 1)**2 + 10*(v - u**2)**2", "parameters": {"u": -1.0, "v": 1.0}}
BOUNDED = {**VALLEY, "parameters": {"u": -1.0, "v": {"start": 0.1, "lower": 0.0, "upper": 0.3}}}
CURVE = {"model": "p*exp(q*a) + r*b", "target": "y", "parameters": {"p": 1.0, "q": 0.1, "r": 1.0}}
LINEAR = {"target": "y", "features": ["a", "b"]}


def _linear() -> dict[str, Options]:
    cases: dict[str, Options] = {}
    for engine in Engine:
        for dtype in ("float64", "float32"):
            cases[f"{engine.value}-{dtype}"] = {**LINEAR, "engine": engine, "dtype": dtype, "weight": "weight"}
    cases["ridge"] = {**LINEAR, "engine": "rows", "ridge": 0.5, "lr": 0.05}
    cases["no-intercept"] = {**LINEAR, "no_intercept": True, "every": 1, "report": True, "check_gradient": True}
    for loss in Loss:
        cases[loss.value] = {**LINEAR, "target": TARGETS[loss.info.target], "loss": loss, "report": True}
    cases["logistic-weighted"] = {**LINEAR, "target": "class", "loss": "logistic", "weight": "weight", "ridge": 0.1}
    return cases


def _methods() -> dict[str, Options]:
    cases: dict[str, Options] = {}
    for method in Method:
        cases[f"linear-{method.value}"] = {**LINEAR, "method": method, "engine": "rows"}
        cases[f"curve-{method.value}"] = {**CURVE, "method": method, "weight": "weight"}
        if method.info.needs is not Need.SQUARES:
            cases[f"formula-{method.value}"] = {**VALLEY, "method": method}
        if method.info.needs is not Need.SQUARES and method.info.bounds:
            cases[f"bounded-{method.value}"] = {**BOUNDED, "method": method}
    for schedule in RateSchedule:
        cases[f"schedule-{schedule.value}"] = {**LINEAR, "schedule": schedule, "lr": 0.05}
    cases["curve-huber"] = {**CURVE, "loss": "huber"}
    cases["curve-logistic"] = {
        **CURVE,
        "model": "p*a + r*b + q",
        "target": "class",
        "loss": "logistic",
        "link": "logit",
    }
    cases["formula-on-a-table"] = {"minimize": "sum((y - u*a)**2)", "parameters": {"u": 0.0}}
    return cases


CASES = {**_linear(), **_methods()}


@cache
def table() -> Path:
    """Forty rows with a target of every kind."""
    rng = np.random.default_rng(7)
    a, b, noise = rng.normal(size=(3, 40))
    y = 1.5 * a - b + 0.5 + 0.1 * noise
    columns = {"a": a, "b": b, "weight": rng.uniform(0.1, 2.0, 40)}
    columns |= {TARGETS[kind]: target_of(kind, a, rng) for kind in Target} | {"y": y}
    path = Path(tempfile.mkdtemp()) / "devices.csv"
    lines = [",".join(f"{float(cell)!r}" for cell in row) for row in zip(*columns.values(), strict=True)]
    path.write_text("\n".join([",".join(columns), *lines, ""]))
    return path


@pytest.fixture(scope="module", autouse=True)
def _without_table() -> Any:
    yield
    shutil.rmtree(table().parent)


def fit(options: Options, **more: Any) -> gdsolve.Fit:
    options = {"max_iter": 25, **options, **more}
    formula_alone = "minimize" in options and "y" not in options["minimize"]
    return gdsolve.fit(**options) if formula_alone else gdsolve.fit(table(), **options)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(device, "_accelerator", lambda: ELSEWHERE)
    return Elsewhere()


def test_the_stand_in_sees_what_an_accelerator_refuses_and_waits_for() -> None:
    with Elsewhere() as mode:
        there = torch.ones(3, 1, dtype=torch.float64, device=ELSEWHERE)
        assert there.device == ELSEWHERE
        with pytest.raises(TwoDevicesError):
            there + torch.ones(3, 1, dtype=torch.float64)
        total = (2.0 * there).sum() + torch.tensor(1.0, dtype=torch.float64)
        assert mode.waited == []
        assert float(total) == 7.0
        assert there[there > 0].tolist() == [1.0] * 3
        assert len(mode.waited) == 3


@pytest.mark.parametrize("name", CASES)
def test_a_fit_elsewhere_is_that_of_the_host(name: str, elsewhere: Elsewhere) -> None:
    here = fit(CASES[name], device="cpu")
    with elsewhere:
        there = fit(CASES[name], device="cuda")
    assert there.status is here.status
    # The closed form is p×p arithmetic that stays where the triangle is, which is there as well.
    assert (here.device, there.device) == ("cpu", ELSEWHERE.type)
    assert there.iterations == here.iterations
    assert there.weights == pytest.approx(here.weights, rel=1e-9, abs=1e-9)
    assert there.trace.iterations == here.trace.iterations


@pytest.mark.parametrize("name", CASES)
def test_every_tensor_of_a_fit_says_where_it_is(name: str) -> None:
    with no_device_but_what_is_said():
        fit(CASES[name])


def test_every_tensor_of_the_other_verbs_says_where_it_is(tmp_path: Path) -> None:
    linear, curve = tmp_path / "linear.json", tmp_path / "curve.json"
    with no_device_but_what_is_said():
        gdsolve.compare_lr(table(), **LINEAR, iterates=2)
        gdsolve.compare_lr(table(), **{**LINEAR, "target": "class"}, loss="logistic", max_iter=20)
        gdsolve.compare(table(), **LINEAR, max_iter=20)
        gdsolve.compare(table(), **{**LINEAR, "target": "class"}, loss="logistic", max_iter=20)
        gdsolve.check(table(), **LINEAR)
        fit(LINEAR, save=linear)
        fit(CURVE, save=curve)
        for model in (linear, curve):
            predicted = io.StringIO()
            gdsolve.predict(model, table(), predicted)
            assert len(predicted.getvalue().splitlines()) == 41
        assert fit({**LINEAR, "init": str(linear), "tol": 1e-6}).iterations <= 1
        fit({**LINEAR, "init": "random"})


def ground(options: Options) -> tuple[Ground, Box | None]:
    problem = pose(_spec(options))
    engine = problem.spec.engine if problem.spec.engine is not Engine.AUTO else Engine.TRIANGLE
    return ground_of(problem, engine, device_of(problem.spec)), problem.box


def _spec(options: Options) -> Spec:
    sources = () if "minimize" in options else (str(table()),)
    return build_spec(sources, {**options, "device": "cuda"}, "fit")


LOOKING = [
    *(Recipe(method, 0.1, RateSchedule.BACKTRACKING) for method in Method.all() if method.info.backtracks),
    *(Recipe(method, 0.1) for method in Method.all() if method.info.self_ending and method is not Method.LM),
]

OBJECTIVES: dict[str, Options] = {
    **{engine: {**LINEAR, "engine": engine, "ridge": 0.1} for engine in ("rows", "triangle", "autograd")},
    **{
        loss.value: {**LINEAR, "target": TARGETS[loss.info.target], "loss": loss.value}
        for loss in (*POINTWISE, Loss.SOFTMAX)
    },
    "weighted": {**LINEAR, "target": "class", "loss": "logistic", "weight": "weight", "ridge": 0.1},
    "curve": CURVE,
    "curve-huber": {**CURVE, "loss": "huber", "weight": "weight", "delta": 1.0},
    "formula": VALLEY,
    "bounded": BOUNDED,
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_blind_steps_never_wait_for_the_device(name: str, elsewhere: Elsewhere) -> None:
    with elsewhere:
        posed, box = ground(OBJECTIVES[name])
        assert posed.start.device == ELSEWHERE
        for recipe in BLIND:
            method = build_method(recipe, box)
            assert method.blind
            point = Point.at(posed.objective, posed.start)
            memory = method.begin(posed.objective, point)
            elsewhere.waited.clear()
            for k in range(8):
                advance = method.step(posed.objective, point, memory, k)
                assert not isinstance(advance, str)
                point, memory = advance.point, advance.memory
            assert elsewhere.waited == [], recipe
            assert bool(torch.isfinite(point.w).all())


@pytest.mark.parametrize("name", ["rows", "logistic", "curve", "formula"])
def test_methods_that_look_read_a_trial_in_one_transfer(name: str, elsewhere: Elsewhere) -> None:
    """Beside the trials, at most two more a step: what decides over the direction, and what is learnt of the step."""
    with elsewhere:
        posed, box = ground(OBJECTIVES[name])
        squares = [Recipe(Method.LM, 0.1)] if name in ("rows", "curve") else []
        for recipe in LOOKING + squares:
            method = build_method(recipe, box)
            point = Point.at(posed.objective, posed.start)
            memory = method.begin(posed.objective, point)
            for k in range(5):
                elsewhere.waited.clear()
                advance = method.step(posed.objective, point, memory, k)
                if isinstance(advance, str):
                    break
                assert 1 <= len(elsewhere.waited) <= advance.evaluations + 2, recipe
                point, memory = advance.point, advance.memory


def test_the_loop_reads_a_block_of_blind_steps_at_once(elsewhere: Elsewhere) -> None:
    with elsewhere:
        posed, _ = ground(OBJECTIVES["rows"])
        elsewhere.waited.clear()
        method, rules = build_method(BLIND[0]), (SmallUpdate(1e-300),)
        found = iterate(posed.objective, posed.start, method, rules, max_iter=640, schedule=Schedule(10**6))
    assert found.iterations == 640
    # One read a block of 64, and a few at both ends.
    assert len(elsewhere.waited) <= 10 + 6


def test_cuda_computes_in_float32_and_not_in_tf32(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_float32_matmul_precision("high")
    try:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        assert device_of(_spec(LINEAR)) == torch.device("cuda")
        assert torch.get_float32_matmul_precision() == "highest"
    finally:
        torch.set_float32_matmul_precision("highest")


def test_a_full_accelerator_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 80.00 GiB. GPU 0 has …")

    monkeypatch.setattr(Rows, "evaluate", fail)
    words = ["fit", str(table()), "--target", "y", "--features", "a,b", "--engine", "rows"]
    assert run(words) == 5
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "gdsolve: error: the CUDA device has not enough memory",
        "hint: --device cpu, --dtype float32, fewer columns (--features), or --engine triangle, which keeps no rows",
    ]


def test_rows_that_the_accelerator_cannot_hold_are_refused_before_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda where: (1000, 80 << 30))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda where: "a device")
    spec = build_spec((), {"engine": "rows"}, "fit")
    with inline_table(np.zeros((40, 2)), np.zeros(40), spec) as opened:
        demand = demand_of(spec, opened)
        assert demand is not None
        demand.require_on(torch.device("cpu"), opened.count())
        with pytest.raises(gdsolve.DataError, match=r"40 rows of 4 numbers take 1\.28 kB, and 1 kB ") as caught:
            demand.require_on(torch.device("cuda"), opened.count())
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("--device cpu; else --engine triangle keeps no rows")


@pytest.mark.cuda
@needs_cuda
@pytest.mark.parametrize("name", CASES)
def test_cuda_finds_what_the_host_finds(name: str) -> None:
    options = CASES[name]
    single = options.get("dtype") == "float32"
    here, there = fit(options, device="cpu"), fit(options, device="cuda")
    assert (there.device, there.status) == ("cuda", here.status)
    searching = {"bb", "lbfgs", "newton", "lm", "auto"} & set(name.split("-")) or "curve" in name or "formula" in name
    if not searching:
        assert there.iterations == here.iterations
    near = 1e-3 if single else 1e-6 if searching else 1e-9
    assert there.weights == pytest.approx(here.weights, rel=near, abs=near)


@pytest.mark.cuda
@needs_cuda
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", ["half-mse", "logistic"])
def test_cuda_stops_at_the_same_k_on_many_rows(loss: str, dtype: str) -> None:
    """More rows than a pinned buffer holds, so that both are in use."""
    rng = np.random.default_rng(11)
    X = rng.normal(size=(300_000, 5))
    y = X @ np.arange(1.0, 6.0) + rng.normal(size=len(X))
    target = (y > 0.0).astype(float) if loss == "logistic" else y
    options = {"loss": loss, "dtype": dtype, "engine": "rows", "lr": 0.2, "tol": 1e-4, "max_iter": 2000, "every": 7}
    here, there = (gdsolve.fit(X, target, device=where, **options) for where in ("cpu", "cuda"))
    assert (there.device, there.status, there.iterations) == ("cuda", here.status, here.iterations)
    near = 1e-9 if dtype == "float64" else 1e-3
    assert there.weights == pytest.approx(here.weights, rel=near, abs=near)
    assert there.trace.iterations == here.trace.iterations
    assert torch.get_float32_matmul_precision() == "highest"


@pytest.mark.cuda
@needs_cuda
def test_cuda_that_is_full_is_told() -> None:
    free, _ = torch.cuda.mem_get_info()
    held = torch.empty(max(0, free - (64 << 20)), dtype=torch.uint8, device="cuda")
    try:
        rng = np.random.default_rng(12)
        X = rng.normal(size=(1_000_000, 20))
        with pytest.raises((gdsolve.DataError, torch.cuda.OutOfMemoryError)) as caught:
            gdsolve.fit(X, X[:, 0], engine="rows", device="cuda", max_iter=1)
    finally:
        del held
        torch.cuda.empty_cache()
    if isinstance(caught.value, gdsolve.DataError):
        assert "are available" in caught.value.message
