"""The errors of a linear fit's weights, from what the one pass over the table left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.solve.outcome import parameter_names
from gdsolve.spec import Spec

if TYPE_CHECKING:
    import torch

    from gdsolve.objective.inference import Inference
    from gdsolve.solve.squares.run import Run


MOST_TRADED = 300
"""Of so many weights it is worth finding which trade against each other, unasked."""


def linear_inference(run: Run, solution_weights: torch.Tensor, spec: Spec) -> Inference:
    """The inference of a linear fit at `solution_weights`, (p, 1), in the user's units, the intercept last.

    Without `spec.report` standard errors and their t alone.

    Covariance s²·T(BᵀB)⁻¹Tᵀ, B the design factor in standardised coordinates and T their map to the user's, so that
    nothing cancels however large the means are. s² is that of the optimum, SSE*/(m − rank): the data decide over it,
    not how far descent came; a weight that stopped too far from the optimum gets no error bar.

    Row weights count rows: weight 2 is the row written twice, m = Σω, and the standard errors are those of the longer
    table. Weights that stand for precision, ω = 1/σ², give the same estimates, but of `rows` independent readings:
    their standard errors are these times √((Σω − p)/(rows − p)).
    """
    import torch

    from gdsolve.objective.inference import PENALISED, from_factor, too_far, withhold, without_bars

    triangle, standard = run.problem.triangle, run.problem.standard
    names, confidence = (
        parameter_names(run.problem.data.roles.design, intercept=run.coordinates.intercept),
        spec.confidence if spec.report else None,
    )
    if spec.ridge:
        return without_bars(names, solution_weights[:, 0], PENALISED, confidence=confidence)
    rank = run.problem.minimisers.rank
    if not spec.report and rank < len(names) and len(names) > MOST_TRADED:
        undetermined = f"not all weights are determined by the data: rank {rank} < {len(names)}"
        return without_bars(names, solution_weights[:, 0], undetermined, confidence=confidence)
    optimum = run.problem.minimisers.point if run.modes.unique else run.coordinates.to_user(run.modes.minimiser)
    sse = float(run.modes.quadratic.sse(run.modes.minimiser)) * run.coordinates.target_scale**2
    # What storing cells and weights leaves of a residual that is zero.
    lengths = triangle.raw().norm(dim=0)
    noise = 8.0 * torch.finfo(run.dtype).eps * float(optimum[:, 0].abs() @ lengths[: len(names)] + lengths[-1])
    found = from_factor(
        triangle.in_coordinates(standard)[0] * standard.target_scale,
        solution_weights[:, 0],
        sse,
        triangle.total_weight,
        names=names,
        confidence=confidence,
        to_user=standard.matrix(),
        errors=triangle.errors(intercept=standard.intercept),
        noise=noise,
        weighted=run.problem.data.roles.weight is not None,
        singular=run.problem.minimisers.singular,
    )
    return withhold(found, too_far(found, optimum[:, 0]))
