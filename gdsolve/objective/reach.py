"""Where the parameters of a curve may be, read off how they enter it and off the columns beside them.

An argument of exp, of sin and of their kind is a plain number; parts of a sum have the same size. So in exp(−b·x) b is
about 1/x, in x/(k + x) k is about x; c of x − c is a place among the x, f of sin(2π·f·x) a frequency between one wave
over all of x and one over two neighbours.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import torch
from torch import Tensor

from gdsolve.objective.degree import LINEAR
from gdsolve.objective.expression import Expression
from gdsolve.objective.operation import COMPARISONS, Operation, apply, as_tensor

WAVES = ("sin", "cos", "tan")
KEEPING = (*LINEAR, "abs", "norm", "relu", "number", "softplus")
"""What leaves a size about as it is."""
CHOOSING = ("where", "maximum", "minimum", "max", "min", "clip")
SPREAD = 10.0
"""How many times larger or smaller than what the form says a size may be."""
PLAIN = (0.03, 30.0)
"""Sizes of a parameter that no column says anything about."""
BEYOND = (1e-3, 1e2)
"""How far a place may be beyond a column, in units of its extent."""
AMONG = 0.5
"""The share of places that are tried within a column."""
POSITIVE = 2.0 / 3.0
"""The share of sizes that are positive: a rate, a width and an exponent seldom are not."""
SLOWEST = 0.25
"""Waves over all of a column, at least."""
FEWEST = 1e-3
"""The least step between neighbours that counts, as a share of a column's extent."""


class Enters(StrEnum):
    """How a parameter enters a curve."""

    SIZE = "size"
    PLACE = "place"
    WAVE = "wave"
    PHASE = "phase"
    GROWTH = "growth"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True)
class Reach:
    """The numbers that a parameter may be.

    SIZE: those of a size from `low` to `high`, of either sign. PLACE: −v/`factor` with v from `low` to `high`, the ends
    of a column, or beyond. WAVE: (ω/`factor`)^(1/`power`) with ω from `low` to `high`. PHASE: 0 to 2π. GROWTH: exp of a
    SIZE. BALANCE: −v·b/`factor`, v as of PLACE and b the parameter `beside`. The best PLACE or WAVE is only seen where
    its `partner`, a width or a phase, is about right. A SIZE that is `mirrored` is positive: −size gives the same.
    """

    enters: Enters
    low: float = PLAIN[0]
    high: float = PLAIN[1]
    factor: float = 1.0
    power: float = 1.0
    beside: str | None = None
    partner: str | None = None
    mirrored: bool = False

    def at(self, share: Tensor) -> Tensor:
        """The numbers at `share`, from 0 to 1; of a BALANCE in units of the parameter beside it."""
        if self.enters is Enters.PHASE:
            return 2.0 * math.pi * share
        if self.enters in (Enters.PLACE, Enters.BALANCE):
            return -self._place(share) / self.factor
        if self.enters is Enters.WAVE:
            # Waves that are slow are more usual than fast ones.
            return ((self.low + share.square() * (self.high - self.low)) / self.factor) ** (1.0 / self.power)
        size = _signed(share * (POSITIVE if self.mirrored else 1.0), self.low, self.high)
        return size.exp() if self.enters is Enters.GROWTH else size

    def _place(self, share: Tensor) -> Tensor:
        extent = (self.high - self.low) or 1.0
        within = self.low + share / AMONG * extent
        # What is beyond: its sides one after the other, each on a logarithmic scale.
        beyond = (share - AMONG) / (1.0 - AMONG)
        away = _signed(beyond.clamp(0.0, 1.0), BEYOND[0] * extent, BEYOND[1] * extent)
        return torch.where(share < AMONG, within, torch.where(away < 0.0, self.low + away, self.high + away))


def _signed(share: Tensor, low: float, high: float) -> Tensor:
    """Numbers of a size from low to high: positive ones first."""
    positive = share < POSITIVE
    part = torch.where(positive, share / POSITIVE, (share - POSITIVE) / (1.0 - POSITIVE))
    size = torch.exp(math.log(low) + part * (math.log(high) - math.log(low)))
    return torch.where(positive, size, -size)


