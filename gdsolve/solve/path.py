"""`path`: a linear model with every strength of its penalties, and which of them predicts best (docs/guide/path.md)."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from gdsolve.advice import Advice
from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.illustrator import Illustrate
from gdsolve.solve.pose import pose
from gdsolve.spec import Spec
from gdsolve.spec.choices import Select, StopAt
from gdsolve.spec.command import Command
from gdsolve.status import DataError

if TYPE_CHECKING:
    from gdsolve.data import Table
    from gdsolve.solve.regularization_path import RegularizationPath
    from gdsolve.solve.scanned import Scan


def path(
    spec: Spec,
    table: Table | Scan | None = None,
    command: Command | None = None,
    ranks: Ranks = ALONE,
    *,
    illustrate: Illustrate | None = None,
) -> RegularizationPath:
    """The whole path of penalties on one problem, from one pass over its rows.

    Raises:
        GdsolveError: what was asked for contradicts itself or the table.
        DataError: data that cannot be used, or that no penalty changes.
    """
    began = time.perf_counter()
    command = command or Command("path", spec.data)
    # What a YAML spec says of one fit is not for all of them; whether there are penalties decides on coordinates.
    ratio = spec.l1_ratio
    asked = replace(spec, l1=float(ratio > 0.0), ridge=float(ratio < 1.0), stop=StopAt.RULES, holdout=None)
    problem = pose(asked, table, ranks)
    from gdsolve.solve.find_path import find_path, typed_back
    from gdsolve.solve.fit_problem import fit_problem
    from gdsolve.solve.penalties import Mix
    from gdsolve.solve.regularization_path import RULES

    try:
        found = find_path(problem, Mix.of(spec.l1_ratio), spec.points, fit_problem)
    except DataError as fault:
        raise fault.but(about=("target",)) from None
    found = replace(found, spec=spec)
    if spec.select in RULES:
        found = replace(found, model=found.select(spec.select))
    place = (
        None if found.folds is None else found.folds.place(Select.MIN if spec.select is Select.NONE else spec.select)
    )
    if place is not None:
        found = replace(found, advice=(Advice("To fit at that λ", typed_back(command, found, place)),))
    found = replace(found, seconds=found.seconds | {"total": time.perf_counter() - began})
    illustrator = illustrate and illustrate()
    return found if illustrator is None or not spec.plots else found.drawn(illustrator.picture_of_path(found))
