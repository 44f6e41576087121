"""Powers of ten beside an axis are written out where that is short."""

from __future__ import annotations

from gdsolve.report.ticks import power_text


def test_powers_of_ten_are_written_out_from_a_thousandth_to_a_thousand() -> None:
    texts = ["1e-5", "1e-4", "0.001", "0.01", "0.1", "1", "10", "100", "1,000", "1e4", "1e5", "1e6"]
    assert [power_text(power) for power in range(-5, 7)] == texts


def test_counts_are_written_out_to_ten_thousand() -> None:
    assert [power_text(power, whole=True) for power in range(7)] == ["1", "10", "100", "1,000", "10,000", "1e5", "1e6"]
