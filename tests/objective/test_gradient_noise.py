"""Where stochastic descent hovers and which rates it holds, beside many descents that were simulated.

Errors of a simulation are those of its mean over independent runs; four of them are allowed, and what the formula
itself may be off: nothing for batches drawn anew, a fifth for shuffled rows, where it is to second order in the noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

import gdsolve
from gdsolve.objective.gradient_noise import (
    GradientNoise,
    gradient_noise,
    growth,
    hovering,
    largest_held,
    share_of_noise,
)
from gdsolve.objective.minibatches import sizes_of

RUNS = 200


@dataclass(frozen=True)
class Case:
    """Rows √ωX and √ωy of a loss c/2·‖√ω(Xw − y)‖² + c·λ/2·‖w‖², descended on in batches."""

    design: np.ndarray
    target: np.ndarray
    scale: float
    batch: int
    ridge: float = 0.0

    @property
    def hessian(self) -> np.ndarray:
        return self.scale * (self.design.T @ self.design + self.ridge * np.eye(self.design.shape[1]))

    @property
    def minimiser(self) -> np.ndarray:
        return np.linalg.solve(self.hessian, self.scale * self.design.T @ self.target)

    def noise(self) -> GradientNoise:
        values, vectors = map(torch.from_numpy, np.linalg.eigh(self.hessian))
        best = torch.from_numpy(self.minimiser)[:, None]
        parts = [(torch.from_numpy(self.design), torch.from_numpy(self.target)[:, None])]
        rest = self.scale * self.ridge * best
        return gradient_noise(parts, len(self.target), (values, vectors), best, self.scale, rest)

    def simulated(self, rate: float, epochs: int, *, shuffled: bool) -> tuple[float, float]:
        """The mean excess at the end of the later epochs, and its error."""
        rng, m = np.random.default_rng(0), len(self.target)
        best, hessian = self.minimiser, self.hessian
        w, found = np.tile(best, (RUNS, 1)), []
        sizes = sizes_of(m, self.batch)
        for epoch in range(epochs):
            order = rng.random((RUNS, m)).argsort(axis=1)
            first = 0
            for size in sizes:
                rows = order[:, first : first + size] if shuffled else rng.random((RUNS, m)).argsort(axis=1)[:, :size]
                first += size
                X, y = self.design[rows], self.target[rows]
                slopes = np.einsum("rbp,rb->rp", X, np.einsum("rbp,rp->rb", X, w) - y)
                w = w - rate * self.scale * (m / size * slopes + self.ridge * w)
            if 2 * epoch >= epochs:
                away = w - best
                found.append(0.5 * np.einsum("rp,pq,rq->r", away, hessian, away))
        mean = np.mean(found, axis=0)
        return float(mean.mean()), float(mean.std() / RUNS**0.5)


def case(rows: int, p: int, batch: int, unit: str, *, weighed: bool = False, ridge: float = 0.0) -> Case:
    """A table whose noise grows with its first column, in the units of a loss."""
    rng = np.random.default_rng(rows + batch)
    X = np.c_[rng.normal(size=(rows, p - 1)) * np.linspace(1, 2, p - 1), np.ones(rows)]
    y = X.sum(axis=1) + rng.normal(size=rows) * (1.0 + np.abs(X[:, 0]))
    weight = rng.uniform(0.0, 2.0, rows) if weighed else np.ones(rows)
    root = np.sqrt(weight)
    scale = {"half-mse": 1.0 / weight.sum(), "mse": 2.0 / weight.sum(), "sse": 2.0}[unit]
    return Case(root[:, None] * X, root * y, scale, batch, ridge)


CASES = {
    "single rows": case(60, 3, 1, "half-mse"),
    "weighed": case(80, 3, 8, "mse", weighed=True),
    "ridge": case(60, 2, 6, "half-mse", ridge=30.0),
    "sse": case(50, 2, 20, "sse"),
}


@pytest.mark.parametrize("share", [0.1, 0.5])
@pytest.mark.parametrize("name", CASES)
def test_batches_that_are_drawn_anew_hover_where_it_is_predicted(name: str, share: float) -> None:
    one = CASES[name]
    noise = one.noise()
    mean = len(one.target) / len(sizes_of(len(one.target), one.batch))
    stable = largest_held(noise, mean)
    assert stable is not None
    rate = share * stable
    found = hovering(noise, rate, mean, shuffled=False)
    assert found is not None
    reached, error = one.simulated(rate, 12, shuffled=False)
    assert abs(found.excess - reached) < 4.0 * error + 0.02 * reached


@pytest.mark.parametrize("share", [0.03, 0.1, 0.5])
@pytest.mark.parametrize("name", CASES)
def test_shuffled_rows_hover_where_it_is_predicted(name: str, share: float) -> None:
    one = CASES[name]
    noise = one.noise()
    mean = len(one.target) / len(sizes_of(len(one.target), one.batch))
    stable = largest_held(noise, mean)
    assert stable is not None
    rate = share * stable
    epochs = int(max(12, 6 / (rate * float(noise.eigenvalues[0]) * len(sizes_of(len(one.target), one.batch)))))
    found = hovering(noise, rate, mean, shuffled=True)
    assert found is not None
    reached, error = one.simulated(rate, epochs, shuffled=True)
    assert abs(found.excess - reached) < 4.0 * error + 0.2 * reached


def test_at_the_largest_rate_the_mean_square_neither_grows_nor_shrinks() -> None:
    """With B = 1 and one weight it is exact: E[(1 − αmcx²)²] = 1, so that α = 2·mean(x²)/(mc·mean(x⁴))."""
    x = np.random.default_rng(3).normal(size=200)
    one = Case(x[:, None], x + 1.0, 1.0 / 200.0, 1)
    limit = largest_held(one.noise(), 1)
    assert limit == pytest.approx(2.0 * np.mean(x**2) / np.mean(x**4), rel=2e-3)
    assert limit is not None
    assert growth(one.noise(), 0.98 * limit, 1) < 1.0 < growth(one.noise(), 1.02 * limit, 1)
    assert hovering(one.noise(), 1.02 * limit, 1, shuffled=False) is None


def test_a_batch_of_all_rows_has_no_noise() -> None:
    one = CASES["weighed"]
    noise = one.noise()
    assert share_of_noise(80, 80) == 0.0
    assert largest_held(noise, 80) == pytest.approx(2.0 / np.linalg.eigvalsh(one.hessian)[-1], rel=1e-8)
    found = hovering(noise, 0.1, 80, shuffled=False)
    assert found is not None
    assert found.excess == pytest.approx(0.0, abs=1e-15)


def test_many_modes_are_told_by_the_tails_of_the_rows() -> None:
    """Beyond 24 modes fourth moments are those of a normal distribution with the tails of the rows."""
    one = case(2000, 30, 4, "half-mse")
    noise = one.noise()
    assert noise.moments is None
    stable = largest_held(noise, 4)
    assert stable is not None
    found = hovering(noise, 0.2 * stable, 4, shuffled=False)
    small = Case(one.design[:, :1], one.target, one.scale, 4).noise()
    assert found is not None and small.moments is not None and small.kurtosis == 1.0
    rng, w, excess = np.random.default_rng(1), np.tile(one.minimiser, (40, 1)), []
    for k in range(1500):
        rows = rng.integers(0, 2000, (40, 4))
        X, y = one.design[rows], one.target[rows]
        w = w - 0.2 * stable * np.einsum("rbp,rb->rp", X, np.einsum("rbp,rp->rb", X, w) - y) / 4
        if k > 500 and k % 5 == 0:
            excess.append(0.5 * np.mean(np.sum((w - one.minimiser) @ one.hessian * (w - one.minimiser), axis=1)))
    assert found.excess == pytest.approx(np.mean(excess), rel=0.15)


@pytest.mark.parametrize("loss", ["half-mse", "mse", "sse"])
def test_a_fit_is_told_where_it_hovers_in_units_of_its_loss(loss: str) -> None:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(200, 2)) * [1.0, 3.0] + 2.0
    y = X @ [1.0, -1.0] + rng.normal(size=200) * 20.0
    rate = {"half-mse": 0.02, "mse": 0.01, "sse": 0.01 / 200}[loss]
    found = [gdsolve.fit(X, y, batch=4, epochs=40, lr=rate, loss=loss, seed=seed).plan.batches for seed in range(2)]
    reached = np.mean([one.excess for one in found if one is not None and one.excess is not None])
    told = found[0]
    assert told is not None and told.predicted_at_end is not None and told.lower is not None
    assert told.predicted_at_end == pytest.approx(reached, rel=0.3)
    finer = gdsolve.fit(X, y, batch=4, epochs=told.lower.epochs, lr=told.lower.learning_rate, loss=loss).plan.batches
    assert finer is not None
    assert finer.predicted_excess == pytest.approx(told.lower.excess, rel=1e-9)


def test_momentum_is_plain_descent_at_the_rate_its_steps_add_up_to() -> None:
    rng = np.random.default_rng(6)
    X = rng.normal(size=(1000, 2))
    y = X @ [1.0, -1.0] + rng.normal(size=1000) * 3.0
    plain = gdsolve.fit(X, y, batch=10, epochs=10, lr=0.02).plan.batches
    heavy = gdsolve.fit(X, y, batch=10, epochs=60, lr=0.01, method="momentum", momentum=0.5).plan.batches
    assert plain is not None and heavy is not None
    assert heavy.predicted_excess == plain.predicted_excess
    assert heavy.excess == pytest.approx(heavy.predicted_at_end, rel=0.4)
