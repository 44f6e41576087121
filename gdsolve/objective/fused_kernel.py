"""The source of a Triton kernel that reads every row once, for a loss and a width of the design."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from gdsolve.objective.elementwise import FUNCTIONS, SAME, Elementwise, Language

# What the kernel asks for: `n_regs` say how many programs fit beside each other.
WARPS = 4
THREADS = 32 * WARPS
# 32-bit registers of a thread that columns side by side, their gradient and their weights may take.
MOST_REGISTERS = 200
# Bytes of a row that a thread has under way before it takes a second one, and rows at most.
BYTES_UNDER_WAY = 64
MOST_ROWS = 8
# Bytes of a tile of many columns, tiles that are on their way at a time, and columns that are loaded at once.
TILE_BYTES = 16 << 10
STAGES = 3
MOST_HEIGHT = 512
CHUNK = 16
WIDEST_CHUNK = 128
MOST_COLUMNS = 256

_FUNCTIONS = {name: f"libdevice.{name}({{0}})" for name in FUNCTIONS}
TRITON = Language(
    {
        **SAME,
        # Triton's own functions are rough in float32.
        **_FUNCTIONS,
        "abs": "tl.abs({0})",
        "sign": "(({0} > 0).to(T) - ({0} < 0).to(T))",
        # The compiler takes what stands here twice, and in the logarithm below once more, but once.
        "sigmoid": "(tl.where({0} < 0, libdevice.exp(-tl.abs({0})), 1.0) / (1.0 + libdevice.exp(-tl.abs({0}))))",
        "log_sigmoid_forward": "(tl.where({0} < 0, {0}, 0.0) - libdevice.log1p(libdevice.exp(-tl.abs({0}))))",
        "clamp": "tl.where({0} < {1}, {1}, tl.where({0} > {2}, {2}, {0}))",
        "clamp_min": "tl.where({0} < {1}, {1}, {0})",
        "clamp_max": "tl.where({0} > {1}, {1}, {0})",
        "maximum": "tl.where(({0} >= {1}) | ({0} != {0}), {0}, {1})",
        "minimum": "tl.where(({0} <= {1}) | ({0} != {0}), {0}, {1})",
        "where": "tl.where({0}, {1}, {2})",
        "to_number": "{0}.to(T)",
        "logical_and": "({0} & {1})",
        "logical_or": "({0} | {1})",
        "logical_not": "(~{0})",
    }
)
"""Triton on blocks of numbers; `T` is the type of the numbers."""


@dataclass(frozen=True, slots=True)
class KernelShape:
    """What a kernel is made for: p columns of `itemsize` bytes, column by column in memory or not, weighted or not."""

    p: int
    itemsize: int
    by_column: bool
    weighted: bool

    @property
    def narrow(self) -> bool:
        """True where a thread holds whole rows, each of its columns a register."""
        return self.by_column and 3 * self.p * (self.itemsize // 4) <= MOST_REGISTERS

    @property
    def chunk(self) -> int:
        """Columns that are loaded at once."""
        if self.narrow:
            return 1
        return CHUNK if self.by_column else min(WIDEST_CHUNK, _power_of_two(self.p))

    @property
    def chunks(self) -> int:
        """Loads of a tile."""
        return -(-self.p // self.chunk)

    @property
    def height(self) -> int:
        """Rows of a tile."""
        if self.narrow:
            rows = max(1, BYTES_UNDER_WAY // (self.p * self.itemsize))
            return THREADS * min(MOST_ROWS, _power_of_two(rows + 1) // 2)
        wide = self.chunk * _power_of_two(self.chunks)
        return min(MOST_HEIGHT, max(1, TILE_BYTES // (self.itemsize * wide)))


@dataclass(frozen=True, slots=True)
class KernelSource:
    """A kernel as text, and the constants that it is given beside its data."""

    text: str
    constants: tuple[float, ...]


def kernel_source(loss: Elementwise, shape: KernelShape, *, moved: bool = False) -> KernelSource | None:
    """The kernel for a loss; None where the loss has an operation that Triton lacks.

    Every program walks tiles of rows that are `programs` tiles apart and keeps its own sums: entry by entry, so that
    threads add up what they hold only once, at the end. Constants of a loss that are no plain numbers are data, so that
    a loss with another parameter is the same kernel. With `moved` rows have offsets, which are added to their products.
    """
    constants: list[float] = []
    statements = loss.lines(replace(TRITON, number=lambda number: _constant(number, constants)))
    if statements is None:
        return None
    slope, value = loss.results[1], loss.results[0]
    if shape.weighted:
        statements += ["weight = tl.load(weights + first + lanes, mask=there, other=0.0)"]
        value, slope = f"{value} * weight", f"{slope} * weight"
    if moved:
        statements = ["z += tl.load(offsets + first + lanes, mask=there, other=0.0)", *statements]
    layout = _narrow(shape) if shape.narrow else _wide(shape)
    body = [
        f"T = {'tl.float64' if shape.itemsize == 8 else 'tl.float32'}",
        "program, programs = tl.program_id(0), tl.num_programs(0)",
        "apart = tl.cast(apart, tl.int64)",
        f"lanes = tl.arange(0, {shape.height})",
        *layout.before,
        *(f"c{place} = tl.load(constants + {place})" for place in range(len(constants))),
        f"total = tl.zeros(({shape.height},), T)",
        f"for tile in tl.range(program, tiles, programs{'' if shape.narrow else f', num_stages={STAGES}'}):",
        *_indented(
            f"first = tl.cast(tile, tl.int64) * {shape.height}",
            "there = lanes < rows - first",
            *layout.load,
            "y = tl.load(target + first + lanes, mask=there, other=0.0)",
            *statements,
            f"total += tl.where(there, {value}, 0.0)",
            f"slope = tl.where(there, {slope}, 0.0)",
            *layout.add,
        ),
        f"sums += program * {shape.p + 1}",
        *layout.after,
        f"tl.store(sums + {shape.p}, tl.sum(total))",
    ]
    head = "def walk(design, apart, target, weights, offsets, w, constants, sums, rows, tiles):"
    return KernelSource("\n".join([head, *_indented(*body), ""]), tuple(constants))


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the columns of a tile stand: lines before the loop, that load a tile, that add to sums, and at the end."""

    before: list[str]
    load: list[str]
    add: list[str]
    after: list[str]


