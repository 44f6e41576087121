"""What to run after `check`: at most three commands, the best first, each with what it does in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from gdsolve.solve.problem import Problem
from gdsolve.solve.proposals import MOST, Next, Proposal
from gdsolve.solve.remedy import find_remedy
from gdsolve.solve.rules import usual_tolerance
from gdsolve.solve.squares import raw_coordinates, repose
from gdsolve.spec import Missing, Spec
from gdsolve.spec.command import Command
from gdsolve.spec.losses import Loss, Target

FOREVER = "1e12"
_NAMED = 4


def next_commands(
    command: Command, spec: Spec, proposals: Sequence[Proposal], problem: Problem | None, *, ready: bool
) -> tuple[Next, ...]:
    """The fits of the proposals, the first of which `problem` is, if it could be read; for a table that is `ready` also
    plain descent, and rates side by side.
    """
    if not proposals or problem is None:
        return ()
    first, *others = proposals
    base, proposed = _changed(command, first.changes), first.spec(spec)
    note = _note(spec, first)
    if not proposed.loss.info.squared or proposed.l1:
        found = [Next(_fit(base, spec), note)]
        # At the corners of a loss no constant rate settles.
        rated = ready and proposed.loss.info.smooth
        rates = [Next(base.but("compare-lr", **_free(base, spec)), "learning rates side by side")] if rated else []
    else:
        assert problem.squares is not None
        raw = repose(problem, proposed, raw_coordinates(problem.squares))
        assert raw.modes is not None
        lrs: list[float | Literal["auto"]] = ["auto", *([raw.modes.spectrum.best] if ready else [])]
        texts = [None if (one := find_remedy(raw, base, lr, "fit")) is None else one.command for lr in lrs]
        said = [note, "plain descent on the columns as they are, at the best rate"]
        found = [Next(text, words) for text, words in zip(texts, said, strict=False) if text]
        free = _free(base, spec)
        if spec.tol == 0.0:
            free["tol"] = f"{usual_tolerance(replace(proposed, tol=None)):g}" if "tol" in base.fixed else None
        rates = [Next(base.but("compare-lr", **free), "learning rates side by side")] if ready else []
    if not ready:
        found += [Next(_fit(_changed(command, proposal.changes), spec), _note(spec, proposal)) for proposal in others]
    return tuple([*found, *rates][:MOST])


def _fit(base: Command, spec: Spec) -> str:
    return base.but("fit", **_free(base, spec))


def _free(base: Command, spec: Spec) -> dict[str, object]:
    """Changes that leave the rate to gdsolve, with room to converge."""
    return {"lr": None, "max_iter": FOREVER if "max_iter" in base.fixed else None}


def _changed(command: Command, changes: Mapping[str, Any]) -> Command:
    """The command with the options of a proposal; None takes one out."""
    given = {name: value for name, value in {**command.given, **changes}.items() if value is not None}
    if "na_values" in changes:
        given["na_values"] = (*_listed(command.given.get("na_values")), *changes["na_values"])
    return replace(command, given=given)


def _listed(value: Any) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def _note(spec: Spec, proposal: Proposal) -> str:
    """What a proposal does that was not asked for, in a few words."""
    changes, parts = proposal.changes, []
    if "target" in changes:
        parts.append(f"target {changes['target']}")
    if "loss" in changes:
        parts.append(_by_loss(proposal, str(changes["loss"])))
    if "weight" in changes or "sigma" in changes:
        parts.append("all rows count the same")
    parts += _without(proposal)
    if proposal.encoded:
        parts.append(f"0/1 columns for the levels of {_names(proposal.encoded)}")
    if "na_values" in changes:
        parts.append(f"{_names([repr(text) for text in changes['na_values']])} read as missing")
    way = changes.get("na", spec.na)
    if way is Missing.MEAN and proposal.filled:
        parts.append(f"{_counted(proposal.filled, 'missing cell')} filled with the mean of the column")
    elif way is Missing.DROP:
        parts.append(f"on the {_counted(proposal.rows, 'row')} without a missing cell")
    if "ridge" in changes and proposal.saturated:
        counts = f"{_counted(proposal.parameters, 'weight')} for {_counted(proposal.rows, 'row')}"
        parts.append(f"{counts}: a ridge penalty chooses among the exact fits")
    elif "ridge" in changes:
        parts.append("with a ridge penalty, as the loss by itself has no minimum")
    return "; ".join(parts) or "as asked for, on standardised columns"


def _by_loss(proposal: Proposal, loss: str) -> str:
    if proposal.target is not None and proposal.target.is_text:
        if Loss(loss).info.target is Target.CLASSES:
            return f"the target as {proposal.target.levels} classes, each with weights of its own"
        low, high = sorted(proposal.target.texts)
        return f"the target as two classes, {low} is 0 and {high} is 1"
    if Loss(loss).info.target is Target.CLASSES:
        return f"--loss {loss}, which takes whole numbers as labels"
    return f"--loss {loss}, which takes any number"


def _without(proposal: Proposal) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for one in proposal.left_out:
        reasons.setdefault(one.reason, []).append(one.column)
    said = [f"{_names(columns)} ({reason})" for reason, columns in reasons.items()]
    return [f"without {', '.join(said)}"] if said else []


def _names(names: Sequence[str]) -> str:
    shown = list(names[:_NAMED]) + ([f"{len(names) - _NAMED} more"] if len(names) > _NAMED else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
