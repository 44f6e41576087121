"""Slopes of a function by differences, at steps from coarse to fine, and kinks that they show.

A difference errs by truncation, which falls with the step h, and by the noise of the function's values over h, which
rises. Both are estimated at every step, and what has the least of both is the slope. Where the two one-sided slopes
stay apart however short the step is, there is a kink. Sources: Nocedal and Wright, Numerical Optimization, 2nd ed.,
section 8.1; Ridders (1982), Advances in Engineering Software 4(2), for steps in a row.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]

RATIO = 4.0
"""A step over the next shorter one."""
SAFETY = 10.0
ROUNDINGS = 3.0
"""Estimates of truncation, and of rounding, may fall short of it so many times."""
SURE = 1e-4
"""A share of a slope: an error below it leaves the first three digits."""
GROWS = 3.0
"""By how much more than at shorter steps truncation counts, to be told from noise."""
SIGNIFICANT = 30.0
"""Times the noise by which slopes on both sides must be apart, to count as two."""
SMOOTH = 2.5
"""Slopes on both sides are more than so many times farther apart at a step four times as long, but at a kink."""
KINKED = 3
"""Steps in a row at which they are as far apart at a kink,"""
CONSTANT = 1.25
"""but for this factor."""
KINK_ROUNDING = 0.01
"""A share of the jump at a kink by which a slope may lie outside of it."""
LARGEST = 1e300
FINEST = 64.0
"""Spacings of floating-point numbers in the shortest step."""
BLIND = (12, 42)
"""Powers of the ratio, up and down, that are tried of a weight that is 0 and says nothing of its own size."""


@dataclass(frozen=True, slots=True)
class Here:
    """The point w, (p, 1), the value there, and its `noise`: what rounding of the weights may change of it.

    `sizes`, (p,), are those that the weights had at the start, for the steps of one that is 0 now.
    """

    w: Tensor
    value: float
    noise: float
    sizes: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Along:
    """What differences say of a slope along one weight.

    `slope` is None where no step is finite; `allowed` is what it may err by. `kink` are the slopes on the left and on
    the right, where they differ.
    """

    slope: float | None
    allowed: float
    agrees: bool
    kink: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class _Level:
    """The slopes over one step to the left and to the right, None where the value there is not finite."""

    left: float | None
    right: float | None
    noise: float

    @property
    def centre(self) -> float | None:
        return None if self.left is None or self.right is None else 0.5 * (self.left + self.right)

    @property
    def apart(self) -> float | None:
        return None if self.left is None or self.right is None else self.right - self.left

    @property
    def is_apart(self) -> bool:
        return self.apart is not None and abs(self.apart) > SIGNIFICANT * self.noise


@dataclass(frozen=True, slots=True)
class _Estimate:
    """A slope, and what it may err by, of which `truncation` is a part."""

    slope: float
    truncation: float
    allowed: float


def look_along(function: Function, here: Here, place: int, gradient: float, floor: float) -> Along:
    """Hold a derivative against differences along one weight; `floor` is what rounding may change of the derivative.

    Two steps of ∛ε·|w| are enough where they agree and leave no doubt; else all steps are tried, the shortest first.
    """
    size = abs(float(here.w[place]))
    known = max(size, here.sizes[place]) or max(here.sizes, default=0.0) or 1.0
    epsilon = torch.finfo(here.w.dtype).eps
    first = round(-math.log(epsilon, RATIO) / 3.0)
    fine, coarse = (_level(function, here, place, (size or known) * RATIO**-power) for power in (first, first - 1))
    found = _estimate(fine, coarse, floor)
    if found is not None and _agree(gradient, found):
        # Of a smooth function they come together as the step gets shorter.
        apart = fine.apart or 0.0
        smooth = not fine.is_apart or abs(coarse.apart or 0.0) > SMOOTH * abs(apart)
        if smooth and found.allowed <= max(SURE * abs(gradient), abs(apart)):
            return Along(found.slope, found.allowed, agrees=True)
    top, bottom = max(known, *here.sizes), FINEST * epsilon * size
    if size == 0.0:
        top, bottom = known * RATIO ** BLIND[0], known * RATIO ** -BLIND[1]
    return _judge(_walk(function, here, place, _steps(bottom, top), floor), floor, gradient)


def _steps(bottom: float, top: float) -> Iterator[float]:
    count = math.ceil(math.log(top / bottom, RATIO))
    return (bottom * RATIO**power for power in range(count + 1))


def _walk(function: Function, here: Here, place: int, steps: Iterator[float], floor: float) -> list[_Level]:
    """From the shortest step to longer ones, until what they err by is truncation, which grows."""
    levels: list[_Level] = []
    last = [math.inf, math.inf]
    for h in steps:
        levels.append(_level(function, here, place, h))
        found = _estimate(levels[-2], levels[-1], floor) if len(levels) > 1 else None
        if found is None:
            continue
        if found.truncation > SAFETY * levels[-2].noise and found.truncation > GROWS * max(last):
            break
        last = [last[1], found.truncation]
    return levels


def _judge(levels: list[_Level], floor: float, gradient: float) -> Along:
    jump = _jump(levels)
    if jump is not None and jump.nearby:
        levels = levels[: jump.before]
    elif jump is not None:
        low, high = sorted((jump.left, jump.right))
        nearest, reach = min(max(gradient, low), high), KINK_ROUNDING * (high - low)
        return Along(nearest, reach, abs(gradient - nearest) <= reach, (jump.left, jump.right))
    pairs = (_estimate(fine, coarse, floor) for fine, coarse in itertools.pairwise(levels))
    estimates = [one for one in pairs if one is not None]
    if not estimates:
        return Along(None, 0.0, agrees=True)
    best = min(estimates, key=lambda one: one.allowed)
    sure = [one for one in estimates if one.allowed <= max(SURE * abs(gradient), 2.0 * best.allowed)]
    good = [one for one in sure if _agree(gradient, one)]
    told = min(good or [best], key=lambda one: one.allowed)
    beside = None if good else _beside_kinks(levels, gradient)
    return beside or Along(told.slope, told.allowed, bool(good))


def _beside_kinks(levels: Sequence[_Level], gradient: float) -> Along | None:
    """The nearer of the slopes on both sides, where kinks within a step keep them apart and the gradient is between."""
    for fine, coarse in itertools.pairwise(levels):
        if fine.left is None or fine.right is None or not fine.is_apart:
            continue
        low, high = sorted((fine.left, fine.right))
        nearest, reach = min(max(gradient, low), high), ROUNDINGS * fine.noise
        if abs(coarse.apart or math.inf) < SMOOTH * (high - low) and abs(gradient - nearest) <= reach:
            return Along(nearest, reach, agrees=True)
    return None


def _agree(gradient: float, found: _Estimate) -> bool:
    return abs(gradient - found.slope) <= found.allowed


def _level(function: Function, here: Here, place: int, h: float) -> _Level:
    ahead, behind = here.w.detach().clone(), here.w.detach().clone()
    ahead[place] += h
    behind[place] -= h
    # What was added, after rounding.
    right, left = float(ahead[place] - here.w[place]), float(here.w[place] - behind[place])
    after, before = float(function(ahead).detach()), float(function(behind).detach())
    sizes = [abs(value) for value in (after, before, here.value) if math.isfinite(value)]
    noise = max(here.noise, torch.finfo(here.w.dtype).eps * max(sizes))
    return _Level(_quotient(here.value - before, left), _quotient(after - here.value, right), noise / h)


def _quotient(rise: float, width: float) -> float | None:
    slope = rise / width if width > 0.0 else math.inf
    # A sum of two is finite as well.
    return slope if abs(slope) < LARGEST else None


def _estimate(fine: _Level, coarse: _Level, floor: float) -> _Estimate | None:
    """The slope at the finer of two steps, on one side where the other is not finite."""
    if fine.centre is not None and coarse.centre is not None:
        slope, truncation = fine.centre, abs(coarse.centre - fine.centre) / 5.0
    else:
        sides = ((fine.right, coarse.right), (fine.left, coarse.left))
        pair = next(((one, other) for one, other in sides if one is not None and other is not None), None)
        if pair is None:
            return None
        slope, truncation = (RATIO * pair[0] - pair[1]) / (RATIO - 1.0), abs(pair[1] - pair[0]) / 3.0
    return _Estimate(slope, truncation, SAFETY * truncation + ROUNDINGS * (fine.noise + floor))


@dataclass(frozen=True, slots=True)
class _Jump:
    """The slopes on both sides of a kink; it is `nearby` where the first so many levels, `before`, do not reach it."""

    left: float
    right: float
    before: int
    nearby: bool


def _jump(levels: Sequence[_Level]) -> _Jump | None:
    """A kink: some slopes on both sides are as far apart at a step as at those four and sixteen times as long."""
    before = next((place for place, level in enumerate(levels) if level.is_apart), len(levels))
    for first in range(before, before + KINKED + 1):
        run = levels[first : first + KINKED]
        parts = [level.apart for level in run if level.is_apart and level.apart is not None]
        if len(parts) < KINKED:
            return None
        if max(parts) * min(parts) > 0.0 and max(map(abs, parts)) <= CONSTANT * min(map(abs, parts)):
            clear = next((one for one in run if one.noise < 1e-6 * abs(parts[0])), run[-1])
            assert clear.left is not None and clear.right is not None
            # At shorter steps it would have been seen, if it were here.
            missed = any(abs(parts[0]) > 2.0 * SIGNIFICANT * level.noise for level in levels[:before])
            return _Jump(clear.left, clear.right, before, missed)
    return None
