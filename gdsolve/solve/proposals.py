"""Fits that a table allows: without the columns that cannot be used, and with flags for what stands in their way."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gdsolve.data import MOST_LEVELS, ColumnSummary, Description
from gdsolve.data.targets import LARGEST_LABEL, MOST_CLASSES, outside
from gdsolve.spec import Categorical, Engine, Method, Missing, RateSchedule, Scale, Spec
from gdsolve.spec.losses import LOSS_PARAMETERS, USUAL_LOSS, Loss, Target

# Commands that are worth offering.
MOST = 3
MOST_TARGETS = 3
# A penalty of this share of the mean square of the columns settles what the rows leave open.
_SHARE = 0.01

Changes = dict[str, Any]
Columns = Sequence[ColumnSummary]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column that a fit does not use, and why."""

    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Next:
    """A command, and what it does to the table that was not asked for."""

    command: str
    note: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A fit of a table: `changes` of the spec that make it one, and what it then uses.

    `encoded` are the features of text, one 0/1 column a level; `rows` and `parameters` are what is left of the table
    and what is found of it.
    """

    changes: Mapping[str, Any]
    target: ColumnSummary | None
    features: tuple[str, ...]
    encoded: tuple[str, ...]
    weight: str | None
    left_out: tuple[LeftOut, ...]
    rows: int
    filled: int
    parameters: int

    @property
    def saturated(self) -> bool:
        """True where there are as many weights as rows, so that any target is met."""
        return self.parameters >= self.rows

    def spec(self, spec: Spec) -> Spec:
        """The spec of this fit."""
        fields = Spec.__dataclass_fields__
        changes: dict[str, Any] = {
            name: fields[name].default if value is None else value for name, value in self.changes.items()
        }
        if "na_values" in changes:
            changes["na_values"] = (*spec.na_values, *changes["na_values"])
        return replace(spec, **changes)


def proposals_of(spec: Spec, described: Description, fixed: Collection[str] = ()) -> tuple[Proposal, ...]:
    """The fits that a table allows, the best first; of `fixed` options, those of a YAML spec, none is taken out.

    A fit with as many weights as rows is among them only where there is no other, and with a penalty.
    """
    if described.fault is not None:
        return ()
    weight = next((column for column in described.columns if column.role == spec.weight_option), None)
    weighing: Changes = {}
    if weight is not None and not _has_weights(weight, spec):
        if spec.weight_option in fixed:
            return ()
        spec = replace(spec, ignore=spec.ignore if spec.features else (*spec.ignore, weight.name))
        weighing, weight = {**_unweighed(spec), **({} if spec.features else {"ignore": spec.ignore})}, None
    found = [
        proposal
        for change, target, beside in _targets(spec, described)
        for proposal in _proposals(replace(spec, **change), described, weighing | change, target, weight, beside)
    ]
    sound = [proposal for proposal in found if not proposal.saturated]
    if sound:
        return tuple(sound)
    return tuple(penalised(spec, described, proposal) for proposal in found[:1])


def figures_proposal(spec: Spec, described: Description) -> Proposal:
    """What can be looked at where no fit is possible: the features of numbers, whatever the target is."""
    target = next((one for one in described.columns if one.role == "target" and _has_numbers(one, spec)), None)
    features = [column for column in described.columns if column.role == "feature"]
    usable, left_out = _usable(replace(spec, categorical=Categorical.IGNORE), described, features)
    numbers = tuple(column.name for column in usable if not column.is_text)
    if target is not None and target.refused:
        target = None
    rows = described.gaps.complete([*numbers, *([target.name] if target else [])])
    parameters = len(numbers) + (not spec.no_intercept)
    return Proposal({}, target, numbers, (), None, tuple(left_out if described.rows else ()), rows, 0, parameters)


def _proposals(
    spec: Spec,
    described: Description,
    change: Changes,
    target: ColumnSummary,
    weight: ColumnSummary | None,
    beside: Columns,
) -> Iterator[Proposal]:
    usable, left_out = _usable(spec, described, beside)
    for encode, encoded, leaving in _encodings(spec, usable, left_out):
        numbers = [column for column in usable if not column.is_text]
        used = [*numbers, *encoded]
        if not used:
            continue
        texts = frozenset(_texts_left(described, spec, encode))
        names = [one.column for one in leaving if one.column not in texts]
        ignoring: Changes = {}
        if names:
            gone = frozenset(names)
            kept = tuple(column.name for column in beside if column.name not in gone)
            ignoring = {"features": kept} if spec.features else {"ignore": (*spec.ignore, *names)}
        others = [target, *([weight] if weight else [])]
        odd = tuple(dict.fromkeys(text for column in (*others, *numbers) if column.unusable for text in column.texts))
        marking: Changes = {"na_values": odd} if odd else {}
        parameters, chosen = _parameters(spec, numbers, encoded), {column.name for column in used}
        for gap, rows, filled in gaps_filled(spec, described, others, numbers, encoded, parameters):
            yield Proposal(
                change | ignoring | encode | marking | gap,
                target,
                tuple(column.name for column in beside if column.name in chosen),
                tuple(column.name for column in encoded),
                weight.name if weight else None,
                tuple(leaving),
                rows,
                filled,
                parameters,
            )


def _texts_left(described: Description, spec: Spec, encode: Changes) -> set[str]:
    """Columns that no flag has to name, since texts are left out anyway."""
    ignoring = encode.get("categorical", spec.categorical) is Categorical.IGNORE
    return {column.name for column in described.columns if column.is_text and not column.unclear} if ignoring else set()


def _targets(spec: Spec, described: Description) -> Iterator[tuple[Changes, ColumnSummary, Columns]]:
    """The target where it can be one, else what else can: what changes, the target, and the columns beside it."""
    columns = described.columns
    target = next(column for column in columns if column.role == "target")
    features = [column for column in columns if column.role == "feature" or (column.unclear and column is not target)]
    fine = takes(spec.loss, target, spec)
    if fine and (spec.target is not None or not target.identifies):
        yield {}, target, features
        return
    two_classes = Loss.usual_for(Target.TWO_CLASSES)
    # Another loss may not go with what a spec says of methods and engines.
    free_to_change = (spec.method, spec.engine) == (Method.AUTO, Engine.AUTO)
    two = target.type == "text" and target.levels == 2 and not target.unclear and not target.spelled
    if two and spec.loss is USUAL_LOSS and free_to_change:
        # Classes have no standard deviations.
        unweighed = {} if spec.sigma is None else _unweighed(spec)
        yield {"loss": two_classes, **unweighed}, target, features
    several = target.type == "text" and not target.unclear and not target.spelled and not target.identifies
    if several and (target.levels or 0) > 2 and spec.loss in (USUAL_LOSS, two_classes) and free_to_change:
        unweighed = {} if spec.sigma is None else _unweighed(spec)
        if takes(Loss.usual_for(Target.CLASSES), target, spec):
            yield {"loss": Loss.usual_for(Target.CLASSES), **unweighed}, target, features
    labelled = target.type != "text" and spec.loss is two_classes and free_to_change
    if labelled and takes(Loss.usual_for(Target.CLASSES), replace(target, refused=0), spec):
        yield {"loss": Loss.usual_for(Target.CLASSES)}, replace(target, refused=0), features
    squares = replace(target, refused=0)
    if target.refused and free_to_change and takes(USUAL_LOSS, squares, spec):
        yield {"loss": USUAL_LOSS}, squares, features
    # Features that were asked for by name stay features, and what was to be ignored stays so.
    free = features if not spec.features else [column for column in columns if column.role == "ignored"]
    others = [] if spec.features and spec.ignore else [one for one in free if _may_replace(one, spec)]
    for other in others[:MOST_TARGETS]:
        beside = features if spec.features else [one for one in columns if one in (*features, target)]
        yield {"target": other.name}, other, [column for column in beside if column is not other]
    if fine:
        yield {}, target, features


def _may_replace(column: ColumnSummary, spec: Spec) -> bool:
    return takes(spec.loss, column, spec) and not column.identifies and not column.constant


def takes(loss: Loss, target: ColumnSummary, spec: Spec) -> bool:
    """True where a column can be the target of a loss."""
    kind = loss.info.target
    if kind is Target.TWO_CLASSES and target.type == "text":
        return target.levels == 2 and not target.unclear
    if kind is Target.CLASSES and target.type == "text":
        return 2 <= (target.levels or 0) <= MOST_CLASSES and not target.unclear and not target.identifies
    if not _has_numbers(target, spec) or target.refused or target.minimum is None or target.maximum is None:
        return False
    if kind is Target.TWO_CLASSES:
        mean, std = target.mean or 0.0, target.std or 0.0
        return (target.minimum, target.maximum) == (0.0, 1.0) and math.isclose(
            std * std, mean * (1 - mean), rel_tol=1e-9
        )
    if kind is Target.CLASSES:
        return target.whole and target.minimum < target.maximum <= LARGEST_LABEL
    return not outside(loss, np.array([target.minimum])).any()


def _unweighed(spec: Spec) -> Changes:
    """What leaves the weights of rows out, and what is said of them."""
    return {spec.weight_option: None, "weight_kind" if spec.sigma is None else "absolute_sigma": None}


def _has_weights(column: ColumnSummary, spec: Spec) -> bool:
    return _has_numbers(column, spec) and not column.refused and (column.maximum or 0.0) > 0.0


def _has_numbers(column: ColumnSummary, spec: Spec) -> bool:
    return not column.is_text and _against(column, spec, 0) is None


def _against(column: ColumnSummary, spec: Spec, rows: int) -> str | None:
    """Why a column cannot be used as it is; None where it can, if need be with its odd cells as missing ones."""
    levels = column.levels or 0
    reasons = (
        (column.unclear, "no name of its own"),
        (column.type == "nested", "no numbers"),
        (column.empty or not column.cells, "empty"),
        (column.type == "date", "dates"),
        (column.is_text and column.identifies, "an identifier"),
        (column.spelled, "numbers written as text"),
        (column.is_text and levels == 1, "one text in all rows"),
        (column.is_text and (levels > MOST_LEVELS or 2 * levels > max(4, rows)), "too many levels for its rows"),
        (column.unusable > 0 and not _can_be_missing(column), "cells that are no numbers"),
        (column.squares_fail(spec.dtype), f"squares beyond {spec.dtype.value}"),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _can_be_missing(column: ColumnSummary) -> bool:
    """True where `--na-values` can say what its odd cells are: few, and no list at a comma."""
    plain = all("," not in text and not text.startswith("-") and text.isprintable() for text in column.texts)
    return bool(column.texts) and plain and 2 * column.unusable <= column.cells


def _doubtful(column: ColumnSummary, spec: Spec) -> str | None:
    """Why a column that can be used had better not; what was asked for by name is meant."""
    if spec.features:
        return None
    if column.missing > column.cells:
        return "mostly missing"
    return "an identifier" if column.identifies else None


def _usable(spec: Spec, described: Description, features: Columns) -> tuple[list[ColumnSummary], list[LeftOut]]:
    """The features that can be used, and those that are left out; doubtful ones are used where there is no other."""
    against = {column.name: _against(column, spec, described.rows) for column in features}
    sound = [column for column in features if against[column.name] is None]
    doubts = {column.name: _doubtful(column, spec) for column in sound}
    kept = [column for column in sound if doubts[column.name] is None] or sound
    reasons = against | {name: reason for name, reason in doubts.items() if reason}
    used = {column.name for column in kept}
    left_out = [LeftOut(column.name, reasons[column.name] or "") for column in features if column.name not in used]
    return kept, left_out


def _encodings(
    spec: Spec, usable: Columns, left_out: Sequence[LeftOut]
) -> Iterator[tuple[Changes, Columns, Sequence[LeftOut]]]:
    """What can be done about columns of text: the change, those that are encoded, and all that is left out."""
    texts = [column for column in usable if column.is_text]
    if not texts:
        yield {}, (), left_out
        return
    if spec.categorical is Categorical.ONEHOT:
        yield {}, texts, left_out
    elif spec.categorical is Categorical.ERROR:
        yield {"categorical": Categorical.ONEHOT}, texts, left_out
    yield {"categorical": Categorical.IGNORE}, (), [*left_out, *(LeftOut(column.name, "text") for column in texts)]


def _parameters(spec: Spec, numbers: Columns, encoded: Columns) -> int:
    levels = sum((column.levels or 1) - 1 for column in encoded)
    return len(numbers) + levels + (1 if not spec.no_intercept or encoded else 0)


def gaps_filled(
    spec: Spec, described: Description, others: Columns, numbers: Columns, encoded: Columns, parameters: int
) -> Iterator[tuple[Changes, int, int]]:
    """What can be done about missing cells: the change, the rows that are left, and the cells that are filled."""

    def lacks(columns: Columns) -> bool:
        return any(column.missing or column.unusable for column in columns)

    dropped = described.gaps.complete([column.name for column in (*others, *numbers, *encoded)])
    if not lacks([*others, *numbers, *encoded]):
        yield {}, dropped, 0
        return
    ways: list[tuple[Missing, int, int]] = [(Missing.DROP, dropped, 0)] if dropped else []
    # A target, a weight and a text have no mean to fill in.
    if not lacks([*others, *encoded]):
        filled = sum(column.missing + column.unusable for column in numbers)
        mean = (Missing.MEAN, described.rows, filled)
        first = spec.na is Missing.MEAN or dropped <= parameters or 2 * dropped < described.rows
        ways.insert(0 if first else len(ways), mean)
    for way, rows, filled in ways:
        yield ({} if way is spec.na else {"na": way}), rows, filled


def penalised(spec: Spec, described: Description, proposal: Proposal) -> Proposal:
    """The proposal with a ridge penalty in proportion to its columns, a power of ten."""
    if spec.is_penalised:
        return proposal
    spreads = [
        column.std or 0.0 for column in described.columns if column.name in proposal.features and not column.is_text
    ]
    square = sum(spread * spread for spread in spreads) + 0.25 * len(proposal.encoded)
    mean = max(1, proposal.rows) * square / max(1, len(proposal.features))
    power = round(math.log10(_SHARE * mean)) if mean > 0.0 and math.isfinite(mean) else 0
    return replace(proposal, changes={**proposal.changes, "ridge": 10**power if power >= 0 else float(f"1e{power}")})


def as_squares(spec: Spec) -> Spec:
    """The spec with plain descent on a squared loss, by which a table is looked at whatever its loss is."""
    usual: Changes = {own.name: Spec.__dataclass_fields__[own.name].default for own in LOSS_PARAMETERS}
    return replace(
        spec,
        **usual,
        model=None,
        parameters=(),
        constants=(),
        start=(),
        lower=(),
        upper=(),
        fix=(),
        loss=spec.loss if spec.loss.info.squared else USUAL_LOSS,
        method=Method.AUTO,
        schedule=RateSchedule.CONSTANT,
        momentum=None,
        lr="auto",
        max_iter=None,
        tol=spec.tol or None,
        loss_tol=None,
        grad_tol=None,
        scale=Scale.AUTO,
        engine=Engine.AUTO,
        init="zeros",
    )
