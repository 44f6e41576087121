"""How a run ended, in one or two sentences."""

from __future__ import annotations

from gdsolve.class_names import intercept_names
from gdsolve.descent.solution import Solution
from gdsolve.solve.forecast import has_closed_form
from gdsolve.solve.held import held_weights, told_held
from gdsolve.solve.method import shown_rate
from gdsolve.solve.minimum import Certificate
from gdsolve.solve.plan import Plan
from gdsolve.solve.problem import Problem
from gdsolve.solve.separated import told_separation
from gdsolve.solve.words import RULES, above_minimum, coordinates_of, diverged_at, updates_in_words, weights_shown
from gdsolve.spec import Loss, RateSchedule
from gdsolve.spec.methods import Recurrence
from gdsolve.status import Status

MOST_NAMED = 5
FAILURES = {
    "domain": "the loss is not a number at the next point, such as the logarithm or square root of a negative number",
    "no_step": "no step along the direction of descent lowers the loss",
    "flat": "the gradient and the curvature are zero: the loss is flat here",
    "saddle": "the gradient is zero at a saddle point, which is not a minimum",
    "maximum": "the gradient is zero at a maximum, which is not a minimum",
    "inflection": "the gradient is zero, but in some direction the loss falls on: this is not a minimum",
    "edge": "the steps have become small but the gradient has not, as at the edge of where the loss is defined",
}


def explain(problem: Problem, plan: Plan, solution: Solution, certificate: Certificate, loss: float) -> str:
    """How the run ended, at a loss in the user's units, and how far that is from the minimum."""
    if plan.batches is not None:
        from gdsolve.solve.batch_words import explain_batches

        said = explain_batches(problem, plan, plan.batches, solution, certificate, loss)
        if said is not None:
            return said
    return _explained(problem, plan, solution, certificate, loss)


def _explained(problem: Problem, plan: Plan, solution: Solution, certificate: Certificate, loss: float) -> str:
    taken, spec = updates_in_words(solution.iterations), problem.spec
    distance = _distance(problem, solution, certificate, loss)
    match solution.status:
        case Status.CONVERGED:
            return f"Converged after {taken}: {_held(problem, plan, solution)}.{distance}{_support(problem, solution)}"
        case Status.MAX_ITER:
            limit = "max_iter" if spec.max_iter is not None else "the default max_iter"
            return f"Stopped at {limit} after {taken}, before convergence.{distance}{_support(problem, solution)}"
        case Status.EDGE_OF_STABILITY:
            rate = "learning rate 2/L_max" if _is_plain(plan) else "this learning rate"
            return f"At the stability limit after {taken}: at {rate} the error keeps oscillating."
        case Status.INTERRUPTED:
            return f"Interrupted after {taken}.{distance}"
        case Status.DIVERGED:
            return f"{_divergence(problem, plan, solution, certificate)} {weights_shown(solution)}"
        case Status.FAILED:
            return _failure(problem, solution, certificate, distance)


def _support(problem: Problem, solution: Solution) -> str:
    """How many weights an l1 penalty has left, the intercept not counted, or which are at their bounds: a sentence."""
    if problem.box is not None:
        return told_held(held_weights(problem, solution.w.to(problem.start), None))
    if problem.shrinkage is None:
        return ""
    data, apart = problem.data, frozenset[str]()
    if problem.spec.loss is Loss.SOFTMAX and data is not None and data.classes is not None:
        apart = intercept_names(data.roles.design, data.classes.names)
    places = [place for place, name in enumerate(problem.labels) if name not in apart]
    count, every = int((solution.w[places] != 0.0).sum()), len(places)
    return f" {count} of {every} weight{'' if every == 1 else 's'} {'is' if count == 1 else 'are'} not zero."


def _held(problem: Problem, plan: Plan, solution: Solution) -> str:
    """The rule that held."""
    spec, rule = problem.spec, RULES[solution.stopped_by or "tol"]
    held = rule.format(tol=plan.tol, loss_tol=spec.loss_tol or 0.0, grad_tol=spec.grad_tol or 0.0)
    if plan.is_foreseen(solution.stopped_by):
        return f"but for the rounding of {spec.dtype.value} {held}"
    return held


def _failure(problem: Problem, solution: Solution, certificate: Certificate, distance: str) -> str:
    taken = updates_in_words(solution.iterations)
    match solution.stopped_by:
        case "start" if problem.fault_of_start is not None:
            return f"Failed: {problem.fault_of_start}."
        case "start":
            return "Failed at the start: the loss or its gradient is not finite there."
        case "short":
            left = distance or " The gradient is not zero there."
            return f"Failed after {taken}: the steps became small, but not because of a minimum.{left}"
        case "runaway":
            return f"Failed after {taken}: {_running(problem, certificate)}: no minimum in this direction."
        case name:
            return f"Failed after {taken}: {FAILURES[name or 'no_step']}. {weights_shown(solution)}"


def _running(problem: Problem, certificate: Certificate) -> str:
    """Which parameters run to infinity, a clause."""
    names = [problem.labels[place] for place in certificate.running] or ["a parameter"]
    shown = names if len(names) <= MOST_NAMED else [*names[:MOST_NAMED], f"{len(names) - MOST_NAMED} more"]
    listed = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return f"{listed} run{'s' if len(shown) == 1 else ''} to infinity"


def _divergence(problem: Problem, plan: Plan, solution: Solution, certificate: Certificate) -> str:
    taken = updates_in_words(solution.iterations)
    if certificate.separation is not None:
        why = told_separation(problem, certificate.separation)
        return f"Diverged, after {taken}: {why}, so that no weights are large enough, and the loss has no minimum."
    if solution.stopped_by == "unbounded":
        return f"Diverged: after {taken} the loss keeps decreasing, and has no minimum."
    if shown_rate(plan.recipe) is None:
        return f"Diverged: after {taken} the loss grows without bound."
    return diverged_at(plan.recipe.rate, _stable_limit(problem, plan), coordinates_of(problem.spec))


def _stable_limit(problem: Problem, plan: Plan) -> float | None:
    """The rate below which descent is stable: known of a quadratic, sure where the curvature is bounded."""
    sure = problem.bound and _is_plain(plan) and plan.recipe.schedule is RateSchedule.CONSTANT
    return plan.stable_below or (2.0 / problem.bound if problem.bound and sure else None)


def _is_plain(plan: Plan) -> bool:
    return plan.recipe.method.info.recurrence is Recurrence.PLAIN and has_closed_form(plan.recipe)


def _distance(problem: Problem, solution: Solution, certificate: Certificate, loss: float) -> str:
    if certificate.minimum is None or certificate.gap is None:
        return ""
    first = solution.trace.values[0] * problem.loss_unit
    return f" {above_minimum(certificate.gap, loss, first, local=not certificate.minimum.is_global)}"
