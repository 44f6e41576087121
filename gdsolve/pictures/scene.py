"""What a picture is made of: an objective, the descents on it, and what is known of both, whichever way they came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gdsolve.picture import Axis
from gdsolve.solve.posed.problem import Units
from gdsolve.spec import Loss, Spec
from gdsolve.status import Status

if TYPE_CHECKING:
    import numpy as np
    import torch

    from gdsolve.descent.leap import Form
    from gdsolve.descent.solution import Solution
    from gdsolve.objective.modes import Modes
    from gdsolve.solve.posed.polish import Minimum
    from gdsolve.solve.posed.problem import Posed
    from gdsolve.solve.squares.run import Run

MOST_POINTS = 160
FIRST = 20
MOST_REPORTED, EACH_REPORTED = 600, 300
SQUARED_UNITS = (Loss.HALF_MSE, Loss.MSE, Loss.SSE, Loss.HUBER)
PLAIN_UNITS = (Loss.ABSOLUTE, Loss.QUANTILE)


@dataclass(frozen=True, slots=True)
class States:
    """States of a descent after `iterations` updates: weights (p, R) in descent's coordinates, the others in R.

    `loss`, `sse` and `gap` are in the user's units; None where they do not exist.
    """

    iterations: tuple[int, ...]
    weights: torch.Tensor
    loss: tuple[float, ...]
    sse: tuple[float, ...] | None
    gap: tuple[float, ...] | None
    gradient_norms: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """An objective in descent's coordinates, as pictures look at it; values are in the user's units.

    `values`, `errors` and `gaps` take weights (p, q) and give (q,), the latter two None where there is no such figure;
    `gradient` takes and gives (p, 1); `hessian` is that of a quadratic or at the minimum, made where it is needed.
    `names` are those of the weights, the intercept's among them; `target` is None for a formula; `unit` is what a loss
    in descent's coordinates counts for in the user's. `sample` holds rows (r, n + 1), features and then the target,
    where the picture shows them.
    """

    spec: Spec
    names: tuple[str, ...]
    features: tuple[str, ...]
    intercept: bool
    target: str | None
    units: Units
    start: torch.Tensor
    values: Callable[[torch.Tensor], torch.Tensor]
    errors: Callable[[torch.Tensor], torch.Tensor | None]
    gaps: Callable[[torch.Tensor], torch.Tensor | None]
    gradient: Callable[[torch.Tensor], torch.Tensor]
    modes: Modes | None
    minimiser: torch.Tensor | None
    hessian: Callable[[], torch.Tensor | None]
    unit: float = 1.0
    rows: int = 0
    sample: np.ndarray | None = None
    posed: Posed | None = field(default=None)

    @property
    def loss_unit(self) -> str:
        """The unit of the loss, named after the target."""
        if self.target is None or self.spec.minimize is not None:
            return ""
        unit = self.target if self.spec.loss in PLAIN_UNITS else f"{self.target}²"
        return unit if self.spec.loss in (*SQUARED_UNITS, *PLAIN_UNITS) else ""

    def weight_axis(self, place: int) -> Axis:
        """An axis for one weight in the user's units."""
        linear = self.spec.minimize is None and self.spec.model is None
        name = self.names[place]
        constant = self.intercept and place == len(self.names) - 1
        return Axis(f"weight of {name}" if linear and not constant else name, self.weight_unit(place))

    def weight_unit(self, place: int) -> str:
        """The unit of a weight of a linear model; nothing for a parameter of a formula."""
        if self.target is None or self.spec.minimize is not None or self.spec.model is not None:
            return ""
        if self.spec.loss in (Loss.LOGISTIC, Loss.POISSON):
            return "" if self.intercept and place == len(self.names) - 1 else f"1/{self.names[place]}"
        if self.intercept and place == len(self.names) - 1:
            return self.target
        return f"{self.target}/{self.names[place]}"

    @property
    def coordinates(self) -> str:
        """Where descent runs, as a unit of gradient norms."""
        spec = self.spec
        if not spec.standardise:
            return ""
        linear = spec.minimize is None and spec.model is None
        return "standardised columns" if linear else "parameters in units of their start"

    def states_of(self, solution: Solution) -> States:
        """The reported iterations of a run."""
        trace = solution.trace
        # A long trace is thinned: more points than a picture has dots tell nothing.
        chosen = spaced(len(trace.iterations) - 1, MOST_REPORTED, EACH_REPORTED)
        weights = trace.weights[:, chosen]
        gaps = self.gaps(weights)
        sse = [trace.sse[place] for place in chosen]
        return States(
            tuple(trace.iterations[place] for place in chosen),
            weights,
            tuple(trace.values[place] * self.unit for place in chosen),
            None if None in sse else tuple(one * self.unit for one in sse if one is not None),
            None if gaps is None else tuple(gaps.tolist()),
            tuple(trace.gradient_norms[place] for place in chosen),
        )

    def states_from(self, form: Form, iterations: Sequence[int]) -> States:
        """The states after these numbers of updates, from the closed form."""
        import torch

        assert self.modes is not None
        start = self.start.to(self.modes.minimiser)
        k = torch.tensor([float(one) for one in iterations], dtype=start.dtype, device=start.device)
        repeated = form.only(torch.zeros(len(k), dtype=torch.long, device=start.device))
        weights = start + repeated.displacements(k).mT
        errors, gaps = self.errors(weights), self.gaps(weights)
        return States(
            tuple(iterations),
            weights,
            tuple(self.values(weights).tolist()),
            None if errors is None else tuple(errors.tolist()),
            None if gaps is None else tuple(gaps.tolist()),
            tuple(repeated.gradient_norms(k).tolist()),
        )


