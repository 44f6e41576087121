"""CSV and its relatives: cells set apart by one mark, a record a line, with or without a header."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from gdsolve.data.formats.csv.marks import TABBED
from gdsolve.data.formats.format import TableFormat
from gdsolve.spec import company

if TYPE_CHECKING:
    from gdsolve.data.file import File
    from gdsolve.data.source import Source
    from gdsolve.spec import Spec


def _open(file: File, spec: Spec, named: Collection[str]) -> Source:
    from gdsolve.data.formats.csv.source import open_csv

    return open_csv(file, spec, named)


def _glance(file: File, spec: Spec) -> tuple[str, ...]:
    from gdsolve.data.formats.csv.sniff import sniff

    return sniff(file, spec).names


CSV = TableFormat("CSV", (".csv", TABBED), _open, takes=(company.CSV, company.HEADER, company.TEXT), glance=_glance)
