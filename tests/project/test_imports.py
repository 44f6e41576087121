"""What a run imports of torch, and what it leaves for those who ask."""

from __future__ import annotations

import gc
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from gdsolve.imports import META_KERNELS, TRIED, collector_at_rest, postpone_meta_kernels

pytestmark = pytest.mark.slow

# Imported by the kernels alone.
BY_KERNELS = "torch._prims"
# The shapes of eigenvalues of a matrix without data are told by these kernels alone.
EIGENVALUES = (
    "from torch._subclasses import FakeTensorMode\n"
    "with FakeTensorMode():\n"
    "    print(tuple(torch.linalg.eigvalsh(torch.ones(3, 3)).shape))\n"
)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=120, check=True)


def imported(report: str) -> set[str]:
    """The modules that `python -X importtime` has told of."""
    return {line.rsplit("|", 1)[1].strip() for line in report.splitlines() if line.startswith("import time:")}


def fit(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "two.csv").write_text("x,y\n1,2\n3,4\n")
    return python("-X", "importtime", "-m", "gdsolve", "fit", str(tmp_path / "two.csv"), "--format", "json", *options)


def test_the_command_line_imports_torch_without_its_meta_kernels(tmp_path: Path) -> None:
    done = fit(tmp_path)
    assert "torch.linalg" in imported(done.stderr)
    assert BY_KERNELS not in imported(done.stderr)


def test_a_random_start_needs_the_whole_of_torch(tmp_path: Path) -> None:
    done = fit(tmp_path, "--init", "random", "--seed", "3")
    assert BY_KERNELS in imported(done.stderr)
    first = json.loads(done.stdout)["trace"][0]
    start = torch.randn(2, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    # In the coordinates of descent: the column is standardised, and so is the target, both with mean and deviation.
    slope = float(start[0])
    assert first["weights"]["x"] == pytest.approx(slope, rel=1e-12)
    assert first["intercept"] == pytest.approx(3.0 + float(start[1]) - 2.0 * slope, rel=1e-12)


def test_a_program_that_calls_gdsolve_has_the_whole_of_torch() -> None:
    code = "import gdsolve; print(gdsolve.fit([[1.0], [3.0]], [2.0, 4.0]).status.value)"
    done = python("-X", "importtime", "-c", code)
    assert done.stdout == "converged\n"
    assert BY_KERNELS in imported(done.stderr)


def test_the_pinned_torch_was_tried() -> None:
    assert torch.__version__.startswith(TRIED)


def test_a_torch_that_was_not_tried_is_imported_whole() -> None:
    code = "import gdsolve.imports as imports\nimports.TRIED = '2.12.'\nimports.postpone_meta_kernels()\nimport torch\n"
    assert BY_KERNELS in imported(python("-X", "importtime", "-c", code).stderr)


@pytest.mark.parametrize("version", ["2.12.1", "2.14.0+cpu", "2.1.3", "3.0.0a0", None])
def test_the_kernels_of_another_torch_are_left_to_python(version: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of one that tells its number later, or whose kernels are elsewhere."""
    kernels = importlib.util.find_spec(META_KERNELS)
    assert kernels is not None
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    postpone_meta_kernels()
    finder, path = sys.meta_path[0], torch.__path__
    postponed = finder.find_spec(META_KERNELS, path)
    assert postponed is not None
    assert type(postponed.loader) is not type(kernels.loader)
    assert finder.find_spec(META_KERNELS, []) is None
    foreign = ModuleType("torch")
    if version is not None:
        foreign.__dict__["__version__"] = version
    monkeypatch.setitem(sys.modules, "torch", foreign)
    assert finder.find_spec(META_KERNELS, path) is None
    monkeypatch.delitem(sys.modules, "torch")
    assert finder.find_spec(META_KERNELS, path) is None


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param("from torch._meta_registrations import activate_meta", id="for a name"),
        pytest.param("import torch._meta_registrations as kernels; kernels.activate_meta", id="for an attribute"),
        pytest.param("complete_torch(); complete_torch(); torch.Generator()", id="by name"),
        pytest.param("torch.optim.SGD([torch.zeros(1, requires_grad=True)])", id="by the compiler"),
    ],
)
def test_the_meta_kernels_come_as_soon_as_they_are_asked_for(ask: str) -> None:
    code = (
        "import sys\n"
        "from gdsolve.imports import META_KERNELS, complete_torch, postpone_meta_kernels\n"
        "postpone_meta_kernels()\n"
        "import torch\n"
        "print('meta_table' in vars(sys.modules[META_KERNELS]))\n"
        f"{ask}\n"
        "print('meta_table' in vars(sys.modules[META_KERNELS]))\n"
    )
    done = python("-c", code + EIGENVALUES)
    assert done.stdout.splitlines() == ["False", "True", "(3,)"]


def test_to_postpone_what_is_there_changes_nothing() -> None:
    code = (
        "import torch\n"
        "from gdsolve.imports import complete_torch, postpone_meta_kernels\n"
        "postpone_meta_kernels()\n"
        "complete_torch()\n"
        "import torch._meta_registrations\n"
        "print(torch._meta_registrations.activate_meta.__name__)\n"
    )
    assert python("-c", code + EIGENVALUES).stdout.splitlines() == ["activate_meta", "(3,)"]


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_rests_and_is_left_as_it_was(enabled: bool) -> None:
    assert torch.__name__ in sys.modules
    frozen, was = gc.get_freeze_count(), gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with pytest.raises(ZeroDivisionError), collector_at_rest():
            assert not gc.isenabled()
            raise ZeroDivisionError
        assert gc.isenabled() is enabled
        # torch was there before: what came since may be garbage.
        assert gc.get_freeze_count() == frozen
    finally:
        (gc.enable if was else gc.disable)()


def test_what_the_first_import_of_torch_made_is_left_out_of_later_searches() -> None:
    code = (
        "import gc\n"
        "from gdsolve.imports import META_KERNELS, TRIED, collector_at_rest, postpone_meta_kernels\n"
        "with collector_at_rest():\n"
        "    import torch\n"
        "print(gc.isenabled(), gc.get_freeze_count() > 100_000)\n"
    )
    assert python("-c", code).stdout == "True True\n"
