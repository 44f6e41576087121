"""Which way to take the steps, by which method, and why."""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.spec import Engine, Method
from gdsolve.status import GdsolveError

# Seconds on one core of 2024: what an update costs beside its arithmetic, a multiplication in and out of cache, and
# the search of the closed form. Only their ratios matter, and only within an order of magnitude.
PER_UPDATE = 3e-5
PER_ELEMENT = 5e-10
PER_LEAP = 5e-3


@dataclass(frozen=True, slots=True)
class Plan:
    """The way chosen, and the sentence that says why."""

    engine: Engine
    reason: str


def predicted_seconds(engine: Engine, *, rows: int, p: int, iterations: int, reported: int) -> float:
    """Predicted cost of descending; the pass over the table and its decomposition, which every way needs, left out.

    The certificate is made of them: so the leap costs its search and the reported rows, p×p each, and a step costs
    its arithmetic, on min(m, p + 1) rows for the triangle and on all m for `rows`.
    """
    height = min(rows, p + 1)
    if engine is Engine.LEAP:
        return PER_LEAP + 2 * reported * height * p * PER_ELEMENT
    height = rows if engine is Engine.ROWS else height
    return iterations * (PER_UPDATE + 2 * height * p * PER_ELEMENT)


def choose(asked: Engine, *, rows: int, p: int, iterations: int, reported: int) -> Plan:
    """The cheapest way to `iterations` updates, or the one asked for."""
    if asked is not Engine.AUTO:
        return Plan(asked, f"asked for with --engine {asked.value}")
    ways = (Engine.LEAP, Engine.TRIANGLE, Engine.ROWS)
    costs = {way: predicted_seconds(way, rows=rows, p=p, iterations=iterations, reported=reported) for way in ways}
    best = min(ways, key=lambda way: costs[way])
    others = " and ".join(f"{_duration(costs[way])} with --engine {way.value}" for way in ways if way is not best)
    return Plan(
        best,
        f"{iterations:,} update{'' if iterations == 1 else 's'} predicted: {_duration(costs[best])} against {others}",
    )


def _duration(seconds: float) -> str:
    for unit, size in (("years", 3.156e7), ("days", 86_400.0), ("hours", 3_600.0), ("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.2g} {unit}" if seconds < 100 * size else f"{seconds / size:,.0f} {unit}"
    return f"{seconds / 1e-6:.0f} µs"


@dataclass(frozen=True, slots=True)
class Traits:
    """What the choice of a method looks at: the number of weights, and what the objective is and offers.

    `rounds`: its curvature at the start is positive in every direction; `squares`: it is a sum of squares; `curved`:
    its Hessian is at hand; `smooth`: its gradient has no jumps.
    """

    weights: int
    rounds: bool
    squares: bool
    curved: bool
    smooth: bool
    bounded: bool
    curve: bool
    formula: bool


def refusal(method: Method, traits: Traits) -> str | None:
    """Why a method cannot be used, None where it can."""
    if method is Method.LM and not traits.squares:
        return "lm needs a sum of squares"
    if method is Method.NEWTON and not traits.curved:
        return "newton needs second derivatives"
    if method is Method.LBFGS and traits.bounded:
        return "lbfgs takes no bounds"
    return None


def choose_method(asked: Method, traits: Traits, *, rate_given: bool) -> tuple[Method, str]:
    """The method asked for, or the one that suits, and why.

    Raises:
        GdsolveError: the method asked for cannot be used here.
    """
    if asked is not Method.AUTO:
        if why := refusal(asked, traits):
            raise GdsolveError(f"{why}", "give --method auto, which picks one that can be used", option="method")
        return asked, f"{asked.value}: asked for with --method"
    if rate_given:
        return Method.GD, "gd: a learning rate is given"
    return _suited(traits)


def _weights(traits: Traits) -> str:
    return f"{traits.weights} weight{'' if traits.weights == 1 else 's'}"


def _suited(traits: Traits) -> tuple[Method, str]:
    cases = (
        (traits.formula, Method.GD, "gd: plain descent, unless --method names another"),
        (traits.squares, Method.LM, f"lm: a sum of squares with {_weights(traits)}"),
        (
            not traits.smooth,
            Method.ADAM,
            "adam: the gradient is not continuous, and a line search could stop where it jumps",
        ),
        (traits.rounds, Method.NEWTON, f"newton: {_weights(traits)}, and the curvature is positive in every direction"),
        (traits.bounded, Method.BB, "bb: bounds, and many weights"),
        (True, Method.LBFGS, f"lbfgs: {_weights(traits)}"),
    )
    return next((method, reason) for holds, method, reason in cases if holds)
