"""What `fit` returns: what was reached, and how far that is from the optimum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gdsolve.class_names import intercept_names
from gdsolve.presented import Drawn, Kept, Predicting, Tabled, presenter
from gdsolve.solve.data import DataInfo
from gdsolve.solve.found_start import FoundStart
from gdsolve.solve.validation import FoundStrength, Holdout, Validation
from gdsolve.spec import DType, Engine, Loss, Method, PlotKind, RateSchedule, Spec
from gdsolve.status import ExitCode, GdsolveError, Status

if TYPE_CHECKING:
    import torch

    from gdsolve.descent.solution import Trace
    from gdsolve.objective.inference import Inference
    from gdsolve.objective.spectrum import Spectrum
    from gdsolve.picture import Picture
    from gdsolve.solve.online import Online
    from gdsolve.solve.plan import Plan
    from gdsolve.solve.start_counts import Starts


@dataclass(frozen=True, slots=True)
class Subject:
    """What is minimised: `kind` is linear, curve or formula; `formula` is None for a linear model."""

    kind: str
    formula: str | None


@dataclass(frozen=True, slots=True)
class Optimum:
    """The minimiser and its value, in the user's units; of minimum norm in descent's coordinates if not unique.

    `is_global` is False for a minimum that is known to be one near by alone. `ranges` are the least and largest value
    of each weight, by name, the intercept last, over all minima where there are more than one and that is known.
    """

    weights: dict[str, float]
    intercept: float | None
    sse: float | None
    loss: float
    unique: bool
    is_global: bool = True
    ranges: dict[str, tuple[float, float]] | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What an iterate is worth: SSE, loss with penalty, root mean square error, R² (None for a constant target).

    SSE and what follows from it are None for an objective without residuals. `accuracy` is the share of rows whose
    class has the larger probability and `log_loss` the mean of minus the logarithm of that of their own; `deviance`,
    of counts, is 2·Σω(y·log(y/μ) − y + μ). Of Huber's loss the rows with residuals beyond and within δ are counted.
    `auc` is the area under the ROC curve, of several classes the mean over each against all others, and `auc_reason`
    why there is none; `confusion` has Σω by the class of a row, then by the one of largest probability.
    """

    sse: float | None
    loss: float
    rmse: float | None
    r2: float | None
    gradient_norm: float
    adjusted_r2: float | None = None
    accuracy: float | None = None
    log_loss: float | None = None
    deviance: float | None = None
    rows_beyond_delta: int | None = None
    rows_within_delta: int | None = None
    auc: float | None = None
    auc_reason: str | None = None
    confusion: tuple[tuple[float, ...], ...] | None = None

    @property
    def share_beyond_delta(self) -> float | None:
        """The share of the rows that Huber's loss takes by their absolute value."""
        if self.rows_beyond_delta is None or self.rows_within_delta is None:
            return None
        return self.rows_beyond_delta / (self.rows_beyond_delta + self.rows_within_delta)


def adjusted(r2: float | None, observations: float, parameters: int, *, intercept: bool) -> float | None:
    """1 − (1 − R²)·(N − 1)/(N − p), without intercept N/(N − p), of N observations; None if no freedom is left.

    Source: Theil, Economic Forecasts and Policy, 2nd ed., section 6.2.
    """
    if r2 is None or observations <= parameters:
        return None
    return 1.0 - (1.0 - r2) * (observations - intercept) / (observations - parameters)


def parameter_names(labels: Iterable[str], *, intercept: bool) -> list[str]:
    """The names of the weights and of the intercept, which gives way to a column of that name."""
    names = list(labels)
    if not intercept:
        return names
    name = "intercept"
    while name in names:
        name = f"({name})"
    return [*names, name]


def reported(trace: Trace, spec: Spec) -> Trace:
    """The trace of a run; empty where no iteration is to be reported."""
    from gdsolve.descent.solution import Trace

    return Trace((), trace.weights[:, :0], (), (), (), ()) if spec.every == "none" else trace


def has_errors(spec: Spec, status: Status) -> bool:
    """True where standard errors are worth working out: where the run has converged, or where a report says why not."""
    return spec.report or status is Status.CONVERGED


