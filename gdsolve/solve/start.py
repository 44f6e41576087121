"""Where descent on a linear model starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.imports import complete_torch
from gdsolve.model import read_model
from gdsolve.spec import Spec
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from gdsolve.objective.coordinates import Coordinates


def start_of(spec: Spec, coordinates: Coordinates, names: Sequence[str]) -> torch.Tensor:
    """The start, (p, 1) in `coordinates` and float64: zeros, random, or a saved model of the columns `names`.

    Raises:
        GdsolveError: a model of other columns.
    """
    import torch

    device = coordinates.scale.device
    if spec.init == "zeros":
        return torch.zeros(coordinates.p, 1, dtype=torch.float64, device=device)
    if spec.init == "random":
        complete_torch()
        generator = torch.Generator(device="cpu").manual_seed(spec.seed)
        return torch.randn(coordinates.p, 1, dtype=torch.float64, device="cpu", generator=generator).to(device)
    return coordinates.from_user(_saved_weights(spec, coordinates, names).to(device))


def _saved_weights(spec: Spec, coordinates: Coordinates, names: Sequence[str]) -> torch.Tensor:
    """The weights of the model that --init names, in the order of the columns."""
    import torch

    model = read_model(spec.init)
    weights, known = model["weights"], frozenset(names)
    for name in names:
        if name not in weights:
            raise GdsolveError(
                f"{spec.init}: no weight for column {name!r}",
                "leave --init out, or start from a model of the same columns",
            )
    for name in weights:
        if name not in known:
            raise GdsolveError(
                f"{spec.init}: column {name!r} is not used here",
                "leave --init out, or start from a model of the same columns",
            )
    values, constant = [float(weights[name]) for name in names], float(model.get("intercept") or 0.0)
    if coordinates.intercept:
        values.append(constant)
    elif constant:
        raise GdsolveError(
            f"{spec.init}: has an intercept, {constant:.6g}, which --no-intercept would drop",
            "leave --no-intercept out, or start from a model without intercept",
            about=("no_intercept",),
        )
    return torch.tensor(values, dtype=torch.float64, device="cpu")[:, None]
