"""What `certify` returns: given weights beside the optimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdsolve.presented import Tabled
from gdsolve.solve.outcome import Figures, Optimum, Subject
from gdsolve.spec import Spec
from gdsolve.spec.command import Advice
from gdsolve.status import ExitCode

if TYPE_CHECKING:
    from gdsolve.objective.spectrum import Spectrum
    from gdsolve.solve.data import DataInfo


@dataclass(frozen=True, slots=True, repr=False)
class Certified(Tabled):
    """Given weights beside the optimum, all in the user's units, the norm of the gradient too.

    `name` is where the weights are from. `relative_gap` is the gap as a share of the loss at the optimum, and `digits`
    are those that every weight has in common with the optimum; None where there is no optimum, or no such number.
    `duality_gap` bounds the gap of weights with an l1 penalty.
    """

    spec: Spec
    name: str
    subject: Subject
    weights: dict[str, float]
    intercept: float | None
    figures: Figures
    optimum: Optimum | None
    gap: float | None
    relative_gap: float | None
    duality_gap: float | None
    digits: float | None
    spectrum: Spectrum | None
    data: DataInfo | None
    delta_found: bool
    message: str
    advice: tuple[Advice, ...]
    seconds: dict[str, float]
    exit_code: ExitCode = ExitCode.OK
    picture: None = None

    @property
    def sse(self) -> float | None:
        """‖Xw − y‖²; None for an objective without residuals."""
        return self.figures.sse

    @property
    def loss(self) -> float:
        """The loss, penalty included."""
        return self.figures.loss

    @property
    def rmse(self) -> float | None:
        """The root of the mean squared residual; None for an objective without residuals."""
        return self.figures.rmse

    @property
    def r2(self) -> float | None:
        """R² = 1 − SSE/Σω(y − ȳ)²; None of classes and counts, and for a constant target."""
        return self.figures.r2
