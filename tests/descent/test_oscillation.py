"""What is said of a whole stretch of iterations is true of each of them."""

from __future__ import annotations

import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gdsolve.descent import oscillation
from gdsolve.descent.characteristic import ConstantMomentum, MomentumKind, Roots
from gdsolve.descent.intervals import Stretch
from gdsolve.descent.recurrence import LinearRecurrence
from gdsolve.descent.stop import Divergence, SmallGradient, SmallLossChange, SmallUpdate, StopRule


def form_in(weights: int, modes: int, momentum: ConstantMomentum, rate: float, seed: int) -> LinearRecurrence:
    """A recurrence in fewer modes than weights; every mode moves all weights, the first by as much each."""
    random = torch.Generator().manual_seed(seed)
    basis = torch.randn(weights, modes, generator=random, dtype=torch.float64)
    basis[:, 0] = 1.0
    eigenvalues = torch.rand(modes, generator=random, dtype=torch.float64) + 0.05
    rates = torch.tensor([[rate]], dtype=torch.float64)
    gradient = torch.randn(1, modes, generator=random, dtype=torch.float64)
    roots = Roots.of(momentum, rates * eigenvalues)
    return LinearRecurrence(rates, eigenvalues, gradient, torch.linalg.qr(basis).Q, 0.0, roots)


@settings(max_examples=examples(25))
@given(
    seed=st.integers(0, 10_000),
    modes=st.integers(1, 3),
    further=st.integers(0, 6),
    kind=st.sampled_from(MomentumKind),
    beta=st.sampled_from([0.0, 0.5, 0.9]),
    rate=st.floats(0.05, 1.2),
    data=st.data(),
)
def test_a_stretch_without_a_stop_has_none(
    *, seed: int, modes: int, further: int, kind: MomentumKind, beta: float, rate: float, data: st.DataObject
) -> None:
    form = form_in(modes + further, modes, ConstantMomentum(kind, beta), rate, seed)
    k = torch.arange(1.0, 41.0, dtype=torch.float64)
    sizes = {
        SmallUpdate: form.updates(k).abs().amax(dim=1),
        SmallGradient: form.gradient_norms(k),
        SmallLossChange: form.decrease(k).abs(),
        Divergence: form.values(k),
    }
    start = data.draw(st.integers(1, 40))
    end = data.draw(st.integers(start, 40))
    for rule, size in sizes.items():
        stop: StopRule = rule(float(size[data.draw(st.integers(start, end)) - 1]) * data.draw(st.floats(0.5, 2.0)))
        holds, impossible = oscillation._tests(form, stop)
        ends = torch.tensor([[start], [end]], dtype=torch.float64)
        for odd in (True, False):
            some = k[(k >= start) & (k <= end) & (torch.remainder(k, 2.0) == float(odd))]
            assert not (len(some) and bool(impossible(Stretch(form, *ends, odd))) and bool(holds(some).any()))


@pytest.mark.parametrize("weights", [1, 4, 9])
def test_an_update_that_moves_all_weights_alike_is_as_large_as_one_of_them(weights: int) -> None:
    form = form_in(weights, 1, ConstantMomentum(MomentumKind.HEAVY_BALL, 0.0), 0.5, seed=weights)
    one = torch.tensor([1.0], dtype=torch.float64)
    largest = float(form.updates(one).abs().max())
    stretch = Stretch(form, one, one, odd=True)
    assert [bool(oscillation._large_updates(stretch, factor * largest)) for factor in (0.999, 1.001)] == [True, False]
