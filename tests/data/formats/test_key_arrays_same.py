"""Objects have the keys of the first one only where each has them all, once, in its order, and within itself."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gdsolve.data.formats.ndjson.key_arrays import _are_the_same


@pytest.mark.parametrize(
    ("objects", "same"),
    [
        (["{a b c}", "{a b c}", "{a b c}"], True),
        (["{a}", "{a}"], True),
        (["{a b c}", "{a c b}"], False),
        (["{a b c}", "{a b}"], False),
        (["{a a}", "{a a}"], False),
        # As many keys in all, and in the same order, but not in the same objects.
        (["{a b}", "{a}", "{b a b}"], False),
        (["{a b}", "{a b a}", "{b}"], False),
        (["{a b c}", "{a b}", "{c a b c}"], False),
        (["{a b c}", "{a b c a}", "{b c}"], False),
        (["{a}", "{}", "{a a}"], False),
    ],
)
def test_keys_of_all_objects_are_those_of_the_first(objects: list[str], same: bool) -> None:
    text = "\n".join(objects)
    keys = list(re.finditer("[abc]", text))
    codes, start = np.array(["abc".index(key[0]) for key in keys]), np.array([key.start() for key in keys])
    starts, ends = (np.array([found.start() for found in re.finditer(sign, text)]) for sign in ("{", "}"))
    layout: Any = SimpleNamespace(starts=starts, ends=ends)
    assert _are_the_same(codes, start, len(re.findall("[abc]", objects[0])), layout) is same
