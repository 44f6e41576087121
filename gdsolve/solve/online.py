"""A saved model goes on with new rows: exactly where it holds its triangle, else by a pass of stochastic descent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from gdsolve.model import read_model
from gdsolve.solve.given_weights import GivenWeights, read_weights
from gdsolve.spec import Spec, flag
from gdsolve.spec.choices import Engine
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from gdsolve.objective.triangle import Triangle
    from gdsolve.solve.read import TableRead

USUAL_BATCH = 32


@dataclass(frozen=True, slots=True)
class Online:
    """What went on: rows and updates that the model had seen before, and has now.

    `exact` where the triangle of the rows before was merged with that of the new ones, so that the weights are those
    of all rows.
    """

    model: str
    exact: bool
    rows_before: int
    rows: int
    updates_before: int
    updates: int


def continued(spec: Spec) -> Spec:
    """The spec of the new rows: columns, loss and start are those of the model.

    Raises:
        GdsolveError: no such model, or an option that says otherwise than it.
    """
    assert spec.online is not None
    known = read_weights(spec.online)
    if known.model is None:
        raise GdsolveError(
            f"{spec.online} holds weights alone, and nothing of their columns",
            "give a model of gdsolve fit --save",
            option="online",
        )
    found = spec
    for name, value in known.options(formula=False).items():
        usual, asked = Spec.__dataclass_fields__[name].default, getattr(spec, name)
        if asked == usual or (name == "na_values" and not asked):
            found = replace(found, **{name: value})
        elif asked != value and name in ("loss", "target", "no_intercept", "model", "minimize"):
            raise GdsolveError(
                f"{asked} is not what {spec.online} was fitted with, {value}",
                f"leave {flag(name)} out, or leave --online out and start anew with --init",
                option=name,
            )
    if found.minimize is not None:
        raise GdsolveError(
            f"{spec.online} is the model of a formula, which has no rows", "leave --online out", option="online"
        )
    learnt = ((known.model.get("data") or {}).get("formula") or {}).get("state") or {}
    if learnt:
        raise GdsolveError(
            f"{', '.join(learnt)} of {spec.online} depends on the rows that it was fitted to: new rows make another",
            "leave --online out, and fit all rows at once",
            option="online",
        )
    return _begun(found, known)


def _begun(spec: Spec, known: GivenWeights) -> Spec:
    """The same from the weights of the model, in batches unless the update is exact."""
    assert known.model is not None
    if spec.model is not None:
        start = tuple(f"{name}={value!r}" for name, value in (known.by_name or {}).items())
        found = replace(spec, start=spec.start or start)
    else:
        found = replace(spec, init=spec.online or spec.init)
    if is_exact(spec, known.model):
        return found
    return replace(found, batch=spec.batch or USUAL_BATCH, epochs=spec.epochs or 1)


def is_exact(spec: Spec, model: Mapping[str, Any]) -> bool:
    """True where the model holds the triangle of its rows, and nothing asks for single rows."""
    covariance = model.get("covariance") or {}
    optimum = model.get("optimum") or {}
    names = [*(model.get("weights") or ()), "intercept"]
    held = covariance.get("factor") is not None and sorted(covariance.get("parameters") or ()) == sorted(names)
    plain = spec.batch is None and spec.engine in (Engine.AUTO, Engine.TRIANGLE, Engine.LEAP) and not spec.is_dealt
    free = not (spec.lower or spec.upper or spec.nonnegative)
    squared = free and spec.is_least_squares and not spec.is_penalised and spec.weight_column == _weighed_by(model)
    return held and plain and squared and bool(optimum.get("unique")) and not spec.errors.robust


def _weighed_by(model: Mapping[str, Any]) -> str | None:
    data = model.get("data") or {}
    return cast("str | None", data.get("weight") or data.get("sigma"))


def merged(read: TableRead) -> TableRead:
    """What was read, with the rows that the model has seen before, where the update is exact.

    Raises:
        GdsolveError: the new rows have other columns.
    """
    spec = read.spec
    if spec.online is None or spec.batch is not None:
        return read
    from gdsolve.objective.merge import merge

    model, info = read_model(spec.online), read.data
    before, seen = triangle_of_model(model, info.roles.design), model["data"]
    added = replace(
        info,
        rows=info.rows + int(seen["rows"]),
        rows_weightless=info.rows_weightless + int(seen.get("rows_weightless") or 0),
        log_weight=None,
    )
    return replace(read, data=added, triangles=tuple(merge(before, one) for one in read.triangles))


def triangle_of_model(model: Mapping[str, Any], names: tuple[str, ...]) -> Triangle:
    """The triangle of the rows of a saved model, from R with RᵀR = [1 X]ᵀΩ[1 X], its minimiser and its SSE.

    The column of the target is R·w*, and below it stands √SSE. With the shift at the means nothing cancels.
    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 6.5.3 (appending rows).

    Raises:
        GdsolveError: the model is of other columns.
    """
    import torch

    from gdsolve.objective.triangle import Triangle

    saved, optimum, data = model["covariance"], model["optimum"], model["data"]
    if set(names) != set(model["weights"]):
        raise GdsolveError(
            f"the model has weights for {', '.join(model['weights'])}, and the columns are {', '.join(names)}",
            "give rows with the columns of the model",
            option="online",
        )
    q = len(saved["parameters"])
    factor = torch.zeros(q + 1, q + 1, dtype=torch.float64, device="cpu")
    for place, row in enumerate(saved["factor"]):
        factor[place, place:q] = torch.tensor(row, dtype=torch.float64, device="cpu")
    values = [optimum["intercept"], *(optimum["weights"][name] for name in saved["parameters"][1:])]
    w = torch.tensor(values, dtype=torch.float64, device="cpu")
    factor[:q, q] = factor[:q, :q] @ w
    factor[q, q] = max(0.0, float(optimum["sse"])) ** 0.5
    order = [0, *(1 + saved["parameters"][1:].index(name) for name in names), q]
    if order != list(range(q + 1)):
        factor = torch.linalg.qr(factor[:, order], mode="r").R
        factor = factor * torch.where(factor.diagonal() < 0.0, -1.0, 1.0)[:, None]
    root = float(factor[0, 0])
    shift = factor[0, 1:] / root
    factor[0, 1:] = 0.0
    return Triangle(factor, shift, int(data["rows"]) - int(data.get("rows_weightless") or 0), root * root)


def counted(spec: Spec, rows: int, updates: int) -> Online:
    """What a model has seen, after `rows` in all of this fit and so many updates."""
    assert spec.online is not None
    model = read_model(spec.online)
    before = model.get("online") or {}
    seen = int(before.get("rows") or model["data"].get("rows") or 0)
    taken = int(before.get("updates") or model.get("iterations") or 0)
    exact = spec.batch is None
    return Online(str(spec.online), exact, seen, rows if exact else seen + rows, taken, taken + updates)


def sentence(online: Online, new: int) -> str:
    """What has become of the model."""
    if online.exact:
        return f"The update is exact: {new:,} rows have joined the {online.rows_before:,} of {online.model}."
    return (
        f"The optimum is that of the {new:,} new rows alone; {online.model} has seen {online.rows:,} rows now, in "
        f"{online.updates:,} updates."
    )
