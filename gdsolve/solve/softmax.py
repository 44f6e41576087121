"""From a table and the loss of several classes to what descent sees: one weight a column and class, on all rows."""

from __future__ import annotations

import time
from dataclasses import replace

import torch

from gdsolve.class_names import by_class, class_weight_names
from gdsolve.imports import complete_torch
from gdsolve.model import read_model
from gdsolve.objective.class_coordinates import ClassCoordinates
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.kept_rows import KeptRows
from gdsolve.objective.pointwise_rows import positive_rows
from gdsolve.objective.quadratic import Penalty
from gdsolve.objective.row_blocks import empty_design
from gdsolve.objective.separation import find_separation
from gdsolve.objective.shared import own_penalty, share
from gdsolve.objective.shipment import bring_rows
from gdsolve.objective.softmax import Softmax, SoftmaxRows, free_shifts
from gdsolve.solve.classes import classes_of, codes_of
from gdsolve.solve.device import dtype_of, place_rows
from gdsolve.solve.likely import MOST_BEFORE, likely_updates
from gdsolve.solve.problem import Kind, Problem
from gdsolve.solve.read import TableRead
from gdsolve.solve.squares import penalised_coordinates, ridge_of, shrinkage_of
from gdsolve.solve.target_classes import Classes
from gdsolve.spec import Spec
from gdsolve.status import GdsolveError

AGAIN = "leave --init out, or start from a model of the same columns and classes"


def pose_softmax(read: TableRead) -> Problem:
    """A linear model with a value for each class, all rows in memory, of several ranks each its own.

    Descent has the weights of all classes one after the other, and the user too: there is no intercept apart.

    Raises:
        DataError: one class alone.
        GdsolveError: a weight for a class, or a reference class, that there is not.
    """
    spec, triangle, ranks = read.spec, read.triangles[0], read.ranks
    intercept = not spec.no_intercept
    classes = classes_of(spec, read.data, read.kept, ranks)
    assert classes is not None
    info, count = replace(read.data, classes=classes), len(classes.names)
    _require_reference(spec, classes, info.roles.target)
    total = triangle.total_weight if classes.total is None else classes.total
    standard = penalised_coordinates(spec, triangle, triangle.standardised(intercept=intercept)).without_target()
    raw = Coordinates.raw(triangle.n, intercept=intercept, device=triangle.factor.device)
    own = standard if spec.standardise else raw
    place = place_rows(spec, read.kept.rows, own.p, likely_updates(spec), ranks)
    device, dtype = place.device, dtype_of(spec)
    penalty = ridge_of(spec, own, triangle)
    rows = _collected(read.kept, own, own_penalty(penalty, ranks), classes, total, device)
    rows = replace(rows, shifts=free_shifts(penalty, own.p))
    if ranks.several:
        # No rank waits for rows that another could not bring into memory.
        ranks.gather(None)
    shrinkage = shrinkage_of(spec, own, triangle, 1.0 / total)
    units = ClassCoordinates(own, count, rows.shifts)
    units = units.penalised(intercepts=not spec.penalize_intercept) if spec.l1 else units
    names = class_weight_names(info.roles.design, classes.names, intercept=intercept)
    start = _start_of(spec, units, info.roles.design, classes).to(device, dtype)
    objective = share(rows, ranks) if ranks.several else rows
    separation = None
    if objective.step_elements * count <= MOST_BEFORE:
        separation = find_separation(
            objective, start, intercept=intercept, penalised=spec.is_penalised, whole=spec.penalize_intercept
        )
    return Problem(
        spec=spec,
        kind=Kind.LINEAR,
        objective=objective,
        start=start,
        labels=names,
        intercept=False,
        units=units.to(device),
        box=None,
        data=info,
        rows=total,
        total_sum_of_squares=None,
        modes=None,
        bound=objective.curvature_bound(),
        convex=True,
        smooth=True,
        seconds=time.perf_counter() - read.began,
        sample=read.sample,
        separation=separation,
        placed=place.reason,
        shrinkage=None if shrinkage is None else shrinkage.repeated(count).to(start),
        triangle=triangle,
        clusters=read.clusters,
    )


def _collected(
    kept: KeptRows, own: Coordinates, penalty: Penalty, classes: Classes, total: float, device: torch.device
) -> SoftmaxRows:
    """The kept rows in coordinates, on a device; `kept` is empty thereafter."""
    m, dtype, weighted = kept.positive, kept.dtype, kept.weighted
    design = empty_design(m, own.p, dtype=dtype, device=device)
    target = torch.empty(m, 1, dtype=dtype, device=device)
    weight = torch.empty(m, 1, dtype=dtype, device=device) if weighted else None
    bring_rows(kept, own, positive_rows, (design, target) if weight is None else (design, target, weight))
    codes = codes_of(target, classes)
    loss = Softmax(len(classes.names))
    return SoftmaxRows(design, codes, weight, penalty.to(dtype, device), loss, total, own.intercept, ())


def _start_of(spec: Spec, units: ClassCoordinates, design: tuple[str, ...], classes: Classes) -> torch.Tensor:
    """The start, (pC, 1), in float64: zeros, random, or a saved model of the same columns and classes.

    Raises:
        GdsolveError: a model of others.
    """
    size, device = units.own.p * units.classes, units.own.scale.device
    if spec.init == "zeros":
        return torch.zeros(size, 1, dtype=torch.float64, device=device)
    if spec.init == "random":
        complete_torch()
        generator = torch.Generator(device="cpu").manual_seed(spec.seed)
        return torch.randn(size, 1, dtype=torch.float64, device="cpu", generator=generator).to(device)
    return units.from_user(_saved(spec, design, classes)[:, None].to(device))


def _saved(spec: Spec, design: tuple[str, ...], classes: Classes) -> torch.Tensor:
    found = read_model(spec.init).get("weights_by_class")
    expected = by_class([0.0] * (len(design) + 1) * len(classes.names), design, classes.names, intercept=True)
    if not isinstance(found, dict) or set(found) != set(expected):
        raise GdsolveError(f"{spec.init}: its classes are not {', '.join(classes.names)}", AGAIN)
    values: list[float] = []
    for name in classes.names:
        weights, constant = found[name]["weights"], found[name]["intercept"]
        if set(weights) != set(design):
            raise GdsolveError(f"{spec.init}: its columns are not {', '.join(design)}", AGAIN)
        if spec.no_intercept and constant:
            raise GdsolveError(
                f"{spec.init}: has intercepts, which --no-intercept would drop",
                "leave --no-intercept out, or start from a model without intercept",
                about=("no_intercept",),
            )
        values += [float(weights[column]) for column in design]
        values += [] if spec.no_intercept else [float(constant or 0.0)]
    return torch.tensor(values, dtype=torch.float64, device="cpu")


def _require_reference(spec: Spec, classes: Classes, target: str) -> None:
    if spec.reference is not None and spec.reference not in classes.names:
        shown = ", ".join(classes.names[:8]) + (", …" if len(classes.names) > 8 else "")
        raise GdsolveError(
            f"{spec.reference!r} is no class of column {target!r}; its classes are {shown}",
            f"give --reference {classes.names[0]}",
            option="reference",
        )
