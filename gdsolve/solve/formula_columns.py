"""The columns of a table that a formula or a curve uses: chosen by its names, read whole, and looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import torch

from gdsolve.data import Choice, Table, inline_table, open_columns, usual_target
from gdsolve.data.columns import columns_listed
from gdsolve.data.offsets import is_subtracted
from gdsolve.objective.expression import Expression, parse
from gdsolve.objective.kept_rows import KeptRows
from gdsolve.objective.shipment import collect_columns
from gdsolve.objective.triangle import Triangle, build_triangles
from gdsolve.quoting import joined
from gdsolve.solve.data import DataInfo, tell_table
from gdsolve.solve.guards import require_cells, tell_rounding
from gdsolve.solve.memory import demand_of_formula
from gdsolve.solve.named_curve import may_be_used, with_formula
from gdsolve.solve.robust_pass import RobustPass, RowClusters, require_clusters
from gdsolve.solve.sought import sought_names
from gdsolve.solve.target import column_of_target, transformed
from gdsolve.spec import Parameter, Spec
from gdsolve.spec.parameters import entries
from gdsolve.status import GdsolveError


@dataclass(frozen=True, slots=True)
class CurveColumns:
    """The columns of a table that a formula uses, by name, (m,) each, with target, (m, 1), and row weights, if any.

    `where` says where a row stands, as long as the table is open.
    """

    info: DataInfo
    where: Callable[[int], str]
    values: Mapping[str, torch.Tensor]
    target: torch.Tensor
    weight: torch.Tensor | None
    clusters: RowClusters | None = None
    model: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, the target last."""
        roles = self.info.roles
        return (*self.values, roles.target_column or roles.target)

    @property
    def total_weight(self) -> float:
        """Σω, or the number of rows."""
        return float(len(self.target) if self.weight is None else self.weight.sum())


def read_columns(
    spec: Spec,
    parameters: Sequence[Parameter],
    table: Table | None,
    dtype: torch.dtype,
    device: torch.device,
    stack: ExitStack,
) -> CurveColumns | None:
    """The columns that the formula names, all rows of them; None where there is no table."""
    known = [*(one.name for one in parameters), *(one.name for one in spec.constants)]
    if table is None and spec.X is not None and spec.y is not None:
        table = inline_table(spec.X, spec.y, spec)
    if table is None and not spec.data:
        if spec.model is not None:
            raise GdsolveError(
                "there is no table to fit it to", "give one, as in gdsolve fit data.csv --model …", option="model"
            )
        return None
    opened = stack.enter_context(table or open_curve(spec, known))
    roles = opened.roles
    # Arrays have their columns already.
    spec = with_formula(spec, known, roles.features, roles.target)
    sought = sought_names(spec, known, (*roles.features, roles.target))
    steps = len(parse_formula(spec, [*known, *sought, *roles.features, roles.target]).steps)
    p = len(sought) + sum(len(entries(one.start)) for one in parameters if not one.fixed)
    demand, count = demand_of_formula(spec, opened, steps, p), opened.count()
    demand.require(count)
    demand.require_on(device, count)
    kept = KeptRows(dtype, demand.grow)
    robust = RobustPass(spec)
    built = _keep(kept, opened, robust)
    require_clusters(spec, opened)
    info = replace(DataInfo.of(opened), log_weight=robust.log_weight())
    tell_table(info)
    if built:
        tell_rounding(info, built, spec)
    cells, weight = collect_columns(kept, device)
    cells, offset = (cells, None) if spec.offsets is None or is_subtracted(spec.loss) else (cells[:-1], cells[-1:])
    if weight is not None:
        _replace_weightless(cells, weight)
    require_cells(info, (*roles.features, roles.target), cells)
    named = dict(zip(roles.features, cells, strict=False))
    if spec.minimize is not None:
        named[roles.target] = cells[-1]
    for name in known:
        if name in named:
            raise _two_of_one_name(name)
    clusters = robust.clusters(opened.clusters, weightless=True)
    target, info = transformed(spec, info, cells[-1], opened.where)
    whole = torch.stack([target, *(offset or ())], dim=1)
    return CurveColumns(info, opened.where, named, whole, weight, clusters, spec.model)


