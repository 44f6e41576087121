"""A search through the whole numbers in order, many ranges at once, that skips those in which nothing can be."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.threads import one_thread
from gdsolve.status import GdsolveError

WIDTH = 256
FAN = 16
GROUP = 64
LONGEST = 100_000_000

Excluded = Callable[[Tensor, Tensor], Tensor]
Visit = Callable[[Tensor], bool]


class SearchTooLongError(GdsolveError):
    """An exact search that would cost more than it is worth: no k is returned rather than a wrong one.

    `before`: what is looked for is at no k below it.
    """

    def __init__(self, before: float) -> None:
        super().__init__(
            f"with momentum so close to 1 the stopping iteration is not found exactly: it is not before {before:.0f}",
            "give a smaller momentum, a larger tolerance, or --max-iter",
        )
        self.before = before


@dataclass(slots=True)
class Sweep:
    """Every whole k of [low, high] is either in a range that `excluded` rules out, or visited, in increasing order.

    `excluded(start, end)`, (n,) each, is True where no k of [start, end] can matter; `visit(k)` is shown the others,
    sorted, and returns True to end the sweep. Ranges grow while they are ruled out; those that are not are cut in
    pieces, down to single k. Method: branch and bound (Land and Doig, 1960) with interval bounds. Beyond 2⁵³, where a
    float cannot count by ones, the whole numbers are those that there are. `spent` counts ranges and visits, of which
    no more than `longest` are worth it.
    """

    excluded: Excluded
    visit: Visit
    device: torch.device
    longest: int
    spent: int = 0

    def run(self, low: float, high: float) -> None:
        """Sweep [low, high].

        Raises:
            SearchTooLongError: `longest` ranges and visits did not suffice.
        """
        with one_thread():
            self._run(low, high)

    def _run(self, low: float, high: float) -> None:
        start, span = low, float(FAN)
        while start <= high:
            step = max(span, FAN * _spacing(start))
            edges = start + step * torch.arange(WIDTH + 1, dtype=torch.float64, device=self.device)
            edges = torch.unique_consecutive(edges.clamp(max=high))
            count = len(edges) - 1
            left, right = (edges[:-1], edges[1:]) if count else (edges, edges)
            left, right = self._open(left, right)
            if len(left) and self._enter(left, right):
                return
            if self.spent > self.longest:
                raise SearchTooLongError(start)
            if not count or float(edges[-1]) >= high:
                return
            start = float(edges[-1])
            span = 4.0 * step if not len(left) else max(step / 4.0, FAN) if 2 * len(left) > count else step

    def _open(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        self.spent += len(left)
        kept = ~self.excluded(left, right)
        return left[kept], right[kept]

    def _enter(self, left: Tensor, right: Tensor) -> bool:
        """Visit ranges that are not excluded as a whole; True if that ends the sweep."""
        if float((right - left).amax()) <= FAN * _spacing(float(right[-1])):
            points = torch.unique(_cut(left, right))
            self.spent += len(points)
            return self.visit(points)
        for group in range(0, len(left), GROUP):
            edges = _cut(left[group : group + GROUP], right[group : group + GROUP])
            inner = self._open(edges[:, :-1].flatten(), edges[:, 1:].flatten())
            if len(inner[0]) and self._enter(*inner):
                return True
            if self.spent > self.longest:
                raise SearchTooLongError(float(left[group]))
        return False


def _cut(left: Tensor, right: Tensor) -> Tensor:
    """The edges, (n, FAN + 1), of equal pieces of [left, right], in whole numbers."""
    parts = torch.arange(FAN + 1, dtype=left.dtype, device=left.device) / FAN
    inner = torch.floor(left[:, None] + (right - left)[:, None] * parts)
    return torch.minimum(inner, right[:, None])


def _spacing(k: float) -> float:
    """The distance from one whole number to the next that a float can hold."""
    return max(1.0, math.ulp(k))


def first_holding(
    holds: Callable[[Tensor], Tensor], excluded: Excluded, low: float, high: float, device: torch.device, longest: int
) -> float:
    """The least whole k in [low, high] at which `holds`, inf if there is none.

    Raises:
        SearchTooLongError: it cannot be found exactly at a reasonable cost.
    """
    found = torch.inf

    def visit(k: Tensor) -> bool:
        nonlocal found
        held = k[holds(k)]
        if len(held):
            found = float(held[0])
        return bool(len(held))

    Sweep(excluded, visit, device, longest).run(low, high)
    return found
