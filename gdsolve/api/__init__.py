"""The verbs for Python: the same options, the same results."""

import gdsolve.api.present  # noqa: F401, results are presented from now on
from gdsolve.api.options import COMMAND_LINE
from gdsolve.api.predicting import predict, score
from gdsolve.api.program import code
from gdsolve.api.tracing import trace
from gdsolve.api.verbs import certify, check, compare, compare_lr, fit, partial_fit, path, scan

__all__ = [
    "COMMAND_LINE",
    "certify",
    "check",
    "code",
    "compare",
    "compare_lr",
    "fit",
    "partial_fit",
    "path",
    "predict",
    "scan",
    "score",
    "trace",
]
