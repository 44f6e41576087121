"""Text that a stream can show, wrapped without loss."""

from __future__ import annotations

import shlex
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdsolve.report.text import printable, wrap
from gdsolve.terminal import cells, wrap_command

WORDS = st.lists(st.text(alphabet="ab_/.-=12é漢", min_size=1, max_size=70), min_size=1, max_size=12)


@given(WORDS, st.integers(20, 90))
def test_wrapping_loses_nothing_and_keeps_the_width(words: list[str], width: int) -> None:
    text = " ".join(words)
    lines = wrap(text, width, hanging=2)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cells(line) <= width for line in lines)


def test_a_word_is_broken_where_a_name_has_a_joint() -> None:
    assert wrap("median_income_in_thousands", 16) == ["median_income_", "in_thousands"]


def test_numbers_in_prose_stay_whole() -> None:
    assert wrap("learning rate 0.0845241 is stable", 20) == ["learning rate", "0.0845241 is stable"]


@given(WORDS, st.integers(20, 90))
def test_a_wrapped_command_is_the_same_command(words: list[str], width: int) -> None:
    command = shlex.join(["gdsolve", "fit", *words, "a b  c", "it's"])
    continued = "\n".join(wrap_command(command, width)).replace("\\\n", "")
    assert shlex.split(continued) == shlex.split(command)


def test_a_command_is_broken_between_its_words() -> None:
    lines = wrap_command("gdsolve fit data.csv --target 'the target' --lr 0.01", 32)
    assert lines == ["gdsolve fit data.csv --target \\", "  'the target' --lr 0.01"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("XᵀX is singular", "X'X is singular"),
        ("ridge λ = 0.1, R² ≥ 0", "ridge lambda = 0.1, R^2 >= 0"),
        ("10⁻¹² × x", "10^-12 x x"),
        ("90 µs, β = 0.9, δ ± 1", "90 us, beta = 0.9, delta +- 1"),
        ("größe", "gr\\xf6\\xdfe"),
    ],
)
def test_ascii_stands_in_for_what_a_stream_lacks(text: str, shown: str) -> None:
    assert printable(text, "ascii") == shown
    assert printable(text, "utf-8") == text


@given(st.text())
def test_no_control_character_survives(text: str) -> None:
    for encoding in ("utf-8", "ascii", "latin-1"):
        shown = printable(text, encoding)
        shown.encode(encoding)
        assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs")]


def test_an_escape_sequence_in_a_name_is_shown_not_obeyed() -> None:
    assert printable("a\x1b[2Jb\nc", "utf-8") == "a\\x1b[2Jb\\nc"
