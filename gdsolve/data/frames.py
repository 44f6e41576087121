"""A table in memory as a source, so that it is read as a file of typed columns is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import polars as pl

from gdsolve.data.cells import Cells
from gdsolve.data.extent import Extent
from gdsolve.data.file import File
from gdsolve.data.formats.typed import FrameParts, sample_height
from gdsolve.data.literal import cells_in, column, literals
from gdsolve.data.moments import beyond_calendar
from gdsolve.data.source import Part
from gdsolve.spec import Spec
from gdsolve.status import DataError

_ROWS = 1 << 16


@dataclass(frozen=True, slots=True)
class FrameSource(FrameParts):
    """Columns in memory, read some rows at a time."""

    frame: pl.DataFrame = field(default_factory=pl.DataFrame)

    @classmethod
    def of(cls, frame: pl.DataFrame, spec: Spec, name: str) -> FrameSource:
        """The source of a frame that messages call `name`.

        Raises:
            DataError: dates that no calendar has.
        """
        if beyond := beyond_calendar(frame):
            raise DataError(f"{name}: {beyond}", "leave the column out of the frame, or give it as numbers")
        extended = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.BaseExtension)]
        frame = frame.with_columns(cells_in(frame, name).ext.storage().alias(name) for name in extended)
        file = File(name, "", "", complete=False)
        odd = {
            column: f"{name}: column {column!r} holds values of type {dtype}"
            for column, dtype in frame.schema.items()
            if dtype.is_nested() or dtype in (pl.Binary, pl.Object)
        }
        schema = frame.schema | dict.fromkeys(odd, pl.Object())
        # polars has no texts of durations in a cast.
        texts = [column(name).dt.to_string("iso") for name, dtype in schema.items() if dtype == pl.Duration]
        return cls(
            file,
            tuple(frame.columns),
            schema,
            Cells.of(".", spec.missing_texts),
            faults=odd,
            frame=frame.with_columns(texts),
        )

    def parts(self, columns: Collection[str]) -> Iterator[Part]:
        """Give the rows in parts."""
        return self.frame.select(literals(columns)).iter_slices(_ROWS)

    def sample(self) -> pl.DataFrame:
        """Give the first rows, some thousand cells."""
        return self.frame.head(sample_height(self.frame.width))

    def extent(self) -> Extent:
        """The rows are counted, and the bytes those of memory."""
        return Extent(float(self.frame.estimated_size()), float(self.frame.height), exact=True)
