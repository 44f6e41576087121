"""The verbs for Python: the same options, the same results."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

from gdsolve.spec import Spec
from gdsolve.spec.file import build_spec
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from gdsolve.data import PredictCounts, Table
    from gdsolve.verbs.check import Check
    from gdsolve.verbs.comparison import Comparison
    from gdsolve.verbs.outcome import Fit

Source = str | os.PathLike[str] | Sequence[str]


def fit(X: Any, y: Any = None, *, names: Sequence[str] | None = None, **options: Any) -> Fit:
    """Fit a table or a YAML spec by its path, or X, (m, n), and y, (m,) or (m, 1), given as arrays.

    `options` are those of `gdsolve fit`, by their YAML names: `gdsolve.fit("data.csv", target="price", lr=0.01)`.
    `names` are those of the columns of X. The result's `w`, (p, 1), has the intercept last.

    Raises:
        GdsolveError: an option out of its range, or one that does not fit the table.
        DataError: data that cannot be used.
    """
    from gdsolve.verbs.fit import fit as run

    spec, table = _ask("fit", X, y, names, options)
    return run(spec, table)


def compare_lr(X: Any, y: Any = None, *, names: Sequence[str] | None = None, **options: Any) -> Comparison:
    """What learning rates do to a problem given as for `fit`: `lr` is a list, a range as text, or "auto".

    Raises:
        GdsolveError, DataError: as `fit`.
    """
    from gdsolve.verbs.compare_lr import compare_lr as run

    spec, table = _ask("compare-lr", X, y, names, options)
    return run(spec, table)


def check(source: Source, **options: Any) -> Check:
    """Look at a table before any fitting.

    Raises:
        GdsolveError, DataError: as `fit`, but for tables that can be read and not be fitted.
    """
    from gdsolve.verbs.check import check as run

    return run(build_spec(_paths(source), options, "check"))


def predict(model: str | os.PathLike[str], source: Source, out: TextIO, **options: Any) -> PredictCounts:
    """Write the rows of a table as CSV to `out`, with the prediction of a saved model appended.

    Raises:
        GdsolveError: a file that is no model.
        DataError: a table without the model's columns, or with cells that are no numbers.
    """
    from gdsolve.verbs.predict import predict as run

    return run(build_spec(_paths(source), options, "predict"), os.fspath(model), out)


def _ask(verb: str, X: Any, y: Any, names: Sequence[str] | None, options: dict[str, Any]) -> tuple[Spec, Table | None]:
    from gdsolve.data import inline_table

    if y is None:
        if not isinstance(X, str | os.PathLike) and not (isinstance(X, list | tuple) and _all_text(X)):
            raise GdsolveError("y is missing", f"give {verb.replace('-', '_')}(X, y), or the path of a table")
        return build_spec(_paths(X), options, verb), None
    spec = build_spec((), options, verb)
    return spec, inline_table(X, y, spec, names=names)


def _all_text(items: Sequence[object]) -> bool:
    return bool(items) and all(isinstance(item, str | os.PathLike) for item in items)


def _paths(source: Source) -> tuple[str, ...]:
    if isinstance(source, str | os.PathLike):
        return (os.fspath(source),)
    return tuple(os.fspath(item) for item in source)
