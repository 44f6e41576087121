"""Where the models of many sources are saved: one file each, in one folder."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from gdsolve.data.formats.registry import format_endings
from gdsolve.data.packing import PACKED_ENDINGS
from gdsolve.spec.source_name import SourceName, path_in, source_name
from gdsolve.status import GdsolveError

STDIN = "stdin"
ENDINGS = (".yaml", ".yml")
_ODD = re.compile(r"[^\w.-]+")


def model_paths(sources: Sequence[str], folder: str) -> list[Path]:
    """The file of every source: `data/a.csv` gives a.json; what lies in several folders keeps these below `folder`.

    `a.xlsx?sheet=May` gives a-May.json. The folders are made.

    Raises:
        GdsolveError: two sources of one name in one folder, or a folder that cannot be made or written to.
    """
    places = [None if path_in(source) == "-" else _place(source_name(source)) for source in sources]
    parents = [str(place.parent) for place in places if place is not None]
    root = os.path.commonpath(parents) if parents else ""
    found: dict[Path, str] = {}
    for source, place in zip(sources, places, strict=True):
        own = Path(STDIN) if place is None else place.relative_to(root)
        path = Path(folder) / own.with_name(f"{own.name}.json")
        if path in found:
            raise GdsolveError(
                f"{found[path]} and {source} would both be saved as {path}",
                "fit one of them by a command of its own, with another --save folder",
                option="save",
            )
        found[path] = source
    _make_folders(folder, {path.parent for path in found})
    return list(found)


def _place(source: SourceName) -> Path:
    """Where a source is, by a name that tells it from others of the same file."""
    path = Path(os.path.normpath(Path(source.path or str(source.engine)).absolute()))
    part = f"-{_ODD.sub('_', source.value)}" if source.key in ("sheet", "table") else ""
    return path.with_name(_stem(path.name) + part)


def _stem(name: str) -> str:
    """The name without the endings that tell the format and the packing."""
    for endings in (PACKED_ENDINGS, (*format_endings(), *ENDINGS)):
        ending = next((one for one in endings if name.lower().endswith(one) and len(name) > len(one)), "")
        name = name.removesuffix(name[len(name) - len(ending) :])
    return name


def _make_folders(folder: str, folders: set[Path]) -> None:
    for one in sorted(folders):
        try:
            one.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            reason = fault.strerror or "cannot be made"
            raise GdsolveError(f"{one}: {reason}", "give --save another folder", option="save") from None
        if not os.access(one, os.W_OK):
            raise GdsolveError(f"{one} cannot be written to", "give --save another folder", option="save")
