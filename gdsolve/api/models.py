"""What a call from Python gives as a model, or as weights: a fit, a file, a mapping, an estimator, numbers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from gdsolve.model import Model
from gdsolve.spec.file import at_home
from gdsolve.spec.numbers import shown
from gdsolve.status import GdsolveError


def model_of(given: Any, name: str) -> Model | str | None:
    """What was fitted as a model that messages call `name`, or the path of one; None for anything else."""
    if isinstance(given, str | os.PathLike):
        return at_home(os.fspath(given))
    from gdsolve.groups.outcome import GroupFits
    from gdsolve.report.group_record import groups_record
    from gdsolve.report.record import model_record
    from gdsolve.solve.outcome import Fit

    if isinstance(given, Fit):
        return Model(name, model_record(given))
    if isinstance(given, GroupFits):
        record = groups_record(given)
        return Model(name, {**record, "groups": [*record["groups"]]})
    return None


def required_model(given: Any) -> Model | str:
    """The same, where there has to be one."""
    known = model_of(given, "model")
    if known is None:
        raise GdsolveError(
            f"{type(given).__name__} is no model",
            "give what gdsolve.fit returned, or the file of save=",
            option="model",
        )
    return known


def weights_of(given: Any, *, intercept: bool) -> Model | str:
    """Weights in any form as a model at hand, or as the path of a file.

    Raises:
        GdsolveError: what has no weights.
    """
    from gdsolve.report.record import fit_record
    from gdsolve.solve.outcome import Fit

    if isinstance(given, str | os.PathLike):
        return at_home(os.fspath(given))
    if isinstance(given, Fit):
        return Model("weights", fit_record(given))
    if isinstance(given, Mapping):
        return Model("weights", {key: plain(value) for key, value in given.items()})
    if hasattr(given, "coef_"):
        known = ("coef_", "intercept_", "feature_names_in_")
        return Model("weights", {key: plain(getattr(given, key)) for key in known if hasattr(given, key)})
    numbers = plain(given)
    if not isinstance(numbers, list) or not numbers:
        raise GdsolveError(
            f"{shown(given)} are no weights", "give a fit, a mapping, or numbers, the intercept last", option="weights"
        )
    flat = [one[0] if isinstance(one, list) and len(one) == 1 else one for one in numbers]
    constant = flat.pop() if intercept else None
    return Model("weights", {"weights": flat, "intercept": constant})


def plain(value: Any) -> Any:
    """What numpy, pandas and torch hold, as Python's own numbers and lists."""
    found = value.tolist() if hasattr(value, "tolist") else value
    return list(found) if isinstance(found, tuple) else found
