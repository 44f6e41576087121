"""The kernel that reads rows once, where there is no device for it: interpreted on the host, and compiled ahead."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from elementwise_losses import DTYPES, LOSSES
from places import ROOT

from gdsolve.objective import fused
from gdsolve.objective.elementwise import FUNCTIONS
from gdsolve.objective.row_blocks import Walk

# With a device the kernel itself is tested; Triton decides once in a process whether it interprets.
if torch.cuda.is_available():
    pytest.skip("kernels run on the device", allow_module_level=True)
os.environ["TRITON_INTERPRET"] = "1"
triton = pytest.importorskip("triton", reason="Triton is not installed")


def on_the_host() -> Any:
    """The functions of libdevice, by numpy."""
    from triton.language.core import tensor
    from triton.runtime.interpreter import TensorHandle

    def function(name: str) -> Any:
        computed = getattr(np, {"atan": "arctan"}.get(name, name))

        def call(x: Any) -> Any:
            with np.errstate(all="ignore"):
                return tensor(TensorHandle(computed(x.handle.data), x.handle.dtype), x.type)

        return call

    return SimpleNamespace(**{name: function(name) for name in FUNCTIONS})


@pytest.fixture
def interpreted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import triton.language.extra
    import triton.language.extra.libdevice

    monkeypatch.setattr(triton.language.extra, "libdevice", on_the_host())
    monkeypatch.setattr(fused, "programs_at_once", lambda compiled, device: 3)
    fused.compiled.cache_clear()
    yield
    fused.compiled.cache_clear()


def table(m: int, p: int, dtype: torch.dtype, *, by_column: bool, kind: str) -> tuple[torch.Tensor, ...]:
    rng = np.random.default_rng(m + p)
    design = torch.from_numpy(rng.normal(size=(m, p))).to(dtype)
    target = rng.poisson(1.0, m) if kind == "poisson" else rng.normal(size=m)
    target = (target > 0).astype(float) if kind == "logistic" else target
    weight = rng.uniform(0.1, 2.0, m)
    w = rng.normal(size=(p, 1)) / p
    columns = (torch.from_numpy(np.asarray(one, float)).to(dtype)[:, None] for one in (target, weight))
    return design.mT.contiguous().mT if by_column else design, *columns, torch.from_numpy(w).to(dtype)


def compare(loss: Any, design: torch.Tensor, columns: tuple[torch.Tensor, ...], w: torch.Tensor) -> None:
    def visit(block: Any, v: torch.Tensor, scratch: torch.Tensor) -> torch.Tensor:
        losses, slopes = loss(block.design @ v, block.columns[0])
        if len(block.columns) > 1:
            losses, slopes = losses * block.columns[1], slopes * block.columns[1]
        torch.sum(losses, dim=0, out=block.value)
        return slopes

    launch = fused.launch_of(loss, design, *columns)
    assert launch is not None
    value, gradient = launch(w)
    wanted_value, wanted = Walk(design, *columns).sums(w, visit)
    near = 1e-13 if design.dtype == torch.float64 else 2e-5
    assert (value.shape, gradient.shape) == (wanted_value.shape, wanted.shape)
    torch.testing.assert_close(value, wanted_value, rtol=near, atol=near)
    torch.testing.assert_close(gradient, wanted, rtol=near, atol=near * float(wanted.abs().amax()) + 1e-30)
    again = launch(w)
    assert torch.equal(again[0], value)
    assert torch.equal(again[1], gradient)


@pytest.mark.usefixtures("interpreted")
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", LOSSES)
def test_the_kernel_sums_what_the_walk_sums(name: str, dtype: torch.dtype, weighted: bool) -> None:
    for by_column in (True, False):
        design, target, weight, w = table(700, 5, dtype, by_column=by_column, kind=name)
        compare(LOSSES[name], design, (target, weight) if weighted else (target,), w)


@pytest.mark.usefixtures("interpreted")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("p", [1, 2, 33, 34, 66, 67, 101, 256])
def test_the_kernel_takes_any_width_and_ragged_heights(p: int, dtype: torch.dtype) -> None:
    for m in (1, 31, 600):
        for by_column in (True, False):
            design, target, weight, w = table(m, p, dtype, by_column=by_column, kind="huber")
            compare(LOSSES["huber"], design, (target, weight), w)


@pytest.mark.usefixtures("interpreted")
def test_columns_that_stand_apart_and_target_with_gaps() -> None:
    design = fused_design = torch.randn(300, 7, dtype=torch.float64).mT.contiguous().mT[:200]
    assert not fused_design.mT.is_contiguous()
    target = torch.randn(200, 2, dtype=torch.float64)[:, :1]
    compare(LOSSES["logcosh"], design, (target,), torch.randn(7, 2, dtype=torch.float64)[:, 1:])


@pytest.mark.usefixtures("interpreted")
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_infinite_weights_are_told_and_rows_beyond_the_last_are_none() -> None:
    design, target, _, w = table(130, 3, torch.float64, by_column=True, kind="poisson")
    launch = fused.launch_of(LOSSES["poisson"], design, target)
    assert launch is not None
    w[0] = torch.inf
    assert not bool(torch.isfinite(launch(w)[0]))
    w[:] = 800.0
    assert float(launch(w)[0]) == torch.inf


AHEAD = """
import sys, torch, triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
sys.path.insert(0, sys.argv[1])
from elementwise_losses import LOSSES
from gdsolve.objective import fused
from gdsolve.objective.elementwise import traced
from gdsolve.objective.fused_kernel import WARPS, KernelShape, kernel_source
shapes = [(21, 8, True, 90), (101, 4, True, 80), (5, 8, False, 90)]
for place, (name, loss) in enumerate(LOSSES.items()):
    for p, itemsize, by_column, architecture in shapes if name == "logistic" else shapes[place % 3 :][:1]:
        dtype, number = (torch.float64, "*fp64") if itemsize == 8 else (torch.float32, "*fp32")
        source = kernel_source(traced(loss, dtype), KernelShape(p, itemsize, by_column, weighted=True))
        kernel = fused.compiled(source.text)
        signature = {one: "i32" if one in ("apart", "rows", "tiles") else number for one in kernel.arg_names}
        made = triton.compile(
            ASTSource(fn=kernel, signature=signature, constexprs={}),
            target=GPUTarget("cuda", architecture, 32),
            options={"num_warps": WARPS},
        )
        assert f".target sm_{architecture}" in made.asm["ptx"]
        assert made.metadata.shared < 48 << 10
        print(name, p, itemsize, by_column, architecture)
"""


def test_every_kernel_compiles_for_devices_that_are_not_there() -> None:
    environment = {**os.environ, "TRITON_INTERPRET": "0"}
    here = str(ROOT / "tests" / "support")
    done = subprocess.run(
        [sys.executable, "-c", AHEAD, here], check=False, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(LOSSES) + 2
