"""NDJSON: one JSON object a line, its keys are the columns."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from gdsolve.data.formats.format import TableFormat
from gdsolve.spec import company

if TYPE_CHECKING:
    from gdsolve.data.file import File
    from gdsolve.data.source import Source
    from gdsolve.spec import Spec


def _open(file: File, spec: Spec, named: Collection[str]) -> Source:
    from gdsolve.data.formats.ndjson.source import open_ndjson

    return open_ndjson(file, spec)


NDJSON = TableFormat(
    "NDJSON",
    (".ndjson", ".jsonl"),
    _open,
    takes=(company.TEXT,),
    begins=lambda head: head.lstrip().startswith("{"),
)
