"""Parsing several parts at once: in their order, faults at their place, nothing left running."""

from __future__ import annotations

import threading
import time

import pytest

from gdsolve.data.parallel import in_order


def parts(count, then=None):
    yield from range(count)
    if then is not None:
        raise then


def slow_first(part):
    time.sleep(0.02 if part % 3 == 0 else 0.0)
    return part * part


def workers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("gdsolve-parse")]


@pytest.mark.parametrize("alone", [False, True])
def test_order(alone):
    assert list(in_order(parts(20), slow_first, alone)) == [(part, part * part) for part in range(20)]
    assert list(in_order(parts(0), slow_first, alone)) == []


@pytest.mark.parametrize("alone", [False, True])
def test_a_fault_of_the_parts_comes_after_the_parts_before_it(alone):
    found = in_order(parts(4, then=OSError("gone")), slow_first, alone)
    assert [next(found)[0] for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(OSError, match="gone"):
        next(found)


@pytest.mark.parametrize("alone", [False, True])
def test_a_fault_of_parsing_comes_at_its_part(alone):
    found = in_order(parts(9), lambda part: 1 // (part - 2), alone)
    assert [next(found)[0] for _ in range(2)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(found)
    assert workers() == []


def test_parts_are_taken_as_they_are_needed():
    taken = []
    found = in_order((taken.append(part) or part for part in range(100)), slow_first, alone=False)
    next(found)
    assert len(taken) <= 4
    found.close()
    assert workers() == []
