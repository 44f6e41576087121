"""The verbs for Python: the same options, the same results."""

from gdsolve.api.options import COMMAND_LINE
from gdsolve.api.predicting import predict, score
from gdsolve.api.tracing import trace
from gdsolve.api.verbs import certify, check, compare, compare_lr, fit, partial_fit, path, scan

__all__ = [
    "COMMAND_LINE",
    "certify",
    "check",
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
