"""How the usual encodings read a text, and how usual its letters are then."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from gdsolve.data.alphabets import ENCODINGS, Encoding, Script

# Letters of the end of a word stand nowhere else; Thai vowels before their consonant end none, and marks begin none.
_NO_WORD = re.compile(r"[ςםןץףך].|[เ-ไ]$|^[ัิ-ฺ็-๎ะาำ]|[A-Za-z][ัิ-ฺ็-๎]")
_WORD = re.compile(r"(?:[^\W\d_µμºª]|[ัิ-ฺ็-๎])+|.", re.DOTALL)
# Signs that stand in headers by themselves.
_SIGNS = frozenset("\xa0°ºª½¼¾²³µμ€£¥§±·–—’‘“”„×№…、。（）：％・〜ー")


@dataclass(frozen=True, slots=True)
class Decoding:
    """How an encoding reads the lines that are not ASCII."""

    encoding: Encoding
    text: str
    score: float


def readings_of(sample: bytes) -> list[Decoding]:
    """Give the readings of a sample that are possible, the likeliest first."""
    found = []
    for encoding in ENCODINGS:
        with suppress(UnicodeDecodeError):
            text = sample.decode(encoding.codec)
            found.append(Decoding(encoding, text, _score(text, encoding) * _evenness(sample, encoding)))
    return sorted(found, key=lambda reading: -reading.score)


def _evenness(sample: bytes, encoding: Encoding) -> float:
    """Give a factor for letters of one byte where all runs of bytes beyond ASCII are even, as letters of two make them.

    Of N runs of letters of one byte all are even with probability 2⁻ᴺ.
    """
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", sample)]
    if encoding.script is Script.IDEOGRAPHS or any(length % 2 for length in runs):
        return 1.0
    return max(0.6, 1.0 - 0.07 * len(runs))


def _score(text: str, encoding: Encoding) -> float:
    """Give how usual the letters beyond ASCII are, 0 to 1 on average, for a text in this encoding."""
    total, count = 0.0, 0
    for found in _WORD.finditer(text):
        word = found[0]
        if word.isascii():
            continue
        if word in _SIGNS:
            weights = [_sign(text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1], word)]
        else:
            weights = [_weight(letter, encoding) for letter in word if not letter.isascii()]
        # A letter alone beside a digit is a sign read wrongly.
        beside = text[found.start() - 1 : found.start()] + text[found.end() : found.end() + 1]
        alone = 0.5 if len(word) == 1 and word.isalpha() and re.search(r"\d", beside) else 1.0
        total += sum(weights) * _plausible(word, encoding.script) * alone
        count += len(weights)
    return total * encoding.share / max(count, 1)


def _sign(before: str, after: str, sign: str) -> float:
    """Weigh a sign by its neighbours: within words, or next to letters beyond ASCII, it is no sign."""
    inside = before.isalpha() and after.isalpha() and sign != "’"
    beside = any(letter.isalpha() and not letter.isascii() for letter in (before, after))
    return 0.1 if inside or beside else 0.9


def _weight(letter: str, encoding: Encoding) -> float:
    lower = letter if letter in encoding.usual else letter.lower()
    capital = 1.0 if letter == lower else 0.88
    if lower in encoding.usual:
        return capital
    if lower in encoding.other:
        return 0.7 * capital
    if encoding.script is not Script.IDEOGRAPHS:
        return 0.3 if encoding.script is Script.OTHER and letter.isalpha() else 0.0
    try:
        lead = letter.encode(encoding.plain)[0]
    except UnicodeEncodeError:
        return 0.0
    return 0.6 if encoding.leads[0] <= lead <= encoding.leads[1] else 0.1


def _plausible(word: str, script: Script) -> float:
    """Give a factor for a word: letters of two alphabets are not mixed, nor capitals with what stands before them."""
    if script is Script.IDEOGRAPHS or len(word) == 1:
        return 1.0
    mixed = any(letter.isascii() for letter in word)
    rises = any(one.islower() and two.isupper() for one, two in pairwise(word))
    return 0.3 if rises or mixed is not (script is Script.LATIN) or _NO_WORD.search(word) else 1.0
