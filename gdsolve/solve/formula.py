"""From a formula or a curve, its parameters and a table to what descent sees."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np
import torch

from gdsolve.data import Table
from gdsolve.model import read_model
from gdsolve.objective.base import Objective, SumOfSquares
from gdsolve.objective.box import Box
from gdsolve.objective.curve import Curve, CurveFunction, PointwiseCurve
from gdsolve.objective.degree import degree, held, kinked
from gdsolve.objective.edges import has_edges
from gdsolve.objective.expression import Expression
from gdsolve.objective.formula import Formula
from gdsolve.objective.layout import Layout
from gdsolve.objective.losses import LOSSES
from gdsolve.objective.modes import Modes
from gdsolve.objective.pointwise import POINTWISE
from gdsolve.objective.taylor import modes_of_quadratic
from gdsolve.objective.threads import one_thread
from gdsolve.solve.device import device_of, dtype_of
from gdsolve.solve.dispersion import dispersion_is_sought, with_dispersion_of_curve
from gdsolve.solve.finite import NO_ROWS, FormulaRows, fault_of_start
from gdsolve.solve.formula_columns import CurveColumns, parse_formula, read_columns, total_sum_of_squares
from gdsolve.solve.found_start import FoundStart
from gdsolve.solve.guards import require_corner
from gdsolve.solve.link import require_means
from gdsolve.solve.many_starts import ManyStarts, is_spread, spread_starts, started_at
from gdsolve.solve.problem import Kind, Problem
from gdsolve.solve.robust import delta_is_sought, loss_before, with_delta_of_curve
from gdsolve.solve.sought import require_random, with_sought
from gdsolve.spec import Parameter, Spec
from gdsolve.spec.parameter import Value
from gdsolve.spec.parameters import entries, labels, parameters_of
from gdsolve.status import GdsolveError

SMALL_ROWS = 10_000


def pose_formula(spec: Spec, table: Table | None = None) -> Problem:
    """The objective of `minimize` or `model`, with the data that it needs in memory.

    Raises:
        GdsolveError: a formula that cannot be read, or parameters that do not go with it.
        DataError: data that cannot be used.
    """
    # The table stays open until all is known to be finite: an error says where a row stands in it.
    with ExitStack() as stack:
        return _pose(spec, stack, table)


def _pose(spec: Spec, stack: ExitStack, table: Table | None) -> Problem:
    began = time.perf_counter()
    parameters, device, dtype = _started(spec), device_of(spec), dtype_of(spec)
    columns = read_columns(spec, parameters, table, dtype, device, stack)
    if columns is not None:
        spec = replace(spec, model=columns.model)
    if columns is None or len(columns.target) < SMALL_ROWS:
        # As its steps are: see gdsolve.solve.threads.
        stack.enter_context(one_thread())
    if columns is not None and spec.finds_starts:
        parameters = _with_saved(spec, with_sought(spec, parameters, columns.names))
    built, began_at, trial = _build(spec, parameters, columns, dtype, device), None, None
    if any(one.sought for one in parameters):
        trial = _trial(spec, parameters, built)
        parameters, began_at, built = _begun(spec, parameters, columns, built)
        spec = replace(spec, start=(*spec.start, began_at.start))
    else:
        require_random(spec)
    built, spread = _spread(spec, built, parameters, columns, trial)
    layout, expression, objective = built.layout, built.expression, built.objective
    start, scale, names = built.start, layout.scale, layout.labels
    found = spec
    if isinstance(objective, PointwiseCurve):
        require_means(spec, objective, start / scale)
    fault = fault_of_start(spec, objective, start / scale, _rows_of(expression, columns))
    if isinstance(objective, PointwiseCurve) and not fault:
        found, objective = with_delta_of_curve(spec, objective, start / scale, layout.box)
        found, objective = with_dispersion_of_curve(found, objective, start / scale, layout.box)
        if columns is not None and objective.loss.of_residual:
            require_corner(found, columns.info, (total_sum_of_squares(columns) / columns.total_weight) ** 0.5, dtype)
    if spread is not None and found is not spec:
        # The loss that all starts are compared by has its δ, or its α, now.
        again = _build(found, parameters, columns, dtype, device)
        built, spread = _spread(found, again, parameters, columns, trial)
        objective, start = built.objective, built.start
    return Problem(
        spec=found,
        kind=Kind.FORMULA if spec.minimize is not None else Kind.CURVE,
        objective=objective,
        start=start / scale,
        labels=names,
        intercept=False,
        units=layout,
        box=layout.box,
        data=columns.info if columns else None,
        rows=columns.total_weight if columns else 0.0,
        total_sum_of_squares=total_sum_of_squares(columns) if columns and spec.model is not None else None,
        modes=_modes(objective, expression, layout, start / scale) if layout.box is None and not fault else None,
        bound=None,
        convex=False,
        smooth=not kinked(expression, layout.names) and (spec.minimize is not None or spec.loss.info.smooth),
        seconds=time.perf_counter() - began,
        delta_found=delta_is_sought(spec) or dispersion_is_sought(spec),
        fault_of_start=fault,
        clusters=columns.clusters if columns else None,
        spread=spread,
        found_start=began_at,
    )


@dataclass(frozen=True, slots=True)
class _Built:
    """A formula with its parameters where they start, (p, 1) in the user's units: what descent sees of them."""

    layout: Layout
    expression: Expression
    objective: Objective
    start: torch.Tensor


