"""Certified values of NIST's Statistical Reference Datasets for nonlinear regression (public domain)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from landscapes import FLOAT, Squares, descend
from torch import Tensor

from gdsolve.descent.methods.lbfgs import LBFGS
from gdsolve.descent.methods.levenberg_marquardt import LevenbergMarquardt
from gdsolve.status import Status


@dataclass(frozen=True)
class Certified:
    """`starts` are NIST's two, `weights` and `sse` the certified values."""

    model: Callable[[Tensor, Tensor], Tensor]
    x: tuple[float, ...]
    y: tuple[float, ...]
    starts: tuple[tuple[float, ...], tuple[float, ...]]
    weights: tuple[float, ...]
    sse: float

    def objective(self, scale: Tensor) -> Squares:
        x, y = torch.tensor(self.x, dtype=FLOAT), torch.tensor(self.y, dtype=FLOAT)
        return Squares(residual=lambda w: self.model(w * scale, x) - y)


MISRA1A = Certified(
    lambda b, x: b[0] * (1.0 - torch.exp(-b[1] * x)),
    (77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0),
    (10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78),
    ((500.0, 0.0001), (250.0, 0.0005)),
    (2.3894212918e02, 5.5015643181e-04),
    1.2455138894e-01,
)
MGH09 = Certified(
    lambda b, x: b[0] * (x**2 + x * b[1]) / (x**2 + x * b[2] + b[3]),
    (4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625),
    (0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246),
    ((25.0, 39.0, 41.5, 39.0), (0.25, 0.39, 0.415, 0.39)),
    (1.9280693458e-01, 1.9128232873e-01, 1.2305650693e-01, 1.3606233068e-01),
    3.0750560385e-04,
)
RAT43 = Certified(
    lambda b, x: b[0] / (1.0 + torch.exp(b[1] - b[2] * x)) ** (1.0 / b[3]),
    tuple(float(x) for x in range(1, 16)),
    (
        16.08, 33.83, 65.80, 97.20, 191.55, 326.20, 386.87, 520.53, 590.03, 651.92, 724.93, 699.56, 689.96, 637.56,
        717.41,
    ),
    ((100.0, 10.0, 1.0, 1.0), (700.0, 5.0, 0.75, 1.3)),
    (6.9964151270e02, 5.2771253025e00, 7.5962938329e-01, 1.2792483859e00),
    8.7864049080e03,
)  # fmt: skip


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(("certified", "limit"), [(MISRA1A, 30), (MGH09, 150), (RAT43, 45)])
def test_levenberg_marquardt_reaches_the_certified_values(
    certified: Certified, limit: int, which: int, scaled: bool
) -> None:
    start = torch.tensor(certified.starts[which], dtype=FLOAT)
    scale = start.abs() if scaled else torch.ones_like(start)
    solution = descend(certified.objective(scale), (start / scale)[:, None], LevenbergMarquardt())
    assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")
    assert solution.iterations <= limit
    assert (solution.w[:, 0] * scale).tolist() == pytest.approx(certified.weights, rel=1e-10)
    assert solution.value == pytest.approx(certified.sse, rel=1e-10)


@pytest.mark.parametrize("certified", [MISRA1A, MGH09, RAT43])
def test_lbfgs_agrees_from_the_near_start(certified: Certified) -> None:
    start = torch.tensor(certified.starts[1], dtype=FLOAT)
    solution = descend(certified.objective(start), torch.ones(len(start), 1, dtype=FLOAT), LBFGS(1e-6))
    assert solution.stopped_by == "rounding"
    assert (solution.w[:, 0] * start).tolist() == pytest.approx(certified.weights, rel=1e-6)
