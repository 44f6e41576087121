"""The compiled walk over all rows: the figures of the plain one, the same bits at any number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import gdsolve
from gdsolve.objective import compiled_walk, walks
from gdsolve.objective.compiled_walk import CompiledWalk
from gdsolve.objective.elementwise import Rowwise, squares
from gdsolve.objective.pointwise import Huber, Logistic
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.quadratic import Penalty
from gdsolve.objective.row_blocks import Walk
from gdsolve.objective.rows import Rows
from gdsolve.solve import descend

pytest.importorskip("numba")

CPU = torch.device("cpu")
EPSILON = np.finfo(np.float64).eps


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Small tables are walked by compiled code as well."""
    monkeypatch.setattr(compiled_walk, "LEAST_NUMBERS", 0)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def design_of(m: int, p: int, dtype: torch.dtype, *, by_columns: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """A design (m, p), its columns or its rows runs of memory, and a target of 0 and 1, (m, 1)."""
    random = torch.Generator().manual_seed(m + p)
    dense = torch.randn(p, m, dtype=dtype, generator=random, device=CPU)
    target = torch.rand(m, 1, dtype=dtype, generator=random, device=CPU).round()
    apart = torch.empty_strided((m, p), (1, m + 5), dtype=dtype, device=CPU)
    return (apart.copy_(dense.T) if by_columns else dense.T.contiguous()), target


def plain(loss: Rowwise, design: torch.Tensor, w: torch.Tensor, target: torch.Tensor) -> tuple[Any, Any]:
    """Σ l and Xᵀ·∂l/∂z, row by row in float64."""
    exact = design.to(torch.float64)
    values, slopes = loss(exact @ w.to(torch.float64), target.to(torch.float64))
    return values.sum(), exact.T @ slopes


@pytest.mark.parametrize("name", ["exp", "expm1", "log1p", "sinh", "tanh"])
def test_elementary_functions_are_right_to_two_units_in_the_last_place(name: str) -> None:
    from gdsolve.objective import elementary

    function, expected = getattr(elementary, name), getattr(np, name)
    random = np.random.default_rng(3)
    widths = [1e-9, 1e-3, 0.5] + ([] if name == "log1p" else [1.0, 30.0, 700.0])
    numbers = np.concatenate([random.uniform(-width, width, 400) for width in widths])
    if name == "log1p":
        numbers = np.concatenate([numbers, random.uniform(0, 1e300, 400), 10.0 ** random.uniform(-300, 300, 400)])
    found = np.array([function(number) for number in numbers])
    with np.errstate(all="ignore"):
        apart = np.abs(found - expected(numbers)) / np.abs(expected(numbers))
        assert np.nanmax(apart) <= 2 * EPSILON
        ends = np.array([0.0, -1.0, 709.0, 709.7, 709.8, -745.2, -2000.0, 2000.0, np.inf, -np.inf, np.nan])
        assert np.array([function(end) for end in ends]) == pytest.approx(expected(ends), rel=4 * EPSILON, nan_ok=True)


CASES = {
    "squares": (squares, torch.float64, True),
    "logistic": (Logistic().loss_and_slope, torch.float64, True),
    "huber-float32-by-rows": (Huber(0.3).loss_and_slope, torch.float32, False),
}


@pytest.mark.parametrize("m", [1, 127, 8192, 20_011])
@pytest.mark.parametrize("p", [1, 7, 19])
@pytest.mark.parametrize("name", CASES)
def test_the_figures_are_those_of_the_formula_and_the_bits_the_same_on_1_2_3_and_8_threads(
    name: str, p: int, m: int
) -> None:
    loss, dtype, by_columns = CASES[name]
    design, target = design_of(m, p, dtype, by_columns=by_columns)
    w = torch.linspace(-1.0, 1.0, p, dtype=dtype, device=CPU)[:, None]
    found = []
    for threads in (1, 2, 3, 8):
        torch.set_num_threads(threads)
        walk = compiled_walk.compiled_walk(loss, design, target)
        assert walk is not None
        found.append(walk.sums(w, None))  # type: ignore[arg-type]
    value, gradient = plain(loss, design, w, target)
    close = 1e-12 if dtype == torch.float64 else 1e-5
    scale = float(design.abs().sum())
    assert float(found[0][0]) == pytest.approx(float(value), rel=close, abs=close)
    assert float((found[0][1] - gradient).abs().max()) <= close * scale
    for value, gradient in found[1:]:
        assert torch.equal(value, found[0][0])
        assert torch.equal(gradient, found[0][1])


def test_weights_count_as_in_the_plain_walk_and_what_is_not_finite_stays_so() -> None:
    design, target = design_of(3000, 4, torch.float64, by_columns=True)
    weight = torch.linspace(0.1, 2.0, 3000, dtype=torch.float64, device=CPU)[:, None]
    own = Penalty.none(4, design)
    rows = PointwiseRows(design, target, weight, own, Logistic(), float(weight.sum()))
    hastened = rows.hastened()
    assert isinstance(rows._walk, Walk)
    assert isinstance(hastened._walk, CompiledWalk)
    w = torch.tensor([[0.3], [-2.0], [40.0], [0.0]], dtype=torch.float64, device=CPU)
    one, other = rows.evaluate(w), hastened.evaluate(w)
    assert float(one.value) == pytest.approx(float(other.value), rel=1e-13)
    assert torch.allclose(one.gradient, other.gradient, rtol=1e-12, atol=1e-14)
    for wrong in (torch.inf, torch.nan):
        assert not bool(hastened.evaluate(w * wrong).value.isfinite())


def test_a_fit_takes_the_same_course_with_it_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descend, "REPAID", 0)
    random = np.random.default_rng(5)
    X = random.normal(size=(400, 3))
    y = X @ [1.0, -2.0, 0.5] + 0.1 * random.normal(size=400)
    made: list[CompiledWalk | None] = []
    original = walks.compiled_walk

    def making(*args: Any, **named: Any) -> CompiledWalk | None:
        made.append(original(*args, **named))
        return made[-1]

    monkeypatch.setattr(walks, "compiled_walk", making)
    compiled = gdsolve.fit(X, y, engine="rows", lr=0.3)
    assert isinstance(made[0], CompiledWalk)
    monkeypatch.setattr(compiled_walk, "has_compiler", lambda: False)
    without = gdsolve.fit(X, y, engine="rows", lr=0.3)
    assert made[-1] is None
    assert (compiled.status, compiled.iterations) == (without.status, without.iterations)
    assert compiled.sse == pytest.approx(without.sse, rel=1e-13)
    assert list(compiled.weights.values()) == pytest.approx(list(without.weights.values()), rel=1e-12)


def test_few_updates_and_other_ways_of_descent_compile_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Rows] = []
    monkeypatch.setattr(Rows, "hastened", lambda rows: made.append(rows) or rows)  # type: ignore[func-returns-value]
    X, y = [[1.0], [2.0], [4.0]], [1.0, 2.5, 3.0]
    gdsolve.fit(X, y, engine="rows", lr=0.1, max_iter=5)
    gdsolve.fit(X, y, engine="rows", method="lbfgs")
    assert made == []
    monkeypatch.setattr(descend, "REPAID", 0)
    gdsolve.fit(X, y, engine="rows", lr=0.1, max_iter=5)
    assert len(made) == 1