def _narrow(shape: KernelShape) -> _Layout:
    columns, height = range(shape.p), shape.height
    places = [f"design + first + {j} * apart + lanes" for j in columns]
    return _Layout(
        [
            *(f"w{j} = tl.load(w + {j})" for j in columns),
            *(f"g{j} = tl.zeros(({height},), T)" for j in columns),
        ],
        [
            *(f"x{j} = tl.load({place}, mask=there, other=0.0)" for j, place in zip(columns, places, strict=True)),
            "z = x0 * w0",
            *(f"z += x{j} * w{j}" for j in columns[1:]),
        ],
        [f"g{j} += x{j} * slope" for j in columns],
        [f"tl.store(sums + {j}, tl.sum(g{j}))" for j in columns],
    )


def _wide(shape: KernelShape) -> _Layout:
    chunks, C, last = range(shape.chunks), shape.chunk, shape.chunks - 1
    ragged = shape.p % C > 0
    inside = [f"(j{c} < {shape.p})" if ragged and c == last else "" for c in chunks]
    if shape.by_column:
        places = [f"design + first + lanes[:, None] + j{c}[None, :].to(tl.int64) * apart" for c in chunks]
    else:
        places = [f"design + (first + lanes)[:, None] * apart + j{c}[None, :]" for c in chunks]
    masks = ["there[:, None]" + (f" & {one}[None, :]" if one else "") for one in inside]
    return _Layout(
        [
            *(f"j{c} = {c * C} + tl.arange(0, {C})" for c in chunks),
            *(f"w{c} = tl.load(w + j{c}" + (f", mask={inside[c]}, other=0.0)" if inside[c] else ")") for c in chunks),
            *(f"g{c} = tl.zeros(({shape.height}, {C}), T)" for c in chunks),
        ],
        [
            *(f"x{c} = tl.load({places[c]}, mask={masks[c]}, other=0.0)" for c in chunks),
            "products = x0 * w0[None, :]",
            *(f"products += x{c} * w{c}[None, :]" for c in chunks[1:]),
            "z = tl.sum(products, axis=1)",
        ],
        [f"g{c} += x{c} * slope[:, None]" for c in chunks],
        [
            f"tl.store(sums + j{c}, tl.sum(g{c}, axis=0)" + (f", mask={inside[c]})" if inside[c] else ")")
            for c in chunks
        ],
    )


def _constant(number: float, constants: list[float]) -> str:
    if 2.0 * number == round(2.0 * number) and abs(number) <= 4.0:
        # A bare number would be one of float32 where no block of numbers stands beside it.
        return f"tl.full([], {number!r}, T)"
    if number not in constants:
        constants.append(number)
    return f"c{constants.index(number)}"


def _indented(*lines: str) -> list[str]:
    return [f"    {line}" for line in lines]


def _power_of_two(number: int) -> int:
    """The least power of two that is not below `number`."""
    return 1 << (number - 1).bit_length()


def shape_of(design: torch.Tensor, *, weighted: bool) -> KernelShape | None:
    """The shape of a design, (m, p); None where no kernel is made for such a one."""
    m, p = design.shape
    if not (0 < p <= MOST_COLUMNS) or m == 0 or design.dtype not in (torch.float64, torch.float32):
        return None
    if 1 not in design.stride():
        return None
    return KernelShape(p, design.element_size(), design.stride(0) == 1, weighted)
