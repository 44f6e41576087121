"""Real processes of the command line without the seconds that it takes to import torch: forked from one that has it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Done:
    """How a process ended: its exit code, or minus the signal that killed it."""

    code: int
    out: str
    err: str


class Nursery:
    """A process that has imported what `fit` needs, started no thread, and forks a child for every command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.child: int | None = None
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self._read()

    def start(self, *arguments: str, most_bytes: int | None = None) -> int:
        """Start `gdsolve` with these arguments, and files of so many bytes at most; returns its process id."""
        assert self.process.stdin is not None
        print(json.dumps([arguments, most_bytes]), file=self.process.stdin, flush=True)
        self.child = int(self._read())
        return self.child

    def wait(self) -> Done:
        """How the process that was started last ended."""
        code = int(self._read())
        self.child = None
        texts = [path.read_text() if path.is_file() else "" for path in (self.folder / "out", self.folder / "err")]
        return Done(code, *texts)

    def run(self, *arguments: str, most_bytes: int | None = None) -> Done:
        """Run `gdsolve` to its end."""
        self.start(*arguments, most_bytes=most_bytes)
        return self.wait()

    def end(self) -> None:
        """Kill what was started and never waited for, as by a test that failed."""
        if self.child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.child, signal.SIGKILL)
            self.wait()

    def close(self) -> None:
        """End the process that forks."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.end()
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()

    def _read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


def _child(arguments: Sequence[str], most_bytes: int | None) -> None:
    for descriptor, name in ((1, "out"), (2, "err")):
        file = os.open(name, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        os.dup2(file, descriptor)
    if most_bytes is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    from gdsolve.__main__ import main

    sys.argv = ["gdsolve", *arguments]
    main()


def _serve() -> None:
    from gdsolve.descent.iterate import iterate
    from gdsolve.descent.methods.build import build_method

    assert iterate
    assert build_method
    print("ready", flush=True)
    for line in sys.stdin:
        asked: Any = json.loads(line)
        child = os.fork()
        if child == 0:
            _child(*asked)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    _serve()
