"""Where tensors of a run live, and in which precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.spec import Device, DType, Spec
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
        raise GdsolveError("device: this PyTorch sees no CUDA device", "leave --device out, or give --device cpu")
    return torch.device("cuda")


def dtype_of(spec: Spec) -> torch.dtype:
    """The precision of data and iterates."""
    import torch

    return torch.float32 if spec.dtype is DType.FLOAT32 else torch.float64
