"""Descent on many groups at once, in closed form: each with its own rate, its own rules and its own k."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.descent.closed_form import ClosedForm
from gdsolve.descent.leap import Stop, best_iterations, find_stops
from gdsolve.descent.learning_rate import TOLERANCE, tightened_tolerances
from gdsolve.descent.stop import Apart, Divergence, SmallUpdate, StopRule
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.group_squares import (
    GroupCoordinates,
    GroupModes,
    decompose_groups,
    find_group_minimisers,
    group_quadratics,
)
from gdsolve.objective.group_triangles import GroupTriangles
from gdsolve.objective.losses import LOSSES
from gdsolve.objective.rank import EPSILON
from gdsolve.objective.spectrum import Spectrum
from gdsolve.solve.rules import convergence_rules
from gdsolve.solve.start import start_of
from gdsolve.spec import Spec
from gdsolve.status import Status


@dataclass(frozen=True, slots=True)
class GroupsReached:
    """Where descent on some groups ended, in the user's units; one entry a group.

    Shapes: `weights` and `minimisers` are (G, p), the intercept last; the other tensors are (G,). `best` counts the
    updates that led to the weights.
    """

    stops: Sequence[Stop]
    best: Sequence[int]
    weights: Tensor
    minimisers: Tensor
    sse: Tensor
    loss: Tensor
    gradient_norm: Tensor
    gap: Tensor
    optimal_sse: Tensor
    optimal_loss: Tensor
    total: Tensor
    rates: Tensor
    tolerances: Tensor
    spectra: Sequence[Spectrum]


def descend_groups(spec: Spec, triangles: GroupTriangles) -> GroupsReached:
    """Fit every group of `triangles`, which hold numbers that can be squared, as `fit` does one table."""
    coordinates, modes, start = _pose(spec, triangles)
    rates = _rates(spec, modes)
    tolerances = _tolerances(spec, modes, rates)
    begun = start[:, 0].expand(len(rates), -1)
    minimum = modes.quadratics.values(modes.minimiser)
    form = ClosedForm.from_modes(modes.eigenvalues, modes.right, modes.gradient, modes.rounding, minimum, rates)
    stops = find_stops(form, _rules(spec, modes, begun, tolerances), spec.max_iter)
    best = [stop.iterations for stop in stops]
    fled = [place for place, stop in enumerate(stops) if stop.status is Status.DIVERGED]
    if fled:
        chosen = torch.tensor(fled, device=rates.device)
        for place, k in zip(fled, best_iterations(form.only(chosen), [best[place] for place in fled]), strict=True):
            best[place] = k
    reached = begun + form.displacements(torch.tensor(list(map(float, best)), dtype=rates.dtype, device=rates.device))
    return _in_units(coordinates, modes, triangles, reached, (stops, best, rates, tolerances))


def _pose(spec: Spec, triangles: GroupTriangles) -> tuple[GroupCoordinates, GroupModes, Tensor]:
    """The coordinates of descent, the modes in them, and the start, (p, 1)."""

    intercept, loss = not spec.no_intercept, LOSSES[spec.loss]
    curvature = triangles.total_weight.reciprocal() if loss.mean else triangles.total_weight.new_ones(())
    scales = (loss.factor * curvature).expand_as(triangles.total_weight)
    standard = GroupCoordinates.standardised(triangles, intercept=intercept)
    ridge, whole = spec.ridge, spec.penalize_intercept
    quadratics = group_quadratics(triangles, standard, scales, raw=False, ridge=ridge, penalize_intercept=whole)
    minimisers = find_group_minimisers(quadratics, standard, triangles.errors(intercept=intercept))
    coordinates = standard
    if not spec.standardise:
        coordinates = GroupCoordinates.raw(triangles, intercept=intercept)
        quadratics = group_quadratics(triangles, coordinates, scales, raw=True, ridge=ridge, penalize_intercept=whole)
    start = _start(spec, coordinates)
    nearest = minimisers.nearest_to(start, coordinates)[:, :, 0]
    return coordinates, decompose_groups(quadratics, nearest, minimisers.rank, start), start


def _start(spec: Spec, coordinates: GroupCoordinates) -> Tensor:
    """The same start, (p, 1), for every group: that of a fit of one table."""

    n = coordinates.scale.shape[1]
    one = Coordinates.raw(n, intercept=coordinates.intercept, device=coordinates.scale.device)
    return start_of(spec, one, ())


def _rates(spec: Spec, modes: GroupModes) -> Tensor:
    """The rate that was asked for, or the best one of every group, (G,)."""

    like = modes.eigenvalues
    if isinstance(spec.lr, float):
        return torch.full_like(like[:, 0], spec.lr)
    return torch.tensor([spectrum.best for spectrum in modes.spectra], dtype=like.dtype, device=like.device)


def _tolerances(spec: Spec, modes: GroupModes, rates: Tensor) -> Tensor:
    """The tolerance on updates, (G,): as asked for, else the default for each rate."""
    if spec.tol is not None or not spec.auto_rate:
        return torch.full_like(rates, TOLERANCE[torch.float64] if spec.tol is None else spec.tol)
    smallest = [spectrum.smallest for spectrum in modes.spectra]
    return tightened_tolerances(modes.minimiser, rates * torch.tensor(smallest, dtype=rates.dtype, device=rates.device))


def _rules(spec: Spec, modes: GroupModes, start: Tensor, tolerances: Tensor) -> tuple[StopRule, ...]:
    """Divergence, relative to each group's loss at `start`, (G, p), and the rules of convergence that are on."""

    quadratics = modes.quadratics
    squares = quadratics.target[:, : quadratics.height, 0].square().sum(dim=1)
    # The loss of doing nothing keeps rounding at a perfect start from looking like an explosion.
    reference = quadratics.values(start).maximum(0.5 * EPSILON * quadratics.curvature_scale * squares)
    rules: list[StopRule] = [Apart(Divergence(1.0), Divergence(1.0).threshold * reference)]
    if spec.tol != 0.0:
        rules.append(Apart(SmallUpdate(0.0), tolerances))
    return (*rules, *convergence_rules(spec, 0.0))


def _in_units(
    coordinates: GroupCoordinates,
    modes: GroupModes,
    triangles: GroupTriangles,
    reached: Tensor,
    course: tuple[Sequence[Stop], Sequence[int], Tensor, Tensor],
) -> GroupsReached:
    """What was `reached`, (G, p) in descent's coordinates, with its figures, in the user's units."""
    stops, best, rates, tolerances = course
    unit, quadratics = coordinates.target_scale.square(), modes.quadratics
    sse, _ = quadratics.squares(reached)
    optimal_sse, _ = quadratics.squares(modes.minimiser)
    return GroupsReached(
        stops,
        best,
        coordinates.to_user(reached[:, :, None])[:, :, 0],
        coordinates.to_user(modes.minimiser[:, :, None])[:, :, 0],
        sse * unit,
        quadratics.values(reached) * unit,
        quadratics.gradient_norms(reached),
        quadratics.gaps(reached, modes.minimiser) * unit,
        optimal_sse * unit,
        quadratics.values(modes.minimiser) * unit,
        triangles.total_sum_of_squares(intercept=coordinates.intercept),
        rates,
        tolerances,
        modes.spectra,
    )
