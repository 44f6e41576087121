"""A formula, or a curve through data, as a program: its gradient by backward()."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

import torch

from gdsolve.objective.curve import Curve, CurveFunction, PointwiseCurve
from gdsolve.objective.formula import Formula
from gdsolve.objective.layout import Layout
from gdsolve.programs.expression import written
from gdsolve.programs.linear import SQUARES, printed
from gdsolve.programs.losses import row_loss
from gdsolve.programs.steps import ProgramLoss, StepHolds, loop_lines
from gdsolve.programs.table import column_lines
from gdsolve.programs.text import called, no_program, number, numbers
from gdsolve.programs.walk import ProgramSteps
from gdsolve.solve.problem import Problem

HINT = "write the formula with + - * / ** and functions of columns and parameters"


def lines(problem: Problem, walk: ProgramSteps, *, autograd: bool) -> list[str]:
    """The body of the program: columns, the formula as a function, descent, the result.

    Raises:
        GdsolveError: a formula that PyTorch does not evaluate as gdsolve does.
    """
    before, objective = beginning(problem), objective_of(problem)
    loop = loop_lines(walk, held_of(problem), objective, autograd=autograd, start=start_of(problem))
    found = [*before, *loop, "", *printed(problem.labels, formula_weights(problem))]
    require_names(problem, found)
    return found


def beginning(problem: Problem) -> list[str]:
    """Everything before the formula: constants, columns, bounds."""
    spec, info = problem.spec, problem.data
    layout = _layout(problem)
    lines = ["torch.set_default_dtype(torch.float64)", ""]
    columns: tuple[str, ...] = ()
    if info is not None:
        used = _expression(problem).names
        columns = tuple(name for name in (*info.roles.features, info.roles.target) if name in used)
        target = info.roles.target if spec.model is not None else None
        lines += column_lines(spec, info, columns, target)
        if spec.model is not None:
            lines.append("m = omega.sum()" if info.roles.weight else f"m = len({PREDICTED})")
    for name, value in _given(problem).items():
        if name not in columns:
            lines.append(f"{name} = {_value(value)}")
    if layout.scale.ne(1.0).any():
        lines.append(
            f"scale = torch.tensor({numbers(layout.scale[:, 0].tolist())})  # parameters in units of their start"
        )
    if problem.box is not None:
        for name, side in (("lower", problem.box.lower), ("upper", problem.box.upper)):
            lines += called(f"{name} = torch.tensor([", [number(one) for one in side[:, 0].tolist()], "])")
    if spec.minimize is None and not spec.loss.info.squared:
        lines += row_loss(spec, None).made
    return lines


WITHIN = (
    "torch",
    "math",
    "w",
    "scale",
    "m",
    "omega",
    "prediction",
    "y_observed",
    "delta",
    "level",
    "residual",
    "u",
    "clipped",
)
"""What the function of the loss needs beside its parameters."""
PREDICTED = "y_observed"
"""What the target is called in the program of a curve, so that a parameter may be called y."""


def objective_of(problem: Problem) -> ProgramLoss:
    """The loss as a function of w.

    Raises:
        GdsolveError: PyTorch does not evaluate it as gdsolve does.
    """
    found = _objective(problem)
    _require_same(problem, beginning(problem), found)
    return found


def loss_unit(problem: Problem) -> str:
    """What a loss is multiplied by for the user's units: nothing."""
    return ""


def _objective(problem: Problem) -> ProgramLoss:
    spec, expression = problem.spec, _expression(problem)
    layout = _layout(problem)
    lines = ["", "", "def loss_at(w):", *(f"    {line}" for line in _unpacked(layout))]
    code = written(expression)
    if spec.minimize is not None:
        lines += [f"    return {code}", "", ""]
        return ProgramLoss((), "", "loss_at({w})", defined=tuple(lines))
    weighted = problem.data is not None and problem.data.roles.weight
    omega = "omega * " if weighted else ""
    local: list[str] = []
    if spec.loss.info.squared:
        squares = f"({omega}(prediction - {PREDICTED}) ** 2).sum()"
        value = SQUARES[spec.loss][1].format(inner=squares)
    else:
        if isinstance(problem.objective, PointwiseCurve) and not problem.objective.loss.of_residual:
            raise no_program(f"a curve with --loss {spec.loss}", "give --loss huber, or leave --loss out", "loss")
        own = row_loss(spec, None)
        local = [f"    {_renamed(line)}" for line in own.local]
        value = f"({omega}({_renamed(own.value)})).sum() / m"
    lines += [f"    prediction = {code}", *local, f"    return {value}", "", ""]
    return ProgramLoss((), "", "loss_at({w})", defined=tuple(lines))


