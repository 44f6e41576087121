"""Excel: a sheet of a workbook, of any make that fastexcel reads; a package that is installed apart."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from gdsolve.data.formats.format import TableFormat
from gdsolve.spec import company

if TYPE_CHECKING:
    from gdsolve.data.file import File
    from gdsolve.data.source import Source
    from gdsolve.spec import Spec

# The first member of a workbook, behind the head of a zip file; LibreOffice begins with the type of the document.
_MEMBERS = (
    b"[Content_Types].xml",
    b"_rels/",
    b"docProps/",
    b"xl/",
    b"mimetypeapplication/vnd.oasis.opendocument.spread",
)
_NAME_AT = 30


def _copy(file: File, spec: Spec, stack: ExitStack) -> Source:
    from gdsolve.data.formats.excel.source import open_sheet

    return open_sheet(file, spec, stack)


EXCEL = TableFormat(
    "Excel",
    (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    # Workbooks of before 2007.
    magic=(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",),
    later=tuple((_NAME_AT, member) for member in _MEMBERS),
    takes=(company.HEADER,),
    copy=_copy,
    selects=("sheet",),
)
