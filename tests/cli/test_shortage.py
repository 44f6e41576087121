"""A want of memory is one line that says what was being done, and how much could not be had."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

import pytest

from gdsolve import room
from gdsolve.cli import shortage
from gdsolve.cli.faults import judge
from gdsolve.cli.main import run
from gdsolve.room import Room, require_start
from gdsolve.status import ExitCode, GdsolveError

LESS = "use fewer columns (--features), or --engine triangle, which keeps no rows"
THREADS = "raise the limit (ulimit -v, ulimit -u), or use fewer threads: OMP_NUM_THREADS=1 POLARS_MAX_THREADS=1"


class PanicException(BaseException):
    """As polars has it."""


@pytest.mark.parametrize(
    ("fault", "said", "hint"),
    [
        (MemoryError(), "not enough memory", LESS),
        (
            RuntimeError(
                "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to "
                "allocate 320000000000 bytes. Error code 12 (Cannot allocate memory)"
            ),
            "not enough memory: 320 GB could not be had",
            LESS,
        ),
        (
            MemoryError("Unable to allocate 7.45 GiB for an array with shape (1000, 1000000) and data type float64"),
            "not enough memory: 8 GB could not be had",
            LESS,
        ),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), "not enough memory", LESS),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "not enough memory", LESS),
        (PanicException("memory allocation failed: out of memory"), "not enough memory", LESS),
        (
            RuntimeError("can't start new thread"),
            "not enough memory, or too many threads,: no thread could be started",
            THREADS,
        ),
        (
            PanicException('called unwrap: Os { code: 11, message: "Resource temporarily unavailable" }'),
            "not enough memory, or too many threads,: no thread could be started",
            THREADS,
        ),
    ],
)
def test_every_way_to_tell_of_it_is_known(fault: BaseException, said: str, hint: str) -> None:
    verdict = judge(fault)
    assert verdict.exit_code == ExitCode.DATA
    assert not verdict.internal
    assert verdict.error is not None
    assert (verdict.error.message, verdict.error.hint) == (said, hint)


@pytest.mark.parametrize("fault", [RuntimeError("mat1 and mat2"), ImportError("no module"), PanicException("index")])
def test_other_faults_are_ours(fault: BaseException) -> None:
    assert judge(fault).internal


def test_a_panic_where_memory_is_all_but_gone_is_for_want_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortage, "host_room", lambda: Room(None, 1 << 20))
    verdict = judge(PanicException("PyObject pointer is null"))
    assert (verdict.exit_code, verdict.internal) == (ExitCode.DATA, False)


def failing(*_: object, **__: object) -> object:
    """What could not be had."""
    raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9000000000 bytes.")


@pytest.mark.parametrize(
    ("place", "doing"),
    [
        ("gdsolve.data.table.first_rows", "reading the table"),
        ("gdsolve.objective.triangle.cut_rows", "computing the loss"),
        ("gdsolve.solve.guards.require_squares", "solving the problem"),
    ],
)
def test_what_was_being_done_is_told(
    place: str, doing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(place, failing)
    table = tmp_path / "t.csv"
    table.write_text("x,y\n1,2\n2,4\n3,7\n")
    assert run(["fit", str(table), "--quiet"]) == 5
    told = capsys.readouterr().err.splitlines()
    assert told == [f"gdsolve: error: not enough memory while {doing}: 9 GB could not be had", f"hint: {LESS}"]


def test_a_run_is_not_begun_where_addresses_are_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_limited", lambda limit, place: 900 << 20)
    with pytest.raises(GdsolveError) as fault:
        require_start(importing=True)
    assert fault.value.exit_code == ExitCode.DATA
    assert fault.value.message.startswith("the limit on addresses (ulimit -v) leaves 944 MB, and this takes 1.")
    assert fault.value.hint is not None
    least = int(fault.value.hint.removeprefix("ulimit -v unlimited, or ulimit -v "))
    # Who follows it has that much.
    monkeypatch.setattr(room, "_limited", lambda limit, place: least * 1000)
    require_start(importing=True)
    monkeypatch.setattr(room, "_limited", lambda limit, place: None)
    require_start(importing=True)


def test_a_limit_leaves_what_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1 << 50, 1 << 50))
    left = room._limited("RLIMIT_AS", 0)
    assert left is not None
    assert 0 < (1 << 50) - left < 1 << 45
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert room._limited("RLIMIT_AS", 0) is None
