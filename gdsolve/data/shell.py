"""Commands of the shell that mend a file on its way into gdsolve, for hints that can be typed as they are."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from gdsolve.data.files import STDIN
from gdsolve.spec.command import operand

_UNPACK = {".gz": "gzip -dc", ".zst": "zstd -dcq"}


def piped(table: str, *filters: str, codec: str | None = None, options: Sequence[str] = ()) -> str:
    """Write `FILTER FILE | FILTER | gdsolve fit - OPTIONS`, the text unpacked and in UTF-8 before the first filter.

    The first filter takes a file as its last argument, as sed, awk and tail do; standard input is shown as FILE.
    """
    file = "FILE" if table == STDIN else shlex.quote(operand(table))
    steps = [f"{command} {file}" for ending, command in _UNPACK.items() if table.lower().endswith(ending)]
    if codec is not None:
        # Lone carriage returns come with the codec of plain text; iconv writes UTF-16LE without a second dash.
        name = shlex.quote(codec.replace("-16-", "-16").replace("-32-", "-32"))
        convert = f"iconv -f {name} -t UTF-8" if codec != "utf-8" else r"tr '\r' '\n'"
        steps.append(convert if steps else f"{convert} < {file}")
    first, *others = filters
    steps += [first if steps else f"{first} {file}", *others]
    return " | ".join([*steps, shlex.join(["gdsolve", "fit", "-", *options])])
