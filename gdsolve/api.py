"""The verbs for Python: the same options, the same results."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TextIO, TypeGuard, cast, overload

from gdsolve.advice import Advice
from gdsolve.model import Model
from gdsolve.outputs import check_outputs, write_picture_file
from gdsolve.pictures import illustrator_of
from gdsolve.spec import Spec, options_of
from gdsolve.spec.command import Command
from gdsolve.spec.file import FORMULA_PARTS, PATHS, at_home, build_spec, nearest_option, read_spec
from gdsolve.spec.keywords import in_keywords
from gdsolve.spec.numbers import shown
from gdsolve.spec.option import enumerated
from gdsolve.spec.scans import check_scans
from gdsolve.spec.values import kinds
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from gdsolve.data import Table
    from gdsolve.data.predict import PredictCounts
    from gdsolve.groups.outcome import GroupFits
    from gdsolve.picture import Picture
    from gdsolve.solve.certified import Certified
    from gdsolve.solve.check import Check
    from gdsolve.solve.comparison import Comparison, MethodComparison
    from gdsolve.solve.outcome import Fit
    from gdsolve.solve.regularization_path import RegularizationPath
    from gdsolve.solve.scanned import Scan
    from gdsolve.solve.score import Score

ARGUMENTS = ("data", "X", "y")
COMMAND_LINE = {
    "format": "leave it out: the result is an object, and save= writes it as JSON",
    "code": "leave it out: gdsolve.code(…) returns the program as text",
    "quiet": 'logging.getLogger("gdsolve").setLevel("ERROR") silences warnings',
    "verbose": 'logging.getLogger("gdsolve").setLevel("INFO") says more',
    "watch": Advice(
        "leave it out: gdsolve fit --watch draws in a terminal; plot= draws what was reached", verbatim=True
    ),
    "each": "leave it out, and fit them in a loop: [gdsolve.fit(path) for path in paths]",
    "exit_zero": "leave it out, and look at the status of the result",
}

Source = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


@contextmanager
def _typing(verb: str, X: Any) -> Iterator[None]:
    """A span in which hints are such as Python takes them, where no table is given that a command line could name."""
    try:
        yield
    except GdsolveError as fault:
        if fault.hint is not None and not _names_tables(X):
            fault.hint = in_keywords(fault.hint, verb)
        raise


@overload
def fit(
    X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, group_by: None = None, **options: Any
) -> Fit: ...


@overload
def fit(
    X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, group_by: str, **options: Any
) -> GroupFits: ...


def fit(
    X: Any = None,
    y: Any = None,
    *,
    names: Sequence[str] | None = None,
    group_by: str | None = None,
    **options: Any,
) -> Fit | GroupFits:
    """Fit a table or a YAML spec by its path, or X, (m, n), and y, (m,) or (m, 1), given as arrays; or a formula.

    `options` are those of `gdsolve fit`, by their YAML names: `gdsolve.fit("data.csv", target="price", lr=0.01)`;
    `save`, `history` and `plot` write their files, and `plot=True` prints a picture; a formula has `minimize` or
    `model`, and `parameters` as a mapping from names to starts, or to `{"start": 1, "lower": 0}`. `names` are those of
    the columns of X; a DataFrame has its own, and y may have one. `init` takes the result of a fit as well. The
    result's `w`, (p, 1), has the intercept last. With `group_by`, a column (of numbers, where X is an array), every
    group is fitted by itself, and the result is iterated over, or asked for a group by its text.

    Raises:
        GdsolveError: an option that there is not, that is out of its range, or that does not fit the table.
        DataError: data that cannot be used.
    """
    from gdsolve.outputs import write_outputs
    from gdsolve.solve.fit import fit as run

    with _typing("fit", X):
        grouping = {} if group_by is None else {"group_by": group_by}
        spec, table, command = _ask("fit", X, y, names, {**options, **grouping})
        check_outputs(spec)
        if spec.each:
            raise GdsolveError(
                "one result is returned, and every table of the spec is a fit",
                "take it out of the spec, or fit its tables in a loop: [gdsolve.fit(path) for path in paths]",
                option="each",
            )
        if spec.group_by is not None:
            from gdsolve.groups.fit import fit_groups

            # Of a scan groups are refused with the spec.
            fits = fit_groups(spec, cast("Table | None", table))
            if spec.save is not None:
                from gdsolve.report.group_record import groups_record

                write_outputs(spec, groups_record(fits))
            return fits
        result = run(spec, table, command, illustrate=illustrator_of(spec))
        if spec.save is not None or spec.history is not None:
            from gdsolve.report.record import fit_record

            write_outputs(spec, fit_record(result))
        _show(spec, result.picture)
        return result


def code(
    X: Any = None,
    y: Any = None,
    *,
    names: Sequence[str] | None = None,
    verb: Literal["fit", "compare-lr", "compare_lr"] = "fit",
    kind: Literal["matrix", "autograd"] | None = None,
    **options: Any,
) -> str:
    """A program of PyTorch, without gdsolve, that takes the steps of `fit`, or of `compare_lr`, on a problem given so.

    It is in the matrix form by hand, or of the `kind` "autograd": with backward() and torch.optim, as a formula always
    is. X is the path of a table, which the program reads, or a spec, or what `fit` or `compare_lr` returned for one;
    arrays of up to 1000 numbers stand in it.

    Raises:
        GdsolveError, DataError: as `fit`, and for what a dozen lines cannot do.
    """
    from gdsolve.programs.write import program_of_fit, program_of_rates
    from gdsolve.spec.program import read_code

    name = verb.replace("_", "-")
    if name not in ("fit", "compare-lr"):
        raise GdsolveError(f"{shown(verb)} has no program", 'give verb="fit" or verb="compare-lr"')
    if kind is not None:
        read_code(kind)
    with _typing(name, X):
        if (told := _told_of(X)) is not None:
            return (program_of_rates if told[1] else program_of_fit)(told[0], kind)[0]
        spec, table, _ = _ask(name, X, y, names, options)
        if _is_scan(table):
            raise GdsolveError("a scan has no rows that a program could read", "give the table that was scanned")
        if table is not None and names is None and not _is_frame(X):
            spec, table = _in_text(spec, X, y), None
        return (program_of_fit if name == "fit" else program_of_rates)(spec, kind, cast("Table | None", table))[0]


def _told_of(X: Any) -> tuple[Spec, bool] | None:
    """The spec of what `fit` or `compare_lr` returned, and whether it compares rates; None of anything else.

    Raises:
        GdsolveError: it is of arrays, which it does not hold.
    """
    from gdsolve.solve.comparison import Comparison
    from gdsolve.solve.outcome import Fit

    if not isinstance(X, Fit | Comparison):
        return None
    spec = X.spec
    if not spec.data and spec.X is None and spec.minimize is None:
        raise GdsolveError("what was fitted to arrays does not hold them", "give code(X, y), with the same options")
    return spec, isinstance(X, Comparison)


def compare_lr(X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, **options: Any) -> Comparison:
    """What learning rates do to a problem given as for `fit`: `lr` is a list, a range as text, or "auto".

    Raises:
        GdsolveError, DataError: as `fit`.
    """
    from gdsolve.solve.compare_lr import compare_lr as run

    with _typing("compare-lr", X):
        spec, table, command = _ask("compare-lr", X, y, names, options)
        check_outputs(spec)
        result = run(spec, table, command, illustrate=illustrator_of(spec))
        _show(spec, result.picture)
        return result


def compare(X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, **options: Any) -> MethodComparison:
    """Run several methods side by side on a problem given as for `fit`: `methods` is a list of their names.

    Raises:
        GdsolveError, DataError: as `fit`.
    """
    from gdsolve.solve.compare import compare as run

    with _typing("compare", X):
        spec, table, command = _ask("compare", X, y, names, options)
        check_outputs(spec)
        result = run(spec, table, command, illustrate=illustrator_of(spec))
        _show(spec, result.picture)
        return result


def path(X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, **options: Any) -> RegularizationPath:
    """Fit a problem, given as for `fit`, by least squares with every strength λ of an l1 or ridge penalty.

    The result has arrays, a number or a row a λ, from the largest down: `lambdas`, `weights`, `errors` over folds with
    `cv`, and more; `select("1se")` is the fit at the λ that a rule takes; `save` writes that of the option `select`.

    Raises:
        GdsolveError, DataError: as `fit`, and for a target that no column explains.
    """
    from gdsolve.outputs import write_outputs
    from gdsolve.solve.path import path as run

    with _typing("path", X):
        spec, table, command = _ask("path", X, y, names, options)
        check_outputs(spec)
        result = run(spec, table, command, illustrate=illustrator_of(spec))
        if result.model is not None and spec.save is not None:
            from gdsolve.report.record import fit_record

            write_outputs(spec, fit_record(result.model))
        _show(spec, result.picture)
        return result


def partial_fit(model: Any, X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, **options: Any) -> Fit:
    """Go on with a model, a fit or the file of one, on new rows, given as for `fit`; the same as its option `online`.

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

    Raises:
        GdsolveError, DataError: as `fit`, and for weights of other columns.
    """
    from gdsolve.solve.certify_weights import certify_weights as run
    from gdsolve.solve.given_weights import OF_COLUMNS, read_weights

    with _typing("certify", X):
        given = _weights(weights, intercept=not options.get("no_intercept"))
        if not _names_tables(X):
            # Arrays become a table before the weights are looked at.
            formula = any(options.get(name) is not None for name in ("minimize", "model"))
            implied = read_weights(given).options(formula=formula)
            apart = ("target",) if options.get("formula") is None else OF_COLUMNS
            options = {**{name: value for name, value in implied.items() if name not in apart}, **options}
        spec, table, command = _ask("certify", X, y, names, {**options, "weights": given})
        return run(spec, table, command)


def check(X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, **options: Any) -> Check:
    """Look at a table, given as for `fit`, before any fitting.

    Raises:
        GdsolveError, DataError: as `fit`, but for tables that can be read and not be fitted.
    """
    from gdsolve.data import Arrays
    from gdsolve.solve.check import check as run

    with _typing("check", X):
        spec, _, command = _ask("check", X, y, names, options)
        check_outputs(spec)
        is_in_memory = X is not None and not _names_tables(X)
        arrays = X if _is_scan(X) else Arrays(X, y, names) if is_in_memory else None
        result = run(spec, command, arrays, illustrate=illustrator_of(spec))
        _show(spec, None if result.diagnosis is None else result.diagnosis.picture)
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

    Raises:
        GdsolveError: an option that does not fit the table, or a file that cannot be written.
        DataError: data that cannot be used, or scans of other columns.
    """
    from gdsolve.data import Arrays
    from gdsolve.outputs import check_scan_output
    from gdsolve.solve.scan import scan as run

    with _typing("scan", X):
        spec, _, _ = _ask("scan", X, y, names, options if save is None else {**options, "output": save})
        path = None if spec.output is None else check_scan_output(spec)
        found = run(spec, None if _names_tables(X) else Arrays(X, y, names))
        return found if path is None else found.save(path)


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

    Raises:
        GdsolveError: what is no model, the model of a formula, or one that has not what is asked for.
        DataError: a table without the model's columns, or with cells that are no numbers.
    """
    from gdsolve.solve.predict import predict as write
    from gdsolve.solve.predict import predictions

    with _typing("predict", X):
        options = _read_options(options, "predict")
        known = _required_model(model)
        if _is_scan(X):
            check_scans(build_spec((), options, "predict", in_memory=True), "predict", "X")
        if not _names_tables(X):
            if out is not None:
                raise GdsolveError(
                    "goes with tables", "leave it out: what is predicted for arrays is returned", option="out"
                )
            if options.get("only"):
                raise GdsolveError(
                    "goes with tables", "leave it out: for arrays predictions alone are returned", option="only"
                )
            return predictions(build_spec((), options, "predict", in_memory=True), known, X, names, y)
        _refuse_names(names)
        _refuse_target(y)
        spec = build_spec(_paths(X), options, "predict")
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

    Raises:
        GdsolveError: what is no model, or the model of a formula.
        DataError: a table without the model's columns or its target, without rows, or with cells that are bad.
    """
    from gdsolve.solve.score import score as run

    with _typing("score", X):
        options = _read_options(options, "score")
        known = _required_model(model)
        if not _names_tables(X):
            return run(build_spec((), options, "score", in_memory=True), known, X, y, names)
        _refuse_names(names)
        _refuse_target(y)
        return run(build_spec(_paths(X), options, "score"), known)


