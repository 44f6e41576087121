"""Faults at any moment: killed, interrupted, hung up, replaced under its hands; what is there is whole, or as before.

Moments are drawn, with a seed, from the processor time that a process has used, so that a busy machine changes none.
"""

from __future__ import annotations

import json
import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from forked import Forked, run, start, wait_for
from quiet import QUIET_ENVIRONMENT

from gdsolve.checkpoint import read_checkpoint
from gdsolve.files import replacing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc, for moments of processor time"),
]
GONE = float("inf")
TICK = os.sysconf("SC_CLK_TCK")
# One thread a process: several of them run at once.
ENVIRONMENT = QUIET_ENVIRONMENT | {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "2"}
LARGE = ("--target", "y", "--ignore", "g")
SECONDS = re.compile(r'"seconds": \{[^}]*\}|"reason": "[^"]*"')


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    there, noise = tmp_path_factory.mktemp("load"), np.random.default_rng(1)
    x = noise.normal(size=(20_000, 6)).round(4)
    z = x @ noise.normal(size=6)
    large = pl.DataFrame(x, [f"x{j}" for j in range(6)]).with_columns(
        y=pl.Series((z + noise.normal(size=len(z))).round(4))
    )
    large.with_columns(g=pl.Series([f"g{i % 50}" for i in range(len(z))])).write_csv(there / "large.csv")
    large.head(400).write_csv(there / "few.csv")
    for name, rows in (("classes", len(z)), ("few-classes", 400)):
        classes = (z[:rows] + noise.normal(size=rows) > 0).astype(int)
        large.head(rows).with_columns(y=pl.Series(classes)).write_csv(there / f"{name}.csv")
    times = np.linspace(0.0, 10.0, 200)
    pl.DataFrame({"t": times, "y": 3.0 * np.exp(-0.4 * times) + np.sin(times) / 50}).write_csv(there / "curve.csv")
    factors = np.logspace(-4.0, 0.0, 40).tolist()
    (there / "flat.yaml").write_text(
        f"minimize: sum(k*(w - 1)**4)\nparameters:\n  w: {[0.0] * 40}\nconstants:\n  k: {factors}\n"
    )
    assert run("fit", "large.csv", *LARGE, "--save", "model.json", env=ENVIRONMENT, cwd=there).returncode == 0
    return there


