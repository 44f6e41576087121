"""What a model predicts, and how well, for Python."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TextIO, overload

from gdsolve.api.ask import hints_of_python
from gdsolve.api.given import Source, is_scan, names_tables, paths_of, refuse_names, refuse_target
from gdsolve.api.models import required_model
from gdsolve.api.options import read_options
from gdsolve.spec.file import build_spec
from gdsolve.spec.numbers import shown
from gdsolve.spec.scans import check_scans
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from gdsolve.data.predict import PredictCounts
    from gdsolve.groups.outcome import GroupFits
    from gdsolve.solve.outcome import Fit
    from gdsolve.solve.score import Score


@overload
def predict(
    model: Fit | GroupFits | str | os.PathLike[str],
    X: Any,
    out: None = None,
    *,
    names: Sequence[str] | None = None,
    interval: None = None,
    diagnose: Literal[False] = False,
    class_: Literal[False] = False,
    **options: Any,
) -> np.ndarray[Any, np.dtype[np.float64]]: ...


@overload
def predict(
    model: Fit | GroupFits | str | os.PathLike[str],
    X: Any,
    out: None = None,
    *,
    names: Sequence[str] | None = None,
    y: Any = None,
    **options: Any,
) -> pl.DataFrame: ...


@overload
def predict(
    model: Fit | GroupFits | str | os.PathLike[str], X: Source, out: TextIO, **options: Any
) -> PredictCounts: ...


def predict(
    model: Fit | GroupFits | str | os.PathLike[str],
    X: Any,
    out: TextIO | None = None,
    *,
    names: Sequence[str] | None = None,
    y: Any = None,
    **options: Any,
) -> np.ndarray[Any, np.dtype[np.float64]] | pl.DataFrame | PredictCounts:
    """What a fit, or a saved model by its path, predicts for the rows of X, as (m,): a table by its path, or (m, n).

    A row that lacks a number, or is of an unknown group, gives NaN. Columns are matched by the names of a table, of a
    DataFrame, or by `names`; those of an array without names are x1…xn if the model's are, else those of its weights,
    in their order. With `interval`, `diagnose` or `class_` it is a polars DataFrame of the columns that
    `gdsolve predict` appends, null where there is no figure; of arrays y is the target. With `out` the rows of a table
    are written there as CSV, as `gdsolve predict` does.

    >>> fit = gdsolve.fit([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    >>> gdsolve.predict(fit, [[5.0], [6.0]]).round(6).tolist()
    [10.0, 12.0]

    Raises:
        GdsolveError: what is no model, the model of a formula, or one that has not what is asked for.
        DataError: a table without the model's columns, or with cells that are no numbers.
    """
    from gdsolve.solve.predict import predict as write
    from gdsolve.solve.predict import predictions

    with hints_of_python("predict", X):
        options = read_options(options, "predict")
        known = required_model(model)
        if is_scan(X):
            check_scans(build_spec((), options, "predict", in_memory=True), "predict", "X")
        if not names_tables(X):
            if out is not None:
                raise GdsolveError(
                    "goes with tables", "leave it out: what is predicted for arrays is returned", option="out"
                )
            if options.get("only"):
                raise GdsolveError(
                    "goes with tables", "leave it out: for arrays predictions alone are returned", option="only"
                )
            return predictions(build_spec((), options, "predict", in_memory=True), known, X, names, y)
        refuse_names(names)
        refuse_target(y)
        spec = build_spec(paths_of(X), options, "predict")
        if out is None:
            return predictions(spec, known)
        if not hasattr(out, "write"):
            raise GdsolveError(
                f"{shown(out)} is no file that is open", "give open(…, 'w'), or leave it out", option="out"
            )
        return write(spec, known, out)


def score(
    model: Fit | GroupFits | str | os.PathLike[str],
    X: Any,
    y: Any = None,
    *,
    names: Sequence[str] | None = None,
    **options: Any,
) -> Score:
    """How well a fit, or a saved model by its path, predicts the target of a table by its path, or y of X, (m, n).

    Columns are matched as in `predict`; y, (m,), may be a column of X instead, by the name of the model's target.
    `weight` is a column of row weights; without it that of the model is taken, if it is there.

    >>> fit = gdsolve.fit([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    >>> round(gdsolve.score(fit, [[4.0], [5.0]], [8.5, 10.5]).rmse, 6)
    0.5

    Raises:
        GdsolveError: what is no model, or the model of a formula.
        DataError: a table without the model's columns or its target, without rows, or with cells that are bad.
    """
    from gdsolve.solve.score import score as run

    with hints_of_python("score", X):
        options = read_options(options, "score")
        known = required_model(model)
        if not names_tables(X):
            return run(build_spec((), options, "score", in_memory=True), known, X, y, names)
        refuse_names(names)
        refuse_target(y)
        return run(build_spec(paths_of(X), options, "score"), known)
