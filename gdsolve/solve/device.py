"""Where tensors of a run live, and in which precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.imports import complete_torch
from gdsolve.spec import Device, DType, Engine, Spec
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    import torch


def device_of(spec: Spec) -> torch.device:
    """The device that a spec asks for; the host where it leaves the choice.

    Raises:
        GdsolveError: CUDA is asked for and is not there.
    """
    import torch

    if spec.device is not Device.CUDA:
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise GdsolveError(
            "this PyTorch sees no CUDA device", "leave --device out, or give --device cpu", option="device"
        )
    return _accelerator()


def device_for(asked: Device, engine: Engine) -> torch.device:
    """Where to descend: CUDA where it is asked for, or where it is there and every row is read at every step."""
    import torch

    spare = asked is Device.AUTO and engine in (Engine.ROWS, Engine.AUTOGRAD) and torch.cuda.is_available()
    return _accelerator() if asked is Device.CUDA or spare else torch.device("cpu")


def _accelerator() -> torch.device:
    """CUDA, with products in float32 that keep all its digits: not those of TF32, a thousandth each."""
    import torch

    complete_torch()
    torch.set_float32_matmul_precision("highest")
    return torch.device("cuda")


def dtype_of(spec: Spec) -> torch.dtype:
    """The precision of data and iterates."""
    import torch

    return torch.float32 if spec.dtype is DType.FLOAT32 else torch.float64
