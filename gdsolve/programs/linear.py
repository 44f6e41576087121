"""A linear model as a program: the matrix form by hand, or backward() and torch.optim."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.pointwise import POINTWISE
from gdsolve.programs.losses import row_loss
from gdsolve.programs.steps import ProgramLoss, StepHolds, loop_lines
from gdsolve.programs.table import table_lines
from gdsolve.programs.text import called, no_program, number, numbers
from gdsolve.programs.walk import ProgramSteps
from gdsolve.solve.problem import Problem
from gdsolve.spec import Loss, PenaltyScale

if TYPE_CHECKING:
    from gdsolve.solve.data import DataInfo

SQUARES = {
    Loss.HALF_MSE: ("{inner} / m", "{inner} / (2 * m)"),
    Loss.MSE: ("2 * {inner} / m", "{inner} / m"),
    Loss.SSE: ("2 * {inner}", "{inner}"),
}
"""The gradient from Xᵀr, and the loss from the sum of squares, of the squared losses."""


def lines(problem: Problem, walk: ProgramSteps, *, autograd: bool) -> list[str]:
    """The body of the program: read, standardise, descend, go back to the user's units, print."""
    loop = loop_lines(walk, held_of(problem), objective_of(problem), autograd=autograd, start=start_of(problem))
    return [*beginning(problem), "", *loop, "", *_back(problem), *printed(parameter_names(problem))]


def beginning(problem: Problem) -> list[str]:
    """Everything before the start: the table, its columns as descent sees them, penalties and bounds."""
    spec, info = problem.spec, _info(problem)
    lines = ["torch.set_default_dtype(torch.float64)", "", *table_lines(spec, info)]
    if (info.roles.offset or info.roles.exposure) and _of_residual(spec.loss):
        lines.append("y = y - offset")
    if spec.loss is not Loss.SSE:
        lines.append("m = omega.sum()" if info.roles.weight else "m = len(X)")
    lines += _standardised(problem)
    if has_ones(problem):
        lines.append("X = torch.hstack([X, torch.ones(len(X), 1)])  # the intercept is the weight of a column of ones")
    return [*lines, *_penalties(problem), *(() if spec.loss.info.squared else row_loss(spec, _unit(problem)).made)]


def objective_of(problem: Problem) -> ProgramLoss:
    """The loss, with its gradient by hand."""
    spec, info = problem.spec, _info(problem)
    omega = "omega * " if info.roles.weight else ""
    ridge = " + ridge * {w}" if spec.ridge else ""
    if spec.loss.info.squared:
        gradient, loss = SQUARES[spec.loss]
        squares = f"({omega}(X @ {{w}} - y) ** 2).sum()"
        squares = f"({squares} + (ridge * {{w}}**2).sum())" if spec.ridge else squares
        inner = f"X.T @ ({omega}residual)" if omega else "X.T @ residual"
        inner = f"({inner}{ridge})" if ridge else inner
        found = loss.format(inner=squares)
        second = gradient.format(inner=f"({_hessian(omega, '1')}{_ridge_hessian(spec.ridge)})")
        return ProgramLoss(
            ("residual = X @ {w} - y",),
            gradient.format(inner=inner),
            found,
            second,
            penalty=_l1(problem),
            note=_note(problem),
        )
    own = row_loss(spec, _unit(problem))
    offset = " + offset" if (info.roles.offset or info.roles.exposure) and not _of_residual(spec.loss) else ""
    value = f"({omega}({own.value})).sum()" if omega else f"({own.value}).sum()"
    value = f"({value} + (ridge * w**2).sum() / 2)" if spec.ridge else value
    slope = f"X.T @ ({omega}({own.slope}))" if omega else f"X.T @ ({own.slope})"
    hessian: str | None = None
    if own.curvature is not None:
        hessian = f"({_hessian(omega, f'({own.curvature})')}{_ridge_hessian(spec.ridge)}) / m"
    return ProgramLoss(
        (f"z = X @ {{w}}{offset}", *own.local),
        f"({slope}{ridge}) / m" if ridge else f"{slope} / m",
        "loss_at({w})",
        hessian,
        _defined((f"z = X @ w{offset}", *own.local), f"{value} / m"),
        _l1(problem),
        _note(problem),
    )


def _defined(first: tuple[str, ...], value: str) -> tuple[str, ...]:
    return ("", "", "def loss_at(w):", *(f"    {line}" for line in first), f"    return {value}", "", "")