@dataclass(frozen=True, slots=True)
class _Term:
    """A product: a number or a column, `factor`, and powers of parameters."""

    powers: Mapping[str, float]
    factor: Tensor

    @property
    def lone(self) -> str | None:
        """The parameter that it is a multiple of, where there is nothing else in it."""
        return next(iter(self.powers)) if list(self.powers.values()) == [1.0] and not self.factor.dim() else None

    @property
    def multiple(self) -> str | None:
        """The parameter that it is a column's multiple of."""
        return next(iter(self.powers)) if list(self.powers.values()) == [1.0] and self.factor.dim() else None


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a curve: its values where no parameter is in it; else its terms, where it is a sum of such.

    `size` is its logarithm: a sum of logarithms of parameters, by name, and a number under None.
    """

    value: Tensor | None
    terms: tuple[_Term, ...]
    size: Mapping[str | None, float]
    names: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Reader:
    """What is read on the way through a curve; `large` says which size a column has, its largest or its smallest."""

    free: frozenset[str]
    large: bool
    equations: list[Mapping[str | None, float]] = field(default_factory=list)
    found: dict[str, Reach] = field(default_factory=dict)

    def size_of(self, value: Tensor, *, moved: bool = False) -> float:
        """The logarithm of the size of numbers; of those that are `moved`, of their differences."""
        value = value[torch.isfinite(value)].abs() if not moved else value[torch.isfinite(value)]
        if not value.numel():
            return 0.0
        if value.dim() == 0 or value.numel() == 1:
            return math.log(float(value.abs())) if float(value) else 0.0
        extent, spacing = _extent(value)
        if self.large:
            largest = extent if moved else float(value.max())
            return math.log(largest) if largest > 0.0 else 0.0
        if extent == 0.0:
            return math.log(float(value[0])) if float(value[0]) > 0.0 else 0.0
        positive = value[value > 0.0]
        least = spacing if moved or not len(positive) else min(spacing, float(positive.min()))
        return math.log(least)

    def step(self, step: Operation, parts: Sequence[_Part]) -> _Part:
        """What a step makes of its parts."""
        names = frozenset[str]().union(*(part.names for part in parts))
        found = replace(self._made(step, parts), names=names)
        for name in names & self.found.keys():
            others = sorted((names & self.free) - {name})
            if others and self.found[name].enters is Enters.PLACE and self.found[name].partner is None:
                self.found[name] = replace(self.found[name], partner=others[0])
        return found

    def _made(self, step: Operation, parts: Sequence[_Part]) -> _Part:
        name = str(step.value)
        if all(part.value is not None for part in parts):
            return self.pure(as_tensor(apply(step, [part.value for part in parts])))
        if step.kind == "apply" and name in ("+", "-", "negative", "*", "/", "**"):
            return self._arithmetic(name, parts)
        if name in KEEPING:
            return parts[0]
        if name in CHOOSING:
            return self._choice(parts[1:] if name == "where" else parts)
        if name.partition(" ")[0] in COMPARISONS:
            self._sum(parts[0], _scaled(parts[1], -1.0))
            return _Part(None, (), {})
        return self._function(name, parts)

    def _arithmetic(self, sign: str, parts: Sequence[_Part]) -> _Part:
        if sign == "negative":
            return _scaled(parts[0], -1.0)
        first, second = parts
        if sign in ("+", "-"):
            return self._sum(first, second if sign == "+" else _scaled(second, -1.0))
        if sign == "**":
            return self._power(first, second)
        return self._product(first, second, 1.0 if sign == "*" else -1.0)

    def pure(self, value: Tensor) -> _Part:
        """A part without parameters."""
        return _Part(value, (_Term({}, value),), {None: self.size_of(value)})

    def _sum(self, first: _Part, second: _Part) -> _Part:
        terms = (*first.terms, *second.terms) if first.terms and second.terms else ()
        for one, other in ((first, second), (second, first)):
            if one.value is not None and one.value.dim() and len(other.terms) == 1 and (name := other.terms[0].lone):
                extent, _ = _extent(one.value)
                if extent > 0.0 and name in self.free:
                    low, high = float(one.value.min()), float(one.value.max())
                    self.found.setdefault(name, Reach(Enters.PLACE, low, high, float(other.terms[0].factor)))
                    return _Part(None, terms, {None: self.size_of(one.value, moved=True)})
        self._equal(first, second)
        sized = first if first.value is not None else second if second.value is not None else None
        size = _mean(first.size, second.size) if sized is None else sized.size
        return _Part(None, terms, size)

    def _product(self, first: _Part, second: _Part, sign: float) -> _Part:
        size = _added(first.size, _times(second.size, sign))
        terms: tuple[_Term, ...] = ()
        if second.value is not None:
            by = second.value if sign > 0.0 else 1.0 / second.value
            terms = tuple(_Term(one.powers, one.factor * by) for one in first.terms)
        elif first.value is not None and sign > 0.0:
            terms = tuple(_Term(one.powers, one.factor * first.value) for one in second.terms)
        elif len(first.terms) == len(second.terms) == 1:
            one, other = first.terms[0], second.terms[0]
            powers = {name: one.powers.get(name, 0.0) for name in one.powers}
            for name, power in other.powers.items():
                powers[name] = powers.get(name, 0.0) + sign * power
            terms = (_Term(powers, one.factor * (other.factor if sign > 0.0 else 1.0 / other.factor)),)
        return _Part(None, terms, size)

    def _power(self, base: _Part, exponent: _Part) -> _Part:
        if exponent.value is not None and not exponent.value.dim():
            power = float(exponent.value)
            terms: tuple[_Term, ...] = ()
            if len(base.terms) == 1:
                term = base.terms[0]
                terms = (_Term({name: power * one for name, one in term.powers.items()}, term.factor**power),)
            return _Part(None, terms, _times(base.size, power))
        if base.value is not None and not base.value.dim():
            # 10**(a·x) is exp(log 10·a·x).
            scale = abs(math.log(abs(float(base.value)) or 1.0)) or 1.0
            self.equations.append(_added(exponent.size, {None: math.log(scale)}))
            return _Part(None, (), {})
        if len(base.terms) == 1 and (name := base.terms[0].lone) and exponent.value is not None and name in self.free:
            size = -self.size_of(exponent.value)
            self.found.setdefault(name, Reach(Enters.GROWTH, math.exp(size) / SPREAD, math.exp(size) * SPREAD))
            return _Part(None, (), {})
        if exponent.value is None:
            self.equations.append(exponent.size)
        return _Part(None, (), base.size)

    def _choice(self, parts: Sequence[_Part]) -> _Part:
        for one, other in itertools.pairwise(parts):
            self._equal(one, other)
        return _Part(None, (), parts[0].size)

    def _function(self, name: str, parts: Sequence[_Part]) -> _Part:
        if name == "sqrt":
            return _Part(None, (), _times(parts[0].size, 0.5))
        if name in WAVES:
            self._wave(parts[0])
        else:
            self._balance(parts[0])
        if name != "log":
            self.equations += [part.size for part in parts if part.value is None]
        return _Part(None, (), {})

    def _wave(self, argument: _Part) -> None:
        """Frequencies and phases of an argument of sin and its kind."""
        phases = [str(term.lone) for term in argument.terms if term.lone in self.free]
        for name in phases:
            self.found[name] = Reach(Enters.PHASE)
        for term in argument.terms:
            names = [name for name in term.powers if name in self.free]
            if len(names) != 1 or len(term.powers) != 1 or not term.factor.dim():
                continue
            extent, spacing = _extent(term.factor)
            if extent > 0.0:
                low, high = SLOWEST * 2.0 * math.pi / extent, math.pi / spacing
                partner = phases[0] if phases else None
                reach = Reach(Enters.WAVE, low, high, 1.0, term.powers[names[0]], partner=partner)
                self.found.setdefault(names[0], reach)

    def _balance(self, argument: _Part) -> None:
        """In exp(a − b·x) a is b times a place among the x."""
        lone = [term for term in argument.terms if term.lone in self.free]
        along = [term for term in argument.terms if term.multiple in self.free]
        if len(argument.terms) == 2 and len(lone) == len(along) == 1:
            column = along[0].factor
            low, high = float(column.min()), float(column.max())
            if high > low:
                reach = Reach(Enters.BALANCE, low, high, float(lone[0].factor), beside=along[0].multiple)
                self.found.setdefault(str(lone[0].lone), reach)

    def _equal(self, first: _Part, second: _Part) -> None:
        if first.value is None or second.value is None:
            self.equations.append(_added(first.size, _times(second.size, -1.0)))


def reaches(
    expression: Expression, values: Mapping[str, Tensor], free: Sequence[str], target: Tensor
) -> dict[str, Reach]:
    """Where each of the parameters `free` may be, by name; `values` are constants and columns, (m,) each."""
    large, small = (_read(expression, values, free, target, large=large) for large in (True, False))
    sizes = [_sizes(reader, free) for reader in (large, small)]
    found = {}
    for name in free:
        pair = sorted(size[name] for size in sizes)
        size = Reach(Enters.SIZE, *_spread(*pair))
        found[name] = large.found.get(name, size)
        if found[name].enters is Enters.BALANCE and found[name].beside not in free:
            found[name] = size
    return found


def _spread(low: float, high: float) -> tuple[float, float]:
    """Sizes from their logarithms, with room on both sides."""
    room = math.log(SPREAD) if high - low > 1.0 else math.log(PLAIN[1])
    return math.exp(max(low - room, -300.0)), math.exp(min(high + room, 300.0))


def _read(
    expression: Expression, values: Mapping[str, Tensor], free: Sequence[str], target: Tensor, *, large: bool
) -> _Reader:
    reader = _Reader(frozenset(free), large)
    stack: list[_Part] = []
    for step in expression.steps:
        if step.kind == "number":
            stack.append(reader.pure(as_tensor(step.value)))
        elif step.kind == "name":
            name = str(step.value)
            if name in values:
                stack.append(reader.pure(values[name]))
            else:
                one = torch.ones((), dtype=torch.float64, device="cpu")
                stack.append(_Part(None, (_Term({name: 1.0}, one),), {name: 1.0}, frozenset((name,))))
        else:
            parts = stack[-step.arity :]
            del stack[-step.arity :]
            stack.append(reader.step(step, parts))
    (curve,) = stack
    reader.equations.append(_added(curve.size, {None: -math.log(float(target.abs().max()) or 1.0)}))
    return reader


def _sizes(reader: _Reader, free: Sequence[str]) -> dict[str, float]:
    """The logarithms of the sizes of parameters that fulfil the equations best; 0 where nothing is known."""
    names = sorted({name for one in reader.equations for name in one if name is not None} | set(free))
    if not reader.equations:
        return dict.fromkeys(free, 0.0)
    left = torch.tensor(
        [[one.get(name, 0.0) for name in names] for one in reader.equations], dtype=torch.float64, device="cpu"
    )
    right = torch.tensor([[-one.get(None, 0.0)] for one in reader.equations], dtype=torch.float64, device="cpu")
    found = torch.linalg.pinv(left, rtol=1e-9) @ right
    return dict(zip(names, found[:, 0].tolist(), strict=True))


def _extent(values: Tensor) -> tuple[float, float]:
    """The difference of the largest and the smallest of numbers, and the mean one of neighbours."""
    different = torch.unique(values[torch.isfinite(values)])
    if len(different) < 2:
        return 0.0, 0.0
    extent = float(different[-1] - different[0])
    return extent, max(extent / (len(different) - 1), FEWEST * extent)


def _scaled(part: _Part, by: float) -> _Part:
    value = None if part.value is None else part.value * by
    return replace(part, value=value, terms=tuple(_Term(one.powers, one.factor * by) for one in part.terms))


def _times(size: Mapping[str | None, float], by: float) -> dict[str | None, float]:
    return {name: by * value for name, value in size.items()}


def _added(first: Mapping[str | None, float], second: Mapping[str | None, float]) -> dict[str | None, float]:
    return {name: first.get(name, 0.0) + second.get(name, 0.0) for name in {**first, **second}}


def _mean(first: Mapping[str | None, float], second: Mapping[str | None, float]) -> dict[str | None, float]:
    return _times(_added(first, second), 0.5)
