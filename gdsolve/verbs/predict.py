"""`predict`: the rows of a table with a prediction appended."""

from __future__ import annotations

from typing import TextIO

from gdsolve.data import PredictCounts, predict_csv
from gdsolve.model import read_model
from gdsolve.spec import Spec


def predict(spec: Spec, model_path: str, out: TextIO) -> PredictCounts:
    """Write the rows of the spec's tables, as CSV, with the predictions X·w of a saved model.

    Raises:
        GdsolveError: a file that is no model.
        DataError: a table without the model's columns, or with cells that are no numbers.
    """
    return predict_csv(spec.data, spec, read_model(model_path), out)
