"""The certificate of a loss with an l1 penalty: its exact minimiser, the gap to it, and the duality gap as proof."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gdsolve.descent.solution import Solution
from gdsolve.objective.elastic_net import ElasticNet
from gdsolve.objective.flatness import curvature_at
from gdsolve.objective.pointwise_rows import Scored
from gdsolve.objective.quadratic import Quadratic
from gdsolve.objective.shrinkage import Shrinkage
from gdsolve.solve.minimum import MOST_STEPS, NEGLIGIBLE, Certificate, Minimum, NoMinimum
from gdsolve.solve.problem import Problem
from gdsolve.solve.squares import penalised_coordinates, quadratic_of, shrinkage_of

# Of the weights: a step of Newton's method that changes nothing. Of a step: how often it is halved.
STILL = 4.0
MOST_HALVES = 40


@dataclass(frozen=True, slots=True)
class _Exact:
    """Least squares with its penalties on the triangle, in the coordinates that round least.

    `l1` and `l2` are (p,), on the scale of ½SSE there; `scale` is what a value counts for in the user's loss.
    """

    net: ElasticNet
    l1: Tensor
    l2: Tensor
    problem: Problem
    scale: float

    @classmethod
    def of(cls, problem: Problem) -> _Exact:
        squares, spec = problem.squares, problem.spec
        assert squares is not None
        coordinates = penalised_coordinates(spec, squares.triangle, squares.standard)
        quadratic = quadratic_of(spec, squares.triangle, coordinates, squares.curvature_scale)
        shrinkage = shrinkage_of(spec, coordinates, squares.triangle, squares.curvature_scale)
        assert shrinkage is not None
        l1 = (shrinkage.thresholds[:, 0] / squares.curvature_scale).cpu()
        l2 = quadratic.penalty.gram_diagonal().cpu()
        net = ElasticNet.of(quadratic.design, quadratic.target, (l1 == 0.0) & (l2 == 0.0))
        return cls(net, l1, l2, problem, squares.curvature_scale * coordinates.target_scale**2)

    def from_descent(self, w: Tensor) -> Tensor:
        """Weights (p, 1) of descent as they are here."""
        squares = self.problem.squares
        assert squares is not None
        user = self.problem.units.to_user(w.to(self.problem.start))
        coordinates = penalised_coordinates(self.problem.spec, squares.triangle, squares.standard)
        return coordinates.from_user(user).cpu()

    def to_descent(self, w: Tensor) -> Tensor:
        """Weights (p, 1) from here as descent has them."""
        squares = self.problem.squares
        assert squares is not None
        coordinates = penalised_coordinates(self.problem.spec, squares.triangle, squares.standard)
        return self.problem.units.from_user(coordinates.to_user(w.to(self.problem.start)))


def certify_l1(problem: Problem, solution: Solution) -> Certificate:
    """The minimum of a loss with an l1 penalty, the gap of the run to it, and the duality gap of the run.

    Of squares it is the exact minimiser on the triangle; of other losses Newton's method with the penalty looks for it
    from where the run ended.
    """
    return _certify_squares(problem, solution) if problem.squares is not None else _certify_rows(problem, solution)


def gap_l1(problem: Problem, w: Tensor, value: float, minimum: Minimum) -> float:
    """F(w) − F* for `w`, (p, 1), in descent's units, without cancellation where they are close.

    ½dᵀHd + Σ τ(|wⱼ| − sⱼwⱼ), with d = w − w* and s the subgradient of |·| at w* that makes the slope 0: no term is
    negative. Of squares that is exact.
    """
    w = w.to(minimum.w)
    away, shrinkage = w - minimum.w, problem.shrinkage
    assert shrinkage is not None
    difference = value - minimum.value
    if isinstance(problem.objective, Quadratic):
        curved = 0.5 * problem.objective.curvature_scale * float(problem.objective.image(away).square().sum())
    elif minimum.hessian is None or abs(difference) > NEGLIGIBLE * max(abs(value), abs(minimum.value)):
        return max(0.0, difference)
    else:
        curved = max(0.0, 0.5 * float(away.mT @ minimum.hessian @ away))
    return curved + float(_slack(problem, shrinkage, w, minimum.w))


def largest_l1(problem: Problem, minimum: Minimum) -> float | None:
    """λ_max, from which on every weight that is penalised is zero; None where at the minimum one is not.

    There |∇ⱼL| ≤ τⱼ for all j, and τ is in proportion to λ₁: so λ_max = λ₁·max |∇ⱼL|/τⱼ.
    """
    shrinkage, w = problem.shrinkage, minimum.w
    assert shrinkage is not None
    held = shrinkage.thresholds > 0.0
    if bool((w[held.to(w.device)] != 0.0).any()) or not bool(held.any()):
        return None
    slopes = problem.objective.evaluate(w.to(problem.start)).gradient.abs()[held]
    return problem.spec.l1 * float((slopes / shrinkage.thresholds[held]).amax())


def _slack(problem: Problem, shrinkage: Shrinkage, w: Tensor, best: Tensor) -> Tensor:
    thresholds = shrinkage.thresholds.to(best)
    gradient = problem.objective.evaluate(best).gradient.to(best)
    cut = torch.clamp(-gradient, -thresholds, thresholds)
    slopes = torch.where(best == 0.0, cut, thresholds * torch.sign(best))
    return torch.clamp(thresholds * w.abs() - slopes * w, min=0.0).sum()


def _certify_squares(problem: Problem, solution: Solution) -> Certificate:
    exact = _Exact.of(problem)
    reached = exact.from_descent(solution.w)
    near = reached if bool(torch.isfinite(reached).all()) else None
    best = exact.net.minimiser(exact.l1, exact.l2, near)
    unique = exact.net.is_unique(best, exact.l1, exact.l2)
    w = exact.to_descent(best)
    value = float(problem.bounded.evaluate(w).value)
    minimum = Minimum(w, value, None, problem.smooth_spectrum, unique, is_global=True)
    gap = gap_l1(problem, solution.w, solution.value, minimum) * problem.loss_unit
    proof = None if near is None else exact.scale * exact.net.duality_gap(near, exact.l1, exact.l2, best)
    return Certificate(minimum, gap=gap, duality_gap=proof)


def _certify_rows(problem: Problem, solution: Solution) -> Certificate:
    found = _newton(problem, solution.w.to(problem.start))
    if found is None:
        return Certificate(None, NoMinimum.NOT_FOUND)
    value = float(problem.bounded.evaluate(found).value)
    hessian: Tensor = problem.objective.hessian(found)  # type: ignore[attr-defined]
    spectrum, curved = curvature_at(problem.objective, found, hessian)
    minimum = Minimum(found, value, hessian, spectrum, curved or _is_unique(problem, found, hessian), is_global=True)
    gap = gap_l1(problem, solution.w, solution.value, minimum)
    proved = proof(problem, solution.w.to(found), minimum) * problem.loss_unit
    return Certificate(minimum, gap=gap * problem.loss_unit, duality_gap=proved)


def proof(problem: Problem, w: Tensor, minimum: Minimum) -> float:
    """The duality gap at `w`, (p, 1), for the dual point s·∂l/∂z at the minimum, which s ≤ 1 makes feasible.

    s·D(w, w*) + (1 − s)·(L(w) − inf L) + Σ τ|wⱼ| − wⱼcⱼ, with D the distance of Bregman of L, the loss without its l1
    penalty, and c = −s·∇L(w*): the conjugate of L is convex, so that its value at s times a slope is at most that share
    of its value there and the rest of that at 0. Source: Boyd and Vandenberghe, Convex Optimization, sections 3.3, 5.5.
    """
    shrinkage, best = problem.shrinkage, minimum.w
    assert shrinkage is not None
    here, there = problem.objective.evaluate(w), problem.objective.evaluate(best)
    thresholds, slopes = shrinkage.thresholds, there.gradient
    held = thresholds > 0.0
    beyond = torch.where(held, slopes.abs() / torch.where(held, thresholds, 1.0), 0.0)
    share = 1.0 / max(1.0, float(beyond.amax()))
    away = w - best
    distance = float(here.value - there.value - (slopes * away).sum())
    if minimum.hessian is not None and distance <= NEGLIGIBLE * abs(float(here.value)):
        distance = 0.5 * float(away.mT @ minimum.hessian.to(away) @ away)
    pulls = thresholds * w.abs() + share * slopes * w
    rest = float(torch.where(held, pulls.clamp(min=0.0), pulls.abs()).sum())
    return share * max(0.0, distance) + (1.0 - share) * (float(here.value) - _least_value(problem, w)) + rest


def _least_value(problem: Problem, w: Tensor) -> float:
    """A bound from below on the loss at any predictions: 0, but for counts what is left where they are met exactly."""
    objective = problem.objective
    deviance = objective.scores(w).get("deviance") if isinstance(objective, Scored) else None
    if deviance is None:
        return 0.0
    own: Any = getattr(objective, "own", objective)
    penalty = 0.5 * float(own.penalty.excess(w).square().sum()) / problem.rows
    return float(objective.evaluate(w).value) - 0.5 * float(deviance) / problem.rows - penalty


def _newton(problem: Problem, w: Tensor) -> Tensor | None:
    """The minimiser, by steps to that of the quadratic model with the penalty; None where there are too many of them.

    Source: Lee, Sun and Saunders (2014), Proximal Newton-type methods for minimizing composite functions.
    """
    objective, shrinkage = problem.bounded, problem.shrinkage
    assert shrinkage is not None
    now = objective.evaluate(w)
    for _ in range(MOST_STEPS):
        value, length = float(now.value), float(now.gradient.norm())
        ahead = _model_minimiser(problem, w, shrinkage)
        if ahead is None:
            return None
        step, share = ahead - w, 1.0
        epsilon = torch.finfo(w.dtype).eps
        if float(step.abs().amax()) <= STILL * epsilon * float(ahead.abs().amax()):
            return w
        for _ in range(MOST_HALVES):
            tried = ahead if share == 1.0 else w + share * step
            there = objective.evaluate(tried)
            after, left = float(there.value), float(there.gradient.norm())
            # Losses no longer tell steps apart: slopes do.
            blurred = abs(after - value) <= STILL * epsilon * abs(value) and left < length
            if math.isfinite(left) and (after < value - STILL * epsilon * abs(value) or blurred):
                break
            share *= 0.5
        else:
            return w
        w, now = tried, there
    return None


def _model_minimiser(problem: Problem, w: Tensor, shrinkage: Shrinkage) -> Tensor | None:
    """argmin over v of ∇L·(v − w) + ½(v − w)ᵀH(v − w) + Σ τ|v|, with H = D·VΛVᵀ·D as squares, D its diagonal's root."""
    hessian: Tensor = problem.objective.hessian(w)  # type: ignore[attr-defined]
    matrix, gradient = hessian.to("cpu", torch.float64), problem.objective.evaluate(w).gradient.to("cpu", torch.float64)
    if not bool(torch.isfinite(matrix).all()) or not bool(torch.isfinite(gradient).all()):
        return None
    design, moved = as_squares(matrix, gradient)
    thresholds = shrinkage.thresholds[:, 0].to("cpu", torch.float64)
    near = w.to("cpu", torch.float64)
    net = ElasticNet.of(design, design @ near - moved, thresholds == 0.0)
    return net.minimiser(thresholds, torch.zeros_like(thresholds), near).to(w)


def as_squares(hessian: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """B (r, p) with BᵀB = H, and c (r, 1) with Bᵀc = ∇L."""
    scale = hessian.diagonal().clamp(min=0.0).sqrt()
    scale = torch.where(scale > 0.0, scale, 1.0)
    values, vectors = torch.linalg.eigh(hessian / scale / scale[:, None])
    kept = values > len(values) * torch.finfo(values.dtype).eps * values[-1]
    roots, along = values[kept].sqrt()[:, None], vectors[:, kept]
    return roots * along.mT * scale, (along.mT @ (gradient / scale[:, None])) / roots


def _is_unique(problem: Problem, w: Tensor, hessian: Tensor) -> bool:
    shrinkage = problem.shrinkage
    assert shrinkage is not None
    gradient = problem.objective.evaluate(w).gradient.to("cpu", torch.float64)
    design, moved = as_squares(hessian.to("cpu", torch.float64), gradient)
    thresholds = shrinkage.thresholds[:, 0].to("cpu", torch.float64)
    near = w.to("cpu", torch.float64)
    net = ElasticNet.of(design, design @ near - moved, thresholds == 0.0)
    return net.is_unique(near, thresholds, torch.zeros_like(thresholds))
