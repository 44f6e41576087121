"""Which method descends on a problem, at which rate, and why."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gdsolve.descent.methods.build import USUAL_MOMENTUM, Recipe
from gdsolve.objective.base import Objective, SumOfSquares, TwiceDifferentiable
from gdsolve.objective.softmax import SoftmaxRows, identified
from gdsolve.solve.problem import Kind, Problem
from gdsolve.spec import Method, RateSchedule, flag
from gdsolve.spec.methods import Need, Recurrence
from gdsolve.spec.numbers import rate_text
from gdsolve.status import GdsolveError

MOST_CURVED = 500
NEWTON_WEIGHTS = 200
FADING_LENGTH = 10_000
ROUNDED = 1e-12
# Of the weights' size, by the first step where slopes jump.
SHARE = 0.1
FADED = 1e-4


@dataclass(frozen=True, slots=True)
class Traits:
    """What the choice of a method looks at: the number of weights, and what the objective is and offers.

    `rounds`: its curvature at the start is positive in every direction; `squares`: it is a sum of squares; `curved`:
    its Hessian is at hand; `smooth`: its gradient has no jumps; `plain`: it is one that plain descent is for, a formula
    or least squares on a table; `shrunk`: it has an l1 penalty; `kept`: it is least squares on a table within bounds.
    `but` says along what no curvature is looked for.
    """

    weights: int
    rounds: bool
    squares: bool
    curved: bool
    smooth: bool
    bounded: bool
    plain: bool
    shrunk: bool = False
    kept: bool = False
    but: str = ""


def traits_of(problem: Problem) -> Traits:
    """What the choice of a method looks at."""

    curved = isinstance(problem.objective, TwiceDifferentiable)
    plain = problem.kind is Kind.FORMULA or problem.squares is not None
    return Traits(
        weights=problem.p,
        rounds=curved and not plain and problem.p <= NEWTON_WEIGHTS and _rounds(problem),
        squares=isinstance(problem.objective, SumOfSquares),
        curved=curved,
        smooth=problem.smooth,
        bounded=problem.box is not None,
        plain=plain,
        shrunk=problem.shrinkage is not None,
        kept=problem.box is not None and problem.squares is not None,
        but=_left_out(problem),
    )


def refusal(method: Method, traits: Traits) -> str | None:
    """Why a method cannot be used, None where it can."""
    needs = method.info.needs
    if (needs is Need.SQUARES and not traits.squares) or (needs is Need.HESSIAN and not traits.curved):
        return f"{method.value} needs {needs}"
    if traits.bounded and not method.info.bounds:
        return f"{method.value} takes no bounds"
    if traits.shrunk and not method.info.proximal:
        return f"{method.value} takes no l1 penalty"
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


def _suited(traits: Traits) -> tuple[Method, str]:
    weights = f"{traits.weights} weight{'' if traits.weights == 1 else 's'}"
    curved = f"and the curvature is positive in every direction{traits.but}"
    cases = (
        (traits.shrunk, Method.NESTEROV, "nesterov: its steps take the l1 penalty, and are the faster ones"),
        (traits.kept, Method.NESTEROV, "nesterov: its steps keep to the bounds, and are the faster ones"),
        (traits.plain and traits.smooth, Method.GD, "gd: plain descent, unless --method names another"),
        (traits.squares, Method.LM, f"lm: a sum of squares with {weights}"),
        (
            not traits.smooth,
            Method.ADAM,
            "adam: the gradient is not continuous, and a line search could stop where it jumps",
        ),
        (traits.rounds, Method.NEWTON, f"newton: {weights}, {curved}"),
        (traits.bounded, Method.BB, "bb: bounds, and many weights"),
        (True, Method.LBFGS, f"lbfgs: {weights}"),
    )
    return next((method, reason) for holds, method, reason in cases if holds)


def recipe_of(problem: Problem, asked: Method | None = None) -> tuple[Recipe, str]:
    """The recipe of a run, and the sentence that says why it is this one; `asked` stands in place of the spec's method.

    Raises:
        GdsolveError: a method that cannot be used here, or an option that does not go with it.
    """
    spec = problem.spec
    method, reason = choose_method(asked or spec.method, traits_of(problem), rate_given=not spec.auto_rate)
    info = method.info
    _require_fit(problem, method)
    if isinstance(spec.lr, float):
        return Recipe(method, spec.lr, spec.schedule, spec.momentum, spec.max_iter), reason
    rate, momentum, how = own_rate(problem, method, spec.momentum)
    schedule, length = spec.schedule, spec.max_iter
    if not info.settles or (info.rated and not problem.smooth):
        # Its steps stay as long as they are where the gradient only changes its sign.
        if schedule is RateSchedule.CONSTANT:
            schedule, length = RateSchedule.COSINE, spec.max_iter or FADING_LENGTH
            how = f"{how}, shrinking as half a cosine over {length:,} updates"
    elif how is None:
        # No bound on the curvature holds everywhere: the rate must be found step by step where the method can.
        if info.backtracks and problem.smooth and schedule is RateSchedule.CONSTANT:
            schedule = RateSchedule.BACKTRACKING
            how = "backtracking finds its rate, as no bound on the curvature is known"
        else:
            how = f"rate {rate_text(rate, 3)}, from the curvature at the start"
    if not info.rated:
        how = ""
    return Recipe(method, rate, schedule, momentum, length), "; ".join(filter(None, (reason, how)))


def shown_rate(recipe: Recipe) -> float | None:
    """The learning rate of a run, None where it has no single one that was chosen before the run."""
    return recipe.rate if recipe.method.info.rated and not recipe.backtracks else None


def _require_fit(problem: Problem, method: Method) -> None:
    spec, info = problem.spec, method.info
    if spec.schedule is not RateSchedule.CONSTANT and not info.rated:
        raise GdsolveError(
            f"{method.value} finds its own steps", "leave --schedule out, or give --method gd", option="schedule"
        )
    if spec.schedule is RateSchedule.BACKTRACKING and not info.backtracks:
        others = "|".join(one.value for one in Method.all() if one.info.backtracks)
        raise GdsolveError(
            f"{method.value} does not backtrack", f"leave --schedule out, or give --method {others}", option="schedule"
        )
    if not spec.auto_rate and not info.takes_rate:
        raise GdsolveError(f"{method.value} takes no learning rate", f"leave {flag('lr')} out", option="lr")


def own_rate(problem: Problem, method: Method, asked: float | None) -> tuple[float, float | None, str | None]:
    """The rate that gdsolve takes, the momentum that goes with it, and how it is known; None where it is a guess.

    `asked` is the momentum that was asked for.
    """
    info = method.info
    heavy, plain = info.recurrence is Recurrence.HEAVY_BALL, info.recurrence is Recurrence.PLAIN
    if info.step_rate is not None:
        return info.step_rate, None, f"rate {info.step_rate:g}, about the length of a step"
    if problem.modes is not None and (problem.modes.spectrum.rank or (plain and problem.squares is not None)):
        spectrum = problem.modes.spectrum
        if heavy:
            return _heavy_ball(spectrum.largest, spectrum.smallest, asked)
        rate = spectrum.best if plain else 1.0 / spectrum.largest
        return rate, asked, "the best rate, as the curvature is known" if plain else "1/L_max"
    largest = problem.bound or (curvature_at_start(problem) if problem.smooth else _slope_at_start(problem) / SHARE)
    if heavy:
        # Steps add up to 1/(1 − β) of one: Ghadimi, Feyzmahdavian and Johansson (2015), theorem 2.
        beta = USUAL_MOMENTUM if asked is None else asked
        how = None if problem.bound is None else "(1 − β)/L, L an upper bound of the curvature"
        return (1.0 - beta) / largest, asked, how
    return 1.0 / largest, asked, None if problem.bound is None else "1/L, L an upper bound of the curvature"


def _heavy_ball(largest: float, smallest: float, asked: float | None) -> tuple[float, float | None, str | None]:
    """Polyak's optimum, or for a given β the largest α that keeps every mode oscillating: (1 + √β)²/L_max."""
    if asked is not None:
        return float((1.0 + asked**0.5) ** 2 / largest), asked, "(1 + √β)²/L_max"
    root, other = largest**0.5, smallest**0.5
    return 4.0 / (root + other) ** 2, ((root - other) / (root + other)) ** 2, "Polyak's rate and momentum"


