"""One core is left for what is imported meanwhile, of those that the process may use."""

from __future__ import annotations

import os

import pytest

from gdsolve.cli.cores import cores, leave_a_core


def test_the_cores_are_those_that_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 7}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    assert cores() == 64
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


@pytest.mark.parametrize(("processes", "threads"), [(1, "7"), (2, "3"), (3, "1"), (8, "1"), (20, "1")])
def test_one_core_a_process_is_left(processes: int, threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gdsolve.cli.cores.cores", lambda: 8)
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    leave_a_core(processes)
    assert os.environ["POLARS_MAX_THREADS"] == threads
    leave_a_core(1)
    assert os.environ["POLARS_MAX_THREADS"] == threads
