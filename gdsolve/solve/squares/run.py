"""A descent about to start: all that is known before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdsolve.solve.squares.problem import Problem, modes_in
from gdsolve.solve.start import start_of
from gdsolve.spec import DType, Scale, Spec
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    import torch

    from gdsolve.descent.closed_form import ClosedForm
    from gdsolve.descent.leap import Stop
    from gdsolve.descent.stop import StopRule
    from gdsolve.objective.coordinates import Coordinates
    from gdsolve.objective.modes import Modes


@dataclass(frozen=True, slots=True)
class Run:
    """A problem, the coordinates of descent, and where it starts; `start` is (p, 1), float64."""

    spec: Spec
    problem: Problem
    coordinates: Coordinates
    modes: Modes
    start: torch.Tensor

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the iterates."""
        import torch

        return torch.float32 if self.spec.dtype is DType.FLOAT32 else torch.float64

    @property
    def scale(self) -> Scale:
        """The coordinates of descent as one asks for them."""
        return Scale.STANDARD if self.coordinates is self.problem.standard else Scale.NONE

    def tolerance(self, learning_rate: float) -> float:
        """The tolerance on updates: as asked for, else the default for this rate, the same for every way."""
        from gdsolve.descent.learning_rate import default_tolerance

        if self.spec.tol is not None:
            return self.spec.tol
        return default_tolerance(self.modes, learning_rate, self.dtype, drives=self.spec.auto_rate)

    @property
    def learning_rate(self) -> float:
        """The rate that was asked for, or the best one."""
        return self.modes.spectrum.best if isinstance(self.spec.lr, str | tuple) else self.spec.lr

    def stops(self, tolerance: float) -> tuple[StopRule, ...]:
        """The rules in force.

        Raises:
            GdsolveError: nothing would ever stop the run.
        """
        rules = self.rules(tolerance)
        if len(rules) == 1 and self.spec.max_iter is None:
            raise GdsolveError("tol: with tol 0 and no other rule nothing stops the run", "give --max-iter 1000, say")
        return rules

    def rules(self, tolerance: float) -> tuple[StopRule, ...]:
        """Divergence, and the rules of convergence; a tolerance of 0 is off."""
        from gdsolve.descent.stop import Divergence, SmallGradient, SmallLossChange, SmallUpdate
        from gdsolve.objective.rank import EPSILON

        quadratic = self.modes.quadratic
        # The loss of doing nothing keeps rounding at a perfect start from looking like an explosion.
        floor = 0.5 * EPSILON * quadratic.curvature_scale * float(quadratic.target.square().sum())
        rules: tuple[StopRule, ...] = (Divergence(max(float(quadratic.value(self.start)), floor)),)
        wanted = ((SmallUpdate, tolerance), (SmallLossChange, self.spec.loss_tol), (SmallGradient, self.spec.grad_tol))
        return (*rules, *(rule(threshold) for rule, threshold in wanted if threshold))

    def closed_form(self, rates: Sequence[float]) -> ClosedForm:
        """The closed form of descent at each of `rates`."""
        import torch

        from gdsolve.descent.closed_form import ClosedForm
        from gdsolve.objective.threads import one_thread

        with one_thread():
            tensor = torch.tensor(list(rates), dtype=torch.float64, device=self.start.device)
            return ClosedForm.of(self.modes, self.start, tensor)

    def predict(self, learning_rate: float, stops: tuple[StopRule, ...], max_iter: int | None) -> Stop:
        """Where a run at this rate stops, known before it starts."""
        from gdsolve.descent.leap import find_stops

        (stop,) = find_stops(self.closed_form([learning_rate]), stops, max_iter)
        return stop


def prepare(spec: Spec, problem: Problem, coordinates: Coordinates | None = None) -> Run:
    """The run of `spec` on `problem`, in its coordinates unless others are given."""
    coordinates = coordinates or problem.coordinates
    start = start_of(spec, coordinates, problem.data.roles.design)
    return Run(spec, problem, coordinates, modes_in(spec, problem, coordinates, start), start)