def held_of(problem: Problem) -> StepHolds:
    """What steps are held to."""
    if problem.shrinkage is not None:
        return StepHolds(thresholds="threshold")
    return StepHolds(bounds=("lower", "upper")) if problem.box is not None else StepHolds()


def start_of(problem: Problem) -> str:
    """The start as code."""
    q = _classes(problem)
    start = _of_columns(problem, problem.start)
    if not bool(start.any()):
        return f"torch.zeros({start.shape[0]}, {q})"
    return f"torch.tensor([{', '.join(numbers(row) for row in start.tolist())}])"


def has_ones(problem: Problem) -> bool:
    """True where X has a column of ones: of centred squares the intercept never moves, and needs none."""
    own = own_coordinates(problem)
    still = problem.squares is not None and own.centred and not own.is_raw and not bool(problem.start[-1].any())
    return own.intercept and not still


def _of_columns(problem: Problem, weights: torch.Tensor) -> torch.Tensor:
    """Weights of descent, (pC, 1), as a column a class, without the intercept where X has no column for it."""
    found = weights.reshape(_classes(problem), -1).T
    own = own_coordinates(problem)
    return found[: own.n] if own.intercept and not has_ones(problem) else found


def parameter_names(problem: Problem) -> tuple[str, ...]:
    """What the weights are called, in the order in which the program prints them."""
    return (*problem.labels, *(("intercept",) if problem.intercept else ()))


def printed(names: tuple[str, ...], weights: str = "w.T.flatten().tolist()") -> list[str]:
    """The lines that print the result."""
    lines = called("names = [", [_text(name) for name in names], "]")
    return [
        'print(f"k = {k}")',
        *lines,
        f"for name, weight in zip(names, {weights}, strict=True):",
        '    print(f"{name} = {weight:.12g}")',
    ]


def _hessian(omega: str, curvature: str) -> str:
    inner = f"{omega}{curvature} * X" if curvature != "1" or omega else "X"
    return f"X.T @ ({inner.replace('1 * X', 'X')})" if inner != "X" else "X.T @ X"


def _ridge_hessian(ridge: float) -> str:
    return " + torch.diag(ridge[:, 0])" if ridge else ""


GRADIENTS = {Loss.HALF_MSE: "1/m·Xᵀ(Xw − y)", Loss.MSE: "2/m·Xᵀ(Xw − y)", Loss.SSE: "2·Xᵀ(Xw − y)"}


def _note(problem: Problem) -> str:
    """What is minimised, in symbols."""
    spec = problem.spec
    if spec.loss.info.squared:
        plain = not problem.data or not problem.data.roles.weight
        if plain and not spec.is_penalised:
            return f"L(w) = {spec.loss.info.formula} with the gradient {GRADIENTS[spec.loss]}"
        return f"L(w) = {spec.loss.info.formula}{', rows weighed by omega' if not plain else ''}{_penalised(problem)}"
    return f"L(w) is the mean over rows of {spec.loss.info.formula}, z = Xw{_penalised(problem)}"


def _penalised(problem: Problem) -> str:
    names = [name for name, strength in (("ridge", problem.spec.ridge), ("l1", problem.spec.l1)) if strength]
    return f", with the {' and the '.join(names)} penalty" if names else ""


def _l1(problem: Problem) -> str:
    return " + (threshold * {w}.abs()).sum()" if problem.shrinkage is not None else ""


def _standardised(problem: Problem) -> list[str]:
    own = own_coordinates(problem)
    if own.is_raw:
        return []
    moved = bool(own.centre.any()) or own.target_centre != 0.0
    target = own.target_scale != 1.0 or own.target_centre != 0.0
    lines = ["# Standardised columns: one rate suits all weights then."]
    if own.intercept and own.centred and _computed(problem, own):
        lines.append("centre, scale = X.mean(dim=0), X.std(dim=0, correction=0)")
        lines += ["y_centre, y_scale = y.mean(), y.std(correction=0)"] if target else []
    else:
        lines += called("centre = torch.tensor([", [number(one) for one in own.centre.tolist()], "])") if moved else []
        lines += called("scale = torch.tensor([", [number(one) for one in own.scale.tolist()], "])")
        if target:
            lines.append(f"y_centre, y_scale = {number(own.target_centre)}, {number(own.target_scale)}")
    lines.append("X = (X - centre) / scale" if moved else "X = X / scale")
    return [*lines, "y = (y - y_centre) / y_scale"] if target else lines


