"""Reading ahead: in order, within its bounds, and never in the way of an end."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

from gdsolve.data import Batch, prefetch

ROWS = 100
SIZE = ROWS * 2 * 8


def batches(count, seen=None, then=None):
    for number in range(count):
        if seen is not None:
            seen.append(number)
        yield Batch(np.full((ROWS, 2), float(number)), None)
    if then is not None:
        raise then


def wait_for(condition):
    until = time.monotonic() + 5
    while not condition() and time.monotonic() < until:
        time.sleep(0.001)
    assert condition()


def readers():
    return [thread for thread in threading.enumerate() if thread.name == "gdsolve-read"]


def test_order():
    assert [batch.values[0, 0] for batch in prefetch(batches(50), max_bytes=3 * SIZE)] == list(range(50))


def test_starts_at_the_call_and_stops_at_the_bound():
    seen = []
    ahead = prefetch(batches(50, seen), max_bytes=3 * SIZE)
    wait_for(lambda: len(seen) == 4)
    time.sleep(0.05)
    assert len(seen) == 4
    next(ahead)
    wait_for(lambda: len(seen) == 5)
    ahead.close()


def test_errors_come_after_the_batches_before_them():
    ahead = prefetch(batches(3, then=KeyError("here")))
    assert [next(ahead).values[0, 0] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(KeyError, match="here"):
        next(ahead)
    with pytest.raises(StopIteration):
        next(ahead)


def test_closing_ends_the_thread_and_the_iterator():
    closed = []

    def source():
        try:
            yield from batches(1000)
        finally:
            closed.append(True)

    ahead = prefetch(source(), max_bytes=SIZE)
    next(ahead)
    ahead.close()
    wait_for(lambda: not readers())
    assert closed == [True]


def test_forgetting_it_ends_the_thread():
    ahead = prefetch(batches(1000), max_bytes=SIZE)
    next(ahead)
    del ahead
    wait_for(lambda: not readers())


def test_ctrl_c_while_waiting_does_not_hang():
    code = """
        import _thread, threading, time
        from gdsolve.data import prefetch

        def never():
            time.sleep(60)
            yield

        threading.Timer(0.2, _thread.interrupt_main).start()
        try:
            next(prefetch(never()))
        except KeyboardInterrupt:
            print("interrupted")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.returncode, done.stdout) == (0, "interrupted\n")


def test_reading_needs_no_torch():
    code = "import sys, gdsolve.data; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=20).returncode == 0
