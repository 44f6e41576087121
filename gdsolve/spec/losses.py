"""The losses, each declared once and free of torch: what it is, what it takes, and what follows for its users.

Its mathematics, value, slope and curvature, is in `gdsolve.objective`: `losses` for the squared ones, `pointwise` for
the others. Everything else, the words that options take, checks, help, targets, predictions, units and tests of
weights, derives from what stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mean(StrEnum):
    """What is predicted of the target at z = xᵀw: z itself, 1/(1 + e⁻ᶻ), or eᶻ."""

    IDENTITY = "identity"
    SIGMOID = "sigmoid"
    EXP = "exp"


class Target(StrEnum):
    """What a loss takes as its target."""

    NUMBERS = "numbers"
    TWO_CLASSES = "two classes"
    COUNTS = "counts"


class LossUnit(StrEnum):
    """In what a loss is measured: the square of the target's unit, that unit itself, or none."""

    SQUARED = "squared"
    PLAIN = "plain"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class LossInfo:
    """What is declared of a loss, all of it true of every table.

    `squared`: a multiple of the SSE, so that one triangle holds all of it. `smooth`: its gradient has no jumps.
    `likelihood`: it is minus the logarithm of one, so that its Hessian gives the errors of the weights. `parameter` is
    the option that belongs to it alone, if one does.
    """

    formula: str
    unit: LossUnit = LossUnit.SQUARED
    squared: bool = False
    smooth: bool = True
    likelihood: bool = False
    mean: Mean = Mean.IDENTITY
    target: Target = Target.NUMBERS
    parameter: str | None = None


# A member is looked up by its name alone: none is made then.
_LOOKED_UP = LossInfo("")


class Loss(StrEnum):
    """The losses by name, each with what is declared of it in `info`."""

    info: LossInfo

    def __new__(cls, name: str, info: LossInfo = _LOOKED_UP) -> Loss:  # noqa: D102
        member = str.__new__(cls, name)
        member._value_ = name
        member.info = info
        return member

    HALF_MSE = "half-mse", LossInfo("1/(2m)·‖Xw − y‖²", squared=True)
    MSE = "mse", LossInfo("1/m·‖Xw − y‖²", squared=True)
    SSE = "sse", LossInfo("‖Xw − y‖²", squared=True)
    HUBER = "huber", LossInfo("r²/2 where |r| ≤ δ, else δ·(|r| − δ/2)", parameter="delta")
    LOGISTIC = (
        "logistic",
        LossInfo(
            "log(1 + eᶻ) − y·z",
            unit=LossUnit.NONE,
            likelihood=True,
            mean=Mean.SIGMOID,
            target=Target.TWO_CLASSES,
        ),
    )
    POISSON = (
        "poisson",
        LossInfo("eᶻ − y·z", unit=LossUnit.NONE, likelihood=True, mean=Mean.EXP, target=Target.COUNTS),
    )
    QUANTILE = (
        "quantile",
        LossInfo("max(τ·r, (τ − 1)·r), r = y − z", LossUnit.PLAIN, smooth=False, parameter="quantile"),
    )
    ABSOLUTE = "absolute", LossInfo("|z − y|", LossUnit.PLAIN, smooth=False)
