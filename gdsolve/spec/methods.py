"""The methods of descent, each declared once and free of torch: what it needs, what it takes, how it ends.

How a method is built is a line of `gdsolve.descent.methods.build`. Everything else, the words that options take, help,
checks, the choice of a method, tolerances and advice, derives from what stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Need(StrEnum):
    """What an objective must offer beside its gradient."""

    SQUARES = "a sum of squares"
    HESSIAN = "second derivatives"


class Recurrence(StrEnum):
    """What descent at a constant rate is on a quadratic: wherever it is linear it has a closed form in k.

    `PLAIN` is 1 − αλ a step. With `HEAVY_BALL` the gradient is taken at the iterate, with `NESTEROV` ahead of it along
    the last update; the latter is linear where the momentum is constant.
    """

    PLAIN = "plain"
    HEAVY_BALL = "heavy-ball"
    NESTEROV = "nesterov"


@dataclass(frozen=True, slots=True)
class MethodInfo:
    """What is declared of a method.

    `rated`: a step is the learning rate times something, so that schedules apply, and a rate may be too large.
    `takes_rate`: it takes a learning rate at all, if only for its first step. `self_ending`: it knows when no step
    lowers the loss by more than rounding, and needs no tolerance; a small step says less of one that does, for it may
    be one in a narrow valley. `backtracks`: its rate may be found step by step. `bounds`: it stays within a box.
    `needs`: what the objective must offer. `step_rate`: its own rate, where a step is about as long as that.
    `proximal`: its step takes an l1 penalty. `settles`: at a constant rate its steps vanish where the gradient does.
    """

    summary: str
    rated: bool = False
    takes_rate: bool = True
    self_ending: bool = False
    momentum: bool = False
    backtracks: bool = False
    bounds: bool = True
    needs: Need | None = None
    recurrence: Recurrence | None = None
    step_rate: float | None = None
    proximal: bool = False
    settles: bool = True


# A member is looked up by its name alone: none is made then.
_LOOKED_UP = MethodInfo("")


class Method(StrEnum):
    """The methods by name, each with what is declared of it in `info`; `auto` is none, and leaves the choice."""

    info: MethodInfo

    def __new__(cls, name: str, info: MethodInfo = _LOOKED_UP) -> Method:  # noqa: D102
        member = str.__new__(cls, name)
        member._value_ = name
        member.info = info
        return member

    AUTO = "auto", MethodInfo("the method that suits the objective")
    GD = (
        "gd",
        MethodInfo("plain descent", rated=True, backtracks=True, recurrence=Recurrence.PLAIN, proximal=True),
    )
    MOMENTUM = (
        "momentum",
        MethodInfo("the heavy ball of Polyak", rated=True, momentum=True, recurrence=Recurrence.HEAVY_BALL),
    )
    NESTEROV = (
        "nesterov",
        MethodInfo(
            "the accelerated gradient of Nesterov",
            rated=True,
            momentum=True,
            backtracks=True,
            recurrence=Recurrence.NESTEROV,
            proximal=True,
        ),
    )
    ADAM = "adam", MethodInfo("Adam", rated=True, step_rate=0.01)
    RMSPROP = "rmsprop", MethodInfo("RMSprop", rated=True, step_rate=0.01, settles=False)
    BB = "bb", MethodInfo("the step lengths of Barzilai and Borwein", self_ending=True)
    LBFGS = "lbfgs", MethodInfo("limited-memory BFGS", self_ending=True, bounds=False)
    NEWTON = "newton", MethodInfo("Newton's method", takes_rate=False, self_ending=True, needs=Need.HESSIAN)
    LM = "lm", MethodInfo("Levenberg and Marquardt", takes_rate=False, self_ending=True, needs=Need.SQUARES)

    @property
    def may_be_plain(self) -> bool:
        """True for plain descent, and where the choice is left to gdsolve."""
        return self is Method.AUTO or self.info.recurrence is Recurrence.PLAIN

    @classmethod
    def all(cls) -> tuple[Method, ...]:
        """Every method that there is to choose."""
        return tuple(method for method in cls if method is not cls.AUTO)


PLAIN = next(method for method in Method if method.info.recurrence is Recurrence.PLAIN)
"""Plain descent: the method where nothing else is said."""
PROXIMAL = tuple(method for method in Method if method.info.proximal)
WITH_MOMENTUM = tuple(method for method in Method if method.info.momentum)
