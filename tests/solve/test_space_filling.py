"""Points that fill ranges evenly, linear and logarithmic."""

from __future__ import annotations

import pytest
import torch

from gdsolve.solve.space_filling import Range, Spacing, space_filling

RANGES = (
    Range(-2.0, 10.0),
    Range.between(1e-3, 1e3),
    Range.between(-1e6, -1.0),
    Range(1e-2, 1e2, Spacing.SIGNED_LOG),
    Range(-1e308, 1e308),
)


def test_points_are_within_their_ranges() -> None:
    points = space_filling(RANGES, 256, seed=3)
    assert points.shape == (256, 5)
    assert points.dtype is torch.float64
    for one, column in zip(RANGES, points.unbind(dim=1), strict=True):
        within = column.abs() if one.spacing is Spacing.SIGNED_LOG else column
        assert float(within.min()) >= one.low * (1.0 - 1e-12 * (one.low > 0.0)) - 1e-9
        assert float(within.max()) <= one.high + 1e-9 * abs(one.high)


def test_every_part_of_a_range_has_its_share() -> None:
    linear, logarithmic, negative, signed, _ = space_filling(RANGES, 256, seed=0).unbind(dim=1)
    # A Sobol sequence of 256 points has 64 in every quarter of every range.
    assert torch.histc((linear + 2.0) / 12.0, 4, 0.0, 1.0).tolist() == [64.0] * 4
    assert torch.histc(logarithmic.log10(), 4, -3.0, 3.0).tolist() == [64.0] * 4
    assert torch.histc(negative.neg().log10(), 4, 0.0, 6.0).tolist() == [64.0] * 4
    assert torch.histc(signed.sign() * (signed.abs().log10() + 2.0), 4, -4.0, 4.0).tolist() == [64.0] * 4


def test_a_seed_is_a_sequence_and_more_points_begin_with_fewer() -> None:
    points = space_filling(RANGES, 64, seed=7)
    assert torch.equal(points, space_filling(RANGES, 64, seed=7))
    assert torch.equal(points[:10], space_filling(RANGES, 10, seed=7))
    assert not torch.equal(points, space_filling(RANGES, 64, seed=8))
    assert space_filling(RANGES, 2, seed=2**63 - 1).isfinite().all()


@pytest.mark.parametrize(
    ("low", "high", "spacing"),
    [
        (0.0, 10.0, Spacing.LINEAR),
        (1.0, 99.0, Spacing.LINEAR),
        (1.0, 100.0, Spacing.LOG),
        (-100.0, -1.0, Spacing.LOG),
        (-1.0, 1000.0, Spacing.LINEAR),
        (2.0, 2.0, Spacing.LINEAR),
    ],
)
def test_a_wide_range_of_one_sign_is_logarithmic(low: float, high: float, spacing: Spacing) -> None:
    assert Range.between(low, high).spacing is spacing


def test_no_range_gives_points_of_no_coordinate() -> None:
    assert space_filling((), 3, seed=0).shape == (3, 0)
