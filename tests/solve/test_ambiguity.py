"""What is said of a minimum that many weights share."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from gdsolve.objective.spectrum import Spectrum
from gdsolve.solve.ambiguity import MOST_NAMED, ambiguity
from gdsolve.solve.minimum import Minimum

TOLD = "The minimum is not unique: other weights have the same loss"


def said(ranges: list[list[float]] | None, **change: Any) -> list[str]:
    count = 3 if ranges is None else len(ranges)
    problem: Any = SimpleNamespace(labels=tuple(f"x{j}" for j in range(1, count)), intercept=True)
    spread = None if ranges is None else torch.tensor(ranges, dtype=torch.float64)
    w = torch.zeros(count, 1, dtype=torch.float64)
    known: dict[str, Any] = {"hessian": None, "spectrum": None, "unique": False, "is_global": True, "ranges": spread}
    return [str(one) for one in ambiguity(problem, Minimum(w, 0.0, **(known | change)))]


def test_ranges_are_told_by_name_and_those_of_one_value_are_not() -> None:
    ranges = [[1.0, 3.0], [2.0, 2.0], [-math.inf, 0.5], [0.25, math.inf], [-math.inf, math.inf]]
    assert said(ranges) == [f"{TOLD}, with x1 from 1 to 3, x3 up to 0.5, x4 from 0.25, intercept of any value."]
    assert said(None) == [f"{TOLD}."]


@pytest.mark.parametrize("count", range(1, 8))
def test_only_so_many_are_named_and_the_others_counted(count: int) -> None:
    (text,) = said([[0.0, 1.0]] * count)
    assert text.count(" from 0 to 1") == min(count, MOST_NAMED)
    more = count - MOST_NAMED
    assert text.endswith(f", and {more} more; --format json has all." if more > 0 else " from 0 to 1.")


def test_nothing_is_said_of_what_is_unique_or_has_a_spectrum() -> None:
    spectrum = Spectrum.__new__(Spectrum)
    assert said(None, unique=True) == said(None, spectrum=spectrum) == []
    assert ambiguity(SimpleNamespace(), None) == []  # type: ignore[arg-type]
