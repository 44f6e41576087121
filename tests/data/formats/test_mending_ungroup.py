"""The program of sed that takes groups of thousands out of a file, and what it leaves alone."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from gdsolve.data.formats.csv.mending import _swap, _ungroup


def edited(program: str, text: str) -> str:
    """What `sed -E -e PROGRAM` makes of a text."""
    words = ["sed", "-E", "-e", *shlex.split(program)]
    return subprocess.run(words, input=text, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.parametrize(
    ("mark", "bare", "quoted", "text", "expected"),
    [
        # Points with a decimal comma behind them group, whatever stands in the other cells.
        (".", "1.234,5", False, "1.234,5;12.345.678,9;1.234;2.5", "1234,5;12345678,9;1.234;2.5"),
        (".", "1.234,5", True, '"1.234,5","x 1.234",1.5', '"1234,5","x 1.234",1.5'),
        # Two points or more group; a single one may be a decimal mark.
        (".", "1.234.567", False, "1.234.567;1.234;1.234.567.890;2.5", "1234567;1.234;1234567890;2.5"),
        # A single one that does group, as the other cells say.
        (".", "1.234", False, "1.234;12.345;2.5;1.2345", "1234;12345;2.5;1.2345"),
        (",", "1,234", False, "1,234;1,234,567;2,5", "1234;1234567;2,5"),
        (",", "1,234", True, '"1,234",5,"1,234,567"', '"1234",5,"1234567"'),
    ],
)
def test_thousands_are_no_longer_grouped(mark: str, bare: str, quoted: bool, text: str, expected: str) -> None:
    assert edited(_ungroup(mark, bare, quoted), f"{text}\n") == f"{expected}\n"


@pytest.mark.parametrize(
    ("mark", "quoted", "text", "expected"),
    [
        (",", True, '"1,5","1,234","-12,3456",7,8', '1.5,"1,234",-12.3456,7,8'),
        (",", False, "1,5;1,234;12,3456", "1.5;1,234;12.3456"),
        (".", False, "1.5;1.234;12.3456", "1,5;1.234;12,3456"),
    ],
)
def test_decimal_marks_are_swapped_but_where_they_may_group(mark: str, quoted: bool, text: str, expected: str) -> None:
    assert edited(_swap(mark, quoted), f"{text}\n") == f"{expected}\n"
