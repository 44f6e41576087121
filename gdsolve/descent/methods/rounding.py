"""Where the digits of a loss end, and what it means that no trial lowered it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from gdsolve.descent.methods.base import Halt

UNITS = 4.0
RESOLVED = 8.0
REPEATED = 4
STRETCH = 256.0


def rounding(value: float, dtype: torch.dtype) -> float:
    """What a change of a loss `value` must exceed to mean anything: 4·ε·|L|, and not a subnormal number."""
    numbers = torch.finfo(dtype)
    return max(UNITS * numbers.eps * abs(value), numbers.tiny)


def unresolved(change: float, value: float, dtype: torch.dtype) -> bool:
    """True unless a loss rose by more than √ε·|L|, which is far more than rounding: then a step went astray."""
    return change <= math.sqrt(torch.finfo(dtype).eps) * abs(value)


@dataclass(frozen=True, slots=True)
class Trial:
    """One point w_t that was tried from w, at rate `rate`.

    `promised` is −∇L(w)ᵀ(w_t − w), the decrease to first order; `change` is L(w_t) − L(w); `turned` is
    1 − ∇L(w_t)ᵀ(w_t − w)/∇L(w)ᵀ(w_t − w): 0 where the slope is what it was, 1 at a minimum along the line.
    """

    rate: float
    promised: float
    change: float
    turned: float

    @property
    def finite(self) -> bool:
        """True where loss and gradient exist; a slope of 0 is not turned by anything."""
        return math.isfinite(self.change) and (self.promised == 0.0 or math.isfinite(self.turned))

    @property
    def explained(self) -> bool:
        """True where the loss moved, by no more than the slopes at both ends account for."""
        return 0.0 < abs(self.change) <= 2.0 * self.promised * max(1.0, self.turned)

    @property
    def rises(self) -> bool:
        """True where the loss is higher than before, or as flat as the slope is that it ends with."""
        flat = abs(self.change - (self.turned - 1.0) * self.promised) <= 0.1 * self.promised
        return self.change > 0.1 * self.promised or flat


@dataclass(frozen=True, slots=True)
class Faint:
    """How steps fare that promise less than rounding: the least promise, and steps since it was last halved.

    Losses cannot judge such steps, promises can: while they keep falling the gradient is still on its way to 0.
    """

    least: float = math.inf
    idle: int = 0

    def after(self, promise: float) -> Faint:
        """The same with one more step."""
        return Faint(promise) if promise < 0.5 * self.least else Faint(self.least, self.idle + 1)


def verdict(trials: list[Trial], floor: float) -> Halt:
    """Why no trial lowered the loss, for trials down to the shortest that promise a change above rounding, `floor`.

    A smooth function with the right gradient falls along every short enough step, unless its rounding hides that. So
    it is `NO_STEP` if

    - no trial lies in the domain,
    - the loss rises over several steps that promise a decrease well above the noise, though the slope is what it was:
      the gradient is not that of the loss; or
    - the loss rises over such steps, and the slope turns hardly more over the longest of them than over the shortest: a
      kink, where a smooth function's slope would turn in proportion to the length;

    and `ROUNDING` otherwise. The noise is what the loss changed by over the three shortest steps, and over those that
    follow as long as the slopes do not explain it.
    """
    if not trials:
        return Halt.ROUNDING
    finite = sorted((trial for trial in trials if trial.finite), key=lambda trial: trial.rate)
    if not finite:
        return Halt.NO_STEP
    noise = floor
    for i, trial in enumerate(finite):
        if i >= 3 and trial.explained:
            break
        noise = max(noise, abs(trial.change))
    rising = [trial for trial in finite if trial.promised > RESOLVED * noise and trial.rises]
    bent = [trial for trial in rising if trial.turned >= 0.5]
    if len(rising) - len(bent) >= REPEATED:
        return Halt.NO_STEP
    if len(bent) < REPEATED:
        return Halt.ROUNDING
    shortest, longest = bent[0], bent[-1]
    stretch = longest.rate / shortest.rate
    kinked = stretch >= STRETCH and longest.turned <= shortest.turned * math.sqrt(stretch)
    return Halt.NO_STEP if kinked else Halt.ROUNDING
