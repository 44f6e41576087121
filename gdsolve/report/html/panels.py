"""Pictures as the page draws them: panels with ruled axes, as plain dicts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gdsolve.picture import Panel, Picture
from gdsolve.report.draw_terminal import marked
from gdsolve.report.ticks import Ruler, rulers
from gdsolve.spec import PlotKind

MOST_TICKS = 6


def panels_of(pictures: Mapping[PlotKind, Picture]) -> list[dict[str, Any]]:
    """The panels of all pictures; each has an `id`, a `caption`, and axes whose ends and ticks are settled."""
    found = []
    for kind, picture in pictures.items():
        for number, panel in enumerate(picture.panels):
            last = number == len(picture.panels) - 1
            captions = [picture.title, panel.title, *(picture.notes if last else ())]
            caption = ". ".join(dict.fromkeys(text.rstrip(".") for text in captions if text)) + "."
            found.append({"id": f"{kind}-{number}", "caption": caption, **_panel(panel)})
    return found


def _panel(panel: Panel) -> dict[str, Any]:
    across, up = rulers(panel)
    series = [
        {**asdict(one), "x": _numbers(one.x), "y": _numbers(one.y), "marked": list(marked(one))} for one in panel.series
    ]
    return {
        "x": _axis(across),
        "y": _axis(up),
        "series": series,
        "rules": [asdict(rule) for rule in panel.rules],
        "arrows": [asdict(arrow) for arrow in panel.arrows],
    }


def _axis(ruler: Ruler) -> dict[str, Any]:
    return {
        "title": ruler.axis.title,
        "log": ruler.axis.log,
        "zero_at": ruler.axis.zero_at,
        "low": ruler.low,
        "high": ruler.high,
        "ticks": ruler.ticks(MOST_TICKS),
    }


def _numbers(values: tuple[float, ...]) -> list[float | None]:
    # Seven digits are more than a picture shows; what is no number leaves a gap.
    return [float(f"{value:.7g}") if math.isfinite(value) else None for value in values]
