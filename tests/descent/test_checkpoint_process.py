"""Checkpoints as a shell sees them: processes that are killed, interrupted, and out of disk."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from forked import TELLS_STEP, start
from nursery import Done, Nursery

from gdsolve.checkpoint import read_checkpoint

pytestmark = pytest.mark.slow

# A thousand weights of Adam, so that a checkpoint is hundreds of kilobytes: written before every block, it is being
# written most of the time.
LARGE = ("large.yaml", "--method", "adam", "--max-iter", "4000", "--format", "json")
KILLS = 8
ENDLESS = ("two.csv", "--engine", "rows", "--lr", "1e-9", "--tol", "0", "--max-iter", "1e12")


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    folder = tmp_path_factory.mktemp("nursery")
    (folder / "two.csv").write_text("x,y\n1,2\n3,4\n")
    wanted = np.round(np.random.default_rng(1).normal(size=1000), 3).tolist()
    (folder / "large.yaml").write_text(
        f"minimize: sum((1 + w*w)**0.5 - 0.5*w*c)\nparameters:\n  w: {[0.0] * 1000}\nconstants:\n  c: {wanted}\n"
    )
    one = Nursery(folder)
    yield one
    one.end()


@pytest.fixture(autouse=True)
def clean(nursery: Nursery) -> None:
    nursery.end()
    for path in nursery.folder.iterdir():
        if path.name not in ("two.csv", "large.yaml"):
            path.unlink()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def files(nursery: Nursery) -> set[str]:
    return {path.name for path in nursery.folder.iterdir()} - {"two.csv", "large.yaml", "out", "err"}


def record_of(done: Done) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(done.out)
    # Seconds that are predicted are those of the machine at that moment.
    del record["seconds"], record["descent"]["reason"]
    return record


def killed_while_it_writes(nursery: Nursery, writes: int, delay: float, *arguments: str) -> int:
    """Kill `gdsolve` some time after it wrote so many checkpoints, while it writes one after the other."""
    path = nursery.folder / "run.checkpoint"
    seen = path.stat().st_mtime_ns if path.exists() else None
    child = nursery.start(*arguments)
    deadline = time.monotonic() + 60
    while writes and time.monotonic() < deadline:
        if path.exists() and path.stat().st_mtime_ns != seen:
            seen, writes = path.stat().st_mtime_ns, writes - 1
        time.sleep(0.001)
    time.sleep(delay)
    with contextlib.suppress(ProcessLookupError):  # on a fast machine it may have come to its end
        os.kill(child, signal.SIGKILL)
    return nursery.wait().code


def test_a_run_that_is_killed_again_and_again_is_the_run_that_never_was(nursery: Nursery) -> None:
    straight = nursery.run("fit", *LARGE)
    assert straight.code == 3, straight.err
    chance, reached, path = random.Random(7), [0], nursery.folder / "run.checkpoint"
    goes_on = ["--checkpoint", "run.checkpoint", "--checkpoint-every", "0"]
    for _ in range(KILLS):
        resume = ["--resume", "run.checkpoint"] if path.exists() else []
        moment = chance.randint(1, 3), chance.uniform(0.0, 0.1)
        code = killed_while_it_writes(nursery, *moment, "fit", *LARGE, *goes_on, *resume)
        if code != -signal.SIGKILL:
            assert code == straight.code
            break
        # Whole, whenever the process died; beside it the one name that dies with nobody between naming and renaming.
        reached.append(read_checkpoint(str(path))["iterations"])
        beside = files(nursery) - {"run.checkpoint"}
        assert len(beside) <= 1
        for name in beside:
            assert name.startswith(".gdsolve-")
            (nursery.folder / name).unlink()
    assert reached == sorted(reached)
    assert reached[-1] > 0
    assert len(reached) > 3
    done = nursery.run("fit", *LARGE, *goes_on[:2], "--resume", "run.checkpoint")
    assert done.code == straight.code, done.err
    assert record_of(done) == record_of(straight)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_writes_a_checkpoint_and_says_how_to_go_on(nursery: Nursery, number: int, code: int) -> None:
    child = nursery.start("fit", *ENDLESS, "--checkpoint", "run.checkpoint", "--format", "json")
    wait_until((nursery.folder / "run.checkpoint").exists)
    os.kill(child, number)
    done = nursery.wait()
    record = json.loads(done.out)
    assert done.code == record["exit_code"] == code
    assert record["status"] == "interrupted"
    reached = read_checkpoint(str(nursery.folder / "run.checkpoint"))["iterations"]
    # The checkpoint is of the beginning of the block that was interrupted.
    assert 0 <= record["iterations"] - reached < 64
    command = f"gdsolve fit {' '.join(ENDLESS)} --format json --checkpoint run.checkpoint --resume run.checkpoint"
    assert set(done.err.splitlines()[-1].split()) == set(f"hint: to go on: {command}".split())
    assert files(nursery) == {"run.checkpoint"}


def test_sigterm_prints_what_was_reached(nursery: Nursery) -> None:
    child = nursery.start("fit", *ENDLESS, "--verbose", code=TELLS_STEP)
    wait_until(lambda: "a thousand steps" in (nursery.folder / "err").read_text())
    os.kill(child, signal.SIGTERM)
    done = nursery.wait()
    assert done.code == 143, done.err
    assert "INTERRUPTED after " in done.out
    assert "error" not in done.err
    assert files(nursery) == set()


@pytest.mark.parametrize("source", ["-", "pipe.csv"])
def test_sigterm_while_a_table_is_read(nursery: Nursery, source: str) -> None:
    os.mkfifo(nursery.folder / "pipe.csv")
    with (nursery.folder / "pipe.csv").open("r+b", buffering=0) as pipe:
        pipe.write(b"x,y\n" + b"1,2\n" * 5000)
        process = start(
            *("fit", source, "--save", "m.json", "--history", "h.csv", "--checkpoint", "c"),
            cwd=nursery.folder,
            stdin=pipe,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        wait_until(lambda: fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)) == bytes(4))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert (out, err) == (b"", b"gdsolve: error: ended by SIGTERM before it was done\n")
    assert files(nursery) == {"pipe.csv"}


def test_a_second_signal_ends_at_once(nursery: Nursery) -> None:
    """What was reached is more than the pipe holds, and nobody reads it: the first signal cannot be answered."""
    os.mkfifo(nursery.folder / "out")
    reader = os.open(nursery.folder / "out", os.O_RDONLY | os.O_NONBLOCK)
    path, reported = nursery.folder / "run.checkpoint", ("--max-iter", "1e6", "--every", "10", "--format", "json")
    child = nursery.start("fit", *ENDLESS[:-2], *reported, "--checkpoint", path.name, "--checkpoint-every", "0.1")
    wait_until(lambda: path.exists() and read_checkpoint(str(path))["iterations"] >= 15_000)
    os.kill(child, signal.SIGTERM)
    assert select.select([reader], [], [], 60)[0]
    os.kill(child, signal.SIGTERM)
    assert nursery.wait().code == -signal.SIGTERM
    os.close(reader)
    assert read_checkpoint(str(path))["iterations"] >= 15_000


# No room.


def test_a_disk_that_is_full_at_the_start_ends_the_run_before_it_begins(nursery: Nursery) -> None:
    done = nursery.run("fit", *ENDLESS, "--checkpoint", "run.checkpoint", most_bytes=500)
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines() == [
        "gdsolve: error: cannot write run.checkpoint: File too large",
        "hint: raise the limit on the size of files (ulimit -f); the file is as it was before",
    ]
    assert files(nursery) == set()


def test_a_disk_that_fills_later_does_not_end_the_run(nursery: Nursery) -> None:
    shorter = (*LARGE[:-3], "1500")
    asked = ("fit", *shorter, "--checkpoint", "run.checkpoint", "--checkpoint-every", "0")
    done = nursery.run(*asked)
    whole, size = done.out, (nursery.folder / "run.checkpoint").stat().st_size
    (nursery.folder / "run.checkpoint").unlink()
    # The result goes through a pipe, which has no limit.
    (nursery.folder / "out").unlink()
    os.mkfifo(nursery.folder / "out")
    with ThreadPoolExecutor() as pool:
        printed = pool.submit((nursery.folder / "out").read_text)
        done = nursery.run(*asked, most_bytes=size - 30_000)
        assert (done.code, printed.result()) == (1, whole)
    (nursery.folder / "out").unlink()
    *warnings, error, hint = done.err.splitlines()
    failure = "cannot write run.checkpoint: File too large"
    assert set(warnings) == {f"gdsolve: warning: {failure}; the descent goes on, and tries it again"}
    assert (error, hint[:11]) == (f"gdsolve: error: {failure}", "hint: raise")
    # The last one that fitted is there, whole, and a run goes on from it.
    assert 0 < read_checkpoint(str(nursery.folder / "run.checkpoint"))["iterations"] < 1000
    assert files(nursery) == {"run.checkpoint"}
    again = nursery.run(*asked, "--resume", "run.checkpoint")
    assert (again.code, again.out) == (3, whole)


@pytest.mark.parametrize("option", [("--save", "m.json"), ("--history", "h.csv"), ("--history", "h.ndjson")])
def test_what_does_not_fit_on_the_disk_is_not_written_at_all(nursery: Nursery, option: tuple[str, str]) -> None:
    (nursery.folder / option[1]).write_text("as it was")
    asked = (
        "fit",
        "two.csv",
        "--lr",
        "1e-5",
        "--max-iter",
        "200",
        "--every",
        "1",
        "--format",
        "json",
        "--quiet",
        *option,
    )
    (nursery.folder / "out").symlink_to("/dev/null")
    done = nursery.run(*asked, most_bytes=3000)
    assert done.code == 1
    assert done.err.startswith(f"gdsolve: error: cannot write {option[1]}: File too large\nhint: ")
    assert (nursery.folder / option[1]).read_text() == "as it was"
    assert files(nursery) == {option[1]}
