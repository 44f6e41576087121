"""gdsolve: the gradient descent solver of the command line.

`gdsolve.fit`, `compare_lr`, `compare`, `check`, `predict` and `score` are the verbs for Python. They are imported when
first used, so that `gdsolve --help` does not pay for PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.status import DataError, ExitCode, GdsolveError, Status
from gdsolve.version import __version__

if TYPE_CHECKING:
    from gdsolve.api import check, compare, compare_lr, fit, predict, score

__all__ = [
    "DataError",
    "ExitCode",
    "GdsolveError",
    "Status",
    "__version__",
    "check",
    "compare",
    "compare_lr",
    "fit",
    "predict",
    "score",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    if name in ("check", "compare", "compare_lr", "fit", "predict", "score"):
        from gdsolve import api

        return getattr(api, name)
    raise AttributeError(f"module 'gdsolve' has no attribute {name!r}")
