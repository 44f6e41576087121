"""What the figures were taken on."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

PACKAGES = ("torch", "triton", "polars", "numpy", "numba", "pandas", "scikit-learn", "vowpalwabbit")
BUSY = 0.5
ROOT = Path(__file__).resolve().parents[1]


def describe() -> dict[str, str]:
    """Date, processor, cores, memory, load, the GPU if there is one, and the versions of all that is measured."""
    described = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": processor(),
        "cores": str(cores()),
        "memory": f"{memory_bytes() / 1e9:.0f} GB",
        "load": f"{os.getloadavg()[0]:.2f} over the minute before",
    }
    if card := gpu():
        described["gpu"] = card
    described |= {"system": platform.platform(), "python": platform.python_version(), "gdsolve": gdsolve_version()}
    return described | {package: version(package) or "not installed" for package in PACKAGES}


def busy(described: dict[str, str]) -> str | None:
    """A warning where other work takes a good part of the machine, from what `describe` found."""
    load, cores = float(described["load"].split()[0]), int(described["cores"])
    if load < BUSY * cores:
        return None
    return f"warning: the load of this machine is {load:.2f} on {cores} cores: figures and ratios are not to be trusted"


def processor(information: Path = Path("/proc/cpuinfo")) -> str:
    """The model of the processor."""
    if information.exists():
        for line in information.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_bytes() -> int:
    """Memory of the machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def gpu() -> str | None:
    """The name of the first GPU, as its driver tells it."""
    told = _told("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return told.splitlines()[0].strip() if told else None


def gdsolve_version() -> str:
    """The version that is measured, and the commit where git knows it."""
    from gdsolve.version import __version__

    commit = _told("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    return f"{__version__} ({commit.strip()})" if commit else __version__


def _told(*command: str) -> str | None:
    """What a command prints, if it is there and does its work."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 and done.stdout.strip() else None


def version(package: str) -> str | None:
    """The version of an installed package, without importing it; None if it is not there."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
