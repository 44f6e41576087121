"""The minimum near where a descent ended, found by Newton's method: what the result is measured against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdsolve.solve.observer import telling
from gdsolve.solve.posed.problem import Kind, Posed, loss_unit
from gdsolve.status import Status

if TYPE_CHECKING:
    import torch

    from gdsolve.objective.modes import Spectrum

MOST_WEIGHTS = 200
MOST_NUMBERS = 200_000_000
MOST_STEPS = 100
NEGLIGIBLE = 1e-10
FADED = 1e-12
NEAR = 1e-6
SADDLE = "the curvature is negative in some direction: this is a saddle point, not a minimum"
FADED_AWAY = "the curvature has become zero: the loss keeps decreasing, and has no minimum here"


@dataclass(frozen=True, slots=True)
class Minimum:
    """A minimum, (p, 1) in descent's coordinates, its value, and the curvature there.

    `spectrum` is of the Hessian over the weights that no bound holds, None where the loss has corners instead;
    `is_global` is True where no point is lower.
    """

    w: torch.Tensor
    value: float
    hessian: torch.Tensor | None
    spectrum: Spectrum | None
    unique: bool
    is_global: bool

    def gap(self, w: torch.Tensor, value: float) -> float:
        """L(w) − L*, by the curvature where the difference of the values would cancel."""
        difference = value - self.value
        if self.hessian is None or abs(difference) > NEGLIGIBLE * max(abs(value), abs(self.value)):
            return max(0.0, difference)
        away = w - self.w
        return max(0.0, 0.5 * float(away.mT @ self.hessian @ away))


@dataclass(frozen=True, slots=True)
class Place:
    """What was found near the end of a run: a minimum, or why there is none."""

    minimum: Minimum | None
    reason: str | None = None
    interrupted: bool = False


def minimum_near(posed: Posed, w: torch.Tensor, status: Status) -> Place:
    """The minimum that Newton's method finds from `w`, (p, 1), in at most a hundred steps.

    Source: Nocedal and Wright, Numerical Optimization, 2nd ed., theorem 2.4: zero gradient and positive curvature.
    """
    from gdsolve.objective.base import TwiceDifferentiable

    if posed.modes is not None:
        return _known(posed)
    if not isinstance(posed.objective, TwiceDifferentiable) or not posed.smooth:
        return _cornered(posed)
    p = len(posed.start)
    if p > MOST_WEIGHTS or p * p * max(1.0, posed.rows) > MOST_NUMBERS:
        return Place(None, "the problem is too large to look for one by Newton's method")
    if status in (Status.DIVERGED, Status.INTERRUPTED):
        return Place(None, None)
    if status is Status.CONVERGED and posed.box is None and _at_a_saddle(posed, w):
        return Place(None, SADDLE)
    return _search(posed, w)


def _at_a_saddle(posed: Posed, w: torch.Tensor) -> bool:
    """True where the gradient all but vanishes, a Newton step being short, and the curvature is negative somewhere."""
    import torch

    hessian: torch.Tensor = posed.objective.hessian(w)  # type: ignore[attr-defined]
    gradient = posed.objective.evaluate(w).gradient.to(torch.float64)
    steep = gradient.norm() > NEAR * posed.objective.evaluate(posed.start).gradient.norm()
    if bool(steep) or not bool(torch.isfinite(hessian).all()):
        return False
    curvature, directions = torch.linalg.eigh(hessian.to(torch.float64))
    sizes = curvature.abs()
    if curvature[0] >= -NEAR * sizes.amax():
        return False
    along = directions.mT @ gradient
    bent = sizes > NEAR * sizes.amax()
    step = (along[bent, 0] / sizes[bent]).abs().amax()
    return bool(step <= NEAR * (1.0 + w.abs().amax()))


def _known(posed: Posed) -> Place:
    modes = posed.modes
    assert modes is not None
    value = float(posed.objective.evaluate(modes.minimiser.to(posed.start.dtype)).value)
    hessian = modes.quadratic.hessian(modes.minimiser)
    return Place(Minimum(modes.minimiser, value, hessian, modes.spectrum, modes.unique, is_global=True))


def _cornered(posed: Posed) -> Place:
    from gdsolve.objective.linear_program import piecewise_linear_minimum

    w = piecewise_linear_minimum(posed.objective)
    if w is None:
        return Place(
            None, "the loss is not differentiable everywhere, so that second derivatives cannot show a minimum"
        )
    value = float(posed.objective.evaluate(w).value)
    return Place(Minimum(w, value, None, None, unique=True, is_global=True))


def _search(posed: Posed, w: torch.Tensor) -> Place:
    import torch

    from gdsolve.descent.iterate import iterate
    from gdsolve.descent.methods.newton import Newton
    from gdsolve.descent.schedule import Schedule
    from gdsolve.descent.stop import LeftDomain
    from gdsolve.objective.box import Boxed

    boxed = posed.objective if posed.box is None else Boxed(posed.objective, posed.box)
    newton, rules, schedule = Newton(posed.box), (LeftDomain(),), Schedule("log")
    with telling("polishing", None, loss_unit(posed)) as told:
        refined = iterate(boxed, w, newton, rules, max_iter=MOST_STEPS, schedule=schedule, observe=told)
    if refined.status is Status.INTERRUPTED:
        return Place(None, "the search for one was interrupted", interrupted=True)
    if refined.stopped_by != "rounding":
        return Place(None, f"Newton's method finds none within {MOST_STEPS} steps from here")
    hessian: torch.Tensor = posed.objective.hessian(refined.w)  # type: ignore[attr-defined]
    free = torch.ones(len(w), dtype=torch.bool, device=w.device)
    if posed.box is not None:
        free = ~posed.box.held(refined.w, posed.objective.evaluate(refined.w).gradient)[:, 0]
    curvature = torch.linalg.eigvalsh(hessian[free][:, free].to(torch.float64)).flip(0)
    if not bool(torch.isfinite(curvature).all()):
        return Place(None, "the curvature there is not finite")
    return _judge(posed, refined.w, refined.value, hessian, curvature)


def _judge(posed: Posed, w: torch.Tensor, value: float, hessian: torch.Tensor, curvature: torch.Tensor) -> Place:
    from gdsolve.objective.modes import Spectrum

    if not len(curvature):
        spectrum = Spectrum(0.0, 0.0, 0)
        return Place(Minimum(w, value, hessian, spectrum, unique=True, is_global=False))
    largest, smallest = float(curvature[0]), float(curvature[-1])
    if smallest < -NEGLIGIBLE * abs(largest):
        return Place(None, SADDLE)
    at_start = _largest_at_start(posed)
    if at_start > 0.0 and largest <= FADED * at_start:
        return Place(None, FADED_AWAY)
    if largest <= 0.0:
        return Place(None, "the curvature there is zero")
    rank = int((curvature > NEGLIGIBLE * largest).sum())
    spectrum = Spectrum(largest, float(curvature[rank - 1]), rank)
    unique = rank == len(curvature)
    return Place(Minimum(w, value, hessian, spectrum, unique, is_global=posed.convex))


def _largest_at_start(posed: Posed) -> float:
    import torch

    hessian: torch.Tensor = posed.objective.hessian(posed.start)  # type: ignore[attr-defined]
    sizes = torch.linalg.eigvalsh(hessian.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0))
    return float(sizes.abs().amax()) if posed.kind is Kind.LINEAR else 0.0
