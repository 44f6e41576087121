"""A descent of a day must not grow: the long form is `python -m benchmarks.memory`."""

from __future__ import annotations

import sys

import pytest

from benchmarks.memory import CASES, memory_of

pytestmark = pytest.mark.slow


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(("name", "updates"), [(name, 5_000 if name == "lbfgs" else 12_000) for name in CASES])
def test_memory_is_flat(name: str, updates: int) -> None:
    """Three hundred bytes kept of every update would be three megabytes."""
    assert memory_of(name, updates).growth < 1_000_000
