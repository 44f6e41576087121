"""What goes with the strength of a penalty that is to be found: a fit of squares, folds, and nothing else to find."""

from __future__ import annotations

from gdsolve.spec.choices import Sought, StopAt
from gdsolve.spec.losses import SQUARED
from gdsolve.spec.option import flag
from gdsolve.spec.options import Options
from gdsolve.status import GdsolveError


def check_strengths(spec: Options, verb: str) -> None:
    """See that a strength that is `auto` can be found.

    Raises:
        GdsolveError: another verb, a loss that is no square, no folds, or two things to be found at once.
    """
    name = spec.sought
    if name is None or verb == "path":
        return
    number = f"{flag(name)} 1, say"
    if verb != "fit":
        raise GdsolveError(f"auto is found for a fit, and this is {verb}", f"give {number}", option=name)
    if spec.group_by is not None:
        raise GdsolveError("auto is found for one fit, and every group is one", f"give {number}", option=name)
    if isinstance(spec.l1, Sought) and isinstance(spec.ridge, Sought):
        raise GdsolveError(
            "--l1 auto and --ridge auto are not found together",
            "give --ridge 1, say, or --l1 1",
            option="ridge",
        )
    if not spec.is_least_squares:
        raise GdsolveError(
            f"auto is found for squared losses, whose rows are read once, and this is --loss {spec.loss}",
            f"give {number}, or --loss {'|'.join(SQUARED)}",
            option=name,
        )
    if spec.cv is None:
        raise GdsolveError("auto is found on folds, and there are none", f"give --cv 10, or {number}", option=name)
    if spec.stop is StopAt.BEST:
        raise GdsolveError(
            f"the folds choose {flag(name)}, and with --stop best the number of updates",
            f"leave --stop out, or give {number}",
            option="stop",
        )
