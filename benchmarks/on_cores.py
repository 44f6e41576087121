"""What the section "cores" asks for, measured in one process that keeps the table: `gdsolve` and the loop by hand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

import torch
from torch import Tensor

import gdsolve
from benchmarks.data import Shape
from benchmarks.in_memory import (
    LEARNING_RATE,
    RowBlock,
    by_turns,
    forget,
    ground_of,
    once,
    per_call,
    require_same,
    table_of,
)
from benchmarks.measure import MeasurementError
from benchmarks.worker import Request, serve
from gdsolve.objective.triangle import build_triangle

UPDATES = 40
# Numbers of a table with which threads are woken up before a pass over all of it.
WAKING = 1_000_000
FEW = 1000
SAME_TRIANGLE = 1e-10

Figures = Mapping[str, list[float]]


def measure(request: Request) -> Figures:
    """Seconds of A and of B, run by run, as `request["what"]` says: "update", "descent", "triangle"."""
    shape, runs, threads = Shape(request["rows"], request["features"]), request["runs"], request["threads"]
    before = torch.get_num_threads()
    try:
        if request["what"] == "triangle":
            taken = _triangles(shape, tuple(request["counts"]), runs)
            against = (1, "gdsolve") if request["against"] == "one thread" else (threads, "by hand")
            return {"a": taken[threads, "gdsolve"], "b": taken[against]}
        torch.set_num_threads(threads)
        if request["what"] == "descent":
            return _descent(shape, runs)
        return _update(shape, getattr(torch, request["dtype"]), request["loss"], request["many"], runs)
    finally:
        torch.set_num_threads(before)


def _update(shape: Shape, dtype: torch.dtype, loss: str, many: bool, runs: int) -> Figures:
    """One update on all rows, one of many or one alone."""
    if ground_of.cache_info().currsize and table_of.cache_info().currsize:
        forget()
    ground = ground_of(shape, dtype, loss)
    a, b = ground.by_gdsolve(many=many), ground.by_hand()
    ground.require_same(a, b)
    w = ground.start
    return by_turns({"a": lambda: per_call(lambda: a(w)), "b": lambda: per_call(lambda: b(w))}, runs)


def _descent(shape: Shape, runs: int) -> Figures:
    """The updates of a whole fit, with all that is before and after them, beside as many by hand."""
    ground = ground_of(shape, torch.float64, "squares")
    X, y, step, found = ground.X[:, :-1].numpy(), ground.y[:, 0].numpy(), ground.by_hand(), {}

    def fit(rows: int | None = None) -> None:
        few: dict[str, Any] = {"lr": LEARNING_RATE, "max_iter": UPDATES, "tol": 0}
        found["fit"] = gdsolve.fit(X[:rows], y[:rows], engine="rows", device="cpu", **few).w

    def loop() -> None:
        w = torch.zeros_like(ground.start)
        for _ in range(UPDATES):
            w = step(w)
        found["loop"] = w

    # What is imported when it is first needed is not measured.
    fit(FEW)
    taken = by_turns({"a": lambda: once(fit) / UPDATES, "b": lambda: once(loop) / UPDATES}, runs)
    require_same(found["fit"], found["loop"])
    return taken


@lru_cache(maxsize=1)
def _triangles(shape: Shape, counts: tuple[int, ...], runs: int) -> dict[tuple[int, str], list[float]]:
    """The triangle of a table on every number of threads by turns, by gdsolve and by `torch.linalg.qr`."""
    forget()
    values = table_of(shape)
    matrix = torch.from_numpy(values)
    few = max(shape.features + 2, WAKING // (shape.features + 1))
    _require_same_triangle(values[:few], matrix[:few])

    def on(threads: int, way: str, rows: int | None = None) -> None:
        torch.set_num_threads(threads)
        if way == "gdsolve":
            build_triangle([RowBlock(values[:rows])])
        else:
            torch.linalg.qr(matrix[:rows], mode="r")

    ways = {(threads, way): f"{threads} {way}" for threads in counts for way in ("gdsolve", "by hand")}
    for threads, way in ways:
        on(threads, way, few)
    taken = by_turns({text: partial(once, partial(on, *key)) for key, text in ways.items()}, runs)
    return {key: taken[text] for key, text in ways.items()}


def _require_same_triangle(values: Any, matrix: Tensor) -> None:
    """Hold the triangle of rows, as RᵀR, against that of `torch.linalg.qr`."""
    built = build_triangle([RowBlock(values)])
    assert built is not None
    raw, factor = built.raw(), torch.linalg.qr(matrix, mode="r")[1]
    n = built.n
    own = raw[:, [*range(n), n + 1]]
    expected = factor.mT @ factor
    apart = float((own.mT @ own - expected).norm() / expected.norm())
    if not apart < SAME_TRIANGLE:
        raise MeasurementError(f"the two triangles differ by {apart:g} of their length")


if __name__ == "__main__":
    serve(measure)
