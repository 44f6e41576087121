"""svmlight, also known as libsvm: a label and some cells of a row that are not 0, `1 3:0.5 7:2`."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from gdsolve.data.formats.format import TableFormat
from gdsolve.spec import company

if TYPE_CHECKING:
    from gdsolve.data.file import File
    from gdsolve.data.source import Source
    from gdsolve.spec import Spec

_LINE = re.compile(r"[+-]?[\d.]+(?:[eE][+-]?\d+)?(?:\s+qid:\d+)?((?:\s+\d+:[+-]?[\d.]+(?:[eE][+-]?\d+)?)*)\s*(?:#.*)?")
_TIMES = re.compile(r"(?:\s+\d{1,2}:\d{2})*")
_LOOKED_AT = 20


def begins(head: str) -> bool:
    """Tell a text by its first lines: all are labels and pairs, and not all of the pairs may be times of a day.

    >>> begins("1 3:0.5 7:2 # one\\n-1 1:3\\n"), begins("1 10:30 11:45\\n"), begins("a,b\\n1,2\\n")
    (True, False, False)
    """
    lines = [line.strip() for line in head.split("\n", _LOOKED_AT)[:_LOOKED_AT]]
    found = [_LINE.fullmatch(line) for line in lines if line and not line.startswith("#")]
    pairs = [match[1] for match in found if match]
    return all(found) and any(pairs) and not all(_TIMES.fullmatch(each) for each in pairs)


def _open(file: File, spec: Spec, named: Collection[str]) -> Source:
    from gdsolve.data.formats.svmlight.source import open_svmlight

    return open_svmlight(file, spec, named)


SVMLIGHT = TableFormat("svmlight", (".svm", ".svmlight", ".libsvm"), _open, takes=(company.TEXT,), begins=begins)
