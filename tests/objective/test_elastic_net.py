"""The elastic net on a triangle: its exact minimiser, its duality gap and λ_max."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet as ReferenceNet
from sklearn.linear_model import Lasso

from gdsolve.objective import active_set
from gdsolve.objective.elastic_net import ElasticNet


def tensor(values: object) -> torch.Tensor:
    """Values as float64."""
    return torch.as_tensor(np.asarray(values, dtype=float))


def diabetes() -> tuple[np.ndarray, np.ndarray, ElasticNet]:
    """scikit-learn's table, and its problem with an intercept as the last column."""
    features, target = load_diabetes(return_X_y=True)
    whole = np.column_stack([features, np.ones(len(target)), target])
    upper = np.linalg.qr(whole, mode="r")
    free = torch.tensor([False] * features.shape[1] + [True])
    return features, target, ElasticNet.of(tensor(upper[:, :-1]), tensor(upper[:, -1:]), free)


@pytest.mark.parametrize("alpha", [2.0, 0.5, 0.1, 0.01])
def test_a_lasso_is_that_of_scikit_learn(alpha: float) -> None:
    features, target, net = diabetes()
    reference = Lasso(alpha=alpha, tol=1e-14, max_iter=100_000).fit(features, target)
    l1 = tensor([len(target) * alpha] * 10 + [0.0])
    w = net.minimiser(l1, torch.zeros_like(l1))
    np.testing.assert_allclose(w[:-1, 0], reference.coef_, rtol=1e-9, atol=1e-9)
    assert float(w[-1]) == pytest.approx(reference.intercept_, rel=1e-12)
    assert ((w[:-1, 0] == 0.0).numpy() == (reference.coef_ == 0.0)).all()
    assert net.duality_gap(w, l1, torch.zeros_like(l1)) <= 1e-14 * net.value(w, l1, torch.zeros_like(l1))
    assert net.is_unique(w, l1, torch.zeros_like(l1))


@pytest.mark.parametrize(("alpha", "share"), [(1.0, 0.5), (0.01, 0.9), (0.001, 0.2)])
def test_an_elastic_net_is_that_of_scikit_learn(alpha: float, share: float) -> None:
    features, target, net = diabetes()
    reference = ReferenceNet(alpha=alpha, l1_ratio=share, tol=1e-14, max_iter=100_000).fit(features, target)
    l1 = tensor([len(target) * alpha * share] * 10 + [0.0])
    l2 = tensor([len(target) * alpha * (1.0 - share)] * 10 + [0.0])
    w = net.minimiser(l1, l2)
    np.testing.assert_allclose(w[:-1, 0], reference.coef_, rtol=1e-9, atol=1e-9)
    assert net.duality_gap(w, l1, l2) <= 1e-14 * net.value(w, l1, l2)


def test_orthonormal_columns_have_their_slopes_cut_and_shrunk() -> None:
    basis = np.linalg.qr(np.random.default_rng(3).standard_normal((9, 5))).Q
    target = tensor(basis @ [3.0, -2.0, 0.5, -0.25, 1.0])[:, None]
    net = ElasticNet.of(tensor(basis), target)
    one = torch.ones(5, dtype=torch.float64)
    found = net.minimiser(1.0 * one, 0.0 * one)
    np.testing.assert_allclose(found[:, 0], [2.0, -1.0, 0.0, 0.0, 0.0], atol=1e-14)
    found = net.minimiser(0.5 * one, 1.0 * one)
    np.testing.assert_allclose(found[:, 0], [1.25, -0.75, 0.0, 0.0, 0.25], atol=1e-14)
    assert found[2:4].count_nonzero() == 0
    assert net.largest_l1(one) == pytest.approx(3.0, rel=1e-14)
    assert net.minimiser(net.largest_l1(one) * one, 0.0 * one).count_nonzero() == 0
    assert net.minimiser(0.999 * net.largest_l1(one) * one, 0.0 * one).count_nonzero() == 1


KINDS = ["general", "equal", "small", "units", "deficient"]


