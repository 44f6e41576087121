"""Numbers as they stand in tables."""

from __future__ import annotations

import doctest
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdsolve.report import numbers

FINITE = st.floats(-1e300, 1e300, allow_subnormal=False)


def test_examples_in_docstrings() -> None:
    outcome = doctest.testmod(numbers)
    assert outcome.attempted >= 5
    assert outcome.failed == 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.56, 0.9632, 1.253504], ["0.000000", "0.560000", "0.963200", "1.253504"]),
        ([0, 28, -336, 4396], ["0", "28", "-336", "4396"]),
        ([5.6, -4.48, 13.664], ["5.600", "-4.480", "13.664"]),
        ([2.0, 3e-7, 0.0], ["2e+00", "3e-07", "0"]),
        ([None, 1.5], ["–", "1.5"]),
        ([math.inf, math.nan, 1.5], ["inf", "nan", "1.5"]),
        ([], []),
    ],
)
def test_a_column_has_one_format(values: list[float | None], expected: list[str]) -> None:
    assert numbers.column(values) == expected


def test_a_column_of_positions_shares_the_precision_of_its_largest_value() -> None:
    assert numbers.column([1e-9, 1.5, -0.25], relative=False) == ["0.00", "1.50", "-0.25"]


def test_a_value_that_rounds_to_nothing_has_no_sign() -> None:
    assert numbers.column([-1e-12, 1.5], relative=False) == ["0.0", "1.5"]


@given(st.lists(FINITE, min_size=1, max_size=6))
def test_a_column_keeps_its_digits(values: list[float]) -> None:
    digits = 8
    for value, text in zip(values, numbers.column(values, digits), strict=True):
        # Fixed notation gives up at most three digits of the smaller values.
        assert float(text) == pytest.approx(value, rel=0.6 * 10.0 ** -(digits - 1 - 3), abs=0.0)


@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=6))
def test_rows_keep_the_digits_of_their_largest_value_and_align(pairs: list[tuple[float, float]]) -> None:
    written = numbers.rows(pairs, 10)
    if not any("e" in text for row in written for text in row):
        for texts in zip(*written, strict=True):
            assert len({len(text) - len(re.split(r"[. ]", text)[0]) for text in texts}) == 1
    for pair, texts in zip(pairs, written, strict=True):
        size = max(abs(value) for value in pair)
        for value, text in zip(pair, texts, strict=True):
            assert float(text) == pytest.approx(value, rel=1e-9, abs=1e-9 * size)


def test_rows_align_their_decimal_points() -> None:
    written = numbers.rows([(123.25, 123.5), (0.0625, 0.5), (7.0, 7.0)])
    assert written == [["123.25  ", "123.50  "], ["0.0625", "0.5000"], ["7     ", "7     "]]


def test_rows_too_far_apart_are_scientific() -> None:
    assert numbers.rows([(1.5e9, 2e9), (1.2345678e-5, 1e-5)]) == [
        ["1.5000000e+09", "2.0000000e+09"],
        ["1.2345678e-05", "1.0000000e-05"],
    ]


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (99_999, "99999"), (100_000, "100,000"), (10**12, "1,000,000,000,000")]
)
def test_counts_have_separators_where_they_help(count: int, text: str) -> None:
    assert numbers.whole(count) == text
