"""The folds of rows, and which of them are held out, for Python: what `--cv` and `--holdout` deal, once more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def folds(rows: int | Sequence[int] | None, k: int, *, seed: int = 0, by: Any = None) -> NDArray[np.int64]:
    """The fold, 0 … k − 1, of each row of a table as `fit --cv k` deals them, (rows,).

    `rows` is how many there are, those included that are left out for missing cells; of several files one number for
    each. With `by`, the values of the column of `--cv-by`, (rows,), rows of one value are in one fold.
    For scikit-learn: `PredefinedSplit(gdsolve.folds(len(X), 5))`. Source: docs/guide/validation.md.

    Raises:
        GdsolveError: fewer than two folds, or a value that is missing.
    """
    import numpy as np

    from gdsolve.data.folds import fold_numbers

    if k < 2:
        raise GdsolveError(f"{k} is no number of folds", "give 2 or more")
    if by is not None:
        return fold_numbers(_codes(by), k, seed)
    counts = [rows] if isinstance(rows, int) else list(rows or ())
    return np.concatenate(
        [np.zeros(0, dtype=np.int64), *(fold_numbers(np.arange(n), k, seed, file) for file, n in enumerate(counts))]
    )


def held_out(rows: int | Sequence[int] | None, share: float, *, seed: int = 0, by: Any = None) -> NDArray[np.bool_]:
    """Which rows `fit --holdout share` sets aside, (rows,); `rows` and `by` are those of `folds`.

    Raises:
        GdsolveError: a share that is not between 0 and 1, or a value that is missing.
    """
    import numpy as np

    from gdsolve.data.folds import held_out_of

    if not 0.0 < share < 1.0:
        raise GdsolveError(f"{share:g} is not strictly between 0 and 1", "give a share such as 0.2")
    if by is not None:
        return held_out_of(_codes(by), share, seed)
    counts = [rows] if isinstance(rows, int) else list(rows or ())
    return np.concatenate(
        [np.zeros(0, dtype=bool), *(held_out_of(np.arange(n), share, seed, file) for file, n in enumerate(counts))]
    )


def _codes(by: Any) -> NDArray[np.int64]:
    """A number for each value, in the order in which they are met."""
    import numpy as np

    from gdsolve.data.arrays import texts_of

    numbers: dict[str, int] = {}
    texts = texts_of(by)
    if None in texts:
        raise GdsolveError(f"value {texts.index(None) + 1} of by is missing", "leave such rows out")
    return np.array([numbers.setdefault(str(text), len(numbers)) for text in texts], dtype=np.int64)
