"""Input that never ends a record, told while it is copied: else a line without end would fill the disk first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gdsolve.data.formats.csv.marks import DELIMITERS
from gdsolve.data.formats.registry import format_of_bytes
from gdsolve.data.packing import Packing, packing_of
from gdsolve.data.records import LONGEST, end_of_records
from gdsolve.status import DataError

# Bytes by which a text is judged.
_JUDGED = 4096
QUOTE = 'within quotes write "" for a quote; without, quote the whole cell'


@dataclass(slots=True)
class RecordWatch:
    """Looks at what is copied of a text to the file `path`, and refuses a record that is longer than any may be.

    Line feeds end records, and lone carriage returns; within quotes they do not, where quotes are what they seem.
    What is packed, or of a format that is no text, is let through; `judge` may refuse the first bytes of a text.
    """

    name: str
    path: str
    judge: Callable[[bytes], None]
    _done: int = 0
    _end: int = 0
    _lines: int = 0
    _odd: bool = False
    _text: bool = True
    _start: bytes = field(default=b"", repr=False)

    def take(self, block: bytes) -> None:
        """Look at the next bytes, which have been copied.

        Raises:
            DataError: no record has ended within `LONGEST` bytes.
        """
        if len(self._start) < _JUDGED:
            self._start += block[: _JUDGED - len(self._start)]
            self._text = packing_of(self._start) is Packing.NONE and format_of_bytes(self._start) is None
            if self._text and len(self._start) == _JUDGED:
                self.judge(self._start)
        if not self._text:
            return
        # Where quotes are open at the end of a block, those before may be letters as well: a closer look tells.
        self._odd ^= bool(block.count(b'"') % 2)
        end = max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
        if end and not self._odd:
            self._end = self._done + end
        self._lines += block.count(b"\n")
        self._done += len(block)
        if self._done - self._end > LONGEST:
            self._look()

    def _look(self) -> None:
        with Path(self.path).open("rb") as copy:
            copy.seek(self._end)
            since = copy.read(self._done - self._end)
        since = since.replace(b"\r", b"\n")
        end = end_of_records(since, "".join(DELIMITERS))
        if not end:
            quoted = b'"' in since and b"\n" in since
            what = "a quote is opened and never closed" if quoted else "the line does not end"
            line = self._lines - since.count(b"\n") + 1
            raise DataError(
                f"{self.name}: line {line}: {what} within {LONGEST >> 20} MiB", QUOTE if quoted else "a row is one line"
            )
        self._end += end
        # Lines beyond the last record stand within quotes.
        self._odd = end <= since.rfind(b"\n")
