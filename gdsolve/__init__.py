"""gdsolve: the gradient descent solver of the command line.

`gdsolve.fit`, `compare_lr`, `compare`, `path`, `check`, `certify`, `scan`, `predict`, `score` and `trace` are the
verbs for Python; `code` writes a fit as a program; `partial_fit` goes on with a model on new rows; `folds` and
`held_out` tell how rows are dealt, `curves` which curves have names, and `configs` which specs and tables come with
gdsolve. They are imported when first used, so that `gdsolve --help` does not pay for PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.status import DataError, ExitCode, GdsolveError, Status
from gdsolve.version import __version__

if TYPE_CHECKING:
    from gdsolve.api import (
        certify,
        check,
        code,
        compare,
        compare_lr,
        fit,
        partial_fit,
        path,
        predict,
        scan,
        score,
        trace,
    )
    from gdsolve.bundled import configs
    from gdsolve.data.dealing import folds, held_out
    from gdsolve.spec.curve_names import curves

__all__ = [
    "DataError",
    "ExitCode",
    "GdsolveError",
    "Status",
    "__version__",
    "certify",
    "check",
    "code",
    "compare",
    "compare_lr",
    "configs",
    "curves",
    "fit",
    "folds",
    "held_out",
    "partial_fit",
    "path",
    "predict",
    "scan",
    "score",
    "trace",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    if name in ("folds", "held_out"):
        from gdsolve.data import dealing

        return getattr(dealing, name)
    if name == "configs":
        from gdsolve import bundled

        return bundled.configs
    if name == "curves":
        from gdsolve.spec import curve_names

        return curve_names.curves
    if name in __all__:
        from gdsolve import api

        return getattr(api, name)
    raise AttributeError(f"module 'gdsolve' has no attribute {name!r}")
