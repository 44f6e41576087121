"""A path that is walked, as an animated GIF: each frame has the iterates up to one update."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gdsolve.picture import Picture
from gdsolve.report.draw_terminal import marked

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from PIL import Image

DPI = 100
FIRST, MOST = 20, 80
"""Updates that have a frame each, and frames in all."""
SLOW, FAST, LAST = 300, 60, 2500
"""Milliseconds that a frame is shown: one of the first updates, a later one, and the last."""


def animated(figure: Figure, picture: Picture) -> bytes:
    """The bytes of a GIF; the figure is that of the whole picture, of which what moves is drawn anew in each frame."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    figure.set_dpi(DPI)
    canvas: Any = FigureCanvasAgg(figure)
    # Laid out once: axes that move from frame to frame would be all that is seen.
    canvas.draw()
    figure.set_layout_engine("none")
    moving = _moving(figure, picture)
    title = figure.suptitle(figure.get_suptitle(), fontsize=10.5, fontweight="bold")
    frames, durations, shown = [], [], title.get_text()
    updates = frames_of(sorted({k for one in moving for k in one.updates}))
    for k in updates:
        title.set_text(f"{shown}: after {k:,} update{'' if k == 1 else 's'}")
        for one in moving:
            one.show_until(k)
        canvas.draw()
        frames.append(_pixels(canvas))
        durations.append(SLOW if len(frames) <= FIRST else FAST)
    durations[-1] = LAST
    # One palette for all of them, that of the last frame, which has every colour: else colours change on the way.
    palette = frames[-1].quantize(colors=255, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    stream = io.BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=False)
    return stream.getvalue()


def frames_of(iterations: Sequence[int]) -> list[int]:
    """The updates that have a frame: the first ones all, the others at even steps of a log scale, and the last."""
    if len(iterations) <= MOST:
        return list(iterations)
    ratio = (len(iterations) - 1) / FIRST
    later = {round(FIRST * ratio ** (step / (MOST - FIRST))) for step in range(1, MOST - FIRST + 1)}
    return [iterations[place] for place in sorted({*range(FIRST + 1), *later})]


@dataclass(frozen=True, slots=True)
class _Moving:
    """A line of the figure with the number of updates at each of its points, and which of them are marked."""

    line: Line2D
    updates: tuple[int, ...]
    x: Sequence[float]
    y: Sequence[float]
    marks: Sequence[int]

    def show_until(self, k: int) -> None:
        """Leave the points away that come after k updates."""
        count = sum(one <= k for one in self.updates)
        self.line.set_data(self.x[:count], self.y[:count])
        self.line.set_markevery([place for place in self.marks if place < count])


def _moving(figure: Figure, picture: Picture) -> list[_Moving]:
    import numpy as np

    found = []
    for axes, panel in zip(figure.axes, picture.panels, strict=True):
        # What a panel has besides its series is drawn after them.
        for line, one in zip(axes.lines, panel.series, strict=False):
            if one.updates:
                x, y = (np.asarray(values).tolist() for values in line.get_data())
                found.append(_Moving(line, one.updates, x, y, list(marked(one))))
    return found


def _pixels(canvas: Any) -> Image.Image:
    from PIL import Image

    return Image.frombuffer("RGBA", canvas.get_width_height(physical=True), canvas.buffer_rgba()).convert("RGB")
