"""What stands at a path, whatever the path is: one that the system cannot have, as it is too long, is not there."""

from __future__ import annotations

import os

# Path.exists and its kin raise where a name is too long, a folder is closed, or a name has a NUL; those of os.path do
# not, and whoever opens such a file is told by the system what is wrong.


def is_there(path: str | os.PathLike[str]) -> bool:
    """True where a file, a folder or anything else stands."""
    return os.path.exists(path)  # noqa: PTH110


def is_folder(path: str | os.PathLike[str]) -> bool:
    """True where a folder stands."""
    return os.path.isdir(path)  # noqa: PTH112


def is_file(path: str | os.PathLike[str]) -> bool:
    """True where a file stands that is no pipe and no device."""
    return os.path.isfile(path)  # noqa: PTH113


def are_same(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    """True where both are there, and are one file."""
    return is_there(one) and is_there(other) and os.path.samefile(one, other)  # noqa: PTH121


def names_in(folder: str | os.PathLike[str]) -> list[str]:
    """The names of what stands in a folder; none where it is no folder, or is closed."""
    try:
        return os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []
