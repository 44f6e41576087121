"""The folders of the package in the order in which they import."""

from __future__ import annotations

from pathlib import Path

import gdsolve

HOUSE = Path(gdsolve.__file__).parent
ORDER = (
    ("advice", "csv_rows", "harmless", "nearest", "quoting", "signals", "version"),
    ("status",),
    ("class_names", "extras", "form", "imports", "paths", "room"),
    ("json_file",),
    ("bundled", "files", "model", "picture", "progress", "ranks"),
    ("checkpoint", "presented", "terminal"),
    ("spec",),
    ("data",),
    ("objective",),
    ("descent",),
    ("graph", "solve"),
    ("groups", "pictures", "programs"),
    ("report",),
    ("outputs",),
    ("api",),
    ("tour",),
    ("cli",),
)
"""Each imports only from those above it (docs/design.md); of two that stand together neither imports the other."""
RANK = {name: place for place, names in enumerate(ORDER) for name in names}
