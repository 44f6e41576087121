"""Starts spread over ranges: where they lead, and where the descent that is told begins."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from gdsolve.descent.many import descend_many
from gdsolve.descent.many_ends import ManyEnds
from gdsolve.imports import complete_torch
from gdsolve.objective.base import Objective
from gdsolve.objective.layout import Layout
from gdsolve.objective.many_points import values_of
from gdsolve.progress import Following, listener
from gdsolve.solve.space_filling import Range, space_filling
from gdsolve.spec import Parameter, Spec
from gdsolve.spec.parameter import Value
from gdsolve.spec.parameters import entries
from gdsolve.status import GdsolveError

SAMPLED = 128
"""Points of ranges among which the start is, where their number was not asked for."""
DIGITS = 6
"""Of a start, so that the one that is shown is the one that was used."""
FEWER = (3, 4, DIGITS, 9, 17)
"""Digits of the point that starts led to and descent begins at: as few as lead there again."""
TYPED = 10
"""Digits of a minimum, from which descent has next to no way to go."""
NOISE = {torch.float64: 1e-10, torch.float32: 1e-4}
"""Of a loss: what two that are the same may differ by."""

logger = logging.getLogger("gdsolve")


@dataclass(frozen=True, slots=True)
class ManyStarts:
    """N starts, (N, p) in the user's units, the losses there, (N,), and `begin`, (p,), where descent begins.

    Points are float64 on the host: as they are typed. `ended` is where all of them lead, in the user's units too; it is
    None where only one was to be chosen, the best of them. `spans` are the ranges that they fill, by parameter.
    """

    points: torch.Tensor
    values: torch.Tensor
    begin: torch.Tensor
    spans: Mapping[str, Range]
    ended: ManyEnds | None


def is_spread(spec: Spec, parameters: Sequence[Parameter]) -> bool:
    """True where starts are spread over ranges: one start, and no range, is what it always was."""
    return any(one.span is not None for one in parameters) or (spec.starts or 1) > 1


def spread_starts(
    spec: Spec,
    parameters: Sequence[Parameter],
    objective: Objective,
    layout: Layout,
    trial: Callable[[int], torch.Tensor] | None = None,
) -> ManyStarts:
    """The starts of a spec whose free `parameters` have ranges, and where descent begins.

    That is the lowest minimum that they lead to, rounded; where one start was to be chosen, that of the lowest loss.
    The ranges are cut at the bounds, and filled by a Sobol sequence with the seed of the spec. Without any range those
    of the search for a start are taken: `trial` gives so many points of it, (N, p) in the user's units.

    Raises:
        GdsolveError: no parameter has a range.
    """
    spans = {one.name: _range(one) for one in parameters if one.span is not None and not one.fixed}
    if not spans and trial is None:
        raise GdsolveError(
            "every parameter starts at one number, and so all starts would be the same",
            f"give ranges, as in --start {parameters[0].name}=0..10, or leave --starts out",
            option="starts",
        )
    count = SAMPLED if spec.starts is None else spec.starts
    points = trial(count) if trial is not None and not spans else _filled(parameters, spans, count, spec.seed)
    inner = _inner(points, layout)
    values = values_of(objective, inner)
    if spec.starts is None:
        return ManyStarts(points, values, points[_lowest(values)], spans, None)
    ended = _followed(objective, inner, layout)
    ended = replace(ended, points=layout.to_user(ended.points.mT).mT)
    return ManyStarts(points, values, _begin(objective, layout, points, ended), spans, ended)


def _followed(objective: Objective, inner: torch.Tensor, layout: Layout) -> ManyEnds:
    listening, began = listener(), time.perf_counter()
    try:
        ended = descend_many(
            objective,
            inner,
            layout.box,
            told=lambda done, count: listening.tell(Following("following starts", done, count)),
        )
    finally:
        listening.done()
    logger.info("%d starts followed in %.3f s", len(inner), time.perf_counter() - began)
    return ended


def started_at(parameters: Sequence[Parameter], point: torch.Tensor) -> tuple[Parameter, ...]:
    """The free parameters at the numbers of a point, (p,), in their order; the fixed ones as they are."""
    numbers, found = iter(point.tolist()), []
    for one in parameters:
        found.append(one if one.fixed else replace(one, start=_shaped(one.start, numbers.__next__), span=None))
    return tuple(found)


def typed(parameters: Sequence[Parameter], point: torch.Tensor, digits: int | None = None) -> str:
    """A point, (p,) in the user's units, as --start takes it, in so many digits or in as many as it has."""
    free = [one for one in started_at(parameters, point) if not one.fixed]
    return ",".join(f"{one.name}={_text(one.start, digits)}" for one in free)


def _text(value: Value, digits: int | None) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_text(part, digits) for part in value)}]"
    return repr(value).removesuffix(".0") if digits is None else f"{value:.{digits}g}"


def _shaped(value: Value, following: Callable[[], float]) -> Value:
    return tuple(_shaped(part, following) for part in value) if isinstance(value, tuple) else following()


def _inner(points: torch.Tensor, layout: Layout) -> torch.Tensor:
    return layout.from_user(points.to(layout.scale).mT).mT


def _range(parameter: Parameter) -> Range:
    span = parameter.span
    assert span is not None
    return Range.between(max(span.low, parameter.lower), min(span.high, parameter.upper))


def _filled(parameters: Sequence[Parameter], spans: Mapping[str, Range], count: int, seed: int) -> torch.Tensor:
    """The points, (N, p), in the user's units: parameters without a range are where they start in all of them."""
    # The sequence is scrambled by a random generator.
    complete_torch()
    shares = space_filling(list(spans.values()), count, seed)
    columns, place = [], 0
    for one in parameters:
        if one.fixed:
            continue
        if one.name in spans:
            columns.append(_rounded(shares[:, place], DIGITS).clamp(spans[one.name].low, spans[one.name].high))
            place += 1
        else:
            columns += [torch.full_like(shares[:, 0], number) for number in entries(one.start)]
    return torch.stack(columns, dim=1)


def _rounded(numbers: torch.Tensor, digits: int) -> torch.Tensor:
    """Numbers, (N,), as so many digits say them: float64 on the host."""
    said = [float(f"{number:.{digits}g}") for number in numbers.tolist()]
    return torch.tensor(said, dtype=torch.float64, device="cpu")


def _lowest(values: torch.Tensor) -> int:
    """The place of the lowest loss that is a number; the first where none is."""
    return int(torch.where(torch.isfinite(values), values, torch.inf).argmin())


def _begin(objective: Objective, layout: Layout, points: torch.Tensor, ended: ManyEnds) -> torch.Tensor:
    """The lowest minimum reached, in as few digits as lead to it again; where none was, the start that led lowest."""
    reached = torch.where(ended.arrived, ended.values, torch.inf)
    best = _lowest(reached)
    if not bool(torch.isfinite(reached[best])):
        return points[_lowest(ended.values)]
    end, lowest = ended.points[best], ended.values[best]
    # At a bound a weight stands on that very number.
    tried = torch.stack([_within(_rounded(end, digits), layout) for digits in FEWER])
    again = descend_many(objective, _inner(tried, layout), layout.box)
    leads = again.arrived & (again.values <= lowest + NOISE[lowest.dtype] * lowest.abs())
    return tried[int(leads.to(torch.uint8).argmax()) if bool(leads.any()) else -1]


def _within(point: torch.Tensor, layout: Layout) -> torch.Tensor:
    if layout.bounds is None:
        return point
    lower, upper = (side[:, 0].to(point) for side in (layout.bounds.lower, layout.bounds.upper))
    return torch.clamp(point, lower, upper)
