"""Losses that are no squares through `fit`: weights, ridge and scaling, rates found or backtracked, and Ctrl-C."""

from __future__ import annotations

import itertools
import signal
import subprocess
from pathlib import Path

import forked
import numpy as np
import pytest
import torch
from loss_targets import target_of
from scipy.optimize import linprog

import gdsolve
from gdsolve.objective.pointwise import POINTWISE
from gdsolve.spec import Loss, Method, RateSchedule, Spec
from gdsolve.spec.losses import LOSS_PARAMETERS, Target
from gdsolve.status import ExitCode, GdsolveError, Status

SMOOTH = tuple(loss for loss in POINTWISE if loss.info.smooth)
NONSMOOTH = tuple(loss for loss in POINTWISE if not loss.info.smooth)


@pytest.fixture
def table(tmp_path: Path) -> dict[Loss, Path]:
    """One table a loss: two features of different scale, whole row weights, and a target that suits."""
    rng = np.random.default_rng(3)
    x = np.column_stack([rng.normal(size=40), 100.0 + 30.0 * rng.normal(size=40)])
    z = 0.8 * x[:, 0] + 0.01 * (x[:, 1] - 100.0)
    weight = rng.integers(1, 4, size=40)
    targets = {kind: target_of(kind, z, rng) for kind in Target}
    targets[Target.CLASSES] = np.digitize(z + rng.logistic(size=40), [-1.0, 1.0]).astype(float)
    paths = {}
    for loss in Loss:
        y = targets[loss.info.target]
        paths[loss] = tmp_path / f"{loss.value}.csv"
        rows = [f"{a!r},{b!r},{c},{d!r}" for (a, b), c, d in zip(x.tolist(), weight, y.tolist(), strict=True)]
        paths[loss].write_text("\n".join(["a,b,share,y", *rows]))
    return paths


@pytest.mark.parametrize("loss", SMOOTH)
def test_scaling_never_moves_the_minimum(table: dict[Loss, Path], loss: Loss) -> None:
    options = {"loss": loss, "ignore": ("share",), "method": "newton", "ridge": 2.0}
    standard = gdsolve.fit(table[loss], **options, scale="standard")
    raw = gdsolve.fit(table[loss], **options, scale="none")
    assert (standard.status, raw.status) == (Status.CONVERGED, Status.CONVERGED)
    assert standard.weights == pytest.approx(raw.weights, rel=1e-8)
    assert standard.loss == pytest.approx(raw.loss, rel=1e-12)
    assert standard.optimum is not None
    assert standard.optimum.is_global


@pytest.mark.parametrize("loss", SMOOTH)
def test_a_weight_of_two_is_the_row_twice(table: dict[Loss, Path], tmp_path: Path, loss: Loss) -> None:
    header, *rows = table[loss].read_text().splitlines()
    twice = tmp_path / "twice.csv"
    twice.write_text("\n".join([header, *(row for row in rows for _ in range(int(row.split(",")[2])))]))
    weighted = gdsolve.fit(table[loss], loss=loss, weight="share", ridge=1.0)
    repeated = gdsolve.fit(twice, loss=loss, ignore=("share",), ridge=1.0)
    assert weighted.weights == pytest.approx(repeated.weights, rel=1e-7)
    assert weighted.loss == pytest.approx(repeated.loss, rel=1e-12)


@pytest.mark.parametrize("loss", SMOOTH)
def test_ridge_is_on_the_scale_of_the_sum(table: dict[Loss, Path], loss: Loss) -> None:
    """At the minimum Σ∂l/∂z·x + λw = 0 for every penalised weight, whatever m is."""
    found = gdsolve.fit(table[loss], loss=loss, ignore=("share",), ridge=3.0)
    rows = np.loadtxt(table[loss], delimiter=",", skiprows=1)
    z = rows[:, :2] @ np.array([found.weights["a"], found.weights["b"]]) + found.intercept
    slope = POINTWISE[loss].of(found.spec).loss_and_slope(torch.from_numpy(z), torch.from_numpy(rows[:, 3]))[1].numpy()
    assert slope @ rows[:, 0] + 3.0 * found.weights["a"] == pytest.approx(0.0, abs=1e-6)
    assert slope.sum() == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("loss", SMOOTH)
