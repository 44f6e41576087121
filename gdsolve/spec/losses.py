"""The losses, each declared once and free of torch: what it is, what it takes, and what follows for its users.

Its mathematics, value, slope and curvature, is in `gdsolve.objective`: `losses` for the squared ones, `pointwise` for
the others. Everything else, the words that options take, checks, help, targets, predictions, units and tests of
weights, derives from what stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Mean(StrEnum):
    """What is predicted of the target at z = xᵀw: z itself, 1/(1 + e⁻ᶻ), eᶻ, or the class: 1 where z > 0, else 0.

    Of one z a class it is e^z_c/Σ e^z_k.
    """

    IDENTITY = "identity"
    SIGMOID = "sigmoid"
    EXP = "exp"
    LABEL = "label"
    SOFTMAX = "softmax"


class Link(StrEnum):
    """What a curve, or xᵀw, is of the mean of the target: the mean itself, its logarithm, or its logit."""

    AUTO = "auto"
    IDENTITY = "identity"
    LOG = "log"
    LOGIT = "logit"


MEAN_AT: Mapping[Link, Mean] = {Link.IDENTITY: Mean.IDENTITY, Link.LOG: Mean.EXP, Link.LOGIT: Mean.SIGMOID}
"""The inverse of a link."""


class Target(StrEnum):
    """What a loss takes as its target."""

    NUMBERS = "numbers"
    TWO_CLASSES = "two classes"
    COUNTS = "counts"
    POSITIVE = "numbers above 0"
    NOT_NEGATIVE = "numbers of 0 or more"
    CLASSES = "classes"

    @property
    def is_classes(self) -> bool:
        """True where it is a label, and not a number."""
        return self in (Target.TWO_CLASSES, Target.CLASSES)


class LossUnit(StrEnum):
    """In what a loss is measured: the square of the target's unit, that unit itself, or none."""

    SQUARED = "squared"
    PLAIN = "plain"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class LossParameter:
    """An option of `Spec` that some losses alone look at: more than `above`, and less than `below` where that is given.

    `symbol` is what formulas call it, `remedy` what to give instead of a value out of range.
    """

    name: str
    symbol: str
    remedy: str
    below: int | None = None
    above: int = 0


@dataclass(frozen=True, slots=True)
class LossInfo:
    """What is declared of a loss, all of it true of every table.

    `squared`: a multiple of the SSE, so that one triangle holds all of it. `smooth`: its gradient has no jumps.
    `likelihood`: it is minus the logarithm of one, so that its Hessian gives the errors of the weights;
    `dispersed`: it is so up to a factor φ, the dispersion, which is estimated. `parameter` is its own option, if it has
    one.
    """

    formula: str
    unit: LossUnit = LossUnit.SQUARED
    squared: bool = False
    smooth: bool = True
    likelihood: bool = False
    dispersed: bool = False
    mean: Mean = Mean.IDENTITY
    target: Target = Target.NUMBERS
    parameter: LossParameter | None = None

    @property
    def links(self) -> tuple[Link, ...]:
        """The links that a curve may have, the usual one first; none where it can only be what is predicted."""
        own = next((link for link, mean in MEAN_AT.items() if mean is self.mean), Link.IDENTITY)
        return () if own is Link.IDENTITY else (Link.IDENTITY, own)

    @property
    def is_for_curves(self) -> bool:
        """False where a row has more than one z, so that no curve can be all of them."""
        return self.target is not Target.CLASSES

    def link_of(self, asked: Link, *, curve: bool) -> Link | None:
        """The link of a curve as it was `asked` for, or that of a linear model; None where there is but one."""
        if not self.links:
            return None
        return self.links[-1] if not curve else self.links[0] if asked is Link.AUTO else asked


_DELTA = LossParameter("delta", "δ", "give --delta 1.5, say, in units of the target, or leave --delta out")
_LEVEL = LossParameter("quantile", "τ", "for the median give --quantile 0.5", below=1)
_POWER = LossParameter("power", "p", "give --power 1.5, say: 1 is --loss poisson, and 2 is --loss gamma", 2, above=1)
_DISPERSION = LossParameter(
    "dispersion", "α", "give --dispersion 0.5, say, or leave --dispersion out: then it is found"
)
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
    HUBER = "huber", LossInfo("r²/2 where |r| ≤ δ, else δ·(|r| − δ/2)", parameter=_DELTA)
    LOGCOSH = "logcosh", LossInfo("log cosh(r), r = z − y")
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
    SOFTMAX = (
        "softmax",
        LossInfo(
            "log Σ e^z_c − z_y",
            unit=LossUnit.NONE,
            likelihood=True,
            mean=Mean.SOFTMAX,
            target=Target.CLASSES,
        ),
    )
    POISSON = (
        "poisson",
        LossInfo("eᶻ − y·z", unit=LossUnit.NONE, likelihood=True, mean=Mean.EXP, target=Target.COUNTS),
    )
    GAMMA = (
        "gamma",
        LossInfo(
            "y·e⁻ᶻ + z",
            unit=LossUnit.NONE,
            likelihood=True,
            dispersed=True,
            mean=Mean.EXP,
            target=Target.POSITIVE,
        ),
    )
    TWEEDIE = (
        "tweedie",
        LossInfo(
            "e^((2 − p)·z)/(2 − p) + y·e^((1 − p)·z)/(p − 1)",
            unit=LossUnit.NONE,
            likelihood=True,
            dispersed=True,
            mean=Mean.EXP,
            target=Target.NOT_NEGATIVE,
            parameter=_POWER,
        ),
    )
    NEGATIVE_BINOMIAL = (
        "negative-binomial",
        LossInfo(
            "(y + 1/α)·log(1 + α·eᶻ) − y·z",
            unit=LossUnit.NONE,
            likelihood=True,
            mean=Mean.EXP,
            target=Target.COUNTS,
            parameter=_DISPERSION,
        ),
    )
    SQUARED_HINGE = (
        "squared-hinge",
        LossInfo(
            "max(0, 1 − s·z)², s = 2y − 1",
            unit=LossUnit.NONE,
            mean=Mean.LABEL,
            target=Target.TWO_CLASSES,
        ),
    )
    QUANTILE = (
        "quantile",
        LossInfo("max(τ·r, (τ − 1)·r), r = y − z", LossUnit.PLAIN, smooth=False, parameter=_LEVEL),
    )
    ABSOLUTE = "absolute", LossInfo("|z − y|", LossUnit.PLAIN, smooth=False)

    @classmethod
    def usual_for(cls, target: Target) -> Loss:
        """The loss that is taken of a target of this kind, unless another one is asked for: the first one declared."""
        return next(loss for loss in cls if loss.info.target is target)


USUAL_LOSS = Loss.usual_for(Target.NUMBERS)
"""The loss where none is asked for."""
OF_CLASSES = tuple(loss for loss in Loss if loss.info.target.is_classes)
"""The losses whose target is a label."""
SQUARED = tuple(loss for loss in Loss if loss.info.squared)
LOSS_PARAMETERS = tuple(dict.fromkeys(loss.info.parameter for loss in Loss if loss.info.parameter is not None))
"""The options that some losses alone look at, each once."""
