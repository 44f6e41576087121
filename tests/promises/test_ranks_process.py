"""Ranks as torch.distributed's own launcher starts them: streams, exit codes, and faults of one of them."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from forked import run
from in_process import completed
from places import ROOT
from quiet import QUIET_ENVIRONMENT

pytestmark = pytest.mark.slow

FAULTY = str(ROOT / "tests" / "support" / "faulty_rank.py")
LAUNCHED = ("groups", "kill")
"""Runs by torch's own launcher, which takes seconds to start: one that ends well, and one whose ranks it has to end."""
# Far from its end when a fault comes.
ENDLESS = ("--engine", "rows", "--lr", "1e-6", "--tol", "0", "--max-iter", "1e9", "--format", "json")


@dataclass(frozen=True)
class Done:
    """How a run ended: the code of the launcher, the codes of ranks that failed, and what gdsolve alone has written."""

    code: int
    codes: tuple[int, ...]
    output: str
    messages: tuple[str, ...]
    errors: str


def launch(size: int, *arguments: str) -> Done:
    """Have the launcher start ranks on a free port; `arguments` begin with a verb, or with the path of a script."""
    script = arguments if arguments[0] == FAULTY else ("-m", "gdsolve", *arguments)
    done = subprocess.run(
        [*(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(size)), *script],
        capture_output=True,
        text=True,
        env=QUIET_ENVIRONMENT | {"OMP_NUM_THREADS": "1"},
        timeout=120,
        check=False,
    )
    codes = tuple(int(code) for code in re.findall(r"^  exitcode +: (-?\d+)", done.stderr, re.MULTILINE))
    return Done(done.returncode, codes, done.stdout, messages_in(done.stderr), done.stderr)


