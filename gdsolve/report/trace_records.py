"""The rows of a trace as records, made when they are looked at: a million of them at once would take a gigabyte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from gdsolve.descent.solution import Trace

Record = dict[str, Any]

# Rows that are made at a time.
_BLOCK = 4096


class TraceRecords(Sequence[Record]):
    """The reported iterations, weights by the names of `design`, with partial derivatives where they were asked for."""

    def __init__(self, trace: Trace, design: tuple[str, ...], *, intercept: bool) -> None:
        self._trace = trace
        self._design = design
        self._intercept = intercept

    def __len__(self) -> int:
        return len(self._trace)

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> list[Record]: ...
    def __getitem__(self, place: int | slice) -> Record | list[Record]:
        if isinstance(place, slice):
            return [self[one] for one in range(len(self))[place]]
        start = range(len(self))[place]
        return next(self._rows(start, start + 1))

    def __iter__(self) -> Iterator[Record]:
        for start in range(0, len(self), _BLOCK):
            yield from self._rows(start, min(start + _BLOCK, len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TraceRecords | list) or len(self) != len(other):
            return NotImplemented if not isinstance(other, TraceRecords | list) else False
        return all(mine == own for mine, own in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))

    def _rows(self, start: int, stop: int) -> Iterator[Record]:
        trace, part = self._trace, slice(start, stop)
        gradients = [None] * (stop - start) if trace.gradients is None else trace.gradients[:, part].T.tolist()
        columns = zip(
            trace.iterations[part],
            trace.sse[part],
            trace.values[part],
            trace.gradient_norms[part],
            trace.updates[part],
            trace.weights[:, part].T.tolist(),
            gradients,
            strict=True,
        )
        for iteration, sse, loss, gradient_norm, update, weights, gradient in columns:
            named: Mapping[str, float] = dict(zip(self._design, weights, strict=False))
            row = {
                "iteration": iteration,
                "sse": sse,
                "loss": loss,
                "gradient_norm": gradient_norm,
                "update": update,
                "weights": named,
                "intercept": weights[-1] if self._intercept else None,
            }
            if gradient is not None:
                slopes = dict(zip(self._design, gradient, strict=False))
                row["gradient"] = {"weights": slopes, "intercept": gradient[-1] if self._intercept else None}
            yield row
