"""`gdsolve curves`: the curves that `--model` knows by name, with their formulas."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from gdsolve.cli.output import writing
from gdsolve.cli.request import Request
from gdsolve.ranks import Ranks
from gdsolve.spec.curve_names import KNOWN, curve_of, written
from gdsolve.spec.curves import ALSO, BY_NAME, CURVES, FEATURE
from gdsolve.spec.numbers import nearest
from gdsolve.spec.option import shell_word
from gdsolve.status import ExitCode, GdsolveError


def run(request: Request, _ranks: Ranks) -> int:
    """Print the curves of a request, or all of them; returns the exit code.

    Raises:
        GdsolveError: a name that no curve has.
    """
    lines = [*_each(request.sources)] if request.sources else [*_all()]
    with writing("standard output"):
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
    return int(ExitCode.OK)


def _all() -> Iterator[str]:
    """Name and formula of every curve, by kind."""
    width = max(map(len, BY_NAME))
    for kind, curves in CURVES.items():
        yield kind.capitalize()
        yield from (f"  {curve.name:{width}}  {curve.formula}" for curve in curves)


def _each(names: tuple[str, ...]) -> Iterator[str]:
    """All that is known of the curves of these names, and of sums of them."""
    for place, name in enumerate(names):
        found, curve = written(name), curve_of(name)
        if found is None:
            near = nearest(name.lower(), [*BY_NAME, *ALSO])
            raise GdsolveError(f"there is no curve called {name!r}", KNOWN if near is None else f"did you mean {near}?")
        yield from [""] if place else []
        yield found.name
        told = {"formula": found.formula, "parameters": ", ".join(found.parameters)}
        if curve is not None:
            told |= {"what": curve.says, "used for": curve.field, "also": ", ".join(curve.also)}
        yield from (f"  {what:10}  {text}" for what, text in told.items() if text)
        yield f"  {'as in':10}  gdsolve fit data.csv --model {shell_word(found.name)}"
        yield f"  {FEATURE:10}  the column x, or the only feature, or the one of --features"