def together(size: int, *arguments: str) -> Done:
    """Start ranks as the launcher does, but by forks, and with nobody to end the others where one fails."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": str(size), "LOCAL_WORLD_SIZE": str(size), "OMP_NUM_THREADS": "1"}
    shared |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    code = f"import runpy; runpy.run_path({FAULTY!r}, run_name='__main__')" if arguments[0] == FAULTY else None
    words = arguments if code is None else arguments[1:]
    with ThreadPoolExecutor(size) as pool:
        ranks = [
            pool.submit(
                run, *words, code=code, env=QUIET_ENVIRONMENT | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)}
            )
            for rank in range(size)
        ]
        ended = [rank.result() for rank in ranks]
    errors = "".join(one.stderr for one in ended)
    codes = tuple(one.returncode for one in ended if one.returncode)
    return Done(int(bool(codes)), codes, "".join(one.stdout for one in ended), messages_in(errors), errors)


def messages_in(errors: str) -> tuple[str, ...]:
    return tuple(line for line in errors.splitlines() if re.match("gdsolve: |hint: ", line))


def alone(*arguments: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(completed(*arguments, "--format", "json").out)
    return record


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ranks")
    random = np.random.default_rng(1)
    x = random.normal(size=(300, 2)) + np.array([5.0, 0.0])
    colour = np.where(np.arange(300) < 250, random.choice(["red", "green"], 300), "blue")
    y = x @ [1.0, -2.0] + (colour == "blue") + 0.1 * random.normal(size=300)
    frame = pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "colour": colour, "y": y})
    frame.write_parquet(folder / "all.parquet", row_group_size=50)
    for place in range(3):
        part = frame.slice(100 * place, 100)
        part.write_csv(folder / f"part-{place}.csv")
        part.write_parquet(folder / f"part-{place}.parquet")
        bad = part.select("a", pl.col("b").cast(pl.String), "y").with_row_index("row")
        odd = pl.when((pl.col("row") == 70) & (place == 2)).then(pl.lit("oops")).otherwise(pl.col("b")).alias("b")
        bad.select("a", odd, "y").write_csv(folder / f"bad-{place}.csv")
    return folder


@pytest.fixture(scope="module")
def launched(folder: Path) -> Iterator[Callable[[str], Done]]:
    """The runs by name, all started at the first need, as many at a time as there is memory for."""
    numbers = (str(folder / "part-*.csv"), "--features", "a,b")
    runs = {
        "parquet": (2, "fit", str(folder / "part-*.parquet"), "--categorical", "onehot", "--format", "json"),
        "groups": (
            *(3, "fit", str(folder / "all.parquet"), "--categorical", "onehot", "--engine", "rows"),
            *("--save", str(folder / "model.json"), "--history", str(folder / "trace.csv")),
        ),
        "huber": (2, "fit", *numbers, "--loss", "huber", "--format", "json"),
        "one": (2, "fit", str(folder / "part-0.csv"), "--features", "a,b", "--lr", "1e-9", "--max-iter", "2"),
        "bad": (3, "fit", str(folder / "bad-*.csv"), "--save", str(folder / "none.json")),
        "usage": (2, "check", str(folder / "part-0.csv")),
        "kill": (2, FAULTY, "kill", "1", "fit", *numbers, *ENDLESS),
        "bug": (2, FAULTY, "bug", "1", "fit", *numbers, *ENDLESS),
        "interrupt": (2, FAULTY, "interrupt", "1", "fit", *numbers, *ENDLESS),
    }
    with ThreadPoolExecutor(2) as pool:
        started: dict[str, Future[Done]] = {
            name: pool.submit(launch if name in LAUNCHED else together, *run) for name, run in runs.items()
        }
        yield lambda name: started[name].result()


Launches = Callable[[str], Done]


def test_parts_are_shared(launched: Launches, folder: Path) -> None:
    done, one = launched("parquet"), alone("fit", str(folder / "part-*.parquet"), "--categorical", "onehot")
    record = json.loads(done.output)
    assert (done.code, done.codes, done.messages) == (0, (), ())
    assert (record["status"], record["iterations"], record["data"]) == ("converged", one["iterations"], one["data"])
    assert record["weights"] == pytest.approx(one["weights"], rel=1e-10)
    assert record["sse"] == pytest.approx(one["sse"], rel=1e-10)


def test_rows_of_one_file_are_shared_and_the_first_rank_alone_speaks(launched: Launches, folder: Path) -> None:
    done = launched("groups")
    one = alone("fit", str(folder / "all.parquet"), "--categorical", "onehot", "--engine", "rows")
    record = json.loads((folder / "model.json").read_text())
    assert (done.code, done.messages) == (0, ())
    assert done.output.count("CONVERGED") == 1
    assert (record["iterations"], record["descent"]["engine"]) == (one["iterations"], "rows")
    assert record["weights"] == pytest.approx(one["weights"], rel=1e-9)
    assert len((folder / "trace.csv").read_text().splitlines()) == len(one["trace"]) + 1


def test_another_loss_is_shared(launched: Launches, folder: Path) -> None:
    done, one = launched("huber"), alone("fit", str(folder / "part-*.csv"), "--features", "a,b", "--loss", "huber")
    record = json.loads(done.output)
    assert (done.code, record["status"], record["iterations"]) == (0, "converged", one["iterations"])
    assert record["weights"] == pytest.approx(one["weights"], rel=1e-9)


def test_one_text_file_and_the_code_of_every_rank(launched: Launches, folder: Path) -> None:
    done = launched("one")
    assert (done.code, done.codes) == (1, (3, 3))
    assert [line for line in done.messages if "warning" in line] == [
        f"gdsolve: warning: {folder}/part-0.csv: a file that is not Parquet or Arrow is read by one rank, and 1 of 2 "
        "ranks have nothing to read; split it into as many files as ranks, or write it as Parquet"
    ]
    assert done.output.count("MAX ITER") == 1 or done.output.count("Stopped at max_iter") == 1


def test_a_bad_cell_ends_all_ranks_with_its_message(launched: Launches, folder: Path) -> None:
    done = launched("bad")
    assert (done.code, done.codes, done.output) == (1, (5, 5, 5), "")
    assert done.messages == (
        f"gdsolve: error: {folder}/bad-2.csv: row 71 (line 72), column 'b': 'oops' is not a number",
        "hint: --na-values oops --na drop if it means missing, or --ignore b",
    )
    assert not (folder / "none.json").exists()


def test_a_verb_for_one_process(launched: Launches) -> None:
    done = launched("usage")
    assert (done.code, set(done.codes), done.output) == (1, {2}, "")
    assert done.messages == (
        "gdsolve: error: check: runs in one process only, and these are 2 ranks",
        "hint: run gdsolve without the launcher; on several ranks run fit, compare-lr and compare",
    )


def test_a_rank_that_is_killed_ends_the_others_with_one_line(launched: Launches) -> None:
    done = launched("kill")
    assert (done.code, set(done.codes), done.output) == (1, {-9, 1}, "")
    assert done.messages == (
        "gdsolve: error: another rank of this run is gone, or the launcher has ended it",
        "hint: look for the first failure in what the other ranks and the launcher say",
    )


def test_a_fault_of_gdsolve_on_one_rank_ends_all(launched: Launches) -> None:
    done = launched("bug")
    assert (done.code, set(done.codes), done.output) == (1, {1}, "")
    assert done.messages[0] == "gdsolve: error: internal fault: ValueError: a bug"
    assert len(done.messages) == 2
    assert done.errors.count("ValueError: a bug\n") == 2


def test_an_interrupt_ends_all_ranks_at_the_same_step(launched: Launches) -> None:
    done = launched("interrupt")
    record = json.loads(done.output)
    assert (done.code, set(done.codes)) == (1, {130})
    # Steps are looked at in blocks of 64.
    assert (record["status"], record["iterations"]) == ("interrupted", 64)
