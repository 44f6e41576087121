"""The errors of the weights of several classes: of those that sum to zero, and of those against a reference class."""

from __future__ import annotations

from torch import Tensor

from gdsolve.objective.class_coordinates import ClassCoordinates
from gdsolve.objective.inference import Contrasts, Inference, from_hessian
from gdsolve.objective.sandwich import Sandwich
from gdsolve.solve.certify import linear_map
from gdsolve.solve.problem import Problem


def class_inference(problem: Problem, w: Tensor, names: list[str], sandwich: Sandwich | None) -> Inference:
    """The inference at `w`, (pC, 1), from the Hessian H of Σωl.

    A common shift of all classes changes nothing, so that H has no inverse; weights that sum to zero have no part in
    it, and their covariance is T·H⁺·Tᵀ, T the map to them. Weights less those of a reference class have the inverse of
    the part of H that is of the other classes. Source: Agresti, Categorical Data Analysis, 3rd ed., section 8.1.
    """
    spec = problem.spec
    hessian: Tensor = problem.objective.hessian(w) * problem.rows  # type: ignore[attr-defined]
    user = problem.units.to_user(w)[:, 0]
    confidence = spec.confidence if spec.report else None
    found = from_hessian(
        hessian, user, names=names, confidence=confidence, to_user=linear_map(problem)[0], sandwich=sandwich
    )
    contrasts = _contrasts(problem, hessian, user, names, sandwich) if spec.report else None
    # Probabilities of several classes have no interval of one z.
    return found.without_covariance(contrasts)


def _contrasts(
    problem: Problem, hessian: Tensor, user: Tensor, names: list[str], sandwich: Sandwich | None
) -> Contrasts:
    spec, units, data = problem.spec, problem.units, problem.data
    assert isinstance(units, ClassCoordinates) and data is not None and data.classes is not None
    classes = data.classes.names
    reference = spec.reference or classes[0]
    place, p = classes.index(reference), units.own.p
    blocks = user.reshape(len(classes), p)
    held = dict.fromkeys(names[place * p : (place + 1) * p], "the reference class")
    found = from_hessian(
        hessian,
        (blocks - blocks[place]).reshape(-1),
        names=names,
        confidence=spec.confidence,
        held=held,
        to_user=units.uncentred_map().to(hessian.device),
        sandwich=sandwich,
    )
    return Contrasts(reference, tuple(one for one in found.estimates if one.name not in held))