def held_of(problem: Problem) -> StepHolds:
    """The bounds that steps are held to."""
    return StepHolds(bounds=("lower", "upper")) if problem.box is not None else StepHolds()


def start_of(problem: Problem) -> str:
    """The start as code."""
    return f"torch.tensor({numbers(problem.start[:, 0].tolist())})"


def formula_weights(problem: Problem) -> str:
    """The parameters as a list, in the user's units."""
    return "w.tolist()" if _layout(problem).scale.eq(1.0).all() else "(scale * w).tolist()"


def _unpacked(layout: Layout) -> list[str]:
    """The parameters of w by their names."""
    w = "w" if layout.scale.eq(1.0).all() else "(scale * w)"
    if not any(layout.shapes):
        if len(layout.names) == 1:
            return [f"{layout.names[0]} = {w}[0]"]
        return [f"{', '.join(layout.names)} = {w.strip('()')}"]
    lines, begin = [], 0
    for name, shape in zip(layout.names, layout.shapes, strict=True):
        end = begin + torch.Size(shape).numel()
        part = f"{w}[{begin}]" if not shape else f"{w}[{begin}:{end}]"
        lines.append(f"{name} = {part}" if len(shape) < 2 else f"{name} = {part}.reshape({', '.join(map(str, shape))})")
        begin = end
    return lines


def _renamed(code: str) -> str:
    """The loss of a row with the names of a curve in place of z and y."""
    return re.sub(r"\bz\b", "prediction", re.sub(r"\by\b", PREDICTED, code))


def require_names(problem: Problem, lines: list[str]) -> None:
    """See that no name of the formula is one that the program needs for itself.

    Raises:
        GdsolveError: one is.
    """
    layout, used = _layout(problem), _expression(problem).names
    for name in layout.names:
        if name in WITHIN:
            raise no_program(f"a parameter called {name}", f"call it otherwise, as in {name}0")
    tree = ast.parse("\n".join(lines))
    outside = [
        part for statement in tree.body if not isinstance(statement, ast.FunctionDef) for part in ast.walk(statement)
    ]
    stored = [part.id for part in outside if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]
    for name in sorted(used - set(layout.names)):
        if stored.count(name) > 1 or name in ("torch", "math", "pl", "loss_at", "print"):
            raise no_program(f"a formula of {name}, which the program needs", f"call it otherwise, as in {name}0")


def _require_same(problem: Problem, before: list[str], objective: ProgramLoss) -> None:
    """See that the program's loss and gradient are those that descent has, where it starts.

    Raises:
        GdsolveError: they are not.
    """
    import math

    import polars as pl

    default, space = torch.get_default_dtype(), dict[str, Any](math=math, pl=pl, torch=torch)
    try:
        exec("\n".join([*before, *objective.defined]), space)
        w = problem.start[:, 0].detach().clone().requires_grad_()
        value = space["loss_at"](w)
        (gradient,) = torch.autograd.grad(value, w)
    except (TypeError, RuntimeError, ValueError, NameError, ZeroDivisionError, IndexError, AttributeError):
        raise no_program("this formula, which PyTorch takes otherwise", HINT) from None
    finally:
        torch.set_default_dtype(default)
    now = problem.objective.evaluate(problem.start)
    same = torch.allclose(value, now.value.reshape(value.shape), rtol=1e-9) and torch.allclose(
        gradient, now.gradient[:, 0], rtol=1e-7, atol=1e-9 * float(now.gradient.abs().max())
    )
    if not same:
        raise no_program("this formula, whose derivatives at the edge of its domain PyTorch takes otherwise", HINT)


def _function(problem: Problem) -> Formula | CurveFunction:
    objective: Any = problem.objective
    if isinstance(objective, Formula):
        return objective
    assert isinstance(objective, Curve | PointwiseCurve)
    return objective.model


def _expression(problem: Problem) -> Any:
    return _function(problem).expression


def _layout(problem: Problem) -> Layout:
    return _function(problem).layout


def _given(problem: Problem) -> Mapping[str, torch.Tensor]:
    found = _function(problem)
    return found.given if isinstance(found, Formula) else found.constants


def _value(value: torch.Tensor) -> str:
    return number(value.item()) if value.dim() == 0 else f"torch.tensor({value.tolist()})"
