"""What the section "cuda" asks for, measured on the device in one process: `gdsolve`, by hand, and one read of X."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial

import torch
from torch import Tensor

import gdsolve
from benchmarks.data import Shape
from benchmarks.in_memory import LEARNING_RATE, by_turns, forget, ground_of, once, per_call, require_same, table_of
from benchmarks.measure import SkippedError
from benchmarks.worker import Request, serve
from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.build import Recipe, build_method
from gdsolve.descent.schedule import Schedule
from gdsolve.spec import Method

ABSENT = "no CUDA device here"

Figures = Mapping[str, list[float]]


def measure(request: Request) -> Figures:
    """Seconds of A and of B, run by run: "update", "updates" (many by the loop), "triangle"; "device": its name.

    Raises:
        SkippedError: there is no such device.
    """
    device = torch.device(request["device"])
    if device.type == "cuda" and not torch.cuda.is_available():
        raise SkippedError(ABSENT)
    if request["what"] == "device":
        return {}
    shape, runs = Shape(request["rows"], request["features"]), request["runs"]
    if request["what"] == "update":
        ask = (shape, getattr(torch, request["dtype"]), request["loss"], device, request["read"], runs)
        taken = _update(*ask)
    elif request["what"] == "updates":
        taken = _updates(shape, request["updates"], device, runs)
    else:
        taken = _triangle(shape, device, runs)
    b = taken[request["against"]] if "against" in request else [request["limit"]] * len(taken["gdsolve"])
    return {"a": taken["gdsolve"], "b": b}


@lru_cache(maxsize=1)
def _update(shape: Shape, dtype: torch.dtype, loss: str, device: torch.device, read: int, runs: int) -> Figures:
    """One update, by hand with X row by row and column by column, and one read of X and y.

    What a read takes is told by the sum of a large tensor of `read` numbers, by its bytes.
    """
    forget()
    ground = ground_of(shape, dtype, loss, device)
    columns = torch.empty_strided(ground.X.shape, (1, len(ground.X)), dtype=dtype, device=device).copy_(ground.X)
    large = torch.ones(read, dtype=dtype, device=device)
    w, part = ground.start, (ground.X.numel() + ground.y.numel()) / read
    steps = {
        "gdsolve": ground.by_gdsolve(),
        "row by row": ground.by_hand(),
        "column by column": ground.by_hand(columns),
    }
    ground.require_same(*steps.values())
    ways: dict[str, Callable[[], float]] = {
        name: partial(per_call, partial(step, w), device) for name, step in steps.items()
    }
    return by_turns({**ways, "one read": lambda: per_call(large.sum, device) * part}, runs)


@lru_cache(maxsize=1)
def _updates(shape: Shape, updates: int, device: torch.device, runs: int) -> Figures:
    """One of many updates of gdsolve's loop, every one of them checked, beside a loop by hand that checks nothing."""
    forget()
    ground = ground_of(shape, torch.float64, "squares", device)
    start, step = torch.zeros_like(ground.start), ground.by_hand()
    method = build_method(Recipe(Method.GD, LEARNING_RATE))

    def descend() -> Tensor:
        return iterate(ground.objective, start, method, (), max_iter=updates, schedule=Schedule("log")).w

    def loop() -> Tensor:
        w = start
        for _ in range(updates):
            w = step(w)
        return w

    require_same(descend(), loop())
    ways = {"gdsolve": descend, "by hand": loop}
    return by_turns({name: partial(_seconds_each, way, updates, device) for name, way in ways.items()}, runs)


@lru_cache(maxsize=1)
def _triangle(shape: Shape, device: torch.device, runs: int) -> Figures:
    """The triangle of a table in memory, built on the device and on the host; by hand, a copy and `torch.linalg.qr`."""
    forget()
    values = table_of(shape)
    X, y, matrix, found = values[:, :-1], values[:, -1], torch.from_numpy(values), {}

    def fit(where: str, rows: int | None = None) -> float:
        done = gdsolve.fit(X[:rows], y[:rows], device=where)
        found[where] = done.w
        return float(done.seconds["read"])

    def by_hand() -> None:
        torch.linalg.qr(matrix.to(device), mode="r")

    # What is imported, and loaded on the device, when it is first needed is not measured.
    fit(device.type, 2 * shape.features)
    ways = {"gdsolve": partial(fit, device.type), "the host": partial(fit, "cpu")}
    taken = by_turns({**ways, "by hand": lambda: once(by_hand, device)}, runs)
    require_same(found[device.type], found["cpu"])
    return taken


def _seconds_each(way: Callable[[], Tensor], updates: int, device: torch.device) -> float:
    return once(way, device) / updates


if __name__ == "__main__":
    serve(measure)
