"""Commands of the shell that mend a file on its way into gdsolve, for hints that can be typed as they are."""

from __future__ import annotations

from collections.abc import Sequence

from gdsolve.data.file import STDIN, File
from gdsolve.data.packing import Packing, packing_by_name, unpacking
from gdsolve.quoting import joined, quoted
from gdsolve.spec.command import operand

FIT = "fit"
BY_BLANKS = "--delimiter blanks if spaces or tabs, however many, separate the columns"
PREDICT = "predict MODEL"
SCORE = "score MODEL"


def piped(table: File | str, *filters: str, options: Sequence[str] = (), run: str = FIT) -> str:
    """Write `FILTER FILE | FILTER | gdsolve fit - OPTIONS`, or what else is to `run`.

    The text is unpacked and in UTF-8 before the first filter, which takes a file as its last argument, as sed, awk and
    tail do; standard input is shown as FILE. Of a table that is known by name alone its ending tells the packing.
    """
    name, packing, codec = _traits(table)
    file = "FILE" if name == STDIN else quoted(operand(name))
    unpack = unpacking(packing)
    steps = [] if unpack is None else [f"{unpack} {file}"]
    if codec is not None:
        # Lone carriage returns come with the codec of plain text; iconv writes UTF-16LE without a second dash.
        called = quoted(codec.replace("-16-", "-16").replace("-32-", "-32"))
        convert = f"iconv -f {called} -t UTF-8" if codec != "utf-8" else r"tr '\r' '\n'"
        steps.append(convert if steps else f"{convert} < {file}")
    first, *others = filters
    steps += [first if steps else f"{first} {file}", *others]
    return " | ".join([*steps, joined(["gdsolve", *run.split(), "-", *options])])


def _traits(table: File | str) -> tuple[str, Packing, str | None]:
    if isinstance(table, File):
        return table.name, table.packing, table.codec
    return table, packing_by_name(table), None
