"""`predict`: the rows of a table with a prediction appended, or the predictions alone as an array."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO

from gdsolve.data.predict import PredictCounts, predict_csv, predict_values
from gdsolve.data.predictor import CurveModel
from gdsolve.model import AGAIN, Model, read_model
from gdsolve.spec import Spec
from gdsolve.status import DataError, GdsolveError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    import torch

    from gdsolve.objective.layout import Layout

logger = logging.getLogger("gdsolve")


def predict(spec: Spec, model: str | Model, out: TextIO) -> PredictCounts:
    """Write the rows of the spec's tables, as CSV, with the predictions of a model, saved or at hand.

    Raises:
        GdsolveError: a file that is no model, or the model of a formula, which predicts nothing.
        DataError: a table without the model's columns, or with cells that are no numbers.
    """
    record, curve = read_for_prediction(model)
    _tell_target(record)
    return predict_csv(spec.data, spec, record, out, curve)


def predictions(
    spec: Spec, model: str | Model, X: Any = None, names: Sequence[str] | None = None, y: Any = None
) -> np.ndarray[Any, np.dtype[np.float64]] | pl.DataFrame:
    """What a model predicts for the rows of X, (m, n), or without X of the spec's tables, (m,); NaN where it cannot.

    A DataFrame where the spec asks for more columns than that.

    Raises:
        GdsolveError, DataError: as `predict`.
    """
    record, curve = read_for_prediction(model)
    _tell_target(record)
    if X is None:
        return predict_values(spec.data, spec, record, curve)
    from gdsolve.data.predict_arrays import predict_arrays

    return predict_arrays(X, spec, record, curve, names=names, y=y)


def read_for_prediction(model: str | Model) -> tuple[Mapping[str, Any], CurveModel | None]:
    """The record of a model, saved or at hand, and its curve, if it is one.

    Raises:
        GdsolveError: a file that is no model, or the model of a formula, which predicts nothing.
    """
    from gdsolve.data.group_models import with_classes

    record = with_classes(read_model(model, groups=True))
    kind = (record.get("objective") or {}).get("kind", "linear")
    if kind == "formula":
        raise GdsolveError(f"{model}: a formula predicts nothing", "fit a model, with --model")
    if kind == "curve" and "groups" in record:
        return record, _curves_of_groups(str(model), record)
    return record, _curve_of(str(model), record) if kind == "curve" else None


def _curves_of_groups(path: str, model: Mapping[str, Any]) -> CurveModel:
    """The curves of saved groups, each with its own parameters; where no group has any, none predicts."""
    from gdsolve.data.group_models import model_of_group, models_by_group

    each = tuple(_curve_of(path, model_of_group(model, place)) for place in models_by_group(model).values())
    if not each:
        raise GdsolveError(f"{path}: none of its groups has weights", AGAIN)
    return replace(each[0], each=each)


def _curve_of(path: str, model: Mapping[str, Any]) -> CurveModel:
    """The curve of a saved model, its parameters where the fit left them."""
    import torch

    from gdsolve.objective.degree import meets
    from gdsolve.objective.expression import parse

    subject, columns = model["objective"], tuple(model["data"]["features"])
    numbers = {**model["weights"], **subject["fixed"], **subject["constants"]}
    given = _tensors(numbers)
    expression = parse(subject["formula"], [*given, *columns])
    if meets(expression, columns):
        raise GdsolveError(
            f"{path}: the curve sums over the rows of its table, so that predictions would depend on all other rows",
            "write such figures into the model as constants",
        )

    def at(cells: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
        values = {name: torch.from_numpy(cells[name]) for name in columns}
        return expression.evaluate({**given, **values}).expand(rows).numpy()

    def slopes(cells: Mapping[str, np.ndarray], rows: int, names: tuple[str, ...]) -> np.ndarray:
        from gdsolve.objective.curve import CurveFunction

        layout, w = _layout(model["weights"], given)
        fixed = {name: value for name, value in given.items() if name not in layout.names}
        values = {name: torch.from_numpy(cells[name]) for name in columns}
        found = CurveFunction(expression, layout, fixed, values, rows).jacobian(w)
        return found[:, [layout.labels.index(name) for name in names]].detach().numpy()

    return CurveModel(columns, at, slopes, _target_of(model["data"]))


def _tell_target(record: Mapping[str, Any]) -> None:
    """Say of what the predictions are, where that is no column."""
    if column := (record.get("data") or {}).get("target_column"):
        logger.warning("predictions are of %s, not of %s", record["data"]["target"], column)


def _target_of(data: Mapping[str, Any]) -> Callable[[np.ndarray], np.ndarray] | None:
    """What makes the target of the cells of its column, (rows,), where it is an expression of one."""
    text, name = data.get("target"), data.get("target_column")
    if text is None or name is None:
        return None
    from gdsolve.solve.target import values_of_target

    def target(cells: np.ndarray) -> np.ndarray:
        import numpy as np
        import torch

        found: np.ndarray = values_of_target(text, name, torch.tensor(cells, dtype=torch.float64, device="cpu")).numpy()
        if (bad := np.isfinite(cells) & ~np.isfinite(found)).any():
            at = cells[bad][0]
            raise DataError(
                f"the target {text} is not finite at {name} = {at:.10g}", "leave such rows out of the table"
            )
        return found

    return target


def _layout(weights: Mapping[str, float], given: Mapping[str, torch.Tensor]) -> tuple[Layout, torch.Tensor]:
    """Where every parameter of a saved curve stands in w, (p, 1), and w."""
    import torch

    from gdsolve.objective.layout import Layout

    names = tuple(dict.fromkeys(label.partition("[")[0] for label in weights))
    labels = [
        f"{name}[{','.join(map(str, place))}]" if place else name
        for name in names
        for place in itertools.product(*map(range, given[name].shape))
    ]
    w = torch.tensor([[weights[label]] for label in labels], dtype=torch.float64, device="cpu")
    shapes = tuple(tuple(given[name].shape) for name in names)
    return Layout(names, shapes, tuple(labels), torch.ones_like(w)), w


def _tensors(numbers: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Parameters and constants by name: `w[0]`, `w[1]` make up the vector w, `W[0,1]` a row of the matrix W."""
    import torch

    found: dict[str, torch.Tensor] = {}
    parts: dict[str, dict[tuple[int, ...], float]] = {}
    for label, value in numbers.items():
        name, bracket, places = label.partition("[")
        if not bracket:
            found[name] = torch.tensor(value, dtype=torch.float64, device="cpu")
        else:
            place = tuple(int(text) for text in places.rstrip("]").split(","))
            parts.setdefault(name, {})[place] = value
    for name, entries in parts.items():
        shape = [1 + max(axis) for axis in zip(*entries, strict=True)]
        found[name] = torch.zeros(shape, dtype=torch.float64, device="cpu")
        for place, value in entries.items():
            found[name][place] = value
    return found
