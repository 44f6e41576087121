"""What separates the classes, or the counts from zero, in words and in the user's units."""

from __future__ import annotations

from gdsolve.objective.class_coordinates import ClassCoordinates
from gdsolve.objective.separated import Separation
from gdsolve.solve.minimum import Certificate
from gdsolve.solve.problem import Problem
from gdsolve.solve.remedy import finite_weights
from gdsolve.spec import Loss
from gdsolve.spec.command import Advice, Command
from gdsolve.spec.losses import Target

MOST_TERMS = 4


def told_separation(problem: Problem, separation: Separation) -> str:
    """Why no weights are large enough: `x alone separates the classes (y is 1 wherever x > 3)`, say."""
    if problem.spec.loss is Loss.SOFTMAX:
        return _told_classes(problem, separation)
    classes = problem.spec.loss is Loss.LOGISTIC
    if separation.one_class:
        return f"in all rows {_outcome(problem, up=float(separation.direction[-1]) > 0.0)}"
    zeros = "zero counts" if problem.spec.loss.info.target is Target.COUNTS else "zeros"
    does = "separates the classes" if classes else f"marks rows of {zeros} only"
    if separation.column is not None:
        return f"{problem.labels[separation.column]} alone {does} ({_where(problem, separation)})"
    if separation.saturated:
        return f"with as many weights as rows, a combination of the columns {does}"
    return f"a combination of columns {does} ({_combination(problem, separation)})"


def _told_classes(problem: Problem, separation: Separation) -> str:
    """The same of several classes: which of them is apart from the others, by one column if one does it."""
    units, data, place = problem.units, problem.data, separation.category
    assert isinstance(units, ClassCoordinates) and data is not None and data.classes is not None
    target, names, p = data.roles.target, data.classes.names, units.own.p
    if place is None:
        blocks = separation.direction.reshape(units.classes, p)[:, : units.own.n]
        largest = blocks.abs().amax()
        moved = [name for name, block in zip(names, blocks, strict=True) if bool((block.abs() > 1e-6 * largest).any())]
        columns = (blocks.abs().amax(dim=0) > 1e-6 * largest).tolist()
        used = [name for name, there in zip(data.roles.design, columns, strict=True) if there]
        shown = used if len(used) <= MOST_TERMS else [*used[:MOST_TERMS], f"{len(used) - MOST_TERMS} more"]
        some = 0 < len(moved) <= MOST_TERMS and len(moved) < len(names)
        of = f" {' and '.join(moved)} from the others" if some else " the classes"
        return f"a combination of columns separates{of} ({', '.join(shown)})"
    if separation.one_class:
        alone = float(separation.direction[(place + 1) * p - 1]) > 0.0
        return f"{target} is {names[place]} in {'every row' if alone else 'no row'}"
    column = separation.column
    assert column is not None
    name, said = data.roles.design[column], []
    rising = float(separation.direction[place * p + column]) > 0.0
    for values, above in ((separation.above, True), (separation.below, False)):
        if values is not None:
            near, far = (_in_units(problem, column, value) for value in values)
            outcome = f"{target} is {'' if above == rising else 'not '}{names[place]}"
            said.append(f"{outcome} {_values(name, near, far, above=above, data=data)}")
    return f"{name} alone separates {names[place]} from the others ({', and '.join(said)})"


def without_minimum(problem: Problem, command: Command, certificate: Certificate) -> list[Advice]:
    """What to know and do about runs side by side that have no minimum to come to; nothing of others."""
    if certificate.separation is None:
        return []
    why = told_separation(problem, certificate.separation)
    told = Advice(f"There is no minimum: {why}, so that no weights are large enough.")
    return [told, finite_weights(problem, command, certificate.separation)]


def _outcome(problem: Problem, *, up: bool) -> str:
    """`y is 1`, in the user's words for a class."""
    data = problem.data
    target = "y" if data is None else data.roles.target
    levels = None if data is None else data.roles.target_levels
    return f"{target} is {levels[up] if levels else int(up)}"


def _where(problem: Problem, separation: Separation) -> str:
    """The values of a column at which there is one class alone."""
    j = separation.column
    assert j is not None
    rising = float(separation.direction[j]) > 0.0
    said = []
    for values, above in ((separation.above, True), (separation.below, False)):
        if values is None:
            continue
        near, far = (_in_units(problem, j, value) for value in values)
        outcome = _outcome(problem, up=above == rising)
        said.append(f"{outcome} {_values(problem.labels[j], near, far, above=above, data=problem.data)}")
    return ", and ".join(said)


def _values(name: str, near: float, far: float, *, above: bool, data: object) -> str:
    if near != far:
        return f"wherever {name} {'≥' if above else '≤'} {near:.6g}"
    roles = getattr(data, "roles", None)
    encoded = roles is not None and any(
        name == f"{column}={level}" for column, levels in roles.levels.items() for level in levels
    )
    if encoded:
        return f"{'wherever' if near else 'except where'} {name}"
    return f"wherever {name} = {near:.6g}"


def _in_units(problem: Problem, j: int, value: float) -> float:
    """A value of a column, given in descent's coordinates, in the user's, without the rounding of the way there."""
    units = problem.units
    scale, centre = float(units.scale[j]), float(units.centre[j])  # type: ignore[attr-defined]
    return float(f"{value * scale + centre:.6g}") + 0.0


def _combination(problem: Problem, separation: Separation) -> str:
    """The direction as a sum of columns, the largest coefficient 1."""
    units, n = problem.units, len(problem.labels)
    direction = separation.direction[:n, 0]
    # Of columns in any units, those count that move predictions.
    faint = direction.abs() <= 1e-6 * direction.abs().amax()
    user = direction / units.scale.to(direction)  # type: ignore[attr-defined]
    places = [j for j in range(n) if not bool(faint[j])]
    names = [problem.labels[j] for j in places]
    if len(places) > MOST_TERMS:
        return f"{', '.join(names[:MOST_TERMS])} and {len(places) - MOST_TERMS} more"
    largest = max(abs(float(user[j])) for j in places)
    said = ""
    for j in places:
        share = float(user[j]) / largest
        size = f"{abs(share):.3g}"
        sign = ("- " if share < 0.0 else "+ ") if said else "-" if share < 0.0 else ""
        said += f"{' ' if said else ''}{sign}{'' if size == '1' else f'{size} × '}{problem.labels[j]}"
    return said
