"""A run that was stopped and resumed against one that never stopped: the same record, bit for bit."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landscapes import Squares

from gdsolve.checkpoint import read_checkpoint, write_checkpoint
from gdsolve.descent.methods.base import Advance, Condensing, Point
from gdsolve.descent.methods.build import METHODS, Recipe, build_method
from gdsolve.descent.solver_state import SolverState
from gdsolve.descent.state_fields import from_fields, to_fields
from gdsolve.descent.stop import Step
from gdsolve.outputs import check_outputs
from gdsolve.report.record import fit_record
from gdsolve.solve.fit import fit
from gdsolve.solve.formula import pose_formula
from gdsolve.spec import Loss, Method, RateSchedule, Spec
from gdsolve.spec.file import build_spec
from gdsolve.spec.losses import Target
from gdsolve.spec.methods import Need
from gdsolve.status import ExitCode, GdsolveError

RNG = np.random.default_rng(5)
X = RNG.normal(size=(40, 4)) * [1.0, 3.0, 0.5, 2.0] + [0.0, 1.0, -1.0, 2.0]
Y = X @ [1.0, -2.0, 0.5, 3.0] + 0.7 + 0.3 * RNG.normal(size=40)
BENT = 2.0 - 2.0 * np.exp(-0.3 * np.arange(1, 41)) + Y / 100
LONG = {"max_iter": 700}
NARROW = [loss for loss in Loss if loss.info.target is not Target.NUMBERS]

# Least squares on a table by every method and engine, then other losses, curves and formulas.
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
EACH: dict[str, dict[str, Any]] = {
    **{f"each method: {one}": {**CURVE, "method": one.value, "max_iter": 60} for one in Method.all()},
    **{f"each loss: {one}": {"loss": one.value, "max_iter": 60} for one in Loss},
}
CASES = {**TABLE, **POSED, **EACH}
CURVED = Squares(residual=lambda w: torch.cat([10.0 * (w[1:] - w[:1] ** 2), 1.0 - w[:1]]))


@pytest.fixture(autouse=True)
def fast_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here no power fails: what waits for the disk is most of the time of these tests."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


def record_of(options: Mapping[str, Any], observe: Callable[[Step], None] | None = None, **more: Any) -> dict[str, Any]:
    asked = {**LONG, **options, **more}
    if "minimize" not in asked:
        # Two classes, which are counts as well.
        y = np.where(np.median(Y) < Y, 1.0, 0.0) if str(asked.get("loss")) in NARROW else Y
        y = y + 1.0 if asked.get("loss") == Loss.GAMMA else y
        asked = {"X": tuple(map(tuple, X.tolist())), "y": tuple(y.tolist()), **asked}
    if "model" in asked:
        asked |= {"X": tuple((float(x),) for x in range(1, 41)), "y": tuple(BENT.tolist())}
    found = fit_record(fit(build_spec((), asked, "fit"), observe=observe))
    del found["seconds"]
    return json.loads(json.dumps(found, default=list))


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


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(CASES)), st.lists(st.integers(1, 200), min_size=1, max_size=3))
def test_wherever_it_is_stopped(tmp_path: Path, name: str, stops: list[int]) -> None:
    short = {**CASES[name], "max_iter": min(200, CASES[name].get("max_iter", 200))}
    assert resumed(short, tmp_path / "run.checkpoint", sorted(stops)) == record_of(short)


# What is refused.


def kept(path: Path, **options: Any) -> Path:
    record_of({"engine": "triangle", "lr": 0.01, **options}, max_iter=200, checkpoint=str(path))
    return path


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        ({"ridge": 2.0}, "ridge: {} is of a run with 0.0, and this is one with 2.0", "give --ridge 0.0, "),
        ({"lr": 0.02}, "lr: {} is of a run with 0.01, and this is one with 0.02", "give --lr 0.01, "),
        ({"lr": "auto"}, "lr: {} is of a run with 0.01, and this is one with auto", "give --lr 0.01, "),
        ({"method": "adam"}, "method: {} is of a run with auto, and this is one with adam", "give --method auto, "),
        ({"engine": "rows"}, "engine: {} is of a run with triangle, and this is one with rows", "give --engine tri"),
        ({"dtype": "float32"}, "dtype: {} is of a run with float64, and this is one with float32", "give --dtype "),
        ({"scale": "standard"}, "scale: {} is of a run with auto, and this is one with standard", "give --scale auto"),
        ({"every": 10}, "every: {} is of a run with log, and this is one with 10", "give --every log, "),
        (
            {"no_intercept": True},
            "no_intercept: {} is of a run with false, and this is one with true",
            "leave --no-int",
        ),
        ({"loss": "sse"}, "loss: {} is of a run with half-mse, and this is one with sse", "give --loss half-mse"),
        (
            {"init": "random"},
            "resume: {} is of a run with another start",
            "give the same --init, --seed or --start",
        ),
        (
            {"y": tuple(Y + 1e-12)},
            "resume: {} is of a run on other data, not on these",
            "give the same table and options",
        ),
        ({"features": ("x1", "x2")}, "resume: {} is of other columns", "give the same columns"),
        ({"tol": 1e-3}, "tol: 0.001 is looser than 1e-10, that of {}", "give --tol 1e-10 or less"),
        ({"grad_tol": 1e-3}, "grad_tol: 0.001 is looser than none, that of {}", "leave --grad-tol out"),
        ({"max_iter": 191}, "max_iter: 191 is less than the 192 updates that {} has behind it", "give --max-iter 192"),
    ],
)
def test_a_run_of_another_problem_does_not_go_on(
    tmp_path: Path, change: dict[str, Any], message: str, hint: str
) -> None:
    path = kept(tmp_path / "run.checkpoint")
    with pytest.raises(GdsolveError) as caught:
        record_of({"engine": "triangle", "lr": 0.01, "resume": str(path), **change})
    assert caught.value.message.startswith(message.format(path))
    assert str(caught.value.hint).startswith(hint)
    assert "without --resume" in str(caught.value.hint)
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_cosine_cannot_be_made_longer(tmp_path: Path) -> None:
    path = kept(tmp_path / "run.checkpoint", schedule="cosine")
    with pytest.raises(GdsolveError, match=r"max_iter: .* is of a run with 200, and this is one with 300"):
        record_of({"engine": "triangle", "lr": 0.01, "schedule": "cosine", "max_iter": 300, "resume": str(path)})


def test_a_run_goes_on_with_tighter_tolerances_and_a_higher_limit(tmp_path: Path) -> None:
    options = {"engine": "triangle", "lr": 0.05, "tol": 1e-3}
    path = tmp_path / "run.checkpoint"
    loose = record_of(options, checkpoint=str(path))
    assert loose["status"] == "converged"
    assert record_of(options, resume=str(path)) == loose
    tight = {**options, "tol": 1e-6, "max_iter": 5000}
    assert record_of(tight, resume=str(path)) == record_of(tight)


def test_the_closed_form_resumes_from_its_start(tmp_path: Path) -> None:
    path = kept(tmp_path / "run.checkpoint", engine="leap")
    content = read_checkpoint(str(path))
    assert (content["iterations"], content["state"], content["fingerprint"]["engine"]) == (200, None, "leap")
    longer = {"engine": "leap", "lr": 0.01, "max_iter": 10**12}
    assert record_of(longer, resume=str(path)) == record_of(longer)


def test_a_way_that_gdsolve_chose_is_gone_on_with(tmp_path: Path) -> None:
    """At a higher limit it would choose the closed form: what was reached by steps is not thrown away."""
    path, options = tmp_path / "run.checkpoint", {"lr": 0.01, "max_iter": 3}
    assert record_of(options, checkpoint=str(path))["descent"]["engine"] == "triangle"
    longer = record_of({**options, "max_iter": 10_000}, resume=str(path))
    assert (longer["descent"]["engine"], longer["descent"]["reason"]) == (
        "triangle",
        "as in the run that is resumed",
    )
    stepped = record_of({**options, "engine": "triangle", "max_iter": 10_000})
    assert longer["trace"] == stepped["trace"]


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda text: text[: len(text) // 2], "is damaged"),
        (lambda text: text.replace('"iterations": 1', '"iterations": 2'), "is damaged"),
        (lambda text: text[:20], "is no checkpoint of gdsolve"),
        (lambda text: "", "is no checkpoint of gdsolve"),
        (lambda text: "\ud800", "is no checkpoint of gdsolve"),
        (lambda text: text.replace("checkpoint/2", "checkpoint/1"), "is of schema gdsolve.checkpoint/1"),
        (lambda text: '{"schema": "gdsolve.fit/1", "weights": {}}', "is no checkpoint of gdsolve"),
    ],
)
def test_a_damaged_or_foreign_file_is_one_line(tmp_path: Path, harm: Callable[[str], str], message: str) -> None:
    path = kept(tmp_path / "run.checkpoint")
    path.write_bytes(harm(path.read_text()).encode(errors="surrogatepass"))
    with pytest.raises(GdsolveError, match=message) as caught:
        record_of({"engine": "triangle", "lr": 0.01, "resume": str(path)})
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.hint


@pytest.mark.parametrize(
    "forge",
    [
        lambda content: content.pop("state"),
        lambda content: content["state"].update(state=[]),
        lambda content: content["state"]["state"]["point"].update(kind="Popen"),
        lambda content: content["state"]["state"].update(best=None),
        lambda content: content["state"]["tensors"][0].update(shape=[7, 1]),
        lambda content: content["state"]["tensors"][0].update(stride=[0, 0]),
        lambda content: content["state"]["tensors"][0].update(dtype="object"),
        lambda content: content["state"]["tensors"][0].update(data="…"),
        lambda content: content["fingerprint"].update(tolerances={}),
        lambda content: content["fingerprint"].update(engine="teleport"),
        lambda content: content.update(machine=None),
    ],
)
def test_a_forged_file_makes_nothing_but_an_error(tmp_path: Path, forge: Callable[[Any], object]) -> None:
    path = kept(tmp_path / "run.checkpoint", lr=0.01, method="adam")
    content = read_checkpoint(str(path))
    forge(content)
    write_checkpoint(str(path), content)
    with pytest.raises(GdsolveError, match="is damaged"):
        record_of({"engine": "triangle", "lr": 0.01, "method": "adam", "resume": str(path)})


def test_no_file_to_resume_from(tmp_path: Path) -> None:
    with pytest.raises(GdsolveError, match=r"resume: .*none: no such file or directory") as caught:
        record_of({"resume": str(tmp_path / "none")})
    assert "leave --resume out" in str(caught.value.hint)


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path, table = kept(tmp_path / "run.checkpoint"), tmp_path / "table.csv"
    with pytest.raises(GdsolveError, match=r"run\.checkpoint is there, of a run before") as caught:
        check_outputs(Spec(checkpoint=str(path)))
    assert str(caught.value.hint) == f"go on with it: --resume {path}; or to start anew: rm {path}"
    check_outputs(Spec(checkpoint=str(path), resume=str(path)))
    table.write_text("x,y\n1,2\n")
    with pytest.raises(GdsolveError, match=r"table\.csv is there and is no checkpoint"):
        check_outputs(Spec(checkpoint=str(table)))
    with pytest.raises(GdsolveError, match="is written as well"):
        check_outputs(Spec(checkpoint="a.json", save="a.json"))
    with pytest.raises(GdsolveError, match=r"checkpoint: the folder .* is not there"):
        check_outputs(Spec(checkpoint=str(tmp_path / "none" / "c")))
    with pytest.raises(GdsolveError, match="checkpoint_every: there is no checkpoint to write"):
        build_spec(["t.csv"], {"checkpoint_every": 5.0}, "fit")


def test_another_machine_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = kept(tmp_path / "run.checkpoint")
    content = read_checkpoint(str(path))
    content["machine"] = {"torch": "9.9", "threads": 64, "capability": "NEON"}
    write_checkpoint(str(path), content)
    record_of({"engine": "triangle", "lr": 0.01, "resume": str(path)})
    assert caplog.messages == [f"{path} was made with torch 9.9 on 64 threads (NEON): last digits may differ"]
    with pytest.raises(
        GdsolveError, match=r"a run on other data, not on these, or was made with torch 9\.9 on 64 threads"
    ):
        record_of({"engine": "triangle", "lr": 0.01, "resume": str(path), "y": tuple(Y + 1.0)})


# When one is written.


def test_checkpoints_come_soon_at_first_and_then_every_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, written = [100.0], []
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr(
        "gdsolve.solve.checkpointer.write_checkpoint",
        lambda path, content: written.append((now[0], content["iterations"])),
    )

    def tick(step: Step) -> None:
        # Half a second a block.
        now[0] += 0.5 if step.k and step.k % 64 == 0 else 0.0

    record_of({"engine": "triangle", "lr": 1e-6, "tol": 0.0, "max_iter": 64 * 600}, tick, checkpoint="c")
    moments = [moment - 100.0 for moment, _ in written]
    assert moments == [0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 63.0, 123.0, 183.0, 243.0, 300.0]
    assert [k for _, k in written] == [int(moment / 0.5) * 64 for moment in moments]


def test_every_kind_of_memory_has_a_plain_form() -> None:
    """Of every method that there is, after some steps: what is written is what is read."""
    posed = pose_formula(build_spec((), VALLEY, "fit"))
    for name in METHODS:
        for schedule in (RateSchedule.CONSTANT, RateSchedule.BACKTRACKING):
            objective = posed.objective if name.info.needs is not Need.SQUARES else CURVED
            method = build_method(Recipe(name, 1e-4, schedule))
            start = posed.start
            point = Point.at(objective, start)
            memory = method.begin(objective, point)
            for k in range(4):
                advance = method.step(objective, point, memory, k)
                assert isinstance(advance, Advance)
                point, memory = advance.point, advance.memory
            condensed = method.condense(memory) if isinstance(method, Condensing) else memory
            step = Step(4, math.inf, math.nan, 1.0, 0.25)
            steps = (Step(0, 1.0, None, 2.0, None), Step(4, -math.inf, 0.1, 3.0, math.nan))
            weights = torch.cat([start, point.w], dim=1)
            standing = SolverState(point, condensed, step, steps, weights, (0.1, 2, point.w), 9)
            plain = to_fields(standing)
            again = from_fields(json.loads(json.dumps(plain, allow_nan=False)), start)
            assert to_fields(again) == plain
            assert type(again.memory) is type(condensed)
