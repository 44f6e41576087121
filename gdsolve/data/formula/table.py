"""A table that is read for a formula: what each column is, and what has to be known of all rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from gdsolve.data.batch import Tally
from gdsolve.data.cells import ColumnKind
from gdsolve.data.columns import Parts, Roles, cluster_column, columns_in, known_column, offsets_of
from gdsolve.data.diagnose import nested_error, show, text_error
from gdsolve.data.first_rows import first_rows, is_plain, kinds_in, nothing_read, whole_of
from gdsolve.data.formula.columns import FormulaColumns
from gdsolve.data.formula.design import FormulaDesign, RowFaultError
from gdsolve.data.formula.learn import Learner
from gdsolve.data.formula.saved import design_of
from gdsolve.data.levels import find_levels, join_levels, join_met, values_met
from gdsolve.data.offsets import offset_columns
from gdsolve.data.reading import Reader
from gdsolve.data.shares import Head
from gdsolve.data.source import Source
from gdsolve.data.targets import another_target, class_levels, holds_classes
from gdsolve.model import read_model
from gdsolve.ranks import Ranks
from gdsolve.spec import Missing, Spec
from gdsolve.spec.formula_place import checked_formula
from gdsolve.spec.losses import Target
from gdsolve.spec.model_formula import ModelFormula, read_formula
from gdsolve.status import DataError, GdsolveError

_BEFORE = "--formula"
_TEXTS = (ColumnKind.TEXT, ColumnKind.DATE)


def read_for_formula(opened: tuple[Source, ...], first: Head, spec: Spec, ranks: Ranks) -> Reader:
    """What reads files that are open in the roles that a formula gives their columns, with what it has learnt.

    Raises:
        GdsolveError: a formula that does not fit the table.
        DataError: a column that cannot be used.
    """
    names = list(first.names)
    known = _design_of_weights(spec)
    formula, rest = (
        formula_of(spec, names, first.name, first.row_names) if known is None else (known.formula, known.rest)
    )
    for name in formula.named:
        known_column("formula", name, names, first.name)
    parts = parts_of(formula, spec, names, first.name)
    looked = first_rows(opened)
    judged = ranks.gather(looked and kinds_in(*looked))
    kinds = next((found for found in judged if found), None)
    if kinds is None:
        raise nothing_read(opened, ranks)
    classes = formula.is_column and holds_classes(parts, kinds, spec)
    named = formula.columns if classes else formula.named
    texts = tuple(name for name in named if kinds[name] in _TEXTS) if known is None else known.texts
    if looked:
        _refuse_unfit(*looked, kinds, parts, spec, formula, classes=classes)
    beside = [*([parts.weight] if parts.weight else []), *offset_columns(parts)]
    numbers = [*(name for name in named if name not in texts), *beside]
    fast = looked is not None and is_plain(*looked, kinds, numbers)
    columns = FormulaColumns(formula, texts)
    pair: tuple[str, ...] | None = None
    if classes:
        found = ranks.gather(find_levels(opened, [parts.target], numbers, parts, spec, fast))
        pair = _classes(first.name, parts, join_levels(found, first.name, parts)[parts.target], spec)
    roles = _roles(columns, parts, names, pair)
    whole = whole_of(opened, looked)
    met = join_met(ranks.gather(values_met(opened, parts.together))) if ranks.several and parts.together else ()
    reader = Reader(opened, roles, spec, fast, first.name, whole, met)
    if ranks.several and spec.na is Missing.MEAN:
        reader.fill_with(ranks.gather(reader.sums()))
    design = known or _learnt(Learner(formula, rest, texts), reader, ranks)
    if not design.names and not formula.intercept:
        raise GdsolveError("has no feature behind the ~, and no intercept", "name one, as in y ~ x", option="formula")
    roles = replace(roles, design=design.names, formula=replace(columns, design=design))
    made = Reader(opened, roles, spec, fast, first.name, whole, met)
    made.fill_as(reader)
    return made


def _classes(table: str, parts: Parts, levels: Sequence[str], spec: Spec) -> tuple[str, ...]:
    """The levels of a text target.

    Raises:
        DataError: there are fewer or more than the loss takes.
    """
    try:
        return class_levels(table, parts, levels, spec)
    except DataError as fault:
        if spec.loss.info.target is Target.TWO_CLASSES:
            raise
        raise fault.but(hint=f"{another_target(spec)}, one of several classes") from None


def _learnt(learner: Learner, reader: Reader, ranks: Ranks) -> FormulaDesign:
    """The formula with what a pass over the rows that are used tells of it, if it needs one."""
    tally = Tally()
    if learner.learns:
        learner.tell()
        for frame in reader.kept(tally):
            learner.take(frame, reader.name)
    shares = ranks.gather(learner.learnt())
    try:
        return learner.design(shares, reader.name)
    except RowFaultError as fault:
        # Of several ranks each has some of the rows.
        at = f"{reader.name}: " if ranks.several else f"{tally.where(fault.row)}: "
        raise DataError(at + fault.words, fault.hint) from None


def _design_of_weights(spec: Spec) -> FormulaDesign | None:
    """The formula of the model whose weights are to be certified, which are those of what it has learnt."""
    if spec.weights is None:
        return None
    try:
        saved = (read_model(spec.weights).get("data") or {}).get("formula")
    except GdsolveError:
        # Weights of another kind have learnt nothing.
        return None
    return design_of(saved) if saved and saved["text"] == spec.formula else None


def formula_of(
    spec: Spec, names: Sequence[str], table: str, row_names: str | None = None
) -> tuple[ModelFormula, tuple[str, ...] | None]:
    """The formula of a spec, with the columns that a dot in it stands for, if there is one.

    Raises:
        GdsolveError: a formula that cannot be read.
    """
    assert spec.formula is not None
    checked_formula(spec.formula, names)
    formula, rest = read_formula(spec.formula), None
    if formula.takes_rest:
        keys = columns_in("group_by", spec.group_by, names, table)
        own = (spec.weight_column, *keys, spec.cv_by, cluster_column(names, spec, table), spec.offset)
        apart = (row_names, *own, spec.exposure, *formula.target_columns)
        rest = tuple(name for name in names if name not in apart)
        formula = read_formula(spec.formula, rest)
    return formula, rest


def parts_of(formula: ModelFormula, spec: Spec, names: Sequence[str], table: str) -> Parts:
    """The part of every column that a formula names.

    Raises:
        GdsolveError: a flag that names no column.
    """

    def column(option: str, name: str | None) -> str | None:
        return None if name is None else known_column(option, name.strip(), names, table)

    weight = column(spec.weight_option, spec.weight_column)
    return Parts(
        formula.target_columns[0] if formula.target_columns else formula.target,
        _BEFORE,
        formula.columns,
        weight,
        frozenset(formula.named),
        columns_in("group_by", spec.group_by, names, table),
        column("cv_by", spec.cv_by),
        cluster_column(names, spec, table),
        *offsets_of(names, spec, table),
    )


def _roles(columns: FormulaColumns, parts: Parts, names: Sequence[str], pair: tuple[str, ...] | None) -> Roles:
    used = {*columns.formula.named, parts.weight, *parts.group, parts.together, parts.cluster, *offset_columns(parts)}
    return replace(
        roles_of(columns, parts.weight, tuple(name for name in names if name not in used)),
        target_levels=pair,
        group=parts.group,
        together=parts.together,
        cluster=parts.cluster,
        offset=parts.offset,
        exposure=parts.exposure,
    )


def roles_of(columns: FormulaColumns, weight: str | None, ignored: tuple[str, ...]) -> Roles:
    """The roles that a formula gives to the columns that it names, before it is known what it makes of them."""
    formula = columns.formula
    return Roles(
        formula.target,
        _BEFORE,
        formula.columns,
        weight,
        ignored,
        {},
        (),
        target_column=None if formula.is_column else ", ".join(formula.target_columns) or None,
        formula=columns,
    )


def _refuse_unfit(
    source: Source,
    sample: pl.DataFrame,
    kinds: Mapping[str, ColumnKind],
    parts: Parts,
    spec: Spec,
    formula: ModelFormula,
    *,
    classes: bool,
) -> None:
    """Refuse columns of lists, and text where a number has to be: as the target as it is, and as the weight."""
    apart = [name for name in (parts.weight, *parts.group, parts.together) if name] + offset_columns(parts)
    for name in (*formula.named, *apart):
        if kinds[name] is ColumnKind.NESTED:
            raise nested_error(source, kinds, name, parts, spec)
    for name in (name for name in (parts.weight, *offset_columns(parts)) if name is not None):
        if kinds[name] in _TEXTS:
            raise text_error(source, sample, kinds, name, [], parts, spec=spec)
    if formula.is_column and not classes and kinds[formula.target] in _TEXTS:
        fault = text_error(source, sample, kinds, formula.target, [], replace(parts, target=""), spec=spec)
        raise DataError(
            f"{fault.text}, and it is the target ({_BEFORE})",
            f"name a column of numbers there, or an expression: I({formula.target} == {show('a')}) ~ …",
        )