def _show(spec: Spec, picture: Picture | None) -> None:
    """Write the picture to its file, or to standard output."""
    if spec.plot is True and picture is not None:
        from gdsolve.report.draw_terminal import write_picture

        write_picture(picture, sys.stdout)
    write_picture_file(spec, picture)


def _ask(
    verb: str, X: Any, y: Any, names: Sequence[str] | None, options: dict[str, Any]
) -> tuple[Spec, Table | Scan | None, Command]:
    from gdsolve.data import inline_table

    options = _read_options(options, verb)
    if isinstance(y, str) and "target" not in options and X is not None and not _names_tables(X) and _has(X, y):
        y, options = None, {**options, "target": y}
    call = f"give {verb.replace('-', '_')}(X, y), or the path of a table"
    if X is None and y is None:
        if options.get("minimize") is None:
            raise GdsolveError("X and y are missing", call)
        _refuse_names(names)
        return build_spec((), options, verb), None, Command(verb, (), options, arguments=())
    if X is None:
        raise GdsolveError("X is missing", call)
    if _names_tables(X):
        if y is not None:
            raise GdsolveError(
                "X names a table, which has its target in it", 'give target="…", the name of a column', option="y"
            )
        _refuse_names(names)
        spec, fixed = read_spec(_paths(X), options, verb)
        return spec, None, Command(verb, _paths(X), options, fixed, _path_argument(X, options))
    if isinstance(y, str):
        raise GdsolveError(
            f"{shown(y)} is a text", f"give target={shown(y)}, if that is the name of a column of X", option="y"
        )
    if y is None and not _is_scan(X) and not _is_frame(X):
        raise GdsolveError("y is missing", call)
    spec = build_spec((), options, verb, in_memory=True)
    if _is_scan(X):
        if y is not None:
            raise GdsolveError("X is a scan, which has its target in it", 'give target="…", a column of it', option="y")
        _refuse_names(names)
        if verb == "scan":
            raise GdsolveError("X is a scan already", "X.save(FILE) writes it")
        check_scans(spec, verb, "X")
        return spec, X, Command(verb, (), options, arguments=("X",))
    arguments = ["X", *(["y"] if y is not None else []), *(["names=names"] if names is not None else [])]
    # To check, a table that cannot be fitted is no error; and a scan has other roles for its columns.
    table = None if verb in ("check", "scan") else inline_table(X, y, spec, names=names)
    return spec, table, Command(verb, (), options, arguments=tuple(arguments))


