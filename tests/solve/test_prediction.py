"""How long a descent is predicted to take: by a machine that is given, and by this one where somebody reads it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
import torch

import gdsolve
from gdsolve.cli.main import run
from gdsolve.solve import machine as machines
from gdsolve.solve import prediction, read
from gdsolve.solve.machine import Assumed, Measured, measured
from gdsolve.solve.prediction import ENGINES, Prediction, Work, predicted_seconds
from gdsolve.solve.words import duration
from gdsolve.spec import Engine

SLOW = Assumed(1.0, 2.0, 4.0, near=1e-6, far=1e-5, sent=1e-3, multiplied=1e-4, search=100.0)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "under 1 ms"),
        (9.99e-4, "under 1 ms"),
        (1e-3, "1 ms"),
        (1.34e-3, "1.2 ms"),
        (0.0123, "12 ms"),
        (0.97, "1 s"),
        (20.4, "20 s"),
        (59.0, "1 min"),
        (3_000.0, "50 min"),
        (7_300.0, "2 hours"),
        (1e5, "1.2 days"),
        (3e12, "100,000 years"),
        (float("inf"), "for ever"),
    ],
)
def test_a_duration_has_a_digit_or_two(seconds: float, told: str) -> None:
    assert duration(seconds) == told


@pytest.mark.parametrize("power", range(-3, 12))
def test_a_duration_is_that_to_a_seventh(power: int) -> None:
    sizes = {"ms": 1e-3, "s": 1.0, "min": 60.0, "hours": 3600.0, "days": 86_400.0, "years": 3.156e7}
    for seconds in np.geomspace(10.0**power, 10.0 ** (power + 1), 50):
        count, unit = duration(float(seconds)).split()
        assert 6 / 7.5 < float(count.replace(",", "")) * sizes[unit] / seconds < 7.5 / 6, seconds


@pytest.mark.parametrize(
    ("engine", "seconds"),
    [
        # 11 evaluations of 4 × 3 numbers, their 5 reported errors, and a beginning of ten.
        (Engine.TRIANGLE, 10.0 + 11 * (1.0 + 12e-6) + 5 * 12e-4),
        (Engine.ROWS, 10.0 + 11 * (2.0 + 300e-6) + 5 * 300e-4 + 400e-3),
        (Engine.AUTOGRAD, 10.0 + 11 * (4.0 + 300e-6) + 5 * 300e-4 + 400e-3),
        (Engine.LEAP, 100.0 + 4 * 5 * 12e-4),
    ],
)
def test_a_prediction_is_the_sum_of_its_parts(engine: Engine, seconds: float) -> None:
    work = Work(rows=100, p=3, iterations=10, reported=5)
    assert predicted_seconds(engine, work, SLOW) == pytest.approx(seconds, rel=1e-12)
    large = replace(work, rows=1_000_000)
    each = predicted_seconds(Engine.ROWS, replace(large, iterations=None), SLOW)
    assert each == pytest.approx(2.0 + 3_000_000 * 1e-5)


@pytest.mark.parametrize("there", [True, False])
def test_code_that_is_compiled_for_long_runs_is_in_the_prediction(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    monkeypatch.setattr(prediction, "has_compiler", lambda: there)
    long = Work(rows=1_000_000, p=10, iterations=1_000, reported=0)
    for work in (replace(long, iterations=100), replace(long, rows=100_000), replace(long, device="meta")):
        seconds = predicted_seconds(Engine.ROWS, work, SLOW)
        assert seconds == pytest.approx(10.0 + _plain(work))
    each = 2.0 + (0.6 if there else 1.0) * 10**7 * 1e-5
    expected = 10.0 + 1001 * each + (prediction.COMPILING if there else 0.0) + 11 * 1_000_000 * 1e-3
    assert predicted_seconds(Engine.ROWS, long, SLOW) == pytest.approx(expected)


def _plain(work: Work) -> float:
    """The updates of a run on rows that is not compiled, with its start, and its rows brought into place."""
    assert work.iterations is not None
    each = 2.0 + work.rows * work.p * 1e-5
    return (work.iterations + 1) * each + work.rows * (work.p + 1) * 1e-3


def test_what_is_not_known_of_a_run_is_not_told() -> None:
    work = Work(rows=100, p=3, iterations=None, reported=0)
    others = (Engine.TRIANGLE,)
    assert (
        Prediction(Engine.ROWS, others, work).on(SLOW) == "an update predicted: 2 s against 1 s with --engine triangle"
    )
    most = replace(work, iterations=1, at_most=True)
    assert Prediction(Engine.LEAP, (), most).on(SLOW) == "at most 1 update predicted: 1.5 min"


def test_a_plan_says_what_every_engine_would_take() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(30, 2))
    y = X @ [1.0, 2.0] + rng.normal(size=30)
    for engine in (Engine.AUTO, *ENGINES, Engine.AUTOGRAD):
        reason = gdsolve.fit(X, y, engine=engine, lr=1e-3, max_iter=1000, tol=0).plan.reason
        assert "1,000 updates predicted: " in reason
        chosen = Engine.LEAP if engine is Engine.AUTO else engine
        told = re.findall(r"with --engine (\w+)", reason.partition("predicted")[2])
        assert told == [one.value for one in ENGINES if one is not chosen]
    adam = gdsolve.fit(X, y, engine="rows", method="adam", lr=0.1, max_iter=50).plan.reason
    assert "; at most 50 updates predicted: " in adam
    assert "leap" not in adam


def test_a_sentence_is_that_of_the_precision_and_the_threads_of_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, torch.dtype, int]] = []
    monkeypatch.setattr(prediction, "measured", lambda *which: asked.append(which) or SLOW)
    X = [[1.0], [3.0], [4.0]]
    found = gdsolve.fit(X, [2.0, 4.0, 3.0], dtype="float32", engine="rows", max_iter=10)
    assert asked == []
    assert " min with --engine triangle" in found.plan.reason
    assert asked == [("cpu", torch.float32, torch.get_num_threads())]


@pytest.mark.parametrize(
    ("words", "reads"),
    [
        ((), False),
        (("--plot",), False),
        (("--quiet",), False),
        (("--verbose",), True),
        (("--format", "json"), True),
        (("--save", "model.json"), True),
    ],
)
def test_nothing_is_measured_that_nobody_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], reads: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("two.csv").write_text("x,y\n1,2\n3,4\n")
    asked: list[Any] = []
    monkeypatch.setattr(prediction, "measured", lambda *which: asked.append(which) or SLOW)
    assert run(["fit", "two.csv", *words]) == 0
    assert bool(asked) == reads


def test_a_figure_is_timed_once_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    timed: list[float] = []
    real = machines._seconds

    def count(work: Callable[[], object]) -> float:
        timed.append(real(work))
        return timed[-1]

    monkeypatch.setattr(machines, "_seconds", count)
    for cached in (machines._seconds_of_update, machines._multiplied, machines._sent):
        cached.cache_clear()
    work = Work(rows=100, p=4, iterations=1000, reported=20, search=1e-3)
    first = {engine: predicted_seconds(engine, work, measured("cpu", torch.float64, 1)) for engine in ENGINES}
    # A small table is told of by what an update costs beside its arithmetic: of the triangle, and of rows.
    assert 4 * machines.ROUNDS <= len(timed) <= 4 * machines.MOST_ROUNDS
    count_once = len(timed)
    again = {
        engine: predicted_seconds(engine, replace(work, rows=rows), measured("cpu", torch.float64, 1))
        for engine in ENGINES
        for rows in (90, 100)
    }
    assert again == first
    assert len(timed) == count_once


def test_between_what_is_timed_costs_are_interpolated(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine whose updates take 1 s and 1 s more for every 2¹⁰ rows, what is told never strays far from that."""
    monkeypatch.setattr(machines, "_seconds_of_update", lambda _machine, _engine, rows, _width: 1.0 + rows / 1024)
    one = Measured("cpu", torch.float64, 2)
    told = [one.update(Engine.ROWS, rows, 16) for rows in (1, 100, 300, 1024, 3000, 10**5, 10**7)]
    for rows, seconds in zip((1, 100, 300, 1024, 3000, 10**5, 10**7), told, strict=True):
        assert 1 / 1.5 < seconds / (1.0 + rows / 1024) < 1.5, rows
    assert told == sorted(told)
    # Twice as many columns: as much again.
    narrow, wide = (one.update(Engine.ROWS, 10**7, p) - 1.0 for p in (16, 30))
    assert wide / narrow == pytest.approx(32 / 18, rel=0.02)


