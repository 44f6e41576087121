"""From the name of a method, its rate and its bounds to the method itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gdsolve.descent.methods.adam import Adam
from gdsolve.descent.methods.backtracking import BacktrackingDescent
from gdsolve.descent.methods.barzilai_borwein import BarzilaiBorwein
from gdsolve.descent.methods.base import UpdateRule
from gdsolve.descent.methods.gradient import GradientDescent
from gdsolve.descent.methods.lbfgs import LBFGS
from gdsolve.descent.methods.levenberg_marquardt import LevenbergMarquardt
from gdsolve.descent.methods.momentum import Momentum
from gdsolve.descent.methods.nesterov import Nesterov
from gdsolve.descent.methods.newton import Newton
from gdsolve.descent.methods.rmsprop import RMSprop
from gdsolve.descent.rates import ConstantRate, Cosine, InverseScaling, Rate
from gdsolve.objective.box import Box
from gdsolve.objective.shrinkage import Limits, Shrinkage
from gdsolve.spec import Method, RateSchedule

USUAL_MOMENTUM = 0.9


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that is decided of a method before its first step; `rate` is its first one."""

    method: Method
    rate: float
    schedule: RateSchedule = RateSchedule.CONSTANT
    momentum: float | None = None
    length: int | None = None

    @property
    def backtracks(self) -> bool:
        """True where the rate is found anew at every step."""
        return self.schedule is RateSchedule.BACKTRACKING

    def learning_rate(self) -> Rate:
        """The rate as a function of the updates taken."""
        return SCHEDULES[self.schedule](self)


def _cosine(recipe: Recipe) -> Rate:
    if recipe.length is None:
        raise ValueError("a cosine needs to know how long it is")
    return Cosine(recipe.rate, recipe.length)


SCHEDULES: dict[RateSchedule, Callable[[Recipe], Rate]] = {
    RateSchedule.CONSTANT: lambda recipe: ConstantRate(recipe.rate),
    RateSchedule.INVSCALING: lambda recipe: InverseScaling(recipe.rate),
    RateSchedule.COSINE: _cosine,
    RateSchedule.BACKTRACKING: lambda recipe: ConstantRate(recipe.rate),
}


def _gradient(recipe: Recipe, limits: Limits | None) -> UpdateRule:
    if recipe.backtracks:
        return BacktrackingDescent(recipe.rate, limits)
    return GradientDescent(recipe.learning_rate(), limits)


def _nesterov(recipe: Recipe, limits: Limits | None) -> UpdateRule:
    return Nesterov(recipe.learning_rate(), recipe.momentum, limits, recipe.backtracks)


WITH_LIMITS: dict[Method, Callable[[Recipe, Limits | None], UpdateRule]] = {
    Method.GD: _gradient,
    Method.NESTEROV: _nesterov,
}
METHODS: dict[Method, Callable[[Recipe, Box | None], UpdateRule]] = {
    **WITH_LIMITS,
    Method.MOMENTUM: lambda recipe, box: Momentum(
        recipe.learning_rate(), USUAL_MOMENTUM if recipe.momentum is None else recipe.momentum, box
    ),
    Method.ADAM: lambda recipe, box: Adam(recipe.learning_rate(), box=box),
    Method.RMSPROP: lambda recipe, box: RMSprop(recipe.learning_rate(), box=box),
    Method.BB: lambda recipe, box: BarzilaiBorwein(recipe.rate, box),
    Method.LBFGS: lambda recipe, box: LBFGS(recipe.rate),
    Method.NEWTON: lambda recipe, box: Newton(box),
    Method.LM: lambda recipe, box: LevenbergMarquardt(box),
}


def build_method(recipe: Recipe, limits: Limits | None = None) -> UpdateRule:
    """The method of a recipe, within bounds or with an l1 penalty where there is one.

    Raises:
        KeyError: a method that takes no l1 penalty; which methods do is decided before the run.
    """
    if isinstance(limits, Shrinkage):
        return WITH_LIMITS[recipe.method](recipe, limits)
    return METHODS[recipe.method](recipe, limits)
