"""A terminal to run gdsolve in: what a person would see on it, at any moment and in the end."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyte
from forked import start
from quiet import QUIET_ENVIRONMENT

PATIENCE = 60.0


class Terminal:
    """A pseudo-terminal with an emulator that draws what is written to it."""

    def __init__(self, columns: int = 80, lines: int = 24) -> None:
        self.master, self.end = pty.openpty()
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        # To draw the screen takes long, and whoever waits asks again and again.
        self._fed, self._shown, self._text = 0, (-1, 0, 0), ""

    def start(
        self, *arguments: str, stdout: Any = None, stderr: Any = None, code: str | None = None, **environment: str
    ) -> Any:
        """Start gdsolve, or Python code, in this terminal, which is its own; its output may go elsewhere."""
        process = start(
            *arguments,
            code=code,
            env=QUIET_ENVIRONMENT | {"TERM": "xterm-256color"} | environment,
            stdin=self.end,
            stdout=self.end if stdout is None else stdout,
            stderr=self.end if stderr is None else stderr,
            takes_terminal=True,
        )
        os.close(self.end)
        return process

    def read(self, seconds: float = 0.02) -> bool:
        """Draw what has been written since, waiting for it so long; False once nobody can write any more."""
        try:
            if select.select([self.master], [], [], seconds)[0]:
                data = os.read(self.master, 1 << 16)
                self.raw += data
                self.feed(data)
                return bool(data)
        except OSError:
            return False
        return True

    def drain(self, seconds: float = 0.2) -> None:
        """Draw all that was written: a terminal hands over in pieces what was written in one."""
        before = -1
        while before != len(self.raw):
            before = len(self.raw)
            if not self.read(seconds):
                return

    def feed(self, data: bytes) -> None:
        """Draw what a program writes."""
        self._fed += 1
        self._stream.feed(data)

    def show(self, data: bytes) -> None:
        """Draw what was written to a pipe, as a terminal would."""
        self.feed(data.replace(b"\n", b"\r\n"))

    def wait_for(self, condition: Callable[[], Any]) -> None:
        """Draw until something holds."""
        until = time.monotonic() + PATIENCE
        while not condition():
            self.read()
            assert time.monotonic() < until, self.text()

    def press(self, key: bytes) -> None:
        """Type a key."""
        os.write(self.master, key)

    def close(self, process: Any) -> int:
        """Draw until the process has ended; returns its exit code."""
        until = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < until:
            self.read()
        while self.read(0.05) and select.select([self.master], [], [], 0)[0]:
            pass
        os.close(self.master)
        return int(process.wait(timeout=1))

    def text(self) -> str:
        """What is on the screen, without the blanks around it."""
        shown = (self._fed, self.screen.columns, self.screen.lines)
        if shown != self._shown:
            self._shown = shown
            self._text = "\n".join(line.rstrip() for line in self.screen.display).strip("\n")
        return self._text


class Slow:
    """A named pipe that gives a table bit by bit, until it is told to end."""

    def __init__(self, path: Path, first: str, last: str = "") -> None:
        os.mkfifo(path)
        self.written = b""
        self._first = first.encode()
        self._last = last.encode()
        self._file = -1
        self._path = path

    def feed_until(self, terminal: Terminal, condition: Callable[[], Any]) -> None:
        """Write a little, again and again, until something holds of the terminal; the pipe stays open."""
        if self._file < 0:
            terminal.wait_for(self._is_open)
            self._write(self._first)

        def is_so() -> Any:
            self._write(b"1,2\n" * 100)
            time.sleep(0.02)
            return condition()

        terminal.wait_for(is_so)

    def end(self) -> None:
        """Write the last row and close the pipe."""
        self._write(self._last)
        os.close(self._file)

    def _write(self, data: bytes) -> None:
        os.write(self._file, data)
        self.written += data

    def abandon(self) -> None:
        """Close the pipe when nobody reads it any more."""
        os.close(self._file)

    def _is_open(self) -> bool:
        try:
            self._file = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return False
        os.set_blocking(self._file, True)
        return True
