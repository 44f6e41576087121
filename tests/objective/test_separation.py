"""Separated classes and counts: no minimum, whatever method runs, and what separates them is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import linprog

import gdsolve
from gdsolve.objective.pointwise import Logistic, Poisson
from gdsolve.objective.pointwise_rows import SmoothPointwiseRows
from gdsolve.objective.quadratic import Penalty
from gdsolve.objective.separation import find_separation
from gdsolve.status import ExitCode, Status

QUASI = "x,y\n" + "1,1\n" * 5 + "0,1\n" * 4 + "0,0\n" * 6
TIE = "x,y\n" + "".join(f"{x},{int(x > 20)}\n" for x in range(41)) + "20,1\n"
COUNTS = "g,y\n1,0\n1,0\n0,3\n0,2\n0,1\n"
FULL = "x,y\n1,0\n2,0\n3,0\n4,1\n5,1\n6,1\n"
ONE = "x,y\n1,1\n"
DEFICIENT = "a,b,y\n1,0,1\n1,0,1\n1,2,0\n1,1,0\n"
WIDE = "a,b,c,d,y\n1.1,-0.3,2.2,0.7,0\n-1.6,0.8,0.1,1.3,1\n1.4,-0.9,0.2,-2.0,0\n"
PAIR = "a,b,y\n0,1,0\n1,0,1\n2,1,1\n1,2,0\n3,3.5,0\n3,2,1\n5,4,1\n4,5,0\n"
OVERLAP = "x,y\n1,0\n2,0\n3,1\n2.5,0\n2.7,1\n2,1\n4,1\n3.5,0\n"
LOGISTIC = [
    (QUASI, "x alone separates the classes (y is 1 wherever x = 1)"),
    (TIE, "x alone separates the classes (y is 1 wherever x ≥ 21, and y is 0 wherever x ≤ 19)"),
    (FULL, "x alone separates the classes (y is 1 wherever x ≥ 4, and y is 0 wherever x ≤ 3)"),
    (ONE, "in all rows y is 1"),
    (DEFICIENT, "b alone separates the classes (y is 0 wherever b ≥ 1, and y is 1 wherever b = 0)"),
    (PAIR, "a combination of columns separates the classes (0.6 × a - b)"),
]
METHODS = ("newton", "lbfgs", "bb", "gd", "momentum", "nesterov", "adam", "rmsprop")


def saved(tmp_path: Path, text: str) -> Path:
    (tmp_path / "t.csv").write_text(text)
    return tmp_path / "t.csv"


@pytest.mark.parametrize(("text", "told"), LOGISTIC)
def test_what_separates_the_classes_is_named(tmp_path: Path, text: str, told: str) -> None:
    found = gdsolve.fit(saved(tmp_path, text), loss="logistic")
    assert (found.status, found.stopped_by, found.exit_code) == (Status.DIVERGED, "separated", ExitCode.DIVERGED)
    assert told in found.message
    assert found.message.count("the loss has no minimum") == 1
    assert (found.optimum, found.gap, found.spectrum) == (None, None, None)
    assert set(found.standard_errors.values()) == {None}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("text", "loss"), [(QUASI, "logistic"), (DEFICIENT, "logistic"), (COUNTS, "poisson")])
def test_no_method_converges_on_separated_rows(tmp_path: Path, text: str, loss: str, method: str) -> None:
    found = gdsolve.fit(saved(tmp_path, text), loss=loss, method=method, max_iter=200)
    assert (found.status, found.stopped_by) == (Status.DIVERGED, "separated")
    assert found.trace.iterations[-1] == found.iterations


@pytest.mark.parametrize("options", [{"lr": 0.5, "max_iter": 20}, {"scale": "none"}, {"dtype": "float32"}])
def test_separation_holds_in_all_coordinates_and_precisions(tmp_path: Path, options: dict[str, object]) -> None:
    for text, _ in LOGISTIC:
        found = gdsolve.fit(saved(tmp_path, text), loss="logistic", **options)
        assert found.status is Status.DIVERGED


def test_zero_counts_are_named(tmp_path: Path) -> None:
    found = gdsolve.fit(saved(tmp_path, COUNTS), loss="poisson")
    assert "g alone marks rows of zero counts only (y is 0 wherever g = 1)" in found.message
    none = gdsolve.fit(saved(tmp_path, "x,y\n1,0\n2,0\n"), loss="poisson")
    assert "in all rows y is 0" in none.message


def test_a_level_and_the_words_of_the_classes(tmp_path: Path) -> None:
    text = "g,x,y\nb,1,no\nb,2,no\na,3,yes\na,1,no\na,2,yes\na,4,no\nc,1,yes\nc,5,no\nc,2,no\n"
    found = gdsolve.fit(saved(tmp_path, text), loss="logistic", categorical="onehot", target="y")
    assert "g=b alone separates the classes (y is no wherever g=b)" in found.message


def test_rows_without_weight_overlap_nothing(tmp_path: Path) -> None:
    text = "x,w,y\n" + "".join(f"{x},1,{int(x > 3)}\n" for x in range(1, 7)) + "1,0,1\n6,0,0\n"
    found = gdsolve.fit(saved(tmp_path, text), loss="logistic", weight="w")
    assert "x alone separates the classes" in found.message
    overlapping = text.replace("1,0,1", "1,0.5,1").replace("6,0,0", "6,0.5,0")
    counted = gdsolve.fit(saved(tmp_path, overlapping), loss="logistic", weight="w")
    assert counted.status is Status.CONVERGED


def test_as_many_weights_as_rows(tmp_path: Path) -> None:
    text = WIDE.replace("-1.6", "1.2")
    found = gdsolve.fit(saved(tmp_path, text), loss="logistic", no_intercept=True)
    assert found.status is Status.DIVERGED


@pytest.mark.parametrize(("text", "told"), LOGISTIC)
def test_the_ridge_that_is_advised_ends_well(tmp_path: Path, text: str, told: str) -> None:
    path = saved(tmp_path, text)
    found = gdsolve.fit(path, loss="logistic", method="gd", lr=0.5, max_iter=10)
    (command,) = [one.command for one in found.advice if one.command]
    assert "--ridge 1" in command
    alone = "--penalize-intercept" in command
    assert alone == ("in all rows" in told)
    mended = gdsolve.fit(path, loss="logistic", ridge=1.0, penalize_intercept=alone)
    assert mended.status is Status.CONVERGED
    assert mended.optimum is not None
    assert mended.optimum.unique


def test_a_ridge_penalty_does_not_hold_the_intercept_of_one_class(tmp_path: Path) -> None:
    found = gdsolve.fit(saved(tmp_path, "x,y\n1,1\n2,1\n4,1\n"), loss="logistic", ridge=1.0)
    assert found.status is Status.DIVERGED
    assert "in all rows y is 1" in found.message


@pytest.mark.parametrize("distance", [1e-3, 1e-6, 1e-9])
def test_an_overlap_however_small_is_a_fit(distance: float) -> None:
    """The classes overlap by two pairs of rows `2·distance` apart, along a direction of two columns."""
    rng = np.random.default_rng(1)
    along = np.concatenate([np.linspace(-2.0, -0.5, 8), np.linspace(0.5, 2.0, 8), 2 * [distance, -distance]])
    y = np.concatenate([np.zeros(8), np.ones(8), 2 * [0.0, 1.0]])
    across = np.concatenate([rng.normal(size=16), [-3.0, -3.0, 3.0, 3.0]])
    design = np.column_stack([along + across, along - across])
    assert _separation(design, y, Logistic()) is None
    assert _separation(design[:-4], y[:-4], Logistic()) is not None


def test_an_overlap_converges(tmp_path: Path) -> None:
    found = gdsolve.fit(saved(tmp_path, OVERLAP), loss="logistic")
    assert found.status is Status.CONVERGED
    assert found.optimum is not None
    assert found.optimum.unique


@pytest.mark.parametrize("seed", range(3))
def test_separation_is_what_a_linear_program_on_whole_numbers_finds(seed: int) -> None:
    rng, seen = np.random.default_rng(seed), set()
    for k in range(40):
        m, n = int(rng.integers(2, 20)), int(rng.integers(1, 5))
        design = rng.integers(-2, 3, size=(m, n)).astype(float)
        z = design @ rng.integers(-2, 3, size=n)
        y = np.where(z == 0, rng.integers(0, 2, size=m), z > 0).astype(float)
        if k % 2:
            y *= rng.integers(1, 4, size=m)
        scaled = design * 10.0 ** rng.integers(-6, 7, size=n)
        loss = Poisson() if k % 2 else Logistic()
        expected = _separable(np.column_stack([design, np.ones(m)]), y, counts=bool(k % 2))
        assert (_separation(scaled, y, loss) is not None) == expected
        seen.add(expected)
    assert seen == {True, False}


def _separation(design: np.ndarray, y: np.ndarray, loss: Logistic | Poisson) -> object:
    x = torch.from_numpy(np.column_stack([design, np.ones(len(design))]))
    nothing = Penalty.none(x.shape[1], x)
    rows = SmoothPointwiseRows(x, torch.from_numpy(y)[:, None], None, nothing, loss, float(len(y)))
    start = torch.zeros(x.shape[1], 1, dtype=torch.float64)
    return find_separation(rows, start, intercept=True, penalised=False)


def _separable(x: np.ndarray, y: np.ndarray, *, counts: bool) -> bool:
    toward, still = (-x[y == 0], x[y > 0]) if counts else ((2 * y - 1)[:, None] * x, x[:0])
    if not len(toward):
        return False
    equal = {"A_eq": still, "b_eq": np.zeros(len(still))} if len(still) else {}
    found = linprog(-toward.sum(axis=0), A_ub=-toward, b_ub=np.zeros(len(toward)), bounds=(-1, 1), **equal)
    return bool(-found.fun > 1e-6)


def test_check_and_comparisons_tell_it(tmp_path: Path) -> None:
    path = saved(tmp_path, QUASI)
    looked = gdsolve.check(path, loss="logistic")
    assert any("x alone separates the classes" in one.message for one in looked.findings)
    assert "--ridge" in looked.commands[0]
    held = gdsolve.check(path, loss="logistic", ridge=1.0)
    assert not any("separates" in one.message for one in held.findings)
    methods = gdsolve.compare(path, loss="logistic", methods=("newton", "lbfgs"))
    assert {one.status for one in methods.methods} == {Status.DIVERGED}
    assert methods.optimum is None
    rates = gdsolve.compare_lr(path, loss="logistic", lr=(0.1, 1.0), max_iter=50)
    assert {one.status for one in rates.rates} == {Status.DIVERGED}
    for compared in (methods, rates):
        assert any("--ridge 1" in str(one.command) for one in compared.advice)


def test_weights_of_wildly_different_units_are_unique(tmp_path: Path) -> None:
    """Curvature is compared with what the rows tell apart, not between columns."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 3))
    y = (rng.random(200) < 1.0 / (1.0 + np.exp(x[:, 1] - x[:, 0]))).astype(int)
    scaled = x * [1e-6, 1e6, 1.0] + [0.0, 1e7, 0.0]
    lines = [f"{a!r},{b!r},{c!r},{d}" for (a, b, c), d in zip(scaled.tolist(), y.tolist(), strict=True)]
    path = saved(tmp_path, "\n".join(["a,b,c,y", *lines]))
    usual = gdsolve.fit(path, loss="logistic")
    for options in ({"scale": "none"}, {"ridge": 1e-6}, {"ridge": 1.0}):
        for loss in ("logistic", "poisson", "huber", "logcosh"):
            found = gdsolve.fit(path, loss=loss, **options)
            assert found.optimum is not None
            assert found.optimum.unique
            assert found.spectrum is not None
            assert found.spectrum.rank == 4
    raw = gdsolve.fit(path, loss="logistic", scale="none")
    assert raw.status is Status.CONVERGED
    assert raw.weights == pytest.approx(usual.weights, rel=1e-6)


def test_columns_that_are_one_are_not_unique(tmp_path: Path) -> None:
    doubled = "\n".join(f"{line},{'z' if line[0] == 'x' else line.split(',')[0]}" for line in OVERLAP.split())
    found = gdsolve.fit(saved(tmp_path, doubled), loss="logistic", target="y")
    assert found.status is Status.CONVERGED
    assert found.optimum is not None
    assert not found.optimum.unique
