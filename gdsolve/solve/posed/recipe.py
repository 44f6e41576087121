"""Which method descends on an objective, at which rate, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.plan import Traits, choose_method
from gdsolve.spec import Method, RateSchedule, flag
from gdsolve.spec.numbers import rate_text
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    import torch

    from gdsolve.descent.methods.build import Recipe
    from gdsolve.objective.base import Objective
    from gdsolve.solve.posed.problem import Posed

MOST_CURVED = 500
NEWTON_WEIGHTS = 200
JUMPY_LENGTH = 10_000
ROUNDED = 1e-12
RATED = tuple(method for method in Method if method.info.rated)
# They know when no step lowers the loss by more than rounding. A small step says less: it may be one in a narrow
# valley, or of a weight that started far too large.
SELF_ENDING = (Method.LM, Method.NEWTON, Method.LBFGS)


def traits_of(posed: Posed) -> Traits:
    """What the choice of a method looks at."""
    from gdsolve.objective.base import SumOfSquares, TwiceDifferentiable

    curved = isinstance(posed.objective, TwiceDifferentiable)
    return Traits(
        weights=len(posed.start),
        rounds=curved and len(posed.start) <= NEWTON_WEIGHTS and _rounds(posed),
        squares=isinstance(posed.objective, SumOfSquares),
        curved=curved,
        smooth=posed.smooth,
        bounded=posed.box is not None,
        curve=posed.kind.value == "curve",
        formula=posed.kind.value == "formula",
    )


def decide(posed: Posed, asked: Method | None = None) -> tuple[Recipe, str]:
    """The recipe of a run, and the sentence that says why it is this one.

    Raises:
        GdsolveError: a method that cannot be used here, or an option that does not go with it.
    """
    from gdsolve.descent.methods.build import Recipe

    spec = posed.spec
    method, reason = choose_method(asked or spec.method, traits_of(posed), rate_given=not spec.auto_rate)
    _require_fit(posed, method)
    if isinstance(spec.lr, float):
        return Recipe(method, spec.lr, spec.schedule, spec.momentum, spec.max_iter), reason
    rate, momentum, how = own_rate(posed, method, spec.momentum)
    schedule, length = spec.schedule, spec.max_iter
    chosen = spec.method is Method.AUTO and asked is None
    jumps = method is Method.ADAM and not posed.smooth and chosen
    if jumps or (not method.info.settles and schedule is RateSchedule.CONSTANT):
        # Its steps stay as long as its rate, of some methods where the gradient only changes its sign.
        schedule, length = RateSchedule.COSINE, spec.max_iter or JUMPY_LENGTH
        how = f"{how}, shrinking as half a cosine over {length:,} updates"
    elif how is None:
        # No bound on the curvature holds everywhere: the rate must be found step by step where the method can.
        if method in (Method.GD, Method.NESTEROV) and posed.smooth and schedule is RateSchedule.CONSTANT:
            schedule = RateSchedule.BACKTRACKING
            how = "backtracking finds its rate, as no bound on the curvature is known"
        else:
            how = f"rate {rate_text(rate, 3)}, from the curvature at the start"
    if method not in RATED:
        how = ""
    return Recipe(method, rate, schedule, momentum, length), "; ".join(filter(None, (reason, how)))


def _require_fit(posed: Posed, method: Method) -> None:
    spec = posed.spec
    if spec.schedule is not RateSchedule.CONSTANT and method not in RATED:
        raise GdsolveError(f"schedule: {method.value} finds its own steps", "leave --schedule out, or give --method gd")
    if spec.schedule is RateSchedule.BACKTRACKING and method not in (Method.GD, Method.NESTEROV):
        raise GdsolveError(
            f"schedule: {method.value} does not backtrack", "leave --schedule out, or give --method gd|nesterov"
        )
    if not spec.auto_rate and method in (Method.NEWTON, Method.LM):
        raise GdsolveError(f"lr: {method.value} takes no learning rate", f"leave {flag('lr')} out")


def own_rate(posed: Posed, method: Method, asked: float | None) -> tuple[float, float | None, str | None]:
    """The rate that gdsolve takes, the momentum that goes with it, and how it is known; None where it is a guess.

    `asked` is the momentum that was asked for.
    """
    from gdsolve.descent.methods.build import USUAL_MOMENTUM

    step = method.info.step_rate
    if step is not None:
        # A step is about as long as the rate; descent's coordinates make the weights about one.
        return step, None, f"rate {step:g}, about the length of a step"
    if posed.modes is not None and posed.modes.spectrum.rank:
        spectrum = posed.modes.spectrum
        if method is Method.MOMENTUM:
            return _heavy_ball(spectrum.largest, spectrum.smallest, asked)
        rate = spectrum.best if method is Method.GD else 1.0 / spectrum.largest
        return rate, asked, "the best rate, as the curvature is known" if method is Method.GD else "1/L_max"
    largest = posed.bound or curvature_at_start(posed)
    if method is Method.MOMENTUM:
        # Steps add up to 1/(1 − β) of one: Ghadimi, Feyzmahdavian and Johansson (2015), theorem 2.
        beta = USUAL_MOMENTUM if asked is None else asked
        return (
            (1.0 - beta) / largest,
            asked,
            None if posed.bound is None else "(1 − β)/L, L an upper bound of the curvature",
        )
    return 1.0 / largest, asked, None if posed.bound is None else "1/L, L an upper bound of the curvature"


def _heavy_ball(largest: float, smallest: float, asked: float | None) -> tuple[float, float | None, str | None]:
    """Polyak's optimum, or for a given β the largest α that keeps every mode oscillating: (1 + √β)²/L_max."""
    if asked is not None:
        return float((1.0 + asked**0.5) ** 2 / largest), asked, "(1 + √β)²/L_max"
    root, other = largest**0.5, smallest**0.5
    return 4.0 / (root + other) ** 2, ((root - other) / (root + other)) ** 2, "Polyak's rate and momentum"


def curvature_at_start(posed: Posed) -> float:
    """The largest curvature at the start; where it is not to be had, that of a first step as long as the start is."""
    import torch

    from gdsolve.objective.base import TwiceDifferentiable

    objective, start = posed.objective, posed.start
    if isinstance(objective, TwiceDifferentiable) and len(start) <= MOST_CURVED:
        curvature = float(torch.linalg.eigvalsh(_finite(objective, start)).abs().amax())
        if curvature > 0.0:
            return curvature
    length = float(objective.evaluate(start).gradient.norm()) / (1.0 + float(start.norm()))
    return length if 0.0 < length < float("inf") else 1.0


def _rounds(posed: Posed) -> bool:
    import torch

    curvature = torch.linalg.eigvalsh(_finite(posed.objective, posed.start))
    return bool(curvature[0] > ROUNDED * curvature[-1]) and bool(curvature[-1] > 0.0)


def _finite(objective: Objective, start: torch.Tensor) -> torch.Tensor:
    hessian: torch.Tensor = objective.hessian(start)  # type: ignore[attr-defined]
    return hessian.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)