@dataclass(frozen=True, slots=True)
class Track:
    """One descent on a scene: how it ended, and its closed form where there is one."""

    name: str
    solution: Solution
    learning_rate: float | None
    form: Form | None = None
    predicted: int | None = None

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        one = self.solution
        updates = f"{one.iterations:,} update{'' if one.iterations == 1 else 's'}"
        if one.status is Status.CONVERGED:
            return f"converged after {updates}" + (f" ({one.stopped_by})" if one.stopped_by else "")
        if one.status is Status.MAX_ITER:
            return f"not converged after {updates}"
        return f"{one.status.value.replace('_', ' ')} after {updates}"


def spaced(last: int, most: int = MOST_POINTS, first: int = FIRST) -> list[int]:
    """Numbers of updates from 0 to `last`: the first ones all, then evenly on a log scale."""
    if last <= first:
        return list(range(last + 1))
    ratio = last / first
    count = max(1, most - first)
    # Of whole numbers beyond 2⁵³ a power of a float is as near as any.
    grown = (round(first * ratio ** (step / count)) for step in range(1, count))
    return sorted({*range(first + 1), *(k for k in grown if k < last), last})


def scene_of_run(run: Run) -> Scene:
    """Least squares on a table."""
    from gdsolve.solve.outcome import parameter_names

    quadratic, unit = run.modes.quadratic, run.coordinates.target_scale**2
    roles = run.problem.data.roles

    def here(weights: torch.Tensor) -> torch.Tensor:
        return weights.to(run.start)

    return Scene(
        spec=run.spec,
        names=tuple(parameter_names(run.problem.data.roles.design, intercept=run.coordinates.intercept)),
        features=tuple(roles.design),
        intercept=run.coordinates.intercept,
        target=roles.target,
        units=run.coordinates,
        start=run.start,
        values=lambda weights: quadratic.value(here(weights)) * unit,
        errors=lambda weights: quadratic.sse(here(weights)) * unit,
        gaps=lambda weights: run.modes.gap(here(weights)) * unit,
        gradient=lambda w: quadratic.evaluate(here(w)).gradient,
        modes=run.modes,
        minimiser=run.modes.minimiser,
        hessian=lambda: quadratic.hessian(run.start),
        unit=unit,
        rows=run.problem.data.rows,
        sample=run.problem.sample,
    )


def scene_of_posed(posed: Posed, minimum: Minimum | None) -> Scene:
    """Anything else: a formula, a curve, another loss or another method."""
    from gdsolve.solve.posed.descend import bounded
    from gdsolve.solve.posed.problem import loss_unit

    unit, objective, modes = loss_unit(posed), posed.objective, posed.modes

    def here(weights: torch.Tensor) -> torch.Tensor:
        return weights.to(posed.start)

    def values(weights: torch.Tensor) -> torch.Tensor:
        import torch

        if modes is not None and minimum is not None:
            return minimum.value * unit + modes.gap(weights.to(modes.minimiser)) * unit
        found = [objective.evaluate(w[:, None]).value.detach().to(torch.float64) for w in here(weights).mT]
        return torch.stack(found) * unit

    def errors(weights: torch.Tensor) -> torch.Tensor | None:
        found = objective.sse(here(weights))
        return None if found is None else found * unit

    def gaps(weights: torch.Tensor) -> torch.Tensor | None:
        import torch

        if modes is not None:
            return modes.gap(weights.to(modes.minimiser)) * unit
        if minimum is None:
            return None
        pairs = zip(here(weights).mT, values(weights).tolist(), strict=True)
        return torch.tensor([minimum.gap(w[:, None], value / unit) * unit for w, value in pairs], dtype=torch.float64)

    names = (*posed.labels, *(["intercept"] if posed.intercept else []))
    return Scene(
        spec=posed.spec,
        names=names,
        features=posed.labels if posed.kind.value == "linear" else (),
        intercept=posed.intercept,
        target=posed.data.roles.target if posed.data is not None else None,
        units=posed.units,
        start=posed.start,
        values=values,
        errors=errors,
        gaps=gaps,
        gradient=lambda w: bounded(posed).evaluate(here(w)).gradient,
        modes=modes,
        minimiser=None if minimum is None else minimum.w,
        hessian=lambda: None if minimum is None else minimum.hessian,
        unit=unit,
        rows=posed.data.rows if posed.data is not None else 0,
        sample=posed.sample,
        posed=posed,
    )
