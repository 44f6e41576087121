"""`fit`: descend, and say what was reached and how far that is from the optimum."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.checkpointer import checkpointer_of
from gdsolve.solve.illustrator import Illustrate
from gdsolve.solve.outcome import Fit
from gdsolve.solve.pose import pose
from gdsolve.spec import Spec
from gdsolve.spec.command import Command
from gdsolve.status import GdsolveError, Status

if TYPE_CHECKING:
    from gdsolve.data import Table
    from gdsolve.descent.iterate import Observer
    from gdsolve.solve.scanned import Scan


def fit(
    spec: Spec,
    table: Table | Scan | None = None,
    command: Command | None = None,
    observe: Observer | None = None,
    ranks: Ranks = ALONE,
    *,
    illustrate: Illustrate | None = None,
) -> Fit:
    """Fit `spec`, on `table` where one is given; `command` is how the user asked, for the advice.

    A descent that takes its steps one by one tells `observe` the latest, again and again; the closed form has none.
    Of several ranks each reads its share of the rows, and all return the same. `illustrate` gives who draws.

    Raises:
        GdsolveError: what was asked for contradicts itself or the table.
        DataError: data that cannot be used.
    """
    if isinstance(spec.lr, tuple):
        raise GdsolveError(
            f"{len(spec.lr)} rates, and fit takes one", "run gdsolve compare-lr, which takes several", option="lr"
        )
    began = time.perf_counter()
    command = command or Command("fit", spec.data)
    checkpointer = checkpointer_of(spec, spec.data[0] if spec.data else "these")
    if spec.online is not None:
        from gdsolve.solve.online import continued

        spec = continued(spec)
    problem = pose(spec, table, ranks)
    from gdsolve.solve.fit_problem import fit_problem
    from gdsolve.solve.threads import threads_for_formula

    illustrator = illustrate and illustrate()
    with threads_for_formula(problem):
        found = fit_problem(
            problem, command, began, observe=observe, checkpointer=checkpointer, illustrator=illustrator
        )
    if spec.online is None or found.data is None:
        return found
    from gdsolve.solve.online import counted, sentence

    online = counted(spec, found.data.rows, found.iterations)
    new = online.rows - online.rows_before
    # One pass is what was asked for: there is nothing to run instead.
    advice = found.advice if online.exact or found.status is not Status.MAX_ITER else ()
    return replace(found, online=online, advice=advice, message=f"{found.message} {sentence(online, new)}")
