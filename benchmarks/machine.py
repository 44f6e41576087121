"""What the figures were taken on."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

PACKAGES = ("torch", "polars", "numpy", "pandas", "scikit-learn", "vowpalwabbit")
BUSY = 0.5


def describe() -> dict[str, str]:
    """Date, processor, cores, memory, load and the versions of all that is measured."""
    described = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": processor(),
        "cores": str(cores()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB",
        "load": f"{os.getloadavg()[0]:.2f} over the minute before",
        "system": platform.platform(),
        "python": platform.python_version(),
    }
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


def version(package: str) -> str | None:
    """The version of an installed package, without importing it; None if it is not there."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