def table(seed: int, kind: str, rows: int, p: int) -> np.ndarray:
    """A design whose columns are in general position, or not at all."""
    rng = np.random.default_rng(seed)
    design: np.ndarray = rng.standard_normal((rows, p))
    if kind == "equal":
        design[:, p // 2], design[:, -1] = design[:, 0], -design[:, 0]
    elif kind == "small":
        design = rng.integers(-1, 2, (rows, p)).astype(float)
    elif kind == "units":
        design = design * 10.0 ** rng.integers(-4, 5, p)
    elif kind == "deficient":
        design = rng.standard_normal((rows, 2)) @ rng.standard_normal((2, p))
    return design


@settings(max_examples=examples(80), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(KINDS),
    shape=st.tuples(st.integers(2, 16), st.integers(1, 20)),
    intercept=st.booleans(),
    share=st.sampled_from([0.9, 0.3, 0.01, 1e-5]),
    ridge=st.sampled_from([0.0, 0.7]),
)
def test_the_minimiser_satisfies_the_conditions_of_karush_kuhn_and_tucker(
    seed: int, kind: str, shape: tuple[int, int], intercept: bool, share: float, ridge: float
) -> None:
    rows, p = shape
    design = table(seed, kind, rows, p)
    target = np.random.default_rng(seed + 1).standard_normal((rows, 1))
    free = torch.zeros(p, dtype=torch.bool)
    if intercept:
        design[:, -1], free[-1] = 1.0, True
    net = ElasticNet.of(tensor(design), tensor(target), free)
    shares = torch.where(free, 0.0, torch.linspace(1.0, 2.0, p, dtype=torch.float64))
    l1, l2 = share * net.largest_l1(shares) * shares, torch.where(free, 0.0, ridge * torch.ones_like(shares))
    w = net.minimiser(l1, l2)
    slopes = (design.T @ (target - design @ w.numpy()))[:, 0] - (l2 * w[:, 0]).numpy()
    noise = (
        1e-11
        * np.linalg.norm(design, axis=0)
        * (np.linalg.norm(target) + np.linalg.norm(design, axis=0) @ abs(w.numpy())[:, 0])
    )
    moved = (w[:, 0] != 0.0).numpy()
    assert (abs(slopes - l1.numpy() * np.sign(w[:, 0].numpy())) <= noise)[moved].all()
    assert (abs(slopes) <= l1.numpy() + noise).all()
    # From anywhere the same minimum is found, and no other point is below it.
    again = net.minimiser(
        l1, l2, near=w + torch.randn(w.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    )
    value = net.value(w, l1, l2)
    assert net.value(again, l1, l2) == pytest.approx(value, rel=1e-11)
    assert net.duality_gap(w, l1, l2) <= 1e-9 * float(np.square(target).sum())
    assert net.duality_gap(again, l1, l2, w) <= net.duality_gap(again, l1, l2)
    elsewhere = again + 0.1
    gap = net.duality_gap(elsewhere, l1, l2)
    assert gap >= (net.value(elsewhere, l1, l2) - value) * (1.0 - 1e-9) - 1e-12


def test_equal_columns_share_one_minimum_that_is_not_unique() -> None:
    column = np.arange(1.0, 6.0)[:, None]
    net = ElasticNet.of(tensor(np.hstack([column, column])), tensor(2.0 * column))
    one = torch.ones(2, dtype=torch.float64)
    w = net.minimiser(5.5 * one, 0.0 * one)
    assert float(w.sum()) == pytest.approx(1.9, rel=1e-14)
    assert not net.is_unique(w, 5.5 * one, 0.0 * one)
    assert net.is_unique(net.minimiser(5.5 * one, one), 5.5 * one, one)


def test_without_a_penalty_it_is_least_squares_of_minimum_norm() -> None:
    design = table(5, "deficient", 8, 4)
    target = np.random.default_rng(6).standard_normal((8, 1))
    nothing = torch.zeros(4, dtype=torch.float64)
    w = ElasticNet.of(tensor(design), tensor(target)).minimiser(nothing, nothing)
    np.testing.assert_allclose(w, np.linalg.lstsq(design, target, rcond=1e-10)[0], rtol=1e-9)


def test_sweeps_lead_to_the_same_minimum(monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, net = diabetes()
    l1 = tensor([50.0] * 10 + [0.0])
    known = net.minimiser(l1, torch.zeros_like(l1))
    real, calls = active_set._searched, []

    def weary(search: active_set._Search, *, one_by_one: bool) -> bool:
        calls.append(one_by_one)
        return len(calls) > 1 and real(search, one_by_one=one_by_one)

    monkeypatch.setattr(active_set, "_searched", weary)
    np.testing.assert_allclose(net.minimiser(l1, torch.zeros_like(l1)), known, rtol=1e-9, atol=1e-9)
    assert calls == [False, True]


def test_a_path_takes_few_factorisations(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    design = rng.standard_normal((400, 60))
    target = design[:, :20] @ rng.standard_normal((20, 1)) + 3.0 * rng.standard_normal((400, 1))
    net = ElasticNet.of(tensor(design), tensor(target))
    one = torch.ones(60, dtype=torch.float64)
    count, real, w = 0, active_set._factor, None

    def counted(*given: object) -> object:
        nonlocal count
        count += 1
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(active_set, "_factor", counted)
    for size in net.largest_l1(one) * np.logspace(0.0, -3.0, 100):
        w = net.minimiser(size * one, 0.0 * one, near=w)
    assert count < 250
