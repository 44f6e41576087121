"""The dispersion α of a negative binomial where none is asked for: found before the descent, as Huber's δ is."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import torch

from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.newton import Newton
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.stop import LeftDomain
from gdsolve.objective.base import Objective
from gdsolve.objective.box import Box, Boxed
from gdsolve.objective.curve import PointwiseCurve
from gdsolve.objective.dispersion import score_of_dispersion, sum_over_rows
from gdsolve.objective.mean_losses import PoissonMean
from gdsolve.objective.offset import like
from gdsolve.objective.pointwise import PointwiseLoss, Poisson
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.positive import NegativeBinomial
from gdsolve.objective.positive_means import NegativeBinomialMean
from gdsolve.objective.shared import SharedSmooth
from gdsolve.ranks import Ranks
from gdsolve.spec import Loss, Spec
from gdsolve.spec.losses import Mean
from gdsolve.status import GdsolveError, Status

logger = logging.getLogger("gdsolve")

DIGITS = 8
"""Of α, so that the number that is shown is the one that was used."""
LEAST, MOST = 1e-8, 1e8
MOST_UPDATES = 100
MOST_WEIGHTS = 1500
STEP = 2.0
PRECISION = 1e-10


@dataclass(frozen=True, slots=True)
class _Family:
    """Poisson, where α is 0, and the negative binomial, of values z; and what takes z to the logarithm of the mean."""

    poisson: PointwiseLoss
    kind: type[NegativeBinomial]
    logarithm: Callable[[torch.Tensor], torch.Tensor]


OF_LOGARITHM = _Family(Poisson(), NegativeBinomial, lambda z: z)
OF_MEAN = _Family(PoissonMean(), NegativeBinomialMean, torch.log)


def dispersion_is_sought(spec: Spec) -> bool:
    """True where α has to be found."""
    return spec.loss is Loss.NEGATIVE_BINOMIAL and spec.dispersion is None and spec.minimize is None


def with_dispersion(spec: Spec, rows: PointwiseRows, start: torch.Tensor, ranks: Ranks) -> tuple[Spec, PointwiseRows]:
    """The spec with the α of a linear model, and its rows with that loss; as they are where α need not be found.

    Raises:
        GdsolveError: there are more weights than Newton's method takes.
    """
    if not dispersion_is_sought(spec):
        return spec, rows
    elements = sum(ranks.gather(rows.step_elements)) if ranks.several else 0

    def posed(loss: PointwiseLoss) -> Objective:
        own = replace(rows, loss=like(rows.loss, loss))
        return SharedSmooth(own, ranks, elements) if ranks.several else own

    found = _told(spec, _most_likely(posed, OF_LOGARITHM, start))
    return found, replace(rows, loss=like(rows.loss, NegativeBinomial.of(found)))


def with_dispersion_of_curve(
    spec: Spec, curve: PointwiseCurve, start: torch.Tensor, box: Box | None
) -> tuple[Spec, PointwiseCurve]:
    """The same of a curve, from `start`, (p, 1), on."""
    if not dispersion_is_sought(spec):
        return spec, curve

    def posed(loss: PointwiseLoss) -> Objective:
        whole = replace(curve, loss=like(curve.loss, loss))
        return whole if box is None else Boxed(whole, box)

    family = OF_LOGARITHM if spec.mean is Mean.EXP else OF_MEAN
    found = _told(spec, _most_likely(posed, family, start, box, curve))
    return found, replace(curve, loss=like(curve.loss, family.kind.of(found)))


def _most_likely(
    posed: Callable[[PointwiseLoss], Objective],
    family: _Family,
    start: torch.Tensor,
    box: Box | None = None,
    rows: Objective | None = None,
) -> float:
    """The α at which α and the weights that it leads to are most likely together; 0 where none above 0 is.

    The likelihood rises from α = 0 on where Σω((y − μ)² − y) > 0 at the fit of Poisson. Above that the root of
    ∂ℓ/∂α, at the minimum for every α, is looked for in log α.
    Source: Cameron and Trivedi, Regression Analysis of Count Data, 2nd ed., sections 3.3.1 and 3.4.
    """
    from scipy.optimize import brentq

    if len(start) > MOST_WEIGHTS:
        raise GdsolveError(
            f"α is found by Newton's method, and {len(start):,} weights are too many for it",
            "give --dispersion 0.5, say",
            option="dispersion",
        )
    w = start

    def fitted(loss: PointwiseLoss) -> Objective:
        nonlocal w
        objective = posed(loss)
        found = iterate(objective, w, Newton(box), (LeftDomain(),), max_iter=MOST_UPDATES, schedule=Schedule("log"))
        if found.status is Status.INTERRUPTED:
            raise KeyboardInterrupt
        w = found.w.to(start) if bool(torch.isfinite(found.w).all()) else w
        return rows if rows is not None else objective

    # Once each: a search must not find other signs at the ends than those that it was given.
    @cache
    def score(log_alpha: float) -> float:
        alpha = math.exp(log_alpha)
        objective = fitted(family.kind(alpha))
        return sum_over_rows(objective, w, lambda z, y: score_of_dispersion(family.logarithm(z), y, alpha))

    objective = fitted(family.poisson)
    beyond = sum_over_rows(objective, w, lambda z, y: (y - family.logarithm(z).exp()).square() - y)
    squares = sum_over_rows(objective, w, lambda z, _: (2.0 * family.logarithm(z)).exp())
    counted = sum_over_rows(objective, w, lambda _, y: y)
    if not (beyond > 0.0 and math.isfinite(squares) and squares > 0.0 and counted > 0.0):
        return 0.0
    low = high = min(max(math.log(beyond / squares), math.log(1e-4)), math.log(MOST))
    rises = score(low) > 0.0
    while (score(high if rises else low) > 0.0) is rises:
        if low <= math.log(LEAST) or high >= math.log(MOST):
            return LEAST if low <= math.log(LEAST) else MOST
        low, high = (high, high + STEP) if rises else (low - STEP, low)
    return math.exp(brentq(score, low, high, xtol=PRECISION, rtol=PRECISION))


def _told(spec: Spec, alpha: float) -> Spec:
    """The spec with α to eight digits, LEAST where none above 0 is most likely."""
    found = float(f"{max(alpha, LEAST):.{DIGITS}g}")
    if alpha <= LEAST:
        logger.warning(
            "the counts vary no more than Poisson's: α = %.8g stands for 0, and --loss poisson is the same; "
            "--dispersion NUMBER sets it",
            found,
        )
    elif alpha >= MOST:
        logger.warning("no dispersion is large enough: α = %.8g; --dispersion NUMBER sets it", found)
    return replace(spec, dispersion=found)
