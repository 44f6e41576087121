"""Where the triangle of a table is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.solve.device import device_for, device_of
from gdsolve.spec import Device, Engine, Spec

if TYPE_CHECKING:
    import torch

    from gdsolve.data import RowCount

# Operations a second of a core in a factorisation, bytes a second of a copy to CUDA, and seconds that its start takes.
HOST_RATE = 3e10
COPY_RATE = 4e9
START = 1.0


def triangle_device(spec: Spec, count: RowCount | None, columns: int) -> torch.device:
    """Where the triangle of a table is built: where `--device` says, and with auto on CUDA where that is sooner done.

    Raises:
        GdsolveError: CUDA is asked for and is not there.
    """
    import torch

    if spec.device is not Device.AUTO or count is None or not torch.cuda.is_available():
        return device_of(spec)
    if not is_sooner_on_cuda(count.rows, columns, torch.get_num_threads()):
        return device_of(spec)
    return device_for(Device.CUDA, Engine.TRIANGLE)


def is_sooner_on_cuda(rows: int, columns: int, threads: int) -> bool:
    """Whether the start of CUDA and the copy of (rows, columns) numbers take less time than to factorise them here."""
    return START + 8.0 * rows * columns / COPY_RATE < 2.0 * rows * columns**2 / (HOST_RATE * threads)
