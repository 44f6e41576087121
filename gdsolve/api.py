"""The verbs for Python: the same options, the same results."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO, overload

from gdsolve.outputs import check_outputs, write_picture_file
from gdsolve.spec import Spec, options_of
from gdsolve.spec.command import Command
from gdsolve.spec.file import build_spec, nearest_option, read_spec
from gdsolve.spec.values import kinds
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from gdsolve.data import Table
    from gdsolve.data.predict import PredictCounts
    from gdsolve.picture import Picture
    from gdsolve.verbs.check import Check
    from gdsolve.verbs.compare import MethodComparison
    from gdsolve.verbs.comparison import Comparison
    from gdsolve.verbs.grouped.outcome import GroupFits
    from gdsolve.verbs.outcome import Fit

ARGUMENTS = ("data", "X", "y")
COMMAND_LINE = {
    "format": "leave it out: the result is an object, and save= writes it as JSON",
    "quiet": 'logging.getLogger("gdsolve").setLevel("ERROR") silences warnings',
    "verbose": 'logging.getLogger("gdsolve").setLevel("INFO") says more',
    "watch": "leave it out: gdsolve fit --watch draws in a terminal; plot= draws what was reached",
    "exit_zero": "leave it out, and look at the status of the result",
}

Source = str | os.PathLike[str] | Sequence[str]


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
    the columns of X. The result's `w`, (p, 1), has the intercept last. With `group_by`, a column (of numbers, where X
    is an array), every group is fitted by itself, and the result is iterated over, or asked for a group by its text.

    Raises:
        GdsolveError: an option that there is not, that is out of its range, or that does not fit the table.
        DataError: data that cannot be used.
    """
    from gdsolve.outputs import write_outputs
    from gdsolve.verbs.fit import fit as run

    grouping = {} if group_by is None else {"group_by": group_by}
    spec, table, command = _ask("fit", X, y, names, {**options, **grouping})
    check_outputs(spec)
    if spec.group_by is not None:
        from gdsolve.verbs.grouped.fit import fit_groups

        fits = fit_groups(spec, table)
        if spec.save is not None:
            from gdsolve.report.group_record import groups_record

            write_outputs(spec, groups_record(fits))
        return fits
    result = run(spec, table, command)
    if spec.save is not None or spec.history is not None:
        from gdsolve.report.record import fit_record

        write_outputs(spec, fit_record(result))
    _show(spec, result.picture)
    return result


def compare_lr(X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, **options: Any) -> Comparison:
    """What learning rates do to a problem given as for `fit`: `lr` is a list, a range as text, or "auto".

    Raises:
        GdsolveError, DataError: as `fit`.
    """
    from gdsolve.verbs.compare_lr import compare_lr as run

    spec, table, command = _ask("compare-lr", X, y, names, options)
    check_outputs(spec)
    result = run(spec, table, command)
    _show(spec, result.picture)
    return result


def compare(X: Any = None, y: Any = None, *, names: Sequence[str] | None = None, **options: Any) -> MethodComparison:
    """Run several methods side by side on a problem given as for `fit`: `methods` is a list of their names.

    Raises:
        GdsolveError, DataError: as `fit`.
    """
    from gdsolve.verbs.compare import compare as run

    spec, table, command = _ask("compare", X, y, names, options)
    check_outputs(spec)
    result = run(spec, table, command)
    _show(spec, result.picture)
    return result


def check(source: Source, **options: Any) -> Check:
    """Look at a table before any fitting.

    Raises:
        GdsolveError, DataError: as `fit`, but for tables that can be read and not be fitted.
    """
    from gdsolve.verbs.check import check as run

    _require_options(options, "check")
    spec, fixed = read_spec(_paths(source), options, "check")
    check_outputs(spec)
    result = run(spec, Command("check", _paths(source), options, fixed))
    _show(spec, None if result.diagnosis is None else result.diagnosis.picture)
    return result


def predict(model: str | os.PathLike[str], source: Source, out: TextIO, **options: Any) -> PredictCounts:
    """Write the rows of a table as CSV to `out`, with the prediction of a saved model appended.

    Raises:
        GdsolveError: a file that is no model.
        DataError: a table without the model's columns, or with cells that are no numbers.
    """
    from gdsolve.verbs.predict import predict as run

    _require_options(options, "predict")
    return run(build_spec(_paths(source), options, "predict"), os.fspath(model), out)


def _show(spec: Spec, picture: Picture | None) -> None:
    """Write the picture to its file, or to standard output."""
    if spec.plot is True and picture is not None:
        from gdsolve.report.draw_terminal import write_picture

        write_picture(picture, sys.stdout)
    write_picture_file(spec, picture)


def _ask(
    verb: str, X: Any, y: Any, names: Sequence[str] | None, options: dict[str, Any]
) -> tuple[Spec, Table | None, Command]:
    from gdsolve.data import inline_table

    _require_options(options, verb)
    if X is None and y is None:
        if options.get("minimize") is None:
            raise GdsolveError("X and y are missing", f"give {verb.replace('-', '_')}(X, y), or the path of a table")
        return build_spec((), options, verb), None, Command(verb, (), options)
    if y is None:
        if not isinstance(X, str | os.PathLike) and not (isinstance(X, list | tuple) and _all_text(X)):
            raise GdsolveError("y is missing", f"give {verb.replace('-', '_')}(X, y), or the path of a table")
        spec, fixed = read_spec(_paths(X), options, verb)
        return spec, None, Command(verb, _paths(X), options, fixed)
    spec = build_spec((), options, verb)
    return spec, inline_table(X, y, spec, names=names), Command(verb, (), options)


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
            raise GdsolveError(f"{name}: is an option of the command line alone", COMMAND_LINE[name])
        if name in ARGUMENTS:
            raise GdsolveError(f"{name}: is no option", f"give it in its place: gdsolve.{name_of}(X, y) or a path")
        homes = Spec.__dataclass_fields__[name].metadata["option"].verbs
        if homes and verb not in homes:
            others = " and ".join(home.replace("-", "_") for home in homes)
            raise GdsolveError(f"{name}: means nothing to {name_of}", f"leave it out; it goes with {others}")


def _all_text(items: Sequence[object]) -> bool:
    return bool(items) and all(isinstance(item, str | os.PathLike) for item in items)


def _paths(source: Source) -> tuple[str, ...]:
    if isinstance(source, str | os.PathLike):
        return (os.fspath(source),)
    return tuple(os.fspath(item) for item in source)
