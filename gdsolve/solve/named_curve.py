"""A curve by its name as a formula of the table's own columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from gdsolve.data import columns_in, usual_target
from gdsolve.data.columns import first_of
from gdsolve.objective.formula_hints import in_a_formula
from gdsolve.quoting import quoted
from gdsolve.solve.target import column_of_target
from gdsolve.spec import Spec
from gdsolve.spec.curve_names import Written, renamed, require_formula, written
from gdsolve.spec.curves import FEATURE
from gdsolve.spec.option import enumerated
from gdsolve.status import GdsolveError


def with_formula(spec: Spec, known: Collection[str], names: Sequence[str], target: str | None = None) -> Spec:
    """The spec with the formula in place of the name of a curve; `known` are the names of parameters and constants.

    `names` are the columns of the table, or those beside the `target` where that is known. The feature is the one that
    is named, a column x, or the only one that there is.

    Raises:
        GdsolveError: a name that no curve has, several columns that may be the feature, or a parameter of another name.
    """
    if spec.model is None:
        return spec
    found = written(spec.model, known)
    if found is None:
        require_formula(spec.model, [*names, *(() if target is None else (target,))], known)
        if spec.features:
            raise GdsolveError("a formula names its columns itself", "leave --features out", option="features")
        return spec
    _require_parameters(spec, found, known)
    column = _feature(spec, found, names, target)
    if column in found.parameters:
        raise GdsolveError(
            f"{found.name} has a parameter {column!r}, as the column is called",
            "write it out, the parameter with another name: --model "
            + quoted(replace(found, formula=renamed(found.formula, {column: f"{column}0"})).of(column)),
            option="model",
        )
    return replace(spec, model=found.of(in_a_formula(column)), features=())


def _require_parameters(spec: Spec, found: Written, known: Collection[str]) -> None:
    wrong = next((name for name in known if name not in found.parameters), None)
    if wrong is None:
        return
    constant = any(wrong == one.name for one in spec.constants)
    given = "parameters" if any(wrong == one.name for one in spec.parameters) else "start"
    what, option = ("constant", "constants") if constant else ("parameter", "weights" if spec.weights else given)
    raise GdsolveError(
        f"{found.name} has no {what} {wrong!r}",
        f"its parameters are {enumerated(found.parameters)}, in {found.formula}",
        option=option,
    )


def _feature(spec: Spec, found: Written, names: Sequence[str], target: str | None) -> str:
    """The column that stands for x."""
    features = columns_in("features", spec.features, names, _table_of(spec))
    if len(features) > 1:
        raise GdsolveError(
            f"{found.name} is a curve of one feature, and these are {len(features)}",
            f"give one of them: --features {quoted(features[0])}",
            option="features",
            as_flag=True,
        )
    if features:
        return features[0]
    left = list(names)
    if target is None:
        left = may_be_used(spec, names)
        others = [name for name in left if name != FEATURE] or left
        target = column_of_target(spec, names) or (usual_target(others)[0] if others else None)
    left = [name for name in left if name != target]
    if FEATURE in left:
        return FEATURE
    if len(left) == 1:
        return left[0]
    beside = f"beside the target {target!r}"
    if not left:
        raise GdsolveError(
            f"{found.name} is a curve of one feature, and the table has no column {beside}",
            "give a table with one",
            option="model",
        )
    raise GdsolveError(
        f"{found.name} is a curve of one feature, and the table has {len(left)} {beside}: {first_of(left)}",
        f"say which one: --features {quoted(left[0])}",
        option="model",
    )


def may_be_used(spec: Spec, names: Sequence[str]) -> list[str]:
    """The columns of a table that may be target or feature of a curve: those without another part.

    Raises:
        GdsolveError: a column to ignore that is not there.
    """
    apart = (spec.weight_column, spec.errors.cluster, spec.offset, spec.exposure)
    ignored = columns_in("ignore", spec.ignore, names, _table_of(spec))
    return [name for name in names if name not in apart and name not in ignored]


def _table_of(spec: Spec) -> str:
    return spec.data[0] if spec.data else "inline"
