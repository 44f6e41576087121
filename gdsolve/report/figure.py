"""A picture as a figure of matplotlib that a notebook shows: no window, and nothing that pyplot knows of.

Imported where a figure is asked for alone, as it imports matplotlib.
"""

from __future__ import annotations

import io
from typing import Any

from matplotlib.figure import Figure  # noqa: TID253, this module is imported only for a figure


class ShownFigure(Figure):
    """A figure that shows itself where it is the value of a notebook's cell, whatever backend there is."""

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        stream = io.BytesIO()
        dpi = 144
        self.savefig(stream, format="png", dpi=dpi)
        width, height = self.get_size_inches()
        # Sharp where a screen has two dots for one.
        return stream.getvalue(), {"width": round(width * dpi / 2), "height": round(height * dpi / 2)}
