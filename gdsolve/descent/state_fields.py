"""A state of the solver as plain data and back, bit for bit."""

from __future__ import annotations

import base64
import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gdsolve.descent.methods.adam import Moments
from gdsolve.descent.methods.backtracking import Rates
from gdsolve.descent.methods.barzilai_borwein import History
from gdsolve.descent.methods.base import Point
from gdsolve.descent.methods.lbfgs import CurvaturePairs, Pair
from gdsolve.descent.methods.levenberg_marquardt import Condensed
from gdsolve.descent.methods.nesterov import Ahead
from gdsolve.descent.methods.newton import Course
from gdsolve.descent.methods.rounding import Faint
from gdsolve.descent.solver_state import SolverState
from gdsolve.descent.stop import Sizes, Step
from gdsolve.objective.base import Evaluation

# All that methods remember is made of these, of numbers and of tensors; nothing else is ever made of a file.
KEPT = (Ahead, Condensed, Course, CurvaturePairs, Evaluation, Faint, History, Moments, Pair, Point, Rates, Sizes, Step)
KINDS: dict[str, type] = {kind.__name__: kind for kind in KEPT}
DTYPES = {"float32": "<f4", "float64": "<f8"}
FIGURES = 5

Plain = dict[str, Any]


def to_fields(state: SolverState) -> Plain:
    """The state as numbers, texts, lists and mappings alone; floats keep every bit."""
    tensors: list[Plain] = []
    places: dict[int, int] = {}
    fields = {
        "point": state.point,
        "memory": state.memory,
        "step": state.step,
        "best": state.best,
        "evaluations": state.evaluations,
        "weights": state.weights,
        "reported": _figures(state.reported),
    }
    plain = {name: _plain(value, tensors, places) for name, value in fields.items()}
    return {"state": plain, "tensors": tensors}


def from_fields(plain: Mapping[str, Any], like: Tensor) -> SolverState:
    """The state again, on the device of `like`, (p, 1), the start of the run.

    Raises:
        ValueError, TypeError, KeyError, IndexError: plain data that are no state of such a run.
    """
    tensors = [_tensor(one, like.device) for one in plain["tensors"]]
    fields = {name: _restored(value, tensors) for name, value in plain["state"].items()}
    reported = _steps(fields["reported"])
    state = SolverState(**{**fields, "reported": reported})
    columns = (state.point.w, state.point.now.gradient, state.best[2])
    fits = all(column.shape == like.shape and column.dtype == like.dtype for column in columns)
    if not fits or state.weights.shape != (len(like), len(reported)) or state.weights.dtype != like.dtype:
        raise ValueError("weights of another shape")
    return state


def _figures(steps: tuple[Step, ...]) -> Tensor:
    """Steps as the columns of (5, R); what is None at the start is NaN there."""
    rows = [
        (step.k, step.value, *(math.nan if figure is None else figure for figure in (step.previous_value, step.update)))
        for step in steps
    ]
    table = torch.tensor(rows, dtype=torch.float64, device="cpu").reshape(-1, FIGURES - 1)
    norms = torch.tensor([step.gradient_norm for step in steps], dtype=torch.float64, device="cpu")
    return torch.cat([table, norms[:, None]], dim=1).T.contiguous()


def _steps(figures: Tensor) -> tuple[Step, ...]:
    if figures.shape[0] != FIGURES or figures.shape[1] == 0:
        raise ValueError("a trace of another shape")
    return tuple(
        Step(int(k), value, previous if k else None, norm, update if k else None)
        for k, value, previous, update, norm in figures.T.tolist()
    )


def _plain(value: Any, tensors: list[Plain], places: dict[int, int]) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, Tensor):
        # A tensor that is met again is the same one: it is written once.
        if id(value) not in places:
            places[id(value)] = len(tensors)
            tensors.append(_plain_tensor(value))
        return {"tensor": places[id(value)]}
    if isinstance(value, tuple):
        return [_plain(part, tensors, places) for part in value]
    if dataclasses.is_dataclass(value) and KINDS.get(type(value).__name__) is type(value):
        parts = {one.name: _plain(getattr(value, one.name), tensors, places) for one in dataclasses.fields(value)}
        return {"kind": type(value).__name__, **parts}
    raise TypeError(f"a {type(value).__name__} has no plain form")


def _restored(value: Any, tensors: list[Tensor]) -> Any:
    if isinstance(value, list):
        return tuple(_restored(part, tensors) for part in value)
    if not isinstance(value, dict):
        return value
    if "tensor" in value:
        return tensors[value["tensor"]]
    if "float" in value:
        return float(value["float"])
    parts = {name: _restored(part, tensors) for name, part in value.items() if name != "kind"}
    return KINDS[value["kind"]](**parts)


def _plain_tensor(tensor: Tensor) -> Plain:
    dense = tensor.detach().contiguous()
    # The order in memory decides which kernel multiplies a column, and so its last bit.
    stride = tensor.stride() if _span(tensor.shape, tensor.stride()) == tensor.numel() else dense.stride()
    return {
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "shape": list(tensor.shape),
        "stride": list(stride),
        "data": base64.b64encode(dense.cpu().numpy().tobytes()).decode("ascii"),
    }


def _tensor(plain: Mapping[str, Any], device: torch.device) -> Tensor:
    numbers = np.frombuffer(base64.b64decode(plain["data"], validate=True), dtype=DTYPES[plain["dtype"]])
    host = torch.from_numpy(numbers.reshape(plain["shape"]).copy())
    if _span(plain["shape"], plain["stride"]) != host.numel():
        raise ValueError("an order in memory that is none")
    # In memory of torch's own, aligned as that of the run that never stopped.
    own = torch.empty_strided(plain["shape"], plain["stride"], dtype=host.dtype, device=device)
    return own.copy_(host)


def _span(shape: Sequence[int], stride: Sequence[int]) -> int:
    """From the first number of a tensor to its last, both counted."""
    return 1 + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
