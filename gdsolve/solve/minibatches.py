"""Stochastic descent as it was planned, what was predicted of it, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.spec.choices import Shuffle


@dataclass(frozen=True, slots=True)
class LowerRate:
    """A smaller rate, where the noise keeps the loss at that rate, and the epochs that it takes to come there."""

    learning_rate: float
    excess: float
    epochs: int


@dataclass(frozen=True, slots=True)
class Minibatches:
    """Batches of at most `batch` of `rows`, `epochs` times through all of them; losses in the user's units.

    `predicted_excess` is where noise keeps the loss above its minimum in the long run, `predicted_at_end` its mean over
    the last half of the epochs, what is left of the start with it; both were known before the run, and are None where
    they are not, for the reason `unpredicted`. `excess` is what was reached: the same mean, None where the loss was
    still falling or the minimum is not known. `block` is how many rows are shuffled together, where not all are;
    `streamed` rows are read anew every epoch.
    """

    batch: int
    rows: int
    epochs: int
    updates_per_epoch: int
    shuffle: Shuffle
    seed: int | None
    average: bool
    stable_below: float | None = None
    predicted_excess: float | None = None
    predicted_at_end: float | None = None
    lower: LowerRate | None = None
    unpredicted: str = ""
    excess: float | None = None
    block: int | None = None
    streamed: bool = False

    @property
    def whole(self) -> bool:
        """True where every batch has all rows: that is plain descent."""
        return self.batch >= self.rows
