"""What to do with the rates that were compared: run one of them by itself, or look where they converge."""

from __future__ import annotations

from collections.abc import Sequence

from gdsolve.solve.comparison import RateResult
from gdsolve.solve.words import coordinates_of
from gdsolve.spec import Scale, Spec
from gdsolve.spec.command import Advice, Command
from gdsolve.spec.numbers import rate_exactly, rate_text
from gdsolve.status import Status

USELESS = (Status.DIVERGED, Status.FAILED)
LOWER = 1e-6
SAME = 1e-6


def advise_rates(
    spec: Spec, command: Command, results: Sequence[RateResult], limit: int | None, *, convex: bool
) -> list[Advice]:
    """The command that takes a row by itself; where no rate leads anywhere, the one that compares others.

    `limit` is the number of updates that every rate was given, None without one. Where the objective is not `convex`
    rates may lead to different minima.
    """
    if any(one.status is Status.INTERRUPTED for one in results):
        return []
    if all(one.status in USELESS for one in results):
        return [_others(spec, command, results, "Every rate diverges")]
    slow = limit is not None and spec.max_iter is None and any(one.status is Status.MAX_ITER for one in results)
    if spec.max_iter is None and not spec.auto_rate and all(one.status is not Status.CONVERGED for one in results):
        return [_others(spec, command, results, "No rate converges")]
    where = coordinates_of(spec)
    holds = f"The rates hold{where}; each" if where else "Each rate"
    command_alone = _alone(spec, command, _best(results, convex=convex), limit if slow else None)
    return [Advice(f"{holds} runs by itself, as the best one does", command_alone)]


def _best(results: Sequence[RateResult], *, convex: bool) -> float:
    """The rate that converges first, to the lowest of minima; the lowest loss where none does."""
    arrived = [one for one in results if one.status is Status.CONVERGED]
    if not arrived:
        return min((one for one in results if one.status not in USELESS), key=lambda one: one.loss).learning_rate
    lowest = min(one.loss for one in arrived)
    there = [one for one in arrived if convex or one.loss - lowest <= SAME * abs(lowest)]
    return min(there, key=lambda one: one.iterations).learning_rate


def _alone(spec: Spec, command: Command, rate: float, limit: int | None) -> str:
    """The fit at one rate: in the same coordinates, with the same limit."""
    changes: dict[str, object] = {"lr": rate_exactly(rate)}
    if "iterates" in command.given:
        changes["iterates"] = None
    if spec.standardise:
        changes["scale"] = Scale.STANDARD
    if limit is not None:
        changes["max_iter"] = limit
    return command.but("fit", **changes)


def _others(spec: Spec, command: Command, results: Sequence[RateResult], what: str) -> Advice:
    if spec.auto_rate:
        least = min(one.learning_rate for one in results)
        smaller = f"{rate_text(LOWER * least, 1)}..{rate_text(least, 1)}:7"
        return Advice(f"{what}; smaller ones", command.but(lr=smaller))
    changes = {"scale": None} if spec.scale is Scale.NONE else {}
    return Advice(f"{what}; those around the stability limit", command.but(lr="auto", **changes))