def _build(
    spec: Spec, parameters: Sequence[Parameter], columns: CurveColumns | None, dtype: torch.dtype, device: torch.device
) -> _Built:
    free = [parameter for parameter in parameters if not parameter.fixed]
    start = _column([number for parameter in free for number in entries(parameter.start)], dtype, device)
    # Where gdsolve chooses the rate, parameters count in units of their start, so that one tolerance suits all of them.
    scale = torch.where(start == 0.0, 1.0, start.abs()) if spec.standardise else torch.ones_like(start)
    names = tuple(label for parameter in free for label in labels(parameter))
    layout = Layout(
        tuple(one.name for one in free), tuple(_shape(one) for one in free), names, scale, _bounds(free, start)
    )
    given = {one.name: _tensor(one.start, dtype, device) for one in parameters if one.fixed}
    given |= {one.name: _tensor(one.value, dtype, device) for one in spec.constants}
    expression = parse_formula(spec, [*layout.names, *given, *(columns.values if columns else ())])
    _require_use(expression, layout, given, "minimize" if spec.minimize is not None else "model")
    return _Built(layout, expression, _objective(spec, expression, layout, given, columns, start / scale), start)


def _begun(
    spec: Spec, parameters: Sequence[Parameter], columns: CurveColumns | None, built: _Built
) -> tuple[tuple[Parameter, ...], FoundStart, _Built]:
    """The parameters with the start that is found for those that have none, and the curve there."""
    from gdsolve.solve.find_start import find_start

    assert isinstance(built.objective, Curve | PointwiseCurve)
    started, found = find_start(spec, parameters, built.objective)
    if found is None:
        at = built.start / built.layout.scale
        fault = fault_of_start(spec, built.objective, at, _rows_of(built.expression, columns))
        names = ",".join(f"{one.name}=1" for one in parameters if one.sought)
        raise GdsolveError(
            f"no start was found at which it is finite{': at 1 ' + fault if fault else ''}",
            f"say where it starts, as in --start {names}",
            option="model",
        )
    return started, found, _build(spec, started, columns, built.start.dtype, built.start.device)


