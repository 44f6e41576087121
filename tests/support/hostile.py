"""Files and values as nobody should give them, and what is promised whatever is given."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from nursery import Done

SEARCHING = os.environ.get("HYPOTHESIS_PROFILE") == "search"
DOCUMENTED = (0, 2, 3, 4, 5)
PIECES = [
    *(
        b"\0",
        b"\xff",
        b"\r",
        b"\n",
        b'"',
        b",",
        b";",
        b"\t",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b"#",
        b"-",
        b"'",
        b" ",
        b"\\",
    ),
    *(
        b"1e999",
        b"NaN",
        b"9" * 400,
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\\u0000",
        b"\\ud800",
        b"null",
        b"true",
        b"^x$",
        b"*",
    ),
    *(b"\x1b[31m", b"0x1", b"\x1a", b"2020-02-30", b"qid:3", b"nan:nan", b"99999999999:1", b'{"x":{"x":1}}', b"\x80"),
    *(b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\1\0\0\0", b"&a", b"!!x", b"1:1"),
]
STRICT: list[Any] = [
    *(None, True, -1, 0, 10**400, 1e308, "x", "", "\0", "1/0", "^x$", [], [None], ["x", "x"], [[1]]),
    *({}, {"a": 1}, {"x": ["u"]}, {"": ""}),
]
"""Values of JSON."""
VALUES = [*STRICT, float("nan")]
"""The same with one that is not of JSON, and that Python writes and reads all the same."""


def tried(examples: int) -> settings:
    """So many examples of some tens of milliseconds each; hundreds of times as many where somebody searches."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    return settings(max_examples=examples * 300 if SEARCHING else examples, suppress_health_check=slow)


def require_told(done: Done, what: object = "") -> None:
    """See that a run has ended as one may: a documented code, one line on what is wrong, and no fault of gdsolve."""
    assert done.code in DOCUMENTED, (what, done.code, done.err[-2000:])
    assert "Traceback" not in done.err and "internal fault" not in done.err, (what, done.err[-2000:])
    if done.code in (2, 5):
        told = [line for line in done.err.splitlines() if not line.startswith("gdsolve: warning: ")]
        assert [line.partition(": ")[0] for line in told] in (["gdsolve"], ["gdsolve", "hint"]), (what, done.err)


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The content with some bytes changed, put in, taken out or doubled, or cut off."""
    found = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(found)))
        match draw(st.sampled_from(["byte", "bit", "piece", "out", "twice", "cut"])):
            case "byte":
                found[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "bit" if at < len(found):
                found[at] ^= 1 << draw(st.integers(0, 7))
            case "piece":
                found[at:at] = draw(st.sampled_from(PIECES))
            case "out":
                del found[at : at + draw(st.integers(1, 16))]
            case "twice":
                found[at:at] = found[at : at + draw(st.integers(1, 64))]
            case "cut" if draw(st.integers(0, 3)) == 0:
                del found[at:]
    return bytes(found)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values within one of JSON; of a list the first."""
    if at:
        yield at
    for key, one in (
        value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    ):
        yield from places(one, (*at, key))


def replaced(value: Any, at: tuple[Any, ...], by: Any) -> Any:
    """The same with another value at one place; without the key where it is `...`."""
    found = copy.deepcopy(value)
    inner = found
    for key in at[:-1]:
        inner = inner[key]
    if by is ...:
        del inner[at[-1]]
    else:
        inner[at[-1]] = by
    return found