def _in_text(spec: Spec, X: Any, y: Any) -> Spec:
    """The spec with arrays as the numbers that a YAML file would have."""
    import numpy as np

    matrix, column = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64).reshape(-1)
    rows = matrix.reshape(len(column), -1).tolist()
    return replace(spec, X=tuple(map(tuple, rows)), y=tuple(column.tolist()))


def _is_scan(X: Any) -> TypeGuard[Scan]:
    """True for what `scan` returned."""
    from gdsolve.solve.scanned import Scan

    return isinstance(X, Scan)


def _has(X: Any, name: str) -> bool:
    """True for a DataFrame with a column of this name, which then is the target."""
    from gdsolve.data.arrays import labels_of

    return name in (labels_of(X) or ())


def _is_frame(X: Any) -> bool:
    """True for a DataFrame, whose columns have names of their own: one of them may be the target."""
    from gdsolve.data.arrays import labels_of

    return labels_of(X) is not None


def _read_options(options: dict[str, Any], verb: str) -> dict[str, Any]:
    """The options with a fit to start from as a model, and paths from the user's home.

    Raises:
        GdsolveError: an option that means nothing to a verb of Python.
    """
    _require_options(options, verb)
    # Numbers and lists of numpy and pandas are those of Python.
    read = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in options.items()}
    for name in PATHS:
        if isinstance(read.get(name), str | os.PathLike):
            read[name] = at_home(os.fspath(read[name]))
    if "init" in options:
        read["init"] = _model(read["init"], "init") or read["init"]
    if read.get("online") is not None:
        read["online"] = _weights(read["online"], intercept=True)
    return read


