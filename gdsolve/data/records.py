"""Where the records of a text end: what stands between quotes may have line breaks in it."""

from __future__ import annotations

# A record beyond this is no record: a quote that never closes, or a file of another kind.
LONGEST = 1 << 26


def end_of_records(text: bytes, delimiters: str) -> int:
    """Give the end of the last whole record of a CSV text, which may stand between any of some marks; 0 for none."""
    end = text.rfind(b"\n") + 1
    if text.count(b'"', 0, end) % 2 == 0:
        return end
    return _end_outside_quotes(text, end, b"\n" + delimiters.encode())


def _end_outside_quotes(text: bytes, end: int, before_quotes: bytes) -> int:
    """Tell a quote that is open at the end from one that stands within a cell, where it is a letter as any other."""
    outside = place = 0
    while (quote := text.find(b'"', place, end)) >= 0:
        outside = max(outside, text.rfind(b"\n", place, quote) + 1)
        if quote and text[quote - 1] not in before_quotes:
            place = quote + 1
            continue
        place = quote + 1
        while (close := text.find(b'"', place, end)) >= 0 and text[close + 1 : close + 2] == b'"':
            place = close + 2
        if close < 0:
            return outside
        place = close + 1
    return end
