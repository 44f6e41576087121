"""What a picture is made of: an objective, the descents on it, and what is known of both, whichever way they came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from gdsolve.descent.leap import Form
from gdsolve.descent.solution import Solution
from gdsolve.objective.modes import Modes
from gdsolve.picture import Axis
from gdsolve.solve.certify import gap_at
from gdsolve.solve.minimum import Minimum
from gdsolve.solve.outcome import parameter_names
from gdsolve.solve.problem import Kind, Problem, Units
from gdsolve.solve.validation import Validation
from gdsolve.spec import Spec
from gdsolve.spec.losses import LossUnit, Mean
from gdsolve.status import Status

MOST_POINTS = 160
FIRST = 20
MOST_REPORTED, EACH_REPORTED = 600, 300


@dataclass(frozen=True, slots=True)
class Snapshots:
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
    """A problem in descent's coordinates, as pictures look at it; values are in the user's units.

    `values`, `errors` and `gaps` take weights (p, q) and give (q,), the latter two None where there is no such figure;
    `gradient` takes and gives (p, 1); `hessian` is that of a quadratic or at the minimum, made where it is needed.
    `names` are those of the weights, the intercept's among them; `target` is None for a formula.
    """

    problem: Problem
    names: tuple[str, ...]
    features: tuple[str, ...]
    target: str | None
    values: Callable[[torch.Tensor], torch.Tensor]
    errors: Callable[[torch.Tensor], torch.Tensor | None]
    gaps: Callable[[torch.Tensor], torch.Tensor | None]
    gradient: Callable[[torch.Tensor], torch.Tensor]
    minimiser: torch.Tensor | None
    hessian: Callable[[], torch.Tensor | None]
    rows: int = 0

    @property
    def spec(self) -> Spec:
        """What was asked for."""
        return self.problem.spec

    @property
    def start(self) -> torch.Tensor:
        """Where descent starts, (p, 1)."""
        return self.problem.start

    @property
    def units(self) -> Units:
        """The map to the user's units."""
        return self.problem.units

    @property
    def intercept(self) -> bool:
        """True where the last weight is an intercept."""
        return self.problem.intercept

    @property
    def modes(self) -> Modes | None:
        """Those of a quadratic."""
        return self.problem.modes

    @property
    def unit(self) -> float:
        """What a loss in descent's coordinates counts for in the user's."""
        return self.problem.loss_unit

    @property
    def sample(self) -> np.ndarray | None:
        """Rows of the table, (r, n + 1), features and then the target, where the picture shows them."""
        return self.problem.sample

    @property
    def loss_unit(self) -> str:
        """The unit of the loss, named after the target."""
        unit = self.spec.loss.info.unit
        if self.target is None or self.spec.minimize is not None or unit is LossUnit.NONE:
            return ""
        return self.target if unit is LossUnit.PLAIN else f"{self.target}²"

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
        if self.spec.mean is not Mean.IDENTITY:
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

    def states_of(self, solution: Solution, most: int = MOST_REPORTED, each: int = EACH_REPORTED) -> Snapshots:
        """The reported iterations of a run: the first `each` of them all, and `most` at most."""
        trace = solution.trace
        # A long trace is thinned: more points than a picture has dots tell nothing.
        chosen = spaced(len(trace.iterations) - 1, most, each)
        weights = trace.weights[:, chosen]
        gaps = self.gaps(weights)
        sse = [trace.sse[place] for place in chosen]
        return Snapshots(
            tuple(trace.iterations[place] for place in chosen),
            weights,
            tuple(trace.values[place] * self.unit for place in chosen),
            None if None in sse else tuple(one * self.unit for one in sse if one is not None),
            None if gaps is None else tuple(gaps.tolist()),
            tuple(trace.gradient_norms[place] for place in chosen),
        )

    def states_from(self, form: Form, iterations: Sequence[int]) -> Snapshots:
        """The states after these numbers of updates, from the closed form."""

        assert self.modes is not None
        start = self.start.to(self.modes.minimiser)
        k = torch.tensor([float(one) for one in iterations], dtype=start.dtype, device=start.device)
        repeated = form.only(torch.zeros(len(k), dtype=torch.long, device=start.device))
        weights = start + repeated.displacements(k).mT
        errors, gaps = self.errors(weights), self.gaps(weights)
        return Snapshots(
            tuple(iterations),
            weights,
            tuple(self.values(weights).tolist()),
            None if errors is None else tuple(errors.tolist()),
            None if gaps is None else tuple(gaps.tolist()),
            tuple(repeated.gradient_norms(k).tolist()),
        )


