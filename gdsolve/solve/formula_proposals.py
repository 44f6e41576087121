"""What `check` proposes where a formula says target and features: what becomes of missing cells, and the loss."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from gdsolve.data import ColumnSummary, Description
from gdsolve.solve.proposals import Changes, Proposal, gaps_filled, penalised, takes
from gdsolve.spec import Engine, Method, Spec
from gdsolve.spec.formula_place import checked_formula
from gdsolve.spec.losses import USUAL_LOSS, Loss, Target


def formula_proposals(spec: Spec, described: Description, fixed: Collection[str] = ()) -> tuple[Proposal, ...]:
    """The fits of a formula that a table allows, the best first; no column is left out, as the formula names them.

    How many weights there are is known once the formula has been worked out: a column counts as one here.
    """
    if described.fault is not None:
        return ()
    weight = next((column for column in described.columns if column.role == spec.weight_option), None)
    used = [column for column in described.columns if column.role in ("target", "feature")]
    targets = [column for column in used if column.role == "target"]
    features = [column for column in used if column.role == "feature"]
    target = targets[0] if _is_column(spec) else None
    found: list[Proposal] = []
    for change in _losses(spec, target):
        changed = replace(spec, **change)
        numbers = [column for column in features if not column.is_text]
        texts = [column for column in features if column.is_text]
        others = [*targets, *([weight] if weight else [])]
        odd = tuple(dict.fromkeys(text for one in (*others, *numbers) if one.unusable for text in one.texts))
        marking: Changes = {"na_values": odd} if odd else {}
        parameters = len(features) + (not spec.no_intercept)
        for gap, rows, filled in gaps_filled(changed, described, others, numbers, texts, parameters):
            names = tuple(column.name for column in features)
            changes = change | marking | gap
            weighing = weight.name if weight else None
            found.append(Proposal(changes, targets[0], names, (), weighing, (), rows, filled, parameters))
    sound = tuple(one for one in found if not one.saturated)
    return sound or tuple(penalised(spec, described, one) for one in found[:1])


def _is_column(spec: Spec) -> bool:
    assert spec.formula is not None
    checked = checked_formula(spec.formula)
    return checked.target_columns == (checked.target.strip("`"),)


def _losses(spec: Spec, target: ColumnSummary | None) -> Iterator[Changes]:
    """What becomes of the loss, for a target that is a column: texts are classes, and any number has squares."""
    if target is None or takes(spec.loss, target, spec):
        yield {}
    elif (spec.method, spec.engine) == (Method.AUTO, Engine.AUTO):
        classes = Loss.usual_for(Target.TWO_CLASSES if target.levels == 2 else Target.CLASSES)
        if target.type == "text" and spec.loss is USUAL_LOSS and takes(classes, target, spec):
            yield {"loss": classes}
        elif target.refused and takes(USUAL_LOSS, replace(target, refused=0), spec):
            yield {"loss": USUAL_LOSS}
