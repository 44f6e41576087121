"""Which texts of a cell mean that it is missing: the usual ones, and what `na_values` adds or puts in their place.

A list that begins with `=` replaces the usual texts: `=bad,-9`. `==bad`, anywhere, is the text `=bad` itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from gdsolve.spec.choices import NA_VALUES
from gdsolve.spec.option import flag, shell_word
from gdsolve.status import GdsolveError


def missing_texts(values: Sequence[str]) -> tuple[str, ...]:
    """Give all texts that mean missing; the empty cell is one of them whatever was asked for.

    >>> missing_texts(["bad"])[-2:], missing_texts(["=bad", "-9"]), missing_texts(["==bad"])[-1]
    (('None', 'bad'), ('', 'bad', '-9'), '=bad')
    """
    usual = NA_VALUES[:1] if _replaces(values) else NA_VALUES
    return (*usual, *(value.strip().removeprefix("=") for value in values))


def added_to(known: Sequence[str], values: Sequence[str]) -> tuple[str, ...]:
    """Give `values` of `na_values` after those that are `known` of a model, which they replace as they do the usual."""
    return tuple(values) if _replaces(values) else (*known, *values)


def check_missing(values: Sequence[str]) -> None:
    """See that a list replaces the usual texts from its start, or not at all.

    Raises:
        GdsolveError: a value that begins with = after one that does not.
    """
    late = next((value.strip() for value in values if _is_mark(value)), None)
    if late is None or _replaces(values):
        return
    listed = ",".join([late, *(value.strip() for value in values if value.strip() != late)])
    raise GdsolveError(
        f"{late!r} comes after {values[0].strip()!r}, and a list replaces the usual values from its start",
        f"{flag('na_values')} {shell_word(listed)} replaces them; for the text {late} itself write ={late}",
        option="na_values",
    )


def missing_flag(values: Sequence[str], *cells: str) -> str:
    """Write the flag after which such cells are missing as well, beside the `values` that were given.

    >>> missing_flag((), "?"), missing_flag(["=bad"], "=NA()")
    ("--na-values '?'", "--na-values '=bad,==NA()'")
    """
    listed = ",".join(dict.fromkeys([*values, *(f"={cell}" if cell.startswith("=") else cell for cell in cells)]))
    # What begins with a dash would be read as an option.
    return f"{flag('na_values')}{'=' if listed.startswith('-') else ' '}{shell_word(listed)}"


def usual_replaced(values: Sequence[str]) -> str:
    """Write the flag by which the usual texts are no longer missing, and `values` alone are."""
    return f"{flag('na_values')} {shell_word(','.join(['=', *values]))}"


def _is_mark(value: str) -> bool:
    return value.strip().startswith("=") and not value.strip().startswith("==")


def _replaces(values: Sequence[str]) -> bool:
    return bool(values) and _is_mark(values[0])
