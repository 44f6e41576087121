"""The first rows of a table: whether there are any, what its columns hold, and whether they are all that there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from gdsolve.data.cells import ColumnKind, kinds_of, plain_columns
from gdsolve.data.scan import FAULTS
from gdsolve.data.source import OVERFLOW, Source
from gdsolve.ranks import Ranks
from gdsolve.status import DataError

# Letters of a text, of up to four bytes each, that are in its sample as a whole.
AT_HAND = 1 << 16
# Columns up to which numbers are parsed one column at a time: a query of polars takes as long as some tens of them.
FEW = 32


def sample_of(sources: Sequence[Source]) -> tuple[Source, pl.DataFrame]:
    """Give the first rows, as they are written, of the first source that has any.

    Raises:
        DataError: no source has a row.
    """
    found = first_rows(sources)
    if found is None:
        raise sources[0].without_rows()
    return found


def first_rows(sources: Sequence[Source]) -> tuple[Source, pl.DataFrame] | None:
    """Give the first rows, as they are written, of the first source that has any; None where none has.

    Raises:
        DataError: a source that cannot be read.
    """
    for source in sources:
        try:
            sample = source.sample()
        except FAULTS as error:
            raise source.unreadable(0, error) from None
        if sample.height:
            return source, sample
    return None


def whole_of(sources: Sequence[Source], looked: tuple[Source, pl.DataFrame] | None) -> pl.DataFrame | None:
    """Give the sample where it is all of the only source, and numbers are parsed from it at little cost; else None."""
    if looked is None or len(sources) != 1:
        return None
    file = sources[0].file
    # What ends without a line feed, or within quotes, comes in two pieces.
    if not file.complete or len(file.head) > AT_HAND or not file.head.endswith("\n") or '"' in file.head:
        return None
    source, sample = looked
    plain = not source.typed and not source.cells.missing_numbers and len(sample.columns) <= FEW
    return sample if plain and OVERFLOW in sample.columns else None


def nothing_read(sources: Sequence[Source], ranks: Ranks) -> DataError:
    """Explain a table no file of which, on any rank, has a row that is read."""
    told = [one for one in ranks.gather(sources[0].without_rows() if sources else None) if one is not None]
    return told[0]


def kinds_in(source: Source, sample: pl.DataFrame) -> dict[str, ColumnKind]:
    """Judge every column by the first rows."""
    return kinds_of(sample, source.schema, source.cells, typed=source.typed)


def is_plain(source: Source, sample: pl.DataFrame, kinds: Mapping[str, ColumnKind], numbers: Sequence[str]) -> bool:
    """Tell whether the sampled cells are such as polars parses by itself: no booleans, blanks or words for missing."""
    if any(kinds[name] is not ColumnKind.NUMBER for name in numbers):
        return False
    if source.typed:
        return all(source.schema[name].is_numeric() for name in numbers)
    return len(plain_columns(sample, numbers, source.cells)) == len(numbers)
