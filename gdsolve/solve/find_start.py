"""Where a curve starts that was given no start: found from the data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gdsolve.imports import complete_torch
from gdsolve.objective.curve import Curve, PointwiseCurve
from gdsolve.objective.reach import Enters, Reach, reaches
from gdsolve.objective.separable import Projected, Separable
from gdsolve.objective.threads import one_thread
from gdsolve.solve.found_start import FoundStart
from gdsolve.solve.many_starts import typed
from gdsolve.solve.robust import delta_is_sought
from gdsolve.solve.start_search import designed, search
from gdsolve.spec import Loss, Parameter, Spec
from gdsolve.spec.losses import Link, Target

MOST_ROWS = 1000
TRIED = 2
"""Points of the design for every one that is wanted, as the curve is not finite at all of them."""
DIGITS = (2, 3, 4, 5, 6, 8, 10, 12, 17)
"""Of a start: as few as lead to about the same loss."""
ROOM, ROOM_OF_TOTAL = 0.1, 1e-8
"""What rounding may add to the loss: a share of it, and of that of a constant."""
SAME = 1e-9
BLENDS = (1.0, 0.98, 0.95, 0.9, 0.8, 0.6, 0.3)
"""Shares of a curve that is pulled towards a constant, so that it can be a mean."""
TURNS = (math.pi, 0.5 * math.pi, -0.5 * math.pi)
HALF_COUNT = 0.5
ODDS = 2.0


def find_start(
    spec: Spec, parameters: Sequence[Parameter], objective: Curve | PointwiseCurve
) -> tuple[tuple[Parameter, ...], FoundStart | None]:
    """The parameters, those that were sought at a start that was found, and what is told of that.

    `objective` is that of the curve with all of them anywhere. None, and the parameters as they are, where the curve is
    finite nowhere that was looked at.
    """
    complete_torch()
    with one_thread(), torch.no_grad():
        return _found(spec, parameters, objective)


def _found(
    spec: Spec, parameters: Sequence[Parameter], objective: Curve | PointwiseCurve
) -> tuple[tuple[Parameter, ...], FoundStart | None]:
    # Batches are of small matrices: threads would wait for each other.
    task = _Task.of(spec, parameters, objective)
    curve = task.curve
    reach = reaches(curve.expression, curve.given, [curve.names[place] for place in curve.others], curve.target)
    found = search(curve, reach, spec.seed)
    point = task.best(found.projected, reach)
    if point is None:
        return tuple(parameters), None
    point = task.rounded(point)
    values = dict(zip(curve.names, point.tolist(), strict=True))
    started = tuple(replace(one, start=values[one.name], sought=False) if one.sought else one for one in parameters)
    told = {one.name: values[one.name] for one in parameters if one.sought}
    solved = tuple(curve.names[place] for place in curve.linear if curve.names[place] in told)
    return started, FoundStart(text_of(started), told, solved, found.looked, spec.seed)


def trial_points(spec: Spec, parameters: Sequence[Parameter], objective: Curve | PointwiseCurve, count: int) -> Tensor:
    """Points of the search for a start, (count, p) in the user's units, in the order of the free parameters.

    Those of the design at which the curve is finite; where these are too few, the first stands for the others.
    """
    complete_torch()
    with one_thread(), torch.no_grad():
        task = _Task.of(spec, parameters, objective)
        curve = task.curve
        reach = reaches(curve.expression, curve.given, [curve.names[place] for place in curve.others], curve.target)
        found = designed(curve, reach, TRIED * count, spec.seed)
    finite = found.points[torch.isfinite(found.value)]
    kept = finite[:count] if len(finite) else torch.ones_like(found.points[:1])
    kept = torch.cat([kept, kept[:1].expand(count - len(kept), -1)])
    named = dict(zip(curve.names, kept.unbind(1), strict=True))
    free = [one for one in parameters if not one.fixed]
    return torch.cat(
        [named[one.name][:, None] if one.name in named else _flat(one).expand(count, -1) for one in free], dim=1
    )


def text_of(parameters: Sequence[Parameter]) -> str:
    """All parameters, as --start takes them."""
    return ",".join(
        f"{one.name}={one.span.text}" if one.span is not None else typed([replace(one, fixed=False)], _flat(one))
        for one in parameters
    )


def _flat(parameter: Parameter) -> Tensor:
    return torch.tensor(parameter.start, dtype=torch.float64, device="cpu").reshape(-1)


@dataclass(frozen=True, slots=True)
class _Task:
    """A curve to search, with what tells how good a point of it is.

    `loss` takes values of the curve, (N, m), and gives losses, (N,); `total` is that of a constant curve.
    """

    curve: Separable
    loss: Callable[[Tensor], Tensor]
    total: float
    means: bool

    @classmethod
    def of(cls, spec: Spec, parameters: Sequence[Parameter], objective: Curve | PointwiseCurve) -> _Task:
        """What is to be searched, on some of the rows where there are many."""
        model = objective.model
        sought = [one for one in parameters if not one.fixed and (one.sought or one.span is not None)]
        rows = _sampled(model.rows, joins=model.joins)
        columns = {name: _here(column)[rows] for name, column in model.columns.items()}
        others = {one.name: one.start for one in parameters if one not in sought}
        given = {name: torch.tensor(value, dtype=torch.float64, device="cpu") for name, value in others.items()}
        given |= {name: _here(value) for name, value in model.constants.items() if name not in given}
        target = _here(objective.target)[rows]
        weight = _weight(objective, rows)
        aim, root, level = _aim(spec, target, weight)
        curve = Separable.of(
            model.expression,
            [one.name for one in sought],
            {**given, **columns},
            aim,
            root,
            _bounds(sought),
            level=level,
            at_edges=model.at_edges,
        )
        loss = _loss(spec, objective, target, weight)
        mean = (weight * aim).sum() / weight.sum()
        total = float(loss(mean.expand(1, len(target)))[0])
        return cls(curve, loss, total, means=spec.link_used is Link.IDENTITY)

    def losses(self, points: Tensor) -> Tensor:
        """The losses of points, (N, p), infinite where they are no numbers."""
        found = self.loss(self.curve.curve(points))
        return torch.where(torch.isfinite(found) & torch.isfinite(points).all(1), found, torch.inf)

    def best(self, found: Projected, reach: Mapping[str, Reach]) -> Tensor | None:
        """The point of the lowest loss, (p,), its parameters in their usual form; None where none is finite."""
        points = found.points[torch.isfinite(found.value)]
        if not len(points):
            return None
        values = self.losses(points)
        if self.means and not bool(torch.isfinite(values).any()):
            points = self._as_means(points)
            values = self.losses(points)
        best = int(values.argmin())
        return self._tidied(points[best], reach) if bool(torch.isfinite(values[best])) else None

    def _as_means(self, points: Tensor) -> Tensor:
        """Points whose curves are pulled towards a constant, or towards 0, by more and more."""
        curve = self.curve
        level = replace(curve, target=curve.target.mean().expand(curve.rows))
        flat = level.project(points[:, list(curve.others)]).points
        pulled = []
        for share in BLENDS:
            some = points.clone()
            places = list(curve.linear)
            some[:, places] = share * points[:, places] + (1.0 - share) * flat[:, places]
            pulled.append(some)
        for share in BLENDS:
            some = points.clone()
            some[:, list(curve.linear)] *= share
            pulled.append(some)
        return torch.cat(pulled)

    def _tidied(self, point: Tensor, reach: Mapping[str, Reach]) -> Tensor:
        """The same curve with positive widths and rates, phases within half a turn, and positive amplitudes."""
        for place, name in enumerate(self.curve.names):
            enters = reach[name].enters if name in reach else None
            if enters is Enters.PHASE:
                turned = point.clone()
                turned[place] = math.remainder(float(point[place]), 2.0 * math.pi)
                point = self._if_same(point, turned)
                for turn in TURNS:
                    turned = point.clone()
                    turned[place] = math.remainder(float(point[place]) + turn, 2.0 * math.pi)
                    turned = self._solved(turned)
                    if int((turned < 0.0).sum()) < int((point < 0.0).sum()):
                        point = self._if_same(point, turned)
            elif enters is not None and float(point[place]) < 0.0:
                turned = point.clone()
                turned[place] = -point[place]
                point = self._if_same(point, self._solved(turned))
        return point

    def _solved(self, point: Tensor) -> Tensor:
        return self.curve.project(point[None, list(self.curve.others)]).points[0]

    def _if_same(self, point: Tensor, other: Tensor) -> Tensor:
        within = bool(((other >= self.curve.lower) & (other <= self.curve.upper)).all())
        before, after = self.losses(torch.stack([point, other])).tolist()
        return other if within and after <= before + SAME * abs(before) else point

    def rounded(self, point: Tensor) -> Tensor:
        """The point in as few digits as cost next to nothing: the start that is told is the one that is used."""
        places = list(self.curve.others)
        lowest = float(self.losses(point[None])[0])
        allowed = lowest + ROOM * abs(lowest) + ROOM_OF_TOTAL * abs(self.total - lowest)
        for digits in DIGITS:
            near = self._within(_in_digits(point, digits))
            if not self.means and places:
                near = self._within(_in_digits(self._solved(near), digits))
            if float(self.losses(near[None])[0]) <= allowed:
                return near
        return point

    def _within(self, point: Tensor) -> Tensor:
        return torch.clamp(point, self.curve.lower, self.curve.upper)


def _aim(spec: Spec, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, float | None]:
    """What the curve shall be near, (m,), the roots of weights, and the level of a quantile where it is one.

    `target` is (m, 1), or (m, 2) with offsets. Where the curve is the logarithm of a mean it is that of the target, and
    of a logit or a score one of its sign.
    """
    y, root = target[:, 0], weight.sqrt()
    moved = target[:, 1] if target.shape[1] > 1 else torch.zeros_like(y)
    if spec.loss.info.target.is_classes and spec.link_used is not Link.IDENTITY:
        return ODDS * (2.0 * y - 1.0) - moved, root, None
    if spec.link_used is Link.LOG:
        least = 0.0 if spec.loss.info.target is Target.POSITIVE else HALF_COUNT
        if spec.loss.info.target is Target.NOT_NEGATIVE:
            least *= float((weight * y).sum() / weight.sum())
        return (y + least).log() - moved, (weight * (y + least)).sqrt(), None
    if spec.loss.info.squared or spec.link_used is Link.IDENTITY:
        return y - moved, root, None
    return y, root, spec.quantile if spec.loss is Loss.QUANTILE else 0.5


def _loss(spec: Spec, objective: Curve | PointwiseCurve, target: Tensor, weight: Tensor) -> Callable[[Tensor], Tensor]:
    """The loss of values of the curve, (N, m): (N,)."""
    real = weight > 0.0

    def of(rows: Tensor) -> Tensor:
        return (weight * torch.where(real, rows, 0.0)).sum(1)

    if isinstance(objective, Curve):
        return lambda z: of((z - target[:, 0]).square())
    if delta_is_sought(spec):
        # Until δ is known: rows far off count by their distance.
        return lambda z: of((z - target[:, 0]).abs())
    return lambda z: of(objective.loss.loss_and_slope(z.mT, target)[0].mT)


def _weight(objective: Curve | PointwiseCurve, rows: Tensor | slice) -> Tensor:
    given = objective.root_weight if isinstance(objective, Curve) else objective.weight
    if given is None:
        return torch.ones_like(_here(objective.target)[rows, 0])
    weight = _here(given)[rows, 0]
    return weight.square() if isinstance(objective, Curve) else weight


def _sampled(rows: int, *, joins: bool) -> Tensor | slice:
    """Rows to look at: all of them, or some drawn at random where there are many; the same ones in every run."""
    if rows <= MOST_ROWS or joins:
        return slice(None)
    generator = torch.Generator(device="cpu").manual_seed(0)
    return torch.randperm(rows, generator=generator, device="cpu")[:MOST_ROWS].sort().values


def _bounds(parameters: Sequence[Parameter]) -> tuple[Tensor, Tensor]:
    """Lower and upper bounds, (p,) each, those of a range among them."""
    spans = [(-math.inf, math.inf) if one.span is None else (one.span.low, one.span.high) for one in parameters]
    lower = [max(one.lower, low) for one, (low, _) in zip(parameters, spans, strict=True)]
    upper = [min(one.upper, high) for one, (_, high) in zip(parameters, spans, strict=True)]
    first, second = (torch.tensor(side, dtype=torch.float64, device="cpu") for side in (lower, upper))
    return first, second


def _here(values: Tensor) -> Tensor:
    return values.detach().to(device="cpu", dtype=torch.float64)


def _in_digits(point: Tensor, digits: int) -> Tensor:
    return torch.tensor([float(f"{number:.{digits}g}") for number in point.tolist()], dtype=torch.float64, device="cpu")
