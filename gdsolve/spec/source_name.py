"""The name of a SOURCE taken apart: the engine that reads it, a path, and what of the file is read.

`runs.xlsx?sheet=May` and `sqlite:runs.db?query=SELECT x, y FROM runs` name a part of a file; what stands behind the
equals sign is taken as it is, to the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from gdsolve.paths import is_there
from gdsolve.spec.option import flag
from gdsolve.spec.options import Options
from gdsolve.spec.scans import is_scan
from gdsolve.status import GdsolveError

ENGINES = ("sqlite", "duckdb")
"""What may stand before a path, with a colon."""
SELECTING = ("sheet", "table", "query")
"""What may be asked of a file, behind a question mark."""
BY_OPTION = ("sheet", "query")
"""Those of them that are options as well."""
_NAME = re.compile(rf"(?:({'|'.join(ENGINES)}):)?(.*?)(?:\?({'|'.join(SELECTING)})=(.*))?", re.DOTALL)
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class SourceName:
    """A path, the `engine` that is asked for, and what is selected of the file: `key` is one of `SELECTING`."""

    path: str = ""
    engine: str | None = None
    key: str | None = None
    value: str = ""

    @property
    def is_path(self) -> bool:
        """True for a plain file, or a pattern of files."""
        return self.engine is None and self.key is None

    @property
    def text(self) -> str:
        """The name as a user writes it."""
        return f"{self._file}?{self.key}={self.value}" if self.key else self._file

    @property
    def shown(self) -> str:
        """The name for messages: a query on one line, and no more of it than tells it from others."""
        words = " ".join(self.value.split()) if self.key == "query" else self.value
        cut = words if len(words) <= _SHOWN else f"{words[:_SHOWN].rstrip()}…"
        return f"{self._file}?{self.key}={cut}" if self.key else self._file

    @property
    def _file(self) -> str:
        return f"{self.engine}:{self.path}" if self.engine else self.path


def source_name(source: str) -> SourceName:
    """Take the name of a source apart; a file that is there under the whole name is that file.

    >>> source_name("sqlite:runs.db?query=SELECT 1")
    SourceName(path='runs.db', engine='sqlite', key='query', value='SELECT 1')
    """
    found = _NAME.fullmatch(source)
    if found is None or (found[1] is None and found[3] is None) or is_there(source):
        return SourceName(source)
    return SourceName(found[2], found[1], found[3], found[4] or "")


def path_in(source: str) -> str:
    """The path in the name of a source."""
    return source_name(source).path


def selecting(sources: tuple[str, ...], spec: Options) -> tuple[str, ...]:
    """The sources with what the options `--sheet` and `--query` ask of each.

    Raises:
        GdsolveError: a source that says by itself what is read of it.
    """
    asked = [(key, getattr(spec, key)) for key in BY_OPTION if getattr(spec, key) is not None]
    if len(asked) > 1:
        raise GdsolveError(
            "a query is for databases, and a sheet for workbooks", "give one of them", about=("query", "sheet")
        )
    return (
        tuple(source if is_scan(source) else _selecting(source, *asked[0]) for source in sources) if asked else sources
    )


def _selecting(source: str, key: str, value: str) -> str:
    name = source_name(source)
    if name.key is not None and (name.key, name.value) != (key, value):
        raise GdsolveError(
            f"{name.shown} says by itself what is read of it", f"leave {flag(key)} out, or ?{name.key}=", option=key
        )
    return replace(name, key=key, value=value).text
