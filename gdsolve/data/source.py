"""A readable table with its columns: raw cells for careful reading, plain floats for fast reading.

What every format can do, each in its own way. What it does not say of itself holds as it stands here: columns have
types, a header has names, and no row is blank, too long or too short.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import polars as pl

from gdsolve.advice import Advice
from gdsolve.data.cells import Cells
from gdsolve.data.extent import Extent
from gdsolve.data.file import File
from gdsolve.data.pieces import Piece
from gdsolve.data.scan import FAULTS, first_line, rows_of
from gdsolve.data.shell import BY_BLANKS, FIT
from gdsolve.spec import Loss
from gdsolve.spec.marks import BLANKS
from gdsolve.status import DataError

if TYPE_CHECKING:
    from gdsolve.data.dated_columns import DatedColumns

# The fields of a row beyond the header's land in a column of this name.
OVERFLOW = "\x00overflow"
CUT_SHORT = "write the file again; it may be cut short"


@dataclass(slots=True, eq=False)
class InnerPart:
    """A part of a source that stands within another one."""

    part: Part


# What is scanned in one go: a piece of text, or rows of typed columns.
Part = Piece | pl.DataFrame | InnerPart


def comments_of(part: Part) -> int:
    """How many comments were left out of a part."""
    if isinstance(part, InnerPart):
        return comments_of(part.part)
    return part.comments if isinstance(part, Piece) else 0


T = TypeVar("T", bound=tuple[Any, ...])
Through = Callable[[Iterator[T]], Iterator[T]]


@dataclass(frozen=True, slots=True)
class Marks:
    """The delimiter and the decimal mark of text files; None of others."""

    delimiter: str | None = None
    decimal: str | None = None

    @property
    def between(self) -> str:
        """What to write between cells: what the file has, a tab for runs of blanks, a comma where nothing is known."""
        return "\t" if self.delimiter == BLANKS else self.delimiter or ","


UNMARKED = Marks()


@dataclass(frozen=True, slots=True)
class Source(ABC):
    """A file and its columns: `headers` as written ("" where there is none), `schema` by unique name.

    `rows` are those that are read of a file that is shared, the first one and their number; None is all of it. Records
    count from the first row of the file all the same. `near` is the part that is being read, after the index of its
    first record, where one is. `faults` says of columns that cannot be read why: their type is Object.
    `number` is that of the file among those of the table, from 0.
    """

    file: File
    headers: tuple[str, ...]
    schema: Mapping[str, pl.DataType]
    cells: Cells
    rows: tuple[int, int] | None = None
    near: tuple[int, Part] | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    number: int = 0

    @abstractmethod
    def parts(self, columns: Collection[str]) -> Iterator[Part]:
        """Give the file in parts that together hold its records, in order; `columns` are those that will be scanned.

        Raises:
            DataError: damaged compression, an encoding that does not fit, or a record without end.
            OSError: the file cannot be read.
        """

    @abstractmethod
    def scan(self, part: Part, columns: Collection[str]) -> pl.LazyFrame:
        """Scan columns as they are written (and `OVERFLOW`, if rows can be too long); of text, U+FFFD for odd bytes."""

    @abstractmethod
    def sample(self) -> pl.DataFrame:
        """Read the first rows, some thousand cells, as `raw` gives them."""

    @abstractmethod
    def positions(self, records: Iterable[int]) -> dict[int, tuple[int, int | None]]:
        """Give row and line of records, both from 1, in one walk over the file; no line where there is none to tell."""

    @abstractmethod
    def extent(self) -> Extent | None:
        """How large what is read of the file is; None where only reading it tells."""

    @property
    def name(self) -> str:
        """The name that messages use."""
        return self.file.name

    @property
    def before(self) -> int:
        """Rows of the file that come before those that are read."""
        return self.rows[0] if self.rows else 0

    @property
    def typed(self) -> bool:
        """True where columns have types; False where their cells tell what they are, below a first line."""
        return True

    @property
    def marks(self) -> Marks:
        """What stands between cells and before decimals."""
        return UNMARKED

    @property
    def dates(self) -> DatedColumns | None:
        """The columns of dates that are read as numbers, if there are any."""
        return None

    @property
    def written(self) -> Source:
        """The source with cells as they are written, of dates as well."""
        return self

    def as_read(self, raw: pl.DataFrame) -> pl.DataFrame:
        """Give cells as they are written as `scan` gives them."""
        return raw

    @property
    def counts(self) -> tuple[int, int] | None:
        """The rows of the last whole pass, and those of them that satisfy a condition; None where there is none."""
        return None

    @property
    def row_names(self) -> str | None:
        """The column of names of rows, which the header has no name for, where there is one."""
        return None

    @property
    def has_header(self) -> bool:
        """False for a file that starts with data."""
        return True

    @property
    def lasts(self) -> tuple[str, ...] | None:
        """The column that is the last of all records, if any is; None where all columns have a place."""
        return None

    @property
    def doubts(self) -> Mapping[str, str | None]:
        """What may have to be read otherwise, as warnings of different kinds say it."""
        return {}

    @property
    def remedy(self) -> str:
        """What to do about a file that breaks off."""
        return CUT_SHORT

    @property
    def survey(self) -> str | None:
        """What a pass that finds the columns is called, where it takes one: see `surveyed`."""
        return None

    def surveyed(self, through: Through[Any], *, glance: bool) -> Source:
        """Give the source with what such a pass finds, or a `glance` at the first records; it is told to `through`.

        Raises:
            DataError: a file that cannot be read.
        """
        return self

    @property
    def known(self) -> Any:
        """What all files of the table, on all ranks, have to know together, to be added up; None where nothing."""
        return None

    def agreed(self, known: Any) -> Source:
        """Give the source with the columns that follow from what is `known` of all files.

        Raises:
            DataError: there are no columns.
        """
        return self

    def for_loss(self, loss: Loss) -> Source:
        """Give the source as it is read for a loss, where its format writes classes in a way of its own."""
        return self

    def holds_values(self, column: str) -> bool:
        """True where it is known without reading that a cell stands in this column, of this file or another."""
        return False

    def raw(self, columns: Collection[str]) -> Iterator[pl.DataFrame]:
        """Give the rows of every part as `scan` does."""
        for part in self.parts(columns):
            yield rows_of(self.scan(part, columns))

    def raw_type(self, column: str) -> pl.DataType:
        """Give the type that `raw` has for a column."""
        return self.schema[column]

    def parse(self, raw: pl.DataFrame, numbers: Sequence[str], texts: Sequence[str]) -> pl.DataFrame:
        """Turn rows of `raw` into float64, NaN where a cell is no number, and trimmed texts; null is missing."""
        found = self.quick_numbers(raw, numbers)
        careful = [self.cells.number(name, self.raw_type(name)) for name in numbers if name not in found]
        careful += [self.cells.text(name, self.raw_type(name)) for name in texts]
        kept = [OVERFLOW] if OVERFLOW in raw.columns else []
        found |= {column.name: column for column in raw.select(*careful, *kept).get_columns()}
        return pl.DataFrame([found[name] for name in (*numbers, *texts, *kept)])

    def quick_numbers(self, raw: pl.DataFrame, numbers: Sequence[str]) -> dict[str, pl.Series]:
        """Give the columns that hold but plain numbers and missing cells, where a quick look tells."""
        return {}

    def plain_cells_of(
        self, part: Part, numbers: Sequence[str], texts: Sequence[str], raw: Sequence[str] = ()
    ) -> pl.LazyFrame | None:
        """Scan what `parse` gives in one go, with null for every cell that is no plain number; None where impossible.

        NaN stays where it may mean missing: see `Cells.parsed`. The columns `raw` stay texts as they are written.
        Cells must not be errors of polars: before it raises, it gives batches from beyond the one that it cannot read.
        """
        return None

    def without_rows(self) -> DataError:
        """Explain a table of which this is the first file, and which has no row."""
        return DataError(f"{self.name}: has a header but no rows", "a table needs at least one row of data")

    def rows_lost(self, part: Part, numbers: Sequence[str], frame: pl.DataFrame) -> DataError | None:
        """Explain why the last row of what a part was parsed to is not the last of the part; None where it is."""
        return None

    def blank_lines(self, part: Part, empty: np.ndarray) -> np.ndarray:
        """Tell which of the `empty` rows of a part, (rows,), are blank lines, which are no rows of a table."""
        return np.zeros_like(empty)

    def short_records(self, part: Part) -> np.ndarray:
        """Give the indices, from 0, of the records of a part that end before the last column, blank lines apart."""
        return np.zeros(0, dtype=np.int64)

    def undecoded(self, raw: pl.DataFrame, columns: Sequence[str]) -> DataError | None:
        """Name the first cell of columns that could not be decoded, where rows of `raw` let suspect it; else None."""
        return None

    def not_utf8(self, column: str) -> DataError | None:
        """Name the first cell that is not UTF-8 of a column in which U+FFFD came up; None where the file has it."""
        return None

    def number_hint(self, cell: str, run: str = FIT) -> Advice | None:
        """Say how a cell becomes a number, by an option or a command; None where it does not look like one."""
        return None

    def overflow_hint(self, run: str = FIT) -> str | Advice:
        """Say what can be done about a row with more fields than the others."""
        return BY_BLANKS

    def place(self, record: int) -> str:
        """Say where a record stands: `row 3 (line 4)`, or `row 3` where no line can be told."""
        return self.places([record])[record]

    def places(self, records: Iterable[int]) -> dict[int, str]:
        """Say where records stand, as `place` does, in one walk over the file."""
        return {record: self.told(*position) for record, position in self.positions(records).items()}

    def where(self, record: int, column: str | None = None) -> str:
        """Say where a cell stands: `data.csv: row 3 (line 4), column 'age'`."""
        return f"{self.name}: {self.told(*self.positions([record])[record], column)}"

    def told(self, row: int, line: int | None, column: str | None = None) -> str:
        """Put a row, its line and a column into words."""
        place = f"row {row}" + (f" (line {line})" if line else "")
        return place if column is None else f"{place}, column {column!r}"

    def unreadable(self, done: int, error: Exception, part: Part | None = None) -> DataError:
        """Make one line of what is said of a file that breaks off after `done` records, in `part` where it is known."""
        # What the system says of a file needs no look at what is in it.
        told = None if isinstance(error, OSError) else self._fault_told(done, part)
        return told or self.damage(f" beyond row {done}" if done else "", error)

    def fault_within(self, done: int, part: Part | None) -> DataError | None:
        """Explain what in the text makes a reader stop, after `done` records; None where nothing is found."""
        return None

    def damage(self, where: str, error: Exception) -> DataError:
        """Make one line of what a reader says; `where` is how far it came, in words."""
        reason = (error.strerror if isinstance(error, OSError) else None) or first_line(error)
        by_system = isinstance(error, OSError) and error.errno
        remedy = "check the path, rights and disk" if by_system else self.remedy
        return DataError(f"{self.name}: cannot be read{where} ({reason})", remedy)

    def _fault_told(self, done: int, part: Part | None) -> DataError | None:
        try:
            return self.fault_within(done, part)
        except DataError as damage:
            return damage
        except FAULTS:
            return None


def no_columns(file: File) -> DataError:
    """Explain a table without a column."""
    return DataError(f"{file.name}: has no columns", "a table needs a target and at least one feature")
