"""All file formats, and what messages and help say of them together."""

from __future__ import annotations

from collections.abc import Sequence

from gdsolve.data.formats.arrow import ARROW
from gdsolve.data.formats.csv import CSV
from gdsolve.data.formats.duckdb import DUCKDB
from gdsolve.data.formats.excel import EXCEL
from gdsolve.data.formats.format import TableFormat
from gdsolve.data.formats.ndjson import NDJSON
from gdsolve.data.formats.parquet import PARQUET
from gdsolve.data.formats.sqlite import SQLITE
from gdsolve.data.formats.svmlight import SVMLIGHT

# Text that nothing else tells is of the first one.
FORMATS: tuple[TableFormat, ...] = (
    CSV,
    PARQUET,
    NDJSON,
    ARROW,
    SVMLIGHT,
    EXCEL,
    SQLITE,
    DUCKDB,
)
LONGEST_MAGIC = max(
    distance + len(magic) for one in FORMATS for distance, magic in (*((0, start) for start in one.magic), *one.later)
)


def format_of_bytes(start: bytes) -> TableFormat | None:
    """The format of a file that is no text, by its first bytes; None for text, and what is unknown."""
    return next(
        (
            one
            for one in FORMATS
            if start.startswith(one.magic) or any(start[distance:].startswith(magic) for distance, magic in one.later)
        ),
        None,
    )


def format_of_engine(engine: str) -> TableFormat:
    """The format that is asked for by a word before a file."""
    return next(one for one in FORMATS if one.engine == engine)


def format_of_text(ending: str, head: str) -> TableFormat:
    """The format of a text, by the ending of its name, else by how it begins."""
    texts = [one for one in FORMATS if one.is_text]
    named = next((one for one in texts if ending in one.endings), None)
    return named or next((one for one in texts if one.begins(head)), texts[0])


def binary_with(ending: str) -> TableFormat | None:
    """The format with this ending that is no text."""
    return next((one for one in FORMATS if not one.is_text and ending in one.endings), None)


def format_names(formats: Sequence[TableFormat] = FORMATS, last: str = "or") -> str:
    """The formats in words: `CSV, Parquet or NDJSON`."""
    return in_words([one.name for one in formats], last)


def format_endings(formats: Sequence[TableFormat] = FORMATS) -> list[str]:
    """All endings, in the order of the formats."""
    return [ending for one in formats for ending in one.endings]


def in_words(words: Sequence[str], last: str = "or") -> str:
    """A list as a sentence has it."""
    *others, final = words
    return f"{', '.join(others)} {last} {final}" if others else final
