"""The pictures of `--plot` as parts of a page: the same drawing, in the colours of the page, without scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from gdsolve.picture import Picture
from gdsolve.report.draw_file import COLOURS, FAINT, GRID, PAPER, inline_svg
from gdsolve.spec import PlotKind

VARIABLES = ("--one", "--two", "--three", "--four", "--five", "--six", "--ink")
COLOURS_OF_PAGE = {
    **{colour.lower(): name for colour, name in zip(COLOURS, VARIABLES, strict=True)},
    FAINT: "--quiet",
    GRID: "--rule",
    PAPER: "--panel",
}
"""What stands for each colour of a drawing, so that a page in the dark has pictures in the dark."""
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_NAMED = re.compile(r'( id="|url\(#|href="#)')


class InlinePicture(NamedTuple):
    """A picture in a page: an `id`, what it shows, and its SVG element."""

    id: str
    caption: str
    svg: str


def inline_pictures(pictures: Mapping[PlotKind, Picture]) -> list[InlinePicture]:
    """All pictures of a run, as elements of a page."""
    return [InlinePicture(kind.value, _caption(one), _of_page(kind.value, one)) for kind, one in pictures.items()]


def _caption(picture: Picture) -> str:
    """The title and the notes, for readers who do not see the picture."""
    parts = [picture.title, *(panel.title for panel in picture.panels), *picture.notes]
    return ". ".join(dict.fromkeys(text.rstrip(".") for text in parts if text)) + "."


def _of_page(name: str, picture: Picture) -> str:
    svg = inline_svg(picture)
    svg = _COLOUR.sub(lambda found: _coloured(found[0]), svg)
    # Names are those of one drawing, and a page has several.
    return _NAMED.sub(rf"\g<1>{name}-", svg)


def _coloured(colour: str) -> str:
    variable = COLOURS_OF_PAGE.get(colour)
    return colour if variable is None else f"var({variable})"
