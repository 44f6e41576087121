"""One table of promises, asked of every kind of problem: each loss, method, engine and precision that go together.

Header, row weights and coordinates take turns, so that every pair of what is asked occurs. What is promised: a file
without a header is noticed; ten digits of every weight at the default tolerance, or a sentence that says what was
reached; iterations predicted wherever there is a closed form, and met; a certificate, or the reason why there is none;
rates that work when they are typed back; advice whose commands work.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gdsolve
from gdsolve.cli.main import run as execute
from gdsolve.solve.method import refusal, traits_of
from gdsolve.solve.pose import pose
from gdsolve.spec import Engine, Loss, Method, RateSchedule
from gdsolve.spec.file import build_spec
from gdsolve.spec.losses import Target
from gdsolve.status import ExitCode, Status

ROWS = 60
DIGITS = 1e-9
# A weight so much smaller than the largest is not waited for.
COUNTED = 1e-9
ENGINES = (Engine.ROWS, Engine.TRIANGLE, Engine.LEAP, Engine.AUTOGRAD)
TARGETS = {Target.NUMBERS: 3, Target.TWO_CLASSES: 4, Target.COUNTS: 5, Target.POSITIVE: 6, Target.NOT_NEGATIVE: 7}
TARGETS |= {Target.CLASSES: 8}


@dataclass(frozen=True)
class Case:
    """One kind of problem."""

    loss: Loss
    method: Method
    engine: Engine
    dtype: str
    header: bool
    weighted: bool
    raw: bool

    def __str__(self) -> str:
        parts = [self.loss, self.method, self.engine, self.dtype]
        parts += ["header"] * self.header + ["weights"] * self.weighted + ["raw"] * self.raw
        return "-".join(parts)

    def options(self, **more: Any) -> dict[str, Any]:
        """As a call gives them: column by number where there is no header."""
        names = ("a", "b", "w", "y", "class", "count", "positive", "amount", "label")
        names = names if self.header else (*(f"x{place}" for place in range(1, 9)), "y")
        found = {"loss": self.loss, "method": self.method, "engine": self.engine, "dtype": self.dtype}
        found |= {"features": list(names[:2]), "target": names[TARGETS[self.loss.info.target]]}
        found |= {"weight": names[2]} if self.weighted else {}
        return found | ({"scale": "none" if self.raw else "auto"}) | more


def _closed(method: Method) -> bool:
    return method in (Method.GD, Method.MOMENTUM)


def cases() -> Iterator[Case]:
    turns = itertools.cycle(itertools.product((True, False), repeat=3))
    for loss, method in itertools.product(Loss, Method.all()):
        for engine in ENGINES if loss.info.squared else (Engine.ROWS,):
            if engine is Engine.LEAP and not _closed(method):
                continue
            for dtype in ("float64", "float32"):
                yield Case(loss, method, engine, dtype, *next(turns))
        # An odd number of turns more, so that what takes turns does not go in step with what is listed.
        next(turns)


@cache
def tables() -> tuple[str, str]:
    rng = np.random.default_rng(5)
    a, b, noise = rng.normal(size=(3, ROWS))
    b = 3.0 + 0.5 * b + 0.3 * a
    y = 2.0 + 1.5 * a - b + 0.2 * noise
    classes = rng.uniform(size=ROWS) < 1.0 / (1.0 + np.exp(-(0.5 * a - 0.2 * b)))
    counts = rng.poisson(np.exp(0.2 * a + 0.1 * b))
    positive, amounts = rng.gamma(2.0, np.exp(0.2 * a + 0.1 * b)), counts * rng.gamma(2.0, 0.5, ROWS)
    labels = np.digitize(0.8 * a - 0.4 * b + rng.logistic(size=ROWS), [-2.0, 0.0])
    columns = (a, b, rng.integers(1, 4, ROWS), y, classes, counts, positive, amounts, labels)
    rows = [",".join(f"{float(cell)!r}" for cell in row) for row in zip(*columns, strict=True)]
    return "\n".join(["a,b,w,y,class,count,positive,amount,label", *rows, ""]), "\n".join([*rows, ""])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("promises")
    for name, text in zip(("header.csv", "rows.csv"), tables(), strict=True):
        (path / name).write_text(text)
    return path


def run(folder: Path, case: Case, **more: Any) -> gdsolve.Fit:
    return gdsolve.fit(folder / ("header.csv" if case.header else "rows.csv"), **case.options(**more))


def usable(folder: Path, case: Case) -> bool:
    spec = build_spec([str(folder / "header.csv")], Case(**{**vars(case), "header": True}).options(), "fit")
    return refusal(case.method, traits_of(pose(spec))) is None


@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_what_is_promised_holds_for_every_kind(folder: Path, case: Case, caplog: pytest.LogCaptureFixture) -> None:
    if not usable(folder, case):
        with pytest.raises(gdsolve.GdsolveError, match=case.method):
            run(folder, case)
        return
    with caplog.at_level("INFO", logger="gdsolve"):
        found = run(folder, case, max_iter=600)
    assert found.data is not None
    assert found.data.has_header is case.header
    assert ("no header: the first line is data" in caplog.text) is not case.header
    # A line search may find no step at a corner of the loss, and says so.
    at_a_corner = found.status is Status.FAILED and not case.loss.info.smooth and not case.method.info.rated
    assert found.status in (Status.CONVERGED, Status.MAX_ITER) or at_a_corner, found.message
    assert (found.tol == 0.0) == (case.method.info.self_ending or found.schedule is RateSchedule.COSINE)
    certified(found)
    ten_digits(found, case)
    foreseen(found, case)
    if case.method.info.takes_rate and case.method.info.rated:
        typed_back(folder, case)
    # Advice is the same for every engine; at the corners of a loss what it says takes seconds.
    if found.status is Status.MAX_ITER and case.dtype == "float64" and case.engine is Engine.ROWS:
        followed(found)


def certified(found: gdsolve.Fit) -> None:
    """A minimum with how far it is, or the reason why none is known."""
    reasons = [one for one in found.advice if one.startswith("How far it is from a minimum is not known: ")]
    assert (found.optimum is None) == bool(reasons)
    assert (found.gap is None) == bool(reasons)


def ten_digits(found: gdsolve.Fit, case: Case) -> None:
    """Every weight is right to ten digits where a run without tolerances has converged, or it is said how far it is."""
    if found.status is not Status.CONVERGED or found.optimum is None or case.dtype == "float32":
        return
    reached = [*found.weights.values(), found.intercept]
    best = [*found.optimum.weights.values(), found.optimum.intercept]
    largest = max(abs(one) for one in best if one is not None)
    away = max(
        abs(one - other) / abs(other)
        for one, other in zip(reached, best, strict=True)
        if one is not None and other is not None and abs(other) > COUNTED * largest
    )
    said = "above its minimum" in found.message or any(
        re.search(r"small error|digits? of", one) for one in found.advice
    )
    assert away <= DIGITS or said, (away, found.message)


def foreseen(found: gdsolve.Fit, case: Case) -> None:
    """The iterations are known beforehand wherever there is a closed form."""
    closed = case.loss.info.squared and _closed(case.method)
    assert (found.predicted_iterations is not None) == closed
    assert (found.stable_below is not None) == closed
    if closed and found.status is Status.CONVERGED and case.dtype == "float64":
        assert found.iterations == found.predicted_iterations
    if closed and case.engine is Engine.LEAP:
        assert found.evaluations == 0


def typed_back(folder: Path, case: Case) -> None:
    """A rate that is far too large is told, with one below which all are stable: typed back, it is."""
    wild = run(folder, case, lr=1e6, max_iter=50)
    limits = re.findall(r"rates below (\S+) are stable", wild.message)
    if wild.stable_below is not None:
        assert wild.status is Status.DIVERGED
        assert len(limits) == 1
    for limit in limits:
        calm = run(folder, case, lr=float(limit), max_iter=150)
        assert calm.status in (Status.CONVERGED, Status.MAX_ITER), calm.message
        if not case.method.info.momentum:
            # With momentum a stable loss may rise for a while.
            assert calm.loss <= wild.trace.values[0] * (1.0 + 1e-6)


def followed(found: gdsolve.Fit) -> None:
    """The command of a run that did not converge is a fit that can be run, of the same table."""
    commands = [command for one in found.advice if (command := getattr(one, "command", None))]
    assert commands
    for command in commands:
        words = shlex.split(command)
        assert words[:2] == ["gdsolve", "fit"]
        if found.spec.loss.info.smooth:
            assert execute(words[1:]) in (ExitCode.OK, ExitCode.MAX_ITER), command


@pytest.mark.parametrize("engines", list(itertools.combinations(ENGINES, 2)), ids=str)
@pytest.mark.parametrize("method", [Method.GD, Method.MOMENTUM], ids=str)
def test_engines_agree_on_k_and_w(folder: Path, method: Method, engines: tuple[Engine, Engine]) -> None:
    one, other = (run(folder, Case(Loss.MSE, method, engine, "float64", True, True, False)) for engine in engines)
    assert one.iterations == other.iterations
    assert one.status is other.status is Status.CONVERGED
    assert one.weights == pytest.approx(other.weights, rel=1e-9)


RECURRENT = [{"method": "gd"}, {"method": "momentum"}, {"method": "nesterov", "momentum": 0.5}]


@pytest.mark.parametrize("options", RECURRENT, ids=str)
def test_the_engine_is_chosen_by_cost_and_the_updates_needed_are_told(folder: Path, options: dict[str, Any]) -> None:
    table = {"features": ["a", "b"], "target": "y", **options}
    found = gdsolve.fit(folder / "header.csv", **table)
    assert f"{found.predicted_iterations:,} updates predicted: " in found.plan.reason
    assert found.iterations == found.predicted_iterations
    slow = gdsolve.fit(folder / "header.csv", lr=1e-5, max_iter=10, **table)
    assert slow.status is Status.MAX_ITER
    told = next(one for one in slow.advice if one.startswith("Updates needed to converge"))
    needed = re.search(r": ([0-9,]+) at this rate \(1e-05\)", told)
    assert needed is not None
    enough = gdsolve.fit(folder / "header.csv", lr=1e-5, engine="leap", **table)
    assert (enough.status, f"{enough.iterations:,}") == (Status.CONVERGED, needed[1])


@pytest.mark.parametrize("form", ["half-mse", "huber", "momentum", "model"])
def test_a_column_that_float32_destroys_is_told_for_every_kind(
    tmp_path: Path, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    table = tmp_path / "far.csv"
    table.write_text("x,y\n" + "".join(f"{1e9 + i},{2.0 * i}\n" for i in range(40)))
    more = {
        "half-mse": {},
        "huber": {"loss": "huber"},
        "momentum": {"method": "momentum"},
        "model": {"model": "c*(x - 1e9) + d", "parameters": {"c": 1.0, "d": 0.0}},
    }[form]
    gdsolve.fit(table, dtype="float32", max_iter=50, **more)
    assert "rounding to float32 changes the spread of column 'x' from 11.5 to" in caplog.text
    assert "--dtype float64 keeps it" in caplog.text


@pytest.mark.parametrize("loss", list(Loss), ids=str)
def test_squares_beyond_float64_are_refused_for_every_loss(tmp_path: Path, loss: Loss) -> None:
    table = tmp_path / "big.csv"
    least = int(loss.info.target is Target.POSITIVE)
    table.write_text("x,y\n" + "".join(f"{i}e200,{i % 2 + least}\n" for i in range(1, 9)))
    with pytest.raises(gdsolve.DataError, match=r"big\.csv: column 'x': its squares are beyond float64") as caught:
        gdsolve.fit(table, loss=loss)
    assert caught.value.hint == "rescale it: other units, smaller numbers"
