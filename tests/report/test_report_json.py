"""The document that is written is the one that `json` writes with an indent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdsolve.report.plain import indented

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30)


@given(VALUES, st.booleans())
def test_any_document_is_that_of_json(value: Any, ascii_only: bool) -> None:
    assert indented(value, ascii_only=ascii_only) == json.dumps(value, indent=2, ensure_ascii=ascii_only)


@pytest.mark.parametrize("value", [{}, [], {"a": {}}, [[], {}], {"a, b": [1.5, {"c": ": ,\n"}]}, 1e300, "ä"])
def test_empty_and_odd_ones_too(value: Any) -> None:
    assert indented(value, ascii_only=False) == json.dumps(value, indent=2, ensure_ascii=False)
