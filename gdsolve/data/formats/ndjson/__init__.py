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


def _glance(file: File, spec: Spec) -> tuple[str, ...] | None:
    """The keys of the first objects."""
    from gdsolve.data.formats.ndjson.keys import pairs_of
    from gdsolve.data.names import unique_names

    lines = file.head.split("\n")
    objects = [pairs_of(line) for line in (lines if file.complete else lines[:-1]) if line.strip()]
    keys = dict.fromkeys(key.strip() for pairs in objects if pairs for key, _ in pairs)
    return unique_names(list(keys)) if keys and None not in objects else None


NDJSON = TableFormat(
    "NDJSON",
    (".ndjson", ".jsonl"),
    _open,
    takes=(company.TEXT,),
    glance=_glance,
    begins=lambda head: head.lstrip().startswith("{"),
)
