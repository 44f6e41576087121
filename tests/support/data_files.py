"""Small tables on disk, and what comes back from them."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import numpy as np

from gdsolve.data import Roles, open_table
from gdsolve.spec import Spec
from gdsolve.status import GdsolveError

if sys.version_info >= (3, 14):
    from compression.zstd import compress as zstd
else:
    from backports.zstd import compress as zstd

__all__ = ["Loaded", "failure", "load", "write", "zstd"]


@dataclasses.dataclass
class Loaded:
    """Everything one pass gives."""

    roles: Roles
    values: np.ndarray
    weight: np.ndarray | None
    rows: int
    rows_dropped: int
    cells_filled: int


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def load(*sources: str, **options: Any) -> Loaded:
    with open_table(sources, Spec(**options)) as table:
        batches = list(table.batches())
        weights = [batch.weight for batch in batches if batch.weight is not None]
        return Loaded(
            table.roles,
            np.concatenate([batch.values for batch in batches]),
            np.concatenate(weights) if weights else None,
            table.rows,
            table.rows_dropped,
            table.cells_filled,
        )


def failure(*sources: str, **options: Any) -> tuple[int, str, str]:
    """(exit code, message without the folder, hint) of the error that loading ends in."""
    try:
        load(*sources, **options)
    except GdsolveError as error:
        message = error.message
        for source in sources:
            message = message.replace(str(Path(source).parent) + "/", "")
        return int(error.exit_code), message, error.hint or ""
    raise AssertionError("no error")
