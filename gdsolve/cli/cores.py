"""How the cores are shared while a table is read."""

from __future__ import annotations

import os


def leave_a_core(processes: int = 1) -> None:
    """Have polars parse on all cores but one, which imports torch; before polars is imported.

    Then torch factorises on every core, and what is parsed waits where it is not as fast. With threads of polars on
    every core parsing is no faster, and holds a third more memory in flight. Several `processes` on one machine share
    its cores. POLARS_MAX_THREADS, where it is set, is left as it is.
    """
    os.environ.setdefault("POLARS_MAX_THREADS", str(max(1, cores() // processes - 1)))


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
