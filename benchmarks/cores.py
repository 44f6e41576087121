"""The section "cores": rows and triangle on 1, 2, 4, … threads, each beside what one would write by hand."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import machine
from benchmarks.data import Shape
from benchmarks.kinds import Bound, InMemoryCase

MODULE = "benchmarks.on_cores"
MANY_CORES = 4
# By hand, laid out, and on its way: copies of a table, of which there are at most so many in memory at once.
COPIES = 6

SMALLER = {"1m": Shape(1_000_000, 10), "200k": Shape(200_000, 200)}
LARGE = {"5m": Shape(5_000_000, 20)}
TRIANGLES = {"1m": Shape(1_000_000, 10), "200k": Shape(200_000, 500), "20k": Shape(20_000, 1000)}

# Up to two threads, and from there on: one read of X, where by hand there are two; shared among more cores than memory
# can serve, a little less is gained.
BOUNDS = {"squares": (Bound(0.7), Bound(0.7)), "logistic": (Bound(1.0), Bound(0.7))}
# The second core, and sixteen of them, beside one; the smallest table is over before it is worth sharing.
SPEED_UPS = {2: Bound(0.6), 16: Bound(0.167)}
UNSHARED = "1m"

BY_HAND = {"squares": "X.t() @ (X @ w - y)", "logistic": "X.t() @ (torch.sigmoid(X @ w) - y)"}


def thread_counts(cores: int) -> tuple[int, ...]:
    """1, 2, 4, … up to the number of cores, which is the last one."""
    powers = [2**i for i in range(cores.bit_length()) if 2**i < cores]
    return (*powers, cores)


def cases(counts: tuple[int, ...] | None = None, shrink: int = 1) -> tuple[InMemoryCase, ...]:
    """The rows of the section on these numbers of threads, those of the machine unless given.

    Tables have `shrink` times fewer rows, and few columns: that is for trying it out.
    """
    counts = counts or thread_counts(machine.cores())
    large = {name: shape for name, shape in LARGE.items() if counts[-1] >= MANY_CORES and _fits(shape)}
    return tuple(
        InMemoryCase(name, a, b, bound, MODULE, request)
        for name, a, b, bound, request in (
            *_updates(large | SMALLER, counts, shrink),
            *_triangles(large | TRIANGLES, counts, shrink),
        )
    )


# What is measured of every table, of the largest but the first three; rows that are laid out once serve what is alike.
LOSSES = (
    ("squares", "rows", "float64"),
    ("squares", "rows", "float32"),
    ("logistic", "logistic", "float64"),
    ("logistic", "logistic", "float32"),
)

_Row = tuple[str, str, str, Bound | None, dict[str, object]]


def _updates(shapes: dict[str, Shape], counts: tuple[int, ...], shrink: int) -> Iterator[_Row]:
    for short, whole in shapes.items():
        shape = shrunk(whole, shrink)
        for loss, name, dtype in LOSSES[: 3 if short in LARGE else 4]:
            marked = short if dtype == "float64" else f"{short}-f32"
            for threads in counts:
                bound = BOUNDS[loss][threads > 2]
                yield _update(f"{name}-{marked}-t{threads}", shape, (loss, dtype, threads), bound)
            if (loss, dtype) == ("squares", "float64"):
                for threads in counts:
                    yield _update(f"alone-{short}-t{threads}", shape, (loss, dtype, threads), None, many=False)
                yield _descent(short, shape, counts[-1])


def _update(name: str, shape: Shape, what: tuple[str, str, int], bound: Bound | None, *, many: bool = True) -> _Row:
    loss, dtype, threads = what
    which = "one of many updates" if many else "one update alone, nothing compiled,"
    a = f"{which} on rows, {loss}, {text_of(shape)}, {dtype}, {_threads(threads)}"
    request: dict[str, object] = {"what": "update", "rows": shape.rows, "features": shape.features}
    request |= {"loss": loss, "dtype": dtype, "threads": threads, "many": many}
    return name, a, f"{BY_HAND[loss]}, on as many", bound, request


def _descent(short: str, shape: Shape, threads: int) -> _Row:
    a = f"gdsolve.fit(X, y, engine='rows', max_iter=40), a 40th of it, {text_of(shape)}, {_threads(threads)}"
    request: dict[str, object] = {"rows": shape.rows, "features": shape.features, "threads": threads}
    return f"descent-{short}", a, f"one of 40 updates {BY_HAND['squares']}", None, request | {"what": "descent"}


def _triangles(shapes: dict[str, Shape], counts: tuple[int, ...], shrink: int) -> Iterator[_Row]:
    for short, whole in shapes.items():
        shape = shrunk(whole, shrink)
        base = {"what": "triangle", "rows": shape.rows, "features": shape.features, "counts": counts}
        for threads in counts:
            a = f"triangle of {text_of(shape)} in memory, {_threads(threads)}"
            if threads > 1:
                bound = None if short == UNSHARED else SPEED_UPS.get(threads)
                asked = {"threads": threads, "against": "one thread"}
                yield f"triangle-{short}-t{threads}", a, "the same, one thread", bound, base | asked
            b = "torch.linalg.qr([X y], mode='r') of the same, on as many"
            yield f"qr-{short}-t{threads}", a, b, None, base | {"threads": threads, "against": "by hand"}


def shrunk(shape: Shape, shrink: int) -> Shape:
    """A shape of `shrink` times fewer rows, and of few columns, but for a factor of 1."""
    return shape if shrink == 1 else Shape(max(100, shape.rows // shrink), min(10, shape.features))


def text_of(shape: Shape) -> str:
    """A shape in words."""
    return f"{shape.rows:,} × {shape.features}"


def _threads(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"


def _fits(shape: Shape) -> bool:
    return COPIES * 8 * shape.rows * (shape.features + 1) < machine.memory_bytes()
