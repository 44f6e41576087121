"""The loss of a descent that still runs: what was observed so far, and what the spectrum predicts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from gdsolve.descent.leap import Form
from gdsolve.picture import Marker, Panel, Points, Series, Stroke
from gdsolve.pictures.loss import FURTHER, iterations_axis, log_axis
from gdsolve.pictures.scene import Scene, spaced
from gdsolve.progress import Outlook

FORESEEN = 100
ROUNDING = 64.0
SAME = 1e-3


def outlook_of_scene(scene: Scene, form: Form | None, last: int) -> Outlook:
    """What is known of the loss before the first step of a run of at most `last` updates, of which `form` is known.

    loss_k = L* + gap_k, where the gap is that of the closed form: no step is taken, and no row is read
    (docs/design.md, section 2).
    """
    if form is None or scene.modes is None:
        return Outlook(scene.loss_unit)
    minimiser, iterations = scene.modes.minimiser, tuple(spaced(last, FORESEEN))
    start = scene.start.to(minimiser)
    k = torch.tensor([float(one) for one in iterations], dtype=start.dtype, device=start.device)
    repeated = form.only(torch.zeros(len(k), dtype=torch.long, device=start.device))
    gaps = scene.gaps(start + repeated.displacements(k).mT)
    assert gaps is not None
    # Of several processes one is watched: on a table nothing may be evaluated here that takes them all. The quadratic
    # of a formula lacks its constant.
    linear = scene.spec.minimize is None and scene.spec.model is None
    (minimum,) = (scene.modes.quadratic.value(minimiser) * scene.unit if linear else scene.values(minimiser)).tolist()
    gap = tuple(gaps.tolist())
    noise = ROUNDING * torch.finfo(scene.start.dtype).eps * abs(minimum)
    return Outlook(scene.loss_unit, minimum, noise, iterations, tuple(minimum + one for one in gap), gap)


def live_panel(points: Sequence[tuple[int, float]], outlook: Outlook) -> Panel:
    """Loss and gap against iterations: lines are what was observed, dashes what is predicted, a mark where it stands.

    A gap that is the loss to the eye is left out, and so is a loss that a log axis has no place for.

    What is predicted is drawn ahead of the run, but neither so far that the run vanishes nor above it.
    """
    ks, losses = tuple(float(k) for k, _ in points), tuple(loss for _, loss in points)
    highest = max((loss for loss in losses if math.isfinite(loss)), default=math.inf)
    ahead = [
        place
        for place, k in enumerate(outlook.iterations)
        if ks[0] <= k <= FURTHER * ks[-1] and outlook.loss[place] <= highest
    ]
    foreseen = tuple(float(outlook.iterations[place]) for place in ahead)
    main = _curve("loss", ks, losses, foreseen, tuple(outlook.loss[place] for place in ahead), 0)
    across = iterations_axis(int(max(ks[-1], *foreseen)) if foreseen else int(ks[-1]))
    gap: list[Series] = []
    if outlook.minimum is not None and abs(outlook.minimum) > SAME * abs(min(losses)):
        seen = [(k, loss - outlook.minimum) for k, loss in points if loss - outlook.minimum > outlook.noise]
        apart, left = tuple(float(k) for k, _ in seen), tuple(one for _, one in seen)
        gap = _curve("gap", apart, left, foreseen, tuple(outlook.gap[place] for place in ahead), 1)
    if gap and min(losses) < 0.0:
        main = []
    label = ", ".join([*(["loss"] if main else []), *(["gap above the optimal loss"] if gap else [])])
    # Dashes lie under the lines that come to cover them.
    series = sorted((*main, *gap), key=lambda one: one.stroke is not Stroke.DASHED)
    return Panel("", across, log_axis(label, series, outlook.unit), tuple(series))


def _curve(name: str, xs: Points, ys: Points, foreseen: Points, predicted: Points, colour: int) -> list[Series]:
    series = [Series(name, xs, ys, Stroke.SOLID, colour=colour)]
    if xs:
        series.append(Series("", xs[-1:], ys[-1:], Stroke.NONE, Marker.CIRCLE, colour))
    if foreseen:
        series.append(Series(f"{name}, predicted", foreseen, predicted, Stroke.DASHED, colour=colour))
    return series
