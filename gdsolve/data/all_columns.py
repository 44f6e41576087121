"""A table that is read for all of its columns, any of which may be the target later."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from gdsolve.data.cells import ColumnKind, kinds_of
from gdsolve.data.columns import Parts, assign
from gdsolve.data.first_rows import sample_of
from gdsolve.data.inline import Arrays, inline_source
from gdsolve.data.opening import open_sources
from gdsolve.data.source import Source
from gdsolve.data.table import Table, open_table
from gdsolve.spec import Categorical, Spec
from gdsolve.status import DataError


@dataclass(frozen=True, slots=True)
class AllColumns:
    """A `table` whose design has every column but one of numbers, which stands as its target.

    `names` are the columns of the table that are kept, in order; of text every level has a column. `target` is the one
    that was asked for by name.
    """

    table: Table
    names: tuple[str, ...]
    target: str | None


def open_all_columns(spec: Spec, stack: ExitStack, arrays: Arrays | None = None) -> AllColumns:
    """Open the files of a spec, or arrays, for the columns that a fit by its flags would use; open until `stack` is.

    Raises:
        GdsolveError: a flag that names no column.
        DataError: a source or a column that cannot be used, or no column of numbers.
    """
    opened: Sequence[Source]
    if arrays is None:
        opened, asked = open_sources(spec.data, spec, stack), spec
    else:
        source, asked, _ = inline_source(arrays, spec)
        opened = (source,)
    first = opened[0]
    names = list(first.schema)
    parts = assign(names, asked, first.name, first.has_header, first.row_names)
    chosen = (*parts.features, parts.target)
    kept = chosen if spec.features else tuple(name for name in names if name in chosen)
    looked, sample = sample_of(opened)
    kinds = kinds_of(sample, looked.schema, looked.cells, typed=looked.typed)
    numbers = [name for name in kept if kinds[name] in (ColumnKind.NUMBER, ColumnKind.BOOLEAN)]
    if spec.categorical is Categorical.IGNORE:
        kept = tuple(numbers)
    if not numbers:
        raise DataError(f"{first.name}: no column holds numbers", "a scan needs one, to be the target of a fit")
    last = parts.target if parts.target in numbers else numbers[-1]
    others = tuple(name for name in kept if name != last)
    if not others:
        raise DataError(
            f"{first.name}: {last!r} is the only column of numbers", "--categorical onehot, or leave out less"
        )
    reading = Parts(last, parts.target_reason, others, parts.weight, parts.named, together=parts.together)
    # Which column comes last is nobody's choice, and no reason to refuse a table.
    table = open_table(opened, replace(spec, target=last), parts=reading, every_level=True)
    return AllColumns(stack.enter_context(table), kept, asked.target if asked.target in kept else None)
