"""`gdsolve predict`: the rows of a table with the model's prediction appended."""

from __future__ import annotations

import logging
import sys

from gdsolve.cli.output import as_utf8, writing
from gdsolve.outputs import check_outputs
from gdsolve.spec import Spec
from gdsolve.status import ExitCode


def run(spec: Spec, model: str) -> int:
    """Predict the rows of a spec's data with a saved model; returns the exit code."""
    check_outputs(spec)
    from gdsolve.solve.predict import predict

    as_utf8()
    with writing("standard output"):
        counts = predict(spec, model, sys.stdout)
        sys.stdout.flush()
    logging.getLogger("gdsolve").info("%d rows predicted", counts.rows)
    for reason in counts.reasons:
        logging.getLogger("gdsolve").warning("%s", reason)
    return int(ExitCode.OK)
