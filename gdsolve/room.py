"""How much memory this process can still have: what the machine, the container and its limits leave."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from gdsolve.status import ExitCode, GdsolveError

_GROUPS = Path("/sys/fs/cgroup")
# Addresses that torch takes with what reads a table, that the latter takes alone, and that both take for each core.
_TORCH = 1450 << 20
_READERS = 1200 << 20
_THREAD = 64 << 20


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that can still be had: `resident`, and `address` where addresses are limited; None where unknown."""

    resident: int | None
    address: int | None

    def falls_short(self, resident: int, address: int) -> int | None:
        """The bytes of `resident` that there are, where they or those of `address` are too few; else None."""
        if self.resident is not None and resident > self.resident:
            return max(0, self.resident)
        if self.address is not None and address > self.address:
            return max(0, self.address * resident // address)
        return None


def in_bytes(count: int) -> str:
    """A number of bytes in words.

    >>> in_bytes(3_200_000)
    '3.2 MB'
    """
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count / 1e3:.3g} kB"


def host_room() -> Room:
    """What the machine, the container and the limits of the process leave."""
    found = [room for room in (_machine_room(), *_container_rooms()) if room is not None]
    return Room(min(found, default=None), _address_room())


def require_start(importing: bool) -> None:
    """See that a limit on addresses leaves what a run takes before it has read a cell; `importing` where torch comes.

    Libraries are mapped, and every thread has a stack and an arena of its own. Where they have none they end the
    process, in their own words.

    Raises:
        GdsolveError: it leaves less (exit code 5).
    """
    there = _limited("RLIMIT_AS", 0)
    need = (_TORCH if importing else _READERS) + _THREAD * (os.cpu_count() or 1)
    if there is not None and there < need:
        raise GdsolveError(
            f"the limit on addresses (ulimit -v) leaves {in_bytes(max(0, there))}, and this takes {in_bytes(need)}",
            f"ulimit -v unlimited, or ulimit -v {2 * need // 1000:.0f}",
            ExitCode.DATA,
        )


def _machine_room() -> int | None:
    """Memory that can be had without swapping; all of it where the system does not tell how much is free."""
    for line in _read(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _container_rooms() -> list[int]:
    """What the control groups of the process, of either version, leave; files that were read can be given back."""
    rooms = []
    for group in _groups():
        for limit, used, spare in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            most, now = _read(group / limit).strip(), _read(group / used).strip()
            if most.isdigit() and now.isdigit():
                stat = dict(line.split() for line in _read(group / "memory.stat").splitlines() if line.count(" ") == 1)
                rooms.append(int(most) - int(now) + int(stat.get(spare, 0)))
    return rooms


def _groups() -> set[Path]:
    """The control group of the process and all above it; a container sees its own as the root."""
    groups = {_GROUPS, _GROUPS / "memory"}
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        root = _GROUPS / "memory" if "memory" in controllers.split(",") else _GROUPS
        if not controllers or "memory" in controllers.split(","):
            own = root / path.lstrip("/")
            groups.update(group for group in (own, *own.parents) if group.is_relative_to(root))
    return groups


def _address_room() -> int | None:
    limits = [_limited("RLIMIT_AS", 0), _limited("RLIMIT_DATA", 5)]
    return min((left for left in limits if left is not None), default=None)


def _limited(limit: str, place: int) -> int | None:
    """What a limit leaves, of which so much is used as stands at a place of `statm`; None where there is no limit."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrlimit(getattr(resource, limit))[0] if hasattr(resource, limit) else resource.RLIM_INFINITY
    if most == resource.RLIM_INFINITY:
        return None
    used = _read(Path("/proc/self/statm")).split()
    return most - int(used[place]) * resource.getpagesize() if len(used) > place else None


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