@dataclass(frozen=True, slots=True)
class Kink:
    """Where a slope jumps: the slopes along `parameter` on its left and on its right, in the user's units."""

    parameter: str
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class GradientCheck:
    """The gradient beside differences of the loss, at one iterate, along the parameter where they differ most.

    `allowed` is what the differences may err by. `agrees` is None where nothing is finite that could be compared. Along
    the parameters of `kinks` the slope jumps, and they agree where the gradient is between the slopes on both sides.
    """

    iteration: int
    largest_difference: float | None
    allowed: float | None
    agrees: bool | None
    parameter: str | None = None
    kinks: tuple[Kink, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldWeight:
    """The bounds of a weight, in the user's units, None for none; `at` is lower or upper where it stands at one.

    `multiplier` is by how much the loss rises for every unit away from that bound, 0 or more at a minimum: how much it
    would fall, to first order, if the bound gave way by as much.
    """

    lower: float | None
    upper: float | None
    at: str | None
    multiplier: float | None


@dataclass(frozen=True, slots=True, repr=False)
class Fit(Drawn, Predicting, Tabled):
    """What was reached, in the user's units, with its certificate (docs/design.md, section 4).

    `w` is (p, 1), the intercept last; losses, SSE and gap are in the units of the file, gradient norms, updates and
    tolerances in the coordinates in which descent ran. `predicted_iterations` was known before the run;
    `checkpoint_error` is why the last checkpoint could not be written. `errors` are those of the weights, None where
    the run has not converged and no report on them was asked for. `delta_found` tells that Huber's δ, which `spec` has,
    was found, and `found` how the strength of a penalty was. `duality_gap` bounds the gap of a fit with an l1 penalty,
    and needs no minimum. `bounds` has the weights that have bounds. `kept` draws pictures that were not asked for,
    where the problem is small. A figure that the loss has not is None, as in JSON.
    """

    spec: Spec
    subject: Subject
    w: torch.Tensor
    status: Status
    stopped_by: str | None
    iterations: int
    best_iteration: int
    evaluations: int
    trace: Trace
    weights: dict[str, float]
    intercept: float | None
    figures: Figures
    learning_rate: float | None
    max_iter: int | None
    tol: float
    optimum: Optimum | None
    gap: float | None
    spectrum: Spectrum | None
    predicted_iterations: int | None
    method: Method
    schedule: RateSchedule
    momentum: float | None
    plan: Plan
    device: str
    data: DataInfo | None
    message: str
    advice: tuple[str, ...]
    seconds: dict[str, float]
    errors: Inference | None = None
    gradient_checks: tuple[GradientCheck, ...] = ()
    stable_below: float | None = None
    delta_found: bool = False
    duality_gap: float | None = None
    fixed: Mapping[str, float] = field(default_factory=dict)
    checkpoint_error: GdsolveError | None = None
    pictures: Mapping[PlotKind, Picture] = field(default_factory=dict)
    validation: Validation | None = None
    holdout: Holdout | None = None
    found: FoundStrength | None = None
    bounds: Mapping[str, HeldWeight] = field(default_factory=dict)
    starts: Starts | None = None
    found_start: FoundStart | None = None
    online: Online | None = None
    kept: Kept | None = field(default=None, compare=False)

    def drawn(self, pictures: Mapping[PlotKind, Picture]) -> Fit:
        """The same, with its pictures."""
        return replace(self, pictures=pictures)

    def report(self) -> Any:
        """Standard errors, tests and intervals as `fit --report` prints them, to look at; `frame()` of it has the rows.

        The figures themselves are in `errors`; what is missing there, with the reason, is told here as well.
        """
        return presenter().printed(self)

    @property
    def inference(self) -> Inference | None:
        """Intervals and tests of the weights, if they were asked for."""
        return self.errors if self.spec.report else None

    @property
    def standard_errors(self) -> dict[str, float | None]:
        """The standard error of every weight by name, the intercept last; None where there is none."""
        names = parameter_names(self.weights, intercept=self.intercept is not None)
        if self.errors is None or self.status is not Status.CONVERGED:
            return dict.fromkeys(names)
        return {one.name: one.standard_error for one in self.errors.estimates}

    @property
    def nonzero(self) -> int | None:
        """How many weights beside the intercept an l1 penalty has left other than zero; None without one."""
        if not self.spec.l1:
            return None
        classes = None if self.data is None or self.spec.loss is not Loss.SOFTMAX else self.data.classes
        apart = frozenset[str]()
        if classes is not None and self.data is not None:
            apart = intercept_names(self.data.roles.design, classes.names)
        return sum(weight != 0.0 for name, weight in self.weights.items() if name not in apart)

    @property
    def picture(self) -> Picture | None:
        """The picture that was asked for, if one was."""
        return next(iter(self.pictures.values()), None)

    @property
    def sse(self) -> float | None:
        """‖Xw − y‖²; None for an objective without residuals."""
        return self.figures.sse

    @property
    def r2(self) -> float | None:
        """R² = 1 − SSE/Σω(y − ȳ)²; None of classes and counts, and for a constant target."""
        return self.figures.r2

    @property
    def adjusted_r2(self) -> float | None:
        """R² that allows for the number of weights; None where there is no R², or no freedom is left."""
        return self.figures.adjusted_r2

    @property
    def rmse(self) -> float | None:
        """The root of the mean squared residual; None for an objective without residuals."""
        return self.figures.rmse

    @property
    def accuracy(self) -> float | None:
        """The share of rows whose own class is the one predicted; None but of classes."""
        return self.figures.accuracy

    @property
    def log_loss(self) -> float | None:
        """The mean of −log p, p the probability of the row's own class; None where there is none."""
        return self.figures.log_loss

    @property
    def auc(self) -> float | None:
        """The area under the ROC curve; None but of classes."""
        return self.figures.auc

    @property
    def deviance(self) -> float | None:
        """The deviance; None but of counts and positive targets."""
        return self.figures.deviance

    @property
    def gradient_norm(self) -> float:
        """‖∇L‖₂ where the run ended, in the coordinates in which it ran."""
        return self.figures.gradient_norm

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes of the target, in order; None where it is a number."""
        known = None if self.data is None else self.data.classes
        return None if known is None else tuple(known.names)

    @property
    def confusion(self) -> tuple[tuple[float, ...], ...] | None:
        """Σω by the class of a row, then by the one of largest probability; None but of classes."""
        return self.figures.confusion

    @property
    def converged(self) -> bool:
        """True where a stopping rule was met."""
        return self.status is Status.CONVERGED

    @property
    def loss(self) -> float:
        """The loss, penalty included."""
        return self.figures.loss

    @property
    def value(self) -> float:
        """The same as `loss`: the objective at `w`."""
        return self.figures.loss

    @property
    def computed_in(self) -> DType:
        """The precision of the iterates: the closed form has only one, whatever that of the data."""
        return DType.FLOAT64 if self.plan.engine is Engine.LEAP else self.spec.dtype

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that the command line gives for this result."""
        return self.status.exit_code