def used(pid: int) -> float:
    """Processor time of a process in seconds; infinite once it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return GONE
    return GONE if fields[0] in "ZX" else (int(fields[11]) + int(fields[12])) / TICK


def reach(process: Forked | subprocess.Popen[Any], seconds: float, reader: int | None = None) -> bool:
    """Wait until a process has used so much processor time; False where it has ended before.

    What it writes meanwhile to the pipe of a `reader` is read: it would wait for that.
    """

    def is_there() -> bool:
        while reader is not None and select.select([reader], [], [], 0)[0] and os.read(reader, 1 << 16):
            pass
        return used(process.pid) >= seconds or process.poll() is not None

    wait_for(is_there)
    return process.poll() is None


# Killed, and gone on.

ROWS = ("few.csv", "--engine", "rows", "--lr", "1e-3", "--tol", "0", "--max-iter", "3000")
FLAT = ("flat.yaml", "--tol", "0", "--max-iter", "1500")
KILLED = {
    "rows": ROWS,
    "minibatches of adam": ("few.csv", "--batch", "20", "--method", "adam", "--lr", "1e-3", "--max-iter", "700"),
    "curve": (
        *("curve.csv", "--model", "a*exp(-b*t) + c", "--start", "a=1,b=1,c=0"),
        *("--lr", "1e-3", "--max-iter", "900", "--tol", "0"),
    ),
    "nesterov": (*FLAT, "--method", "nesterov", "--lr", "1e-2"),
    "lbfgs": (*FLAT, "--method", "lbfgs"),
    "bb": (*FLAT, "--method", "bb"),
    "many starts": (
        *("--minimize", "cos(a) + a**2/50 + cos(b) + b**2/50", "--start", "a=-20..20,b=-20..20", "--starts", "50"),
        *("--method", "adam", "--max-iter", "300", "--tol", "0"),
    ),
}


def killed_and_resumed(folder: Path, case: str, chance: random.Random, most_kills: int) -> int:
    """Kill a run at moments that are drawn and resume it; holds the result to the uninterrupted one; how often."""
    words, path = ("fit", *KILLED[case], "--format", "json"), folder / f"{case}.checkpoint"
    path.unlink(missing_ok=True)
    given = {"env": ENVIRONMENT, "cwd": folder, "stderr": subprocess.DEVNULL}

    def started(*more: str) -> Forked:
        with (folder / "out.json").open("w") as out:
            return start(*words, *more, stdout=out, **given)

    with started() as process:
        seen = [0.0]
        wait_for(lambda: seen.append(used(process.pid)) or process.poll() is not None)
    code, straight = process.returncode, (folder / "out.json").read_text()
    length, kills, each = max(one for one in seen if one < GONE), 0, ("--checkpoint", path.name)
    assert code in (0, 3)
    for _ in range(most_kills):
        resume = ("--resume", path.name) if path.exists() else ()
        with started(*each, "--checkpoint-every", "0", *resume) as process:
            running = reach(process, chance.uniform(0.2, 1.0) * length)
            process.kill()
        if not running:
            break
        kills += 1
        for left in folder.glob(".gdsolve-*"):
            # The one name that dies with nobody between naming and renaming.
            left.unlink()
    resume = ("--resume", path.name) if path.exists() else ()
    with started(*each, *resume) as process:
        assert process.wait(60) == code
    assert SECONDS.sub("", (folder / "out.json").read_text()) == SECONDS.sub("", straight)
    return kills


@pytest.mark.parametrize("case", KILLED)
def test_a_run_that_was_killed_goes_on_to_the_same_bits(case: str, folder: Path) -> None:
    assert killed_and_resumed(folder, case, random.Random(case), 1) <= 1


# Ended by signals.

SAVED = ("--save", "saved.json", "--history", "history.csv", "--checkpoint", "at.checkpoint", "--checkpoint-every", "0")
ENDED = {
    "fit": ("fit", "large.csv", *LARGE, *SAVED[:4], "--format", "json"),
    "rows": (
        "fit",
        "large.csv",
        "--ignore",
        "g",
        "--engine",
        "rows",
        "--lr",
        "1e-2",
        "--tol",
        "0",
        "--max-iter",
        "300",
        *SAVED,
    ),
    "batch": ("fit", "large.csv", *LARGE, "--batch", "100", "--lr", "1e-2", "--max-iter", "9", *SAVED),
    "logistic": ("fit", "classes.csv", "--loss", "logistic", "--ridge", "1", *SAVED[:4]),
    "groups": ("fit", "large.csv", "--target", "y", "--group-by", "g", "--format", "csv", *SAVED[:2]),
    "each": ("fit", "few.csv", "few-classes.csv", "curve.csv", "--each", "--format", "json"),
    "standard input": ("fit", "-", *LARGE, *SAVED[:2]),
    "compare-lr": ("compare-lr", "large.csv", *LARGE),
    "compare": (
        "compare",
        "few-classes.csv",
        "--loss",
        "logistic",
        "--ridge",
        "1",
        "--methods",
        "gd,lbfgs",
        "--max-iter",
        "99",
    ),
    "check": ("check", "large.csv", *LARGE),
    "path": ("path", "large.csv", *LARGE, "--cv", "3"),
    "predict": ("predict", "model.json", "large.csv"),
    "score": ("score", "model.json", "large.csv"),
    "certify": ("certify", "large.csv", *LARGE, "--weights", "model.json"),
    "scan": ("scan", "large.csv", *LARGE, "-o", "saved.tri"),
    "report": ("report", "large.csv", *LARGE, "-o", "saved.html"),
    "tour": ("tour", "--case", "B1", "--exercises", "none"),
}
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGPIPE: 141}
OUTPUTS = ("saved.json", "history.csv", "at.checkpoint", "saved.tri", "saved.html")


def whole(path: Path) -> bool:
    """True for a file that was written to its end."""
    text = path.read_bytes()
    if path.suffix == ".json":
        return "schema" in json.loads(text)
    if path.suffix == ".checkpoint":
        return bool(read_checkpoint(str(path)))
    return text.endswith(b"</html>\n" if path.suffix == ".html" else b"\n") or path.suffix == ".tri"


def ended_by(folder: Path, case: str, number: int, seconds: float) -> bool:
    """Send a signal at a moment, or close the pipe that standard output goes to; True where the run had not ended."""
    for name in OUTPUTS:
        (folder / name).unlink(missing_ok=True)
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    reader, writer = os.pipe()
    with (folder / "large.csv").open("rb") as table, (folder / "errors.txt").open("w+b") as errors:
        environment = ENVIRONMENT | {"TMPDIR": str(temporary)}
        process = start(*ENDED[case], cwd=folder, env=environment, stdin=table, stdout=writer, stderr=errors)
        os.close(writer)
        try:
            running = reach(process, seconds, reader)
            if number == signal.SIGPIPE:
                os.close(reader)
            else:
                process.send_signal(number)
                reach(process, GONE, reader)
                os.close(reader)
            code = process.wait(60)
        finally:
            process.kill()
            process.wait()
        told = (folder / "errors.txt").read_text()
    # Before gdsolve listens, a signal does what it does to any program, which a shell tells with the same code.
    assert code in {0, 3, CODES[number], -number}, told
    assert "Traceback" not in told
    for name in OUTPUTS:
        if (folder / name).exists():
            assert whole(folder / name), name
    assert [path.name for path in folder.glob(".*")] == []
    assert [*temporary.iterdir()] == []
    return running


@pytest.mark.parametrize("case", ENDED)
def test_a_signal_ends_a_verb_with_its_code_and_leaves_it_whole(case: str, folder: Path) -> None:
    chance = random.Random(case)
    ended_by(folder, case, chance.choice([*CODES]), chance.uniform(0.0, 0.6))


LOST = """
import os, signal
from gdsolve import __main__
from gdsolve.cli import main

