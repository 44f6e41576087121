"""A loss that declares itself once, for tensors, is the same said in other languages."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from elementwise_losses import DTYPES, LOSSES, SPEC

from gdsolve.objective import fused_kernel
from gdsolve.objective.elementwise import FUNCTIONS, PYTHON, Language, Rowwise, traced
from gdsolve.objective.fused_kernel import KernelShape, kernel_source
from gdsolve.objective.pointwise import POINTWISE, Absolute, Huber, Quantile

SIZES = (0.0, 1e-300, 1e-30, 1e-3, 0.5, 1.0, 1.3, 5.0, 50.0, 800.0, 1e200)
EXTREMES = [sign * size for size in SIZES for sign in (1.0, -1.0)] + [math.nan, math.inf, -math.inf]


def said_in_python(loss: Rowwise, dtype: torch.dtype) -> Any:
    """The loss on single numbers, of the source that its trace is written as."""
    found = traced(loss, dtype)
    assert found is not None
    lines = found.lines(PYTHON)
    assert lines is not None
    source = [
        "def row(z, y):",
        *(f"    {line}" for line in lines),
        f"    return {found.results[0]}, {found.results[1]}",
    ]
    names = {"atan": "arctan"}
    space: dict[str, Any] = {name: getattr(np, names.get(name, name)) for name in FUNCTIONS}
    exec("\n".join(source), space)
    return space["row"]


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_said_in_python_is_that_of_tensors(name: str) -> None:
    row = said_in_python(LOSSES[name], torch.float64)
    for y in (0.0, 1.0, 3.0):
        points = [*EXTREMES, *(y + offset for offset in EXTREMES)]
        z = torch.tensor(points, dtype=torch.float64)
        losses, slopes = LOSSES[name](z, torch.full_like(z, y))
        with np.errstate(all="ignore"):
            found = [row(np.float64(point), np.float64(y)) for point in points]
        for place, wanted in enumerate((losses, slopes)):
            np.testing.assert_allclose(
                [float(one[place]) for one in found], wanted.numpy(), rtol=1e-14, atol=0.0, equal_nan=True
            )


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_has_a_kernel(name: str, dtype: torch.dtype) -> None:
    found = traced(LOSSES[name], dtype)
    assert found is not None
    for p in (1, 21, 256):
        for by_column in (True, False):
            source = kernel_source(found, KernelShape(p, dtype.itemsize, by_column, weighted=True))
            assert source is not None
            compile(source.text, "kernel", "exec")


@pytest.mark.parametrize("kind", [Huber, Absolute, lambda size: Quantile(0.3, size)])
def test_another_parameter_is_the_same_kernel(kind: Any) -> None:
    sources = []
    for size in (1.37, 2.41):
        found = traced(kind(size).loss_and_slope, torch.float64)
        assert found is not None
        sources.append(kernel_source(found, KernelShape(4, 8, by_column=True, weighted=False)))
    first, second = sources
    assert first is not None
    assert second is not None
    assert first.text == second.text
    assert first.constants != second.constants


def test_what_is_not_done_number_by_number_is_not_translated() -> None:
    def summed(z: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return (z - y).sum(), z

    def looking(z: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return (z, y) if bool(z[0] > 0) else (y, z)

    def foreign(z: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return z * torch.tensor(2.0, dtype=z.dtype), z

    def mixed(z: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return (z < y) * 0.3, z

    for function in (summed, looking, foreign, mixed):
        assert traced(function, torch.float64) is None


def test_a_language_that_lacks_an_operation_says_nothing() -> None:
    found = traced(POINTWISE[next(iter(POINTWISE))].of(SPEC).loss_and_slope, torch.float64)
    assert found is not None
    assert found.lines(Language({"sub": "({0} - {1})"})) is None


def test_tiles_of_a_kernel_hold_powers_of_two_and_fit() -> None:
    for p in range(1, fused_kernel.MOST_COLUMNS + 1):
        for itemsize in (4, 8):
            for by_column in (True, False):
                shape = KernelShape(p, itemsize, by_column, weighted=False)
                assert shape.height & (shape.height - 1) == 0
                assert shape.chunk & (shape.chunk - 1) == 0
                assert shape.chunks * shape.chunk >= p > (shape.chunks - 1) * shape.chunk
                if not shape.narrow:
                    assert shape.height * shape.chunk * shape.chunks * itemsize <= fused_kernel.TILE_BYTES


def test_tracing_imports_no_compiler() -> None:
    words = "import sys, torch; from gdsolve.objective.elementwise import squares, traced"
    asked = 'print(traced(squares, torch.float64) is None, "torch._dynamo" in sys.modules, "sympy" in sys.modules)'
    done = subprocess.run([sys.executable, "-c", f"{words}; {asked}"], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False"] * 3
