"""Descents from many starts keep to the steps they may take, tell how many have ended, and are the same in parts."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gdsolve.descent import many, many_kinked
from gdsolve.descent.many import ROUND, TRIALS, descend_many
from gdsolve.descent.many_ends import End, ManyEnds
from gdsolve.objective.expression import parse
from gdsolve.objective.formula import Formula
from gdsolve.objective.layout import Layout

LAYOUT = Layout(("a", "b"), ((), ()), ("a", "b"), torch.ones(2, 1, dtype=torch.float64))
FORMULAS = {"smooth": "(a**2 + b - 11)**2 + (a + b**2 - 7)**2", "kinked": "abs(a - 1) + abs(b + 2) + (a - b)**2"}
STARTS = torch.tensor([[2.5, 2.5], [-3.0, 3.0], [0.1, -4.0], [4.0, 0.5], [-1.0, -1.0]], dtype=torch.float64)
BOTH = pytest.mark.parametrize("kind", FORMULAS)


def formula(kind: str) -> Formula:
    return Formula(parse(FORMULAS[kind], ["a", "b"]), LAYOUT, {})


def values(kind: str, points: Tensor) -> list[float]:
    return [float(formula(kind).evaluate(point[:, None]).value) for point in points]


@BOTH
@pytest.mark.parametrize("most", [0, 1, 2, ROUND - 1, ROUND, ROUND + 1, 3 * ROUND])
def test_no_start_takes_more_steps_than_it_may(kind: str, most: int) -> None:
    told: list[tuple[int, int]] = []
    found = descend_many(formula(kind), STARTS, max_steps=most, told=lambda ended, count: told.append((ended, count)))
    last = most * (TRIALS if kind == "kinked" else 1)
    moving = found.ends == End.MOVING
    assert found.steps[moving].tolist() == [last] * int(moving.sum())
    assert int(found.steps.max()) <= last
    assert told[-1] == (int((~moving).sum()), len(STARTS))
    assert len(told) <= 1 + -(-last // ROUND)
    assert found.values.tolist() == pytest.approx(values(kind, found.points), rel=1e-14)
    before = values(kind, STARTS)
    assert all(now <= then for now, then in zip(found.values.tolist(), before, strict=True))
    assert (found.points.tolist() == STARTS.tolist()) == (most == 0)


@BOTH
def test_starts_in_parts_end_where_they_end_together(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def ends(at_once: int) -> tuple[ManyEnds, list[tuple[int, int]]]:
        told: list[tuple[int, int]] = []
        for module in (many, many_kinked):
            monkeypatch.setattr(module, "points_at_once", lambda *_: at_once)
        return descend_many(formula(kind), STARTS, told=lambda *one: told.append(one)), told

    together, _ = ends(len(STARTS))
    assert bool(together.arrived.all())
    for at_once in (1, 2, 4):
        found, told = ends(at_once)
        assert torch.allclose(found.points, together.points, rtol=0.0, atol=1e-6)
        assert (told[-1], found.ends.tolist()) == ((len(STARTS), len(STARTS)), together.ends.tolist())
        assert [ended for ended, _ in told] == sorted(ended for ended, _ in told)