@dataclass(frozen=True, slots=True)
class Track:
    """One descent on a scene: how it ended, its closed form where there is one, and what validation found.

    `again` takes its first updates once more and reports every one of them; None where they cannot be taken again.
    """

    name: str
    solution: Solution
    learning_rate: float | None
    form: Form | None = None
    predicted: int | None = None
    validation: Validation | None = None
    again: Callable[[int], Solution] | None = None

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


def joined_with(first: Snapshots, others: Snapshots) -> Snapshots:
    """Some states and those of `others` that come after them."""
    later = [place for place, k in enumerate(others.iterations) if k > first.iterations[-1]]

    def added(own: tuple[float, ...] | None, more: tuple[float, ...] | None) -> tuple[float, ...] | None:
        return None if own is None or more is None else (*own, *(more[place] for place in later))

    return Snapshots(
        (*first.iterations, *(others.iterations[place] for place in later)),
        torch.cat([first.weights, others.weights[:, later]], dim=1),
        added(first.loss, others.loss) or (),
        added(first.sse, others.sse),
        added(first.gap, others.gap),
        added(first.gradient_norms, others.gradient_norms) or (),
    )


def spaced(last: int, most: int = MOST_POINTS, first: int = FIRST) -> list[int]:
    """Numbers of updates from 0 to `last`: the first ones all, then evenly on a log scale."""
    if last <= first:
        return list(range(last + 1))
    ratio = last / first
    count = max(1, most - first)
    # Of whole numbers beyond 2⁵³ a power of a float is as near as any.
    grown = (round(first * ratio ** (step / count)) for step in range(1, count))
    return sorted({*range(first + 1), *(k for k in grown if k < last), last})


def scene_of(problem: Problem, minimum: Minimum | None) -> Scene:
    """A problem as pictures look at it, with the minimum that was found near the end of a run."""
    unit, modes = problem.loss_unit, problem.modes
    objective = problem.objective if problem.shrinkage is None else problem.bounded
    squares, data = problem.squares, problem.data

    def here(weights: torch.Tensor) -> torch.Tensor:
        return weights.to(problem.start)

    def values(weights: torch.Tensor) -> torch.Tensor:
        if squares is not None and modes is not None:
            return modes.quadratic.value(here(weights)) * unit
        if modes is not None and minimum is not None:
            return minimum.value * unit + modes.gap(weights.to(modes.minimiser)) * unit
        found = [objective.evaluate(w[:, None]).value.detach().to(torch.float64) for w in here(weights).mT]
        return torch.stack(found) * unit

    def errors(weights: torch.Tensor) -> torch.Tensor | None:
        found = objective.sse(here(weights))
        return None if found is None else found * unit

    def gaps(weights: torch.Tensor) -> torch.Tensor | None:
        if modes is not None:
            return modes.gap(weights.to(modes.minimiser)) * unit
        if minimum is None:
            return None
        pairs = zip(here(weights).mT, values(weights).tolist(), strict=True)
        gap = partial(gap_at, problem, minimum=minimum)
        return torch.tensor([gap(w[:, None], value / unit) * unit for w, value in pairs], dtype=torch.float64)

    known = modes.minimiser if squares is not None and modes is not None else None
    return Scene(
        problem=problem,
        names=tuple(parameter_names(problem.labels, intercept=problem.intercept)),
        features=problem.labels if problem.kind is Kind.LINEAR else (),
        target=None if data is None else data.roles.target,
        values=values,
        errors=errors,
        gaps=gaps,
        gradient=lambda w: problem.bounded.evaluate(here(w)).gradient,
        minimiser=known if minimum is None else minimum.w,
        hessian=lambda: None if minimum is None else _hessian(modes, minimum),
        rows=0 if data is None else data.rows,
    )


def _hessian(modes: Modes | None, minimum: Minimum) -> torch.Tensor | None:
    """∇²L at a minimum, (p, p): of a quadratic it is formed for a picture alone."""
    return minimum.hessian if modes is None else modes.quadratic.hessian(minimum.w)