def _computed(problem: Problem, own: Coordinates) -> bool:
    """True where the scales are the standard deviations of the columns, and no column is constant."""
    if problem.triangle is None or (problem.data is not None and problem.data.roles.weight):
        return False
    spread = problem.triangle.centred().norm(dim=0) / problem.triangle.total_weight**0.5
    target = own.target_scale == 1.0 or abs(float(spread[-1]) / own.target_scale - 1.0) < 1e-9
    return target and torch.allclose(spread[:-1], own.scale, rtol=1e-9, atol=0.0)


def _penalties(problem: Problem) -> list[str]:
    spec = problem.spec
    own = own_coordinates(problem)
    lines: list[str] = []
    if spec.ridge:
        if spec.penalize_intercept and own.intercept and own.centred and not own.is_raw:
            raise no_program("a penalised intercept of centred columns", "give --scale none", "penalize_intercept")
        lines += _ridge(problem, own)
    if problem.shrinkage is not None:
        column = _of_columns(problem, problem.shrinkage.thresholds)[:, 0].tolist()
        lines += called("threshold = torch.tensor([", [f"[{number(one)}]" for one in column], "])  # of the l1 penalty")
    if problem.box is not None:
        for name, side in (("lower", problem.box.lower), ("upper", problem.box.upper)):
            lines += called(
                f"{name} = torch.tensor([",
                [f"[{number(one)}]" for one in _of_columns(problem, side)[:, 0].tolist()],
                "])",
            )
    return lines


def _ridge(problem: Problem, own: Coordinates) -> list[str]:
    spec, free = problem.spec, has_ones(problem) and not problem.spec.penalize_intercept
    if spec.penalty_scale is not PenaltyScale.USER:
        raise no_program("--penalty-scale standard with --ridge", "leave --penalty-scale out", "penalty_scale")
    ones = has_ones(problem)
    lines = [f"ridge = torch.full(({own.n + ones}, 1), {number(spec.ridge)})"]
    if not own.is_raw:
        place = "ridge[:-1]" if ones else "ridge"
        lines.append(f"{place} /= scale[:, None] ** 2  # the penalty is on the weights of the columns as they are")
    return [*lines, "ridge[-1] = 0.0  # the intercept is not penalised"] if free else lines


def _back(problem: Problem) -> list[str]:
    """From standardised columns to the columns as they are."""
    own, lines = own_coordinates(problem), []
    if not own.is_raw:
        target = own.target_scale != 1.0 or own.target_centre != 0.0
        unit = "y_scale * " if target else ""
        lines.append("# Back to the columns as they are.")
        if not own.intercept:
            lines.append(f"w = {unit}w / scale[:, None]")
        elif not has_ones(problem):
            lines += [f"w = {unit}w / scale[:, None]", "w = torch.vstack([w, y_centre - centre @ w])"]
        else:
            moved = " - centre @ slopes" if bool(own.centre.any()) else ""
            constant = f"{'y_centre + ' if target else ''}{unit}w[-1:]{moved}"
            lines += [f"slopes = {unit}w[:-1] / scale[:, None]", f"w = torch.vstack([slopes, {constant}])"]
    shifts = getattr(problem.units, "shifts", ())
    if len(shifts) == own.p:
        lines.append("w = w - w.mean(dim=1, keepdim=True)  # a number common to all classes changes nothing")
    else:
        lines += [f"w[{place}] -= w[{place}].mean()  # common to all classes it changes nothing" for place in shifts]
    return lines


def loss_unit(problem: Problem) -> str:
    """What a loss in descent's coordinates is multiplied by for the user's units."""
    return " * y_scale.item() ** 2" if _unit(problem) else ""


def own_coordinates(problem: Problem) -> Coordinates:
    """The coordinates of the columns, of one class where there are several."""
    if problem.squares is not None:
        return problem.squares.coordinates
    found: Any = getattr(problem.units, "own", problem.units)
    assert isinstance(found, Coordinates)
    return found


def _unit(problem: Problem) -> str | None:
    return "y_scale" if own_coordinates(problem).target_scale != 1.0 else None


def _of_residual(loss: Loss) -> bool:
    return loss.info.squared or (loss in POINTWISE and POINTWISE[loss].of_residual)


def _classes(problem: Problem) -> int:
    return int(getattr(problem.units, "classes", 1))


def _info(problem: Problem) -> DataInfo:
    assert problem.data is not None
    return problem.data


def _text(name: str) -> str:
    return f'"{name}"' if name.isprintable() and '"' not in name and "\\" not in name else repr(name)
