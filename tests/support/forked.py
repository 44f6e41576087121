"""Processes of gdsolve without the seconds that it takes to import torch: each is forked from one that has it.

A `Forked` is a process like any other, with an exit code, streams, signals and a session of its own, and `start` and
`run` are what `subprocess.Popen` and `subprocess.run` are for `python -m gdsolve`. What only Python's own start can
show, such as what is imported, or a stream that is closed from the beginning, needs a process of its own.
"""

from __future__ import annotations

import array
import atexit
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from places import ROOT
from quiet import QUIET_ENVIRONMENT

WORDS = ("-m", "gdsolve")
TELLS_STEP = """
import sys
from gdsolve.__main__ import main
from gdsolve.descent.schedule import Schedule

usual, told = Schedule.includes, []

def tells(self, k):
    if k >= 1000 and not told:
        told.append(print("a thousand steps", file=sys.stderr, flush=True))
    return usual(self, k)

Schedule.includes = tells
main()
"""
"""Code that runs gdsolve, and says on standard error when a descent has taken a thousand steps."""


class Forked(subprocess.Popen[Any]):
    """`subprocess.Popen` of this Python, in which no program is loaded: a fork of the one that waits runs the words.

    It overrides what starts a child and what waits for it, which are the same from Python 3.11 to 3.14.
    """

    def __init__(self, words: Sequence[str], *, takes_terminal: bool = False, **more: Any) -> None:
        self._takes_terminal = takes_terminal
        super().__init__(words, **more)

    def _execute_child(self, args: Any, *given: Any) -> None:
        (cwd, env), pipes = given[4:6], given[9:15]
        asked = {
            "words": list(map(str, args)),
            "cwd": str(cwd or Path.cwd()),
            "env": dict(os.environ if env is None else env),
            "terminal": self._takes_terminal,
        }
        streams = [own if given < 0 else given for own, given in enumerate(pipes[i] for i in (0, 3, 5))]
        self._ended, told = os.pipe()
        try:
            _ask(asked, [*streams, told])
        finally:
            os.close(told)
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]
        self.pid = self._told()
        self._child_created = True

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        if self.returncode is None and select.select([self._ended], [], [], 0)[0]:
            self._end()
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        if self.returncode is None:
            if not select.select([self._ended], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            self._end()
        return self.returncode

    def _end(self) -> None:
        self.returncode = self._told()
        os.close(self._ended)

    def _told(self) -> int:
        told = os.read(self._ended, 8)
        assert len(told) == 8, "the process that forks is gone"
        return int(struct.unpack("q", told)[0])


def start(*arguments: str, code: str | None = None, env: Any = None, **more: Any) -> Forked:
    """Start gdsolve, or Python code, with these arguments."""
    words = WORDS if code is None else ("-c", code)
    return Forked([*words, *arguments], env=QUIET_ENVIRONMENT if env is None else env, **more)


def run(
    *arguments: str, stdin: str = "", code: str | None = None, env: Any = None, cwd: Any = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run gdsolve, or Python code, to its end; both of its streams are caught."""
    streams: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    env = {**(QUIET_ENVIRONMENT if env is None else env), **environment}
    with start(*arguments, code=code, env=env, cwd=cwd, text=True, encoding="utf-8", **streams) as process:
        try:
            out, err = process.communicate(stdin, timeout=120)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def wait_for(condition: Callable[[], Any]) -> None:
    """Wait until something holds; whatever does not within two minutes never will."""
    until = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


# The side of those who ask ------------------------------------------------------------------------------------------

_line: list[socket.socket] = []
_lock = threading.Lock()


def _ask(asked: dict[str, Any], streams: Sequence[int]) -> None:
    with _lock:
        if not _line:
            _line.append(_started())
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", streams))]
    _line[0].sendmsg([json.dumps(asked).encode()], rights)


def _started() -> socket.socket:
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # It must not look at what the first test happens to have in its environment.
    process = subprocess.Popen(
        [sys.executable, __file__, str(there.fileno())], pass_fds=[there.fileno()], env=QUIET_ENVIRONMENT
    )
    there.close()
    atexit.register(_end, here, process)
    return here


def _end(line: socket.socket, process: subprocess.Popen[bytes]) -> None:
    line.close()
    process.wait()


# The side of the one that forks -------------------------------------------------------------------------------------


def _serve(line: socket.socket) -> None:
    """Fork a child for every line, tell its number at once and its exit code in the end."""
    _warm()
    wake, woken = os.pipe()
    for end in (wake, woken):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    living: dict[int, int] = {}
    while True:
        ready = select.select([line, wake], [], [])[0]
        if wake in ready:
            with suppress(BlockingIOError):
                os.read(wake, 1 << 16)
            _bury(living)
        if line in ready:
            message, rights, _, _ = line.recvmsg(1 << 20, socket.CMSG_SPACE(4 * 4))
            if not message:
                break
            streams = list(array.array("i", rights[0][2]))
            child = os.fork()
            if child == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for end in (line.fileno(), wake, woken, streams.pop(), *living.values()):
                    os.close(end)
                _become(json.loads(message), streams)
            *used, living[child] = streams
            for stream in used:
                os.close(stream)
            os.write(living[child], struct.pack("q", child))
    for child in living:
        os.kill(child, signal.SIGKILL)


def _bury(living: dict[int, int]) -> None:
    while living:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            return
        told = living.pop(child)
        with suppress(BrokenPipeError):
            os.write(told, struct.pack("q", os.waitstatus_to_exitcode(status)))
        os.close(told)


def _warm() -> None:
    """Import what a run needs, but nothing that starts a thread, which would not be there after a fork."""
    sys.path.insert(0, str(ROOT))
    from gdsolve.imports import postpone_meta_kernels

    postpone_meta_kernels()
    import gc

    import gdsolve.cli.app
    import gdsolve.descent.iterate
    import gdsolve.descent.methods.build
    import gdsolve.objective.inference
    import gdsolve.report.write  # noqa: F401

    assert "polars" not in sys.modules, "polars starts threads"
    gc.collect()
    gc.freeze()


def _become(asked: dict[str, Any], streams: Sequence[int]) -> None:
    """Be the process that was asked for, to its end."""
    code = 1
    # Whoever runs the tests by nohup has it ignored.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        os.setsid() if asked["terminal"] else None
        for descriptor, stream in enumerate(streams):
            os.dup2(stream, descriptor)
        for stream in streams:
            os.close(stream)
        if asked["terminal"]:
            import fcntl
            import termios

            # So that Ctrl-C, typed on it, reaches the process.
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        os.chdir(asked["cwd"])
        os.environ.clear()
        os.environ.update(asked["env"])
        _open_streams()
        code = _run(asked["words"])
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _open_streams() -> None:
    """Standard streams as Python opens them."""
    encoding, _, errors = os.environ.get("PYTHONIOENCODING", "utf-8").partition(":")
    sys.stdin = open(0, encoding=encoding, errors=errors or "strict", closefd=False)  # noqa: SIM115
    lines = 1 if os.isatty(1) else -1
    sys.stdout = open(1, "w", lines, encoding, errors or "strict", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, encoding, "backslashreplace", closefd=False)  # noqa: SIM115


def _run(words: Sequence[str]) -> int:
    sys.argv = ["gdsolve" if words[0] == "-m" else "-c", *words[2:]]
    sys.path[0] = os.environ.get("PYTHONPATH", str(ROOT))
    sys.path.insert(0, str(Path.cwd()) if words[0] == "-m" else "")
    try:
        if words[0] == "-m":
            from gdsolve.__main__ import main

            main()
        names = {"__name__": "__main__", "__builtins__": __builtins__}
        exec(compile(words[1], "<string>", "exec"), names)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        # As Python ends: by the signal itself.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return 0


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