def _path_argument(X: Source, options: dict[str, Any]) -> tuple[str, ...] | None:
    """The paths as a call has them, where options are given that flags cannot say."""
    paths = _paths(X)
    said = repr(paths[0] if len(paths) == 1 else list(paths))
    beyond = isinstance(options.get("init"), Model) or any(name in options for name in FORMULA_PARTS)
    return (said,) if beyond else None


def _model(given: Any, name: str) -> Model | str | None:
    """What was fitted as a model that messages call `name`, or the path of one; None for anything else."""
    if isinstance(given, str | os.PathLike):
        return at_home(os.fspath(given))
    from gdsolve.groups.outcome import GroupFits
    from gdsolve.report.group_record import groups_record
    from gdsolve.report.record import model_record
    from gdsolve.solve.outcome import Fit

    if isinstance(given, Fit):
        return Model(name, model_record(given))
    if isinstance(given, GroupFits):
        record = groups_record(given)
        return Model(name, {**record, "groups": [*record["groups"]]})
    return None


def _weights(given: Any, *, intercept: bool) -> Model | str:
    """Weights in any form as a model at hand, or as the path of a file.

    Raises:
        GdsolveError: what has no weights.
    """
    from gdsolve.report.record import fit_record
    from gdsolve.solve.outcome import Fit

    if isinstance(given, str | os.PathLike):
        return at_home(os.fspath(given))
    if isinstance(given, Fit):
        return Model("weights", fit_record(given))
    if isinstance(given, Mapping):
        return Model("weights", {key: _plain(value) for key, value in given.items()})
    if hasattr(given, "coef_"):
        known = ("coef_", "intercept_", "feature_names_in_")
        return Model("weights", {key: _plain(getattr(given, key)) for key in known if hasattr(given, key)})
    numbers = _plain(given)
    if not isinstance(numbers, list) or not numbers:
        raise GdsolveError(
            f"{shown(given)} are no weights", "give a fit, a mapping, or numbers, the intercept last", option="weights"
        )
    flat = [one[0] if isinstance(one, list) and len(one) == 1 else one for one in numbers]
    constant = flat.pop() if intercept else None
    return Model("weights", {"weights": flat, "intercept": constant})


