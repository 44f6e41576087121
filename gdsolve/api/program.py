"""A fit as a program of its own, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast

from gdsolve.api.ask import ask, hints_of_python
from gdsolve.api.given import is_frame, is_scan
from gdsolve.spec import Spec
from gdsolve.spec.numbers import shown
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from gdsolve.data import Table


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
    with hints_of_python(name, X):
        if (told := _told_of(X)) is not None:
            return (program_of_rates if told[1] else program_of_fit)(told[0], kind)[0]
        spec, table, _ = ask(name, X, y, names, options)
        if is_scan(table):
            raise GdsolveError("a scan has no rows that a program could read", "give the table that was scanned")
        if table is not None and names is None and not is_frame(X):
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


def _in_text(spec: Spec, X: Any, y: Any) -> Spec:
    """The spec with arrays as the numbers that a YAML file would have."""
    import numpy as np

    matrix, column = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64).reshape(-1)
    rows = matrix.reshape(len(column), -1).tolist()
    return replace(spec, X=tuple(map(tuple, rows)), y=tuple(column.tolist()))
