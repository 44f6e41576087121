"""Which part of the tables each rank reads: whole files, or rows of files that tell them, where there are fewer."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gdsolve.bundled import path_of
from gdsolve.data.file import STDIN
from gdsolve.data.files import expand
from gdsolve.data.formats.registry import FORMATS, LONGEST_MAGIC, format_names, format_of_bytes
from gdsolve.data.opening import as_asked, as_one_table, as_opened, open_files, require_same_columns
from gdsolve.data.source import Marks, Source
from gdsolve.paths import is_file, is_folder, is_there
from gdsolve.ranks import Ranks
from gdsolve.spec import Spec
from gdsolve.spec.source_name import path_in
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from gdsolve.data.dated_columns import DatedColumns

logger = logging.getLogger("gdsolve")


@dataclass(frozen=True, slots=True)
class Share:
    """A file, or `rows` of it: the first one and their number; `number` is that of the file, from 0."""

    name: str
    rows: tuple[int, int] | None = None
    number: int = field(default=0, compare=False)

    def __str__(self) -> str:
        if self.rows is None:
            return self.name
        first, count = self.rows
        return f"{self.name} (rows {first + 1:,} to {first + count:,})"


@dataclass(frozen=True, slots=True)
class Head:
    """What the first file says of all: its name, its columns as written and by unique name, if they have names.

    `row_names` is the column of names of rows, where there is one. `lasts` are those that are the last one whatever the
    order of the objects of NDJSON is; None where all have a place. `dates` are the columns of dates that are numbers.
    """

    name: str
    headers: tuple[str, ...]
    names: tuple[str, ...]
    has_header: bool
    row_names: str | None
    marks: Marks
    lasts: tuple[str, ...] | None = None
    dates: DatedColumns | None = None

    @classmethod
    def of(cls, source: Source) -> Head:
        """The head of one file."""
        return cls(
            source.name,
            source.headers,
            tuple(source.schema),
            source.has_header,
            source.row_names,
            source.marks,
            source.lasts,
            source.dates,
        )


def open_share(
    sources: Sequence[str] | Sequence[Source], spec: Spec, stack: ExitStack, ranks: Ranks
) -> tuple[tuple[Source, ...], Head]:
    """Open what this rank reads of the files that the user named, maybe nothing; all files have the same columns.

    Files are found by rank 0, and dealt in their order, so that the lowest rank with a fault has the first one.

    Raises:
        DataError: a file that cannot be read, or that lacks a column.
    """
    if not ranks.several:
        opened = as_opened(sources, spec, stack)
        return opened, Head.of(opened[0])
    names = [source for source in sources if not isinstance(source, Source)]
    dealt = ranks.gather(deal(_shareable(expand(names), ranks), ranks.size) if ranks.first else [])[0]
    mine = dealt[ranks.rank]
    logger.info("rank %s of %s reads %s", ranks.rank, ranks.size, ", ".join(map(str, mine)) or "nothing")
    files = open_files([share.name for share in mine], spec, stack)
    shared = tuple(
        replace(source, rows=share.rows, number=share.number) for source, share in zip(files, mine, strict=True)
    )
    told = ranks.gather([source.known for source in shared if source.known is not None])
    opened = as_one_table(shared, [known for share in told for known in share])
    heads = ranks.gather(Head.of(opened[0]) if opened else None)
    first = next(head for head in heads if head is not None)
    require_same_columns(opened, first.name, first.names)
    asked = as_asked(opened, spec, ranks)
    dated = ranks.gather(asked[0].dates if asked else None)
    return asked, replace(first, dates=next((one for one in dated if one is not None), None))


def deal(names: Sequence[str], size: int) -> list[list[Share]]:
    """What each of `size` ranks reads, in the order of the files: about as many bytes each."""
    sizes = [_bytes(name) for name in names]
    if len(names) >= size:
        files = [Share(name, number=number) for number, name in enumerate(names)]
        return [files[part] for part in partition(sizes, size)]
    dealt: list[list[Share]] = [[] for _ in range(size)]
    done, unit = 0, max(sum(sizes), 1) / size
    for number, (name, length) in enumerate(zip(names, sizes, strict=True)):
        start, stop = done / unit, (done + length) / unit
        rows = _rows(name)
        if rows is None:
            dealt[min(int((start + stop) / 2), size - 1)].append(Share(name, number=number))
        else:
            for rank, part in _cut(rows, start, stop, size):
                dealt[rank].append(Share(name, part, number))
        done += length
    whole = [share.name for shares in dealt for share in shares if share.rows is None]
    idle = sum(not shares for shares in dealt)
    if whole and idle:
        counted = [form for form in FORMATS if form.rows_in is not None]
        logger.warning(
            "%s: a file that is not %s is read by one rank, and %s of %s ranks have nothing to read; "
            "split it into as many files as ranks, or write it as %s",
            whole[0],
            format_names(counted),
            idle,
            size,
            counted[0].name,
        )
    return dealt


def partition(sizes: Sequence[int], count: int) -> list[slice]:
    """Runs of neighbours, `count` of them and none empty, the largest sum of which is as small as can be.

    `sizes` has at least `count` entries, none negative.
    """
    low, high = max(sizes), sum(sizes)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if len(_runs(sizes, middle, 1)) <= count else (middle + 1, high)
    return _runs(sizes, low, count)


def _runs(sizes: Sequence[int], most: int, count: int) -> list[slice]:
    """Runs of sum at most `most`, each as long as it can be while `count` of them are not yet there."""
    runs: list[slice] = []
    start = held = 0
    for place, size in enumerate(sizes):
        wanted = count - len(runs) - 1
        if place > start and (held + size > most or len(sizes) - place <= wanted):
            runs.append(slice(start, place))
            start, held = place, 0
        held += size
    return [*runs, slice(start, len(sizes))]


def _cut(rows: int, start: float, stop: float, size: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """Rank and rows (first, number) of a file that lies between `start` and `stop` on the line of all ranks' bytes."""
    before = 0
    for rank in range(int(start), size):
        reach = 1.0 if rank + 1 >= min(stop, size) else (rank + 1 - start) / (stop - start)
        after = round(rows * reach)
        if after > before:
            yield rank, (before, after - before)
        before = after
        if reach == 1.0:
            return


def _shareable(names: list[str], ranks: Ranks) -> list[str]:
    """The names, if every rank can open them for itself."""
    for name in names:
        path = path_of(path_in(name))
        if path_in(name) == "-" or (is_there(path) and not is_file(path) and not is_folder(path)):
            raise GdsolveError(
                f"{STDIN if name == '-' else name}: a stream is read once, and these are {ranks.size} ranks",
                "write it to a file that all of them can open, or run gdsolve without the launcher",
            )
    return names


def _bytes(name: str) -> int:
    path = path_of(path_in(name))
    # A file that is not there is told by the rank that shall read it.
    return path.stat().st_size if is_there(path) else 0


def _rows(name: str) -> int | None:
    """The rows of a file that tells them; None for other files."""
    try:
        path = path_of(path_in(name))
        with path.open("rb") as file:
            form = format_of_bytes(file.read(LONGEST_MAGIC))
        return (form.rows_in(str(path)) or None) if form and form.rows_in else None
    except OSError:
        return None
