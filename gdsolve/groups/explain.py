"""What to tell of groups: how each of them ended, and what they have in common."""

from __future__ import annotations

from collections.abc import Sequence

from gdsolve.data.group_keys import text_of
from gdsolve.groups.outcome import Descended, GroupFit
from gdsolve.solve.words import (
    RULES,
    above_minimum,
    coordinates_of,
    diverged_at,
    updates_in_words,
    weights_of_iteration,
)
from gdsolve.spec import Missing, Spec
from gdsolve.status import Status

MOST_NAMED = 5
ENDINGS = {
    Status.INTERRUPTED: "not reached before the run was interrupted",
    Status.FAILED: "cannot be fitted",
    Status.DIVERGED: "diverged",
    Status.EDGE_OF_STABILITY: "stopped at the edge of stability",
    Status.MAX_ITER: "stopped at max_iter",
}
"""What is said of groups that have not converged, the most serious first."""


def explain(spec: Spec, found: Descended, status: Status) -> str:
    """A few sentences on how the descent of a group ended, and on what does not exist of its model."""
    sentences = [_ending(spec, found, status)]
    if found.optimum.ambiguity is not None:
        sentences.append(f"The weights are not unique: {found.optimum.ambiguity}; those of minimum norm are given.")
    if found.figures.r2 is None:
        always = "0 in every row" if found.intercept is None else "constant"
        sentences.append(f"There is no R²: the target is {always}.")
    return " ".join(sentences)


def ambiguity(rows: int, weights: int, constant: Sequence[str]) -> str:
    """Say why a group with several minimisers has them; `constant` are the features that do not vary within it."""
    if rows < weights:
        return f"{rows} row{'' if rows == 1 else 's'} for {weights} weights"
    if constant:
        names = ", ".join(map(repr, constant[:MOST_NAMED])) + (", …" if len(constant) > MOST_NAMED else "")
        return f"column{'s' if len(constant) > 1 else ''} {names} {'are' if len(constant) > 1 else 'is'} constant"
    return "features are linearly dependent"


def _ending(spec: Spec, found: Descended, status: Status) -> str:
    updates, distance = updates_in_words(found.iterations), above_minimum(found.gap, found.figures.loss)
    match status:
        case Status.CONVERGED:
            limits = {"tol": found.tol, "loss_tol": spec.loss_tol or 0.0, "grad_tol": spec.grad_tol or 0.0}
            held = RULES[found.stopped_by].format(**limits)
            return f"Converged after {updates}: {held}. {distance}"
        case Status.EDGE_OF_STABILITY:
            return f"At the stability limit after {updates}: at learning rate 2/L_max the error keeps oscillating."
        case Status.DIVERGED:
            how = diverged_at(found.learning_rate, found.spectrum.largest_stable, coordinates_of(spec))
            return f"{how} {weights_of_iteration(found.best_iteration, found.iterations)}"
        case _:
            limit = "max_iter" if spec.max_iter is not None else "the default max_iter"
            return f"Stopped at {limit} after {updates}, before convergence. {distance}"


def summary(groups: Sequence[GroupFit]) -> str:
    """How many groups have not converged, in one line, with the first few of each kind by name."""
    told = []
    for status, what in ENDINGS.items():
        names = [text_of(one.group) for one in groups if one.status is status]
        if names:
            more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
            told.append(f"{len(names):,} {what} ({', '.join(names[:MOST_NAMED])}{more})")
    total = f"{len(groups):,} group{'' if len(groups) == 1 else 's'}"
    return f"Of {total} {'; '.join(told)}." if told else f"{total} converged."


def advise(spec: Spec, groups: Sequence[GroupFit], adrift: int) -> tuple[str, ...]:
    """What the user should know or do, a sentence each."""
    lines: list[str] = []
    failed = next((one for one in groups if one.status is Status.FAILED), None)
    if failed is not None:
        name = "" if failed.group is None else f"The first that cannot be fitted, {text_of(failed.group)}: "
        # A full stop after a flag would be typed with it.
        lines.append(f"{name}{failed.message}; {failed.hint}" if failed.hint else f"{name}{failed.message}.")
    if adrift and spec.na is Missing.DROP:
        lines.append(f"{adrift:,} row{'' if adrift == 1 else 's'} without a group dropped.")
    vague = [one for one in groups if one.found is not None and not one.found.optimum.unique]
    if vague:
        named = [f"{text_of(one.group)}: {one.found.optimum.ambiguity}" for one in vague[:MOST_NAMED] if one.found]
        more = f"; and {len(vague) - MOST_NAMED:,} more" if len(vague) > MOST_NAMED else ""
        have = "group has" if len(vague) == 1 else "groups have"
        lines.append(
            f"{len(vague):,} {have} no unique weights ({'; '.join(named)}{more}). Those of minimum norm are given."
        )
    if not spec.auto_rate and any(one.status not in (Status.CONVERGED, Status.FAILED) for one in groups):
        lines.append("--lr auto takes the best rate of each group, on standardised columns.")
    return tuple(lines)
