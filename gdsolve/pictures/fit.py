"""`fit`: data and the fitted line or curve; for several features predicted against observed, and residuals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from gdsolve.data.offsets import is_subtracted, offset_columns
from gdsolve.objective.curve import Curve, CurveFunction, PointwiseCurve
from gdsolve.picture import Axis, Marker, Panel, Picture, Rule, Series, Stroke
from gdsolve.pictures.scene import Scene, Track
from gdsolve.solve.sample import Sample
from gdsolve.spec.losses import Mean

ALONG = 121
Predict = Callable[["np.ndarray", "torch.Tensor"], "np.ndarray"]
"""From feature values, (r, n), and weights in descent's coordinates, (p, 1), to predictions, (r,)."""


def draw_fit(scene: Scene, track: Track) -> Picture:
    """What was fitted, beside the data; for a linear model or a curve."""
    from gdsolve.data.response import MEANS

    if not scene.spec.loss.info.is_for_curves:
        from gdsolve.pictures.fit_classes import draw_classes

        return draw_classes(scene, track)
    names, rows, linear = _data(scene)
    mean = MEANS[scene.spec.mean]

    def predict(values: np.ndarray, w: torch.Tensor) -> np.ndarray:
        return mean(linear(values, w))

    if len(names) == 1:
        return _line(scene, track, names[0], rows, predict)
    return _residuals(scene, track, rows, predict)


def _data(scene: Scene) -> tuple[tuple[str, ...], np.ndarray, Predict]:
    """Names of the features, rows (r, n + 1) with the target last, and z, of which the mean is predicted."""

    objective = scene.problem.objective
    if isinstance(objective, Curve | PointwiseCurve):
        names = tuple(objective.model.columns)
        return names, _rows_of_curve(scene, objective.model, objective.target), _curve(scene, objective.model)
    assert scene.sample is not None
    return scene.features, scene.sample, _linear(scene)


def _rows_of_curve(scene: Scene, model: CurveFunction, target: torch.Tensor) -> np.ndarray:
    sample = Sample(rates=scene.spec.mean is Mean.EXP)
    offset = target[:, 1].cpu().to(torch.float64).numpy() if target.shape[1] > 1 else None
    sample.add(torch.stack([*model.columns.values(), target[:, 0]], dim=1).cpu().to(torch.float64).numpy(), offset)
    return sample.rows()


def _linear(scene: Scene) -> Predict:
    def predict(values: np.ndarray, w: torch.Tensor) -> np.ndarray:
        user = scene.units.to_user(w.to(scene.start)).cpu().numpy()[:, 0]
        n = values.shape[1]
        return np.asarray(values @ user[:n] + (user[n] if scene.intercept else 0.0))

    return predict


def _curve(scene: Scene, model: CurveFunction) -> Predict:
    def predict(values: np.ndarray, w: torch.Tensor) -> np.ndarray:
        columns = {
            name: torch.from_numpy(values[:, place].copy()).to(scene.start) for place, name in enumerate(model.columns)
        }
        if model.joins:
            # A row that stands for itself among others: only the rows of the table give its value.
            columns = dict(model.columns)
        rows = len(next(iter(columns.values()))) if columns else model.rows
        with torch.no_grad():
            z = replace(model, columns=columns, rows=rows).at(w.to(scene.start))
        found: np.ndarray = z.cpu().to(torch.float64).numpy()[:, 0]
        return found

    return predict


def _line(scene: Scene, track: Track, name: str, rows: np.ndarray, predict: Predict) -> Picture:
    x = rows[:, 0]
    low, high = float(x.min()), float(x.max())
    room = 0.05 * (high - low) or 0.5
    along = np.linspace(low - room, high + room, ALONG)
    target = _target(scene)
    series = [Series("data", tuple(x.tolist()), tuple(rows[:, -1].tolist()), Stroke.NONE, Marker.CIRCLE, 6)]
    series.append(_predicted("start", along, predict(along[:, None], scene.start), Stroke.DOTTED, 4))
    fitted = predict(along[:, None], track.solution.w)
    series.append(_predicted(f"fitted: {track.ending}", along, fitted, Stroke.SOLID, 0))
    if scene.minimiser is not None:
        series.append(_predicted("at the optimum", along, predict(along[:, None], scene.minimiser), Stroke.DASHED, 1))
    shown = [one for one in series if one.name != "start" or _within(one, series)]
    left = () if len(shown) == len(series) else ("The line at the start is too far away to be shown.",)
    panel = Panel("", Axis(name), Axis(target), tuple(shown))
    return Picture(f"{target} against {name}", (panel,), (*_thinned(scene, rows), *left))


def _within(one: Series, series: list[Series]) -> bool:
    """True for a line that would not press the data flat."""
    data = series[0].y
    span = (max(data) - min(data)) or 1.0
    return all(min(data) - 3.0 * span <= y <= max(data) + 3.0 * span for y in one.y)


def _predicted(name: str, along: np.ndarray, values: np.ndarray, stroke: Stroke, colour: int) -> Series:
    return Series(name, tuple(along.tolist()), tuple(values.tolist()), stroke, colour=colour)


def _residuals(scene: Scene, track: Track, rows: np.ndarray, predict: Predict) -> Picture:
    observed, fitted = rows[:, -1], predict(rows[:, :-1], track.solution.w)
    xs, ys = tuple(fitted.tolist()), tuple(observed.tolist())
    away = tuple((observed - fitted).tolist())
    low, high = min(*xs, *ys), max(*xs, *ys)
    target = _target(scene)
    predicted, ends = f"{target}, predicted", (low, high)
    diagonal = Series("observed = predicted", ends, ends, Stroke.DASHED, colour=1)
    points = Series("rows", xs, ys, Stroke.NONE, Marker.CIRCLE, 0)
    left = Series("rows", xs, away, Stroke.NONE, Marker.CIRCLE, 0)
    panels = (
        Panel("Observed against predicted", Axis(predicted), Axis(f"{target}, observed"), (points, diagonal)),
        Panel(
            "Residuals against predicted",
            Axis(predicted),
            Axis("observed − predicted", target),
            (left,),
            (Rule("no residual", y=0.0, stroke=Stroke.DASHED, colour=1),),
        ),
    )
    return Picture(f"{target} as fitted: {track.ending}", panels, _thinned(scene, rows))


def _target(scene: Scene) -> str:
    data = scene.problem.data
    levels = None if data is None else data.roles.target_levels
    name = scene.target or "y"
    if data is not None and (moved := offset_columns(data.roles)):
        if is_subtracted(scene.spec.loss):
            return f"{name} − {moved[0]}"
        name = f"{name}/{moved[0]}" if moved == [data.roles.exposure] else f"{name}, at an offset of 0"
    return f"probability of {name} = {levels[1]}" if levels else name


def _thinned(scene: Scene, rows: np.ndarray) -> tuple[str, ...]:
    if len(rows) >= scene.rows:
        return ()
    return (f"{len(rows):,} of {scene.rows:,} rows, evenly spaced.",)
