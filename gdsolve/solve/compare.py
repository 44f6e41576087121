"""`compare`: methods side by side on one objective."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.comparison import MethodComparison
from gdsolve.solve.illustrator import Illustrate
from gdsolve.solve.pose import pose
from gdsolve.spec import Method, Spec
from gdsolve.spec.command import Command
from gdsolve.spec.numbers import nearest, shown
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from gdsolve.data import Table
    from gdsolve.solve.scanned import Scan


def compare(
    spec: Spec,
    table: Table | Scan | None = None,
    command: Command | None = None,
    ranks: Ranks = ALONE,
    *,
    illustrate: Illustrate | None = None,
) -> MethodComparison:
    """Descend by every method of `spec`, or by all that can be used.

    Raises:
        GdsolveError: a method that does not exist or cannot be used here.
        DataError: data that cannot be used.
    """
    began, asked = time.perf_counter(), _asked(spec)
    problem = pose(spec, table, ranks)
    from gdsolve.solve.compare_methods import compare_methods

    command = command or Command("compare", spec.data)
    return compare_methods(problem, asked, command, began, illustrate and illustrate())


def _asked(spec: Spec) -> tuple[Method, ...]:
    names = [name.strip() for text in spec.methods for name in text.split(",") if name.strip()]
    known = [method.value for method in Method.all()]
    for name in names:
        if name not in known:
            near = nearest(name, known)
            remedy = f"did you mean {near}?" if near else f"known here: {', '.join(known)}"
            raise GdsolveError(f"there is no method {shown(name)}", remedy, option="methods")
    return tuple(dict.fromkeys(Method(name) for name in names))
