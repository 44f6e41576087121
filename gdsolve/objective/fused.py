"""All rows on a CUDA device, each read once an update, by a kernel that is compiled for the loss."""

from __future__ import annotations

import linecache
import logging
from functools import cache
from typing import Any

import torch
from torch import Tensor

from gdsolve.objective.elementwise import Rowwise, traced
from gdsolve.objective.fused_kernel import THREADS, WARPS, KernelShape, KernelSource, kernel_source, shape_of
from gdsolve.objective.row_blocks import Visit
from gdsolve.objective.whole import RowWalk

# What one multiprocessor has: registers, warps, and bytes of its memory that each program takes beside its own.
REGISTERS = 65536
MOST_WARPS = 48
RESERVED = 1 << 10
# What it has of that memory at least, where PyTorch does not tell.
LEAST_MEMORY = 64 << 10

logger = logging.getLogger(__name__)


class FusedWalk:
    """The rows of a design on CUDA, walked by one kernel for products, loss and slopes.

    How rows are shared among programs depends on shape and device alone, and their sums are added in one order: two
    runs give the same bits. Where no kernel can be made, the walk is that of `otherwise`.
    Shapes: `design` is (m, p), `columns` are the target and, if any, the weights, (m, 1) each.
    """

    def __init__(
        self, loss: Rowwise, otherwise: RowWalk, design: Tensor, *columns: Tensor, offset: Tensor | None = None
    ) -> None:
        self._offset = offset
        self._loss, self._otherwise, self._design, self._columns = loss, otherwise, design, columns
        self._launch: Launch | None = None
        self._refused = False

    def sums(self, w: Tensor, visit: Visit) -> tuple[Tensor, Tensor]:
        """Σ of the losses, (), and Xᵀ·slopes, (p, 1), at `w`, (p, 1)."""
        if self._launch is None and not self._refused:
            self._launch = self._made()
            self._refused = self._launch is None
        return self._otherwise.sums(w, visit) if self._launch is None else self._launch(w)

    def _made(self) -> Launch | None:
        try:
            return launch_of(self._loss, self._design, *self._columns, offset=self._offset)
        except Exception as fault:
            # Whatever keeps a compiler from its work, the other walk needs none.
            logger.info("no kernel of its own for the rows: %s", fault)
            return None


class Launch:
    """A compiled kernel with its data; called with w, (p, 1), it gives what `Walk.sums` gives."""

    def __init__(
        self,
        kernel: Any,
        source: KernelSource,
        shape: KernelShape,
        design: Tensor,
        columns: tuple[Tensor, ...],
        offset: Tensor | None = None,
    ) -> None:
        m, p = design.shape
        target, weights = columns[0].contiguous(), columns[-1].contiguous()
        constants = torch.tensor(source.constants or (0.0,), dtype=design.dtype, device=design.device)
        self._p, self._m, self._tiles, self._constants = p, m, -(-m // shape.height), constants
        self._kernel = kernel
        offsets = target if offset is None else offset.contiguous()
        self._data = (design, design.stride(1 if shape.by_column else 0), target, weights, offsets)
        _, compiled = self._run(design.new_zeros(p, 1), tiles=0, programs=1)
        self._programs = min(self._tiles, programs_at_once(compiled, design.device))

    def __call__(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """Σ of the losses, (), and Xᵀ·slopes, (p, 1)."""
        sums, _ = self._run(w.contiguous(), self._tiles, self._programs)
        total = sums.sum(dim=0)
        return total[self._p], total[: self._p, None]

    def _run(self, w: Tensor, tiles: int, programs: int) -> tuple[Tensor, Any]:
        sums = w.new_empty(programs, self._p + 1)
        arguments = (*self._data, w, self._constants, sums, self._m, tiles)
        return sums, self._kernel[(programs,)](*arguments, num_warps=WARPS)


def programs_at_once(compiled: Any, device: torch.device) -> int:
    """How many programs of a compiled kernel a device runs at a time: no later one waits for an earlier one to end."""
    properties = torch.cuda.get_device_properties(device)
    registers = -(-compiled.n_regs // 8) * 8
    beside = min(
        MOST_WARPS // WARPS,
        REGISTERS // (registers * THREADS),
        getattr(properties, "shared_memory_per_multiprocessor", LEAST_MEMORY) // (compiled.metadata.shared + RESERVED),
    )
    return int(max(1, beside) * properties.multi_processor_count)


def launch_of(loss: Rowwise, design: Tensor, *columns: Tensor, offset: Tensor | None = None) -> Launch | None:
    """The kernel for a loss on these rows; None where there is none for such a loss or shape.

    Raises:
        ImportError: Triton is missing.
    """
    shape = shape_of(design, weighted=len(columns) > 1)
    elementwise = traced(loss, design.dtype)
    if shape is None or elementwise is None:
        return None
    source = kernel_source(elementwise, shape, moved=offset is not None)
    return None if source is None else Launch(compiled(source.text), source, shape, design, columns, offset)


@cache
def compiled(text: str) -> Any:
    """The function of a source as a kernel; it is compiled at its first launch.

    Raises:
        ImportError: Triton is missing.
    """
    import triton
    import triton.language as tl
    from triton.language.extra import libdevice

    # The compiler reads the lines of a function where a traceback does.
    name = f"<gdsolve walk {len(_SOURCES)}>"
    _SOURCES.append(name)
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    space: dict[str, Any] = {"tl": tl, "libdevice": libdevice, "__name__": __name__}
    exec(compile(text, name, "exec"), space)
    return triton.jit(do_not_specialize=["apart", "rows", "tiles"])(space["walk"])


_SOURCES: list[str] = []
