"""Columns that take part by default but cannot be meant: without a name, or with the name of another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from gdsolve.data.columns import Parts, flag_for
from gdsolve.data.shell import BY_BLANKS
from gdsolve.spec import Spec
from gdsolve.status import DataError


def unclear_columns(headers: Sequence[str], names: Sequence[str], parts: Parts) -> dict[str, tuple[str, ...]]:
    """Give the columns without which every column is clear, each with all that share its name (itself, if it has none).

    Of columns with one name the target stays, else the first. What the user named is meant.
    """
    twins: defaultdict[str, list[str]] = defaultdict(list)
    used = {*parts.features, parts.target}
    for header, name in zip(headers, names, strict=True):
        if name in used:
            twins[header or name].append(name)
    found: dict[str, tuple[str, ...]] = {}
    for header, name in zip(headers, names, strict=True):
        shared = tuple(twins[header or name])
        kept = parts.target if parts.target in shared else shared[0] if shared else name
        if name in used and name not in parts.named and (not header or (len(shared) > 1 and name != kept)):
            found[name] = shared
    return found


def refuse_unclear(headers: Sequence[str], names: Sequence[str], parts: Parts, spec: Spec, table: str) -> None:
    """Refuse the first column that is not clear.

    Raises:
        DataError: naming the positions and the flag that settles it.
    """
    found = unclear_columns(headers, names, parts)
    if not found:
        return
    name, twins = next(iter(found.items()))
    position = names.index(name) + 1
    if not headers[position - 1]:
        raise DataError(
            f"{table}: column {position} has no name (a row index?)",
            BY_BLANKS
            if spec.delimiter == " "
            else f"{flag_for('ignore', [name])}, or name the columns to use with --features",
        )
    *places, last = (str(names.index(twin) + 1) for twin in twins)
    named = f"{', '.join(places)} and {last} are {'both' if len(twins) == 2 else 'all'} named"
    left_out = flag_for("ignore", [twin for twin in twins if twin in found])
    both = "" if parts.target in twins else f", or {flag_for('features', list(twins))}"
    raise DataError(
        f"{table}: columns {named} {headers[position - 1]!r}; the second is called {twins[1]!r}",
        left_out + both,
    )
