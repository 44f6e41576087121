"""What a call from Python asks for: its arguments as a spec, a table, and the command of advice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gdsolve.api.given import Source, has_column, is_frame, is_scan, names_tables, paths_of, refuse_names
from gdsolve.api.options import read_options
from gdsolve.bundled import tell_hidden
from gdsolve.model import Model
from gdsolve.spec import Spec
from gdsolve.spec.command import Command
from gdsolve.spec.file import FORMULA_PARTS, build_spec, read_spec
from gdsolve.spec.keywords import in_keywords
from gdsolve.spec.numbers import shown
from gdsolve.spec.scans import check_scans
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from gdsolve.data import Table
    from gdsolve.solve.scanned import Scan


@contextmanager
def hints_of_python(verb: str, X: Any) -> Iterator[None]:
    """A span in which hints are such as Python takes them, where no table is given that a command line could name."""
    try:
        yield
    except GdsolveError as fault:
        if fault.hint is not None and not names_tables(X):
            fault.hint = in_keywords(fault.hint, verb)
        raise


def ask(
    verb: str, X: Any, y: Any, names: Sequence[str] | None, options: dict[str, Any]
) -> tuple[Spec, Table | Scan | None, Command]:
    """The spec of a call, the table or scan that is given by hand (None for files), and the command of advice.

    Raises:
        GdsolveError, DataError: as `fit`.
    """
    from gdsolve.data import inline_table

    options = read_options(options, verb)
    if isinstance(y, str) and "target" not in options and X is not None and not names_tables(X) and has_column(X, y):
        y, options = None, {**options, "target": y}
    call = f"give {verb.replace('-', '_')}(X, y), or the path of a table"
    if X is None and y is None:
        if options.get("minimize") is None:
            raise GdsolveError("X and y are missing", call)
        refuse_names(names)
        return build_spec((), options, verb), None, Command(verb, (), options, arguments=())
    if X is None:
        raise GdsolveError("X is missing", call)
    if names_tables(X):
        if y is not None:
            raise GdsolveError(
                "X names a table, which has its target in it", 'give target="…", the name of a column', option="y"
            )
        refuse_names(names)
        tell_hidden(paths_of(X))
        spec, fixed = read_spec(paths_of(X), options, verb)
        return spec, None, Command(verb, paths_of(X), options, fixed, path_argument(X, options))
    if isinstance(y, str):
        raise GdsolveError(
            f"{shown(y)} is a text", f"give target={shown(y)}, if that is the name of a column of X", option="y"
        )
    if y is None and not is_scan(X) and not is_frame(X):
        raise GdsolveError("y is missing", call)
    spec = build_spec((), options, verb, in_memory=True)
    if is_scan(X):
        if y is not None:
            raise GdsolveError("X is a scan, which has its target in it", 'give target="…", a column of it', option="y")
        refuse_names(names)
        if verb == "scan":
            raise GdsolveError("X is a scan already", "X.save(FILE) writes it")
        check_scans(spec, verb, "X")
        return spec, X, Command(verb, (), options, arguments=("X",))
    arguments = ["X", *(["y"] if y is not None else []), *(["names=names"] if names is not None else [])]
    # To check, a table that cannot be fitted is no error; and a scan has other roles for its columns.
    table = None if verb in ("check", "scan") else inline_table(X, y, spec, names=names)
    return spec, table, Command(verb, (), options, arguments=tuple(arguments))


def path_argument(X: Source, options: dict[str, Any]) -> tuple[str, ...] | None:
    """The paths as a call has them, where options are given that flags cannot say."""
    paths = paths_of(X)
    said = repr(paths[0] if len(paths) == 1 else list(paths))
    beyond = isinstance(options.get("init"), Model) or any(name in options for name in FORMULA_PARTS)
    return (said,) if beyond else None
