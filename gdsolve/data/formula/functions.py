"""What the functions of a formula do: those of numpy cell by cell, and those of `formulaic`."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
import pandas
from formulaic.transforms import TRANSFORMS, C

from gdsolve.spec.formula_functions import CODED, CONSTANTS, ELEMENTWISE, FUNCTIONS, LEARNT, PLAIN


@lru_cache(maxsize=1)
def callables() -> dict[str, Any]:
    """All names that may be called in a formula, and `np` and `contr` with what may stand behind their dots."""
    numbers = {name: _OWN.get(name) or getattr(np, name) for name in ELEMENTWISE}
    constants = {name: getattr(np, name) for name in CONSTANTS}
    own = {name: TRANSFORMS[name] for name in (*LEARNT, *CODED, *PLAIN)}
    own["C"] = _coded
    modules = {"np": SimpleNamespace(**numbers, **constants), "contr": TRANSFORMS["contr"]}
    modules["numpy"] = modules["np"]
    assert set(numbers) | set(own) == set(FUNCTIONS)
    return {**numbers, **constants, **own, **modules}


def levels_of(values: Any) -> pandas.Series:
    """The levels of the rows of a factor, a Series of pandas."""
    bare = getattr(values, "__wrapped__", values)
    if nw.dependencies.is_narwhals_series(bare):
        return bare.to_pandas()
    return pandas.Series(np.asarray(bare))


def _coded(data: Any, *given: Any, **named: Any) -> Any:
    return C(levels_of(data), *given, **named)


def _power_of_ten(x: Any) -> Any:
    """10ˣ: numpy has none, and that of `formulaic` is x¹⁰."""
    return np.power(10.0, x)


_OWN = {"exp10": _power_of_ten}
