"""Which weights their bounds hold, and how strongly: the multipliers of Karush, Kuhn and Tucker."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from gdsolve.solve.outcome import HeldWeight, parameter_names
from gdsolve.solve.problem import Problem

MOST_NAMED = 5


def held_weights(problem: Problem, w: torch.Tensor, minimum: torch.Tensor | None) -> Mapping[str, HeldWeight]:
    """Every weight that has a bound, by name, at `w`, (p, 1); multipliers are those at the `minimum`, if any."""
    if problem.box is None:
        return {}
    box, best = problem.box, w if minimum is None else minimum.to(w)
    slope = problem.objective.evaluate(best).gradient[:, 0]
    units = problem.units
    identity = torch.eye(len(w), dtype=w.dtype, device=w.device)
    # Moving a weight alone; the intercept that goes with the means of the columns has no slope at the minimum.
    lengths = (units.from_user(identity) - units.from_user(torch.zeros_like(identity))).diagonal()
    rises = slope * lengths * problem.loss_unit
    names = parameter_names(problem.labels, intercept=problem.intercept)
    sides = (units.to_user(box.lower), units.to_user(box.upper))
    columns = (sides[0], sides[1], w <= box.lower, w >= box.upper)
    found = {}
    for place, name in enumerate(names):
        lower, upper, at_lower, at_upper = (column[place, 0].item() for column in columns)
        if math.isinf(box.lower[place, 0].item()) and math.isinf(box.upper[place, 0].item()):
            continue
        at = "lower" if at_lower else "upper" if at_upper else None
        rise = None if at is None else rises[place].item() * (1.0 if at_lower else -1.0)
        found[name] = HeldWeight(_finite(lower), _finite(upper), at, rise)
    return found


def told_held(held: Mapping[str, HeldWeight]) -> str:
    """A sentence on the weights that stand at their bounds; empty where none does."""
    names = [name for name, one in held.items() if one.at is not None]
    if not names:
        return ""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f" At {'its bound' if len(names) == 1 else 'their bounds'}: {', '.join(names[:MOST_NAMED])}{more}."


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None
