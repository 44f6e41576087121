"""Which fold a row belongs to, whether it is held out: by a seeded hash of its number (docs/guide/validation.md)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdsolve.spec import Spec

HELD_OUT = -1
"""In the place of a fold: a row that is set aside."""

# The constants of splitmix64: Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators, figure 16.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
# What rows are hashed for: whoever is held out says nothing of folds.
_FOLDS, _HOLDOUT = 1, 2


@dataclass(frozen=True, slots=True)
class Dealing:
    """How rows are dealt: into `folds` (0 for one alone), a `share` of them held out, both drawn by `seed`."""

    folds: int
    share: float
    seed: int

    @classmethod
    def of_spec(cls, spec: Spec) -> Dealing:
        """The dealing that a spec asks for."""
        return cls(spec.cv or 0, spec.holdout or 0.0, spec.seed)

    def of(self, numbers: np.ndarray, file: int = 0) -> np.ndarray:
        """Give the fold of rows by their `numbers`, (rows,), in a file: 0 … K − 1, or `HELD_OUT`; int64."""
        found = fold_numbers(numbers, max(1, self.folds), self.seed, file)
        if self.share:
            found[held_out_of(numbers, self.share, self.seed, file)] = HELD_OUT
        return found


def fold_numbers(numbers: np.ndarray, folds: int, seed: int = 0, file: int = 0) -> np.ndarray:
    """Give the folds, 0 … K − 1, (rows,) int64, of rows by their numbers in their file, from 0.

    K rows that follow each other, from a multiple of K on, go to K folds, in the order of their hashes: the smallest to
    fold 0. So the folds of a table differ by one row at most.
    """
    if folds == 1 or not len(numbers):
        return np.zeros(len(numbers), dtype=np.int64)
    first = int(numbers.min()) // folds * folds
    last = (int(numbers.max()) // folds + 1) * folds
    hashes = _hashes(np.arange(first, last), seed, file, _FOLDS).reshape(-1, folds)
    ranks = np.empty(hashes.shape, dtype=np.int64)
    np.put_along_axis(ranks, np.argsort(hashes, axis=1), np.arange(folds)[None, :], axis=1)
    found: np.ndarray = ranks.reshape(-1)[numbers - first]
    return found


def held_out_of(numbers: np.ndarray, share: float, seed: int = 0, file: int = 0) -> np.ndarray:
    """Tell which rows are held out, (rows,) bool: those whose hash, over 2⁶⁴, is below `share`."""
    bound = np.uint64(min(int(share * 2.0**64), 2**64 - 1))
    found: np.ndarray = _hashes(numbers, seed, file, _HOLDOUT) < bound
    return found


def _hashes(numbers: np.ndarray, seed: int, file: int, purpose: int) -> np.ndarray:
    """Hash rows by their numbers: h = mix(mix(mix(seed + purpose·γ) + (file + 1)·γ) + (number + 1)·γ), mod 2⁶⁴."""
    with np.errstate(over="ignore"):
        key = _mixed(np.array([seed], dtype=np.uint64) + np.uint64(purpose) * _GOLDEN)
        key = _mixed(key + np.uint64(file + 1) * _GOLDEN)
        return _mixed(key + (numbers.astype(np.uint64) + np.uint64(1)) * _GOLDEN)


def _mixed(state: np.ndarray) -> np.ndarray:
    """Mix the bits of numbers, (n,) uint64, as splitmix64 does."""
    state = (state ^ (state >> np.uint64(30))) * _FIRST
    state = (state ^ (state >> np.uint64(27))) * _SECOND
    mixed: np.ndarray = state ^ (state >> np.uint64(31))
    return mixed
