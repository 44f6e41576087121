"""The names that were probably meant by one that is none: of any number of them in some hundredths of a second."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from itertools import islice

# Names that are compared letter by letter, which takes some ten microseconds each.
MOST_COMPARED = 2000


def nearest_names(name: str, names: Collection[str], n: int = 1, cutoff: float = 0.6) -> list[str]:
    """The `n` names that are most like one, the best first, as `difflib` has it; none where none is near.

    Of very many those are compared that begin or end as it does, and are about as long.

    >>> nearest_names("wieght", ["height", "weight"])
    ['weight']
    """
    return difflib.get_close_matches(name, _alike(name, names), n=n, cutoff=cutoff)


def _alike(name: str, names: Collection[str]) -> Sequence[str]:
    if len(names) <= MOST_COMPARED:
        return list(names)
    half = (len(name) + 1) // 2
    start, end = name[:half], name[-half:]
    near = (one for one in names if one.startswith(start) or one.endswith(end))
    found = [name] if name in names else []
    return [*found, *islice((one for one in near if abs(len(one) - len(name)) <= half), MOST_COMPARED)]
