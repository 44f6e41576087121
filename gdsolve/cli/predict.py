"""`gdsolve predict`: the rows of a table with the model's prediction appended."""

from __future__ import annotations

import logging
import sys

from gdsolve.cli.answer import asked
from gdsolve.cli.output import as_utf8, writing
from gdsolve.cli.request import Request
from gdsolve.outputs import check_outputs
from gdsolve.ranks import Ranks
from gdsolve.spec import Spec
from gdsolve.status import ExitCode, GdsolveError


def run(request: Request, _ranks: Ranks) -> int:
    """Predict the rows of the tables of a request with its saved model; returns the exit code."""
    if request.saved is None:
        raise GdsolveError("predict: no MODEL is given", f"give one, as in {request.verb.examples[0]}")
    with asked(request) as (spec, _):
        _write(spec, request.saved)
    return int(ExitCode.OK)


def _write(spec: Spec, model: str) -> None:
    check_outputs(spec)
    from gdsolve.solve.predict import predict

    as_utf8()
    with writing("standard output"):
        counts = predict(spec, model, sys.stdout)
        sys.stdout.flush()
    logging.getLogger("gdsolve").info("%d rows predicted", counts.rows)
    for reason in counts.reasons:
        logging.getLogger("gdsolve").warning("%s", reason)
