"""The keys of NDJSON by arrays over all its bytes at once: some hundred megabytes a second on one core."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gdsolve.data.formats.ndjson.keys import Key, ObjectKeys, Value, keys_by_line, pairs_of

# Arrays of what is between line breaks nearest to this stay in the cache of a core.
_BLOCK = 1 << 18
# Keys are compared in words of eight bytes; texts with longer ones are looked at line by line, and so are those with
# more blanks between two things.
_MOST_WORDS = 16
_MOST_BLANKS = 64
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
_MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)
_NOTHING = len(Value)
_STARTS = {"-0123456789": Value.NUMBER, '"': Value.TEXT, "tf": Value.BOOLEAN, "n": Value.NULL, "{": Value.OBJECT}
_VALUES = np.full(256, _NOTHING, np.uint8)
for _marks, _value in (*_STARTS.items(), ("[", Value.LIST)):
    _VALUES[[ord(mark) for mark in _marks]] = _value


def keys_of(text: bytes) -> ObjectKeys | None:
    """Count what stands at the keys of the objects of a piece; None where it is no NDJSON.

    What is wrong within an object may pass unseen: a parser will tell.
    """
    joined, start = ObjectKeys({}, 0, same=True), 0
    while start < len(text):
        stop = text.rfind(b"\n", start, start + _BLOCK) + 1 or text.find(b"\n", start) + 1 or len(text)
        block = text[start:stop]
        ways = (count(block) for count in (_alike, _scattered, keys_by_line))
        found = next((keys for keys in ways if keys is not None), None)
        if found is None:
            return None
        joined, start = joined + found, stop
    return joined


def _alike(text: bytes) -> ObjectKeys | None:
    """Count where every object is written as the first one: flat, the same keys in the same order, one a line."""
    pairs = pairs_of(text[: text.find(b"\n") + 1].decode(errors="replace"))
    if not pairs or b"\\" in text:
        return None
    names, width = [name for name, _ in pairs], len(pairs)
    marks = [("\n{" * (place == 0) + f'"{name}"').encode() for place, name in enumerate(names)]
    # A line break before the first object as before all others, and room for words of eight bytes on both sides.
    padded = b"".join((b"\n".rjust(max(map(len, marks)) + 8), text, bytes(8)))
    found = np.frombuffer(padded, np.uint8)
    records, colons = int(np.count_nonzero(found == ord("\n"))) - 1, np.flatnonzero(found == ord(":"))
    if len(colons) != records * width or len(set(names)) < width:
        return None
    if not _stand_before(marks, colons.reshape(records, width), padded):
        return None
    after = found[colons + 1]
    blank = after == ord(" ")
    if blank.any():
        after = found[colons + 1 + blank]
    values = _VALUES[after].reshape(records, width)
    if (values >= Value.OBJECT).any():
        return None
    if values.any():
        rows = [tuple(np.bincount(column, minlength=len(Value)).tolist()) for column in values.T]
    else:
        rows = [(records, *[0] * (len(Value) - 1))] * width
    last = [0] * (width - 1) + [records]
    return ObjectKeys(dict(zip(names, map(Key, rows, last), strict=True)), records, same=True)


def _stand_before(marks: Sequence[bytes], colons: np.ndarray, padded: bytes) -> bool:
    """Tell whether the marks stand before the colons, (records, marks)."""
    view = np.ndarray((len(padded) - 7,), "<u8", padded, strides=(1,))
    for end in range(0, max(map(len, marks)), 8):
        parts = [mark[max(0, len(mark) - end - 8) : max(0, len(mark) - end)] for mark in marks]
        long = [place for place, part in enumerate(parts) if part]
        beyond = np.array([8 * (8 - len(parts[place])) for place in long], np.uint64)
        wanted = np.array([int.from_bytes(parts[place], "little") for place in long], np.uint64)
        there = colons if len(long) == len(marks) else colons[:, long]
        if not (view[there - (end + 8)] >> beyond == wanted).all():
            return False
    return True


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand among the bytes: strings from quote to quote, objects of the first level from end to end.

    `depth` counts brackets that are open after each of the `brackets`; None where no object holds another or a list.
    """

    bytes: np.ndarray
    opening: np.ndarray
    closing: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    brackets: np.ndarray
    depth: np.ndarray | None = None