def curvature_at_start(problem: Problem) -> float:
    """The largest curvature at the start; where it is not to be had, that of a first step as long as the start is."""
    objective, start = problem.objective, problem.start
    if isinstance(objective, TwiceDifferentiable) and len(start) <= MOST_CURVED:
        curvature = float(torch.linalg.eigvalsh(_finite(objective, start)).abs().amax())
        if curvature > 0.0:
            return curvature
    return _slope_at_start(problem)


def _slope_at_start(problem: Problem) -> float:
    """What makes a first step of the inverse rate as long as the start is, or as 1."""
    start = problem.start
    length = float(problem.objective.evaluate(start).gradient.norm()) / (1.0 + float(start.norm()))
    return length if 0.0 < length < float("inf") else 1.0


def _left_out(problem: Problem) -> str:
    own = getattr(problem.objective, "own", problem.objective)
    return " but for what all classes share" if isinstance(own, SoftmaxRows) and own.shifts else ""


def _rounds(problem: Problem) -> bool:
    hessian = _finite(problem.objective, problem.start)
    own = getattr(problem.objective, "own", problem.objective)
    if isinstance(own, SoftmaxRows):
        # What is the same in all classes changes nothing: there Newton's step is 0.
        hessian = identified(hessian, own.shifts, own.loss.classes)
    sizes = hessian.diagonal()
    if not bool((sizes > 0.0).all()):
        return False
    # Beside what it can be it must not have faded, as that of log cosh far out: Newton's step would have no end.
    if float(torch.linalg.eigvalsh(hessian)[-1]) <= FADED * (problem.bound or 0.0):
        return False
    # In units in which every weight has the curvature 1: the columns' own must not decide.
    roots = sizes.sqrt()
    scaled = hessian / roots / roots[:, None]
    if not bool(torch.isfinite(scaled).all()):
        return False
    curvature = torch.linalg.eigvalsh(scaled)
    return bool(curvature[0] > ROUNDED * curvature[-1])


def _finite(objective: Objective, start: torch.Tensor) -> torch.Tensor:
    hessian: torch.Tensor = objective.hessian(start)  # type: ignore[attr-defined]
    return hessian.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)