def test_what_large_rows_will_take_is_told_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("two.csv").write_text("x,y\n1,2\n3,4\n5,5\n")
    monkeypatch.setattr(prediction, "measured", lambda *_: SLOW)

    def told(*words: str) -> list[str]:
        assert run(["fit", "two.csv", "--engine", "rows", "--verbose", *words]) in (0, 3)
        lines = capsys.readouterr().err.splitlines()
        before = lines[: next(place for place, line in enumerate(lines) if "rows read" in line)]
        return [line for line in before if "predicted" in line]

    assert told() == []
    monkeypatch.setattr(read, "LARGE", 1)
    assert told() == ["gdsolve: engine rows: an update predicted: 2 s"]
    # 6 evaluations, a beginning of ten updates of the triangle, 6 errors, and 6 numbers on their way a row.
    assert told("--max-iter", "5") == ["gdsolve: engine rows: at most 5 updates predicted: 20 s"]
    assert run(["fit", "two.csv", "--engine", "rows"]) == 0
    assert "predicted" not in capsys.readouterr().err


def test_the_seconds_of_a_descent_are_what_was_predicted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the plan nor the certificate: they cost what they cost, by any engine."""
    from gdsolve.solve import fit_problem

    clock = [1000.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])

    def late(real: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **named: Any) -> Any:
            clock[0] += 0.05
            return real(*given, **named)

        return called

    for name in ("plan_descent", "certify"):
        monkeypatch.setattr(fit_problem, name, late(getattr(fit_problem, name)))
    found = gdsolve.fit([[1.0], [3.0]], [2.0, 4.0])
    assert found.seconds["descend"] == 0.0
    assert found.seconds["total"] == pytest.approx(0.1)


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.mark.cuda
@needs_cuda
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("engine", ["leap", "triangle", "rows", "autograd"])
def test_cuda_takes_what_is_predicted_to_a_factor_of_three(engine: str, dtype: str) -> None:
    rng = np.random.default_rng(5)
    for m, n, k in ((1_000, 5, 1_000), (10_000, 10, 2_000), (1_000_000, 20, 500)):
        X = rng.normal(size=(m, n))
        y = X @ np.arange(1.0, n + 1.0) + rng.normal(size=m)
        options = {"engine": engine, "dtype": dtype, "device": "cuda", "lr": 1e-3, "max_iter": k, "tol": 0}
        fits = [gdsolve.fit(X, y, **options) for _ in range(4)]
        (told,) = (part for part in fits[-1].plan.why if isinstance(part, Prediction))
        assert told.work.device == "cuda"
        expected = predicted_seconds(told.engine, told.work, measured("cuda", told.work.dtype, told.work.threads))
        taken = median(one.seconds["descend"] for one in fits[1:])
        # What is told as "under 1 ms" is no more than that.
        assert max(taken, 1e-3) / 3 < max(expected, 1e-3) < 3 * max(taken, 1e-3), (m, n, k, expected, taken)


@pytest.mark.parametrize("p", [1, 7, 300, 20_000, 200_000])
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 15, 16, 17, 1000, 100_000])
@pytest.mark.parametrize("engine", ENGINES)
def test_an_update_of_any_shape_is_told_by_those_that_are_timed(
    engine: Engine, rows: int, p: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a machine that takes a microsecond and a nanosecond a number, whatever the height."""
    monkeypatch.setattr(machines, "_seconds_of_update", lambda _, __, height, width: 1e-6 + 1e-9 * height * width)
    told = Measured("cpu", torch.float64, 2).update(engine, rows, p)
    assert 0.4 < told / (1e-6 + 1e-9 * rows * p) < 2.5
