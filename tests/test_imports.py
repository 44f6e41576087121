"""What a run imports of torch, and what it leaves for those who ask."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gdsolve.verbs.imports import META_KERNELS, collector_at_rest

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


def test_the_command_line_imports_torch_without_its_meta_kernels(tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text("x,y\n1,2\n3,4\n")
    done = python("-X", "importtime", "-m", "gdsolve", "fit", str(tmp_path / "two.csv"))
    modules = imported(done.stderr)
    assert "torch.linalg" in modules
    assert META_KERNELS not in modules


def test_a_program_that_calls_gdsolve_has_the_whole_of_torch() -> None:
    code = "import gdsolve; print(gdsolve.fit([[1.0], [3.0]], [2.0, 4.0]).status.value)"
    done = python("-X", "importtime", "-c", code)
    assert done.stdout == "converged\n"
    assert META_KERNELS in imported(done.stderr)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param("from torch._meta_registrations import activate_meta", id="for a name"),
        pytest.param("import torch._meta_registrations as kernels; kernels.activate_meta", id="for an attribute"),
        pytest.param("torch.optim.SGD([torch.zeros(1, requires_grad=True)])", id="by the compiler"),
    ],
)
def test_the_meta_kernels_come_as_soon_as_they_are_asked_for(ask: str) -> None:
    code = (
        "import sys\n"
        "from gdsolve.verbs.imports import META_KERNELS, postpone_meta_kernels\n"
        "postpone_meta_kernels()\n"
        "import torch\n"
        "print(hasattr(sys.modules[META_KERNELS], '__file__'))\n"
        f"{ask}\n"
        "print(hasattr(sys.modules[META_KERNELS], '__file__'))\n"
    )
    done = python("-c", code + EIGENVALUES)
    assert done.stdout.splitlines() == ["False", "True", "(3,)"]


def test_to_postpone_what_is_there_changes_nothing() -> None:
    code = (
        "import torch\n"
        "from gdsolve.verbs.imports import postpone_meta_kernels\n"
        "postpone_meta_kernels()\n"
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
        "from gdsolve.verbs.imports import META_KERNELS, collector_at_rest\n"
        "with collector_at_rest():\n"
        "    import torch\n"
        "print(gc.isenabled(), gc.get_freeze_count() > 100_000)\n"
    )
    assert python("-c", code).stdout == "True True\n"
