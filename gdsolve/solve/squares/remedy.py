"""The command to run instead: one that ends well."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from gdsolve.solve.squares.run import Run, prepare
from gdsolve.spec import Engine, Scale
from gdsolve.spec.command import Command
from gdsolve.spec.numbers import rate_text
from gdsolve.status import Status

SHORTEST_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Remedy:
    """A command that converges, and the updates that it takes."""

    command: str
    updates: int


def remedy(run: Run, command: Command, lr: float | Literal["auto"], verb: str | None = None) -> str | None:
    """The command alone of `find_remedy`."""
    found = find_remedy(run, command, lr, verb)
    return None if found is None else found.command


def find_remedy(
    run: Run, command: Command, lr: float | Literal["auto"], verb: str | None = None, **also: object
) -> Remedy | None:
    """`command` at another rate, without the limits and rules of before that would keep it from converging.

    A rate is meant in the coordinates of `run`; "auto" takes standardised ones. `also` are other changes of it that
    lead to plain descent. None where no run would converge.
    """
    rate: float | Literal["auto"] = "auto" if lr == "auto" else float(rate_text(lr))
    changes: dict[str, object] = {"max_iter": None}
    if rate != "auto" or "lr" in command.given or "lr" in command.fixed:
        changes["lr"] = rate
    scale = Scale.AUTO if rate == "auto" else run.scale
    if "scale" in command.given or "scale" in command.fixed:
        changes["scale"] = None if rate == "auto" else scale
    spec = replace(run.spec, lr=rate, max_iter=None, scale=scale)
    posed = prepare(spec, run.problem, run.problem.standard if spec.standardise else run.coordinates)
    needed = _needed(posed)
    if needed is None:
        posed = replace(posed, spec=replace(spec, tol=None))
        needed = _needed(posed)
        changes["tol"] = f"{posed.tolerance(posed.learning_rate):.3g}" if "tol" in command.fixed else None
    if needed is None:
        return None
    return Remedy(command.but(verb, **also | changes | _room_for(needed, posed, command)), needed)


def _needed(run: Run) -> int | None:
    """The updates that a run needs to converge, None if its rules never stop it."""
    rules = run.rules(run.tolerance(run.learning_rate))
    if len(rules) == 1:
        return None
    stop = run.predict(run.learning_rate, rules, None)
    return stop.iterations if stop.status is Status.CONVERGED else None


def _room_for(needed: int, run: Run, command: Command) -> dict[str, object]:
    """What else must change for a run of `needed` updates."""
    from gdsolve.descent.leap import DEFAULT_MAX_ITER
    from gdsolve.descent.schedule import Schedule

    changes: dict[str, object] = {}
    if "max_iter" in command.fixed:
        changes["max_iter"] = _limit(needed)
    if run.spec.engine not in (Engine.AUTO, Engine.LEAP) and needed > DEFAULT_MAX_ITER:
        changes["engine"] = None
    if not Schedule(run.spec.every).has_room(needed, run.coordinates.p):
        changes["every"] = None
    return changes


def _limit(needed: int) -> str:
    """A limit well above, as one would type it."""
    return f"1e{len(str(max(SHORTEST_LIMIT, 2 * needed) - 1))}"
