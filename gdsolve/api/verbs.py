"""The verbs for Python that look at a table or at a formula: the same options, the same results."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast, overload

from gdsolve.api.ask import ask, hints_of_python
from gdsolve.api.given import is_scan, names_tables
from gdsolve.api.models import weights_of
from gdsolve.outputs import check_outputs, write_picture_file
from gdsolve.pictures.later import LaterIllustrator
from gdsolve.spec import Spec
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from gdsolve.data import Table
    from gdsolve.groups.outcome import GroupFits
    from gdsolve.picture import Picture
    from gdsolve.solve.certified import Certified
    from gdsolve.solve.check import Check
    from gdsolve.solve.comparison import Comparison, MethodComparison
    from gdsolve.solve.outcome import Fit
    from gdsolve.solve.regularization_path import RegularizationPath
    from gdsolve.solve.scanned import Scan


@overload
def fit(
    X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, group_by: None = None, **options: Any
) -> Fit: ...


@overload
def fit(
    X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, group_by: str | Sequence[str], **options: Any
) -> GroupFits: ...


def fit(
    X: Any = None,
    y: Any = None,
    *,
    names: Sequence[str] | None = None,
    group_by: str | Sequence[str] | None = None,
    **options: Any,
) -> Fit | GroupFits:
    """Fit a table or a YAML spec by its path, or X, (m, n), and y, (m,) or (m, 1), given as arrays; or a formula.

    `options` are those of `gdsolve fit`, by their YAML names: `gdsolve.fit("data.csv", target="price", lr=0.01)`;
    `save`, `history` and `plot` write their files, and `plot=True` prints a picture; a formula has `minimize` or
    `model`, and `parameters` as a mapping from names to starts, or to `{"start": 1, "lower": 0}`. `names` are those of
    the columns of X; a DataFrame has its own, and y may have one. `init` takes the result of a fit as well. The
    result's `w`, (p, 1), has the intercept last. With `group_by`, a column or several (of numbers, where X is an
    array), every group is fitted by itself, and the result is iterated over, or asked for a group by its text:
    `fits["a"]`, of two columns `fits["a", "b"]`.

    >>> fit = gdsolve.fit([[1.0], [2.0], [3.0], [4.0]], [2.0, 4.1, 5.9, 8.2], names=["length"])
    >>> fit
    Fit of y on length, 4 rows, half-mse
    length 2.04, intercept -0.05
    SSE 0.042, RMSE 0.10246951, R² 0.99798561, adjusted R² 0.99697842
    CONVERGED after 2 updates: no weight changed by 9.99e-11 or more. The loss is at its minimum.
    >>> fit.predict([[5.0]]).round(2).tolist()
    [10.15]

    Raises:
        GdsolveError: an option that there is not, that is out of its range, or that does not fit the table.
        DataError: data that cannot be used.
    """
    from gdsolve.outputs import write_outputs
    from gdsolve.solve.fit import fit as run

    with hints_of_python("fit", X):
        grouping = {} if group_by is None else {"group_by": group_by}
        spec, table, command = ask("fit", X, y, names, {**options, **grouping})
        check_outputs(spec)
        if spec.each:
            raise GdsolveError(
                "one result is returned, and every table of the spec is a fit",
                "take it out of the spec, or fit its tables in a loop: [gdsolve.fit(path) for path in paths]",
                option="each",
            )
        if spec.group_by:
            from gdsolve.groups.fit import fit_groups

            # Of a scan groups are refused with the spec.
            fits = fit_groups(spec, cast("Table | None", table))
            if spec.save is not None:
                from gdsolve.report.group_record import groups_record

                write_outputs(spec, groups_record(fits))
            return fits
        later = LaterIllustrator()
        result = run(spec, table, command, illustrate=lambda: later)
        result = replace(result, kept=later.kept)
        if spec.save is not None or spec.history is not None:
            from gdsolve.report.record import fit_record

            write_outputs(spec, fit_record(result))
        show(spec, result.picture)
        return result


def compare_lr(X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, **options: Any) -> Comparison:
    """What learning rates do to a problem given as for `fit`: `lr` is a list, a range as text, or "auto".

    >>> X, y = [[1.0], [2.0], [3.0], [4.0]], [2.0, 4.1, 5.9, 8.2]
    >>> [one.status.value for one in gdsolve.compare_lr(X, y, lr=[0.1, 0.5], scale="none").rates]
    ['converged', 'diverged']

    Raises:
        GdsolveError, DataError: as `fit`.
    """
    from gdsolve.solve.compare_lr import compare_lr as run

    with hints_of_python("compare-lr", X):
        spec, table, command = ask("compare-lr", X, y, names, options)
        check_outputs(spec)
        later = LaterIllustrator()
        result = replace(run(spec, table, command, illustrate=lambda: later), kept=later.kept)
        show(spec, result.picture)
        return result


def compare(X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, **options: Any) -> MethodComparison:
    """Run several methods side by side on a problem given as for `fit`: `methods` is a list of their names.

    >>> X, y = [[1.0], [2.0], [3.0], [4.0]], [2.0, 4.1, 5.9, 8.2]
    >>> [one.iterations for one in gdsolve.compare(X, y, methods=["gd", "newton"]).methods]
    [2, 1]

    Raises:
        GdsolveError, DataError: as `fit`.
    """
    from gdsolve.solve.compare import compare as run

    with hints_of_python("compare", X):
        spec, table, command = ask("compare", X, y, names, options)
        check_outputs(spec)
        later = LaterIllustrator()
        result = replace(run(spec, table, command, illustrate=lambda: later), kept=later.kept)
        show(spec, result.picture)
        return result


def path(X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, **options: Any) -> RegularizationPath:
    """Fit a problem, given as for `fit`, by least squares with every strength λ of an l1 or ridge penalty.

    The result has arrays, a number or a row a λ, from the largest down: `lambdas`, `weights`, `errors` over folds with
    `cv`, and more; `select("1se")` is the fit at the λ that a rule takes; `save` writes that of the option `select`.

    >>> X, y = [[1.0], [2.0], [3.0], [4.0]], [2.0, 4.1, 5.9, 8.2]
    >>> gdsolve.path(X, y, points=4).nonzero.tolist()
    [0, 1, 1, 1]

    Raises:
        GdsolveError, DataError: as `fit`, and for a target that no column explains.
    """
    from gdsolve.outputs import write_outputs
    from gdsolve.solve.path import path as run

    with hints_of_python("path", X):
        spec, table, command = ask("path", X, y, names, options)
        check_outputs(spec)
        result = run(spec, table, command, illustrate=LaterIllustrator)
        if result.model is not None and spec.save is not None:
            from gdsolve.report.record import fit_record

            write_outputs(spec, fit_record(result.model))
        show(spec, result.picture)
        return result


def partial_fit(model: Any, X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, **options: Any) -> Fit:
    """Go on with a model, a fit or the file of one, on new rows, given as for `fit`; the same as its option `online`.

    >>> before = gdsolve.fit([[1.0], [2.0]], [2.0, 4.1])
    >>> round(gdsolve.partial_fit(before, [[3.0], [4.0]], [5.9, 8.2]).weights["x"], 9)
    2.04

    Raises:
        GdsolveError, DataError: as `fit`, and for rows of other columns than those of the model.
    """
    found: Fit = fit(X, y, names=names, online=model, **options)
    return found


def certify(
    X: Any = None, y: Any = None, *, weights: Any, names: Sequence[str] | None = None, **options: Any
) -> Certified:
    """How far weights, from any tool, are from the optimum of a problem given as for `fit`.

    `weights` are a fit, the file of one or of JSON, a mapping as such a file has it, an estimator with `coef_` and
    `intercept_`, or numbers, (p,) or (p, 1), the intercept last unless `no_intercept` is given. What a fit was fitted
    to stands for options that are not given.

    >>> X, y = [[1.0], [2.0], [3.0], [4.0]], [2.0, 4.1, 5.9, 8.2]
    >>> round(gdsolve.certify(X, y, weights=[2.0, 0.0]).gap, 9)
    0.00225

    Raises:
        GdsolveError, DataError: as `fit`, and for weights of other columns.
    """
    from gdsolve.solve.certify_weights import certify_weights as run
    from gdsolve.solve.given_weights import OF_COLUMNS, read_weights

    with hints_of_python("certify", X):
        given = weights_of(weights, intercept=not options.get("no_intercept"))
        if not names_tables(X):
            # Arrays become a table before the weights are looked at.
            formula = any(options.get(name) is not None for name in ("minimize", "model"))
            implied = read_weights(given).options(formula=formula)
            apart = ("target",) if options.get("formula") is None else OF_COLUMNS
            options = {**{name: value for name, value in implied.items() if name not in apart}, **options}
        spec, table, command = ask("certify", X, y, names, {**options, "weights": given})
        return run(spec, table, command)


def check(X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, **options: Any) -> Check:
    """Look at a table, given as for `fit`, before any fitting.

    >>> X, y = [[1.0], [2.0], [3.0], [4.0]], [2.0, 4.1, 5.9, 8.2]
    >>> gdsolve.check(X, y).commands[0]
    'gdsolve.fit(X, y)'

    Raises:
        GdsolveError, DataError: as `fit`, but for tables that can be read and not be fitted.
    """
    from gdsolve.data import Arrays
    from gdsolve.solve.check import check as run

    with hints_of_python("check", X):
        spec, _, command = ask("check", X, y, names, options)
        check_outputs(spec)
        is_in_memory = X is not None and not names_tables(X)
        arrays = X if is_scan(X) else Arrays(X, y, names) if is_in_memory else None
        later = LaterIllustrator()
        result = replace(run(spec, command, arrays, illustrate=lambda: later), kept=later.kept)
        show(spec, result.picture)
        return result


def scan(
    X: Any = None,
    y: Any = None,
    *,
    names: Sequence[str] | None = None,
    save: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Scan:
    """Read a table, given as for `fit`, once, and keep what least squares needs of it; in the file `save`, if given.

    `fit`, `compare_lr`, `compare` and `check` take what is returned in place of X, or the path of that file in place of
    a table's, with any of its columns as `target`. Paths of several tables and scans are merged.

    >>> once = gdsolve.scan({"a": [1.0, 2.0, 3.0], "b": [3.0, 1.0, 2.0]})
    >>> round(gdsolve.fit(once, target="b").weights["a"], 9)
    -0.5

    Raises:
        GdsolveError: an option that does not fit the table, or a file that cannot be written.
        DataError: data that cannot be used, or scans of other columns.
    """
    from gdsolve.data import Arrays
    from gdsolve.outputs import check_scan_output
    from gdsolve.solve.scan import scan as run

    with hints_of_python("scan", X):
        spec, _, _ = ask("scan", X, y, names, options if save is None else {**options, "output": save})
        path = None if spec.output is None else check_scan_output(spec)
        found = run(spec, None if names_tables(X) else Arrays(X, y, names))
        return found if path is None else found.save(path)


def show(spec: Spec, picture: Picture | None) -> None:
    """Write the picture to its file, or to standard output."""
    if spec.plot is True and picture is not None:
        from gdsolve.report.draw_terminal import write_picture

        write_picture(picture, sys.stdout)
    write_picture_file(spec, picture)
