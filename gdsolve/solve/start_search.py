"""The search for a point where a curve is well fitted: a space-filling design, sweeps, and steps downhill."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gdsolve.descent.projected import refine
from gdsolve.objective.reach import Enters, Reach
from gdsolve.objective.separable import Projected, Separable, better_of
from gdsolve.solve.space_filling import Range, space_filling

COUNTS = (1, 128, 256, 512)
"""Points of the design where none, one, two or three parameters are to be searched."""
MOST = 1024
KEPT = 12
APART = 0.03
"""Points whose shares differ by less, in every parameter, count as one."""
SWEPT, SWEPT_AGAIN = 6, 3
ALONG = 48
"""Points along one parameter of a sweep."""
PER_ROW, MOST_WAVES = 2, 2048
PARTNERS, PHASES = 8, 3
ROUNDS = 3
FEW_STEPS, MORE_STEPS = 12, 60
COARSE, SETTLED = 1e-3, 1e-9
SAME = 1e-6
PROBES = 16
AGREED = 0.75
"""The share of refined points that must have ended at the best one, so that no more are looked for."""
WORK = 12_000_000
"""Numbers that a round of sweeps may take, about: what some seconds of one core are enough for."""
ROOM = 1 << 21
"""Numbers that are held at a time, about."""
FIRST = (Enters.WAVE, Enters.PLACE, Enters.BALANCE, Enters.GROWTH, Enters.SIZE, Enters.PHASE)


@dataclass(frozen=True, slots=True)
class Searched:
    """The points that are best, rising in value, and how many were looked at."""

    projected: Projected
    looked: int


def search(curve: Separable, reaches: Mapping[str, Reach], seed: int) -> Searched:
    """The best points that a search finds, the same ones for one seed.

    `reaches` say where each parameter may be that is not linear. Points of a space-filling design are looked at; the
    best that are apart from each other are swept, one parameter after the other all over its reach, and moved downhill.
    """
    task = _Search(curve, _without_mirrors(curve, [reaches[curve.names[place]] for place in curve.others]))
    q = len(task.reaches)
    shares = space_filling([Range(0.0, 1.0)] * q, COUNTS[q] if q < len(COUNTS) else MOST, seed)
    tried = task.project(task.alpha(shares))
    best = tried.at(_apart(shares, tried.value, KEPT))
    if not q:
        return Searched(best, task.looked)
    # Along a single parameter the design is a sweep already, unless there are many waves to tell apart.
    swept = q > 1 or task.reaches[0].enters is Enters.WAVE
    most = task.affordable
    now = _refined(curve, Projected.joined([task.swept(best.at(slice(min(SWEPT, most)))), best]) if swept else best)
    agreed = float((now.value <= now.value[0] * (1.0 + SAME)).to(torch.float64).mean())
    now = _different(now)
    for _ in range(ROUNDS if swept and agreed < AGREED else 0):
        again = _refined(curve, task.swept(now.at(slice(min(SWEPT_AGAIN, most)))))
        lower = float(again.value[0]) < float(now.value[0]) * (1.0 - SAME)
        now = _different(_sorted(Projected.joined([again, now])).at(slice(KEPT)))
        if not lower:
            break
    return Searched(now, task.looked)


def designed(curve: Separable, reaches: Mapping[str, Reach], count: int, seed: int) -> Projected:
    """`count` points of the design, with the best linear parameters."""
    task = _Search(curve, _without_mirrors(curve, [reaches[curve.names[place]] for place in curve.others]))
    return task.project(task.alpha(space_filling([Range(0.0, 1.0)] * len(task.reaches), count, seed)))


def _without_mirrors(curve: Separable, reaches: Sequence[Reach]) -> tuple[Reach, ...]:
    """The reaches, of positive sizes alone where the curve is the same with −α: a width, a frequency."""
    probe = _Search(curve, tuple(reaches))
    alpha = probe.alpha(space_filling([Range(0.0, 1.0)] * len(reaches), PROBES, seed=0))
    value, found = curve.project(alpha).value, []
    for place, reach in enumerate(reaches):
        turned = alpha.clone()
        turned[:, place] *= -1.0
        mirrored = curve.project(turned).value
        same = (mirrored - value).abs() <= SAME * value
        alike = bool((same | (torch.isinf(mirrored) & torch.isinf(value))).all()) and bool(torch.isfinite(value).any())
        found.append(replace(reach, mirrored=alike and reach.enters is Enters.SIZE))
    return tuple(found)


@dataclass(slots=True)
class _Search:
    """What is searched: a curve, where each parameter that is not linear may be, and how much was looked at."""

    curve: Separable
    reaches: tuple[Reach, ...]
    looked: int = 0

    @property
    def affordable(self) -> int:
        """How many points may be swept, so that the numbers that this takes are bounded: at least one."""
        grids = [len(self._grid(place)) * self._partners(place) for place in range(len(self.reaches))]
        return max(1, WORK // (sum(grids) * self.curve.rows * (len(self.curve.linear) + 1)))

    def _partners(self, place: int) -> int:
        """By how many numbers of its partner a parameter is looked at together."""
        partner = self.reaches[place].partner
        return 1 if partner not in self.names else 1 + len(self._grid(self.names.index(partner), as_partner=True))

    @property
    def names(self) -> list[str]:
        """The parameters that are not linear."""
        return [self.curve.names[place] for place in self.curve.others]

    def alpha(self, shares: Tensor) -> Tensor:
        """The parameters at shares of their reaches, (N, q)."""
        found = shares.clone()
        for place, reach in enumerate(self.reaches):
            found[:, place] = reach.at(shares[:, place])
        for place, reach in enumerate(self.reaches):
            if reach.beside is not None:
                found[:, place] *= found[:, self.names.index(reach.beside)]
        for place, column in enumerate(shares.unbind(1)):
            found[:, place] = self._within(found[:, place], column, place)
        return found

    def _within(self, found: Tensor, share: Tensor, place: int) -> Tensor:
        """Numbers of a parameter within its bounds: those beyond a bound are mirrored by it."""
        lower, upper = (float(side[self.curve.others[place]]) for side in (self.curve.lower, self.curve.upper))
        if math.isfinite(lower) and math.isfinite(upper):
            inside = Range.between(lower, upper).at(share)
            return torch.where((found < lower) | (found > upper), inside, found)
        if math.isfinite(lower):
            return lower + (found - lower).abs()
        return upper - (upper - found).abs() if math.isfinite(upper) else found

    def project(self, alpha: Tensor) -> Projected:
        """The points of these parameters, some at a time."""
        self.looked += len(alpha)
        height = max(1, ROOM // (self.curve.rows * (len(self.curve.linear) + 2)))
        parts = [alpha[first : first + height] for first in range(0, len(alpha), height)]
        return Projected.joined([self.curve.project(part) for part in parts])

    def swept(self, points: Projected) -> Projected:
        """Every point with one parameter after the other set to the best of many numbers all over its reach."""
        for place in sorted(range(len(self.reaches)), key=lambda one: FIRST.index(self.reaches[one].enters)):
            trial = self._along(points.points[:, list(self.curve.others)], place)
            each, first = trial.shape[1], torch.arange(len(points.value), device=points.value.device)
            found = self.project(trial.flatten(0, 1))
            best = found.value.reshape(-1, each).argmin(dim=1)
            points = better_of(points, found.at(first * each + best))
        return points

    def _along(self, alpha: Tensor, place: int) -> Tensor:
        """Parameters with one of them, and its partner if it has one, all over their reaches: (N, t, q)."""
        trial = self._spread(alpha[:, None, :], place, self._grid(place))
        partner = self.reaches[place].partner
        if partner is None or partner not in self.names:
            return trial
        other = self.names.index(partner)
        return torch.cat([trial, self._spread(trial, other, self._grid(other, as_partner=True))], dim=1)

    def _spread(self, alpha: Tensor, place: int, shares: Tensor) -> Tensor:
        """Parameters, (N, t, q), with one of them at each of the shares of its reach, (s,): (N, t·s, q)."""
        reach, found = self.reaches[place], alpha[:, :, None, :].repeat(1, 1, len(shares), 1)
        values = reach.at(shares).expand(found.shape[:3])
        if reach.beside is not None:
            values = values * found[..., self.names.index(reach.beside)]
        found[..., place] = self._within(values, shares.expand(values.shape), place)
        return found.flatten(1, 2)

    def _grid(self, place: int, *, as_partner: bool = False) -> Tensor:
        """Shares that are even in the reach of a parameter; of a wave even in its frequency."""
        enters, count = self.reaches[place].enters, ALONG
        if as_partner:
            count = PHASES if enters is Enters.PHASE else PARTNERS
        elif enters is Enters.WAVE:
            count = min(MOST_WAVES, PER_ROW * self.curve.rows)
        even = (torch.arange(count, dtype=torch.float64, device="cpu") + 0.5) / count
        if as_partner:
            # Half a turn, as an amplitude may be negative; and positive sizes alone.
            return 0.5 * even
        return even.sqrt() if enters is Enters.WAVE else even


def _refined(curve: Separable, points: Projected) -> Projected:
    """Points moved downhill, the best of them as far as it goes; rising in value."""
    first = _sorted(refine(curve, points, FEW_STEPS, COARSE))
    few = refine(curve, first.at(slice(4)), MORE_STEPS, SETTLED)
    return _sorted(Projected.joined([few, first.at(slice(4, None))]))


def _apart(shares: Tensor, value: Tensor, most: int) -> Tensor:
    """The places of the best points that are apart from each other."""
    found: list[int] = []
    for place in torch.argsort(value, stable=True).tolist():
        if not found or float((shares[found] - shares[place]).abs().amax(1).min()) > APART:
            found.append(place)
        if len(found) == most or not shares.shape[1]:
            break
    return torch.tensor(found, dtype=torch.long, device="cpu")


def _different(points: Projected) -> Projected:
    """Points, rising in value, without those that are another one again: parts of a curve may change places."""
    last, places = -math.inf, []
    for place, value in enumerate(points.value.tolist()):
        if not value <= last * (1.0 + SAME):
            places.append(place)
            last = value
    return points.at(torch.tensor(places, dtype=torch.long, device="cpu"))


def _sorted(points: Projected) -> Projected:
    return points.at(torch.argsort(points.value, stable=True))
