"""What is known of a file format before a file of it is opened; free of polars, so that help texts can ask."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdsolve.spec.condition import Company

if TYPE_CHECKING:
    from gdsolve.data.file import File
    from gdsolve.data.source import Source
    from gdsolve.spec import Spec


@dataclass(frozen=True, slots=True)
class TableFormat:
    """A format by the `name` that messages use, and the `endings` of its files.

    `open` makes a source of a file; it takes columns that are known by name as well, from options or other files. Where
    rows have to be copied to a temporary file first, `copy` does, which lives until a stack is closed, in its place. A
    format that is no text is told by the bytes that its files start with, one of `magic`, or that stand further on, one
    of `later`, each behind its distance from the start. One that is text is told by
    its endings, or by what `begins` says of the first text of a file. `takes` are the conditions of options that are
    for files like these. With `rows_in` the number of rows is known without reading them, and any of them can be read
    without the others: several ranks share one file. `selects` is what a name of a file may say is read of it, and
    `engine` the word that asks for this format before it: see `gdsolve.spec.source_name`. Some engine is `fileless`.
    Where the names of the columns are had without opening a source, `glance` gives them, or None of an odd file.
    """

    name: str
    endings: tuple[str, ...]
    open: Callable[[File, Spec, Collection[str]], Source] | None = None
    takes: tuple[Company, ...] = ()
    magic: tuple[bytes, ...] = ()
    begins: Callable[[str], bool] = lambda _: False
    rows_in: Callable[[str], int] | None = None
    later: tuple[tuple[int, bytes], ...] = ()
    copy: Callable[[File, Spec, ExitStack], Source] | None = None
    selects: tuple[str, ...] = ()
    engine: str | None = None
    fileless: bool = False
    glance: Callable[[File, Spec], tuple[str, ...] | None] | None = None

    def opened(self, file: File, spec: Spec, named: Collection[str], stack: ExitStack) -> Source:
        """Make a source of a file, with what is copied alive until `stack` is closed."""
        if self.copy is not None:
            return self.copy(file, spec, stack)
        if self.open is None:
            raise TypeError(self.name)
        return self.open(file, spec, named)

    @property
    def is_text(self) -> bool:
        """True for lines of text, which may be compressed and in any encoding."""
        return not self.magic and not self.later

    @property
    def one(self) -> str:
        """A file of it, with its article: `a Parquet file`."""
        return f"{'an' if self.name[0] in 'AEIOU' else 'a'} {self.name} file"