def _with_saved(spec: Spec, parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """The parameters without a start, started where a saved model left them if --init names one that has them."""
    if spec.init == "zeros":
        return tuple(parameters)
    saved = read_model(spec.init)["weights"]
    return tuple(
        replace(one, start=float(saved[one.name]), sought=False) if one.sought and one.name in saved else one
        for one in parameters
    )


def _trial(spec: Spec, parameters: Sequence[Parameter], built: _Built) -> Callable[[int], torch.Tensor]:
    """What gives so many points of the search for a start, (N, p) in the user's units."""

    def points(count: int) -> torch.Tensor:
        from gdsolve.solve.find_start import trial_points

        assert isinstance(built.objective, Curve | PointwiseCurve)
        return trial_points(spec, parameters, built.objective, count)

    return points


def _spread(
    spec: Spec,
    built: _Built,
    parameters: Sequence[Parameter],
    columns: CurveColumns | None,
    trial: Callable[[int], torch.Tensor] | None,
) -> tuple[_Built, ManyStarts | None]:
    """The formula where the starts that fill ranges have it begin; as it is where there is one start alone."""
    if not is_spread(spec, parameters):
        return built, None
    spread = spread_starts(spec, parameters, built.objective, built.layout, trial)
    at = started_at(parameters, spread.begin)
    return _build(spec, at, columns, built.start.dtype, built.start.device), spread


def _objective(
    spec: Spec,
    expression: Expression,
    layout: Layout,
    given: Mapping[str, torch.Tensor],
    columns: CurveColumns | None,
    start: torch.Tensor,
) -> Objective:
    values = {**given, **(columns.values if columns else {})}
    with torch.no_grad():
        started = {**values, **layout.unpack(start)}
    found = expression.evaluate(started)
    at_edges = has_edges(expression, started, layout.names)
    if spec.minimize is not None or columns is None:
        _require_one_number(found)
        return Formula(expression, layout, values, at_edges)
    used = {name: column for name, column in columns.values.items() if name in expression.names}
    model = CurveFunction(expression, layout, given, used, len(columns.target), at_edges)
    _require_one_a_row(found, model.rows)
    if spec.loss in POINTWISE:
        weight = None if columns.weight is None else columns.weight[:, None]
        return PointwiseCurve(model, columns.target, weight, loss_before(spec), columns.total_weight)
    root = None if columns.weight is None else columns.weight.sqrt()[:, None]
    return Curve(model, columns.target, root, LOSSES[spec.loss].curvature_scale(columns.total_weight))


def _started(spec: Spec) -> tuple[Parameter, ...]:
    """The parameters, started where a saved model left them if --init names one."""
    parameters = parameters_of(spec)
    if spec.init == "zeros":
        return parameters
    if spec.is_spread:
        raise GdsolveError(
            "is one start, and many are asked for",
            "leave --init out, or give --start numbers and no --starts",
            option="init",
        )
    if spec.init == "random":
        raise GdsolveError(
            "random is for linear models", "leave --init out: every parameter has a start of its own", option="init"
        )
    saved = read_model(spec.init)["weights"]
    moved = []
    for parameter in parameters:
        names = labels(parameter)
        if not parameter.fixed and not parameter.sought and not set(names) <= set(saved):
            raise GdsolveError(
                f"{spec.init}: has no parameter {parameter.name!r}",
                "leave --init out, or start from a fit of this formula",
            )
        numbers = iter([saved[name] for name in names if name in saved])
        still = parameter.fixed or parameter.sought
        moved.append(parameter if still else replace(parameter, start=_filled(parameter.start, numbers)))
    return tuple(moved)


def _filled(value: Value, numbers: Iterator[float]) -> Value:
    """The same shape with other numbers."""
    return tuple(_filled(part, numbers) for part in value) if isinstance(value, tuple) else next(numbers)


def _require_use(expression: Expression, layout: Layout, constants: Collection[str], key: str) -> None:
    if (call := expression.called((*layout.names, *constants))) is not None:
        raise GdsolveError(
            f"column {call.column}: {call.value} is a function here, and a parameter or constant as well",
            f"for a product write {call.value}*(…), or call the parameter otherwise, as in {call.value}0",
            column=call.column,
            option=key,
        )
    for name in layout.names:
        if name not in expression.names:
            raise GdsolveError(
                f"{name}: the formula does not use this parameter", f"leave it out of --start, or give --fix {name}"
            )
    for name, step in held(expression, layout.names).items():
        raise GdsolveError(
            f"column {step.column}: {name} moves the formula only by jumps of {expression.written(step)}, where no "
            "derivative tells which way is down",
            f"give --fix {name}, or write a smooth step, as in sigmoid(10*(x - {name})) for x > {name}",
            column=step.column,
            option=key,
        )


def _require_one_number(found: torch.Tensor) -> None:
    if found.numel() != 1:
        raise GdsolveError(
            f"the formula gives {found.numel()} numbers, not one", "minimise their sum(…) or mean(…)", option="minimize"
        )


def _require_one_a_row(found: torch.Tensor, rows: int) -> None:
    if found.numel() != 1 and tuple(found.shape) != (rows,):
        raise GdsolveError(
            f"the formula gives numbers of shape {tuple(found.shape)}, not one for each of {rows} rows",
            "write it entry by entry, with a column as in a*x + b: sum, mean, dot and @ join the rows",
            option="model",
        )


def _rows_of(expression: Expression, columns: CurveColumns | None) -> FormulaRows:
    if columns is None:
        return NO_ROWS
    used = {name: column for name, column in columns.values.items() if name in expression.names}
    return FormulaRows(used, len(columns.target), columns.where, columns.info.roles.target)


def _modes(objective: Objective, expression: Expression, layout: Layout, start: torch.Tensor) -> Modes | None:
    squares = isinstance(objective, SumOfSquares)
    if not squares and not isinstance(objective, Formula):
        # The expression of a curve is not its loss.
        return None
    quadratic = degree(expression, layout.names) <= (1.0 if squares else 2.0)
    return modes_of_quadratic(objective, start) if quadratic else None


def _bounds(parameters: Sequence[Parameter], like: torch.Tensor) -> Box | None:
    """The bounds in the user's units; None where there are none."""
    counts = [len(entries(one.start)) for one in parameters]
    lower = [one.lower for one, count in zip(parameters, counts, strict=True) for _ in range(count)]
    upper = [one.upper for one, count in zip(parameters, counts, strict=True) for _ in range(count)]
    if not any(map(math.isfinite, (*lower, *upper))):
        return None
    return Box(_column(lower, like.dtype, like.device), _column(upper, like.dtype, like.device))


def _column(numbers: Sequence[float], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    return _tensor(numbers, dtype, device)[:, None]


def _tensor(numbers: object, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    return torch.tensor(numbers, dtype=dtype, device=device)


def _shape(parameter: Parameter) -> tuple[int, ...]:
    return np.shape(parameter.start)