def open_curve(spec: Spec, known: Sequence[str]) -> Table:
    """The table of a spec with the columns that its formula names, beside the parameters and constants `known`.

    Raises:
        GdsolveError, DataError: as `open_columns`, and a formula that cannot be read.
    """

    def choose(names: Sequence[str]) -> Choice:
        written = with_formula(spec, known, names)
        return _choose(written, known, names, by_name=written is not spec)

    return open_columns(spec.data, spec, choose)


def _replace_weightless(cells: Sequence[torch.Tensor], weight: torch.Tensor) -> None:
    """Put another row in the place of each of weight 0, which is no row: 0·∞ would be no number."""
    gone = weight == 0.0
    if bool(gone.any()) and not bool(gone.all()):
        for column in cells:
            column[gone] = column[~gone][0]


def _keep(kept: KeptRows, opened: Table, robust: RobustPass) -> tuple[Triangle, ...]:
    """Read all rows; in float32 also what shows what that has lost of columns: their triangles, rounded and exact."""
    stream = robust.passing(kept.passing(opened.batches()))
    if kept.dtype is torch.float32 and opened.roles.features:
        return build_triangles(stream, (torch.float32, torch.float64))
    for _ in stream:
        pass
    return ()


def _choose(spec: Spec, known: Sequence[str], names: Sequence[str], *, by_name: bool) -> Choice:
    """The columns that the formula uses, of those that the table has; `by_name` where it stands for a curve's name."""
    known = [*known, *sought_names(spec, known, names)]
    in_formula = _names_in(spec, [*known, *names])
    clashing = [name for name in known if name in names and name in in_formula]
    used = [name for name in names if name in in_formula and name not in clashing]
    if spec.minimize is not None and clashing:
        raise _two_of_one_name(clashing[0])
    if spec.minimize is not None:
        if not used:
            raise GdsolveError(
                "the formula uses no column of the table",
                f"leave the table out, or use one of its {columns_listed(names)}",
                option="minimize",
            )
        return Choice(tuple(used[:-1]), used[-1], "a column of the formula")
    asked = column_of_target(spec, names)
    left = [name for name in may_be_used(spec, names) if name not in used]
    if spec.target is None and not left:
        raise GdsolveError(
            "every column is used in it, and none is left as target",
            "leave the column of the target out of the formula",
            option="model",
        )
    target, reason = (asked, "--target") if asked is not None else usual_target(left)
    # A target that is named is no part of its curve, nor is any column but the feature of a curve by its name.
    clash = next((name for name in clashing if name != asked and not by_name), None)
    if clash is not None:
        raise _two_of_one_name(clash)
    if target in used:
        other = f", or choose another target: {joined(['--target', left[-1]])}" if left else ""
        raise GdsolveError(
            f"the target {target!r} is used in it", f"leave it out of the formula{other}", option="model"
        )
    return Choice(tuple(used), target, reason)


def _two_of_one_name(name: str) -> GdsolveError:
    return GdsolveError(
        f"{name}: is a parameter or constant and a column as well", f"call the parameter otherwise, as in {name}0"
    )


def _names_in(spec: Spec, names: Sequence[str]) -> frozenset[str]:
    return parse_formula(spec, names).names


def parse_formula(spec: Spec, names: Sequence[str]) -> Expression:
    """The formula of `minimize` or `model`, in which `names` are known.

    Raises:
        GdsolveError: it cannot be read.
    """
    key, text = ("minimize", spec.minimize) if spec.minimize is not None else ("model", spec.model or "")
    value = "start it: --start {name}=1" if spec.weights is None else "give it a value in the file of --weights"
    try:
        return parse(text, names, f"if it is a parameter, {value}")
    except GdsolveError as fault:
        raise fault.but(option=key) from None


def total_sum_of_squares(columns: CurveColumns) -> float:
    """Σω(y − ȳ)², for R²."""

    weight = torch.ones_like(columns.target) if columns.weight is None else columns.weight[:, None]
    mean = (weight * columns.target).sum() / weight.sum()
    return float((weight * (columns.target - mean).square()).sum())
