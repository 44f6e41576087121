"""Where tensors of a run live, and in which precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdsolve.imports import complete_torch
from gdsolve.ranks import ALONE, Ranks
from gdsolve.spec import Device, DType, Spec
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    import torch

# Seconds, of a thread of 2024 and of a device that is no fast one, for choices that every run must make alike: a number
# of the rows read by an update, and one of a triangle's rows beside its products; products a second.
HOST_NUMBER, CUDA_NUMBER = 1.4e-9, 1e-11
HOST_HELD, HOST_PRODUCTS, CUDA_PRODUCTS = 5e-9, 3.2e10, 3e11
# Devices for computing do so many more products of float64 than those that are made for pictures.
FULL_PRODUCTS = 3e12
FULL = {(6, 0), (7, 0), (8, 0), (9, 0), (10, 0)}
# Sixteen threads do six times the work of one: they share a memory.
SHARED = 0.65
LAUNCHES = 1e-4
COPIED_BYTES = 1e10
# To begin with a device: its context, its libraries, kernels that are compiled.
BEGINNING = 1.0
# Of its free memory, what rows may take.
SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Costs:
    """Predicted seconds of the same work on the host, and on CUDA with all that it takes to get there."""

    host: float
    cuda: float

    @property
    def pays(self) -> bool:
        """True where CUDA takes less."""
        return self.cuda < self.host

    @property
    def reason(self) -> str:
        """Why the work is where it is, without seconds: these are not those of this machine."""
        there = "on CUDA, as the copy to it is predicted to cost less than it saves"
        return there if self.pays else "on the host, as a copy to CUDA is predicted to cost more than it saves"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where to descend, and why; no reason where there was nothing to choose."""

    device: torch.device
    reason: str = ""


def costs_of_rows(rows: int, p: int, updates: int, size: int, threads: int) -> Costs:
    """`updates` reads of a matrix (rows, p) of numbers of `size` bytes; to CUDA it is copied once."""
    numbers, unit = float(rows) * (p + 2), size / 8.0
    host = updates * numbers * unit * HOST_NUMBER / threads**SHARED
    there = BEGINNING + numbers * size / COPIED_BYTES
    return Costs(host, there + updates * (LAUNCHES + numbers * unit * CUDA_NUMBER))


def costs_of_triangle(rows: int, columns: int, threads: int, *, full: bool = True) -> Costs:
    """QR of a matrix (rows, columns), 2·rows·columns² operations, on every thread; to CUDA it is copied as it is read.

    Without `full` the device is one of few products of float64.

    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 5.2.
    """
    numbers = float(rows) * columns
    host = numbers * (HOST_HELD + 2.0 * columns / HOST_PRODUCTS) / threads**SHARED
    products = 2.0 * columns / (FULL_PRODUCTS if full else CUDA_PRODUCTS)
    return Costs(host, BEGINNING + numbers * (8.0 / COPIED_BYTES + products))


def place_rows(spec: Spec, rows: int, p: int, updates: int, ranks: Ranks = ALONE) -> Placement:
    """Where to descend on a matrix (rows, p): as asked; else CUDA, where it is there, has room, and costs less.

    Raises:
        GdsolveError: CUDA is asked for and is not there.
    """
    import torch

    if not _is_open(spec, ranks):
        return Placement(device_of(spec))
    size = dtype_of(spec).itemsize
    costs, host = costs_of_rows(rows, p, updates, size, torch.get_num_threads()), torch.device("cpu")
    if not costs.pays:
        return Placement(host, costs.reason)
    device = _accelerator()
    free, _ = torch.cuda.mem_get_info(device)
    if rows * (p + 2) * size > SHARE * free:
        return Placement(host, "on the host, as the CUDA device has no room for all rows")
    return Placement(device, costs.reason)


def place_triangle(spec: Spec, rows: int | None, columns: int, ranks: Ranks = ALONE) -> Placement:
    """Where to factorise `rows` of so many columns, target and intercept among them: as asked, else where it is cheap.

    Rows whose number is not known before they are read are factorised on the host.

    Raises:
        GdsolveError: CUDA is asked for and is not there.
    """
    import torch

    if not _is_open(spec, ranks):
        return Placement(device_of(spec))
    if rows is None:
        return Placement(torch.device("cpu"))
    threads = torch.get_num_threads()
    costs = costs_of_triangle(rows, columns, threads)
    if costs.pays:
        # To look closer at a device is to begin with it.
        costs = costs_of_triangle(rows, columns, threads, full=torch.cuda.get_device_capability() in FULL)
    return Placement(_accelerator() if costs.pays else torch.device("cpu"), costs.reason)


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


def _is_open(spec: Spec, ranks: Ranks) -> bool:
    """True where there is a device to choose; among several ranks none is shared out unless it is asked for."""
    import torch

    return spec.device is Device.AUTO and not ranks.several and torch.cuda.is_available()


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