class Last:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)

def ranks_of(environment):
    Last()
    while True:
        sum(range(1000))

main.ranks_of = ranks_of
__main__.main()
"""


def test_a_signal_that_comes_while_python_takes_no_exception_is_not_lost() -> None:
    """Python writes off what is raised while an object is given up, and the run would go on as if nothing was."""
    done = run("schema", code=LOST)
    assert (done.returncode, done.stderr) == (143, "gdsolve: error: ended by SIGTERM before it was done\n")


def test_no_worker_outlives_a_run_that_is_ended(folder: Path) -> None:
    """Workers are there where nothing has started a thread: in a process of its own."""
    words = [*(["few.csv", "few-classes.csv", "curve.csv"] * 40), "--each", "--format", "json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gdsolve", "fit", *words],
        **{"cwd": folder, "env": ENVIRONMENT, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE},
        # Whoever runs the tests by nohup has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    found: list[int] = []
    try:
        wait_for(lambda: found or process.poll() is not None or found.extend(map(int, children.read_text().split())))
        if process.poll() is None:
            process.send_signal(signal.SIGHUP)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, b"Traceback" in err) == (129, False), err
    wait_for(lambda: all(used(child) == GONE for child in found))


# Several at one file.


def test_of_runs_that_save_to_one_file_it_is_always_one_whole(folder: Path) -> None:
    for name in OUTPUTS:
        (folder / name).unlink(missing_ok=True)
    words = ("fit", "--minimize", "(a - 3)**2 + a**4/40", "--lr", "1e-4", "--max-iter", "1000", "--format", "json")
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": ENVIRONMENT, "cwd": folder}
    processes = [start(*words, "--start", f"a={place}", *SAVED, **streams) for place in range(1, 9)]
    seen: list[dict[str, Any]] = []

    def watched() -> bool:
        for name in OUTPUTS:
            if (folder / name).exists():
                assert whole(folder / name)
        if (folder / "saved.json").exists():
            seen.append(json.loads((folder / "saved.json").read_text()))
        return all(process.poll() is not None for process in processes)

    # Each prints less than a pipe takes.
    wait_for(watched)
    ended = [(process.returncode, *process.communicate(timeout=60)) for process in processes]
    # Those that come late find the checkpoint of another run, and leave it alone.
    assert {code for code, _, _ in ended} <= {2, 3}
    models = [json.loads(out) for code, out, _ in ended if code == 3]
    assert models
    assert all(one in models for one in [*seen, json.loads((folder / "saved.json").read_text())])
    last = (folder / "history.csv").read_text().splitlines()[-1].split(",")
    assert float(last[-1]) in [model["weights"]["a"] for model in models]
    assert [path.name for path in folder.glob(".*")] == []


@pytest.fixture
def replaced(folder: Path) -> Iterator[Path]:
    """A model that is replaced over and over again, by one that predicts 1 and by one that predicts 2."""
    model = json.loads((folder / "model.json").read_text())
    path, stop = folder / "changing.json", threading.Event()
    texts = [
        json.dumps({**model, "weights": dict.fromkeys(model["weights"], 0.0), "intercept": intercept}) + " " * padding
        for intercept, padding in ((1.0, 0), (2.0, 200_000))
    ]

    def replace() -> None:
        while not stop.is_set():
            for text in texts:
                with replacing(str(path)) as stream:
                    stream.write(text)

    thread = threading.Thread(target=replace)
    thread.start()
    wait_for(path.exists)
    yield path
    stop.set()
    thread.join(60)


def test_a_model_that_is_replaced_meanwhile_is_read_as_one_whole(replaced: Path, folder: Path) -> None:
    for _ in range(2):
        done = run("predict", replaced.name, "few.csv", "--only", cwd=folder, env=ENVIRONMENT)
        assert (done.returncode, done.stderr) == (0, "")
        assert set(done.stdout.split()[1:]) in ({"1.0"}, {"2.0"})
    for words in (("score", replaced.name, "few.csv"), ("certify", "few.csv", "--weights", replaced.name)):
        done = run(*words, "--format", "json", cwd=folder, env=ENVIRONMENT)
        assert done.returncode in (0, 3), done.stderr
        assert json.loads(done.stdout)["schema"].startswith("gdsolve.")


# One of several ranks.


def test_a_rank_that_is_killed_at_any_moment_ends_the_others(folder: Path) -> None:
    """No launcher ends them: each finds out by itself, and the first says so."""
    chance = random.Random(5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": "3", "LOCAL_WORLD_SIZE": "3", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    endless = ("--engine", "rows", "--lr", "1e-6", "--tol", "0", "--max-iter", "1e9", "--save", "ranks.json")
    ranks = [
        start(
            *("fit", "few.csv", "few.csv", "few.csv", *endless),
            **{"cwd": folder, "env": ENVIRONMENT | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)}},
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE},
        )
        for rank in range(3)
    ]
    victim = ranks.pop(chance.randrange(3))
    try:
        assert reach(victim, chance.uniform(0.1, 1.0))
        victim.kill()
        told = [(*one.communicate(timeout=100), one.returncode) for one in ranks]
    finally:
        for one in [victim, *ranks]:
            one.kill()
            one.communicate()
    assert [(out, code) for out, _, code in told] == [(b"", 1), (b"", 1)]
    said = b"".join(err for _, err, _ in told)
    # Whoever finds out before it is ended by another says so.
    assert said.count(b"gdsolve: error: another rank of this run is gone, or the launcher has ended it\n") in (1, 2)
    assert not (folder / "ranks.json").exists()
    assert [path.name for path in folder.glob(".*")] == []
