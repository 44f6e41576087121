"""Signals that wait while code runs that would lose what they raise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from gdsolve.signals import held_signals


@pytest.fixture(autouse=True)
def usual_handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_signal_is_raised_when_it_is_released_and_not_within() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), held_signals() as held:
        # As a compiler does it.
        try:
            os.kill(os.getpid(), signal.SIGINT)
            reached.append("within")
        except BaseException:
            reached.append("lost")
        held.release()
        reached.append("behind")
    assert reached == ["within"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_nobody_released_is_raised_at_the_end() -> None:
    with pytest.raises(KeyboardInterrupt), held_signals():
        os.kill(os.getpid(), signal.SIGINT)
    with held_signals() as held:
        held.release()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_second_signal_ends_the_process_at_once() -> None:
    code = (
        "import os, signal\nfrom gdsolve.signals import held_signals\nwith held_signals():\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n    os.kill(os.getpid(), signal.SIGINT)\n    print('behind')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGINT, "")
