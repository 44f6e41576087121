"""A group is fitted as if it were alone: same k, same status, same weights as a fit of its rows."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st

import gdsolve
from gdsolve.objective import group_merge
from gdsolve.objective.group_merge import build_group_triangles
from gdsolve.objective.triangle import build_triangle
from gdsolve.status import GdsolveError, Status

NAMES = ["g", "a", "b", "c"]


def tables() -> dict[str, np.ndarray]:
    """Rows (a, b, c, y, weight) of groups of every kind."""
    rng = np.random.default_rng(7)

    def rows(m: int) -> np.ndarray:
        X = rng.normal(size=(m, 3)) * [1.0, 0.5, 2.0] + [0.5, -1.0, 3.0]
        y = X @ rng.normal(size=3) + 1.5 + 0.3 * rng.normal(size=m)
        return np.column_stack([X, y, rng.uniform(0.5, 2.0, size=m)])

    kinds = {"1": rows(40), "2": rows(7), "3": rows(3), "4": rows(1), "5": rows(2)}
    kinds["6"] = rows(20)
    kinds["6"][:, 1] = 2.0 * kinds["6"][:, 0] - 1.0
    kinds["7"] = rows(12)
    kinds["7"][:, 3] = 4.25
    kinds["8"] = rows(15)
    kinds["8"][:, 2] = 7.0
    kinds["9"] = rows(10) * [1.0, 100.0, 0.01, 1.0, 1.0]
    kinds["10"] = rows(30)
    kinds["10"][:, 0] += 1e6
    kinds["12"] = rows(2)
    kinds["12"][:, 0] = 0.0
    kinds["11"] = rows(6)
    kinds["11"][:, :4] = 0.0
    return kinds


TABLES = tables()


def together(**options: Any) -> Any:
    """All groups in one fit, their rows shuffled."""
    stacked = np.concatenate([np.column_stack([np.full(len(t), float(g)), t]) for g, t in TABLES.items()])
    stacked = stacked[np.random.default_rng(3).permutation(len(stacked))]
    return gdsolve.fit(
        stacked[:, [0, 1, 2, 3, 5]],
        stacked[:, 4],
        names=[*NAMES, "w"],
        group_by="g",
        **({"ignore": "w"} | options if "weight" not in options else options),
    )


def alone(group: str, **options: Any) -> Any:
    table = TABLES[group]
    return gdsolve.fit(
        table[:, [0, 1, 2, 4]],
        table[:, 3],
        names=[*NAMES[1:], "w"],
        **({"ignore": "w"} | options if "weight" not in options else options),
    )


def assert_same(one: Any, single: Any) -> None:
    found = one.found
    assert (one.status, found.stopped_by) == (single.status, single.stopped_by)
    # Exact, but for 10¹² updates and more, whose last digits are those of the condition number.
    assert found.iterations == pytest.approx(single.iterations, rel=1e-10, abs=0)
    assert found.best_iteration == pytest.approx(single.best_iteration, rel=1e-10, abs=0)
    assert one.exit_code == single.exit_code
    size = max(map(abs, [*single.weights.values(), single.intercept or 0.0]))
    for name, weight in single.weights.items():
        assert found.weights[name] == pytest.approx(weight, rel=1e-8, abs=1e-9 * size)
    assert (found.intercept is None) == (single.intercept is None)
    if single.intercept is not None:
        assert found.intercept == pytest.approx(single.intercept, rel=1e-8, abs=1e-8 * size)
    assert found.learning_rate == pytest.approx(single.learning_rate, rel=1e-9)
    assert found.tol == pytest.approx(single.tol, rel=1e-6)
    assert found.spectrum.rank == single.spectrum.rank
    assert found.optimum.unique == single.optimum.unique
    if single.spectrum.condition is not None:
        assert found.spectrum.condition == pytest.approx(single.spectrum.condition, rel=1e-6)
    scale = max(single.sse, single.loss, 1e-12)
    assert found.figures.sse == pytest.approx(single.sse, rel=1e-6, abs=1e-13 * scale + 1e-18)
    assert found.figures.loss == pytest.approx(single.loss, rel=1e-6, abs=1e-18)
    assert found.optimum.sse == pytest.approx(single.optimum.sse, rel=1e-6, abs=1e-18)
    assert found.gap == pytest.approx(single.gap, rel=1e-4, abs=1e-15 * scale + 1e-20)


COURSES: list[dict[str, Any]] = [
    {},
    {"tol": 1e-5},
    {"loss_tol": 1e-7, "tol": 0},
    {"grad_tol": 1e-4, "tol": 0},
    {"max_iter": 7},
    {"tol": 1e-4, "grad_tol": 1e-2, "loss_tol": 1e-6, "max_iter": 500},
    {"lr": 0.02, "max_iter": 100},
    {"lr": 0.02, "tol": 1e-3, "scale": "standard"},
    {"lr": 5.0, "max_iter": 100_000},
    {"lr": 0.3, "grad_tol": 1e-3, "max_iter": 1_000_000},
    {"lr": "auto", "scale": "none", "max_iter": 50_000},
    {"init": "random", "seed": 3, "tol": 1e-6},
]


LOSSES = [("half-mse", 0.0), ("mse", 0.7), ("sse", 0.0), ("half-mse", 0.7)]
MATRIX = [(*LOSSES[(place + more) % 4], course) for place, course in enumerate(COURSES) for more in (0, 1)]


@pytest.mark.parametrize(("loss", "ridge", "course"), MATRIX, ids=str)
def test_a_group_is_fitted_as_if_it_were_alone(loss: str, ridge: float, course: dict[str, Any]) -> None:
    options = {"loss": loss, "ridge": ridge, **course}
    fits = together(**options)
    assert {one.group for one in fits} == set(TABLES)
    for group in TABLES:
        assert_same(fits[group], alone(group, **options))


@pytest.mark.parametrize(
    "options",
    [
        {"no_intercept": True},
        {"no_intercept": True, "lr": 0.05, "max_iter": 60, "ridge": 0.1},
        {"weight": "w"},
        {"weight": "w", "lr": 0.05, "max_iter": 60},
        {"ridge": 2.0, "penalize_intercept": True},
        {"ridge": 2.0, "penalize_intercept": True, "lr": 0.01, "max_iter": 1000},
        {"features": ["b"]},
    ],
    ids=str,
)
def test_the_model_may_be_any_linear_one(options: dict[str, Any]) -> None:
    fits = together(**options)
    for group in TABLES:
        assert_same(fits[group], alone(group, **options))


def test_every_ending_is_among_them() -> None:
    seen = {one.status for course in COURSES for one in together(**course)}
    assert seen >= {Status.CONVERGED, Status.MAX_ITER, Status.DIVERGED}


def test_the_edge_of_stability_is_that_of_each_group() -> None:
    # H = 1/m·Σx²: 14/3 and 1; the rate 3/7 is 2/L_max of the first, and converges on the second.
    X = [[1, 1], [1, 2], [1, 3], [2, 1], [2, -1]]
    fits = gdsolve.fit(X, [2, 4, 6, 2, -2], names=["g", "x"], group_by="g", no_intercept=True, lr=3 / 7, max_iter=50)
    assert [one.status for one in fits] == [Status.EDGE_OF_STABILITY, Status.CONVERGED]
    assert fits["1"].iterations == 50


def test_the_leap_goes_as_far_as_it_is_asked() -> None:
    fits = together(lr=1e-9, scale="standard", max_iter=10**12, tol=0.0)
    single = alone("1", lr=1e-9, scale="standard", max_iter=10**12, tol=0.0)
    assert_same(fits["1"], single)
    assert fits["1"].iterations == 10**12


@settings(max_examples=examples(25), deadline=None)
@given(
    seed=st.integers(0, 2**31),
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=6),
    blocks=st.integers(1, 7),
    held=st.sampled_from([1, 50, 10**6]),
    block_rows=st.sampled_from([3, 8192]),
    weighted=st.booleans(),
)
def test_triangles_do_not_depend_on_how_rows_come(
    seed: int, sizes: list[int], blocks: int, held: int, block_rows: int, weighted: bool
) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    values = rng.normal(size=(len(codes), 4)) * [1.0, 10.0, 0.1, 1.0] + [0.0, 1e3, 0.0, 5.0]
    weight = rng.uniform(0.1, 3.0, size=len(codes)) if weighted else None

    class Block:
        def __init__(self, chosen: np.ndarray) -> None:
            self.values, self.group = values[chosen], codes[chosen]
            self.weight = None if weight is None else weight[chosen]

    patch = pytest.MonkeyPatch()
    patch.setattr(group_merge, "HELD_NUMBERS", held)
    patch.setattr(group_merge, "BLOCK_ROWS", block_rows)
    patch.setattr(group_merge, "STACK_NUMBERS", held)
    try:
        built = build_group_triangles(map(Block, np.array_split(np.arange(len(codes)), blocks)))
    finally:
        patch.undo()
    assert built is not None
    assert built.rows.tolist() == sizes
    for group in range(len(sizes)):
        single = build_triangle([Block(np.flatnonzero(codes == group))])
        assert single is not None
        ours, theirs = torch.from_numpy(built.raw()[group]), single.raw()
        torch.testing.assert_close(ours.mT @ ours, theirs.mT @ theirs, rtol=1e-11, atol=1e-9)
        centred, expected = torch.from_numpy(built.columns(intercept=True)[group]), single.centred()
        torch.testing.assert_close(centred.mT @ centred, expected.mT @ expected, rtol=1e-10, atol=1e-10)
        assert float(built.total_weight[group]) == pytest.approx(single.total_weight, rel=1e-14)


def test_weights_agree_with_lstsq() -> None:
    rng = np.random.default_rng(1)
    m, groups = 50, 20
    X, codes = rng.normal(size=(m * groups, 3)) + 2.0, rng.permutation(np.repeat(np.arange(groups), m))
    y = X @ [1.0, -2.0, 0.5] + codes + rng.normal(size=m * groups)
    fits = gdsolve.fit(np.column_stack([codes, X]), y, names=["g", "a", "b", "c"], group_by="g")
    for group in range(groups):
        design = np.column_stack([X[codes == group], np.ones(m)])
        best = torch.linalg.lstsq(torch.from_numpy(design), torch.from_numpy(y[codes == group])[:, None]).solution
        one = fits[str(group)]
        assert [*one.weights.values(), one.intercept] == pytest.approx(best[:, 0].tolist(), rel=1e-9)
        assert one.found.gap <= 1e-18 * max(1.0, one.sse)


REFUSED = [
    ({"history": "h.csv"}, "history: with --group-by"),
    ({"every": 10}, "every: with --group-by"),
    ({"check_gradient": True}, "check_gradient: with --group-by"),
    ({"watch": True}, "watch: "),
    ({"plot": True}, "plot: with --group-by"),
    ({"checkpoint": "c.ck"}, "checkpoint: with --group-by"),
    ({"online": "model.json"}, "online: with --group-by"),
    ({"minimize": "a**2", "start": "a=1"}, "minimize: with --group-by"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_does_not_go_with_groups_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(GdsolveError) as told:
        gdsolve.fit([[1, 1], [1, 2]], [1, 2], names=["g", "x"], group_by="g", **options)
    assert told.value.message.startswith(message)
    assert told.value.hint


def test_a_run_that_nothing_stops_is_refused() -> None:
    with pytest.raises(GdsolveError, match="nothing stops the run"):
        together(tol=0.0)


def test_every_combination_of_rules_stops_where_a_loop_would() -> None:
    for tol, loss_tol, grad_tol in itertools.product((0.0, 1e-3), (None, 1e-5), (None, 1e-2)):
        options = {"tol": tol, "loss_tol": loss_tol, "grad_tol": grad_tol, "lr": 0.05, "max_iter": 300}
        fits = together(**options)
        for group in ("1", "6", "9"):
            single = alone(group, **options, engine="triangle")
            assert (fits[group].status, fits[group].iterations) == (single.status, single.iterations)


def test_figures_are_finite() -> None:
    for one in together():
        assert math.isfinite(one.sse)
        assert math.isfinite(one.found.gap)
