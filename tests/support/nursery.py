"""Commands of gdsolve in one folder, forked, whose streams are the files `out` and `err` there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forked import Forked, start

LIMITED = """
import resource
from gdsolve.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))
main()
"""


@dataclass(frozen=True)
class Done:
    """How a process ended: its exit code, or minus the signal that killed it."""

    code: int
    out: str
    err: str


class Nursery:
    """A folder, and the command that was started last in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.child: Forked | None = None

    def start(self, *arguments: str, most_bytes: int | None = None, code: str | None = None) -> int:
        """Start `gdsolve` with these arguments, and files of so many bytes at most; returns its process id."""
        if most_bytes is not None:
            code = LIMITED.format(most_bytes)
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("wb") as err:
            self.child = start(*arguments, code=code, cwd=self.folder, stdout=out, stderr=err)
        return self.child.pid

    def wait(self) -> Done:
        """How the process that was started last ended."""
        assert self.child is not None
        code = self.child.wait(timeout=120)
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
            self.child.kill()
            self.wait()
