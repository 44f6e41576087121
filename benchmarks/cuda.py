"""The section "cuda": updates, many updates, a triangle and a whole fit on the device; skipped where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.cores import BY_HAND, shrunk, text_of
from benchmarks.data import Shape, Table
from benchmarks.kinds import Bound, Case, InMemoryCase, ProcessCase, Tells, Work
from benchmarks.worker import ask, end_workers

MODULE = "benchmarks.on_cuda"
# What is summed up to tell the bandwidth of reading: numbers, some GB of them, far above any cache.
READ = 1 << 28
MANY_UPDATES = 6400
SECONDS_PER_UPDATE = 2e-5
SECONDS_PER_TRIANGLE = 0.5

ONE_READ = Bound(1.3)
NOT_SLOWER = Bound(1.0)
HUBER = "X.t() @ (X @ w - y).clamp(-1, 1)"
PARQUET = Table(Shape(3_000_000, 10), "parquet")


@dataclass(frozen=True, slots=True)
class _Update:
    """An update to be measured; `read` is what it may take beside one read of X, where that is what it waits for."""

    name: str
    shape: Shape
    loss: str
    dtype: str
    read: Bound | None


# One read of the million rows takes 20 µs: less than what a launch takes, several times over.
UPDATES = (
    _Update("5m", Shape(5_000_000, 20), "squares", "float64", ONE_READ),
    _Update("5m-f32", Shape(5_000_000, 20), "squares", "float32", ONE_READ),
    _Update("logistic-2m", Shape(2_000_000, 20), "logistic", "float64", ONE_READ),
    _Update("1m", Shape(1_000_000, 10), "squares", "float64", None),
    _Update("logistic-1m", Shape(1_000_000, 100), "logistic", "float64", ONE_READ),
    _Update("huber-200k", Shape(200_000, 500), "huber", "float64", None),
    _Update("10k", Shape(10_000, 10), "squares", "float64", None),
)
MANY = Shape(10_000, 10)
TRIANGLE = Shape(200_000, 500)


def cases(device: str = "cuda", shrink: int = 1) -> tuple[Case, ...]:
    """The rows of the section; on the host, and on small tables, that is for trying it out."""
    in_memory = (
        InMemoryCase(name, a, b, bound, MODULE, {**request, "device": device})
        for name, a, b, bound, request in (*_updates(shrink), *_many(shrink), *_triangles(shrink))
    )
    parquet = ProcessCase(
        "cuda-parquet",
        f"gdsolve fit --device cuda, {text_of(PARQUET.shape)} (Parquet)",
        "the same, --device cpu",
        None,
        _fit(device),
        _fit("cpu"),
        most_runs=1,
        first=_require(device),
    )
    return (*in_memory, parquet)


_Row = tuple[str, str, str, Bound | None, dict[str, object]]


def _updates(shrink: int) -> Iterator[_Row]:
    for one in UPDATES:
        shape = shrunk(one.shape, shrink)
        a = f"one update on the device, {one.loss}, {text_of(shape)}, {one.dtype}"
        by_hand = (BY_HAND | {"huber": HUBER})[one.loss]
        request = {"what": "update", "rows": shape.rows, "features": shape.features, "read": READ // shrink}
        request |= {"loss": one.loss, "dtype": one.dtype}
        for short, against, b, bound in (
            ("row", "row by row", f"{by_hand}, X row by row", NOT_SLOWER),
            ("col", "column by column", f"{by_hand}, X column by column", NOT_SLOWER),
            ("read", "one read", "one read of X and y at the bandwidth of this run", one.read),
        ):
            yield f"cuda-{one.name}-{short}", a, b, bound, request | {"against": against}


def _many(shrink: int) -> Iterator[_Row]:
    shape, updates = shrunk(MANY, shrink), max(64, MANY_UPDATES // shrink)
    a = f"one of {updates:,} updates of the loop on the device, {text_of(shape)}"
    request = {"what": "updates", "rows": shape.rows, "features": shape.features, "updates": updates}
    yield "cuda-many-20us", a, "20 µs", NOT_SLOWER, request | {"limit": SECONDS_PER_UPDATE}
    yield "cuda-many-hand", a, f"one of as many {BY_HAND['squares']}", NOT_SLOWER, request | {"against": "by hand"}


def _triangles(shrink: int) -> Iterator[_Row]:
    shape = shrunk(TRIANGLE, shrink)
    a = f"gdsolve.fit(X, y, device='cuda'): reading, to the triangle, {text_of(shape)} in memory"
    request = {"what": "triangle", "rows": shape.rows, "features": shape.features}
    yield "cuda-tri-limit", a, "0.5 s", NOT_SLOWER, request | {"limit": SECONDS_PER_TRIANGLE}
    yield "cuda-tri-host", a, "the same, device='cpu', all cores", None, request | {"against": "the host"}
    b = "a copy to the device and torch.linalg.qr([X y], mode='r') there"
    yield "cuda-tri-hand", a, b, None, request | {"against": "by hand"}


def _fit(device: str) -> Work:
    return Work(("-m", "gdsolve", "fit", "--device", device), PARQUET, tells=Tells.SAVED)


def _require(device: str) -> Callable[[], None]:
    def first() -> None:
        ask(MODULE, {"what": "device", "device": device})
        end_workers()

    return first
