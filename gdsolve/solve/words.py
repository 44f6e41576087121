"""Sentences that all kinds of problems share: how a run ended, how far it is from the minimum, where a rate holds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gdsolve.spec.numbers import rate_text, rate_texts

if TYPE_CHECKING:
    from gdsolve.descent.solution import Solution
    from gdsolve.spec import Spec

RULES = {
    "tol": "no weight changed by {tol:.3g} or more",
    "loss_tol": "the loss changed by less than {loss_tol:.3g}",
    "grad_tol": "the gradient norm is below {grad_tol:.3g}",
    "gap": "less than a millionth of the loss at the start is left to gain",
    "validation": "there the error over the folds is least",
    "rounding": "no step lowers the loss by more than rounding",
}
# A gap that a loss in float64 cannot show.
ROUNDING = 2.0**-52
UNITS = (("years", 3.156e7), ("days", 86_400.0), ("hours", 3_600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3))
# Of what is predicted, no digit between these is known.
LEADING = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def updates_in_words(count: int) -> str:
    """A number of updates.

    >>> updates_in_words(1), updates_in_words(1147)
    ('1 update', '1,147 updates')
    """
    return f"{count:,} update{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """A predicted duration, to about a tenth of itself.

    >>> duration(3e-5), duration(0.0123), duration(0.97), duration(1e5), duration(3e12)
    ('under 1 ms', '12 ms', '1 s', '1.2 days', '100,000 years')
    """
    if not 1e-3 <= seconds < math.inf:
        return "under 1 ms" if seconds < 1e-3 else "for ever"
    # Nine tenths of a unit and more are rounded to one.
    name, size = next((name, size) for name, size in UNITS if seconds > 0.9 * size)
    power = 10.0 ** math.floor(math.log10(seconds / size))
    count = power * min(LEADING, key=lambda one: abs(seconds / size / power - one))
    return f"{count:,.{1 if count < 10 and count % 1 else 0}f} {name}"


def above_minimum(gap: float, loss: float, first: float = 0.0, *, local: bool = False) -> str:
    """How far a loss is above its minimum, a sentence; `first` is the loss at the start.

    >>> above_minimum(0.0, 3.0), above_minimum(0.5, 3.0), above_minimum(1e-20, 3.0, local=True)
    ('The loss is at its minimum.', 'The loss is 0.5 above its minimum.', 'The loss is at a local minimum.')
    """
    # What rounding leaves of residuals that are zero is squared.
    if gap <= ROUNDING * abs(loss) or gap <= 16.0 * ROUNDING**2 * abs(first):
        return f"The loss is at {'a local' if local else 'its'} minimum."
    return f"The loss is {gap:.3g} above {'the local' if local else 'its'} minimum."


def weights_shown(solution: Solution) -> str:
    """Which iterate the weights of a run that went wrong are, a sentence."""
    return weights_of_iteration(solution.best_iteration, solution.iterations)


def weights_of_iteration(best: int, taken: int) -> str:
    """The same for the iteration of the lowest loss among `taken`.

    >>> weights_of_iteration(0, 6), weights_of_iteration(0, 1)
    ('Weights shown: iteration 0, the lowest loss of 6.', 'Weights shown: those of the start.')
    """
    if best == 0 and taken <= 1:
        return "Weights shown: those of the start."
    return f"Weights shown: iteration {best:,}, the lowest loss of {taken:,}."


def coordinates_of(spec: Spec) -> str:
    """The coordinates in which a rate holds, to follow it; empty for a formula, which is descended on as it is."""
    if spec.minimize is None and spec.model is None:
        return " on standardised columns" if spec.standardise else " on the columns as they are"
    return " with parameters in units of their start" if spec.standardise else ""


def will_diverge(rate: float, stable: float, where: str) -> str:
    """The warning before a run whose rate is too large; `where` are the coordinates."""
    shown, limit = rate_texts(rate, stable)
    return f"learning rate {shown} will diverge{where}: rates below {limit} are stable"


def at_the_limit(rate: float, where: str) -> str:
    """The warning before a run at the largest rate that does not diverge."""
    return f"learning rate {rate_text(rate)} is exactly the stability limit{where}: the error will keep oscillating"


def diverged_at(rate: float, stable: float | None, where: str) -> str:
    """How a run whose rate is too large ended; `stable` is the limit, where it is known."""
    shown, limit = rate_texts(rate, stable or 0.0)
    known = "" if stable is None else f"; rates below {limit} are stable"
    return f"Diverged: at learning rate {shown}{where} the loss grows without bound{known}."


def another_target(spec: Spec) -> str:
    """What to do about a target that nothing explains."""
    return "name another target " + ("with --target" if spec.formula is None else "before the ~ of --formula")
