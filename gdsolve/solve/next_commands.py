"""What to run after `check`: at most three commands, the best first, each with what it does in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gdsolve.solve.check_figures import raw_coordinates, usual_tolerance
from gdsolve.solve.plans import Plan
from gdsolve.solve.squares.problem import Problem
from gdsolve.solve.squares.remedy import remedy
from gdsolve.solve.squares.run import prepare
from gdsolve.spec import Missing, Spec
from gdsolve.spec.command import Command

MOST = 3
FOREVER = "1e12"
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Next:
    """A command, and what it does to the table that was not asked for."""

    command: str
    note: str


def next_commands(
    command: Command, spec: Spec, plans: Sequence[Plan], problem: Problem | None, *, ready: bool
) -> tuple[Next, ...]:
    """The fits of the plans, the first of which `problem` is, if it could be read; for a table that is `ready` also
    plain descent, and rates side by side.
    """
    if not plans or problem is None:
        return ()
    first, *others = plans
    base, planned = _changed(command, first.changes), first.spec(spec)
    note = _note(spec, first)
    if not planned.loss.info.squared:
        found = [Next(_fit(base, spec), note)]
        # At the corners of a loss no constant rate settles.
        rated = ready and planned.loss.info.smooth
        rates = [Next(base.but("compare-lr", **_free(base, spec)), "learning rates side by side")] if rated else []
    else:
        raw = prepare(planned, problem, raw_coordinates(problem))
        lrs = ("auto", raw.modes.spectrum.best) if ready else ("auto",)
        texts = [remedy(raw, base, lr, "fit") for lr in lrs]  # type: ignore[arg-type]
        said = [note, "plain descent on the columns as they are, at the best rate"]
        found = [Next(text, words) for text, words in zip(texts, said, strict=False) if text]
        free = _free(base, spec)
        if spec.tol == 0.0:
            free["tol"] = f"{usual_tolerance(raw):g}" if "tol" in base.fixed else None
        rates = [Next(base.but("compare-lr", **free), "learning rates side by side")] if ready else []
    if not ready:
        found += [Next(_fit(_changed(command, plan.changes), spec), _note(spec, plan)) for plan in others]
    return tuple([*found, *rates][:MOST])


def _fit(base: Command, spec: Spec) -> str:
    return base.but("fit", **_free(base, spec))


def _free(base: Command, spec: Spec) -> dict[str, object]:
    """Changes that leave the rate to gdsolve, with room to converge."""
    return {"lr": None, "max_iter": FOREVER if "max_iter" in base.fixed else None}


def _changed(command: Command, changes: Mapping[str, Any]) -> Command:
    """The command with the options of a plan; None takes one out."""
    given = {name: value for name, value in {**command.given, **changes}.items() if value is not None}
    if "na_values" in changes:
        given["na_values"] = (*_listed(command.given.get("na_values")), *changes["na_values"])
    return replace(command, given=given)


def _listed(value: Any) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def _note(spec: Spec, plan: Plan) -> str:
    """What a plan does that was not asked for, in a few words."""
    changes, parts = plan.changes, []
    if "target" in changes:
        parts.append(f"target {changes['target']}")
    if "loss" in changes:
        parts.append(_by_loss(plan, str(changes["loss"])))
    if "weight" in changes:
        parts.append("all rows count the same, without the weights")
    parts += _without(plan)
    if plan.encoded:
        parts.append(f"0/1 columns for the levels of {_names(plan.encoded)}")
    if "na_values" in changes:
        parts.append(f"{_names([repr(text) for text in changes['na_values']])} read as missing")
    way = changes.get("na", spec.na)
    if way is Missing.MEAN and plan.filled:
        parts.append(f"{_counted(plan.filled, 'missing cell')} filled with the mean of the column")
    elif way is Missing.DROP:
        parts.append(f"on the {_counted(plan.rows, 'row')} without a missing cell")
    if "ridge" in changes and plan.saturated:
        counts = f"{_counted(plan.parameters, 'weight')} for {_counted(plan.rows, 'row')}"
        parts.append(f"{counts}: a ridge penalty chooses among the exact fits")
    elif "ridge" in changes:
        parts.append("with a ridge penalty, as the loss by itself has no minimum")
    return "; ".join(parts) or "as asked for, on standardised columns"


def _by_loss(plan: Plan, loss: str) -> str:
    if plan.target is not None and plan.target.is_text:
        low, high = sorted(plan.target.texts)
        return f"the target as two classes, {low} is 0 and {high} is 1"
    return f"--loss {loss}, which takes any number"


def _without(plan: Plan) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for one in plan.left_out:
        reasons.setdefault(one.reason, []).append(one.column)
    said = [f"{_names(columns)} ({reason})" for reason, columns in reasons.items()]
    return [f"without {', '.join(said)}"] if said else []


def _names(names: Sequence[str]) -> str:
    shown = list(names[:_NAMED]) + ([f"{len(names) - _NAMED} more"] if len(names) > _NAMED else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
