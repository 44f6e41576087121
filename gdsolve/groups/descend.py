"""Descent on many groups at once, in closed form: each with its own rate, its own rules and its own k."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdsolve.descent.closed_form import ClosedForm
from gdsolve.descent.ends import Stop, best_iterations, find_ends
from gdsolve.descent.stop import Apart, Divergence, SmallUpdate, StopRule
from gdsolve.descent.tolerances import USUAL_TOLERANCE, tightened_tolerances
from gdsolve.objective.group_squares import (
    GroupCoordinates,
    GroupModes,
    decompose_groups,
    find_group_minimisers,
    group_quadratics,
)
from gdsolve.objective.group_triangles import GroupTriangles
from gdsolve.objective.losses import LOSSES
from gdsolve.objective.namespace import Array, beside, namespace
from gdsolve.objective.rank import EPSILON
from gdsolve.objective.spectrum import Spectrum
from gdsolve.solve.convergence import convergence_rules
from gdsolve.spec import Spec
from gdsolve.status import Status


@dataclass(frozen=True, slots=True)
class GroupsReached:
    """Where descent on some groups ended, in the user's units; one entry a group.

    Shapes: `weights` and `minimisers` are (G, p), the intercept last; the other arrays are (G,). `best` counts the
    updates that led to the weights.
    """

    stops: Sequence[Stop]
    best: Sequence[int]
    weights: Array
    minimisers: Array
    sse: Array
    loss: Array
    gradient_norm: Array
    gap: Array
    optimal_sse: Array
    optimal_loss: Array
    total: Array
    rates: Array
    tolerances: Array
    spectra: Sequence[Spectrum]


def descend_groups(spec: Spec, triangles: GroupTriangles) -> GroupsReached:
    """Fit every group of `triangles`, which hold numbers that can be squared, as `fit` does one table."""
    coordinates, modes, start = _pose(spec, triangles)
    rates = _rates(spec, modes)
    tolerances = _tolerances(spec, modes, rates)
    begun = namespace(start).broadcast_to(start[:, 0], (len(rates), len(start)))
    minimum = modes.quadratics.values(modes.minimiser)
    form = ClosedForm.from_modes(modes.eigenvalues, modes.right, modes.gradient, modes.rounding, minimum, rates)
    stops = find_ends(form, _rules(spec, modes, begun, tolerances), spec.max_iter)
    best = [stop.iterations for stop in stops]
    fled = [place for place, stop in enumerate(stops) if stop.status is Status.DIVERGED]
    if fled:
        for place, k in zip(fled, best_iterations(form.only(fled), [best[place] for place in fled]), strict=True):
            best[place] = k
    reached = begun + form.displacements(beside(list(map(float, best)), rates))
    return _in_units(coordinates, modes, triangles, reached, (stops, best, rates, tolerances))


def _pose(spec: Spec, triangles: GroupTriangles) -> tuple[GroupCoordinates, GroupModes, Array]:
    """The coordinates of descent, the modes in them, and the start, (p, 1)."""

    intercept, loss = not spec.no_intercept, LOSSES[spec.loss]
    weights = triangles.total_weight
    scales = loss.factor / weights if loss.mean else loss.factor + 0.0 * weights
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
    modes = decompose_groups(quadratics, nearest, minimisers, start, standard=spec.standardise)
    return coordinates, modes, start


def _start(spec: Spec, coordinates: GroupCoordinates) -> Array:
    """The same start, (p, 1), for every group: that of a fit of one table."""
    scale = coordinates.scale
    if spec.init == "zeros":
        return beside([0.0] * coordinates.p, scale)[:, None]
    import torch

    from gdsolve.objective.coordinates import Coordinates
    from gdsolve.solve.start import start_of

    one = Coordinates.raw(scale.shape[1], intercept=coordinates.intercept, device=torch.device("cpu"))
    return beside(start_of(spec, one, ())[:, 0].tolist(), scale)[:, None]


def _rates(spec: Spec, modes: GroupModes) -> Array:
    """The rate that was asked for, or the best one of every group, (G,): see `Spectrum.best`."""
    xp = namespace(modes.largest)
    if isinstance(spec.lr, float):
        return xp.full_like(modes.largest, spec.lr)
    largest = xp.where(modes.rank > 0, modes.largest, 1.0)
    best = xp.minimum(2.0 / (largest + modes.smallest), (2.0 - 2e-8) / largest)
    return xp.where(modes.rank > 0, best, 1.0)


def _tolerances(spec: Spec, modes: GroupModes, rates: Array) -> Array:
    """The tolerance on updates, (G,): as asked for, else the default for each rate."""
    if spec.tol is not None or not spec.auto_rate:
        return namespace(rates).full_like(rates, USUAL_TOLERANCE if spec.tol is None else spec.tol)
    return tightened_tolerances(modes.minimiser, rates * modes.smallest)


def _rules(spec: Spec, modes: GroupModes, start: Array, tolerances: Array) -> tuple[StopRule, ...]:
    """Divergence, relative to each group's loss at `start`, (G, p), and the rules of convergence that are on."""

    quadratics = modes.quadratics
    squares = (quadratics.target[:, : quadratics.height, 0] ** 2).sum(axis=1)
    # The loss of doing nothing keeps rounding at a perfect start from looking like an explosion.
    reference = namespace(squares).maximum(
        quadratics.values(start), 0.5 * EPSILON * quadratics.curvature_scale * squares
    )
    rules: list[StopRule] = [Apart(Divergence(1.0), Divergence(1.0).threshold * reference)]
    if spec.tol != 0.0:
        rules.append(Apart(SmallUpdate(0.0), tolerances))
    return (*rules, *convergence_rules(spec, 0.0))


def _in_units(
    coordinates: GroupCoordinates,
    modes: GroupModes,
    triangles: GroupTriangles,
    reached: Array,
    course: tuple[Sequence[Stop], Sequence[int], Array, Array],
) -> GroupsReached:
    """What was `reached`, (G, p) in descent's coordinates, with its figures, in the user's units."""
    stops, best, rates, tolerances = course
    unit, quadratics = coordinates.target_scale**2, modes.quadratics
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
        tuple(map(Spectrum, modes.largest.tolist(), modes.smallest.tolist(), modes.rank.tolist())),
    )