def _plain(value: Any) -> Any:
    """What numpy, pandas and torch hold, as Python's own numbers and lists."""
    found = value.tolist() if hasattr(value, "tolist") else value
    return list(found) if isinstance(found, tuple) else found


def _required_model(given: Any) -> Model | str:
    """The same, where there has to be one."""
    known = _model(given, "model")
    if known is None:
        raise GdsolveError(
            f"{type(given).__name__} is no model",
            "give what gdsolve.fit returned, or the file of save=",
            option="model",
        )
    return known


def _refuse_target(y: Any) -> None:
    if y is not None:
        raise GdsolveError("goes with arrays", "leave it out: a table has its target in it", option="y")


def _refuse_names(names: Sequence[str] | None) -> None:
    if names is not None:
        raise GdsolveError("goes with arrays", "leave it out: a table has names of its own", option="names")


def _require_options(options: dict[str, Any], verb: str) -> None:
    """See that every option means something to a verb of Python."""
    name_of = verb.replace("-", "_")
    for name in options:
        if name not in kinds():
            known = [option for option in options_of(verb) if option not in COMMAND_LINE]
            near = nearest_option(name, known)
            remedy = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
            raise GdsolveError(f"{name_of}: unknown option {name!r}", remedy)
        if name in COMMAND_LINE:
            raise GdsolveError("is an option of the command line alone", COMMAND_LINE[name], option=name)
        if name in ARGUMENTS:
            raise GdsolveError("is no option", f"give it in its place: gdsolve.{name_of}(X, y) or a path", option=name)
        homes = Spec.__dataclass_fields__[name].metadata["option"].verbs
        if homes and verb not in homes:
            others = enumerated([home.replace("-", "_") for home in homes])
            raise GdsolveError(f"means nothing to {name_of}", f"leave it out; it goes with {others}", option=name)


def _names_tables(X: Any) -> bool:
    """True for a path, or several."""
    return isinstance(X, str | os.PathLike) or (
        isinstance(X, list | tuple) and bool(X) and all(isinstance(item, str | os.PathLike) for item in X)
    )


def _paths(source: Source) -> tuple[str, ...]:
    paths = (source,) if isinstance(source, str | os.PathLike) else source
    return tuple(at_home(os.fspath(path)) for path in paths)