def _scattered(text: bytes) -> ObjectKeys | None:
    """Count wherever keys stand; None where the text is not one object a line, as far as brackets tell."""
    layout = _layout(text)
    if layout is None or not _one_a_line(layout):
        return None
    after = _beyond_blanks(layout.bytes, layout.closing + 1)
    is_key = layout.bytes[after] == ord(":")
    if layout.depth is not None:
        is_key &= layout.depth[np.searchsorted(layout.brackets, layout.opening) - 1] == 1
    start, stop = layout.opening[is_key] + 1, layout.closing[is_key]
    if not start.size:
        return ObjectKeys({}, len(layout.starts), same=True)
    values = _VALUES[layout.bytes[_beyond_blanks(layout.bytes, after[is_key] + 1)]].astype(np.int64)
    codes, first = _numbered(layout.bytes, start, stop - start)
    names = [_name(text[start[place] : stop[place]]) for place in first.tolist()]
    if not codes.size or None in names or len(set(names)) < len(names) or (values == _NOTHING).any():
        return None
    return _counted([name or "" for name in names], codes, values, start, layout)


def _counted(
    names: Sequence[str], codes: np.ndarray, values: np.ndarray, start: np.ndarray, layout: _Layout
) -> ObjectKeys:
    records, width, many = len(layout.starts), len(codes) // max(1, len(layout.starts)), len(names)
    same = _are_the_same(codes, start, width, layout)
    last = np.searchsorted(start, layout.ends) - 1
    last = codes[last[(last >= 0) & (start[last] > layout.starts)]]
    counts = np.bincount(codes * len(Value) + values, minlength=many * len(Value)).reshape(many, -1)
    lasts = np.bincount(last, minlength=many)
    nested: dict[int, int] = {}
    twice: dict[int, int] = {}
    if not same or (values >= Value.OBJECT).any():
        record = np.searchsorted(layout.starts, start) - 1
        deep = np.flatnonzero(values >= Value.OBJECT)[::-1]
        nested = dict(zip(codes[deep].tolist(), record[deep].tolist(), strict=True))
        pairs = np.sort(record * many + codes)
        again = pairs[1:][pairs[1:] == pairs[:-1]][::-1]
        twice = dict(zip((again % many).tolist(), (again // many).tolist(), strict=True))
    keys = [
        Key(tuple(counts[code].tolist()), int(lasts[code]), nested.get(code), twice.get(code)) for code in range(many)
    ]
    return ObjectKeys(dict(zip(names, keys, strict=True)), records, same)


def _are_the_same(codes: np.ndarray, start: np.ndarray, width: int, layout: _Layout) -> bool:
    """Tell whether all objects have the keys of the first one, once each and in its order."""
    records = len(layout.starts)
    if len(codes) != records * width or len(set(codes[:width].tolist())) < width:
        return False
    within = (start[::width] > layout.starts) & (start[width - 1 :: width] < layout.ends)
    return bool(within.all() and (codes.reshape(records, width) == codes[:width]).all())


def _layout(text: bytes) -> _Layout | None:
    # Room for the last word of eight bytes, and for a look beyond the end.
    found = np.frombuffer(text + bytes(8), np.uint8)
    quotes = np.flatnonzero(found == ord('"'))
    if b"\\" in text:
        quotes = quotes[~_escaped(found, quotes)]
    if len(quotes) % 2:
        return None
    strings = quotes[0::2], quotes[1::2]
    starts, ends = (_outside(found == ord(mark), quotes) for mark in "{}")
    lists = [_outside(found == ord(mark), quotes) for mark in "[]"] if b"[" in text or b"]" in text else []
    flat = len(starts) == len(ends) and bool((starts < ends).all() and (ends[:-1] < starts[1:]).all())
    if flat and not any(len(places) for places in lists):
        return _Layout(found, *strings, starts, ends, starts)
    opened = np.concatenate([starts, *lists[:1]])
    brackets = np.concatenate([opened, ends, *lists[1:]])
    order = np.argsort(brackets, kind="stable")
    brackets, steps = brackets[order], np.where(order < len(opened), 1, -1)
    depth = np.cumsum(steps)
    if depth.size == 0 or depth.min() < 0 or depth[-1] != 0:
        return None
    return _Layout(
        found,
        *strings,
        brackets[(steps > 0) & (depth == 1)],
        brackets[(steps < 0) & (depth == 0)],
        brackets,
        depth,
    )


def _escaped(found: np.ndarray, quotes: np.ndarray) -> np.ndarray:
    """Tell before which quotes, (quotes,), an odd number of backslashes stands."""
    slashes = np.flatnonzero(found == ord("\\"))
    places = np.arange(len(slashes))
    starts = np.maximum.accumulate(np.where(np.diff(slashes, prepend=-2) != 1, places, 0))
    before = np.minimum(np.searchsorted(slashes, quotes - 1), len(slashes) - 1)
    return np.asarray((slashes[before] == quotes - 1) & ((before - starts[before]) % 2 == 0))


def _outside(there: np.ndarray, quotes: np.ndarray) -> np.ndarray:
    """The places that are not within a string."""
    places = np.flatnonzero(there)
    return np.asarray(places[np.searchsorted(quotes, places) % 2 == 0])


def _one_a_line(layout: _Layout) -> bool:
    """Tell whether every object is on a line of its own, with nothing but blanks beside it."""
    size = len(layout.bytes) - 8
    if (layout.bytes[layout.starts] != ord("{")).any() or not layout.starts.size:
        return False
    before = np.concatenate(([0], layout.ends + 1))
    length = np.concatenate((layout.starts, [size])) - before
    places = np.repeat(before - np.cumsum(length) + length, length) + np.arange(int(length.sum()))
    between = layout.bytes[places]
    breaks = places[between == ord("\n")]
    if not np.isin(between, np.frombuffer(b"\n\r\t ", np.uint8)).all():
        return False
    within = int(np.count_nonzero(layout.bytes == ord("\n"))) - len(breaks)
    return not within and bool((np.diff(np.searchsorted(breaks, layout.starts)) > 0).all())


def _beyond_blanks(found: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The places of the next bytes that are no blanks."""
    for _ in range(_MOST_BLANKS):
        marks = found[places]
        blank = (marks == ord(" ")) | (marks == ord("\t"))
        if not blank.any():
            break
        places = places + blank
    return places


def _numbered(found: np.ndarray, start: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the strings at places: a number for each, (strings,), and the first string of each number; else nothing.

    They are told apart by a hash of 64 bits.
    """
    words = int(length.max()) // 8 + 1
    if words > _MOST_WORDS:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    last = len(found) - 8
    view = np.ndarray((last + 1,), "<u8", found.tobytes(), strides=(1,))
    hashed = length.astype(np.uint64) * _MIX[0]
    for word in range(words):
        bytes_left = np.clip(length - 8 * word, 0, 8)
        hashed = (hashed ^ (view[np.minimum(start + 8 * word, last)] & _MASKS[bytes_left])) * _MIX[1]
        hashed ^= hashed >> np.uint64(29)
    known = np.unique(hashed[:1000])
    codes = np.minimum(np.searchsorted(known, hashed), len(known) - 1)
    if (new := known[codes] != hashed).any():
        known = np.unique(np.concatenate((known, hashed[new])))
        codes = np.searchsorted(known, hashed)
    first = np.empty(len(known), np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    # In the order in which they come up.
    order = np.argsort(first)
    ranks = np.empty_like(order)
    ranks[order] = np.arange(len(order))
    return ranks[codes], first[order]


def _name(written: bytes) -> str | None:
    if b"\\" not in written:
        return written.decode(errors="replace")
    try:
        return str(json.loads(b'"' + written + b'"'))
    except ValueError:
        return None