def test_the_rate_is_bounded_or_found(table: dict[Loss, Path], loss: Loss) -> None:
    schedule, reason = RateSchedule.CONSTANT, "1/L, L an upper bound of the curvature"
    if POINTWISE[loss].largest_curvature is None:
        schedule = RateSchedule.BACKTRACKING
        reason = "backtracking finds its rate, as no bound on the curvature is known"
    found = gdsolve.fit(table[loss], loss=loss, ignore=("share",), method="gd")
    assert (found.status, found.schedule) == (Status.CONVERGED, schedule)
    assert found.plan.reason == f"gd: asked for with --method; {reason}"
    assert found.optimum is not None
    assert found.weights == pytest.approx(found.optimum.weights, rel=1e-4)
    values = found.trace.values
    # Past the digits of the loss it may move by its rounding.
    assert all(later <= earlier + 1e-14 * abs(earlier) for earlier, later in itertools.pairwise(values))


@pytest.mark.parametrize("loss", SMOOTH)
@pytest.mark.parametrize("method", [one for one in Method.all() if one.info.settles and not one.info.needs])
def test_every_method_reaches_the_same_minimum(table: dict[Loss, Path], loss: Loss, method: Method) -> None:
    best = gdsolve.fit(table[loss], loss=loss, ignore=("share",)).optimum
    found = gdsolve.fit(table[loss], loss=loss, ignore=("share",), method=method)
    assert best is not None
    assert found.status is Status.CONVERGED
    assert found.weights == pytest.approx(best.weights, rel=1e-4)


@pytest.mark.parametrize("loss", NONSMOOTH)
def test_corners_are_certified_by_linear_programming(table: dict[Loss, Path], loss: Loss) -> None:
    options = {own.name: 0.8 for own in LOSS_PARAMETERS if own == loss.info.parameter}
    level = POINTWISE[loss].of(Spec(**options)).level
    found = gdsolve.fit(table[loss], loss=loss, ignore=("share",), max_iter=300, **options)
    rows = np.loadtxt(table[loss], delimiter=",", skiprows=1)
    X, y = np.column_stack([rows[:, :2], np.ones(len(rows))]), rows[:, 3]
    m, ones = len(y), np.ones(len(y))
    equations = np.column_stack([X, np.eye(m), -np.eye(m)])
    costs = np.concatenate([np.zeros(3), level * ones, (1.0 - level) * ones])
    primal = linprog(costs, A_eq=equations, b_eq=y, bounds=[(None, None)] * 3 + [(0, None)] * (2 * m))
    factor = 2.0 if loss is Loss.ABSOLUTE else 1.0
    assert found.optimum is not None
    assert found.optimum.loss == pytest.approx(factor * primal.fun / m, rel=1e-10)
    assert found.method is Method.ADAM
    assert found.gap is not None
    assert 0.0 <= found.gap < 0.05 * found.loss


@pytest.mark.parametrize("loss", SMOOTH)
def test_float32_reaches_its_own_digits(table: dict[Loss, Path], loss: Loss) -> None:
    double = gdsolve.fit(table[loss], loss=loss, ignore=("share",))
    single = gdsolve.fit(table[loss], loss=loss, ignore=("share",), dtype="float32")
    assert single.status is Status.CONVERGED
    assert single.loss == pytest.approx(double.loss, rel=1e-5)


def test_newton_needs_curvature(table: dict[Loss, Path]) -> None:
    with pytest.raises(GdsolveError, match="newton needs second derivatives"):
        gdsolve.fit(table[Loss.QUANTILE], loss="quantile", ignore=("share",), method="newton")


def test_ctrl_c_prints_what_was_reached() -> None:
    words = [
        "fit",
        "--minimize",
        "(1 - a)**2 + 100*(b - a**2)**2",
        "--start",
        "a=-1.2,b=1",
        "--lr",
        "1e-9",
        "--tol",
        "0",
    ]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = forked.start(*words, code=forked.TELLS_STEP, text=True, **streams)
    assert process.stderr is not None
    while "a thousand steps" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (ExitCode.INTERRUPTED, "")
    assert "INTERRUPTED after " in out
    assert "parameter" in out
