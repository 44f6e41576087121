"""The README shows what gdsolve prints today."""

from __future__ import annotations

import re

from readme import README, made_anew

NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")


def rounded(text: str) -> str:
    """The text with what is mere rounding, or a machine's own, taken out of its numbers."""

    def shorten(found: re.Match[str]) -> str:
        value = float(found[0].replace(",", ""))
        return "~0" if abs(value) < 1e-11 else f"{value:.5g}"

    return re.sub(r" +|─+", " ", NUMBER.sub(shorten, text))


def test_readme_is_current() -> None:
    text = README.read_text(encoding="utf-8")
    assert rounded(made_anew(text)) == rounded(text), "run: python tests/readme.py"
