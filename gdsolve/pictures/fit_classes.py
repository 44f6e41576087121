"""`fit` of several classes: the probability of each along the one feature, or of the class of each row."""

from __future__ import annotations

import numpy as np
import torch

from gdsolve.data.response import softmax
from gdsolve.picture import Axis, Marker, Panel, Picture, Series, Stroke
from gdsolve.pictures.scene import Scene, Track

ALONG = 121
MOST_DRAWN = 8
"""Of more classes the first ones are drawn."""


def draw_classes(scene: Scene, track: Track) -> Picture:
    """What was fitted, beside the rows; at the start all classes are alike, unless it says otherwise."""
    sample, data = scene.sample, scene.problem.data
    assert sample is not None and data is not None and data.classes is not None
    names, target = data.classes.names[:MOST_DRAWN], scene.target or "y"
    codes = np.searchsorted(data.classes.values, sample[:, -1])
    notes = [] if len(names) == len(data.classes.names) else [f"{len(names)} of {len(data.classes.names)} classes."]
    notes += [] if len(sample) >= scene.rows else [f"{len(sample):,} of {scene.rows:,} rows, evenly spaced."]
    if sample.shape[1] == 2:
        panel = _along(scene, track, sample[:, 0], codes, names)
        return Picture(f"probability of {target} against {scene.features[0]}", (panel,), tuple(notes))
    shares = _shares(scene, sample[:, :-1], track.solution.w)
    own = shares[np.arange(len(sample)), codes]
    series = []
    for place, name in enumerate(names):
        found = np.sort(own[codes == place])[::-1]
        along = np.linspace(0.0, 1.0, len(found)) if len(found) else found
        series.append(
            Series(name, tuple(along.tolist()), tuple(found.tolist()), Stroke.SOLID, Marker.CIRCLE, colour=place)
        )
    share = Axis("share of the rows of a class", limits=(0.0, 1.0))
    panel = Panel("", share, Axis("probability of the row's own class", limits=(0.0, 1.0)), tuple(series))
    return Picture(f"{target} as fitted: {track.ending}", (panel,), tuple(notes))


def _along(scene: Scene, track: Track, x: np.ndarray, codes: np.ndarray, names: tuple[str, ...]) -> Panel:
    low, high = float(x.min()), float(x.max())
    room = 0.05 * (high - low) or 0.5
    along = np.linspace(low - room, high + room, ALONG)
    fitted, start = (_shares(scene, along[:, None], w) for w in (track.solution.w, scene.start))
    series = []
    for place, name in enumerate(names):
        rows = x[codes == place]
        series.append(Series(name, tuple(along.tolist()), tuple(fitted[:, place].tolist()), Stroke.SOLID, colour=place))
        series.append(
            Series(
                f"{name}: rows", tuple(rows.tolist()), (1.0,) * len(rows), Stroke.NONE, Marker.CIRCLE, place, faint=True
            )
        )
    series.append(Series("start", tuple(along.tolist()), tuple(start[:, 0].tolist()), Stroke.DOTTED, colour=len(names)))
    return Panel("", Axis(scene.features[0]), Axis("probability", limits=(0.0, 1.0)), tuple(series))


def _shares(scene: Scene, values: np.ndarray, w: torch.Tensor) -> np.ndarray:
    data = scene.problem.data
    assert data is not None and data.classes is not None
    user = scene.units.to_user(w.to(scene.start)).cpu().to(torch.float64).numpy()[:, 0]
    weights = user.reshape(len(data.classes.names), -1).T
    n = values.shape[1]
    return softmax(values @ weights[:n] + (weights[n] if len(weights) > n else 0.0))
